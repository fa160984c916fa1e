"""Takes a list of calls into a file: asks for the kind and the place, shows how far it is, and stops when told to.

Parts are read on the store's thread, between the screens' own questions, and written on another.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFrame, QWidget

from csr_desktop.services.call_export import COLUMNS
from csr_desktop.ui.aside import AsideThread
from csr_desktop.ui.background import StoreWorker
from csr_desktop.ui.calls.asked import Asked
from csr_desktop.ui.desk import Notice
from csr_desktop.ui.kit.action_float import PickFloat
from csr_desktop.ui.kit.bars import ProgressBar
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import ElidedLabel
from csr_desktop.ui.kit.panes import column, line
from csr_desktop.ui.kit.picker import Pick
from csr_desktop.ui.kit.theme import set_look
from csr_desktop.ui.save_dialog import Location, ask_where_to_save

if TYPE_CHECKING:
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.call_export import ExportPart, ExportPlan
    from csr_desktop.services.call_rows import CallFilter, CallKey
    from csr_desktop.system.table_files import TableFile
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.kit.theme import ThemeSwitch


class ExportBar(QFrame):
    """How far an export is, with a way to stop it."""

    stopped = Signal()

    def __init__(self, themes: ThemeSwitch, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_look(self, ground="fill")
        space = themes.theme.sizes.space
        self._words = ElidedLabel(size="caption")
        self.stop = Button(themes, self.tr("Stop"), role="notice")
        self.stop.clicked.connect(self.stopped)
        self._bar = ProgressBar(themes, self.tr("Export"))
        whole = column(self, spacing=space.tight, margins=(space.apart, space.close, space.close, space.close))
        row = line(spacing=space.close)
        row.addWidget(self._words, 1)
        row.addWidget(self.stop)
        whole.addLayout(row)
        whole.addWidget(self._bar)
        self.hide()

    def say(self, words: str, fraction: float) -> None:
        self._words.setText(words)
        self.setAccessibleName(words)
        self._bar.set_fraction(fraction)
        self.show()


class Exporting(QObject):
    """One export at a time."""

    ended = Signal()

    def __init__(self, desk: Desk, widget: QWidget, bar: ExportBar) -> None:
        super().__init__(widget)
        self._desk = desk
        self._widget = widget
        self._bar = bar
        self.floats = Asked(widget)
        self._aside = StoreWorker(AsideThread(), self, desk.store.translate)
        self._file: TableFile | None = None
        self._done = 0
        self._is_stopped = False
        bar.stopped.connect(self.stop)
        self.destroyed.connect(self._aside.retire)

    @property
    def is_running(self) -> bool:
        return self._file is not None

    # Asking

    def ask(self, chosen: CallFilter, words: str, anchor: QWidget) -> None:
        """Ctrl+E: what would be in it, and which kind of file."""
        if self.is_running:
            self._bar.stop.setFocus(Qt.FocusReason.ShortcutFocusReason)
            return
        export = self._desk.services.call_export

        def offer(plan: ExportPlan) -> None:
            if not plan.count:
                self._desk.noticed.emit(Notice(self.tr("There is nothing in this list to export."), tone="info"))
                return
            picks = [
                Pick("xlsx", self.tr("Excel workbook, .xlsx"), self.tr("%Ln call(s)", "", plan.count)),
                Pick("csv", self.tr("CSV file, .csv"), self.tr("%Ln call(s)", "", plan.count)),
                Pick("range", self.range_words(plan), is_enabled=False),
            ]
            if plan.span.is_cut:
                picks.append(Pick("cut", self.cut_words(plan), is_enabled=False))
            made = PickFloat(self._desk.themes, self._widget.window(), self.tr("Export: {0}").format(words))
            made.narrow(picks)
            made.taken.connect(lambda kind: self._ask_where(plan, words, kind))
            self.floats.pick(made, anchor)

        self._desk.ask_in_steps(self, lambda: export.plan(chosen), offer, self._desk.say_fault, key="plan")

    def range_words(self, plan: ExportPlan) -> str:
        first, last = (self._date(at) for at in (plan.from_at, plan.to_at))
        return first if first == last else self.tr("{0} to {1}").format(first, last)

    def cut_words(self, plan: ExportPlan) -> str:
        return self.tr("Calls before {0} are not on this computer").format(self._date(plan.span.kept_since_at))

    def _date(self, at: int) -> str:
        return self._desk.words.day(self._desk.words.local(at).date(), with_weekday=False)

    def _ask_where(self, plan: ExportPlan, words: str, kind: str) -> None:
        first, last = (self._desk.words.local(at).date().isoformat() for at in (plan.from_at, plan.to_at))
        ask_where_to_save(
            self._widget,
            self.tr("Export calls"),
            self.tr("Calls {0} to {1}").format(first, last) + "." + kind,
            lambda path: self.save_as(plan, words, kind, path),
            location=Location.DocumentsLocation,
            suffix=kind,
        )

    # Writing

    def save_as(self, plan: ExportPlan, words: str, kind: str, path: Path) -> None:
        self._done, self._is_stopped = 0, False
        zone = ZoneInfo(plan.zone)
        about = self._about(plan, words)
        name = self.tr("Calls")

        def begin() -> TableFile:
            from csr_desktop.system.table_files import CsvFile, XlsxFile

            return XlsxFile(path, COLUMNS, zone, name, about) if kind == "xlsx" else CsvFile(path, COLUMNS, zone)

        def go_on(file: TableFile) -> None:
            self._file = file
            self._show(plan)
            self._read(plan, file, None)

        self._aside.ask(self, begin, go_on, self._desk.say_fault)

    def _about(self, plan: ExportPlan, words: str) -> list[tuple[str, str]]:
        now = self._desk.words.local(self._desk.words.now())
        about = [
            (self.tr("List"), words),
            (self.tr("Calls"), self._desk.words.locale.toString(plan.count)),
            (self.tr("From"), self._local(plan.from_at)),
            (self.tr("To"), self._local(plan.to_at)),
            (self.tr("Times"), plan.zone),
            (self.tr("Exported"), now.replace(microsecond=0).isoformat(sep=" ")),
        ]
        if plan.span.is_cut:
            about.append((self.tr("Not in it"), self.cut_words(plan)))
        return about

    def _local(self, at: int) -> str:
        moment: dt.datetime = self._desk.words.local(at)
        return moment.replace(microsecond=0).isoformat(sep=" ")

    def _read(self, plan: ExportPlan, file: TableFile, after: CallKey | None) -> None:
        export = self._desk.services.call_export
        self._desk.ask(self, lambda: export.part(after), lambda part: self._write(plan, file, part), self._fail)

    def _write(self, plan: ExportPlan, file: TableFile, part: ExportPart) -> None:
        if self._is_stopped:
            self._leave(file)
            return

        def written(_none: None) -> None:
            self._done += len(part.rows)
            self._show(plan)
            if self._is_stopped:
                self._leave(file)
            elif part.next_key is None:
                self._aside.ask(self, file.finish, lambda _none: self._say_done(plan, file), self._fail)
            else:
                self._read(plan, file, part.next_key)

        self._aside.ask(self, lambda: file.put(part.rows), written, self._fail)

    def _show(self, plan: ExportPlan) -> None:
        number = self._desk.words.locale.toString
        words = self.tr("Exporting {0} of {1} calls").format(number(self._done), number(plan.count))
        self._bar.say(words, self._done / max(1, plan.count))

    def stop(self) -> None:
        """No file is left; one that was there before stays."""
        self._is_stopped = True

    def _leave(self, file: TableFile) -> None:
        def left(_none: None) -> None:
            self._end()
            self._desk.noticed.emit(Notice(self.tr("The export was stopped; no file was written."), tone="info"))

        self._aside.ask(self, file.leave, left)

    def _fail(self, fault: CsrDesktopError) -> None:
        file = self._file
        self._end()
        if file is not None:
            self._aside.ask(self, file.leave, lambda _none: None)
        self._desk.say_fault(fault)

    def _end(self) -> None:
        self._file = None
        self._bar.hide()
        self.ended.emit()

    def _say_done(self, plan: ExportPlan, file: TableFile) -> None:
        self._end()
        said = [
            self.tr("%Ln call(s), {0}, exported to {1}.", "", self._done).format(self.range_words(plan), file.path.name)
        ]
        if plan.span.is_cut:
            said.append(self.cut_words(plan) + ".")
        if file.cut_count:
            said.append(self.tr("%Ln note(s) were too long for a cell and are cut.", "", file.cut_count))
        self._desk.noticed.emit(Notice(" ".join(said)))
