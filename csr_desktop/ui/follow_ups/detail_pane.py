"""One follow-up: what is to be done for whom, its buttons, when, the client's day, and what led to it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWidget

from csr_desktop.ui.follow_ups.detail_parts import DayCard, Detail, LedHereLine, PlainLink, RateLine, WhenCard
from csr_desktop.ui.kit.buttons import Button, IconButton
from csr_desktop.ui.kit.choices import ButtonRow
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.flow import FlowLayout
from csr_desktop.ui.kit.panes import Pane, Section, column
from csr_desktop.ui.kit.scroll import ScrollColumn
from csr_desktop.ui.kit.states import EmptyState, ErrorState, LoadingState, StateStack
from csr_desktop.ui.wording import VIEW_ICONS

if TYPE_CHECKING:
    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.follow_up_rows import FollowUpDetail, FollowUpRow, KeptRate, LedHere
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.follow_ups.agenda_words import AgendaWords

_SHOWN_FROM = ("clients", "contacts", "phone_numbers", "tickets", "messages", "interactions", "calendars", "users")
_SKELETON_AFTER_MILLISECONDS = 150


class DetailPane(Pane):
    shown = Signal(object)
    """The Detail that now stands here."""
    completed = Signal()
    """As usual."""
    outcome_wanted = Signal()
    move_wanted = Signal()
    snooze_wanted = Signal()
    reassign_wanted = Signal()
    rename_wanted = Signal()
    reopened = Signal()
    woken = Signal()

    def __init__(self, desk: Desk, words: AgendaWords, parent: QWidget | None = None) -> None:
        super().__init__(desk.themes, " ", parent=parent)
        self._desk = desk
        self._words = words
        self._id = ""
        self._detail: Detail | None = None
        themes = desk.themes
        self.setMinimumWidth(themes.theme.sizes.width.list)
        self.set_title(self.tr("Follow-up"))
        self._empty = EmptyState(
            themes, "calendar-check", self.tr("Nothing is selected"), self.tr("Choose a follow-up to see it here.")
        )
        self._loading = LoadingState(themes)
        self._error = ErrorState(themes)
        self._error.acted.connect(self._ask)
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.setInterval(_SKELETON_AFTER_MILLISECONDS)
        self._lay_out()
        self._connect()
        self.clear()

    def _lay_out(self) -> None:
        themes, space = self._desk.themes, self._desk.themes.theme.sizes.space
        self.back = self.header.add_button(
            IconButton(themes, "arrow-left", self.tr("Back to the list"), key_hint="Esc")
        )
        self.more = self.header.add_button(IconButton(themes, "dots-three", self.tr("More actions")))
        self._scroll = ScrollColumn(
            self.tr("Follow-up"),
            spacing=space.page - space.tight,
            margins=(space.page, space.page, space.page, space.page),
        )
        body = self._scroll.body
        self._title = Label(size="name", weight=600, wraps=True)
        links = QWidget()
        flow = FlowLayout(space.pane, links)
        policy = links.sizePolicy()
        policy.setHeightForWidth(True)
        links.setSizePolicy(policy)
        self.client = PlainLink(themes, VIEW_ICONS["client"], parent=links)
        self.contact = PlainLink(themes, VIEW_ICONS["contact"], parent=links)
        self.number = PlainLink(themes, "phone", parent=links)
        self.ticket = PlainLink(themes, VIEW_ICONS["ticket"], leads=True, parent=links)
        for link in (self.client, self.contact, self.number, self.ticket):
            flow.addWidget(link)
        head = column(spacing=space.tight // 2)
        head.addWidget(self._title)
        head.addWidget(links)
        body.addLayout(head)
        body.addWidget(self._add_buttons())
        self._when = WhenCard(themes, self._words)
        self._day = DayCard(themes, self._words)
        self._led = Section(themes, self.tr("What led here"), spacing=space.close)
        self._led_lines: list[LedHereLine] = []
        for part in (self._when, self._day, self._led):
            body.addWidget(part)
        self.rate = RateLine(themes, self._words)
        self._states = StateStack(self._scroll)
        self.body.addWidget(self._states, 1)
        self.body.addWidget(self.rate)

    def _add_buttons(self) -> ButtonRow:
        themes = self._desk.themes
        self.buttons = ButtonRow(themes, is_leading=True)
        self.call = self.buttons.add(Button(themes, self.tr("Call now"), role="primary", icon="phone", key_hint="D"))
        self.complete = self.buttons.add(Button(themes, self.tr("Done"), icon="check", key_hint="E"))
        self.outcome = self.buttons.add(
            IconButton(themes, "caret-down", self.tr("Another outcome, or a note"), role="plain", key_hint="Shift+E")
        )
        self.move_button = self.buttons.add(Button(themes, self.tr("Renegotiate"), key_hint="R"))
        self.snooze = self.buttons.add(Button(themes, self.tr("Snooze"), key_hint="S"))
        self.wake = self.buttons.add(Button(themes, self.tr("End the snooze"), key_hint="W"))
        self.reassign = self.buttons.add(Button(themes, self.tr("Reassign"), key_hint="A"))
        self.reopen = self.buttons.add(Button(themes, self.tr("Open again"), icon="arrow-u-up-left", key_hint="E"))
        return self.buttons

    def _connect(self) -> None:
        self._slow.timeout.connect(lambda: self._states.show_state(self._loading))
        self.call.clicked.connect(self.call_first)
        self.number.clicked.connect(self.call_first)
        self.complete.clicked.connect(self.completed)
        self.outcome.clicked.connect(self.outcome_wanted)
        self.move_button.clicked.connect(self.move_wanted)
        self.snooze.clicked.connect(self.snooze_wanted)
        self.wake.clicked.connect(self.woken)
        self.reassign.clicked.connect(self.reassign_wanted)
        self.reopen.clicked.connect(self.reopened)
        self.more.clicked.connect(self._open_more)
        self.client.clicked.connect(self._open_client)
        self.contact.clicked.connect(self._open_contact)
        self.ticket.clicked.connect(self._open_ticket)

    # Showing

    @property
    def item_id(self) -> str:
        return self._id

    @property
    def detail(self) -> FollowUpDetail | None:
        return self._detail.shown if self._detail else None

    @property
    def row(self) -> FollowUpRow | None:
        """Of what stands here now; None while it is still being read."""
        return self._detail.shown.row if self._detail and self._detail.shown.row.id == self._id else None

    def show_item(self, follow_up_id: str) -> None:
        if follow_up_id != self._id:
            self._id = follow_up_id
            self._slow.start()
        self._ask()

    def clear(self) -> None:
        self._id = ""
        self._detail = None
        self._slow.stop()
        self.set_title(self.tr("Follow-up"))
        self.header.buttons.set_shown(self.more, is_shown=False)
        self._states.show_state(self._empty)

    def _ask(self) -> None:
        wanted, services = self._id, self._desk.services
        if not wanted:
            return

        def read() -> Detail:
            shown = services.follow_ups.detail(wanted)
            row, day = shown.row, shown.day
            if any(start <= day.due_hour <= end for start, end in day.open_hours):
                return Detail(shown, 0, has_hours=True)
            # Only now the calendar is needed: when do they open after that?
            calendar_id = services.clients.profile(row.client_id).calendar_id if row.client_id else ""
            calendar = services.lists.calendar(calendar_id) if calendar_id else None
            return Detail(shown, calendar.next_open(row.due_at) if calendar else 0, has_hours=calendar is not None)

        def show(detail: Detail) -> None:
            if wanted == self._id:
                self._show(detail)

        self._desk.ask(self, read, show, self._on_failed, key="detail")

    def _show(self, detail: Detail) -> None:
        self._slow.stop()
        before, self._detail = self._detail, detail
        is_other = before is None or before.shown.row.id != detail.shown.row.id
        if detail != before:
            self._fill(detail)
        self._states.show_content()
        if is_other:
            self._scroll.scroll_to_top()
        self.shown.emit(detail)

    def _fill(self, detail: Detail) -> None:
        shown, words = detail.shown, self._desk.words
        row = shown.row
        self.set_title(words.follow_up_kind(row.kind))
        self._title.setText(row.title)
        self._title.setAccessibleName(row.title)
        self.client.show_words(row.client_name, self.tr("Open {0}").format(row.client_name))
        self.contact.show_words(row.contact_name, self.tr("Open {0}").format(row.contact_name))
        number = shown.contact_numbers[0].shown if shown.contact_numbers else ""
        self.number.show_words(number, self.tr("Call {0}").format(number))
        self.ticket.show_words(shown.ticket_label, self.tr("Open ticket {0}").format(shown.ticket_label))
        self._show_buttons(shown)
        self._when.show_detail(shown)
        self._day.show_detail(detail)
        self._show_led(shown)

    def _show_buttons(self, shown: FollowUpDetail) -> None:
        row = shown.row
        can_do = row.can_work and row.state == "open"
        self.complete.setText(self._desk.words.follow_up_outcome(shown.outcomes[0]))
        self.move_button.setText(self._words.move(row.kind))
        is_snoozed = can_do and row.snoozed_until_at > self._desk.words.now()
        for button, is_shown in (
            (self.call, can_do and bool(shown.contact_numbers)),
            (self.complete, can_do),
            (self.outcome, can_do),
            (self.move_button, can_do),
            (self.snooze, can_do and not is_snoozed),
            (self.wake, is_snoozed),
            (self.reassign, can_do and shown.can_reassign),
            (self.reopen, row.can_work and row.state != "open"),
        ):
            self.buttons.set_shown(button, is_shown=is_shown)
        # One filled button: where nobody can be called, doing it is the next thing.
        self.complete.set_role("plain" if shown.contact_numbers else "primary")
        self.outcome.set_role("plain")
        self.buttons.setVisible(row.can_work)
        self.header.buttons.set_shown(self.more, is_shown=row.can_work and row.state == "open")

    def _show_led(self, shown: FollowUpDetail) -> None:
        while len(self._led_lines) < len(shown.led_here):
            made = LedHereLine(self._desk.themes, self._words)
            made.wanted.connect(self._open_led)
            self._led_lines.append(made)
            self._led.body.addWidget(made)
        for at, made in enumerate(self._led_lines):
            made.setVisible(at < len(shown.led_here))
            if at < len(shown.led_here):
                led = shown.led_here[at]
                made.show_led(led, shown.row, is_link=bool(self._where(led)))
        self._led.setVisible(bool(shown.led_here))

    def _on_failed(self, fault: CsrDesktopError) -> None:
        self._slow.stop()
        self._detail = None
        self._error.say(fault.title, fault.advice, button=self.tr("Try again"))
        self._states.show_state(self._error)

    def show_rate(self, rate: KeptRate, whose: str) -> None:
        self.rate.show_rate(rate, whose)

    def on_changed(self, change_set: ChangeSet) -> None:
        if self._id and (
            self._id in change_set.ids("follow_ups") or change_set.rights or change_set.touches(*_SHOWN_FROM)
        ):
            self._ask()

    def on_minute(self) -> None:
        if self._detail is not None:
            self._when.show_time(self._detail.shown)
            self._show_buttons(self._detail.shown)
            for made in self._led_lines:
                made.show_time()

    # Going elsewhere

    def call_first(self) -> None:
        self.call_number(0)

    def call_number(self, at: int) -> None:
        shown = self.detail
        if shown is not None and at < len(shown.contact_numbers):
            number = shown.contact_numbers[at]
            self._desk.call(number.raw or number.e164, number.contact_id, shown.row.client_id)

    def _open_client(self) -> None:
        if self._detail is not None:
            client_id = self._detail.shown.row.client_id
            self._desk.open("client", client_id, client_id)

    def _open_contact(self) -> None:
        if self._detail is not None:
            row = self._detail.shown.row
            self._desk.open("contact", row.contact_id, row.client_id)

    def _open_ticket(self) -> None:
        if self._detail is not None:
            row = self._detail.shown.row
            self._desk.open("ticket", row.ticket_id, row.client_id)

    def _where(self, led: LedHere) -> tuple[str, str] | None:
        """Kind and id of what opens; None for a follow-up that was not made in a call or ticket."""
        if self._detail is None:
            return None
        row = self._detail.shown.row
        if led.kind == "call":
            return "call", led.id
        if led.kind == "follow_up" and row.interaction_id:
            return "call", row.interaction_id
        return ("ticket", row.ticket_id) if row.ticket_id else None

    def _open_led(self, led: LedHere) -> None:
        where = self._where(led)
        if where is not None and self._detail is not None:
            self._desk.open(*where, self._detail.shown.row.client_id)

    def _open_more(self) -> None:
        shown = self.detail
        if shown is None:
            return
        from csr_desktop.ui.kit.menu_float import MenuLine, open_menu

        lines = [MenuLine(self.tr("Change the words"), self.rename_wanted.emit, "pencil-simple")]
        for at, number in enumerate(shown.contact_numbers[1:], 1):
            words = ", ".join(part for part in (number.shown, number.label) if part)
            lines.append(MenuLine(self.tr("Call {0}").format(words), partial(self.call_number, at), "phone"))
        open_menu(self._desk.themes, self.more.accessibleName(), self.more, lines, is_trailing=True)
