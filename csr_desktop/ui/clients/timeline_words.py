"""How a line of a client's history reads, and under which heading of time it stands."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QDate, QObject

from csr_desktop.ui.clients.older_words import SERVER_ICON, OlderWords
from csr_desktop.ui.kit.rows import Row
from csr_desktop.ui.wording import MINUTE, VIEW_ICONS

if TYPE_CHECKING:
    from csr_desktop.services.client_rows import FieldChange, TimelineRow
    from csr_desktop.ui.clients.client_words import ClientWords
    from csr_desktop.ui.kit.theme import Tone

_LOST = {"missed", "abandoned", "no_answer", "busy"}
_VALUES_SAID = {"tier", "status", "name", "city", "time_zone", "specialist_id", "employee_count", "code", "email"}


class TimelineWords(QObject):
    def __init__(self, clients: ClientWords) -> None:
        super().__init__()
        self._clients = clients
        self._words = clients.words
        self.older = OlderWords(clients.words)
        self._groups_at, self._today = 0, dt.date.min
        self._groups: dict[int, str] = {}
        """Of each time, as long as that day lasts: a long history is laid out often."""

    # Headings

    def group_of(self, at: int) -> str:
        """today, yesterday, week, last_week, or a month "2026-04"; in my zone, weeks as the locale has them."""
        minute = self._words.now() // MINUTE
        if minute != self._groups_at:
            self._groups_at, today = minute, self._words.local(self._words.now()).date()
            if today != self._today:
                self._today, self._groups = today, {}
        known = self._groups.get(at)
        if known is None:
            known = self._groups[at] = self._group_of(self._words.local(at).date(), self._today)
        return known

    def _group_of(self, date: dt.date, today: dt.date) -> str:
        if date >= today:
            return "today"
        if date == today - dt.timedelta(days=1):
            return "yesterday"
        monday = today - dt.timedelta(days=(today.isoweekday() - self._words.locale.firstDayOfWeek().value) % 7)
        if date >= monday:
            return "week"
        if date >= monday - dt.timedelta(days=7):
            return "last_week"
        return f"{date:%Y-%m}"

    def group(self, key: str) -> str:
        known = {
            "today": self.tr("Today"),
            "yesterday": self.tr("Yesterday"),
            "week": self.tr("This week"),
            "last_week": self.tr("Last week"),
        }
        if key in known:
            return known[key]
        year, month = (int(part) for part in key.split("-"))
        is_this_year = year == self._words.local(self._words.now()).year
        return self._words.locale.toString(QDate(year, month, 1), "MMMM" if is_this_year else "MMMM yyyy")

    def time(self, at: int) -> str:
        """The time today and yesterday, else the day."""
        if self.group_of(at) in {"today", "yesterday"}:
            return self._words.time_of_day(at)
        return self._words.day(self._words.local(at).date(), with_weekday=False)

    # Lines

    def row(self, row: TimelineRow, kept_until_at: int = 0) -> Row:
        """`kept_until_at` is when a row of the server's leaves this computer, 0 where that is not known."""
        made = {
            "call": self._call,
            "ticket": self._ticket,
            "follow_up": self._follow_up,
            "note": self._note,
            "change": self._change,
        }[row.kind](row)
        if not row.is_older:
            return made
        subtitle = (*made.subtitle, row.team_name) if row.team_name else made.subtitle
        mark = self.older.mark(kept_until_at)
        return _with(made, subtitle=subtitle, mark_icon=SERVER_ICON, mark_words=mark)

    def _row(
        self,
        row: TimelineRow,
        title: str,
        icon: str,
        subtitle: tuple[str, ...],
        end_text: str = "",
        end_tone: Tone = "faint",
        icon_tone: Tone = "faint",
    ) -> Row:
        return Row(
            title,
            icon=icon,
            icon_tone=icon_tone,
            time_text=self.time(row.at),
            keeps_time=True,
            subtitle=tuple(part for part in subtitle if part),
            end_text=end_text,
            end_tone=end_tone,
            tooltip="\n".join(part for part in (title, " · ".join(subtitle), self._words.moment(row.at)) if part),
        )

    def _call(self, row: TimelineRow) -> Row:
        is_lost = row.result in _LOST
        if row.view_kind not in {"", "phone"}:
            icon = VIEW_ICONS.get(row.view_kind, "phone")
        elif is_lost:
            icon = VIEW_ICONS["missed"]
        else:
            icon = "phone-outgoing" if row.direction == "out" else "phone-incoming"
        topic = row.topic_path[-1] if row.topic_path else ""
        who = self.tr("you") if row.is_mine else row.by_name
        handled = ""
        if row.seconds and who:
            handled = self.tr("{0} with {1}").format(self._words.timer(row.seconds), who)
        elif who and not is_lost:
            handled = self.tr("with {0}").format(who)
        is_missed = row.result == "missed"
        return self._row(
            row,
            row.title or topic or self._bare_call(row),
            icon,
            (row.contact_name, handled, row.disposition, self._verification(row.verification)),
            end_text=self._words.call_result(row.result) if is_lost and (row.title or topic) else "",
            end_tone="danger" if is_missed else "faint",
            icon_tone="danger" if is_missed else "faint",
        )

    def _verification(self, outcome: str) -> str:
        """What came of verifying the caller."""
        return {
            "passed": self.tr("Verification passed"),
            "later": self.tr("Verification finished later"),
            "called_back": self.tr("Known number called back, reached"),
            "failed": self.tr("Verification failed"),
            "begun": self.tr("Verification not finished"),
            "call_back_no_answer": self.tr("Known number called back, no answer"),
            "call_back_wrong_person": self.tr("Known number called back, wrong person"),
        }.get(outcome, "")

    def _bare_call(self, row: TimelineRow) -> str:
        """A call without a note."""
        if row.result in _LOST:
            lost = {
                "missed": self.tr("Missed call"),
                "abandoned": self.tr("Caller hung up"),
                "no_answer": self.tr("Call without an answer"),
                "busy": self.tr("Their line was busy"),
            }
            return lost[row.result]
        if row.view_kind not in {"", "phone"}:
            return self._words.channel(row.view_kind)
        return self.tr("Call to them") if row.direction == "out" else self.tr("Call from them")

    def _ticket(self, row: TimelineRow) -> Row:
        who = self.tr("you") if row.is_mine else row.by_name
        between = row.contact_name
        if who:
            between = self.tr("{0} to {1}").format(row.contact_name, who) if row.contact_name else who
        number = self.tr("Ticket {0}").format(row.label)
        if row.topic_path:
            number = f"{number}, {row.topic_path[0].lower()}"
        made = self._row(row, row.title, VIEW_ICONS.get(row.view_kind, VIEW_ICONS["ticket"]), (between, number))
        if row.state == "open" and row.due_at:
            clock = self._words.clock("due", row.due_at)
            return _with(made, first_clock=clock)
        tone = "success" if row.state == "resolved" else "faint"
        return _with(made, end_text=self._words.ticket_state(row.state), end_tone=tone)

    def _follow_up(self, row: TimelineRow) -> Row:
        kind = self._words.follow_up_kind(row.view_kind)
        # Of the others the title and the icon say enough.
        title = self.tr("{0}: {1}").format(kind, row.title) if row.view_kind == "promise" else row.title
        who = self.tr("You") if row.is_mine else row.by_name or self.tr("Nobody yet")
        to = self.tr("{0} to {1}").format(who, row.contact_name) if row.contact_name else who
        icon = VIEW_ICONS.get(row.view_kind, VIEW_ICONS["follow_up"])
        if row.state == "open":
            is_late = bool(row.due_at) and row.due_at < self._words.now()
            due = self.tr("Due {0}").format(self._words.within(row.due_at)) if row.due_at else ""
            end = self._words.until(row.due_at).text if is_late else self.tr("Open")
            return self._row(row, title, icon, (to, due), end_text=end, end_tone="danger" if is_late else "faint")
        tone: Tone = {"kept": "success", "broken": "danger"}.get(row.outcome, "faint")  # type: ignore[assignment]
        return self._row(row, title, icon, (to,), end_text=self._words.follow_up_outcome(row.outcome), end_tone=tone)

    def _note(self, row: TimelineRow) -> Row:
        by = self.tr("Note by you") if row.is_mine else self.tr("Note by {0}").format(row.by_name)
        return self._row(row, row.title, VIEW_ICONS["note"], (by,))

    def _change(self, row: TimelineRow) -> Row:
        by = self.tr("Changed by you") if row.is_mine else self.tr("Changed by {0}").format(row.by_name)
        return self._row(row, self.change_title(row), VIEW_ICONS.get(row.view_kind, "pencil-simple"), (by,))

    # Changes

    def change_title(self, row: TimelineRow) -> str:
        whose = row.contact_name if row.contact_id else ""
        if len(row.fields) == 1:
            return self._one_change(row.fields[0], whose)
        names = [self._clients.field(change.field).lower() for change in row.fields]
        listed = self.tr("{0} and {1}").format(", ".join(names[:-1]), names[-1]) if len(names) > 1 else "".join(names)
        if whose:
            return self.tr("{0}: {1} changed").format(whose, listed)
        return self.tr("{0} changed").format(listed[:1].upper() + listed[1:])

    def _one_change(self, change: FieldChange, whose: str) -> str:
        field, was, becomes = change.field, change.was, change.becomes
        if field == "tier" and was and becomes:
            return self.tr("Moved from {0} to {1}").format(self._words.tier(str(was)), self._words.tier(str(becomes)))
        if field == "authorities":
            return self.tr("{0} may now ask for: {1}").format(whose, self._clients.authorities(str(becomes)).lower())
        if field == "is_active":
            back, gone = self.tr("{0} is there again"), self.tr("{0} is no longer there")
            return (back if becomes else gone).format(whose)
        name = self._clients.field(field)
        if whose:
            name = self.tr("{0}: {1}").format(whose, name.lower())
        if field in _VALUES_SAID:
            return self.tr("{0} changed to {1}").format(name, self._clients.value(field, becomes))
        return self.tr("{0} changed").format(name)

    def change_lines(self, row: TimelineRow) -> list[tuple[str, str, str]]:
        """(field, was, becomes) of every field, for reading."""
        return [
            (self._clients.field(c.field), self._value(c.field, c.was), self._value(c.field, c.becomes))
            for c in row.fields
        ]

    def _value(self, field: str, value: str | int) -> str:
        if field in {"calendar_id", "sla_policy_id"}:
            return self.tr("another one") if value else self.tr("nothing")
        return self._clients.value(field, value)


def _with(row: Row, **fields: object) -> Row:
    return msgspec.structs.replace(row, **fields)
