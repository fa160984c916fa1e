"""Text that is being typed, and calls that are not saved yet: rows of this workstation alone.

Each write is one statement, so on disk when it returns, unless the caller's transaction goes on. It happens at every
keystroke, so the statements are text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from csr_desktop.store.sql import Sql


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


def clear(sql: Sql, key: str) -> None:
    sql.do("DELETE FROM drafts WHERE key = ?", key)


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
    text = "SELECT key, body, written_at FROM drafts WHERE substr(key, 1, ?) = ? ORDER BY key"
    return sql.all(text, len(prefix), prefix)
