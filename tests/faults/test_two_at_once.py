"""Fault 26: two at once. (A kill in the middle of a restore is among `test_killed`'s.)"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.run import RunningServer, Surroundings
from tests import postgresql
from tests.faults.machine import missing, namespace
from tests.faults.processes import (
    KILLED,
    client,
    die,
    engine_of,
    log_of,
    names,
    open_data,
    run,
    server_names,
    serving,
    synced,
    until,
)
from tests.faults.wire import Answered, Ask, Asked, Wire, honest
from tests.server.conftest import make_bureau
from tests.server.desk import CHEAP

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="uses Linux's own ways of filling a disk")

FULL_AND_KILLED = """
import json, os, secrets, shutil, signal, sys, time
from pathlib import Path
from csr_desktop.commands.clients import AddClient, AddNote
from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.domain.ids import id_source
from csr_desktop.store.faults import said_plainly
from csr_desktop.store.opening import close_desk, open_desk
from csr_desktop.sync.replica import Replica, first_rights, newcomer
from csr_desktop.system.clock import wall_clock
disk = Path(sys.argv[1])
ballast = disk / "ballast"

def opened():
    sql = open_desk(folder / "a.db", bytes(range(32)), clock=wall_clock)
    return sql, Replica(sql, wall_clock, id_source(wall_clock, secrets.randbits))

def work(say):
    sql, replica = opened()
    number = int(replica.state().get("seq", 0))
    while True:
        number += 1
        row_id = replica.new_id()
        try:
            with said_plainly(folder):
                replica.do(AddNote(row_id=row_id, client_id=client_id, body=os.urandom(9000).hex()))
        except EnvironmentFault:
            os.write(say, b"full\\n")
            time.sleep(0.01)
        else:
            os.write(say, f"{row_id}\\n".encode())

fulls, lost, kept = 0, [], 0
for round_number in range(6):
    folder = disk / f"round-{round_number}"
    folder.mkdir()
    ballast.write_bytes(bytes(1_500_000))
    sql, replica = opened()
    first_rights(replica, "device-1", newcomer("user-1", "Ada Sample"))
    client_id = replica.new_id()
    replica.do(AddClient(row_id=client_id, name="Sample Bakery"))
    close_desk(sql)
    hear, say = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(hear)
        work(say)
    os.close(say)
    acknowledged = set()
    lines = os.fdopen(hear)
    for line in lines:
        if line == "full\\n":
            break
        acknowledged.add(line.strip())
    fulls += 1
    ballast.unlink()  # there is room again, and while the program takes that in it is killed
    time.sleep(0.02 * round_number)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    acknowledged |= {line.strip() for line in lines if line.endswith("\\n") and line != "full\\n"}
    lines.close()
    sql, replica = opened()
    there = {row_id for (row_id,) in sql.all("SELECT id FROM notes")}
    lost += sorted(acknowledged - there)
    kept += len(acknowledged)
    assert [command.seq for command in replica.unsent()] == list(range(1, len(there) + 2))
    sql.db.close()
    shutil.rmtree(folder)
assert kept > 50
print(json.dumps([fulls, lost]))
"""


def test_killed_while_a_full_disk_has_room_again(tmp_path: Path) -> None:
    script = f'mount -t tmpfs -o size=7m none "{tmp_path}" && exec "$@"'
    ended = subprocess.run(
        [*namespace("-m"), "sh", "-c", script, "sh", sys.executable, "-c", FULL_AND_KILLED, str(tmp_path)],
        capture_output=True,
        check=False,
        timeout=90,
    )
    assert ended.returncode == 0, ended.stderr.decode()[-3000:]
    assert json.loads(ended.stdout.splitlines()[-1]) == [6, []]


@pytest.fixture
def cluster() -> Iterator[postgresql.Cluster]:
    programs = postgresql.programs()
    if programs is None:
        missing("PostgreSQL's programs are not installed")
    made = postgresql.Cluster(programs)
    yield made
    made.stop()
    shutil.rmtree(made.home, ignore_errors=True)


@pytest.mark.postgresql
def test_postgresql_is_killed_while_answers_are_lost(cluster: postgresql.Cluster, tmp_path: Path) -> None:
    cluster.do("CREATE DATABASE csr")
    folder = ServerFolder(tmp_path / "server", f"postgresql:///csr?host={cluster.home}&user=csr")
    make_bureau(folder)
    dropped = 0

    def losing(asked: Asked, ask: Ask) -> Answered | None:
        """Each second answer to a push is lost; with the first of them the database dies."""
        nonlocal dropped
        answered = ask(asked)
        if not asked.path.endswith("push"):
            return answered
        dropped += 1
        if dropped == 1:
            cluster.kill()
        return None if dropped % 2 else answered

    with (
        RunningServer(folder, surroundings=Surroundings(passwords=CHEAP)) as server,
        Wire(lambda: server.url).listening() as wire,
    ):
        data = open_data(tmp_path / "desk", wire.url)
        synced(data)
        wire.manner = losing
        engine = engine_of(data)
        made = []
        for number in range(4):
            made.append(f"Sample {number}")
            client(data, made[-1])
            engine.sync_once()
            if number == 1:
                assert engine.status.state == "offline", "the database is down"
                cluster.start()
        until(lambda: engine.sync_once() and not data.replica.waiting_count())
        wire.manner = honest
        engine.stop()
        synced(data)
        here = names(data)
        data.close()
    assert Counter(here) == Counter(server_names(folder)) == Counter(made)
    log = log_of(folder)
    assert {status for _, _, status in log} == {"done"}
    assert Counter((device, seq) for device, seq, _ in log).most_common(1)[0][1] == 1


def test_the_desk_is_killed_while_its_server_is_dead(tmp_path: Path, bureau: Path) -> None:
    """14 and 1: what was acknowledged while nobody answered is sent once when both are there again."""
    shutil.copytree(bureau, tmp_path / "server")
    folder = ServerFolder(tmp_path / "server")
    with serving(folder) as server:
        data = open_data(tmp_path / "desk", server.url)
        synced(data)
        data.close()
        server.start(1, "after")
        assert run(sends_and_dies, tmp_path / "desk") == KILLED
        assert server.has_ended
        server.start()
        data = open_data(tmp_path / "desk")
        assert data.replica.waiting_count() == 2
        synced(data)
        data.close()
    assert server_names(folder) == ["Sample 1", "Sample 2"]


def sends_and_dies(home: Path) -> None:
    data = open_data(home)
    client(data, "Sample 1")
    engine_of(data).sync_once()
    client(data, "Sample 2")
    die()
