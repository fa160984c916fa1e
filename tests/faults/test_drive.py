"""Faults 3 and 4: the drive takes no more, or says that it could not sync. libfiu makes the system's own calls fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from csr_desktop.store.opening import close_desk, open_desk, open_server
from tests.faults.machine import missing, needs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="libfiu stands before Linux's own calls")
PRELOADED = Path("/usr/lib/fiu/fiu_posix_preload.so")

WORK = """
import ctypes, errno, json, os, sys
from pathlib import Path
from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.store.faults import said_plainly
from csr_desktop.store.opening import close_desk, open_desk, open_server, refresh_meta
kind, name, way, end, folder = *sys.argv[1:5], Path(sys.argv[5])
fiu = ctypes.CDLL("libfiu.so.0")
fiu.fiu_enable.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_uint]
ONCE = 1

def fail(is_lasting):
    for point in name.split(","):
        code = errno.ENOSPC if "write" in point else errno.EIO
        fiu.fiu_enable(point.encode(), 1, code, 0 if is_lasting else ONCE)

def heal():
    for point in name.split(","):
        fiu.fiu_disable(point.encode())

def opened():
    path = folder / "a.db"
    return open_desk(path, bytes(32), clock=lambda: 1) if kind == "desk" else open_server(path)

sql = opened()
looked = []
execute = type(sql.db).execute_sql
def watched(self, text, params=None):
    if text.startswith("PRAGMA quick_check"):
        looked.append(text)
    return execute(self, text, params)
type(sql.db).execute_sql = watched
INSERT, TABLE, KEY = (
    ("INSERT INTO drafts VALUES (?, ?, 1)", "drafts", "key")
    if kind == "desk"
    else ("INSERT INTO escrow VALUES (?, ?)", "escrow", "device_id")
)

def written(key):
    try:
        with said_plainly(folder), sql.transaction():
            sql.do(INSERT, key, "x" * 3000)
        return "saved"
    except EnvironmentFault as fault:
        return fault.title

def there():
    return [key for (key,) in sql.all(f"SELECT {KEY} FROM {TABLE} ORDER BY 1")]

told = {"before": [written("1"), written("2")]}
fail(way == "lasting")
told["refused"] = [written("3")]
if way == "lasting":
    told["refused"].append(written("4"))
told["readable"] = there()
told["looked"] = len(looked)
if end == "killed":
    os.write(1, json.dumps(told).encode())
    os.kill(os.getpid(), 9)
heal()
if kind == "desk":
    refresh_meta(sql)
told["after"] = written("5")
told["looked"] = len(looked)
close_desk(sql) if kind == "desk" else sql.db.close()
print(json.dumps(told))
"""


class Told(msgspec.Struct):
    before: list[str]
    refused: list[str]
    readable: list[str]
    looked: int
    """How often the file was read through."""
    after: str = ""


def worked(folder: Path, kind: str, name: str, way: str, end: str = "closed") -> tuple[Told, list[str]]:
    """A day of four or five commits, the third of which the drive does not take; and what the next start finds."""
    needs("fiu-run")
    if not PRELOADED.exists():
        missing(f"not installed: {PRELOADED}")
    ended = subprocess.run(
        ["env", f"LD_PRELOAD={PRELOADED}", sys.executable, "-c", WORK, kind, name, way, end, str(folder)],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == (-9 if end == "killed" else 0), ended.stderr.decode()[-3000:]
    sql = open_desk(folder / "a.db", bytes(32), clock=lambda: 1) if kind == "desk" else open_server(folder / "a.db")
    column, table = ("key", "drafts") if kind == "desk" else ("device_id", "escrow")
    found = [key for (key,) in sql.all(f"SELECT {column} FROM {table} ORDER BY 1")]
    assert sql.value("PRAGMA integrity_check") == "ok"
    if kind == "desk":
        close_desk(sql)
    else:
        sql.db.close()
    return msgspec.json.decode(ended.stdout, type=Told), found


WRITING = "posix/io/rw/pwrite"
SYNCING = "posix/io/sync/fsync,posix/io/sync/fdatasync"
both = pytest.mark.parametrize("kind", ["desk", "server"])
FULL = "The disk is full, so this was not saved."
FAILED = "The disk reported an error, so this was not done."


@both
def test_a_drive_without_room_is_said_and_all_goes_on_when_there_is_some(tmp_path: Path, kind: str) -> None:
    told, found = worked(tmp_path, kind, WRITING, "lasting")
    assert (told.before, told.refused, told.after) == (["saved", "saved"], [FULL, FULL], "saved")
    assert told.readable == ["1", "2"]
    assert found == ["1", "2", "5"]


@both
def test_a_commit_that_was_not_synced_is_refused_and_the_file_is_read_through_before_the_next(
    tmp_path: Path, kind: str
) -> None:
    told, found = worked(tmp_path, kind, SYNCING, "lasting")
    assert (told.before, told.refused) == (["saved", "saved"], [FAILED, FAILED])
    assert told.readable == ["1", "2"], "what is there can be read"
    assert told.after == "saved"
    assert told.looked == 1, "not before it can be synced, and then once"
    assert found == ["1", "2", "5"]


@both
def test_it_is_not_tried_again_by_itself(tmp_path: Path, kind: str) -> None:
    """The system gives a failed page up, so the next fsync of the same would succeed and keep nothing."""
    told, found = worked(tmp_path, kind, SYNCING, "once")
    assert told.refused == [FAILED]
    assert told.readable == ["1", "2"]
    assert (told.after, told.looked) == ("saved", 1)
    assert found == ["1", "2", "5"]


@both
def test_what_was_refused_does_not_come_back_after_a_kill(tmp_path: Path, kind: str) -> None:
    told, found = worked(tmp_path, kind, SYNCING, "once", "killed")
    assert told.refused == [FAILED]
    assert found == ["1", "2"]
