"""The rows of the list: what runs now, then what ran earlier. Changes come as single rows, never as a reset."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from csr_desktop.ui.kit.rows import KEY_ROLE, HeaderRow, Row, row_data, row_flags

Entry = tuple[str, Row | HeaderRow]
"""A stable key and what is painted."""


class CallListModel(QAbstractListModel):
    """`set_entries` finds out what really changed; `wants_more` asks for the next page when the end comes near."""

    wants_more = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: list[Entry] = []
        self.has_more = False

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._entries)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        if not index.isValid() or index.row() >= len(self._entries):
            return None
        key, row = self._entries[index.row()]
        return key if role == KEY_ROLE else row_data(row, role)

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        if not index.isValid() or index.row() >= len(self._entries):
            return Qt.ItemFlag.NoItemFlags
        return row_flags(self._entries[index.row()][1])

    def canFetchMore(self, _parent: QModelIndex | QPersistentModelIndex) -> bool:
        return self.has_more

    def fetchMore(self, _parent: QModelIndex | QPersistentModelIndex) -> None:
        self.has_more = False
        self.wants_more.emit()

    def row_of(self, key: str) -> int:
        return next((at for at, entry in enumerate(self._entries) if entry[0] == key), -1)

    def key_at(self, row: int) -> str:
        return self._entries[row][0] if 0 <= row < len(self._entries) else ""

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Insert, remove and repaint just the rows that differ; keys tell which is which."""
        before, after = [key for key, _ in self._entries], [key for key, _ in entries]
        if before != after:
            self._move_to(before, after, entries)
        for at, entry in enumerate(entries):
            if self._entries[at][1] != entry[1]:
                self._entries[at] = entry
                index = self.index(at, 0)
                self.dataChanged.emit(index, index)

    def _move_to(self, before: list[str], after: list[str], entries: Sequence[Entry]) -> None:
        steps = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        # From the end, so that the places of what comes before stay right.
        for kind, start, end, new_start, new_end in reversed(steps):
            if kind in {"delete", "replace"}:
                self.beginRemoveRows(QModelIndex(), start, end - 1)
                del self._entries[start:end]
                self.endRemoveRows()
            if kind in {"insert", "replace"}:
                self.beginInsertRows(QModelIndex(), start, start + new_end - new_start - 1)
                self._entries[start:start] = entries[new_start:new_end]
                self.endInsertRows()

    def repaint(self, make: Callable[[str], Row | None]) -> None:
        """Ask again for the rows whose words follow the clock; None leaves a row as it is."""
        for at, (key, row) in enumerate(self._entries):
            if isinstance(row, Row) and (made := make(key)) is not None and made != row:
                self._entries[at] = (key, made)
                index = self.index(at, 0)
                self.dataChanged.emit(index, index)
