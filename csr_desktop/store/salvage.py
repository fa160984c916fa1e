"""A desk's file that is damaged, gone or an older copy is set aside; what was written there and not sent comes along.

The server fills the new file with everything else. Its numbers may be used already: it starts as a restored one.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from csr_desktop.domain.errors import CsrDesktopError, DiskFull
from csr_desktop.store.database import desk_database
from csr_desktop.store.faults import said_plainly
from csr_desktop.store.opening import OLD_FILE, PAGE, RESTORED, SALVAGED, close_desk, open_desk
from csr_desktop.store.sql import Sql
from csr_desktop.store.taking_place import discard, end_making, is_ready, making_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_TAKEN: Final = {
    "outbox": ("seq", "seq, id, group_id, body, blocked"),
    "sent": ("position", "position, id, device_id, group_id, body, answered_at"),
    "needs_you": ("id", "id, body, status, code, reason, answered_at"),
    "drafts": ("key", "key, body, written_at"),
}
_FILES: Final = "id, place, name, sha256, size, held, sent, origin, problem, used_at"
_PARTS: Final = "position, content_id, body"
_WRITTEN: Final = ("outbox", "needs_you", "drafts")
"""Those of them that have what is nowhere else."""


class _Found(NamedTuple):
    """What could be read: rows by table, a table of which nothing could is left out; `short` as under `OLD_FILE`, ''
    where that is all.
    """

    rows: dict[str, list[Any]]
    state: dict[str, str]
    short: str = ""
    files: list[tuple[Any, list[Any]]] = []  # noqa: RUF012  # never changed
    """Files that a person attached and the server does not have, each with its parts."""


def make_anew(path: Path, key: bytes, clock: Callable[[], int]) -> None:
    """Make a new file that has what was not sent; only when it is whole, it takes the place of the old one, which is
    set aside. Raises as `open_desk` does, and then nothing is lost.
    """
    made = making_path(path)
    try:
        with said_plainly(path.parent):
            discard(made)
            _make(made, key, clock, _read(path, key, clock))
            end_making(path)
    except DiskFull as full:
        full.title = "The disk is full, so your data can't be made anew."
        full.advice = "Free some space, then start CSR Desktop again. Nothing is lost."
        raise


def _make(made: Path, key: bytes, clock: Callable[[], int], found: _Found) -> None:
    try:
        _fill(made, key, clock, found)
        if not is_ready(made):  # a meta that a full disk did not take is no fault at closing, but here it is
            raise DiskFull
    except BaseException:
        with suppress(OSError):  # the next opening removes it, and the old file was not touched
            discard(made)
        raise


def _fill(made: Path, key: bytes, clock: Callable[[], int], found: _Found) -> None:
    sql = open_desk(made, key, clock=clock)
    try:
        with sql.transaction():
            for table, (_, columns) in _TAKEN.items():
                marks = ",".join("?" * len(columns.split(",")))
                sql.many(f"INSERT INTO {table} ({columns}) VALUES ({marks})", found.rows.get(table, []))
            for file, parts in found.files:
                sql.many(f"INSERT INTO attachment_contents ({_FILES}) VALUES (?,?,?,?,?,?,?,?,?,?)", [file])
                sql.many(f"INSERT INTO attachment_parts ({_PARTS}) VALUES (?,?,?)", parts)
            unsent = found.rows.get("outbox")
            seq = max([int(found.state.get("seq", 0)), *(row[0] for row in unsent or [])])
            kept = {"seq": str(seq), RESTORED: "1", SALVAGED: str(-1 if unsent is None else len(unsent))}
            if found.short:
                kept[OLD_FILE] = found.short
            sql.many(
                "INSERT INTO state (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                sorted(kept.items()),
            )
        close_desk(sql)
    finally:
        sql.db.close()  # Windows removes no file that is open


def _read(path: Path, key: bytes, clock: Callable[[], int]) -> _Found:
    """What can be read of the tables that only this file has."""
    size = path.stat().st_size if path.exists() else 0
    if size == 0:
        return _Found({}, {}, "missing")
    if size < PAGE:  # SQLite would take it for a new one and write over it
        return _Found({}, {}, "part")
    found: dict[str, list[Any]] = {}
    sql = Sql(desk_database(path, key, clock))
    try:
        with said_plainly():
            sql.db.connect()
    except CsrDesktopError:
        return _Found({}, {}, "part")
    is_all_whole = True
    try:
        for table, (order, columns) in _TAKEN.items():
            rows, is_whole = _from_both_ends(sql, table, order, columns)
            if rows or is_whole:
                found[table] = rows
            is_all_whole = is_all_whole and (is_whole or table not in _WRITTEN)
        files, are_files_whole = _files(sql)
        is_all_whole = is_all_whole and are_files_whole
        state = dict(_from_both_ends(sql, "state", "key", "key, value")[0])
    finally:
        sql.db.close()
    return _Found(found, state, "" if is_all_whole else "part", files)


def _files(sql: Sql) -> tuple[list[tuple[Any, list[Any]]], bool]:
    """A file of which a part can't be read is no file any more."""
    found, is_whole = _from_both_ends(sql, "attachment_contents", "id", _FILES, "WHERE origin = 'taken'")
    files = []
    for file in found:
        parts, _ = _from_both_ends(sql, "attachment_parts", "position", _PARTS, "WHERE content_id = ?", file[0])
        if sum(len(body) for _, _, body in parts) == file[4]:
            files.append((file, parts))
        else:
            is_whole = False
    return files, is_whole


def _from_both_ends(
    sql: Sql, table: str, order: str, columns: str, where: str = "", *values: str
) -> tuple[list[Any], bool]:
    """Rows up to where the damage begins, and those behind it; whether all could be read. A table that an earlier
    version did not have is empty.
    """
    rows: dict[Any, Any] = {}
    is_whole = True
    try:
        with said_plainly():
            if not sql.value("SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = ?", table):
                return [], True
    except CsrDesktopError:
        return [], False
    for direction in ("ASC", "DESC"):
        try:
            with said_plainly():
                text = f"SELECT {columns} FROM {table} {where} ORDER BY {order} {direction}"
                for row in sql.db.execute_sql(text, values or None):
                    rows[row[0]] = row
        except CsrDesktopError:
            is_whole = False
        if is_whole:
            break
    return [rows[key] for key in sorted(rows)], is_whole
