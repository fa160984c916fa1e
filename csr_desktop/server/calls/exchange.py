"""Takes what phone systems say, keeps it, has it told to desks and logged: what there is of it in one process."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Final

import structlog

from csr_desktop.domain.phone_calls import SETTLED_MS
from csr_desktop.protocol import CallTaking
from csr_desktop.server.administration import Administration
from csr_desktop.server.calls.call_board import OVER_MS, CallBoard
from csr_desktop.server.calls.call_desks import CallDesks, Desks
from csr_desktop.server.calls.connections import Connection
from csr_desktop.server.calls.kept_calls import KeptCall, KeptCalls, Key
from csr_desktop.server.calls.logged_twice import LoggedTwice
from csr_desktop.server.calls.missed_calls import MissedCalls
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.live import Board
from csr_desktop.server.notices import CALLS
from csr_desktop.server.phone.reading import Reading
from csr_desktop.server.problems import Rejected, is_of_the_world, places
from csr_desktop.server.readers import Readers
from csr_desktop.server.writer import Writer
from csr_desktop.store.sql import Sql

LOOK_SECONDS: Final = 0.5
"""How often to look for calls that have ended, and to try again what could not be kept."""
FORGET_SECONDS: Final = 3600.0
SILENT_SECONDS: Final = 30.0
"""How often to look for calls that fell silent."""
_MOST_WAITING: Final = 20_000

_Told = tuple[KeptCall, tuple[Desks, int]]

_log = structlog.get_logger(__name__)


class Exchange:
    """One thread, which asks the writer and the readers. `take` and `hear` may be called on any thread."""

    def __init__(
        self,
        sql: Sql,
        ledger: Ledger,
        writer: Writer,
        readers: Readers,
        board: Board,
        clock: Callable[[], int],
        new_id: Callable[[], str],
    ) -> None:
        """`new_id` is used on the writer's thread alone."""
        self._sql = sql
        self._writer = writer
        self._readers = readers
        self._board = board
        self._clock = clock
        self._kept = KeptCalls(sql, clock, new_id)
        administration = Administration(sql, ledger, clock, new_id=new_id)
        self._desks = CallDesks(sql, self._kept, clock)
        self._missed = MissedCalls(sql, self._kept, administration, clock, new_id)
        self._twice = LoggedTwice(sql, administration)
        self.calls = CallBoard(clock)
        self._waiting: deque[tuple[Connection, Reading]] = deque(maxlen=_MOST_WAITING)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="exchange")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Before the writer and the readers stop. What could not be kept until now is lost."""
        self._stopped.set()
        self._thread.join()

    def now(self) -> int:
        """When something is received, in milliseconds."""
        return self._clock()

    # What phone systems say

    def take(self, connection: Connection, reading: Reading) -> Future[None]:
        """Done once it is kept for good. While the database is away it waits here, and the future fails."""
        done: Future[None] = Future()
        try:
            keeping = self._writer.do(partial(self._keep, connection, reading))
        except Rejected as fault:  # too much waits for the writer
            self._waiting.append((connection, reading))
            done.set_exception(fault)
            return done

        def kept(future: Future[list[Key]]) -> None:
            error = future.exception()
            if error is None:
                if not self._sql.is_postgresql:
                    self._changed(future.result())
                done.set_result(None)
                return
            if isinstance(error, Exception) and is_of_the_world(error):
                self._waiting.append((connection, reading))
            else:
                _log.error("phone_event_not_kept", connection=connection.id, places=places(error))
            done.set_exception(error)

        keeping.add_done_callback(kept)
        return done

    def stands_on(self, user_id: str, device_id: str, said: CallTaking) -> Future[Key]:
        """Which of somebody's workstations has a call in its pane; all of them are told. Fails with Refused for a call
        that is not theirs.
        """

        def take() -> Key:
            with self._sql.transaction():
                key = self._desks.take(user_id, device_id, said.reference, takes_over=said.takes_over)
                if self._sql.is_postgresql:
                    self._sql.all(f"SELECT pg_notify('{CALLS}', ?)", "\t".join(key))
            return key

        def taken(future: Future[Key]) -> None:
            if future.exception() is None and not self._sql.is_postgresql:
                self._changed([future.result()])

        taking = self._writer.do(take)
        taking.add_done_callback(taken)
        return taking

    def end_silent(self) -> int:
        """End calls that ring and of which nothing more is said; how many. Blocking."""
        ended = self._writer.do(lambda: self._announced(self._kept.end_silent())).result()
        if not self._sql.is_postgresql:
            self._changed(ended)
        return len(ended)

    def _keep(self, connection: Connection, reading: Reading) -> list[Key]:
        return self._announced(self._kept.take(connection, reading))

    def _announced(self, keys: list[Key]) -> list[Key]:
        if self._sql.is_postgresql:  # at the commit all processes hear of it, this one too
            for key in keys:
                self._sql.all(f"SELECT pg_notify('{CALLS}', ?)", "\t".join(key))
        return keys

    def open_references(self, connection_id: str) -> list[str]:
        """Blocking."""
        return self._readers.ask(lambda: self._kept.open_references(connection_id)).result()

    # What desks are told

    def hear(self, words: str) -> None:
        """A notice: a call has changed."""
        connection_id, _, key = words.partition("\t")
        self._changed([(connection_id, key)])

    def look(self) -> None:
        """Something may have been missed: read all calls that go on."""
        self._ask(lambda: [self._told(kept) for kept in self._kept.recent(self._clock() - OVER_MS)])

    def _changed(self, keys: list[Key]) -> None:
        if keys:
            self._ask(lambda: [self._told(kept) for key in keys if (kept := self._kept.one(key)) is not None])

    def _told(self, kept: KeptCall) -> _Told:
        return kept, self._desks.of((kept.call.connection, kept.call.reference))

    def _ask(self, question: Callable[[], list[_Told]]) -> None:
        def answered(future: Future[list[_Told]]) -> None:
            error = future.exception()
            if error is None:
                self._board.soon(partial(self._tell, future.result()))
            elif not (isinstance(error, Exception) and is_of_the_world(error)):
                _log.error("phone_call_not_told", places=places(error))

        try:
            self._readers.ask(question).add_done_callback(answered)
        except Rejected:
            _log.warning("phone_call_not_told")

    def _tell(self, calls: list[_Told]) -> None:
        """On the event loop."""
        for kept, (desks, taken) in calls:
            call = kept.call
            concerned = self.calls.put(call, len(kept.events), desks, taken)
            self._board.tell_call((call.connection, call.reference), concerned)

    # What comes of calls

    def _run(self) -> None:
        forgot_at = time.monotonic() - FORGET_SECONDS
        silent_at = time.monotonic()
        while not self._stopped.wait(LOOK_SECONDS):
            try:
                self._try_again()
                self.settle()
                self.join_calls()
                if time.monotonic() - silent_at >= SILENT_SECONDS:
                    silent_at = time.monotonic()
                    self.end_silent()
                if time.monotonic() - forgot_at >= FORGET_SECONDS:
                    forgot_at = time.monotonic()
                    self._writer.do(self._kept.forget_old).result()
            except Exception as error:  # noqa: BLE001  # the database may be away for a while
                if not is_of_the_world(error):
                    _log.error("phone_calls_not_looked_after", places=places(error))

    def _try_again(self) -> None:
        while self._waiting and not self._stopped.is_set():
            if self.take(*self._waiting.popleft()).exception() is not None:
                return

    def settle(self) -> int:
        """Log what ended a while ago and nobody answered; how many. Blocking."""
        ended_by_at = self._clock() - SETTLED_MS
        found = self._readers.ask(lambda: self._kept.unsettled(ended_by_at)).result()
        return sum(self._settle((connection_id, key)) for connection_id, key in found)

    def join_calls(self) -> int:
        """See LoggedTwice. Blocking."""
        is_due = self._readers.ask(self._twice.is_due).result()
        return self._writer.do(self._twice.join).result() if is_due else 0

    def _settle(self, key: Key) -> bool:
        try:
            return self._writer.do(partial(self._missed.settle, key)).result()
        except Exception as error:
            if is_of_the_world(error):
                raise
            # One that can never be logged must not keep the others from it.
            _log.error("missed_call_not_logged", connection=key[0], places=places(error))
            self._writer.do(partial(self._kept.settled, key)).result()
            return False
