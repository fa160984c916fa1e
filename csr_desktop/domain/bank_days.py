"""Days on which US banks work, and days that the IRS counts as business days: two calendars that differ.

A holiday on a Saturday closes no bank on the Friday before, yet that Friday is a legal holiday in the District of
Columbia and delays a tax deposit; so do Emancipation Day and Inauguration Day, when banks are open. The dates are those
of the `holidays` library, imported when first needed and a year at a time, since it is slow.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeAlias

HolidaysOf: TypeAlias = Callable[[int], frozenset[dt.date]]
"""The holidays of a year that keep a day from counting."""

_DAY: Final = dt.timedelta(days=1)
_SATURDAY: Final = 5


def bank_holidays(year: int) -> frozenset[dt.date]:
    """Holidays of the Federal Reserve Banks, when no pay can arrive (federalreserve.gov, "Holidays observed"). Those on
    a Sunday come with the Monday on which they are kept.
    """
    return frozenset(bank_holiday_names(year))


@lru_cache(maxsize=32)
def bank_holiday_names(year: int) -> dict[dt.date, str]:
    """The bank holidays of a year with their English names."""
    from holidays.financial.federal_reserve import FederalReserve

    found = FederalReserve(years=year)  # type: ignore[no-untyped-call]
    return dict(sorted(found.items()))


@lru_cache(maxsize=32)
def legal_holidays(year: int) -> frozenset[dt.date]:
    """Legal holidays in the District of Columbia, those of section 7503 of the Internal Revenue Code, with the days on
    which they are kept.
    """
    from holidays.countries.united_states import UnitedStates

    return frozenset(UnitedStates(years=year, subdiv="DC"))  # type: ignore[no-untyped-call]


def is_business_day(date: dt.date, holidays_of: HolidaysOf) -> bool:
    return date.weekday() < _SATURDAY and date not in holidays_of(date.year)


def on_or_before(date: dt.date, holidays_of: HolidaysOf) -> dt.date:
    """The date, or the last business day before it."""
    while not is_business_day(date, holidays_of):
        date -= _DAY
    return date


def on_or_after(date: dt.date, holidays_of: HolidaysOf) -> dt.date:
    """The date, or the next business day after it."""
    while not is_business_day(date, holidays_of):
        date += _DAY
    return date


def days_before(date: dt.date, count: int, holidays_of: HolidaysOf) -> dt.date:
    """The business day so many business days before a date, which itself need not be one; the date itself for none."""
    for _ in range(count):
        date = on_or_before(date - _DAY, holidays_of)
    return date


def days_after(date: dt.date, count: int, holidays_of: HolidaysOf) -> dt.date:
    """The business day so many business days after a date, which itself need not be one; the date itself for none."""
    for _ in range(count):
        date = on_or_after(date + _DAY, holidays_of)
    return date
