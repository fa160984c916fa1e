"""Running the server: its parts built from a folder and closed in reverse order, in this process, in several workers,
or on a thread.
"""

from __future__ import annotations

import asyncio
import gc
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec
import structlog

from csr_desktop.domain.errors import BadInput, EnvironmentFault
from csr_desktop.domain.ids import id_source
from csr_desktop.server.administration import Administration
from csr_desktop.server.app import Api, Parts
from csr_desktop.server.attachments import THREADS, Attachments, Keeping
from csr_desktop.server.attendance import Attendance
from csr_desktop.server.attendant import Attendant
from csr_desktop.server.calls.asterisk import AsteriskLines
from csr_desktop.server.calls.exchange import Exchange
from csr_desktop.server.calls.logged_twice import begin_joining
from csr_desktop.server.checking import Checks
from csr_desktop.server.condition import Stopping
from csr_desktop.server.contents import ContentFolder
from csr_desktop.server.daily import Daily
from csr_desktop.server.doors import Doors, Doorway
from csr_desktop.server.feed import Feed
from csr_desktop.server.folder import CONTENTS_NAME, ServerFolder, epoch
from csr_desktop.server.indexing import Indexing
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.live import AnnouncingLedger, Board
from csr_desktop.server.logs import Sparse, faults_by_place
from csr_desktop.server.metrics import SHELF_NAME, Metrics
from csr_desktop.server.notices import CALLS, CHANGES, PRESENCE, Notices, told_to
from csr_desktop.server.passwords import Passwords
from csr_desktop.server.pushes import Pushes
from csr_desktop.server.rates import Limits, Rates
from csr_desktop.server.readers import Readers
from csr_desktop.server.serving import STOP_SECONDS, Http, Tls, check_tls, http_config, listening_socket, url_of
from csr_desktop.server.sessions import Sessions, SharedSessions
from csr_desktop.server.share import drop_old_marks
from csr_desktop.server.sign_in import SignIn, keep_nobody
from csr_desktop.server.workers import check_workers, supervise
from csr_desktop.server.writer import Writer
from csr_desktop.store.sql import Sql
from csr_desktop.system.clock import wall_clock
from csr_desktop.system.whole_file import write_whole

READER_COUNT: Final = 4
DOORKEEPER_COUNT: Final = 2
"""Passwords checked at once; each takes 64 MiB and a core."""
CLOSE_SECONDS: Final = 20
"""For what was taken to be committed and connections to be closed, once no request is under way any more."""
CONNECTIONS: Final = 1 + READER_COUNT + DOORKEEPER_COUNT + THREADS + 1 + 1
"""To the database, of one process at most: the writer's first, that of notices and that of the watch last."""
START_SECONDS: Final = 30
GARBAGE_AFTER: Final = 10_000
"""Objects after which garbage is looked for. A push of 500 commands makes more than that, nearly none of it garbage;
Python's own 700 cost it up to a tenth of its time.
"""

_log = structlog.get_logger(__name__)


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
            with sql.transaction():
                begin_joining(sql)
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
        exchange = Exchange(
            sql, ledger, writer, readers, board, around.clock, id_source(around.clock, secrets.randbits)
        )
        if sql.is_postgresql:
            started.append(_notices(sql, board, attendance, exchange))
        for part in started:
            part.start()
            closing.callback(part.stop)
        daily = Daily(lambda: writer.do(lambda: drop_old_marks(sql, around.clock())))
        daily.start()
        closing.callback(daily.stop)
        asterisk = AsteriskLines(sql, readers, key, exchange, around.clock)
        for watcher in (exchange, asterisk):
            watcher.start()
            closing.callback(watcher.stop)
        indexing = Indexing(sql, writer, readers)
        indexing.start()
        closing.callback(indexing.stop)
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
            exchange=exchange,
            asterisk=asterisk,
            clock=around.clock,
            passwords=passwords,
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


def _notices(sql: Sql, board: Board, attendance: Attendance, exchange: Exchange) -> Notices:
    """Several processes may serve one PostgreSQL: each hears what the others committed, who is at them, and what phone
    systems said to them.
    """

    def look_anew() -> None:
        board.soon(attendance.ask_others)
        exchange.look()

    notices = Notices(
        sql,
        {
            CHANGES: told_to(board),
            PRESENCE: lambda said: board.soon(partial(attendance.hear, said.encode())),
            CALLS: exchange.hear,
        },
        board.look,
        look_anew,
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
    with faults_by_place(), ExitStack() as closing:
        lock = folder.claim()
        if lock is not None:
            closing.callback(lock.close)
            lock.write(b"process %d" % os.getpid())
        if ready_file:
            _take_away(ready_file)
        listener = closing.enter_context(listening_socket(host, port, has_tls=bool(tls)))
        url = url_of(listener, host, tls)
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
        http = Http(http_config(Api(parts).application(), tls), parts, listening, drain_seconds, leave)
        if starter is not None:
            threading.Thread(target=_end_with, args=(starter, http), name="starter", daemon=True).start()
        closing.callback(in_time.start)
        gc.freeze()  # what lives as long as the process is not looked through for garbage again
        gc.set_threshold(GARBAGE_AFTER)
        http.run([listener])


def _give_up() -> None:
    """What is left once no request is under way, such as a database that does not answer, may not go on for ever."""
    _log.error("stop_cut_short")
    os._exit(1)


def _end_with(starter: int, http: Http) -> None:
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
            self.url = url_of(listener, self._host, self._tls)
            listening = threading.Event()
            config = http_config(Api(self._parts).application(), self._tls)
            http = Http(config, self._parts, listening.set)
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


def _stop(http: Http, thread: threading.Thread) -> None:
    http.stop()
    thread.join()
