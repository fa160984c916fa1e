"""What a person does about their own presence, and where they see that of others: rows of the table of actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csr_desktop.ui.actions import Action
from csr_desktop.ui.desk import Notice

if TYPE_CHECKING:
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.main_window import MainWindow
    from csr_desktop.ui.own_presence import OwnPresence


def presence_actions(window: MainWindow, desk: Desk, own: OwnPresence) -> list[Action]:
    def show_break() -> None:
        window.top_bar.avatar.set_on_break(is_on_break=own.is_on_break)
        if own.is_on_break:
            said = window.tr("You are on a break, until you end it or a call begins. Your team sees it.")
            desk.noticed.emit(Notice(said, tone="info"))

    def open_list() -> None:
        from csr_desktop.ui.who_is_there import open_who_is_there

        open_who_is_there(window, desk)

    own.break_changed.connect(show_break)
    return [
        Action(
            "take_break",
            window.tr("Take a break"),
            lambda: own.set_break(is_on_break=True),
            icon="coffee",
            is_enabled=lambda: own.can_take_break,
        ),
        Action(
            "end_break",
            window.tr("End the break"),
            lambda: own.set_break(is_on_break=False),
            icon="coffee",
            is_enabled=lambda: own.is_on_break,
        ),
        Action("who_is_there", window.tr("Who is there"), open_list, icon="users"),
    ]
