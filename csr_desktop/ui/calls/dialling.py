"""Dialling out: a call that is placed here is handed to the softphone, in the way that the settings say."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from csr_desktop.domain import phone
from csr_desktop.domain.dialling import dialled
from csr_desktop.domain.errors import CsrDesktopError
from csr_desktop.ui.actions import Action
from csr_desktop.ui.aside import AsideThread
from csr_desktop.ui.background import StoreWorker
from csr_desktop.ui.calls.running_calls import running_calls
from csr_desktop.ui.desk import Notice

if TYPE_CHECKING:
    from csr_desktop.services.call_rows import RunningCall
    from csr_desktop.system.phone_access import PhoneAccess
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.main_window import MainWindow

ECHO_SECONDS: Final = 10.0
"""A link to the number that was dialled so lately is our own, come back: the desk itself opens such links here."""
OFFERED_SECONDS: Final = 120.0
"""So long the key starts what a link asked for while somebody was on the line."""


class Dialling(QObject):
    """One a window. The call runs in the pane already, whatever becomes of the dialling."""

    def __init__(self, desk: Desk, window: MainWindow, access: PhoneAccess) -> None:
        super().__init__(desk)
        self._desk = desk
        self.access = access
        self._running = running_calls(desk)
        self._aside = StoreWorker(AsideThread(), self)
        self._last = ""
        self._last_at = 0.0
        self._offered = ""
        self._offered_at = 0.0
        self._running.placed.connect(self.dial)
        window.actions_table.add(
            Action(
                "dial_number",
                self.tr("Dial the number of the call"),
                self.again,
                "Ctrl+Shift+D",
                icon="phone-outgoing",
                is_enabled=lambda: self._waiting() is not None or bool(self._offer()),
                works_in_text=True,
                why_not=lambda: self.tr("There is no call that waits to be dialed."),
            )
        )

    @property
    def is_on(self) -> bool:
        return self.access.settings.dial_way != "off"

    def is_echo(self, number: str) -> bool:
        """Whether a link to this number is what was just dialled here."""
        is_late = time.monotonic() - self._last_at > ECHO_SECONDS
        return bool(self._last) and not is_late and phone.digits(number) == phone.digits(self._last)

    def again(self) -> None:
        """Dial the call that nobody has answered yet: it came by a link, or the softphone was not there. Else start the
        one that a link asked for during another.
        """
        call, number = self._waiting(), self._offer()
        if call is not None:
            self.dial(call)
        elif number:
            self._offered = ""
            self._running.start(number)

    def offer(self, number: str) -> None:
        """A link asks for this call while another goes on, which it must not put on hold: a key starts it."""
        self._offered, self._offered_at = number, time.monotonic()

    def _offer(self) -> str:
        return self._offered if time.monotonic() - self._offered_at <= OFFERED_SECONDS else ""

    def dial(self, call: RunningCall) -> None:
        settings, services = self.access.settings, self._desk.services
        if settings.dial_way == "off" or not call.number:
            return

        def read() -> tuple[str, str]:
            home_region = services.lists.home_region()
            number = phone.parse(call.number, home_region)
            return dialled(number, home_region, settings.dial_form, settings.dial_prefix), number.extension

        self._desk.ask(self, read, lambda found: self._send(call.number_shown or call.number, *found))

    def close(self) -> None:
        self._aside.close()

    def _waiting(self) -> RunningCall | None:
        calls = (call for call in self._running.all() if call.phase == "dial" and call.number)
        return next(calls, None) if self.is_on else None

    def _send(self, shown: str, keys: str, extension: str) -> None:
        if not keys:
            self._say(self.tr("{0} is no number that can be dialed.").format(shown))
            return
        from csr_desktop.system.dialling import command_of, link_of, run_command, tel_link  # when a call is placed

        settings = self.access.settings
        self._last, self._last_at = keys, time.monotonic()
        try:
            if settings.dial_way == "command":
                words = command_of(settings.dial_command, keys)
                self._aside.ask(self, lambda: run_command(words), lambda _: None, lambda fault: self._say(str(fault)))
            elif settings.dial_way == "scheme":
                self._open(link_of(settings.dial_link, keys), shown)
            else:
                self._open(tel_link(keys, extension), shown)
        except CsrDesktopError as fault:
            self._say(str(fault))

    def _open(self, link: str, shown: str) -> None:
        if not QDesktopServices.openUrl(QUrl(link, QUrl.ParsingMode.StrictMode)):
            said = self.tr("Nothing here opens {0} links, so {1} was not dialed. See Phone in the settings.")
            self._say(said.format(f"{link.partition(':')[0]}:", shown))

    def _say(self, text: str) -> None:
        self._desk.noticed.emit(Notice(text, tone="danger"))
