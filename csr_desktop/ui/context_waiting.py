"""What the client on the line waits for, beside the call: the card that showed it is gone once the call is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from csr_desktop.ui.context_parts import LinkLine
from csr_desktop.ui.kit.panes import Section
from csr_desktop.ui.wording import VIEW_ICONS

if TYPE_CHECKING:
    from csr_desktop.services.call_rows import TicketChoice, Waiting
    from csr_desktop.services.client_rows import OpenCallback
    from csr_desktop.ui.desk import Desk

_SHOWN: Final = 2
"""Of each kind, so that the person beneath stays in sight; the count is of all."""


class WaitingLine(LinkLine):
    """What the client waits for: to be called, or for a ticket."""

    def show_callback(self, one: OpenCallback) -> None:
        clock = self._words.clock("due", one.due_at)
        is_missed = one.kind == "missed"
        self.show_line(
            ("call" if is_missed else "follow_up", one.id),
            "phone-x" if is_missed else "phone-call",
            one.title or self.tr("Missed call, not called back"),
            clock.text if clock else "",
            self._words.moment(one.due_at),
            clock.tone if clock and clock.tone != "neutral" else "faint",
        )

    def show_ticket(self, ticket: TicketChoice) -> None:
        self.show_line(("ticket", ticket.id), VIEW_ICONS["ticket"], f"{ticket.label} {ticket.subject}")


class WaitingPart(Section):
    """Lines are filled anew and kept, so that the keyboard stays where it is."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.themes, self.tr("Open tickets and callbacks"), spacing=0)
        self._desk = desk
        self.lines: list[WaitingLine] = []

    def show_waiting(self, waiting: Waiting) -> None:
        callbacks, tickets = waiting.callbacks[:_SHOWN], waiting.tickets[:_SHOWN]
        while len(self.lines) < len(callbacks) + len(tickets):
            made = WaitingLine(self._desk.themes, self._desk.words)
            made.opened.connect(self._desk.open)
            self.lines.append(made)
            self.body.addWidget(made)
        for shown, one in zip(self.lines, callbacks, strict=False):
            shown.show_callback(one)
        for shown, ticket in zip(self.lines[len(callbacks) :], tickets, strict=False):
            shown.show_ticket(ticket)
        for at, shown in enumerate(self.lines):
            shown.setVisible(at < len(callbacks) + len(tickets))
        self.set_count(self.locale().toString(len(waiting.callbacks) + len(waiting.tickets)))
