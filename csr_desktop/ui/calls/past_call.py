"""A call that was: how long each part took, what it was about, what came of it; corrected in place by who may."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QWidget

from csr_desktop.ui.calls.call_pane import topic_picks
from csr_desktop.ui.calls.latest_writer import LatestWriter
from csr_desktop.ui.calls.outcome_section import OutcomeSection
from csr_desktop.ui.calls.past_notices import PastNotices
from csr_desktop.ui.calls.recording_section import RecordingSection
from csr_desktop.ui.calls.script_section import GoneThrough
from csr_desktop.ui.calls.shown_checks import ShownChecks
from csr_desktop.ui.calls.step_forms import TicketForm
from csr_desktop.ui.calls.who_is_it import WhoIsIt
from csr_desktop.ui.kit.bars import HandleBar
from csr_desktop.ui.kit.buttons import Button, ChoiceButton, IconButton
from csr_desktop.ui.kit.choices import ChoiceRow
from csr_desktop.ui.kit.elide import ElidedLabel, Label
from csr_desktop.ui.kit.fields import Labelled
from csr_desktop.ui.kit.marks import IconMark
from csr_desktop.ui.kit.panes import Hairline, Pane, column, line
from csr_desktop.ui.kit.picker import Pick, SearchPicker, TreeChoice
from csr_desktop.ui.kit.prose import NotesEditor
from csr_desktop.ui.kit.scroll import ScrollColumn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.call_rows import CallDetail, CallerMatch, CallRow, TicketStep
    from csr_desktop.services.lists import DispositionChoice, TopicNode
    from csr_desktop.services.outcome import Outcome
    from csr_desktop.services.people import Colleague
    from csr_desktop.ui.calls.call_words import CallWords
    from csr_desktop.ui.calls.finder import Found
    from csr_desktop.ui.calls.running_calls import RunningCalls
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.kit.menu_float import MenuLine

_DRAFT = "call_correction:"


class PastCall(Pane):
    """Fields stand open where the person may correct; a bar to keep the changes shows once something differs."""

    shown_changed = Signal()
    gone = Signal()
    """The call is not here any more."""

    def __init__(self, desk: Desk, words: CallWords, running: RunningCalls, parent: QWidget | None = None) -> None:
        super().__init__(desk.themes, parent=parent)
        self._desk = desk
        self._words = words
        self._running = running
        self._detail: CallDetail | None = None
        self._is_showing = False
        self._may_have_it: tuple[Colleague, ...] = ()
        self._drafts = LatestWriter(desk, desk.services.drafts.write, desk.say_fault, self)
        themes = desk.themes
        self.setAccessibleName(self.tr("Earlier call"))
        self.name = ElidedLabel(size="name", weight=600)
        self.whose = ElidedLabel(tone="muted")
        self.call_again = Button(themes, self.tr("Call again"), icon="phone", key_hint="D")
        self.more = IconButton(themes, "dots-three", self.tr("More for this call"))
        self.context_button = IconButton(themes, "info", self.tr("About the client"), key_hint="I")
        self._mark = IconMark(themes, "phone-incoming")
        self._when = ElidedLabel(tone="muted")
        self.who_button = Button(themes, self.tr("Someone else"), role="link", key_hint="Ctrl+M")
        self.timer = Label(size="name", weight=600)
        self.handle = HandleBar(themes)
        self.notices = PastNotices(desk)
        self.who = WhoIsIt(desk, words)
        self.ticket_form = TicketForm(desk)
        self.ticket_form.can_open_new = False
        self.topic = TreeChoice(themes, self.tr("Topic"), placeholder=self.tr("No topic"))
        self.notes = NotesEditor(themes, self.tr("Notes"), placeholder=self.tr("No note"), least_lines=3, most_lines=18)
        self.private = desk.private(self.notes)
        self.gone_through = GoneThrough(desk)
        self.checks = ShownChecks(desk)
        self.disposition = ChoiceRow(themes, self.tr("Disposition"))
        self.recording = RecordingSection(desk)
        self.outcome = OutcomeSection(desk)
        self.keep = Button(themes, self.tr("Save note"), role="primary", key_hint="Ctrl+Return")
        self.put_back = Button(themes, self.tr("Put back"), role="quiet")
        self._bar = QWidget()
        self._lay_out()
        self._connect()
        self.lists_changed()

    def _lay_out(self) -> None:
        themes, space = self._desk.themes, self._desk.themes.theme.sizes.space
        head = QWidget()
        whole = column(head, margins=(space.page, space.pane, space.page, space.apart))
        first = line(spacing=space.apart)
        first.addWidget(self.name)
        first.addWidget(self.whose, 1)
        buttons = line(spacing=space.tight)
        for button in (self.context_button, self.more, self.call_again):
            buttons.addWidget(button)
        first.addLayout(buttons)
        second = line(spacing=space.close)
        second.addWidget(self._mark)
        second.addWidget(self._when)
        second.addWidget(self.who_button)
        second.addStretch(1)
        self._time_line = QWidget()
        third = line(self._time_line, spacing=space.pane, margins=(0, space.close, 0, 0))
        self.timer.setMinimumWidth(themes.theme.metrics("name", 600).horizontalAdvance("00:00"))
        third.addWidget(self.timer)
        third.addWidget(self.handle, 1)
        whole.addLayout(first)
        whole.addSpacing(space.tight)
        whole.addLayout(second)
        whole.addWidget(self._time_line)
        whole.addWidget(self.notices)
        self.body.addWidget(head)
        self.body.addWidget(Hairline(themes))
        self._add_body()
        self._add_bar()

    def _add_body(self) -> None:
        themes, space = self._desk.themes, self._desk.themes.theme.sizes.space
        margins = (space.page, space.apart, space.page, space.pane)
        self._scroll = ScrollColumn(self.tr("Earlier call"), spacing=space.pane, margins=margins)
        body = self._scroll.body
        body.addWidget(self.who)
        body.addWidget(self.ticket_form)
        self.who.hide()
        self.ticket_form.hide()
        topic = line()
        topic.addWidget(Labelled(themes, self.tr("Topic"), self.topic), 2)
        topic.addStretch(3)
        body.addLayout(topic)
        notes = column(spacing=space.tight)
        notes.addWidget(Label(self.tr("Notes"), tone="muted", size="caption"))
        notes.addWidget(self.notes)
        notes.addWidget(self.private.hint)
        body.addLayout(notes)
        body.addWidget(self.checks)
        body.addWidget(self.gone_through)
        body.addWidget(self.recording)
        body.addWidget(self.outcome)
        disposition = column(spacing=space.tight)
        disposition.addWidget(Label(self.tr("Disposition"), tone="muted", size="caption"))
        disposition.addWidget(self.disposition)
        body.addLayout(disposition)
        body.addStretch(1)
        self.body.addWidget(self._scroll, 1)

    def _add_bar(self) -> None:
        themes, sizes = self._desk.themes, self._desk.themes.theme.sizes
        whole = column(self._bar)
        whole.addWidget(Hairline(themes))
        row = line(spacing=sizes.space.close, margins=(sizes.space.page, 0, sizes.space.page, 0))
        row.addWidget(Label(self.tr("The note was changed and is kept as a draft"), tone="muted", size="caption"))
        row.addStretch(1)
        row.addWidget(self.put_back)
        row.addWidget(self.keep)
        whole.addLayout(row, 1)
        self._bar.setFixedHeight(sizes.height.top_bar)
        self._bar.hide()
        self.body.addWidget(self._bar)

    def _connect(self) -> None:
        self.call_again.clicked.connect(self.call)
        self.more.clicked.connect(self._open_menu)
        self.who_button.clicked.connect(self.ask_who)
        self.notices.attach_wanted.connect(self.ask_who)
        self.notices.dismiss_wanted.connect(self._on_no_need)
        self.who.taken.connect(self._on_who)
        self.who.left.connect(self.close_forms)
        self.ticket_form.taken.connect(self._on_ticket)
        self.ticket_form.left.connect(self.close_forms)
        self.outcome.link_wanted.connect(self.ask_ticket)
        self.topic.picked.connect(lambda pick: self._correct("topic_id", pick.key if pick else ""))
        self.notes.textChanged.connect(self._on_note)
        self.disposition.chosen.connect(lambda key: self._correct("disposition_id", key))
        self.keep.clicked.connect(self.save)
        self.put_back.clicked.connect(self.put_note_back)

    # Showing

    @property
    def call_id(self) -> str:
        return self._detail.row.id if self._detail else ""

    @property
    def detail(self) -> CallDetail | None:
        return self._detail

    def show_call(self, call_id: str) -> None:
        """Ask for the call; also again after it changed."""
        services = self._desk.services

        def ask() -> tuple[CallDetail, tuple[TopicNode, ...], str, str, tuple[Colleague, ...]]:
            detail = services.calls.detail(call_id)
            may_have_it = [one for one in services.people.colleagues() if one.is_me or detail.can_be_given]
            rows = services.clients.rows([detail.row.client_id]) if detail.row.client_id else ()
            zone = rows[0].time_zone if rows else ""
            draft = services.drafts.read(_DRAFT + call_id) if detail.can_correct else ""
            return detail, services.lists.topics(detail.row.client_id), zone, draft, tuple(may_have_it)

        self._desk.ask(self, ask, lambda answer: self._show(*answer), self._on_missing, key="detail")

    def clear(self) -> None:
        self._detail = None

    def _on_missing(self, _fault: CsrDesktopError) -> None:
        self._detail = None
        self.gone.emit()

    def _show(
        self,
        detail: CallDetail,
        topics: Sequence[TopicNode],
        zone: str,
        draft: str,
        may_have_it: tuple[Colleague, ...],
    ) -> None:
        self._may_have_it = may_have_it
        before, self._detail = self._detail, detail
        is_other = before is None or before.row.id != detail.row.id
        row = detail.row
        self._is_showing = True
        self.name.setText(self._words.past_who(row))
        self.whose.setText(row.client_name if row.contact_name else (row.number_shown if row.client_name else ""))
        mark, tone = self._words.past_icon(row)
        self._mark.set_icon(mark, tone)
        when = self._words.past_when(detail)
        self._when.setText(f"{when}, {row.number_shown}" if row.number_shown and row.contact_name else when)
        self.who_button.setVisible(detail.can_correct and not row.can_attach)  # else the notice has it
        self.who_button.setText(self.tr("Someone else") if row.contact_id else self.tr("Attach to a person"))
        self._show_parts(row, detail.consult_seconds)
        self.gone_through.show_checked(detail.checked)
        self.checks.show_checks(detail.checks)
        self.notices.show_detail(detail)
        self.call_again.setText(self.tr("Call back") if row.is_waiting else self.tr("Call again"))
        self.call_again.setVisible(bool(row.number_shown or row.contact_id))
        self.topic.set_picks(topic_picks(topics, self.tr("likely")))
        if is_other:
            self.close_forms()
        self.topic.choose(Pick(detail.topic_id, path=row.topic_path) if detail.topic_id else None)
        self._choose_disposition(detail.disposition_id)
        if is_other or before is None or self.notes.text() == before.note:
            self.notes.set_text(draft or detail.note)
        self.private.set_stored(detail.note)
        self._allow(is_open=detail.can_correct)
        self.recording.show_detail(detail)
        self.outcome.show_detail(detail, zone)
        self._is_showing = False
        self._show_bar()
        if is_other:
            self._scroll.scroll_to_top()
        self.shown_changed.emit()

    def _show_parts(self, row: CallRow, consult_seconds: int) -> None:
        parts = (
            ("dial", row.dial_seconds),
            ("talk", row.talk_seconds),
            ("hold", row.hold_seconds),
            ("wrap_up", row.wrap_up_seconds),
        )
        shown = [(kind, seconds) for kind, seconds in parts if seconds]
        self.handle.set_parts(shown, note=self._words.consult(consult_seconds, "") if consult_seconds else "")
        self.timer.setText(self._desk.words.timer(row.handle_seconds))
        self._time_line.setVisible(bool(shown))

    def _allow(self, *, is_open: bool) -> None:
        self.topic.setReadOnly(not is_open)
        self.topic.setEnabled(is_open or bool(self.topic.text()))
        self.notes.setReadOnly(not is_open)
        for button in self.disposition.findChildren(ChoiceButton):
            button.setEnabled(is_open)

    def lists_changed(self) -> None:
        """Dispositions were edited, or came at last: at the first sign-in the pane is there before them."""
        self._desk.ask(self, self._desk.services.lists.dispositions, self._show_dispositions, key="dispositions")

    def _show_dispositions(self, choices: Sequence[DispositionChoice]) -> None:
        self.disposition.set_choices([(one.id, one.name) for one in choices])
        if self._detail is not None:
            self._choose_disposition(self._detail.disposition_id)
            self._allow(is_open=self._detail.can_correct)

    def _choose_disposition(self, key: str) -> None:
        try:
            self.disposition.choose(key)
        except KeyError:
            self.disposition.choose("")

    # Correcting

    @property
    def is_note_changed(self) -> bool:
        detail = self._detail
        return detail is not None and detail.can_correct and self.notes.text() != detail.note

    def _correct(self, field: str, value: str) -> None:
        """A choice is kept at once; Undo takes it back."""
        detail = self._detail
        if detail is None or not detail.can_correct or getattr(detail, field) == value:
            return
        calls, call_id = self._desk.services.calls, detail.row.id
        self._desk.do(self, lambda: calls.correct(call_id, {field: value}))

    def _on_note(self) -> None:
        if self._is_showing or self._detail is None:
            return
        text = self.notes.text()
        self._drafts.put(_DRAFT + self.call_id, "" if text == self._detail.note else text)
        self._show_bar()

    def _show_bar(self) -> None:
        if not self._is_showing:
            self._bar.setVisible(self.is_note_changed)

    def save(self) -> None:
        """Ctrl+Return: the note as it stands here."""
        detail, note = self._detail, self.notes.text()
        if detail is None or not self.is_note_changed or not self.private.may_save():
            return
        calls, drafts, call_id = self._desk.services.calls, self._desk.services.drafts, detail.row.id

        def run() -> Outcome:
            outcome = calls.correct(call_id, {"note": note})
            drafts.clear(_DRAFT + call_id)
            return outcome

        self._drafts.drop(_DRAFT + call_id)
        self._desk.do(self, run, lambda _outcome: self.show_call(call_id))

    def put_note_back(self) -> None:
        """As it stands in the record."""
        if self._detail is not None:
            self.notes.set_text(self._detail.note)
            self._on_note()

    def press_disposition(self, number: int) -> None:
        if self._detail is not None and self._detail.can_correct:
            self.disposition.press_number(number)

    def focus_topic(self) -> None:
        self.topic.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def go_back(self) -> bool:
        """Esc, one thing at a time; False when nothing is open."""
        focus = QApplication.focusWidget()
        if isinstance(focus, SearchPicker) and self.isAncestorOf(focus) and focus.is_open:
            focus.close_list()
            focus.choose(focus.chosen)
            return True
        return self.close_forms()

    # Doing

    def call(self) -> None:
        detail = self._detail
        if detail is not None:
            returns_id = detail.row.id if detail.row.is_waiting else ""
            row = detail.row
            self._running.start(detail.number, row.contact_id, "out", returns_id, client_id=row.client_id)

    def _on_no_need(self) -> None:
        call_id = self.call_id
        self._desk.do(self, lambda: self._desk.services.inbox.dismiss([call_id]))

    def _open_menu(self) -> None:
        from csr_desktop.ui.kit.menu_float import MenuLine, open_menu

        detail, lines = self._detail, []
        if detail is None:
            return
        if detail.can_correct:
            lines += [
                MenuLine(self.tr("Someone else"), self.ask_who, "user"),
                MenuLine(self.tr("Link a ticket"), self.ask_ticket, "ticket"),
            ]
        lines += self._whose(detail)
        client_id = detail.row.client_id
        if client_id:
            opens = partial(self._desk.open, "client", client_id)
            lines.append(MenuLine(self.tr("Open the client"), opens, "buildings"))
        if lines:
            open_menu(self._desk.themes, self.more.accessibleName(), self.more, lines, is_trailing=True)

    def _whose(self, detail: CallDetail) -> list[MenuLine]:
        """Whose call it was that nobody answered."""
        from csr_desktop.ui.kit.menu_float import MenuLine

        if not (detail.can_be_given or detail.is_nobodys):
            return []
        return [
            MenuLine(
                self.tr("It was for me") if one.is_me else self.tr("It was for {0}").format(one.name),
                partial(self._say_whose, one.id),
                "user",
            )
            for one in self._may_have_it
            if one.id != detail.row.agent_id
        ]

    def _say_whose(self, agent_id: str) -> None:
        calls, call_id = self._desk.services.calls, self.call_id
        self._desk.do(self, lambda: calls.say_whose(call_id, agent_id))

    def ask_who(self) -> None:
        detail = self._detail
        if detail is None or not detail.can_correct:
            return
        calls = self._desk.services.calls

        def show(match: CallerMatch) -> None:
            self.ticket_form.hide()
            self.who.show()
            can_keep = detail.row.can_attach
            self.who.open(detail.row.number_shown, match, can_keep=can_keep)
            self._scroll.scroll_to_top()

        self._desk.ask(self, lambda: calls.candidates(detail.number), show, key="who")

    def _on_who(self, found: Found, keeps_number: bool) -> None:  # Qt's signal
        calls, call_id = self._desk.services.calls, self.call_id
        self.close_forms()
        if keeps_number and found.contact_id:
            self._desk.do(self, lambda: calls.attach_number(call_id, found.contact_id).outcome)
        else:
            changes = {"contact_id": found.contact_id, "client_id": found.client_id}
            self._desk.do(self, lambda: calls.correct(call_id, changes))

    def ask_ticket(self) -> None:
        if self._detail is not None and self._detail.can_correct:
            self.who.hide()
            self.ticket_form.show()
            self.ticket_form.open(self._detail.row.client_id, "")
            self._scroll.scroll_to_top()

    def _on_ticket(self, step: TicketStep) -> None:
        call_id = self.call_id
        self.close_forms()
        self._desk.do(self, lambda: self._desk.services.calls.correct(call_id, {"ticket_id": step.ticket_id}))

    def close_forms(self) -> bool:
        was_open = not self.who.isHidden() or not self.ticket_form.isHidden()
        self.who.hide()
        self.ticket_form.hide()
        return was_open
