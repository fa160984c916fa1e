"""What floats over the window on demand: palette, keys, settings, what needs you, help. Built when first opened."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from csr_desktop.services.older_history import OlderKind
    from csr_desktop.services.sign_in import Account
    from csr_desktop.system.phone_access import PhoneAccess
    from csr_desktop.ui.clients.older_page import OlderPage
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.help_page import HelpPage
    from csr_desktop.ui.keys_page import KeysPage
    from csr_desktop.ui.main_window import MainWindow
    from csr_desktop.ui.needs_you import NeedsYouPage
    from csr_desktop.ui.page_float import PageFloat
    from csr_desktop.ui.palette.palette import Palette
    from csr_desktop.ui.settings_page import SettingsPage
    from csr_desktop.ui.workstation_part import Workstation


class Floats:
    """One of each; opening one closes the others. `remember` keeps a setting."""

    def __init__(
        self,
        window: MainWindow,
        desk: Desk,
        account: Account,
        remember: Callable[..., None],
        phone: PhoneAccess | None = None,
        is_managed: Callable[[str], bool] = lambda _setting: False,
    ) -> None:
        self._window = window
        self._desk = desk
        self._account = account
        self._remember = remember
        self._phone = phone
        self._is_managed = is_managed
        self.workstation: Workstation | None = None
        """Set once the first screen stands, before the settings are opened."""
        window.help_wanted.connect(partial(self._open, "help"))
        window.palette_wanted.connect(partial(self._open, "palette"))
        window.keys_wanted.connect(partial(self._open, "keys"))
        window.settings_wanted.connect(partial(self._open, "settings"))
        window.needs_you_wanted.connect(partial(self._open, "needs_you"))

        window.person_wanted.connect(self._open_person)
        desk.opening_older.connect(self._open_older)

    def _open_older(self, kind: OlderKind, row_id: str) -> None:
        self.older.read(kind, row_id)

    def close_all(self) -> None:
        for name in ("palette", "keys", "settings", "needs_you", "help"):
            if name in self.__dict__:
                floating: Palette | PageFloat = getattr(self, name)
                floating.close()

    def _open_person(self) -> None:
        from csr_desktop.ui.person_menu import open_person_menu

        open_person_menu(self._window, self._desk, self._account)

    def open_phone_settings(self) -> None:
        self.open_settings("phone")

    def open_settings(self, tab: str) -> None:
        """On the tab of that key."""
        self.settings.tabs.choose(tab)
        self._open("settings")

    def _open(self, name: str) -> None:
        floating: Palette | PageFloat = getattr(self, name)
        floating.open()

    @cached_property
    def palette(self) -> Palette:
        from csr_desktop.ui.palette.palette import Palette

        return Palette(self._window, self._desk, self._window.actions_table)

    @cached_property
    def keys(self) -> KeysPage:
        from csr_desktop.ui.keys_page import KeysPage

        return KeysPage(self._window, self._desk, self._window.actions_table)

    @cached_property
    def settings(self) -> SettingsPage:
        from csr_desktop.ui.settings_page import SettingsPage

        page = SettingsPage(
            self._window, self._desk, self._account, self._remember, self._phone, is_managed=self._is_managed
        )
        if self.workstation is not None:
            page.add_workstation(self.workstation)
        return page

    @cached_property
    def needs_you(self) -> NeedsYouPage:
        from csr_desktop.ui.needs_you import NeedsYouPage

        return NeedsYouPage(self._window, self._desk)

    @cached_property
    def help(self) -> HelpPage:
        from csr_desktop.ui.help_page import HelpPage

        return HelpPage(self._window, self._desk)

    @cached_property
    def older(self) -> OlderPage:
        from csr_desktop.ui.clients.older_page import OlderPage

        return OlderPage(self._window, self._desk)
