"""Eight writers at once, each with a database connection of its own, and a reader that goes on by its cursor all the
time: it has seen every row in the end. A ledger that lets go of the counter before its commit loses rows.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from csr_desktop.commands import catalogue
from csr_desktop.commands.clients import AddClient
from csr_desktop.commands.command import stamped
from csr_desktop.protocol import PullRequest
from csr_desktop.server.feed import Feed
from csr_desktop.server.folder import ServerFolder, epoch
from csr_desktop.server.ledger import Ledger, Push
from csr_desktop.server.writer import Writer
from csr_desktop.system.clock import wall_clock
from tests import by_hand, postgresql
from tests.server.conftest import make_bureau
from tests.server.desk import new_id

WRITERS = 8
PUSHES = 40
"""Of each writer at least; they go on until the reader has asked often enough, on a busy machine later."""
ASKED = 50
DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


class Hasty(Ledger):
    """Takes its numbers and commits that; the rows come in a transaction after it."""

    def push(self, pushes: Sequence[Push]) -> dict[str, int]:
        count = sum(len(push.commands) for push in pushes)
        with self._sql.transaction():
            self._taken = self._count("rev", count)
        time.sleep(random.uniform(0, 0.004))
        return super().push(pushes)

    @contextmanager
    def _numbers(self, count: int, scopes: Collection[str]) -> Iterator[int]:
        del count, scopes
        yield self._taken


class Office:
    """A bureau's database, and whoever writes to it and reads from it."""

    def __init__(self, folder: ServerFolder) -> None:
        make_bureau(folder)
        self.folder = folder
        self.sql = folder.open()
        self.ada: str = self.sql.value("SELECT id FROM users WHERE login = 'ada'")
        self.refused: list[Exception] = []

    def device(self) -> str:
        device_id = new_id()
        self.sql.do(
            "INSERT INTO devices (id, user_id, name, public_key, registered_at, seen_at, revoked_at, seq) "
            "VALUES (?,?,'',?,0,0,0,0)",
            *(device_id, self.ada, b""),
        )
        return device_id

    def work(self, kind: type[Ledger]) -> tuple[int, set[tuple[str, int]], set[tuple[str, int]]]:
        """How often the reader asked, what it saw, and what is there in the end."""
        devices = [self.device() for _ in range(WRITERS)]
        reading, ended = self.device(), threading.Event()
        seen: set[tuple[str, int]] = set()
        asked: list[int] = []
        reader = threading.Thread(target=self._read, args=(reading, seen, asked, ended.is_set))
        writers = [threading.Thread(target=self._write, args=(kind, device_id, asked)) for device_id in devices]
        for thread in (reader, *writers):
            thread.start()
        for thread in writers:
            thread.join(120)
        ended.set()
        reader.join(60)
        return len(asked), seen, set(self.sql.all("SELECT id, rev FROM clients"))

    def _write(self, kind: type[Ledger], device_id: str, asked: list[int]) -> None:
        sql = self.folder.open()
        ledger = kind(sql, wall_clock, lambda: time.sleep(random.uniform(0, 0.002)))
        sql.db.close()
        writer = Writer(sql, ledger)
        writer.start()
        seq = 0
        for number in range(50 * PUSHES):
            if number >= PUSHES and len(asked) > ASKED:
                break
            commands = []
            for _ in range(random.randrange(1, 4)):
                seq += 1
                made = stamped(
                    AddClient(row_id=new_id(), name="Sample"), new_id(), self.ada, device_id, seq, wall_clock()
                )
                commands.append(catalogue.encode(made))
            try:
                assert writer.push(Push(device_id, self.ada, commands)).result(60) == seq
            except Exception as error:  # noqa: BLE001  # the test looks at it
                self.refused.append(error)
                break
        writer.stop()

    def _read(self, device_id: str, seen: set[tuple[str, int]], asked: list[int], is_ended: Callable[[], bool]) -> None:
        sql = self.folder.open()
        feed = Feed(sql, Ledger(sql, wall_clock), wall_clock, epoch(sql))
        cursors: dict[str, int] = {}
        while True:
            is_last = is_ended()
            reply = feed.pull(device_id, self.ada, PullRequest("a", cursors, 0))
            cursors |= reply.cursors
            asked.append(1)
            if rows := reply.rows.get("clients"):
                columns = reply.columns["clients"]
                seen |= {(row[columns.index("id")], row[columns.index("rev")]) for row in rows}
            if is_last and not reply.more:
                break
        sql.db.close()


@pytest.fixture(params=DATABASES)
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    url = postgresql.database_url("many_writers") if request.param == "postgresql" else ""
    made = Office(ServerFolder(tmp_path / "server", url))
    yield made
    made.sql.db.close()


def test_the_reader_sees_every_row_of_eight_writers(office: Office) -> None:
    asked, seen, there = office.work(Ledger)
    assert office.refused == []
    assert len(there) >= WRITERS * PUSHES
    assert len(there - seen) == 0
    assert seen == there
    assert asked > ASKED


def test_a_ledger_that_lets_go_of_the_counter_early_loses_rows(office: Office) -> None:
    """What the test above would not notice, it would not be worth; the fence is out of the way for it."""
    by_hand.lift_the_fence(office.sql)
    asked, seen, there = office.work(Hasty)
    assert office.refused == []
    assert len(there) >= WRITERS * PUSHES
    assert asked > ASKED
    lost = len(there - seen)
    print(f"lost {lost} of {len(there)}")
    assert lost > 0


def test_the_database_refuses_such_a_ledger(office: Office) -> None:
    _, _, there = office.work(Hasty)
    if office.sql.is_postgresql:
        assert len(office.refused) == WRITERS
        assert there == set()
    else:  # SQLite does not tell transactions apart, only that somebody else took numbers since
        assert len(office.refused) > WRITERS // 2
