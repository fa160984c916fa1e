"""A desk's file is made anew under another name and then takes the old one's place, which is set aside.

What is made is ready from when its meta says that it was closed. Cut off before, the old file still stands and nothing
has happened; cut off after, the next opening ends it. So what was taken along is never behind a name nobody opens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from csr_desktop.store.meta_file import meta_path, read_meta
from csr_desktop.system.whole_file import next_free, sync_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BESIDE: Final = ("-wal", "-shm")
META: Final = ".meta"
ASIDE: Final = "set-aside"


def making_path(path: Path) -> Path:
    """Where the file is made that will stand at `path`."""
    return path.with_name(path.name + ".anew")


def is_ready(made: Path) -> bool:
    meta = read_meta(made)
    return meta is not None and meta.is_closed


def end_making(path: Path) -> None:
    """What is ready takes its place, what is not is removed. Raises OSError, and then goes on when called again."""
    made = making_path(path)
    if not is_ready(made):
        discard(made)
        return
    if made.exists():
        # The file itself goes last, so that what is left of a move that was cut off follows under the same name.
        move(path, next_free(path, ASIDE), (*BESIDE, META, ""))
        sync_folder(path.parent)
        made.replace(path)
        sync_folder(path.parent)
    meta_path(made).replace(meta_path(path))
    sync_folder(path.parent)


def discard(made: Path) -> None:
    """Remove what was made, its meta first, without which it counts for nothing. Raises OSError."""
    for suffix in (META, *BESIDE, ""):
        made.with_name(made.name + suffix).unlink(missing_ok=True)


def move(path: Path, to: Path, suffixes: Sequence[str]) -> None:
    for suffix in suffixes:
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.replace(to.with_name(to.name + suffix))
