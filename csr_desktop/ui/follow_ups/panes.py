"""The agenda and what is selected, side by side: how wide they are in windows of which width."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QWidget

from csr_desktop.ui.kit.panes import column

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from csr_desktop.ui.kit.theme import ThemeSwitch

Breadth = Literal["wide", "middle", "narrow", "single"]
"""`single` shows the list or what is selected."""


class TwoPanes(QWidget):
    """They share the room evenly until the person moves the line between them; each breadth remembers its own."""

    def __init__(self, themes: ThemeSwitch, rows: QWidget, selected: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._themes = themes
        self._rows, self._selected = rows, selected
        self._breadth: Breadth = "wide"
        self._widths: dict[str, list[int]] = {}
        self._shows_selected = False
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setHandleWidth(themes.theme.sizes.stroke.hairline)
        self._splitter.setChildrenCollapsible(False)
        for pane in (rows, selected):
            self._splitter.addWidget(pane)
        self._splitter.splitterMoved.connect(lambda _at, _index: self._remember())
        column(self).addWidget(self._splitter)

    @property
    def is_single(self) -> bool:
        return self._breadth == "single"

    @property
    def shows_selected_only(self) -> bool:
        return self.is_single and self._shows_selected

    def give_way(self, window_width: int) -> None:
        width = self._themes.theme.sizes.width
        if window_width >= width.compact_rail_below:
            self._breadth = "wide"
        elif window_width >= width.hide_context_below:
            self._breadth = "middle"
        else:
            self._breadth = "narrow" if window_width >= width.hide_list_below else "single"
        self._show_single()
        self._apply()

    def show_selected(self, *, is_shown: bool) -> None:
        """In a narrow window, what is selected in place of the list, or the other way round."""
        self._shows_selected = is_shown
        self._show_single()

    def _show_single(self) -> None:
        self._rows.setVisible(not self.shows_selected_only)
        self._selected.setVisible(not self.is_single or self._shows_selected)

    def _apply(self) -> None:
        width, whole = self._themes.theme.sizes.width, self.width()
        usual = max(width.list_min, min(whole // 2, whole - width.main_min))
        first = self._widths.get(self._breadth, [usual])[0]
        self._splitter.setSizes([first, max(1, whole - first)])

    def _remember(self) -> None:
        sizes = self._splitter.sizes()
        if not self.is_single and all(sizes):
            self._widths[self._breadth] = sizes

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._apply()

    def save(self) -> dict[str, list[int]]:
        return dict(self._widths)

    def restore(self, widths: dict[str, list[int]]) -> None:
        self._widths = {key: list(value) for key, value in widths.items() if len(value) == 2}
        self._apply()
