"""One timeline of everything about a client: the newest of five tables, merged, a page at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.store.sql import Sql

_SOURCES: Final = {
    "call": ("interactions", "started_at"),
    "ticket": ("tickets", "last_message_at"),
    "follow_up": ("follow_ups", "created_at"),
    "note": ("notes", "written_at"),
    "change": ("changes", "changed_at"),
}
TABLES: Final = {kind: table for kind, (table, _) in _SOURCES.items()}


def page(
    sql: Sql, client_id: str, kinds: Sequence[str], after: tuple[int, str] | None, limit: int
) -> list[tuple[str, str, int]]:
    """(kind, id, time) after a key (time, id), the newest first. Each table is asked for a page at most."""
    key = " AND ({at}, id) < (?3, ?4)" if after is not None else ""
    arms = [
        f"SELECT * FROM (SELECT '{kind}' AS kind, id, {at} AS at FROM {table} "
        f"WHERE client_id = ?1 AND deleted = 0{key.format(at=at)} ORDER BY {at} DESC, id DESC LIMIT ?2)"
        for kind, (table, at) in _SOURCES.items()
        if kind in kinds
    ]
    if not arms:
        return []
    text = f"{' UNION ALL '.join(arms)} ORDER BY at DESC, id DESC LIMIT ?2"
    return sql.all(text, client_id, limit, *(after or ()))


def counts(sql: Sql, client_id: str) -> dict[str, int]:
    """How many lines of each kind."""
    arms = [
        f"SELECT '{kind}', COUNT(*) FROM {table} WHERE client_id = ?1 AND deleted = 0"
        for kind, (table, _) in _SOURCES.items()
    ]
    return dict(sql.all(" UNION ALL ".join(arms), client_id))
