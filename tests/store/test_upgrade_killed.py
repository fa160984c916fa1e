"""A desk's file of an older version is brought up while the program is killed, or its disk is full: nothing is lost."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from csr_desktop.store.database import desk_database
from csr_desktop.store.migrations import STEPS, latest_version, version_of
from csr_desktop.store.opening import COPY_DAYS, close_desk, open_desk
from tests.faults.machine import namespace
from tests.store.released.keep import HERE, KEY, MADE_AT
from tests.store.test_released import as_it_is, assert_intact

if TYPE_CHECKING:
    from csr_desktop.store.sql import Sql

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kills processes and fills disks as Linux does")

LATEST = latest_version("desk")
OPENS = """
import json, os, signal, sys, time
from pathlib import Path
import csr_desktop.store.database as database
from csr_desktop.store import migrations
from csr_desktop.store.opening import close_desk, open_desk
path, key, last = Path(sys.argv[1]), bytes(range(32)), int(sys.argv[2])
original, run = database.DeskDatabase.execute_sql, migrations._run
done, began = 0, []
def counted(self, sql, params=None):
    global done
    if done == last:
        os.kill(os.getpid(), signal.SIGKILL)
    done += 1
    return original(self, sql, params)
def told(sql, step):
    began.append((step.version, done))
    run(sql, step)
database.DeskDatabase.execute_sql = counted
migrations._run = told
if len(sys.argv) > 3:
    signal.setitimer(signal.ITIMER_REAL, float(sys.argv[3]))  # nobody takes the signal: it ends the process anywhere
at = time.monotonic()
sql = open_desk(path, key, clock=lambda: 1)
if last < 0:
    signal.setitimer(signal.ITIMER_REAL, 0)
    print(json.dumps([began, done, time.monotonic() - at]))
os._exit(0)
"""


def older(version: int, folder: Path) -> Path:
    """An older installation's file, as it was closed."""
    path = folder / "desk.db"
    for file in folder.glob("desk.db*"):
        file.unlink()
    shutil.copyfile(HERE / f"desk_{version}.db", path)
    shutil.copyfile(HERE / f"desk_{version}.db.meta", path.with_name("desk.db.meta"))
    return path


def started(path: Path, last: int, *seconds: float) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", OPENS, str(path), str(last), *map(str, seconds)],
        capture_output=True,
        check=False,
        timeout=60,
    )


def whole_upgrade(version: int, folder: Path) -> tuple[list[tuple[int, int]], int, float]:
    """Each step with how many statements came before it, how many there are in all, and the seconds it takes."""
    ended = started(older(version, folder), -1)
    assert ended.returncode == 0, ended.stderr.decode()
    return msgspec.json.decode(ended.stdout, type=tuple[list[tuple[int, int]], int, float])


def opened_again(path: Path) -> Sql:
    return open_desk(path, KEY, clock=lambda: MADE_AT)


def assert_brought_up(path: Path, version: int) -> None:
    """With every row, and the copy of before as it was."""
    before = as_it_is(desk_database(HERE / f"desk_{version}.db", KEY, lambda: MADE_AT))[1]
    sql = opened_again(path)
    assert version_of(sql) == LATEST
    assert_intact(sql, before, version)
    assert sql.value("PRAGMA integrity_check") == "ok"
    close_desk(sql)
    copy = path.with_name(f"desk.db.version-{version}")
    assert as_it_is(desk_database(copy, KEY, lambda: MADE_AT)) == (version, before)
    assert not list(path.parent.glob("*.part*"))


@pytest.mark.parametrize("step", [step.version for step in STEPS if step.kind == "desk" and step.version > 1])
def test_killed_in_each_step_of_an_upgrade(tmp_path: Path, step: int) -> None:
    """At its first statement, in its middle, and when all is done but the commit."""
    version = max(number for number in (1, 2, 3, 4, 6, 7, 8, 9, 11, 12) if number < step)
    began, ended, _ = whole_upgrade(version, tmp_path)
    starts = [*began, (0, ended)]
    first, after = next((at, starts[n + 1][1]) for n, (number, at) in enumerate(began) if number == step)
    for statement in sorted({first, (first + after) // 2, after - 1}):
        path = older(version, tmp_path)
        assert started(path, statement).returncode == -9
        assert path.with_name(f"desk.db.version-{version}").exists()
        assert_brought_up(path, version)


def test_killed_before_while_and_after_the_copy_is_made(tmp_path: Path) -> None:
    [(_, first), *_], *_ = whole_upgrade(1, tmp_path)
    for statement in range(first):
        path = older(1, tmp_path)
        assert started(path, statement).returncode == -9
        assert_brought_up(path, 1)


def test_killed_at_any_moment_of_an_upgrade(tmp_path: Path) -> None:
    """Also within a statement, and between writing the copy and naming it."""
    *_, whole = whole_upgrade(1, tmp_path)
    ends = []
    for moment in range(10):
        path = older(1, tmp_path)
        ends.append(started(path, -1, whole * (0.05 + 0.1 * moment)).returncode)
        assert_brought_up(path, 1)
    assert ends.count(-signal.SIGALRM) > 3


FILLED = """
import json, sys
from pathlib import Path
from csr_desktop.domain.errors import DiskFull
from csr_desktop.store.opening import close_desk, open_desk
folder, room = Path(sys.argv[1]), int(sys.argv[2])
path, ballast = folder / "desk.db", folder / "ballast"
with ballast.open("wb", buffering=0) as file:
    try:
        while file.write(bytes(4096)):
            pass
    except OSError:
        pass
    file.truncate(max(0, file.tell() - room))
try:
    close_desk(open_desk(path, bytes(range(32)), clock=lambda: 1))
    print(json.dumps(["opened", ""]))
except DiskFull as full:
    print(json.dumps([full.title, full.advice]))
ballast.unlink()
"""


@pytest.mark.parametrize("room", [8_192, 300_000, 700_000])
def test_a_disk_that_fills_up_while_upgrading(tmp_path: Path, room: int) -> None:
    """With no room for the copy, half of it, or the copy alone."""
    disk, kept = tmp_path / "disk", tmp_path / "kept"
    disk.mkdir()
    kept.mkdir()
    older(1, kept)
    script = (
        f'mount -t tmpfs -o size=4m none "{disk}" && cp "{kept}"/* "{disk}" && "$@" && rm "{kept}"/* '
        f'&& cp "{disk}"/* "{kept}"'
    )
    ended = subprocess.run(
        [*namespace("-m"), "sh", "-c", script, "sh", sys.executable, "-c", FILLED, str(disk), str(room)],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr.decode()[-3000:]
    assert msgspec.json.decode(ended.stdout, type=tuple[str, str]) == (
        "The disk is full, so your data can't be opened.",
        "Free some space, then start CSR Desktop again. Nothing is lost.",
    )
    assert_brought_up(kept / "desk.db", 1)


def test_the_copy_goes_when_the_newer_version_has_worked_for_a_month(tmp_path: Path) -> None:
    path = older(1, tmp_path)
    close_desk(opened_again(path))
    copy = path.with_name("desk.db.version-1")
    made_at = int(copy.stat().st_mtime * 1000)
    close_desk(open_desk(path, KEY, clock=lambda: made_at + (COPY_DAYS - 1) * 86_400_000))
    assert copy.exists()
    close_desk(open_desk(path, KEY, clock=lambda: made_at + (COPY_DAYS + 1) * 86_400_000))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["desk.db", "desk.db.meta"]
