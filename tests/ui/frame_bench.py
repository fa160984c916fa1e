"""The whole window of one person over their real file, answering at once, driven by keys and read as a person does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QKeyCombination, Qt, QTranslator
from PySide6.QtGui import QAccessible, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from csr_desktop.services.desk_data import DeskData
from csr_desktop.system.phone_access import PhoneAccess
from csr_desktop.ui.background import SameThread, StoreWorker
from csr_desktop.ui.desk import Notice
from csr_desktop.ui.desk_window import DeskWindow
from csr_desktop.ui.kit.rows import ROW_ROLE
from csr_desktop.ui.kit.theme import ThemeSwitch
from csr_desktop.ui.main_window import PLACES
from csr_desktop.ui.notices import PlaceNotice
from csr_desktop.ui.plurals import EnglishPlurals
from tests.desks import ZONE

WIDE, HIGH = 1440, 900


class Frame:
    def __init__(
        self,
        data: DeskData,
        themes: ThemeSwitch,
        qtbot: QtBot,
        translator: QTranslator | None = None,
        phone: PhoneAccess | None = None,
        managed: frozenset[str] = frozenset(),
    ) -> None:
        self.data, self.themes, self.qtbot = data, themes, qtbot
        self.translator = translator or EnglishPlurals()
        QCoreApplication.installTranslator(self.translator)
        self.remembered: dict[str, object] = {}
        self.store = StoreWorker(SameThread())
        self.desk_window = DeskWindow(
            themes,
            self.store,
            data,
            ZONE,
            lambda **values: self.remembered.update(values),
            phone=phone,
            is_managed=managed.__contains__,
        )
        self.window = self.desk_window.window
        self.desk = self.desk_window.desk
        self.floats = self.desk_window.floats
        self.notices: list[Notice] = []
        self.called: list[tuple[str, str]] = []
        self.desk.noticed.connect(self.notices.append)
        self.desk.calling.connect(lambda number, contact: self.called.append((number, contact)))
        self.window.resize(WIDE, HIGH)
        with qtbot.waitActive(self.window):
            self.desk_window.show()
            self.window.activateWindow()
        self.settle()

    def close(self) -> None:
        self.settle()
        self.desk_window.close()
        self.desk_window.deleteLater()
        self.store.close()
        QCoreApplication.removeTranslator(self.translator)
        self.translator.deleteLater()  # collected while another is asked for words, it would wait for that one's end
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # type: ignore[arg-type]
        QApplication.processEvents()

    def settle(self) -> None:
        """Until every answer has come home and was painted."""
        for _ in range(4):
            while self.store.is_busy:
                QApplication.processEvents()
            QApplication.processEvents()

    # Acting

    def press(self, *keys: str) -> None:
        for key in keys:
            pressed: QKeyCombination = QKeySequence(key)[0]  # type: ignore[index]
            QTest.keyClick(self.focus, pressed.key(), pressed.keyboardModifiers())
            self.settle()

    def type(self, text: str) -> None:
        QTest.keyClicks(self.focus, text)
        self.settle()

    def go(self, place: str) -> None:
        self.press(f"Ctrl+{PLACES.index(place) + 1}")

    def resize(self, width: int, height: int = HIGH) -> None:
        self.window.resize(width, height)
        self.settle()

    def choose_first(self) -> None:
        """Select the first row of the place's list."""
        place = self.window.place(self.window.current_place)
        rows: Any = place.list.rows  # type: ignore[attr-defined]
        for line in range(rows.model().rowCount()):
            if rows.model().flags(rows.model().index(line, 0)) & Qt.ItemFlag.ItemIsSelectable:
                rows.select_row(line)
                break
        rows.setFocus(Qt.FocusReason.TabFocusReason)
        self.settle()

    # Looking

    @property
    def focus(self) -> QWidget:
        return QApplication.focusWidget() or self.window

    @property
    def place(self) -> Any:
        return self.window.place(self.window.current_place)

    def said(self) -> list[str]:
        """The notices that can be seen."""
        return [notice.text for notice in self.window.findChildren(PlaceNotice) if can_be_seen(notice)]

    def count(self, key: str) -> int:
        model = self.window.rail.places.model()
        for line in range(model.rowCount()):
            row = model.index(line, 0).data(ROW_ROLE)
            if row.key == key:
                return int(row.count)
        raise LookupError(key)

    def rail(self) -> list[str]:
        model = self.window.rail.places.model()
        return [str(model.index(line, 0).data()) for line in range(model.rowCount())]

    def value(self, text: str, *values: Any) -> Any:
        return self.data.sql.value(text, *values)


def can_be_seen(widget: QWidget) -> bool:
    return widget.isVisible() and not widget.visibleRegion().isEmpty()


def interactive(root: QWidget) -> Iterator[QWidget]:
    """Visible, enabled widgets that a person acts on, or that take the keyboard."""
    kinds = (QAbstractButton, QLineEdit, QTextEdit, QPlainTextEdit, QComboBox, QAbstractItemView)
    for widget in [root, *root.findChildren(QWidget)]:
        if not widget.isVisible() or not widget.isEnabled() or widget.isWindow():
            continue
        if isinstance(widget, kinds) or widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            yield widget


def spoken(widget: QWidget) -> str:
    """What a screen reader calls it."""
    found = QAccessible.queryAccessibleInterface(widget)
    return found.text(QAccessible.Text.Name) if found is not None else ""


def role(widget: QWidget) -> QAccessible.Role:
    found = QAccessible.queryAccessibleInterface(widget)
    return found.role() if found is not None else QAccessible.Role.NoRole


def describe(widget: QWidget) -> str:
    path = []
    at: QWidget | None = widget
    while at is not None and len(path) < 6:
        path.append(type(at).__name__)
        at = at.parentWidget()
    return f"{spoken(widget)!r} {' < '.join(path)}"
