"""Days as a clock on the wall shows them, in milliseconds since the epoch."""

from __future__ import annotations

import datetime as dt

from csr_desktop.domain.business_calendar import zone


def local_time(at: int, zone_name: str) -> dt.datetime:
    """What the wall shows in an IANA zone at this instant, down to the second."""
    return dt.datetime.fromtimestamp(at // 1000, zone(zone_name))


def local_date(at: int, zone_name: str) -> dt.date:
    return local_time(at, zone_name).date()


def instant(date: dt.date, minute: int, zone_name: str) -> int:
    """The instant when the wall shows so many minutes after midnight of a date; a time that daylight saving leaves out
    is moved by the hour, of one that comes twice it is the first.
    """
    wall = dt.datetime.combine(date, dt.time(), zone(zone_name)) + dt.timedelta(minutes=minute)
    return round(wall.timestamp()) * 1000


def midnight_after(at: int, zone_name: str, days: int = 1) -> int:
    """The midnight that begins the day so many days after the one of this instant; 0 days is its own beginning."""
    return instant(local_date(at, zone_name) + dt.timedelta(days=days), 0, zone_name)
