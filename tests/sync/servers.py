"""One process of the simulated server: what the HTTP API does with a push, a pull and a check, without HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from csr_desktop.protocol import CheckReply, CheckRequest, PullRequest, PushReply, encode
from csr_desktop.server.bodies import decoded
from csr_desktop.server.checking import Checks
from csr_desktop.server.escrow import ServerKey
from csr_desktop.server.feed import Feed
from csr_desktop.server.ledger import Ledger, Push
from csr_desktop.server.problems import Rejected, is_of_the_world, rejected
from csr_desktop.server.pushes import Pushes
from csr_desktop.server.sessions import Session, Sessions
from tests.sync.databases import SharedDatabase
from tests.sync.stepping import Crash, Fuse, SteppingSql

Answer = tuple[int, bytes]
"""A status and what is sent with it."""


class ServerProcess:
    """Has its own connection; a crash closes it and the process is started again."""

    def __init__(self, database: SharedDatabase, clock: Callable[[], int], epoch: str) -> None:
        self._database = database
        self._clock = clock
        self.epoch = epoch
        self.fuse = Fuse()
        self.is_busy = False
        self.start()

    def start(self) -> None:
        self.sql = SteppingSql(self._database.connect(), self.fuse)
        self.ledger = Ledger(self.sql, self._clock)
        self.feed = Feed(self.sql, self.ledger, self._clock, self.epoch)
        self._checks = Checks(self.sql, self.ledger, self._clock)
        self._sessions = Sessions(self.sql, ServerKey(bytes(32)), lambda: 0.0)
        self._pushes = Pushes(self.sql, self._sessions)

    def stop(self) -> None:
        self.fuse.put_out()
        self.sql.db.close()

    def push(self, asked: Sequence[tuple[Session, bytes]]) -> list[Answer]:
        """Several at once, as the writer takes them. Raises Crash, when the process is up again."""
        answers: dict[int, Answer] = {}
        group: list[tuple[int, Push]] = []
        self.is_busy = True
        try:
            for index, (session, body) in enumerate(asked):
                try:
                    group.append((index, self._pushes.read(body, session)))
                except Exception as error:  # noqa: BLE001  # as the API answers
                    answers[index] = _problem(error)
            self._commit(group, answers)
        except Crash:
            self.stop()
            self.start()
            raise
        finally:
            self.is_busy = False
        return [answers[index] for index in range(len(asked))]

    def _commit(self, group: list[tuple[int, Push]], answers: dict[int, Answer]) -> None:
        if not group:
            return
        try:
            known = self.ledger.push([push for _, push in group])
        except Exception as error:  # noqa: BLE001  # it belongs to the one push that caused it
            if len(group) == 1 or is_of_the_world(error):
                answers.update((index, _problem(error)) for index, _ in group)
                return
            for one in group:
                self._commit([one], answers)
            return
        for index, push in group:
            answers[index] = 200, encode(PushReply(known[push.device_id]))

    def pull(self, session: Session, body: bytes) -> Answer:
        try:
            request = decoded(body, PullRequest)
            return 200, encode(self.feed.pull(session.device_id, session.user_id, request))
        except Exception as error:  # noqa: BLE001  # as the API answers
            return _problem(error)

    def check(self, session: Session, body: bytes) -> Answer:
        try:
            request = decoded(body, CheckRequest)
            self._sessions.check(session)
            if request.differing_count < 0:
                return 200, encode(self._checks.answer(session.user_id, request))
            with self.sql.transaction():
                self._checks.keep(session.device_id, request)
            return 200, encode(CheckReply(is_now=True))
        except Exception as error:  # noqa: BLE001  # as the API answers
            return _problem(error)


def _problem(error: Exception) -> Answer:
    fault: Rejected = rejected(error)
    if fault.code in {"fault", "bad_command", "bad_message"}:
        raise error
    return fault.status, encode(fault.problem)
