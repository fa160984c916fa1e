"""The call bar of the window's top: start a call, or who is on the line, since when, with hold and hang up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QSizePolicy, QStackedLayout, QWidget

from csr_desktop.ui.calls.call_words import CallWords
from csr_desktop.ui.calls.running_calls import running_calls
from csr_desktop.ui.kit.buttons import Button, IconButton
from csr_desktop.ui.kit.elide import ElidedLabel, Label
from csr_desktop.ui.kit.marks import Lamp
from csr_desktop.ui.kit.panes import Hairline, line
from csr_desktop.ui.kit.theme import set_look

if TYPE_CHECKING:
    from csr_desktop.services.call_rows import RunningCall
    from csr_desktop.ui.calls.finder import Found
    from csr_desktop.ui.calls.start_float import StartFloat
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.kit.theme import ThemeSwitch


class _StartButton(Button):
    """Stands on the top bar's canvas like a field: surface and hairline."""

    def grounds(self) -> tuple[str, str, str]:
        return "surface", "hover", "text"

    def sizeHint(self) -> QSize:
        return QSize(
            super().sizeHint().width() + self.themes.theme.sizes.space.close, self.themes.theme.sizes.height.call_bar
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        theme, painter = self.themes.theme, QPainter(self)
        thin = theme.sizes.stroke.hairline / self.devicePixelRatioF()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("hairline"), thin))
        radius = theme.sizes.radius.control
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(thin / 2, thin / 2, -thin / 2, -thin / 2), radius, radius)


class _Line(QFrame):
    """The running call: lamp, name, company, timer, state, the two buttons of the line."""

    def __init__(self, themes: ThemeSwitch) -> None:
        super().__init__()
        sizes = themes.theme.sizes
        self.lamp = Lamp(themes)
        self.name = Button(themes, "", role="notice", elides=True)
        self.company = ElidedLabel(tone="muted")
        self.timer = Label(weight=600)
        self.state = Label()
        self.other = Button(themes, "", role="quiet", key_hint="F7")
        self.hold = IconButton(themes, "pause", self.tr("Hold"), key_hint="F6")
        self.end = IconButton(themes, "phone-disconnect", self.tr("Hang up"), role="end-call", key_hint="F8")
        self.finish = Button(themes, self.tr("Finish"), role="notice")
        self.timer.setMinimumWidth(themes.theme.metrics("body", 600).horizontalAdvance("00:00"))
        self.timer.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = line(self, spacing=sizes.space.close, margins=(sizes.space.apart, 0, sizes.space.tight // 2, 0))
        row.addWidget(self.lamp)
        names = line(spacing=0)
        names.addWidget(self.name)
        names.addWidget(self.company)
        row.addLayout(names)
        row.addWidget(Hairline(themes, is_vertical=True))
        row.addWidget(self.timer)
        row.addWidget(self.state)
        row.addWidget(self.other)
        buttons = line(spacing=sizes.space.tight)
        for button in (self.hold, self.end, self.finish):
            buttons.addWidget(button)
        row.addLayout(buttons)
        set_look(self, role="notice", tone="success")


class CallBar(QWidget):
    """Ticks only while a call runs. `open_start` asks for a number or name; the window binds it to Ctrl+D."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._words = CallWords(desk.words)
        self._running = running_calls(desk)
        self._float: StartFloat | None = None
        self._shown_tone = ""
        themes = desk.themes
        self.setAccessibleName(self.tr("Call bar"))
        self.start = _StartButton(themes, self.tr("Start a call"), icon="phone", key_hint="Ctrl+D")
        self.line = _Line(themes)
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._idle = QWidget()
        idle = line(self._idle)
        idle.addWidget(self.start)
        idle.addStretch(1)
        self._stack.addWidget(self._idle)
        self._stack.addWidget(self.line)
        self.setFixedHeight(themes.theme.sizes.height.call_bar)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.start.clicked.connect(self.open_start)
        self.line.name.clicked.connect(self._open_call)
        self.line.finish.clicked.connect(self._open_call)
        self.line.other.clicked.connect(self._running.switch)
        self.line.hold.clicked.connect(self._on_hold)
        self.line.end.clicked.connect(self._on_end)
        self._running.listed.connect(self._show)
        self._running.edited.connect(lambda _id: self._show())
        self._running.ticked.connect(self._show_time)
        self._running.start_asked.connect(self.open_start)
        self._show()

    # Showing

    @property
    def call(self) -> RunningCall | None:
        """The one that is shown."""
        return self._running.foremost()

    def sizeHint(self) -> QSize:
        shown = self.line if self.call else self._idle
        return shown.sizeHint().expandedTo(QSize(0, self.height()))

    def _show(self) -> None:
        call = self.call
        self._stack.setCurrentWidget(self.line if call else self._idle)
        if call is not None:
            self._show_call(call)
        self.updateGeometry()

    def _show_call(self, call: RunningCall) -> None:
        part, look = self.line, self._words.state(call)
        tone = {"talk": "success", "hold": "warning", "ring": "warning"}.get(call.phase, "info")
        tone = "info" if call.is_consulting else tone
        if tone != self._shown_tone:
            self._shown_tone = tone
            set_look(part, role="notice", tone=tone)
        part.lamp.set_kind(look.lamp)
        part.name.setText(self._words.who(call))
        company = call.client_name if call.contact_name else ""
        part.company.setText(company)
        part.company.setVisible(bool(company) and not call.is_consulting)
        part.state.setText(look.words)
        part.state.set_tone(look.tone)
        part.timer.set_tone("")
        is_over = call.phase == "wrap_up"
        names = {"ring": self.tr("Answer"), "dial": self.tr("They answered"), "hold": self.tr("Resume")}
        icons = {"ring": "phone", "dial": "phone-call", "hold": "play"}
        part.hold.set_name(names.get(call.phase, self.tr("Hold")))
        part.hold.set_icon_name(icons.get(call.phase, "pause"))
        part.hold.setVisible(not is_over)
        part.end.setVisible(not is_over)
        part.finish.setVisible(is_over)
        others = len(self._running.all()) - 1
        part.other.setVisible(others > 0)
        part.other.setText(self.tr("%n more", "", others))
        part.other.setAccessibleName(self.tr("Switch to the other call"))
        self._show_time()

    def _show_time(self) -> None:
        call = self.call
        if call is not None:
            seconds = self._running.handle_seconds(call)
            self.line.timer.setText(self._desk.words.timer(seconds))
            if call.is_consulting:
                asked = self._desk.words.timer(self._running.consult_seconds(call))
                self.line.state.setText(f"{self._words.state(call).words} {asked}")

    # Doing

    def _open_call(self) -> None:
        if self.call is not None:
            self._desk.open("call", self.call.id)

    def _on_hold(self) -> None:
        if self.call is not None:
            self._running.toggle_hold(self.call.id)

    def _on_end(self) -> None:
        """Hang up and show the call: what is left is its disposition."""
        call = self.call
        if call is not None:
            self._running.end(call.id, lambda: self._desk.open("call", call.id))

    def open_start(self, text: str = "") -> None:
        """Ask for a number or name, also while a call runs: a second one holds the first."""
        from csr_desktop.ui.calls.start_float import StartFloat, rect_in_window

        if self._float is None or self._float.parentWidget() is not self.window():
            self._float = StartFloat(self._desk, self._words, self.window())
            self._float.wanted.connect(self._on_start)
        self._float.open(rect_in_window(self), text if isinstance(text, str) else "")

    @property
    def is_asking(self) -> bool:
        return self._float is not None and self._float.is_open

    def _on_start(self, found: Found, direction: str) -> None:
        self._running.start(found.number, found.contact_id, direction, client_id=found.client_id)
