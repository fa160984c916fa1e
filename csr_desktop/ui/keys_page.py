"""The keys of the place in front, out of the table of actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QGridLayout, QWidget

from csr_desktop.ui.actions import EVERYWHERE, Action, Actions
from csr_desktop.ui.desk import Desk
from csr_desktop.ui.kit.chips import KeyCap
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.key_words import key_text
from csr_desktop.ui.page_float import PageFloat

if TYPE_CHECKING:
    from csr_desktop.ui.main_window import MainWindow


class KeysPage(PageFloat):
    def __init__(self, window: MainWindow, desk: Desk, actions: Actions) -> None:
        self._actions = actions
        super().__init__(window, desk, window.tr("Keys"))

    def refresh(self) -> None:
        self.clear()
        actions = [a for a in self._actions.of_place(self.window.current_place) if a.key and a.in_keys]
        here = [a for a in actions if a.place != EVERYWHERE]
        everywhere = [a for a in actions if a.place == EVERYWHERE]
        groups = [(self.tr("In this place"), here), (self.tr("Everywhere"), everywhere)]
        self.body.addWidget(self._table([group for group in groups if group[1]]))
        moves = Label(
            self.tr("Lists move with the arrows or j and k, Enter opens, Esc goes back. Tab goes from part to part."),
            tone="muted",
            wraps=True,
        )
        self.body.addWidget(moves)
        self.body.addStretch(1)

    def _table(self, groups: list[tuple[str, list[Action]]]) -> QWidget:
        """All in one grid, so that keys and words stand on the same lines in each group."""
        table = QWidget()
        grid = QGridLayout(table)
        space = self.desk.themes.theme.sizes.space
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(space.apart)
        grid.setVerticalSpacing(space.tight)
        for column in (1, 3):
            grid.setColumnStretch(column, 1)
        for title, actions in groups:
            if grid.count():
                grid.setRowMinimumHeight(grid.rowCount(), space.apart)
            top = grid.rowCount() + 1
            grid.addWidget(Label(title, size="caption", weight=600, tone="muted"), top, 0, 1, 4)
            for at, action in enumerate(actions):
                row, column = divmod(at, 2)
                grid.addWidget(
                    KeyCap(self.desk.themes, action.keys_shown or key_text(action.key)), top + 1 + row, column * 2
                )
                grid.addWidget(Label(action.title, wraps=True), top + 1 + row, column * 2 + 1)
        return table
