"""The rows that one command, or a whole group, reads and writes: in memory, with a savepoint before each command."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

Row = Mapping[str, Any]
Key = tuple[str, str]
"""Table and id."""
Images = dict[Key, Row | None]
Cell = tuple[str, str, str]
"""Table, id, field."""


class Stamp(msgspec.Struct, frozen=True, order=True):
    """When a field was given its value, and by which command; ties go to the greater command id."""

    at: int
    command_id: str


class Edit(msgspec.Struct, frozen=True):
    """One value that a field was given, as the history keeps it."""

    stamp: Stamp
    value: Any
    is_withdrawn: bool = False


Load = Callable[[str, Iterable[str]], Mapping[str, Row]]
"""The rows of a table by id; ids without a row are left out."""
Find = Callable[[str, str, str], Iterable[str]]
"""Ids of the rows of a table whose field has this value."""
Past = Callable[[Cell], dict[str, Edit]]
"""The history of a field by command id. Only the server has one; a desk predicts."""


class Work:
    """An identity map with undoable layers. Rows are never changed in place; `put` lays a new one over the old."""

    def __init__(
        self,
        load: Load,
        new_row: Callable[[str], dict[str, Any]],
        past: Past | None = None,
        find: Find | None = None,
    ) -> None:
        self._load = load
        self._find = find
        self._found: dict[tuple[str, str, str], frozenset[str]] = {}
        self._new_row = new_row
        self._past = past
        self.before: Images = {}
        self.now: Images = {}
        self._layer: list[tuple[Key, Row | None]] = []
        self._history: dict[Cell, dict[str, Edit]] = {}
        self.noted: list[tuple[Cell, Edit]] = []
        self._noted_before = 0
        self.arrived_at = 0
        """When the commands came, in milliseconds, on the server alone; 0 on a desk."""

    @property
    def has_history(self) -> bool:
        return self._past is not None

    def fetch(self, keys: Iterable[Key]) -> None:
        """Load all these rows with one question a table."""
        wanted: dict[str, set[str]] = {}
        for key in set(keys):
            if key[1] and key not in self.before:
                wanted.setdefault(key[0], set()).add(key[1])
        for table in sorted(wanted):
            ids = sorted(wanted[table])  # rows are numbered in this order, which is the same in every process
            found = self._load(table, ids)
            for row_id in ids:
                self.before[table, row_id] = self.now[table, row_id] = found.get(row_id)

    def get(self, table: str, row_id: str) -> Row | None:
        if not row_id:
            return None
        if (table, row_id) not in self.now:
            self.fetch([(table, row_id)])
        return self.now[table, row_id]

    def find(self, table: str, field: str, value: str) -> list[Row]:
        """The rows whose field has this value by now, deleted ones too, by id. ValueError without a store to ask.

        For what cannot be named by id: the few rows of people and teams.
        """
        if self._find is None:
            raise ValueError(table)
        asked = (table, field, value)
        if asked not in self._found:
            self._found[asked] = frozenset(self._find(*asked))
            self.fetch((table, row_id) for row_id in self._found[asked])
        known = self._found[asked] | {row_id for name, row_id in self.now if name == table}
        rows = (self.get(table, row_id) for row_id in sorted(known))
        return [row for row in rows if row is not None and row[field] == value]

    def put(self, table: str, row_id: str, **fields: Any) -> None:
        """Give a row these values; a row that is not there is made. Raises ValueError without an id."""
        if not row_id:
            raise ValueError(table)
        old = self.get(table, row_id)
        self._layer.append(((table, row_id), old))
        if old is None:
            row = self._new_row(table)
            row["id"] = row_id
        else:
            row = dict(old)
        row.update(fields)
        self.now[table, row_id] = row

    def history(self, cell: Cell) -> dict[str, Edit]:
        if cell not in self._history:
            self._history[cell] = self._past(cell) if self._past else {}
        return self._history[cell]

    def note(self, cell: Cell, edit: Edit) -> None:
        """Add to the field's history; a command that is known there already stays as it was."""
        if self._past and edit.stamp.command_id not in self.history(cell):
            self.history(cell)[edit.stamp.command_id] = edit
            self.noted.append((cell, edit))

    def withdraw(self, cell: Cell, command_id: str) -> None:
        if self._past and (edit := self.history(cell).get(command_id)):
            edit = msgspec.structs.replace(edit, is_withdrawn=True)
            self.history(cell)[command_id] = edit
            self.noted.append((cell, edit))

    def best(self, cell: Cell) -> Edit | None:
        """The edit that holds: the latest one not withdrawn."""
        return max((e for e in self.history(cell).values() if not e.is_withdrawn), key=lambda e: e.stamp, default=None)

    def mark(self) -> None:
        """Start a command: what `drop` goes back to, and `touched` counts from."""
        self._layer.clear()
        self._noted_before = len(self.noted)

    def drop(self) -> None:
        """Take back everything since `mark`."""
        for key, row in reversed(self._layer):
            self.now[key] = row
        for cell, _ in self.noted[self._noted_before :]:
            self._history.pop(cell, None)
        # What was noted by earlier commands of the group must be seen again over what is stored.
        del self.noted[self._noted_before :]
        for cell, edit in self.noted:
            if cell not in self._history:
                self.history(cell)
            self._history[cell][edit.stamp.command_id] = edit
        self._layer.clear()

    def touched(self) -> Images:
        """The rows as they were at `mark`, of those changed since."""
        images: Images = {}
        for key, row in self._layer:
            images.setdefault(key, row)
        return images

    def dirty(self) -> dict[str, list[Row]]:
        """By table, the rows that differ from what was loaded."""
        found: dict[str, list[Row]] = {}
        for key, row in self.now.items():
            if row is not None and row is not self.before[key] and row != self.before[key]:
                found.setdefault(key[0], []).append(row)
        return found
