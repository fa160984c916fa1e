"""Business hours: when work is done, and how much open time lies between two instants.

An instant is open when the clock on the wall in the calendar's zone shows a time within an interval of that day. So an
hour that daylight saving leaves out counts nothing, and one that it repeats counts twice.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import cache, lru_cache
from itertools import pairwise
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

Interval: TypeAlias = tuple[int, int]
"""Start and end in minutes after local midnight, end excluded; an end above 1440 is on the next day."""

_DAY_MINUTES: Final = 24 * 60
_WEEK_MINUTES: Final = 7 * _DAY_MINUTES
_DAY_MS: Final = 86_400_000
_MINUTE_MS: Final = 60_000
_EPOCH_ORDINAL: Final = dt.date(1970, 1, 1).toordinal()
_FIRST_DAY: Final = dt.date(1900, 1, 1).toordinal() - _EPOCH_ORDINAL
_LAST_DAY: Final = dt.date(2400, 1, 1).toordinal() - _EPOCH_ORDINAL
_PROBE_MS: Final = 4 * 3_600_000
_CACHED_DAYS: Final = 4000
_CLOSING_DAYS: Final = 14
_ISO_DATE: Final = r"(?a)\d{4}-\d{2}-\d{2}"
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class CalendarError(ValueError):
    """A business calendar that cannot be used, or a time outside of 1900 to 2399; the text is for a person."""


class BusinessCalendar(msgspec.Struct, frozen=True):
    """Opening hours of a place.

    `weekly` has the intervals of each day, Monday first. `holidays` are (ISO date, intervals of that day), these
    empty when closed all day. On the date of a holiday nothing is open but its own intervals: a night shift of the
    evening before ends at its midnight. An interval that begins on a day may run past midnight into an ordinary one.
    Raises CalendarError when the zone is unknown, intervals are wrong or overlap, or no weekday has open hours.
    """

    time_zone: str
    weekly: tuple[tuple[Interval, ...], ...]
    holidays: tuple[tuple[str, tuple[Interval, ...]], ...] = ()

    def __post_init__(self) -> None:
        zone(self.time_zone)
        if len(self.weekly) != 7:
            raise CalendarError("A business calendar needs the hours of seven days, Monday first.")
        for name, intervals in zip(WEEKDAYS, self.weekly, strict=True):
            _check_intervals(name, intervals)
        if not any(self.weekly):
            raise CalendarError("This business calendar has no open hours, so nothing could ever be due. Add some.")
        _check_week(self.weekly)
        dates = [date for date, _intervals in self.holidays]
        if len(set(dates)) != len(dates):
            raise CalendarError("A holiday stands twice in this business calendar.")
        for date, intervals in self.holidays:
            _check_intervals(_date(date).isoformat(), intervals)

    def open_between(self, start_at: int, end_at: int) -> int:
        """Open seconds from start to end, whole ones; negative when the end is earlier."""
        if end_at < start_at:
            return -self.open_between(end_at, start_at)
        return _hours(self).open_ms(start_at, end_at) // 1000

    def add_open(self, start_at: int, seconds: int) -> int:
        """The earliest instant with so many open seconds between it and the start. The end of a day's hours counts as
        that day; no seconds are the start itself, open or not. Raises CalendarError for a negative number.
        """
        if seconds < 0:
            raise CalendarError("Open time can only be added, not taken away.")
        return _hours(self).after(start_at, seconds * 1000)

    def is_open(self, at: int) -> bool:
        return _hours(self).span_at(at) is not None

    def next_open(self, at: int) -> int:
        """The instant itself when open, else the next opening."""
        return _hours(self).next_open(at)

    def closes_at(self, at: int) -> int:
        """When the hours that are open at this instant end, also past midnight; 0 when it is closed then, or stays open
        for two weeks.
        """
        return _hours(self).closes_at(at)

    def intervals_on(self, date: str) -> tuple[tuple[int, int], ...]:
        """The open spans of a local ISO date, cut at its midnights, as (from, to) instants in order."""
        return _hours(self).spans_on(_date(date))


def decode(text: str) -> BusinessCalendar:
    """Reads what `encode` wrote; raises CalendarError when it is not a usable calendar."""
    return _decode(text)


def encode(calendar: BusinessCalendar) -> str:
    return msgspec.json.encode(calendar).decode()


@lru_cache(maxsize=256)
def _decode(text: str) -> BusinessCalendar:
    try:
        return msgspec.json.decode(text, type=BusinessCalendar)
    except msgspec.ValidationError as error:
        if isinstance(error.__cause__, CalendarError):
            raise error.__cause__ from None
        raise CalendarError(f"This business calendar cannot be read: {error}.") from error
    except (msgspec.DecodeError, UnicodeError) as error:
        raise CalendarError("This business calendar cannot be read: it is damaged.") from error


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The IANA time zone of this name; raises CalendarError for an unknown one."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:
        raise _no_zone(name) from error


@cache
def shipped_zones() -> frozenset[str]:
    """Names of the zones that every computer with this program has."""
    from importlib.resources import files

    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split())


def shipped_zone(name: str) -> ZoneInfo:
    """As `zone`, of `shipped_zones` only: what one person enters, all others read.

    A system's own list may have more (“posixrules”), or take other upper and lower case.
    """
    if name not in shipped_zones():
        raise _no_zone(name)
    return zone(name)


def zone_or(name: str, other: str) -> str:
    """`name` where it is a zone that can be read here, else `other`."""
    try:
        return zone(name).key
    except CalendarError:
        return other


def _no_zone(name: str) -> CalendarError:
    return CalendarError(f"There is no time zone called {name[:60]!r}. Take one such as America/Chicago.")


class _Hours:
    """The open spans of a calendar by UTC day, worked out once: every ticket asks for the same few days."""

    def __init__(self, calendar: BusinessCalendar) -> None:
        self._zone = zone(calendar.time_zone)
        self._weekly = calendar.weekly
        self._holidays = {_date(date).toordinal() - _EPOCH_ORDINAL: spans for date, spans in calendar.holidays}
        self._spans: dict[int, tuple[tuple[int, int], ...]] = {}

    def open_ms(self, start_at: int, end_at: int) -> int:
        total = 0
        for day in range(start_at // _DAY_MS, end_at // _DAY_MS + 1):
            for opens, closes in self._spans_of(day):
                total += max(0, min(closes, end_at) - max(opens, start_at))
        return total

    def after(self, start_at: int, wanted_ms: int) -> int:
        if wanted_ms == 0:
            return start_at
        day = start_at // _DAY_MS
        while True:
            for opens, closes in self._spans_of(day):
                begins = max(opens, start_at)
                if begins >= closes:
                    continue
                if closes - begins >= wanted_ms:
                    return begins + wanted_ms
                wanted_ms -= closes - begins
            day += 1

    def span_at(self, at: int) -> tuple[int, int] | None:
        for opens, closes in self._spans_of(at // _DAY_MS):
            if opens <= at < closes:
                return opens, closes
        return None

    def next_open(self, at: int) -> int:
        day = at // _DAY_MS
        while True:
            for opens, closes in self._spans_of(day):
                if closes > at:
                    return max(opens, at)
            day += 1

    def closes_at(self, at: int) -> int:
        span = self.span_at(at)
        last_day = at // _DAY_MS + _CLOSING_DAYS
        while span is not None:
            closes = span[1]
            span = self.span_at(closes)
            if span is None:
                return closes
            if closes // _DAY_MS > last_day:
                return 0
        return 0

    def spans_on(self, date: dt.date) -> tuple[tuple[int, int], ...]:
        local_day = date.toordinal() - _EPOCH_ORDINAL
        found: list[tuple[int, int]] = []
        for day in range(local_day - 2, local_day + 3):
            for opens, closes, offset in self._segments(day):
                for begins, ends in self._walls_of(local_day):
                    _add(
                        found,
                        max(opens, local_day * _DAY_MS + begins * _MINUTE_MS - offset),
                        min(closes, local_day * _DAY_MS + ends * _MINUTE_MS - offset),
                    )
        return tuple(found)

    def _spans_of(self, day: int) -> tuple[tuple[int, int], ...]:
        spans = self._spans.get(day)
        if spans is None:
            if not _FIRST_DAY < day < _LAST_DAY:
                raise CalendarError("This time is too far away to count business hours.")
            if len(self._spans) >= _CACHED_DAYS:
                self._spans.clear()
            spans = self._spans[day] = self._reckon(day)
        return spans

    def _reckon(self, day: int) -> tuple[tuple[int, int], ...]:
        """Open spans within a UTC day as instants, in order, touching ones joined."""
        found: list[tuple[int, int]] = []
        for opens, closes, offset in self._segments(day):
            for local_day in range((opens + offset) // _DAY_MS, (closes + offset - 1) // _DAY_MS + 1):
                midnight_at = local_day * _DAY_MS - offset
                for begins, ends in self._walls_of(local_day):
                    _add(
                        found,
                        max(opens, midnight_at + begins * _MINUTE_MS),
                        min(closes, midnight_at + ends * _MINUTE_MS),
                    )
        return tuple(found)

    def _walls_of(self, local_day: int) -> list[Interval]:
        """The minutes of a local date that are open, in order, also those of the evening before that run into it."""
        own = self._intervals_of(local_day)
        inherited = () if local_day in self._holidays else self._intervals_of(local_day - 1)
        return sorted(
            [(0, end - _DAY_MINUTES) for _start, end in inherited if end > _DAY_MINUTES]
            + [(start, min(end, _DAY_MINUTES)) for start, end in own]
        )

    def _intervals_of(self, local_day: int) -> tuple[Interval, ...]:
        holiday = self._holidays.get(local_day)
        # 1 January 1970 was a Thursday.
        return self._weekly[(local_day + 3) % 7] if holiday is None else holiday

    def _segments(self, day: int) -> list[tuple[int, int, int]]:
        """A UTC day cut where the zone's offset changes: (from, to, offset), all in milliseconds."""
        begins, ends = day * _DAY_MS, (day + 1) * _DAY_MS
        segments: list[tuple[int, int, int]] = []
        segment_at, offset, probed_at = begins, self._offset(begins), begins
        while probed_at < ends:
            following_at = min(probed_at + _PROBE_MS, ends)
            if self._offset(following_at) != offset:
                change_at = self._change(probed_at, following_at)
                segments.append((segment_at, change_at, offset))
                segment_at, offset = change_at, self._offset(change_at)
            probed_at = following_at
        segments.append((segment_at, ends, offset))
        return segments

    def _change(self, before_at: int, after_at: int) -> int:
        offset = self._offset(before_at)
        before, after = before_at // 1000, after_at // 1000
        while after - before > 1:
            middle = (before + after) // 2
            if self._offset(middle * 1000) == offset:
                before = middle
            else:
                after = middle
        return after * 1000

    def _offset(self, at: int) -> int:
        offset = dt.datetime.fromtimestamp(at // 1000, self._zone).utcoffset()
        return 0 if offset is None else round(offset.total_seconds()) * 1000


@lru_cache(maxsize=128)
def _hours(calendar: BusinessCalendar) -> _Hours:
    return _Hours(calendar)


def _add(found: list[tuple[int, int]], opens: int, closes: int) -> None:
    if closes <= opens:
        return
    if found and opens <= found[-1][1]:
        found[-1] = (found[-1][0], max(found[-1][1], closes))
    else:
        found.append((opens, closes))


def _check_intervals(day: str, intervals: tuple[Interval, ...]) -> None:
    for start, end in intervals:
        if not (0 <= start < _DAY_MINUTES and start < end <= start + _DAY_MINUTES):
            raise CalendarError(
                f"The hours of {day} are wrong: each must begin within the day and end within 24 hours."
            )
    ordered = sorted(intervals)
    for (_start, end), (following, _end) in pairwise(ordered):
        if following < end:
            raise CalendarError(f"The hours of {day} overlap.")


def _check_week(weekly: tuple[tuple[Interval, ...], ...]) -> None:
    """Refuses a night shift that runs into the hours of the next day, also from Sunday to Monday."""
    ordered = sorted(
        (day * _DAY_MINUTES + start, day * _DAY_MINUTES + end) for day in range(7) for start, end in weekly[day]
    )
    first_start, last_end = ordered[0][0] + _WEEK_MINUTES, 0
    for start, end in [*ordered, (first_start, first_start)]:
        if start < last_end:
            raise CalendarError(f"The hours of {WEEKDAYS[start // _DAY_MINUTES % 7]} overlap those of the day before.")
        last_end = max(last_end, end)


def _date(text: str) -> dt.date:
    try:
        if re.fullmatch(_ISO_DATE, text):
            return dt.date.fromisoformat(text)
    except ValueError as error:
        raise CalendarError(f"{text!r} is not a date; write it like 2026-07-04.") from error
    raise CalendarError(f"{text[:40]!r} is not a date; write it like 2026-07-04.")
