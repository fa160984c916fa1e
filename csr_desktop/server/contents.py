"""The content of attachments as files, each under its SHA-256; unfinished ones apart. No database, no permissions."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from csr_desktop.domain.errors import DiskFull, EnvironmentFault
from csr_desktop.system.whole_file import sync_folder

UNFINISHED: Final = "unfinished"
LEAST_FREE_BYTES: Final = 256 * 1024 * 1024
"""Left for the database, which may lie on the same disk."""
_READ_BYTES: Final = 1024 * 1024


class ContentFolder:
    """Any thread, and several servers, may use one folder. Names come from hashes alone, never from what is sent."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._unfinished = self.path / UNFINISHED
        self._lock = threading.Lock()
        self._busy: dict[str, tuple[threading.Lock, int]] = {}

    def make(self) -> None:
        """Raises EnvironmentFault when it cannot be made."""
        try:
            self._unfinished.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise EnvironmentFault(
                f"The folder {self.path} cannot be written to ({os.strerror(error.errno or 0)}).",
                "Take another with --attachments, or ask your IT.",
            ) from error

    # What is whole

    def place_of(self, sha256: str) -> Path:
        return self.path / sha256[:2] / sha256[2:]

    def has(self, sha256: str, size: int) -> bool:
        try:
            return self.place_of(sha256).stat().st_size == size
        except OSError:
            return False

    def read(self, sha256: str, offset: int, count: int) -> bytes:
        """Raises FileNotFoundError when it is not there."""
        with self.place_of(sha256).open("rb") as file:
            file.seek(offset)
            return file.read(count)

    def remove(self, sha256: str) -> None:
        self.place_of(sha256).unlink(missing_ok=True)

    # What comes in

    def received(self, name: str) -> int:
        """How much of it is there already, in bytes."""
        try:
            return self._part(name).stat().st_size
        except FileNotFoundError:
            return 0

    def append(self, name: str, offset: int, body: bytes) -> int:
        """Add bytes where what is there ends; others change nothing. Returns where to go on. Raises DiskFull."""
        with self._alone(name):
            received = self.received(name)
            if offset != received:
                return received
            self.make()
            if shutil.disk_usage(self._unfinished).free < LEAST_FREE_BYTES + len(body):
                raise DiskFull
            handle = os.open(self._part(name), os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
            with os.fdopen(handle, "wb") as file:
                file.seek(offset)  # another server that was sent the same again writes the same to the same place
                file.write(body)
            return received + len(body)

    def proved(self, name: str, sha256: str, size: int) -> bool:
        """Whether what came in is what it was said to be, and is on the disk for good; else it is thrown away."""
        with self._alone(name):
            part, found = self._part(name), hashlib.sha256()
            try:
                with part.open("rb+") as file:
                    while body := file.read(_READ_BYTES):
                        found.update(body)
                    os.fsync(file.fileno())
                    is_it = file.tell() == size and found.hexdigest() == sha256
            except FileNotFoundError:
                return False
            if not is_it:
                part.unlink(missing_ok=True)
            return is_it

    def keep(self, name: str, sha256: str) -> None:
        """Put what was proved in its place; who has the same content already loses nothing by it."""
        place = self.place_of(sha256)
        with self._alone(name):
            place.parent.mkdir(exist_ok=True, mode=0o700)
            try:
                self._part(name).replace(place)
            except FileNotFoundError:
                if not place.exists():  # a commit that is tried again finds it there
                    raise
            sync_folder(place.parent)
        sync_folder(self.path)

    def forget(self, name: str) -> None:
        with self._alone(name):
            self._part(name).unlink(missing_ok=True)

    def forget_older(self, seconds: float) -> int:
        """Remove what nothing was added to for so long; how many."""
        count, until = 0, time.time() - seconds
        for part in self._unfinished.glob("*.part"):
            try:
                if part.stat().st_mtime < until:
                    part.unlink()
                    count += 1
            except FileNotFoundError:
                continue
        return count

    def _part(self, name: str) -> Path:
        return self._unfinished / f"{hashlib.sha256(name.encode()).hexdigest()}.part"

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """One request at a time for a file: a repeated one comes while the first is being written."""
        with self._lock:
            lock, count = self._busy.get(name) or (threading.Lock(), 0)
            self._busy[name] = lock, count + 1
        try:
            with lock:
                yield
        finally:
            with self._lock:
                _, count = self._busy.pop(name)
                if count > 1:
                    self._busy[name] = lock, count - 1
