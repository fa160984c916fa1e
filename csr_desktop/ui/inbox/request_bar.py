"""At a ticket on which something risky is asked for: what it waits for, and the next thing to do about it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFrame, QWidget

from csr_desktop.ui.actions import Action
from csr_desktop.ui.check_words import CheckWords
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.choices import ButtonRow
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.key_words import key_text
from csr_desktop.ui.kit.marks import IconMark
from csr_desktop.ui.kit.notice import announce
from csr_desktop.ui.kit.panes import column, line
from csr_desktop.ui.kit.theme import Tone, set_look

if TYPE_CHECKING:
    from collections.abc import Callable

    from csr_desktop.services.check_rows import TicketCheck
    from csr_desktop.services.inbox_rows import Conversation
    from csr_desktop.ui.desk import Desk

NEXT_KEY, CALLED_KEY, NOT_REACHED_KEY = "Alt+V", "Alt+Shift+V", "Alt+Shift+N"


class RequestBar(QWidget):
    """Takes no room for a ticket without a risky request."""

    def __init__(self, desk: Desk, margins: tuple[int, int, int, int]) -> None:
        super().__init__()
        self._desk = desk
        self._words = CheckWords(self)
        self._ticket: Conversation | None = None
        themes, space = desk.themes, desk.themes.theme.sizes.space
        self._frame = QFrame()
        self._mark = IconMark(themes, "lock-simple", tone="warning")
        self._lead = Label(weight=600)
        self.text = Label(wraps=True)
        self.next = Button(themes, "", role="notice", key_hint=key_text(NEXT_KEY))
        self.called = Button(themes, "", role="notice", key_hint=key_text(CALLED_KEY))
        self.not_reached = Button(themes, "", role="notice", key_hint=key_text(NOT_REACHED_KEY))
        inner = column(self._frame, spacing=space.tight, margins=(space.apart, space.close, space.close, space.close))
        words = line(spacing=space.close)
        words.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        words.addWidget(self._lead, 0, Qt.AlignmentFlag.AlignTop)
        words.addWidget(self.text, 1)
        inner.addLayout(words)
        self.evidence = Label(tone="muted", wraps=True)
        """What was shown so far: who approves reads it before."""
        inner.addWidget(self.evidence)
        # Beneath the words: beside them both would leave no room for these.
        self._buttons = QWidget()
        buttons = line(self._buttons)
        row = ButtonRow(themes)
        for button in (self.next, self.called, self.not_reached):
            row.add(button)
        self._row = row
        buttons.addWidget(row, 1)
        inner.addWidget(self._buttons)
        column(self, margins=margins).addWidget(self._frame)
        self.next.clicked.connect(self.go_on)
        self.called.clicked.connect(self.called_back)
        self.not_reached.clicked.connect(self.say_not_reached)
        self.hide()

    @property
    def check(self) -> TicketCheck | None:
        return self._ticket.check if self._ticket is not None and self._ticket.check.is_risky else None

    def show_ticket(self, ticket: Conversation) -> None:
        before = (self._ticket.ticket_id, self._ticket.check, self._ticket.state) if self._ticket else None
        self._ticket = ticket
        check = self.check
        is_over = ticket.state in {"resolved", "closed"}
        self.setVisible(check is not None and not is_over)
        if check is None or is_over or before == (ticket.ticket_id, check, ticket.state):
            return
        lead = self.tr("{0}:").format(self._words.request(check.request_kind))
        first, second, third = "", "", ""
        if check.holds_until_at:
            until = self._desk.words.time_of_day(check.holds_until_at)
            text = self.tr("verified until {0}, it can be carried out.").format(until)
        else:
            text = self.tr("it stays blocked. {0}").format(self._words.missing(check))
            warning = self._words.may_not_ask(ticket.contact_name, check.request_kind) if check.may_not_ask else ""
            tried = self._words.tried(check, self._desk.words.within)
            text = " ".join(part for part in (text, warning, tried) if part)
            first, second = self._next_words(check), self._called_words(check)
            third = self.tr("I did not reach them") if second else ""
        tone: Tone = "success" if check.holds_until_at else "warning"
        set_look(self._frame, role="notice", tone=tone)
        self._mark.set_icon("shield-check" if check.holds_until_at else "lock-simple", tone)
        self._lead.setText(lead)
        self.text.setText(text)
        evidence = "\n".join(self._words.shown(check.shown, self._desk.words.within)) if check.shown else ""
        self.evidence.setText(evidence)
        self.evidence.setVisible(bool(evidence))
        for button, words in ((self.next, first), (self.called, second), (self.not_reached, third)):
            button.setText(words)
            self._row.set_shown(button, is_shown=bool(words))
        self._buttons.setVisible(bool(first or second))
        self.setAccessibleName(f"{lead} {text}")
        announce(self, f"{lead} {text}")

    def _next_words(self, check: TicketCheck) -> str:
        if self._ticket is None or not self._ticket.can_work:
            return ""
        if check.can_approve:
            return self.tr("Approve too")
        return self.tr("Call {0}").format(check.numbers[0].shown) if check.numbers else ""

    def _called_words(self, check: TicketCheck) -> str:
        can_say = check.lacks_call_back and check.verification_id and check.numbers
        is_mine_to_do = self._ticket is not None and self._ticket.can_work and not check.has_run_out
        return self.tr("I reached them on it") if can_say and is_mine_to_do else ""

    @property
    def can_go_on(self) -> bool:
        check = self.check
        return self.isVisible() and check is not None and check.is_blocked and bool(self._next_words(check))

    @property
    def can_be_called_back(self) -> bool:
        check = self.check
        return self.isVisible() and check is not None and check.is_blocked and bool(self._called_words(check))

    def go_on(self) -> None:
        """Approve it, or call the known number, with the call belonging to this ticket."""
        ticket, check = self._ticket, self.check
        if ticket is None or check is None or not self.can_go_on:
            return
        if check.can_approve:
            checks, verification_id = self._desk.services.caller_checks, check.verification_id
            self._desk.do(self, lambda: checks.approve(verification_id))
        else:
            self._desk.call(check.numbers[0].number, ticket.contact_id, ticket.client_id, ticket_id=ticket.ticket_id)

    def called_back(self) -> None:
        """The first of the known numbers was called back, on whatever phone."""
        check = self.check
        if check is None or not self.can_be_called_back:
            return
        checks, verification_id, number_id = (
            self._desk.services.caller_checks,
            check.verification_id,
            check.numbers[0].id,
        )
        self._desk.do(self, lambda: checks.called_back(verification_id, number_id))

    def say_not_reached(self) -> None:
        """The first of the known numbers was called back in vain: a menu asks how."""
        if not self.can_be_called_back:
            return
        from csr_desktop.ui.kit.menu_float import MenuLine, open_menu  # most are reached

        lines = [
            MenuLine(self.tr("No answer"), partial(self._tried, "call_back_no_answer"), "phone-x"),
            MenuLine(self.tr("Wrong person answered"), partial(self._tried, "call_back_wrong_person"), "x"),
        ]
        anchor = self.not_reached if self.not_reached.isVisible() else self._buttons
        open_menu(self._desk.themes, self.tr("Not reached"), anchor, lines)

    def _tried(self, outcome: str) -> None:
        ticket, check = self._ticket, self.check
        if ticket is None or check is None or not self.can_be_called_back:
            return
        checks, number_id = self._desk.services.caller_checks, check.numbers[0].id
        self._desk.do(self, lambda: checks.not_reached(ticket.ticket_id, number_id, outcome))


def request_actions(bar: Callable[[], RequestBar | None]) -> list[Action]:
    """The bar's keys; it is None while no ticket is shown."""

    def can_go_on() -> bool:
        return (found := bar()) is not None and found.can_go_on

    def can_be_called_back() -> bool:
        return (found := bar()) is not None and found.can_be_called_back

    def go_on() -> None:
        if (found := bar()) is not None:
            found.go_on()

    def called_back() -> None:
        if (found := bar()) is not None:
            found.called_back()

    def say_not_reached() -> None:
        if (found := bar()) is not None:
            found.say_not_reached()

    def why() -> str:
        return QCoreApplication.translate("RequestBar", "Nothing here waits for that.")

    next_words = QCoreApplication.translate("RequestBar", "Call the known number, or approve the request too")
    not_reached_words = QCoreApplication.translate("RequestBar", "Say that the known number was called back in vain")
    called_words = QCoreApplication.translate("RequestBar", "Say that the known number was called back")
    return [
        Action(
            "inbox_verify",
            next_words,
            go_on,
            NEXT_KEY,
            "inbox",
            "shield-check",
            can_go_on,
            works_in_text=True,
            why_not=why,
        ),
        Action(
            "inbox_called_back",
            called_words,
            called_back,
            CALLED_KEY,
            "inbox",
            "phone-call",
            can_be_called_back,
            works_in_text=True,
            why_not=why,
        ),
        Action(
            "inbox_not_reached",
            not_reached_words,
            say_not_reached,
            NOT_REACHED_KEY,
            "inbox",
            "phone-x",
            can_be_called_back,
            works_in_text=True,
            why_not=why,
        ),
    ]
