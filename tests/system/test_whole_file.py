from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from csr_desktop.system.whole_file import next_free, write_whole

if TYPE_CHECKING:
    from pathlib import Path

WRITES = """
import os, sys
from pathlib import Path
from csr_desktop.system import whole_file
stop = int(sys.argv[2])
calls = 0
def counted(original):
    def call(*args):
        global calls
        calls += 1
        if calls == stop:
            os._exit(9)
        return original(*args)
    return call
os.fsync = counted(os.fsync)
Path.replace = counted(Path.replace)
whole_file.write_whole(Path(sys.argv[1]), b"new " * 1000)
"""


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_killed_anywhere_it_is_old_or_new(tmp_path: Path, stop: int) -> None:
    target = tmp_path / "file"
    write_whole(target, b"old")
    killed = subprocess.run([sys.executable, "-c", WRITES, str(target), str(stop)], check=False)
    assert killed.returncode == 9
    assert target.read_bytes() == (b"new " * 1000 if stop == 3 else b"old")
    write_whole(target, b"later")
    assert target.read_bytes() == b"later"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_the_next_free_name_takes_nobodys_place(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for number in (1, 2, 3):
        free = next_free(path, "old")
        assert free.name == f"file.old-{number}"
        free.write_text("taken")
