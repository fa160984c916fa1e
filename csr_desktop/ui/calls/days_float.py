"""From which day to which day."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from PySide6.QtCore import QDate, QLocale, Signal

from csr_desktop.domain.errors import BadInput
from csr_desktop.ui.form_float import FormFloat

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from csr_desktop.ui.desk import Desk

_FORMATS = (QLocale.FormatType.ShortFormat, QLocale.FormatType.LongFormat, QLocale.FormatType.NarrowFormat)


class DaysFloat(FormFloat):
    """Says ISO dates; '' is open at that end."""

    taken = Signal(str, str)

    def __init__(self, desk: Desk, window: QWidget, from_day: str, to_day: str) -> None:
        super().__init__(desk, window, self.tr("From a day to a day"), self.tr("Show"))
        self._locale = desk.words.locale
        hint = self._shown(desk.words.local(desk.words.now()).date().isoformat())
        self.first = self.add_line(self.tr("From"), hint, self._shown(from_day))
        self._last = self.add_line(self.tr("To, this day included"), hint, self._shown(to_day))

    def _shown(self, day: str) -> str:
        if not day:
            return ""
        date = dt.date.fromisoformat(day)
        return self._locale.toString(QDate(date.year, date.month, date.day), QLocale.FormatType.ShortFormat)

    def take(self) -> None:
        try:
            first, last = self._read(self.first.text()), self._read(self._last.text())
        except BadInput as fault:
            self.say_fault(fault)
            return
        if not first and not last:
            self.say_fault(BadInput("", self.tr("Give at least one of the two days.")))
            return
        if first and last and first > last:
            first, last = last, first
        self.leave()
        self.taken.emit(first, last)

    def _read(self, text: str) -> str:
        """As the locale writes dates, or as ISO does."""
        typed = text.strip()
        if not typed:
            return ""
        try:
            return dt.date.fromisoformat(typed).isoformat()
        except ValueError:
            pass
        for form in _FORMATS:
            found = self._locale.toDate(typed, form)
            if found.isValid():
                year = found.year() + 100 if found.year() < 1950 else found.year()  # two digits are of this century
                return f"{year:04d}-{found.month():02d}-{found.day():02d}"
        words = self.tr("\u201c{0}\u201d is no day that can be read.").format(typed)
        raise BadInput("", words, self.tr("Write it as {0}.").format(self._shown("2026-05-14")))
