"""What floats over the window on demand: palette, keys, settings, what needs you."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from csr_desktop.ui.desk import Desk
from csr_desktop.ui.help_page import HelpPage
from csr_desktop.ui.keys_page import KeysPage
from csr_desktop.ui.needs_you import NeedsYouPage
from csr_desktop.ui.palette.palette import Palette
from csr_desktop.ui.settings_page import SettingsPage

if TYPE_CHECKING:
    from csr_desktop.services.sign_in import Account
    from csr_desktop.ui.main_window import MainWindow


class Floats:
    """One of each; opening one closes the others. `remember` keeps a setting."""

    def __init__(self, window: MainWindow, desk: Desk, account: Account, remember: Callable[..., None]) -> None:
        self.palette = Palette(window, desk, window.actions_table)
        self.keys = KeysPage(window, desk, window.actions_table)
        self.settings = SettingsPage(window, desk, account, remember)
        self.needs_you = NeedsYouPage(window, desk)
        self.help = HelpPage(window, desk)
        window.help_wanted.connect(self.help.open)
        window.palette_wanted.connect(self.palette.open)
        window.keys_wanted.connect(self.keys.open)
        window.settings_wanted.connect(self.settings.open)
        window.needs_you_wanted.connect(self.needs_you.open)
