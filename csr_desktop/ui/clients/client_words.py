"""How a client reads: its line in the list, its fields and their values, the payroll's dates."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QLocale, QObject, QTime

from csr_desktop.domain.pay_schedule import PaySchedule, PayScheduleError, decode
from csr_desktop.ui.kit.chips import Badge
from csr_desktop.ui.kit.rows import Clock, Row
from csr_desktop.ui.wording import CLOCK_ICONS, Wording, place_of

if TYPE_CHECKING:
    from csr_desktop.services.client_rows import ClientProfile, ClientRow, Duplicate, ShownNumber


class ClientWords(QObject):
    def __init__(self, words: Wording) -> None:
        super().__init__()
        self.words = words

    def count(self, number: int) -> str:
        return self.words.locale.toString(number)

    # The line in the list

    def row(self, row: ClientRow) -> Row:
        tier = self.words.tier(row.tier) or self.words.client_status(row.status)
        where = tuple(part for part in (row.city, tier) if part)
        if row.status == "closed":
            return Row(row.name, icon="buildings", taken_reason=self.closed_since(row.status_since_at))
        if not row.cut_off_at:
            return Row(row.name, icon="buildings", subtitle=where)
        left = self.words.until(row.cut_off_at)
        spoken = self.tr("Cut-off {0}").format(self.words.until_within(row.cut_off_at))
        if left.is_soon:
            clock = Clock(CLOCK_ICONS["cut_off"], left.text, left.tone, spoken)
            return Row(row.name, icon="buildings", subtitle=where, first_clock=clock)
        return Row(
            row.name,
            icon="buildings",
            subtitle=where,
            badges=(Badge(left.text, icon=CLOCK_ICONS["cut_off"], is_plain=True),),
            tooltip="\n".join([row.name, " · ".join(where), self.moment_of_cut_off(row.cut_off_at)]),
            spoken=", ".join([row.name, *where, spoken]),
        )

    def closed_since(self, at: int) -> str:
        if not at:
            return self.words.client_status("closed")
        day = self.words.day(self.words.local(at).date(), with_weekday=False)
        return self.tr("Closed account since {0}").format(day)

    def moment_of_cut_off(self, at: int) -> str:
        return self.tr("Cut-off {0}").format(self.words.within(at))

    # The head of the profile

    def local_time(self, profile: ClientProfile) -> str:
        """ "9:42 AM in Chicago, open until 5 PM"."""
        words, zone = self.words, profile.time_zone
        if not zone:
            return ""
        now = words.now()
        text = self.tr("{0} in {1}").format(words.time_of_day(now, zone), place_of(zone))
        if profile.is_open and profile.open_until_at:
            return self.tr("{0}, open until {1}").format(text, self.hour(profile.open_until_at, zone))
        if profile.opens_at:
            opens = words.local(profile.opens_at, zone)
            hour = self.hour(profile.opens_at, zone)
            if opens.date() == words.local(now, zone).date():
                return self.tr("{0}, closed until {1}").format(text, hour)
            day = words.locale.dayName(opens.isoweekday(), QLocale.FormatType.ShortFormat)
            return self.tr("{0}, closed until {1}, {2}").format(text, day, hour)
        return text

    def hour(self, at: int, zone: str = "") -> str:
        """A time without its minutes where it has none: "5 PM"."""
        moment = self.words.local(at, zone)
        return self.minute_of_day(moment.hour * 60 + moment.minute)

    def minute_of_day(self, minute: int) -> str:
        text = self.words.locale.toString(QTime(minute // 60, minute % 60), QLocale.FormatType.ShortFormat)
        text = text.replace("\u202f", "\u00a0")
        return text if minute % 60 or "M" not in text else text.replace(":00", "")

    def facts(self, profile: ClientProfile) -> list[str]:
        facts = [self.tr("%n employee(s)", "", profile.employee_count)] if profile.employee_count else []
        facts += [profile.products] if profile.products else []
        if profile.specialist_name:
            mine, other = self.tr("Your client"), self.tr("Specialist {0}").format(profile.specialist_name)
            facts.append(mine if profile.is_mine else other)
        return facts

    # Fields and their values

    def field(self, key: str) -> str:
        return {
            "name": self.tr("Name"),
            "code": self.tr("Client code"),
            "status": self.tr("Status"),
            "tier": self.tr("Tier"),
            "employee_count": self.tr("Employees"),
            "products": self.tr("Products"),
            "specialist_id": self.tr("Specialist"),
            "email": self.tr("Email"),
            "city": self.tr("City"),
            "time_zone": self.tr("Time zone"),
            "alert": self.tr("Alert"),
            "pay_schedule": self.tr("Pay schedule"),
            "calendar_id": self.tr("Business hours"),
            "sla_policy_id": self.tr("Reply targets"),
            "title": self.tr("Title"),
            "authorities": self.tr("May ask for"),
            "is_active": self.tr("At the company"),
        }.get(key, key)

    def authority(self, key: str) -> str:
        return {"payroll": self.tr("Payroll"), "tax": self.tr("Tax"), "bank": self.tr("Bank changes")}.get(key, key)

    def authorities(self, stored: str) -> str:
        names = [self.authority(part) for part in stored.split(",") if part]
        return ", ".join(names) if names else self.tr("nothing")

    def value(self, key: str, value: Any) -> str:
        """A field's value as it is read; '' for ids whose names the form knows."""
        if key == "tier":
            return self.words.tier(value) or self.tr("No tier")
        if key == "status":
            return self.words.client_status(value)
        if key == "employee_count":
            return self.count(int(value))
        if key == "time_zone":
            return place_of(value) if value else self.tr("As ours")
        if key == "authorities":
            return self.authorities(value)
        if key == "is_active":
            return self.tr("yes") if value else self.tr("no")
        if key == "pay_schedule":
            return self.schedule(value)
        return str(value) if value else self.tr("nothing")

    def schedule(self, value: PaySchedule | str | None) -> str:
        """ "Biweekly, cut-off 2 days before at 5 PM"."""
        if isinstance(value, str) and value:
            try:
                value = decode(value)
            except PayScheduleError:
                return self.tr("not readable")
        if not isinstance(value, PaySchedule):
            return self.tr("none")
        days = self.cut_off_days(value.cut_off_days)
        return self.tr("{0}, cut-off {1} at {2}").format(
            self.frequency(value.frequency), days.lower(), self.minute_of_day(value.cut_off_minute)
        )

    # The payroll

    def frequency(self, key: str) -> str:
        return {
            "weekly": self.tr("Weekly"),
            "biweekly": self.tr("Biweekly"),
            "semimonthly": self.tr("Twice a month"),
            "monthly": self.tr("Monthly"),
        }.get(key, key)

    def pay_title(self, frequency: str) -> str:
        return {
            "weekly": self.tr("Weekly pay"),
            "biweekly": self.tr("Biweekly pay"),
            "semimonthly": self.tr("Pay twice a month"),
            "monthly": self.tr("Monthly pay"),
        }.get(frequency, frequency)

    def deposit_rule(self, key: str) -> str:
        return {
            "semiweekly": self.tr("Semi-weekly rule"),
            "monthly": self.tr("Monthly rule"),
            "next-day": self.tr("Next-day rule"),
        }.get(key, key)

    def cut_off_days(self, days: int) -> str:
        return self.tr("%n business day(s) before", "", days) if days else self.tr("On the pay date")

    def day_name(self, date: dt.date) -> str:
        """ "Fri 15"."""
        return f"{self.words.locale.dayName(date.isoweekday(), QLocale.FormatType.ShortFormat)} {date.day}"

    # Others

    def number_line(self, number: ShownNumber, owner: str) -> str:
        """ "Dana Sample, (312) 555-0142, mobile", for the picker of numbers."""
        return ", ".join(part for part in (owner, number.shown, number.label) if part)

    def duplicate(self, found: Duplicate) -> str:
        reason = {
            "code": self.tr("has the same code"),
            "email": self.tr("has the same email"),
            "number": self.tr("has the same number"),
            "name": self.tr("has a name like this"),
        }.get(found.reason, "")
        return self.tr("{0}, at {1}").format(reason, found.contact_name) if found.contact_name else reason
