"""The whole window with its phone: the address, the program that softphones run, and the settings of both, all real."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import QTranslator
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from csr_desktop.services.desk_data import DeskData
from csr_desktop.system.phone_access import PhoneAccess
from csr_desktop.system.places import Places
from csr_desktop.system.settings import Settings
from csr_desktop.system.single_instance import Claim, claim
from csr_desktop.ui.kit.theme import ThemeSwitch
from csr_desktop.ui.phone_settings.dial_part import DialPart
from csr_desktop.ui.phone_settings.page import PhoneSettings
from csr_desktop.ui.settings_page import SettingsPage
from tests.ui.frame_bench import Frame


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


class Teller:
    """Brings messages of other threads to the window, as the program's own signal does."""

    def __init__(self, frame: Frame) -> None:
        from PySide6.QtCore import QObject, Qt, Signal

        class Told(QObject):
            told = Signal(object)

        self._told = Told(frame.window)
        self._told.told.connect(frame.desk_window.take, Qt.ConnectionType.QueuedConnection)
        self.tell = self._told.told.emit


class PhoneFrame(Frame):
    def __init__(
        self,
        data: DeskData,
        themes: ThemeSwitch,
        qtbot: QtBot,
        home: Path,
        translator: QTranslator | None = None,
        managed: Mapping[str, object] = {},  # it is only read
    ) -> None:
        """`managed` are the settings that the organization has settled."""
        self.places = Places.under(home)
        self.places.make()
        self._managed = frozenset(managed)
        own: dict[str, Any] = {"phone_port": free_port(), "dial_way": "off", "calls_open_desk": False, **managed}
        self.settings = Settings(**own)
        self.access = PhoneAccess(
            self.places, lambda: self.settings, self.remember, data.now, self._managed.__contains__
        )
        super().__init__(data, themes, qtbot, translator, phone=self.access, managed=self._managed)
        teller = Teller(self)
        held = claim(self.places)
        assert held is not None
        self.held: Claim = held
        self.held.listen(teller.tell)
        self.access.begin(teller.tell)

    def remember(self, **values: object) -> None:
        free = {name: value for name, value in values.items() if name not in self._managed}
        self.settings = msgspec.structs.replace(self.settings, **free)

    def close(self) -> None:
        self.held.close()
        self.access.close()
        super().close()

    def open_page(self) -> PhoneSettings:
        page = self._tab("phone").phone
        assert page is not None
        return page

    def open_dialling(self) -> DialPart:
        part = self._tab("dialling").dialling
        assert part is not None
        return part

    def _tab(self, key: str) -> SettingsPage:
        settings = self.floats.settings
        if not settings.is_open:
            self.press("Ctrl+,")
        settings.tabs._tabs[key].click()
        self.settle()
        return settings

    def wait(self, until: Callable[[], bool], seconds: float = 20.0) -> None:
        ends_at = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < ends_at, "it did not come"
            QApplication.processEvents()
            time.sleep(0.005)
        self.settle()
