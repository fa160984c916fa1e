"""Times of a call that was, as people type them: "10:20", "2 pm", "1430"; lengths as "5", "4:30", "1:05:00", "90 s"."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

_CLOCK: Final = re.compile(r"(\d{1,2})(?:[:.h ]?(\d{2}))?\s*([ap])?\.?\s*m?\.?", re.IGNORECASE)
_LENGTH: Final = re.compile(
    r"(\d{1,4})(?::(\d{2}))?(?::(\d{2}))?\s*(h|hr|hours?|m|min|minutes?|s|sec|seconds?)?", re.IGNORECASE
)
_WORKING_HOURS: Final = range(7, 19)
_LONGEST_SECONDS: Final = 24 * 3600


def clock_time(text: str, day: dt.date, now: dt.datetime) -> dt.datetime | None:
    """The moment that a time of day means on that day, in the zone of `now`; None where it means none.

    Where morning and afternoon are both possible it is, today, the later one that is not to come, and on other days the
    one within working hours.
    """
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    if hour > 23 or minute > 59 or (half and not 1 <= hour <= 12):
        return None
    if half:
        return _at(day, hour % 12 + (12 if half == "p" else 0), minute, now)
    if not 1 <= hour <= 12 or found[1].startswith("0"):
        return _at(day, hour, minute, now)
    choices = [_at(day, hour % 12, minute, now), _at(day, hour % 12 + 12, minute, now)]
    if day == now.date():
        past = [choice for choice in choices if choice.timestamp() <= now.timestamp()]
        return past[-1] if past else choices[0]
    return next((choice for choice in choices if choice.hour in _WORKING_HOURS), choices[0])


def _at(day: dt.date, hour: int, minute: int, now: dt.datetime) -> dt.datetime:
    """Of an hour that comes twice, where clocks are put back, the latest that is not to come."""
    first = dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=now.tzinfo)
    second = first.replace(fold=1)
    # Compared as instants: of one zone Python compares what the clocks show.
    return second if first.timestamp() < second.timestamp() <= now.timestamp() else first


def length_seconds(text: str) -> int | None:
    """Seconds of a length; a bare number is minutes. None where it is none or over a day."""
    found = _LENGTH.fullmatch(text.strip())
    if found is None:
        return None
    first, second, third, unit = int(found[1]), found[2], found[3], (found[4] or "").lower()
    if second is not None and (int(second) > 59 or unit):
        return None
    if third is not None:
        seconds = first * 3600 + int(second) * 60 + int(third) if int(third) < 60 else -1
    elif second is not None:
        seconds = first * 60 + int(second)
    else:
        seconds = first * (3600 if unit.startswith("h") else 1 if unit.startswith("s") else 60)
    return seconds if 0 <= seconds <= _LONGEST_SECONDS else None
