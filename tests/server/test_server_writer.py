"""The thread that writes: groups, one bad push among good ones, a full disk, a busy queue, an orderly end."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence

import peewee as pw
import pytest

from csr_desktop.commands import catalogue
from csr_desktop.commands.clients import AddClient
from csr_desktop.commands.command import stamped
from csr_desktop.domain.errors import Refused
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.ledger import Ledger, Push
from csr_desktop.server.problems import Rejected, rejected
from csr_desktop.server.readers import Readers
from csr_desktop.server.writer import GROUP_COMMANDS, GROUP_PUSHES, Writer
from csr_desktop.store.sql import Sql
from tests import by_hand
from tests.server.desk import Clock, new_id


class Slow(Ledger):
    """Waits in its first commit until it is let go, so that others queue up behind it."""

    def __init__(self, sql: Sql, clock: Callable[[], int]) -> None:
        super().__init__(sql, clock)
        self.let_go = threading.Event()
        self.is_in = threading.Event()
        self.groups: list[int] = []
        self.fault: Exception | None = None

    def push(self, pushes: Sequence[Push]) -> dict[str, int]:
        self.groups.append(len(pushes))
        self.is_in.set()
        assert self.let_go.wait(20)
        if self.fault:
            raise self.fault
        return super().push(pushes)


class Bench:
    """A writer on a bureau's database, and devices that push to it."""

    def __init__(self, sql: Sql, clock: Clock) -> None:
        self.sql = sql
        self.clock = clock
        self.ledger = Slow(sql, clock)
        self.writer = Writer(sql, self.ledger, waiting_limit=200)
        self.ada: str = sql.value("SELECT id FROM users WHERE login = 'ada'")
        self.closed: str = sql.value("SELECT id FROM users WHERE login = 'bob'")
        by_hand.update(sql, "users", "is_active = 0", "id = ?", self.closed)

    def device(self) -> str:
        device_id = new_id()
        self.sql.do(
            "INSERT INTO devices (id, user_id, name, public_key, registered_at, seen_at, revoked_at, seq) "
            "VALUES (?,?,'',?,0,0,0,0)",
            *(device_id, self.ada, b""),
        )
        return device_id

    def made(self, device_id: str, count: int = 1, user_id: str = "") -> Push:
        who = user_id or self.ada
        commands = [
            stamped(AddClient(row_id=new_id(), name="Sample"), new_id(), who, device_id, n, self.clock())
            for n in range(1, count + 1)
        ]
        return Push(device_id, who, [catalogue.encode(command) for command in commands])


@pytest.fixture
def bench(folder: ServerFolder, clock: Clock) -> Iterator[Bench]:
    sql = folder.open()
    found = Bench(sql, clock)
    found.writer.start()
    yield found
    found.ledger.let_go.set()
    found.writer.stop()
    sql.db.close()


def test_what_queued_up_is_committed_together(bench: Bench) -> None:
    first = bench.writer.push(bench.made(bench.device()))
    assert bench.ledger.is_in.wait(10)
    others = [bench.writer.push(bench.made(bench.device())) for _ in range(40)]
    bench.ledger.let_go.set()
    assert [f.result(10) for f in (first, *others)] == [1] * 41
    assert bench.ledger.groups == [1, GROUP_PUSHES, 40 - GROUP_PUSHES]


def test_a_group_is_bounded_by_its_commands(bench: Bench) -> None:
    first = bench.writer.push(bench.made(bench.device()))
    assert bench.ledger.is_in.wait(10)
    others = [bench.writer.push(bench.made(bench.device(), 200)) for _ in range(5)]
    bench.ledger.let_go.set()
    assert [f.result(10) for f in (first, *others)] == [1, 200, 200, 200, 200, 200]
    assert bench.ledger.groups == [1, 2, 2, 1]
    assert GROUP_COMMANDS == 500


def test_one_bad_push_does_not_hurt_those_beside_it(bench: Bench) -> None:
    first = bench.writer.push(bench.made(bench.device()))
    assert bench.ledger.is_in.wait(10)
    good = [bench.writer.push(bench.made(bench.device())) for _ in range(3)]
    closed = bench.writer.push(bench.made(bench.device(), user_id=bench.closed))
    broken = bench.writer.push(Push(bench.device(), bench.ada, [b"\xc1"]))
    more = [bench.writer.push(bench.made(bench.device())) for _ in range(3)]
    bench.ledger.let_go.set()
    assert [f.result(10) for f in (first, *good, *more)] == [1] * 7
    with pytest.raises(Refused, match="closed"):
        closed.result(10)
    with pytest.raises(Rejected) as refused:
        broken.result(10)
    assert refused.value.code == "bad_command"
    assert bench.ledger.groups == [1, 8] + [1] * 8
    assert bench.sql.value("SELECT count(*) FROM clients") == 7


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (sqlite3.OperationalError("database or disk is full"), 503, "disk_full"),
        (sqlite3.OperationalError("database is locked"), 503, "database"),
        (sqlite3.OperationalError("disk I/O error"), 503, "database"),
        (pw.IntegrityError("UNIQUE constraint failed"), 400, "bad_command"),
        (OverflowError("too large"), 400, "bad_command"),
        (KeyError("a bug"), 500, "fault"),
    ],
    ids=["full", "locked", "broken", "taken", "overflow", "bug"],
)
def test_a_fault_is_told_to_everyone_and_the_writer_goes_on(
    bench: Bench, fault: Exception, status: int, code: str
) -> None:
    codes = {"full": sqlite3.SQLITE_FULL, "locked": sqlite3.SQLITE_BUSY, "I/O": sqlite3.SQLITE_IOERR}
    for word, number in codes.items():
        if isinstance(fault, sqlite3.Error) and word in str(fault):
            fault.sqlite_errorcode = number
    bench.ledger.fault = fault
    device_id = bench.device()
    futures = [bench.writer.push(bench.made(bench.device())) for _ in range(3)]
    bench.ledger.let_go.set()
    for future in futures:
        error = future.exception(10)
        assert isinstance(error, Exception)
        told = rejected(error)
        assert (told.status, told.code) == (status, code)
        assert str(fault) not in f"{told.problem}"
        assert (told.retry_after_seconds > 0) == (status == 503)
    bench.ledger.fault = None
    assert bench.writer.push(bench.made(device_id)).result(10) == 1


def test_a_job_is_all_or_nothing(bench: Bench) -> None:
    def change() -> None:
        bench.sql.do("UPDATE counters SET value = value + 1 WHERE id = 'ticket'")
        raise Refused("no", "No.")

    bench.ledger.let_go.set()
    with pytest.raises(Refused):
        bench.writer.do(change).result(10)
    assert bench.sql.value("SELECT value FROM counters WHERE id = 'ticket'") == 0
    assert bench.writer.do(lambda: 7).result(10) == 7


def test_when_too_much_waits_the_answer_is_later(bench: Bench) -> None:
    device_id = bench.device()
    push = bench.made(device_id)
    first = bench.writer.push(push)
    assert bench.ledger.is_in.wait(10)
    others = [bench.writer.push(push) for _ in range(200)]
    with pytest.raises(Rejected) as refused:
        bench.writer.push(push)
    assert (refused.value.status, refused.value.code) == (503, "busy")
    bench.ledger.let_go.set()
    assert {f.result(10) for f in (first, *others)} == {1}
    assert bench.sql.value("SELECT count(*) FROM clients") == 1


def test_a_fault_in_announcing_does_not_end_the_writer(folder: ServerFolder, clock: Clock) -> None:
    def broken() -> None:
        raise KeyError("a bug")

    sql = folder.open()
    writer = Writer(sql, Ledger(sql, clock), broken)
    writer.start()
    assert [writer.do(lambda: 7).result(10) for _ in range(3)] == [7, 7, 7]
    writer.stop()
    sql.db.close()


def test_whoever_gave_up_waiting_stops_nobody(bench: Bench) -> None:
    first = bench.writer.push(bench.made(bench.device()))
    assert bench.ledger.is_in.wait(10)
    given_up, kept = (bench.writer.push(bench.made(bench.device())) for _ in range(2))
    assert given_up.cancel()
    bench.ledger.let_go.set()
    assert (first.result(10), kept.result(10)) == (1, 1)
    assert bench.sql.value("SELECT count(*) FROM clients") == 2


def test_the_end_does_first_what_waits(bench: Bench) -> None:
    futures = [bench.writer.push(bench.made(bench.device())) for _ in range(50)]
    stopping = threading.Thread(target=bench.writer.stop)
    stopping.start()
    bench.ledger.let_go.set()
    stopping.join(20)
    assert [f.result(0) for f in futures] == [1] * 50
    assert not bench.writer.is_alive


def test_readers_answer_many_and_turn_the_rest_away(folder: ServerFolder) -> None:
    sql = folder.open()
    readers = Readers(sql, 2, "reader", waiting_limit=3)
    gate, busy = threading.Event(), threading.Semaphore(0)

    def slow() -> int:
        busy.release()
        assert gate.wait(10)
        return int(sql.value("SELECT count(*) FROM users WHERE login <> ''"))

    readers.start()
    running = [readers.ask(slow) for _ in range(2)]
    for _ in running:
        assert busy.acquire(timeout=10)
    waiting = [readers.ask(slow) for _ in range(3)]
    with pytest.raises(Rejected) as refused:
        readers.ask(slow)
    assert refused.value.code == "busy"
    assert waiting[1].cancel()
    gate.set()
    assert [f.result(10) for f in (*running, waiting[0], waiting[2])] == [6] * 4
    with pytest.raises(ZeroDivisionError):
        readers.ask(lambda: 1 // 0).result(10)
    readers.stop()
    sql.db.close()
