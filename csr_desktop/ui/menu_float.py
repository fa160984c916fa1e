"""A menu over the window: a few lines to pick from, by the button that opened it. Looks like all that floats here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, Signal

from csr_desktop.ui.action_float import ActionFloat, PickModel
from csr_desktop.ui.kit.lists import RowList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QWidget

    from csr_desktop.ui.kit.picker import Pick
    from csr_desktop.ui.kit.theme import ThemeSwitch


class MenuFloat(ActionFloat):
    """Arrows move, Enter or a click takes. A pick's detail, a key or a count, stands at the edge."""

    taken = Signal(str)
    """The key of what was picked."""

    def __init__(self, themes: ThemeSwitch, window: QWidget, name: str, picks: Sequence[Pick]) -> None:
        super().__init__(themes, window, name)
        self._model = PickModel()
        self._model.setParent(self)
        self.rows = RowList(themes, name, ground="raised")
        self.rows.setModel(self._model)
        self.rows.clicked.connect(self._take)
        self.rows.opened.connect(self._take)
        tight = themes.theme.sizes.space.tight
        self.body.setContentsMargins(1, tight, 1, tight)
        self.body.addWidget(self.rows)
        self._picks = picks

    def open_by(self, anchor: QWidget, *, chosen_key: str | None = None, is_trailing: bool = False) -> None:
        """The chosen one wears a check and is where the keyboard starts."""
        self._model.offer(self._picks, chosen_key)
        sizes, metrics = self.themes.theme.sizes, self.themes.theme.metrics()
        widest = max((metrics.horizontalAdvance(f"{pick.words}{pick.detail}") for pick in self._picks), default=0)
        # The margins, and the hairline of the frame.
        high = len(self._picks) * sizes.height.row_one_line + 2 * sizes.space.tight + 2
        width = max(sizes.width.context_min, widest + 3 * sizes.space.wide)
        self.place_by(anchor, width, high, is_trailing=is_trailing)
        keys = [pick.key for pick in self._picks]
        self.rows.select_row(keys.index(chosen_key) if chosen_key in keys else 0)
        self.rows.setFocus(Qt.FocusReason.PopupFocusReason)

    def _take(self, index: QModelIndex) -> None:
        key = self._picks[index.row()].key
        self.leave()
        self.taken.emit(key)
