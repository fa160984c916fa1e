"""Making backups while the server runs: all tables from one moment, encrypted, whole or not there at all."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from csr_desktop import __version__
from csr_desktop.domain.errors import BadInput, DiskFull, EnvironmentFault, Refused
from csr_desktop.server.backup_attachments import Gathered, listed, records
from csr_desktop.server.backup_content import (
    FORMAT,
    WITH_CONTENTS,
    Beginning,
    End,
    File,
    encoded,
    encoded_rows,
    kind_of,
)
from csr_desktop.server.backup_seal import check_public_key, seal
from csr_desktop.server.contents import ContentFolder
from csr_desktop.server.folder import KEY_NAME, ServerFolder, epoch
from csr_desktop.store.faults import said_plainly
from csr_desktop.store.migrations import version_of
from csr_desktop.store.sql import Sql
from csr_desktop.store.whole_tables import rows_of, whole_tables
from csr_desktop.system.file_lock import lock_file
from csr_desktop.system.whole_file import sync_folder

LOCK_NAME: Final = "backup.lock"
_NAME: Final = re.compile(r"csr-desktop-\d{8}T\d{6}\.\d{3}Z\.age", re.ASCII)
_PART: Final = re.compile(rf"{_NAME.pattern}\.part", re.ASCII)
_DAY_END: Final = len("csr-desktop-20260105")
_LEFT_SECONDS: Final = 24 * 3600
"""An unfinished backup that nobody wrote to for so long was left by one that was killed."""


class Made(msgspec.Struct, frozen=True):
    """`rows` in all tables, `size` in bytes, encrypted; `removed` are the older ones that were not to be kept. `files`
    are the contents of attachments that are in it, `missing` those that the server itself has not whole.
    """

    path: Path
    rows: int
    size: int
    seconds: float
    removed: list[Path]
    files: int = 0
    missing: int = 0


def make_backup(
    folder: ServerFolder,
    into: Path,
    public_keys: Sequence[str],
    *,
    clock: Callable[[], int],
    keep: int = 0,
    keep_daily: int = 0,
    contents: ContentFolder | None = None,
) -> Made:
    """A backup in the folder `into`, which any one of the keys opens. Its name tells when it was made, in UTC. With
    `contents`, what attachments hold is in it, too. Where `keep` or `keep_daily` is more than 0, older ones are removed
    once it is safe: all but the newest `keep`, and but the last of each day in UTC, for the newest `keep_daily` days
    that have any.

    Raises BadInput, Refused when one is being made already, Unreadable where no server was made, EnvironmentFault; then
    nothing is left behind.
    """
    begun = time.monotonic()
    keys = [check_public_key(key) for key in public_keys]
    if not keys:
        raise BadInput("to", "A backup needs the public key that it is encrypted for.", "Give --to.")
    key_file = folder.path / KEY_NAME
    folder.key()  # a backup without a key that can be used would only look like one
    try:
        lock = lock_file(folder.path / LOCK_NAME)
    except OSError as error:
        raise EnvironmentFault(f"{folder.path} cannot be used ({os.strerror(error.errno or 0)}).") from error
    if lock is None:
        raise Refused("running", "A backup of this server is being made already.")
    with closing(lock), _said(into):
        sql = folder.connect_made()  # a backup of nothing would only look like one, and `keep` would drop a good one
        try:
            into.mkdir(mode=0o700, parents=True, exist_ok=True)
            _remove_left(into)
            path = _free_name(into, clock())
            counts: dict[str, int] = {}
            gathered = Gathered()
            with closing(_content(sql, clock(), key_file.read_bytes(), counts, contents, gathered)) as content:
                _write(path, content, keys)
        finally:
            sql.db.close()
        size = path.stat().st_size
        removed = _remove_older(into, keep, keep_daily)
    seconds = time.monotonic() - begun
    return Made(path, sum(counts.values()), size, seconds, removed, gathered.count, gathered.missing)


def _content(
    sql: Sql, now: int, key: bytes, counts: dict[str, int], contents: ContentFolder | None, gathered: Gathered
) -> Generator[bytes]:
    with sql.snapshot():
        tables = whole_tables(sql)
        columns_of = {table: list(columns) for table, columns in tables.items()}
        kind = kind_of(is_postgresql=sql.is_postgresql)
        form = FORMAT if contents is None else WITH_CONTENTS
        yield encoded(Beginning(form, now, __version__, version_of(sql), epoch(sql), kind, columns_of))
        yield encoded(File(KEY_NAME, key))
        for table, columns in tables.items():
            yield from encoded_rows(table, rows_of(sql, table, columns), counts)
        hashes = listed(sql) if contents is not None else []
    if contents is not None:
        yield from records(sql, contents, hashes, gathered)
    yield encoded(End(counts, gathered.count))


def _write(path: Path, content: Iterator[bytes], keys: Sequence[str]) -> None:
    """Beside it first; it gets its name once all of it is on the disk."""
    part = path.with_name(path.name + ".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            seal(content, file, keys)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


@contextmanager
def _said(into: Path) -> Iterator[None]:
    try:
        with said_plainly(into):
            yield
    except DiskFull as full:
        full.title, full.advice = f"There is no room in {into}, so no backup was made.", "The older ones are kept."
        raise
    except OSError as error:
        raise EnvironmentFault(f"{into} cannot be used ({os.strerror(error.errno or 0)}).", "Take another.") from error


def _free_name(into: Path, now: int) -> Path:
    while True:
        at = datetime.fromtimestamp(now / 1000, UTC)
        path = into / f"csr-desktop-{at:%Y%m%dT%H%M%S}.{now % 1000:03}Z.age"
        if not path.exists():
            return path
        now += 1


def _remove_older(into: Path, keep: int, keep_daily: int) -> list[Path]:
    """By their names; another file is nobody's business here."""
    if not keep and not keep_daily:
        return []
    ours = sorted(path for path in into.iterdir() if _NAME.fullmatch(path.name))
    last_of_day = {path.name[:_DAY_END]: path for path in ours}
    days = list(last_of_day.values())
    kept = {*ours[len(ours) - min(keep, len(ours)) :], *days[len(days) - min(keep_daily, len(days)) :]}
    older = [path for path in ours if path not in kept]
    for path in older:
        path.unlink(missing_ok=True)
    return older


def _remove_left(into: Path) -> None:
    for path in into.iterdir():
        if _PART.fullmatch(path.name) and path.stat().st_mtime < time.time() - _LEFT_SECONDS:
            path.unlink(missing_ok=True)
