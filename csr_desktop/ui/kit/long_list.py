"""A RowList of tens of thousands of rows: where a row stands is reckoned, not laid out row by row."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Protocol, cast

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import QCursor, QPainter, QRegion
from PySide6.QtWidgets import QAbstractItemView, QStyleOptionViewItem

from csr_desktop.ui.kit.marking_list import MarkingList
from csr_desktop.ui.kit.row_delegate import RowDelegate
from csr_desktop.ui.kit.rows import KEY_ROLE, HeaderRow, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtCore import SignalInstance
    from PySide6.QtGui import QKeyEvent, QMouseEvent, QPaintEvent

    from csr_desktop.ui.kit.theme import ThemeSwitch

_AHEAD = 150
"""Lines below the last visible one at which the next page is asked for."""
_Command = QItemSelectionModel.SelectionFlag
_Move = QAbstractItemView.CursorAction


class GroupedLines(Protocol):
    """What a list model must say besides, so that places can be reckoned."""

    about_to_change: SignalInstance
    """Rows will be put in or taken out; the list remembers its place."""
    was_changed: SignalInstance

    @property
    def group_lines(self) -> Sequence[int]:
        """Where groups begin, in order."""

    def place_of(self, key: str) -> int:
        """The line of a key, -1 for one that is not here."""


class LongList(MarkingList):
    """All rows are equally high, and so are all group headers."""

    rows_painted = Signal()
    """Said once, when rows were painted for the first time."""

    # Qt asks for geometry while the list is still being made.
    _count = 0
    _groups: Sequence[int] = ()
    _row_height = _group_height = 1
    _is_key_down = _is_painted = False
    _range_from = QPersistentModelIndex()

    def __init__(self, themes: ThemeSwitch, name: str, model: QAbstractListModel) -> None:
        """The model is one of GroupedLines, too."""
        super().__init__(themes, name)
        self._model = model
        self._lines = cast("GroupedLines", model)
        self._anchor: tuple[str, int] | None = None
        self.setModel(model)
        for signal in (model.rowsInserted, model.rowsRemoved, model.layoutChanged, model.modelReset):
            signal.connect(self.doItemsLayout)
        self._lines.about_to_change.connect(self._remember_place)
        self._lines.was_changed.connect(self._restore_place)
        self.verticalScrollBar().valueChanged.connect(self.fetch_ahead)

    # Where rows stand

    def _measure(self) -> None:
        delegate = self.itemDelegate()
        if isinstance(delegate, RowDelegate):
            self._row_height = delegate.height_of(Row(""))
            self._group_height = delegate.height_of(HeaderRow(""))
        self._groups = self._lines.group_lines
        self._count = self._model.rowCount()

    def _top_of(self, line: int) -> int:
        headers = bisect_left(self._groups, line)
        return (line - headers) * self._row_height + headers * self._group_height

    def _height_of(self, line: int) -> int:
        return self._top_of(line + 1) - self._top_of(line)

    def _line_at(self, y: int) -> int:
        """The line at that height of the whole; -1 above, the count below."""
        count = self._count
        if y < 0 or y >= self._top_of(count):
            return -1 if y < 0 else count
        return bisect_right(range(count), y, key=self._top_of) - 1

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def horizontalOffset(self) -> int:
        return 0

    def visualRect(self, index: QModelIndex | QPersistentModelIndex) -> QRect:
        if not index.isValid():
            return QRect()
        top = self._top_of(index.row()) - self.verticalOffset()
        return QRect(0, top, self.viewport().width(), self._height_of(index.row()))

    def indexAt(self, point: QPoint) -> QModelIndex:
        if not self._count:
            return QModelIndex()
        return self._model.index(self._line_at(point.y() + self.verticalOffset()), 0)

    def isIndexHidden(self, _index: QModelIndex | QPersistentModelIndex) -> bool:
        return False

    def doItemsLayout(self) -> None:
        self._measure()
        QAbstractItemView.doItemsLayout(self)

    def updateGeometries(self) -> None:
        bar, high = self.verticalScrollBar(), self.viewport().height()
        bar.setPageStep(high)
        bar.setRange(0, max(0, self._top_of(self._count) - high))

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        self.viewport().update()

    def scrollTo(
        self,
        index: QModelIndex | QPersistentModelIndex,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        if not index.isValid():
            return
        rect, bar, high = self.visualRect(index), self.verticalScrollBar(), self.viewport().height()
        if hint == QAbstractItemView.ScrollHint.PositionAtCenter:
            bar.setValue(bar.value() + rect.center().y() - high // 2)
        elif rect.top() < 0 or hint == QAbstractItemView.ScrollHint.PositionAtTop:
            # The header above the first row of a group comes into view with it.
            is_first = index.row() - 1 in self._groups
            bar.setValue(bar.value() + rect.top() - (self._group_height if is_first else 0))
        elif rect.bottom() >= high:
            bar.setValue(bar.value() + rect.bottom() + 1 - high)

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        """Select the rows in the rectangle; with Shift, all from where the range began to its second corner."""
        last = self._count - 1
        first, end = (self._line_at(y + self.verticalOffset()) for y in (rect.top(), rect.bottom()))
        if command & _Command.Current and self._range_from.isValid():
            first = self._range_from.row()
        first, end = sorted((max(0, min(last, first)), max(0, min(last, end))))
        chosen = QItemSelection()
        if last >= 0:
            chosen.select(self._model.index(first), self._model.index(end))
        self.selectionModel().select(chosen, command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        region = QRegion()
        for at in range(selection.count()):
            chosen = selection.at(at)
            top = self._top_of(chosen.top()) - self.verticalOffset()
            bottom = self._top_of(chosen.bottom() + 1) - self.verticalOffset()
            region = region.united(QRect(0, top, self.viewport().width(), bottom - top))
        return region

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        now, count = self.currentIndex(), self._model.rowCount()
        if not now.isValid() or action not in {_Move.MovePageDown, _Move.MovePageUp, _Move.MoveHome, _Move.MoveEnd}:
            return super().moveCursor(action, modifiers)
        page = self.viewport().height() - self._row_height
        wanted = {
            _Move.MoveHome: 0,
            _Move.MoveEnd: count - 1,
            _Move.MovePageDown: min(count - 1, self._line_at(self._top_of(now.row()) + page)),
            _Move.MovePageUp: max(0, self._line_at(self._top_of(now.row()) - page)),
        }[action]
        step = 1 if action in {_Move.MoveHome, _Move.MovePageDown} else -1
        if action == _Move.MoveHome:
            self.scrollToTop()
        return self._nearest(self._model.index(wanted), step)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        offset, chosen = self.verticalOffset(), self.selectionModel()
        under = self._under_pointer()
        whole = QStyleOptionViewItem()
        self.initViewItemOption(whole)
        first, last = self._line_at(event.rect().top() + offset), self._line_at(event.rect().bottom() + offset)
        for line in range(max(0, first), min(last, self._model.rowCount() - 1) + 1):
            index = self._model.index(line)
            option = QStyleOptionViewItem(whole)
            option.rect = self.visualRect(index)
            is_selected = chosen.isSelected(index)
            self.row_delegate.paint_line(painter, option, index, is_selected=is_selected, is_under=line == under)
        painter.end()
        if not self._is_painted and last >= 0 and self._count:
            self._is_painted = True
            self.rows_painted.emit()

    def _under_pointer(self) -> int:
        viewport = self.viewport()
        if not viewport.underMouse():
            return -1
        return self.indexAt(viewport.mapFromGlobal(QCursor.pos())).row()

    # Keeping the place

    def fetch_ahead(self) -> None:
        """Have the next page read before it is needed."""
        bottom = self._line_at(self.verticalOffset() + self.viewport().height())
        if bottom + _AHEAD >= self._model.rowCount() and self._model.canFetchMore(QModelIndex()):
            self._model.fetchMore(QModelIndex())

    def _remember_place(self) -> None:
        """Rows stay where they are seen; only at the very top, with the pointer elsewhere, new ones push them down."""
        self._anchor = None
        if self.verticalOffset() == 0 and not self.viewport().underMouse():
            return
        at = self.indexAt(QPoint(0, 0))
        now = self.currentIndex()
        if now.isValid() and self.viewport().rect().intersects(self.visualRect(now)):
            at = now
        elif at.row() in self._groups:
            at = at.siblingAtRow(at.row() + 1)
        if at.isValid():
            self._anchor = (str(at.data(KEY_ROLE)), self.visualRect(at).top())

    def _restore_place(self) -> None:
        self.doItemsLayout()
        if self._anchor is None:
            return
        key, top = self._anchor
        line = self._lines.place_of(key)
        if line >= 0:
            self.verticalScrollBar().setValue(self._top_of(line) - top)

    # Choosing

    def select_key(self, key: object) -> bool:
        line = self._lines.place_of(str(key))
        if line >= 0:
            self.select_row(line)
        return line >= 0

    def leave_current(self) -> None:
        """No row is the current one; what is shown came from elsewhere."""
        self._is_marking = False
        self.selectionModel().clear()
        self.viewport().update()

    def _usual_command(
        self, index: QModelIndex | QPersistentModelIndex, event: QEvent | None
    ) -> QItemSelectionModel.SelectionFlag:
        # Chosen by the program, Qt would look whether Ctrl or Shift happens to be held.
        is_by_program = event is None and not self._is_key_down
        command = _Command.ClearAndSelect if is_by_program else super()._usual_command(index, event)
        if not command & _Command.Current:
            self._range_from = QPersistentModelIndex(index)
        return command

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._is_key_down = True
        super().keyPressEvent(event)
        self._is_key_down = False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = self.indexAt(event.position().toPoint())
        if not at.isValid() or self._can_select(at):
            super().mousePressEvent(event)

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:  # type: ignore[override]
        super().currentChanged(current, previous)
        if not (current.isValid() and self.hasFocus()):
            return
        from PySide6.QtGui import QAccessible, QAccessibleEvent  # large, and not wanted before somebody moves on

        if QAccessible.isActive():
            # The list view's own event counts in a layout that is not made here.
            event = QAccessibleEvent(self, QAccessible.Event.Focus)
            event.setChild(current.row())
            QAccessible.updateAccessibility(event)
