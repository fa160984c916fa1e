"""The three panes side by side: how wide they are in windows of which width, and which give way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtWidgets import QSplitter, QWidget

from csr_desktop.ui.kit.panes import Hairline, column

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from csr_desktop.ui.kit.theme import ThemeSwitch

Breadth = Literal["wide", "middle", "folded", "single"]
"""`folded` keeps the context behind its key, `single` shows the list or what is selected."""


class ThreePanes(QWidget):
    """List, selected and context. Each breadth of the window remembers its own widths."""

    folded = Signal(bool)
    """Whether the context now stands behind its key."""

    def __init__(
        self, themes: ThemeSwitch, rows: QWidget, selected: QWidget, context: QWidget, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._themes = themes
        self._rows, self._selected, self._context = rows, selected, context
        self._breadth: Breadth = "wide"
        self._widths: dict[str, list[int]] = {}
        self._shows_selected = False
        self._edge = Hairline(themes, is_vertical=True, parent=self)
        self._edge.hide()
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setHandleWidth(themes.theme.sizes.stroke.hairline)
        self._splitter.setChildrenCollapsible(False)
        for at, pane in enumerate((rows, selected, context)):
            self._splitter.addWidget(pane)
            self._splitter.setStretchFactor(at, 1 if pane is selected else 0)
        column(self).addWidget(self._splitter)
        self._apply_widths()

    @property
    def is_folded(self) -> bool:
        return self._breadth in {"folded", "single"}

    @property
    def is_single(self) -> bool:
        return self._breadth == "single"

    def _breadth_of(self, window_width: int) -> Breadth:
        width = self._themes.theme.sizes.width
        if window_width >= width.compact_rail_below:
            return "wide"
        if window_width >= width.hide_context_below:
            return "middle"
        return "folded" if window_width >= width.hide_list_below else "single"

    def give_way(self, window_width: int) -> None:
        breadth = self._breadth_of(window_width)
        if breadth == self._breadth:
            return
        self._remember()
        self._breadth = breadth
        self._edge.hide()
        if self.is_folded:
            self._context.setParent(self)
            self._context.hide()
        elif self._splitter.indexOf(self._context) < 0:
            self._splitter.addWidget(self._context)
            self._splitter.setStretchFactor(2, 0)
            self._context.show()
        self._show_single()
        self._apply_widths()
        self.folded.emit(self.is_folded)

    def _usual(self) -> tuple[int, int]:
        """Widths of list and context."""
        width, space = self._themes.theme.sizes.width, self._themes.theme.sizes.space
        middle = (width.list - space.wide - space.close, width.context - space.page)
        return {
            "wide": (width.list, width.context),
            "middle": middle,
            "folded": (width.list_min, 0),
            "single": (width.list_min, 0),
        }[self._breadth]

    def _apply_widths(self) -> None:
        first, last = self._usual()
        sizes = self._widths.get(self._breadth, [first, last])
        whole = max(self.width(), self._themes.theme.sizes.width.main_min + sum(sizes))
        context = sizes[1] if len(sizes) > 1 and not self.is_folded else 0
        wanted = [sizes[0], whole - sizes[0] - context]
        self._splitter.setSizes([*wanted, context] if not self.is_folded else wanted)

    def _remember(self) -> None:
        sizes = self._splitter.sizes()
        if self.isVisible() and not self.is_single and sizes and sizes[0]:
            self._widths[self._breadth] = [sizes[0], sizes[2] if len(sizes) > 2 else 0]

    # The list or the selected, in a narrow window

    def show_selected(self, *, is_shown: bool) -> None:
        """In a narrow window, what is selected in place of the list, or the other way round."""
        self._shows_selected = is_shown
        self._show_single()

    @property
    def shows_selected_only(self) -> bool:
        return self.is_single and self._shows_selected

    def _show_single(self) -> None:
        self._rows.setVisible(not self.shows_selected_only)
        self._selected.setVisible(not self.is_single or self._shows_selected)

    # The context behind its key

    @property
    def shows_context_over(self) -> bool:
        return self.is_folded and self._context.isVisible()

    def show_context(self, *, is_shown: bool) -> None:
        """Over the pane, where it is folded away."""
        if self.is_folded:
            for part in (self._context, self._edge):
                part.setVisible(is_shown)
                part.raise_()
            self._place_context()

    def _place_context(self) -> None:
        if self.is_folded:
            wide = self._themes.theme.sizes.width.context
            self._context.setGeometry(QRect(self.width() - wide, 0, wide, self.height()))
            self._edge.setGeometry(QRect(self.width() - wide - 1, 0, 1, self.height()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_context()
        if event.oldSize().width() <= 0:
            self._apply_widths()

    # Kept for the next time

    def save(self) -> dict[str, list[int]]:
        self._remember()
        return dict(self._widths)

    def restore(self, widths: dict[str, list[int]]) -> None:
        self._widths = {key: list(value) for key, value in widths.items() if len(value) == 2}
        self._apply_widths()
