"""How an item of the inbox reads: its line in the list, and why it is no longer there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject

from csr_desktop.ui.kit.rows import Row
from csr_desktop.ui.wording import VIEW_ICONS

if TYPE_CHECKING:
    from csr_desktop.services.inbox_rows import GroupCounts, InboxRow
    from csr_desktop.ui.kit.rows import Clock
    from csr_desktop.ui.wording import Wording

GROUPS = ("breached", "next_hour", "today", "later")


class InboxWords(QObject):
    def __init__(self, words: Wording, my_id: str = "") -> None:
        super().__init__()
        self.words = words
        self.my_id = my_id

    def view(self, key: str) -> str:
        return {
            "mine": self.tr("Mine"),
            "unassigned": self.tr("Unassigned"),
            "my_team": self.tr("My team"),
            "due_today": self.tr("Due today"),
            "breached": self.tr("Breached"),
            "waiting": self.tr("Waiting for client"),
            "escalated": self.tr("Escalated"),
        }[key]

    def group(self, key: str) -> str:
        return {
            "breached": self.tr("Breached"),
            "next_hour": self.tr("Next hour"),
            "today": self.tr("Today"),
            "later": self.tr("Tomorrow and later"),
        }[key]

    @staticmethod
    def count_of(group: str, counts: GroupCounts) -> int:
        return {
            "breached": counts.breached,
            "next_hour": counts.next_hour,
            "today": counts.today,
            "later": counts.later,
        }[group]

    def title(self, row: InboxRow) -> str:
        if row.title:
            return row.title
        return {
            "voicemail": self.tr("Voicemail"),
            "abandoned": self.tr("Caller hung up"),
        }.get(row.view_kind, self.tr("Missed call"))

    def row(self, row: InboxRow) -> Row:
        due, cut_off = self._due_clock(row), self.words.clock("cut_off", row.cut_off_at)
        first, second = (cut_off, due) if row.first_clock == "cut_off" else (due, cut_off)
        icon = "flag" if row.is_escalated_to_me else VIEW_ICONS.get(row.view_kind, VIEW_ICONS[row.kind])
        icon = "shield-check" if row.awaits_my_approval else icon
        return Row(
            title=self.title(row),
            icon=icon,
            is_new=row.is_new,
            time_text=self._time(row),
            subtitle=self.who(row),
            first_clock=first,
            second_clock=msgspec.structs.replace(second, is_lead=False) if second else None,
            taken_reason="" if row.is_in_view else self.reason(row),
        )

    def who(self, row: InboxRow) -> tuple[str, ...]:
        """The client, then the person; of an unknown caller the number."""
        known = tuple(part for part in (row.client_name, row.contact_name) if part)
        return known or (row.number or self.tr("Unknown number"),)

    def reason(self, row: InboxRow) -> str:
        """Why it left the view: taken by someone, settled, or moved on."""
        name = self.tr("you") if row.assignee_id == self.my_id else row.assignee_name
        at = self.words.short(row.assigned_at)
        if row.kind == "call":
            return (
                self.tr("Called back by {0} at {1}").format(name, at) if name and at else self.tr("Needs no call back")
            )
        if row.kind == "follow_up":
            if row.state == "open":
                return self.tr("Given to {0}").format(name) if row.assignee_id != self.my_id else self.tr("Put off")
            return self.tr("Done by {0} at {1}").format(name, at) if name and at else self.tr("Done")
        if row.state in {"resolved", "closed", "waiting"}:
            return self.words.ticket_state(row.state)
        if not row.assignee_id:
            return self.tr("Put back for anyone to take")
        if not name:
            return self.tr("No longer in this view")
        return self.tr("Taken by {0} at {1}").format(name, at) if at else self.tr("Taken by {0}").format(name)

    def _time(self, row: InboxRow) -> str:
        if row.awaits_my_approval:
            return self.tr("To approve")
        if row.is_escalated_to_me:
            return self.tr("Escalated")
        if row.kind == "follow_up":
            return self.words.follow_up_kind(row.view_kind)
        return self.words.short(row.at)

    def _due_clock(self, row: InboxRow) -> Clock | None:
        clock = self.words.clock("promise" if row.view_kind == "promise" else "due", row.due_at)
        if clock is None or row.kind == "ticket" or row.view_kind == "promise":
            return clock
        left = self.words.until_within(row.due_at)
        spoken = self.tr("Call back {0}") if row.kind == "call" else self.tr("Due {0}")
        return msgspec.structs.replace(clock, spoken=spoken.format(left))
