"""Fault 2: the power goes. A desk works on a file system that keeps only what was fsynced; each of its leavings opens."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from csr_desktop.domain.errors import Unreadable
from csr_desktop.store.opening import open_desk
from tests.faults.machine import missing, needs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="file systems of one's own are Linux's here")
KEY = bytes(range(32))

WORK = """
import os, secrets, sys
from pathlib import Path
from csr_desktop.commands.clients import AddClient
from csr_desktop.domain.ids import id_source
from csr_desktop.store.backup import backup
from csr_desktop.store.opening import close_desk, open_desk, refresh_meta
from csr_desktop.sync.replica import Replica, first_rights, newcomer
from csr_desktop.system.clock import wall_clock
folder, synchronous, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])

def opened():
    sql = open_desk(folder / "desk.db", bytes(range(32)), clock=wall_clock)
    sql.do(f"PRAGMA synchronous = {synchronous}")
    sql.value("PRAGMA wal_autocheckpoint = 40")  # several of them within this short day
    return sql, Replica(sql, wall_clock, id_source(wall_clock, secrets.randbits))

sql, replica = opened()
first_rights(replica, "device-1", newcomer("user-1", "Ada Sample"))
for number in range(1, count + 1):
    replica.do(AddClient(row_id=replica.new_id(), name=f"Sample {number}"), words="client")
    (folder / f"ack-{number}").mkdir()
    if number % 10 == 0:
        refresh_meta(sql)
    if number == 15:
        close_desk(sql)
        sql, replica = opened()
    if number == 30:
        backup(sql, folder / "desk.backup")
close_desk(sql)
"""

Work = Callable[[str, int], Path]


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    """So many commands with this setting of `synchronous`; the folder of what losses of power would have left."""
    needs("fusermount3")
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        missing("no file systems of one's own are allowed here (/dev/fuse)")
    mounted: list[tuple[Path, subprocess.Popen[bytes]]] = []

    def day(synchronous: str, commands: int) -> Path:
        mount, out = tmp_path / f"mount-{synchronous}", tmp_path / f"left-{synchronous}"
        mount.mkdir()
        out.mkdir()
        daemon = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.power", str(mount), str(out), "7"], stderr=subprocess.PIPE
        )
        mounted.append((mount, daemon))
        deadline = time.monotonic() + 20
        while not mount.is_mount():
            if daemon.poll() is not None:
                assert daemon.stderr is not None
                missing(f"nothing can be mounted here: {daemon.stderr.read().decode()[-300:]}")
            assert time.monotonic() < deadline
            time.sleep(0.02)
        ended = subprocess.run(
            [sys.executable, "-c", WORK, str(mount), synchronous, str(commands)],
            capture_output=True,
            check=False,
            timeout=90,
        )
        assert ended.returncode == 0, ended.stderr.decode()[-3000:]
        return out

    yield day
    for mount, daemon in mounted:
        subprocess.run(["fusermount3", "-u", "-z", str(mount)], check=False, capture_output=True)
        daemon.wait(20)
        assert daemon.stderr is not None
        daemon.stderr.close()


def lost(out: Path) -> dict[str, str]:
    """By name of what a loss of power left: what is wrong with it."""
    wrong: dict[str, str] = {}
    for left in sorted(out.iterdir()):
        found = re.fullmatch(r"\d+-(\d+)-(bare|torn)", left.name)
        assert found is not None
        acknowledged = int(found[1])
        try:
            sql = open_desk(left / "desk.db", KEY, clock=lambda: 1)
        except Unreadable as fault:
            wrong[left.name] = fault.kind
            continue
        names = {name for (name,) in sql.all("SELECT name FROM clients")}
        waiting = [seq for (seq,) in sql.all("SELECT seq FROM outbox ORDER BY seq")]
        seq = int(sql.value("SELECT value FROM state WHERE key = 'seq'") or 0)
        if not {f"Sample {n}" for n in range(1, acknowledged + 1)} <= names:
            wrong[left.name] = f"of {acknowledged} acknowledged {len(names)} are there"
        elif not len(names) == len(waiting) == seq or waiting != list(range(1, seq + 1)):
            wrong[left.name] = f"half of a command: {len(names)} rows, outbox {waiting}, number {seq}"
        sql.db.close()
        shutil.rmtree(left)
    return wrong


def test_no_acknowledged_command_is_lost_with_the_power(work: Work) -> None:
    out = work("FULL", 36)
    assert len(list(out.iterdir())) > 100
    assert lost(out) == {}


def test_one_that_syncs_less_often_loses_what_it_acknowledged(work: Work) -> None:
    """What the test before would see, were the file opened as most programs do."""
    wrong = lost(work("NORMAL", 12))
    assert len([name for name, what in wrong.items() if "acknowledged" in what and name.endswith("-bare")]) > 8, wrong
