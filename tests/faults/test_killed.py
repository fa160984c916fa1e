"""Faults 1, 8 and 14: killed at every commit and every step, desk and server; what was said to be saved is there once."""

from __future__ import annotations

import functools
import multiprocessing
import os
import random
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from csr_desktop.server.folder import ServerFolder
from csr_desktop.services.desk_data import DeskData
from csr_desktop.store import migrations
from csr_desktop.store.backup import backup
from csr_desktop.store.database import DeskDatabase, desk_database
from csr_desktop.store.migrations import Step, version_of
from csr_desktop.store.opening import close_desk, open_desk, restore
from csr_desktop.store.sql import Sql
from csr_desktop.system.clock import wall_clock
from tests.desks import KEY
from tests.faults.processes import (
    KILLED,
    Server,
    When,
    accounts,
    client,
    die,
    engine_of,
    kill_at_commit,
    kill_at_step,
    log_of,
    names,
    open_data,
    run,
    server_names,
    serving,
    synced,
    until,
)
from tests.server.desk import PASSWORD

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked from a prepared one here")


@pytest.fixture
def server_process(folder: ServerFolder) -> Iterator[Server]:
    with serving(folder) as made:
        yield made


@pytest.fixture
def home(server_process: Server, tmp_path: Path) -> Path:
    """Where Ada is signed in, with all that the server has."""
    home = tmp_path / "desk"
    data = open_data(home, server_process.url)
    synced(data)
    data.close()
    return home


def acknowledge(home: Path, name: str) -> None:
    """As the screen says that it was saved: from now on it must never be lost."""
    handle = os.open(home / "acknowledged", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{name}\n".encode())
    os.close(handle)


def acknowledged(home: Path) -> set[str]:
    path = home / "acknowledged"
    return set(path.read_text().splitlines()) if path.exists() else set()


def opened(home: Path) -> DeskData:
    """The next start: everything acknowledged is there, and what waits is numbered without gaps."""
    data = open_data(home)
    assert acknowledged(home) <= set(names(data))
    waiting = [command.seq for command in data.replica.unsent()]
    seq = int(data.replica.state().get("seq", 0))
    assert waiting == list(range(seq - len(waiting) + 1, seq + 1))
    return data


def day(home: Path, number: int, when: When) -> None:
    kill_at_commit(DeskDatabase, number, when)
    work(home, f"Sample {number} {when}")


def work(home: Path, name: str) -> None:
    data = opened(home)
    for part in range(1, 4):
        client(data, f"{name} {part}")
        acknowledge(home, f"{name} {part}")
    client(data, f"{name} taken back")
    data.replica.undo()
    engine_of(data).sync_once()
    client(data, f"{name} unsent")
    acknowledge(home, f"{name} unsent")
    data.close()
    os._exit(0)


def assert_all_is_there_once(home: Path, server: Server) -> None:
    if server.has_ended:
        server.start()
    data = opened(home)
    synced(data)
    here = names(data)
    data.close()
    assert here == server_names(server.folder)
    assert Counter(here).most_common(1)[0][1] == 1, "nothing is there twice"
    assert acknowledged(home) <= set(here)
    log = log_of(server.folder)
    assert {status for _, _, status in log} == {"done"}
    for device_id in {device_id for device_id, _, _ in log}:
        seqs = [seq for device, seq, _ in log if device == device_id]
        assert seqs == list(range(1, len(seqs) + 1))


def test_the_desk_is_killed_before_and_after_each_of_its_commits(server_process: Server, home: Path) -> None:
    codes = [run(day, home, number, when) for number in range(1, 12) for when in ("before", "after")]
    assert set(codes) <= {KILLED, 0}
    assert codes.count(KILLED) >= 14
    assert codes[-1] == 0, "all of its commits have been tried"
    assert_all_is_there_once(home, server_process)
    assert len(acknowledged(home)) > 40


def endless(home: Path) -> None:
    data = opened(home)
    engine = engine_of(data)
    number = 0
    while True:
        number += 1
        name = f"Sample {os.getpid()} {number}"
        client(data, name)
        acknowledge(home, name)
        if number % 4 == 0:
            engine.sync_once()


def has_gone_on(home: Path, count: int) -> bool:
    return len(acknowledged(home)) > count


def test_the_desk_is_killed_at_any_moment(server_process: Server, home: Path) -> None:
    chance = random.Random(5)
    for _ in range(6):
        process = multiprocessing.get_context("forkserver").Process(target=endless, args=(home,))
        process.start()
        until(functools.partial(has_gone_on, home, len(acknowledged(home))))
        time.sleep(chance.random() / 5)
        assert process.is_alive(), process.exitcode
        process.kill()
        process.join()
    assert_all_is_there_once(home, server_process)


def _has_ended(server_process: Server) -> bool:
    return server_process.has_ended


@pytest.mark.parametrize("when", ["hook", "before", "after"])
def test_the_server_is_killed_before_and_after_each_of_its_commits(
    server_process: Server, home: Path, when: When
) -> None:
    data = open_data(home)
    for number in (1, 2, 3):
        server_process.start(number, when)
        engine = engine_of(data)
        part = 0
        while not server_process.has_ended:
            part += 1
            assert part < 9, "it was not killed"
            client(data, f"Sample {number} {part}")
            acknowledge(home, f"Sample {number} {part}")
            if not engine.sync_once():  # it is being killed
                until(functools.partial(_has_ended, server_process))
        engine.stop()
        server_process.start()
        synced(data)
    data.close()
    assert_all_is_there_once(home, server_process)


# Each step of what replaces files


NICKNAMES = ("clients", "contacts", "notes")


def migrated(path: Path, number: int) -> None:
    """Killed at a step of its files, or with -n at its n-th change of a table."""

    def columns(_sql: Sql) -> Iterator[str]:
        for table in NICKNAMES:
            yield f"ALTER TABLE {table} ADD COLUMN nickname TEXT NOT NULL DEFAULT ''"

    newest = max(step.version for step in migrations.STEPS)
    migrations.STEPS = (*migrations.STEPS, Step(newest + 1, "desk", columns))
    execute, left = DeskDatabase.execute_sql, -number

    def counted(self: DeskDatabase, sql: str, params: object = None) -> object:
        nonlocal left
        left -= sql.startswith("ALTER")
        if left == 0 and number < 0:
            die()
        return execute(self, sql, params)

    DeskDatabase.execute_sql = counted  # type: ignore[assignment,method-assign]
    if number > 0:
        kill_at_step(number, path.parent)
    sql = open_desk(path, KEY, clock=wall_clock)
    close_desk(sql)
    os._exit(0)


def test_a_migration_killed_at_each_step_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "desk" / "desk.db"
    path.parent.mkdir()
    sql = open_desk(path, KEY, clock=wall_clock)
    with sql.transaction():
        sql.many("INSERT INTO drafts VALUES (?, ?, 1)", [(f"draft {n}", "x" * 900) for n in range(50)])
    close_desk(sql)
    old, _, _ = shape(path)
    codes = []
    for number in [*range(-3, 0), *range(1, 25)]:
        copy = tmp_path / f"copy{number}"
        shutil.copytree(path.parent, copy)
        codes.append(run(migrated, copy / path.name, number))
        if codes[-1] == 0:
            break
        version, has_new, texts = shape(copy / path.name)
        assert texts == 50
        assert (version == old, has_new) in [(True, [False] * 3), (False, [True] * 3)]
        shutil.rmtree(copy)
    assert codes[-1] == 0, "all steps have been tried"
    assert codes.count(KILLED) >= 8


def shape(path: Path) -> tuple[int, list[bool], int]:
    """Version, which tables have the new column, how many texts, before anything would bring the file up."""
    sql = Sql(desk_database(path, KEY, wall_clock))
    sql.db.connect()
    try:
        columns = ["nickname" in [c.name for c in sql.db.get_columns(table)] for table in NICKNAMES]
        return version_of(sql), columns, int(sql.value("SELECT COUNT(*) FROM drafts"))
    finally:
        sql.db.close()


def backed_up(path: Path, number: int) -> None:
    sql = open_desk(path, KEY, clock=wall_clock)
    kill_at_step(number, path.parent)
    backup(sql, path.with_name("copy"))
    sql.db.close()
    os._exit(0)


def test_a_backup_killed_at_each_step_leaves_the_old_copy_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    sql = open_desk(path, KEY, clock=wall_clock)
    sql.do("INSERT INTO drafts VALUES ('0', 'x', 1)")
    backup(sql, tmp_path / "copy")
    close_desk(sql)
    held = 1
    codes = []
    for number in range(1, 20):
        sql = open_desk(path, KEY, clock=wall_clock)
        sql.do("INSERT INTO drafts VALUES (?, 'x', 1)", str(number))
        close_desk(sql)
        codes.append(run(backed_up, path, number))
        shutil.copy(tmp_path / "copy", tmp_path / "tried.db")
        copy = open_desk(tmp_path / "tried.db", KEY, clock=wall_clock)
        count = int(copy.value("SELECT COUNT(*) FROM drafts"))
        close_desk(copy)
        for part in tmp_path.glob("tried.db*"):
            part.unlink()
        assert count in {held, number + 1}
        held = count
        if codes[-1] == 0:
            break
    assert codes[-1] == 0
    assert held == number + 1
    assert codes.count(KILLED) >= 3


def put_back(path: Path, number: int) -> None:
    kill_at_step(number, path.parent)
    close_desk(restore(path, path.with_name("copy"), KEY, clock=wall_clock))
    os._exit(0)


def test_a_restore_killed_at_each_step_is_done_or_can_be_done_again(tmp_path: Path) -> None:
    """Fault 26, too: a kill in the middle of a recovery. Nothing is taken for a new, empty file."""
    original = tmp_path / "desk"
    original.mkdir()
    sql = open_desk(original / "desk.db", KEY, clock=wall_clock)
    sql.do("INSERT INTO drafts VALUES ('kept', 'x', 1)")
    backup(sql, original / "copy")
    sql.do("INSERT INTO drafts VALUES ('later', 'x', 1)")
    close_desk(sql)
    codes = []
    for number in range(1, 40):
        home = tmp_path / f"killed{number}"
        shutil.copytree(original, home)
        codes.append(run(put_back, home / "desk.db", number))
        assert not (home / "desk.db").exists() or (home / "desk.db").stat().st_size > 0
        sql = restore(home / "desk.db", home / "copy", KEY, clock=wall_clock)
        assert sql.all("SELECT key FROM drafts") == [("kept",)]
        close_desk(sql)
        held = [p for p in home.glob("desk.db.set-aside-?") if p.stat().st_size]
        assert held, "the file that was there is never deleted"
        shutil.rmtree(home)
        if codes[-1] == 0:
            break
    assert codes[-1] == 0
    assert codes.count(KILLED) >= 6


def keys_changed(home: Path, number: int) -> None:
    known = accounts(home)
    account = known.current()
    assert account is not None
    kill_at_step(number, home)
    known.sign_in_again(account, PASSWORD)
    os._exit(0)


def test_a_change_of_keys_killed_at_each_step_leaves_a_desk_that_works(server_process: Server, home: Path) -> None:
    """The workstation takes a new device key, then says who it is now: two files, one after the other."""
    data = open_data(home)
    client(data, "Sample, not sent")
    data.close()
    codes = []
    for number in range(1, 20):
        codes.append(run(keys_changed, home, number))
        data = open_data(home)
        assert "Sample, not sent" in names(data)
        engine = engine_of(data)
        is_saved = engine.sync_once()
        engine.stop()
        data.close()
        if not is_saved:  # the new key is kept and the new number is not: signing in again is all there is to do
            assert engine.status.state in {"signed_out", "copied"}
            known = accounts(home)
            account = known.current()
            assert account is not None
            known.sign_in_again(account, PASSWORD)
            data = open_data(home)
            synced(data)
            data.close()
        if codes[-1] == 0:
            break
    assert codes[-1] == 0
    assert codes.count(KILLED) >= 2
    assert server_names(server_process.folder).count("Sample, not sent") == 1
