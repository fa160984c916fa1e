"""Watches Asterisk: a socket for each such phone system, in one of all processes that serve a database."""

from __future__ import annotations

import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import structlog

from csr_desktop.domain.errors import CsrDesktopError
from csr_desktop.domain.phone_events import PhoneEvent
from csr_desktop.server.calls.connections import Connection, active_connections, opened
from csr_desktop.server.calls.exchange import Exchange
from csr_desktop.server.escrow import ServerKey
from csr_desktop.server.phone.ami import QUIET_SECONDS, AmiLogin, AmiWatch, Heard, ends_unseen
from csr_desktop.server.phone.ami_events import Lines
from csr_desktop.server.phone.reading import Reading
from csr_desktop.server.problems import is_of_the_world, places
from csr_desktop.server.readers import Readers, forget_connection
from csr_desktop.store.database import PostgresqlDatabase
from csr_desktop.store.sql import Sql

LOOK_SECONDS: Final = 2.0
"""How often to look which phone systems there are, and whether this process is the one that watches them."""
_CONNECT_SECONDS: Final = 10.0
_STEP_SECONDS: Final = 0.25
_RECEIVED_BYTES: Final = 64 * 1024
_THE_ONE: Final = 7_203_114_519
"""The advisory lock of the process that watches; any number that no other program on the same PostgreSQL takes."""

_log = structlog.get_logger(__name__)


class AsteriskLines:
    """A thread that keeps one `_Line` for each Asterisk, while this process is the one to watch."""

    def __init__(
        self, sql: Sql, readers: Readers, key: ServerKey, exchange: Exchange, clock: Callable[[], int]
    ) -> None:
        self._sql = sql
        self._readers = readers
        self._key = key
        self._exchange = exchange
        self._clock = clock
        self._lines: dict[str, _Line] = {}
        self._lock_db: PostgresqlDatabase | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="asterisk")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Before the exchange stops."""
        self._stopped.set()
        self._thread.join()

    @property
    def watched(self) -> list[str]:
        """Ids of the phone systems that this process has signed in to."""
        return sorted(i for i, line in self._lines.items() if line.is_watching)

    def _run(self) -> None:
        try:
            while not self._stopped.is_set():
                try:
                    self._look()
                except Exception as error:  # noqa: BLE001  # the database may be away for a while
                    self._let_go()
                    if not is_of_the_world(error):
                        _log.error("phone_systems_not_looked_for", places=places(error))
                self._stopped.wait(LOOK_SECONDS)
        finally:
            self._let_go()

    def _look(self) -> None:
        wanted = {one.id: one for one in self._readers.ask(self._asked).result()}
        if wanted and not self._is_the_one():
            wanted = {}
        for connection_id, line in list(self._lines.items()):
            if wanted.get(connection_id) != line.connection:
                del self._lines[connection_id]
                line.stop()
        for connection_id, connection in wanted.items():
            if connection_id not in self._lines:
                self._lines[connection_id] = line = _Line(connection, self._key, self._exchange, self._clock)
                line.start()

    def _asked(self) -> list[Connection]:
        return [one for one in active_connections(self._sql) if one.kind == "ami"]

    def _is_the_one(self) -> bool:
        """On SQLite there is but one process. The lock is the connection's, and free as soon as that is gone."""
        if not self._sql.is_postgresql:
            return True
        if self._lock_db is None:
            self._lock_db = PostgresqlDatabase(str(self._sql.db.database))
            self._lock_db.connect()
        held = self._lock_db.execute_sql(
            "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted) "
            "OR pg_try_advisory_lock(%s)",
            (_THE_ONE,),
        ).fetchone()
        return bool(held and held[0])

    def _let_go(self) -> None:
        """End the lines first: nobody else may watch as long as they do."""
        for line in self._lines.values():
            line.stop()
        self._lines.clear()
        if self._lock_db is not None:
            forget_connection(self._lock_db)
            self._lock_db = None


class _Line:
    """One Asterisk: dialled again and again, until it is stopped."""

    def __init__(self, connection: Connection, key: ServerKey, exchange: Exchange, clock: Callable[[], int]) -> None:
        self.connection = connection
        self._key = key
        self._exchange = exchange
        self._clock = clock
        self._watch: AmiWatch | None = None
        self._told = ""
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="asterisk-line")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    @property
    def is_watching(self) -> bool:
        return self._watch is not None and self._watch.phase == "watching"

    def _run(self) -> None:
        settings = self.connection.settings
        try:
            login = AmiLogin(settings.username, opened(self._key, self.connection), settings.is_plain)
        except CsrDesktopError as fault:
            self._diagnose(fault.title)
            return
        lines = Lines(frozenset(settings.trunks))
        self._watch = watch = AmiWatch(login, self.connection.id, lines, with_recordings=settings.has_recordings)
        while not self._stopped.is_set():
            try:
                self._talk(watch)
            except OSError as error:
                self._diagnose(f"There is no connection to {settings.host}:{settings.port}: {_reason(error)}.")
            except Exception as error:  # noqa: BLE001  # what a peer sends must not end the watch
                _log.error("asterisk_line_broke", connection=self.connection.id, places=places(error))
            self._stopped.wait(watch.lost(random.random()))  # noqa: S311

    def _talk(self, watch: AmiWatch) -> None:
        """Until it is stopped or the connection ends. Raises OSError."""
        settings = self.connection.settings
        plain = socket.create_connection((settings.host, settings.port), _CONNECT_SECONDS)
        with plain, self._wrapped(plain) as line:
            line.settimeout(_STEP_SECONDS)
            watch.connected()
            heard_at = pinged_at = time.monotonic()
            while not self._stopped.is_set():
                now = time.monotonic()
                if now - heard_at > 2 * QUIET_SECONDS:
                    raise TimeoutError("it has fallen silent")
                if now - max(heard_at, pinged_at) > QUIET_SECONDS:
                    pinged_at = now
                    line.sendall(watch.ping())
                try:
                    data = line.recv(_RECEIVED_BYTES)
                except (TimeoutError, ssl.SSLWantReadError):
                    continue
                if not data:
                    raise ConnectionError("it was closed")
                heard_at = now
                heard = watch.take(data, self._clock())
                self._heard(watch, heard)
                if heard.send:
                    line.sendall(heard.send)
                if heard.is_to_close:
                    return

    def _wrapped(self, plain: socket.socket) -> socket.socket:
        settings = self.connection.settings
        if not settings.has_tls:
            return plain
        context = ssl.create_default_context()
        if settings.ca_file:
            context.load_verify_locations(settings.ca_file)
        return context.wrap_socket(plain, server_hostname=settings.host)

    def _heard(self, watch: AmiWatch, heard: Heard) -> None:
        events: Sequence[PhoneEvent] = heard.events
        if heard.calls_up is not None:
            self._told = ""
            # What ended while nobody heard of it is over by now.
            was_open = self._exchange.open_references(self.connection.id)
            at = self._clock()
            events = (*events, *ends_unseen(was_open, heard.calls_up, self.connection.id, at))
            self._diagnose(f"Signed in to Asterisk (manager interface {watch.version}).", "signed in")
        for diagnosis in heard.diagnoses:
            self._diagnose(diagnosis)
        if events:
            # The next bytes wait until these are kept, or wait to be.
            with suppress(Exception):
                self._exchange.take(self.connection, Reading(events=tuple(events))).result(_CONNECT_SECONDS)

    def _diagnose(self, words: str, said: str = "connection") -> None:
        """Kept among the latest words; the same is not said again and again."""
        if words != self._told:
            self._told = words
            self._exchange.take(self.connection, Reading(said, diagnoses=(words,)))
            _log.info("asterisk", connection=self.connection.id, said=said)


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted ({error.verify_message})"
    return error.strerror or str(error) or type(error).__name__
