"""A list of calls as a table to be taken along: what it will hold, and its rows a part at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from csr_desktop.domain import local_days, phone
from csr_desktop.domain.figures import CallParts, handle_seconds
from csr_desktop.domain.recordings import heard
from csr_desktop.services.client_context import shown_number
from csr_desktop.services.labels import ticket_label
from csr_desktop.store.queries import rows
from csr_desktop.store.queries.follow_ups import of_interactions
from csr_desktop.store.queries.listed import ListedCalls
from csr_desktop.system.table_files import Cell, Column

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from csr_desktop.services.call_lists import CallLists
    from csr_desktop.services.call_rows import CallFilter, CallKey, CallSpan
    from csr_desktop.services.lists import Lists
    from csr_desktop.services.people import People
    from csr_desktop.sync.replica import Replica

PART: Final = 500
"""Rows read at once: the screens' own questions come between."""
COLUMNS: Final = (
    Column("Started", "at"),
    Column("Ended", "at"),
    Column("Channel"),
    Column("Direction"),
    Column("Result"),
    Column("Client code"),
    Column("Client"),
    Column("Contact"),
    Column("Number"),
    Column("Agent"),
    Column("Team"),
    Column("Topic"),
    Column("Disposition"),
    Column("Ticket"),
    Column("Talk seconds", "number"),
    Column("Hold seconds", "number"),
    Column("Wrap-up seconds", "number"),
    Column("Dial seconds", "number"),
    Column("Consult seconds", "number"),
    Column("Handle seconds", "number"),
    Column("Handle time", "clock"),
    Column("Note"),
    Column("Called back by"),
    Column("Called back", "at"),
    Column("Next steps"),
    Column("Recorded"),
    Column("Recording"),
)
"""The recording itself is named to those alone who may hear it."""
_READ: Final = (
    "client_id", "contact_id", "agent_id", "ticket_id", "channel", "direction", "result", "number", "extension",
    "started_at", "ended_at", "talk_seconds", "hold_seconds", "wrap_up_seconds", "dial_seconds", "topic_id",
    "disposition_id", "note", "called_back_by_id", "called_back_at",
    "consult_seconds", "recording",
)  # fmt: skip


class ExportPlan(msgspec.Struct, frozen=True):
    """`from_at` and `to_at` are the starts of the oldest and the newest call that it will hold, 0 for none."""

    chosen: CallFilter
    count: int
    from_at: int
    to_at: int
    span: CallSpan
    zone: str


class ExportPart(msgspec.Struct, frozen=True):
    """Rows in the order of COLUMNS; `next_key` is None behind the last."""

    rows: list[list[Cell]]
    next_key: CallKey | None


class CallExport:
    """`local_zone` is the IANA zone of the times in the table."""

    def __init__(self, replica: Replica, people: People, lists: Lists, calls: CallLists, local_zone: str) -> None:
        self._replica = replica
        self._people = people
        self._lists = lists
        self._calls = calls
        self._local_zone = local_zone
        self._listed = ListedCalls(replica.sql, "exported_calls")

    def plan(self, chosen: CallFilter) -> Generator[None, None, ExportPlan]:
        """In steps. Of several plans the latest can be carried out."""
        self._listed.clear()
        yield from self._listed.gather(self._calls.every_key(chosen))
        count, from_at, to_at = self._listed.extent()
        return ExportPlan(chosen, count, from_at, to_at, self._calls.span(chosen), self._local_zone)

    def part(self, after: CallKey | None) -> ExportPart:
        """The rows after a key, the newest first; calls that came after the plan are left out."""
        now = self._listed.keys(after, PART)
        ids = [call_id for _, call_id in now]
        if len(now) < PART:
            self._listed.clear()
        sql = self._replica.sql
        calls = rows.by_id(sql, "interactions", ids, _READ)
        clients = rows.by_id(sql, "clients", [row["client_id"] for row in calls.values()], ["code", "name"])
        contacts = rows.by_id(sql, "contacts", [row["contact_id"] for row in calls.values()], ["name"])
        tickets = rows.by_id(sql, "tickets", [row["ticket_id"] for row in calls.values()], ["number"])
        steps = of_interactions(sql, ids)
        made = [self._row(calls[i], clients, contacts, tickets, steps.get(i, ())) for i in ids if i in calls]
        return ExportPart(made, now[-1] if len(now) == PART else None)

    def _row(
        self,
        row: dict[str, Any],
        clients: dict[str, dict[str, Any]],
        contacts: dict[str, dict[str, Any]],
        tickets: dict[str, dict[str, Any]],
        steps: Sequence[tuple[Any, ...]],
    ) -> list[Cell]:
        region = self._lists.home_region()
        e164 = phone.parse(row["number"], region).e164
        ticket = tickets.get(row["ticket_id"])
        parts = [row[f"{name}_seconds"] for name in ("talk", "hold", "wrap_up", "dial")]
        seconds = handle_seconds(CallParts(row["direction"], row["result"], *parts))
        return [
            row["started_at"],
            row["ended_at"],
            row["channel"],
            row["direction"],
            row["result"],
            rows.text_of(clients, row["client_id"], "code"),
            rows.text_of(clients, row["client_id"], "name"),
            rows.text_of(contacts, row["contact_id"], "name"),
            shown_number(e164, row["number"], region, row["extension"]),
            self._people.name(row["agent_id"]),
            self._people.team_name(row["scope"]),
            " > ".join(self._lists.topic_path(row["topic_id"])),
            self._lists.disposition_name(row["disposition_id"]),
            ticket_label(ticket["number"], ticket["id"]) if ticket else "",
            *parts,
            row["consult_seconds"],
            seconds,
            seconds,
            row["note"],
            self._people.name(row["called_back_by_id"]),
            row["called_back_at"],
            "; ".join(self._step(*step) for step in steps),
            "yes" if row["recording"] else "no",
            heard(self._people.who(), row["recording"], row["agent_id"], row["scope"]),
        ]

    def _step(self, title: str, kind: str, due_at: int, state: str, outcome: str) -> str:
        """ "promise by 2026-11-25: Send the corrected W-2 (kept)"."""
        due = f" by {local_days.local_date(due_at, self._local_zone).isoformat()}" if due_at else ""
        ended = "" if state == "open" else f" ({(outcome or state).replace('_', ' ')})"
        return f"{kind.replace('_', ' ')}{due}: {title}{ended}"
