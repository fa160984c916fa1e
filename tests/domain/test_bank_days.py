"""Bank holidays and legal holidays, held against the published lists."""

from __future__ import annotations

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from csr_desktop.domain.bank_days import (
    bank_holiday_names,
    bank_holidays,
    days_after,
    days_before,
    is_business_day,
    legal_holidays,
    on_or_after,
    on_or_before,
)


def dates(*texts: str) -> set[dt.date]:
    return {dt.date.fromisoformat(text) for text in texts}


def weekdays(found: frozenset[dt.date]) -> set[dt.date]:
    return {date for date in found if date.weekday() < 5}


def test_the_bank_holidays_of_2026_and_2027() -> None:
    assert weekdays(bank_holidays(2026)) == dates(
        *("2026-01-01", "2026-01-19", "2026-02-16", "2026-05-25", "2026-06-19", "2026-09-07", "2026-10-12"),
        *("2026-11-11", "2026-11-26", "2026-12-25"),
    )
    assert weekdays(bank_holidays(2027)) == dates(
        *("2027-01-01", "2027-01-18", "2027-02-15", "2027-05-31", "2027-07-05", "2027-09-06", "2027-10-11"),
        *("2027-11-11", "2027-11-25"),
    )


def test_a_holiday_on_saturday_closes_no_bank_on_friday_but_is_a_legal_holiday_there() -> None:
    for friday in dates("2026-07-03", "2027-06-18", "2027-12-24", "2027-12-31"):
        assert friday not in bank_holidays(friday.year)
        assert friday in legal_holidays(friday.year)


def test_the_districts_own_holidays_are_legal_holidays() -> None:
    # IRS Publication 509 for 2015 and the list of 2023.
    assert weekdays(legal_holidays(2015)) == dates(
        *("2015-01-01", "2015-01-19", "2015-02-16", "2015-04-16", "2015-05-25", "2015-07-03", "2015-09-07"),
        *("2015-10-12", "2015-11-11", "2015-11-26", "2015-12-25"),
    )
    assert weekdays(legal_holidays(2023)) == dates(
        *("2023-01-02", "2023-01-16", "2023-02-20", "2023-04-17", "2023-05-29", "2023-06-19", "2023-07-04"),
        *("2023-09-04", "2023-10-09", "2023-11-10", "2023-11-23", "2023-12-25"),
    )
    assert dt.date(2017, 1, 20) in legal_holidays(2017)
    assert dt.date(2017, 1, 20) not in bank_holidays(2017)


def test_names_come_with_the_dates_in_order() -> None:
    names = bank_holiday_names(2026)
    assert names[dt.date(2026, 11, 26)] == "Thanksgiving Day"
    assert list(names) == sorted(names)
    assert frozenset(names) == bank_holidays(2026)


@settings(deadline=None)
@given(st.dates(dt.date(2000, 1, 10), dt.date(2090, 1, 1)), st.integers(1, 12))
def test_counting_forth_and_back_meets(date: dt.date, count: int) -> None:
    business_day = on_or_after(date, bank_holidays)
    assert is_business_day(business_day, bank_holidays)
    later = days_after(business_day, count, bank_holidays)
    assert days_before(later, count, bank_holidays) == business_day
    between = [business_day + dt.timedelta(days=day) for day in range(1, (later - business_day).days + 1)]
    assert sum(day.weekday() < 5 and day not in bank_holidays(day.year) for day in between) == count
    assert on_or_before(later, bank_holidays) == later
    assert on_or_before(date, bank_holidays) <= date <= business_day
