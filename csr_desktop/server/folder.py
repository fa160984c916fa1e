"""The server's folder: its own key, and its database unless that is elsewhere."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from csr_desktop.domain.errors import BadInput, EnvironmentFault, Refused, Unreadable
from csr_desktop.server.escrow import ServerKey
from csr_desktop.server.folder_owner import check_own
from csr_desktop.server.said import command_line
from csr_desktop.store.faults import said_plainly
from csr_desktop.store.migrations import version_of
from csr_desktop.store.opening import connect_server, open_server
from csr_desktop.store.sql import Sql
from csr_desktop.system.file_lock import FileLock, lock_file
from csr_desktop.system.whole_file import next_free, sync_folder

DATABASE_NAME: Final = "server.db"
KEY_NAME: Final = "server.key"
LOCK_NAME: Final = "server.lock"
CONTENTS_NAME: Final = "attachments"
MOVED: Final = "moved"
"""Stands in the name of a database file whose data went to PostgreSQL."""


class ServerFolder:
    """`database` is a URL such as `postgresql://host/name`; '' is the SQLite file in the folder.

    Raises Refused and EnvironmentFault for a folder of another account's, BadInput for what is no address.
    """

    def __init__(self, path: Path, database: str = "") -> None:
        check_own(path, KEY_NAME)
        self.path = path
        self._database = database
        if database and not database.startswith(("postgresql://", "postgres://", "sqlite:///")):
            raise BadInput("database", "This is not a database's address.", "It looks like postgresql://host/name")

    @property
    def address(self) -> str:
        """Of the database, '' for the file in the folder. It may hold a password."""
        return self._database

    @property
    def is_shared(self) -> bool:
        """Whether several servers can work on the database at once."""
        return self._database.startswith(("postgresql://", "postgres://"))

    @property
    def _file(self) -> Path:
        return self.path / DATABASE_NAME

    @property
    def _key_path(self) -> Path:
        return self.path / KEY_NAME

    def _is_moved(self) -> bool:
        return any(self.path.glob(f"{DATABASE_NAME}.{MOVED}-*"))

    @contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise EnvironmentFault(
                f"The folder {self.path} cannot be written to ({os.strerror(error.errno or 0)}).",
                "Take another, or ask your IT.",
            ) from error

    def create(self) -> Sql:
        """Make what is missing of folder, database and key, for their owner alone. Returns the database, connected.

        The key comes last: one without a file beside it is of a server whose database is elsewhere.
        """
        with self._said():
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        sql = open_server(self._database or self._file)
        try:
            sql.sees_all()
            with sql.transaction():
                _keep_epoch(sql)
            with self._said():
                if not self._key_path.exists():
                    ServerKey.create(self._key_path)
                    sync_folder(self.path)
        except BaseException:
            sql.db.close()
            raise
        return sql

    def check_new(self) -> None:
        """Raises Refused where there is a server already, Unreadable where its database is elsewhere, EnvironmentFault
        for a place that cannot be written to; makes nothing.
        """
        if not self._database and not self._file.exists():
            if self._key_path.exists() or self._is_moved():
                raise self._missing()
        else:
            sql = connect_server(self._database or self._file)
            try:
                is_made = bool(version_of(sql)) and _is_made(sql)
            finally:
                sql.db.close()
            if is_made:
                raise Refused("exists", f"There is a server in {self.path} already.", "Nothing was changed.")
        there = next(path for path in (self.path.absolute(), *self.path.absolute().parents) if path.exists())
        with self._said():
            if not there.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, "")
            if not os.access(there, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, "")

    @contextmanager
    def making(self) -> Iterator[Sql]:
        """What `create` makes, connected, to be filled. Where that fails, what was not there before goes again, but
        for PostgreSQL's empty tables, which `create` takes up.
        """
        own = self.own_files()
        before = {path for path in own if path.exists()}
        missing = [path for path in (self.path, *self.path.absolute().parents) if not path.exists()]
        sql: Sql | None = None
        is_filled = False
        try:
            sql = self.create()
            yield sql
            is_filled = True
        finally:
            is_filled = is_filled or (sql is not None and _is_made(sql))
            if sql is not None:
                sql.db.close()
            if not is_filled:
                with suppress(OSError):
                    for path in own:
                        if path not in before:
                            path.unlink(missing_ok=True)
                    for path in missing:
                        path.rmdir()

    def open(self) -> Sql:
        """The database as `create` left it, connected and acting for the whole, unlike connections that other threads
        open. Raises Unreadable when there is none.
        """
        if not self._database and not self._file.is_file():
            raise self._missing()
        sql = open_server(self._database or self._file)
        sql.sees_all()
        return self._made(sql)

    def connect_made(self) -> Sql:
        """The database as it is, connected, also one of an older version. Raises Unreadable when there is none, or one
        whose `init` was not finished.
        """
        return self._made(self.connect())

    def connect(self) -> Sql:
        """The database as it is, connected, also one of an older version. Raises Unreadable when there is none."""
        if not self._database and not self._file.is_file():
            raise self._missing()
        sql = connect_server(self._database or self._file)
        sql.sees_all()
        if not version_of(sql):
            sql.db.close()
            raise self._missing()
        return sql

    def check_restorable(self) -> None:
        """Raises BadInput for a SQLite file elsewhere than in the folder."""
        if self._database and not self.is_shared:
            raise BadInput("database", "A backup is restored into the folder itself or into PostgreSQL.")

    def connect_empty(self) -> Sql:
        """The shared database, connected, whatever is in it."""
        sql = connect_server(self._database)
        sql.sees_all()
        return sql

    def key(self) -> ServerKey:
        return ServerKey.read(self.path / KEY_NAME)

    def claim(self) -> FileLock | None:
        """Be the one server on this folder until it is closed; None with PostgreSQL, which takes several.

        Raises Refused when one runs already.
        """
        if self.is_shared:
            return None
        path = self.path / LOCK_NAME
        try:
            lock = lock_file(path)
        except FileNotFoundError:
            raise self._missing() from None
        except OSError as error:
            raise EnvironmentFault(
                f"{path} cannot be locked ({os.strerror(error.errno or 0)}).",
                "It keeps a second server off this folder, which must lie on a disk of this machine.",
            ) from error
        if lock is None:
            told = path.read_text("ascii", "replace").strip()
            raise Refused("running", f"A server already runs on this folder{f' ({told})' if told else ''}.")
        return lock

    def set_database_aside(self) -> Path:
        """Rename the file once its data is elsewhere, so that no server starts on it; its new path."""
        aside = next_free(self._file, MOVED)
        with said_plainly():
            for end in ("", "-wal", "-shm"):
                part = self._file.with_name(self._file.name + end)
                if part.exists():
                    part.rename(aside.with_name(aside.name + end))
            sync_folder(self.path)
        return aside

    def own_files(self) -> list[Path]:
        """What must never be written over."""
        names = (DATABASE_NAME, f"{DATABASE_NAME}-wal", f"{DATABASE_NAME}-shm", KEY_NAME, LOCK_NAME)
        return [self.path / name for name in names]

    def _made(self, sql: Sql) -> Sql:
        """Closed again when it is nobody's."""
        if not _is_made(sql):
            sql.db.close()
            raise self._missing()
        return sql

    def _missing(self) -> Unreadable:
        if not self._database and self._is_moved():
            return Unreadable("moved", f"The data of the server in {self.path} is on PostgreSQL.", "Give --database.")
        if not self._database and self._key_path.exists() and not self._file.exists():
            return Unreadable(
                "elsewhere",
                f"The server in {self.path} has its key there and its database elsewhere.",
                "Give --database with its address. If the database is lost, restore a backup into a new, empty folder.",
            )
        return Unreadable(
            "missing",
            f"There is no server in {self.path} yet.",
            f"Make it with: {command_line('init', self.path, self._database)}",
        )


def _is_made(sql: Sql) -> bool:
    return bool(sql.value("SELECT 1 FROM organisations LIMIT 1"))


def epoch(sql: Sql) -> str:
    """The name of this course of the shared database; another one tells desks that a backup was put back."""
    return format(int(sql.value("SELECT value FROM counters WHERE id = 'epoch'") or 0), "x")


def begin_epoch(sql: Sql) -> None:
    """Name a new course after a backup was put back. A server that runs says the old name until it is started again."""
    sql.do("UPDATE counters SET value = ? WHERE id = 'epoch'", _new_epoch())


def _keep_epoch(sql: Sql) -> None:
    sql.do("INSERT INTO counters (id, value) VALUES ('epoch', ?) ON CONFLICT DO NOTHING", _new_epoch())


def _new_epoch() -> int:
    return secrets.randbits(52) | 1
