"""Frozen table shapes for migrations, and their SQL on each database. A step that was released never changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_TYPES = {
    "text": ("TEXT NOT NULL", "TEXT NOT NULL"),
    "number": ("INTEGER NOT NULL", "BIGINT NOT NULL"),
    "bytes": ("BLOB NOT NULL", "BYTEA NOT NULL"),
    "bytes?": ("BLOB", "BYTEA"),
}


class Shape(NamedTuple):
    """A table as one step made it.

    `columns` are words: a bare name is text, `name:number` a whole number, `name:bytes` and `name:bytes?` (may be
    missing) bytes. `key` is the primary key. `indexes` and `unique` are column names with a blank between.
    """

    table: str
    columns: str
    key: str = "id"
    indexes: Sequence[str] = ()
    unique: Sequence[str] = ()

    def statements(self, *, is_postgresql: bool) -> Iterator[str]:
        """What makes the table and its indexes."""
        key = self.key.split()
        parts = []
        for word in self.columns.split():
            name, _, kind = word.partition(":")
            primary = " PRIMARY KEY" if key == [name] else ""
            parts.append(f'"{name}" {_TYPES[kind or "text"][is_postgresql]}{primary}')
        if len(key) > 1:
            parts.append(f"PRIMARY KEY ({_quoted(key)})")
        yield f'CREATE TABLE "{self.table}" ({", ".join(parts)})'
        yield from (self._index(index, "INDEX") for index in self.indexes)
        yield from (self._index(index, "UNIQUE INDEX") for index in self.unique)

    def _index(self, columns: str, kind: str) -> str:
        names = columns.split()
        return f'CREATE {kind} "{self.table}_{"_".join(names)}" ON "{self.table}" ({_quoted(names)})'


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
