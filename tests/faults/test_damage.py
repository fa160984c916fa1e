"""Faults 5, 6 and 7: files that are damaged, cut, emptied, taken away or may not be written to, also while they are used.

Each is told at the next opening and set aside whole; the server fills a new file, what could be read is sent, and no
number of a command is used twice.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from csr_desktop.domain.errors import EnvironmentFault, Unreadable
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.run import RunningServer, Surroundings
from csr_desktop.services.desk_data import DeskData
from csr_desktop.store.faults import said_plainly
from csr_desktop.store.meta_file import meta_path, read_meta
from csr_desktop.store.salvage import make_anew
from csr_desktop.system.clock import wall_clock
from tests.faults.machine import missing, needs
from tests.faults.processes import (
    KILLED,
    accounts,
    client,
    die,
    log_of,
    names,
    open_data,
    run,
    server_names,
    synced,
)
from tests.server.conftest import make_bureau
from tests.server.desk import CHEAP

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked from a prepared one here")
SENT = [f"Sample {n}" for n in range(1, 4)]
UNSENT = [f"Sample {n}, not sent" for n in range(1, 6)]
PAGE = 4096
AROUND = Surroundings(passwords=CHEAP)


def crash(home: Path) -> None:
    data = open_data(home)
    for name in SENT:
        client(data, name)
    synced(data)
    data.sql.all("PRAGMA wal_checkpoint(TRUNCATE)")
    for name in UNSENT:
        client(data, name)
    die()


class Case:
    """Folders `server` and `desk` of a desk whose program was killed: eight changes made, three of them sent."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port
        self.folder = ServerFolder(home / "server")
        self.file = next((home / "desk").glob("*.db"))

    @property
    def wal(self) -> Path:
        return self.file.with_name(self.file.name + "-wal")

    def serving(self) -> RunningServer:
        return RunningServer(self.folder, port=self.port, surroundings=AROUND)

    def opened(self) -> DeskData:
        return open_data(self.home / "desk")

    def make_anew(self) -> None:
        known = accounts(self.home / "desk")
        account = known.current()
        assert account is not None
        keys = known.keys(account)
        assert keys is not None
        make_anew(self.file, keys.database_key, wall_clock)

    def asides(self) -> list[Path]:
        return sorted(self.file.parent.glob("*.set-aside-*"))


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Case:
    home = tmp_path_factory.mktemp("crashed")
    make_bureau(ServerFolder(home / "server"))
    with RunningServer(ServerFolder(home / "server"), surroundings=AROUND) as server:
        data = open_data(home / "desk", server.url)
        synced(data)
        data.close()
        assert run(crash, home / "desk") == KILLED
        return Case(home, int(server.url.rpartition(":")[2]))


@pytest.fixture
def case(crashed: Case, tmp_path: Path) -> Case:
    shutil.copytree(crashed.home, tmp_path / "case")
    return Case(tmp_path / "case", crashed.port)


def overwrite(path: Path, at: int, new: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(new)


def flip(path: Path, at: int) -> None:
    overwrite(path, at, bytes([path.read_bytes()[at] ^ 0x40]))


def anywhere(path: Path, seed: int) -> int:
    return random.Random(seed).randrange(path.stat().st_size - 600)


Harm = Callable[[Case], object]


def take_away(case: Case, pattern: str) -> None:
    for part in case.file.parent.glob(pattern):
        if part != meta_path(case.file):
            part.unlink()


def spoil(case: Case) -> None:
    for at in range(5 * PAGE, case.file.stat().st_size - 64, 3 * PAGE):
        overwrite(case.file, at, random.Random(at).randbytes(64))


FILE: dict[str, Harm] = {
    "a byte of the head": lambda c: flip(c.file, 20),
    "a byte of a page": lambda c: flip(c.file, anywhere(c.file, 1)),
    "a byte of another page": lambda c: flip(c.file, anywhere(c.file, 2)),
    "512 bytes of noise": lambda c: overwrite(c.file, anywhere(c.file, 3), random.Random(3).randbytes(512)),
    "noise in many pages": spoil,
    "the head cut off": lambda c: c.file.write_bytes(c.file.read_bytes()[PAGE:]),
    "the head zeroed": lambda c: overwrite(c.file, 0, bytes(PAGE)),
    "cut in the middle": lambda c: os.truncate(c.file, c.file.stat().st_size // 2),
    "cut within the first page": lambda c: os.truncate(c.file, 700),
    "length 0": lambda c: os.truncate(c.file, 0),
    "gone": lambda c: c.file.unlink(),
    "all but the meta gone": lambda c: take_away(c, "*.db*"),
}
WAL: dict[str, Harm] = {
    "the WAL deleted": lambda c: take_away(c, "*.db-*"),
    "the WAL emptied": lambda c: os.truncate(c.wal, 0),
    "the WAL cut in the middle": lambda c: os.truncate(c.wal, c.wal.stat().st_size // 2),
    "the WAL's head changed": lambda c: flip(c.wal, 17),
    "a byte of the WAL changed": lambda c: flip(c.wal, c.wal.stat().st_size // 2),
    "noise at the end of the WAL": lambda c: overwrite(
        c.wal, c.wal.stat().st_size - 512, random.Random(4).randbytes(512)
    ),
}


def assert_goes_on(case: Case, *, has_told: bool) -> list[str]:
    """All that the server knows is there again, new work is taken, and each number was used once. What is there."""
    with case.serving():
        data = case.opened()
        synced(data)
        client(data, "Sample afterwards")
        synced(data)
        here = names(data)
        data.close()
    assert here == server_names(case.folder)
    assert set(SENT) | {"Sample afterwards"} <= set(here)
    assert Counter(here).most_common(1)[0][1] == 1
    log = log_of(case.folder)
    assert {status for _, _, status in log} == {"done"}
    assert Counter((device, seq) for device, seq, _ in log).most_common(1)[0][1] == 1
    assert bool(case.asides()) == has_told
    return here


@pytest.mark.parametrize("harm", FILE)
def test_a_harmed_file_is_told_set_aside_and_made_anew(case: Case, harm: str) -> None:
    FILE[harm](case)
    before = case.file.read_bytes() if case.file.exists() else None
    with pytest.raises(Unreadable) as told:
        case.opened()
    assert told.value.kind in {"damaged", "emptied", "missing"}
    assert case.file.exists() == (before is not None), "looking makes no file and takes none away"
    case.make_anew()
    assert_goes_on(case, has_told=harm not in {"gone", "all but the meta gone"} or bool(case.asides()))
    if before is not None:
        assert any(p.stat().st_size >= len(before) for p in case.asides()), "what is damaged is kept"


@pytest.mark.parametrize("harm", WAL)
def test_a_harmed_wal_is_noticed_or_had_nothing_that_was_sent(case: Case, harm: str) -> None:
    """The meta knows of all that was sent; what a harmed WAL takes along beyond that nobody has any more."""
    meta = read_meta(case.file)
    assert meta is not None
    WAL[harm](case)
    told = ""
    try:
        data = case.opened()
        assert int(data.replica.state()["seq"]) >= meta.last_seq
        data.sql.db.close()
    except Unreadable as fault:
        told = fault.kind
        case.make_anew()
    assert told in {"", "damaged", "rolled_back"}
    assert_goes_on(case, has_told=bool(told))


def test_without_harm_all_of_it_is_sent(case: Case) -> None:
    assert set(UNSENT) <= set(assert_goes_on(case, has_told=False))


def test_when_pages_are_damaged_that_hold_nothing_unsent_all_of_it_is_sent(case: Case) -> None:
    """The unsent changes lie in the WAL, and the damage in the file beneath it."""
    flip(case.file, case.file.stat().st_size - 2 * PAGE)
    with pytest.raises(Unreadable):
        case.opened()
    case.make_anew()
    assert set(UNSENT) <= set(assert_goes_on(case, has_told=True))


# While the program runs


@pytest.fixture
def working(case: Case) -> Iterator[DeskData]:
    data = case.opened()
    yield data
    if not data.sql.db.is_closed():
        data.sql.db.close()


def read_all(data: DeskData) -> list[str]:
    """On a connection of its own, as another thread has; kinds of what was said."""
    told: list[str] = []

    def look() -> None:
        try:
            with said_plainly():
                data.sql.db.connect()
                data.sql.all("SELECT * FROM clients ORDER BY name, id")
                data.sql.value("PRAGMA quick_check(1)")
                data.sql.all("SELECT * FROM sqlite_master")
        except Unreadable as fault:
            told.append(fault.kind)
        finally:
            if not data.sql.db.is_closed():
                data.sql.db.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return told


def test_damage_while_the_program_runs_is_said_and_told_again_at_the_next_opening(
    case: Case, working: DeskData
) -> None:
    working.sql.all("PRAGMA wal_checkpoint(TRUNCATE)")
    for at in range(PAGE, case.file.stat().st_size - 64, PAGE):
        overwrite(case.file, at + 100, bytes(32))
    assert read_all(working) in (["damaged"], [])
    for number in range(3):  # it is either saved or refused in words, and the program lives
        try:
            with said_plainly():
                client(working, f"Sample during {number}")
        except EnvironmentFault as fault:
            assert fault.title  # noqa: PT017  # both are right
    working.sql.db.close()
    with pytest.raises(Unreadable) as told:
        case.opened()
    assert told.value.kind == "damaged"
    case.make_anew()
    assert_goes_on(case, has_told=True)


def test_a_file_taken_away_while_the_program_runs_is_told_at_the_next_opening(case: Case, working: DeskData) -> None:
    client(working, "Sample during")
    take_away(case, "*.db*")
    client(working, "Sample into nothing")
    working.sql.db.close()
    with pytest.raises(Unreadable) as told:
        case.opened()
    assert told.value.kind == "missing"
    case.make_anew()
    assert_goes_on(case, has_told=bool(case.asides()))


# May not be written to


SERVES = """
import sys
from csr_desktop.server.cli import server
server(["run", "--data", sys.argv[1], "--port", "0"], prog_name="csr-desktop server")
"""


@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_server_whose_place_is_read_only_names_it_and_makes_nothing_elsewhere(
    bureau: Path, tmp_path: Path, what: str
) -> None:
    needs("setpriv")
    if os.geteuid() != 0:
        missing("another user than root is tried by root")
    folder = tmp_path / "place" / "server"
    shutil.copytree(bureau, folder)
    for parent in (tmp_path, *tmp_path.parents):
        if parent.name.startswith(("test_", "pytest-", "popen-")):
            parent.chmod(0o755)
    for item in (folder.parent, folder, *folder.iterdir()):
        item.chmod(0o777 if item.is_dir() else 0o666)
    place = folder if what == "folder" else folder / "server.db"
    place.chmod(0o555 if what == "folder" else 0o444)
    (folder / "server.lock").unlink(missing_ok=True)
    before = sorted(p.name for p in folder.parent.rglob("*"))
    ended = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable, "-c", SERVES, str(folder)],
        capture_output=True,
        check=False,
        timeout=60,
        cwd="/",
    )
    said = ended.stderr.decode()
    assert ended.returncode == 1, said
    assert "Traceback" not in said
    assert str(folder) in said
    assert {p.name for p in folder.parent.rglob("*")} - set(before) <= {"server.lock"}
