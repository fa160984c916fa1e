"""Rows by id, for what is painted beside them: names, subjects, times.

Every list asks this several times a page, so the statements are text made from the models' columns: a Peewee query
would cost more than its answer.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from csr_desktop.store.tables import COLUMNS, SYNCED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from csr_desktop.store.sql import Sql

_CHUNK: Final = 500

Row = dict[str, Any]


def by_id(sql: Sql, table: str, ids: Iterable[str], columns: Iterable[str]) -> dict[str, Row]:
    """These columns of a synced table's rows, also of rows marked deleted (`deleted` says so); unknown ids are left
    out.
    """
    names, text = _question(table, tuple(columns))
    wanted = sorted({i for i in ids if i})
    found: dict[str, Row] = {}
    for start in range(0, len(wanted), _CHUNK):
        part = wanted[start : start + _CHUNK]
        for values in sql.all(f"{text}({','.join('?' * len(part))})", *part):
            found[values[0]] = dict(zip(names, values, strict=True))
    return found


@cache
def _question(table: str, columns: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    names = ("id", "scope", "deleted", *columns)
    unknown = set(names) - set(COLUMNS[table])
    if unknown:
        raise KeyError(unknown)
    quoted = ",".join(f'"{name}"' for name in names)
    return names, f"SELECT {quoted} FROM {table} WHERE id IN "


def one(sql: Sql, table: str, row_id: str) -> Row | None:
    """A whole row; None when it is not here or was deleted."""
    model = SYNCED[table]
    query = model.select().where((model.id == row_id) & (model.deleted == 0))
    found = list(query.dicts().execute(sql.db))
    return found[0] if found else None


def text_of(rows: dict[str, Row], row_id: str, column: str) -> str:
    """A column of one of the rows, '' where there is none."""
    row = rows.get(row_id)
    return str(row[column]) if row else ""
