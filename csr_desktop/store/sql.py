"""The write path and the pull: SQL text made once from the models' columns, whole sets at a time.

Peewee's query objects cost ten times as much here; screens' questions use them, this does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache
from typing import Any

import peewee as pw

from csr_desktop.store.tables import COLUMNS, NUMBERS

Row = Mapping[str, Any]
_CHUNK = 900  # bound values a statement; SQLite's own limit was 999 for long


class Sql:
    """Plain statements over one Peewee database. Marks are `?`, whatever the database."""

    def __init__(self, db: pw.Database) -> None:
        self.db = db
        self.is_postgresql = isinstance(db, pw.PostgresqlDatabase)
        self.mark = "%s" if self.is_postgresql else "?"
        self._inserts: dict[str, str] = {}
        self._upserts: dict[str, str] = {}
        self._translated: dict[str, str] = {}

    def transaction(self, *, joins: bool = False) -> AbstractContextManager[object]:
        """Writes: all or nothing. On SQLite the lock is taken at once, so nobody is told “busy” midway.

        Within another one, one that fails takes back only itself; one that `joins` is simply a part of it, which is
        quicker: who holds what it raises must not let the other one commit, unless nothing was written by then.
        """
        if joins and self.db.in_transaction():
            return nullcontext()
        found: AbstractContextManager[object] = self.db.atomic(*(() if self.is_postgresql else ("IMMEDIATE",)))
        return found

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Reads that see one moment."""
        if self.is_postgresql:
            with self.db.atomic("REPEATABLE READ"):
                yield
        else:
            with self.db.atomic():
                yield

    def sees_all(self) -> None:
        """From now on the connection acts for the whole: writing, administration, exports. Outside of a transaction.

        Without it a connection sees the rows of the organisation, which everyone may. That is PostgreSQL's own fence
        (see `store/fences.py`); SQLite has none.
        """
        if self.is_postgresql:
            self.value("SELECT set_config('csr.scopes', '*', false)")

    def sees(self, scopes: Iterable[str]) -> None:
        """Until the end of this transaction, no rows of other scopes are seen, whatever is asked."""
        if self.is_postgresql:
            self.value("SELECT set_config('csr.scopes', ?, true)", ",".join(scopes))

    def _text(self, sql: str) -> str:
        if not self.is_postgresql:
            return sql
        text = self._translated.get(sql)
        if text is None:
            text = self._translated[sql] = sql.replace("?", "%s")
        return text

    def all(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return list(self.db.execute_sql(self._text(sql), values or None).fetchall())

    def one(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        found: tuple[Any, ...] | None = self.db.execute_sql(self._text(sql), values or None).fetchone()
        return found

    def value(self, sql: str, *values: Any) -> Any:
        """The first column of the first row; None without a row."""
        row = self.one(sql, *values)
        return row[0] if row else None

    def do(self, sql: str, *values: Any) -> int:
        """The number of rows changed."""
        return int(self.db.execute_sql(self._text(sql), values or None).rowcount)

    def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        if not rows:
            return
        if self.is_postgresql:
            self.db.cursor().executemany(self._text(sql), rows)
        else:
            self.db.connection().executemany(sql, rows)

    def load(self, table: str, ids: Iterable[str], *, lock: bool = False) -> dict[str, dict[str, Any]]:
        """Rows by id, in one question; with `lock` they stay ours until commit (PostgreSQL)."""
        names = COLUMNS[table]
        wanted = sorted(set(ids))
        found: dict[str, dict[str, Any]] = {}
        if self.is_postgresql:
            columns = ",".join(f'"{c}"' for c in names)
            tail = " ORDER BY id FOR UPDATE" if lock else ""
            for values in self.all(f"SELECT {columns} FROM {table} WHERE id = ANY(?){tail}", wanted):
                found[values[0]] = dict(zip(names, values, strict=True))
            return found
        for start in range(0, len(wanted), _CHUNK):
            part = wanted[start : start + _CHUNK]
            for values in self.all(_load_text(table, len(part)), *part):
                found[values[0]] = dict(zip(names, values, strict=True))
        return found

    def find(self, table: str, field: str, value: str) -> list[str]:
        """Ids of the rows of a synced table whose field has this value."""
        return [i for (i,) in self.all(f'SELECT id FROM {table} WHERE "{field}" = ?', value)]

    def _source(self, table: str) -> str:
        """Columns and values of an INSERT."""
        names = COLUMNS[table]
        columns = ",".join(f'"{c}"' for c in names)
        if self.is_postgresql:
            kinds = (f"%s::{'bigint' if c in NUMBERS[table] else 'text'}[]" for c in names)
            return f"({columns}) SELECT * FROM unnest({','.join(kinds)})"
        return f"({columns}) VALUES ({','.join('?' * len(names))})"

    def insert_text(self, table: str) -> str:
        text = self._inserts.get(table)
        if text is None:
            # To FAIL takes nothing back by itself, the transaction does; so SQLite need not be prepared to.
            how = "" if self.is_postgresql else " OR FAIL"
            text = self._inserts[table] = f"INSERT{how} INTO {table} {self._source(table)}"
        return text

    def upsert_text(self, table: str) -> str:
        text = self._upserts.get(table)
        if text is None:
            sets = ",".join(f'"{c}"=excluded."{c}"' for c in COLUMNS[table] if c != "id")
            text = f"INSERT INTO {table} {self._source(table)} ON CONFLICT (id) DO UPDATE SET {sets}"
            self._upserts[table] = text
        return text

    def insert_lists(self, table: str, lists: Sequence[Sequence[Any]]) -> None:
        """Rows that are not there yet, as `upsert_lists` takes them; on a server's SQLite far cheaper. Fails for an id
        that is taken; the transaction must then be taken back.
        """
        self._write(self.insert_text(table), lists)

    def upsert(self, table: str, rows: Sequence[Row]) -> None:
        names = COLUMNS[table]
        self.upsert_lists(table, [[row[c] for c in names] for row in rows])

    def upsert_lists(self, table: str, lists: Sequence[Sequence[Any]]) -> None:
        """Rows as lists in the order of the table's columns, as they come over the wire."""
        self._write(self.upsert_text(table), lists)

    def _write(self, text: str, lists: Sequence[Sequence[Any]]) -> None:
        if not lists:
            return
        if self.is_postgresql:
            self.db.execute_sql(text, [list(column) for column in zip(*lists, strict=True)])
        else:
            self.db.connection().executemany(text, lists)

    def purge(self, table: str, ids: Sequence[str]) -> None:
        """Remove rows for good."""
        self.many(f"DELETE FROM {table} WHERE id=?", [(i,) for i in ids])


@lru_cache(maxsize=256)
def _load_text(table: str, count: int) -> str:
    columns = ",".join(f'"{c}"' for c in COLUMNS[table])
    return f"SELECT {columns} FROM {table} WHERE id IN ({','.join('?' * count)})"
