"""Copies of a database file: consistent, checked, and never in place of a good one before they are good themselves."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from csr_desktop.store.database import DeskDatabase, ServerSqliteDatabase, desk_database
from csr_desktop.store.faults import damaged, said_plainly
from csr_desktop.store.sql import Sql
from csr_desktop.system.whole_file import sync_folder

if TYPE_CHECKING:
    from pathlib import Path


def backup(sql: Sql, target: Path) -> None:
    """A consistent copy of a SQLite file with the same key; it replaces the one at `target` once it is proved good.

    Others may read and write meanwhile. Raises DiskFull, EnvironmentFault, or Unreadable when the source is damaged;
    an earlier copy then stays.
    """
    part = target.with_name(target.name + ".part")
    with said_plainly(target.parent):
        remove(part)
        try:
            sql.all("VACUUM INTO ?", str(part))
            _prove(sql, part)
            to_disk(part)
            part.replace(target)
            sync_folder(target.parent)
        finally:
            remove(part)


def _prove(sql: Sql, copy: Path) -> None:
    original = sql.db
    if isinstance(original, DeskDatabase):
        proof = Sql(desk_database(copy, original.key, original.clock))
    else:
        proof = Sql(ServerSqliteDatabase(str(copy)))
    proof.db.connect()
    try:
        if proof.value("PRAGMA quick_check(1)") != "ok":
            raise damaged()
    finally:
        proof.db.close()


def to_disk(path: Path) -> None:
    """What was written to this file lasts, also after a loss of power."""
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove(path: Path) -> None:
    """Delete an unfinished copy and what SQLite put beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).unlink()
