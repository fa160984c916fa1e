"""What one does with the chosen items: each a change that can be taken back, said in a notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from csr_desktop.services.follow_ups import FollowUps
    from csr_desktop.services.inbox import Inbox
    from csr_desktop.services.inbox_rows import Conversation, InboxRow
    from csr_desktop.services.outcome import Outcome
    from csr_desktop.ui.desk import Desk


class Item(msgspec.Struct, frozen=True):
    """Something that is chosen: a row of the list, or a ticket that was opened from elsewhere."""

    id: str
    kind: str
    state: str
    priority: str
    assignee_id: str
    can_work: bool


def item_of(row: InboxRow) -> Item:
    return Item(row.id, row.kind, row.state, row.priority, row.assignee_id, row.can_work)


def item_of_ticket(ticket: Conversation) -> Item:
    return Item(ticket.ticket_id, "ticket", ticket.state, ticket.priority, ticket.assignee_id, ticket.can_work)


def tickets(items: Sequence[Item]) -> list[str]:
    return [item.id for item in items if item.kind == "ticket" and item.can_work]


def assignable(items: Sequence[Item]) -> list[str]:
    """Tickets and follow-ups; a missed call belongs to everyone until someone calls back."""
    return [item.id for item in items if item.kind != "call" and item.can_work]


class Deeds(QObject):
    """Each takes the items it fits out of those chosen; several are one change."""

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk

    @property
    def _inbox(self) -> Inbox:
        return self._desk.services.inbox

    @property
    def _follow_ups(self) -> FollowUps:
        return self._desk.services.follow_ups

    def _do(self, ids: Sequence[str], work: Callable[[], Outcome]) -> None:
        if ids:
            self._desk.do(self, work)

    def claim(self, items: Sequence[Item]) -> None:
        ids = assignable(items)
        self._do(ids, lambda: self._inbox.claim(ids))

    def assign(self, items: Sequence[Item], to_id: str) -> None:
        """'' puts tickets back for anyone to take."""
        ids = assignable(items) if to_id else tickets(items)
        self._do(ids, lambda: self._inbox.assign(ids, to_id))

    def set_state(self, items: Sequence[Item], state: str) -> None:
        ids = tickets(items)
        self._do(ids, lambda: self._inbox.set_state(ids, state))

    def set_priority(self, items: Sequence[Item], priority: str) -> None:
        ids = tickets(items)
        self._do(ids, lambda: self._inbox.set_priority(ids, priority))

    def set_topic(self, items: Sequence[Item], topic_id: str) -> None:
        ids = tickets(items)
        self._do(ids, lambda: self._inbox.set_topic(ids, topic_id))

    def name_request(self, ticket_id: str, kind: str) -> None:
        self._do([ticket_id], lambda: self._desk.services.caller_checks.name_request(ticket_id, kind))

    def rename(self, ticket_id: str, subject: str) -> None:
        self._do([ticket_id], lambda: self._inbox.rename(ticket_id, subject))

    def escalate(self, ticket_id: str, to_id: str, reason: str) -> None:
        self._do([ticket_id], lambda: self._inbox.escalate(ticket_id, to_id, reason))

    def end_escalation(self, ticket_id: str) -> None:
        self._do([ticket_id], lambda: self._inbox.end_escalation(ticket_id))

    def dismiss_call(self, call_id: str) -> None:
        """Nobody needs to call back."""
        self._do([call_id], lambda: self._inbox.dismiss(call_id))

    def complete(self, follow_up_id: str, outcome: str) -> None:
        self._do([follow_up_id], lambda: self._follow_ups.complete(follow_up_id, outcome))

    def snooze(self, follow_up_id: str, until_at: int) -> None:
        self._do([follow_up_id], lambda: self._follow_ups.snooze(follow_up_id, until_at))
