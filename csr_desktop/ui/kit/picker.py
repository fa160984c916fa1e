"""Search as you type and pick: people, clients, topics. The list floats beneath the field; the field keeps the keys."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent
from PySide6.QtWidgets import QWidget

from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.fields import TextField
from csr_desktop.ui.kit.float import FloatFrame
from csr_desktop.ui.kit.lists import RowList
from csr_desktop.ui.kit.rows import KEY_ROLE, Row, row_data, row_flags
from csr_desktop.ui.kit.theme import ThemeSwitch

_MOST_ROWS = 8
_PATH_SIGN = " \u203a "


@dataclass(frozen=True, slots=True)
class Pick:
    """Something to pick. A `path` from the root of a tree is shown instead of `text`."""

    key: str
    text: str = ""
    detail: str = ""
    icon: str = ""
    path: tuple[str, ...] = ()
    is_enabled: bool = True
    """A menu shows what cannot be picked now faintly, and passes over it."""

    @property
    def words(self) -> str:
        return _PATH_SIGN.join(self.path) if self.path else self.text


class _PickModel(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.picks: list[Pick] = []
        self._rows: list[Row] = []

    def offer(self, picks: Sequence[Pick]) -> None:
        self.beginResetModel()
        self.picks = list(picks)
        self._rows = [Row(pick.words, icon=pick.icon, subtitle=(pick.detail,), is_one_line=True) for pick in self.picks]
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        if not index.isValid():
            return None
        if role == KEY_ROLE:
            return self.picks[index.row()].key
        return row_data(self._rows[index.row()], role)

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        return row_flags(self._rows[index.row()]) if index.isValid() else Qt.ItemFlag.NoItemFlags


class SearchPicker(TextField):
    """A field that searches while one types. Without `find`, listen to `searched` and answer with `offer`.

    What was typed but not picked is taken back when the field is left.
    """

    searched = Signal(str)
    picked = Signal(object)

    def __init__(
        self,
        themes: ThemeSwitch,
        name: str,
        find: Callable[[str], Sequence[Pick]] | None = None,
        *,
        placeholder: str = "",
        icon: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(themes, name, placeholder=placeholder, icon=icon, end_icon="caret-down", parent=parent)
        self._find = find
        self._chosen: Pick | None = None
        self._model = _PickModel()
        self._popup: FloatFrame | None = None
        self._list: RowList | None = None
        self._nothing: Label | None = None
        self._is_choosing = False
        self.textChanged.connect(self._on_changed)

    @property
    def chosen(self) -> Pick | None:
        return self._chosen

    def choose(self, pick: Pick | None) -> None:
        """Set what is chosen. Sends no signal."""
        self._chosen = pick
        self._is_choosing = True
        self.setText(pick.words if pick else "")
        self._is_choosing = False
        self.setCursorPosition(0)

    def offer(self, picks: Sequence[Pick]) -> None:
        """Show these under the field, the best first. Ignored once the field was left."""
        if not self._has_keyboard:
            return
        self._model.offer(picks)
        self._open()

    @property
    def is_searching(self) -> bool:
        """Something was typed of which nothing is chosen yet: leaving the field would drop it."""
        return self.text().strip() != (self._chosen.words if self._chosen else "")

    @property
    def is_open(self) -> bool:
        return self._popup is not None and self._popup.isVisible()

    def close_list(self) -> None:
        if self._popup is not None:
            self._popup.hide()

    def _on_changed(self, text: str) -> None:
        """Typed, or written by a screen reader, which Qt does not call edited."""
        if self._has_keyboard and not self._is_choosing:
            self._on_edited(text)

    @property
    def _has_keyboard(self) -> bool:
        """Also while another program's window is in front, as that of who dictates."""
        return self.window().focusWidget() is self

    def _on_edited(self, text: str) -> None:
        if not text:
            self._chosen = None
            self.picked.emit(None)
        self._search(text)

    def _search(self, text: str) -> None:
        if self._find is not None:
            self.offer(self._find(text))
        else:
            self.searched.emit(text)

    def _make_list(self) -> tuple[FloatFrame, RowList, Label]:
        if self._popup is None or self._list is None or self._nothing is None:
            space = self.themes.theme.sizes.space
            self._popup = FloatFrame(self.themes, self.window(), self.accessibleName())
            # The list belongs to the window; it must not outlive its field.
            self.destroyed.connect(self._popup.deleteLater)
            self._list = RowList(self.themes, self.accessibleName(), ground="raised")
            self._list.setModel(self._model)
            self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self._list.setProperty("hasKeyboard", True)
            self._list.clicked.connect(self._pick_at)
            self._list.be_for_picking()
            self._list.pressed_aloud.connect(self._pick_at)
            self._nothing = Label(self.tr("Nothing found"), tone="muted")
            self._nothing.setContentsMargins(space.apart, 0, space.apart, 0)
            self._popup.body.setContentsMargins(1, space.tight, 1, space.tight)
            self._popup.body.addWidget(self._nothing)
            self._popup.body.addWidget(self._list)
        return self._popup, self._list, self._nothing

    def _open(self) -> None:
        popup, rows, nothing = self._make_list()
        count = self._model.rowCount()
        nothing.setVisible(count == 0)
        rows.setVisible(count > 0)
        if count:
            # While one types the best is first; else what is chosen already.
            is_typing = self._chosen is None or self.text() != self._chosen.words
            chosen = next((at for at, pick in enumerate(self._model.picks) if pick == self._chosen), 0)
            rows.select_row(0 if is_typing else chosen)
        sizes = self.themes.theme.sizes
        # The margins, and the hairline of the frame.
        edges = 2 * sizes.space.tight + 2
        height = min(_MOST_ROWS, max(1, count)) * sizes.height.row_one_line + edges
        window = self.window()
        at = self.mapTo(window, QPoint(0, self.height() + sizes.space.tight))
        if at.y() + height > window.height():
            at = self.mapTo(window, QPoint(0, -height - sizes.space.tight))
        width = min(window.width() - at.x(), max(self.width(), sizes.width.context_min))
        popup.place_at(QRect(at.x(), max(0, at.y()), width, height))

    def _pick_at(self, index: QModelIndex) -> None:
        self._chosen = self._model.picks[index.row()]
        self.choose(self._chosen)
        self.close_list()
        self.picked.emit(self._chosen)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if not self.is_open:
            if key in (Qt.Key.Key_Down, Qt.Key.Key_F4):
                self._search("")
                return
            super().keyPressEvent(event)
            return
        rows = self._list
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp) and rows is not None:
            rows.keyPressEvent(event)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab) and rows is not None:
            if rows.currentIndex().isValid():
                self._pick_at(rows.currentIndex())
        elif key == Qt.Key.Key_Escape:
            self.close_list()
            self.choose(self._chosen)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.selectAll()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.close_list()
            self.choose(self._chosen)

    def hideEvent(self, event: QHideEvent) -> None:
        self.close_list()
        super().hideEvent(event)


class TreeChoice(SearchPicker):
    """A pick out of a tree that is known beforehand, such as topics. Words in any order match any part of the path."""

    def __init__(
        self, themes: ThemeSwitch, name: str, *, placeholder: str = "", icon: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(themes, name, self.matching, placeholder=placeholder, icon=icon, parent=parent)
        self._picks: list[tuple[str, Pick]] = []

    def set_picks(self, picks: Sequence[Pick]) -> None:
        self._picks = [(f" {pick.words} {pick.detail}".casefold(), pick) for pick in picks]

    def choose_key(self, key: str) -> None:
        """Raises KeyError for a key that is not offered. Sends no signal."""
        found = next((pick for _, pick in self._picks if pick.key == key), None)
        if found is None:
            raise KeyError(key)
        self.choose(found)

    def matching(self, text: str) -> list[Pick]:
        """Paths with all the words, those first in which every word starts one."""
        words = text.replace(_PATH_SIGN.strip(), " ").casefold().split()
        found = [(line, pick) for line, pick in self._picks if all(word in line for word in words)]
        found.sort(key=lambda hit: sum(f" {word}" not in hit[0] for word in words))
        return [pick for _, pick in found]
