"""The same day on a disk that really fails: the C library says so of the n-th write, sync or cut of a file, of the
desk's or of the server's.

`python -m tests.sync.failing_disk [TRIES]` compiles `failing_disk.c` and starts itself once more with it preloaded; it
fails every call, or so many of each fault at most. Needs a C compiler and Linux.
"""

from __future__ import annotations

import ctypes
import errno
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from csr_desktop.domain.sync_status import SyncStatus
from csr_desktop.store.opening import open_desk, refresh_meta
from csr_desktop.store.sql import Sql
from tests.sync.nth_failure import KEY, Day, Fault, What, Where, fail_each, prepare

CODES: dict[What, int] = {"full": errno.ENOSPC, "input or output": errno.EIO}
PLACES: tuple[Where, ...] = ("desk", "server")
PRELOAD = "LD_PRELOAD"


class DayOnDisk(Day):
    """The desk's file is opened and synced as the program does it; the meta beside it is written, too."""

    disk: Any = None
    is_synced = True

    def open_desk(self, path: Path) -> Sql:
        return open_desk(path, KEY, clock=lambda: self.now)

    def hear(self, status: SyncStatus) -> None:
        if status.state == "saved":
            refresh_meta(self.sql)

    def arm(self, fault: Fault, nth: int) -> None:
        self.disk.disk_arm(nth, int(fault.is_lasting), CODES[fault.what], f"{fault.where}.db".encode())

    @contextmanager
    def healed(self) -> Iterator[None]:
        self.disk.disk_pause(1)
        yield
        self.disk.disk_pause(0)

    def mend(self) -> int:
        self.disk.disk_pause(1)
        return int(self.disk.disk_count())

    def check_at_its_end(self) -> None:
        super().check_at_its_end()
        assert self.sql.value("PRAGMA quick_check(1)") == "ok"

    def close(self) -> None:
        self.disk.disk_pause(1)
        super().close()


def has_compiler() -> bool:
    return sys.platform == "linux" and shutil.which("cc") is not None


def run_preloaded(folder: Path, tries: int) -> subprocess.CompletedProcess[str]:
    """In a process of its own; what it says is of the days that it lived, or of what went wrong."""
    library = folder / "failing_disk.so"
    source = Path(__file__).with_suffix(".c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"], check=True)
    command = [sys.executable, "-m", "tests.sync.failing_disk", str(tries)]
    around = {**os.environ, PRELOAD: str(library)}
    return subprocess.run(command, env=around, capture_output=True, text=True, check=False)


def live_every_day(tries: int) -> None:
    DayOnDisk.disk = ctypes.CDLL(os.environ[PRELOAD])
    with tempfile.TemporaryDirectory(prefix="csr-disk-") as folder:
        prepared = prepare(Path(folder))
        for where, what, is_lasting in itertools.product(PLACES, CODES, (False, True)):
            fault = Fault(where, what, is_lasting)
            lived = fail_each(prepared, fault, Path(folder), tries=tries, kind=DayOnDisk)
            print(f"{fault}: {lived} days", flush=True)


def main() -> int:
    tries = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    if PRELOAD in os.environ:
        live_every_day(tries)
        return 0
    with tempfile.TemporaryDirectory(prefix="csr-disk-") as folder:
        done = run_preloaded(Path(folder), tries)
    print(done.stdout, done.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
