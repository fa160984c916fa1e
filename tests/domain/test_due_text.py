from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csr_desktop.domain.business_calendar import BusinessCalendar
from csr_desktop.domain.due_text import parse_due

CHICAGO = "America/Chicago"
DAY = ((8 * 60, 12 * 60), (13 * 60, 17 * 60))
SHOP = BusinessCalendar(CHICAGO, (DAY,) * 5 + ((), ()), (("2026-05-25", ()), ("2026-05-22", ((9 * 60, 12 * 60),))))
NIGHT = BusinessCalendar(CHICAGO, (((22 * 60, 30 * 60),),) * 7)


def at(text: str) -> int:
    return round(dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(CHICAGO)).timestamp()) * 1000


NOW = at("2026-05-14 09:42")  # a Thursday


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("tomorrow 11", "2026-05-15 11:00"),
        ("Tomorrow, at 2", "2026-05-15 14:00"),
        ("11 tomorrow", "2026-05-15 11:00"),
        ("fri 2pm", "2026-05-15 14:00"),
        ("friday 2.30 p.m.", "2026-05-15 14:30"),
        ("in 2 h", "2026-05-14 11:42"),
        ("2h", "2026-05-14 11:42"),
        ("in an hour", "2026-05-14 10:42"),
        ("30 min", "2026-05-14 10:12"),
        ("in 3 days", "2026-05-17 09:00"),
        ("in 2 weeks", "2026-05-28 08:00"),
        ("in 2 working days", "2026-05-18 08:00"),
        ("in 7 business days 10", "2026-05-26 10:00"),
        ("may 15 11:00", "2026-05-15 11:00"),
        ("15 May 11", "2026-05-15 11:00"),
        ("May 15th, 2026 3pm", "2026-05-15 15:00"),
        ("may 13", "2027-05-13 08:00"),
        ("2026-05-15 11:00", "2026-05-15 11:00"),
        ("2026-05-15T11:00", "2026-05-15 11:00"),
        ("5/15 11", "2026-05-15 11:00"),
        ("15/5", "2026-05-15 08:00"),
        ("15.5. 14:00", "2026-05-15 14:00"),
        ("29 feb", "2028-02-29 08:00"),
        ("mon", "2026-05-18 08:00"),
        ("next mon", "2026-05-18 08:00"),
        ("next friday", "2026-05-22 09:00"),
        ("thu", "2026-05-21 08:00"),
        ("thu 2", "2026-05-14 14:00"),
        ("thu 9", "2026-05-21 09:00"),
        ("thu 9am", "2026-05-21 09:00"),
        ("noon", "2026-05-14 12:00"),
        ("today", "2026-05-14 17:00"),
        ("eod", "2026-05-14 17:00"),
        ("tomorrow end of day", "2026-05-15 17:00"),
        ("3", "2026-05-14 15:00"),
        ("9", "2026-05-15 09:00"),
        ("16:30", "2026-05-14 16:30"),
        ("by 4 pm", "2026-05-14 16:00"),
    ],
)
def test_what_people_type(text: str, meant: str) -> None:
    assert parse_due(text, SHOP, CHICAGO, NOW).at == at(meant)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "empty"),
        ("  \0 ", "empty"),
        ("soon", "not_understood"),
        ("5/6", "ambiguous"),
        ("2026-05-13", "past"),
        ("today 8am", "past"),
        ("in 2000 days", "too_far"),
        ("feb 30", "not_understood"),
        ("2026-02-30", "not_understood"),
        ("12:75", "not_understood"),
        ("14 pm", "not_understood"),
        ("mon tue", "not_understood"),
        ("11 12", "not_understood"),
        ("in 2 h tomorrow", "not_understood"),
        ("may 15 and more", "not_understood"),
        ("9999-12-31", "not_understood"),
    ],
)
def test_what_cannot_be_taken_says_why(text: str, error: str) -> None:
    parsed = parse_due(text, SHOP, CHICAGO, NOW)
    assert (parsed.at, parsed.error) == (0, error)


def test_outside_of_business_hours_it_says_when_they_begin_again() -> None:
    lunch = parse_due("tomorrow 12:30", SHOP, CHICAGO, NOW)
    assert (lunch.is_open_hours, lunch.next_open_at) == (False, at("2026-05-15 13:00"))
    holiday = parse_due("may 25 10:00", SHOP, CHICAGO, NOW)
    assert (holiday.is_open_hours, holiday.next_open_at) == (False, at("2026-05-26 08:00"))
    closing = parse_due("tomorrow 5pm", SHOP, CHICAGO, NOW)
    assert (closing.is_open_hours, closing.next_open_at) == (True, 0)
    short_day = parse_due("may 22 eod", SHOP, CHICAGO, NOW)
    assert short_day.at == at("2026-05-22 12:00")
    without = parse_due("sat 3", None, CHICAGO, NOW)
    assert (without.at, without.is_open_hours) == (at("2026-05-16 15:00"), True)


def test_a_night_shift_is_taken_by_its_own_hours() -> None:
    assert parse_due("tomorrow 11", NIGHT, CHICAGO, NOW).at == at("2026-05-15 23:00")
    assert parse_due("tomorrow 2", NIGHT, CHICAGO, NOW).at == at("2026-05-15 02:00")


def test_clocks_that_change_leave_a_real_time() -> None:
    before = at("2026-03-07 12:00")
    assert parse_due("tomorrow 02:30", None, CHICAGO, before).at == at("2026-03-08 03:30")
    assert parse_due("in 24 h", None, CHICAGO, before).at == before + 86_400_000


MINUTES = st.integers(0, 24 * 60 - 1)
DATES = st.dates(dt.date(2026, 5, 15), dt.date(2029, 5, 1))


@given(DATES, MINUTES)
def test_a_whole_date_and_time_means_itself(date: dt.date, minute: int) -> None:
    clock = f"{minute // 60:02}:{minute % 60:02}"
    wall = at(f"{date.isoformat()} {clock}")
    month = date.strftime("%b")
    for text in (
        f"{date.isoformat()} {clock}",
        f"{clock} {date.isoformat()}",
        f"{month} {date.day} {date.year} {clock}",
        f"{date.day} {month} {date.year} {clock}",
        f"{date.day}.{date.month}.{date.year} {clock}",
    ):
        assert parse_due(text, SHOP, CHICAGO, NOW).at == wall, text


@given(
    st.text(max_size=30) | st.from_regex(r"(in |next )?[0-9a-z]{1,8}[ :./-]?[0-9a-z:.]{0,6}", fullmatch=True), MINUTES
)
def test_any_text_is_taken_or_refused_and_never_lies_in_the_past(text: str, minute: int) -> None:
    now = NOW + minute * 60_000
    for calendar in (SHOP, NIGHT, None):
        parsed = parse_due(text, calendar, CHICAGO, now)
        assert bool(parsed.error) == (parsed.at == 0)
        if not parsed.error:
            assert parsed.at > now
            assert parsed.is_open_hours == (parsed.next_open_at == 0)
            assert calendar is None or parsed.is_open_hours or parsed.next_open_at > parsed.at


@given(
    st.integers(1, 11), st.sampled_from(["mon", "tue", "wed", "thu", "fri", "tomorrow", "in 3 working days"]), MINUTES
)
def test_an_hour_of_the_working_day_needs_no_am_or_pm(hour: int, day: str, minute: int) -> None:
    now = NOW + minute * 60_000
    parsed = parse_due(f"{day} {hour}", SHOP, CHICAGO, now)
    wall = dt.datetime.fromtimestamp(parsed.at / 1000, ZoneInfo(CHICAGO))
    if wall.date() in {dt.date(2026, 5, 22), dt.date(2026, 5, 25)} or wall.weekday() > 4:
        return
    open_hours = {1: 13, 2: 14, 3: 15, 4: 16, 5: 17, 8: 8, 9: 9, 10: 10, 11: 11}
    assert wall.hour == open_hours.get(hour, wall.hour)
