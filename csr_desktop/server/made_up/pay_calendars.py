"""Pay schedules of made-up clients, and one whose next cut-off comes when a story needs it."""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from csr_desktop.domain import pay_schedule
from csr_desktop.domain.bank_days import bank_holidays, days_after, is_business_day, on_or_after
from csr_desktop.domain.pay_schedule import DepositRuleName, PaySchedule

_EARLIEST_MINUTE: Final = 7 * 60
_LATEST_MINUTE: Final = 19 * 60
_CUT_OFF_MINUTES: Final = (11 * 60, 12 * 60, 13 * 60, 14 * 60, 15 * 60, 17 * 60)
_SEMIMONTHLY: Final = ((15, 31), (1, 15), (5, 20), (10, 25))
_DAY_MS: Final = 86_400_000
_MONTHLY: Final = ((31,), (1,), (28,), (15,))


class PayCalendars:
    """Hands out encoded schedules of a limited number of kinds, since many clients share one in life too."""

    def __init__(self, random: Random, today: dt.date) -> None:
        self._random = random
        friday = today + dt.timedelta(days=(4 - today.weekday()) % 7)
        self._anchors = [(friday - dt.timedelta(days=days)).isoformat() for days in (0, 1, 7, 8)]
        self._encoded: dict[PaySchedule, str] = {}

    def any(self, time_zone: str) -> str:
        """A common schedule of this zone."""
        random = self._random
        style = random.random()
        rule: DepositRuleName = "semiweekly" if random.random() < 0.7 else "monthly"
        minute, days = random.choice(_CUT_OFF_MINUTES), random.choice((1, 2, 2, 3))
        if style < 0.2:
            schedule = PaySchedule("weekly", time_zone, random.choice(self._anchors[:2]), (), days, minute, rule)
        elif style < 0.68:
            schedule = PaySchedule("biweekly", time_zone, random.choice(self._anchors), (), days, minute, rule)
        elif style < 0.9:
            schedule = PaySchedule("semimonthly", time_zone, "", random.choice(_SEMIMONTHLY), days, minute, rule)
        else:
            schedule = PaySchedule("monthly", time_zone, "", random.choice(_MONTHLY), days, minute, rule)
        text = self._encoded.get(schedule)
        if text is None:
            text = self._encoded[schedule] = pay_schedule.encode(schedule)
        return text


def cut_off_at(at: int, time_zone: str, now_at: int) -> tuple[str, int]:
    """A biweekly schedule whose next cut-off is at about this instant, and when it really is.

    To the five minutes before, when it is days away to the hour; in the night, on weekends and bank holidays at 13:00
    of the next bank business day.
    """
    zone = ZoneInfo(time_zone)
    local = dt.datetime.fromtimestamp(at / 1000, zone)
    step = 60 if at - now_at > _DAY_MS else 5
    minute = (local.hour * 60 + local.minute) // step * step
    date = local.date()
    if minute > _LATEST_MINUTE:
        date += dt.timedelta(days=1)
    if not (_EARLIEST_MINUTE <= minute <= _LATEST_MINUTE and is_business_day(date, bank_holidays)):
        minute = 13 * 60
        date = on_or_after(date, bank_holidays)
    pay_date = days_after(date, 1, bank_holidays)
    schedule = PaySchedule("biweekly", time_zone, pay_date.isoformat(), (), 1, minute)
    cut_off = dt.datetime.combine(date, dt.time(*divmod(minute, 60)), zone)
    return pay_schedule.encode(schedule), round(cut_off.timestamp()) * 1000
