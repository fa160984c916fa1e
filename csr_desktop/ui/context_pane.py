"""The client beside what is selected: clocks, open promises, the person, the last contacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedLayout, QWidget

from csr_desktop.ui.context_parts import ContactPart, LastContactLine, PromiseLine
from csr_desktop.ui.context_waiting import WaitingPart
from csr_desktop.ui.kit.bars import ClockBar
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.chips import Badge, Chip
from csr_desktop.ui.kit.elide import ElidedLabel, Label, plain_tooltip
from csr_desktop.ui.kit.marks import IconMark
from csr_desktop.ui.kit.overlay_bar import OverlayBar
from csr_desktop.ui.kit.panes import Hairline, KeyValue, Pane, Section, column, line
from csr_desktop.ui.kit.states import EmptyState, ErrorState, LoadingState
from csr_desktop.ui.kit.theme import set_look
from csr_desktop.ui.wording import CLOCK_ICONS, DAY

if TYPE_CHECKING:
    from PySide6.QtGui import QShowEvent

    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.call_rows import Waiting
    from csr_desktop.services.client_rows import ClientContext
    from csr_desktop.ui.desk import Desk

_SHOWN_FROM = (
    "verifications",
    "clients",
    "contacts",
    "phone_numbers",
    "follow_ups",
    "interactions",
    "tickets",
    "messages",
    "client_clocks",
    "calendars",
    "users",
)
_HEARD_DAYS = 7
_BLANK_AFTER_MILLISECONDS = 150
_DONE_AS = {"promise": "kept", "callback": "reached"}


class ContextPane(Pane):
    """Shows one client, with the contact and ticket in question; keeps itself fresh while it is on the screen."""

    def __init__(self, desk: Desk, parent: QWidget | None = None, *, shows_waiting: bool = False) -> None:
        """`shows_waiting` where the client is on the line: whom it waits for and what with."""
        super().__init__(desk.themes, ground="canvas", parent=parent)
        self._shows_waiting = shows_waiting
        self.setAccessibleName(self.tr("Client"))
        self._desk = desk
        self._wanted = ("", "", "")
        self._context: ClientContext | None = None
        self._is_stale = False
        sizes = desk.themes.theme.sizes
        self.setMinimumWidth(sizes.width.context_min)
        self._empty = QWidget()
        self._unknown = EmptyState(desk.themes, "question", "")
        self._number = ""
        self._content = _Content(desk)
        self._loading = LoadingState(desk.themes)
        self._error = ErrorState(
            desk.themes, self.tr("This client could not be shown"), self.tr("Nothing is lost."), self.tr("Try again")
        )
        self._error.acted.connect(self._ask)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(self._content)
        # A scroll area has its widget filled with the window's ground.
        self._content.setAutoFillBackground(False)
        self._scroll.viewport().setAutoFillBackground(False)
        OverlayBar(self._scroll)
        self._stack = QStackedLayout()
        # In this order: a page that is shown before it has a parent would flash up as a window.
        self.body.addLayout(self._stack)
        for part in (self._empty, self._scroll, self._loading, self._error, self._unknown):
            self._stack.addWidget(part)
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.setInterval(_BLANK_AFTER_MILLISECONDS)
        self._slow.timeout.connect(lambda: self._stack.setCurrentWidget(self._loading))
        desk.changed.connect(self._on_changed)

    @property
    def client_id(self) -> str:
        return self._wanted[0]

    def show_client(self, client_id: str, contact_id: str = "", ticket_id: str = "") -> None:
        """The contact is the one in question; the ticket's reply is the first clock."""
        wanted = (client_id, contact_id, ticket_id)
        if wanted == self._wanted:
            return
        is_other = client_id != self._wanted[0]
        self._wanted, self._number = wanted, ""
        if not client_id:
            self.clear()
            return
        if is_other:
            self._slow.start()
        self._ask()

    def clear(self) -> None:
        self._wanted = ("", "", "")
        self._number = ""
        self._context = None
        self._slow.stop()
        self._stack.setCurrentWidget(self._empty)

    def show_number(self, number: str, shown: str, way: str) -> None:
        """Of a call that is nobody's yet: how often the number was heard from, and the way to say whose it is. One that
        was withheld has no digit.
        """
        if number and number == self._number:
            return
        self.clear()
        if not any(map(str.isdigit, number)):
            text = self.tr("Nobody can be found by it.")
            self._unknown.say(self.tr("Number withheld"), f"{text}\n{way}")
            self._stack.setCurrentWidget(self._unknown)
            return
        self._number = number

        def show(heard: tuple[int, int]) -> None:
            if number == self._number:
                self._show_number(shown, heard, way)

        calls = self._desk.services.calls
        self._desk.ask(self, lambda: calls.heard_from(number, _HEARD_DAYS), show, key="number")

    def _show_number(self, shown: str, heard: tuple[int, int], way: str) -> None:
        count, last_at = heard
        told = self.tr("No call from it in the last {0} days.").format(_HEARD_DAYS)
        if count:
            told = self.tr("%n call(s) from it in {0} days, the last {1}.", "", count)
            told = told.format(_HEARD_DAYS, self._desk.words.within(last_at))
        self._unknown.say(self.tr("{0} is nobody's number yet").format(shown), f"{told}\n{way}")
        self._stack.setCurrentWidget(self._unknown)

    def call(self) -> None:
        """Dial the first number of the contact."""
        contact = self._context.contact if self._context else None
        if contact is not None and contact.numbers:
            self._desk.call(contact.numbers[0].raw or contact.numbers[0].e164, contact.id)

    def on_minute(self) -> None:
        context = self._context
        if context is not None:
            self._content.show_times(context)
            if self._shows_waiting or 0 < (context.open_until_at or context.opens_at) <= self._desk.words.now():
                self._ask()

    def _ask(self) -> None:
        client_id, contact_id, ticket_id = wanted = self._wanted
        if not client_id:
            return
        if not self.isVisible():
            self._is_stale = True
            return
        self._is_stale = False
        services, shows_waiting = self._desk.services, self._shows_waiting

        def ask() -> tuple[ClientContext, Waiting | None]:
            waiting = services.calls.waiting(client_id) if shows_waiting else None
            return services.inbox.context(client_id, contact_id, ticket_id), waiting

        def show(answer: tuple[ClientContext, Waiting | None]) -> None:
            if wanted == self._wanted:
                if answer[1] is not None:
                    self._content.show_waiting(answer[1])
                self._show(answer[0])

        self._desk.ask(self, ask, show, self._on_failed, key="context")

    def _show(self, context: ClientContext) -> None:
        self._slow.stop()
        if context != self._context:
            is_other = self._context is None or context.client_id != self._context.client_id
            self._context = context
            self._content.show_context(context)
            if is_other:
                self._scroll.verticalScrollBar().setValue(0)
        self._stack.setCurrentWidget(self._scroll)

    def _on_failed(self, fault: CsrDesktopError) -> None:
        self._slow.stop()
        self._context = None
        self._error.say(fault.title, fault.advice, button=self.tr("Try again"))
        self._stack.setCurrentWidget(self._error)

    def _on_changed(self, change_set: ChangeSet) -> None:
        if self._wanted[0] and (change_set.rights or change_set.touches(*_SHOWN_FROM)):
            self._ask()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self._slow.start()
            self._ask()


class _Content(QWidget):
    """The parts; each is filled anew and kept, so that the keyboard stays where it is."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._promises: list[PromiseLine] = []
        self._last: list[LastContactLine] = []
        self._client_id = ""
        space = desk.themes.theme.sizes.space
        self._whole = column(self, margins=(0, space.pane, 0, space.pane))
        self._add_head()
        self._add_clocks()
        self._add_promises()
        self._add_waiting()
        self._add_contact()
        self._add_last()
        self._whole.addStretch(1)

    def _add_head(self) -> None:
        themes = self._desk.themes
        space = themes.theme.sizes.space
        self._name = ElidedLabel(size="title", weight=600)
        self._tier = Chip(themes, "", icon="star")
        self._facts = ElidedLabel(tone="muted")
        self._time = ElidedLabel(tone="muted")
        self._alert = QFrame()
        set_look(self._alert, role="notice", tone="info")
        self._alert_text = Label(wraps=True)
        alert = line(self._alert, spacing=space.close, margins=(space.apart, space.close, space.apart, space.close))
        alert.addWidget(IconMark(themes, "push-pin", tone="info"), 0, Qt.AlignmentFlag.AlignTop)
        alert.addWidget(self._alert_text, 1)
        head = column(spacing=space.tight, margins=(space.pane, 0, space.pane, 0))
        first = line(spacing=space.close)
        first.addWidget(self._name, 1)
        first.addWidget(self._tier)
        head.addLayout(first)
        head.addWidget(self._facts)
        local = line(spacing=space.button_gap)
        self._clock = IconMark(themes, "clock", size="icon_small")
        local.addWidget(self._clock)
        local.addWidget(self._time, 1)
        head.addLayout(local)
        head.addSpacing(space.tight)
        head.addWidget(self._alert)
        self._whole.addLayout(head)

    def _part(self, section: QWidget, *, is_full: bool = False) -> QWidget:
        """A section with its hairline above; a full one reaches to the pane's edges."""
        space = self._desk.themes.theme.sizes.space
        part = QWidget()
        inner = column(part, margins=(0, space.apart, 0, 0))
        rule = line(margins=(space.pane, 0, space.pane, 0))
        rule.addWidget(Hairline(self._desk.themes))
        inner.addLayout(rule)
        inner.addSpacing(space.pane)
        held = column(margins=(0, 0, 0, 0) if is_full else (space.pane, 0, space.pane, 0))
        held.addWidget(section)
        inner.addLayout(held)
        self._whole.addWidget(part)
        return part

    def _add_clocks(self) -> None:
        themes = self._desk.themes
        section = Section(themes, self.tr("Clocks"), spacing=themes.theme.sizes.space.tight)
        self._reply = ClockBar(themes, CLOCK_ICONS["due"], self.tr("Next reply"))
        self._cut_off = ClockBar(themes, CLOCK_ICONS["cut_off"], self.tr("Processing cut-off"))
        self._pay_date = KeyValue(themes, "calendar-blank", self.tr("Pay date"))
        self._deposit = KeyValue(themes, "bank", self.tr("Deposit due"))
        for part in (self._reply, self._cut_off, self._pay_date, self._deposit):
            section.body.addWidget(part)
        self._clocks = self._part(section)

    def _add_promises(self) -> None:
        themes = self._desk.themes
        space = themes.theme.sizes.space
        # Its circles reach out of the column, so that they can be hit; a Section has the column's width.
        section = QWidget()
        section.setAccessibleName(self.tr("Open promises"))
        self._promise_count = Label(tone="faint", size="caption")
        self._promise_column = column(section)
        head = line(spacing=space.button_gap, margins=(space.pane, 0, space.pane, space.tight))
        head.addWidget(Label(self.tr("Open promises"), tone="muted", size="caption", weight=600))
        head.addWidget(self._promise_count)
        head.addStretch(1)
        self._promise_column.addLayout(head)
        self._promise_part = self._part(section, is_full=True)

    def _add_waiting(self) -> None:
        self._waiting = WaitingPart(self._desk)
        self._waiting_part = self._part(self._waiting)
        self._waiting_part.hide()

    def show_waiting(self, waiting: Waiting) -> None:
        self._waiting.show_waiting(waiting)
        self._waiting_part.setVisible(bool(waiting.callbacks or waiting.tickets))

    def _add_contact(self) -> None:
        section = Section(self._desk.themes, self.tr("Contact"))
        self._contact = ContactPart(self._desk.themes, self._desk.words)
        self._contact.calling.connect(self._desk.call)
        section.body.addWidget(self._contact)
        self._contact_part = self._part(section)

    def _add_last(self) -> None:
        self._last_section = Section(self._desk.themes, self.tr("Last contacts"), spacing=0)
        self._all = self._last_section.add_link(Button(self._desk.themes, "", role="link"))
        self._all.clicked.connect(lambda: self._desk.open("client", self._client_id))
        self._last_part = self._part(self._last_section)

    def show_context(self, context: ClientContext) -> None:
        words = self._desk.words
        self._client_id = context.client_id
        self._name.setText(context.name)
        tier = words.tier(context.tier)
        self._tier.set_badge(Badge(tier, "neutral", "star"))
        self._tier.setVisible(bool(tier))
        facts = [words.client_status(context.status)]
        if context.employee_count:
            facts.append(self.tr("%n employee(s)", "", context.employee_count))
        self._facts.setText(", ".join(fact for fact in facts if fact))
        self._alert_text.setText(context.alert)
        self._alert.setVisible(bool(context.alert))
        self._show_promises(context)
        self._contact_part.setVisible(context.contact is not None)
        if context.contact is not None:
            self._contact.show_contact(context.contact)
        self._show_last(context)
        self.show_times(context)

    def _show_promises(self, context: ClientContext) -> None:
        while len(self._promises) < len(context.promises):
            made = PromiseLine(self._desk.themes, self._desk.words)
            made.completed.connect(self._on_completed)
            self._promises.append(made)
            self._promise_column.addWidget(made)
        for at, shown in enumerate(self._promises):
            shown.setVisible(at < len(context.promises))
            if at < len(context.promises):
                shown.show_promise(context.promises[at])
        self._promise_count.setText(self.locale().toString(len(context.promises)))
        self._promise_part.setVisible(bool(context.promises))

    def _show_last(self, context: ClientContext) -> None:
        while len(self._last) < len(context.last_contacts):
            made = LastContactLine(self._desk.themes, self._desk.words)
            made.opened.connect(self._desk.open)
            self._last.append(made)
            self._last_section.body.addWidget(made)
        for at, shown in enumerate(self._last):
            shown.setVisible(at < len(context.last_contacts))
            if at < len(context.last_contacts):
                shown.show_contact(context.last_contacts[at])
        self._all.setText(self.tr("All {0}").format(self.locale().toString(context.last_contacts_total)))
        # The ticket that stands beside this is one of all, and no contact before it.
        self._last_part.setVisible(bool(context.last_contacts))

    def show_times(self, context: ClientContext) -> None:
        words = self._desk.words
        self._time.setText(words.client_time(context.time_zone))
        for part in (self._time, self._clock):
            part.setVisible(bool(context.time_zone))
        self._time.setToolTip(plain_tooltip(self._open_words(context)))
        reply, cut_off = context.next_reply_at, context.cut_off_at
        is_reply_first = bool(reply) and (not cut_off or reply <= cut_off)
        self._set_clock(self._reply, reply, context.next_reply_from_at, is_first=is_reply_first)
        self._set_clock(self._cut_off, cut_off, context.cut_off_from_at, is_first=bool(cut_off) and not is_reply_first)
        for fact, date in ((self._pay_date, context.pay_date), (self._deposit, context.deposit_due)):
            fact.setVisible(bool(date))
            fact.set_value(words.day(date) if date else "")
        self._clocks.setVisible(bool(reply or cut_off or context.pay_date or context.deposit_due))
        for promise in self._promises:
            if not promise.isHidden():
                promise.refresh_time()
        self._contact.refresh_time()

    def _open_words(self, context: ClientContext) -> str:
        words = self._desk.words
        if context.is_open and context.open_until_at:
            return self.tr("Open until {0} there").format(words.time_of_day(context.open_until_at, context.time_zone))
        if context.opens_at:
            return self.tr("Closed, opens {0} there").format(words.within(context.opens_at, context.time_zone))
        return ""

    def _set_clock(self, bar: ClockBar, at: int, from_at: int, *, is_first: bool) -> None:
        """The one that comes first is bold; only late ones and those under an hour have a colour."""
        bar.setVisible(bool(at))
        if not at:
            return
        words = self._desk.words
        now, left = words.now(), words.until(at)
        value = left.spoken if at - now < DAY else words.day(words.local(at).date())
        fraction = (now - from_at) / (at - from_at) if from_at and at > from_at else -1.0
        bar.set_value(value, tone=left.tone if left.is_soon else "", fraction=fraction, is_lead=is_first)
        bar.setToolTip(plain_tooltip(words.moment(at)))

    def _on_completed(self, follow_up_id: str, kind: str) -> None:
        follow_ups, outcome = self._desk.services.follow_ups, _DONE_AS.get(kind, "done")
        self._desk.do(self, lambda: follow_ups.complete((follow_up_id,), outcome))
