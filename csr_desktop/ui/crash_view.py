"""What is said when the program has failed: what happened, what was kept, where the report is, and to start again."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Signal

from csr_desktop.domain.errors import CsrDesktopError
from csr_desktop.ui.clipboard_guard import copy_out
from csr_desktop.ui.fault_view import FaultView
from csr_desktop.ui.kit.theme import ThemeSwitch


class CrashView(FaultView):
    """`report` is '' where none could be written; `place` is the folder of those that are."""

    quit_wanted = Signal()

    def __init__(self, themes: ThemeSwitch, report: str, place: str, *, is_kept: bool) -> None:
        ways = [("quit", _tr("Quit"))]
        if report:
            ways.append(("copy", _tr("Copy the report")))
        super().__init__(themes, _words(place if report else "", is_kept=is_kept), ways)
        self._report = report
        self.setWindowTitle(_tr("CSR Desktop has to end"))
        self.chosen.connect(self._on_chosen)

    def _on_chosen(self, way: str) -> None:
        if way == "copy":
            copy_out(self._report)
            self.buttons[1].setText(_tr("The report is copied"))
        else:
            self.quit_wanted.emit()


def _words(place: str, *, is_kept: bool) -> CsrDesktopError:
    kept = (
        _tr("What you typed is kept on this computer, and so is what was not sent yet.")
        if is_kept
        else _tr("What you typed last may not have been kept. Everything before it is on this computer.")
    )
    report = (
        _tr("A report without any client's data is in {place}. Please give it to your administrator.")
        if place
        else _tr("No report could be written. Please tell your administrator what you were doing.")
    ).format(place=place)
    advice = "\n\n".join((kept, _tr("Quit, then start CSR Desktop again."), report))
    return CsrDesktopError(_tr("CSR Desktop has failed by a fault of its own and has to end."), advice)


def _tr(words: str) -> str:
    return QCoreApplication.translate("CrashView", words)
