"""A client's payroll calendar: when pay must be processed, when it arrives and when its taxes are due."""

from __future__ import annotations

import calendar
import datetime as dt
from itertools import takewhile
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from csr_desktop.domain.bank_days import bank_holiday_names, bank_holidays, days_before, on_or_before
from csr_desktop.domain.business_calendar import zone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from csr_desktop.domain.deposits import DepositRules

Frequency = Literal["weekly", "biweekly", "semimonthly", "monthly"]
DepositRuleName = Literal["semiweekly", "monthly", "next-day"]
EventKind = Literal["bank_holiday", "cut_off", "pay_date", "deposit_due"]

_EVENT_ORDER: Final[tuple[EventKind, ...]] = ("bank_holiday", "cut_off", "pay_date", "deposit_due")
_STEP_DAYS: Final = {"weekly": 7, "biweekly": 14}
_PAY_DAYS: Final = {"semimonthly": 2, "monthly": 1}
_MOST_CUT_OFF_DAYS: Final = 20
_MOST_LAG_DAYS: Final = 60
# A monthly deposit comes up to seven weeks after its pay date.
_DEPOSIT_REACH: Final = dt.timedelta(days=60)
# The cut-off comes at most so long before its pay date, holidays included.
_CUT_OFF_REACH: Final = dt.timedelta(days=60)


class PayScheduleError(ValueError):
    """A pay schedule that cannot be used; the text is for a person."""


class PaySchedule(msgspec.Struct, frozen=True):
    """When a client's people are paid.

    `anchor_date` is any regular pay date (weekly, biweekly), `pay_days` are days of the month (semimonthly, monthly),
    of which 31 is the last of a shorter one. A pay date on a weekend or bank holiday moves to the bank business day
    before. The cut-off is `cut_off_days` bank business days earlier, at `cut_off_minute` after midnight in `time_zone`.
    A pay period ends `period_lag_days` before its regular pay date. Raises ValueError with words for a person when the
    parts do not fit together.
    """

    frequency: Frequency
    time_zone: str
    anchor_date: str = ""
    pay_days: tuple[int, ...] = ()
    cut_off_days: int = 2
    cut_off_minute: int = 17 * 60
    deposit_rule: DepositRuleName = "semiweekly"
    period_lag_days: int = 5

    def __post_init__(self) -> None:
        zone(self.time_zone)
        if self.frequency in _STEP_DAYS:
            _date(self.anchor_date)
        else:
            self._check_pay_days()
        if not 0 <= self.cut_off_days <= _MOST_CUT_OFF_DAYS:
            raise PayScheduleError(f"The cut-off can be 0 to {_MOST_CUT_OFF_DAYS} business days before the pay date.")
        if not 0 <= self.cut_off_minute < 24 * 60:
            raise PayScheduleError("The time of the cut-off must be within the day, from 00:00 to 23:59.")
        if not 0 <= self.period_lag_days <= _MOST_LAG_DAYS:
            raise PayScheduleError(f"A pay period can end 0 to {_MOST_LAG_DAYS} days before its pay date.")

    def next_clocks(self, now_at: int, rules: DepositRules) -> PayClocks:
        """The first processing cut-off at or after now, with what follows from it."""
        today = self._local_date(now_at)
        # A pay date never moves to a later day, so no earlier regular date can have a cut-off still to come.
        for regular_date in self._regular_dates(today):
            clocks = self._clocks(regular_date, rules)
            if clocks.cut_off_at >= now_at:
                return clocks
        raise PayScheduleError("This time is too far away for a pay schedule.")

    def upcoming(self, now_at: int, days: int, rules: DepositRules) -> list[PayEvent]:
        """What the payroll calendar holds for so many local days, today the first, in order: also a cut-off of today
        that has passed. One deposit for all pay dates that share its due date.
        """
        first = self._local_date(now_at)
        last = first + dt.timedelta(days=days - 1)
        reached = takewhile(lambda date: date <= last + _CUT_OFF_REACH, self._regular_dates(first - _DEPOSIT_REACH))
        runs = [self._clocks(regular_date, rules) for regular_date in reached]
        events = {PayEvent(run.cut_off_date, "cut_off", run.cut_off_at, run.pay_date) for run in runs}
        events |= {PayEvent(run.pay_date, "pay_date", 0, run.pay_date) for run in runs}
        latest_paid = {run.deposit_due: run.pay_date for run in runs}
        events |= {PayEvent(due, "deposit_due", 0, pay_date) for due, pay_date in latest_paid.items()}
        for year in range(first.year, last.year + 1):
            events |= {PayEvent(day.isoformat(), "bank_holiday", 0, "", name) for day, name in _weekday_holidays(year)}
        within = [event for event in events if first.isoformat() <= event.date <= last.isoformat()]
        return sorted(within, key=lambda event: (event.date, _EVENT_ORDER.index(event.kind), event.pay_date))

    def _check_pay_days(self) -> None:
        wanted = _PAY_DAYS[self.frequency]
        if len(set(self.pay_days)) != wanted or len(self.pay_days) != wanted:
            raise PayScheduleError(
                "Pay twice a month needs two different days of the month."
                if wanted == 2
                else "Pay once a month needs one day of the month."
            )
        if not all(1 <= day <= 31 for day in self.pay_days):
            raise PayScheduleError("A pay day is a day of the month, 1 to 31; 31 is the last day of every month.")

    def _local_date(self, at: int) -> dt.date:
        try:
            return dt.datetime.fromtimestamp(at / 1000, zone(self.time_zone)).date()
        except (OverflowError, OSError, ValueError) as error:
            raise PayScheduleError("This time is too far away for a pay schedule.") from error

    def _regular_dates(self, start: dt.date) -> Iterator[dt.date]:
        """Pay dates as the schedule says, before they move, from the start date on."""
        step = _STEP_DAYS.get(self.frequency)
        if step:
            date = start + dt.timedelta(days=(_date(self.anchor_date) - start).days % step)
            while date.year < dt.MAXYEAR:
                yield date
                date += dt.timedelta(days=step)
        year, month = start.year, start.month
        while not step and year < dt.MAXYEAR:
            last_day = calendar.monthrange(year, month)[1]
            for day in sorted({min(day, last_day) for day in self.pay_days}):
                if dt.date(year, month, day) >= start:
                    yield dt.date(year, month, day)
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)

    def _clocks(self, regular_date: dt.date, rules: DepositRules) -> PayClocks:
        pay_date = on_or_before(regular_date, bank_holidays)
        cut_off_date = days_before(pay_date, self.cut_off_days, bank_holidays)
        hour, minute = divmod(self.cut_off_minute, 60)
        cut_off = dt.datetime.combine(cut_off_date, dt.time(hour, minute), zone(self.time_zone))
        return PayClocks(
            cut_off_at=round(cut_off.timestamp()) * 1000,
            cut_off_date=cut_off_date.isoformat(),
            pay_date=pay_date.isoformat(),
            regular_pay_date=regular_date.isoformat(),
            deposit_due=rules.deposit_due(self.deposit_rule, pay_date).isoformat(),
            period_end=(regular_date - dt.timedelta(days=self.period_lag_days)).isoformat(),
        )


class PayClocks(msgspec.Struct, frozen=True):
    """The clocks of one pay run; dates are local ISO dates. `pay_date` is `regular_pay_date` unless that is no bank
    business day.
    """

    cut_off_at: int
    cut_off_date: str
    pay_date: str
    regular_pay_date: str
    deposit_due: str
    period_end: str


class PayEvent(msgspec.Struct, frozen=True):
    """Something on a local ISO date of the payroll calendar. `at` is the instant of a cut-off and 0 for whole days;
    `pay_date` is the pay date it belongs to ('' for a bank holiday, whose English `name` is given).
    """

    date: str
    kind: EventKind
    at: int
    pay_date: str
    name: str = ""


def decode(text: str) -> PaySchedule:
    """Reads what `encode` wrote; raises PayScheduleError when it is not a usable pay schedule."""
    try:
        return msgspec.json.decode(text, type=PaySchedule)
    except msgspec.ValidationError as error:
        if isinstance(error.__cause__, ValueError):
            raise PayScheduleError(str(error.__cause__)) from error
        raise PayScheduleError(f"This pay schedule cannot be read: {error}.") from error
    except (msgspec.DecodeError, UnicodeError) as error:
        raise PayScheduleError("This pay schedule cannot be read: it is damaged.") from error


def encode(schedule: PaySchedule) -> str:
    return msgspec.json.encode(schedule).decode()


def _weekday_holidays(year: int) -> Iterator[tuple[dt.date, str]]:
    return ((date, name) for date, name in bank_holiday_names(year).items() if date.weekday() < 5)


def _date(text: str) -> dt.date:
    try:
        date = dt.date.fromisoformat(text)
    except ValueError:
        date = None
    if date is None or date.isoformat() != text or not 1900 <= date.year < 2400:
        raise PayScheduleError(f"{text[:40]!r} is not a pay date; write it like 2026-06-05.")
    return date
