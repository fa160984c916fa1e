"""A day of twenty deeds, in which the n-th call of the database or the network fails, once or from then on.

`python -m tests.sync.nth_failure` tries every n; the tests try some of them.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import msgspec
import peewee as pw
from sqlcipher3 import dbapi2

from csr_desktop.domain.errors import CsrDesktopError
from csr_desktop.domain.ids import id_source
from csr_desktop.domain.sync_status import SyncStatus
from csr_desktop.protocol import CheckReply, CheckRequest, PullReply, PullRequest, PushReply, PushRequest, encode
from csr_desktop.server.sessions import Session
from csr_desktop.services.desk_data import deposit_rules
from csr_desktop.store.client_clocks import ClientClocks
from csr_desktop.store.database import ServerSqliteDatabase, desk_database
from csr_desktop.store.faults import said_plainly
from csr_desktop.store.inbox_projection import InboxProjection
from csr_desktop.store.migrations import migrate
from csr_desktop.store.projection import Projection
from csr_desktop.store.search_projection import SearchProjection
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import SYNCED
from csr_desktop.sync.answers import NoAnswer, decoded
from csr_desktop.sync.replica import Replica, first_rights, newcomer
from tests.sync.one_thread import Deaf, OneThreadEngine
from tests.sync.servers import Answer, ServerProcess
from tests.sync.twenty_deeds import COUNT, DEVICE, NOW, UNDO_OF_10, USER, Screen, check_done_once, furnish

KEY = bytes(range(32))
SYNC_AFTER = frozenset({4, 9, 11, 15, 19})

M = TypeVar("M", bound=msgspec.Struct)
Where = Literal["desk", "server", "network"]
What = Literal["full", "input or output", "committed, but not said", "refused", "answer lost", "half an answer"]


class Fault(NamedTuple):
    """A full disk fails writes and commits alone; an error of input or output any call. A connection that breaks while
    the server commits leaves open whether it has.
    """

    where: Where
    what: What
    is_lasting: bool


FAULTS = (
    *(
        Fault(where, what, is_lasting)
        for where in ("desk", "server")
        for what in ("full", "input or output")
        for is_lasting in (False, True)
    ),
    Fault("server", "committed, but not said", is_lasting=False),
    Fault("server", "committed, but not said", is_lasting=True),
    *(
        Fault("network", what, is_lasting)
        for what in ("refused", "answer lost", "half an answer")
        for is_lasting in (False, True)
    ),
)


_READING = frozenset({"SELECT", "PRAGMA", "WITH", "SAVEPOINT"})
_AT_COMMIT = frozenset({"committed, but not said"})


class Calls:
    """Counts calls of one place, and says of each whether it fails."""

    def __init__(self) -> None:
        self.count = 0
        self.fault: Fault | None = None
        self._nth = 0

    def arm(self, fault: Fault, nth: int) -> None:
        """From here on calls are counted; number 0 never comes."""
        self.count, self.fault, self._nth = 0, fault, nth

    @contextmanager
    def healed(self) -> Iterator[None]:
        """Meanwhile nothing is counted and nothing fails."""
        fault, self.fault = self.fault, None
        yield
        self.fault = fault

    def fails(self, where: Where, word: str = "") -> bool:
        """`word` is the first of an SQL statement."""
        if self.fault is None or self.fault.where != where:
            return False
        if (self.fault.what == "full" and word in _READING) or (self.fault.what in _AT_COMMIT and word != "COMMIT"):
            return False
        self.count += 1
        return self.count == self._nth or (self.fault.is_lasting and 0 < self._nth < self.count)


class _Cursor:
    def __init__(self, connection: _Connection, cursor: Any) -> None:
        self._connection, self._cursor = connection, cursor

    def execute(self, sql: str, values: Any = ()) -> Any:
        self._connection.meet(sql)
        return self._cursor.execute(sql, values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


class _Connection:
    """A driver's connection on a disk that fails. As SQLite does, it now and then has rolled back by itself then."""

    def __init__(self, connection: Any, where: Where, calls_: Calls) -> None:
        self._connection, self._where, self._calls = connection, where, calls_

    def cursor(self, *rest: Any) -> _Cursor:
        return _Cursor(self, self._connection.cursor(*rest))

    def execute(self, sql: str, *values: Any) -> Any:
        self.meet(sql)
        return self._connection.execute(sql, *values)

    def executemany(self, sql: str, rows: Any) -> Any:
        self.meet(sql)
        return self._connection.executemany(sql, rows)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def meet(self, sql: str) -> None:
        word = sql.lstrip().partition(" ")[0].upper()
        if word == "ROLLBACK":  # needs no room
            return
        if not self._calls.fails(self._where, word):
            return
        assert self._calls.fault is not None
        if self._calls.fault.what in _AT_COMMIT:
            self._connection.execute(sql)
        elif self._calls.count % 2 and self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        is_full = self._calls.fault.what == "full"
        kind: Any = dbapi2.OperationalError if self._where == "desk" else sqlite3.OperationalError  # type: ignore[attr-defined]
        error = kind("database or disk is full" if is_full else "disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL if is_full else sqlite3.SQLITE_IOERR
        raise error


def _on_failing_disk(db: pw.Database, where: Where, calls_: Calls) -> pw.Database:
    opened: Any = db
    connect = opened._connect
    opened._connect = lambda: _Connection(connect(), where, calls_)
    return db


class _ServerFile:
    """The server's own database class on a copy of a prepared file."""

    def __init__(self, path: Path, calls_: Calls, *, is_synced: bool = False) -> None:
        self._path, self._calls, self._is_synced = path, calls_, is_synced

    def connect(self) -> pw.Database:
        db = ServerSqliteDatabase(str(self._path))
        _on_failing_disk(db, "server", self._calls)
        db.connect()
        if not self._is_synced:
            db.execute_sql("PRAGMA synchronous = 0")
        return db

    def back_up(self) -> None:
        raise NotImplementedError

    put_back = remove = back_up


class Prepared(NamedTuple):
    """The files of a server with some rows, and of a desk that has them."""

    server: bytes
    desk: bytes


class Day(Deaf):
    """One person's day; `done` are the groups of those deeds of which the screen said that they are saved. `is_synced`:
    whether the server waits for its disk.
    """

    is_synced = False

    def __init__(self, folder: Path, prepared: Prepared | None, calls: Calls) -> None:
        self.calls = calls
        self.now = NOW
        self._number = 0
        server_path, desk_path = folder / "server.db", folder / "desk.db"
        if prepared is not None:
            server_path.write_bytes(prepared.server)
            desk_path.write_bytes(prepared.desk)
        else:
            self._make_server(server_path)
        file = _ServerFile(server_path, self.calls, is_synced=self.is_synced)
        self.server = ServerProcess(file, lambda: self.now, "epoch")
        self.sql = self.open_desk(desk_path)
        new_id = id_source(lambda: self.now, lambda _bits: self._next())
        self.replica = Replica(self.sql, lambda: self.now, new_id, self._projections)
        if prepared is None:
            first_rights(self.replica, DEVICE, newcomer(USER, "Sam Sample"))
        self.engine = OneThreadEngine(self.replica, self, lambda: self.now, lambda _: None, self.hear, lambda: 0.5)
        self.screen = Screen(self.sql, new_id, lambda: self.now)
        self.done: dict[int, str] = {}

    def open_desk(self, path: Path) -> Sql:
        sql = Sql(_on_failing_disk(desk_database(path, KEY, lambda: self.now), "desk", self.calls))
        sql.db.connect()
        sql.db.execute_sql("PRAGMA synchronous = 0")
        migrate(sql, "desk")
        return sql

    def hear(self, status: SyncStatus) -> None:
        """What the engine says."""

    def _projections(self) -> tuple[Projection, ...]:
        now = lambda: self.now  # noqa: E731
        return ClientClocks(now, deposit_rules), InboxProjection(now), SearchProjection()

    def _next(self) -> int:
        self._number += 1
        return self._number

    @staticmethod
    def _make_server(path: Path) -> None:
        sql = Sql(ServerSqliteDatabase(str(path)))
        sql.db.connect()
        migrate(sql, "server")
        process = ServerProcess(_ServerFile(path, Calls()), lambda: NOW, "epoch")
        furnish(process.sql, process.ledger)
        process.stop()
        sql.db.close()

    def close(self) -> None:
        self.sql.db.close()
        self.server.stop()

    # The engine's transport

    def push(self, request: PushRequest) -> PushReply:
        body = encode(request)
        return self._ask(lambda session: self.server.push([(session, body)])[0], PushReply)

    def pull(self, request: PullRequest) -> PullReply:
        body = encode(msgspec.structs.replace(request, limit=7))
        return self._ask(lambda session: self.server.pull(session, body), PullReply)

    def check(self, request: CheckRequest) -> CheckReply:
        body = encode(request)
        return self._ask(lambda session: self.server.check(session, body), CheckReply)

    def _ask(self, question: Callable[[Session], Answer], kind: type[M]) -> M:
        is_failing = self.calls.fails("network")
        what = self.calls.fault.what if self.calls.fault is not None and is_failing else ""
        if what == "refused":
            raise NoAnswer("It can't be reached.")
        status, body = question(Session(DEVICE, USER))
        if what == "answer lost":
            raise NoAnswer("It did not answer in time.")
        return decoded(status, body[: len(body) // 2] if what else body, kind)

    # The day

    def do(self, number: int) -> None:
        """Raises what the person is told when it was not saved."""
        with said_plainly():
            if number == UNDO_OF_10:
                self.done[number] = self.replica.undo(self.done[10]).group_id
            else:
                self.done[number] = self.replica.do(*self.screen.commands(number), words="w").group_id

    def live(self) -> None:
        """The whole day. What failed is tried again once; nothing of it may have been kept."""
        for number in range(COUNT):
            self.now += 60_000
            for _ in range(2):
                before = self._outbox()
                try:
                    if number not in self.done and (number != UNDO_OF_10 or 10 in self.done):
                        self.do(number)
                except CsrDesktopError:
                    assert self._outbox() == before, f"deed {number} was not saved, as was said, and is there"
            if number in SYNC_AFTER:
                self.engine.sync_once()

    def _outbox(self) -> list[Any]:
        with self.healed():
            return self.sql.all("SELECT seq, id FROM outbox ORDER BY seq")

    def healed(self) -> AbstractContextManager[None]:
        """Meanwhile nothing fails."""
        return self.calls.healed()

    def arm(self, fault: Fault, nth: int) -> None:
        self.calls.arm(fault, nth)

    def mend(self) -> int:
        """The fault is gone; how many calls it could have met."""
        self.calls.fault = None
        return self.calls.count

    def exchange(self) -> None:
        """Without a new start the person does again what failed, and all is exchanged."""
        self.now += 60_000
        for number in range(COUNT):
            if number not in self.done:
                self.do(number)
        for _ in range(3):
            self.engine.sync_once()
        assert self.engine.status.state == "saved", f"{self.engine.status.state}: {self.engine.status.title}"

    def check_at_its_end(self) -> None:
        """Everything once, here and on the server; nothing waits."""
        for table in SYNCED:
            there = self.server.sql.load(table, [i for (i,) in self.server.sql.all(f"SELECT id FROM {table}")])
            here = self.sql.load(table, [i for (i,) in self.sql.all(f"SELECT id FROM {table}")])
            assert here == there, f"{table} differs"
        assert not self.replica.waiting_count()
        assert not self.sql.all("SELECT 1 FROM base")
        assert not self.sql.all("SELECT 1 FROM needs_you")
        check_done_once(self.server.sql)


def prepare(folder: Path) -> Prepared:
    day = Day(folder, None, Calls())
    assert day.engine.sync_once()
    day.close()
    return Prepared((folder / "server.db").read_bytes(), (folder / "desk.db").read_bytes())


def live(prepared: Prepared, fault: Fault, nth: int, folder: Path, kind: type[Day] = Day) -> int:
    """One such day, the fault mended, everything checked; how many calls the fault could have met."""
    with tempfile.TemporaryDirectory(dir=folder) as home:
        day = kind(Path(home), prepared, Calls())
        try:
            day.arm(fault, nth)
            day.live()
            found = day.mend()
            day.exchange()
            day.check_at_its_end()
        except Exception as error:
            error.add_note(f"{fault}, call {nth}")
            raise
        finally:
            day.calls.fault = None
            day.close()
    return found


def fail_each(prepared: Prepared, fault: Fault, folder: Path, *, tries: int = 0, kind: type[Day] = Day) -> int:
    """Live the day with the n-th call failing, for every n, or for so many of them at most; how often it was lived."""
    last = live(prepared, fault, 0, folder, kind)
    step = max(1, -(-last // tries)) if tries else 1
    lived = range(1, last + 1, step)
    for nth in lived:
        live(prepared, fault, nth, folder, kind)
    return len(lived)


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="csr-nth-") as folder:
        prepared = prepare(Path(folder))
        for fault in FAULTS:
            began = time.monotonic()
            lived = fail_each(prepared, fault, Path(folder))
            print(f"{fault}: {lived} days in {time.monotonic() - began:.0f} s", flush=True)
        _read(Path(folder))
    return 0


def _read(folder: Path) -> None:
    from tests.sync.older_failures import Reading, prepare_reading

    furnished = prepare_reading(folder)
    for fault in FAULTS:
        print(f"older history, {fault}: {fail_each(furnished, fault, folder, kind=Reading)} days", flush=True)


if __name__ == "__main__":
    sys.exit(main())
