"""Older rows of a scope, for a workstation that takes it anew: the directory, the open work, then the rest.

Each table is walked from the newest revision down, so a place in it is one number, and what changes meanwhile leaves
the walk and comes with the changes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from csr_desktop.domain.share import open_sql, within_sql
from csr_desktop.protocol import DIRECTORY, MAX_BODY_BYTES, OLDER, OPEN_WORK, Fill
from csr_desktop.store.inbox_projection import MISSED_CALL_MS
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS, SYNCED, TEAM_TABLES

_DIRECTORY: Final = tuple(name for name, model in SYNCED.items() if model not in TEAM_TABLES)
_WORK: Final = tuple(name for name, model in SYNCED.items() if model in TEAM_TABLES)
_STEPS: Final = (
    *((DIRECTORY, table) for table in _DIRECTORY),
    *((OPEN_WORK, table) for table in _WORK),
    *((OLDER, table) for table in _WORK),
)
_NEXT: Final = dict(itertools.pairwise(_STEPS))
PAGE_BYTES: Final = MAX_BODY_BYTES
"""Of a page's rows as they are encoded; a single row that is bigger goes alone."""
_FIRST_ROWS, _MOST_ROWS = 100, 2000
_SMALL_BYTES: Final = 256 * 1024
"""As long as what is read at once stays under this, twice as many rows are read next."""

_encode = msgspec.msgpack.Encoder().encode


Taken = tuple[str, list[list[Any]], int, Fill]
"""Table, rows, their size in bytes, and where it goes on after them."""


class Filling:
    """Reads within the caller's snapshot. `cut_off_at` is the time before which what is done is left out."""

    def __init__(self, sql: Sql, cut_off_at: int, now_at: int) -> None:
        self._sql = sql
        self._cut_off_at = cut_off_at
        # Nobody's clock is so wrong that a missed call is shown which has not come yet.
        self._missed_since_at = now_at - MISSED_CALL_MS

    def begin(self, scope: str, top: int) -> Fill:
        """The whole of a scope up to the revision `top`."""
        left = 0
        for table in (*_DIRECTORY, *_WORK):
            left += int(self._sql.value(f"SELECT COUNT(*) FROM {table} WHERE scope=?{self._kept(table)}", scope))
        return Fill(scope, *_STEPS[0], top + 1, left)

    def is_known(self, fill: Fill) -> bool:
        return (fill.stage, fill.table) in _STEPS

    def take(self, fill: Fill, top: int, room: int, room_bytes: int) -> Iterator[Taken]:
        """Table, rows and their size, and where it goes on after them, until there is no more room. The last place of a
        scope has no table. `top` is where its changes begin.
        """
        at_rev: dict[str, int] = {}
        while fill.table and room > 0 and room_bytes > 0:
            count = min(room, at_rev.setdefault(fill.table, _FIRST_ROWS))
            rows = self._read(fill, count)
            is_end = len(rows) < count
            size, rows = _fitting(rows, room_bytes)
            is_cut = size < 0
            if rows:
                rev = COLUMNS[fill.table].index("rev")
                counted = 0 if fill.stage == OPEN_WORK else len(rows)
                left = max(0, fill.left - counted)
                table, fill = fill.table, Fill(fill.scope, fill.stage, fill.table, rows[-1][rev], left)
                if is_end and not is_cut:
                    fill = _after(fill, top)
                yield table, rows, abs(size), fill
            elif is_end:
                fill = _after(fill, top)
                yield fill.table, [], 0, fill
            if is_cut:
                return
            room, room_bytes = room - len(rows), room_bytes - size
            if size < _SMALL_BYTES and not is_end:
                at_rev[fill.table] = min(_MOST_ROWS, 2 * count)

    def _read(self, fill: Fill, count: int) -> list[list[Any]]:
        columns = ",".join(f'"{name}"' for name in COLUMNS[fill.table])
        chosen = self._kept(fill.table)
        if fill.stage == OPEN_WORK:
            # Of an open ticket's verifications the old ones are not kept; all else that is open is.
            kept = chosen if fill.table == "verifications" else ""
            chosen = f"{kept} AND {open_sql(fill.table, self._missed_since_at)}"
        sql = f"SELECT {columns} FROM {fill.table} WHERE scope=? AND rev<?{chosen} ORDER BY rev DESC LIMIT ?"
        return [list(row) for row in self._sql.all(sql, fill.scope, fill.below, count)]

    def _kept(self, table: str) -> str:
        within = within_sql(table, self._cut_off_at, is_postgresql=self._sql.is_postgresql)
        return f" AND {within}" if within else ""


def _after(fill: Fill, top: int) -> Fill:
    stage, table = _NEXT.get((fill.stage, fill.table), (OLDER, ""))
    return Fill(fill.scope, stage, table, top + 1 if table else 0, fill.left)


def _fitting(rows: list[list[Any]], room_bytes: int) -> tuple[int, list[list[Any]]]:
    """Size and rows; the size is negative when not all of them fitted."""
    size = len(_encode(rows)) if rows else 0
    if size <= room_bytes:
        return size, rows
    size = 0
    for at, row in enumerate(rows):
        more = len(_encode(row))
        is_alone = at == 0 and room_bytes == PAGE_BYTES
        if size + more > room_bytes and not is_alone:
            return -max(1, size), rows[:at]
        size += more
    return size, rows


def in_order(fills: Sequence[Fill]) -> list[Fill]:
    """What everyone needs first comes first, over all scopes."""
    return sorted(fills, key=lambda fill: (fill.stage, fill.scope))
