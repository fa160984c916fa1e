"""The Clients place in a window with its keys, over Alex's real file."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot

from csr_desktop.domain.change_set import changed
from csr_desktop.services.desk_data import DeskData
from csr_desktop.ui.actions import Action, Actions
from csr_desktop.ui.clients.place import ClientsPlace
from csr_desktop.ui.desk import Desk
from tests.conftest import Office


class Screen:
    """A window that holds the place, and what a person does in it."""

    def __init__(self, desk: Desk, data: DeskData, office: Office, qtbot: QtBot) -> None:
        self.desk, self.data, self.office, self._qtbot = desk, data, office, qtbot
        self.window = QMainWindow()
        self.place = ClientsPlace(desk)
        self.window.setCentralWidget(self.place)
        self.actions = Actions(self.window, lambda: "clients")
        self.actions.add(*self.place.actions_of_place())
        self.actions.add(Action("back", "Back", lambda: _ignore(self.place.go_back()), "Esc", works_in_text=True))
        self.notices: list[str] = []
        desk.noticed.connect(lambda notice: self.notices.append(notice.text))
        qtbot.addWidget(self.window)
        self.resize(1440, 900)
        self.window.show()
        self.window.activateWindow()
        self.place.on_shown()
        self.settle()

    def resize(self, width: int, height: int) -> None:
        self.window.resize(width, height)
        self.place.give_way(width)
        self.settle()

    def settle(self) -> None:
        """Until everything asked is answered and laid out."""
        for _ in range(3):
            self._qtbot.waitUntil(lambda: not self.desk.store.is_busy)
            QApplication.processEvents()

    def client(self, name: str) -> str:
        return str(self.data.sql.value("SELECT id FROM clients WHERE name = ?", name))

    @property
    def busiest(self) -> str:
        """The client with most calls."""
        text = "SELECT name FROM clients c ORDER BY (SELECT COUNT(*) FROM interactions WHERE client_id = c.id) DESC LIMIT 1"
        return str(self.data.sql.value(text))

    def show(self, name: str) -> str:
        client_id = self.client(name)
        self.place.show_client(client_id)
        self.settle()
        assert self.place.pane.profile is not None
        assert self.place.pane.profile.name == name
        self.place.list.rows.setFocus()
        return client_id

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        focus = QApplication.focusWidget()
        assert focus is not None
        QTest.keyClick(focus, key, modifiers)
        self.settle()

    def type(self, text: str) -> None:
        focus = QApplication.focusWidget()
        assert focus is not None
        QTest.keyClicks(focus, text)
        self.settle()

    def save(self) -> None:
        self.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)

    def colleague(self, client_id: str, change: Callable[[DeskData], object]) -> None:
        """Casey does something; then it arrives here."""
        casey = self.office.filled_desk("casey")
        change(casey)
        self.office.bureau.sync(casey)
        self.office.bureau.sync(self.data)
        newest = self.data.sql.all("SELECT id FROM changes WHERE client_id = ?", client_id)
        contacts = self.data.sql.all("SELECT id FROM contacts WHERE client_id = ?", client_id)
        tables = {"clients": [client_id], "changes": [i for (i,) in newest], "contacts": [i for (i,) in contacts]}
        self.desk.publish(changed(tables))
        self.settle()

    def column(self, table: str, row_id: str, column: str) -> object:
        return self.data.sql.value(f"SELECT {column} FROM {table} WHERE id = ?", row_id)


def _ignore(_value: object) -> None:
    pass
