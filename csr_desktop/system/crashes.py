"""What is written down when the program fails: which error, where in the code. No words of the error, no variables."""

from __future__ import annotations

import faulthandler
import platform
import re
import sys
import threading
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import csr_desktop
from csr_desktop.system.own_files import open_own_text

if TYPE_CHECKING:
    from collections.abc import Callable

LAST = "last-crash.txt"
_ERROR = "crash.txt"
_FAULT = "fault.txt"
_SHOWN = "last-crash-shown.txt"
_LENGTH = 64_000
_QUOTED_FILE = re.compile(r'File "([^"]*)"')


def install_crash_handler(
    place: Path, clock: Callable[[], int], on_crash: Callable[[str], None] = lambda _report: None
) -> CrashHandler:
    """From now on uncaught errors, in any thread, and faults of libraries leave a report in the folder `place`.

    `on_crash` gets the report of an uncaught error, on the thread that failed. Only the first instance installs this.
    """
    return CrashHandler(place, clock, on_crash)


def read_last_crash(place: Path) -> str | None:
    """The report of a crash that was not shown yet, once; None when there is none."""
    _collect(place)
    last = place / LAST
    try:
        with open_own_text(last, "r") as file:
            text = file.read(2 * _LENGTH)
        last.replace(place / _SHOWN)
    except OSError:
        return None
    return text


def frames_of(error: BaseException) -> list[str]:
    """`file:line function`, outermost first, without the folders above the program's."""
    steps = traceback.extract_tb(error.__traceback__)
    return [f"{_short(step.filename)}:{step.lineno} {step.name}" for step in steps]


def report_of(error: BaseException, thread: str, at: int) -> str:
    """A report of this error and those behind it. `at` in milliseconds."""
    moment = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="seconds")
    lines = [
        f"CSR Desktop {csr_desktop.__version__}",
        f"{moment}, Python {platform.python_version()}, {platform.system()} {platform.machine()}, thread {thread}",
    ]
    link: BaseException | None = error
    seen: set[int] = set()
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        lines += [f"{type(link).__module__}.{type(link).__qualname__}{_number_of(link)}"]
        lines += [f"  {frame}" for frame in frames_of(link)]
        link = link.__cause__ or link.__context__
        if link is not None:
            lines.append("after")
    return "\n".join(lines)[:_LENGTH] + "\n"


class CrashHandler:
    """Writes reports until `close`."""

    def __init__(self, place: Path, clock: Callable[[], int], on_crash: Callable[[str], None]) -> None:
        self._place = place
        self._clock = clock
        self._on_crash = on_crash
        _collect(place)
        self._had_faults = faulthandler.is_enabled()
        self._faults = _opened(place / _FAULT)
        if self._faults is not None:
            faulthandler.enable(self._faults)
        self._hooks: tuple[Any, Any] = (sys.excepthook, threading.excepthook)
        sys.excepthook = self._uncaught
        threading.excepthook = self._uncaught_in_thread

    def close(self) -> None:
        """Put back what was there before."""
        sys.excepthook, threading.excepthook = self._hooks
        if self._faults is None:
            return
        faulthandler.disable()
        if self._had_faults and sys.__stderr__ is not None:
            faulthandler.enable(sys.__stderr__)
        self._faults.close()
        with suppress(OSError):
            (self._place / _FAULT).unlink()

    def _uncaught(self, kind: type[BaseException], error: BaseException, trace: Any) -> None:
        if issubclass(kind, Exception):
            report = self._write(error.with_traceback(trace), threading.current_thread().name)
            if self._hooks[0] is sys.__excepthook__ and not _is_read_here():
                _say(report)
                return
        self._hooks[0](kind, error, trace)

    def _uncaught_in_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and issubclass(args.exc_type, Exception):
            report = self._write(args.exc_value, args.thread.name if args.thread else "gone")
            if self._hooks[1] is threading.__excepthook__ and not _is_read_here():
                _say(report)
                return
        self._hooks[1](args)

    def _write(self, error: BaseException, thread: str) -> str:
        report = report_of(error, thread, self._clock())
        # The disk may be what failed.
        with suppress(OSError), open_own_text(self._place / _ERROR, "a") as file:
            if file.tell() < _LENGTH:  # one that fails again and again must not fill the disk
                file.write(report + "\n")
        self._on_crash(report)
        return report


def _is_read_here() -> bool:
    """Whether standard error is a terminal. Elsewhere a system may keep what is said there, for others to read."""
    return sys.stderr is not None and sys.stderr.isatty()


def _say(report: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(report)


def _opened(path: Path) -> IO[str] | None:
    """None where nothing can be written, which hides no error."""
    try:
        return open_own_text(path, "w")
    except OSError:
        return None


def _number_of(error: BaseException) -> str:
    for name in ("sqlite_errorcode", "sqlstate", "errno"):
        value = getattr(error, name, None)
        if isinstance(value, int) or (isinstance(value, str) and len(value) == 5):
            return f" ({name} {value})"
    return ""


def _collect(place: Path) -> None:
    """Put what earlier runs left into the one file that is shown next."""
    found = ""
    for name in (_ERROR, _FAULT):
        path = place / name
        with suppress(OSError), open_own_text(path, "r") as file:
            found += file.read(_LENGTH)
        with suppress(OSError):
            if path.lstat().st_size:  # an empty one is the running program's
                path.unlink()
    if found.strip():
        short = _QUOTED_FILE.sub(lambda match: f'File "{_short(match[1])}"', found)
        with suppress(OSError), open_own_text(place / LAST, "w") as file:
            file.write(short)


def _short(file: str) -> str:
    """Without the folders that may name a person."""
    parts = Path(file.replace("\\", "/")).parts
    for start in ("site-packages", "csr_desktop"):
        if start in parts:
            at = len(parts) - 1 - parts[::-1].index(start)
            return "/".join(parts[at:] if start == "csr_desktop" else parts[at + 1 :])
    return "/".join(parts[-2:])
