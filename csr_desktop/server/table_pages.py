"""Whole tables in pages, so that any number of rows is read in little memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from csr_desktop.store.sql import Sql

PAGE: Final = 5_000


def rows_of(sql: Sql, table: str, columns: Sequence[str], order: str = "id") -> Iterator[tuple[Any, ...]]:
    """The rows of a synced table that are not deleted, by `order` (a column) and id. To see one moment the caller
    opens a snapshot around it.
    """
    names = ",".join(f'"{column}"' for column in columns)
    keys = ("id",) if order == "id" else (order, "id")
    listed, marks = ",".join(keys), ",".join("?" * len(keys))
    begin = f"SELECT {names},{listed} FROM {table} WHERE deleted = 0"
    end = f" ORDER BY {listed} LIMIT {PAGE}"
    page = sql.all(begin + end)
    while page:
        for row in page:
            yield row[: len(columns)]
        if len(page) < PAGE:
            return
        page = sql.all(f"{begin} AND ({listed}) > ({marks}){end}", *page[-1][len(columns) :])
