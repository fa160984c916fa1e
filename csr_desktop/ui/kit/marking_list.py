"""A list whose rows can be marked, so that something is done to several at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionModel, QModelIndex, QPersistentModelIndex, Signal
from PySide6.QtWidgets import QAbstractItemView

from csr_desktop.ui.kit.lists import RowList
from csr_desktop.ui.kit.rows import KEY_ROLE

if TYPE_CHECKING:
    from csr_desktop.ui.kit.theme import ThemeSwitch

_Command = QItemSelectionModel.SelectionFlag


class MarkingList(RowList):
    """Marks with Shift or Ctrl and the arrows or the mouse, or with `toggle_mark` while plain arrows move on."""

    marks_changed = Signal()

    _is_marking = False  # Qt asks for commands while the list is still being made

    def __init__(self, themes: ThemeSwitch, name: str) -> None:
        super().__init__(themes, name)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)

    @property
    def marked_keys(self) -> list[str]:
        """Keys of the selected rows, in order."""
        return [str(index.data(KEY_ROLE)) for index in sorted(self.selectedIndexes(), key=lambda index: index.row())]

    @property
    def is_marking(self) -> bool:
        return self._is_marking or len(self.selectedIndexes()) > 1

    def toggle_mark(self) -> None:
        """Begin to mark with the current row; from then on, mark it or not. Moving on keeps the marks."""
        now = self.currentIndex()
        if not now.isValid():
            return
        if self.is_marking:
            self.selectionModel().select(now, _Command.Toggle)
        self._is_marking = bool(self.selectedIndexes())
        if not self._is_marking:
            self.selectionModel().select(now, _Command.ClearAndSelect)
        self.marks_changed.emit()

    def clear_marks(self) -> None:
        self._is_marking = False
        now = self.currentIndex()
        self.selectionModel().select(now, _Command.ClearAndSelect if now.isValid() else _Command.Clear)
        self.marks_changed.emit()

    def selectionCommand(
        self, index: QModelIndex | QPersistentModelIndex, event: QEvent | None = None
    ) -> QItemSelectionModel.SelectionFlag:
        if self._is_marking:
            if event is None or event.type() != QEvent.Type.MouseButtonPress:
                return _Command.NoUpdate
            self._is_marking = False
        if index.isValid() and not self._can_select(index):
            return _Command.NoUpdate
        return self._usual_command(index, event)

    def _usual_command(
        self, index: QModelIndex | QPersistentModelIndex, event: QEvent | None
    ) -> QItemSelectionModel.SelectionFlag:
        return super().selectionCommand(index, event)

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        self.marks_changed.emit()
