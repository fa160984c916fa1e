"""A real PostgreSQL for the tests that are marked so, and desks' files with a fixed key."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from csr_desktop.store.opening import open_desk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from csr_desktop.store.sql import Sql

KEY = bytes(range(32))
NOBODY = 65534


def as_nobody() -> list[str]:
    """PostgreSQL and rights of files don't work as root."""
    if os.geteuid() == 0:
        return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    return []


@pytest.fixture(scope="session")
def postgresql_socket() -> Iterator[Path]:
    """The folder of a running server's socket."""
    programs = [name for name in ("initdb", "pg_ctl", "setpriv") if shutil.which(name) is None]
    if programs:
        pytest.skip(f"not installed: {', '.join(programs)}")
    folder = Path(tempfile.mkdtemp(prefix="csrpg"))
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    data = folder / "data"

    def run(*command: str) -> None:
        subprocess.run(
            [*as_nobody(), *command], check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    run("initdb", "-D", str(data), "-U", "csr", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
    run("pg_ctl", "-D", str(data), "-w", "-o", f"-c listen_addresses='' -k {folder}", "start")
    yield folder
    run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
    shutil.rmtree(folder)


@pytest.fixture
def postgresql_url(postgresql_socket: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database of its own."""
    import psycopg

    def do(statement: str) -> None:
        with psycopg.connect(host=str(postgresql_socket), user="csr", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement)

    name = f"t{abs(hash(request.node.nodeid))}"
    do(f"CREATE DATABASE {name}")
    yield f"postgresql://csr@/{name}?host={postgresql_socket}"
    do(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def user_command() -> list[str]:
    """What to put before a command so that rights of files count for it."""
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed, and root may write everywhere")
    return as_nobody()


@pytest.fixture
def desk_path(tmp_path: Path) -> Path:
    return tmp_path / "desk.db"


@pytest.fixture
def opened(desk_path: Path) -> Iterator[Callable[[], Sql]]:
    """Opens the desk's file; what is still open at the end is closed."""
    made: list[Sql] = []

    def open_it() -> Sql:
        made.append(open_desk(desk_path, KEY, clock=lambda: 1_700_000_000_000))
        return made[-1]

    yield open_it
    for sql in made:
        if not sql.db.is_closed():
            sql.db.close()
