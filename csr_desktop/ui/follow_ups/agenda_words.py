"""How follow-ups read: their line of the agenda, their times there and here, their outcomes."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QLocale, QObject

from csr_desktop.ui.kit.chips import Badge
from csr_desktop.ui.kit.rows import Row
from csr_desktop.ui.wording import DAY, HOUR, MINUTE, VIEW_ICONS, place_of

if TYPE_CHECKING:
    from csr_desktop.services.follow_up_rows import FollowUpRow, KeptRate, LedHere
    from csr_desktop.ui.kit.rows import CheckState
    from csr_desktop.ui.wording import Wording

GROUPS: Final = ("overdue", "today", "tomorrow", "this_and_next_week", "later", "done_today")
KINDS: Final = ("promise", "callback", "check_in", "task", "deadline")
LED_ICONS: Final = {
    "inbound": VIEW_ICONS["email"],
    "reply": VIEW_ICONS["email"],
    "note": VIEW_ICONS["note"],
    "call": VIEW_ICONS["phone"],
}


class AgendaWords(QObject):
    def __init__(self, words: Wording) -> None:
        super().__init__()
        self.words = words

    # Names

    def group(self, key: str) -> str:
        return {
            "overdue": self.tr("Overdue"),
            "today": self.tr("Today"),
            "tomorrow": self.tr("Tomorrow"),
            "this_and_next_week": self.tr("This week and next"),
            "later": self.tr("Later"),
            "done_today": self.tr("Done today"),
        }[key]

    def whose(self, whose: str, count: int) -> str:
        """ "Mine, 9 open"."""
        number = self.words.locale.toString(count)
        return (self.tr("Mine, {0} open") if whose == "mine" else self.tr("Team, {0} open")).format(number)

    def move(self, kind: str) -> str:
        """The verb for giving it another time; a promise takes the client's word."""
        return self.tr("Renegotiate") if kind == "promise" else self.tr("Move")

    # Times

    def pair(self, at: int, zone: str) -> tuple[str, str]:
        """A time of day there and, where the clocks differ, here: "11:00 AM in Chicago" and "noon yours"."""
        there, here = self.words.local(at, zone), self.words.local(at)
        theirs = self.words.time_of_day(at, zone)
        if not zone or there.utcoffset() == here.utcoffset():
            return theirs, ""
        mine = self.words.time_of_day(at)
        if (here.hour, here.minute) == (12, 0) and there.date() == here.date():
            mine = self.tr("noon")
        elif mine.partition("\u00a0")[2] == theirs.partition("\u00a0")[2]:
            mine = mine.partition("\u00a0")[0]
        if there.date() != here.date():
            mine = f"{self.weekday(here.date())} {mine}"
        return self.tr("{0} in {1}").format(theirs, place_of(zone)), self.tr("{0} yours").format(mine)

    def weekday(self, date: dt.date) -> str:
        return self.words.locale.dayName(date.isoweekday(), QLocale.FormatType.ShortFormat)

    def when(self, at: int, zone: str, *, is_narrow: bool = False) -> str:
        """In a line: "2:00 PM in Boise, 4:00 yours", with the day where it is not today. Narrow, the time there."""
        theirs, mine = self.pair(at, zone)
        if is_narrow:
            mine = ""
        date, today = self.words.local(at, zone).date(), self.words.local(self.words.now()).date()
        parts = [theirs, mine]
        if date != today:
            ahead = (date - today).days
            day = self.weekday(date) if 0 < ahead < 7 else self.words.day(date, with_weekday=False)
            parts.insert(0, day)
        return ", ".join(part for part in parts if part)

    def whole(self, at: int, zone: str) -> tuple[str, str]:
        """In a card: "Fri, May 15, 11:00 AM in Chicago" and "noon yours"."""
        theirs, mine = self.pair(at, zone)
        return f"{self.words.day(self.words.local(at, zone).date())}, {theirs}", mine

    def moment(self, at: int) -> str:
        """My own: "Today, 10:17 AM", "May 12, 4:20 PM"."""
        moment = self.words.local(at)
        if moment.date() == self.words.local(self.words.now()).date():
            return self.tr("Today, {0}").format(self.words.time_of_day(at))
        return f"{self.words.day(moment.date(), with_weekday=False)}, {self.words.time_of_day(at)}"

    def left(self, row: FollowUpRow) -> str:
        """ "12 min late", "in 48 min", "in 2 working days"."""
        left = row.due_at - self.words.now()
        if 0 <= left < MINUTE:
            return self.tr("now")
        if left < DAY and row.group != "tomorrow":
            return self.words.until(row.due_at).spoken
        days = (self.words.local(row.due_at).date() - self.words.local(self.words.now()).date()).days
        if row.working_days and row.working_days != days:
            return self.tr("in %n working day(s)", "", row.working_days)
        return self.tr("in %n day(s)", "", days)

    # A line of the agenda

    def row(self, row: FollowUpRow, *, shows_assignee: bool, is_narrow: bool = False, left_reason: str = "") -> Row:
        is_done = row.state != "open"
        badge = self._done_badge(row) if is_done else self._badge(row)
        check: CheckState = "open"
        if is_done:
            check = "missed" if row.outcome == "broken" else "done"
            end = self.words.time_of_day(row.completed_at)
        else:
            end = self.when(row.due_at, row.client_zone, is_narrow=is_narrow)
        subtitle = [row.client_name, row.contact_name]
        who = (row.completed_by_name if is_done else row.assignee_name or self.tr("Nobody")) if shows_assignee else ""
        title = row.title or self.words.follow_up_kind(row.kind)
        facts = [
            self.words.follow_up_kind(row.kind),
            self.tr("done") if is_done else self.tr("to do"),
            title,
            *([left_reason] if left_reason else [*subtitle, who, badge.text]),
            self.words.moment(row.completed_at) if is_done else self.words.both(row.due_at, row.client_zone),
        ]
        return Row(
            title,
            icon=VIEW_ICONS[row.kind],
            check=check if row.can_work else "",
            is_done=is_done,
            title_badge=None if left_reason else badge,
            subtitle=tuple(part for part in (*subtitle, who) if part),
            end_text=end,
            taken_reason=left_reason,
            spoken=", ".join(fact for fact in facts if fact),
            tooltip="\n".join(
                part for part in (title, " · ".join(p for p in (*subtitle, who) if p), ", ".join(facts[-1:])) if part
            ),
        )

    def _badge(self, row: FollowUpRow) -> Badge:
        now = self.words.now()
        if row.snoozed_until_at > now:
            until = self.when(row.snoozed_until_at, "")
            return Badge(self.tr("Snoozed to {0}").format(until), "neutral", "bell-z")
        left = row.due_at - now
        if left < 0:
            return Badge(self.left(row), "danger", is_lead=True)
        if left < HOUR:
            return Badge(self.left(row), "warning", is_lead=True)
        if row.group in {"overdue", "today"}:
            return Badge(self.left(row), "neutral")
        if row.move_count:
            return Badge(self.moved(row), "info")
        if row.kind == "deadline":
            return Badge(self.words.follow_up_kind("deadline"), "neutral")
        return Badge(self.left(row), "neutral")

    def moved(self, row: FollowUpRow) -> str:
        times = {1: self.tr("once"), 2: self.tr("twice")}.get(row.move_count, self.tr("%n time(s)", "", row.move_count))
        return (self.tr("Renegotiated {0}") if row.kind == "promise" else self.tr("Moved {0}")).format(times)

    def _done_badge(self, row: FollowUpRow) -> Badge:
        good = row.outcome in {"kept", "reached", "done"}
        tone = "success" if good else "danger" if row.outcome == "broken" else "muted"
        if row.outcome == "kept" and row.kept_early_seconds < 0:
            tone = "warning"
        return Badge(self.outcome(row), tone, is_plain=True)  # type: ignore[arg-type]

    def outcome(self, row: FollowUpRow) -> str:
        """ "Kept, 40 min early"; how far off is only said of promises, which are measured by it."""
        text = self.words.follow_up_outcome(row.outcome)
        seconds = row.kept_early_seconds
        if row.outcome != "kept" or abs(seconds) < 60:
            return text
        gap = self.words.duration(abs(seconds))
        return (self.tr("{0}, {1} early") if seconds > 0 else self.tr("{0}, {1} late")).format(text, gap)

    # What led here

    def led_here(self, led: LedHere, row: FollowUpRow) -> str:
        """ "You told Dana: “…”"."""
        who = self.tr("You") if led.is_mine else led.author_name or self.tr("A colleague")
        name = (led.contact_name or row.contact_name).partition(" ")[0]
        contact = name or self.tr("the client")
        text = led.title
        if led.kind == "inbound":
            return self.tr("{0}: \u201c{1}\u201d").format(name or self.tr("The client"), text)
        if led.kind == "reply":
            return self.tr("{0} told {1}: \u201c{2}\u201d").format(who, contact, text)
        if led.kind == "note":
            return self.tr("{0} noted: {1}").format(who, text)
        if led.kind == "follow_up":
            made = self.tr("Promised by {0}: {1}") if row.kind == "promise" else self.tr("Added by {0}: {1}")
            return made.format(self.tr("you") if led.is_mine else who, text)
        if led.direction == "out":
            said = self.tr("{0} called {1}").format(who, contact)
        else:
            said = self.tr("{0} called").format(name or self.tr("The client"))
        return f"{said}: {text}" if text else said

    # The rate

    def rate(self, rate: KeptRate, whose: str) -> tuple[str, str, str]:
        """Before the figure, the figure, and after it the interval and count. Without data all is in the first."""
        if rate.share is None or rate.low is None or rate.high is None:
            return self.tr("No promises due yet"), "", ""
        who = self.tr("you") if whose == "mine" else self.tr("your team")
        count = self.words.locale.toString(rate.due)
        low, high = (self.words.locale.toString(round(part * 100)) for part in (rate.low, rate.high))
        return (
            self.tr("Promises kept, {0}, last 90 days:").format(who),
            self.percent(rate.share),
            self.tr("({0}\u2013{1}, n={2})").format(low, high, count),
        )

    def percent(self, share: float) -> str:
        locale = self.words.locale
        return f"{locale.toString(round(share * 100))}\u00a0{locale.percent()}"
