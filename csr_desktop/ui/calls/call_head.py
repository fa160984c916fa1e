"""The top of a running call: who, the buttons of the line, why this person, the timer, and what to know at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from csr_desktop.services.call_rows import CallRow
from csr_desktop.ui.calls.pause_bar import PauseBar
from csr_desktop.ui.kit.bars import HandleBar
from csr_desktop.ui.kit.buttons import Button, IconButton
from csr_desktop.ui.kit.chips import Badge, Chip
from csr_desktop.ui.kit.elide import ElidedLabel, Label
from csr_desktop.ui.kit.marks import IconMark
from csr_desktop.ui.kit.notice import NoticeBar
from csr_desktop.ui.kit.panes import column, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.services.call_rows import RunningCall
    from csr_desktop.ui.calls.call_words import CallWords
    from csr_desktop.ui.calls.running_calls import RunningCalls
    from csr_desktop.ui.desk import Desk


class CallHead(QWidget):
    """Buttons send what is wanted; nothing is done here."""

    hold_wanted = Signal()
    consult_wanted = Signal()
    end_wanted = Signal()
    someone_else_wanted = Signal()
    escalate_wanted = Signal()
    discard_wanted = Signal()
    pause_wanted = Signal()

    def __init__(self, desk: Desk, words: CallWords, running: RunningCalls, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._words = words
        self._running = running
        self._is_consulting = False
        themes = desk.themes
        self.name = ElidedLabel(size="name", weight=600)
        self.whose = ElidedLabel(tone="muted")
        self.hold = Button(themes, self.tr("Hold"), icon="pause", key_hint="F6")
        self.consult = IconButton(themes, "users", self.tr("Ask a colleague"), key_hint="Shift+F6")
        self.consult.setCheckable(True)
        self.end = Button(themes, self.tr("Hang up"), role="end-call", icon="phone-disconnect", key_hint="F8")
        self.more = IconButton(themes, "dots-three", self.tr("More for this call"))
        self.context_button = IconButton(themes, "info", self.tr("About the client"), key_hint="I")
        self._match_mark = IconMark(themes, "shield-check", tone="success")
        self._match = ElidedLabel(tone="muted")
        self.someone_else = Button(themes, self.tr("Someone else"), role="link", key_hint="Ctrl+M")
        self.waits = Chip(themes, "")
        self.waits.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.timer = Label(size="name", weight=600)
        self.handle = HandleBar(themes)
        self.recovered = NoticeBar(themes)
        self.pause = PauseBar(themes)
        # Both stand beneath the notes: they come while someone types.
        self.repeat = NoticeBar(themes)
        self.earlier = EarlierCalls(desk, words)
        self.earlier.hide()
        self._lay_out()
        self.hold.clicked.connect(self.hold_wanted)
        self.consult.clicked.connect(self._on_consult)
        self.end.clicked.connect(self.end_wanted)
        self.more.clicked.connect(self._open_more)
        self.someone_else.clicked.connect(self.someone_else_wanted)
        self.repeat.acted.connect(self.escalate_wanted)
        self.repeat.acted_second.connect(self.toggle_earlier)
        self.recovered.acted.connect(self.recovered.dismiss)
        self.recovered.closed.connect(self._fold_notes)
        self.pause.acted.connect(self.pause_wanted)

    def _lay_out(self) -> None:
        theme = self._desk.themes.theme
        space = theme.sizes.space
        first = line(spacing=space.apart)
        first.addWidget(self.name)
        first.addWidget(self.whose, 1)
        line_buttons = QWidget()
        buttons = line(line_buttons, spacing=space.tight)
        for button in (self.context_button, self.more, self.consult, self.hold, self.end):
            buttons.addWidget(button)
        first.addWidget(line_buttons)
        self._running.keep_in_sight(line_buttons)
        second = line(spacing=space.close)
        second.addWidget(self._match_mark)
        second.addWidget(self._match)
        second.addWidget(self.someone_else)
        second.addStretch(1)
        second.addWidget(self.waits)
        third = line(spacing=space.pane)
        self.timer.setMinimumWidth(theme.metrics("name", 600).horizontalAdvance("00:00"))
        third.addWidget(self.timer)
        third.addWidget(self.handle, 1)
        whole = column(self, margins=(space.page, space.pane, space.page, space.apart))
        whole.addLayout(first)
        whole.addSpacing(space.tight)
        whole.addLayout(second)
        whole.addSpacing(space.close)
        whole.addLayout(third)
        self._notes = QWidget()
        notes = column(self._notes, spacing=space.close, margins=(0, space.apart, 0, 0))
        notes.addWidget(self.recovered)
        notes.addWidget(self.pause)
        whole.addWidget(self._notes)

    def show_call(self, call: RunningCall, *, is_other: bool) -> None:
        words = self._words
        self.name.setText(words.who(call))
        self.whose.setText(words.whose(call))
        mark, tone, text = words.match(call)
        self._match_mark.set_icon(mark, tone)
        self._match.setText(text)
        knows = bool(call.contact_id)
        self.someone_else.setText(self.tr("Someone else") if knows else self.tr("Attach to a person"))
        self._show_buttons(call)
        if is_other:
            self.recovered.dismiss()
            self.earlier.hide()
            if call.is_recovered:
                text = self.tr("Found again after the program was stopped. Everything you noted is here.")
                self.recovered.say(
                    text, tone="info", icon="clock-counter-clockwise", stays=True, action=self.tr("Got it")
                )
        self._show_repeat(call)
        self.pause.show_call(call)
        self._fold_notes()
        self.show_time(call)

    def _show_buttons(self, call: RunningCall) -> None:
        is_over = call.phase == "wrap_up"
        looks = {
            "ring": (self.tr("Answer"), "phone"),
            "dial": (self.tr("They answered"), "phone-call"),
            "hold": (self.tr("Resume"), "play"),
        }
        words, mark = looks.get(call.phase, (self.tr("Hold"), "pause"))
        if self.hold.words != words:
            self.hold.setText(words)
            self.hold.set_icon_name(mark)
        self.hold.setVisible(not is_over)
        self.consult.setVisible(call.phase in {"talk", "hold"})
        asks = self.tr("The colleague was asked") if call.is_consulting else self.tr("Ask a colleague")
        if self.consult.accessibleName() != asks:
            self.consult.set_name(asks)
        self._is_consulting = call.is_consulting
        self.consult.setChecked(call.is_consulting)
        self.waits.setVisible(call.phase == "hold")
        self.end.setVisible(not is_over)

    def _on_consult(self) -> None:
        self.consult.setChecked(self._is_consulting)  # until it is so
        self.consult_wanted.emit()

    def _show_repeat(self, call: RunningCall) -> None:
        if call.repeat is None:
            self.repeat.dismiss()
            self.earlier.hide()
            return
        lead, text = self._words.repeat(call.repeat)
        if self.repeat.isHidden() or self.repeat.text != f"{lead} {text}":
            see = self.tr("See both") if len(call.repeat.call_ids) == 2 else self.tr("See them")
            self.repeat.say(
                text,
                tone="warning",
                icon="arrow-clockwise",
                lead=lead,
                second_action=see,
                second_key_hint="Shift+F4",
                action=self.tr("Escalate"),
                key_hint="F4",
                stays=True,
            )
        self.earlier.call_ids = call.repeat.call_ids

    def _fold_notes(self) -> None:
        """No room for notes while there are none."""
        self._notes.setVisible(not (self.recovered.isHidden() and self.pause.isHidden()))

    def _open_more(self) -> None:
        from csr_desktop.ui.kit.menu_float import MenuLine, open_menu

        discard = MenuLine(self.tr("Discard this call"), self.discard_wanted.emit, "trash")
        open_menu(self._desk.themes, self.more.accessibleName(), self.more, [discard], is_trailing=True)

    @property
    def says_repeat(self) -> bool:
        """Whether earlier calls can be seen."""
        return not self.repeat.isHidden()

    def toggle_earlier(self) -> None:
        if self.earlier.isHidden():
            self.earlier.load()
        self.earlier.setVisible(self.earlier.isHidden())

    def show_time(self, call: RunningCall) -> None:
        """Each second."""
        self.timer.setText(self._desk.words.timer(self._running.handle_seconds(call)))
        told, note = self._words.parts_told(call)
        asked = self._running.consult_seconds(call)
        if asked or call.is_consulting:
            note = self._words.consult(asked, call.consult_with)
        if call.is_consulting:
            state = self._words.state(call)
            text = f"{state.words} {self._desk.words.timer(asked)}"
            self.waits.set_badge(Badge(text, state.tone, state.icon))
        elif call.phase == "hold":
            self.waits.set_badge(Badge(self._words.waits(call), "warning", "pause"))
        left = self._running.wrap_up_left(call)
        if left is not None:
            note = self.tr("saved by itself in {0}").format(self._desk.words.timer(max(0, left)))
        self.handle.set_parts(self._running.parts(call), call.usual_seconds, told, note)


class EarlierCalls(QWidget):
    """The calls that the repetition is about, a line each; one opens in the list."""

    opened = Signal(str)

    def __init__(self, desk: Desk, words: CallWords, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._words = words
        self.call_ids: tuple[str, ...] = ()
        self._lines = column(self, spacing=desk.themes.theme.sizes.space.tight)
        self.setAccessibleName(self.tr("Earlier calls on this topic"))

    def load(self) -> None:
        ids = self.call_ids
        self._desk.ask(self, lambda: self._desk.services.calls.rows(ids), self._show, key="earlier")

    def _show(self, rows: Sequence[CallRow]) -> None:
        while (item := self._lines.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for row in rows:
            self._lines.addWidget(self._line(row))

    def _line(self, row: CallRow) -> QWidget:
        themes, space = self._desk.themes, self._desk.themes.theme.sizes.space
        made = QWidget()
        inner = line(made, spacing=space.close, margins=(space.apart, 0, 0, 0))
        inner.addWidget(IconMark(themes, self._words.past_icon(row)[0]))
        day = self._desk.words.day(self._desk.words.local(row.started_at).date())
        opens = Button(themes, day, role="link")
        opens.setAccessibleName(self.tr("Open the call of {0}").format(day))
        opens.clicked.connect(lambda: self.opened.emit(row.id))
        inner.addWidget(opens)
        inner.addWidget(
            ElidedLabel(", ".join(part for part in (row.contact_name, row.agent_name) if part), tone="muted")
        )
        inner.addWidget(ElidedLabel(row.title or self.tr("No note")), 1)
        return made
