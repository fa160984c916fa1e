"""Hands and eyes for the tour: finds widgets by what a screen reader says, presses real keys, clicks, waits, looks."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEventLoop, QKeyCombination, QPoint, Qt, QTimer
from PySide6.QtGui import QAccessible, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QComboBox, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

W = TypeVar("W", bound=QWidget)
PATIENCE_SECONDS = 15.0
_MOST_TABS = 120


class NotSeen(AssertionError):
    """Something that the tour waited for did not come."""


def spin(milliseconds: int) -> None:
    """Let the window live for so long."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def wait(what: str, is_so: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Until it is so. Raises NotSeen with `what`."""
    until = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > until:
            raise NotSeen(f"waited {seconds:.0f} s for {what}")
        spin(10)


class Hands:
    """Works on one window."""

    def __init__(self, window: QWidget) -> None:
        self.window = window

    # Finding

    def all(self, kind: type[W], name: str = "") -> list[W]:
        """Visible widgets of this kind whose accessible name is or contains `name`."""
        found = [w for w in self.window.findChildren(kind) if w.isVisible() and spoken(w)]
        exact = [w for w in found if spoken(w) == name]
        return exact or [w for w in found if name.casefold() in spoken(w).casefold()]

    def has(self, kind: type[W], name: str) -> bool:
        return bool(self.all(kind, name))

    def find(self, kind: type[W], name: str) -> W:
        """Wait for it. Raises NotSeen."""
        wait(f"{kind.__name__} “{name}”", lambda: bool(self.all(kind, name)))
        return self.all(kind, name)[0]

    # Acting

    def key(self, keys: str, times: int = 1) -> None:
        """Press keys as Qt writes them: "Ctrl+K", "E", "Return"."""
        for _ in range(times):
            target = QApplication.focusWidget() or self.window
            combination: QKeyCombination = QKeySequence(keys)[0]  # type: ignore[index]
            QTest.keyClick(target, combination.key(), combination.keyboardModifiers())
            spin(1)

    def reach(self, widget: QWidget) -> None:
        """Press Tab until the keyboard is there. Raises NotSeen where it comes round without."""
        for _ in range(_MOST_TABS):
            if QApplication.focusWidget() is widget:
                return
            self.key("Tab")
        raise NotSeen(f"Tab does not come to “{spoken(widget)}”")

    def write_into(self, field: QWidget, text: str) -> None:
        """By keyboard alone: go there, select what it holds, type."""
        self.reach(field)
        self.key("Ctrl+A")
        self.write(text)

    def write(self, text: str) -> None:
        """Letter by letter, where the keyboard is."""
        for letter in text:
            target = QApplication.focusWidget() or self.window
            if letter == "\n":
                QTest.keyClick(target, Qt.Key.Key_Return)
            else:
                QTest.keyClicks(target, letter)
        spin(1)

    def click(self, kind: type[W], name: str) -> W:
        widget = self.find(kind, name)
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, widget.rect().center())
        spin(1)
        return widget

    def click_row(self, view: QAbstractItemView, words: str) -> None:
        """Click the row of a painted list that says these words."""
        row = self.row(view, words)
        rect = view.visualRect(view.model().index(row, 0))
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, rect.center())
        spin(1)

    def choose(self, view: QAbstractItemView, words: str) -> None:
        """Press Down until the row that begins with these words is the current one."""
        wait(f"a row “{words}”", lambda: self._row(view, words) >= 0)
        for _ in range(view.model().rowCount()):
            if str(view.currentIndex().data(Qt.ItemDataRole.AccessibleTextRole) or "").startswith(words):
                return
            self.key("Down")
        raise NotSeen(f"Down does not come to “{words}”")

    def said(self, view: QAbstractItemView, words: str) -> str:
        """All that the row with these words says to a screen reader."""
        row = self.row(view, words)
        return str(view.model().index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole))

    def row(self, view: QAbstractItemView, words: str) -> int:
        wait(f"a row “{words}”", lambda: self._row(view, words) >= 0)
        row = self._row(view, words)
        view.scrollTo(view.model().index(row, 0))
        return row

    @staticmethod
    def _row(view: QAbstractItemView, words: str) -> int:
        model = view.model()
        for row in range(model.rowCount()):
            said = model.index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole) or ""
            if words.casefold() in str(said).casefold():
                return row
        return -1

    def has_row(self, view: QAbstractItemView, words: str) -> bool:
        return self._row(view, words) >= 0

    # Looking

    def shows(self, words: str) -> bool:
        """Whether a visible label, text or button says this."""
        wanted = words.casefold()
        for widget in self.window.findChildren(QWidget):
            if not widget.isVisible():
                continue
            is_text = isinstance(widget, QTextEdit | QPlainTextEdit)
            said = widget.toPlainText() if is_text else spoken(widget)  # type: ignore[attr-defined]
            if wanted in said.casefold():
                return True
        return False

    def text_here(self) -> str:
        """What stands in the editor that has the keyboard."""
        widget = QApplication.focusWidget()
        if isinstance(widget, QTextEdit | QPlainTextEdit):
            return widget.toPlainText()
        return widget.text() if isinstance(widget, QLineEdit) else ""

    def picture(self, target: Path) -> None:
        spin(60)
        if not self.window.grab().save(str(target)):
            raise NotSeen(f"the picture {target.name} could not be written")

    def move_away(self) -> None:
        """The pointer to the corner, where it is over nothing."""
        QTest.mouseMove(self.window, QPoint(1, 1))


def spoken(widget: QWidget) -> str:
    """The name that a screen reader says."""
    if isinstance(widget, QComboBox):
        return widget.accessibleName()  # Qt on Linux says its value here, and its name by its label
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name).replace("&", "") if interface is not None else ""
