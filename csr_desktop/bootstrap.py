"""Puts the parts together: which files, which clock, which keyring; nothing here decides anything of the trade."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from csr_desktop.domain.errors import CsrDesktopError, EnvironmentFault, Unreadable
from csr_desktop.services.sign_in import Account, Accounts
from csr_desktop.store.meta_file import key_checks
from csr_desktop.system.clock import wall_clock
from csr_desktop.system.keyring_store import FolderSecrets, PersonSecrets, Secrets, SystemKeyring, check_keeps
from csr_desktop.system.places import Places
from csr_desktop.system.settings import SettingsFile

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from csr_desktop.services.desk_data import DeskData
    from csr_desktop.ui.application import Application
    from csr_desktop.ui.desk_window import DeskWindow


class DeskOpener:
    """Opens one person's desk in these places with these keys; see ui.application.Opener."""

    def __init__(self, places: Places, secrets: Secrets, suggested_server: str = "") -> None:
        self.places = places
        self.secrets = secrets
        places.make()
        self._settings_file = SettingsFile(places.config / "settings.json")
        self.settings, self.settings_word = self._settings_file.load()
        self.accounts = Accounts(places.config, secrets, key_checks=lambda: key_checks(places.data))
        self._suggested_server = suggested_server

    def prepare(self) -> None:
        """Import what both threads need, once: two threads in one circle of imports would see half of a module."""
        from csr_desktop.store.desk_peewee import import_peewee

        import_peewee()
        import csr_desktop.services.desk_data
        import csr_desktop.services.inbox  # noqa: F401

    def translate(self, fault: BaseException) -> CsrDesktopError | None:
        from csr_desktop.store.faults import translate

        return translate(fault, self.places.data)

    def current(self) -> Account | None:
        pending = self.accounts.being_removed()
        if pending is not None:
            self._end_removal(pending)
        return self.accounts.current()

    def open(self, account: Account, local_zone: str) -> DeskData:
        """Raises Unreadable or EnvironmentFault. A key that the keyring has lost is asked back by signing in again."""
        from csr_desktop.services.desk_data import DeskData

        keys = self.accounts.keys(account)
        if keys is None:
            raise Unreadable(
                "wrong_key",
                "The key to your data is not in this computer's keyring any more.",
                "Sign in again: the server keeps a copy of it. Nothing that you wrote is lost.",
            )
        return DeskData(self.places.data, account, keys, wall_clock, local_zone)

    def sign_in(self, server_url: str, login: str, password: str) -> Account:
        """Where no key can be kept nothing is sent, and no workstation registered."""
        check_keeps(self.secrets)
        return self.accounts.sign_in(server_url, login, password)

    def sign_in_again(self, account: Account, password: str) -> tuple[Account, PersonSecrets]:
        return self.accounts.sign_in_again(account, password)

    def sign_out(self) -> None:
        self.accounts.sign_out()

    def remove(self, account: Account) -> None:
        """Delete the person's keys and file: the workstation was revoked. Cut off midway, `current` ends it."""
        self.accounts.begin_removal()
        self._end_removal(account)

    def _end_removal(self, account: Account) -> None:
        from csr_desktop.store.opening import wipe

        self.accounts.end_removal(account, lambda: wipe(self.places.data / account.file_name))

    def mend(self, account: Account, way: str) -> None:
        """Set the person's file aside and make a new one, which the server fills; what was not sent goes into it."""
        from csr_desktop.store.salvage import make_anew

        keys = self.accounts.keys(account)
        if way == "fresh" and keys is not None:  # without keys, signing in again is the way out
            make_anew(self.places.data / account.file_name, keys.database_key, wall_clock)

    def suggested_server(self) -> str:
        return self._suggested_server

    def remembered(self, name: str) -> object:
        return getattr(self.settings, name, None)

    def remember(self, **values: Any) -> None:
        self.settings = msgspec.structs.replace(self.settings, **values)
        self._settings_file.save(self.settings)


def system_secrets() -> Secrets:
    return SystemKeyring()


def demo_secrets(places: Places) -> Secrets:
    """The demo keeps its keys in its own folder, so that it runs where there is no keyring. Nothing else does."""
    return FolderSecrets(places.data / "keys")


def make_desk(opener: DeskOpener, arguments: list[str]) -> tuple[QApplication, Application]:
    """The desk and the program that it lives in, not yet started."""
    gc.disable()  # what start-up makes is no garbage, and looking for some takes time; ui.application enables it
    from csr_desktop.ui.plain_import import import_qt

    import_qt()
    from csr_desktop.ui.application import Application, make_application

    app, themes = make_application(arguments, str(opener.remembered("theme") or "system"))
    application = Application(app, themes, opener)
    application.ended.connect(app.quit)
    return app, application


def work(app: QApplication, application: Application) -> int:
    """Start the desk and stay until the person or a signal ends it, in order; the program's exit code."""
    from csr_desktop.ui.signals import ended_by_signals

    with ended_by_signals(application.close):
        application.start()
        return app.exec()


def run_desk(
    places: Places,
    secrets: Secrets,
    arguments: list[str] | None = None,
    on_ready: Callable[[DeskWindow], None] | None = None,
) -> int:
    """The desk until it is closed, by the person or a signal; the program's exit code. A second start raises the first
    one's window. What keeps it from starting is said in a window; where none can be shown, EnvironmentFault is raised.

    `on_ready` is told once, when the inbox is painted.
    """
    arguments = arguments or sys.argv[:1]
    try:
        return _run_first(places, secrets, arguments, on_ready)
    except EnvironmentFault as fault:
        from csr_desktop.system.display import has_display, wants_window_on_display

        if not (wants_window_on_display() and has_display()):
            raise
        from csr_desktop.ui.application import say_alone

        return say_alone(arguments, fault)


def _run_first(
    places: Places, secrets: Secrets, arguments: list[str], on_ready: Callable[[DeskWindow], None] | None
) -> int:
    from csr_desktop.system.single_instance import claim, raise_first

    places.make()
    listeners: list[Callable[[dict[str, str]], None]] = []

    def on_message(message: dict[str, str]) -> None:
        for listener in listeners:
            listener(message)

    held = claim(places, on_message)
    if held is None:
        if raise_first(places):
            return 0
        raise EnvironmentFault(
            "CSR Desktop is open already, but does not answer.",
            "Wait a moment and start it again. If that does not help, restart this computer. Nothing is lost.",
        )
    try:
        app, application = make_desk(DeskOpener(places, secrets), arguments)
        listeners.append(lambda _message: application.raise_wanted.emit())
        if on_ready is not None:
            application.ready.connect(on_ready)
        return work(app, application)
    finally:
        held.close()
