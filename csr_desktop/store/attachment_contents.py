"""The content of attachments in the desk's encrypted file, in parts of one MiB: chosen here, or fetched and cached."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final, NamedTuple

from csr_desktop.store.sql import Sql

PART_BYTES: Final = 1024 * 1024
"""As much as travels at once, too."""
CACHE_BYTES: Final = 200 * 1024 * 1024
"""Of what was fetched; what was chosen here and is not at the server does not count, and stays."""
TAKEN, FETCHED = "taken", "fetched"
DAMAGED: Final = "damaged"
LEFT_OUT: Final = "left_out:"
"""How `place` begins for a file that was taken off its draft; the group that brings it back, and the place, follow."""
ORPHAN_DAYS: Final = 30
_DAY_MS: Final = 86_400_000
_COLUMNS: Final = "id, place, name, sha256, size, held, sent, origin, problem, used_at"


class Content(NamedTuple):
    """A row of `attachment_contents`."""

    id: str
    place: str
    name: str
    sha256: str
    size: int
    held: int
    sent: int
    origin: str
    problem: str
    used_at: int

    @property
    def is_whole(self) -> bool:
        return self.held == self.size and bool(self.sha256)


def find(sql: Sql, content_id: str) -> Content | None:
    row = sql.one(f"SELECT {_COLUMNS} FROM attachment_contents WHERE id = ?", content_id)
    return Content(*row) if row else None


def of_ids(sql: Sql, ids: Sequence[str]) -> dict[str, Content]:
    """Those of these ids that are here, whole or in part."""
    if not ids:
        return {}
    rows = sql.all(f"SELECT {_COLUMNS} FROM attachment_contents WHERE id IN ({','.join('?' * len(ids))})", *ids)
    return {row[0]: Content(*row) for row in rows}


def of_place(sql: Sql, place: str) -> list[Content]:
    """What waits with a draft, in the order of choosing; only what is wholly taken in."""
    where = "WHERE place = ? AND sha256 <> '' ORDER BY rowid"
    return [Content(*row) for row in sql.all(f"SELECT {_COLUMNS} FROM attachment_contents {where}", place)]


# Taking in and giving out. Each runs in a transaction of its own.


def begin(
    sql: Sql, content_id: str, *, size: int, origin: str, now: int, name: str = "", place: str = "", sha256: str = ""
) -> None:
    with sql.transaction():
        sql.do(
            f"INSERT INTO attachment_contents ({_COLUMNS}) VALUES (?,?,?,?,?,0,0,?,'',?)",
            content_id,
            place,
            name,
            sha256,
            size,
            origin,
            now,
        )


def put(sql: Sql, content_id: str, body: bytes) -> bool:
    """The next part. False when the content is not wanted any more."""
    with sql.transaction():
        held = sql.value("SELECT held FROM attachment_contents WHERE id = ?", content_id)
        if held is None:
            return False
        sql.do(
            "INSERT INTO attachment_parts (content_id, position, body) VALUES (?,?,?)",
            content_id,
            held // PART_BYTES,
            body,
        )
        sql.do("UPDATE attachment_contents SET held = held + ? WHERE id = ?", len(body), content_id)
    return True


def part(sql: Sql, content_id: str, position: int) -> bytes:
    """Its bytes, none behind the last one."""
    body = sql.value("SELECT body FROM attachment_parts WHERE content_id = ? AND position = ?", content_id, position)
    return bytes(body) if body is not None else b""


def hash_of(sql: Sql, content_id: str) -> str:
    found, position = hashlib.sha256(), 0
    while body := part(sql, content_id, position):
        found.update(body)
        position += 1
    return found.hexdigest()


def finish(sql: Sql, content_id: str, sha256: str) -> None:
    with sql.transaction():
        sql.do("UPDATE attachment_contents SET sha256 = ? WHERE id = ?", sha256, content_id)


def drop(sql: Sql, content_id: str) -> None:
    with sql.transaction():
        sql.do("DELETE FROM attachment_parts WHERE content_id = ?", content_id)
        sql.do("DELETE FROM attachment_contents WHERE id = ?", content_id)


def empty(sql: Sql, content_id: str, problem: str) -> None:
    """What was fetched is not what it should be: nothing of it is kept."""
    with sql.transaction():
        sql.do("DELETE FROM attachment_parts WHERE content_id = ?", content_id)
        sql.do("UPDATE attachment_contents SET held = 0, problem = ? WHERE id = ?", problem, content_id)


def note_use(sql: Sql, content_id: str, now: int) -> None:
    with sql.transaction():
        sql.do("UPDATE attachment_contents SET used_at = ? WHERE id = ?", now, content_id)


# Of drafts


def set_place(sql: Sql, content_id: str, place: str) -> None:
    sql.do("UPDATE attachment_contents SET place = ? WHERE id = ?", place, content_id)


def rename(sql: Sql, content_id: str, new_id: str, place: str) -> None:
    """An attachment that was taken back waits with its draft again, and will be another one."""
    sql.do(
        "UPDATE attachment_contents SET id = ?, place = ?, sent = 0, origin = ?, problem = '' WHERE id = ?",
        new_id,
        place,
        TAKEN,
        content_id,
    )
    sql.do("UPDATE attachment_parts SET content_id = ? WHERE content_id = ?", new_id, content_id)


def bring_back(sql: Sql, group_id: str) -> int:
    """What was left out of a draft in this group waits with it again; how many those are."""
    start = f"{LEFT_OUT}{group_id}:"
    return sql.do(
        "UPDATE attachment_contents SET place = substr(place, ?) WHERE substr(place, 1, ?) = ?",
        len(start) + 1,
        len(start),
        start,
    )


# What is on its way

_OF_ROW = "FROM attachment_contents c JOIN attachments a ON a.id = c.id"


def to_send(sql: Sql) -> list[Content]:
    """Chosen here, known to the server by name, and not there yet; in the order of choosing."""
    columns = ", ".join(f"c.{name.strip()}" for name in _COLUMNS.split(","))
    where = (
        "c.origin = 'taken' AND c.place = '' AND c.problem = '' AND a.rev > 0 AND a.deleted = 0 AND a.arrived_at = 0"
    )
    return [Content(*row) for row in sql.all(f"SELECT {columns} {_OF_ROW} WHERE {where} ORDER BY c.rowid")]


def to_fetch(sql: Sql) -> list[Content]:
    """Asked for and not wholly here."""
    columns = ", ".join(f"c.{name.strip()}" for name in _COLUMNS.split(","))
    where = "c.origin = 'fetched' AND c.held < c.size AND c.problem = '' AND a.deleted = 0"
    return [Content(*row) for row in sql.all(f"SELECT {columns} {_OF_ROW} WHERE {where} ORDER BY c.used_at")]


def note_sent(sql: Sql, content_id: str, sent: int) -> None:
    with sql.transaction():
        sql.do("UPDATE attachment_contents SET sent = ? WHERE id = ?", sent, content_id)


def note_problem(sql: Sql, content_id: str, problem: str) -> None:
    with sql.transaction():
        sql.do("UPDATE attachment_contents SET problem = ? WHERE id = ?", problem, content_id)


def tidy(sql: Sql, now: int, room: int = CACHE_BYTES) -> None:
    """What the server has by now is only a copy. Copies go when their attachment does, and the longest unused when
    there are too many; a person's own go when nothing came of them for a month.
    """
    with sql.transaction():
        sql.do(
            "UPDATE attachment_contents SET origin = 'fetched' WHERE origin = 'taken' AND place = ''"
            " AND id IN (SELECT id FROM attachments WHERE arrived_at > 0)"
        )
        gone = sql.all(
            "SELECT id FROM attachment_contents WHERE (origin = 'fetched' AND id NOT IN"
            " (SELECT id FROM attachments WHERE deleted = 0 AND scan <> 'refused'))"
            " OR (origin = 'taken' AND used_at < ? AND (sha256 = '' OR place LIKE 'left_out:%'))"
            " OR (origin = 'taken' AND used_at < ? AND place = '' AND id NOT IN"
            " (SELECT id FROM attachments WHERE deleted = 0))",
            now - _DAY_MS,
            now - ORPHAN_DAYS * _DAY_MS,
        )
        ids = [content_id for (content_id,) in gone]
        for content_id, held in sql.all(
            "SELECT id, held FROM attachment_contents WHERE origin = 'fetched' AND held = size"
            " ORDER BY used_at DESC, id"
        ):
            if content_id in ids:
                continue
            room -= held
            if room < 0:
                ids.append(content_id)
        sql.many("DELETE FROM attachment_parts WHERE content_id = ?", [(i,) for i in ids])
        sql.many("DELETE FROM attachment_contents WHERE id = ?", [(i,) for i in ids])
