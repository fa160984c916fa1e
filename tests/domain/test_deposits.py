"""Deposit rules and filing dates as the IRS publishes them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csr_desktop.domain.bank_days import legal_holidays
from csr_desktop.domain.deposits import DepositRules, Filing, RulesError, decode_rules

US_TEXT = (Path(__file__).parents[2] / "resources" / "payroll" / "us.toml").read_text("utf-8")
US = decode_rules(US_TEXT)


def due(rule: str, paid: str) -> str:
    return US.deposit_due(rule, dt.date.fromisoformat(paid)).isoformat()


@pytest.mark.parametrize(
    ("paid", "deposited"),
    [
        # An ordinary week: Wednesday to Friday by the next Wednesday, Saturday to Tuesday by the next Friday.
        *(("2026-06-03", "2026-06-10"), ("2026-06-04", "2026-06-10"), ("2026-06-05", "2026-06-10")),
        *(("2026-06-06", "2026-06-12"), ("2026-06-07", "2026-06-12"), ("2026-06-08", "2026-06-12")),
        ("2026-06-09", "2026-06-12"),
        # The IRS tax calendar of January 2024, with Martin Luther King's birthday on Monday the 15th.
        *(("2023-12-27", "2024-01-04"), ("2023-12-29", "2024-01-04"), ("2023-12-30", "2024-01-05")),
        *(("2024-01-02", "2024-01-05"), ("2024-01-05", "2024-01-10"), ("2024-01-09", "2024-01-12")),
        *(("2024-01-10", "2024-01-18"), ("2024-01-12", "2024-01-18"), ("2024-01-13", "2024-01-19")),
        *(("2024-01-16", "2024-01-19"), ("2024-01-19", "2024-01-24"), ("2024-01-23", "2024-01-26")),
        # Inauguration Day, Friday 20 January 2017.
        ("2017-01-17", "2017-01-23"),
        # Thanksgiving: one of the three weekdays after Tuesday is a legal holiday.
        ("2026-11-24", "2026-11-30"),
        # Emancipation Day, when banks are open.
        ("2026-04-14", "2026-04-20"),
    ],
)
def test_semiweekly_deposits(paid: str, deposited: str) -> None:
    assert due("semiweekly", paid) == deposited


@settings(deadline=None)
@given(st.dates(dt.date(2015, 1, 1), dt.date(2060, 1, 1)))
def test_semiweekly_gives_at_least_three_business_days(paid: dt.date) -> None:
    deposited = US.deposit_due("semiweekly", paid)
    assert deposited.weekday() < 5
    assert deposited not in legal_holidays(deposited.year)
    period_end = paid + dt.timedelta(days=min((1 - paid.weekday()) % 7, (4 - paid.weekday()) % 7))
    weekdays = [period_end + dt.timedelta(days=day) for day in range(1, 15)]
    business_days = [day for day in weekdays if day.weekday() < 5 and day not in legal_holidays(day.year)]
    assert deposited == business_days[2]


@pytest.mark.parametrize(
    ("paid", "deposited"),
    [
        *(("2026-06-01", "2026-07-15"), ("2026-06-30", "2026-07-15"), ("2026-12-31", "2027-01-15")),
        # Saturday the 15th, and a Sunday before a legal holiday.
        *(("2026-07-10", "2026-08-17"), ("2026-01-30", "2026-02-17")),
    ],
)
def test_monthly_deposits(paid: str, deposited: str) -> None:
    assert due("monthly", paid) == deposited


@pytest.mark.parametrize(
    ("paid", "deposited"), [("2026-06-04", "2026-06-05"), ("2026-06-05", "2026-06-08"), ("2026-07-02", "2026-07-06")]
)
def test_next_day_deposits(paid: str, deposited: str) -> None:
    assert due("next-day", paid) == deposited


def test_filing_dates_move_to_the_next_business_day() -> None:
    found = US.filings_due(dt.date(2026, 1, 1), dt.date(2026, 12, 31))
    quarterly = [day.isoformat() for day, filing in found if filing.form == "941"]
    assert quarterly == ["2026-02-02", "2026-04-30", "2026-07-31", "2026-11-02"]
    assert [filing.form for day, filing in found if day == dt.date(2026, 2, 2)] == [
        "1099-NEC",
        "940",
        "941",
        "W-2 and W-3",
    ]
    assert US.filings_due(dt.date(2026, 2, 3), dt.date(2026, 4, 29)) == ()
    assert list(found) == sorted(found, key=lambda entry: (entry[0], entry[1].form))


def test_a_date_at_the_years_end_can_move_into_the_next() -> None:
    rules = DepositRules({}, (Filing("Sample", "Sample", ("12-31",)),))
    # Friday 31 December 2027 is a legal holiday, for the Saturday after it.
    assert [day.isoformat() for day, _filing in rules.filings_due(dt.date(2028, 1, 1), dt.date(2028, 6, 1))] == [
        "2028-01-03"
    ]


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(RulesError, match="no deposit rule"):
        due("yearly", "2026-06-05")


@pytest.mark.parametrize(
    "text",
    [
        "[deposits",
        "",
        "[deposits.monthly]\nday = 15\nbusiness_days = 1",
        "[deposits.monthly]\nmonths_later = 1",
        "[deposits.monthly]\nday = 45",
        "[deposits.semiweekly]\nperiod_ends = ['someday']\nbusiness_days = 3",
        "[deposits.semiweekly]\nperiod_ends = ['friday']\nday = 3",
        "[deposits.monthly]\nday = 15\ncolour = 'red'",
        "deposits = {}\n[[filings]]\nform = '941'\nname = 'x'\ndue = ['13-01']",
        "deposits = {}\n[[filings]]\nform = '941'\nname = 'x'\ndue = ['02-29']",
    ],
)
def test_rules_that_cannot_be_used_are_refused_with_words(text: str) -> None:
    with pytest.raises(RulesError, match="The file of deposit rules"):
        decode_rules(text)
