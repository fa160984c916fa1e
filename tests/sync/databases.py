"""The simulated bureau's shared database, on SQLite and on PostgreSQL: made from a template, copied and put back."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Any, Protocol, cast

import peewee as pw
from sqlcipher3 import dbapi2

from csr_desktop.store import migrations
from csr_desktop.store.database import PostgresqlDatabase
from csr_desktop.store.migrations import latest_version, migrate
from csr_desktop.store.sql import Sql

LOCK_WAIT = "40ms"
"""How long one of several servers in one thread waits for another's lock before it says that it is busy."""


class SharedDatabase(Protocol):
    """A database that several servers open, each with its own connection."""

    def connect(self) -> pw.Database: ...
    def back_up(self) -> None:
        """Keep a copy of it as it is now; nobody is connected meanwhile."""

    def put_back(self) -> None:
        """Replace it by the copy; nobody is connected meanwhile."""

    def remove(self) -> None: ...


class _NewestSqlite(pw.SqliteDatabase):
    """The desk's own SQLite, whose search index older ones do not know, on a file that is not encrypted."""

    def _connect(self) -> Any:
        driver, own = cast("Any", dbapi2), cast("Any", self)
        connection = driver.connect(self.database, isolation_level=None, **own.connect_params)
        own._add_conn_hooks(connection)
        return connection


def server_file(path: Path) -> pw.SqliteDatabase:
    """Connected; without the waits that make it safe against power loss, and without waiting for who else writes."""
    return _connected(pw.SqliteDatabase(str(path), pragmas=_pragmas("wal"), timeout=0, autoconnect=False))


def desk_file(path: Path) -> pw.SqliteDatabase:
    """Connected; without the waits that make it safe against power loss."""
    return _connected(_NewestSqlite(str(path), pragmas=_pragmas("memory"), autoconnect=False))


def _pragmas(journal: str) -> dict[str, Any]:
    return {"synchronous": 0, "journal_mode": journal}


def _connected(db: pw.SqliteDatabase) -> pw.SqliteDatabase:
    db.connect()
    return db


@functools.cache
def file_of(kind: migrations.Kind, version: int) -> bytes:
    """An empty database file as the steps up to this version make it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.db"
        sql = Sql(desk_file(path) if kind == "desk" else server_file(path))
        for step in migrations.STEPS:
            if step.kind == kind and step.version <= version:
                migrations._run(sql, step)
        sql.db.close()
        return path.read_bytes()


class SqliteFile:
    """In a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "server.db"
        self._copy = b""
        self._path.write_bytes(file_of("server", latest_version("server")))

    def connect(self) -> pw.Database:
        return server_file(self._path)

    def back_up(self) -> None:
        self._copy = self._path.read_bytes()

    def put_back(self) -> None:
        self._path.write_bytes(self._copy)

    def remove(self) -> None:
        self._path.unlink()


class PostgresqlCopies:
    """A database of a running PostgreSQL, made anew from a template for each seed. `url` has one `{}` for its name."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._administrator = pw.PostgresqlDatabase(url.format("postgres"), prefer_psycopg3=True, autoconnect=False)
        self._administrator.connect()
        self._administrator.execute_sql("COMMIT")
        self._do("DROP DATABASE IF EXISTS simulation_template")
        self._do("CREATE DATABASE simulation_template")
        template = Sql(PostgresqlDatabase(url.format("simulation_template")))
        template.db.connect()
        migrate(template, "server")
        template.db.close()

    def _do(self, statement: str) -> None:
        self._administrator.execute_sql(statement)

    def _copy(self, source: str, target: str) -> None:
        self._do(f"DROP DATABASE IF EXISTS {target} WITH (FORCE)")
        self._do(f"CREATE DATABASE {target} TEMPLATE {source} STRATEGY FILE_COPY")

    def fresh(self) -> PostgresqlCopies:
        self._copy("simulation_template", "simulation")
        return self

    def connect(self) -> pw.Database:
        db = PostgresqlDatabase(self._url.format("simulation"))
        db.connect()
        db.execute_sql("SET synchronous_commit = off")
        db.execute_sql(f"SET lock_timeout = '{LOCK_WAIT}'")
        return db

    def back_up(self) -> None:
        self._copy("simulation", "simulation_backup")

    def put_back(self) -> None:
        self._copy("simulation_backup", "simulation")

    def remove(self) -> None:
        """The next seed does; the server itself ends with the tests."""

    def close(self) -> None:
        self._administrator.close()
