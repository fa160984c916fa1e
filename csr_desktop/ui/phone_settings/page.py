"""The parts of the page under each other, and what they tell each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from csr_desktop.ui.kit.checks import CheckBox
from csr_desktop.ui.kit.managed import ManagedLine
from csr_desktop.ui.kit.panes import column
from csr_desktop.ui.phone_settings.address_part import AddressPart
from csr_desktop.ui.phone_settings.lines_part import LinesPart
from csr_desktop.ui.phone_settings.received_part import ReceivedPart
from csr_desktop.ui.phone_settings.test_part import TestPart

if TYPE_CHECKING:
    from csr_desktop.system.phone_access import PhoneAccess
    from csr_desktop.ui.desk import Desk


class PhoneSettings(QWidget):
    resized = Signal()
    """It has become higher or lower."""

    def __init__(self, desk: Desk, access: PhoneAccess, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._access = access
        themes = desk.themes
        self.lines = LinesPart(desk, access)
        self.test = TestPart(desk, access)
        self.received = ReceivedPart(desk)
        self.address = AddressPart(desk, access)
        self.opens_desk = CheckBox(themes, self.tr("A call opens the desk when it is closed"))
        self.opens_desk.clicked.connect(lambda is_on: access.remember(calls_open_desk=is_on))
        whole = column(self, spacing=themes.theme.sizes.space.page)
        for part in (self.lines, self.address, self.test, self.received):
            whole.addWidget(part)
        self.lines.body.addWidget(self.opens_desk)
        self._managed = ManagedLine(themes, self.opens_desk)
        self.lines.body.addWidget(self._managed)
        self.address.changed.connect(self._on_address)
        self.lines.choice.chosen.connect(self.address.refresh)  # a link has the same key
        self.lines.address_wanted.connect(self.address.switch_on)
        for part in (self.lines, self.received, self.address):
            part.resized.connect(self.resized)

    def refresh(self) -> None:
        settings = self._access.settings
        self.opens_desk.setChecked(settings.calls_open_desk)
        self._managed.settle(is_managed=self._access.is_managed("calls_open_desk"))
        self.address.refresh()
        self._on_address()
        self.received.refresh()

    def _on_address(self) -> None:
        self.lines.refresh()
        self.test.refresh()
