"""Open time, held against a minute-by-minute count of the clock on the wall."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csr_desktop.domain.business_calendar import BusinessCalendar, CalendarError, Interval, decode, encode

HOUR = 3600
NINE_TO_FIVE: tuple[Interval, ...] = ((9 * 60, 17 * 60),)
LUNCH_GAP: tuple[Interval, ...] = ((8 * 60, 12 * 60), (13 * 60, 17 * 60))
NIGHT: tuple[Interval, ...] = ((22 * 60, 30 * 60),)
ROUND_THE_CLOCK: tuple[Interval, ...] = ((0, 1440),)
CLOSED: tuple[Interval, ...] = ()


def week(
    hours: tuple[Interval, ...],
    weekend: tuple[Interval, ...] = CLOSED,
    zone: str = "America/Chicago",
    holidays: tuple[tuple[str, tuple[Interval, ...]], ...] = (),
) -> BusinessCalendar:
    return BusinessCalendar(zone, (hours,) * 5 + (weekend,) * 2, holidays)


def at(text: str, zone: str = "America/Chicago", fold: int = 0) -> int:
    return round(dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp() * 1000)


OFFICE = week(NINE_TO_FIVE)


def test_a_weekend_counts_nothing() -> None:
    friday, monday = at("2026-06-05 16:00"), at("2026-06-08 10:00")
    assert OFFICE.open_between(friday, monday) == 2 * HOUR
    assert OFFICE.add_open(friday, 2 * HOUR) == monday
    assert OFFICE.open_between(monday, friday) == -2 * HOUR


def test_the_end_of_the_hours_is_still_that_day() -> None:
    assert OFFICE.add_open(at("2026-06-05 09:00"), 8 * HOUR) == at("2026-06-05 17:00")
    assert OFFICE.add_open(at("2026-06-05 09:00"), 8 * HOUR + 1) == at("2026-06-08 09:00:01")
    assert OFFICE.add_open(at("2026-06-06 12:00"), 0) == at("2026-06-06 12:00")


def test_a_lunch_gap_counts_nothing() -> None:
    office = week(LUNCH_GAP)
    assert office.add_open(at("2026-06-02 11:30"), HOUR) == at("2026-06-02 13:30")
    assert office.open_between(at("2026-06-02 12:00"), at("2026-06-02 13:00")) == 0
    assert not office.is_open(at("2026-06-02 12:30"))
    assert office.next_open(at("2026-06-02 12:30")) == at("2026-06-02 13:00")
    assert office.closes_at(at("2026-06-02 09:00")) == at("2026-06-02 12:00")


def test_open_and_closed() -> None:
    assert OFFICE.is_open(at("2026-06-05 09:00"))
    assert not OFFICE.is_open(at("2026-06-05 17:00"))
    assert OFFICE.next_open(at("2026-06-05 10:00")) == at("2026-06-05 10:00")
    assert OFFICE.next_open(at("2026-06-05 17:00")) == at("2026-06-08 09:00")
    assert OFFICE.closes_at(at("2026-06-05 10:00")) == at("2026-06-05 17:00")
    assert OFFICE.closes_at(at("2026-06-06 10:00")) == 0


def test_a_night_shift_runs_past_midnight() -> None:
    nights = week(NIGHT)
    assert nights.is_open(at("2026-06-06 05:59"))
    assert not nights.is_open(at("2026-06-06 06:00"))
    assert nights.closes_at(at("2026-06-05 23:00")) == at("2026-06-06 06:00")
    assert nights.open_between(at("2026-06-05 12:00"), at("2026-06-08 12:00")) == 8 * HOUR
    assert nights.intervals_on("2026-06-05") == (
        (at("2026-06-05 00:00"), at("2026-06-05 06:00")),
        (at("2026-06-05 22:00"), at("2026-06-06 00:00")),
    )


def test_round_the_clock_never_closes() -> None:
    always = week(ROUND_THE_CLOCK, ROUND_THE_CLOCK)
    start = at("2026-03-01 00:00")
    assert always.open_between(start, start + 60 * 86_400_000) == 60 * 86_400
    assert always.closes_at(start) == 0
    assert always.next_open(start + 12_345) == start + 12_345


def test_a_whole_and_a_part_holiday() -> None:
    office = week(NINE_TO_FIVE, holidays=(("2026-12-24", ((540, 720),)), ("2026-12-25", CLOSED)))
    assert office.open_between(at("2026-12-23 16:00"), at("2026-12-28 10:00")) == (1 + 3 + 1) * HOUR
    assert office.add_open(at("2026-12-24 11:00"), 2 * HOUR) == at("2026-12-28 10:00")
    assert office.intervals_on("2026-12-24") == ((at("2026-12-24 09:00"), at("2026-12-24 12:00")),)
    assert office.intervals_on("2026-12-25") == ()


def test_holidays_at_the_ends_count_nothing() -> None:
    office = week(NINE_TO_FIVE, holidays=(("2026-06-01", CLOSED), ("2026-06-03", CLOSED)))
    assert office.open_between(at("2026-06-01 10:00"), at("2026-06-03 16:00")) == 8 * HOUR
    assert office.add_open(at("2026-06-01 10:00"), 8 * HOUR) == at("2026-06-02 17:00")


def test_on_a_holiday_the_night_before_ends_at_midnight_and_its_own_night_is_off() -> None:
    nights = week(NIGHT, holidays=(("2026-06-03", CLOSED),))
    assert nights.open_between(at("2026-06-02 12:00"), at("2026-06-04 12:00")) == 2 * HOUR
    assert nights.open_between(at("2026-06-04 12:00"), at("2026-06-05 12:00")) == 8 * HOUR


def test_a_holidays_own_night_runs_into_the_next_day() -> None:
    nights = week(NINE_TO_FIVE, holidays=(("2026-06-03", ((22 * 60, 26 * 60),)),))
    assert nights.open_between(at("2026-06-03 00:00"), at("2026-06-04 12:00")) == (4 + 3) * HOUR


def test_the_hour_that_daylight_saving_leaves_out_counts_nothing() -> None:
    nights = week(NIGHT, NIGHT)
    evening, morning = at("2026-03-07 22:00"), at("2026-03-08 06:00")
    assert nights.open_between(evening, morning) == 7 * HOUR
    assert nights.add_open(evening, 4 * HOUR) == at("2026-03-08 03:00")
    only_the_gap = week(CLOSED, ((2 * 60, 3 * 60),))
    assert only_the_gap.intervals_on("2026-03-08") == ()
    assert only_the_gap.intervals_on("2026-03-15") == ((at("2026-03-15 02:00"), at("2026-03-15 03:00")),)


def test_the_hour_that_comes_twice_counts_twice() -> None:
    nights = week(NIGHT, NIGHT)
    assert nights.open_between(at("2026-10-31 22:00"), at("2026-11-01 06:00")) == 9 * HOUR
    quarter = week(CLOSED, ((75, 105),))
    assert quarter.intervals_on("2026-11-01") == (
        (at("2026-11-01 01:15"), at("2026-11-01 01:45")),
        (at("2026-11-01 01:15", fold=1), at("2026-11-01 01:45", fold=1)),
    )


def test_a_day_that_a_country_left_out_was_not_worked() -> None:
    apia = "Pacific/Apia"
    always = week(ROUND_THE_CLOCK, ROUND_THE_CLOCK, apia)
    assert always.intervals_on("2011-12-30") == ()
    assert always.open_between(at("2011-12-29 00:00", apia), at("2011-12-31 12:00", apia)) == 36 * HOUR


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe"])
def test_hours_are_those_of_the_calendars_zone(zone: str) -> None:
    office = week(NINE_TO_FIVE, zone=zone)
    for date in ("2026-03-30", "2026-10-26", "2026-11-02", "2026-04-06"):
        assert office.intervals_on(date) == ((at(f"{date} 09:00", zone), at(f"{date} 17:00", zone)),)


def refused(**changes: object) -> str:
    body = {"time_zone": "America/Chicago", "weekly": (NINE_TO_FIVE,) * 5 + (CLOSED,) * 2, "holidays": ()} | changes
    with pytest.raises(CalendarError) as raised:
        BusinessCalendar(**body)  # type: ignore[arg-type]
    return str(raised.value)


def test_what_cannot_be_a_calendar_is_refused_with_words() -> None:
    assert "no open hours" in refused(weekly=(CLOSED,) * 7)
    assert "no open hours" in refused(weekly=(CLOSED,) * 7, holidays=(("2026-06-01", NINE_TO_FIVE),))
    assert "time zone" in refused(time_zone="Atlantis/Centre")
    assert "time zone" in refused(time_zone="../../etc/passwd")
    assert "time zone" in refused(time_zone="")
    assert "seven days" in refused(weekly=(NINE_TO_FIVE,) * 6)
    assert "Monday overlap" in refused(weekly=(((540, 720), (700, 800)),) + (CLOSED,) * 6)
    assert "Tuesday overlap" in refused(weekly=(((1320, 1500),), ((30, 600),)) + (CLOSED,) * 5)
    assert "Monday overlap" in refused(weekly=(((30, 600),),) + (CLOSED,) * 5 + (((1320, 1500),),))
    assert "wrong" in refused(weekly=(((600, 600),),) + (CLOSED,) * 6)
    assert "wrong" in refused(weekly=(((600, 2100),),) + (CLOSED,) * 6)
    assert "wrong" in refused(weekly=(((-10, 600),),) + (CLOSED,) * 6)
    assert "not a date" in refused(holidays=(("2026-02-30", CLOSED),))
    assert "not a date" in refused(holidays=(("20260228", CLOSED),))
    assert "twice" in refused(holidays=(("2026-07-04", CLOSED), ("2026-07-04", NINE_TO_FIVE)))
    assert "2026-07-04 overlap" in refused(holidays=(("2026-07-04", ((60, 120), (90, 150))),))


def test_touching_intervals_are_one() -> None:
    office = week(((9 * 60, 12 * 60), (12 * 60, 17 * 60)))
    assert office.closes_at(at("2026-06-05 10:00")) == at("2026-06-05 17:00")
    assert len(office.intervals_on("2026-06-05")) == 1


def test_it_travels_as_text() -> None:
    office = week(LUNCH_GAP, NIGHT, holidays=(("2026-12-24", ((540, 720),)), ("2026-12-25", CLOSED)))
    assert decode(encode(office)) == office


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"time_zone":"UTC","weekly":1}', "null", "\ud800"])
def test_damaged_text_is_refused_with_words(text: str) -> None:
    with pytest.raises(CalendarError, match="cannot be read"):
        decode(text)


def test_a_calendar_in_text_is_held_to_the_same_rules() -> None:
    with pytest.raises(CalendarError, match="no open hours"):
        decode('{"time_zone":"UTC","weekly":[[],[],[],[],[],[],[]]}')


def test_times_that_are_no_times_are_refused() -> None:
    with pytest.raises(CalendarError, match="too far"):
        OFFICE.add_open(at("2026-06-05 09:00"), 10**12)
    with pytest.raises(CalendarError, match="too far"):
        OFFICE.next_open(10**17)
    with pytest.raises(CalendarError, match="only be added"):
        OFFICE.add_open(0, -1)


ZONES = st.sampled_from(
    ["America/Chicago", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca"]
)
# Around both clock changes of these zones.
MONTHS = ((2026, 3), (2026, 4), (2026, 10), (2026, 11), (2026, 2))


@st.composite
def calendars(draw: st.DrawFn) -> BusinessCalendar:
    hours = st.sampled_from(
        [CLOSED, NINE_TO_FIVE, LUNCH_GAP, ((22 * 60, 25 * 60),), ((75, 105),), ((1380, 1490),), ROUND_THE_CLOCK]
    )
    days = draw(st.lists(hours, min_size=7, max_size=7))
    dates = draw(st.lists(st.dates(dt.date(2026, 2, 1), dt.date(2026, 12, 1)), unique=True, max_size=60))
    holidays = tuple((date.isoformat(), draw(hours)) for date in sorted(dates))
    for day in range(7):
        if any(end > 1440 for _start, end in days[day]) and any(start < 120 for start, _end in days[(day + 1) % 7]):
            days[day] = CLOSED
    if not any(days):
        days[0] = NINE_TO_FIVE
    return BusinessCalendar(draw(ZONES), tuple(days), holidays)


@st.composite
def instants(draw: st.DrawFn) -> int:
    year, month = draw(st.sampled_from(MONTHS))
    return at(f"{year}-{month:02}-01 00:00", "UTC") + draw(st.integers(0, 31 * 1440)) * 60_000


@lru_cache(maxsize=200_000)
def on_the_wall(minute_at: int, zone: str) -> tuple[dt.date, int]:
    local = dt.datetime.fromtimestamp(minute_at / 1000, ZoneInfo(zone))
    return local.date(), local.hour * 60 + local.minute


def open_by_the_wall_clock(calendar: BusinessCalendar, minute_at: int) -> bool:
    today, minute = on_the_wall(minute_at, calendar.time_zone)
    holidays = dict(calendar.holidays)

    def hours(date: dt.date) -> tuple[Interval, ...]:
        return holidays.get(date.isoformat(), calendar.weekly[date.weekday()])

    if any(start <= minute < end for start, end in hours(today)):
        return True
    if today.isoformat() in holidays:
        return False
    return any(start <= minute + 1440 < end for start, end in hours(today - dt.timedelta(days=1)))


@settings(deadline=None)
@given(calendars(), instants(), st.integers(0, 4 * 1440))
def test_counting_every_minute_gives_the_same(calendar: BusinessCalendar, start_at: int, minutes: int) -> None:
    counted = sum(open_by_the_wall_clock(calendar, start_at + minute * 60_000) for minute in range(minutes))
    assert calendar.open_between(start_at, start_at + minutes * 60_000) == counted * 60


@settings(deadline=None)
@given(calendars(), instants(), st.integers(0, 200 * HOUR), st.integers(0, 59_999))
def test_adding_and_measuring_agree(calendar: BusinessCalendar, start_at: int, seconds: int, odd_ms: int) -> None:
    start_at += odd_ms
    due_at = calendar.add_open(start_at, seconds)
    assert calendar.open_between(start_at, due_at) == seconds
    if seconds:
        assert calendar.open_between(start_at, due_at - 1000) == seconds - 1
        assert calendar.is_open(due_at - 1)


@settings(deadline=None)
@given(calendars(), st.lists(instants(), min_size=3, max_size=3).map(sorted))
def test_parts_add_up(calendar: BusinessCalendar, times: list[int]) -> None:
    first, second, third = times
    assert calendar.open_between(first, second) + calendar.open_between(second, third) == calendar.open_between(
        first, third
    )


@settings(deadline=None)
@given(calendars(), instants(), st.integers(0, 100 * HOUR), st.integers(0, 100 * HOUR))
def test_adding_in_two_steps_is_adding_at_once(calendar: BusinessCalendar, start_at: int, one: int, two: int) -> None:
    assert calendar.add_open(calendar.add_open(start_at, one), two) == calendar.add_open(start_at, one + two)


@settings(deadline=None)
@given(calendars(), instants())
def test_opening_and_closing_are_where_it_changes(calendar: BusinessCalendar, now_at: int) -> None:
    opens_at = calendar.next_open(now_at)
    assert calendar.is_open(opens_at)
    assert opens_at == now_at or not calendar.is_open(opens_at - 1)
    assert calendar.open_between(now_at, opens_at) == 0
    closes_at = calendar.closes_at(opens_at)
    if closes_at:
        assert not calendar.is_open(closes_at)
        assert calendar.open_between(opens_at, closes_at) == (closes_at - opens_at) // 1000


@settings(deadline=None)
@given(calendars(), st.dates(dt.date(2026, 2, 20), dt.date(2026, 11, 20)))
def test_the_spans_of_a_day_are_those_of_its_clock(calendar: BusinessCalendar, date: dt.date) -> None:
    spans = calendar.intervals_on(date.isoformat())
    noon = at(f"{date.isoformat()} 12:00", calendar.time_zone)
    expected = sum(
        open_by_the_wall_clock(calendar, minute_at)
        for minute_at in range(noon - 15 * 3_600_000, noon + 15 * 3_600_000, 60_000)
        if on_the_wall(minute_at, calendar.time_zone)[0] == date
    )
    assert sum(closes - opens for opens, closes in spans) == expected * 60_000
    assert all(calendar.is_open(opens) and calendar.is_open(closes - 1) for opens, closes in spans)
