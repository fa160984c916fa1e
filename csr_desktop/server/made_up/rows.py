"""Rows as lists, quickly: ids, the order of the columns, chunks for the ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from random import Random
from typing import Any, Final

from csr_desktop.server.ledger import Ledger
from csr_desktop.store.tables import COLUMNS, DEFAULTS

Progress = Callable[[int, int], None]
"""Called with the rows written so far and how many there will be, about."""

_CHUNK: Final = 5_000


def no_progress(done: int, total: int) -> None:
    """For those who do not look."""


class RowShape:
    """Puts given fields, and the defaults of all others, in the order of a table's columns."""

    def __init__(self, table: str, *fields: str) -> None:
        given = {name: position for position, name in enumerate(fields)}
        unknown = given.keys() - set(COLUMNS[table])
        if unknown:
            raise ValueError(f"{table} has no {sorted(unknown)}")
        rest = [name for name in COLUMNS[table] if name not in given]
        self._defaults = tuple(DEFAULTS[table].get(name, "") for name in rest)
        places = given | {name: len(fields) + position for position, name in enumerate(rest)}
        self._ordered = itemgetter(*(places[name] for name in COLUMNS[table]))

    def __call__(self, *values: Any) -> list[Any]:
        return list(self._ordered(values + self._defaults))


class Filling:
    """Collects rows by table and hands them to the ledger in chunks, in the order of their making."""

    def __init__(self, ledger: Ledger, total: int, progress: Progress) -> None:
        self._ledger = ledger
        self._total = total
        self._progress = progress
        self._waiting: dict[str, list[list[Any]]] = {}
        self.counts: dict[str, int] = {}

    def add(self, table: str, row: list[Any]) -> None:
        waiting = self._waiting.get(table)
        if waiting is None:
            waiting = self._waiting[table] = []
        waiting.append(row)
        if len(waiting) >= _CHUNK:
            self._write(table)

    def finish(self) -> None:
        for table in list(self._waiting):
            self._write(table)

    def _write(self, table: str) -> None:
        rows = self._waiting.pop(table)
        self._ledger.fill(table, rows, COLUMNS[table].index("rev"))
        self.counts[table] = self.counts.get(table, 0) + len(rows)
        done = sum(self.counts.values())
        self._progress(done, max(done, self._total))


def fast_ids(random: Random) -> Callable[[int], str]:
    """As domain.ids.uuid7, a third of its cost: the id of a row made at this millisecond, which need not be later than
    the one before. Ids of one millisecond in a row rise, so that rows can be told in the order of their making.
    """
    bits = random.getrandbits
    last_at, r = -1, 0

    def new_id(at: int) -> str:
        nonlocal last_at, r
        if at == last_at:
            r += 1 + bits(32)
        else:
            last_at, r = at, bits(73)
        h = f"{at:012x}"
        return f"{h[:8]}-{h[8:]}-7{r >> 62:03x}-{0x8000 | r >> 48 & 0x3FFF:04x}-{r & 0xFFFFFFFFFFFF:012x}"

    return new_id


def drawer(random: Random, weights: Sequence[float]) -> Callable[[], int]:
    """Draws positions with these weights, in one lookup each."""
    total = sum(weights)
    places = max(1024, 12 * len(weights))
    table: list[int] = []
    for position, weight in enumerate(weights):
        table += [position] * max(1, round(places * weight / total))
    size = len(table)
    chance = random.random
    return lambda: table[int(chance() * size)]
