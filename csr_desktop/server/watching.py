"""Looks after who waits: what other processes changed, whose rights have moved, who is there no more."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from csr_desktop.domain.errors import Refused
from csr_desktop.domain.permissions import ORGANISATION, Person
from csr_desktop.server.attendance import Attendance
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.live import Board, revision
from csr_desktop.server.problems import places, rejected
from csr_desktop.server.readers import Readers
from csr_desktop.store.sql import Sql

LOOK_SECONDS: Final = 1.0
"""How often to look for changes by another process: the command line, another server."""

_Mark = tuple[int, ...]
_MARK: Final = (
    *(f"SELECT MAX(rev) FROM {table} WHERE scope = ?" for table in ("users", "teams", "memberships")),
    "SELECT COUNT(*) FROM devices WHERE revoked_at > 0 AND ? <> ''",
)

_log = structlog.get_logger(__name__)


class Watch:
    """Keeps board and attendance to the rights that stand in the database. Used on the event loop."""

    def __init__(self, sql: Sql, ledger: Ledger, readers: Readers, board: Board, attendance: Attendance) -> None:
        self._sql = sql
        self._ledger = ledger
        self._readers = readers
        self._board = board
        self._attendance = attendance
        self._mark: _Mark = ()
        self._renewing = asyncio.Lock()
        self.number = 0
        """Rises whenever rights were read anew: what was read before does not hold any more."""

    async def begin(self) -> None:
        """On the running loop, before anybody may wait."""
        self._board.open(self.check)
        rev, self._mark = await self._ask()
        self._board.look(rev)
        self._attendance.ask_others()

    async def run(self, seconds: float = LOOK_SECONDS) -> None:
        """For ever: look at the database while somebody waits, and at the clock."""
        while True:
            await asyncio.sleep(seconds)
            self._attendance.expire()
            if not self._board.has_listeners and not self._attendance.user_ids:
                continue
            try:
                rev = await self._check()
            except Exception as error:  # noqa: BLE001  # the database may be away for a while; the next look comes
                if rejected(error).status == 500:
                    _log.error("look_failed", places=places(error))
                continue
            if not self._sql.is_postgresql:  # whose notices tell it by scopes, in the order of the commits
                self._board.look(rev)
            self._board.deliver()

    async def check(self) -> None:
        """Bring the rights of all who wait up to now."""
        await self._check()

    async def _check(self) -> int:
        async with self._renewing:  # what was read earlier must not come after what was read later
            rev, mark = await self._ask()
            await self._renew(mark)
        return rev

    async def _ask(self) -> tuple[int, _Mark]:
        def look() -> tuple[int, _Mark]:
            return revision(self._sql), tuple(int(self._sql.value(sql, ORGANISATION) or 0) for sql in _MARK)

        return await asyncio.wrap_future(self._readers.ask(look))

    async def _renew(self, mark: _Mark) -> None:
        if mark == self._mark:
            return
        users = {one.user_id for one in self._board.listeners} | self._attendance.user_ids
        people, revoked = await asyncio.wrap_future(self._readers.ask(lambda: self._read(users)))
        self._mark = mark
        self.number += 1
        for listener in list(self._board.listeners):
            person = people.get(listener.user_id)
            if listener.device_id in revoked or person is None:
                listener.end()
            elif person.scopes != listener.scopes:
                self._board.set_scopes(listener, person.scopes)
                listener.offer_all(asyncio.get_running_loop().time())
        for device_id in revoked:
            self._attendance.drop(device_id)
        for user_id in users:
            self._attendance.set_rights(user_id, people.get(user_id))

    def _read(self, user_ids: set[str]) -> tuple[dict[str, Person], set[str]]:
        people: dict[str, Person] = {}
        for user_id in user_ids:
            try:
                people[user_id] = self._ledger.person(user_id)
            except Refused:
                continue
        return people, {i for (i,) in self._sql.all("SELECT id FROM devices WHERE revoked_at > 0")}
