"""Keeps a database file for the tests: `python -m tests.store.released.keep`, once for each version that is released.

It makes what is missing of `desk_N.db` (SQLCipher, with its meta) and `server_N.db.zst` of the newest versions; a kept
file never changes.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zstandard

from csr_desktop.store.migrations import latest_version
from csr_desktop.store.opening import close_desk, open_desk, open_server
from csr_desktop.store.tables import DEFAULTS

if TYPE_CHECKING:
    from csr_desktop.store.sql import Sql

HERE = Path(__file__).parent
KEY = bytes(range(32))
MADE_AT = 1_790_000_000_000
ROWS = 3
DERIVED = frozenset({"client_clocks", "inbox_items"})
_OWN = ("sqlite_", "search", "schema_version")
_COUNTERS = (("rev", 1000), ("ticket", 1000), ("log", ROWS), ("epoch", 7))


def tables_of(sql: Sql) -> list[str]:
    """Those that hold what cannot be made anew from others."""
    names = sql.all("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return [name for (name,) in names if name not in DERIVED and not name.startswith(_OWN)]


def furnish(sql: Sql) -> None:
    """Some rows in each table, every column with a value that it may have."""
    tables = tables_of(sql)
    with sql.transaction():
        if "counters" in tables:
            sql.many(
                "INSERT INTO counters (id, value) VALUES (?, 0) ON CONFLICT DO NOTHING", [(i,) for i, _ in _COUNTERS]
            )
            # Taken within this transaction, so that the rows may bear these numbers.
            sql.many("UPDATE counters SET value = ?2 WHERE id = ?1", _COUNTERS)
        for place, table in enumerate(tables):
            if table == "counters":
                continue
            if table == "state":
                sql.do("INSERT INTO state (key, value) VALUES ('seq', '3'), ('device_id', 'device 1'), ('epoch', '7')")
                continue
            columns = sql.db.get_columns(table)
            names = ",".join(f'"{column.name}"' for column in columns)
            rows = [
                [_value(table, column.name, column.data_type, place * ROWS + number) for column in columns]
                for number in range(1, ROWS + 1)
            ]
            sql.many(f"INSERT INTO {table} ({names}) VALUES ({','.join('?' * len(columns))})", rows)
        if "counters" in tables:
            sql.do("UPDATE counters SET taken = 0")


def _value(table: str, column: str, kind: str, number: int) -> Any:
    if column.startswith("is_") or column == "deleted":
        return number % 2
    if kind.upper() == "BLOB":
        return bytes([number]) if column == "tag" else b"\x80"  # a key, or an empty map
    if kind.upper() in {"INTEGER", "BIGINT"}:
        return MADE_AT + number if column.endswith("_at") else number
    default = DEFAULTS.get(table, {}).get(column)
    if column == "scope" and table in DEFAULTS:
        return "org"
    if column == "role":
        return "csr"
    if default or column in {"stamps", "reply_clock"}:
        return default or ""
    return f"Sample {column} {number} é"


def keep(folder: Path) -> None:
    version = latest_version("desk")
    desk = folder / f"desk_{version}.db"
    with tempfile.TemporaryDirectory() as name:
        if not desk.exists():
            made = Path(name) / "desk.db"
            sql = open_desk(made, KEY, clock=lambda: MADE_AT)
            furnish(sql)
            close_desk(sql)
            shutil.copyfile(made, desk)
            shutil.copyfile(made.with_name("desk.db.meta"), desk.with_name(f"{desk.name}.meta"))
        server = folder / f"server_{latest_version('server')}.db.zst"
        if not server.exists():
            made = Path(name) / "server.db"
            sql = open_server(made)
            furnish(sql)
            sql.db.close()
            server.write_bytes(zstandard.compress(made.read_bytes(), 19))


if __name__ == "__main__":
    keep(HERE)
