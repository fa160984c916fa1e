"""Putting a backup into an empty folder and an empty database: read as a whole first, and then in place at once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final

import msgspec

from csr_desktop.domain.errors import DiskFull, EnvironmentFault, Refused, Unreadable
from csr_desktop.server.backup_attachments import Arriving
from csr_desktop.server.backup_content import (
    FORMAT,
    WITH_CONTENTS,
    Beginning,
    Content,
    ContentEnd,
    End,
    File,
    Reading,
    Record,
    Rows,
    kind_of,
    no_backup,
)
from csr_desktop.server.backup_seal import unseal
from csr_desktop.server.backups import LOCK_NAME as BACKUP_LOCK_NAME
from csr_desktop.server.contents import ContentFolder
from csr_desktop.server.escrow import ServerKey
from csr_desktop.server.folder import CONTENTS_NAME, DATABASE_NAME, KEY_NAME, LOCK_NAME, ServerFolder, begin_epoch
from csr_desktop.store.backup import to_disk
from csr_desktop.store.database import ServerSqliteDatabase
from csr_desktop.store.faults import said_plainly
from csr_desktop.store.migrations import migrate, refuse_newer, version_of
from csr_desktop.store.sql import Sql
from csr_desktop.store.whole_tables import fill, filling, whole_tables
from csr_desktop.system.whole_file import sync_folder

STAGE_NAME: Final = "restoring"
"""Where what is restored grows up; what a killed restore left there is removed by the next."""
_EMPTY_BESIDE: Final = frozenset({LOCK_NAME, BACKUP_LOCK_NAME, STAGE_NAME, KEY_NAME, CONTENTS_NAME, "lost+found"})
"""Contents lie under their hashes, so that those of a copied folder, or of a killed restore, are in nobody's way."""


class Restored(msgspec.Struct, frozen=True):
    """`made_at` is when the backup was made, in milliseconds, UTC; `rows` of all its tables; `files` are contents of
    attachments, None when the backup holds none.
    """

    made_at: int
    rows: int
    files: int | None = None


def restore_backup(
    backup: Path,
    private_keys: Sequence[Any],
    folder: ServerFolder,
    say: Callable[[str], None] = lambda _: None,
    contents: ContentFolder | None = None,
) -> Restored:
    """Read the backup, and put it in place with a new epoch, so that every workstation sends what it lacks. `say` is
    told what was reached; `contents` is where the content of attachments goes, if not into the folder itself.

    Raises Refused for a folder or database that is not empty, Unreadable for a backup that is not whole, of another key
    or of a newer version; nothing is in place then. Killed at any moment, it can be done again.
    """
    folder.check_restorable()
    with _said(folder.path):
        folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = folder.claim()
        with closing(lock) if lock else nullcontext():
            _check_empty(folder.path)
            stage = folder.path / STAGE_NAME
            shutil.rmtree(stage, ignore_errors=True)
            stage.mkdir(mode=0o700)
            place = contents or ContentFolder(folder.path / CONTENTS_NAME)
            source = _Source(backup, private_keys, folder.path, place, say)
            try:
                restored = _into_shared(source, folder.connect_empty()) if folder.is_shared else _into_file(source)
            except BaseException:
                source.forget_contents()
                raise
            finally:
                shutil.rmtree(stage, ignore_errors=True)
    return restored


def _into_shared(source: _Source, sql: Sql) -> Restored:
    """In one transaction, with the key in place before it ends: a database without it could not be used."""
    try:
        with sql.transaction():
            if version_of(sql):
                raise Refused(
                    "exists", "There is something in this database already.", "Restore into a new, empty one."
                )
            restored = source.read(sql)
            source.place_contents()
            _place_key(source.home)
    finally:
        sql.db.close()
    return restored


def _into_file(source: _Source) -> Restored:
    """Beside first, without the care that a running server takes; the database comes last, which makes it a server."""
    home, growing = source.home, source.stage / DATABASE_NAME
    os.close(os.open(growing, os.O_CREAT | os.O_RDWR, 0o600))
    sql = Sql(ServerSqliteDatabase(str(growing)))
    sql.db.connect()
    try:
        sql.db.execute_sql("PRAGMA journal_mode = delete")
        sql.db.execute_sql("PRAGMA synchronous = off")
        with sql.transaction():
            restored = source.read(sql)
        if sql.value("PRAGMA quick_check(1)") != "ok":
            raise no_backup()
    finally:
        sql.db.close()
    to_disk(growing)
    source.place_contents()
    _place_key(home)
    growing.replace(home / DATABASE_NAME)
    sync_folder(home)
    return restored


class _Source:
    """A backup, and the folder that it is restored into."""

    def __init__(
        self,
        backup: Path,
        private_keys: Sequence[Any],
        home: Path,
        contents: ContentFolder,
        say: Callable[[str], None],
    ) -> None:
        self.home, self.stage = home, home / STAGE_NAME
        self._backup, self._private_keys = backup, private_keys
        self._contents = contents
        self._say = say
        self._arriving: Arriving | None = None

    def read(self, sql: Sql) -> Restored:
        """All of the backup into the database, checked against what it says of itself."""
        self._arriving = Arriving(sql, self._contents)
        loading = _Loading(sql, self.stage, self._arriving)
        reading = Reading(loading.take)
        with self._backup.open("rb") as file:
            unseal(file, self._private_keys, reading.feed)
        reading.end()
        restored = loading.end()
        self._say("The backup is whole.")
        migrate(sql, "server")
        begin_epoch(sql)
        return restored

    def place_contents(self) -> None:
        if self._arriving is not None:
            self._arriving.place()

    def forget_contents(self) -> None:
        if self._arriving is not None:
            self._arriving.forget()


class _Loading:
    """Records in the order in which a backup has them."""

    def __init__(self, sql: Sql, stage: Path, arriving: Arriving) -> None:
        self._sql = sql
        self._stage = stage
        self._arriving = arriving
        self._beginning: Beginning | None = None
        self._filling = ExitStack()
        self._end: End | None = None
        self._counts: dict[str, int] = {}
        self._places: dict[str, list[int]] = {}

    def take(self, record: Record) -> None:
        if self._end is not None or (self._beginning is None) != isinstance(record, Beginning):
            raise no_backup()
        match record:
            case Beginning():
                self._begin(record)
            case Rows():
                self._fill(record)
            case File():
                self._keep(record)
            case Content() if self._has_contents:
                self._arriving.take(record)
            case ContentEnd() if self._has_contents:
                self._arriving.end(record)
            case Content() | ContentEnd():
                raise no_backup()
            case End():
                self._end = record

    def end(self) -> Restored:
        """Raises Unreadable when anything is missing."""
        if self._beginning is None or self._end is None or self._counts != self._end.counts:
            raise no_backup()
        if not self._arriving.is_complete(self._end.contents):
            raise no_backup()
        for table in self._beginning.tables:
            if self._sql.value(f'SELECT count(*) FROM "{table}"') != self._counts[table]:
                raise no_backup()
        self._filling.close()
        if not self._sql.value("SELECT 1 FROM organisations LIMIT 1"):
            raise no_backup()
        ServerKey.read(self._stage / KEY_NAME)
        files = self._end.contents if self._has_contents else None
        return Restored(self._beginning.made_at, sum(self._counts.values()), files)

    @property
    def _has_contents(self) -> bool:
        return self._beginning is not None and self._beginning.format == WITH_CONTENTS

    def _begin(self, beginning: Beginning) -> None:
        if beginning.format not in {FORMAT, WITH_CONTENTS} or beginning.schema_version < 1:
            raise no_backup()
        refuse_newer(beginning.schema_version, "server")
        migrate(self._sql, "server", up_to=beginning.schema_version)
        known = whole_tables(self._sql)
        self._places = {table: _places(columns, known.get(table, ())) for table, columns in beginning.tables.items()}
        is_same_kind = beginning.kind == kind_of(is_postgresql=self._sql.is_postgresql)
        # Each database may have columns for its own use; what they hold is of no use to the other.
        is_whole = all(len(self._places[t]) == len(c) == len(known.get(t, ())) for t, c in beginning.tables.items())
        if set(beginning.tables) != set(known) or (is_same_kind and not is_whole):
            raise no_backup()
        self._beginning = beginning
        self._counts = dict.fromkeys(beginning.tables, 0)
        self._filling.enter_context(filling(self._sql, known))

    def _fill(self, rows: Rows) -> None:
        columns = self._beginning.tables.get(rows.table) if self._beginning else None
        if columns is None or any(len(row) != len(columns) for row in rows.rows):
            raise no_backup()
        places = self._places[rows.table]
        is_whole = len(places) == len(columns)
        kept = rows.rows if is_whole else [[row[place] for place in places] for row in rows.rows]
        fill(self._sql, rows.table, [columns[place] for place in places], kept)
        self._counts[rows.table] += len(rows.rows)

    def _keep(self, file: File) -> None:
        if file.name != KEY_NAME:
            raise no_backup()
        path = self._stage / KEY_NAME
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(file.content)
            out.flush()
            os.fsync(out.fileno())


def _places(columns: Sequence[str], known: Sequence[str]) -> list[int]:
    """Where in a backup's row the columns stand that are known here."""
    return [place for place, column in enumerate(columns) if column in known]


def _check_empty(home: Path) -> None:
    if any(path.name not in _EMPTY_BESIDE for path in home.iterdir()):
        raise Refused(
            "exists", f"The folder {home} is not empty.", "Restore into a new one, or move away what is there."
        )


def _place_key(home: Path) -> None:
    """A key that is there already, as a restore leaves one that was killed at its end, must be the same."""
    key, restored = home / KEY_NAME, home / STAGE_NAME / KEY_NAME
    if not key.exists():
        restored.replace(key)
        sync_folder(home)
    elif key.read_bytes() != restored.read_bytes():
        raise Refused("exists", f"There is another server's key in {home}.", "Restore into a new folder.")


@contextmanager
def _said(home: Path) -> Iterator[None]:
    try:
        with said_plainly(home):
            yield
    except DiskFull as full:
        full.title, full.advice = f"There is no room in {home}, so nothing was restored.", "Make room, and do it again."
        raise
    except Unreadable as fault:
        if fault.kind == "damaged":
            fault.advice = "Nothing was restored. Take another backup, or copy it again."
        raise
    except OSError as error:
        place = error.filename or home
        raise EnvironmentFault(f"{place} cannot be used ({os.strerror(error.errno or 0)}).") from error
