"""The folder that holds everything of a demo: locked while it runs, removed at its end or at the next demo's start."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from csr_desktop.domain.errors import EnvironmentFault, Refused
from csr_desktop.system.file_lock import FileLock, lock_file

PREFIX = "csr-desktop-demo-"
_LOCK = "demo.lock"


class DemoHome:
    """`wanted` is kept at the end; without one it is a new folder, which goes."""

    def __init__(self, wanted: Path | None) -> None:
        """Raises Refused when another demo runs there, EnvironmentFault for a folder that cannot be used."""
        self._is_kept = wanted is not None
        if wanted is None:
            remove_left_behind()
            self.folder, self._lock = _new_folder()
            return
        self.folder = wanted.absolute()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = lock_file(self.folder / _LOCK)
        except OSError as error:
            raise EnvironmentFault(
                f"The folder {self.folder} cannot be used ({error.strerror}).", "Take another place for --home."
            ) from error
        if lock is None:
            raise Refused("running", f"A demo already runs in {self.folder}.", "Take another folder for --home.")
        self._lock = lock

    def leave(self) -> None:
        self._lock.close()
        if not self._is_kept:
            _remove(self.folder)


def _new_folder() -> tuple[Path, FileLock]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        with suppress(OSError):  # a demo that starts at this moment may have taken it for one that was left behind
            lock = lock_file(folder / _LOCK)
            if lock is not None:
                return folder, lock


def remove_left_behind() -> None:
    """Folders of demos that were killed: nobody holds their lock any more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            if not folder.is_symlink() and (folder / _LOCK).is_file():
                lock = lock_file(folder / _LOCK)
                if lock is not None:
                    lock.close()
                    _remove(folder)


def _remove(folder: Path) -> None:
    """The lock's file last: as long as anything is left, the next demo finds the folder again."""
    with suppress(OSError):
        for entry in folder.iterdir():
            if entry.name == _LOCK:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)
        if [entry.name for entry in folder.iterdir()] == [_LOCK]:
            shutil.rmtree(folder, ignore_errors=True)
