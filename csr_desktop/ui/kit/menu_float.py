"""A menu over the window: a few lines to pick from, by the button that opened it. Looks like all that floats here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent

from csr_desktop.ui.kit.action_float import ActionFloat, PickModel
from csr_desktop.ui.kit.lists import RowList
from csr_desktop.ui.kit.picker import Pick

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from PySide6.QtWidgets import QWidget

    from csr_desktop.ui.kit.theme import ThemeSwitch

_CHANGING: Final = ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
_MOST_ROWS: Final = 12
_STEPS: Final = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}


class MenuFloat(ActionFloat):
    """Arrows move and go round, a letter goes to the next line that begins with it; Enter, Space or a click takes.

    A pick's detail, a key or a count, stands at the edge.
    """

    taken = Signal(str)
    """The key of what was picked."""

    def __init__(self, themes: ThemeSwitch, window: QWidget, name: str, picks: Sequence[Pick]) -> None:
        super().__init__(themes, window, name)
        self._model = PickModel()
        self._model.setParent(self)
        self.rows = RowList(themes, name, ground="raised")
        self.rows.setModel(self._model)
        self.rows.clicked.connect(self._take)
        self.rows.be_for_picking()
        self.rows.pressed_aloud.connect(self._take)
        self.rows.opened.connect(self._take)
        self.rows.installEventFilter(self)
        tight = themes.theme.sizes.space.tight
        self.body.setContentsMargins(1, tight, 1, tight)
        self.body.addWidget(self.rows)
        self.picks = picks

    def open_by(self, anchor: QWidget, *, chosen_key: str | None = None, is_trailing: bool = False) -> None:
        """The chosen one wears a check and is where the keyboard starts."""
        self._model.offer(self.picks, chosen_key)
        sizes, metrics = self.themes.theme.sizes, self.themes.theme.metrics()
        widest = max((metrics.horizontalAdvance(f"{pick.words}{pick.detail}") for pick in self.picks), default=0)
        # The margins, and the hairline of the frame.
        high = min(_MOST_ROWS, len(self.picks)) * sizes.height.row_one_line + 2 * sizes.space.tight + 2
        width = max(sizes.width.context_min, widest + 3 * sizes.space.wide)
        self.place_by(anchor, width, high, is_trailing=is_trailing)
        keys = [pick.key for pick in self.picks]
        first = next((at for at, pick in enumerate(self.picks) if pick.is_enabled), 0)
        self.rows.select_row(keys.index(chosen_key) if chosen_key in keys else first)
        self.rows.setFocus(Qt.FocusReason.PopupFocusReason)

    def offer(self, picks: Sequence[Pick]) -> None:
        """Other lines while it is open; the keyboard stays with its line."""
        keys, current = [pick.key for pick in picks], self.rows.currentIndex()
        now = self.picks[current.row()].key if current.isValid() else ""
        self.picks = picks
        self._model.offer(picks, None)
        self.rows.select_row(keys.index(now) if now in keys else 0)

    def _take(self, index: QModelIndex) -> None:
        key = self.picks[index.row()].key
        self.leave()
        self.taken.emit(key)

    def _go_on(self, at: int, step: int, letters: str = "") -> None:
        """To the next line that can be picked, and begins with these letters."""
        for distance in range(1, len(self.picks) + 1):
            found = (at + step * distance) % len(self.picks)
            pick = self.picks[found]
            if pick.is_enabled and pick.words.casefold().startswith(letters):
                self.rows.select_row(found)
                return

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.rows and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return not event.modifiers() & _CHANGING and self._on_key(event)
        return super().eventFilter(watched, event)

    def _on_key(self, event: QKeyEvent) -> bool:
        key, now = Qt.Key(event.key()), self.rows.currentIndex()
        if key in _STEPS:
            self._go_on(now.row() if now.isValid() else -1, _STEPS[key])
        elif key == Qt.Key.Key_Space:
            if now.isValid():
                self._take(now)
        elif event.text().isprintable() and event.text():
            self._go_on(now.row(), 1, event.text().casefold())
        else:
            return False
        return True


class MenuLine(NamedTuple):
    """What a menu offers: its words, and what it does. `detail`, such as a key, stands at the edge."""

    words: str
    run: Callable[[], object]
    icon: str = ""
    detail: str = ""
    is_enabled: bool = True


def open_menu(
    themes: ThemeSwitch, name: str, by: QWidget, lines: Iterable[MenuLine], *, is_trailing: bool = False
) -> MenuFloat:
    """A menu by the button that opens it; what is taken runs once the menu is gone."""
    offered = tuple(lines)
    picks = [
        Pick(str(at), line.words, line.detail, line.icon, is_enabled=line.is_enabled) for at, line in enumerate(offered)
    ]
    menu = MenuFloat(themes, by.window(), name, picks)
    menu.taken.connect(lambda key: offered[int(key)].run())
    menu.open_by(by, is_trailing=is_trailing)
    return menu
