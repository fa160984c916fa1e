"""Settings of this workstation: how it looks, who is signed in where, and its phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtWidgets import QWidget

from csr_desktop import __version__
from csr_desktop.ui.desk import Desk
from csr_desktop.ui.kit.choices import ChoiceRow
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.panes import Facts, column
from csr_desktop.ui.kit.tabs import TabBar
from csr_desktop.ui.kit.theme import WantedTheme
from csr_desktop.ui.page_float import PageFloat

if TYPE_CHECKING:
    from csr_desktop.services.sign_in import Account
    from csr_desktop.system.phone_access import PhoneAccess
    from csr_desktop.ui.main_window import MainWindow
    from csr_desktop.ui.phone_settings.dial_part import DialPart
    from csr_desktop.ui.phone_settings.page import PhoneSettings

_Part = TypeVar("_Part", "PhoneSettings", "DialPart")


class SettingsPage(PageFloat):
    """`remember` keeps a value in the settings file."""

    def __init__(
        self,
        window: MainWindow,
        desk: Desk,
        account: Account,
        remember: Callable[..., None],
        phone: PhoneAccess | None = None,
    ) -> None:
        self._account = account
        self._remember = remember
        self._phone = phone
        self.phone: PhoneSettings | None = None
        self.dialling: DialPart | None = None
        """Both are built when they are first shown."""
        super().__init__(window, desk, window.tr("Settings"))
        themes = desk.themes
        self.looks = ChoiceRow(themes, self.tr("Colors"), numbered=False)
        self.looks.set_choices(
            [
                ("system", self.tr("As the system")),
                ("light", self.tr("Light")),
                ("dark", self.tr("Dark")),
                ("contrast", self.tr("High contrast")),
            ]
        )
        self.looks.chosen.connect(self._on_look)
        self._facts = Facts(themes)
        self.tabs = TabBar(themes, self.tr("Settings"))
        self.tabs.add("workstation", self.tr("This workstation"))
        self.tabs.add("phone", self.tr("Phone"))
        self.tabs.add("dialling", self.tr("Dialling"))
        if phone is None:
            self.tabs.hide()
        self.tabs.chosen.connect(self._show)
        self._workstation = QWidget()
        first = column(self._workstation, spacing=themes.theme.sizes.space.apart)
        first.addWidget(Label(self.tr("Colors"), size="caption", weight=600, tone="muted"))
        first.addWidget(self.looks)
        first.addWidget(Label(self.tr("This workstation"), size="caption", weight=600, tone="muted"))
        first.addWidget(self._facts)
        self.body.addWidget(self.tabs)
        self.body.addWidget(self._workstation)
        self.body.addStretch(1)

    def _show(self, key: str) -> None:
        access = self._phone
        if key == "phone" and self.phone is None and access is not None:
            from csr_desktop.ui.phone_settings.page import PhoneSettings

            self.phone = self._add(PhoneSettings(self.desk, access))
        if key == "dialling" and self.dialling is None and access is not None:
            from csr_desktop.ui.phone_settings.dial_part import DialPart

            self.dialling = self._add(DialPart(self.desk, access))
        self._workstation.setVisible(key == "workstation")
        for part, its_key in ((self.phone, "phone"), (self.dialling, "dialling")):
            if part is not None:
                part.setVisible(key == its_key)
                if key == its_key:
                    part.refresh()
        self._on_resized()

    def _add(self, part: _Part) -> _Part:
        part.resized.connect(self._on_resized)
        self.body.insertWidget(self.body.count() - 1, part)
        return part

    def _on_resized(self) -> None:
        if self.is_open:
            self.place()

    def refresh(self) -> None:
        self._show(self.tabs.chosen_key)
        self.looks.choose(self.desk.themes.wanted)
        account = self._account
        self._facts.set_facts(
            [
                (self.tr("Signed in as"), f"{account.name} ({account.login})", ""),
                (self.tr("Organization"), account.organisation, ""),
                (self.tr("Server"), account.server_url, ""),
                (self.tr("Version"), __version__, ""),
            ]
        )

    def _on_look(self, key: str) -> None:
        if key in {"system", "light", "dark", "contrast"}:
            wanted: WantedTheme = key  # type: ignore[assignment]
            self.desk.themes.choose(wanted)
            self._remember(theme=key)
