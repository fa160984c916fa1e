"""What people type for a due time: “tomorrow 11”, “fri 2pm”, “in 2 h”, “may 15 11:00”, “2026-05-15”, “mon”, “noon”.

Times are those of the client's wall. A day without a time is its opening, today without a time its closing. An hour
from 1 to 11 without am or pm is taken so that it falls into business hours: “tomorrow 2” is in the afternoon. Days and
months are English; dates in figures are read when they can mean one thing only.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from csr_desktop.domain.business_calendar import CalendarError
from csr_desktop.domain.local_days import instant, local_date
from csr_desktop.domain.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from csr_desktop.domain.business_calendar import BusinessCalendar

DueError = Literal["", "empty", "not_understood", "ambiguous", "past", "too_far"]

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_COUNTS: Final = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_MINUTE_MS: Final = 60_000
_FARTHEST_MS: Final = 3 * 366 * 86_400_000
_NINE: Final = 9 * 60
_FIVE: Final = 17 * 60
_WAKING: Final = range(7 * 60, 19 * 60)
_LIMIT: Final = 80

_MONTH: Final = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_YEAR: Final = r"(?:\s+(\d{4})(?![:.\d]))?"
_JOINED: Final = re.compile(r"(?<=\d)t(?=\d)")  # ISO's 2026-05-15T11:00


class DueParsed(NamedTuple):
    """When it is due, in milliseconds, 0 with an `error`. Where that is not within business hours, `next_open_at` is
    when they begin again.
    """

    at: int
    is_open_hours: bool
    next_open_at: int
    error: DueError


class _Unclear(Exception):
    def __init__(self, error: DueError) -> None:
        super().__init__(error)
        self.error = error


def parse_due(text: str, calendar: BusinessCalendar | None, zone_name: str, now_at: int) -> DueParsed:
    """Reads a due time on the wall of `zone_name`. `calendar` are the client's business hours, None when they have
    none; then every time counts as open. Takes any text and never raises for it.
    """
    line = " ".join(clean_line(text, _LIMIT).lower().replace(",", " ").split())
    if not line:
        return DueParsed(0, is_open_hours=False, next_open_at=0, error="empty")
    try:
        at = _Reading(calendar, zone_name, now_at).read(line)
        if at <= now_at:
            raise _Unclear("past")
        if at > now_at + _FARTHEST_MS:
            raise _Unclear("too_far")
        is_open = calendar is None or calendar.is_open(at) or calendar.is_open(at - 1)
        next_open_at = 0 if is_open or calendar is None else calendar.next_open(at)
    except _Unclear as unclear:
        return DueParsed(0, is_open_hours=False, next_open_at=0, error=unclear.error)
    except (CalendarError, OverflowError, ValueError, OSError):  # a date that does not exist, or beyond any calendar
        return DueParsed(0, is_open_hours=False, next_open_at=0, error="not_understood")
    return DueParsed(at, is_open, next_open_at, "")


class _Reading:
    """One text, read piece by piece from its start."""

    def __init__(self, calendar: BusinessCalendar | None, zone_name: str, now_at: int) -> None:
        self._calendar = calendar
        self._zone = zone_name
        self._now_at = now_at
        self._today = local_date(now_at, zone_name)
        self._at = 0
        self._date: dt.date | None = None
        self._minutes: tuple[int, ...] = ()
        self._is_weekday_of_today = False

    def read(self, line: str) -> int:
        rest = _JOINED.sub(" ", line)
        while rest:
            for pattern, take in _PIECES:
                found = pattern.match(rest)
                if found:
                    take(self, found)
                    rest = rest[found.end() :].strip()
                    break
            else:
                raise _Unclear("not_understood")
        return self._result()

    def take_span(self, found: re.Match[str]) -> None:
        """“in 2 h”, “30 min”, “in 3 days”, “in two weeks”, “in 2 working days”."""
        count = _COUNTS.get(found[1]) or int(found[1])
        unit = found[2]
        if unit.startswith(("working", "business")):
            self._set_date(self._working_day(count))
        elif unit.startswith("w"):
            self._set_date(self._today + dt.timedelta(weeks=count))
        elif unit.startswith("d"):
            self._set_date(self._today + dt.timedelta(days=count))
        else:
            if self._at:
                raise _Unclear("not_understood")
            minutes = count if unit.startswith("m") else count * 60
            self._at = self._now_at + minutes * _MINUTE_MS

    def take_today(self, found: re.Match[str]) -> None:
        self._set_date(self._today + dt.timedelta(days=0 if found[1] == "today" else 1))

    def take_weekday(self, found: re.Match[str]) -> None:
        ahead = (_DAYS.index(found[2][:3]) - self._today.weekday()) % 7
        if found[1]:
            ahead = 7 - self._today.weekday() + _DAYS.index(found[2][:3])
        self._is_weekday_of_today = ahead == 0
        self._set_date(self._today + dt.timedelta(days=ahead))

    def take_month_day(self, found: re.Match[str]) -> None:
        self._set_day(found[3], _MONTHS.index(found[1]) + 1, int(found[2]))

    def take_day_month(self, found: re.Match[str]) -> None:
        self._set_day(found[3], _MONTHS.index(found[2]) + 1, int(found[1]))

    def take_iso(self, found: re.Match[str]) -> None:
        self._set_date(dt.date(int(found[1]), int(found[2]), int(found[3])))

    def take_slashes(self, found: re.Match[str]) -> None:
        """5/15 and 15/5 are the same day; 5/6 may be May or June."""
        first, second = int(found[1]), int(found[2])
        if first <= 12 and second <= 12 and first != second:
            raise _Unclear("ambiguous")
        day, month = (first, second) if first > 12 else (second, first)
        self._set_day(found[3], month, day)

    def take_dots(self, found: re.Match[str]) -> None:
        self._set_day(found[3], int(found[2]), int(found[1]))

    def take_named_time(self, found: re.Match[str]) -> None:
        self._set_minutes((12 * 60,) if found[1] == "noon" else (-1,))

    def take_time(self, found: re.Match[str]) -> None:
        hour, minute = int(found[1]), int(found[2] or 0)
        half = (found[3] or "")[:1]
        if half and not 1 <= hour <= 12:
            raise _Unclear("not_understood")
        if half:
            hour = hour % 12 + (12 if half == "p" else 0)
        if hour > 23 or minute > 59:
            raise _Unclear("not_understood")
        may_be_afternoon = not half and 1 <= hour <= 11 and not found[1].startswith("0")
        start = hour * 60 + minute
        self._set_minutes((start, start + 12 * 60) if may_be_afternoon else (start,))

    def _set_date(self, date: dt.date) -> None:
        if self._date is not None:
            raise _Unclear("not_understood")
        self._date = date

    def _set_day(self, year: str | None, month: int, day: int) -> None:
        if year:
            self._set_date(dt.date(int(year), month, day))
            return
        # 29 February may be four or, around 2100, eight years away.
        for ahead in range(9):
            try:
                date = dt.date(self._today.year + ahead, month, day)
            except ValueError:
                continue
            if date >= self._today:
                self._set_date(date)
                return
        raise _Unclear("not_understood")

    def _set_minutes(self, minutes: tuple[int, ...]) -> None:
        if self._minutes:
            raise _Unclear("not_understood")
        self._minutes = minutes

    def _result(self) -> int:
        if self._at:
            if self._date is not None or self._minutes:
                raise _Unclear("not_understood")
            return self._at
        if self._date is None:
            if not self._minutes:
                raise _Unclear("not_understood")
            return self._now_or_after(days=1)
        if self._is_weekday_of_today:
            return self._now_or_after(days=7)
        return self._best(self._date)

    def _now_or_after(self, *, days: int) -> int:
        """Today's time if it is still to come and was surely meant, else the one so many days later."""
        at = self._best(self._today)
        is_sure = bool(self._minutes) and (len(self._minutes) == 1 or self._is_usual(at, self._today))
        return at if at > self._now_at and is_sure else self._best(self._today + dt.timedelta(days=days))

    def _best(self, date: dt.date) -> int:
        """The meant time of a day: open and still to come if it can be."""
        if not self._minutes:
            return self._closing(date) if date == self._today else self._opening(date)
        if self._minutes == (-1,):
            return self._closing(date)
        times = [instant(date, minute, self._zone) for minute in self._minutes]
        ahead = [at for at in times if at > self._now_at] or times
        return next((at for at in ahead if self._is_usual(at, date)), ahead[0])

    def _is_usual(self, at: int, date: dt.date) -> bool:
        if self._calendar is not None and self._calendar.intervals_on(date.isoformat()):
            return self._calendar.is_open(at) or self._calendar.is_open(at - 1)
        return (at - instant(date, 0, self._zone)) // _MINUTE_MS in _WAKING

    def _opening(self, date: dt.date) -> int:
        hours = self._calendar.intervals_on(date.isoformat()) if self._calendar else ()
        return hours[0][0] if hours else instant(date, _NINE, self._zone)

    def _closing(self, date: dt.date) -> int:
        hours = self._calendar.intervals_on(date.isoformat()) if self._calendar else ()
        return hours[-1][1] if hours else instant(date, _FIVE, self._zone)

    def _working_day(self, count: int) -> dt.date:
        """The day so many open days after today."""
        if count > 366:
            raise _Unclear("too_far")
        date = self._today
        while count:
            date += dt.timedelta(days=1)
            is_open = self._calendar.intervals_on(date.isoformat()) if self._calendar else date.weekday() < 5
            count -= bool(is_open)
        return date


_Piece = tuple[re.Pattern[str], "Callable[[_Reading, re.Match[str]], None]"]


def _piece(pattern: str, take: Callable[[_Reading, re.Match[str]], None]) -> _Piece:
    return re.compile(rf"(?:(?:on|at|by|this|the)\s+)?(?:{pattern})(?![\w:/])", re.ASCII), take


_PIECES: Final[tuple[_Piece, ...]] = (
    _piece(
        r"(?:in\s+|\+\s*)?(\d{1,4}|an?|one|two|three|four|five)\s*"
        r"(min(?:ute)?s?|mins|h|hrs?|hours?|d|days?|w|weeks?|(?:working|business)\s+days?)",
        _Reading.take_span,
    ),
    _piece(r"(today|tomorrow|tmrw?|tmw)", _Reading.take_today),
    _piece(
        r"(next\s+)?(mon(?:day)?|tues?(?:day)?|wed(?:nesday)?|thu(?:rs?)?(?:day)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)",
        _Reading.take_weekday,
    ),
    _piece(rf"{_MONTH}\s*(\d{{1,2}})(?:st|nd|rd|th)?{_YEAR}", _Reading.take_month_day),
    _piece(rf"(\d{{1,2}})(?:st|nd|rd|th|\.)?\s*{_MONTH}{_YEAR}", _Reading.take_day_month),
    _piece(r"(\d{4})-(\d{1,2})-(\d{1,2})", _Reading.take_iso),
    _piece(r"(\d{1,2})/(\d{1,2})(?:/(\d{4}))?", _Reading.take_slashes),
    _piece(r"(\d{1,2})\.(\d{1,2})\.(\d{4})?", _Reading.take_dots),
    _piece(r"(noon|eod|end of (?:the )?day|close of business|cob)", _Reading.take_named_time),
    _piece(r"(\d{1,2})(?:[:.](\d{2}))?\s*([ap]\.?m\.?|[ap])?(?:\s+o'?clock)?", _Reading.take_time),
)
