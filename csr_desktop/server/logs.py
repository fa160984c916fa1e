"""The server's log: one JSON object a line, with ids and counts, never what people wrote or how they are called.

It goes to standard error, or to a file that may be renamed or removed under it, as the system's rotation does. What
libraries say, and errors that nobody foresaw, are kept to where they arose: their words could hold a request's content.
"""

from __future__ import annotations

import logging
import os
import select
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TextIO

import msgspec
import structlog

from csr_desktop.domain.errors import CsrDesktopError, EnvironmentFault
from csr_desktop.server.problems import places

SPARSE_SECONDS: Final = 60.0
"""How often the same thing that strangers bring about is logged; what comes between is counted."""

_log = structlog.get_logger(__name__)


class LogFile:
    """Appends to a file, and to a new one of that name once the old one was moved away."""

    def __init__(self, path: Path) -> None:
        """Raises EnvironmentFault for a place that cannot be written to."""
        self._path = path
        self._handle = self._opened()
        self._lock = threading.Lock()

    def write(self, text: str) -> int:
        data = text.encode("utf-8", "backslashreplace")
        with self._lock:
            self._follow()
            os.write(self._handle, data)
        return len(text)

    def flush(self) -> None:
        """Nothing waits."""

    def _follow(self) -> None:
        mine = os.fstat(self._handle)
        try:
            there = self._path.stat()
        except FileNotFoundError:
            there = None
        if there is None or (there.st_dev, there.st_ino) != (mine.st_dev, mine.st_ino):
            fresh = self._opened()
            os.close(self._handle)
            self._handle = fresh

    def _opened(self) -> int:
        try:
            return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        except OSError as error:
            words = os.strerror(error.errno or 0)
            raise EnvironmentFault(f"The log {self._path} cannot be written to ({words}).") from error


class StandardError:
    """As the program has it by now. Where it is a pipe that nobody empties, lines are lost rather than that the server
    stands still; how many is told once there is room.
    """

    def __init__(self) -> None:
        self._lost = 0

    def write(self, text: str) -> int:
        if not _takes(sys.stderr):
            self._lost += 1
            return 0
        if self._lost:
            lost, self._lost = self._lost, 0
            sys.stderr.write(f'{{"event":"log_lines_lost","level":"warning","count":{lost}}}\n')
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def _takes(stream: TextIO) -> bool:
    """Whether a line can be written without waiting, as far as the system tells."""
    if os.name == "nt":
        return True
    try:
        return bool(select.select([], [stream.fileno()], [], 0)[1])
    except (OSError, ValueError):  # it is no file of the system's
        return True


class Sparse:
    """Tells of what strangers bring about a few times a minute at most, however often it happens, so that nobody can
    fill the disk by it.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._told: dict[tuple[str, ...], tuple[float, int, int]] = {}

    def tell(self, event: str, *what: str, **said: Any) -> None:
        """Once a minute. `what` tells apart what is counted alone; there must be few of them."""
        silent = self.due(event, *what)
        if silent is not None:
            _log.warning(event, **said, **({"not_logged": silent} if silent else {}))

    def due(self, *what: str, most: int = 1) -> int | None:
        """How many were kept back before this one, which may be told; None when it may not, being more than `most`
        within a minute.
        """
        now = self._monotonic()
        with self._lock:
            since, told, silent = self._told.get(what, (now, 0, 0))
            if now - since >= SPARSE_SECONDS:
                since, told = now, 0
            if told >= most:
                self._told[what] = (since, told, silent + 1)
                return None
            self._told[what] = (since, told + 1, 0)
            return silent


class _OfLibraries(logging.Handler):
    """What uvicorn, asyncio and others say, by its place alone."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._sparse = Sparse()

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        said = {"places": places(error)} if error else {}
        place = f"{record.module}:{record.lineno}"
        self._sparse.tell("library", record.name, place, library=record.name, place=place, **said)


def log_to(path: Path | None = None, level: str = "info") -> None:
    """Set up the log of this process: its file, or standard error, and the least that is told."""
    file: Any = LogFile(path) if path else StandardError()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _dumped,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lambda *_: structlog.WriteLogger(file),
        cache_logger_on_first_use=False,
    )
    logging.getLogger("peewee").setLevel(logging.WARNING)
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, _OfLibraries)]:
        root.removeHandler(handler)
    root.addHandler(_OfLibraries())


@contextmanager
def faults_by_place() -> Iterator[None]:
    """Inside, a fault that nobody foresaw, of a thread or of what is done here, is told by its place and ends it.
    Python's own words would hold the error's message, and so perhaps what somebody wrote.
    """
    former = threading.excepthook
    threading.excepthook = lambda told: _tell_end(told.thread.name if told.thread else "", told.exc_value)
    try:
        yield
    except CsrDesktopError:
        raise
    except Exception as error:  # noqa: BLE001  # it would end the program all the same
        _tell_end("", error)
        raise SystemExit(1) from None
    finally:
        threading.excepthook = former


def _tell_end(thread: str, error: BaseException | None) -> None:
    _log.error("ended_by_fault", thread=thread, places=places(error) if error else [])


def _dumped(_logger: Any, _name: str, event: Any) -> str:
    return msgspec.json.encode(event).decode()
