"""Says when something new is there for somebody: a hint to pull, never the news itself."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import structlog

from csr_desktop.commands.work import Work
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.problems import places, rejected
from csr_desktop.server.readers import Readers
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import SYNCED

POKE_SECONDS: Final = 25.0
"""The longest that a long poll is held; less than what proxies allow."""
LOOK_SECONDS: Final = 1.0
"""How often to look for changes by another process: the command line, another server."""

_log = structlog.get_logger(__name__)


class _Waiter:
    """Somebody who waits; `is_news` tells why it was let go."""

    def __init__(self, device_id: str, scopes: frozenset[str]) -> None:
        self.device_id = device_id
        self.scopes = scopes
        self.is_news = False
        self.moved = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def let_go(self, *, is_news: bool) -> None:
        self.is_news = is_news
        with contextlib.suppress(RuntimeError):  # its loop has ended, so nobody waits there any more
            self._loop.call_soon_threadsafe(self.moved.set)


class Board:
    """Who waits for which scopes. `announce` may be called on any thread; waiting is done on the event loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiters: dict[str, _Waiter] = {}
        self._rev = 0
        self._is_closed = False

    @property
    def has_waiters(self) -> bool:
        return bool(self._waiters)

    @contextmanager
    def waiting(self, device_id: str, scopes: frozenset[str]) -> Iterator[_Waiter]:
        """Stand in line before looking for news, so that nothing falls between looking and waiting. One place a
        workstation: who stood there before is let go without news.
        """
        waiter = _Waiter(device_id, scopes)
        with self._lock:
            former = self._waiters.pop(device_id, None)
            self._waiters[device_id] = waiter
            is_closed = self._is_closed
        if former:
            former.let_go(is_news=False)
        if is_closed:
            waiter.let_go(is_news=False)
        try:
            yield waiter
        finally:
            with self._lock:
                if self._waiters.get(device_id) is waiter:
                    del self._waiters[device_id]

    def announce(self, before: int, rev: int, scopes: frozenset[str]) -> None:
        """Rows of these scopes went from revision `before` to `rev`. What came between from elsewhere is everyone's."""
        with self._lock:
            is_known = before == self._rev
            self._rev = max(self._rev, rev)
            found = [w for w in self._waiters.values() if not is_known or not w.scopes.isdisjoint(scopes)]
        for waiter in found:
            waiter.let_go(is_news=True)

    def look(self, rev: int) -> None:
        """The database is at this revision, whoever brought it there."""
        with self._lock:
            found = list(self._waiters.values()) if rev > self._rev else []
            self._rev = max(self._rev, rev)
        for waiter in found:
            waiter.let_go(is_news=True)

    def close(self) -> None:
        """Let everyone go, for the server stops."""
        with self._lock:
            self._is_closed = True
            found = list(self._waiters.values())
        for waiter in found:
            waiter.let_go(is_news=False)


class AnnouncingLedger(Ledger):
    """Remembers which scopes a transaction touched, to be announced once it is committed."""

    def __init__(
        self, sql: Sql, clock: Callable[[], int], board: Board, before_commit: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(sql, clock, before_commit)
        self._board = board
        self._rows = sql
        self._touched: set[str] = set()
        self._span = (0, 0)

    def write(self, work: Work) -> None:
        scopes, count = set(), 0
        for table, rows in work.dirty().items():
            for row in rows:
                count += 1
                scopes.add(row["scope"])
                before = work.before[table, row["id"]]
                scopes.add(before["scope"] if before else row["scope"])
        super().write(work)
        if count:
            rev = revision(self._rows)
            self._touched, self._span = scopes, (rev - count, rev)

    def announce(self) -> None:
        """Call after each commit, on the thread that made it."""
        if self._touched:
            scopes, (before, rev) = frozenset(self._touched), self._span
            self._touched = set()
            self._board.announce(before, rev, scopes)


def revision(sql: Sql) -> int:
    return int(sql.value("SELECT value FROM counters WHERE id = 'rev'") or 0)


_NEWER: Final = (
    *(f"SELECT 1 FROM {table} WHERE scope = ? AND rev > ? LIMIT 1" for table in SYNCED),
    "SELECT 1 FROM gone WHERE scope = ? AND rev > ? LIMIT 1",
)


def is_news(sql: Sql, scopes: Collection[str], cursors: Mapping[str, int]) -> bool:
    """Whether a scope has something after its cursor, is new to the workstation, or is no longer the person's."""
    if set(cursors) != set(scopes):
        return True
    rev = revision(sql)
    behind = [(scope, cursors[scope]) for scope in sorted(scopes) if cursors[scope] < rev]
    if not behind:
        return False
    with sql.snapshot():
        sql.sees(scopes)
        return any(sql.value(newer, *cursor) for cursor in behind for newer in _NEWER)


async def look_for_changes(sql: Sql, readers: Readers, board: Board, seconds: float = LOOK_SECONDS) -> None:
    """For ever: see what other processes changed, while somebody waits for it."""
    while True:
        await asyncio.sleep(seconds)
        if not board.has_waiters:
            continue
        try:
            board.look(await asyncio.wrap_future(readers.ask(lambda: revision(sql))))
        except Exception as error:  # noqa: BLE001  # the database may be away for a while; the next look comes
            if rejected(error).status == 500:
                _log.error("look_failed", places=places(error))
