"""Short forms inside the call for what follows from it: a ticket, a follow-up or promise, an escalation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from csr_desktop.services.call_rows import EscalateStep, FollowUpStep, OpenStep, TicketChoice, TicketStep
from csr_desktop.ui.calls.finder import Finder, Found
from csr_desktop.ui.due_entry import DueEntry
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.fields import Choice, ErrorLine, Labelled, TextField
from csr_desktop.ui.kit.notice import announce
from csr_desktop.ui.kit.panes import column, line
from csr_desktop.ui.kit.theme import set_look

if TYPE_CHECKING:
    from csr_desktop.services.people import Colleague
    from csr_desktop.ui.desk import Desk

FOLLOW_UP_KINDS = ("callback", "check_in", "task")


class StepForm(QFrame):
    """Enter takes what stands there, Esc leaves it."""

    taken = Signal(object)
    left = Signal()
    edited = Signal()
    """Something was typed or chosen in it."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        themes, space = desk.themes, desk.themes.theme.sizes.space
        set_look(self, role="card")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._opened_as: OpenStep | None = None
        """As it stood when it opened; None when it opened with what was typed before."""
        self.title = Label(weight=600)
        whole = column(self, spacing=space.close, margins=(space.apart, space.close, space.apart, space.apart))
        head = line(spacing=space.close)
        head.addWidget(self.title, 1)
        self.cancel = Button(themes, self.tr("Cancel"), role="quiet", key_hint="Esc")
        self.take = Button(themes, "", key_hint="Return")
        self.body = column(spacing=space.close)
        whole.addLayout(head)
        whole.addLayout(self.body)
        # Beside the title: no line of their own where room is short.
        head.addWidget(self.cancel)
        head.addWidget(self.take)
        self.cancel.clicked.connect(self.left)
        self.take.clicked.connect(self.finish)

    def set_title(self, text: str) -> None:
        self.title.setText(text)
        self.setAccessibleName(text)

    def _tab_last(self, field: QWidget) -> None:
        """From this field, the last one, Tab goes to the buttons."""
        for before, after in ((field, self.take), (self.take, self.cancel)):
            QWidget.setTabOrder(before, after)

    def finish(self) -> None:
        """Send what was entered, or say what is missing, with the keyboard there."""
        raise NotImplementedError

    def set_client(self, client_id: str) -> None:
        """Another client stands in the call now."""

    def finish_for_save(self) -> None:
        """As `finish`, when the whole call is to be saved."""
        self.finish()

    def entered(self) -> OpenStep:
        """What stands in it now."""
        raise NotImplementedError

    def put_back(self, kept: OpenStep) -> None:
        """After it opened: as it was typed before."""
        raise NotImplementedError

    @property
    def is_touched(self) -> bool:
        """Whether something was typed or chosen since it opened."""
        return self._opened_as is None or self.entered() != self._opened_as

    def _complain(self, field: Labelled, text: str) -> None:
        field.set_error(text)
        field.field.setFocus(Qt.FocusReason.OtherFocusReason)
        announce(self, text, assertive=True)


class FollowUpForm(StepForm):
    """A promise has one kind; a follow-up is a callback, a check-in or a task."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        themes, space = desk.themes, desk.themes.theme.sizes.space
        self.kind = Choice(themes, self.tr("Kind of follow-up"))
        self.kind.set_choices([(key, desk.words.follow_up_kind(key)) for key in FOLLOW_UP_KINDS])
        self.what = TextField(themes, self.tr("What"), placeholder=self.tr("Call Dana with the bank trace"))
        self.due = DueEntry(desk, self.tr("By when"))
        self.who = Choice(themes, self.tr("Who does it"))
        self._kind_field = Labelled(themes, self.tr("Kind"), self.kind)
        self._what_field = Labelled(themes, self.tr("What"), self.what)
        self._private = desk.private(self.what)
        self._what_field.add_foot(self._private.hint)
        self._is_promise = False
        self.changes_at = -1
        self._who_id = ""
        row = line(spacing=space.close)
        row.addWidget(self._kind_field)
        row.addWidget(self._what_field, 1)
        second = line(spacing=space.close)
        due = Labelled(themes, self.tr("By when, in the client's hours"), self.due)
        second.addWidget(due, 1)
        who = column(spacing=space.tight)
        who.addWidget(Labelled(themes, self.tr("Who"), self.who))
        who.addStretch(1)
        second.addLayout(who)
        self.body.addLayout(row)
        self.body.addLayout(second)
        self.setFocusProxy(self.what)
        self._tab_last(self.who)
        self.what.returnPressed.connect(self._on_what_entered)
        self.due.edit.returnPressed.connect(self.finish)
        for field in (self.what, self.due.edit):
            field.textChanged.connect(self.edited)
        for choice in (self.kind, self.who):
            choice.chosen.connect(self.edited)
        self.who.chosen.connect(self._on_who)
        desk.ask(self, desk.services.people.colleagues, self._show_people)

    def _show_people(self, people: Sequence[Colleague]) -> None:
        choices = [("", self.tr("Me"))] + [(one.id, one.name) for one in people if not one.is_me]
        self.who.set_choices(choices)
        self._choose_who()

    def _on_who(self, key: str) -> None:
        self._who_id = key

    def _choose_who(self) -> None:
        self.who.setCurrentIndex(max(0, self.who.findData(self._who_id)))

    def open(
        self, *, is_promise: bool, client_id: str, zone: str, what: str, step: FollowUpStep | None, changes_at: int = -1
    ) -> None:
        """With this suggestion for what, which typing replaces, or with the step that is to be changed."""
        self._is_promise = is_promise
        self.changes_at = changes_at
        promise, other = self.tr("What do you promise the client?"), self.tr("What is to be done?")
        self.set_title(promise if is_promise else other)
        words = (
            (self.tr("Change") if step else self.tr("Add promise")) if is_promise or step else self.tr("Add follow-up")
        )
        self.take.setText(words)
        self._kind_field.setVisible(not is_promise)
        self._what_field.set_error("")
        self.due.set_client(client_id)
        self.what.setText(step.title if step else what)
        if step is not None and not is_promise:
            self.kind.choose(step.kind)
        self._who_id = step.assignee_id if step else ""
        self._choose_who()
        self.due.set_at(step.due_at if step else 0, zone)
        self._opened_as = self.entered()
        self.what.setFocus()
        self.what.selectAll()

    def entered(self) -> OpenStep:
        form = "promise" if self._is_promise else "follow_up"
        kind = self.kind.chosen_key
        return OpenStep(form, self.what.text(), self.due.text(), kind, self._who_id, self.changes_at)

    def put_back(self, kept: OpenStep) -> None:
        self.what.setText(kept.what)
        self.due.set_text(kept.when)
        if self.kind.findData(kept.kind) >= 0:
            self.kind.choose(kept.kind)
        self._who_id = kept.who_id
        self._choose_who()
        self._opened_as = None

    def set_client(self, client_id: str) -> None:
        self.due.set_client(client_id)

    def _on_what_entered(self) -> None:
        if self.due.text().strip():
            self.finish()
        else:
            self.due.setFocus()

    def finish(self) -> None:
        title = self.what.text().strip()
        if not title:
            self._complain(self._what_field, self.tr("Say what is to be done."))
            return
        self._what_field.set_error("")
        if not self._private.may_save():
            return
        kind = "promise" if self._is_promise else self.kind.chosen_key
        assignee = self._who_id
        self.due.settle(lambda at: self.taken.emit(FollowUpStep(kind, title, at, assignee)))


class TicketForm(StepForm):
    """An open ticket of the client, or a new one with the words that were typed."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self.take.setText(self.tr("Link"))
        self.set_title(self.tr("Which ticket does this call belong to?"))
        self._client_id = ""
        self._subject = ""
        self.can_open_new = True
        self.finder = Finder(
            desk,
            self.tr("Ticket"),
            self._find,
            self._say,
            placeholder=self.tr("Subject of a new ticket, or words of an open one"),
            icon="ticket",
            most=5,
        )
        self._missing = ErrorLine(desk.themes)
        self._private = desk.private(self.finder.field)
        self.body.addWidget(self.finder)
        self.body.addWidget(self._private.hint)
        self.body.addWidget(self._missing)
        self.setFocusProxy(self.finder)
        self._tab_last(self.finder.field)
        self.finder.taken.connect(self._on_taken)
        self.finder.field.textChanged.connect(self._on_text)

    def open(self, client_id: str, subject: str) -> None:
        self._client_id = client_id
        self._subject = subject
        self._missing.say("", is_error=False)
        self.finder.open("")
        self._opened_as = self.entered()
        self.finder.setFocus()

    def entered(self) -> OpenStep:
        return OpenStep("ticket", self.finder.text)

    def put_back(self, kept: OpenStep) -> None:
        self.finder.open(kept.what)
        self._opened_as = None

    def set_client(self, client_id: str) -> None:
        self._client_id = client_id
        self.finder.open(self.finder.text)

    def _find(self, _text: str) -> tuple[TicketChoice, ...]:
        return self.desk.services.calls.open_tickets(self._client_id) if self._client_id else ()

    def _say(self, text: str, tickets: Sequence[TicketChoice]) -> list[Found]:
        wanted = text.casefold().split()
        fitting = [one for one in tickets if all(word in f"{one.label} {one.subject}".casefold() for word in wanted)]
        rows = [
            Found(one.id, f"{one.label} {one.subject}", "", self.desk.words.ticket_state(one.state), "ticket")
            for one in fitting
        ]
        subject = text or self._subject
        new = Found("", self.tr("New ticket: {0}").format(subject), "", "", "plus", number=subject)
        return [*rows, new] if subject and self.can_open_new else rows

    def _on_taken(self, found: Found) -> None:
        if found.key:
            self.taken.emit(TicketStep(ticket_id=found.key))
        elif self._private.may_save():
            self.taken.emit(TicketStep(subject=found.number))

    def label_of(self, ticket_id: str) -> str:
        found = next((one for one in self.finder.model.found if one.key == ticket_id), None)
        return found.title if found else ""

    def _on_text(self) -> None:
        self._missing.say("", is_error=False)
        self.edited.emit()

    def finish(self) -> None:
        self.finder.take()

    def finish_for_save(self) -> None:
        # The first of the list is only offered: nobody chose it.
        if self.finder.text:
            self.finish()
        else:
            text = self.tr("Choose a ticket, or type what a new one is about. Esc leaves it out.")
            self._missing.say(text, is_error=True)
            self.finder.setFocus()
            announce(self, text, assertive=True)


class EscalateForm(StepForm):
    """To whom, and why."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self.take.setText(self.tr("Escalate"))
        self.set_title(self.tr("Who is to take this over?"))
        themes, space = desk.themes, desk.themes.theme.sizes.space
        self.to = Choice(themes, self.tr("Escalate to"))
        self.reason = TextField(themes, self.tr("Reason"), placeholder=self.tr("What they need to know first"))
        self._to_field = Labelled(themes, self.tr("To"), self.to)
        row = line(spacing=space.close)
        row.addWidget(self._to_field)
        why = Labelled(themes, self.tr("Why"), self.reason)
        self._private = desk.private(self.reason)
        why.add_foot(self._private.hint)
        row.addWidget(why, 1)
        self.body.addLayout(row)
        self.help = Label(tone="muted", size="caption")
        self.body.addWidget(self.help)
        self._to_id = ""
        self.setFocusProxy(self.reason)
        self._tab_last(self.reason)
        self.reason.returnPressed.connect(self.finish)
        self.reason.textChanged.connect(self.edited)
        self.to.chosen.connect(self._on_to)

    def _show_leads(self, leads: Sequence[Colleague]) -> None:
        self.to.set_choices([(one.id, one.name) for one in leads])
        self._choose_to()

    def _on_to(self, key: str) -> None:
        self._to_id = key
        self.edited.emit()

    def _choose_to(self) -> None:
        if self.to.findData(self._to_id) >= 0:
            self.to.choose(self._to_id)

    def open(self, step: EscalateStep | None, ticket: TicketStep | None) -> None:
        """For the ticket of the call, of which there may be none yet."""
        ticket_id, calls, has_ticket = ticket.ticket_id if ticket else "", self.desk.services.calls, ticket is not None
        self.desk.ask(self, lambda: calls.leads(ticket_id), self._show_leads, key="leads")
        self._to_field.set_error("")
        self.reason.setText(step.reason if step else "")
        self._to_id = step.to_id if step else ""
        self._choose_to()
        self.help.setText(
            "" if has_ticket else self.tr("An escalation needs a ticket: a new one is opened with this call.")
        )
        self.help.setVisible(not has_ticket)
        self._opened_as = self.entered()
        self.reason.setFocus()

    def entered(self) -> OpenStep:
        return OpenStep("escalate", self.reason.text(), who_id=self._to_id)

    def put_back(self, kept: OpenStep) -> None:
        self.reason.setText(kept.what)
        self._to_id = kept.who_id
        self._choose_to()
        self._opened_as = None

    def finish(self) -> None:
        if not self.to.chosen_key:
            self._complain(self._to_field, self.tr("There is no lead or manager to escalate to."))
            return
        if not self._private.may_save():
            return
        self.taken.emit(EscalateStep(self.to.chosen_key, self.reason.text().strip()))
