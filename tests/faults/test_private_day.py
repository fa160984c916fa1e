"""Fault 24 over a whole day: private numbers that were typed, said by phone systems and softphones, or stand in the
names of files are looked for in every file of desk and server, and in their databases when these are opened.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from csr_desktop.bootstrap import DeskOpener, demo_secrets
from csr_desktop.domain.sync_status import SyncStatus
from csr_desktop.protocol import CallNews
from csr_desktop.server.folder import ServerFolder
from csr_desktop.services.desk_data import DeskData
from csr_desktop.store.opening import connect_server, open_desk
from csr_desktop.store.sql import Sql
from csr_desktop.sync.engine import Engine
from csr_desktop.system.clock import wall_clock
from csr_desktop.system.crashes import report_of
from csr_desktop.system.diagnostics import DiagnosticsLog
from csr_desktop.system.places import Places
from tests.faults.test_private import CARD, SAID, SSN, files_with, found_in
from tests.server.conftest import make_bureau
from tests.server.desk import PASSWORD
from tests.server.phones import Phone, add_phone, until

NOBODY = "+17025550119"
NAME = f"Dana, card {CARD}"


class Day:
    """A server, a desk that is signed in over HTTP, and a phone system."""

    def __init__(self, home: Path) -> None:
        self.folder = ServerFolder(home / "server")
        make_bureau(self.folder)
        self.token = add_phone(self.folder)
        self._server, self.url = started(self.folder, home / "server.log")
        self.places = Places.under(home / "desk")
        self.places.make()
        self.log = DiagnosticsLog(self.places.log)
        opener = DeskOpener(self.places, demo_secrets(self.places))
        account = opener.sign_in(self.url, "ada", PASSWORD)
        self.data: DeskData = opener.open(account, "America/New_York")
        self.news: list[CallNews] = []
        self._is_saved = threading.Event()
        self.engine: Engine = self.data.engine(lambda _: None, self._on_status, on_calls=self.news.append)
        self.engine.start()
        until(lambda: self._is_saved.is_set() and self.engine.listening.way == "stream")
        self.phone = Phone(self.url, self.token)

    def _on_status(self, status: SyncStatus) -> None:
        if status.state == "saved" and status.is_filled:
            self._is_saved.set()

    def sync(self) -> None:
        self._is_saved.clear()
        self.engine.wake()
        until(lambda: self.data.sql.value("SELECT count(*) FROM outbox") == 0)

    def take_news(self) -> None:
        for news in self.news:
            for call in news.calls:
                self.data.services.live_calls.take(call, self.data.account.user_id)
        self.news.clear()

    def close(self) -> None:
        self.engine.stop()
        self.data.close()
        self.log.close()
        self.stop_server()

    def stop_server(self) -> None:
        self._server.send_signal(signal.SIGTERM)
        self._server.wait(30)


def started(folder: ServerFolder, log: Path) -> tuple[subprocess.Popen[bytes], str]:
    """The server as a process of its own that writes its log to a file; and its address."""
    ready = folder.path / "ready"
    command = [sys.executable, "-m", "csr_desktop", "server", "run", "--data", str(folder.path), "--port", "0"]
    with log.open("wb") as file:
        process = subprocess.Popen([*command, "--ready-file", str(ready)], stdout=file, stderr=file)
    until(lambda: ready.exists() and ready.read_text().startswith("http"), 60)
    return process, ready.read_text().strip()


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    made = Day(tmp_path)
    yield made
    made.close()


def is_logged(day: Day, count: int) -> bool:
    return int(day.data.sql.value("SELECT count(*) FROM interactions WHERE deleted = 0")) >= count


def work_through(day: Day) -> None:
    services = day.data.services
    # A phone system names the caller and the queue so; one call is taken, one is missed.
    day.phone.say("newCall", "taken", **{"from": NOBODY, "queue": f"Line for {SSN}"}, user=["ada", NAME])
    day.phone.say("newCall", "taken", **{"from": NOBODY, "user": "ada", "fromName": NAME, "callerName": NAME})
    day.phone.answer("taken", user="ada", **{"from": NOBODY})
    until(lambda: any(call.answered_at for news in day.news for call in news.calls))
    day.take_news()
    (running,) = services.calls.running()
    services.calls.set_note(running.id, SAID)
    day.phone.end("taken", **{"from": NOBODY})
    until(lambda: any(call.ended_at for news in day.news for call in news.calls))
    day.take_news()
    services.calls.save(running.id)
    # The softphone says it too, and nobody takes that call.
    for event in ("ring", "missed"):
        said = {"event": event, "number": "+17025550118", "name": NAME, "queue": SAID, "at": "", "via": "command"}
        told = services.softphone.take(said)
        assert told is not None
        services.live_calls.take(told)
    services.live_calls.log_missed(is_last=True)
    # A ticket, with a file whose name holds one.
    ticket = services.inbox.open_ticket(SAID, note=SAID).ticket_id
    day.sync()
    until(lambda: services.attachments.limit() > 0)
    place, content = f"note:{ticket}", secrets.token_bytes(64)
    file = services.attachments.begin(place, f"W-2 of {SSN}, {CARD}.pdf", len(content))
    services.attachments.put(file, content)
    services.attachments.finish(file, hashlib.sha256(content).hexdigest())
    services.attachments.attach(place, ticket)
    services.follow_ups.add("task", SAID, wall_clock() + 3_600_000)
    # What goes wrong is written down.
    try:
        raise KeyError(SAID)
    except KeyError as error:
        crash = report_of(error, "MainThread", wall_clock())
        (day.places.log / "crash-1.txt").write_text(crash, encoding="utf-8")
        structlog.get_logger("csr_desktop.services").error("not_saved", error=error, kind=SAID, note=SAID)
    day.sync()


def test_after_a_whole_day_no_file_holds_a_private_number(day: Day, tmp_path: Path) -> None:
    work_through(day)
    until(lambda: is_logged(day, 2))
    assert found_in(day.data.sql) == set()
    shutil.copytree(tmp_path, tmp_path.parent / f"{tmp_path.name}-copy")  # as it is on the disk, with its log
    for sql in opened(day, tmp_path.parent / f"{tmp_path.name}-copy"):
        assert found_in(sql) == set()
        sql.db.close()
    assert files_with(tmp_path) == []
    names = [name for (name,) in day.data.sql.all("SELECT name FROM attachments")]
    assert len(names) == 1
    assert names[0].endswith("6467.pdf")
    assert (day.places.log / "csr-desktop.log").stat().st_size > 0
    assert b'"/cti"' in (tmp_path / "server.log").read_bytes()
    kept = day.data.sql.value("SELECT count(*) FROM interactions WHERE note LIKE '%card 4539 14%'")
    assert kept == 2, "what is needed to recognise a card stays"


def opened(day: Day, home: Path) -> Iterator[Sql]:
    """The databases of desk and server as they lie on the disk, the desk's decrypted."""
    yield connect_server(home / "server" / "server.db")
    keys = day.data._keys
    (file,) = (home / "desk").rglob("*.db")
    yield open_desk(file, keys.database_key, clock=wall_clock)
