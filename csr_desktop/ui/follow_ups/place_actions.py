"""The keys of the place of follow-ups: rows of the table of actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csr_desktop.ui.actions import Action
from csr_desktop.ui.follow_ups.deeds import open_ids

if TYPE_CHECKING:
    from collections.abc import Callable

    from csr_desktop.ui.follow_ups.place import FollowUpsPlace


def actions_of(place: FollowUpsPlace) -> list[Action]:
    tr = place.tr

    def act(
        key: str,
        title: str,
        callback: Callable[[], None],
        keys: str,
        icon: str,
        is_enabled: Callable[[], bool] = lambda: True,
        *,
        in_palette: bool = True,
    ) -> Action:
        return Action(
            f"follow_ups_{key}",
            title,
            callback,
            keys,
            place="follow_ups",
            icon=icon,
            is_enabled=lambda: is_enabled() and not place.asking.is_open,
            in_palette=in_palette,
            why_not=why,
        )

    def why() -> str:
        rows = place.chosen_rows()
        if place.is_form_open:
            return tr("The new follow-up is still being written.")
        if not rows:
            return tr("No follow-up is selected.")
        return "" if open_ids(rows) else tr("It is done already, or another team's.")

    def has_open() -> bool:
        return bool(open_ids(place.chosen_rows()))

    def has_one_open() -> bool:
        return len(place.chosen_rows()) == 1 and has_open()

    def is_snoozed() -> bool:
        return any(row.snoozed_until_at > place.desk.words.now() for row in place.chosen_rows())

    def can_call() -> bool:
        return not place.is_form_open and not place.detail.call.isHidden()

    return [
        act("call", tr("Call now"), place.detail.call_first, "D", "phone", can_call),
        act("complete", tr("Complete as usual, or open again"), place.complete, "E", "check", place.can_complete),
        act(
            "outcome",
            tr("Complete with another outcome or a note"),
            place.ask_outcome,
            "Shift+E",
            "check",
            has_one_open,
        ),
        act("move", tr("Renegotiate, or move"), place.ask_move, "R", "calendar-blank", has_one_open),
        act("snooze", tr("Snooze"), place.ask_snooze, "S", "bell-z", has_open),
        act("wake", tr("End the snooze"), place.wake, "W", "bell", is_snoozed),
        act("reassign", tr("Reassign"), place.ask_assignee, "A", "user-plus", has_open),
        act("rename", tr("Change the words"), place.ask_words, "F2", "pencil-simple", has_one_open),
        act(
            "mark",
            tr("Mark it, to do several at once"),
            place.list.rows.toggle_mark,
            "X",
            "check-circle",
            in_palette=False,
        ),
        act("open", tr("Open the client"), place.open_client, "O", "arrow-square-out", place.has_client),
        act("new", tr("New follow-up"), place.start_new, "N", "plus", lambda: place.can_write),
        act("team", tr("Show mine or the team's"), place.list.toggle_team, "T", "users", lambda: place.list.sees_team),
        act(
            "add",
            tr("Add the new follow-up"),
            place.new.add,
            "Ctrl+Return",
            "check",
            lambda: place.is_form_open,
            in_palette=False,
        ),
    ]
