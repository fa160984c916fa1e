"""What the window knows of a place: a widget with its actions that opens targets and gives way to a narrow window."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from csr_desktop.domain.change_set import ChangeSet
from csr_desktop.ui.actions import Action
from csr_desktop.ui.desk import Desk, Target


class Place(QWidget):
    """A place of the rail. Built when it is first shown; told of changes only from then on."""

    key = ""
    """`inbox`, `clients`, `calls` or `follow_ups`: the place of its actions."""
    view_changed = Signal(str)
    """Another of its views was chosen inside the place; the rail follows."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        desk.changed.connect(self.on_changed)

    def actions_of_place(self) -> list[Action]:
        """Its rows of the table of actions."""
        return []

    def on_shown(self) -> None:
        """It came to the front: load or refresh, and put the keyboard where work goes on."""

    def on_changed(self, change_set: ChangeSet) -> None:
        """Rows changed, by me or by a colleague: refresh just those."""

    def on_minute(self) -> None:
        """A minute passed: relative times are painted anew."""

    def open_target(self, target: Target) -> None:
        """Show this one; only called with kinds that live here."""

    def choose_view(self, key: str) -> None:
        """A view of the rail beneath this place was chosen."""

    def give_way(self, window_width: int) -> None:
        """Fold panes by the window's width: context first, then the list."""

    def read_here(self) -> bool:
        """F1: show what there is to read about what is open; False for the help of the whole program."""
        return False

    def go_back(self) -> bool:
        """Esc: leave what is open; False when there is nothing to leave."""
        return False

    def save_panes(self) -> dict[str, list[int]]:
        """Widths of its panes, to be remembered."""
        return {}

    def restore_panes(self, panes: dict[str, list[int]]) -> None:
        """As they were remembered."""
