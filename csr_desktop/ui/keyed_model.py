"""A list model whose lines are known by their keys: what changes is taken out, moved or put in, never all at once."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from csr_desktop.ui.kit.rows import KEY_ROLE, HeaderRow, Row, row_data, row_flags

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from csr_desktop.ui.kit.lists import RowList
    from csr_desktop.ui.kit.theme import ThemeSwitch

Index = QModelIndex | QPersistentModelIndex
_NO_PARENT: Final = QModelIndex()


@contextmanager
def keeping_place(rows: RowList) -> Iterator[None]:
    """Selection and scroll stay with their rows; only a list at its very top, the pointer elsewhere, shows new ones."""
    is_at_top = rows.verticalScrollBar().value() == 0 and not rows.viewport().underMouse()
    with rows.keep_place():
        yield
    if is_at_top:
        rows.scrollToTop()


class KeyedModel(QAbstractListModel):
    """Subclasses say how a line reads in `make_line`; lines are made when they are looked at. Keys are unique."""

    page_loaded = Signal()
    failed = Signal(object)
    """A CsrDesktopError: the first page could not be read."""

    def __init__(self, themes: ThemeSwitch) -> None:
        super().__init__()
        self.keep_place: Callable[[], AbstractContextManager[None]] = nullcontext
        """Put round a change of lines; the list keeps selection and scroll in it."""
        self._lines: list[str] = []
        self._places: dict[str, int] | None = None
        self._made: dict[str, Row | HeaderRow] = {}
        themes.changed.connect(self._made.clear)

    def make_line(self, key: str) -> Row | HeaderRow:
        raise NotImplementedError

    def rowCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._lines)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        if not index.isValid():
            return None
        key = self._lines[index.row()]
        return key if role == KEY_ROLE else row_data(self.line(key), role)

    def flags(self, index: Index) -> Qt.ItemFlag:
        return row_flags(self.line(self._lines[index.row()])) if index.isValid() else Qt.ItemFlag.NoItemFlags

    def line(self, key: str) -> Row | HeaderRow:
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self.make_line(key)
        return made

    @property
    def lines(self) -> Sequence[str]:
        return self._lines

    def key_at(self, index: Index) -> str:
        return self._lines[index.row()] if index.isValid() else ""

    def place_of(self, key: str) -> int:
        """The line of a key, -1 for one that is not here."""
        if self._places is None:
            self._places = {key: at for at, key in enumerate(self._lines)}
        return self._places.get(key, -1)

    def repaint(self, keys: Iterable[str]) -> None:
        """These read otherwise now."""
        for key in keys:
            self._made.pop(key, None)
            place = self.place_of(key)
            if place >= 0:
                index = self.index(place)
                self.dataChanged.emit(index, index)

    def repaint_all(self) -> None:
        self._made.clear()
        if self._lines:
            self.dataChanged.emit(self.index(0), self.index(len(self._lines) - 1))

    def set_lines(self, wanted: Sequence[str]) -> None:
        """Show these keys, in this order."""
        if list(wanted) == self._lines:
            return
        if list(wanted[: len(self._lines)]) == self._lines:
            self._add_at_end(wanted[len(self._lines) :])
            return
        with self.keep_place():
            self._remove_all_but(set(wanted))
            self._reorder(wanted)
            self._insert_missing(wanted)

    def reset_lines(self, wanted: Sequence[str]) -> None:
        """Show these instead: another list altogether."""
        self.beginResetModel()
        self._lines, self._places = list(wanted), None
        self._made.clear()
        self.endResetModel()

    def _add_at_end(self, keys: Sequence[str]) -> None:
        """The next page: nothing that is here moves."""
        first = len(self._lines)
        self.beginInsertRows(QModelIndex(), first, first + len(keys) - 1)
        if self._places is not None:
            self._places.update((key, first + at) for at, key in enumerate(keys))
        self._lines += keys
        self.endInsertRows()

    def _remove_all_but(self, kept: set[str]) -> None:
        at = len(self._lines)
        while at > 0:
            at -= 1
            if self._lines[at] in kept:
                continue
            last = at
            while at > 0 and self._lines[at - 1] not in kept:
                at -= 1
            self.beginRemoveRows(QModelIndex(), at, last)
            for key in self._lines[at : last + 1]:
                self._made.pop(key, None)
            del self._lines[at : last + 1]
            self._places = None
            self.endRemoveRows()

    def _reorder(self, wanted: Sequence[str]) -> None:
        here = set(self._lines)
        ordered = [key for key in wanted if key in here]
        if ordered == self._lines:
            return
        self.layoutAboutToBeChanged.emit()
        held = self.persistentIndexList()
        keys = [self._lines[index.row()] for index in held]
        self._lines, self._places = ordered, None
        self.changePersistentIndexList(held, [self.index(self.place_of(key)) for key in keys])
        self.layoutChanged.emit()

    def _insert_missing(self, wanted: Sequence[str]) -> None:
        at = 0
        while at < len(wanted):
            if at < len(self._lines) and self._lines[at] == wanted[at]:
                at += 1
                continue
            here = self._lines[at] if at < len(self._lines) else None
            last = at
            while last + 1 < len(wanted) and wanted[last + 1] != here:
                last += 1
            self.beginInsertRows(QModelIndex(), at, last)
            self._lines[at:at] = wanted[at : last + 1]
            self._places = None
            self.endInsertRows()
            at = last + 1
