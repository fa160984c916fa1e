"""Settings of this workstation: how it looks, who is signed in where, its phone; and policies, for who sees them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QWidget

from csr_desktop import __version__
from csr_desktop.ui.desk import Desk, Notice
from csr_desktop.ui.kit.choices import ChoiceRow
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.managed import ManagedLine
from csr_desktop.ui.kit.panes import Facts, column
from csr_desktop.ui.kit.tabs import TabBar
from csr_desktop.ui.kit.theme import Tone, WantedTheme
from csr_desktop.ui.notices import PlaceNotice
from csr_desktop.ui.page_float import PageFloat

if TYPE_CHECKING:
    from csr_desktop.services.sign_in import Account
    from csr_desktop.system.phone_access import PhoneAccess
    from csr_desktop.ui.main_window import MainWindow
    from csr_desktop.ui.phone_settings.dial_part import DialPart
    from csr_desktop.ui.phone_settings.page import PhoneSettings
    from csr_desktop.ui.policy_settings.rules_page import RulesPage
    from csr_desktop.ui.policy_settings.scripts_page import ScriptsPage
    from csr_desktop.ui.workstation_part import Workstation, WorkstationPart

_Part = TypeVar("_Part", "PhoneSettings", "DialPart", "RulesPage", "ScriptsPage")
_OF_PHONE: Final = ("phone", "dialling")
_POLICIES: Final = ("verification", "scripts")
"""Keys of the tabs that only those see who answer for policies."""


class SettingsPage(PageFloat):
    """`remember` keeps a value in the settings file."""

    keeps_size = True

    def __init__(
        self,
        window: MainWindow,
        desk: Desk,
        account: Account,
        remember: Callable[..., None],
        phone: PhoneAccess | None = None,
        *,
        is_managed: Callable[[str], bool] = lambda _setting: False,
    ) -> None:
        self._is_managed = is_managed
        self._account = account
        self._remember = remember
        self._phone = phone
        self.phone: PhoneSettings | None = None
        self.dialling: DialPart | None = None
        self.rules: RulesPage | None = None
        self.scripts: ScriptsPage | None = None
        self.workstation: WorkstationPart | None = None
        """These are built when they are first shown."""
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
        self.looks_managed = ManagedLine(themes, self.looks)
        self._facts = Facts(themes)
        self.tabs = TabBar(themes, self.tr("Settings"))
        self.tabs.add("workstation", self.tr("This workstation"))
        self.tabs.add("phone", self.tr("Phone"))
        self.tabs.add("dialling", self.tr("Dialing"))
        self.tabs.add("verification", self.tr("Verification"))
        self.tabs.add("scripts", self.tr("Scripts"))
        for key in _OF_PHONE:
            self.tabs.set_shown(key, is_shown=phone is not None)
        self.tabs.chosen.connect(self._show)
        self._workstation = QWidget()
        self._first = first = column(self._workstation, spacing=themes.theme.sizes.space.apart)
        first.addWidget(Label(self.tr("Colors"), size="caption", weight=600, tone="muted"))
        first.addWidget(self.looks)
        first.addWidget(self.looks_managed)
        first.addWidget(Label(self.tr("This workstation"), size="caption", weight=600, tone="muted"))
        first.addWidget(self._facts)
        self.body.addWidget(self.tabs)
        self.body.addWidget(self._workstation)
        self.body.addStretch(1)
        self._show_policies(is_given=False)
        self.notice = PlaceNotice(desk)
        self._foot = QWidget()
        space = themes.theme.sizes.space
        column(self._foot, margins=(space.pane, space.close, space.pane, space.pane)).addWidget(self.notice)
        self.frame.body.addWidget(self._foot)
        self._foot.hide()
        self.notice.closed.connect(self._foot.hide)
        desk.noticed.disconnect(self.notice.show_notice)
        desk.noticed.connect(self._on_noticed)

    def add_workstation(self, station: Workstation) -> None:
        from csr_desktop.ui.workstation_part import WorkstationPart

        self.workstation = WorkstationPart(self.desk, station)
        self.workstation.resized.connect(self._on_resized)
        self._first.addWidget(self.workstation)

    def _on_noticed(self, notice: Notice) -> None:
        """The place's own is beneath this page."""
        if self.is_open:
            self._foot.show()
            self.notice.show_notice(notice)

    def open(self) -> None:
        self.desk.page_notice = self.notice
        super().open()

    def close(self) -> None:
        self.desk.page_notice = None
        self.notice.dismiss()
        super().close()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        is_pressed = watched is self.frame and event.type() == QEvent.Type.KeyPress
        if is_pressed and isinstance(event, QKeyEvent) and event.matches(QKeySequence.StandardKey.Undo):
            self.desk.undo(self)
            return True
        return super().eventFilter(watched, event)

    def _show(self, key: str) -> None:
        access = self._phone
        if key == "phone" and self.phone is None and access is not None:
            from csr_desktop.ui.phone_settings.page import PhoneSettings

            self.phone = self._add(PhoneSettings(self.desk, access))
        if key == "dialling" and self.dialling is None and access is not None:
            from csr_desktop.ui.phone_settings.dial_part import DialPart

            self.dialling = self._add(DialPart(self.desk, access))
        if key == "verification" and self.rules is None:
            from csr_desktop.ui.policy_settings.rules_page import RulesPage

            self.rules = self._add(RulesPage(self.desk))
        if key == "scripts" and self.scripts is None:
            from csr_desktop.ui.policy_settings.scripts_page import ScriptsPage

            self.scripts = self._add(ScriptsPage(self.desk))
        self._workstation.setVisible(key == "workstation")
        parts = {"phone": self.phone, "dialling": self.dialling, "verification": self.rules, "scripts": self.scripts}
        for its_key, part in parts.items():
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

    def _show_policies(self, *, is_given: bool) -> None:
        before = self.tabs.chosen_key
        for key in _POLICIES:
            self.tabs.set_shown(key, is_shown=is_given)
        self.tabs.setVisible(is_given or self._phone is not None)
        if self.is_open and self.tabs.chosen_key != before:
            self._show(self.tabs.chosen_key)
        self._on_resized()

    def refresh(self) -> None:
        people = self.desk.services.people
        self.desk.ask(
            self, people.answers_for_policies, lambda is_given: self._show_policies(is_given=is_given), key="policies"
        )
        self._show(self.tabs.chosen_key)
        self.looks.choose(self.desk.themes.wanted)
        self.looks_managed.settle(is_managed=self._is_managed("theme"))
        if self.workstation is not None:
            self.workstation.refresh()
        account = self._account
        self._facts.set_facts(
            [
                (self.tr("Signed in as"), f"{account.name} ({account.login})", ""),
                (self.tr("Organization"), account.organisation, ""),
                (self.tr("Server"), self._server_words(account.server_url), ""),
                (self.tr("Version"), __version__, ""),
                *self._protections(),
            ]
        )

    def _protections(self) -> list[tuple[str, str, Tone]]:
        """What this workstation does for its data by policy or by choice, where it does something."""
        found: list[tuple[str, str, Tone]] = []
        if minutes := self._chosen("idle_lock_minutes"):
            found.append((self.tr("Locks"), self.tr("after %n minute(s) without a key", "", int(str(minutes))), ""))
        if self._chosen("clipboard") == "inside":
            found.append((self.tr("Copied text"), self.tr("can be pasted in CSR Desktop alone"), ""))
        if self._chosen("screen_protection"):
            from csr_desktop.ui.screen_protection import can_protect

            words = self.tr("left out of pictures") if can_protect() else self.tr("not possible on this system")
            found.append((self.tr("Screen"), words, "" if can_protect() else "warning"))
        return found

    def _chosen(self, setting: str) -> object:
        return getattr(self._phone.settings, setting) if self._phone is not None else None

    def _server_words(self, address: str) -> str:
        return (
            self.tr("{0} (managed by your organization)").format(address) if self._is_managed("server_url") else address
        )

    def _on_look(self, key: str) -> None:
        if key in {"system", "light", "dark", "contrast"}:
            wanted: WantedTheme = key  # type: ignore[assignment]
            self.desk.themes.choose(wanted)
            self._remember(theme=key)
