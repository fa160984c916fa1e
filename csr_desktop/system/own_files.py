"""Files and folders that are the person's own, where others may write beside them: as a log folder on a share is.

A link, a pipe or another's file under an expected name is neither read nor written: it may lead to what is the person's
and was never meant.
"""

from __future__ import annotations

import os
import stat
from typing import IO, TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

_CAREFULLY: Final = (
    getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_FLAGS: Final = {
    "r": os.O_RDONLY,
    "w": os.O_WRONLY | os.O_CREAT,
    "a": os.O_WRONLY | os.O_CREAT | os.O_APPEND,
}


def open_own(path: Path, mode: str) -> int:
    """A handle of a plain file of this person's, for mode "r", "w" or "a"; made for them alone where it is missing.

    Raises PermissionError for anything else of that name, and OSError as opening does.
    """
    handle = os.open(path, _FLAGS[mode] | _CAREFULLY, 0o600)
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1 or _is_anothers(found):
            raise PermissionError(f"{path} is not a plain file of this person's")
        if mode != "r":
            _for_owner_alone(handle, found)
        if mode == "w":
            os.ftruncate(handle, 0)
    except BaseException:
        os.close(handle)
        raise
    return handle


def open_own_text(path: Path, mode: str) -> IO[str]:
    """As `open_own`, as UTF-8; what is none is read as a mark for it."""
    errors = "replace" if mode == "r" else "strict"
    return os.fdopen(open_own(path, mode), mode, encoding="utf-8", errors=errors)


def is_own_folder(folder: Path) -> bool:
    """Whether only this person can put files into it; made so where it is theirs. Raises OSError for none."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or _is_anothers(found):
        return False
    if os.name == "posix" and found.st_mode & 0o077:
        folder.chmod(0o700)
    return True


def _is_anothers(found: os.stat_result) -> bool:
    return hasattr(os, "getuid") and found.st_uid != os.getuid()


def _for_owner_alone(handle: int, found: Any) -> None:
    if os.name == "posix" and found.st_mode & 0o077:
        os.fchmod(handle, 0o600)
