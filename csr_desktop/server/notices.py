"""What server processes on one PostgreSQL tell each other by NOTIFY, which hands it on and keeps nothing: after each
commit which scopes changed, who is there, and which call of a phone system has changed. Each process hears and says it
on one connection of its own.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import structlog

from csr_desktop.server.problems import is_of_the_world, places
from csr_desktop.server.readers import forget_connection
from csr_desktop.store.database import PostgresqlDatabase
from csr_desktop.store.sql import Sql

if TYPE_CHECKING:
    from csr_desktop.server.live import Board

CHANGES: Final = "csr_changes"
"""The channel of changed rows: revision before and after, then the scopes, or * for all."""
PRESENCE: Final = "csr_presence"
"""The channel of who is there: what one process's `Attendance` says to the others'."""
CALLS: Final = "csr_calls"
"""The channel of calls of phone systems: the connection and the call of which something new was said."""
LOOK_SECONDS: Final = 10.0
"""How often to look without being told: whether the connection still stands, and what may have been missed."""
AGAIN_SECONDS: Final = 1.0
"""Before the next try to connect."""
_LONGEST: Final = 7_900
"""Bytes of one notice; PostgreSQL takes 8,000."""
_MOST_WAITING: Final = 4_000
_EVERYTHING: Final = "*"
_REVISION: Final = "SELECT value FROM counters WHERE id = 'rev'"

_log = structlog.get_logger(__name__)


def take_and_notify(sql: Sql, count: int, scopes: Collection[str]) -> int:
    """Take so many revisions and, at this transaction's commit, tell every process. The last one before them."""
    said = " ".join(sorted(scopes))
    value = sql.value(
        "UPDATE counters SET value = value + ? WHERE id = 'rev' "
        f"RETURNING value, pg_notify('{CHANGES}', value - ?::bigint || ' ' || value || ' ' || ?::text)",
        *(count, count, said if len(said.encode()) < _LONGEST else _EVERYTHING),
    )
    return int(value) - count


def told_to(board: Board) -> Callable[[str], None]:
    """What to do with a notice of changed rows. They come in the order of the commits, one's own among them."""

    def hear(words: str) -> None:
        before, rev, *scopes = words.split()
        if scopes == [_EVERYTHING]:
            board.look(int(rev))
        else:
            board.announce(int(before), int(rev), frozenset(scopes))

    return hear


class Notices:
    """A thread that hears what is said on channels, by this process too, and says what is to be said. All three
    callables are called on it: `look` is told the revision whenever something may have been missed: at the start, after
    a lost connection, and from time to time; `on_connected` is called when the channels can be heard, first and again.
    """

    def __init__(
        self,
        sql: Sql,
        heard: Mapping[str, Callable[[str], None]],
        look: Callable[[int], None],
        on_connected: Callable[[], None] = lambda: None,
    ) -> None:
        self._url = str(sql.db.database)
        self._heard = heard
        self._look = look
        self._on_connected = on_connected
        self._waiting: deque[tuple[str, str]] = deque(maxlen=_MOST_WAITING)
        self._stopped = threading.Event()
        self._woken, self._wake = socket.socketpair()
        for end in (self._woken, self._wake):
            end.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="notices")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._stir()
        self._thread.join()
        self._wake.close()
        self._woken.close()

    def say(self, channel: str, words: str) -> None:
        """From any thread; while there is no connection the newest wait. What is too long for a notice is left out."""
        if len(words.encode()) <= _LONGEST:
            self._waiting.append((channel, words))
            self._stir()

    def _stir(self) -> None:
        with suppress(BlockingIOError):  # enough lies there already
            self._wake.send(b"x")

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._serve()
            except Exception as error:  # noqa: BLE001  # the database may be away for a while; it is tried again
                if not is_of_the_world(error):
                    _log.error("notices_lost", places=places(error))
                self._stopped.wait(AGAIN_SECONDS)

    def _serve(self) -> None:
        """Until it is stopped. Raises what the driver raises when the connection is lost."""
        db = PostgresqlDatabase(self._url)
        db.connect()
        connection = db.connection()
        # Not `select`, which takes no file above 1,024: after an outage the connection may come behind all desks'.
        selector = selectors.DefaultSelector()
        try:
            for end in (connection, self._woken):
                selector.register(end, selectors.EVENT_READ)
            for channel in self._heard:
                connection.execute(f"LISTEN {channel}")
            self._on_connected()
            look_at = time.monotonic()
            while not self._stopped.is_set():
                if time.monotonic() >= look_at:
                    self._look_now(connection)
                    look_at = time.monotonic() + LOOK_SECONDS
                selector.select(max(0.0, look_at - time.monotonic()))
                with suppress(BlockingIOError):
                    self._woken.recv(4096)
                self._say_waiting(connection)
                self._hear(connection)  # also what came while it spoke, for which the socket is not readable again
        finally:
            selector.close()
            forget_connection(db)

    def _say_waiting(self, connection: Any) -> None:
        """Each at once, in a transaction of its own."""
        while self._waiting:
            connection.execute("SELECT pg_notify(%s, %s)", self._waiting.popleft())

    def _look_now(self, connection: Any) -> None:
        row = connection.execute(_REVISION).fetchone()
        self._hear(connection)  # what came meanwhile tells more than the revision does
        self._look(int(row[0]) if row else 0)

    def _hear(self, connection: Any) -> None:
        for notice in connection.notifies(timeout=0):
            try:
                self._heard[notice.channel](notice.payload)
            except Exception as error:  # noqa: BLE001  # one that cannot be read must not stop the others
                _log.error("notice_not_read", places=places(error))
