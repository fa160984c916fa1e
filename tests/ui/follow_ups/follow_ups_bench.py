"""What a person has before them in the place of follow-ups: its keys, and what it told the rest of the window."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget
from pytestqt.qtbot import QtBot

from csr_desktop.services.follow_up_rows import FollowUpRow
from csr_desktop.ui.actions import Action, Actions
from csr_desktop.ui.desk import Desk, Notice, Target
from csr_desktop.ui.follow_ups.place import FollowUpsPlace
from csr_desktop.ui.kit.rows import ROW_ROLE, HeaderRow, Row

WIDE = (1440, 852)


class Bench:
    def __init__(self, qtbot: QtBot, desk: Desk, size: tuple[int, int] = WIDE) -> None:
        self.qtbot = qtbot
        self.desk = desk
        self.notices: list[Notice] = []
        self.opened: list[Target] = []
        self.calls: list[tuple[str, str]] = []
        desk.noticed.connect(self.notices.append)
        desk.opening.connect(self.opened.append)
        desk.calling.connect(lambda number, contact: self.calls.append((number, contact)))
        self.window = QMainWindow()
        qtbot.addWidget(self.window)
        self.place = FollowUpsPlace(desk)
        self.window.setCentralWidget(self.place)
        self.actions = Actions(self.window, lambda: "follow_ups")
        self.actions.add(Action("undo", "Undo", lambda: desk.undo(self.place), "Ctrl+Z"))
        self.actions.add(*self.place.actions_of_place())
        self.window.resize(*size)
        self.window.show()
        self.window.activateWindow()
        qtbot.waitExposed(self.window)
        self.place.give_way(size[0])

    def start(self) -> None:
        self.place.on_shown()
        self.settle()

    def settle(self) -> None:
        """Answers come home as queued events; each may ask again."""
        self.qtbot.waitUntil(lambda: not self.desk.store.is_busy)
        QApplication.processEvents()
        self.qtbot.waitUntil(lambda: not self.desk.store.is_busy)
        QApplication.processEvents()

    def focus(self) -> QWidget:
        return QApplication.focusWidget() or self.window

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.qtbot.keyClick(self.focus(), key, modifier)
        self.settle()

    def type(self, text: str) -> None:
        self.qtbot.keyClicks(self.focus(), text)
        self.settle()

    @property
    def lines(self) -> list[str]:
        """Titles as painted, groups in brackets with their count."""
        model = self.place.list.model
        found = []
        for at in range(model.rowCount()):
            row = model.index(at).data(ROW_ROLE)
            found.append(f"[{row.title} {row.count}]" if isinstance(row, HeaderRow) else row.title)
        return found

    def row(self, title: str) -> Row:
        model = self.place.list.model
        rows = [model.index(at).data(ROW_ROLE) for at in range(model.rowCount())]
        return next(row for row in rows if isinstance(row, Row) and row.title == title)

    def select(self, title: str) -> FollowUpRow:
        index = self.index(title)
        self.place.list.rows.select_row(index)
        self.settle()
        current = self.place.list.current
        assert current is not None
        return current

    def index(self, title: str) -> int:
        return self.lines.index(title)

    @property
    def current(self) -> str:
        row = self.place.list.current
        return row.title if row else ""

    def filter(self, kind: str) -> None:
        chips = self.place.list.kinds
        chips.choose(kind)
        chips.chosen.emit(kind)
        self.settle()

    def click_circle(self, title: str) -> None:
        rows = self.place.list.rows
        rect = rows.visualRect(rows.model().index(self.index(title), 0))
        point = rect.topLeft() + rows.rect().topLeft()
        point.setX(rect.left() + 20)
        point.setY(rect.top() + 16)
        self.qtbot.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=point)
        self.settle()
