"""Tickets with their conversations: how a row and its lines are written down."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final

from csr_desktop.domain.business_calendar import BusinessCalendar
from csr_desktop.server.made_up.clients import Caller, MadeUpClient
from csr_desktop.server.made_up.organisation import Bureau
from csr_desktop.server.made_up.rows import Filling, RowShape, fast_ids

_TICKET: Final = RowShape(
    "tickets", "id", "scope", "client_id", "contact_id", "number", "subject", "channel", "topic_id", "priority",
    "state", "assignee_id", "opened_by_id", "opened_at", "sla_policy_id", "calendar_id", "reply_due_at",
    "first_replied_at", "last_message_at", "resolved_at", "escalated_to_id", "escalated_at", "assigned_at",
    "request_kind",
)  # fmt: skip
_MESSAGE: Final = RowShape(
    "messages", "id", "scope", "ticket_id", "client_id", "kind", "author_id", "contact_id", "body", "written_at"
)
PRIORITIES: Final = ("low",) * 3 + ("normal",) * 12 + ("high",) * 4 + ("urgent",)

TicketLine = tuple[str, str, str, int]
"""Kind, author's id ('' when the contact wrote), text, when."""


def asked_at(calendar: BusinessCalendar, due_at: int, target_seconds: int) -> int:
    """The latest instant, to the second, from which so much open time ends at `due_at` or before."""
    high = due_at // 1000
    step = target_seconds + 1
    while calendar.open_between((high - step) * 1000, due_at) < target_seconds:
        step *= 2
    low = high - step
    while high - low > 1:
        middle = (low + high) // 2
        if calendar.open_between(middle * 1000, due_at) >= target_seconds:
            low = middle
        else:
            high = middle
    return low * 1000


class TicketWriter:
    """Writes tickets and numbers them in the order of their making, from 1 on."""

    def __init__(self, random: Random, bureau: Bureau, filling: Filling) -> None:
        self._bureau = bureau
        self._filling = filling
        self._new_id = fast_ids(random)
        self.last_number = 0

    def write(
        self,
        client: MadeUpClient,
        caller: Caller,
        subject: str,
        channel: str,
        topic_id: str,
        lines: Sequence[TicketLine],
        *,
        priority: str = "normal",
        state: str = "open",
        assignee_id: str = "",
        reply_due_at: int = 0,
        resolved_at: int = 0,
        escalated_to_id: str = "",
        calendar_id: str = "",
        request_kind: str = "",
    ) -> str:
        """The ticket's id. The first line opens it; times of replies and of escalation are those of the lines."""
        self.last_number += 1
        opened_at = lines[0][3]
        ticket_id = self._new_id(opened_at)
        scope = client.team.id
        first_replied_at = next((at for kind, _, _, at in lines if kind == "reply"), 0)
        events = [at for kind, _, _, at in lines if kind == "event"]
        opened_by_id = lines[0][1] or assignee_id or client.team.agent_ids[0]
        self._filling.add(
            "tickets",
            _TICKET(
                ticket_id, scope, client.id, caller.contact_id, self.last_number, subject, channel, topic_id, priority,
                state, assignee_id, opened_by_id, opened_at, client.sla_policy_id, calendar_id or client.calendar_id,
                reply_due_at, first_replied_at, max(at for kind, _, _, at in lines if kind != "event"), resolved_at,
                escalated_to_id, events[-1] if escalated_to_id and events else 0,
                (events or [opened_at])[0] if assignee_id else 0, request_kind,
            ),
        )  # fmt: skip
        new_id = self._new_id
        for kind, author_id, body, at in lines:
            contact_id = caller.contact_id if kind == "inbound" else ""
            self._filling.add(
                "messages", _MESSAGE(new_id(at), scope, ticket_id, client.id, kind, author_id, contact_id, body, at)
            )
        return ticket_id
