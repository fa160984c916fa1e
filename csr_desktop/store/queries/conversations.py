"""A ticket's messages and what hangs on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from csr_desktop.store.tables import FollowUpTable, MessageTable

if TYPE_CHECKING:
    from csr_desktop.store.sql import Sql

_MOST: Final = 500


def messages(sql: Sql, ticket_id: str) -> list[tuple[Any, ...]]:
    """(id, kind, author id, contact id, body, time), the newest 500, oldest first."""
    t = MessageTable
    query = t.select(t.id, t.kind, t.author_id, t.contact_id, t.body, t.written_at)
    newest = query.where((t.ticket_id == ticket_id) & (t.deleted == 0)).order_by(t.written_at.desc(), t.id.desc())
    return list(newest.limit(_MOST).tuples().execute(sql.db))[::-1]


def follow_ups(sql: Sql, ticket_id: str) -> list[tuple[Any, ...]]:
    """(id, title, kind, due, state, outcome, created by id, created) of a ticket, open ones first, then by due time."""
    t = FollowUpTable
    query = t.select(t.id, t.title, t.kind, t.due_at, t.state, t.outcome, t.created_by_id, t.created_at)
    chosen = query.where((t.ticket_id == ticket_id) & (t.deleted == 0))
    return list(chosen.order_by(t.state != "open", t.due_at, t.id).tuples().execute(sql.db))
