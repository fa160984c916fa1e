"""Small floats over the window: pick one of several by typing, or write a line and say yes to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtWidgets import QApplication, QWidget

from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.fields import Labelled, TextField
from csr_desktop.ui.kit.float import FloatFrame
from csr_desktop.ui.kit.lists import RowList
from csr_desktop.ui.kit.panes import Hairline, column, line
from csr_desktop.ui.kit.picker import Pick, SearchPicker
from csr_desktop.ui.kit.rows import KEY_ROLE, Row, row_data, row_flags
from csr_desktop.ui.kit.theme import set_look

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QKeyEvent

    from csr_desktop.ui.kit.theme import ThemeSwitch

Index = QModelIndex | QPersistentModelIndex
_NO_PARENT: Final = QModelIndex()
_MOST_ROWS: Final = 9
_MOVES: Final = {Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp}
_TAKES: Final = {Qt.Key.Key_Return, Qt.Key.Key_Enter}


class _Picks(QAbstractListModel):
    def __init__(self, chosen_key: str) -> None:
        super().__init__()
        self._chosen_key = chosen_key
        self.picks: list[Pick] = []

    def offer(self, picks: Sequence[Pick]) -> None:
        self.beginResetModel()
        self.picks = list(picks)
        self.endResetModel()

    def _row(self, pick: Pick) -> Row:
        is_chosen = pick.key == self._chosen_key
        icon = pick.icon or ("check" if is_chosen else "")
        return Row(
            pick.words,
            icon=icon,
            icon_tone="accent" if is_chosen else "faint",
            subtitle=(pick.detail,),
            is_one_line=True,
        )

    def rowCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self.picks)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        pick = self.picks[index.row()]
        return pick.key if role == KEY_ROLE else row_data(self._row(pick), role)

    def flags(self, index: Index) -> Qt.ItemFlag:
        return row_flags(self._row(self.picks[index.row()])) if index.isValid() else Qt.ItemFlag.NoItemFlags


class ActionFloat(FloatFrame):
    """Stands by what it belongs to, takes the keyboard, and gives it back when it closes."""

    left = Signal()

    def __init__(self, themes: ThemeSwitch, window: QWidget, name: str) -> None:
        super().__init__(themes, window, name)
        self.themes = themes
        self._before = QApplication.focusWidget()
        self._has_left = False

    def place_by(self, anchor: QWidget, width: int, height: int) -> None:
        """Beneath the anchor, or above it where there is no room, always inside the window."""
        window, gap = self.window(), self.themes.theme.sizes.space.tight
        corner = anchor.mapTo(window, QPoint(anchor.width() - width, anchor.height() + gap))
        if corner.y() + height > window.height() - gap:
            corner.setY(anchor.mapTo(window, QPoint(0, -height - gap)).y())
        left = max(gap, min(corner.x(), window.width() - width - gap))
        self.place_at(QRect(left, max(gap, corner.y()), width, height))

    def leave(self) -> None:
        """Close; the keyboard goes back to where it was."""
        if self._has_left:
            return
        self._has_left = True
        had_keyboard = self.isAncestorOf(QApplication.focusWidget() or self)
        self.hide()
        if had_keyboard and self._before is not None and self._before.isVisible():
            self._before.setFocus(Qt.FocusReason.OtherFocusReason)
        self.deleteLater()
        self.left.emit()

    def step_back(self) -> None:
        """Esc: the nearest thing that is open closes."""
        self.leave()


class PickFloat(ActionFloat):
    """Type to narrow down, arrows to move, Enter to take."""

    def __init__(
        self,
        themes: ThemeSwitch,
        window: QWidget,
        title: str,
        picks: Sequence[Pick],
        taken: Callable[[str], None],
        *,
        chosen_key: str = "",
    ) -> None:
        super().__init__(themes, window, title)
        self._all = list(picks)
        self._taken = taken
        space = themes.theme.sizes.space
        self.field = TextField(themes, title, placeholder=title)
        set_look(self.field, isBare=True)
        self.field.textChanged.connect(self._narrow)
        self.field.installEventFilter(self)
        self._nothing = Label(self.tr("Nothing found"), tone="muted")
        self._nothing.setContentsMargins(space.apart, space.close, space.apart, space.close)
        self._model = _Picks(chosen_key)
        self.rows = RowList(themes, title)
        self.rows.setModel(self._model)
        self.rows.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.rows.setProperty("hasKeyboard", True)
        self.rows.clicked.connect(self._take)
        top = line(margins=(space.apart, space.tight, space.apart, space.tight))
        top.addWidget(self.field)
        self.body.setContentsMargins(1, 1, 1, space.tight)
        self.body.addLayout(top)
        self.body.addWidget(Hairline(themes))
        self.body.addWidget(self._nothing)
        self.body.addWidget(self.rows, 1)
        self._chosen_key = chosen_key
        self._narrow("")

    def open_by(self, anchor: QWidget) -> None:
        sizes = self.themes.theme.sizes
        rows = min(_MOST_ROWS, max(1, len(self._all)))
        height = rows * sizes.height.row_one_line + sizes.height.control + 2 * sizes.space.close + sizes.space.tight
        widest = max(
            (self.themes.theme.metrics().horizontalAdvance(f"{p.words}  {p.detail}") for p in self._all), default=0
        )
        width = min(sizes.width.palette, max(sizes.width.context, widest + 3 * sizes.space.wide))
        self.place_by(anchor, width, height)
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _narrow(self, text: str) -> None:
        words = text.casefold().split()
        found = [pick for pick in self._all if all(word in f" {pick.words} {pick.detail}".casefold() for word in words)]
        found.sort(key=lambda pick: not all(f" {word}" in f" {pick.words}".casefold() for word in words))
        self._model.offer(found)
        self._nothing.setVisible(not found)
        self.rows.setVisible(bool(found))
        if found:
            at = next((at for at, pick in enumerate(found) if pick.key == self._chosen_key), 0)
            self.rows.select_row(at if not words else 0)

    def _take(self, index: QModelIndex) -> None:
        key = self._model.picks[index.row()].key
        self.leave()
        self._taken(key)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and event.type() == QEvent.Type.FocusOut and self.isVisible():
            self.leave()
        if watched is self.field and event.type() == QEvent.Type.KeyPress:
            pressed: QKeyEvent = event  # type: ignore[assignment]
            if pressed.key() in _MOVES:
                self.rows.keyPressEvent(pressed)
                return True
            if pressed.key() in _TAKES and self.rows.currentIndex().isValid() and self.rows.isVisible():
                self._take(self.rows.currentIndex())
                return True
            if pressed.key() == Qt.Key.Key_Escape:
                self.leave()
                return True
        return super().eventFilter(watched, event)


class LineFloat(ActionFloat):
    """A line of text with a button, and before it someone to pick where `people` are given."""

    def __init__(
        self,
        themes: ThemeSwitch,
        window: QWidget,
        title: str,
        label: str,
        button: str,
        taken: Callable[[str, str], None],
        *,
        text: str = "",
        people_label: str = "",
        people: Sequence[Pick] = (),
        needs_text: bool = True,
    ) -> None:
        super().__init__(themes, window, title)
        self._taken = taken
        self._needs_text = needs_text
        space = themes.theme.sizes.space
        self.picker: SearchPicker | None = None
        whole = column(spacing=space.apart, margins=(space.pane, space.pane, space.pane, space.pane))
        whole.addWidget(Label(title, weight=600))
        self._who: Labelled | None = None
        if people_label:
            self.picker = SearchPicker(themes, people_label, lambda typed: _matching(people, typed))
            self.picker.choose(people[0] if people else None)
            self._who = Labelled(themes, people_label, self.picker)
            whole.addWidget(self._who)
        self.field = TextField(themes, label)
        self.field.setText(text)
        self.field.returnPressed.connect(self._take)
        self._what = Labelled(themes, label, self.field)
        whole.addWidget(self._what)
        self.button = Button(themes, button, role="primary", key_hint="↵")
        self.button.clicked.connect(self._take)
        cancel = Button(themes, self.tr("Cancel"), role="quiet", key_hint="Esc")
        cancel.clicked.connect(self.leave)
        foot = line(spacing=space.close)
        foot.addStretch(1)
        foot.addWidget(cancel)
        foot.addWidget(self.button)
        whole.addLayout(foot)
        self.body.addLayout(whole)

    def open_by(self, anchor: QWidget) -> None:
        width = self.themes.theme.sizes.width.call_card
        self.place_by(anchor, width, self.sizeHint().height())
        first = self.field if self.picker is None or self.picker.chosen else self.picker
        first.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def say_fault(self, words: str) -> None:
        self._what.set_error(words)
        self.adjustSize()

    def step_back(self) -> None:
        if self.picker is not None and self.picker.is_open:
            self.picker.close_list()
            return
        self.leave()

    def _take(self) -> None:
        who = self.picker.chosen.key if self.picker is not None and self.picker.chosen is not None else ""
        if self._who is not None and not who:
            self._who.set_error(self.tr("Choose someone."))
            self.adjustSize()
            return
        text = self.field.text().strip()
        if self._needs_text and not text:
            self.say_fault(self.tr("Write something first."))
            return
        self.leave()
        self._taken(who, text)


def _matching(picks: Sequence[Pick], typed: str) -> list[Pick]:
    words = typed.casefold().split()
    return [pick for pick in picks if all(word in f"{pick.words} {pick.detail}".casefold() for word in words)]
