"""What is done and said once the first screen stands: how it ended last time, a new version, lines for the log."""

from __future__ import annotations

import logging
import platform
import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

from PySide6.QtCore import QObject

from csr_desktop import __version__
from csr_desktop.domain.errors import CsrDesktopError
from csr_desktop.protocol import PROTOCOL
from csr_desktop.system.own_program import StartedFile, command_name
from csr_desktop.ui.desk import Notice

if TYPE_CHECKING:
    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.domain.sync_status import SyncStatus
    from csr_desktop.system.log_place import LogPlace
    from csr_desktop.system.policy import Policy
    from csr_desktop.system.settings import Settings
    from csr_desktop.ui.application import Application
    from csr_desktop.ui.desk_window import DeskWindow
    from csr_desktop.ui.workstation_part import Workstation

_NUMBERS: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){0,2}", re.ASCII)
Log = Callable[..., None]
"""A level, an event, and values by the names that may be written; see system.diagnostics."""


class Station(Protocol):
    @property
    def settings(self) -> Settings: ...
    @property
    def settings_word(self) -> str: ...
    @property
    def policy(self) -> Policy: ...
    @property
    def log_place(self) -> LogPlace: ...
    def workstation(self) -> Workstation: ...
    def remember(self, **values: object) -> None: ...


class AfterStart(QObject):
    """Lives as long as the application. `follow` each window, and `begin` once the log is open."""

    def __init__(self, application: Application, station: Station) -> None:
        super().__init__(application)
        self._application = application
        self._station = station
        self._log: Log = lambda *_, **__: None
        self._phase = ""
        self._has_told = False
        self._file = StartedFile()
        self._is_replaced = False
        application.faulted.connect(lambda fault: self._log(logging.WARNING, "fault", kind=type(fault).__name__))

    def begin(self, made: DeskWindow, log: Log, report: str) -> None:
        """`report` is of how it failed when it last ran, '' when it did not."""
        self._log = log
        log(
            logging.INFO,
            "started",
            version=__version__,
            protocol=PROTOCOL,
            python=platform.python_version(),
            platform=sys.platform,
        )
        if report:
            log(logging.WARNING, "failed when it last ran")
            if self._station.settings.sends_error_reports:
                made.data.error_report = report
        if self._station.policy.faults:
            log(logging.WARNING, "not all of the policy was taken", count=len(self._station.policy.faults))
        strict = self._strict() if self._station.policy.is_strict else ""
        said = [self._failed()] if report else []
        said += filter(None, (strict, self._station.settings_word, self._station.log_place.words))
        if said:
            self._has_told = True
            made.desk.noticed.emit(Notice("\n".join(said), tone="info", stays=True))

    def end(self) -> None:
        self._log(logging.INFO, "ended")

    def _failed(self) -> str:
        return self.tr(
            "CSR Desktop failed when it last ran. What you saved is here, also what was not sent yet; look whether the "
            "last words that you typed are. In Settings you can save a report for your IT, without clients' data."
        )

    def _strict(self) -> str:
        return self.tr(
            "Some of your organization's settings can't be read, so what protects data is at its strictest here. You "
            "can go on working. Tell your IT that “{command} policy” says what is wrong."
        ).format(command=command_name())

    def follow(self, made: DeskWindow) -> None:
        """As soon as it is painted."""
        made.floats.workstation = self._station.workstation()
        made.status_said.connect(lambda status: self._on_status(made, status))
        made.pulled.connect(self._on_pulled)
        made.window.minute_passed.connect(lambda: self._on_minute(made))
        start = made.floats.workstation.start
        wanted = self._station.settings.starts_at_sign_in
        # An entry that the person made by the system's own means stays, unless the organization forbids it.
        if start is not None and (wanted or made.floats.workstation.is_start_settled()):

            def follow() -> None:
                start.follow(wanted=wanted)

            self._application.worker.ask(self, follow, lambda _: None, self._on_not_followed)

    def _on_not_followed(self, fault: CsrDesktopError) -> None:
        self._log(logging.WARNING, "start at sign-in could not be changed", error=type(fault.__cause__).__name__)

    def _on_minute(self, made: DeskWindow) -> None:
        if self._is_replaced or not self._file.is_replaced():
            return
        self._is_replaced = True
        self._log(logging.INFO, "another version was installed")
        text = self.tr(
            "CSR Desktop was updated on this computer. Quit it and start it again when you can: until then a part that "
            "you have not opened yet may not open. What you typed is kept."
        )
        made.desk.noticed.emit(Notice(text, tone="info", stays=True))

    def _on_pulled(self, change_set: ChangeSet) -> None:
        for table, ids in change_set.rows.items():
            self._log(logging.DEBUG, "changed", table=table, count=len(ids))

    def _on_status(self, made: DeskWindow, status: SyncStatus) -> None:
        if status.state == self._phase:
            return
        self._phase = status.state
        is_trouble = status.state not in {"starting", "syncing", "saved"}
        self._log(logging.WARNING if is_trouble else logging.INFO, "sync", kind=status.state)
        if status.state == "saved" and self._station.settings.tells_new_version and not self._has_told:
            made.desk.ask(made, made.desk.services.sync_state.newest_desk, lambda said: self._on_newest(made, said))

    def _on_newest(self, made: DeskWindow, newest: str) -> None:
        if self._station.settings.told_version == newest or not is_newer(newest, __version__):
            return
        self._has_told = True
        self._station.remember(told_version=newest)
        text = self.tr("A new version of CSR Desktop, {0}, is ready. Your IT installs it; you need do nothing.")
        made.desk.noticed.emit(Notice(text.format(newest), tone="info", stays=True))


def is_newer(said: str, own: str) -> bool:
    """Of versions such as 1.4.2; what is none is not newer."""

    def numbers(version: str) -> tuple[int, ...]:
        found = [int(part) for part in version.split(".")]
        return (*found, *(0,) * (3 - len(found)))

    both: list[Any] = [_NUMBERS.fullmatch(text) for text in (said, own)]
    return all(both) and numbers(said) > numbers(own)
