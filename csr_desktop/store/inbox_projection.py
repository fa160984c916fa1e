"""What waits for someone as one table: open and waiting tickets, missed calls, open follow-ups, by what breaks
first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from csr_desktop.store.sql import Sql

NO_CONSEQUENCE: Final = 9_999_999_999_999
"""`consequence_at` where neither a reply nor the payroll calendar presses: after everything that has a time."""
MISSED_CALL_MS: Final = 14 * 86_400_000
"""A missed call waits so long; afterwards it stays in the list of calls alone."""
CALL_BACK_MS: Final = 30 * 60_000
"""A missed call is to be answered within half an hour."""
_CHUNK: Final = 500

_COLUMNS: Final = (
    "item_id, kind, scope, assignee_id, client_id, state, escalated_to_id, due_at, cut_off_at, consequence_at, "
    "snoozed_until_at"
)


def _consequence(due: str, cut_off: str) -> str:
    none = NO_CONSEQUENCE
    return f"MIN(CASE WHEN {due} = 0 THEN {none} ELSE {due} END, COALESCE({cut_off}, {none}))"


TO_LEADS: Final = "leads"
"""`escalated_to_id` of a ticket that nobody was given but that waits for the approval of any lead."""
_AWAITS_APPROVAL: Final = (
    "t.request_kind <> '' AND EXISTS (SELECT 1 FROM verifications v WHERE v.ticket_id = t.id AND v.deleted = 0 "
    "AND v.lacks_approval = 1 AND v.contact_id = t.contact_id AND v.request_kind = t.request_kind)"
)
_ESCALATED_TO: Final = (
    f"CASE WHEN t.escalated_to_id = '' AND {_AWAITS_APPROVAL} THEN '{TO_LEADS}' ELSE t.escalated_to_id END"
)
_TICKETS: Final = (
    f"INSERT OR REPLACE INTO inbox_items ({_COLUMNS}) "
    f"SELECT t.id, 'ticket', t.scope, t.assignee_id, t.client_id, t.state, {_ESCALATED_TO}, t.reply_due_at, "
    f"COALESCE(c.cut_off_at, 0), {_consequence('t.reply_due_at', 'c.cut_off_at')}, 0 "
    "FROM tickets t LEFT JOIN client_clocks c ON c.client_id = t.client_id "
    "WHERE t.deleted = 0 AND t.state IN ('open', 'waiting')"
)
_CALLS: Final = (
    f"INSERT OR REPLACE INTO inbox_items ({_COLUMNS}) "
    f"SELECT i.id, 'call', i.scope, i.agent_id, i.client_id, 'open', '', i.started_at + {CALL_BACK_MS}, "
    f"COALESCE(c.cut_off_at, 0), {_consequence(f'(i.started_at + {CALL_BACK_MS})', 'c.cut_off_at')}, 0 "
    "FROM interactions i LEFT JOIN client_clocks c ON c.client_id = i.client_id "
    "WHERE i.deleted = 0 AND i.direction = 'in' AND (i.result IN ('missed', 'abandoned') OR i.channel = 'voicemail') "
    "AND i.called_back_at = 0 AND i.started_at >= ?"
)
_FOLLOW_UPS: Final = (
    f"INSERT OR REPLACE INTO inbox_items ({_COLUMNS}) "
    "SELECT f.id, 'follow_up', f.scope, f.assignee_id, f.client_id, 'open', '', f.due_at, "
    f"COALESCE(c.cut_off_at, 0), {_consequence('f.due_at', 'c.cut_off_at')}, f.snoozed_until_at "
    "FROM follow_ups f LEFT JOIN client_clocks c ON c.client_id = f.client_id "
    "WHERE f.deleted = 0 AND f.state = 'open'"
)
_SOURCES: Final = {"tickets": (_TICKETS, "t.id"), "interactions": (_CALLS, "i.id"), "follow_ups": (_FOLLOW_UPS, "f.id")}
_CLOCK: Final = "(SELECT c.cut_off_at FROM client_clocks c WHERE c.client_id = inbox_items.client_id)"


class InboxProjection:
    """Keeps `inbox_items` after tickets, interactions, follow-ups and the clients' clocks, whose own projection must
    come before this one. `clock` gives milliseconds, UTC. Missed calls age, so `forget_old` is to be run now and then.
    """

    tables: frozenset[str] = frozenset({"tickets", "interactions", "follow_ups", "clients", "verifications"})
    follows: frozenset[str] = frozenset()

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock

    def update(self, sql: Sql, table: str, ids: Sequence[str]) -> None:
        for start in range(0, len(ids), _CHUNK):
            part = ids[start : start + _CHUNK]
            if table == "clients":
                self.clocks_moved(sql, part)
                continue
            if table == "verifications":
                self.update(sql, "tickets", _tickets_of(sql, part))
                continue
            source, key = _SOURCES[table]
            marks = ",".join("?" * len(part))
            sql.do(f"DELETE FROM inbox_items WHERE item_id IN ({marks})", *part)
            sql.do(f"{source} AND {key} IN ({marks})", *self._since(table), *part)

    def rebuild(self, sql: Sql) -> None:
        sql.do("DELETE FROM inbox_items")
        for table, (source, _) in _SOURCES.items():
            sql.do(source, *self._since(table))

    def clocks_moved(self, sql: Sql, client_ids: Sequence[str]) -> None:
        """The cut-offs of these clients are others now, or none."""
        for start in range(0, len(client_ids), _CHUNK):
            part = client_ids[start : start + _CHUNK]
            sql.do(
                f"UPDATE inbox_items SET cut_off_at = COALESCE({_CLOCK}, 0), "
                f"consequence_at = {_consequence('due_at', _CLOCK)} "
                f"WHERE client_id IN ({','.join('?' * len(part))}) AND cut_off_at <> COALESCE({_CLOCK}, 0)",
                *part,
            )

    def forget_old(self, sql: Sql, now_at: int) -> tuple[str, ...]:
        """Missed calls that nobody returned in time stop waiting; their ids. Runs within the caller's transaction."""
        # Their time is in `due_at`, half an hour late.
        too_old, before_at = (
            "FROM inbox_items WHERE kind = 'call' AND due_at < ?",
            now_at - MISSED_CALL_MS + CALL_BACK_MS,
        )
        found = tuple(i for (i,) in sql.all(f"SELECT item_id {too_old}", before_at))
        sql.do(f"DELETE {too_old}", before_at)
        return found

    def has_old(self, sql: Sql, now_at: int) -> bool:
        question = "SELECT EXISTS (SELECT 1 FROM inbox_items WHERE kind = 'call' AND due_at < ?)"
        return bool(sql.value(question, now_at - MISSED_CALL_MS + CALL_BACK_MS))

    def _since(self, table: str) -> tuple[int, ...]:
        return (self._clock() - MISSED_CALL_MS,) if table == "interactions" else ()


def _tickets_of(sql: Sql, verification_ids: Sequence[str]) -> list[str]:
    marks = ",".join("?" * len(verification_ids))
    text = f"SELECT DISTINCT ticket_id FROM verifications WHERE ticket_id <> '' AND id IN ({marks})"
    return [ticket_id for (ticket_id,) in sql.all(text, *verification_ids)]
