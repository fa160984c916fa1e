"""The inbox in a window with its keys, on a real desk; and colleagues whose desks exchange with the same server."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QKeyCombination
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from csr_desktop.domain.change_set import ChangeSet
from csr_desktop.services.desk_data import DeskData
from csr_desktop.services.inbox_rows import Conversation, InboxRow
from csr_desktop.ui.actions import Actions
from csr_desktop.ui.desk import Desk, Notice
from csr_desktop.ui.inbox.place import InboxPlace
from csr_desktop.ui.kit.rows import ROW_ROLE
from tests.conftest import Office

WIDE, HIGH = 1440, 900


class Bench:
    def __init__(self, office: Office, data: DeskData, desk: Desk, qtbot: QtBot) -> None:
        self.office, self.data, self.desk = office, data, desk
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.window.resize(WIDE, HIGH)
        whole = QVBoxLayout(self.window)
        whole.setContentsMargins(0, 0, 0, 0)
        self.place = InboxPlace(desk)
        whole.addWidget(self.place)
        self.actions = Actions(self.window, lambda: "inbox")
        self.actions.add(*self.place.actions_of_place())
        self.notices: list[Notice] = []
        self.called: list[tuple[str, str]] = []
        self.opened: list[tuple[str, str]] = []
        desk.noticed.connect(self.notices.append)
        desk.calling.connect(lambda number, contact: self.called.append((number, contact)))
        desk.opening.connect(lambda target: self.opened.append((target.kind, target.id)))
        with qtbot.waitActive(self.window):
            self.window.show()
            self.window.activateWindow()
        self.place.give_way(WIDE)
        self.place.on_shown()
        self.settle()

    def settle(self) -> None:
        """Until every answer has come home and was painted."""
        for _ in range(4):
            while self.desk.store.is_busy:
                QApplication.processEvents()
            QApplication.processEvents()

    def press(self, *keys: str) -> None:
        for key in keys:
            pressed: QKeyCombination = QKeySequence(key)[0]  # type: ignore[index]
            focus = QApplication.focusWidget()
            assert focus is not None
            assert focus.window() is self.window
            QTest.keyClick(focus, pressed.key(), pressed.keyboardModifiers())
            self.settle()

    def type(self, text: str) -> None:
        widget = QApplication.focusWidget()
        assert widget is not None
        QTest.keyClicks(widget, text)
        self.settle()

    def view(self, key: str) -> None:
        self.place.choose_view(key)
        self.settle()

    # What stands there

    @property
    def titles(self) -> list[str]:
        model = self.place.list.model
        return [str(model.index(line).data()) for line in range(model.rowCount())]

    def rows(self) -> list[InboxRow]:
        model = self.place.list.model
        found = (model.row_at(model.index(line)) for line in range(model.rowCount()))
        return [row for row in found if row is not None]

    def row(self, kind: str, title: str = "") -> InboxRow:
        """The first row of a kind, with these words in its title."""
        return next(r for r in self.rows() if r.kind == kind and title in r.title and r.can_work)

    def line(self, row_id: str) -> Any:
        """What the list paints for it."""
        model = self.place.list.model
        return model.index(model.place_of(row_id)).data(ROW_ROLE)

    def choose(self, row_id: str) -> None:
        assert self.place.list.rows.select_key(row_id)
        self.place.list.rows.setFocus()
        self.settle()

    def choose_ticket(self, title: str = "Tax notice") -> str:
        row = self.row("ticket", title)
        self.choose(row.id)
        return row.id

    def ticket(self, ticket_id: str) -> Conversation:
        return self.data.services.inbox.conversation(ticket_id)

    # Colleagues

    def exchange(self, colleague: DeskData) -> None:
        """What the colleague did reaches me: their desk pushes, mine pulls, and the window is told."""
        self.office.bureau.sync(colleague)
        services, seen = self.data.services, list[ChangeSet]()
        self.data.services = _Heard(services, seen)  # type: ignore[assignment]
        try:
            self.office.bureau.sync(self.data)
        finally:
            self.data.services = services
        for change_set in seen:
            self.desk.publish(change_set)
        self.settle()

    def colleague(self, login: str = "casey") -> DeskData:
        self.office.bureau.sync(self.data)
        return self.office.filled_desk(login)


class _Heard:
    """Services that remember which changes they were told of."""

    def __init__(self, services: Any, seen: list[Any]) -> None:
        self._services, self._seen = services, seen

    def changed(self, change_set: Any) -> None:
        self._services.changed(change_set)
        self._seen.append(change_set)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._services, name)
