"""The content of attachments on a real server, on both databases: sent in parts, fetched, shared, scanned, cleared."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from csr_desktop.commands.attachments import AddAttachment, RemoveAttachment
from csr_desktop.commands.tickets import OpenTicket
from csr_desktop.protocol import (
    CONTENT_PART_BYTES,
    ContentPart,
    ContentQuestion,
    ContentReply,
    ContentRequest,
    ContentState,
)
from csr_desktop.server.attachments import Keeping
from csr_desktop.server.attendant import UNNAMED_MS, Attendant
from csr_desktop.server.contents import ContentFolder
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.rates import Limits, Rate
from csr_desktop.server.run import RunningServer, Surroundings, administration
from csr_desktop.store.opening import open_server
from tests.postgresql import database_url
from tests.server.conftest import make_bureau
from tests.server.desk import CHEAP, Clock, Desk, http_client, message, new_id, problem

PART = CONTENT_PART_BYTES
TEXT = b"Dear bureau, the notice is attached. " * 60_000
"""2.2 MB: three parts."""


class Site:
    """A running server with two teams, its clock moved by hand."""

    def __init__(self, home: Path, database: str) -> None:
        self.path = home / "server"
        self.database = database
        self.clock = Clock(time.time_ns() // 1_000_000)
        self.limits = Limits(content=Rate(100_000, 100_000))
        self._closing = ExitStack()
        make_bureau(ServerFolder(self.path, database))
        self.running: RunningServer

    def start(self, **keeping: Any) -> None:
        self._closing.close()
        around = Surroundings(clock=self.clock, passwords=CHEAP, limits=self.limits, keeping=Keeping(**keeping))
        folder = ServerFolder(self.path, self.database)
        self.running = self._closing.enter_context(RunningServer(folder, surroundings=around))

    def desk(self, login: str) -> Desk:
        made = Desk(http_client(self.running.url), login)
        self._closing.callback(made.client.close)
        return made.begin()

    def again(self, desk: Desk) -> Desk:
        """The same workstation, after the server was started again."""
        desk.client = http_client(self.running.url)
        self._closing.callback(desk.client.close)
        desk.prove()
        return desk

    def close(self) -> None:
        self._closing.close()

    @property
    def kept(self) -> list[Path]:
        folder = self.path / "attachments"
        return sorted(p for p in folder.rglob("*") if p.is_file() and p.parent.name != "unfinished")

    @property
    def unfinished(self) -> list[Path]:
        return sorted((self.path / "attachments" / "unfinished").glob("*"))

    def attendant(self, **keeping: Any) -> Attendant:
        """Another server's, which looks after the same folder."""
        parts = self.running.parts
        folder = ContentFolder(self.path / "attachments")
        return Attendant(parts.sql, parts.ledger, parts.writer, folder, Keeping(**keeping), self.clock)

    def tidy(self) -> None:
        self.attendant().tidy()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path, database_url("attachments") if request.param == "postgresql" else "")
    made.start()
    yield made
    made.close()


def hashed(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def team_of(desk: Desk) -> str:
    return desk.pull().rights.teams[0]


def add(desk: Desk, content: bytes, **changed: Any) -> str:
    """A ticket with an attachment, by name alone; the attachment's id."""
    ticket = OpenTicket(row_id=new_id(), scope=team_of(desk), subject="Tax notice")
    fields = {"name": "notice.pdf", "size": len(content), "sha256": hashed(content), **changed}
    attachment = AddAttachment(row_id=new_id(), ticket_id=ticket.row_id, **fields)
    desk.push(desk.stamp(ticket), desk.stamp(attachment))
    assert [a.status for a in desk.pull().answers][-2:] == ["done", "done"]
    return attachment.row_id


def row(desk: Desk, attachment_id: str) -> dict[str, Any]:
    reply = desk.pull()
    rows = (dict(zip(reply.columns["attachments"], r, strict=True)) for r in reply.rows.get("attachments", []))
    return next(r for r in rows if r["id"] == attachment_id)


def put(desk: Desk, attachment_id: str, offset: int, body: bytes, **changed: Any) -> httpx2.Response:
    part = ContentPart(attachment_id, offset, body, hashlib.sha256(body).digest())
    return desk.post("content/put", msgspec.structs.replace(part, **changed))


def state(desk: Desk, attachment_id: str) -> ContentState:
    return desk.get(ContentState, "content/state", ContentQuestion(attachment_id))


def send(desk: Desk, attachment_id: str, content: bytes) -> ContentState:
    at = state(desk, attachment_id).received
    while at < len(content):
        at = message(put(desk, attachment_id, at, content[at : at + PART]), ContentState).received
    return desk.get(ContentState, "content/finish", ContentQuestion(attachment_id))


def fetch(desk: Desk, attachment_id: str, size: int) -> bytes:
    found = b""
    while len(found) < size:
        found += desk.get(ContentReply, "content/get", ContentRequest(attachment_id, len(found))).body
    return found


def refusal(response: httpx2.Response) -> tuple[int, str, str]:
    found = problem(response)
    return response.status_code, found.code, found.title


def test_sent_in_parts_and_fetched_by_a_colleague(site: Site) -> None:
    ada, ann = site.desk("ada"), site.desk("lea")
    attachment_id = add(ada, TEXT)
    assert row(ann, attachment_id)["arrived_at"] == 0
    early = ann.post("content/get", ContentRequest(attachment_id, 0))
    assert refusal(early)[:2] == (409, "not_there")
    assert send(ada, attachment_id, TEXT).is_there
    assert row(ann, attachment_id)["arrived_at"] == site.clock.now_at
    assert fetch(ann, attachment_id, len(TEXT)) == TEXT
    assert [p.read_bytes() for p in site.kept] == [TEXT]
    assert site.kept[0].parent.name + site.kept[0].name == hashed(TEXT)
    assert not site.unfinished
    assert site.kept[0].stat().st_mode & 0o077 == 0 or os.name == "nt"


def test_it_goes_on_where_it_was_cut_off_also_after_a_restart(site: Site) -> None:
    ada = site.desk("ada")
    attachment_id = add(ada, TEXT)
    put(ada, attachment_id, 0, TEXT[:PART])
    site.start()
    site.again(ada)
    assert state(ada, attachment_id).received == PART
    with site.unfinished[0].open("ab") as torn:  # killed while it was writing
        torn.write(TEXT[PART : PART + 100])
    assert state(ada, attachment_id).received == PART + 100
    repeated = message(put(ada, attachment_id, 0, TEXT[:PART]), ContentState)
    assert repeated.received == PART + 100
    assert send(ada, attachment_id, TEXT).is_there
    assert send(ada, attachment_id, TEXT).is_there  # the answer was lost, and it is asked again
    assert fetch(ada, attachment_id, len(TEXT)) == TEXT


def test_what_is_not_what_was_said_is_thrown_away(site: Site) -> None:
    ada = site.desk("ada")
    attachment_id = add(ada, TEXT)
    other = b"x" * len(TEXT)
    for at in range(0, len(other), PART):
        put(ada, attachment_id, at, other[at : at + PART])
    assert refusal(ada.post("content/finish", ContentQuestion(attachment_id)))[:2] == (409, "other_content")
    assert (site.kept, site.unfinished) == ([], [])
    spoilt = put(ada, attachment_id, 0, TEXT[:PART], sha256=b"0" * 32)
    assert refusal(spoilt)[:2] == (408, "spoilt")
    assert send(ada, attachment_id, TEXT).is_there


def test_the_same_content_lies_there_once(site: Site) -> None:
    ada = site.desk("ada")
    first, second = add(ada, TEXT), add(ada, TEXT, name="again.pdf")
    send(ada, first, TEXT)
    assert state(ada, second).is_there, "what one can fetch anyway need not be sent again"
    assert len(site.kept) == 1
    assert fetch(ada, second, len(TEXT)) == TEXT


def test_a_hash_alone_gives_nobody_another_teams_content(site: Site) -> None:
    ada, cy = site.desk("ada"), site.desk("cy")
    assert team_of(ada) != team_of(cy)
    theirs = add(ada, TEXT)
    send(ada, theirs, TEXT)
    mine = add(cy, TEXT)
    unknown = add(cy, b"nobody has this")
    assert state(cy, mine) == state(cy, unknown) == ContentState(0)
    assert refusal(cy.post("content/get", ContentRequest(mine, 0))) == refusal(
        cy.post("content/get", ContentRequest(unknown, 0))
    )
    assert send(cy, mine, TEXT).is_there, "who has the content may send it"
    assert len(site.kept) == 1


@pytest.mark.parametrize("path", ["state", "put", "finish", "get"])
def test_an_unknown_attachment_and_another_teams_get_the_same_answer(site: Site, path: str) -> None:
    ada, cy = site.desk("ada"), site.desk("cy")
    theirs, removed = add(ada, TEXT), add(ada, TEXT)
    send(ada, theirs, TEXT)
    tom_removed = add(cy, TEXT)
    cy.push(cy.stamp(RemoveAttachment(row_id=tom_removed)))
    asked = {
        "state": ContentQuestion,
        "finish": ContentQuestion,
        "get": lambda i: ContentRequest(i, 0),
        "put": lambda i: ContentPart(i, 0, b"x", hashlib.sha256(b"x").digest()),
    }[path]
    answers = {
        refusal(cy.post(f"content/{path}", asked(i)))
        for i in (theirs, removed, tom_removed, new_id(), "../../server.key", "")
    }
    assert len(answers) == 1
    assert answers.pop()[:2] == (403, "unknown")


def test_a_colleague_reads_but_does_not_write(site: Site) -> None:
    ada = site.desk("ada")
    attachment_id = add(ada, TEXT)
    for login, code in (("lea", "not_yours"), ("max", "read_only")):
        other = site.desk(login)
        assert refusal(put(other, attachment_id, 0, TEXT[:PART]))[:2] == (403, code)
    send(ada, attachment_id, TEXT)
    assert fetch(site.desk("max"), attachment_id, len(TEXT)) == TEXT
    assert refusal(site.desk("adm").post("content/get", ContentRequest(attachment_id, 0)))[:2] == (403, "unknown")


def test_a_revoked_workstation_neither_fetches_nor_sends(site: Site) -> None:
    """Its token is good for some minutes more, and what the file is called it knows."""
    ada = site.desk("ada")
    there, begun = add(ada, TEXT), add(ada, b"more")
    send(ada, there, TEXT)
    with administration(ServerFolder(site.path, site.database)) as made:
        made.revoke_device(ada.device_id)
    answers = (
        ada.post("content/get", ContentRequest(there, 0)),
        ada.post("content/state", ContentQuestion(begun)),
        ada.post("content/put", ContentPart(begun, 0, b"more", hashlib.sha256(b"more").digest())),
        ada.post("content/finish", ContentQuestion(begun)),
    )
    assert [(r.status_code, problem(r).code) for r in answers] == [(401, "revoked")] * 4
    assert site.unfinished == []


@pytest.mark.parametrize(("offset", "body"), [(-1, b"x"), (1 << 62, b"x"), (0, b""), (len(TEXT) - 1, b"xx")], ids=str)
def test_parts_out_of_bounds_are_no_message(site: Site, offset: int, body: bytes) -> None:
    ada = site.desk("ada")
    attachment_id = add(ada, TEXT)
    assert put(ada, attachment_id, offset, body).status_code == 400
    assert ada.post("content/get", ContentRequest(attachment_id, offset)).status_code in {400, 409}
    assert site.unfinished == []


def test_a_file_larger_than_is_set_is_refused_before_anything_is_sent(site: Site) -> None:
    site.start(largest_bytes=1_000_000)
    ada = site.desk("ada")
    assert ada.pull().attachment_bytes == 1_000_000
    attachment_id = add(ada, TEXT)
    for answer in (ada.post("content/state", ContentQuestion(attachment_id)), put(ada, attachment_id, 0, TEXT[:PART])):
        assert refusal(answer)[:2] == (413, "too_large")
    assert site.unfinished == []


def test_an_account_has_so_much_at_once_and_syncs_on(site: Site) -> None:
    site.limits = Limits(content=Rate(32, 0.5))
    site.start()
    ada = site.desk("ada")
    attachment_id = add(ada, TEXT)
    codes = [put(ada, attachment_id, at, TEXT[at : at + PART]).status_code for at in range(0, len(TEXT), PART)]
    codes.append(put(ada, attachment_id, 0, TEXT[:PART]).status_code)
    assert codes[:2] == [200, 200]
    assert codes[-1] == 429
    assert ada.push(ada.client_command()) == ada.seq


def test_unfinished_ones_go_after_a_day(site: Site) -> None:
    ada = site.desk("ada")
    attachment_id = add(ada, TEXT)
    put(ada, attachment_id, 0, TEXT[:PART])
    site.tidy()
    assert len(site.unfinished) == 1
    yesterday = time.time() - 86_401
    os.utime(site.unfinished[0], (yesterday, yesterday))
    site.tidy()
    assert site.unfinished == []
    assert send(ada, attachment_id, TEXT).is_there


def test_what_nothing_names_goes_after_a_month_and_not_before(site: Site) -> None:
    ada = site.desk("ada")
    kept, removed = add(ada, TEXT), add(ada, b"short")
    twin = add(ada, b"short")
    for attachment_id, content in ((kept, TEXT), (removed, b"short"), (twin, b"short")):
        send(ada, attachment_id, content)
    remove = ada.stamp(RemoveAttachment(row_id=removed))
    ada.push(remove)
    month = UNNAMED_MS / 1000
    site.tidy()
    site.clock.pass_seconds(month + 1)
    ada.prove()
    site.tidy()
    assert len(site.kept) == 2, "another attachment names it"
    ada.push(ada.stamp(RemoveAttachment(row_id=twin)))
    site.tidy()
    site.clock.pass_seconds(month - 60)
    ada.prove()
    site.tidy()
    assert len(site.kept) == 2
    site.clock.pass_seconds(120)
    ada.prove()
    site.tidy()
    assert [p.read_bytes() for p in site.kept] == [TEXT]
    ada.push(ada.stamp(RemoveAttachment(row_id=removed, is_restored=True, undoes=remove.id)))
    assert row(ada, removed)["deleted"] == 0
    assert row(ada, removed)["arrived_at"] == 0, "it has to be sent again"
    assert send(ada, removed, b"short").is_there


def scanner(folder: Path, code: str) -> tuple[str, ...]:
    """A program that notes what it was given, and says this."""
    program = folder / "scanner.py"
    program.write_text(
        f"import os, sys, time\n"
        f"with open({str(folder / 'seen')!r}, 'a') as seen: print(sys.argv[1:], file=seen)\n"
        f"content = open(sys.argv[-1], 'rb').read()\n{code}\n"
    )
    return (sys.executable, str(program), "--option; touch owned")


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_scanner_is_asked_before_anyone_gets_it(site: Site, tmp_path: Path) -> None:
    go = tmp_path / "go"
    code = f"while not os.path.exists({str(go)!r}): time.sleep(0.02)\nsys.exit(1 if b'VIRUS' in content else 0)"
    site.start(scan_command=scanner(tmp_path, code))
    ada, lea = site.desk("ada"), site.desk("lea")
    good, bad = add(ada, TEXT, name='$(touch owned) "&|.pdf'), add(ada, b"VIRUS" * 10)
    send(ada, good, TEXT)
    send(ada, bad, b"VIRUS" * 10)
    assert {row(lea, i)["scan"] for i in (good, bad)} == {"waiting"}
    assert refusal(lea.post("content/get", ContentRequest(good, 0)))[:2] == (409, "waiting")
    go.touch()
    until(lambda: row(lea, good)["scan"] != "waiting" and row(lea, bad)["scan"] != "waiting")
    assert (row(lea, good)["scan"], row(lea, bad)["scan"]) == ("clean", "refused")
    assert fetch(lea, good, len(TEXT)) == TEXT
    assert refusal(lea.post("content/get", ContentRequest(bad, 0)))[:2] == (409, "refused")
    assert [p.read_bytes() for p in site.kept] == [TEXT]
    seen = (tmp_path / "seen").read_text().splitlines()
    assert len(seen) == 2
    assert all("--option; touch owned" in line and "notice" not in line for line in seen)
    assert not list(tmp_path.rglob("owned"))
    once_more = add(ada, b"VIRUS" * 10)
    send(ada, once_more, b"VIRUS" * 10)
    assert row(ada, once_more)["scan"] == "refused", "what was refused once is not asked about again"
    assert len(site.kept) == 1


@pytest.mark.parametrize("code", ["sys.exit(2)", "os.kill(os.getpid(), 9)", "time.sleep(60)"])
def test_a_scanner_that_cannot_say_keeps_it_back_and_is_asked_again(site: Site, tmp_path: Path, code: str) -> None:
    works = tmp_path / "works"
    command = scanner(tmp_path, f"if not os.path.exists({str(works)!r}):\n    {code}\nsys.exit(0)")
    site.start(scan_command=command, scan_seconds=0.7)
    ada = site.desk("ada")
    attachment_id = add(ada, TEXT)
    send(ada, attachment_id, TEXT)
    until((tmp_path / "seen").exists)
    until(lambda: row(ada, attachment_id)["scan"] == "waiting")
    time.sleep(0.8)
    assert row(ada, attachment_id)["scan"] == "waiting"
    assert refusal(ada.post("content/get", ContentRequest(attachment_id, 0)))[:2] == (409, "waiting")
    works.touch()
    site.attendant(scan_command=command).scan()
    assert row(ada, attachment_id)["scan"] == "waiting", "it was asked only a moment ago"
    site.clock.pass_seconds(61)
    site.attendant(scan_command=command).scan()
    assert row(ada, attachment_id)["scan"] == "clean"


def test_a_scanner_that_is_not_there_keeps_everything_back(site: Site, tmp_path: Path) -> None:
    site.start(scan_command=(str(tmp_path / "nothing"),))
    ada = site.desk("ada")
    attachment_id = add(ada, TEXT)
    send(ada, attachment_id, TEXT)
    time.sleep(0.3)
    assert row(ada, attachment_id)["scan"] == "waiting"


def test_two_at_once_send_the_same_part_and_it_is_there_once(site: Site) -> None:
    ada = site.desk("ada")
    attachment_id = add(ada, TEXT)
    threads = [threading.Thread(target=put, args=(ada, attachment_id, 0, TEXT[:PART])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert state(ada, attachment_id).received == PART
    assert send(ada, attachment_id, TEXT).is_there


def test_a_part_that_two_servers_are_sent_at_once_is_there_once(tmp_path: Path) -> None:
    """A desk that waited too long sends again, and another process gets it while the first one still writes."""

    class Behind(ContentFolder):
        """Looked how much is there before the other one wrote."""

        def received(self, name: str) -> int:
            return 0

    ContentFolder(tmp_path).append("one", 0, TEXT[:PART])
    assert Behind(tmp_path).append("one", 0, TEXT[:PART]) == PART
    assert ContentFolder(tmp_path).append("one", PART, TEXT[PART:]) == len(TEXT)
    assert ContentFolder(tmp_path).proved("one", hashed(TEXT), len(TEXT))


def test_several_servers_share_a_folder_that_is_named(site: Site, tmp_path: Path) -> None:
    site.start(folder=tmp_path / "shared")
    ada = site.desk("ada")
    attachment_id = add(ada, TEXT)
    send(ada, attachment_id, TEXT)
    assert site.kept == []
    assert [p.read_bytes() for p in (tmp_path / "shared").rglob("*") if p.is_file()] == [TEXT]


def test_a_content_that_was_lost_is_said_in_words(site: Site) -> None:
    ada = site.desk("ada")
    attachment_id = add(ada, TEXT)
    send(ada, attachment_id, TEXT)
    shutil.rmtree(site.path / "attachments")
    assert refusal(ada.post("content/get", ContentRequest(attachment_id, 0)))[:2] == (410, "gone")


def test_the_rows_are_those_that_were_migrated(site: Site) -> None:
    sql = open_server(site.database or site.path / "server.db")
    assert sql.value("SELECT count(*) FROM contents") == 0
    sql.db.close()
