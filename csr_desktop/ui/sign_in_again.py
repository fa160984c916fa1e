"""Signing in again without leaving the window: why, who, a password. What was written stays where it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from csr_desktop.ui.form_float import FormFloat
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.notice import announce

if TYPE_CHECKING:
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.sign_in import Account
    from csr_desktop.system.keyring_store import PersonSecrets
    from csr_desktop.ui.desk import Desk

SignInAgain = Callable[["Account", str], "tuple[Account, PersonSecrets]"]


class SignInFloat(FormFloat):
    """Asks for the password; whoever opened it signs in, and calls `fail` or `leave`."""

    wanted = Signal(str)
    """The password to sign in with."""

    def __init__(self, desk: Desk, window: QWidget, account: Account, reason: str) -> None:
        super().__init__(desk, window, self.tr("Sign in again"), self.tr("Sign in"))
        if reason:
            self.fields.addWidget(Label(reason, wraps=True))
        host = urlsplit(account.server_url).hostname or account.server_url
        who = self.tr("{0}, as {1} at {2}").format(account.name, account.login, host)
        self.fields.addWidget(Label(who, tone="muted", wraps=True))
        self.password = self.add_line(self.tr("Password"))
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        kept = Label(self.tr("What you wrote stays here, and is sent afterwards."), tone="muted", wraps=True)
        self.fields.addWidget(kept)

    def take(self) -> None:
        if self.button.isEnabled():
            self._error.say("", is_error=False)
            self.button.setEnabled(False)
            self.button.setText(self.tr("Signing in…"))
            self.wanted.emit(self.password.text())

    def fail(self, fault: CsrDesktopError) -> None:
        self.button.setText(self.tr("Sign in"))
        self.say_fault(fault)
        announce(self, str(fault), assertive=True)
        self.password.setFocus()
        self.password.selectAll()
