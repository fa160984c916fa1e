"""A new desk whose process is killed in the middle of its first fill, over real HTTP: the next start goes on there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from csr_desktop.domain.change_set import ChangeSet
from csr_desktop.domain.ids import uuid7
from csr_desktop.server.run import RunningServer
from csr_desktop.services.desk_data import DeskData
from csr_desktop.services.sign_in import Accounts
from csr_desktop.store.tables import COLUMNS, new_row
from csr_desktop.system.clock import wall_clock
from csr_desktop.system.keyring_store import FolderSecrets
from tests.desks import ZONE
from tests.server.desk import PASSWORD

COUNT = 12_000
CHILD = """
import sys, time
from pathlib import Path
from tests.server.test_first_fill_killed import opened

data = opened(Path(sys.argv[1]), sys.argv[2])
engine = data.engine(lambda _changed: None, lambda status: (print(status.rows_left, flush=True), time.sleep(0.2)))
engine.sync_once()
"""


def opened(home: Path, url: str) -> DeskData:
    home.mkdir(parents=True, exist_ok=True)
    accounts = Accounts(home, FolderSecrets(home / "keys"))
    account = accounts.current() or accounts.sign_in(url, "ada", PASSWORD)
    keys = accounts.keys(account)
    assert keys is not None
    return DeskData(home, account, keys, wall_clock, ZONE)


def furnish(server: RunningServer) -> None:
    sql, now = server.parts.sql, wall_clock()
    sql.db.connect()
    team = sql.value("SELECT id FROM teams WHERE name = 'Team one'")
    names = COLUMNS["interactions"]
    calls = []
    for number in range(COUNT):
        at = now - (COUNT - number) * 60_000
        row = {**new_row("interactions"), "id": uuid7(at, number), "scope": team, "started_at": at, "note": "Sample"}
        calls.append([row[name] for name in names])
    server.parts.ledger.fill("interactions", calls, names.index("rev"))
    sql.db.close()


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_killed_in_the_middle_it_goes_on_and_fetches_nothing_twice(server: RunningServer, tmp_path: Path) -> None:
    furnish(server)
    home = tmp_path / "desk"
    command = [sys.executable, "-c", CHILD, str(home), server.url]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        lefts = [int(child.stdout.readline()) for _ in range(2)]
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait(20)
        child.stdout.close()
    assert lefts[0] > lefts[1] > 0
    data = opened(home, server.url)
    come = int(data.sql.value("SELECT COUNT(*) FROM interactions"))
    assert 0 < come < COUNT
    changes: list[ChangeSet] = []
    engine = data.engine(changes.append, lambda _status: None)
    try:
        assert engine.sync_once()
        assert engine.sync_once()
        assert engine.status.mended_count == 0
    finally:
        engine.stop()
    fetched = [row_id for change in changes for row_id in change.ids("interactions")]
    assert len(fetched) == COUNT - come
    assert data.sql.value("SELECT COUNT(*) FROM interactions") == COUNT
    end = time.monotonic() + 60
    while data.services.search.tidy():
        assert time.monotonic() < end, "search never comes after"
    found = data.services.search.find("sample")
    assert any(section.hits for section in found.sections)
    data.close()
