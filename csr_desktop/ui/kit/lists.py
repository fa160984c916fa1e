"""The list of a pane: painted rows, arrows and j/k, Enter opens; it keeps its place when rows change under it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Literal

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from csr_desktop.ui.kit.focus import came_by_keyboard
from csr_desktop.ui.kit.overlay_bar import OverlayBar
from csr_desktop.ui.kit.row_delegate import LIST_COLUMNS, Columns, RowDelegate
from csr_desktop.ui.kit.rows import KEY_ROLE, ROW_ROLE, Row
from csr_desktop.ui.kit.theme import ThemeSwitch, set_look
from csr_desktop.ui.kit.viewport import bring_viewport

_Move = QAbstractItemView.CursorAction
_LETTERS = {Qt.Key.Key_J: _Move.MoveDown, Qt.Key.Key_K: _Move.MoveUp}
_FORWARD = {_Move.MoveDown, _Move.MoveRight, _Move.MoveNext, _Move.MovePageDown, _Move.MoveHome}


class RowList(QListView):
    """Models answer with `row_data` and `row_flags`, and with a stable key of the row under KEY_ROLE."""

    opened = Signal(QModelIndex)
    check_clicked = Signal(QModelIndex)
    pressed_aloud = Signal(QModelIndex)
    """A screen reader pressed this row."""
    current_row_changed = Signal(QModelIndex)

    def __init__(
        self,
        themes: ThemeSwitch,
        name: str,
        *,
        columns: Columns = LIST_COLUMNS,
        ground: Literal["surface", "canvas", "raised"] = "surface",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        bring_viewport(self)
        set_look(self, ground=ground)
        self.setAccessibleName(name)
        self.row_delegate = RowDelegate(themes, self, columns=columns)
        self.setItemDelegate(self.row_delegate)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setTabKeyNavigation(False)
        self.verticalScrollBar().setSingleStep(themes.theme.sizes.height.row_one_line)
        OverlayBar(self)
        self._keeps_place = False
        self._is_for_picking = False
        themes.changed.connect(self.scheduleDelayedItemsLayout)

    def be_for_picking(self) -> None:
        """What is chosen here is taken at once, also by a screen reader that presses the row that is marked already."""
        # Of a single selection Qt lets nobody take back the one that is selected, which is how such a press comes.
        self._is_for_picking = True
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)

    def select_row(self, row: int) -> None:
        """Make a row the current one and bring it into view. Headers and rows that do not exist are ignored."""
        index = self.model().index(row, 0)
        if self._can_select(index):
            self.setCurrentIndex(index)
            self.scrollTo(index)

    def select_key(self, key: object) -> bool:
        """Select the row of that key; False where the model has none."""
        row = self._row_of(key)
        if row >= 0:
            self.select_row(row)
        return row >= 0

    @contextmanager
    def keep_place(self) -> Iterator[None]:
        """Round a refresh: selection, scroll place and keyboard stay with the same rows, wherever they went."""
        chosen = self.currentIndex().data(KEY_ROLE) if self.currentIndex().isValid() else None
        top = self.indexAt(QPoint(1, 1))
        top_key, offset = (top.data(KEY_ROLE), self.visualRect(top).top()) if top.isValid() else (None, 0)
        self._keeps_place = True
        try:
            yield
            row = self._row_of(chosen)
            if row >= 0:
                self.setCurrentIndex(self.model().index(row, 0))
            at = self._row_of(top_key)
            if at >= 0:
                # Asking for the place lays the list out where that is due, and a long list only once.
                top_now = self.visualRect(self.model().index(at, 0)).top()
                bar = self.verticalScrollBar()
                bar.setValue(bar.value() + top_now - offset)
        finally:
            self._keeps_place = False
        if chosen is not None and row < 0:
            self.current_row_changed.emit(self.currentIndex())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where it gets lower, as when a notice comes beneath it, the chosen row that was in sight stays so."""
        now, before = self.currentIndex(), event.oldSize()
        is_lower = 0 < event.size().height() < before.height()
        was_seen = is_lower and now.isValid() and self.visualRect(now).intersects(QRect(QPoint(), before))
        super().resizeEvent(event)
        if was_seen:
            self.scrollTo(now)

    def _row_of(self, key: object) -> int:
        if key is None or self.model() is None:
            return -1
        model = self.model()
        return next((row for row in range(model.rowCount()) if model.index(row, 0).data(KEY_ROLE) == key), -1)

    def _can_select(self, index: QModelIndex | QPersistentModelIndex) -> bool:
        return index.isValid() and bool(index.flags() & Qt.ItemFlag.ItemIsSelectable)

    def _nearest(self, index: QModelIndex, step: int) -> QModelIndex:
        """The first row that can be selected from there on in that direction, else in the other one."""
        for way in (step, -step):
            at = index
            while at.isValid():
                if self._can_select(at):
                    return at
                at = at.siblingAtRow(at.row() + way)
        return self.currentIndex()

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        step = 1 if action in _FORWARD else -1
        now = self.currentIndex()
        if not now.isValid():
            return self._nearest(self.model().index(0, 0), 1)
        if action in (_Move.MoveDown, _Move.MoveNext, _Move.MoveUp, _Move.MovePrevious):
            at = now.sibling(now.row() + step, 0)
            while at.isValid() and not self._can_select(at):
                at = at.sibling(at.row() + step, 0)
            if not at.isValid() and step < 0:
                # The header above the first row comes into view with it.
                self.scrollToTop()
            return at if at.isValid() else now
        return self._nearest(super().moveCursor(action, modifiers), step)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, plain = (
            Qt.Key(event.key()),
            event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier),
        )
        self._show_focus(shows=True)
        if plain and key in _LETTERS and self.model() is not None:
            self.setCurrentIndex(self.moveCursor(_LETTERS[key], event.modifiers()))
        elif plain and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.currentIndex().isValid():
                self.opened.emit(self.currentIndex())
        elif plain and event.text().isprintable() and event.text() and key != Qt.Key.Key_Space:
            # Letters are the keys of the place, not a search in the list.
            event.ignore()
        elif plain and key == Qt.Key.Key_Space and self._current_check():
            self.check_clicked.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _current_check(self) -> str:
        row = self.currentIndex().data(ROW_ROLE) if self.currentIndex().isValid() else None
        return row.check if isinstance(row, Row) else ""

    def _check_at(self, event: QMouseEvent) -> QModelIndex | None:
        index = self.indexAt(event.position().toPoint())
        row = index.data(ROW_ROLE) if index.isValid() else None
        if not isinstance(row, Row) or event.button() != Qt.MouseButton.LeftButton:
            return None
        rect = self.row_delegate.check_rect(row, self.visualRect(index), self.layoutDirection())
        return index if rect.contains(event.position().toPoint()) else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._show_focus(shows=False)
        # Beside the rows, as on a heading, nothing is chosen and nothing is let go: what is open stays marked.
        if self._check_at(event) is None and self._can_select(self.indexAt(event.position().toPoint())):
            super().mousePressEvent(event)

    def selectionCommand(
        self, index: QModelIndex | QPersistentModelIndex, event: QEvent | None = None
    ) -> QItemSelectionModel.SelectionFlag:
        command = super().selectionCommand(index, event)
        if self.selectionMode() != QAbstractItemView.SelectionMode.SingleSelection:
            return command
        # Ctrl and a click would leave what is open without its row.
        is_letting_go = bool(command & QItemSelectionModel.SelectionFlag.Deselect)
        return QItemSelectionModel.SelectionFlag.ClearAndSelect if is_letting_go else command

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self._check_at(event)
        if index is not None:
            self.check_clicked.emit(index)
        else:
            super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        super().mouseDoubleClickEvent(event)
        if self._can_select(index) and self._check_at(event) is None:
            self.opened.emit(index)

    def focusInEvent(self, event: QFocusEvent) -> None:
        if came_by_keyboard(event.reason()):
            self._show_focus(shows=True)
            if not self.currentIndex().isValid() and self.model() is not None:
                self.setCurrentIndex(self._nearest(self.model().index(0, 0), 1))
        super().focusInEvent(event)
        now = self.currentIndex()
        if self._can_select(now) and not self.selectionModel().hasSelection():
            # Qt makes the first row the current one where there was none, and what is open would be without its row.
            self.selectionModel().select(now, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def _show_focus(self, *, shows: bool) -> None:
        if bool(self.property("showsFocus")) != shows:
            self.setProperty("showsFocus", shows)
            self.viewport().update()

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:  # type: ignore[override]
        super().currentChanged(current, previous)
        if not self._keeps_place:
            self.current_row_changed.emit(current)

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        # The hairline under a selected row belongs to the row below.
        for change in (selected, deselected):
            for index in change.indexes():
                self.update(index.sibling(index.row() + 1, 0))
        self._heed_reader(selected, deselected)

    def _heed_reader(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """A screen reader presses a row by selecting it beside what is current, or by taking back that it is."""
        is_single = self.selectionMode() == QAbstractItemView.SelectionMode.SingleSelection
        if self.signalsBlocked() or not (is_single or self._is_for_picking) or not self.isVisible():
            return
        from PySide6.QtGui import QAccessible  # large, and wanted where somebody reads the window alone

        if not QAccessible.isActive():
            return
        chosen = selected.indexes() or deselected.indexes()
        if len(chosen) == 1:
            # What Qt itself selects is made the current one only after this.
            QTimer.singleShot(0, self, partial(self._press, QPersistentModelIndex(chosen[0])))

    def _press(self, index: QPersistentModelIndex) -> None:
        now, chosen = self.currentIndex(), self.selectedIndexes()
        is_taken_back = not chosen and index.isValid() and index == now
        is_beside = index in chosen and index != now
        if (is_taken_back or is_beside) and self._can_select(index):
            row = self.model().index(index.row(), 0)
            self.selectionModel().setCurrentIndex(row, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            self.pressed_aloud.emit(row)
