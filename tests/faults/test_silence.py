"""Fault 12: nothing answers any more, and nothing says so: a black hole, half a connection, a server that is stopped."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from csr_desktop.server.folder import ServerFolder
from csr_desktop.sync.engine import LONGEST_WAIT_SECONDS, Engine
from tests.faults.machine import namespace, needs
from tests.faults.processes import Server, client, engine_of, open_data, server_names, serving, synced, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="networks of one's own are Linux's here")


@pytest.fixture
def server_process(folder: ServerFolder) -> Iterator[Server]:
    with serving(folder) as made:
        yield made


def test_packets_that_vanish_and_half_a_connection(bureau: Path, tmp_path: Path) -> None:
    needs("nft", "ip")
    shutil.copytree(bureau, tmp_path / "server")
    command = [*namespace("-n"), "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    ended = subprocess.run(
        [*command, sys.executable, "-m", "tests.faults.black_hole", str(tmp_path)],
        capture_output=True,
        check=False,
        timeout=90,
    )
    assert ended.returncode == 0, ended.stderr.decode()[-3000:]
    told = json.loads(ended.stdout.splitlines()[-1])
    assert told["black hole"] == [
        False,
        "offline",
        "127.0.0.1 did not answer in time.",
        "Everything is kept here and will be sent when it answers.",
    ]
    assert told["seconds"] < 5, "a deadline, of a second here"
    assert told["waiting"] == 1
    assert told["work goes on"]
    assert told["here"] == told["there"] == ["Sample in the dark", "Sample still in the dark"]


def test_a_server_that_is_stopped_midway_is_tried_again_and_nothing_is_lost(
    server_process: Server, tmp_path: Path
) -> None:
    data = open_data(tmp_path / "desk", server_process.url)
    synced(data)
    engine = engine_of(data)
    engine._transport._http._timeout = 0.5  # type: ignore[attr-defined]
    tried: list[float] = []
    engine._on_status = lambda said: tried.append(time.monotonic()) if said.state == "offline" else None
    engine._jitter = lambda: 0.0
    engine.start()
    until(lambda: engine.status.state == "saved")
    os.kill(server_process.pid, signal.SIGSTOP)
    try:
        client(data, "Sample meanwhile")
        engine.wake()
        until(lambda: len(tried) >= 2)
        assert engine.status.title == "127.0.0.1 did not answer in time."
        assert data.replica.waiting_count() == 1
    finally:
        os.kill(server_process.pid, signal.SIGCONT)
    until(lambda: engine.status.state == "saved" and not data.replica.waiting_count())
    engine.stop()
    data.close()
    assert server_names(server_process.folder) == ["Sample meanwhile"]


def test_waits_grow_to_a_bound_and_a_hundred_desks_do_not_come_back_at_once(
    server_process: Server, tmp_path: Path
) -> None:
    data = open_data(tmp_path / "desk", server_process.url)
    engine = engine_of(data)
    server_process.kill()
    waits: list[list[float]] = []
    for _ in range(8):
        assert not engine.sync_once()
        waits.append(paused(engine))
    for few in waits:
        assert max(few) >= 2.9 * min(few), "spread, by the jitter"
    assert [min(few) for few in waits] == sorted(min(few) for few in waits)
    assert waits[0][0] <= 2
    assert max(waits[-1]) <= 1.5 * LONGEST_WAIT_SECONDS
    engine.stop()
    data.close()


def paused(engine: Engine) -> list[float]:
    found = []
    for jitter in (0.0, 0.5, 1.0):
        engine._jitter = lambda jitter=jitter: jitter  # type: ignore[misc]
        found.append(engine._pause())
    return found
