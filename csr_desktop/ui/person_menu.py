"""What one's own picture at the top right opens: settings, help, keys, and signing out, which says what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent

from csr_desktop.ui.form_float import FormFloat
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.key_words import key_text
from csr_desktop.ui.kit.menu_float import MenuFloat
from csr_desktop.ui.kit.picker import Pick

if TYPE_CHECKING:
    from csr_desktop.services.sign_in import Account
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.main_window import MainWindow


def open_person_menu(window: MainWindow, desk: Desk, account: Account) -> MenuFloat:
    is_on_break = window.actions_table.is_enabled("end_break")
    picks = [
        Pick("who_is_there", window.tr("Who is there"), icon="users"),
        Pick("end_break", window.tr("End the break"), icon="coffee")
        if is_on_break
        else Pick("take_break", window.tr("Take a break"), icon="coffee"),
        Pick("settings", window.tr("Settings"), key_text("Ctrl+,"), icon="gear-six"),
        Pick("help", window.tr("Help"), key_text("F1"), icon="question"),
        Pick("keys", window.tr("Keys"), key_text("?"), icon="keyboard"),
        Pick("lock", window.tr("Lock"), key_text("Ctrl+Shift+Q"), icon="lock-simple"),
        Pick("sign_out", window.tr("Sign out"), icon="sign-out"),
    ]
    made = MenuFloat(desk.themes, window, account.name, picks)
    made.taken.connect(window.actions_table.run)
    made.open_by(window.top_bar.avatar, is_trailing=True)
    return made


class SignOutFloat(FormFloat):
    """Says what is not sent yet and what stays; then it is left to whoever listens."""

    wanted = Signal()

    def __init__(self, desk: Desk, window: MainWindow, waiting_count: int) -> None:
        super().__init__(desk, window, self.tr("Sign out"), self.tr("Sign out"))
        if waiting_count:
            count = self.tr("%n change(s) not sent yet.", "", waiting_count)
            unsent = f"{count} {self.tr('What waits stays here, locked, and is sent when you sign in here again.')}"
            self.fields.addWidget(Label(unsent, tone="warning", wraps=True))
        kept = self.tr("What you have begun to write is kept for you. The next start asks for your password.")
        self.fields.addWidget(Label(kept, tone="muted", wraps=True))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # A button leaves Return to the form around it, which has no field here to take it.
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.button.hasFocus():
            self.take()
        super().keyPressEvent(event)

    def take(self) -> None:
        self.leave()
        self.wanted.emit()
