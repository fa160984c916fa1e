"""A made-up bureau on a server of its own."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from csr_desktop.server.administration import Administration
from csr_desktop.server.app import Api, Parts
from csr_desktop.server.calls import exchange
from csr_desktop.server.folder import DATABASE_NAME, ServerFolder
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.run import RunningServer, Surroundings, server_parts
from csr_desktop.store.sql import Sql
from csr_desktop.system.clock import wall_clock
from tests import postgresql
from tests.server.desk import CHEAP, PASSWORD, Clock, Desk, http_client
from tests.server.phones import KINDS, PhoneSite

Start = Callable[..., tuple[subprocess.Popen[str], str]]
STAFF = (
    ("Ada Sample", "ada", "csr", ("Team one",)),
    ("Bob Example", "bob", "csr", ("Team one",)),
    ("Cy Placeholder", "cy", "csr", ("Team two",)),
    ("Lea Demo", "lea", "lead", ("Team one",)),
    ("Max Fictional", "max", "manager", ()),
    ("Adm Sample", "adm", "administrator", ()),
)


def _make(folder: ServerFolder) -> None:
    sql = folder.create()
    try:
        made = Administration(sql, Ledger(sql, wall_clock), wall_clock, passwords=CHEAP)
        with sql.transaction():
            made.create_organisation("Sample Payroll", "US", "America/New_York", own_numbers=("(212) 555-0100",))
            for team in ("Team one", "Team two"):
                made.add_team(team)
            for name, login, role, teams in STAFF:
                made.add_user(name, login, role, teams, PASSWORD)
    finally:
        sql.db.close()


def _make_template(folder: ServerFolder) -> None:
    """Without its epoch: each copy is a server of its own."""
    _make(folder)
    sql = folder.open()
    sql.do("DELETE FROM counters WHERE id = 'epoch'")
    sql.db.close()


@functools.cache
def _file() -> bytes:
    with tempfile.TemporaryDirectory() as home:
        folder = ServerFolder(Path(home) / "server")
        _make_template(folder)
        return (folder.path / DATABASE_NAME).read_bytes()


def _bureau(url: str) -> None:
    with tempfile.TemporaryDirectory() as home:
        _make_template(ServerFolder(Path(home) / "server", url))


def make_bureau(folder: ServerFolder) -> None:
    """An organisation with two teams and one person of each role, all with the same password. Their rows are made once
    a process and copied; the server's key and its epoch are its own.
    """
    if postgresql.is_own(folder.address):
        postgresql.fill(folder.address, _bureau)
    elif not folder.address:
        folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder.path / DATABASE_NAME).write_bytes(_file())
    else:
        _make(folder)
        return
    folder.create().db.close()


@pytest.fixture(scope="session")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once, copied for each test."""
    path = tmp_path_factory.mktemp("bureau") / "server"
    make_bureau(ServerFolder(path))
    return path


@pytest.fixture
def folder(bureau: Path, tmp_path: Path) -> ServerFolder:
    path = tmp_path / "server"
    shutil.copytree(bureau, path)
    return ServerFolder(path)


@pytest.fixture
def server(folder: ServerFolder) -> Iterator[RunningServer]:
    """A real one, on loopback."""
    with RunningServer(folder, surroundings=Surroundings(passwords=CHEAP)) as running:
        yield running


@pytest.fixture
def desk(server: RunningServer) -> Iterator[Callable[[str], Desk]]:
    """Workstations of people by sign-in name, over real HTTP."""
    with ExitStack() as closing:
        yield lambda login: closing.enter_context(Desk(http_client(server.url), login))


@pytest.fixture
def ada(desk: Callable[[str], Desk]) -> Desk:
    """Signed in, with a token."""
    return desk("ada").begin()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def parts(folder: ServerFolder, clock: Clock) -> Iterator[Parts]:
    """A server's parts without HTTP, at a time that stands."""
    around = Surroundings(clock=clock, monotonic=clock.monotonic, passwords=CHEAP)
    with server_parts(folder, around) as found:
        yield found


@pytest.fixture
def still(parts: Parts) -> Iterator[Callable[[str], Desk]]:
    """Workstations that need no socket, at a time that stands."""
    with TestClient(Api(parts).application(), base_url="http://127.0.0.1") as client:
        yield lambda login: Desk(client, login)


@pytest.fixture
def quiet_ada(still: Callable[[str], Desk]) -> Desk:
    """Signed in, with a token, without a socket."""
    return still("ada").begin()


@pytest.fixture
def quiet_sql(parts: Parts) -> Iterator[Sql]:
    """The database of the server without a socket, seen from this thread."""
    parts.sql.db.connect()
    yield parts.sql
    parts.sql.db.close()


@pytest.fixture
def start(folder: ServerFolder, tmp_path: Path) -> Iterator[Start]:
    """Starts `server run` on a free port; gives the process and its address once it listens."""
    running: list[subprocess.Popen[str]] = []
    ready = tmp_path / "ready"

    def run(*options: str) -> tuple[subprocess.Popen[str], str]:
        left = ready.read_text() if ready.exists() else ""
        code = "from csr_desktop.server.cli import server; server(prog_name='csr-desktop server')"
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                code,
                "run",
                "--data",
                str(folder.path),
                "--port",
                "0",
                "--ready-file",
                str(ready),
                "--log-level",
                "warning",  # nobody reads its standard error before its end, and a pipe takes little
                *options,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        deadline = time.monotonic() + 30
        while not ready.exists() or ready.read_text() in {"", left}:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return process, ready.read_text().strip()

    yield run
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture(params=KINDS)
def phone_site(
    request: pytest.FixtureRequest, bureau: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PhoneSite]:
    """What comes of a call does not depend on how long it is waited for what comes late: here that is short."""
    monkeypatch.setattr(exchange, "SETTLED_MS", 400)
    monkeypatch.setattr(exchange, "LOOK_SECONDS", 0.1)
    if request.param == "postgresql":
        folder = ServerFolder(tmp_path / "server", postgresql.database_url("phones"))
        make_bureau(folder)
    else:
        shutil.copytree(bureau, tmp_path / "server")
        folder = ServerFolder(tmp_path / "server")
    made = PhoneSite(folder)
    yield made
    made.close()
