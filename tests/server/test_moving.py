"""A server moves from SQLite to PostgreSQL: whole or not at all, and its workstations go on."""

from __future__ import annotations

import hashlib
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from csr_desktop.commands import clients, tickets
from csr_desktop.domain.errors import Refused, Unreadable
from csr_desktop.server import moving
from csr_desktop.server.cli import server as command_line
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.made_up.bureau import generate
from csr_desktop.server.made_up.loads import made_up_numbers
from csr_desktop.server.moving import move
from csr_desktop.server.run import RunningServer, administration
from csr_desktop.store.opening import connect_server
from csr_desktop.store.server_tables import SERVER_TABLES
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import SYNCED
from csr_desktop.system.clock import wall_clock
from tests import postgresql
from tests.server.desk import new_id
from tests.server.test_engine import Workstation, until

pytestmark = pytest.mark.postgresql
TABLES = (*SYNCED, *(model._meta.table_name for model in SERVER_TABLES))


def quiet(words: str, done: int, total: int) -> None:
    del words, done, total


@pytest.fixture
def url() -> str:
    return postgresql.database_url("moving")


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(command_line, list(words))
    return result.exit_code, result.output


def tables_of(url: str) -> list[str]:
    sql = connect_server(url)
    found = [name for (name,) in sql.all("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")]
    sql.db.close()
    return found


def everything(sql: Sql) -> dict[str, set[tuple[Any, ...]]]:
    """All rows of all tables; without what a counter notes of transactions."""
    found = {}
    for table in TABLES:
        columns = "id, value" if table == "counters" else "*"
        rows = sql.all(f"SELECT {columns} FROM {table}")
        found[table] = {tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in rows}
        assert len(found[table]) == len(rows)
    return found


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[Callable[[str, str], Workstation]]:
    opened: list[Workstation] = []

    def open_one(url: str, login: str) -> Workstation:
        opened.append(Workstation(tmp_path / "desks" / login, url, login))
        return opened[-1]

    yield open_one
    for desk in opened:
        desk.close()


def test_a_workstation_goes_on_without_noticing(
    folder: ServerFolder, url: str, open_desk: Callable[[str, str], Workstation]
) -> None:
    with RunningServer(folder) as server:
        port = int(server.url.rpartition(":")[2])
        ada, bob = open_desk(server.url, "ada"), open_desk(server.url, "bob")
        team = next(iter(ada.data.replica.who().teams))
        before = new_id()
        ada.do(clients.AddClient(row_id=new_id(), name="Sample Bakery \N{SNOWMAN}"))
        ada.do(tickets.OpenTicket(row_id=before, scope=team, subject="Tax notice"))
        until(lambda: bob.has("tickets", before) and ada.is_saved())
    meanwhile, after = new_id(), new_id()
    ada.do(tickets.OpenTicket(row_id=meanwhile, scope=team, subject="While it moves"))
    old = folder.open()
    there = everything(old)
    old.db.close()
    code, said = run("migrate", "--from", str(folder.path), "--to", url)
    assert code == 0, said
    assert "each is the same on both sides" in said
    moved = ServerFolder(folder.path, url)
    new = moved.open()
    assert everything(new) == there
    new.db.close()
    with RunningServer(moved, port=port):
        for desk in (ada, bob):
            desk.engine.wake()
        until(lambda: bob.has("tickets", meanwhile) and ada.is_saved())
        bob.do(tickets.OpenTicket(row_id=after, scope=team, subject="Afterwards"))
        until(lambda: ada.has("tickets", after) and bob.is_saved())
        numbers = [ada.data.sql.load("tickets", [i])[i]["number"] for i in (before, meanwhile, after)]
        assert numbers == [1, 2, 3]
    assert not any("restored" in status.title or status.state == "signed_out" for status in ada.statuses)
    new = moved.open()
    assert_chained(new)
    assert {seq for (seq,) in new.all("SELECT seq FROM devices WHERE name <> 'Command line'")} == {3, 1}
    new.db.close()


def assert_chained(sql: Sql) -> None:
    """Each entry of the log is hashed over the one before, across the move."""
    chain = b""
    columns = "position, id, user_id, body, status, code, executed_at, hash"
    rows = sql.all(f"SELECT {columns} FROM log ORDER BY position")
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    for position, log_id, user_id, body, status, code, at, found in rows:
        content = msgspec.msgpack.encode([position, log_id, user_id, bytes(body), status, code, at])
        chain = hashlib.sha256(chain + content).digest()
        assert bytes(found) == chain


def test_the_old_file_is_set_aside_and_no_server_starts_on_it(folder: ServerFolder, url: str) -> None:
    moved = move(folder, ServerFolder(folder.path, url), quiet)
    assert moved.kept_as.is_file()
    with pytest.raises(Unreadable, match="is on PostgreSQL"):
        folder.open()
    code, said = run("run", "--data", str(folder.path))
    assert (code, "is on PostgreSQL" in said) == (1, True)


def test_a_database_that_is_not_empty_is_left_alone(folder: ServerFolder, url: str) -> None:
    other = ServerFolder(folder.path.with_name("other"), url)
    other.create().db.close()
    code, said = run("migrate", "--from", str(folder.path), "--to", url)
    assert (code, "is not empty" in said) == (1, True)
    folder.open().db.close()


def test_a_server_that_runs_is_not_moved(folder: ServerFolder, url: str) -> None:
    lock = folder.claim()
    assert lock is not None
    code, said = run("migrate", "--from", f"sqlite:///{folder.path}/server.db", "--to", url)
    assert (code, "already runs" in said) == (1, True)
    assert tables_of(url) == []
    lock.close()


def test_what_is_no_server_is_said(tmp_path: Path, folder: ServerFolder, url: str) -> None:
    for source in (str(tmp_path / "none"), f"sqlite:///{folder.path}/server.key"):
        code, said = run("migrate", "--from", source, "--to", url)
        assert code == 1
        assert "There is no server in" in said or "is no server's database" in said
    code, said = run("migrate", "--from", str(folder.path), "--to", f"sqlite:///{tmp_path}/x.db")
    assert (code, "from SQLite to PostgreSQL" in said) == (1, True)
    code, said = run("migrate", "--from", str(folder.path), "--to", "postgresql://csr:secret@host/x")
    assert (code, "must not stand in an argument" in said) == (2, True)


def test_a_copy_that_differs_is_taken_back(folder: ServerFolder, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if PostgreSQL had kept a value otherwise than it was given."""
    copied = moving._copy

    def careless(old: Sql, new: Sql, table: str, *rest: Any) -> Any:
        found = copied(old, new, table, *rest)
        if table == "credentials":
            new.do("UPDATE credentials SET failures = failures + 1 WHERE user_id <> 'nobody'")
        return found

    monkeypatch.setattr(moving, "_copy", careless)
    with pytest.raises(Refused, match="copy of credentials is not the same"):
        move(folder, ServerFolder(folder.path, url), quiet)
    assert tables_of(url) == []
    folder.open().db.close()


def test_killed_in_the_middle_nothing_is_half_done(tmp_path: Path, url: str) -> None:
    folder = ServerFolder(tmp_path / "server")
    sql = folder.create()
    generate(sql, Ledger(sql, wall_clock), 1, 1, wall_clock())
    made_up_numbers(20_000, 1).fill(sql, Ledger(sql, wall_clock))
    before = everything(sql)
    sql.db.close()
    code = "from csr_desktop.server.cli import server; server(prog_name='csr-desktop server')"
    command = [sys.executable, "-c", code, "migrate", "--from", str(folder.path), "--to", url]
    for word in ("Copying", "Comparing"):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        said = next((line for line in process.stderr if line.startswith(word)), "")
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert said
        assert tables_of(url) == []
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    new = connect_server(url)
    assert everything(new) == before
    assert new.value("SELECT max(rev) FROM phone_numbers") == new.value("SELECT value FROM counters WHERE id = 'rev'")
    new.db.close()


def test_killed_when_all_is_there_it_is_done_again_and_ends_it(folder: ServerFolder, url: str) -> None:
    """Until the SQLite file is set aside there are two servers' data, and somebody could start either."""
    killed = (
        "import os; from csr_desktop.server.folder import ServerFolder as F;"
        " F.set_database_aside = lambda self: os.kill(os.getpid(), 9);"
        " from csr_desktop.server.cli import server; server(prog_name='csr-desktop server')"
    )
    words = ("migrate", "--from", str(folder.path), "--to", url)
    assert subprocess.run([sys.executable, "-c", killed, *words], capture_output=True, check=False).returncode == -9
    there = connect_server(url)
    assert there.value("SELECT count(*) FROM users WHERE login = 'ada'") == 1
    there.db.close()
    folder.open().db.close()  # both could be started by now
    code, said = run(*words)
    assert code == 0, said
    with pytest.raises(Unreadable, match="is on PostgreSQL"):
        folder.open()


def test_killed_when_all_is_there_and_a_server_ran_there_since_nothing_is_touched(
    folder: ServerFolder, url: str, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    shutil.copytree(folder.path, kept)
    move(folder, ServerFolder(folder.path, url), quiet)
    with administration(ServerFolder(folder.path, url)) as made:
        made.add_team("Team three")
    code, said = run("migrate", "--from", str(kept), "--to", url)
    assert (code, "is not empty" in said) == (1, True)
    ServerFolder(kept).open().db.close()
    there = connect_server(url)
    assert there.value("SELECT count(*) FROM teams WHERE name = 'Team three'") == 1
    there.db.close()
