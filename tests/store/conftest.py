"""A real PostgreSQL for the tests that are marked so, and desks' files with a fixed key."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from csr_desktop.store.opening import open_desk
from tests.postgresql import database_url

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


@pytest.fixture
def postgresql_url(request: pytest.FixtureRequest) -> str:
    """An empty database of its own."""
    return database_url(f"t{abs(hash(request.node.nodeid))}")


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
