"""When contacts come: weekdays, Monday mornings, days before cut-offs, quarter ends, the season."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from csr_desktop.domain.bank_days import bank_holidays

DAY_MS: Final = 86_400_000
_SLOT_MS: Final = 300_000
_WEEKDAY_WEIGHTS: Final = (1.3, 1.05, 1.1, 1.05, 0.85, 0.0, 0.0)
# By half hour from midnight. People call in office hours; they write whenever they like.
_CALLS: Final = (0,) * 16 + (3, 6, 8, 9, 9, 8, 7, 6, 4, 5, 7, 8, 8, 7, 6, 5, 4, 3, 2, 1) + (0,) * 12
_MONDAY_CALLS: Final = (0,) * 16 + (8, 14, 16, 14, 11, 9, 7, 5, 4, 5, 6, 7, 7, 6, 5, 4, 3, 3, 2, 1) + (0,) * 12
_WRITTEN: Final = (1,) * 12 + (
    1,
    2,
    3,
    5,
    8,
    9,
    9,
    9,
    8,
    8,
    7,
    6,
    5,
    6,
    7,
    7,
    7,
    6,
    6,
    5,
    5,
    4,
    4,
    3,
    3,
    2,
    2,
    2,
    2,
    2,
    1,
    1,
    1,
    1,
    1,
    1,
)


class Day(msgspec.Struct, frozen=True):
    """A local day of the bureau: when its midnight was, and the times of its contacts in order."""

    date: dt.date
    midnight_at: int
    called_at: list[int]
    written_at: list[int]


def days_of_contacts(
    random: Random, zone: ZoneInfo, first: dt.date, now_at: int, calls: int, written: int
) -> Iterator[Day]:
    """Spreads so many calls and written contacts from the first local day until now, exactly."""
    today = dt.datetime.fromtimestamp(now_at / 1000, zone).date()
    dates = [first + dt.timedelta(days=n) for n in range((today - first).days + 1)]
    gone = _gone_of_day(now_at - _midnight(today, zone))
    call_weights = [_weight(date) for date in dates]
    written_weights = [0.25 + weight for weight in call_weights]
    call_weights[-1] *= gone
    written_weights[-1] *= gone
    call_counts = _shares(call_weights, calls)
    written_counts = _shares(written_weights, written)
    for date, call_count, written_count in zip(dates, call_counts, written_counts, strict=True):
        midnight_at = _midnight(date, zone)
        until_at = min(midnight_at + DAY_MS, now_at) - 1
        hours = _MONDAY_CALLS if date.weekday() == 0 else _CALLS
        yield Day(
            date,
            midnight_at,
            _times(random, hours, midnight_at, until_at, call_count),
            _times(random, _WRITTEN, midnight_at, until_at, written_count),
        )


def _weight(date: dt.date) -> float:
    weight = _WEEKDAY_WEIGHTS[date.weekday()]
    if date in bank_holidays(date.year):
        return weight * 0.06
    if date.day in {12, 13, 14, 27, 28, 29}:  # before the usual pay days, the 15th and the last
        weight *= 1.25
    if date.month in {1, 4, 7, 10} and date.day <= 15:  # returns of the quarter are due
        weight *= 1.2
    if date.month in {3, 6, 9, 12} and date.day >= 24:
        weight *= 1.15
    if date.month == 1:
        weight *= 1.25
    elif date.month in {7, 8}:
        weight *= 0.88
    return weight


def _shares(weights: list[float], count: int) -> list[int]:
    """Whole numbers in these proportions that add up to the count."""
    total = sum(weights)
    ends = [round(end * count / total) for end in accumulate(weights)]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]


def _times(random: Random, half_hours: tuple[int, ...], midnight_at: int, until_at: int, count: int) -> list[int]:
    """In order, none after `until_at`; hours that are still to come take no share."""
    if not count:
        return []
    bounds = list(accumulate(weight for weight in half_hours for _ in range(6)))
    slots = max(1, min(len(bounds), (until_at - midnight_at) // _SLOT_MS))
    reach = bounds[slots - 1]
    chance = random.random
    times = []
    for _ in range(count):
        slot = bisect_right(bounds, chance() * reach) if reach else int(chance() * slots)
        times.append(min(until_at, midnight_at + int((slot + chance()) * _SLOT_MS)))
    return sorted(times)


def _gone_of_day(since_midnight_ms: int) -> float:
    """The share of a day's calls that has come by now."""
    bounds = list(accumulate(weight for weight in _CALLS for _ in range(6)))
    slots = min(len(bounds), since_midnight_ms // _SLOT_MS)
    return bounds[slots - 1] / bounds[-1] if slots else 0.0


def _midnight(date: dt.date, zone: ZoneInfo) -> int:
    # From noon, since the clock may change in the night and contacts come by day.
    noon = dt.datetime.combine(date, dt.time(12), zone)
    return round(noon.timestamp()) * 1000 - DAY_MS // 2
