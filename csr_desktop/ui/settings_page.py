"""Settings of this workstation: how it looks, and who is signed in where."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from csr_desktop import __version__
from csr_desktop.ui.desk import Desk
from csr_desktop.ui.kit.choices import ChoiceRow
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.panes import Facts
from csr_desktop.ui.kit.theme import WantedTheme
from csr_desktop.ui.page_float import PageFloat

if TYPE_CHECKING:
    from csr_desktop.services.sign_in import Account
    from csr_desktop.ui.main_window import MainWindow


class SettingsPage(PageFloat):
    """`remember` keeps a value in the settings file."""

    def __init__(self, window: MainWindow, desk: Desk, account: Account, remember: Callable[..., None]) -> None:
        self._account = account
        self._remember = remember
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
        self.body.addWidget(Label(self.tr("Colors"), size="caption", weight=600, tone="muted"))
        self.body.addWidget(self.looks)
        self.body.addWidget(Label(self.tr("This workstation"), size="caption", weight=600, tone="muted"))
        self.body.addWidget(self._facts)
        self.body.addStretch(1)

    def refresh(self) -> None:
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
