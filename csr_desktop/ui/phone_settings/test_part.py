"""Whether what a softphone would tell arrives: a real one is told on its real way, marked as a test that is no call."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QTimer

from csr_desktop.system.phone_test import tell_by_address, tell_by_program
from csr_desktop.ui.aside import AsideThread
from csr_desktop.ui.background import StoreWorker
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.marks import IconMark
from csr_desktop.ui.kit.notice import announce
from csr_desktop.ui.kit.panes import Section, line

if TYPE_CHECKING:
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.softphone import Received
    from csr_desktop.system.phone_access import PhoneAccess
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.kit.theme import Tone

LONG_MILLISECONDS: Final = 1000
LOST_MILLISECONDS: Final = 10_000


class TestPart(Section):
    __test__ = False  # its name is no test's

    def __init__(self, desk: Desk, access: PhoneAccess) -> None:
        themes = desk.themes
        super().__init__(themes, desk.tr("Does it arrive?"))
        self._desk = desk
        self._access = access
        self._reference = ""
        self._began = 0.0
        self._aside = StoreWorker(AsideThread(), self)
        self.by_program = Button(themes, self.tr("Test the program"), icon="play")
        self.by_address = Button(themes, self.tr("Test the address"), icon="play")
        self._mark = IconMark(themes, "check-circle", tone="success")
        self.result = Label(self.tr("A test is told as a call is, but is none."), tone="muted", wraps=True)
        row = line(spacing=themes.theme.sizes.space.close)
        row.addWidget(self.by_program)
        row.addWidget(self.by_address)
        row.addStretch(1)
        said = line(spacing=themes.theme.sizes.space.close)
        said.addWidget(self._mark)
        said.addWidget(self.result, 1)
        self._mark.hide()
        self.body.addLayout(row)
        self.body.addLayout(said)
        self._long = self._timer(LONG_MILLISECONDS, self._on_long)
        self._lost = self._timer(LOST_MILLISECONDS, self._on_lost)
        self.by_program.clicked.connect(self._test_program)
        self.by_address.clicked.connect(self._test_address)
        desk.phone_heard.connect(self._on_heard)

    def refresh(self) -> None:
        url = self._access.state.url
        self.by_address.setEnabled(bool(url))
        why = "" if url else self.tr("The desk does not answer at an address.")
        self.by_address.setAccessibleDescription(why)
        self.by_address.setToolTip(why)

    def _timer(self, milliseconds: int, run: Callable[[], None]) -> QTimer:
        made = QTimer(self)
        made.setSingleShot(True)
        made.setInterval(milliseconds)
        made.timeout.connect(run)
        return made

    def _test_program(self) -> None:
        program = self._access.program
        self._tell(lambda reference: tell_by_program(program, reference))

    def _test_address(self) -> None:
        url = self._access.state.url
        self._tell(lambda reference: tell_by_address(url, reference))

    def _tell(self, tell: Callable[[str], None]) -> None:
        reference = self._reference = secrets.token_hex(8)
        self._began = time.monotonic()
        self._show(self.tr("A test is on its way …"), "muted", "")
        self._long.start()
        self._lost.start()
        self._aside.ask(self, lambda: tell(reference), lambda _: None, lambda fault: self._on_failed(reference, fault))

    def _on_heard(self) -> None:
        if self._reference:
            self._desk.ask(self, self._desk.services.softphone.latest, self._look, key="test")

    def _look(self, latest: tuple[Received, ...]) -> None:
        if self._reference and any(one.reference == self._reference for one in latest):
            seconds = time.monotonic() - self._began
            took = self.tr("{0} s").format(f"{seconds:.2f}")
            self._end(self.tr("It arrived after {0}.").format(took), "success", "check-circle")

    def _on_failed(self, reference: str, fault: CsrDesktopError) -> None:
        if reference == self._reference:
            self._end(str(fault), "danger", "warning-circle")

    def _on_long(self) -> None:
        self._show(self.tr("It has not arrived after a second. Still waiting …"), "warning", "warning")

    def _on_lost(self) -> None:
        said = self.tr("It has not arrived after {0} seconds, though nothing failed. Close the desk and open it again.")
        self._end(said.format(LOST_MILLISECONDS // 1000), "danger", "warning-circle")

    def _end(self, words: str, tone: Tone, icon: str) -> None:
        self._reference = ""
        self._long.stop()
        self._lost.stop()
        self._show(words, tone, icon)
        announce(self.result, words)

    def _show(self, words: str, tone: Tone, icon: str) -> None:
        self._mark.setVisible(bool(icon))
        if icon:
            self._mark.set_icon(icon, tone)
        self.result.set_tone(tone)
        self.result.setText(words)
