"""Looks after the content of attachments: has it scanned, and clears away what was not finished or nothing names."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final

import structlog

from csr_desktop.commands.work import Work
from csr_desktop.server.attachments import CLEAN, REFUSED, WAITING, Keeping
from csr_desktop.server.contents import ContentFolder
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.problems import places
from csr_desktop.server.writer import Writer
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import new_row

LOOK_SECONDS: Final = 5.0
TIDY_SECONDS: Final = 3600.0
UNFINISHED_SECONDS: Final = 86_400.0
UNNAMED_MS: Final = 30 * 86_400_000
"""So long an attachment that was removed can come back with its content."""
FIRST_AGAIN_MS, LATEST_AGAIN_MS = 60_000, 3_600_000
_AT_ONCE: Final = 100

_log = structlog.get_logger(__name__)


class Attendant:
    """One thread a server, which asks the writer and needs no connection of its own. Several on one database take what
    waits in turn: nothing is scanned twice at once.
    """

    def __init__(
        self,
        sql: Sql,
        ledger: Ledger,
        writer: Writer,
        contents: ContentFolder,
        keeping: Keeping,
        clock: Callable[[], int],
    ) -> None:
        self._sql = sql
        self._ledger = ledger
        self._writer = writer
        self._contents = contents
        self._keeping = keeping
        self._clock = clock
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="attendant")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """A scan under way is ended; it is made again when a server runs."""
        self._stopped.set()
        self._wake.set()
        self._thread.join()

    def wake(self) -> None:
        """Something came in."""
        self._wake.set()

    def _run(self) -> None:
        tidied_at = -TIDY_SECONDS
        while not self._stopped.is_set():
            self._wake.clear()
            try:
                self.scan()
                if time.monotonic() - tidied_at >= TIDY_SECONDS:
                    tidied_at = time.monotonic()
                    self.tidy()
            except Exception as error:  # noqa: BLE001  # the disk or the database may be away for a while
                _log.error("attachments_not_looked_after", places=places(error))
            self._wake.wait(LOOK_SECONDS if self._keeping.scan_command else TIDY_SECONDS)

    # Scanning

    def scan(self) -> None:
        """Whatever waits and is due. Without a command it goes on waiting: nobody said that it is harmless."""
        while self._keeping.scan_command and not self._stopped.is_set():
            claimed = self._writer.do(self._claim).result()
            if claimed is None:
                return
            verdict = self._verdict(claimed)
            if verdict:
                self._writer.do(partial(self._say, claimed, verdict)).result()
            elif not self._stopped.is_set():
                _log.warning("scan_failed", content=claimed[:12])

    def _claim(self) -> str | None:
        now = self._clock()
        waiting = "SELECT sha256, tries, tried_at FROM contents WHERE scan = ? ORDER BY tried_at, kept_at LIMIT ?"
        for sha256, tries, tried_at in self._sql.all(waiting, WAITING, _AT_ONCE):
            again_at = tried_at + min(LATEST_AGAIN_MS, FIRST_AGAIN_MS << max(0, min(tries, 10) - 1)) if tries else 0
            if again_at <= now and self._sql.do(
                "UPDATE contents SET tries = tries + 1, tried_at = ? WHERE sha256 = ? AND tries = ? AND scan = ?",
                now,
                sha256,
                tries,
                WAITING,
            ):
                return str(sha256)
        return None

    def _verdict(self, sha256: str) -> str:
        """'' when the program could not say."""
        command = [*self._keeping.scan_command, str(self._contents.place_of(sha256))]
        try:
            running = subprocess.Popen(  # noqa: S603  # the command is the administrator's, without a shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            return ""
        until = time.monotonic() + self._keeping.scan_seconds
        while running.poll() is None:
            if time.monotonic() > until or self._stopped.wait(0.05):
                _end(running)
                return ""
        return {0: CLEAN, 1: REFUSED}.get(running.returncode, "")

    def _say(self, sha256: str, verdict: str) -> None:
        if not self._sql.do("UPDATE contents SET scan = ? WHERE sha256 = ? AND scan = ?", verdict, sha256, WAITING):
            return
        if verdict == REFUSED:
            self._contents.remove(sha256)
            _log.warning("attachment_refused", content=sha256[:12])
        self._put(sha256, lambda row: {"scan": verdict} if row["arrived_at"] else {})

    # Clearing away

    def tidy(self) -> None:
        removed = self._contents.forget_older(UNFINISHED_SECONDS)
        for sha256 in self._writer.do(self._unnamed).result():
            removed += self._writer.do(partial(self._clear, sha256)).result()
        if removed:
            _log.info("attachments_cleared", count=removed)

    def _unnamed(self) -> list[str]:
        """Note since when nothing names a content; those that nothing named for long."""
        named = (
            "EXISTS (SELECT 1 FROM attachments a WHERE a.sha256 = contents.sha256 AND a.deleted = 0"
            " AND a.arrived_at > 0)"
        )
        now = self._clock()
        self._sql.do(f"UPDATE contents SET unnamed_at = ? WHERE unnamed_at = 0 AND NOT {named}", now)
        self._sql.do(f"UPDATE contents SET unnamed_at = 0 WHERE unnamed_at > 0 AND {named}")
        found = "SELECT sha256 FROM contents WHERE unnamed_at > 0 AND unnamed_at <= ? LIMIT ?"
        return [sha256 for (sha256,) in self._sql.all(found, now - UNNAMED_MS, _AT_ONCE)]

    def _clear(self, sha256: str) -> bool:
        """With the content's row locked, so that nobody takes it up meanwhile."""
        named = "SELECT 1 FROM attachments WHERE sha256 = ? AND deleted = 0 AND arrived_at > 0 LIMIT 1"
        locked = "UPDATE contents SET tries = tries WHERE sha256 = ? AND unnamed_at > 0"
        if not self._sql.do(locked, sha256) or self._sql.value(named, sha256):
            return False
        self._sql.do("DELETE FROM contents WHERE sha256 = ?", sha256)
        # One that comes back later has to be sent again by who has it.
        self._put(sha256, lambda row: {"arrived_at": 0, "scan": ""} if row["arrived_at"] else {})
        self._contents.remove(sha256)
        return True

    def _put(self, sha256: str, fields: Callable[[Any], dict[str, Any]]) -> None:
        work = Work(lambda table, ids: self._sql.load(table, ids, lock=True), new_row, find=self._sql.find)
        for row in work.find("attachments", "sha256", sha256):
            if found := fields(row):
                work.put("attachments", row["id"], **found)
        self._ledger.write(work)


def _end(running: subprocess.Popen[bytes]) -> None:
    """With all that it has started."""
    with suppress(OSError):
        if os.name == "posix":
            os.killpg(running.pid, signal.SIGKILL)
        else:
            running.kill()
    running.wait()
