"""Rows of a server written past its ledger, as only a test does, with a number that the database takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from csr_desktop.store.sql import Sql


@contextmanager
def numbered(sql: Sql, count: int = 1) -> Iterator[int]:
    """One transaction that may write rows with the next so many revisions; the last of them."""
    with sql.transaction():
        yield int(sql.value("UPDATE counters SET value = value + ? WHERE id = 'rev' RETURNING value", count))
        if not sql.is_postgresql:
            sql.do("UPDATE counters SET taken = 0 WHERE id = 'rev'")


def update(sql: Sql, table: str, sets: str, where: str, *values: Any) -> None:
    """`UPDATE table SET sets WHERE where`."""
    with numbered(sql) as rev:
        sql.do(f"UPDATE {table} SET rev = {rev}, {sets} WHERE {where}", *values)


def upsert(sql: Sql, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    with numbered(sql, len(rows)) as rev:
        sql.upsert(table, [{**row, "rev": rev} for row in rows])


def lift_the_fence(sql: Sql) -> None:
    """From now on the database takes rows with any number."""
    find = (
        "SELECT DISTINCT event_object_table, trigger_name FROM information_schema.triggers "
        "WHERE trigger_name LIKE '%%_numbered'"
        if sql.is_postgresql
        else "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_numbered'"
    )
    for table, name in sql.all(find):
        sql.do(f"DROP TRIGGER {name} {f'ON {table}' if sql.is_postgresql else ''}")
