"""One timeline of everything about a client: the newest of five tables, merged, a page at a time.

What came from the server to be read stands among it, as far down as its pages have come; see `store.older_rows`.
"""

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
_OLDER: Final = ("call", "ticket", "follow_up")
TABLES: Final = {kind: table for kind, (table, _) in _SOURCES.items()}


def page(
    sql: Sql, client_id: str, kinds: Sequence[str], after: tuple[int, str] | None, limit: int, older_since_at: int
) -> list[tuple[str, str, int]]:
    """(kind, id, time) after a key (time, id), the newest first. Each table is asked for a page at most. Older history
    that was fetched at `older_since_at` or before is left out.
    """
    arms = []
    for kind in kinds:
        table, at = _SOURCES[kind]
        key = f" AND (r.{at}, r.id) < (?4, ?5)" if after is not None else ""
        tail = f"{key} ORDER BY r.{at} DESC, r.id DESC LIMIT ?2)"
        found = f"SELECT * FROM (SELECT '{kind}' AS kind, r.id AS id, r.{at} AS at FROM"
        arms.append(f"{found} {table} r WHERE r.client_id = ?1 AND r.deleted = 0{tail}")
        if kind in _OLDER:
            arms.append(f"{found} {_older(table, at)}{tail}")
    if not arms:
        return []
    # The arms of older history may be left out, and then its time is still a value of the statement.
    text = f"SELECT * FROM ({' UNION ALL '.join(arms)}) WHERE ?3 IS NOT NULL ORDER BY at DESC, id DESC LIMIT ?2"
    return sql.all(text, client_id, limit, older_since_at, *(after or ()))


def counts(sql: Sql, client_id: str, older_since_at: int) -> dict[str, int]:
    """How many lines of each kind are here."""
    arms = [
        f"SELECT '{kind}' AS kind, COUNT(*) AS n FROM {table} r WHERE r.client_id = ?1 AND r.deleted = 0"
        for kind, (table, _) in _SOURCES.items()
    ]
    arms += [f"SELECT '{kind}', COUNT(*) FROM {_older(*_SOURCES[kind])}" for kind in _OLDER]
    found: dict[str, int] = dict.fromkeys(_SOURCES, 0)
    for kind, count in sql.all(" UNION ALL ".join(arms).replace("?3", "?2"), client_id, older_since_at):
        found[kind] += count
    return found


def older_count(sql: Sql, client_id: str, older_since_at: int) -> int:
    """How many lines of older history stand in the client's timeline."""
    arms = [f"SELECT COUNT(*) AS n FROM {_older(*_SOURCES[kind])}" for kind in _OLDER]
    text = f"SELECT SUM(n) FROM ({' UNION ALL '.join(arms)})".replace("?3", "?2")
    return int(sql.value(text, client_id, older_since_at))


def _older(table: str, at: str) -> str:
    """FROM and WHERE of the copies that are shown of a client (?1), fetched after ?3: those of its pages that are not
    here anyway. One that was opened by itself further down stands alone, with a gap above it, so it waits.
    """
    return (
        f"older_{table} r JOIN older_fetched f ON f.client_id = r.client_id WHERE r.client_id = ?1"
        f" AND r.fetched_at > ?3 AND f.fetched_at > ?3"
        f" AND (f.is_whole = 1 OR (r.{at}, r.id) >= (f.next_at, f.next_id))"
        f" AND NOT EXISTS (SELECT 1 FROM {table} here WHERE here.id = r.id)"
    )
