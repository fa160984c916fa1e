"""Puts the parts together: which files, which clock, which keyring; nothing here decides anything of the trade."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from csr_desktop.domain.errors import CsrDesktopError, EnvironmentFault, Refused, Unreadable
from csr_desktop.services.sign_in import ACCOUNT_FILE, Account, Accounts
from csr_desktop.services.unlocking import Unlocking
from csr_desktop.store.meta_file import is_copy, key_checks
from csr_desktop.system.clock import wall_clock
from csr_desktop.system.data_whereabouts import noted_folders, settle
from csr_desktop.system.keyring_store import FolderSecrets, PersonSecrets, Secrets, SystemKeyring, check_keeps
from csr_desktop.system.phone_access import PhoneAccess
from csr_desktop.system.places import Places
from csr_desktop.system.policy import changed_by_person, decide
from csr_desktop.system.policy_keys import listed
from csr_desktop.system.policy_sources import NO_SOURCES, Sources, sources_of_this_computer
from csr_desktop.system.proxies import Proxies, SystemChoice, ask_system, rules_of
from csr_desktop.system.settings import Settings, SettingsFile

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from csr_desktop.services.desk_data import DeskData
    from csr_desktop.system.crashes import CrashHandler
    from csr_desktop.system.diagnostics import DiagnosticsLog
    from csr_desktop.system.log_place import LogPlace
    from csr_desktop.system.single_instance import Claim
    from csr_desktop.ui.after_start import AfterStart
    from csr_desktop.ui.application import Application
    from csr_desktop.ui.desk_window import DeskWindow
    from csr_desktop.ui.workstation_part import Workstation


class DeskOpener:
    """Opens one person's desk in these places with these keys; see ui.application.Opener."""

    def __init__(
        self, places: Places, secrets: Secrets, suggested_server: str = "", sources: Sources = NO_SOURCES
    ) -> None:
        self.places = places
        self.secrets = secrets
        places.make()
        self._remembering = threading.Lock()
        self._settings_file = SettingsFile(places.config / "settings.json")
        self._chosen, self.settings_word = self._settings_file.load()
        self.policy = decide(sources, self._chosen, self._settings_file.touched)
        self.settings = self.policy.apply(self._chosen)
        self.proxies = desk_proxies(lambda: self.settings, secrets)
        self.accounts = Accounts(
            places.config, secrets, key_checks=lambda: key_checks(places.data), proxies=self.proxies
        )
        self._unlocking = Unlocking(
            self.accounts.keys,
            self.accounts.sign_in_again,
            time.monotonic,
            self.settings.failed_unlocks,
            lambda failures: self.remember(failed_unlocks=failures),
        )
        self._suggested_server = suggested_server
        self.phone = PhoneAccess(places, lambda: self.settings, self.remember, wall_clock, self.is_managed)

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
        account = self.accounts.current()
        return None if account is None else self._at_its_address(account)

    def _at_its_address(self, account: Account) -> Account:
        """At the address that the organisation's policy names, where it names one. The account's file follows once the
        server was heard of there: until then the old address holds again as soon as the policy goes.
        """
        wanted = self.settings.server_url
        if not wanted or not self.is_managed("server_url") or wanted == account.server_url:
            return account
        from csr_desktop.sync.transport import checked_url

        url = checked_url(wanted)
        return account if url == account.server_url else account.moved(url)

    def _keep_moved(self, account: Account) -> None:
        with suppress(OSError):  # it is asked again at the next start
            self.accounts.keep(account)

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
        before = self.accounts.current()
        is_moved = before is not None and before.server_url != account.server_url
        on_proven = self._keep_moved if is_moved else None
        files = self.settings.attachments
        return DeskData(
            self.places.data, account, keys, wall_clock, local_zone, self.proxies, on_proven=on_proven, files=files
        )

    def no_way_in(self) -> Refused | None:
        """Why nobody may sign in here, where the organisation's policy leaves no way that there is."""
        if "password" in listed(self.settings.sign_in_methods):
            return None
        return Refused(
            "sign_in_method",
            "Your organization does not let people sign in with a password on this computer.",
            "This version knows no other way. Ask your administrator. What you wrote here is kept.",
        )

    def _check_way_in(self) -> None:
        if (refusal := self.no_way_in()) is not None:
            raise refusal

    def sign_in(self, server_url: str, login: str, password: str) -> Account:
        """Where no key can be kept nothing is sent, and no workstation registered."""
        self._check_way_in()
        check_keeps(self.secrets)
        account = self.accounts.sign_in(server_url, login, password)
        self._unlocking.forget_failures()
        return account

    def sign_in_again(self, account: Account, password: str) -> tuple[Account, PersonSecrets]:
        self._check_way_in()
        return self.accounts.sign_in_again(account, password)

    def unlock(self, account: Account, password: str) -> tuple[Account, PersonSecrets] | None:
        """See Unlocking; on a thread of its own."""
        self._check_way_in()
        return self._unlocking.unlock(account, password)

    def sign_out(self) -> None:
        self.accounts.sign_out()

    def remove(self, account: Account) -> None:
        """Delete the person's keys and file: the workstation was revoked. Cut off midway, `current` ends it."""
        self.accounts.begin_removal()
        self._end_removal(account)

    def _end_removal(self, account: Account) -> None:
        from csr_desktop.store.opening import wipe

        def wipe_all() -> None:
            for folder in dict.fromkeys([*noted_folders(self.places.config), self.places.data]):
                wipe(folder / account.file_name)

        self.accounts.end_removal(account, wipe_all)

    def mend(self, account: Account, way: str) -> None:
        """Set the person's file aside and make a new one, which the server fills; what was not sent goes into it."""
        from csr_desktop.store.salvage import make_anew

        keys = self.accounts.keys(account)
        if way == "fresh" and keys is not None:  # without keys, signing in again is the way out
            make_anew(self.places.data / account.file_name, keys.database_key, wall_clock)

    @cached_property
    def log_place(self) -> LogPlace:
        from csr_desktop.system.log_place import log_place

        return log_place(self.places, self.settings)

    def workstation(self) -> Workstation:
        """For the settings; see ui.workstation_part."""
        from csr_desktop.system.start_at_sign_in import start_for
        from csr_desktop.ui.workstation_part import Workstation

        def report(target: Path) -> Generator[None, None, None]:
            from csr_desktop.sync.way import checked_in_time
            from csr_desktop.system.diagnostics_file import write_diagnostics

            account = self.accounts.current()
            url = account.server_url if account is not None else ""
            found = yield from checked_in_time(url, "signed in there", self.proxies)
            write_diagnostics(target, self.places, {"connection": found})

        return Workstation(start_for(self.places), lambda: self.is_managed("starts_at_sign_in"), self.remember, report)

    def suggested_server(self) -> str:
        return self.settings.server_url or self._suggested_server

    def remembered(self, name: str) -> object:
        return getattr(self.settings, name, None)

    def is_managed(self, name: str) -> bool:
        """Whether the organisation has settled it: `remember` then leaves it."""
        return self.policy.is_locked(name)

    def remember(self, **values: Any) -> None:
        kept = changed_by_person(values, self.policy)
        with self._remembering:  # also on the thread that unlocks
            self._chosen = msgspec.structs.replace(self._chosen, **kept)
            self.settings = msgspec.structs.replace(self.settings, **kept)
            self._settings_file.save(self._chosen, touched=kept)


def desk_proxies(settings: Callable[[], Settings], secrets: Secrets) -> Proxies:
    return Proxies(lambda: rules_of(settings()), secrets, system_proxies)


def system_proxies(url: str) -> SystemChoice:
    """What the system says; macOS is asked by way of Qt, which has its proxy scripts run."""
    if sys.platform == "darwin":
        from csr_desktop.ui.mac_proxies import ask_mac

        return ask_mac(url)
    return ask_system(url)


def system_secrets() -> Secrets:
    return SystemKeyring()


def demo_secrets(places: Places) -> Secrets:
    """The demo keeps its keys in its own folder, so that it runs where there is no keyring. Nothing else does."""
    return FolderSecrets(places.data / "keys")


def make_desk(opener: DeskOpener, arguments: list[str], held: Claim | None = None) -> tuple[QApplication, Application]:
    """The desk and the program that it lives in, not yet started. It hears what others tell it once its window stands:
    by the place `held`, and by the phone's address.
    """
    gc.disable()  # what start-up makes is no garbage, and looking for some takes time; ui.application enables it
    from csr_desktop.ui.plain_import import import_qt

    import_qt()
    from csr_desktop.ui.application import Application, make_application

    app, themes = make_application(arguments, str(opener.remembered("theme") or "system"))
    application = Application(app, themes, opener)
    if sys.platform == "darwin":
        from csr_desktop.ui.opened_links import OpenedLinks

        app.installEventFilter(OpenedLinks(application, application.told.emit))
    said: set[str] = set()
    application.settled.connect(lambda: _listen(opener, held, application, said))
    application.ended.connect(opener.phone.close)
    application.ended.connect(app.quit)
    return app, application


def work(app: QApplication, application: Application, opener: DeskOpener) -> int:
    """Start the desk and stay until the person or a signal ends it, in order; the program's exit code.

    An error that nobody expected leaves a report beside the log and ends it with 1.
    """
    from csr_desktop.ui.signals import ended_by_signals

    watch = Watch(application, opener)
    try:
        with ended_by_signals(application.close):
            try:
                application.start()
            except Exception:  # noqa: BLE001  # as an error in a slot: said in a window
                sys.excepthook(*sys.exc_info())
            code = app.exec()
    finally:
        watch.close()
    return 1 if watch.has_crashed else code


def _listen(opener: DeskOpener, held: Claim | None, application: Application, said: set[str]) -> None:
    """More often does nothing. What fails is said once: where no desk is open, saying it settles the window again."""
    faults: list[EnvironmentFault] = []
    try:
        if held is not None:
            held.listen(application.told.emit)
    except EnvironmentFault as fault:
        faults.append(fault)
    if not opener.phone.is_begun and (fault_said := opener.phone.begin(application.told.emit).fault):
        faults.append(EnvironmentFault(fault_said))
    for found in faults:
        if str(found) not in said:
            said.add(str(found))
            application.faulted.emit(found)


class Watch:
    """Takes errors that nothing caught, in any thread: the world's are said, any other ends the program with a report.

    What writes reports and the log is imported after the first screen is painted, or when it is needed.
    """

    def __init__(self, application: Application, opener: DeskOpener) -> None:
        self._application = application
        self._opener = opener
        self._after: AfterStart | None = None
        self._lock = threading.Lock()
        self._handler: CrashHandler | None = None
        self._log: DiagnosticsLog | None = None
        self.has_crashed = False
        self._before = self._report = (sys.excepthook, threading.excepthook)
        self._hook()
        application.ready.connect(self._begin)

    def _hook(self) -> None:
        sys.excepthook, threading.excepthook = self._uncaught, self._uncaught_in_thread

    def _begin(self, made: DeskWindow) -> None:
        self._install()  # with the log, before what may fail

        def begin(report: str) -> None:
            if self._after is not None:
                self._after.begin(made, self._write, report)

        self._application.worker.ask(self._application, self._open_log, begin)
        from csr_desktop.ui.after_start import AfterStart

        if self._after is None:
            self._after = AfterStart(self._application, self._opener)
        self._after.follow(made)

    def _install(self) -> None:
        with self._lock:
            if self._handler is not None:
                return
            from csr_desktop.system.crashes import install_crash_handler

            sys.excepthook, threading.excepthook = self._before
            place = self._opener.log_place.folder
            try:
                self._handler = install_crash_handler(place, wall_clock, self._on_crash)
                self._report = (sys.excepthook, threading.excepthook)
            finally:
                self._hook()

    def _open_log(self) -> str:
        """How the program failed when it last ran, '' when it did not or that was said."""
        from csr_desktop.system.crashes import read_last_crash
        from csr_desktop.system.diagnostics import DiagnosticsLog

        place = self._opener.log_place
        if self._log is None:
            self._log = DiagnosticsLog(place.folder, place.level)
        return read_last_crash(place.folder) or ""

    @staticmethod
    def _write(level: int, event: str, **values: object) -> None:
        import structlog

        structlog.get_logger("csr_desktop").log(level, event, **values)

    def _uncaught(self, kind: type[BaseException], error: BaseException, trace: Any) -> None:
        if not self._is_said(error):
            self._prepare_report()
            self._report[0](kind, error, trace)

    def _uncaught_in_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is None or not self._is_said(args.exc_value):
            self._prepare_report()
            self._report[1](args)

    def _is_said(self, error: BaseException) -> bool:
        said = self._application.worker.translate(error)
        if said is not None:
            self._application.faulted.emit(said)
        return said is not None

    def _prepare_report(self) -> None:
        try:
            self._install()
        except OSError:
            self._on_crash("")

    def _on_crash(self, report: str) -> None:
        self.has_crashed = True
        self._application.crashed.emit(report, str(self._opener.log_place.folder))

    def close(self) -> None:
        if self._handler is not None:
            self._handler.close()
        if self._log is not None:
            if self._after is not None:
                self._after.end()
            self._log.close()
        sys.excepthook, threading.excepthook = self._before


def run_desk(
    places: Places,
    secrets: Secrets,
    arguments: list[str] | None = None,
    on_ready: Callable[[DeskWindow], None] | None = None,
    *,
    is_minimised: bool = False,
) -> int:
    """The desk until it is closed, by the person or a signal; the program's exit code. A second start raises the first
    one's window. What keeps it from starting is said in a window; where none can be shown, EnvironmentFault is raised.

    `on_ready` is told once, when the inbox is painted. With `is_minimised` its window waits in the task bar, and where
    it runs already, in whatever session, nothing is done.
    """
    arguments = arguments or sys.argv[:1]
    try:
        return _run_first(places, secrets, arguments, on_ready, is_minimised=is_minimised)
    except EnvironmentFault as fault:
        from csr_desktop.system.display import has_display, wants_window_on_display

        if not (wants_window_on_display() and has_display()):
            raise
        from csr_desktop.ui.application import say_alone

        return say_alone(arguments, fault)


def settle_data(places: Places) -> None:
    """Bring the person's data along from the folder of the last start, where the organisation has named another one
    since. Raises EnvironmentFault, and then it is as it was.
    """
    usual = Places.usual()
    if places.config == usual.config:  # a home of its own, such as the demo's, knows no policy
        settle(places, usual, is_copy, is_signed_in=(places.config / ACCOUNT_FILE).exists())


def _run_first(
    places: Places,
    secrets: Secrets,
    arguments: list[str],
    on_ready: Callable[[DeskWindow], None] | None,
    *,
    is_minimised: bool,
) -> int:
    from csr_desktop.system.single_instance import claim, raise_first

    settle_data(places)
    places.make()
    held = claim(places)
    if held is None:
        if is_minimised or raise_first(places):
            return 0
        raise EnvironmentFault(
            "CSR Desktop is open already, but does not answer.",
            "Wait a moment and start it again. If that does not help, restart this computer. Nothing is lost.",
        )
    try:
        opener = DeskOpener(places, secrets, sources=sources_of_this_computer())
        app, application = make_desk(opener, arguments, held)
        application.opens_minimised = is_minimised
        if on_ready is not None:
            application.ready.connect(on_ready)
        return work(app, application, opener)
    finally:
        held.close()
