"""When people are paid: regular dates, moved dates, cut-offs and the strip of the next two weeks."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csr_desktop.domain.bank_days import bank_holidays
from csr_desktop.domain.deposits import decode_rules
from csr_desktop.domain.pay_schedule import PayEvent, PaySchedule, PayScheduleError, decode, encode

US = decode_rules((Path(__file__).parents[2] / "resources" / "payroll" / "us.toml").read_text("utf-8"))
CHICAGO = "America/Chicago"
BIWEEKLY = PaySchedule("biweekly", CHICAGO, anchor_date="2026-06-05")


def at(text: str, zone: str = CHICAGO) -> int:
    return round(dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def pay_dates(schedule: PaySchedule, start: str, count: int) -> list[str]:
    found: list[str] = []
    now_at = at(start)
    while len(found) < count:
        clocks = schedule.next_clocks(now_at, US)
        found.append(clocks.pay_date)
        now_at = clocks.cut_off_at + 1
    return found


def test_the_next_cut_off_with_what_follows_from_it() -> None:
    clocks = BIWEEKLY.next_clocks(at("2026-06-01 12:00"), US)
    assert clocks.cut_off_at == at("2026-06-03 17:00")
    assert clocks.cut_off_date == "2026-06-03"
    assert clocks.pay_date == clocks.regular_pay_date == "2026-06-05"
    assert clocks.deposit_due == "2026-06-10"
    assert clocks.period_end == "2026-05-31"


def test_at_its_minute_the_cut_off_still_stands_and_then_the_next_counts() -> None:
    cut_off_at = at("2026-06-03 17:00")
    assert BIWEEKLY.next_clocks(cut_off_at, US).cut_off_at == cut_off_at
    # The regular date 19 June is a bank holiday, so people are paid on Thursday and the cut-off is on Tuesday.
    following = BIWEEKLY.next_clocks(cut_off_at + 1, US)
    assert following.cut_off_at == at("2026-06-16 17:00")
    assert (following.pay_date, following.regular_pay_date) == ("2026-06-18", "2026-06-19")
    assert following.deposit_due == "2026-06-24"
    assert following.period_end == "2026-06-14"


def test_weekly_and_biweekly_count_from_any_pay_date_before_or_after() -> None:
    weekly = PaySchedule("weekly", CHICAGO, anchor_date="2030-03-01")
    assert pay_dates(weekly, "2026-06-01", 3) == ["2026-06-05", "2026-06-12", "2026-06-18"]
    assert pay_dates(BIWEEKLY, "2026-06-06", 3) == ["2026-06-18", "2026-07-03", "2026-07-17"]


def test_twice_a_month_and_monthly_at_the_months_end() -> None:
    semimonthly = PaySchedule("semimonthly", CHICAGO, pay_days=(15, 31))
    assert pay_dates(semimonthly, "2026-02-01", 4) == ["2026-02-13", "2026-02-27", "2026-03-13", "2026-03-31"]
    monthly = PaySchedule("monthly", CHICAGO, pay_days=(31,))
    assert pay_dates(monthly, "2026-04-01", 3) == ["2026-04-30", "2026-05-29", "2026-06-30"]
    both_at_the_end = PaySchedule("semimonthly", CHICAGO, pay_days=(30, 31))
    assert pay_dates(both_at_the_end, "2026-02-01", 2) == ["2026-02-27", "2026-03-30"]


def test_cut_offs_are_counted_in_bank_business_days() -> None:
    # Paid on Tuesday after Labor Day: Friday and Thursday are the two business days before.
    tuesday = PaySchedule("weekly", CHICAGO, anchor_date="2026-09-08")
    assert tuesday.next_clocks(at("2026-09-02 18:00"), US).cut_off_at == at("2026-09-03 17:00")
    # Banks work on Friday 3 July 2026, though the holiday is kept then elsewhere.
    assert BIWEEKLY.next_clocks(at("2026-06-29 08:00"), US).pay_date == "2026-07-03"
    same_day = PaySchedule("weekly", CHICAGO, anchor_date="2026-06-05", cut_off_days=0, cut_off_minute=0)
    assert same_day.next_clocks(at("2026-06-05 00:00"), US).cut_off_at == at("2026-06-05 00:00")


def test_the_cut_off_is_local_time_through_a_clock_change() -> None:
    weekly = PaySchedule("weekly", "America/New_York", anchor_date="2026-03-10", cut_off_days=1, cut_off_minute=9 * 60)
    before = weekly.next_clocks(at("2026-03-01 00:00"), US).cut_off_at
    after = weekly.next_clocks(before + 1, US).cut_off_at
    assert (before, after) == (at("2026-03-02 09:00", "America/New_York"), at("2026-03-09 09:00", "America/New_York"))
    assert after - before == (7 * 24 - 1) * 3_600_000


def test_today_is_the_clients_today() -> None:
    weekly = PaySchedule("weekly", "Pacific/Auckland", anchor_date="2026-06-05", cut_off_days=0)
    assert weekly.next_clocks(at("2026-06-05 16:59", "Pacific/Auckland"), US).pay_date == "2026-06-05"
    assert weekly.next_clocks(at("2026-06-05 17:01", "Pacific/Auckland"), US).pay_date == "2026-06-12"


@pytest.mark.parametrize(
    ("rule", "deposit"), [("semiweekly", "2026-06-10"), ("monthly", "2026-07-15"), ("next-day", "2026-06-08")]
)
def test_the_deposit_follows_the_clients_rule(rule: str, deposit: str) -> None:
    schedule = PaySchedule("weekly", CHICAGO, anchor_date="2026-06-05", deposit_rule=rule)  # type: ignore[arg-type]
    assert schedule.next_clocks(at("2026-06-01 08:00"), US).deposit_due == deposit


def test_the_strip_of_two_weeks() -> None:
    events = BIWEEKLY.upcoming(at("2026-06-08 12:00"), 14, US)
    assert events == [
        PayEvent("2026-06-10", "deposit_due", 0, "2026-06-05"),
        PayEvent("2026-06-16", "cut_off", at("2026-06-16 17:00"), "2026-06-18"),
        PayEvent("2026-06-18", "pay_date", 0, "2026-06-18"),
        PayEvent("2026-06-19", "bank_holiday", 0, "", "Juneteenth National Independence Day"),
    ]


def test_a_cut_off_of_this_morning_is_still_on_the_strip() -> None:
    events = BIWEEKLY.upcoming(at("2026-06-03 20:00"), 1, US)
    assert [(event.kind, event.at) for event in events] == [("cut_off", at("2026-06-03 17:00"))]
    assert BIWEEKLY.upcoming(at("2026-06-03 20:00"), 0, US) == []


def test_pay_dates_that_share_a_deposit_show_it_once() -> None:
    weekly = PaySchedule("weekly", CHICAGO, anchor_date="2026-06-05", deposit_rule="monthly")
    events = [event for event in weekly.upcoming(at("2026-07-10 08:00"), 14, US) if event.kind == "deposit_due"]
    assert events == [PayEvent("2026-07-15", "deposit_due", 0, "2026-06-26")]


def test_the_strip_runs_over_new_year() -> None:
    weekly = PaySchedule("weekly", CHICAGO, anchor_date="2027-01-01")
    events = weekly.upcoming(at("2026-12-28 08:00"), 14, US)
    assert [(event.date, event.kind) for event in events] == [
        ("2026-12-29", "cut_off"),
        ("2026-12-30", "deposit_due"),
        ("2026-12-31", "pay_date"),
        ("2027-01-01", "bank_holiday"),
        ("2027-01-06", "cut_off"),
        ("2027-01-06", "deposit_due"),
        ("2027-01-08", "pay_date"),
    ]


SCHEDULES = st.builds(
    PaySchedule,
    st.sampled_from(["weekly", "biweekly"]),
    st.sampled_from([CHICAGO, "America/New_York", "Pacific/Honolulu", "UTC"]),
    st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1)).map(str),
    cut_off_days=st.integers(0, 20),
    cut_off_minute=st.integers(0, 1439),
    deposit_rule=st.sampled_from(["semiweekly", "monthly", "next-day"]),
    period_lag_days=st.integers(0, 60),
) | st.builds(
    PaySchedule,
    st.just("semimonthly"),
    st.just(CHICAGO),
    pay_days=st.lists(st.integers(1, 31), min_size=2, max_size=2, unique=True).map(tuple),
    cut_off_days=st.integers(0, 20),
)
TIMES = st.integers(at("2019-01-01 00:00"), at("2035-01-01 00:00"))


@settings(deadline=None)
@given(SCHEDULES, TIMES)
def test_the_next_cut_off_is_the_first_one_from_now_on(schedule: PaySchedule, now_at: int) -> None:
    clocks = schedule.next_clocks(now_at, US)
    assert clocks.cut_off_at >= now_at
    pay_date, cut_off_date = dt.date.fromisoformat(clocks.pay_date), dt.date.fromisoformat(clocks.cut_off_date)
    assert pay_date.weekday() < 5
    assert pay_date not in bank_holidays(pay_date.year)
    assert clocks.pay_date <= clocks.regular_pay_date
    assert clocks.period_end <= clocks.regular_pay_date
    assert clocks.deposit_due > clocks.pay_date
    days = [cut_off_date + dt.timedelta(days=day) for day in range((pay_date - cut_off_date).days)]
    assert sum(day.weekday() < 5 and day not in bank_holidays(day.year) for day in days) == schedule.cut_off_days
    assert schedule.next_clocks(clocks.cut_off_at, US) == clocks
    strip = [event.at for event in schedule.upcoming(now_at, 90, US) if event.kind == "cut_off"]
    assert min(cut_off_at for cut_off_at in strip if cut_off_at >= now_at) == clocks.cut_off_at


@settings(deadline=None)
@given(SCHEDULES, TIMES, st.integers(1, 40), st.integers(1, 40))
def test_a_longer_strip_only_adds_at_the_end(schedule: PaySchedule, now_at: int, days: int, more: int) -> None:
    short, long = schedule.upcoming(now_at, days, US), schedule.upcoming(now_at, days + more, US)
    assert long[: len(short)] == short


@settings(deadline=None)
@given(SCHEDULES)
def test_it_travels_as_text(schedule: PaySchedule) -> None:
    assert decode(encode(schedule)) == schedule


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"frequency":"weekly","time_zone":"America/Chicago"}', "pay date"),
        ('{"frequency":"weekly","time_zone":"America/Chicago","anchor_date":"5 June"}', "2026-06-05"),
        ('{"frequency":"weekly","time_zone":"America/Chicago","anchor_date":"20260605"}', "2026-06-05"),
        ('{"frequency":"weekly","time_zone":"Mars/Crater","anchor_date":"2026-06-05"}', "no time zone"),
        ('{"frequency":"monthly","time_zone":"UTC"}', "one day of the month"),
        ('{"frequency":"monthly","time_zone":"UTC","pay_days":[1,15]}', "one day of the month"),
        ('{"frequency":"semimonthly","time_zone":"UTC","pay_days":[15,15]}', "two different days"),
        ('{"frequency":"monthly","time_zone":"UTC","pay_days":[32]}', "1 to 31"),
        ('{"frequency":"monthly","time_zone":"UTC","pay_days":[1],"cut_off_days":-1}', "cut-off"),
        ('{"frequency":"monthly","time_zone":"UTC","pay_days":[1],"cut_off_minute":1440}', "within the day"),
        ('{"frequency":"monthly","time_zone":"UTC","pay_days":[1],"period_lag_days":99}', "pay period"),
        ('{"frequency":"daily","time_zone":"UTC"}', "cannot be read"),
        ('{"frequency":"monthly","time_zone":"UTC","pay_days":[1],"deposit_rule":"never"}', "cannot be read"),
        ("{}", "cannot be read"),
        ("", "damaged"),
        ("\ud800", "damaged"),
    ],
)
def test_what_cannot_be_a_pay_schedule_is_refused_with_words(body: str, words: str) -> None:
    with pytest.raises(PayScheduleError, match=words):
        decode(body)


def test_a_time_that_is_no_time_is_refused() -> None:
    with pytest.raises(PayScheduleError, match="too far"):
        BIWEEKLY.next_clocks(10**17, US)
