"""Small floats over the window, by the button that opened them: a few fields, or a list to pick from by typing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import shiboken6
from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
    QTimer,
    Signal,
    Slot,
)
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.fields import TextField
from csr_desktop.ui.kit.float import FloatFrame
from csr_desktop.ui.kit.lists import RowList
from csr_desktop.ui.kit.panes import Hairline, column, line
from csr_desktop.ui.kit.rows import KEY_ROLE, Row, row_data, row_flags
from csr_desktop.ui.kit.theme import set_look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.ui.kit.picker import Pick
    from csr_desktop.ui.kit.theme import ThemeSwitch

Index = QModelIndex | QPersistentModelIndex
_NO_PARENT: Final = QModelIndex()
_MOST_ROWS: Final = 9
_MOVES: Final = {Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp}
_TAKES: Final = {Qt.Key.Key_Return, Qt.Key.Key_Enter}


class ActionFloat(FloatFrame):
    """Takes the keyboard while it is open, keeps Tab within, and gives the keyboard back when it closes.

    It closes by Esc, by a click beside it, and when the keyboard goes elsewhere. It is gone after that.
    """

    left = Signal()

    def __init__(self, themes: ThemeSwitch, window: QWidget, name: str) -> None:
        super().__init__(themes, window, name)
        self.themes = themes
        self._before = QApplication.focusWidget()
        self._anchor: QWidget | None = None
        self._width = self._height = 0
        self._is_trailing = False
        self.is_left = False

    def place_by(self, anchor: QWidget, width: int, height: int = 0, *, is_trailing: bool = False) -> None:
        """Beneath the anchor, or above it where there is no room, always inside the window. 0 is as high as needed.

        By a list it stands at the current row, and by a button that found no room at the row of buttons.
        It starts where the anchor does, or with `is_trailing` ends there.
        """
        self._anchor, self._width, self._height, self._is_trailing = anchor, width, height, is_trailing
        self._fit()
        self.installEventFilter(self)
        self.window().installEventFilter(self)
        self.pressed_beside.connect(self.leave)
        self.heed_beside(anchor if isinstance(anchor, QAbstractButton) else None)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._on_focus_changed)

    def _fit(self) -> None:
        anchor, window = self._anchor, self.parentWidget()
        if anchor is None or window is None or self.is_left:
            return
        gap = self.themes.theme.sizes.space.tight
        high = self._height or max(self.sizeHint().height(), self.heightForWidth(self._width))
        high = min(high, window.height() - 2 * gap)
        at = _place_of(anchor, window)
        is_right = self.isRightToLeft() != self._is_trailing
        left = at.right() + 1 - self._width if is_right else at.left()
        beneath, above = window.height() - at.bottom() - 1 - 2 * gap, at.top() - 2 * gap
        if self._height and high > max(beneath, above):
            # What was given a height holds a list, which scrolls.
            high = max(beneath, above)
        top = at.bottom() + 1 + gap if high <= beneath else at.top() - high - gap
        left = max(gap, min(left, window.width() - self._width - gap))
        self.place_at(QRect(left, max(gap, top), self._width, high))

    def leave(self) -> None:
        if self.is_left:
            return
        self.is_left = True
        app = QApplication.instance()
        if isinstance(app, QApplication) and self._anchor is not None:
            self.window().removeEventFilter(self)
            self.forget_beside()
            app.focusChanged.disconnect(self._on_focus_changed)
        focus, before = QApplication.focusWidget(), self._before
        had_keyboard = focus is not None and self.isAncestorOf(focus)
        self.hide()
        if had_keyboard and before is not None and shiboken6.isValid(before) and before.isVisible():
            before.setFocus(Qt.FocusReason.OtherFocusReason)
        self.left.emit()
        self.deleteLater()

    def step_back(self) -> None:
        """Esc."""
        self.leave()

    @Slot(QWidget, QWidget)  # as in Actions
    def _on_focus_changed(self, _old: QWidget | None, now: QWidget | None) -> None:
        # Without a focus the window is in the background: that is no reason to lose what was begun.
        if now is not None and now is not self and not self.isAncestorOf(now) and now.window() is self.window():
            self.leave()

    def focusNextPrevChild(self, forward: bool) -> bool:
        inside: list[QWidget] = []
        at = self.nextInFocusChain()
        while at is not None and at is not self:
            takes = at.focusPolicy() & Qt.FocusPolicy.TabFocus and at.focusProxy() is None
            if takes and self.isAncestorOf(at) and at.isVisible() and at.isEnabled():
                inside.append(at)
            at = at.nextInFocusChain()
        focus = QApplication.focusWidget()
        if not inside:
            return True
        place = inside.index(focus) if focus in inside else -1
        step = 1 if forward else -1
        reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
        inside[(place + step) % len(inside)].setFocus(reason)
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.step_back()
        # What lies beneath must not get the keys.
        event.accept()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self and event.type() == QEvent.Type.LayoutRequest and self.isVisible():
            self._fit()
        elif watched is not self and event.type() == QEvent.Type.Resize:
            # What it stands by gets its new place after this.
            QTimer.singleShot(0, self, self._fit)
        return False


def _place_of(anchor: QWidget, window: QWidget) -> QRect:
    """Where in the window that stands by which something opens."""
    while not anchor.isVisible() and (holder := anchor.parentWidget()) is not None:
        anchor = holder
    if isinstance(anchor, RowList):
        seen = anchor.viewport()
        row = anchor.visualRect(anchor.currentIndex()).intersected(seen.rect())
        if not row.isEmpty():
            return QRect(seen.mapTo(window, row.topLeft()), row.size())
    return QRect(anchor.mapTo(window, QPoint()), anchor.size())


class OneFloat(QObject):
    """What a place asks by: one float at a time; the last one goes when another opens."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.open_float: ActionFloat | None = None

    @property
    def is_open(self) -> bool:
        return self.open_float is not None

    def step_back(self) -> bool:
        """Esc: close what is open; False when nothing is."""
        if self.open_float is None:
            return False
        self.open_float.step_back()
        return True

    def _take_over(self, made: ActionFloat) -> None:
        if self.open_float is not None:
            self.open_float.leave()
        self.open_float = made
        made.left.connect(lambda: self._forget(made))

    def _forget(self, gone: ActionFloat) -> None:
        if self.open_float is gone:
            self.open_float = None


class PickModel(QAbstractListModel):
    """Picks as lines; the chosen one wears a check."""

    def __init__(self) -> None:
        super().__init__()
        self.picks: list[Pick] = []
        self._rows: list[Row] = []

    def offer(self, picks: Sequence[Pick], chosen_key: str | None) -> None:
        self.beginResetModel()
        self.picks = list(picks)
        # With one column for check and icons all words start on one line.
        has_icons = any(pick.icon or pick.key == chosen_key for pick in self.picks)
        self._rows = [self._row(pick, is_chosen=pick.key == chosen_key, has_icons=has_icons) for pick in self.picks]
        self.endResetModel()

    @staticmethod
    def _row(pick: Pick, *, is_chosen: bool, has_icons: bool) -> Row:
        icon = "check" if is_chosen else pick.icon
        tone = "accent" if is_chosen else "faint"
        return Row(
            pick.words,
            icon=icon,
            icon_tone=tone,  # type: ignore[arg-type]
            end_text=pick.detail,
            is_one_line=True,
            is_done=not pick.is_enabled,
            keeps_icon=has_icons,
        )

    def rowCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self.picks)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        return self.picks[index.row()].key if role == KEY_ROLE else row_data(self._rows[index.row()], role)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not self.picks[index.row()].is_enabled:
            return Qt.ItemFlag.ItemNeverHasChildren
        return row_flags(self._rows[index.row()])


class PickFloat(ActionFloat):
    """A field over a list: arrows move, Enter takes.

    Either typing says `searched` and the answer is `offer`, or it narrows down what was given to `narrow`.
    """

    searched = Signal(str)
    taken = Signal(str)
    """The key of what was picked."""

    def __init__(self, themes: ThemeSwitch, window: QWidget, title: str, placeholder: str = "") -> None:
        super().__init__(themes, window, title)
        space = themes.theme.sizes.space
        self.field = TextField(themes, title, placeholder=placeholder or title)
        set_look(self.field, isBare=True)
        self.field.textChanged.connect(self.searched)
        self.field.installEventFilter(self)
        self._nothing = Label(tone="muted", wraps=True)
        self._none = QWidget()
        none = column(self._none, margins=(space.pane, space.close, space.pane, space.close))
        none.addWidget(self._nothing)
        none.addStretch(1)
        self._none.hide()
        self._model = PickModel()
        self.rows = RowList(themes, title, ground="raised")
        self.rows.setModel(self._model)
        self.rows.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.rows.setProperty("hasKeyboard", True)
        self.rows.clicked.connect(self._take)
        self.rows.be_for_picking()
        self.rows.pressed_aloud.connect(self._take)
        top = line(margins=(space.apart, space.tight, space.apart, space.tight))
        top.addWidget(self.field)
        self.body.setContentsMargins(1, 1, 1, space.tight)
        self.body.addLayout(top)
        self.body.addWidget(Hairline(themes))
        self.body.addSpacing(space.tight)
        self.body.addWidget(self._none, 1)
        self.body.addWidget(self.rows, 1)
        self._count = 0

    @property
    def picks(self) -> Sequence[Pick]:
        return self._model.picks

    def offer(self, picks: Sequence[Pick], *, chosen_key: str | None = None, nothing: str = "") -> None:
        """Show these; the chosen one wears a check. `nothing` is said where there are none."""
        self._model.offer(picks, chosen_key)
        self._nothing.setText(nothing or self.tr("Nothing found"))
        self._none.setVisible(not picks)
        self.rows.setVisible(bool(picks))
        if picks:
            keys = [pick.key for pick in picks]
            self.rows.select_row(keys.index(chosen_key) if chosen_key in keys else 0)
        self._count = max(self._count, len(picks))

    def narrow(self, picks: Sequence[Pick], *, chosen_key: str | None = None, nothing: str = "") -> None:
        """Offer those of these that have all the words typed; those that have them in front come first."""

        def show(text: str) -> None:
            found = narrowed(picks, text)
            self.offer(found, chosen_key=chosen_key, nothing=nothing)
            if text.strip() and found:
                self.rows.select_row(0)

        self.searched.connect(show)
        show("")

    def open_by(self, anchor: QWidget, *, is_trailing: bool = False) -> None:
        """As high as the first offer; it does not jump while one types."""
        sizes, metrics = self.themes.theme.sizes, self.themes.theme.metrics()
        rows = min(_MOST_ROWS, max(1, self._count))
        high = rows * sizes.height.row_one_line + sizes.height.control + 4 * sizes.space.tight + 2
        widest = max((metrics.horizontalAdvance(f"{p.words}{p.detail}") for p in self._model.picks), default=0)
        width = min(sizes.width.palette, max(sizes.width.context, widest + 3 * sizes.space.wide))
        self.place_by(anchor, width, high, is_trailing=is_trailing)
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _take(self, index: QModelIndex) -> None:
        key = self._model.picks[index.row()].key
        self.leave()
        self.taken.emit(key)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in _MOVES and self.rows.isVisible():
                self.rows.keyPressEvent(event)
                return True
            if event.key() in _TAKES and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
                if self.rows.isVisible() and self.rows.currentIndex().isValid():
                    self._take(self.rows.currentIndex())
                return True
        return super().eventFilter(watched, event)


def narrowed(picks: Sequence[Pick], text: str) -> list[Pick]:
    """Those that have all the words typed; those that have them in front come first."""
    words = text.casefold().split()
    found = [pick for pick in picks if all(word in f" {_said(pick)}" for word in words)]
    found.sort(key=lambda pick: not all(f" {word}" in f" {pick.words}".casefold() for word in words))
    return found


def _said(pick: Pick) -> str:
    return f"{pick.words} {pick.detail}".casefold()
