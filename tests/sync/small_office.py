"""Two people, two teams and a server in one thread, for stories that the simulation meets too seldom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from csr_desktop.commands.work import Work
from csr_desktop.domain.permissions import ORGANISATION
from csr_desktop.domain.share import DEFAULT_MONTHS
from csr_desktop.protocol import (
    CheckReply,
    CheckRequest,
    PullReply,
    PullRequest,
    PushReply,
    PushRequest,
)
from csr_desktop.server.checking import Checks
from csr_desktop.server.ledger import Push
from csr_desktop.server.share import set_months
from csr_desktop.store.tables import new_row
from csr_desktop.sync.integrity import Comparison
from tests.sync.checks import check_desk
from tests.sync.databases import SharedDatabase, SqliteFile
from tests.sync.one_thread import Deaf
from tests.sync.simulation import TEAMS, Desk, World

DAY = 86_400_000
ONE, TWO, *_ = TEAMS


class SmallOffice:
    """Both people are CSRs, the first in the first team, the second in the second."""

    def __init__(self, folder: Path, database: SharedDatabase | None = None) -> None:
        self.world = World(1, database or SqliteFile(folder), folder)
        self.sql = self.world.servers[0].sql
        self.checks = Checks(self.sql, self.world.ledger, lambda: self.world.now)
        self.sent: list[PullReply] = []
        with self.sql.transaction():
            set_months(self.sql, DEFAULT_MONTHS)
        for number in range(2):
            self.put("users", f"user-{number}", role="csr")
            self.teams(number, TEAMS[number])

    @property
    def now(self) -> int:
        return self.world.now

    def close(self) -> None:
        self.world.close()

    # On the server

    def put(self, table: str, row_id: str, **fields: Any) -> None:
        with self.sql.transaction():
            work = Work(self.sql.load, new_row)
            work.put(table, row_id, **fields)
            self.world.ledger.write(work)
        self.world.record()

    def calls(self, count: int, team: str = ONE, *, days_ago: int = 1, name: str = "call") -> list[str]:
        ids = [f"{name}-{number:05}" for number in range(count)]
        with self.sql.transaction():
            work = Work(self.sql.load, new_row)
            for row_id in ids:
                work.put("interactions", row_id, scope=team, started_at=self.now - days_ago * DAY, note=row_id)
            self.world.ledger.write(work)
        self.world.record()
        return ids

    def remove(self, table: str, ids: list[str]) -> None:
        with self.sql.transaction():
            work = Work(self.sql.load, new_row)
            for row_id in ids:
                work.put(table, row_id, deleted=1)
            self.world.ledger.write(work)
        self.world.record()

    def move(self, table: str, ids: list[str], team: str) -> None:
        with self.sql.transaction():
            work = Work(self.sql.load, new_row)
            for row_id in ids:
                work.put(table, row_id, scope=team)
            self.world.ledger.write(work)
        self.world.record()

    def teams(self, number: int, *teams: str) -> None:
        for team in TEAMS:
            self.put("memberships", f"user-{number}-{team}", scope=ORGANISATION, user_id=f"user-{number}",
                     team_id=team, deleted=int(team not in teams))  # fmt: skip

    def row(self, table: str, row_id: str) -> dict[str, Any]:
        return self.sql.load(table, [row_id])[row_id]

    # Between

    def desk(self, number: int = 0) -> Desk:
        return self.world.desks[number]

    def push(self, number: int = 0) -> None:
        desk = self.desk(number)
        self.world.ledger.push([Push(desk.device_id, desk.user_id, desk.replica.push_batch())])
        self.world.record()

    def answer(self, number: int, request: PullRequest) -> PullReply:
        desk = self.desk(number)
        return self.world.feed.pull(desk.device_id, desk.user_id, request)

    def pages(self, number: int = 0, limit: int = 1000) -> Iterator[PullReply]:
        """Each answer, once it was taken in; every state between holds the simulation's rules."""
        desk, more = self.desk(number), True
        while more:
            reply = self.answer(number, msgspec.structs.replace(desk.puller.request(), limit=limit))
            desk.apply(reply)
            check_desk(self.world, desk)
            self.sent.append(reply)
            more = reply.more
            yield reply

    def sync(self, number: int = 0, limit: int = 1000) -> list[PullReply]:
        """Push and pull until everything is exchanged, and do what is left to do."""
        self.push(number)
        found = list(self.pages(number, limit))
        self.rest(number)
        return found

    def rest(self, number: int = 0) -> int:
        """How many steps it took."""
        steps = 0
        while self.desk(number).puller.rest() is not None:
            steps += 1
            check_desk(self.world, self.desk(number))
        return steps

    def compare(self, number: int = 0) -> int:
        desk = self.desk(number)

        def pull(again: Any) -> None:
            reply = self.answer(number, desk.puller.request(again))
            desk.apply(reply)
            while reply.more:
                reply = self.answer(number, desk.puller.request())
                desk.apply(reply)

        return Comparison(desk.replica, Wire(self, number), pull).run(is_wanted=True)

    def ids(self, table: str, number: int = 0) -> set[str]:
        return set(self.desk(number).rows(table, "deleted = 0"))


class Wire(Deaf):
    """The transport of one of the desks; what is asked is remembered, and may be answered otherwise."""

    def __init__(self, office: SmallOffice, number: int) -> None:
        self._office, self._number = office, number
        self.asked: list[PullRequest] = []
        self.before_pull: Callable[[PullRequest], None] = lambda _: None

    def push(self, request: PushRequest) -> PushReply:
        desk = self._office.desk(self._number)
        known = self._office.world.ledger.push([Push(desk.device_id, desk.user_id, request.commands)])
        return PushReply(known[desk.device_id])

    def pull(self, request: PullRequest) -> PullReply:
        self.before_pull(request)
        self.asked.append(request)
        return self._office.answer(self._number, request)

    def check(self, request: CheckRequest) -> CheckReply:
        desk = self._office.desk(self._number)
        if request.differing_count < 0:
            return self._office.checks.answer(desk.user_id, request)
        self._office.checks.keep(desk.device_id, request)
        return CheckReply(is_now=True)
