"""The first start: server address, sign-in name, password; every failure said at its field, nothing typed lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit

from csr_desktop.domain.errors import BadInput, CsrDesktopError, NotTrusted, Unreachable
from csr_desktop.ui.front_page import FrontPage
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.fields import Labelled, TextField
from csr_desktop.ui.kit.notice import announce
from csr_desktop.ui.kit.theme import ThemeSwitch, set_look

if TYPE_CHECKING:
    from csr_desktop.services.sign_in import Account
    from csr_desktop.ui.background import StoreWorker


class SignInView(FrontPage):
    """`sign_in` runs on a worker's thread. `reason` says why it is asked again, when it is."""

    signed_in = Signal(object)
    """The Account."""

    def __init__(
        self,
        themes: ThemeSwitch,
        worker: StoreWorker,
        sign_in: Callable[[str, str, str], Account],
        *,
        server_url: str = "",
        is_server_managed: bool = False,
        login: str = "",
        reason: str = "",
    ) -> None:
        super().__init__(themes, self.tr("Sign in - CSR Desktop"), themes.theme.sizes.width.list)
        self._worker = worker
        self._sign_in = sign_in
        self.server = TextField(themes, self.tr("Server address"), placeholder="https://desk.example.com")
        self.login = TextField(themes, self.tr("Sign-in name"))
        self.password = TextField(themes, self.tr("Password"))
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.server.setText(server_url)
        self.login.setText(login)
        self._fields = {
            "server_url": Labelled(themes, self.tr("Server address"), self.server),
            "login": Labelled(themes, self.tr("Sign-in name"), self.login),
            "password": Labelled(themes, self.tr("Password"), self.password),
        }
        if is_server_managed:
            self.server.setReadOnly(True)
            self._fields["server_url"].set_help(self.tr("Managed by your organization"))
        self.button = Button(themes, self.tr("Sign in"), role="primary")
        self._reason = Label(reason, tone="warning" if reason else "muted", wraps=True)
        self._lay_out(themes)
        self.button.clicked.connect(self.submit)
        for field in (self.server, self.login, self.password):
            field.returnPressed.connect(self.submit)

    def _lay_out(self, themes: ThemeSwitch) -> None:
        set_look(self.card, role="card")
        self.body.setSpacing(themes.theme.sizes.space.pane)
        self.body.addWidget(Label(self.tr("Sign in to CSR Desktop"), size="name", weight=600))
        if not self._reason.text():
            self._reason.setText(
                self.tr("Your IT gave you a sign-in name and a password.")
                if self.server.isReadOnly()
                else self.tr("Your IT gave you the address, a sign-in name and a password.")
            )
        self.body.addWidget(self._reason)
        for field in self._fields.values():
            self.body.addWidget(field)
        self.body.addWidget(self.button)

    def focus_first_empty(self) -> None:
        for field in (self.server, self.login, self.password):
            if not field.text():
                field.setFocus()
                return

    def submit(self) -> None:
        if not self.button.isEnabled():
            return
        for field in self._fields.values():
            field.set_error("")
        server, login, password = self.server.text(), self.login.text(), self.password.text()
        self.button.setEnabled(False)
        self.button.setText(self.tr("Signing in…"))
        self._worker.ask(self, lambda: self._sign_in(server, login, password), self._on_done, self._on_failed)

    def _rest(self) -> None:
        self.button.setEnabled(True)
        self.button.setText(self.tr("Sign in"))

    def _on_done(self, account: Account) -> None:
        self._rest()
        self.password.clear()
        self.signed_in.emit(account)

    def _on_failed(self, fault: CsrDesktopError) -> None:
        self._rest()
        if isinstance(fault, BadInput):
            key = fault.field
        elif isinstance(fault, Unreachable | NotTrusted):
            key = "server_url"
        else:
            key = "password"
        field = self._fields.get(key, self._fields["password"])
        field.set_error(str(fault))
        announce(self, str(fault), assertive=True)
        field.field.setFocus()
        self.scroller.ensureWidgetVisible(field)
        if isinstance(field.field, QLineEdit):
            field.field.selectAll()
