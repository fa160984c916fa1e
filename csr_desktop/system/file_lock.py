"""A lock on a file that the system takes back by itself when the program ends, however it ends."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FAR = 1 << 30
"""Windows lets nobody read what is locked, so the byte that is locked lies behind all that is written."""


class FileLock:
    """Held until `close`. The file stays, so that two programs never lock two files of one name."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def write(self, words: bytes) -> None:
        """Say something to those who find the lock taken; they read the file."""
        os.ftruncate(self._handle, 0)
        os.lseek(self._handle, 0, os.SEEK_SET)
        os.write(self._handle, words)

    def close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def lock_file(path: Path) -> FileLock | None:
    """Lock the file, which is made for its owner only; None when another program has it. Raises OSError where there are
    no locks.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(handle)
    except (BlockingIOError, PermissionError):
        os.close(handle)
        return None
    except BaseException:
        os.close(handle)
        raise
    return FileLock(handle)


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        os.lseek(handle, _FAR, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
