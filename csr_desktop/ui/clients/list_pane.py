"""The list of clients: its filter, its groups, and its states."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from csr_desktop.ui.clients.client_list_model import ClientListModel
from csr_desktop.ui.keyed_model import keeping_place
from csr_desktop.ui.kit.buttons import IconButton
from csr_desktop.ui.kit.fields import TextField
from csr_desktop.ui.kit.lists import RowList
from csr_desktop.ui.kit.panes import Pane, line
from csr_desktop.ui.kit.states import EmptyState, ErrorState, LoadingState, StateStack

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.ui.clients.client_words import ClientWords
    from csr_desktop.ui.desk import Desk

_SKELETON_AFTER_MILLISECONDS = 150
_MOVES = {Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp}


class ClientListPane(Pane):
    """Says which client is chosen; keeps it chosen while rows come and go."""

    chosen = Signal(str)
    """The client of the current line."""
    opened = Signal(str)
    """Enter or a double click: the keyboard goes to the profile."""
    emptied = Signal()
    """There is nothing to choose."""
    new_wanted = Signal()

    def __init__(self, desk: Desk, words: ClientWords, parent: QWidget | None = None) -> None:
        super().__init__(desk.themes, self.tr("Clients"), parent=parent)
        self._desk = desk
        self._words = words
        self._wanted_id = ""
        self._was_typed = False
        themes = desk.themes
        self.setMinimumWidth(themes.theme.sizes.width.context_min)
        self.model = ClientListModel(desk, words)
        self.rows = RowList(themes, self.tr("Clients"))
        self.rows.setModel(self.model)
        # Else Qt makes the first row current when the keyboard comes, and another client would be shown than is opened.
        self.rows.setCurrentIndex(QModelIndex())
        self.model.keep_place = partial(keeping_place, self.rows)
        self.field = TextField(
            themes,
            self.tr("Filter clients"),
            placeholder=self.tr("Filter by name or number"),
            icon="funnel-simple",
            is_filter=True,
        )
        self.field.installEventFilter(self)
        self._empty = EmptyState(themes, "buildings", "")
        self._loading = LoadingState(themes)
        self._error = ErrorState(themes, self.tr("The clients could not be read"), "", self.tr("Try again"))
        self._states = StateStack(self.rows)
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.setInterval(_SKELETON_AFTER_MILLISECONDS)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        space = self._desk.themes.theme.sizes.space
        new = IconButton(self._desk.themes, "plus", self.tr("New client"), key_hint="Ctrl+N")
        new.clicked.connect(self.new_wanted)
        self.new_button = self.header.add_button(new)
        filter_line = line(margins=(space.apart, space.apart, space.apart, space.close))
        filter_line.addWidget(self.field)
        self.body.addLayout(filter_line)
        self.body.addWidget(self._states, 1)

    def _connect(self) -> None:
        self._slow.timeout.connect(lambda: self._states.show_state(self._loading))
        self.model.page_loaded.connect(self._on_page_loaded)
        self.model.failed.connect(self._on_failed)
        self.rows.current_row_changed.connect(self._on_current_changed)
        self.rows.opened.connect(self._on_opened)
        self.rows.clicked.connect(self._on_current_changed)
        self.field.textChanged.connect(self._on_text_changed)
        self._empty.acted.connect(self._on_empty_acted)
        self._error.acted.connect(self.load)

    # Loading

    def load(self) -> None:
        if not self.model.has_rows():
            self._slow.start()
        self.model.reload()

    def _on_page_loaded(self) -> None:
        self._slow.stop()
        counts = self.model.counts
        self.header.set_count(self._words.count(counts.all) if counts else "")
        if not self.model.has_rows():
            self._say_empty()
            self._states.show_state(self._empty)
            if not self.model.text:
                self.emptied.emit()
            return
        self._states.show_content()
        if self.model.text:
            self.rows.scrollToTop()
        was_typed, self._was_typed = self._was_typed, False
        if was_typed and self.model.text:
            self.rows.select_row(1)
        elif self._wanted_id:
            self._select_wanted()
        elif not self.model.text:
            self.rows.select_row(1)

    def _say_empty(self) -> None:
        if self.model.text:
            title = self.tr("No client is called that")
            text = self.tr("Names, client codes and the end of a number are looked at. Esc shows all clients again.")
            self._empty.say(title, text, button=self.tr("New client") if self._can_add else self.tr("Show all clients"))
            return
        text = self.tr("The companies that you serve stand here, once they are imported or added.")
        button = self.tr("Add a client") if self._can_add else ""
        self._empty.say(self.tr("No clients yet"), text, button=button)

    @property
    def _can_add(self) -> bool:
        return not self.new_button.isHidden()

    def _on_empty_acted(self) -> None:
        if self.model.text and not self._can_add:
            self.field.clear()
            self.field.setFocus()
        else:
            self.new_wanted.emit()

    def _on_failed(self, fault: CsrDesktopError) -> None:
        self._slow.stop()
        self._error.say(self.tr("The clients could not be read"), str(fault), button=self.tr("Try again"))
        self._states.show_state(self._error)

    # Choosing

    @property
    def current_id(self) -> str:
        row = self.model.row_at(self.rows.currentIndex())
        return row.id if row else ""

    def open_at_top(self, client_id: str) -> None:
        """Read the list anew, without a filter, and choose that client's topmost line in it."""
        self._wanted_id = client_id
        self.rows.selectionModel().clear()
        if not self.clear_filter():
            self.load()

    def _select_wanted(self) -> None:
        if self.current_id == self._wanted_id:
            return
        keys = self.model.keys_of(self._wanted_id)
        if keys:
            self.rows.select_key(keys[0])
            if self.model.place_of(keys[0]) == 1:
                # The heading above it comes into view with it.
                self.rows.scrollToTop()
        else:
            self.rows.selectionModel().clear()

    def _on_current_changed(self, index: QModelIndex) -> None:
        row = self.model.row_at(index)
        if row is not None:
            self._wanted_id = row.id
            self.chosen.emit(row.id)

    def _on_opened(self, index: QModelIndex) -> None:
        row = self.model.row_at(index)
        if row is not None:
            self.opened.emit(row.id)

    # Filtering

    def _on_text_changed(self, text: str) -> None:
        self._was_typed = True
        self.model.show_text(text)

    def clear_filter(self) -> bool:
        """True when there was one."""
        had = bool(self.field.text())
        self.field.clear()
        return had

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._on_field_key(event)
        return super().eventFilter(watched, event)

    def _on_field_key(self, event: QKeyEvent) -> bool:
        """Arrows go from the filter into the list, Enter opens the first that was found."""
        if event.key() in _MOVES:
            self.rows.setFocus(Qt.FocusReason.TabFocusReason)
            if not self.rows.currentIndex().isValid():
                self.rows.select_row(1)
            else:
                QApplication.sendEvent(self.rows, QKeyEvent(event.type(), event.key(), event.modifiers()))
            return True
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            if self.model.text and not self.rows.currentIndex().isValid():
                self.rows.select_row(1)
            if self.rows.currentIndex().isValid():
                self._on_opened(self.rows.currentIndex())
            return True
        return False
