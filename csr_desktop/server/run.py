"""Running the server: its parts built from a folder and closed in reverse order, and HTTP on a socket of our own."""

from __future__ import annotations

import asyncio
import ipaddress
import math
import os
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final, Self

import msgspec
import structlog
import uvicorn

from csr_desktop.domain.errors import BadInput, EnvironmentFault, Unreadable
from csr_desktop.domain.ids import id_source
from csr_desktop.server.administration import Administration
from csr_desktop.server.app import Api, Parts
from csr_desktop.server.attachments import THREADS, Attachments, Keeping
from csr_desktop.server.attendance import Attendance
from csr_desktop.server.attendant import Attendant
from csr_desktop.server.checking import Checks
from csr_desktop.server.condition import Stopping
from csr_desktop.server.contents import ContentFolder
from csr_desktop.server.daily import Daily
from csr_desktop.server.doors import Connection, Doors, Doorway
from csr_desktop.server.feed import Feed
from csr_desktop.server.folder import CONTENTS_NAME, ServerFolder, epoch
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.live import AnnouncingLedger, Board
from csr_desktop.server.logs import Sparse
from csr_desktop.server.metrics import SHELF_NAME, Metrics
from csr_desktop.server.notices import CHANGES, PRESENCE, Notices, told_to
from csr_desktop.server.passwords import Passwords
from csr_desktop.server.pushes import Pushes
from csr_desktop.server.rates import Limits, Rates
from csr_desktop.server.readers import Readers
from csr_desktop.server.sessions import Sessions, SharedSessions
from csr_desktop.server.share import drop_old_marks
from csr_desktop.server.sign_in import SignIn, keep_nobody
from csr_desktop.server.watched import App
from csr_desktop.server.workers import check_workers, supervise
from csr_desktop.server.writer import Writer
from csr_desktop.store.sql import Sql
from csr_desktop.system.clock import wall_clock
from csr_desktop.system.whole_file import write_whole

READER_COUNT: Final = 4
DOORKEEPER_COUNT: Final = 2
"""Passwords checked at once; each takes 64 MiB and a core."""
STOP_SECONDS: Final = 10
"""For requests that are under way."""
CLOSE_SECONDS: Final = 20
"""For what was taken to be committed and connections to be closed, after that."""
CONNECTIONS: Final = 1 + READER_COUNT + DOORKEEPER_COUNT + THREADS + 1
"""To the database, of one process at most: the writer's first, that of notices last."""
START_SECONDS: Final = 30
KEEP_ALIVE_SECONDS: Final = 65
HANDSHAKE_SECONDS: Final = 10.0
"""Of TLS; asyncio's own deadline is a minute."""

_log = structlog.get_logger(__name__)


class Tls(msgspec.Struct, frozen=True):
    """Certificate chain and private key, both PEM files."""

    certificate: Path
    key: Path


class Surroundings(msgspec.Struct, frozen=True):
    """What stands around a server: its door, who may see its figures, how files are kept; and what a test may replace:
    time, the cost of passwords, limits, and where a commit may be stopped.
    """

    clock: Callable[[], int] = wall_clock
    monotonic: Callable[[], float] = time.monotonic
    passwords: Passwords | None = None
    limits: Limits = Limits()
    before_commit: Callable[[], None] = lambda: None
    doorway: Doorway = Doorway()
    metrics_token: str = ""
    keeping: Keeping = Keeping()


@contextmanager
def server_parts(folder: ServerFolder, surroundings: Surroundings = Surroundings()) -> Iterator[Parts]:  # noqa: B008
    """Everything of one server process, started; closed in reverse order at the end."""
    around = surroundings
    with ExitStack() as closing:
        sql = folder.open()
        try:
            key = folder.key()
            with sql.transaction():
                keep_nobody(sql)
            board = Board(lambda: readers.is_busy)
            ledger, after_commit = _ledger(sql, around, board)
            feed = Feed(sql, ledger, around.clock, epoch(sql), around.keeping.largest_bytes)
        finally:
            sql.db.close()  # each thread has its own connection
        metrics = Metrics(folder.path / SHELF_NAME if folder.is_shared else None)
        writer = Writer(sql, ledger, after_commit, measured=metrics.committed)
        readers = Readers(sql, READER_COUNT, "reader", measured=metrics.worked("reader"))
        doorkeepers = Readers(
            sql, DOORKEEPER_COUNT, "doorkeeper", waiting_limit=64, measured=metrics.worked("doorkeeper")
        )
        started: list[Writer | Readers | Notices] = [writer, readers, doorkeepers]
        attendance = Attendance(secrets.token_hex(8), around.clock, around.monotonic, board.tell)
        if sql.is_postgresql:
            started.append(_notices(sql, board, attendance))
        for part in started:
            part.start()
            closing.callback(part.stop)
        daily = Daily(lambda: writer.do(lambda: drop_old_marks(sql, around.clock())))
        daily.start()
        closing.callback(daily.stop)
        contents = ContentFolder(around.keeping.folder or folder.path / CONTENTS_NAME)
        attachments = Attachments(sql, ledger, writer, contents, around.keeping, around.clock)
        attendant = Attendant(sql, ledger, writer, contents, around.keeping, around.clock)
        attachments.on_arrived = attendant.wake
        for keeper in (attachments, attendant):
            keeper.start()
            closing.callback(keeper.stop)
        sessions = (
            SharedSessions(sql, key, lambda: around.clock() / 1000)
            if sql.is_postgresql
            else Sessions(sql, key, around.monotonic)
        )
        new_id = id_source(around.clock, secrets.randbits)
        passwords = around.passwords or Passwords()
        sparse = Sparse(around.monotonic)
        doors = Doors(around.doorway, lambda why: _tell_cut(why, metrics, sparse))
        metrics.writer_waiting.set_function(lambda: writer.waiting_count)
        metrics.connections.set_function(lambda: doors.count)
        yield Parts(
            sql=sql,
            ledger=ledger,
            feed=feed,
            checks=Checks(sql, ledger, around.clock),
            pushes=Pushes(sql, sessions),
            sign_in=SignIn(sql, writer, key, passwords, around.clock, new_id),
            sessions=sessions,
            writer=writer,
            readers=readers,
            doorkeepers=doorkeepers,
            board=board,
            attendance=attendance,
            rates=Rates(around.monotonic),
            limits=around.limits,
            doors=doors,
            metrics=metrics,
            stopping=Stopping(),
            sparse=sparse,
            attachments=attachments,
            metrics_token=around.metrics_token,
        )


def _tell_cut(why: str, metrics: Metrics, sparse: Sparse) -> None:
    metrics.connections_cut.labels(why).inc()
    sparse.tell("connection_cut", why, why=why)


def _ledger(sql: Sql, around: Surroundings, board: Board) -> tuple[Ledger, Callable[[], None]]:
    """On PostgreSQL each commit tells all processes by itself, this one among them; else it is told from here."""
    if sql.is_postgresql:
        return Ledger(sql, around.clock, around.before_commit), lambda: None
    ledger = AnnouncingLedger(sql, around.clock, board, around.before_commit)
    return ledger, ledger.announce


def _notices(sql: Sql, board: Board, attendance: Attendance) -> Notices:
    """Several processes may serve one PostgreSQL: each hears what the others committed, and who is at them."""
    notices = Notices(
        sql,
        {CHANGES: told_to(board), PRESENCE: lambda said: board.soon(partial(attendance.hear, said.encode()))},
        board.look,
        lambda: board.soon(attendance.ask_others),
    )
    attendance.on_said = lambda said: notices.say(PRESENCE, said.decode())
    return notices


@contextmanager
def administration(folder: ServerFolder, clock: Callable[[], int] = wall_clock) -> Iterator[Administration]:
    """For the command line and for tests, beside a running server or without one."""
    sql = folder.open()
    try:
        yield Administration(sql, Ledger(sql, clock), clock)
    finally:
        sql.db.close()


def listening_socket(host: str, port: int, *, has_tls: bool) -> socket.socket:
    """Bound, port 0 takes a free one. Raises BadInput for an address without TLS that others could reach, and
    EnvironmentFault when the port is taken.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise BadInput("host", f"There is no address {host!r} on this machine.") from None
    family, _, _, _, address = found[0]
    if not has_tls and not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback:
        raise BadInput(
            "host",
            f"{host} can be reached by other machines, so the server needs a certificate there.",
            "Give --tls-cert and --tls-key, or stay on 127.0.0.1 behind a proxy that has one.",
        )
    # The protocol is named because asyncio turns Nagle's delay (40 ms an answer) off only where it is.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise EnvironmentFault(
            f"The server cannot listen on {host}, port {port} ({os.strerror(error.errno or 0)}).",
            "Stop what listens there, or take another port.",
        ) from error
    return listener


def check_tls(tls: Tls) -> None:
    """Raises Unreadable when certificate and key are missing or cannot be used."""
    for words, path in (("certificate", tls.certificate), ("key", tls.key)):
        if not path.is_file():
            raise Unreadable("missing", f"The {words} {path.absolute()} is not there.", "Look at the name.")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(tls.certificate, tls.key, password=_no_password)
    except (OSError, ValueError) as error:
        raise Unreadable(
            "certificate",
            f"The certificate {tls.certificate} and the key {tls.key} cannot be used.",
            "Both are PEM files, belong together, and the key has no password.",
        ) from error


def _no_password() -> bytes:
    """Asked for by a key that has a password; else OpenSSL would ask on the terminal and wait."""
    raise ValueError("the key has a password")


class _Http(uvicorn.Server):
    """Tells when it listens. At a signal it says that it is not ready any more, goes on for `drain_seconds` so that a
    proxy sees that, then lets long polls go, takes no new connections and ends in order. A second signal ends it at
    once: `on_second` leaves nothing behind that would tell of a running server.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        parts: Parts,
        on_listening: Callable[[], None],
        drain_seconds: float = 0,
        on_second: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(config)
        self._parts = parts
        self._on_listening = on_listening
        self._drain_seconds = drain_seconds
        self._on_second = on_second
        self._stops_at = math.inf

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, on sockets that are there, with connections of our own and a deadline for their handshake."""
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            raise EnvironmentFault("The server could not start.", "See its log.")
        loop = asyncio.get_running_loop()
        config = self.config
        self.servers = [
            await loop.create_server(
                self._connection,
                sock=listener,
                ssl=config.ssl,
                backlog=config.backlog,
                ssl_handshake_timeout=HANDSHAKE_SECONDS if config.ssl else None,
            )
            for listener in sockets or ()
        ]
        self.started = True
        self._on_listening()

    def _connection(self) -> Connection:
        return Connection(
            self._parts.doors, config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    async def on_tick(self, counter: int) -> bool:
        self.should_exit = self.should_exit or time.monotonic() >= self._stops_at
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._parts.stopping.begin()
        self._parts.board.close()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  # its shape is uvicorn's
        """Without the signal being raised again at the end, so that everything is closed and the exit code is 0."""
        if self._parts.stopping.is_so:
            # What was acknowledged is committed; what was not is sent again.
            self._on_second()
            os._exit(0)
        self.end()

    def end(self) -> None:
        """In order, as at a first signal; any number of times, on any thread."""
        if not self._parts.stopping.is_so:
            self._parts.stopping.begin()
            self._stops_at = time.monotonic() + self._drain_seconds


def _config(application: App, tls: Tls | None) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        loop="asyncio",
        http=Connection,  # made by `_Http`
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # whose word is taken is `Watched`'s business
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
        h11_max_incomplete_event_size=16_384,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )


def serve(
    folder: ServerFolder,
    *,
    host: str = "127.0.0.1",
    port: int = 8765,
    tls: Tls | None = None,
    ready_file: Path | None = None,
    starter: int | None = None,
    surroundings: Surroundings = Surroundings(),  # noqa: B008  # it never changes
    drain_seconds: float = 0,
    workers: int = 1,
    say: Callable[[str], None] = print,
) -> None:
    """Run until SIGTERM or Ctrl+C, on the main thread, or until `starter` ends: the reading end, as a file descriptor,
    of a pipe that whoever started the server holds. `say` gets one line with the address once it listens; the ready
    file then holds the address alone, and is gone while the server does not run. Several workers are processes that
    share the address, on PostgreSQL alone. Ends within `drain_seconds`, half a minute and a commit. Raises Refused when
    a server runs on the folder already.
    """
    if workers > 1:
        check_workers(folder, workers, CONNECTIONS)
    if tls:
        check_tls(tls)
    with ExitStack() as closing:
        lock = folder.claim()
        if lock is not None:
            closing.callback(lock.close)
            lock.write(b"process %d" % os.getpid())
        if ready_file:
            _take_away(ready_file)
        listener = closing.enter_context(listening_socket(host, port, has_tls=bool(tls)))
        url = _url(listener, host, tls)
        if lock is not None:
            lock.write(b"port %d, process %d" % (listener.getsockname()[1], os.getpid()))

        def listening() -> None:
            if ready_file:
                write_whole(ready_file, url.encode() + b"\n")
            say(f"CSR Desktop server listens on {url}")
            _log.info("started", url=url)

        def leave() -> None:
            if ready_file:
                with suppress(OSError):
                    ready_file.unlink(missing_ok=True)

        if workers == 1:
            _work(folder, listener, tls, surroundings, drain_seconds, starter, listening, leave)
        else:
            closing.callback(leave)
            supervise(
                workers,
                lambda lifeline, on_listening: _work(
                    folder, listener, tls, surroundings, drain_seconds, lifeline, on_listening, lambda: None
                ),
                listening,
                starter,
                drain_seconds + STOP_SECONDS + CLOSE_SECONDS,
            )
    _log.info("stopped")


def _work(
    folder: ServerFolder,
    listener: socket.socket,
    tls: Tls | None,
    surroundings: Surroundings,
    drain_seconds: float,
    starter: int | None,
    listening: Callable[[], None],
    leave: Callable[[], None],
) -> None:
    """One process of the server, until it is told to stop or its starter ends."""
    with ExitStack() as closing:
        in_time = threading.Timer(CLOSE_SECONDS, _give_up)
        in_time.daemon = True
        closing.callback(in_time.cancel)
        parts = closing.enter_context(server_parts(folder, surroundings))
        closing.callback(leave)
        http = _Http(_config(Api(parts).application(), tls), parts, listening, drain_seconds, leave)
        if starter is not None:
            threading.Thread(target=_end_with, args=(starter, http), name="starter", daemon=True).start()
        closing.callback(in_time.start)
        http.run([listener])


def _give_up() -> None:
    """What is left once no request is under way, such as a database that does not answer, may not go on for ever."""
    _log.error("stop_cut_short")
    os._exit(1)


def _end_with(starter: int, http: _Http) -> None:
    try:
        while os.read(starter, 4096):  # without a buffer, whose lock would be held while the program ends
            pass
    except OSError:
        return  # there is nothing to read from, so nothing that can end
    http.end()


def _take_away(ready_file: Path) -> None:
    """One that a killed server left. Another file of that name is somebody's."""
    try:
        if not ready_file.read_bytes()[:8].startswith((b"http://", b"https://")):
            raise BadInput("ready_file", f"{ready_file} is no ready file of a server.", "Take another name.")
        ready_file.unlink()
    except FileNotFoundError:
        return
    except OSError as error:
        raise EnvironmentFault(f"{ready_file} cannot be used ({os.strerror(error.errno or 0)}).") from error


class RunningServer:
    """A server on a thread of this process, on loopback: for tests and the tour.

    >>> with RunningServer(ServerFolder(path)) as server:
    ...     server.url
    """

    def __init__(
        self,
        folder: ServerFolder,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: Tls | None = None,
        surroundings: Surroundings = Surroundings(),  # noqa: B008  # it never changes
    ) -> None:
        self.folder = folder
        self.url = ""
        self._host, self._port, self._tls = host, port, tls
        self._surroundings = surroundings
        self._closing = ExitStack()
        self._parts: Parts | None = None

    @property
    def parts(self) -> Parts:
        """What runs; for tests that look inside."""
        assert self._parts is not None, "the server is not started"  # noqa: S101
        return self._parts

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            listener = opening.enter_context(listening_socket(self._host, self._port, has_tls=bool(self._tls)))
            self._parts = opening.enter_context(server_parts(self.folder, self._surroundings))
            self.url = _url(listener, self._host, self._tls)
            listening = threading.Event()
            config = _config(Api(self._parts).application(), self._tls)
            http = _Http(config, self._parts, listening.set)
            thread = threading.Thread(target=asyncio.run, args=(http.serve([listener]),), name="http")
            thread.start()
            opening.callback(_stop, http, thread)
            if not listening.wait(START_SECONDS):
                raise EnvironmentFault("The server did not start.", "See its log.")
            self._closing = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()


def _stop(http: _Http, thread: threading.Thread) -> None:
    http.should_exit = True
    thread.join()


def _url(listener: socket.socket, host: str, tls: Tls | None) -> str:
    port = listener.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if tls else 'http'}://{shown}:{port}"
