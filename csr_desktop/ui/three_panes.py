"""The panes of a place side by side: how wide they are in windows of which width, and which give way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtWidgets import QSplitter, QWidget

from csr_desktop.ui.kit.mirror import mirrored
from csr_desktop.ui.kit.panes import Hairline, column

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from PySide6.QtGui import QResizeEvent

    from csr_desktop.ui.kit.theme import ThemeSwitch
    from csr_desktop.ui.kit.tokens import Sizes

Breadth = Literal["wide", "middle", "folded", "single"]
"""`folded` keeps the context behind its key, `single` shows the list or what is selected."""
Share = tuple[int, int]
"""Widths of what stands before and after the part that takes the rest."""
_REST = 0


def breadth_of(sizes: Sizes, window_width: int) -> Breadth:
    if window_width >= sizes.width.compact_rail_below:
        return "wide"
    if window_width >= sizes.width.hide_context_below:
        return "middle"
    return "folded" if window_width >= sizes.width.hide_list_below else "single"


def usual_share(sizes: Sizes, breadth: Breadth, _whole: int) -> Share:
    """List and context, as in most places."""
    if breadth == "wide":
        return sizes.width.list, sizes.width.context
    if breadth == "middle":
        return sizes.width.list - sizes.space.wide - sizes.space.close, sizes.width.context - sizes.space.page
    return sizes.width.list_min, sizes.width.context


class SharedRoom(QSplitter):
    """Parts have their usual widths, whatever room there is, until the person moves an edge.

    From then on theirs are kept for windows of that breadth. `rest` is the part that grows and shrinks; `usual` gives
    the widths before and after it for a breadth and the whole width there is.
    """

    def __init__(
        self,
        themes: ThemeSwitch,
        parts: Sequence[QWidget],
        rest: QWidget,
        usual: Callable[[Sizes, Breadth, int], Share] = usual_share,
    ) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._sizes = themes.theme.sizes
        self._rest = rest
        self._usual = usual
        self._breadth: Breadth = "wide"
        self._own: dict[str, list[int]] = {}
        self.setHandleWidth(self._sizes.stroke.hairline)
        self.setChildrenCollapsible(False)
        for part in parts:
            self.put(part)
        self.splitterMoved.connect(self._on_moved)

    def put(self, part: QWidget) -> None:
        """After the others; it may have stood here before."""
        self.addWidget(part)
        self.setStretchFactor(self.indexOf(part), int(part is self._rest))

    def set_breadth(self, breadth: Breadth) -> None:
        self._breadth = breadth
        self.share()

    def share(self) -> None:
        """Give each part its width."""
        at, whole = self.indexOf(self._rest), self.width() - self.handleWidth() * (self.count() - 1)
        own = self._own.get(self._breadth, [])
        first, last = self._usual(self._sizes, self._breadth, whole)
        if own:
            first, last = (own[0] or first), (own[-1] or last)
        widths = [first] * at + [_REST] + [last] * (self.count() - at - 1)
        widths[at] = max(1, whole - sum(widths))
        self.setSizes(widths)

    def _on_moved(self, _position: int, _index: int) -> None:
        at, widths = self.indexOf(self._rest), self.sizes()
        if not widths[at]:
            return
        before = self._own.get(self._breadth, [_REST, _REST])
        first = widths[0] if at > 0 else _REST
        last = widths[-1] if at + 1 < len(widths) else _REST
        self._own[self._breadth] = [first or before[0], last or before[1]]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.share()

    def save(self) -> dict[str, list[int]]:
        """The person's own widths by breadth; those of parts that are not there are 0."""
        return {breadth: list(widths) for breadth, widths in self._own.items()}

    def restore(self, widths: Mapping[str, Sequence[int]]) -> None:
        self._own = {breadth: list(own) for breadth, own in widths.items() if len(own) == 2}
        self.share()


class ThreePanes(QWidget):
    """List, selected and, in some places, context."""

    folded = Signal(bool)
    """Whether the context now stands behind its key; also said when the list and the selected take turns or not."""

    def __init__(
        self,
        themes: ThemeSwitch,
        rows: QWidget,
        selected: QWidget,
        context: QWidget | None = None,
        *,
        usual: Callable[[Sizes, Breadth, int], Share] = usual_share,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._themes = themes
        self._rows, self._selected, self._context = rows, selected, context
        self._breadth: Breadth = "wide"
        self._shows_selected = False
        self._edge = Hairline(themes, is_vertical=True, parent=self)
        self._edge.hide()
        parts = [part for part in (rows, selected, context) if part is not None]
        self.room = SharedRoom(themes, parts, selected, usual)
        column(self).addWidget(self.room)

    @property
    def is_folded(self) -> bool:
        return self._breadth in {"folded", "single"}

    @property
    def is_single(self) -> bool:
        return self._breadth == "single"

    def give_way(self, window_width: int) -> None:
        breadth = breadth_of(self._themes.theme.sizes, window_width)
        if breadth == self._breadth:
            return
        self._breadth = breadth
        self._fold()
        self._show_single()
        self.room.set_breadth(breadth)
        self.folded.emit(self.is_folded)

    def _fold(self) -> None:
        self._edge.hide()
        if self._context is None:
            return
        if self.is_folded:
            self._context.setParent(self)
            self._context.hide()
        elif self.room.indexOf(self._context) < 0:
            self.room.put(self._context)
            self._context.show()

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
        return self.is_folded and self._context is not None and self._context.isVisible()

    def show_context(self, *, is_shown: bool) -> None:
        """Over the pane, where it is folded away."""
        if not self.is_folded or self._context is None:
            return
        self._place_context()
        for part in (self._context, self._edge):
            part.setVisible(is_shown)
            part.raise_()

    def _place_context(self) -> None:
        if self.is_folded and self._context is not None:
            wide = min(self._themes.theme.sizes.width.context, self.width())
            for part, left, width in ((self._context, wide, wide), (self._edge, wide + 1, 1)):
                place = QRect(self.width() - left, 0, width, self.height())
                part.setGeometry(mirrored(self.layoutDirection(), self.rect(), place))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_context()

    # Kept for the next time

    def save(self) -> dict[str, list[int]]:
        return self.room.save()

    def restore(self, widths: Mapping[str, Sequence[int]]) -> None:
        self.room.restore(widths)
