"""The files on a ticket and its messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from csr_desktop.store.tables import AttachmentTable

if TYPE_CHECKING:
    from csr_desktop.store.sql import Sql

_MOST: Final = 500


def of_ticket(sql: Sql, ticket_id: str) -> list[dict[str, Any]]:
    """Whole rows, the newest 500, oldest first."""
    t = AttachmentTable
    query = t.select().where((t.ticket_id == ticket_id) & (t.deleted == 0)).order_by(t.added_at.desc(), t.id.desc())
    return list(query.limit(_MOST).dicts().execute(sql.db))[::-1]
