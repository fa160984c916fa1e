"""Running the server: its parts built from a folder and closed in reverse order, and HTTP on a socket of our own."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import secrets
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final, Self

import msgspec
import structlog
import uvicorn
from starlette.applications import Starlette

from csr_desktop.domain.errors import BadInput, EnvironmentFault, Unreadable
from csr_desktop.domain.ids import id_source
from csr_desktop.server.administration import Administration
from csr_desktop.server.app import Api, Parts
from csr_desktop.server.feed import Feed
from csr_desktop.server.folder import ServerFolder, epoch
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.live import AnnouncingLedger, Board
from csr_desktop.server.passwords import Passwords
from csr_desktop.server.pushes import Pushes
from csr_desktop.server.rates import Limits, Rates
from csr_desktop.server.readers import Readers
from csr_desktop.server.sessions import Sessions
from csr_desktop.server.sign_in import SignIn, keep_nobody
from csr_desktop.server.writer import Writer
from csr_desktop.system.whole_file import write_whole

READER_COUNT: Final = 4
DOORKEEPER_COUNT: Final = 2
"""Passwords checked at once; each takes 64 MiB and a core."""
STOP_SECONDS: Final = 10
START_SECONDS: Final = 30
KEEP_ALIVE_SECONDS: Final = 65

_log = structlog.get_logger(__name__)


def wall_clock() -> int:
    """Milliseconds since the epoch, UTC."""
    return time.time_ns() // 1_000_000


class Tls(msgspec.Struct, frozen=True):
    """Certificate chain and private key, both PEM files."""

    certificate: Path
    key: Path


class Surroundings(msgspec.Struct, frozen=True):
    """What a test may replace: time, the cost of passwords, limits, and where a commit may be stopped."""

    clock: Callable[[], int] = wall_clock
    monotonic: Callable[[], float] = time.monotonic
    passwords: Passwords | None = None
    limits: Limits = Limits()
    before_commit: Callable[[], None] = lambda: None


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
            board = Board()
            ledger = AnnouncingLedger(sql, around.clock, board, around.before_commit)
            feed = Feed(sql, ledger, around.clock, epoch(sql))
        finally:
            sql.db.close()  # each thread has its own connection
        writer = Writer(sql, ledger, ledger.announce)
        readers = Readers(sql, READER_COUNT, "reader")
        doorkeepers = Readers(sql, DOORKEEPER_COUNT, "doorkeeper", waiting_limit=64)
        for part in (writer, readers, doorkeepers):
            part.start()
            closing.callback(part.stop)
        sessions = Sessions(sql, key, around.monotonic)
        new_id = id_source(around.clock, secrets.randbits)
        passwords = around.passwords or Passwords()
        yield Parts(
            sql=sql,
            ledger=ledger,
            feed=feed,
            pushes=Pushes(sql, sessions),
            sign_in=SignIn(sql, writer, key, passwords, around.clock, new_id),
            sessions=sessions,
            writer=writer,
            readers=readers,
            doorkeepers=doorkeepers,
            board=board,
            rates=Rates(around.monotonic),
            limits=around.limits,
        )


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
    """Tells when it listens; at a signal it lets long polls go and ends in order."""

    def __init__(self, config: uvicorn.Config, on_listening: Callable[[], None], on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_listening = on_listening
        self._on_stop = on_stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_stop()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  # its shape is uvicorn's
        """Without the signal being raised again at the end, so that everything is closed and the exit code is 0."""
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True


def _http(
    application: Starlette, tls: Tls | None, on_listening: Callable[[], None], on_stop: Callable[[], None]
) -> _Http:
    config = uvicorn.Config(
        application,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
        h11_max_incomplete_event_size=16_384,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )
    return _Http(config, on_listening, on_stop)


def serve(
    folder: ServerFolder,
    *,
    host: str = "127.0.0.1",
    port: int = 8765,
    tls: Tls | None = None,
    ready_file: Path | None = None,
    starter: int | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Run until SIGTERM or Ctrl+C, on the main thread, or until `starter` ends: the reading end, as a file descriptor,
    of a pipe that whoever started the server holds. `say` gets one line with the address once it listens; the ready
    file then holds the address alone, and is gone while the server does not run. Raises Refused when a server runs on
    the folder already.
    """
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
        parts = closing.enter_context(server_parts(folder))
        url = _url(listener, host, tls)
        if lock is not None:
            lock.write(b"port %d, process %d" % (listener.getsockname()[1], os.getpid()))

        def listening() -> None:
            if ready_file:
                write_whole(ready_file, url.encode() + b"\n")
            say(f"CSR Desktop server listens on {url}")
            _log.info("started", url=url)

        http = _http(Api(parts).application(), tls, listening, parts.board.close)
        if starter is not None:
            threading.Thread(target=_end_with, args=(starter, http), name="starter", daemon=True).start()
        try:
            http.run([listener])
        finally:
            if ready_file:
                with suppress(OSError):
                    ready_file.unlink(missing_ok=True)
    _log.info("stopped")


def _end_with(starter: int, http: _Http) -> None:
    try:
        while os.read(starter, 4096):  # without a buffer, whose lock would be held while the program ends
            pass
    except OSError:
        return  # there is nothing to read from, so nothing that can end
    http.should_exit = True


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
            http = _http(Api(self._parts).application(), self._tls, listening.set, self._parts.board.close)
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
