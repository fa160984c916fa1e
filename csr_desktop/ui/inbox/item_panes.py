"""What is selected when it is no ticket: a missed call, a follow-up that is due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from csr_desktop.ui.kit.buttons import Button, IconButton
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.flow import FlowLayout
from csr_desktop.ui.kit.panes import Card, Facts, Pane, column
from csr_desktop.ui.kit.prose import Prose
from csr_desktop.ui.kit.scroll import ScrollColumn
from csr_desktop.ui.kit.states import ErrorState, StateStack

if TYPE_CHECKING:
    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.call_rows import CallDetail
    from csr_desktop.services.follow_up_rows import FollowUpDetail
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.kit.theme import Tone


class _ItemPane(Pane):
    """A heading, buttons, facts and a text, scrolling when short."""

    first: Button
    """What is mostly done; gone where it can't be, and `open` stands in for it."""
    open: Button

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk.themes, parent=parent)
        self.set_title(" ")
        self.desk = desk
        self.item_id = ""
        themes, space = desk.themes, desk.themes.theme.sizes.space
        self.setMinimumWidth(themes.theme.sizes.width.list)
        self.context_button = IconButton(themes, "info", self.tr("About the client"), key_hint="I")
        self.back_button = IconButton(themes, "arrow-left", self.tr("Back to the list"), key_hint="Esc")
        for button in (self.back_button, self.context_button):
            self.header.add_button(button)
            self.header.buttons.set_shown(button, is_shown=False)
        self.heading = Label(size="name", weight=600, wraps=True)
        self.who = Label(tone="muted", wraps=True)
        self._bar = QWidget()
        self._buttons = FlowLayout(space.close, self._bar)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.card = Card(themes, title=self.tr("When"))
        self.facts = Facts(themes)
        self.card.body.addWidget(self.facts)
        self.note_title = Label(self.tr("Note"), tone="muted", size="caption", weight=600)
        self.note = Prose(themes, "", name=self.tr("Note"))
        margins = (space.page, space.page, space.page, space.page)
        scroll = ScrollColumn(self.tr("What is selected"), spacing=space.pane, margins=margins)
        inner = scroll.body
        head = column(spacing=space.tight)
        head.addWidget(self.heading)
        head.addWidget(self.who)
        inner.addLayout(head)
        inner.addWidget(self._bar)
        inner.addWidget(self.card)
        inner.addWidget(self.note_title)
        inner.addWidget(self.note)
        inner.addStretch(1)
        self.states = StateStack(scroll)
        self.error = ErrorState(themes, "", "", self.tr("Try again"))
        self.error.acted.connect(self.ask)
        self.body.addWidget(self.states)

    def add_button(self, button: Button) -> Button:
        button.setParent(self._bar)
        self._buttons.addWidget(button)
        return button

    def take_keyboard(self) -> None:
        """To what a second Enter may do; a focus proxy would have Tab pass over what stands before it."""
        first = self.open if self.first.isHidden() else self.first
        first.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def ask(self) -> None:
        raise NotImplementedError

    def show_item(self, item_id: str) -> None:
        self.item_id = item_id
        self.ask()

    def say_fault(self, fault: CsrDesktopError) -> None:
        self.error.say(fault.title, fault.advice, button=self.tr("Try again"))
        self.states.show_state(self.error)

    def set_note(self, title: str, text: str) -> None:
        self.note_title.setText(title)
        self.note.setPlainText(text)
        for part in (self.note_title, self.note):
            part.setVisible(bool(text))

    def both(self, at: int, zone: str) -> str:
        return self.desk.words.both(at, zone)


class CallPane(_ItemPane):
    """A call that nobody took: who, when, what they said, and the way back to them."""

    dismissed = Signal(str)
    shown = Signal(str, str)
    """Client and contact of what now stands here."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self.detail: CallDetail | None = None
        themes = desk.themes
        self.call = self.add_button(Button(themes, self.tr("Call back"), role="primary", icon="phone", key_hint="D"))
        self.dismiss = self.add_button(Button(themes, self.tr("No call back needed"), icon="check", key_hint="E"))
        self.open = self.add_button(Button(themes, self.tr("Open in Calls"), key_hint="O"))
        self.first = self.call
        self.call.clicked.connect(self.call_back)
        self.dismiss.clicked.connect(lambda: self.dismissed.emit(self.item_id))
        self.open.clicked.connect(self.open_in_place)

    def ask(self) -> None:
        item_id, calls = self.item_id, self.desk.services.calls
        self.desk.ask(self, lambda: calls.detail(item_id), self._show, self.say_fault, key="detail")

    def on_changed(self, change_set: ChangeSet) -> None:
        if self.item_id and change_set.touches("interactions", "contacts", "clients"):
            self.ask()

    def _show(self, detail: CallDetail) -> None:
        self.detail = detail
        row, words = detail.row, self.desk.words
        voicemail = row.channel == "voicemail"
        kind = words.channel("voicemail") if voicemail else self.tr("Missed call")
        self.set_title(kind)
        name = row.contact_name or row.client_name or row.number_shown or self.tr("Unknown number")
        self.heading.setText(name)
        told = (row.client_name if row.contact_name else "", row.number_shown if name != row.number_shown else "")
        self.who.setText(", ".join(part for part in told if part))
        self.who.setVisible(bool(self.who.text()))
        facts: list[tuple[str, str, Tone]] = [(self.tr("Rang"), words.moment(row.started_at), "")]
        if detail.called_back_at:
            by = self.tr("{0}, by {1}").format(words.moment(detail.called_back_at), detail.called_back_by_name)
            facts.append((self.tr("Settled"), by, "success"))
        elif row.is_waiting:
            facts.append((self.tr("State"), self.tr("Waits for a call back"), "warning"))
        if row.topic_path:
            facts.append((self.tr("Topic"), " \u203a ".join(row.topic_path), ""))
        self.facts.set_facts(facts)
        self.set_note(self.tr("What was said") if voicemail else self.tr("Note"), detail.note)
        self.call.setEnabled(bool(detail.number or row.contact_id))
        self.dismiss.setEnabled(row.is_waiting)
        self.states.show_content()
        self.shown.emit(row.client_id, row.contact_id)

    def call_back(self) -> None:
        """A missed call that waits is answered by it, and waits no more once it is saved."""
        if self.detail is not None:
            row = self.detail.row
            returns_id = row.id if row.is_waiting else ""
            self.desk.call(self.detail.number, row.contact_id, row.client_id, returns_id=returns_id)

    def open_in_place(self) -> None:
        self.desk.open("call", self.item_id)


class FollowUpPane(_ItemPane):
    """Something due: what, for whom, by when in their time, and the ways to settle it."""

    completed = Signal(str, str)
    """Id and outcome."""
    snooze_wanted = Signal()
    shown = Signal(str, str, str)
    """Client, contact and ticket of what now stands here."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self.detail: FollowUpDetail | None = None
        themes = desk.themes
        self.call = self.add_button(Button(themes, self.tr("Call now"), role="primary", icon="phone", key_hint="D"))
        self.done = self.add_button(Button(themes, self.tr("Done"), icon="check", key_hint="E"))
        self.other = [self.add_button(Button(themes, "")) for _ in range(3)]
        self.snooze = self.add_button(Button(themes, self.tr("Snooze"), key_hint="S"))
        self.open = self.add_button(Button(themes, self.tr("Open in Follow-ups"), key_hint="O"))
        self.first = self.call
        self.call.clicked.connect(self.call_now)
        self.done.clicked.connect(lambda: self.complete(0))
        for at, button in enumerate(self.other, 1):
            button.clicked.connect(lambda _checked=False, at=at: self.complete(at))
        self.snooze.clicked.connect(self.snooze_wanted)
        self.open.clicked.connect(self.open_in_place)

    def ask(self) -> None:
        item_id, follow_ups = self.item_id, self.desk.services.follow_ups
        self.desk.ask(self, lambda: follow_ups.detail(item_id), self._show, self.say_fault, key="detail")

    def on_changed(self, change_set: ChangeSet) -> None:
        if self.item_id and change_set.touches("follow_ups", "contacts", "clients", "phone_numbers"):
            self.ask()

    def on_minute(self) -> None:
        if self.detail is not None:
            self._show_facts(self.detail)

    def _show(self, detail: FollowUpDetail) -> None:
        self.detail = detail
        row, words = detail.row, self.desk.words
        self.set_title(words.follow_up_kind(row.kind))
        self.heading.setText(row.title)
        number = detail.contact_numbers[0].shown if detail.contact_numbers else ""
        self.who.setText(", ".join(p for p in (row.client_name, row.contact_name, number, detail.ticket_label) if p))
        self._show_facts(detail)
        self.set_note(self.tr("How it ended"), detail.outcome_note)
        is_open = row.state == "open" and row.can_work
        if self.call.hasFocus() and not detail.contact_numbers:
            self.open.setFocus(Qt.FocusReason.OtherFocusReason)  # or it would go to "Done"
        self.call.setVisible(bool(detail.contact_numbers))
        self.done.setText(words.follow_up_outcome(detail.outcomes[0]) if detail.outcomes else self.tr("Done"))
        self.done.setEnabled(is_open)
        for at, button in enumerate(self.other, 1):
            has_one = at < len(detail.outcomes)
            button.setVisible(has_one)
            button.setText(words.follow_up_outcome(detail.outcomes[at]) if has_one else "")
            button.setEnabled(is_open)
        self.snooze.setEnabled(is_open)
        self.states.show_content()
        self.shown.emit(row.client_id, row.contact_id, row.ticket_id)

    def _show_facts(self, detail: FollowUpDetail) -> None:
        row, words = detail.row, self.desk.words
        left = words.until(row.due_at)
        self.card.set_caption(left.spoken if row.state == "open" else words.follow_up_outcome(row.outcome))
        late: Tone = "danger" if row.state == "open" and row.due_at < words.now() else ""
        facts: list[tuple[str, str, Tone]] = []
        if row.move_count:
            facts.append((self.tr("First said"), self.both(row.first_due_at, row.client_zone), "muted"))
            facts.append((self.tr("Now due"), self.both(row.due_at, row.client_zone), late))
        else:
            facts.append((self.tr("Due"), self.both(row.due_at, row.client_zone), late))
        if row.snoozed_until_at:
            facts.append((self.tr("Snoozed until"), words.moment(row.snoozed_until_at), "muted"))
        facts.append((self.tr("For"), self.tr("You") if row.is_mine else row.assignee_name, ""))
        if detail.created_by_name:
            made = self.tr("{0}, by {1}").format(words.moment(detail.created_at), detail.created_by_name)
            facts.append((self.tr("Agreed"), made, ""))
        self.facts.set_facts(facts)

    def call_now(self) -> None:
        if self.detail is not None and self.detail.contact_numbers:
            row = self.detail.row
            self.desk.call(self.detail.contact_numbers[0].raw, row.contact_id, row.client_id)

    def complete(self, at: int) -> None:
        """With the outcome at that place of those that fit."""
        if self.detail is not None and at < len(self.detail.outcomes):
            self.completed.emit(self.item_id, self.detail.outcomes[at])

    def open_in_place(self) -> None:
        self.desk.open("follow_up", self.item_id)
