"""Says when something new is there for somebody: a hint to pull, never the news itself."""

from __future__ import annotations

import asyncio
import math
import random
import threading
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final

import msgspec

from csr_desktop.domain.permissions import ORGANISATION
from csr_desktop.server.ledger import Ledger
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import SYNCED

POKE_SECONDS: Final = 25.0
"""The longest that a long poll is held; less than what proxies allow."""
ANY: Final = ""
"""Stands for every scope: where the news came from elsewhere, which ones it touched is not known."""
GAP_SECONDS: Final = 0.04
"""Between two hints to one workstation; what comes meanwhile is one hint."""
PEOPLE_GAP_SECONDS: Final = 0.5
"""Between two words to one workstation about who is there."""
AT_ONCE: Final = 30
HINTS_A_SECOND: Final = 100
"""So many hints are given at once, and then a second, and fewer while the server is busy, for each of them is a pull:
where more is new than that, it is merged for longer, and what is pushed does not wait behind those pulls.
"""


class Moved(msgspec.Struct):
    """What is new for somebody: revs by scope, and people of whom something else is to be told."""

    news: dict[str, int] = msgspec.field(default_factory=dict)
    is_sure: bool = False
    people: set[str] = msgspec.field(default_factory=set)
    everyone: bool = False


class Listener:
    """A workstation that waits. What is new is merged until it takes it, so that a slow one costs no more than a quick
    one. Used on the event loop alone.
    """

    def __init__(self, device_id: str, user_id: str, put_off: Callable[[], float] = lambda: 0.0) -> None:
        """`put_off` gives the seconds by which a hint that is due has to wait still."""
        self.device_id = device_id
        self.user_id = user_id
        self._put_off = put_off
        self.scopes: frozenset[str] = frozenset()
        self.is_ended = False
        self._moved = Moved()
        self._news_at = self._people_at = math.inf
        self._free_at = self._people_free_at = 0.0
        self._stirred = asyncio.Event()

    def offer(self, news: Mapping[str, int], slot: Callable[[], float]) -> None:
        """To be told with the hint that is on its way, else when the slot is, by the loop's clock."""
        for scope, rev in news.items():
            self._moved.news[scope] = max(rev, self._moved.news.get(scope, 0))
        if self._news_at == math.inf:
            self._news_at = max(slot(), self._free_at)
            self._stirred.set()

    def offer_people(self, user_ids: Iterable[str], now: float) -> None:
        self._moved.people.update(user_ids)
        if self._people_at == math.inf:
            self._people_at = max(now, self._people_free_at)
            self._stirred.set()

    def offer_all(self, now: float) -> None:
        """What it may know is another thing from now on: it has to look, and to learn anew who is there."""
        self._moved.is_sure = self._moved.everyone = True
        self._news_at = self._people_at = now
        self._stirred.set()

    def end(self) -> None:
        self.is_ended = True
        self._stirred.set()

    async def next(self, seconds: float) -> Moved | None:
        """What is new, once it is due. None when that many seconds pass without, or when it has ended."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while not self.is_ended:
            now = loop.time()
            if now >= self._news_at:
                self._news_at = now + seconds_off if (seconds_off := self._put_off()) else self._news_at
            due_at = min(self._news_at, self._people_at)
            if now >= due_at:
                return self._taken(now)
            if now >= until:
                return None
            self._stirred.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(min(until, due_at)):
                    await self._stirred.wait()
        return None

    def _taken(self, now: float) -> Moved:
        """What is due of it; the rest waits."""
        taken, moved = Moved(), self._moved
        if now >= self._news_at:
            taken.news, taken.is_sure, moved.news, moved.is_sure = moved.news, moved.is_sure, {}, False
            self._news_at, self._free_at = math.inf, now + GAP_SECONDS
        if now >= self._people_at:
            taken.people, taken.everyone, moved.people, moved.everyone = moved.people, moved.everyone, set(), False
            self._people_at, self._people_free_at = math.inf, now + PEOPLE_GAP_SECONDS
        return taken


class Board:
    """Who waits for which scopes. `announce`, `look` and `close` may be called on any thread; all else on the loop."""

    def __init__(self, is_busy: Callable[[], bool] = lambda: False) -> None:
        """`is_busy` tells whether pulls wait already."""
        self._is_busy = is_busy
        self._lock = threading.Lock()
        self._rev = 0
        self._news: dict[str, int] = {}
        self._is_called = self._is_closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._check: Callable[[], Awaitable[None]] | None = None
        self._checking: asyncio.Task[None] | None = None
        self._listeners: dict[str, Listener] = {}
        self._by_scope: dict[str, set[Listener]] = {}
        self._people: dict[str, set[str]] = {}
        self._last_slot = 0.0

    # Any thread

    @property
    def has_listeners(self) -> bool:
        return bool(self._listeners)

    def announce(self, before: int, rev: int, scopes: frozenset[str]) -> None:
        """Rows of these scopes went from revision `before` to `rev`. What came between from elsewhere is everyone's."""
        with self._lock:
            is_known = before == self._rev
            self._rev = max(self._rev, rev)
            self._merge(dict.fromkeys(scopes, rev) if is_known else {ANY: rev})

    def look(self, rev: int) -> None:
        """The database is at this revision, whoever brought it there."""
        with self._lock:
            if rev > self._rev:
                self._rev = rev
                self._merge({ANY: rev})

    def close(self) -> None:
        """Let everyone go, for the server stops."""
        with self._lock:
            self._is_closed = True
        self.soon(self._end_all)

    def soon(self, work: Callable[[], None]) -> None:
        """Run this on the event loop, if there is one."""
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended, so nobody waits there any more
                self._loop.call_soon_threadsafe(work)

    def _merge(self, news: Mapping[str, int]) -> None:
        for scope, rev in news.items():
            self._news[scope] = max(rev, self._news.get(scope, 0))
        if not self._is_called:
            self._is_called = self._loop is not None
            self.soon(self.deliver)

    # The event loop

    def open(self, check: Callable[[], Awaitable[None]]) -> None:
        """Begin on the running loop. `check` looks whether rights have moved, and says so by `set_scopes` and `end`:
        it comes before anything is told that may have moved them.
        """
        self._loop = asyncio.get_running_loop()
        self._check = check

    @property
    def listeners(self) -> Collection[Listener]:
        return self._listeners.values()

    def join(self, device_id: str, user_id: str) -> Listener:
        """Stand in line before looking for news, so that nothing falls between looking and waiting. One place a
        workstation: who stood there before is let go. It hears of nothing before `set_scopes`.
        """
        listener = Listener(device_id, user_id, self._put_off)
        former = self._listeners.pop(device_id, None)
        if former is not None:
            self._leave_scopes(former)
            former.end()
        if self._is_closed:
            listener.end()
        else:
            self._listeners[device_id] = listener
        return listener

    def leave(self, listener: Listener) -> bool:
        """Whether it stood there still, so that the workstation waits no more."""
        listener.end()
        if self._listeners.get(listener.device_id) is not listener:
            return False
        del self._listeners[listener.device_id]
        self._leave_scopes(listener)
        return True

    def set_scopes(self, listener: Listener, scopes: frozenset[str]) -> None:
        """What it may hear of. A no-op for one that was let go meanwhile."""
        if self._listeners.get(listener.device_id) is listener:
            self._leave_scopes(listener)
            listener.scopes = scopes
            for scope in scopes:
                self._by_scope.setdefault(scope, set()).add(listener)

    def _leave_scopes(self, listener: Listener) -> None:
        for scope in listener.scopes:
            there = self._by_scope.get(scope, set())
            there.discard(listener)
            if not there:
                self._by_scope.pop(scope, None)

    def tell(self, user_id: str, scopes: Iterable[str]) -> None:
        """There is something else to be said of this person to who may hear of these scopes."""
        self._people.setdefault(user_id, set()).update(scopes)
        self.deliver()

    def deliver(self) -> None:
        """Hand on what is there, after a check of rights where it may have moved them."""
        with self._lock:
            self._is_called = False
            if self._checking is not None:
                return  # what is new since it began may have moved rights once more
            news, self._news = self._news, {}
        people, self._people = self._people, {}
        may_move_rights = ORGANISATION in news or ANY in news
        if may_move_rights and self._listeners and self._check is not None:
            self._checking = asyncio.ensure_future(self._deliver_checked(self._check, news, people))
        else:
            self._hand_on(news, people)

    async def _deliver_checked(
        self, check: Callable[[], Awaitable[None]], news: dict[str, int], people: dict[str, set[str]]
    ) -> None:
        try:
            await check()
        except Exception:  # noqa: BLE001  # the database is away; it is delivered when it is looked at next
            self._checking = None
            with self._lock:
                self._news = {**news, **self._news}
            for user_id, scopes in people.items():
                self._people.setdefault(user_id, set()).update(scopes)
            return
        self._checking = None
        self._hand_on(news, people)
        self.deliver()

    def _hand_on(self, news: dict[str, int], people: dict[str, set[str]]) -> None:
        now = asyncio.get_running_loop().time()
        # Who works in the team that it is about comes before everybody whom it may concern.
        for scope in sorted(news, key=lambda scope: len(self._by_scope.get(scope, ())) if scope else math.inf):
            for listener in self._listeners.values() if scope == ANY else self._by_scope.get(scope, ()):
                listener.offer({scope: news[scope]}, partial(self._slot, now))
        for user_id, scopes in people.items():
            for listener in {one for scope in scopes for one in self._by_scope.get(scope, ())}:
                listener.offer_people((user_id,), now)

    def _slot(self, now: float) -> float:
        """When the next hint may be given."""
        self._last_slot = max(self._last_slot + 1 / HINTS_A_SECOND, now - AT_ONCE / HINTS_A_SECOND)
        return max(now, self._last_slot)

    def _put_off(self) -> float:
        """Seconds; spread, so that not all come back at once."""
        if not self._is_busy():
            return 0.0
        return max(GAP_SECONDS, len(self._listeners) / HINTS_A_SECOND) * random.uniform(0.5, 1)  # noqa: S311

    def _end_all(self) -> None:
        for listener in self._listeners.values():
            listener.end()


class AnnouncingLedger(Ledger):
    """Remembers which scopes a transaction touched, to be announced once it is committed."""

    def __init__(
        self, sql: Sql, clock: Callable[[], int], board: Board, before_commit: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(sql, clock, before_commit)
        self._board = board
        self._touched: set[str] = set()
        self._span = (0, 0)

    @contextmanager
    def _numbers(self, count: int, scopes: Collection[str]) -> Iterator[int]:
        with super()._numbers(count, scopes) as before:
            # Written in the same transaction as what was noted, or after one that was taken back.
            is_more = bool(self._touched) and before == self._span[1]
            self._touched = {*self._touched, *scopes} if is_more else set(scopes)
            self._span = (self._span[0] if is_more else before, before + count)
            yield before

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
    """Whether a scope has something after its cursor, is new to the workstation, or is no longer the person's; also
    where the workstation knows more than the server, which then was put back from a backup.
    """
    if set(cursors) != set(scopes):
        return True
    rev = revision(sql)
    if any(after > rev for after in cursors.values()):
        return True
    behind = [(scope, cursors[scope]) for scope in sorted(scopes) if cursors[scope] < rev]
    if not behind:
        return False
    with sql.snapshot():
        sql.sees(scopes)
        return any(sql.value(newer, *cursor) for cursor in behind for newer in _NEWER)
