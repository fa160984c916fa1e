"""A filled desk of so many seats, made once and kept in the cache folder; what is measured works on a copy."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

from csr_desktop.services.desk_data import DeskData
from csr_desktop.services.sign_in import Account
from csr_desktop.store.migrations import latest_version
from csr_desktop.system.clock import wall_clock
from tests.desks import Bureau, open_data

CACHE = Path(tempfile.gettempdir()) / "csr-desktop-bench"
FRESH_SECONDS = 6 * 3600
"""Older ones have no work of today any more."""


def filled(seats: int) -> Path:
    """The folder of a furnished bureau with Alex's desk filled from it."""
    shapes = f"{latest_version('server')}-{latest_version('desk')}"
    home = CACHE / f"{seats}-seats-{shapes}"
    done = home / "done"
    if done.exists() and time.time() - done.stat().st_mtime < FRESH_SECONDS:
        return home
    shutil.rmtree(home, ignore_errors=True)
    bureau = Bureau(home / "server", wall_clock)
    bureau.furnish(seats)
    agent = bureau.made_up.agent
    data = open_data(home / "alex", bureau.account(agent.id, agent.name, agent.login), wall_clock)
    bureau.sync(data)
    data.close()
    bureau.sql.db.close()
    done.touch()
    return home


def copied(seats: int) -> tuple[Path, Account]:
    """A copy to work on, and whose it is. The caller removes the copy's folder."""
    source = filled(seats)
    home = Path(tempfile.mkdtemp(prefix="csr-desktop-bench-"))
    shutil.copytree(source, home, dirs_exist_ok=True)
    bureau = Bureau(home / "server", wall_clock)
    bureau.open()
    row = bureau.sql.one("SELECT id, name FROM users WHERE login = 'alex'")
    assert row is not None
    account = bureau.account(row[0], row[1], "alex")
    bureau.sql.db.close()
    return home, account


def open_data_of(home: Path, account: Account) -> DeskData:
    return open_data(home / "alex", account, wall_clock)


def opened(seats: int) -> tuple[Path, DeskData]:
    home, account = copied(seats)
    return home, open_data_of(home, account)


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]
