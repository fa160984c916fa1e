"""A list of calls or numbers with filters that fold away above it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QAbstractItemView, QWidget

from csr_desktop.ui.kit.buttons import IconButton
from csr_desktop.ui.kit.long_list import LongList
from csr_desktop.ui.kit.panes import Pane

if TYPE_CHECKING:
    from csr_desktop.services.call_rows import CallFilter
    from csr_desktop.ui.calls.call_filters import CallFilters
    from csr_desktop.ui.calls.looked_at import LookedAtModel
    from csr_desktop.ui.desk import Desk

_SCREENS_AHEAD: Final = 3
"""Screens of rows that are here before they come into sight."""


class FilteredPane(Pane):
    """`filters` stand above the rows while they are wanted; folded away they filter nothing that is not said."""

    saved_wanted = Signal()
    """The saved filters are to be shown."""

    def __init__(
        self,
        desk: Desk,
        filters: CallFilters,
        model: LookedAtModel[Any],
        name: str,
        first_button: IconButton,
        parent: QWidget | None,
    ) -> None:
        """`name` is the list's for a screen reader; `first_button` stands in the header before the filters'."""
        super().__init__(desk.themes, " ", parent=parent)
        self._desk = desk
        self.filters = filters
        filters.hide()
        model.setParent(self)
        self._looked_at = model
        self.rows = LongList(desk.themes, name, model)
        self.rows.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._filter_button = IconButton(desk.themes, "funnel-simple", self.tr("Filter and search calls"), key_hint="/")
        self._filter_button.setCheckable(True)
        self._filter_button.toggled.connect(self._on_filter_button)
        self.header.add_button(first_button)
        self.header.add_button(self._filter_button)
        self.body.addWidget(filters)
        self._top = 0
        self.rows.verticalScrollBar().valueChanged.connect(self._look_ahead)

    def _look_ahead(self, top: int) -> None:  # Qt's signal
        """What comes into sight next is read before, in the direction of scrolling."""
        is_down, self._top = top >= self._top, top
        high = self.rows.viewport().height() - 1
        first, last = (self.rows.indexAt(QPoint(0, y)).row() for y in (0, high))
        if first < 0:
            return
        last = last if last >= 0 else self._looked_at.rowCount() - 1
        screens = _SCREENS_AHEAD * (last - first + 1)
        if is_down:
            self._looked_at.look_ahead(last + 1, last + screens)
        else:
            self._looked_at.look_ahead(first - 1, first - screens)

    def _say_what(self) -> None:
        """Say in the header what the list shows now."""
        raise NotImplementedError

    def search(self) -> None:
        self._filter_button.setChecked(True)
        self.filters.focus_text()

    def ask_filter(self) -> None:
        """F: filter by whatever is typed."""
        self._show_filters()
        self.filters.ask_any()

    def show_filter(self, chosen: CallFilter) -> None:
        """A saved one."""
        self._show_filters()
        self.filters.show_filter(chosen)

    def _show_filters(self) -> None:
        self._filter_button.blockSignals(True)
        self._filter_button.setChecked(True)
        self._filter_button.blockSignals(False)
        self.filters.show()
        self._say_what()

    def clear_filters(self) -> None:
        """X: all that this list has."""
        self.filters.choose()

    def fold_filters(self) -> bool:
        """Esc in the filters; False when they were folded already."""
        if not self._filter_button.isChecked():
            return False
        self._filter_button.setChecked(False)
        self.rows.setFocus()
        return True

    def _on_filter_button(self, is_on: bool) -> None:  # Qt's signal
        self.filters.setVisible(is_on)
        self._say_what()
        if is_on:
            self.filters.focus_text()
        elif not self.filters.is_plain:
            self.filters.choose()
