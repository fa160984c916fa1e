"""All of a server's tables at once: read bit by bit from one moment, and filled again as they were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any, Final

from csr_desktop.store.sql import Sql

PART_ROWS: Final = 100
"""Rows held in memory at once; a log's row can be megabytes."""
_OWN: Final = "schema_version"
_cursor_numbers = count(1)


def in_parts(sql: Sql, text: str, *values: Any, rows: int = PART_ROWS) -> Iterator[list[tuple[Any, ...]]]:
    """The answer to a question, some rows at a time, in the memory that these take. Within `sql.snapshot()`: on
    PostgreSQL the answer waits in a cursor of the server's, which lasts as long as the transaction.
    """
    connection = sql.db.connection()
    if sql.is_postgresql:
        cursor = connection.cursor(name=f"parts_{next(_cursor_numbers)}")
        cursor.execute(text.replace("?", "%s"), values or None)
    else:
        cursor = connection.cursor()
        cursor.execute(text, values)
    try:
        while found := cursor.fetchmany(rows):
            yield found
    finally:
        cursor.close()


_SEARCH: Final = "search_"
"""How the tables begin that are made of others by themselves, in time: see `server.search_index`."""


def whole_tables(sql: Sql) -> dict[str, tuple[str, ...]]:
    """The stored columns of every table by name: what the database itself says, so that no table is forgotten. Search
    indexes, the tables that belong to them, and columns that are computed are left out.
    """
    if sql.is_postgresql:
        found = sql.all(
            "SELECT c.table_name, c.column_name FROM information_schema.columns c JOIN information_schema.tables t "
            "ON t.table_schema = c.table_schema AND t.table_name = c.table_name "
            "WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER' "
            "ORDER BY c.table_name, c.ordinal_position"
        )
    else:
        found = sql.all(
            "SELECT t.name, c.name FROM pragma_table_list t JOIN pragma_table_xinfo(t.name) c "
            "WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite~_%' ESCAPE '~' AND c.hidden = 0 "
            "ORDER BY t.name, c.cid"
        )
    tables: dict[str, tuple[str, ...]] = {}
    for table, column in found:
        if table != _OWN and not table.startswith(_SEARCH):
            tables[table] = (*tables.get(table, ()), column)
    return tables


def rows_of(sql: Sql, table: str, columns: Sequence[str]) -> Iterator[list[tuple[Any, ...]]]:
    """All rows of a table, some at a time; see `in_parts`."""
    return in_parts(sql, f"SELECT {_listed(columns)} FROM {_quoted(table)}")


@contextmanager
def filling(sql: Sql, tables: Mapping[str, Sequence[str]]) -> Iterator[None]:
    """Within a transaction: the tables emptied, to be filled with what is known to be right already, so that nothing
    that guards changes (numbering, the append-only log) is in the way.
    """
    if sql.is_postgresql:
        for table in tables:
            sql.do(f"ALTER TABLE {_quoted(table)} DISABLE TRIGGER USER")
            sql.do(f"DELETE FROM {_quoted(table)}")
        yield
        for table in tables:
            sql.do(f"ALTER TABLE {_quoted(table)} ENABLE TRIGGER USER")
        return
    triggers = sql.all("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name <> ?", _OWN)
    for name, _ in triggers:
        sql.do(f"DROP TRIGGER {_quoted(name)}")
    for table in tables:
        sql.do(f"DELETE FROM {_quoted(table)}")
    yield
    for _, text in triggers:
        sql.do(text)


def fill(sql: Sql, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Add rows as they are, lists in the order of the columns."""
    if sql.is_postgresql:
        copying = f"COPY {_quoted(table)} ({_listed(columns)}) FROM STDIN"
        with sql.db.connection().cursor() as cursor, cursor.copy(copying) as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = ",".join("?" * len(columns))
    sql.many(f"INSERT INTO {_quoted(table)} ({_listed(columns)}) VALUES ({marks})", rows)


def _listed(columns: Sequence[str]) -> str:
    return ",".join(_quoted(column) for column in columns)


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'
