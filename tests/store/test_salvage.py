"""A damaged file is made anew: whenever that is cut off, what was not sent is in the file that is opened next."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from csr_desktop.domain.errors import Unreadable
from csr_desktop.store.opening import close_desk, open_desk
from csr_desktop.store.salvage import make_anew
from csr_desktop.store.sql import Sql

KEY = bytes(range(32))
UNSENT = 40
PAGE = 4096


def clock() -> int:
    return 1_700_000_000_000


def written(path: Path, table: str, *, is_closed: bool = True) -> Sql:
    """A file with unsent changes, texts and some more; one page of `table` is noise."""
    sql = open_desk(path, KEY, clock=clock)
    with sql.transaction():
        sql.many("INSERT INTO undo VALUES (?, '', ?, 1)", [(f"group {i}", b"x" * 900) for i in range(200)])
    sql.all("PRAGMA wal_checkpoint(TRUNCATE)")
    (page,) = sql.all("SELECT rootpage FROM sqlite_master WHERE name = ?", table)[0]
    with sql.transaction():
        sql.many("INSERT INTO outbox VALUES (?, ?, 'group', ?, '')", [unsent(i) for i in range(1, UNSENT + 1)])
        sql.do("INSERT INTO drafts VALUES ('reply:t', 'half a sentence', 1)")
        sql.do("INSERT INTO needs_you VALUES ('refused', ?, 'refused', 'taken', '', 1)", b"body")
        sql.do("INSERT INTO state VALUES ('seq', ?)", str(UNSENT))
    if is_closed:
        close_desk(sql)
    spoil(path, [page])
    return sql


def unsent(seq: int) -> tuple[int, str, bytes]:
    return seq, f"command {seq}", bytes([seq]) * 700


def spoil(path: Path, pages: list[int]) -> None:
    """Noise over these pages, by number from 1."""
    with path.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * PAGE)
            file.write(os.urandom(64))


class Next(msgspec.Struct):
    """What the next start finds; `told` is the kind of what it said first, '' where the file simply opened."""

    told: str
    outbox: int
    draft: str
    is_restored: str
    asides: int


def next_start(path: Path) -> Next:
    """As a person starts the program again, and sets the file aside again where that is asked."""
    told = ""
    try:
        sql = open_desk(path, KEY, clock=clock)
    except Unreadable as fault:
        told = fault.kind
        make_anew(path, KEY, clock)
        sql = open_desk(path, KEY, clock=clock)
    found = Next(
        told,
        sql.value("SELECT COUNT(*) FROM outbox"),
        sql.value("SELECT body FROM drafts") or "",
        sql.value("SELECT value FROM state WHERE key = 'is_restored'") or "",
        len([part for part in path.parent.glob(f"{path.name}.set-aside-*") if part.suffix.startswith(".set-aside")]),
    )
    close_desk(sql)
    return found


CUT_OFF = """
import errno, os, shutil, sys
from pathlib import Path
from csr_desktop.domain.errors import CsrDesktopError, DiskFull
from csr_desktop.store.database import DeskDatabase
from csr_desktop.store.salvage import make_anew
way, folder = sys.argv[1], Path(sys.argv[2])
left = None
FAULTS = {"denied": PermissionError(errno.EACCES, "in use", "a.db"), "full": OSError(errno.ENOSPC, "full")}

def step(is_sql):
    global left
    if left is None:
        return
    left -= 1
    if left > 0 or (left < 0 and way != "full"):
        return
    if way == "kill":
        os.kill(os.getpid(), 9)
    raise DiskFull() if is_sql else FAULTS[way]

def heard(event, arguments):
    is_named = event == "open" and not isinstance(arguments[0], int)
    is_writing = is_named and (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR)
    if event == "os.rename" or (event == "os.remove" and os.path.exists(arguments[0])) or is_writing:
        step(is_sql=False)

sys.addaudithook(heard)
execute = DeskDatabase.execute_sql

def counted(self, sql, params=None):
    if way != "denied" and not sql.startswith(("CREATE", "PRAGMA")):
        step(is_sql=True)
    return execute(self, sql, params)

DeskDatabase.execute_sql = counted
number = 0
while True:
    number += 1
    trial = folder / f"trial-{number}"
    shutil.copytree(folder / "damaged", trial)
    child = os.fork()
    if child == 0:
        left = number
        try:
            make_anew(trial / "desk.db", bytes(range(32)), lambda: 1_700_000_000_000)
        except CsrDesktopError:
            pass
        handles = Path("/proc/self/fd")  # one that is open could not be removed on Windows
        if handles.is_dir() and any(os.path.realpath(one).startswith(str(trial)) for one in handles.iterdir()):
            os._exit(9)
        os._exit(7 if left > 0 else 0)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if ended == 7:
        break
    assert ended == (-9 if way == "kill" else 0), (number, ended)
print(number)
"""


@pytest.mark.skipif(os.name != "posix", reason="forks")
@pytest.mark.parametrize("way", ["kill", "denied", "full"])
def test_wherever_it_is_cut_off_what_was_not_sent_is_there_at_the_next_start(tmp_path: Path, way: str) -> None:
    """Killed at each step, refused at each step as Windows does for an open file, a disk full from each step on."""
    home = tmp_path / "damaged"
    home.mkdir()
    sql = written(home / "live.db", "undo", is_closed=False)
    for suffix in ("", "-wal", ".meta"):  # as after a crash
        (home / f"live.db{suffix}").rename(home / f"desk.db{suffix}")
    sql.db.close()
    for left in home.glob("live.db*"):
        left.unlink()
    ended = subprocess.run(
        [sys.executable, "-c", CUT_OFF, way, str(tmp_path)], capture_output=True, check=False, timeout=100
    )
    assert ended.returncode == 0, ended.stderr.decode()[-3000:]
    steps = int(ended.stdout)
    assert steps > 8
    found = [next_start(tmp_path / f"trial-{number}" / "desk.db") for number in range(1, steps + 1)]
    assert {(one.outbox, one.draft, one.is_restored, one.asides) for one in found} == {
        (UNSENT, "half a sentence", "1", 1)
    }
    assert found[0].told == "damaged", "cut off at once, nothing had happened"
    assert {one.told for one in found} == {"damaged", ""}
    assert found[-1].told == ""
    left_over = [part.name for part in tmp_path.glob("trial-*/*.anew*")]
    assert left_over == []


def test_a_file_of_an_earlier_version_is_taken_along_as_well(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    sql = written(path, "undo", is_closed=False)
    sql.do("DROP TABLE sent")  # what the first version did not have
    sql.do("UPDATE schema_version SET version = 1")
    close_desk(sql)
    with pytest.raises(Unreadable):
        open_desk(path, KEY, clock=clock)
    make_anew(path, KEY, clock)
    sql = open_desk(path, KEY, clock=clock)
    assert sql.all("SELECT seq, id, body FROM outbox ORDER BY seq") == [unsent(i) for i in range(1, UNSENT + 1)]
    assert sql.value("SELECT value FROM state WHERE key = 'salvaged'") == str(UNSENT)
    close_desk(sql)


ROWS = {
    "outbox": ("INSERT INTO outbox VALUES (?, ?, 'group', ?, '')", unsent),
    "drafts": ("INSERT INTO drafts VALUES (?, ?, 1)", lambda i: (f"reply:{i:02}", "x" * 700)),
    "needs_you": (
        "INSERT INTO needs_you VALUES (?, ?, 'refused', 'taken', '', 1)",
        lambda i: (f"command {i:02}", b"x" * 700),
    ),
}


@pytest.mark.parametrize("table", ["outbox", "drafts", "needs_you"])
def test_what_could_be_read_only_in_part_is_not_called_whole(tmp_path: Path, table: str) -> None:
    path = tmp_path / "desk.db"
    sql = open_desk(path, KEY, clock=clock)
    sql.all("PRAGMA wal_checkpoint(TRUNCATE)")
    first = path.stat().st_size // PAGE
    statement, row = ROWS[table]
    with sql.transaction():
        sql.many(statement, [row(i) for i in range(1, UNSENT + 1)])
    close_desk(sql)
    assert path.stat().st_size // PAGE > first + 6
    spoil(path, [first + 3, first + 4])
    make_anew(path, KEY, clock)
    sql = open_desk(path, KEY, clock=clock)
    assert 0 < sql.value(f"SELECT COUNT(*) FROM {table}") < UNSENT
    assert sql.value("SELECT value FROM state WHERE key = 'old_file'") == "part"
    close_desk(sql)


def test_where_all_could_be_read_nothing_else_is_said(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    written(path, "undo")
    make_anew(path, KEY, clock)
    sql = open_desk(path, KEY, clock=clock)
    assert sql.value("SELECT COUNT(*) FROM state WHERE key = 'old_file'") == 0
    close_desk(sql)
