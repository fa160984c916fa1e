"""What the database drivers say, in a person's words. Errors are read along their chain, since Peewee wraps them."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

import peewee as pw

from csr_desktop.domain.errors import CsrDesktopError, DiskFull, EnvironmentFault, Unreachable, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_PROBE_LENGTH = 65_536
_SHM_SIZE = sqlite3.SQLITE_IOERR_SHMSIZE
_WRITE = sqlite3.SQLITE_IOERR_WRITE
_NOT_SYNCED = frozenset((sqlite3.SQLITE_IOERR, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC))
_FULL_ERRNO = frozenset(getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG") if hasattr(errno, name))
_READ_ONLY_ERRNO = frozenset((errno.EACCES, errno.EPERM, errno.EROFS))


def damaged() -> Unreadable:
    """Words for a file that can't be read any more."""
    return Unreadable(
        "damaged",
        "Your data on this computer is damaged.",
        "The damaged file is kept. Your data can be restored from the last backup and the server.",
    )


def read_only(place: str) -> EnvironmentFault:
    """Words for a place that may be read only; `place` is a file or folder, '' when it isn't known."""
    return EnvironmentFault(
        f"{place or 'The folder of your data'} can't be written to.",
        "Ask your administrator for the right to write there. Nothing was changed or put elsewhere.",
    )


def drive_failed() -> EnvironmentFault:
    """Words for a drive that could not read, write or sync."""
    return EnvironmentFault(
        "The disk reported an error, so this was not done.",
        "Your text is still here. Free some space or look after the drive, then start CSR Desktop again.",
    )


def _refused_write() -> DiskFull:
    fault = DiskFull()
    fault.title = "The disk did not take it, so this was not saved."
    fault.advice = "Your text is still here. Free some space or look after the drive, then save again."
    return fault


_BY_SQLITE_CODE: dict[int, Callable[[], CsrDesktopError]] = {
    sqlite3.SQLITE_FULL: DiskFull,
    _SHM_SIZE: DiskFull,
    _WRITE: _refused_write,
    sqlite3.SQLITE_READONLY: lambda: read_only(""),
    sqlite3.SQLITE_PERM: lambda: read_only(""),
    sqlite3.SQLITE_CORRUPT: damaged,
    sqlite3.SQLITE_NOTADB: damaged,
    sqlite3.SQLITE_IOERR: drive_failed,
    sqlite3.SQLITE_CANTOPEN: lambda: EnvironmentFault(
        "The file of your data can't be opened.",
        "Look whether its folder is there and can be written to, then try again.",
    ),
    sqlite3.SQLITE_BUSY: lambda: EnvironmentFault(
        "Another program is using your data, so this was not saved.", "Close that program, then try again."
    ),
}
_BY_SQL_STATE: tuple[tuple[str, Callable[[], CsrDesktopError]], ...] = (
    ("53100", DiskFull),
    ("25006", lambda: read_only("The database")),
    ("XX001", damaged),
    ("XX002", damaged),
    ("40", lambda: EnvironmentFault("The database was busy, so this was not saved.", "Try again.")),
    ("55P03", lambda: EnvironmentFault("The database was busy, so this was not saved.", "Try again.")),
    (
        "28",
        lambda: Unreachable("The database did not accept the sign-in.", "Check the name and password in its address."),
    ),
    ("3D000", lambda: Unreachable("There is no database of that name.", "Create it, or check its address.")),
    ("53", lambda: Unreachable("The database has no room for another connection.", "Try again in a moment.")),
    ("57P", lambda: Unreachable("The database is stopping or starting.", "Try again in a moment.")),
    ("08", lambda: Unreachable("The database does not answer.", "Try again in a moment.")),
)


def translate(error: BaseException, place: Path | None = None) -> CsrDesktopError | None:
    """The same in words, when it is the world's fault; None for what is a bug. A `CsrDesktopError` stays as it is.

    SQLCipher says “I/O error” for a disk that is full in some ways; with the folder `place` that is tried out.
    """
    if isinstance(error, CsrDesktopError):
        return error
    if not (isinstance(error, (pw.PeeweeException, OSError)) or _is_of_a_driver(error)):
        return None  # an error of ours that was raised while another was handled
    for link in _chain(error):
        words = _of_one(link)
        if words is not None:
            is_unclear = getattr(link, "sqlite_errorcode", None) == sqlite3.SQLITE_IOERR
            return DiskFull() if is_unclear and place is not None and _is_full(place) else words
    return None


def is_not_synced(error: BaseException) -> bool:
    """Whether SQLite could not get something to the drive that it had written; SQLCipher does not say what failed."""
    return any(getattr(link, "sqlite_errorcode", None) in _NOT_SYNCED for link in _chain(error))


def _is_full(folder: Path) -> bool:
    probe = folder / f".room-{os.getpid()}"
    try:
        try:
            probe.write_bytes(bytes(_PROBE_LENGTH))
        finally:
            probe.unlink(missing_ok=True)
    except OSError as error:
        return error.errno in _FULL_ERRNO
    return False


@contextmanager
def said_plainly(place: Path | None = None) -> Iterator[None]:
    """Inside, the world's faults leave as `CsrDesktopError`s with the driver's error as their cause."""
    try:
        yield
    except CsrDesktopError:
        raise
    except Exception as error:
        fault = translate(error, place)
        if fault is None:
            raise
        raise fault from error


def sql_state(error: BaseException) -> str:
    """PostgreSQL's code of what went wrong, such as 40001; '' where it said none."""
    return next((state for link in _chain(error) if (state := getattr(link, "sqlstate", None))), "")


def _is_of_a_driver(error: BaseException) -> bool:
    return hasattr(error, "sqlite_errorcode") or hasattr(error, "sqlstate")


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    todo: list[BaseException] = [error]
    while todo:
        link = todo.pop(0)
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        wrapped = [a for a in link.args[:1] if isinstance(a, BaseException)]  # Peewee keeps the driver's error there
        todo += [e for e in (*wrapped, link.__cause__, link.__context__) if e is not None]


def _of_one(error: BaseException) -> CsrDesktopError | None:
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(code, int):
        words = _BY_SQLITE_CODE.get(code) or _BY_SQLITE_CODE.get(code & 0xFF)
        return words() if words else None
    if hasattr(error, "sqlstate"):
        return _of_postgresql(error)
    if isinstance(error, OSError):
        if error.errno in _FULL_ERRNO:
            return DiskFull()
        if error.errno == errno.EIO:
            return _refused_write()
        if error.errno in _READ_ONLY_ERRNO:
            return read_only(str(error.filename or ""))
    return None


def _of_postgresql(error: BaseException) -> CsrDesktopError | None:
    state: str | None = getattr(error, "sqlstate", None)
    if not state:  # no answer at all: the connection broke or was never made
        is_operational = any(kind.__name__ == "OperationalError" for kind in type(error).__mro__)
        return Unreachable("The database does not answer.", "Try again in a moment.") if is_operational else None
    return next((words() for start, words in _BY_SQL_STATE if state.startswith(start)), None)
