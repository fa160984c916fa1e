"""Text that is being typed, and calls that are not saved yet: rows of this workstation alone.

Each write is one statement, so on disk when it returns, unless the caller's transaction goes on. It happens at every
keystroke, so the statements are text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.store.sql import Sql

_LAST_LETTER: Final = "\U0010ffff"


def read(sql: Sql, key: str) -> str:
    """'' when there is none."""
    return str(sql.value("SELECT body FROM drafts WHERE key = ?", key) or "")


def write(sql: Sql, key: str, body: str, at: int) -> None:
    sql.do(
        "INSERT INTO drafts (key, body, written_at) VALUES (?,?,?) "
        "ON CONFLICT (key) DO UPDATE SET body = excluded.body, written_at = excluded.written_at",
        key,
        body,
        at,
    )


def move(sql: Sql, key: str, to_key: str, body: str, at: int) -> None:
    """What is kept under a key becomes this, under another."""
    sql.do("UPDATE drafts SET key = ?, body = ?, written_at = ? WHERE key = ?", to_key, body, at, key)
    sql.do("DELETE FROM draft_marks WHERE key = ?", key)


def clear(sql: Sql, key: str) -> None:
    sql.do("DELETE FROM drafts WHERE key = ?", key)


def write_marks(sql: Sql, key: str, marks: Sequence[str]) -> None:
    """Of the numbers in this draft that were said to be no private ones; they go with the draft."""
    if not marks:
        sql.do("DELETE FROM draft_marks WHERE key = ?", key)
        return
    text = (
        "INSERT INTO draft_marks (key, marks) SELECT key, ? FROM drafts WHERE key = ?"
        " ON CONFLICT (key) DO UPDATE SET marks = excluded.marks"
    )
    sql.do(text, " ".join(marks), key)


def marks_of(sql: Sql, key: str) -> list[str]:
    return str(sql.value("SELECT marks FROM draft_marks WHERE key = ?", key) or "").split()


def keep_newest(sql: Sql, prefix: str, count: int) -> None:
    """Clear all but the greatest keys with this prefix."""
    sql.do(
        "DELETE FROM drafts WHERE substr(key, 1, ?1) = ?2 AND key NOT IN "
        "(SELECT key FROM drafts WHERE substr(key, 1, ?1) = ?2 ORDER BY key DESC LIMIT ?3)",
        len(prefix),
        prefix,
        count,
    )


def with_prefix(sql: Sql, prefix: str) -> list[tuple[Any, ...]]:
    """(key, body, written), by key."""
    text = "SELECT key, body, written_at FROM drafts WHERE key >= ? AND key < ? ORDER BY key"
    return sql.all(text, prefix, prefix + _LAST_LETTER)
