"""The three databases as Peewee knows them, each connection set up the same way. Nothing connects by itself."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import peewee as pw

from csr_desktop.domain.errors import CsrDesktopError
from csr_desktop.domain.permissions import ORGANISATION
from csr_desktop.store.faults import damaged, drive_failed, is_not_synced

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BUSY_SECONDS = 20
_STATEMENTS_KEPT = 256
"""More than the screens ask in turn: to prepare a statement takes longer than to run it, also within a commit."""


class _Savepoint(pw._savepoint):  # noqa: SLF001
    def rollback(self, begin: bool = True) -> None:
        if self.db.connection().in_transaction:
            super().rollback(begin)


class _Sqlite(pw.SqliteDatabase):
    """On a full disk SQLite may have rolled back by itself; saying ROLLBACK then fails and hides the real error.

    A commit whose fsync failed stands in the WAL all the same, and would be there after a crash though it was refused.
    So it is cut off, and the file opened anew and read through: at once, and before the next write until that succeeds.
    """

    _is_doubtful = False

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        """As Peewee's, without its log and hooks, which cost as much as a small statement."""
        try:
            return self.cursor().execute(sql, params or ())
        except Exception:
            with pw.__exception_wrapper__:  # type: ignore[attr-defined]
                raise

    def begin(self, lock_type: str | None = None) -> None:
        if self._is_doubtful and lock_type is not None:
            self._look_after()
        super().begin(lock_type)

    def commit(self) -> None:
        try:
            super().commit()
        except pw.DatabaseError as error:
            self._is_doubtful = self._is_doubtful or is_not_synced(error)
            raise

    def rollback(self) -> None:
        if self.connection().in_transaction:
            super().rollback()
        if self._is_doubtful:
            with suppress(pw.DatabaseError, CsrDesktopError):  # said by the commit, and again by the next write
                self._look_after()

    def _look_after(self) -> None:
        # Not closed before the WAL is empty: opening it again would take what was refused for committed.
        if self.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            raise drive_failed()
        self.close()
        self.connect()
        if self.execute_sql("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise damaged()
        self._is_doubtful = False

    def savepoint(self) -> _Savepoint:
        return _Savepoint(self)


class ServerSqliteDatabase(_Sqlite):
    """The server's own file."""

    def __init__(self, path: str) -> None:
        pragmas = [
            ("journal_mode", "wal"),
            ("synchronous", "full"),
            ("foreign_keys", 1),
            ("trusted_schema", 0),
            ("cache_size", -65_536),
            ("journal_size_limit", 67_108_864),
            # Pages: what many commits write once more is copied into the file once. Each is on the disk before anyway.
            ("wal_autocheckpoint", 4_000),
        ]
        super().__init__(path, pragmas=pragmas, timeout=BUSY_SECONDS, autoconnect=False)


_USUAL = (("connect_timeout", 10), ("keepalives_idle", 30), ("keepalives_interval", 10), ("keepalives_count", 3))
"""Seconds and tries after which a host that fell silent counts as gone, unless the address says otherwise."""


class PostgresqlDatabase(pw.PostgresqlDatabase):
    """The server's shared database; `url` is libpq's and may hold a password, so it is never shown."""

    def __init__(self, url: str) -> None:
        _bring_driver()
        usual: dict[str, Any] = {name: value for name, value in _USUAL if f"{name}=" not in url}
        super().__init__(url, prefer_psycopg3=True, autoconnect=False, **usual)

    def _connect(self) -> Any:
        connection = super()._connect()  # type: ignore[misc]
        try:
            # A generic plan made while tables were small stays, and made questions five times slower. Who reads for
            # a person names their scopes, who acts for the whole says so: see `Sql.sees`.
            connection.execute(
                "SELECT set_config('plan_cache_mode', 'force_custom_plan', false), set_config('csr.scopes', %s, false)",
                (ORGANISATION,),
            )
        except BaseException:
            connection.close()
            raise
        return connection


def _bring_driver() -> None:
    """Give Peewee the driver where it was imported without (see `desk_peewee`), as it would have done itself."""
    driven: Any = pw
    if driven.psycopg is not None:
        return
    try:
        import psycopg
        from psycopg.pq import TransactionStatus
        from psycopg.types.json import Json, Jsonb
    except ImportError:  # Peewee says so when it connects
        return
    adapter = driven.Psycopg3Adapter
    adapter.txn_idle, adapter.txn_inerror = TransactionStatus.IDLE, TransactionStatus.INERROR
    adapter.txn_unknown = TransactionStatus.UNKNOWN
    driven.TransactionStatus, driven.Json_pg3, driven.Jsonb_pg3 = TransactionStatus, Json, Jsonb
    driven.psycopg = psycopg


def desk_database(path: Path, key: bytes, clock: Callable[[], int]) -> DeskDatabase:
    """The encrypted file of one person; `key` is 32 bytes."""
    from playhouse.sqlcipher_ext import _SqlCipherDatabase

    # The class is made here because the server runs without SQLCipher being installed.
    class _Encrypted(_SqlCipherDatabase, DeskDatabase):
        pass

    return _Encrypted(path, key, clock)


class DeskDatabase(_Sqlite):
    """A desk's file: where it is, its key and the clock of what stands beside it."""

    def __init__(self, path: Path, key: bytes, clock: Callable[[], int]) -> None:
        self.path = path
        self.key = key
        self.clock = clock
        pragmas: list[tuple[str, Any]] = [
            ("cipher_log_level", "none"),  # it would write to the terminal what is said in words anyway
            ("busy_timeout", BUSY_SECONDS * 1000),  # Peewee's own timeout does not reach SQLCipher
            ("journal_mode", "wal"),
            ("synchronous", "full"),
            ("secure_delete", 1),
            ("foreign_keys", 1),
            ("trusted_schema", 0),
            ("cache_size", -32_768),
            ("journal_size_limit", 33_554_432),
        ]
        if sys.platform == "darwin":
            pragmas += [("fullfsync", 1), ("checkpoint_fullfsync", 1)]
        super().__init__(
            str(path),
            pragmas=pragmas,
            passphrase=f"x'{key.hex()}'",
            autoconnect=False,
            cached_statements=_STATEMENTS_KEPT,
        )
