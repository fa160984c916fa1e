"""In the settings, of this workstation: whether it starts at sign-in, and a report for IT."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from csr_desktop.domain.errors import CsrDesktopError
from csr_desktop.ui.desk import Desk
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.checks import CheckBox
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.managed import ManagedLine
from csr_desktop.ui.kit.panes import column
from csr_desktop.ui.save_dialog import ask_where_to_save

if TYPE_CHECKING:
    from csr_desktop.system.start_at_sign_in import StartAtSignIn

REPORT_NAME = "csr-desktop-diagnostics.zip"


class Workstation(msgspec.Struct, frozen=True):
    """`start` is None where the desk keeps its files in a place of its own, as the demo does. `report` writes a file
    for IT, without any client's data, in steps of a moment each, which may run on any thread.
    """

    start: StartAtSignIn | None
    is_start_settled: Callable[[], bool]
    remember: Callable[..., None]
    report: Callable[[Path], Generator[None, None, None]]


class WorkstationPart(QWidget):
    resized = Signal()

    def __init__(self, desk: Desk, station: Workstation, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._station = station
        self.starts = CheckBox(desk.themes, self.tr("Start, minimized, when I sign in to this computer"))
        self.starts.clicked.connect(self._on_starts)
        self.managed = ManagedLine(desk.themes, self.starts)
        self.problem = Label(size="caption", tone="danger", wraps=True)
        self.report = Button(desk.themes, self.tr("Save a report for IT"))
        self.report.clicked.connect(self._ask_where)
        self.saved = Label(size="caption", tone="muted", wraps=True)
        whole = column(self, spacing=desk.themes.theme.sizes.space.close)
        for part in (self.starts, self.managed, self.problem):
            whole.addWidget(part)
        row = QHBoxLayout()
        row.addWidget(self.report)
        row.addStretch(1)
        whole.addLayout(row)
        whole.addWidget(self.saved)

    def refresh(self) -> None:
        start = self._station.start
        self.starts.setVisible(start is not None)
        is_managed = start is not None and (start.is_for_everyone or self._station.is_start_settled())
        self.managed.settle(is_managed=is_managed)
        self.starts.setChecked(start is not None and start.is_on)
        self.problem.hide()
        self.saved.setText(
            self.tr("Versions, settings, the way to the server, the log and reports of failures: no data of clients.")
        )

    def _on_starts(self, is_on: bool) -> None:  # a slot's only argument
        start = self._station.start
        if start is None:
            return
        try:
            start.follow(wanted=is_on)
            self._station.remember(starts_at_sign_in=is_on)
        except CsrDesktopError as fault:
            self.refresh()
            self.problem.setText(str(fault))
            self.problem.show()
        else:
            self.problem.hide()
        self.resized.emit()

    def _ask_where(self) -> None:
        ask_where_to_save(self, self.tr("Save a report for IT"), REPORT_NAME, self.save)

    def save(self, path: Path) -> None:
        self.report.setEnabled(False)
        self.saved.setText(self.tr("The way to the server is looked at for it…"))
        report = partial(self._station.report, path)
        self._desk.ask_in_steps(self, report, lambda _: self._on_saved(path), self._on_not_saved)

    def _on_saved(self, path: Path) -> None:
        self._say(self.tr("The report is in {0}. Give it to your IT.").format(path))

    def _on_not_saved(self, fault: CsrDesktopError) -> None:
        self._say(str(fault))

    def _say(self, words: str) -> None:
        self.report.setEnabled(True)
        self.saved.setText(words)
        self.resized.emit()
