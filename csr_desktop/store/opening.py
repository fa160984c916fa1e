"""Opening the databases: the server's (SQLite or PostgreSQL) and a desk's encrypted file with its meta beside it.

Each returns a `Sql` connected in the calling thread and migrated. Another thread that uses it calls `sql.db.connect()`
at its start and `sql.db.close()` at its end.
"""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import msgspec

from csr_desktop.domain.errors import DiskFull, EnvironmentFault, Unreadable
from csr_desktop.store.backup import backup, remove, to_disk
from csr_desktop.store.database import DeskDatabase, PostgresqlDatabase, ServerSqliteDatabase, desk_database
from csr_desktop.store.faults import damaged, read_only, said_plainly, sql_state
from csr_desktop.store.meta_file import Meta, key_check, meta_path, read_meta, write_meta
from csr_desktop.store.migrations import migrate, refuse_newer, version_of
from csr_desktop.store.sql import Sql
from csr_desktop.store.taking_place import ASIDE, BESIDE, META, discard, end_making, making_path, move
from csr_desktop.system.whole_file import next_free, sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable

KEY_LENGTH = 32
_MEMORY = ":memory:"
_NOT_ALLOWED = "42501"
_GENERATION = "file_generation"
PAGE = 4096
_FILE = ("", *BESIDE)
COPY_DAYS = 30
"""How long the copy is kept that was made before a desk's file was brought up to a newer version."""
_DAY_MILLISECONDS = 86_400_000

RESTORED = "is_restored"
"""Key in `state` of a restored file: numbers of its commands may be used already, so a new device is needed."""
SALVAGED = "salvaged"
"""Key in `state` of a file made anew: how many unsent changes came along, -1 where the old file could not be read."""
OLD_FILE = "old_file"
"""Key in `state` beside it where not all that a person wrote could be taken along: `part`, some of it, or
`missing`, nothing, since the file was not there or empty.
"""


# The server's


def open_server(url_or_path: str | Path) -> Sql:
    """A path or `sqlite:///…` opens SQLite, `postgresql://…` PostgreSQL. Raises EnvironmentFault or Unreadable."""
    sql = connect_server(url_or_path)
    with said_plainly():
        try:
            migrate(sql, "server", lambda version: _copy_before(sql, version))
        except BaseException as error:
            sql.db.close()
            if sql_state(error) == _NOT_ALLOWED:
                raise _not_its_owner() from error
            raise
    return sql


def connect_server(url_or_path: str | Path) -> Sql:
    """The server's database as it is, which may be of an older version or empty."""
    text = str(url_or_path)
    with said_plainly():
        if text.startswith(("postgresql://", "postgres://")):
            sql = Sql(PostgresqlDatabase("postgresql://" + text.split("://", 1)[1]))
        else:
            path = unquote(text.removeprefix("sqlite:///")) if text.startswith("sqlite:///") else text
            if path != _MEMORY:
                _make_private(Path(path))
            sql = Sql(ServerSqliteDatabase(path))
        sql.db.connect()
    return sql


def _not_its_owner() -> Unreadable:
    return Unreadable(
        "older",
        "The database wants a change that this role may not make.",
        "Run `csr-desktop server grant` once with the address of the database's owner.",
    )


def _copy_before(sql: Sql, version: int) -> None:
    """Keep the file as it was before a step changes it. PostgreSQL's copy is its administrator's (`pg_dump`)."""
    if not sql.is_postgresql and sql.db.database != _MEMORY:
        path = Path(sql.db.database)
        backup(sql, path.with_name(f"{path.name}.version-{version}"))


# The desk's


def open_desk(path: Path, key: bytes, *, clock: Callable[[], int]) -> Sql:
    """Open or make the file of one person. `key` is 32 random bytes, `clock` gives milliseconds.

    Raises Unreadable with `kind` wrong_key, damaged, missing, emptied, rolled_back or newer: then nothing was changed
    (but that SQLite takes a WAL that lies beside the file into it), and `set_aside` (then opening anew) or
    `backup.restore` is the way out. Raises EnvironmentFault for a place that can't be written to and a full disk. A
    file that was not closed cleanly or was changed since is checked first.
    """
    if len(key) != KEY_LENGTH:
        msg = f"a key of {KEY_LENGTH} bytes is needed"
        raise ValueError(msg)
    try:
        with said_plainly(path.parent):
            return _open_desk(path, key, clock)
    except DiskFull as full:
        full.title = "The disk is full, so your data can't be opened."
        full.advice = "Free some space, then start CSR Desktop again. Nothing is lost."
        raise


def _open_desk(path: Path, key: bytes, clock: Callable[[], int]) -> Sql:
    _refuse_unwritable(path)
    end_making(path)
    meta = read_meta(path)
    if meta is None and meta_path(path).exists() and not path.exists():
        raise _missing()
    if meta is not None:
        refuse_newer(meta.schema_version, "desk")
        if meta.is_initialised:
            _compare_outside(path, meta, key)
        elif path.exists():  # its making was cut off, so nothing was ever kept in it
            set_aside(path)
            meta = None
    is_new = not path.exists()
    if is_new:
        write_meta(path, Meta(key_check(key), 0, os.urandom(8).hex(), written_at=clock()))
        _make_private(path)
    sql = Sql(desk_database(path, key, clock))
    sql.db.connect()
    try:
        if not is_new:
            _compare_inside(sql, path, meta)
        migrate(sql, "desk", lambda version: _copy_before(sql, version))
        _name_generation(sql)
        refresh_meta(sql)
    except BaseException:
        sql.db.close()
        raise
    _remove_old_copies(path, clock())
    return sql


def _remove_old_copies(path: Path, now: int) -> None:
    """Those of before an upgrade, once the newer version has worked for `COPY_DAYS`; one that can't go stays."""
    for copy in path.parent.glob(f"{path.name}.version-*"):
        with suppress(OSError):
            if copy.stat().st_mtime * 1000 < now - COPY_DAYS * _DAY_MILLISECONDS:
                copy.unlink()


def refresh_meta(sql: Sql, *, is_closed: bool = False) -> None:
    """Let the meta say what the file says: at opening, after each sync, at closing. Needs a connection in this thread.

    A full disk is no reason to stop here: the meta then stays a little behind, which is allowed.
    """
    db = _desk(sql)
    state: dict[str, str] = dict(
        sql.all("SELECT key, value FROM state WHERE key IN ('seq', 'device_id', 'numbering', ?)", _GENERATION)
    )
    meta = Meta(
        key_check=key_check(db.key),
        schema_version=version_of(sql),
        generation=state[_GENERATION],
        device_id=state.get("device_id", ""),
        numbering=int(state.get("numbering", 0)),
        last_seq=int(state.get("seq", 0)),
        is_initialised=True,
        written_at=db.clock(),
    )
    if is_closed:
        db.close()
        stat = db.path.stat()
        is_whole = not db.path.with_name(db.path.name + "-wal").exists()  # else another thread still has it open
        meta = msgspec.structs.replace(meta, is_closed=is_whole, size=stat.st_size, modified_ns=stat.st_mtime_ns)
    try:
        with said_plainly(db.path.parent):
            write_meta(db.path, meta)
    except DiskFull:
        return


def close_desk(sql: Sql) -> None:
    """Close this thread's connection, the last of the file's, and note that it was done cleanly."""
    refresh_meta(sql, is_closed=True)


def set_aside(path: Path) -> Path:
    """Rename a desk's file and all that belongs to it, so that a new one can be made; deletes nothing. Its new path."""
    aside = next_free(path, ASIDE)
    with said_plainly():
        move(path, aside, (*_FILE, META))  # the meta last: cut off before, the file is told to be missing, never new
    return aside


def wipe(path: Path) -> None:
    """Delete a desk's file with all that lies beside it, also its copies and what was set aside."""
    with said_plainly():
        for part in sorted(path.parent.glob(f"{path.name}*")):
            part.unlink(missing_ok=True)


def restore(path: Path, copy: Path, key: bytes, *, clock: Callable[[], int]) -> Sql:
    """Set the desk's file aside, put the copy in its place and open it. Raises as `open_desk` does.

    `state` then holds `is_restored`: before anything is sent, sync takes a new device.
    """
    part = path.with_name(path.name + ".restoring")
    with said_plainly():
        try:
            shutil.copyfile(copy, part)
            part.chmod(0o600)
            to_disk(part)
            discard(making_path(path))
            aside = next_free(path, ASIDE)
            move(path, aside, _FILE)
            part.replace(path)
            move(path, aside, (META,))
            sync_folder(path.parent)
        finally:
            remove(part)
    sql = open_desk(path, key, clock=clock)
    with said_plainly(), sql.transaction():
        sql.do("INSERT INTO state (key, value) VALUES (?, '1') ON CONFLICT (key) DO UPDATE SET value = '1'", RESTORED)
    return sql


def _desk(sql: Sql) -> DeskDatabase:
    if not isinstance(sql.db, DeskDatabase):
        msg = "not a desk's file"
        raise TypeError(msg)
    return sql.db


def _make_private(path: Path) -> None:
    """Only its owner may read it; SQLite gives what it puts beside it the same rights.

    A file that is there is not touched: to close it would take from SQLite the locks by which other processes know that
    this one has it open, and the last of them would remove the log under it.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        if not os.access(path, os.R_OK | os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path)) from None
    except FileNotFoundError:
        title = f"The folder {path.parent} is not there."
        raise EnvironmentFault(title, "Make it, or choose another place for the data.") from None


def _refuse_unwritable(path: Path) -> None:
    if not path.parent.is_dir():
        raise EnvironmentFault(
            f"The folder {path.parent} is not there.", "Connect its drive, then start CSR Desktop again."
        )
    for place in (path.parent, path, meta_path(path)):
        if place.exists() and not os.access(place, os.W_OK | os.R_OK):
            raise read_only(str(place))


def _missing() -> Unreadable:
    return Unreadable(
        "missing",
        "The file of your data on this computer is missing.",
        "Your data can be restored from the last backup and the server.",
    )


def _compare_outside(path: Path, meta: Meta, key: bytes) -> None:
    """What can be told without opening the file."""
    if not path.exists():
        raise _missing()
    size = path.stat().st_size
    if size == 0:
        raise Unreadable(
            "emptied",
            "The file of your data on this computer was emptied.",
            "Your data can be restored from the last backup and the server.",
        )
    if meta.key_check != key_check(key):
        raise Unreadable(
            "wrong_key",
            "The key in this computer's keyring does not fit your data.",
            "Your data is kept. Sign in again: your organization's server keeps the right key.",
        )
    if size < PAGE:  # SQLite would take it for a new one and write over it
        raise damaged()


def _compare_inside(sql: Sql, path: Path, meta: Meta | None) -> None:
    """What only the opened file can say."""
    version = version_of(sql)
    refuse_newer(version, "desk")
    if version == 0:
        if sql.value("SELECT count(*) FROM sqlite_master") or (meta is not None and meta.is_initialised):
            raise damaged()
        return
    stat = path.stat()
    untouched = (
        meta is not None and meta.is_closed and (stat.st_size, stat.st_mtime_ns) == (meta.size, meta.modified_ns)
    )
    if not untouched and sql.value("PRAGMA quick_check(1)") != "ok":
        raise damaged()
    if meta is None:
        return
    state: dict[str, str] = dict(sql.all("SELECT key, value FROM state"))
    numbered = (int(state.get("numbering", 0)), int(state.get("seq", 0)))
    is_same_device = state.get("device_id", "") == meta.device_id
    if (is_same_device and numbered < (meta.numbering, meta.last_seq)) or state.get(_GENERATION) != meta.generation:
        raise Unreadable(
            "rolled_back",
            "The file of your data on this computer is an older or another copy.",
            "It is kept. What is missing in it can be restored from the last backup and the server.",
        )


def _name_generation(sql: Sql) -> None:
    """Give a new file its name once; the meta beside it repeats that."""
    if sql.value("SELECT count(*) FROM state WHERE key = ?", _GENERATION) == 0:
        with sql.transaction():
            sql.do("INSERT INTO state (key, value) VALUES (?, ?)", _GENERATION, os.urandom(8).hex())
