"""A window with the call bar and the place of calls over Alex's real file, driven by keys."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from csr_desktop.services.call_rows import RunningCall
from csr_desktop.services.desk_data import DeskData
from csr_desktop.ui.actions import Actions
from csr_desktop.ui.calls.call_bar import CallBar
from csr_desktop.ui.calls.place import CallsPlace
from csr_desktop.ui.desk import Desk


class Bench:
    """What the window does with a place, without the rest of it."""

    def __init__(self, desk: Desk, data: DeskData, qtbot: QtBot) -> None:
        self.desk, self.data, self.qtbot = desk, data, qtbot
        self.window = QMainWindow()
        self.bar = CallBar(desk)
        self.place = CallsPlace(desk)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.addWidget(self.bar)
        column.addWidget(self.place, 1)
        self.window.setCentralWidget(whole)
        self.actions = Actions(self.window, lambda: "calls")
        self.actions.add(*self.place.actions_of_place())
        desk.opening.connect(self.place.open_target)
        self.window.resize(1264, 852)
        self.place.give_way(1440)
        qtbot.addWidget(self.window)
        self.window.show()
        self.window.activateWindow()
        qtbot.waitUntil(self.window.isActiveWindow)
        self.place.on_shown()
        self.settle()

    def settle(self) -> None:
        """Let everything that was asked come home."""
        self.qtbot.waitUntil(lambda: not self.desk.store.is_busy)
        QApplication.processEvents()

    def press(self, *keys: str) -> None:
        """Each as Qt writes it: "F8", "1", "Ctrl+Return"."""
        for name in keys:
            *held, last = name.split("+")
            modifiers = Qt.KeyboardModifier.NoModifier
            for one in held:
                modifiers |= getattr(Qt.KeyboardModifier, {"Ctrl": "Control"}.get(one, one) + "Modifier")
            focus = QApplication.focusWidget() or self.window
            if len(last) == 1 and not held:
                QTest.keyClicks(focus, last)
            else:
                QTest.keyClick(focus, getattr(Qt.Key, "Key_" + last.capitalize()), modifiers)
            self.settle()

    def type(self, text: str) -> None:
        focus = QApplication.focusWidget()
        assert focus is not None
        QTest.keyClicks(focus, text)
        self.settle()

    def start(self, number: str = "", contact_id: str = "", direction: str = "in") -> RunningCall:
        self.place.running.start(number, contact_id, direction)
        self.settle()
        call = self.place.call_pane.call
        assert call is not None
        return call

    @property
    def call(self) -> RunningCall:
        call = self.place.call_pane.call
        assert call is not None
        return call

    def row(self, table: str, row_id: str) -> dict[str, Any]:
        cursor = self.data.sql.db.execute_sql(f'SELECT * FROM "{table}" WHERE id = ?', (row_id,))
        found = cursor.fetchone()
        assert found is not None
        return dict(zip((column[0] for column in cursor.description), found, strict=True))

    def value(self, text: str, *values: Any) -> Any:
        return self.data.sql.value(text, *values)

    def notices(self) -> str:
        return self.place.list.notice.text
