from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from csr_desktop.domain.errors import EnvironmentFault, Unreadable
from csr_desktop.store.backup import backup
from csr_desktop.store.opening import close_desk, open_desk, open_server, restore
from csr_desktop.store.sql import Sql

KEY = bytes(range(32))
Open = Callable[[], Sql]


def clock() -> int:
    return 1_700_000_000_000


def typed(sql: Sql, number: int) -> None:
    with sql.transaction():
        sql.do("INSERT INTO drafts VALUES (?, ?, 1)", f"draft {number}", "Sample text " * 50)
        sql.do(
            "INSERT INTO state VALUES ('seq', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", str(number)
        )


def test_a_copy_is_encrypted_complete_and_leaves_nothing_else(opened: Open, tmp_path: Path) -> None:
    sql = opened()
    typed(sql, 1)
    copy = tmp_path / "copies" / "desk.backup"
    copy.parent.mkdir()
    backup(sql, copy)
    assert [p.name for p in copy.parent.iterdir()] == ["desk.backup"]
    assert b"Sample text" not in copy.read_bytes()
    close_desk(sql)
    again = open_desk(copy, KEY, clock=clock)
    assert again.value("SELECT COUNT(*) FROM drafts") == 1
    close_desk(again)


def test_a_copy_is_of_one_moment_while_others_write(opened: Open, tmp_path: Path) -> None:
    sql = opened()
    stop = threading.Event()

    def write() -> None:
        sql.db.connect()
        number = 0
        while not stop.is_set() and number < 5_000:
            number += 1
            typed(sql, number)
        sql.db.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for round_number in range(5):
            backup(sql, tmp_path / f"copy-{round_number}")
    finally:
        stop.set()
        writer.join()
    close_desk(sql)
    counts = []
    for round_number in range(5):
        copy = open_desk(tmp_path / f"copy-{round_number}", KEY, clock=clock)
        count = copy.value("SELECT COUNT(*) FROM drafts")
        assert count == int(copy.value("SELECT value FROM state WHERE key = 'seq'") or 0)
        counts.append(count)
        close_desk(copy)
    assert counts == sorted(counts)
    assert counts[-1] > 0


def test_a_good_copy_outlives_a_failed_one(opened: Open, desk_path: Path, tmp_path: Path) -> None:
    sql = opened()
    for number in range(1, 400):
        typed(sql, number)
    copy = tmp_path / "desk.backup"
    backup(sql, copy)
    good = copy.read_bytes()
    close_desk(sql)
    size = desk_path.stat().st_size
    with desk_path.open("r+b") as file:
        file.seek(size - 20 * 4096)  # several pages of rows, since a copy makes its own indexes anew
        file.write(os.urandom(20 * 4096))
    from csr_desktop.store.database import desk_database

    harmed = Sql(desk_database(desk_path, KEY, clock))
    harmed.db.connect()
    with pytest.raises(Unreadable) as refused:
        backup(harmed, copy)
    harmed.db.close()
    assert refused.value.kind == "damaged"
    assert copy.read_bytes() == good
    assert not list(tmp_path.glob("*.part*"))
    with pytest.raises(Unreadable):
        opened()
    sql = restore(desk_path, copy, KEY, clock=clock)
    assert sql.value("SELECT COUNT(*) FROM drafts") == 399
    assert sql.value("SELECT value FROM state WHERE key = 'is_restored'") == "1"
    close_desk(sql)
    assert (tmp_path / "desk.db.set-aside-1").stat().st_size == size


def test_an_older_copy_may_be_put_back_on_purpose(opened: Open, desk_path: Path, tmp_path: Path) -> None:
    sql = opened()
    typed(sql, 1)
    backup(sql, tmp_path / "copy")
    typed(sql, 2)
    close_desk(sql)
    close_desk(restore(desk_path, tmp_path / "copy", KEY, clock=clock))
    sql = opened()
    assert sql.value("SELECT value FROM state WHERE key = 'seq'") == "1"
    close_desk(sql)


@pytest.mark.parametrize("renames", range(1, 4))
def test_putting_back_that_is_cut_off_never_looks_like_a_new_file(
    opened: Open, desk_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    sql = opened()
    typed(sql, 1)
    backup(sql, tmp_path / "copy")
    typed(sql, 2)
    close_desk(sql)
    left = renames

    def cut_off(original: Callable[[Path, Path], Path]) -> Callable[[Path, Path], Path]:
        def rename(path: Path, target: Path) -> Path:
            nonlocal left
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
            return original(path, target)

        return rename

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", cut_off(Path.rename))
        patch.setattr(Path, "replace", cut_off(Path.replace))
        with pytest.raises(KeyboardInterrupt):
            restore(desk_path, tmp_path / "copy", KEY, clock=clock)
    if renames > 1:
        with pytest.raises(Unreadable):
            opened()
    sql = restore(desk_path, tmp_path / "copy", KEY, clock=clock)
    assert sql.value("SELECT COUNT(*) FROM drafts") == 1
    close_desk(sql)


def test_a_copy_that_is_not_there_leaves_the_file_where_it_is(opened: Open, desk_path: Path, tmp_path: Path) -> None:
    sql = opened()
    close_desk(sql)
    before = desk_path.read_bytes()
    with pytest.raises(FileNotFoundError):
        restore(desk_path, tmp_path / "none", KEY, clock=clock)
    assert desk_path.read_bytes() == before


def test_a_folder_for_copies_that_is_not_there_is_said(opened: Open, tmp_path: Path) -> None:
    sql = opened()
    with pytest.raises(EnvironmentFault):
        backup(sql, tmp_path / "none" / "copy")
    close_desk(sql)


def test_a_server_file_is_copied_too(tmp_path: Path) -> None:
    sql = open_server(tmp_path / "server.db")
    sql.do("INSERT INTO counters (id, value) VALUES ('rev', 5)")
    backup(sql, tmp_path / "copy")
    sql.db.close()
    copy = open_server(tmp_path / "copy")
    assert copy.value("SELECT value FROM counters WHERE id = 'rev'") == 5
    copy.db.close()
