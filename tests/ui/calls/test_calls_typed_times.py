from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csr_desktop.ui.calls.typed_times import clock_time, length_seconds

ZONE = ZoneInfo("America/New_York")
NOW = dt.datetime(2026, 5, 12, 15, 30, tzinfo=ZONE)
TODAY, MONDAY = NOW.date(), dt.date(2026, 5, 11)


@pytest.mark.parametrize(
    ("text", "day", "expected"),
    [
        ("10:20", TODAY, "10:20"),
        ("2:30", TODAY, "14:30"),
        ("4:00", TODAY, "04:00"),  # 4 in the afternoon is still to come
        ("4:00", MONDAY, "16:00"),
        ("2 pm", TODAY, "14:00"),
        ("12am", MONDAY, "00:00"),
        ("12 p.m.", MONDAY, "12:00"),
        ("1430", TODAY, "14:30"),
        ("09:05", MONDAY, "09:05"),
        ("14.05", TODAY, "14:05"),
        ("9", TODAY, "09:00"),
    ],
)
def test_a_time_of_day_is_understood(text: str, day: dt.date, expected: str) -> None:
    moment = clock_time(text, day, NOW)
    assert moment is not None
    assert moment.strftime("%H:%M") == expected
    assert moment.date() == day


@pytest.mark.parametrize(
    ("text", "minutes_ago"), [("1:50", 20), ("1:05", 5), ("01:05", 5), ("1:50 am", 20), ("0:40", 90)]
)
def test_in_the_hour_that_comes_twice_the_latest_time_that_is_past_is_meant(text: str, minutes_ago: int) -> None:
    now = dt.datetime(2026, 11, 1, 1, 10, tzinfo=ZONE, fold=1)
    moment = clock_time(text, now.date(), now)
    assert moment is not None
    assert now.timestamp() - moment.timestamp() == minutes_ago * 60


def test_before_the_clocks_are_put_back_the_hour_is_the_first_one() -> None:
    now = dt.datetime(2026, 11, 1, 1, 55, tzinfo=ZONE)
    moment = clock_time("1:50", now.date(), now)
    assert moment is not None
    assert now.timestamp() - moment.timestamp() == 5 * 60


@pytest.mark.parametrize("text", ["", "25:00", "10:60", "13 pm", "0 am", "noonish", "10:2"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert clock_time(text, TODAY, NOW) is None


@given(st.integers(0, 23), st.integers(0, 59))
def test_the_times_of_a_whole_day_are_understood_as_written(hour: int, minute: int) -> None:
    moment = clock_time(f"{hour:02}:{minute:02}", MONDAY, NOW)
    assert moment is not None
    assert moment.minute == minute
    assert moment.hour % 12 == hour % 12
    if hour < 10 or hour > 12:
        assert moment.hour == hour


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5", 300), ("4:30", 270), ("1:05:00", 3900), ("90 s", 90), ("2 min", 120), ("1h", 3600), ("0", 0), (" 7 ", 420)],
)
def test_a_length_is_understood(text: str, seconds: int) -> None:
    assert length_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "long", "4:61", "25:00:00", "-5", "1:2:3", "4:30 min"])
def test_what_is_no_length_is_none(text: str) -> None:
    assert length_seconds(text) is None


@given(st.text(max_size=12))
def test_any_text_is_taken(text: str) -> None:
    length = length_seconds(text)
    assert length is None or 0 <= length <= 24 * 3600
    moment = clock_time(text, TODAY, NOW)
    assert moment is None or moment.date() == TODAY
