"""When payroll taxes must be deposited and payroll returns filed. The rules are data (`resources/payroll/us.toml`)."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from typing import Final

import msgspec

from csr_desktop.domain.bank_days import HolidaysOf, days_after, legal_holidays, on_or_after

_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTH_AND_DAY: Final = re.compile(r"(\d{2})-(\d{2})", re.ASCII)


class RulesError(ValueError):
    """A file of deposit rules that cannot be used; the text is for a person."""


class DepositRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Either `day` of the month `months_later`, moved to the next business day; or so many `business_days` after the
    pay date, or after the weekday of `period_ends` that comes on or next after it.
    """

    period_ends: tuple[str, ...] = ()
    business_days: int = 0
    months_later: int = 0
    day: int = 0

    def __post_init__(self) -> None:
        if any(weekday not in _WEEKDAYS for weekday in self.period_ends):
            raise RulesError("A deposit period must end on a weekday, written like friday.")
        by_month = 1 <= self.day <= 31 and 0 <= self.months_later <= 12
        by_days = 1 <= self.business_days <= 30
        if by_month == by_days or (by_month and self.period_ends):
            raise RulesError("A deposit is due on a day of a month or some business days after a period, one of both.")

    def due(self, pay_date: dt.date, holidays_of: HolidaysOf) -> dt.date:
        if self.day:
            year, month = divmod(pay_date.year * 12 + pay_date.month - 1 + self.months_later, 12)
            last_day = calendar.monthrange(year, month + 1)[1]
            return on_or_after(dt.date(year, month + 1, min(self.day, last_day)), holidays_of)
        closes = pay_date
        while self.period_ends and _WEEKDAYS[closes.weekday()] not in self.period_ends:
            closes += dt.timedelta(days=1)
        return days_after(closes, self.business_days, holidays_of)


class Filing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A return and the days of the year, as MM-DD, on which it is due."""

    form: str
    name: str
    due: tuple[str, ...]

    def __post_init__(self) -> None:
        for text in self.due:
            _month_and_day(text)


class DepositRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The deposit rules of a country by name, and its filing dates."""

    deposits: dict[str, DepositRule]
    filings: tuple[Filing, ...] = ()

    def deposit_due(self, rule: str, pay_date: dt.date) -> dt.date:
        """The last day on which the taxes of a pay date are deposited in time, a business day of the IRS. In a
        semiweekly period each legal holiday among the three weekdays after it adds a day (Treas. Reg. 31.6302-1(c)(2);
        IRS Publication 15, "Deposits Due on Business Days Only"). Raises RulesError for a rule that is not there.
        """
        if rule not in self.deposits:
            raise RulesError(f"There is no deposit rule called {rule!r}.")
        return self.deposits[rule].due(pay_date, legal_holidays)

    def filings_due(self, first: dt.date, last: dt.date) -> tuple[tuple[dt.date, Filing], ...]:
        """Returns due from the first to the last date, both included, in order; a date on a weekend or legal holiday
        moves to the next business day.
        """
        found: list[tuple[dt.date, Filing]] = []
        for filing in self.filings:
            for year in range(first.year - 1, last.year + 1):
                for text in filing.due:
                    due = on_or_after(dt.date(year, *_month_and_day(text)), legal_holidays)
                    if first <= due <= last:
                        found.append((due, filing))
        return tuple(sorted(found, key=lambda entry: (entry[0], entry[1].form)))


def decode_rules(text: str) -> DepositRules:
    """Reads a TOML file's text; raises RulesError when it does not hold usable rules."""
    import tomllib

    try:
        return msgspec.convert(tomllib.loads(text), DepositRules)
    except tomllib.TOMLDecodeError as error:
        raise RulesError(f"The file of deposit rules is damaged: {error}.") from error
    except msgspec.ValidationError as error:
        raise RulesError(f"The file of deposit rules cannot be used: {error}.") from error


def _month_and_day(text: str) -> tuple[int, int]:
    found = _MONTH_AND_DAY.fullmatch(text)
    month, day = (int(found[1]), int(found[2])) if found else (0, 0)
    # Of a year that has no 29 February, since the date must exist each year.
    if not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(2001, month)[1]:
        raise RulesError(f"{text!r} is not a day of the year; write it like 04-30.")
    return month, day
