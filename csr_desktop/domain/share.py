"""What of the teams' work a workstation keeps: all that is open, and of what is done the last months.

What is everyone's is kept whole. A ticket's conversation is kept with its ticket. The same rule is said in Python, for
a row in hand, and in SQL, for many: server and workstations decide by the row alone and so always alike.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

DEFAULT_MONTHS: Final = 13
OPEN_TICKETS: Final = ("open", "waiting")
MISSED: Final = ("missed", "abandoned")
_TIMES: Final = {
    "interactions": ("started_at", "called_back_at"),
    "tickets": ("opened_at", "last_message_at", "resolved_at"),
    "messages": ("written_at",),
    "follow_ups": ("created_at", "due_at", "completed_at"),
    "verifications": ("asked_at", "called_back_at", "approved_at"),
}
"""By table, what happened to a row, in milliseconds. An edit's time is in its stamps."""
AGING: Final = tuple(_TIMES)
"""The tables whose rows a workstation drops when they are old. All others are kept: the directory, and what files are
called, which is little beside what they hold.
"""


def cut_off(now_at: int, months: int) -> int:
    """The beginning of the day (UTC) so many months before, in milliseconds; 0 months keep everything, which is 0."""
    if months <= 0:
        return 0
    today = datetime.fromtimestamp(now_at / 1000, UTC)
    month = today.year * 12 + today.month - 1 - months
    if month < 12:  # before all times
        return 0
    # The 29th and later of a longer month go to the 28th: a day or two more is kept.
    then = datetime(month // 12, month % 12 + 1, min(today.day, 28), tzinfo=UTC)
    return max(0, int(then.timestamp()) * 1000)


def is_open(table: str, row: Mapping[str, Any]) -> bool:
    """Whether the row is open work by itself. A message is never: see `is_within`."""
    if table == "tickets":
        return row["state"] in OPEN_TICKETS
    return table == "follow_ups" and row["state"] == "open"


def is_within(table: str, row: Mapping[str, Any], cut_off_at: int, ticket: Mapping[str, Any] | None = None) -> bool:
    """Whether a workstation keeps the row; `ticket` is that of a message, if there is one."""
    if table not in _TIMES or is_open(table, row):
        return True
    if max(*(row[name] for name in _TIMES[table]), _edited_at(row["stamps"])) >= cut_off_at:
        return True
    return table == "messages" and ticket is not None and is_within("tickets", ticket, cut_off_at)


def within_sql(table: str, cut_off_at: int, *, is_postgresql: bool, alias: str = "") -> str:
    """SQL for `is_within` over the rows of a table, or of its alias; '' when all are kept."""
    if table not in _TIMES or cut_off_at <= 0:
        return ""
    row = alias or table
    parts = [f"{row}.{name} >= {cut_off_at:d}" for name in _TIMES[table]]
    if table in {"tickets", "follow_ups"}:
        parts.insert(0, _open_sql(table, row))
    parts.append(f"({row}.stamps <> '' AND {_edited_sql(row, is_postgresql=is_postgresql)} >= {cut_off_at:d})")
    if table == "messages":
        ticket = within_sql("tickets", cut_off_at, is_postgresql=is_postgresql, alias="its")
        parts.append(f"EXISTS (SELECT 1 FROM tickets its WHERE its.id = {row}.ticket_id AND {ticket})")
    return f"({' OR '.join(parts)})"


def open_sql(table: str, since_at: int) -> str:
    """SQL for the open work of a table: what waits for somebody, with its conversation, and calls missed since."""
    if table in {"messages", "attachments", "verifications"}:
        return f"EXISTS (SELECT 1 FROM tickets its WHERE its.id = {table}.ticket_id AND {_open_sql('tickets', 'its')})"
    if table == "interactions":
        missed = f"(result IN ({_listed(MISSED)}) OR channel = 'voicemail')"
        return f"(direction = 'in' AND called_back_at = 0 AND started_at >= {since_at:d} AND {missed})"
    return _open_sql(table, table)


def _open_sql(table: str, row: str) -> str:
    return f"{row}.state IN ({_listed(OPEN_TICKETS if table == 'tickets' else ('open',))})"


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _edited_at(stamps: str) -> int:
    return max((int(at) for at, _ in json.loads(stamps).values()), default=0) if stamps else 0


def _edited_sql(row: str, *, is_postgresql: bool) -> str:
    if is_postgresql:
        times = f"SELECT MAX((value->>0)::bigint) FROM jsonb_each({row}.stamps::jsonb)"
        return f"COALESCE((CASE WHEN {row}.stamps <> '' THEN ({times}) END), 0)"
    return f"COALESCE((SELECT MAX(json_extract(value, '$[0]')) FROM json_each({row}.stamps)), 0)"
