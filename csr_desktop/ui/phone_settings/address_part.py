"""Whether the desk answers at an address of this computer, for softphones that can only open one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QIntValidator

from csr_desktop.domain.errors import BadInput, CsrDesktopError
from csr_desktop.system.phone_access import HIGHEST_PORT
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.checks import CheckBox
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.fields import Labelled, TextField
from csr_desktop.ui.kit.managed import ManagedLine
from csr_desktop.ui.kit.panes import Section, line

if TYPE_CHECKING:
    from csr_desktop.system.phone_access import AddressState, PhoneAccess
    from csr_desktop.ui.desk import Desk

_PORT_LETTERS = 8


class AddressPart(Section):
    changed = Signal()
    """The address is another one, or none any more."""
    resized = Signal()

    def __init__(self, desk: Desk, access: PhoneAccess) -> None:
        themes = desk.themes
        super().__init__(themes, desk.tr("Address for softphones that open one"))
        self._access = access
        space = themes.theme.sizes.space
        self.wanted = CheckBox(themes, self.tr("Answer at an address of this computer"))
        self.port = TextField(themes, self.tr("Port"))
        self.port.setValidator(QIntValidator(0, HIGHEST_PORT, self.port))
        self.port.setFixedWidth(themes.theme.metrics().horizontalAdvance("0") * _PORT_LETTERS + 2 * space.apart)
        self.port_room = Labelled(themes, self.tr("Port"), self.port)
        self.new_key = Button(themes, self.tr("New key"), icon="key")
        about = self.tr(
            "Only this computer can open it, and only with its key. With a new key the old address works no more, nor "
            "does an old link: enter the new one in your softphone."
        )
        self._about = Label(about, tone="muted", wraps=True)
        self._said = Label("", tone="success", wraps=True)
        self._said.hide()
        row = line(spacing=space.close)
        row.addWidget(self.port_room, 1)
        self._managed = ManagedLine(themes, self.wanted)
        self._port_managed = ManagedLine(themes, self.port)
        self.port_room.add_foot(self._port_managed)
        self.body.addWidget(self.wanted)
        self.body.addWidget(self._managed)
        self.body.addWidget(self._about)
        self.body.addLayout(row)
        keys = line(spacing=space.close)
        keys.addWidget(self.new_key)
        keys.addWidget(self._said, 1)
        keys.addStretch(0)
        self.body.addLayout(keys)
        self.wanted.clicked.connect(self._switch)
        self.port.editingFinished.connect(self._on_port)
        self.new_key.clicked.connect(self._renew)

    def switch_on(self) -> None:
        self.wanted.setChecked(True)
        self._switch()

    def refresh(self) -> None:
        self._show(self._access.state)

    def _on_port(self) -> None:
        if not self.port.isReadOnly() and self.port.text() != str(self._access.settings.phone_port):
            self._switch()

    def _switch(self) -> None:
        self._change(lambda: self._access.switch(is_wanted=self.wanted.isChecked(), port=int(self.port.text() or "0")))

    def _renew(self) -> None:
        if self._change(self._access.renew_key):
            self._said.setText(self.tr("The key is another one."))
            self._said.show()

    def _change(self, change: Callable[[], AddressState]) -> bool:
        """Whether it was done; else it is said why not."""
        self._said.hide()
        try:
            state = change()
        except BadInput as fault:
            self.port_room.set_error(fault.title)
            self.resized.emit()
            return False
        except CsrDesktopError as fault:
            self.port_room.set_error(str(fault))
            self.resized.emit()
            return False
        self._show(state)
        self.changed.emit()
        self.resized.emit()
        return not state.fault

    def _show(self, state: AddressState) -> None:
        self.wanted.setChecked(state.is_wanted)
        self.port.setText(str(state.port))
        self.new_key.setVisible(state.is_wanted or self._access.has_key)
        self.port_room.setVisible(state.is_wanted)
        self.port_room.set_error(state.fault)
        self._managed.settle(is_managed=self._access.is_managed("answers_phone"))
        self._port_managed.settle(is_managed=self._access.is_managed("phone_port"))
