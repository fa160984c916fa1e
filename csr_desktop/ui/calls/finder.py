"""A field over a short list: type, move with the arrows, Enter takes. The field keeps the keyboard all the while."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from csr_desktop.ui.desk import Desk
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.fields import TextField
from csr_desktop.ui.kit.lists import RowList
from csr_desktop.ui.kit.panes import column
from csr_desktop.ui.kit.rows import KEY_ROLE, Row, row_data, row_flags

_MOVES = (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp)


class Found(msgspec.Struct, frozen=True):
    """Something to take: a person, a company, a number as it was typed, a ticket."""

    key: str
    title: str
    detail: str = ""
    end: str = ""
    icon: str = "user"
    contact_id: str = ""
    client_id: str = ""
    number: str = ""


Find = Callable[[str], Any]
"""Runs on the store's thread and touches nothing of the window."""
Say = Callable[[str, Any], Sequence[Found]]
"""Makes rows of a text and of what `Find` answered, on the window's thread."""


class _FoundModel(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Found] = []

    def show(self, found: Sequence[Found]) -> None:
        self.beginResetModel()
        self.found = list(found)
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.found)

    def _row(self, at: int) -> Row:
        one = self.found[at]
        return Row(one.title, icon=one.icon, subtitle=(one.detail,), end_text=one.end, is_one_line=True)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        if role == KEY_ROLE:
            return self.found[index.row()].key
        return row_data(self._row(index.row()), role)

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        return row_flags(self._row(index.row()))


class Finder(QWidget):
    """`find` is asked for the empty text too. `most` rows are shown without scrolling."""

    taken = Signal(object)
    """A Found, by Enter or a click."""
    taken_otherwise = Signal(object)
    """A Found, by Ctrl+Enter."""
    resized = Signal()

    def __init__(
        self,
        desk: Desk,
        name: str,
        find: Find,
        say: Say,
        *,
        placeholder: str = "",
        icon: str = "magnifying-glass",
        most: int = 6,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._find = find
        self._say = say
        self._most = most
        self._shown_for: str | None = None
        themes, space = desk.themes, desk.themes.theme.sizes.space
        self.field = TextField(themes, name, placeholder=placeholder, icon=icon, is_filter=True)
        self.rows = RowList(themes, name)
        self.rows.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.rows.setProperty("hasKeyboard", True)
        self.model = _FoundModel()
        self.rows.setModel(self.model)
        self.nothing = Label(self.tr("Nothing found"), tone="muted")
        self.nothing.setContentsMargins(space.apart, space.tight, space.apart, space.tight)
        whole = column(self, spacing=space.tight)
        whole.addWidget(self.field)
        whole.addWidget(self.nothing)
        whole.addWidget(self.rows)
        self.setFocusProxy(self.field)
        # As high as its rows: no room is spread between them.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.field.textChanged.connect(self._on_text)
        self.field.installEventFilter(self)
        self.rows.be_for_picking()
        for pressed in (self.rows.clicked, self.rows.pressed_aloud):
            pressed.connect(lambda index: self.taken.emit(self.model.found[index.row()]))
        self._show([])
        self.nothing.hide()

    def open(self, text: str = "") -> None:
        """Start anew with this text, and with what fits it."""
        self._shown_for = None
        self.field.setText(text)
        self._ask(text)

    @property
    def text(self) -> str:
        return self.field.text().strip()

    @property
    def current(self) -> Found | None:
        index = self.rows.currentIndex()
        return self.model.found[index.row()] if index.isValid() else None

    def _on_text(self, text: str) -> None:
        self._ask(text)

    def _ask(self, text: str) -> None:
        wanted = text.strip()
        self._desk.ask(self, lambda: self._find(wanted), lambda answer: self._answer(wanted, answer), key="find")

    def _answer(self, text: str, answer: object) -> None:
        self._shown_for = text
        self._show(self._say(text, answer))

    def _show(self, found: Sequence[Found]) -> None:
        self.model.show(found)
        self.nothing.setVisible(not found and bool(self.text))
        self.rows.setVisible(bool(found))
        if found:
            self.rows.select_row(0)
        row = self._desk.themes.theme.sizes.height.row_one_line
        self.rows.setFixedHeight(max(1, min(self._most, len(found))) * row)
        self.resized.emit()

    def take_current(self) -> None:
        self.take()

    def take(self, *, otherwise: bool = False) -> None:
        """Take the current row; what was typed last is looked for first where its answer is still on the way."""
        signal = self.taken_otherwise if otherwise else self.taken
        if self._shown_for == self.text:
            if self.current is not None:
                signal.emit(self.current)
            return
        wanted = self.text

        def done(answer: object) -> None:
            self._answer(wanted, answer)
            if self.current is not None:
                signal.emit(self.current)

        self._desk.ask(self, lambda: self._find(wanted), done, key="find")

    def eventFilter(self, watched: object, event: object) -> bool:
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QKeyEvent.Type.KeyPress:
            key = event.key()
            if key in _MOVES and self.model.rowCount():
                self.rows.keyPressEvent(event)
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.take(otherwise=bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))
                return True
        return super().eventFilter(watched, event)  # type: ignore[arg-type]
