"""What stands in place of a locked desk: whose it is, a password, and that a call comes. Nothing of any client."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QLineEdit

from csr_desktop.domain.errors import CsrDesktopError
from csr_desktop.ui.front_page import FrontPage
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.fields import Labelled, TextField
from csr_desktop.ui.kit.marks import IconMark
from csr_desktop.ui.kit.notice import announce
from csr_desktop.ui.kit.panes import column, line
from csr_desktop.ui.kit.theme import ThemeSwitch, set_look


class LockView(FrontPage):
    wanted = Signal(str)
    """The password to unlock with."""
    leaving = Signal()
    """The person, or somebody else at this computer, wants to sign out."""

    def __init__(self, themes: ThemeSwitch, name: str, login: str, *, can_unlock: bool = True) -> None:
        super().__init__(themes, self.tr("Locked - CSR Desktop"), themes.theme.sizes.width.list)
        space = themes.theme.sizes.space
        set_look(self.card, role="card")
        self.body.setSpacing(space.pane)
        title = line(spacing=space.close)
        title.addWidget(IconMark(themes, "lock-simple", tone="muted", size="icon_large"))
        title.addWidget(Label(self.tr("Locked"), size="name", weight=600), 1)
        self.body.addLayout(title)
        self._about = Label(
            self.tr("{0} is signed in here. Nothing that was typed is lost, and calls go on being logged.").format(
                name
            ),
            tone="muted",
            wraps=True,
        )
        self.body.addWidget(self._about)
        self.call = QFrame()
        set_look(self.call, role="notice", tone="info")
        row = line(self.call, spacing=space.close, margins=(space.apart, space.close, space.apart, space.close))
        self._call_mark = IconMark(themes, "phone-incoming", tone="info")
        row.addWidget(self._call_mark)
        self._call_words = Label("", wraps=True)
        row.addWidget(self._call_words, 1)
        self.call.hide()
        self.body.addWidget(self.call)
        self.password = TextField(themes, self.tr("Password of {0}").format(login))
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self._field = Labelled(themes, self.tr("Password of {0}").format(login), self.password)
        self.button = Button(themes, self.tr("Unlock"), role="primary")
        self.sign_out = Button(themes, self.tr("Sign out"), role="quiet")
        self.sign_out.setAccessibleDescription(
            self.tr("What waits to be sent stays on this computer, locked, until {0} signs in again.").format(name)
        )
        parts = column(spacing=space.close)
        for part in (self._field, self.button, self.sign_out):
            parts.addWidget(part)
        self.body.addLayout(parts)
        self.setAccessibleName(self.tr("CSR Desktop is locked"))
        self.setAccessibleDescription(self._about.text())
        self.button.clicked.connect(self.submit)
        self.password.returnPressed.connect(self.submit)
        self.sign_out.clicked.connect(self.leaving)
        if not can_unlock:
            self._field.hide()
            self.button.hide()

    @property
    def error(self) -> str:
        return self._field.error

    @property
    def call_words(self) -> str:
        return self._call_words.text()

    def say_calls(self, *, ringing: int, running: int) -> None:
        """How many ring and how many go on; never whose they are."""
        if ringing:
            words = self.tr("A call is coming in. Unlock to see who it is.")
        elif running:
            words = self.tr("Your call goes on and is logged.")
        else:
            words = ""
        if words == self.call_words:
            return
        self._call_mark.set_icon("phone-incoming" if ringing else "phone", "info")
        self._call_words.setText(words)
        self.call.setVisible(bool(words))
        if words:
            announce(self, words, assertive=bool(ringing))

    def submit(self) -> None:
        if self.button.isEnabled():
            self._field.set_error("")
            self.button.setEnabled(False)
            self.button.setText(self.tr("Unlocking\u2026"))
            self.wanted.emit(self.password.text())

    def say_refusal(self, fault: CsrDesktopError) -> None:
        """Why nobody can unlock it here, whatever they type."""
        self._about.setText(str(fault))
        self.setAccessibleDescription(str(fault))

    def fail(self, fault: CsrDesktopError) -> None:
        self.button.setEnabled(True)
        self.button.setText(self.tr("Unlock"))
        self._field.set_error(str(fault))
        announce(self, str(fault), assertive=True)
        self.password.setFocus()
        self.password.selectAll()
        self.scroller.ensureWidgetVisible(self._field)
