"""A file of each released version of the schema is brought up to today's with every row as it was."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import zstandard

from csr_desktop.store.database import ServerSqliteDatabase, desk_database
from csr_desktop.store.migrations import latest_version, version_of
from csr_desktop.store.opening import close_desk, open_desk, open_server
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS
from tests.store.released.keep import HERE, KEY, MADE_AT, tables_of

if TYPE_CHECKING:
    import peewee as pw

Rows = dict[str, list[dict[str, Any]]]
CAME_LATER = {"attachments", "verification_rules", "verifications", "scripts", "saved_filters"}
"""Synced tables that the first versions did not have."""
FETCHED_ANEW = 12
"""The version of a desk's file since which what is here to be read for a day was kept."""
ASKED_AGAIN = 13
"""The version of a desk's file that has all columns: what was passed over before is asked for once more."""
DESKS = sorted(path.name for path in HERE.glob("desk_*.db"))
SERVERS = sorted(path.name for path in HERE.glob("server_*.db.zst"))


def as_it_is(db: pw.Database) -> tuple[int, Rows]:
    """Version and rows of a file that nothing brings up."""
    db.connect()
    sql = Sql(db)
    found = version_of(sql), {table: rows_of(sql, table) for table in tables_of(sql)}
    db.close()
    return found


def rows_of(sql: Sql, table: str) -> list[dict[str, Any]]:
    names = [column.name for column in sql.db.get_columns(table)]
    listed = ",".join(f'"{name}"' for name in names)
    return [dict(zip(names, row, strict=True)) for row in sql.all(f"SELECT {listed} FROM {table} ORDER BY rowid")]


def assert_intact(sql: Sql, before: Rows, version: int) -> None:
    assert set(COLUMNS) - CAME_LATER <= set(before)
    for table, rows in before.items():
        assert rows, table
        now = rows_of(sql, table)
        if table in {"older_interactions", "older_fetched"} and version < FETCHED_ANEW:
            assert now == []  # what is here to be read for a day is fetched again
            continue
        if table == "cursors" and version < ASKED_AGAIN:
            assert [(row["scope"], row["rev"]) for row in now] == [(row["scope"], 0) for row in rows]
            continue
        kept = [{name: row.get(name) for name in rows[0]} for row in now]
        assert [row for row in kept if row in rows] == rows, table
        if table in COLUMNS:
            assert len(now) == len(rows)
            assert set(now[0]) == set(COLUMNS[table])


def test_files_of_all_versions_are_kept() -> None:
    """Those that somebody may have: numbers that are missing were never given to anybody."""
    assert set(DESKS) == {f"desk_{number}.db" for number in (1, 2, 3, 4, 6, 7, 8, 9, 11, 12, 13)}
    assert set(SERVERS) == {f"server_{number}.db.zst" for number in (1, 2, 4, 6, 7, 10, 11, 13, 14, 15)}
    assert f"desk_{latest_version('desk')}.db" in DESKS, "run python -m tests.store.released.keep"
    assert f"server_{latest_version('server')}.db.zst" in SERVERS, "run python -m tests.store.released.keep"


@pytest.mark.parametrize("name", DESKS)
def test_a_desks_file_of_each_version_is_brought_up(name: str, tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    shutil.copyfile(HERE / name, path)
    version, before = as_it_is(desk_database(path, KEY, lambda: MADE_AT))
    assert name == f"desk_{version}.db"
    shutil.copyfile(HERE / name, path)
    shutil.copyfile(HERE / f"{name}.meta", path.with_name("desk.db.meta"))
    sql = open_desk(path, KEY, clock=lambda: MADE_AT)
    assert version_of(sql) == latest_version("desk")
    assert_intact(sql, before, version)
    assert sql.value("PRAGMA integrity_check") == "ok"
    close_desk(sql)
    assert path.with_name(f"desk.db.version-{version}").exists() == (version < latest_version("desk"))


@pytest.mark.parametrize("name", SERVERS)
def test_a_servers_file_of_each_version_is_brought_up(name: str, tmp_path: Path) -> None:
    path = tmp_path / "server.db"
    path.write_bytes(zstandard.ZstdDecompressor().decompress((HERE / name).read_bytes()))
    version, before = as_it_is(ServerSqliteDatabase(str(path)))
    assert name == f"server_{version}.db.zst"
    sql = open_server(path)
    assert version_of(sql) == latest_version("server")
    assert_intact(sql, before, version)
    assert sql.value("PRAGMA integrity_check") == "ok"
    sql.db.close()
