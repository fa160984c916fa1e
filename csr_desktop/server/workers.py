"""Several processes of one server, forked with the socket on which all listen; who dies is replaced."""

from __future__ import annotations

import gc
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Self

import structlog

from csr_desktop.domain.errors import BadInput, CsrDesktopError, EnvironmentFault
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.problems import places

AGAIN_SECONDS: Final = 1.0
"""After a worker died, before another takes its place."""
_GRACE_SECONDS: Final = 5
"""For a worker that ended itself; after that it is killed."""
_SIGNALS: Final = ("SIGTERM", "SIGINT", "SIGCHLD")

Work = Callable[[int, Callable[[], None]], None]
"""What a worker does: it gets a file descriptor that can be read when its parent is gone, and says when it listens."""

_log = structlog.get_logger(__name__)


def check_workers(folder: ServerFolder, count: int, connections: int) -> None:
    """Bring the database up to this version, once for all. Raises BadInput where several cannot work, or where
    PostgreSQL lacks room for so many connections a worker.
    """
    if not folder.is_shared:
        raise BadInput("workers", "SQLite is written by one process.", "Leave out --workers, or move to PostgreSQL.")
    if not hasattr(os, "fork"):
        raise BadInput("workers", "This system runs one worker.", "Start several servers on ports of their own.")
    sql = folder.open()
    room = int(sql.value("SHOW max_connections")) - int(sql.value("SHOW superuser_reserved_connections"))
    sql.db.close()
    if count * connections > room:
        raise BadInput(
            "workers",
            f"{count} workers want {count * connections} connections, and PostgreSQL takes {room}.",
            f"Raise its max_connections, or take at most {max(1, room // connections)} workers.",
        )


def supervise(count: int, work: Work, on_ready: Callable[[], None], starter: int | None, ending_seconds: float) -> None:
    """Run until SIGTERM or Ctrl+C, or until `starter` ends. On the main thread of a process that has no other, since it
    forks. `on_ready` is called once, when all listen; `ending_seconds` is how long a worker may take to end. Raises
    EnvironmentFault when a worker ends before all listen.
    """
    with _Signals() as signals:
        _Supervisor(count, work, on_ready, starter, signals, ending_seconds).run()


class _Signals:
    """Signals as bytes on a socket, so that waiting ends for them; what stood before is put back."""

    def __enter__(self) -> Self:
        self.woken, self._wake = socket.socketpair()
        self.woken.setblocking(False)
        self._wake.setblocking(False)
        numbers = [getattr(signal, name) for name in _SIGNALS]
        self._former = {number: signal.signal(number, lambda *_: None) for number in numbers}
        self._former_fd = signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(self._former_fd)
        for number, former in self._former.items():
            signal.signal(number, former)
        self.woken.close()
        self._wake.close()

    def taken(self) -> bytes:
        with suppress(BlockingIOError):
            return self.woken.recv(4096)
        return b""

    def forget(self) -> None:
        """In a worker, which has its own ways."""
        signal.set_wakeup_fd(-1)
        for number in self._former:
            signal.signal(number, signal.SIG_DFL)


class _Supervisor:
    def __init__(
        self,
        count: int,
        work: Work,
        on_ready: Callable[[], None],
        starter: int | None,
        signals: _Signals,
        ending_seconds: float,
    ) -> None:
        self._ending_seconds = ending_seconds
        self._work = work
        self._on_ready = on_ready
        self._starter = starter
        self._signals = signals
        self._count = count
        self._pids: set[int] = set()
        self._silent: dict[int, int] = {}
        """Workers that did not say yet that they listen, with the pipe on which they will."""
        self._is_ready = False
        self._start_at = 0.0
        self._lifeline, self._life = os.pipe()
        self._selector = selectors.DefaultSelector()

    def run(self) -> None:
        self._selector.register(self._signals.woken, selectors.EVENT_READ)
        if self._starter is not None:
            with suppress(OSError, ValueError):  # it may be a file, which never ends in between
                self._selector.register(self._starter, selectors.EVENT_READ)
        gc.freeze()  # what is loaded stays shared between the workers
        try:
            while self._is_wanted():
                self._fill()
                self._wait()
        finally:
            self._end()

    def _is_wanted(self) -> bool:
        told = self._signals.taken()
        if self._is_starter_gone() or any(number in told for number in (signal.SIGTERM, signal.SIGINT)):
            return False
        dead = self._reaped()
        if dead and not self._is_ready:
            raise EnvironmentFault("The server did not start.", "What its worker said stands above.")
        for pid in dead:
            _log.error("worker_died", worker=pid)
            self._start_at = time.monotonic() + AGAIN_SECONDS
        return True

    def _is_starter_gone(self) -> bool:
        if self._starter is None:
            return False
        for key, _ in self._selector.select(0):
            if key.fd == self._starter:
                return not os.read(self._starter, 4096)
        return False

    def _fill(self) -> None:
        while len(self._pids) < self._count and time.monotonic() >= self._start_at:
            self._fork()

    def _fork(self) -> None:
        ready, said = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            os.close(ready)
            os.close(self._life)
            self._run_worker(said)
        os.close(said)
        self._pids.add(pid)
        self._silent[pid] = ready
        self._selector.register(ready, selectors.EVENT_READ)

    def _run_worker(self, said: int) -> None:
        """Never returns."""
        code = 1
        try:
            self._signals.forget()
            self._work(self._lifeline, lambda: _say(said))
            code = 0
        except CsrDesktopError as fault:
            sys.stderr.write(f"Error: {fault}\n")
        except BaseException as error:  # noqa: BLE001  # a worker ends here, whatever happened
            _log.error("worker_failed", places=places(error))
        finally:
            with suppress(OSError, ValueError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)

    def _wait(self) -> None:
        timeout = max(0.0, self._start_at - time.monotonic()) if len(self._pids) < self._count else None
        for key, _ in self._selector.select(timeout):
            pid = next((pid for pid, ready in self._silent.items() if ready == key.fd), 0)
            if pid and os.read(key.fd, 1):
                self._heard(pid)
            elif pid:
                time.sleep(0.01)  # it ended without a word, and can be looked after in a moment
        if not self._is_ready and len(self._pids) == self._count and not self._silent:
            self._is_ready = True
            self._on_ready()

    def _heard(self, pid: int) -> None:
        ready = self._silent.pop(pid, None)
        if ready is not None:
            self._selector.unregister(ready)
            os.close(ready)

    def _reaped(self) -> set[int]:
        """Workers that ended since."""
        dead = {pid for pid in self._pids if os.waitpid(pid, os.WNOHANG)[0]}
        self._pids -= dead
        for pid in dead:
            self._heard(pid)
        return dead

    def _end(self) -> None:
        """Let every worker end in order; kill those that do not. A second signal ends them at once."""
        os.close(self._life)  # by which they notice; a signal may have come to them as well, and would be the second
        until = time.monotonic() + self._ending_seconds + _GRACE_SECONDS
        while self._pids and time.monotonic() < until:
            time.sleep(0.05)
            self._reaped()
            if any(number in self._signals.taken() for number in (signal.SIGTERM, signal.SIGINT)):
                until = 0
        for pid in self._pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        for pid in list(self._silent):
            self._heard(pid)
        self._selector.close()
        os.close(self._lifeline)


def _say(said: int) -> None:
    os.write(said, b"1")
    os.close(said)
