"""A disk that is really full: a small tmpfs, or a limit on how long a file may become."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import msgspec
import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="uses Linux's own ways of filling a disk")

WRITER = textwrap.dedent(
    """
    import json, os, resource, signal, sys
    from pathlib import Path
    from csr_desktop.domain.errors import DiskFull, EnvironmentFault
    from csr_desktop.store.backup import backup
    from csr_desktop.store.faults import said_plainly
    from csr_desktop.store.opening import close_desk, open_desk, open_server, refresh_meta
    way, kind, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    told = {}
    path = folder / "a.db"

    def opened():
        return open_desk(path, bytes(range(32)), clock=lambda: 1) if kind == "desk" else open_server(path)

    def written(sql, number, nested):
        with said_plainly(folder), sql.transaction():
            if nested:
                with sql.transaction():
                    sql.db.connection().executemany(INSERT, [(f"{number}-{i}", os.urandom(700).hex()) for i in range(20)])
            else:
                for i in range(20):
                    sql.do(INSERT, f"{number}-{i}", os.urandom(700).hex())

    sql = opened()
    table = "drafts" if kind == "desk" else "escrow"
    INSERT = (
        "INSERT INTO drafts VALUES (?, ?, 1)"
        if kind == "desk"
        else "INSERT INTO escrow VALUES (?, ?)"
    )
    acknowledged = 0
    limit = 3_000_000
    if way == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    for number in range(2000):
        try:
            written(sql, number, nested=number % 2)
        except EnvironmentFault as full:
            told["full"] = [type(full).__name__, full.title, full.advice]
            break
        acknowledged += 20
    count = lambda: sql.value(f"SELECT COUNT(*) FROM {table}")
    told["depth"] = sql.db.transaction_depth()
    told["after"] = count() - acknowledged
    for nested in (False, True):  # again, and still said in words
        try:
            written(sql, 5000, nested)
            told["again"] = "saved"
            acknowledged += 20
            break
        except EnvironmentFault:
            told["again"] = "full"
    if kind == "desk":
        refresh_meta(sql)
    try:
        backup(sql, folder / "copy")
    except EnvironmentFault:
        told["backup"] = "full"
    told["left over"] = [p.name for p in folder.iterdir() if p.name.startswith("copy")]
    if way == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    else:
        (folder / "ballast").unlink()
    written(sql, 9000, nested=True)
    told["room"] = count() - acknowledged
    close_desk(sql) if kind == "desk" else sql.db.close()
    sql = opened()
    told["reopened"] = count() - acknowledged
    told["whole"] = sql.value("PRAGMA integrity_check")
    close_desk(sql) if kind == "desk" else sql.db.close()
    print(json.dumps(told))
    """
)


class Told(msgspec.Struct, forbid_unknown_fields=True):
    full: tuple[str, str, str]
    depth: int
    after: int
    again: str
    left_over: list[str] = msgspec.field(name="left over")
    room: int
    reopened: int
    whole: str
    backup: str = "made"


def run(command: list[str]) -> Told:
    ended = subprocess.run(command, capture_output=True, check=False, timeout=100)
    assert ended.returncode == 0, ended.stderr.decode()[-3000:]
    return msgspec.json.decode(ended.stdout.splitlines()[-1], type=Told)


def assert_survived(told: Told) -> None:
    assert told.full[1].endswith(("not saved.", "not done."))
    assert "still here" in told.full[2]
    assert (told.depth, told.after) == (0, 0)
    assert (told.room, told.reopened, told.whole) == (20, 20, "ok")


@pytest.mark.parametrize("kind", ["desk", "server"])
def test_a_full_disk(tmp_path: Path, kind: str) -> None:
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-Urm", "true"], check=False).returncode:
        pytest.skip("no mounts of one's own are allowed here (unshare -Urm)")
    script = (
        f'mount -t tmpfs -o size=6m none "{tmp_path}" && head -c 1500000 /dev/zero > "{tmp_path}/ballast" && exec "$@"'
    )
    told = run(["unshare", "-Urm", "sh", "-c", script, "sh", sys.executable, "-c", WRITER, "disk", kind, str(tmp_path)])
    assert_survived(told)
    assert told.full[:2] == ("DiskFull", "The disk is full, so this was not saved.")
    assert (told.again, told.backup, told.left_over) == ("full", "full", [])


@pytest.mark.parametrize("kind", ["desk", "server"])
def test_a_limit_on_the_length_of_files(tmp_path: Path, kind: str) -> None:
    """A WAL that may grow no more can be emptied, so writing may go on at once."""
    assert_survived(run([sys.executable, "-c", WRITER, "limit", kind, str(tmp_path)]))


OPENS = textwrap.dedent(
    """
    import json, sys
    from pathlib import Path
    from csr_desktop.domain.errors import DiskFull
    from csr_desktop.store.opening import close_desk, open_desk
    folder = Path(sys.argv[1])
    path, ballast = folder / "a.db", folder / "ballast"
    def fill():
        with ballast.open("wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                pass
    answers = []
    for start in ("new", "old"):
        fill()
        try:
            close_desk(open_desk(path, bytes(32), clock=lambda: 1))
            answers.append("opened")
        except DiskFull as full:
            answers.append(full.title)
        ballast.unlink()
        close_desk(open_desk(path, bytes(32), clock=lambda: 1))
    print(json.dumps(answers))
    """
)


def test_opening_on_a_full_disk_says_so_and_works_when_there_is_room(tmp_path: Path) -> None:
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-Urm", "true"], check=False).returncode:
        pytest.skip("no mounts of one's own are allowed here (unshare -Urm)")
    script = f'mount -t tmpfs -o size=6m none "{tmp_path}" && exec "$@"'
    command = ["unshare", "-Urm", "sh", "-c", script, "sh", sys.executable, "-c", OPENS, str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, check=False, timeout=60, env=dict(os.environ))
    assert ended.returncode == 0, ended.stderr.decode()[-3000:]
    assert msgspec.json.decode(ended.stdout, type=list[str]) == ["The disk is full, so your data can't be opened."] * 2
