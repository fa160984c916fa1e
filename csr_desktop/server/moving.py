"""Moves a server's data from SQLite to PostgreSQL: copied and compared in one transaction, so whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from csr_desktop.domain.errors import BadInput, Refused
from csr_desktop.server.folder import DATABASE_NAME, ServerFolder
from csr_desktop.store.faults import said_plainly
from csr_desktop.store.migrations import migrate
from csr_desktop.store.opening import connect_server
from csr_desktop.store.sql import Sql
from csr_desktop.store.whole_tables import whole_tables

Progress = Callable[[str, int, int], None]
_OWN: Final = frozenset({"schema_version"})
_NOT_A_SETTING: Final = "id <> 'history_months'"
_OF_A_TRANSACTION: Final = {"counters": frozenset({"taken", "taken_in"})}
"""What a database notes for itself and is not the organisation's."""
_STEP: Final = 5_000
_SUM: Final = 1 << 256

_encode = msgspec.msgpack.Encoder().encode


class Moved(msgspec.Struct, frozen=True):
    """Rows by table, and where the SQLite file is now."""

    counts: dict[str, int]
    kept_as: Path


class _Fingerprint:
    """Of rows in any order: how many, and the sum of their hashes."""

    def __init__(self) -> None:
        self.count = 0
        self._sum = 0

    def add(self, row: Iterable[Any]) -> None:
        plain = [bytes(value) if isinstance(value, memoryview) else value for value in row]
        self.count += 1
        self._sum = (self._sum + int.from_bytes(hashlib.sha256(_encode(plain)).digest(), "big")) % _SUM

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Fingerprint) and (self.count, self._sum) == (other.count, other._sum)

    __hash__ = None  # type: ignore[assignment]


def move(source: ServerFolder, target: ServerFolder, progress: Progress) -> Moved:
    """Copy everything, compare it, then set the SQLite file aside. The folder and its key stay. Raises Refused when a
    server runs on the source, when the target is not empty, or when the two sides differ afterwards; then, and when it
    is killed, the target is as it was. Killed between the two, it is done again: what is there already and the same row
    by row counts as moved.
    """
    if source.is_shared or not target.is_shared:
        raise BadInput("to", "This moves a server from SQLite to PostgreSQL.", "Give postgresql://… with --to.")
    lock = source.claim()
    try:
        old = source.open()
        try:
            with said_plainly():
                counts = _copied(old, target.address, progress)
        finally:
            old.db.close()
        return Moved(counts, source.set_database_aside())
    finally:
        if lock is not None:
            lock.close()


def _copied(old: Sql, address: str, progress: Progress) -> dict[str, int]:
    new = connect_server(address)
    try:
        new.sees_all()
        with old.transaction(), new.transaction():  # nobody writes to the old one meanwhile, as a command might
            migrate(new, "server")
            tables = {table: _columns(table, columns) for table, columns in sorted(whole_tables(old).items())}
            if _is_filled(new):
                return _counted(old, new, tables)
            total = sum(int(old.value(f"SELECT count(*) FROM {table}")) for table in tables) * 2
            done = 0

            def told(words: str) -> Callable[[], None]:
                def tell() -> None:
                    nonlocal done
                    done += 1
                    if done % _STEP == 0 or done == total:
                        progress(words, done, total)

                return tell

            _take_all_numbers(old, new)
            copied = {table: _copy(old, new, table, columns, told("Copying")) for table, columns in tables.items()}
            for table, columns in tables.items():
                if _read_back(new, table, columns, told("Comparing")) != copied[table]:
                    raise Refused(
                        "differs", f"The copy of {table} is not the same, so nothing was moved.", "Try again."
                    )
        return {table: found.count for table, found in copied.items()}
    finally:
        new.db.close()


def _columns(table: str, columns: Iterable[str]) -> list[str]:
    without = _OF_A_TRANSACTION.get(table, frozenset())
    return [column for column in columns if column not in without]


def _is_filled(new: Sql) -> bool:
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
    for (table,) in new.all(tables):
        where = f" WHERE {_NOT_A_SETTING}" if table == "counters" else ""  # a migration sets what is usual
        if table not in _OWN and new.value(f'SELECT 1 FROM "{table}"{where} LIMIT 1'):
            return True
    return False


def _counted(old: Sql, new: Sql, tables: dict[str, list[str]]) -> dict[str, int]:
    """Rows by table of what was moved before. Raises Refused for anything else that is there."""
    counts: dict[str, int] = {}
    for table, columns in tables.items():
        found = _Fingerprint()
        for row in old.db.execute_sql(f"SELECT {_listed(columns)} FROM {table}"):
            found.add(row)
        if _read_back(new, table, columns, lambda: None) != found:
            raise Refused(
                "not_empty",
                "The database that --to names is not empty.",
                f"Take a new one. If this server was moved there and ran since, set its {DATABASE_NAME} aside by hand.",
            )
        counts[table] = found.count
    return counts


def _take_all_numbers(old: Sql, new: Sql) -> None:
    """The rows bear numbers that another database gave; this transaction takes them all, so that it may write them."""
    top = int(old.value("SELECT value FROM counters WHERE id = 'rev'") or 0)
    new.do("DELETE FROM counters")
    new.do("INSERT INTO counters (id, value) VALUES ('rev', 0)")
    new.do("UPDATE counters SET value = ? WHERE id = 'rev'", top)


def _copy(old: Sql, new: Sql, table: str, columns: list[str], told: Callable[[], None]) -> _Fingerprint:
    found, listed = _Fingerprint(), _listed(columns)
    where = " WHERE id <> 'rev'" if table == "counters" else ""
    with new.db.cursor().copy(f"COPY {table} ({listed}) FROM STDIN") as out:
        for row in old.db.execute_sql(f"SELECT {listed} FROM {table}{where}"):
            found.add(row)
            out.write_row(row)
            told()
    if table == "counters":
        found.add(old.one(f"SELECT {listed} FROM counters WHERE id = 'rev'") or ())
        told()
    return found


def _read_back(new: Sql, table: str, columns: list[str], told: Callable[[], None]) -> _Fingerprint:
    found = _Fingerprint()
    for row in _streamed(new, f"SELECT {_listed(columns)} FROM {table}"):
        found.add(row)
        told()
    return found


def _listed(columns: Iterable[str]) -> str:
    return ",".join(f'"{column}"' for column in columns)


def _streamed(sql: Sql, question: str) -> Iterator[tuple[Any, ...]]:
    """Row by row, from the server's side, so that a table of any length takes little memory."""
    with sql.db.connection().cursor(name="moving") as cursor:
        cursor.itersize = _STEP
        cursor.execute(question)
        yield from cursor
