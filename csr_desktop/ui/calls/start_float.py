"""Starting a call by number or name, in a float under the call bar. Enter: they called. Ctrl+Enter: I call them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

from csr_desktop.ui.calls import people_search
from csr_desktop.ui.calls.finder import Finder, Found
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.float import FloatFrame
from csr_desktop.ui.kit.panes import column, line

if TYPE_CHECKING:
    from csr_desktop.ui.calls.call_words import CallWords
    from csr_desktop.ui.desk import Desk


class StartFloat(FloatFrame):
    """Closes when the keyboard goes elsewhere. While it is open Esc and Ctrl+Enter are its own."""

    wanted = Signal(object, str)
    """A Found, and "in" or "out"."""

    def __init__(self, desk: Desk, words: CallWords, window: QWidget) -> None:
        super().__init__(desk.themes, window, words.tr("Start a call"))
        self._desk = desk
        self._before: QWidget | None = None
        self._under = QRect()
        themes, space = desk.themes, desk.themes.theme.sizes.space
        self.finder = Finder(
            desk,
            self.tr("Number or name"),
            lambda text: people_search.find_startable(desk.services, text),
            lambda text, answer: people_search.say_startable(words, text, answer),
            placeholder=self.tr("Number in any form, or a name"),
            icon="phone",
            most=7,
        )
        self.they_called = Button(
            themes, self.tr("They called"), role="primary", icon="phone-incoming", key_hint="Return"
        )
        self.i_call = Button(themes, self.tr("I call them"), icon="phone-outgoing", key_hint="Ctrl+Return")
        inner = column(spacing=space.close, margins=(space.apart, space.apart, space.apart, space.apart))
        inner.addWidget(self.finder)
        foot = line(spacing=space.close)
        foot.addStretch(1)
        foot.addWidget(self.i_call)
        foot.addWidget(self.they_called)
        inner.addLayout(foot)
        self.body.addLayout(inner)
        self.finder.taken.connect(lambda found: self._start(found, "in"))
        self.finder.taken_otherwise.connect(lambda found: self._start(found, "out"))
        self.they_called.clicked.connect(self.finder.take_current)
        self.i_call.clicked.connect(lambda: self.finder.take(otherwise=True))
        self.finder.resized.connect(self._fit)
        self.pressed_beside.connect(self.close_float)

    @property
    def is_open(self) -> bool:
        return self.isVisible()

    def open(self, under: QRect, text: str = "") -> None:
        """`under` is the call bar's rectangle in the window."""
        if not self.is_open:
            self._before = QApplication.focusWidget()
            self.heed_beside()
            app = QApplication.instance()
            if isinstance(app, QApplication):
                app.focusChanged.connect(self._on_focus_changed)
        sizes = self._desk.themes.theme.sizes
        window = self.parentWidget()
        width = min(sizes.width.call_card + sizes.space.wide, window.width() if window else sizes.width.call_card)
        self._under = QRect(under.left(), under.bottom() + sizes.space.tight, width, 0)
        self.finder.open(text)
        self.show()
        self._fit()
        self.raise_()
        self.finder.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.finder.field.selectAll()

    def _fit(self) -> None:
        if not self.is_open:
            return
        # The rows have changed their height just now; the sum is not reckoned anew until the event loop turns.
        for layout in (self.finder.layout(), self.body):
            if layout is not None:
                layout.activate()
        self.setGeometry(self._under.left(), self._under.top(), self._under.width(), self.sizeHint().height())

    def close_float(self, *, gives_back: bool = True) -> None:
        if not self.is_open:
            return
        self.forget_beside()
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.disconnect(self._on_focus_changed)
        focus = QApplication.focusWidget()
        had_keyboard = focus is not None and self.isAncestorOf(focus)
        self.hide()
        before = self._before
        if gives_back and had_keyboard and before is not None and shiboken6.isValid(before) and before.isVisible():
            before.setFocus(Qt.FocusReason.OtherFocusReason)

    def _start(self, found: Found, direction: str) -> None:
        self.close_float(gives_back=False)
        self.wanted.emit(found, direction)

    @Slot(QWidget, QWidget)  # as in Actions
    def _on_focus_changed(self, _old: QWidget | None, now: QWidget | None) -> None:
        # Without a focus the window is in the background, which is no reason to close.
        if now is None or now.window() is not self.window():
            return
        if not self.isAncestorOf(now):
            self.close_float(gives_back=False)
            return
        # The latest filter comes first: Ctrl+Enter must not finish the call of the place beneath.
        now.removeEventFilter(self)
        now.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if not self.is_open:
            return False
        if not isinstance(event, QKeyEvent):
            return False
        kind = event.type()
        if event.key() == Qt.Key.Key_Escape:
            if kind == QEvent.Type.KeyPress:
                self.close_float()
            event.accept()
            return True
        is_enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            if kind == QEvent.Type.KeyPress:
                self.finder.take(otherwise=True)
            event.accept()
            return True
        return False


def rect_in_window(widget: QWidget) -> QRect:
    return QRect(widget.mapTo(widget.window(), QPoint(0, 0)), widget.size())
