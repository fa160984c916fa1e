"""Desks of the tour in this process: each a window with its own store, sync and keys, driven like a person would."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QAbstractItemView, QApplication, QPushButton, QTextEdit, QWidget

from csr_desktop.demo.bureau import Bureau
from csr_desktop.demo.hands import Hands, spin, wait
from csr_desktop.server.made_up.organisation import MadeUpUser
from csr_desktop.ui.application import Application
from csr_desktop.ui.desk_window import DeskWindow
from csr_desktop.ui.kit.theme import ThemeSwitch
from csr_desktop.ui.sign_in_view import SignInView

SIZE = QSize(1440, 900)


class Seat:
    """One person at one desk."""

    def __init__(self, app: QApplication, themes: ThemeSwitch, bureau: Bureau, who: MadeUpUser) -> None:
        self.who = who
        self.bureau = bureau
        self.opener = bureau.opener(who.login)
        self.application = Application(app, themes, self.opener)
        self.is_ended = False
        self.application.ended.connect(self._on_ended)

    def _on_ended(self) -> None:
        self.is_ended = True

    def start(self) -> None:
        """Open; a desk that knows its person is ready at once, another asks to sign in."""
        self.application.start()
        wait("the desk or the sign-in", lambda: self.application.front is not None or self._window() is not None)
        if self._window() is not None:
            self._settle()

    def _window(self) -> DeskWindow | None:
        return self.application.desk_window

    def _settle(self) -> None:
        self.desk.window.resize(SIZE)
        wait("everything to be fetched", lambda: self.desk.is_filled, 60)
        self.quiet()

    def sign_in(self) -> None:
        """By keyboard, as on the first day."""
        front = self.application.front
        assert isinstance(front, SignInView)
        hands = Hands(front)
        if not front.isActiveWindow():
            front.activateWindow()
        for field, text in (
            (front.server, self.bureau.url),
            (front.login, self.who.login),
            (front.password, self.who.password),
        ):
            hands.write_into(field, text)
        hands.key("Return")
        wait("the desk", lambda: self._window() is not None)
        self._settle()

    @property
    def desk(self) -> DeskWindow:
        found = self._window()
        assert found is not None
        return found

    @property
    def window(self) -> QWidget:
        return self.desk.window

    @property
    def hands(self) -> Hands:
        window = self.desk.window
        if not window.isActiveWindow():
            window.activateWindow()
            spin(20)
        if not window.isActiveWindow():  # a screenless platform forgets who was active when a window goes
            window.hide()
            window.show()
            spin(20)
        return Hands(self.desk.window)

    def list(self, name: str) -> QAbstractItemView:
        return self.hands.find(QAbstractItemView, name)

    def write_note(self, row: str, text: str) -> None:
        """Open the ticket of that row in the inbox and type an internal note; it is not logged."""
        hands = self.hands
        rows = self.list("Mine")

        def is_writing() -> bool:
            if isinstance(QApplication.focusWidget(), QTextEdit):
                return True
            hands.key("N")
            return isinstance(QApplication.focusWidget(), QTextEdit)

        hands.click_row(rows, row)
        hands.find(QPushButton, "Assign")
        wait("the note", is_writing)
        self.quiet()
        hands.write(text)
        self.quiet()

    def quiet(self, seconds: float = 15) -> None:
        """Until the store has answered everything."""
        wait("the desk to be quiet", lambda: not self.application.worker.is_busy, seconds)

    def says(self, words: str) -> bool:
        """Whether the line at the top right says this."""
        return words.casefold() in self.desk.window.sync_line.words.casefold()

    def is_saved(self) -> bool:
        return self.says("All saved")

    def close(self) -> None:
        if not self.is_ended:
            self.application.close()
