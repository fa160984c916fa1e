"""The payroll calendar of the next two weeks: cut-off, pay date, deposit, bank holidays."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from csr_desktop.ui.clients.client_words import ClientWords
from csr_desktop.ui.kit.panes import Card
from csr_desktop.ui.kit.strips import Day, Mark, ScheduleStrip
from csr_desktop.ui.wording import place_of

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from csr_desktop.services import client_rows
    from csr_desktop.ui.kit.strips import MarkKind
    from csr_desktop.ui.kit.theme import ThemeSwitch, Tone

_DAY_SECONDS = 86_400
_KINDS: dict[str, MarkKind] = {
    "cut_off": "cut_off",
    "pay_date": "pay_date",
    "deposit_due": "deposit",
    "bank_holiday": "holiday",
}


class ScheduleCard(Card):
    """Hidden for clients without a pay schedule."""

    def __init__(self, themes: ThemeSwitch, words: ClientWords, parent: QWidget | None = None) -> None:
        # A title at once, so that the card has room for it.
        super().__init__(themes, title=" ", parent=parent)
        self._words = words
        self._schedule: client_rows.ScheduleStrip | None = None
        self.strip = ScheduleStrip(themes, self.tr("Payroll calendar"))
        self.body.addWidget(self.strip)

    def show_schedule(self, schedule: client_rows.ScheduleStrip | None) -> None:
        self._schedule = schedule
        self.setVisible(schedule is not None)
        if schedule is None:
            return
        words = self._words
        end = words.words.day(schedule.period_end, with_weekday=False)
        self.set_title(self.tr("{0}, period ending {1}").format(words.pay_title(schedule.frequency), end))
        self.set_caption(self.tr("Times in {0}").format(place_of(schedule.time_zone)))
        self.show_time()

    @property
    def is_of_yesterday(self) -> bool:
        schedule, words = self._schedule, self._words.words
        return schedule is not None and schedule.today < words.local(words.now(), schedule.time_zone).date().isoformat()

    def show_time(self) -> None:
        schedule = self._schedule
        if schedule is None:
            return
        days = [Day(self._words.day_name(dt.date.fromisoformat(d.date)), d.is_weekend) for d in schedule.days]
        marks = [self._mark(mark, schedule) for mark in schedule.marks]
        now = self._words.words.now()
        self.strip.set_schedule(days, marks, self._at(now, schedule))

    def _at(self, at: int, schedule: client_rows.ScheduleStrip) -> float:
        """Days since the start of the first one; its local wall clock, so that noon is in the middle."""
        moment = self._words.words.local(at, schedule.time_zone)
        first = dt.date.fromisoformat(schedule.days[0].date)
        passed = moment.hour * 3600 + moment.minute * 60 + moment.second
        return (moment.date() - first).days + passed / _DAY_SECONDS

    def _mark(self, mark: client_rows.StripMark, schedule: client_rows.ScheduleStrip) -> Mark:
        first = dt.date.fromisoformat(schedule.days[0].date)
        whole_day = (dt.date.fromisoformat(mark.date) - first).days + 0.5
        if mark.kind == "cut_off":
            return self._cut_off(mark, schedule)
        if mark.kind == "bank_holiday":
            return Mark(whole_day, "holiday", self.tr("Bank holiday"), mark.name)
        if mark.kind == "deposit_due":
            return Mark(whole_day, "deposit", self.tr("Deposit due"), self._words.deposit_rule(schedule.deposit_rule))
        return Mark(whole_day, _KINDS[mark.kind], self.tr("Pay date"))

    def _cut_off(self, mark: client_rows.StripMark, schedule: client_rows.ScheduleStrip) -> Mark:
        words, now = self._words.words, self._words.words.now()
        hour = self._words.hour(mark.at, schedule.time_zone)
        is_past, is_today = mark.at < now, mark.date == schedule.today
        tone: Tone = "muted" if is_past else "warning" if is_today else ""
        detail = hour
        if not is_past and is_today:
            detail = self.tr("{0}, {1}").format(hour, words.until(mark.at).spoken)
        elif is_past:
            detail = self.tr("{0}, passed").format(hour)
        return Mark(self._at(mark.at, schedule), "cut_off", self.tr("Cut-off"), detail, tone)
