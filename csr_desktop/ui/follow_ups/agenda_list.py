"""The list of the agenda: several rows can be marked, and what is marked and seen stays when lines change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QItemSelectionModel,
    QModelIndex,
    QPoint,
)

from csr_desktop.ui.kit.marking_list import MarkingList
from csr_desktop.ui.kit.rows import KEY_ROLE

if TYPE_CHECKING:
    from csr_desktop.ui.follow_ups.agenda_model import AgendaModel
    from csr_desktop.ui.kit.theme import ThemeSwitch

_Command = QItemSelectionModel.SelectionFlag


class AgendaList(MarkingList):
    def __init__(self, themes: ThemeSwitch, name: str, model: AgendaModel) -> None:
        super().__init__(themes, name)
        self._model = model
        self.setModel(model)
        model.keep_place = self.keep_lines
        # Else Qt makes the first row current when the keyboard comes, while something else may be shown.
        self.setCurrentIndex(QModelIndex())

    # Staying where one is

    @contextmanager
    def keep_lines(self) -> Iterator[None]:
        """Round a change of lines: the current one, the marked ones and what is seen stay the same."""
        now = self.currentIndex()
        key, place = str(now.data(KEY_ROLE) or "") if now.isValid() else "", now.row()
        seen = self._first_seen()
        self._keeps_place = True
        try:
            yield
            self._find_current(key, place)
            self._restore_seen(*seen)
        finally:
            self._keeps_place = False
        if key and self._model.key_at(self.currentIndex()) != key:
            self.current_row_changed.emit(self.currentIndex())

    def _first_seen(self) -> tuple[str, int]:
        """The row by which the scroll place is known: the current one where it is seen, else the first."""
        now, top = self.currentIndex(), self.indexAt(QPoint(1, 1))
        if self.verticalScrollBar().value() == 0:
            return "", 0
        if now.isValid() and self.viewport().rect().intersects(self.visualRect(now)):
            top = now
        return (str(top.data(KEY_ROLE)), self.visualRect(top).top()) if top.isValid() else ("", 0)

    def _restore_seen(self, key: str, top: int) -> None:
        place = self._model.place_of(key) if key else -1
        if place >= 0:
            self.doItemsLayout()
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + self.visualRect(self._model.index(place)).top() - top)

    def _find_current(self, key: str, place: int) -> None:
        """Where the current row went, else the one that stands in its place now."""
        if not key:
            return
        at = self._model.place_of(key)
        if at < 0:
            last = self._model.rowCount() - 1
            index = self._nearest(self._model.index(min(place, last)), 1) if last >= 0 else QModelIndex()
            if index.isValid() and self._can_select(index):
                self.selectionModel().setCurrentIndex(index, _Command.ClearAndSelect)
            else:
                self.selectionModel().clear()
        elif self.currentIndex().row() != at:
            self.selectionModel().setCurrentIndex(self._model.index(at), _Command.NoUpdate)

    def select_row(self, row: int) -> None:
        # Not by Qt's own way, which asks what keys are held: with Ctrl down it would mark one more.
        index = self._model.index(row)
        if self._can_select(index):
            self._is_marking = False
            self.selectionModel().setCurrentIndex(index, _Command.ClearAndSelect)
            self.scrollTo(index)

    def select_key(self, key: object) -> bool:
        place = self._model.place_of(str(key))
        if place >= 0:
            self.select_row(place)
        return place >= 0

    def leave_current(self) -> None:
        """Nothing is chosen any more, as when something is shown that is not in the list."""
        self._is_marking = False
        self._keeps_place = True
        self.selectionModel().clear()
        self._keeps_place = False
