"""Presence between server processes on one PostgreSQL: by NOTIFY, which hands it on and keeps nothing."""

from __future__ import annotations

import select
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    import psycopg

CHANNEL: Final = "csr_presence"
AGAIN_SECONDS: Final = 1.0
"""Before a lost connection is opened anew."""
CHECK_SECONDS: Final = 30.0
"""How often a quiet connection is asked whether it lives."""
MOST_BYTES: Final = 7_900
"""Of one notice; PostgreSQL takes 8,000."""
_MOST_WAITING: Final = 4_000

_log = structlog.get_logger(__name__)


class PresenceNotices:
    """A thread with a connection of its own. `hear` gets what any process said, this one too; `on_connected` is called
    when they can be heard, first and again. Both on the thread.
    """

    def __init__(self, url: str, hear: Callable[[bytes], None], on_connected: Callable[[], None]) -> None:
        self._url = url
        self._hear = hear
        self._on_connected = on_connected
        self._waiting: deque[str] = deque(maxlen=_MOST_WAITING)
        self._is_stopped = threading.Event()
        self._stirred, self._stir = socket.socketpair()
        for end in (self._stirred, self._stir):
            end.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="presence")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._is_stopped.set()
        self._wake()
        self._thread.join()
        self._stirred.close()
        self._stir.close()

    def say(self, said: bytes) -> None:
        """From any thread; while there is no connection the newest wait."""
        if len(said) <= MOST_BYTES:  # somebody of very many teams is seen by who is on their own process
            self._waiting.append(said.decode())
            self._wake()

    def _wake(self) -> None:
        with suppress(BlockingIOError):  # enough lies there already
            self._stir.send(b"x")

    def _run(self) -> None:
        import psycopg

        is_told = False
        while not self._is_stopped.is_set():
            try:
                # What it says is said at once, each in a transaction of its own.
                with psycopg.connect(self._url, autocommit=True) as connection:
                    connection.add_notify_handler(lambda notice: self._hear(notice.payload.encode()))
                    connection.execute(f"LISTEN {CHANNEL}")
                    is_told = False
                    self._on_connected()
                    self._serve(connection)
            except (psycopg.Error, OSError) as error:
                if not is_told:
                    is_told = True
                    _log.warning("presence_cut", kind=type(error).__name__)
                self._is_stopped.wait(AGAIN_SECONDS)

    def _serve(self, connection: psycopg.Connection) -> None:
        while not self._is_stopped.is_set():
            ready, _, _ = select.select([connection.fileno(), self._stirred.fileno()], [], [], CHECK_SECONDS)
            if connection.fileno() in ready:
                connection.pgconn.consume_input()
                while (notice := connection.pgconn.notifies()) is not None:
                    self._hear(notice.extra)
            if self._stirred.fileno() in ready:
                with suppress(BlockingIOError):
                    self._stirred.recv(4096)
            while self._waiting:
                connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, self._waiting.popleft()))
            if not ready:
                connection.execute("")
