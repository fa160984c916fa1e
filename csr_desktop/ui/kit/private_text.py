"""Says while somebody types that a number looks private: a dotted line under it, and a word at the text's foot.

It never stands in the way: nothing is changed but by a key or a click, and the text is read only around what changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QTextCursor
from PySide6.QtWidgets import QLineEdit, QTextEdit, QWidget

from csr_desktop.ui.kit.float import is_in_float
from csr_desktop.ui.kit.key_words import key_text
from csr_desktop.ui.kit.menu_float import MenuLine, open_menu
from csr_desktop.ui.kit.notice import announce
from csr_desktop.ui.kit.private_hint import PrivateHint
from csr_desktop.ui.kit.underlines import EditorUnderlines, LineUnderlines

if TYPE_CHECKING:
    from csr_desktop.domain.private_numbers import Found, Number
    from csr_desktop.ui.kit.fields import TextField
    from csr_desktop.ui.kit.number_rules import NumberRules
    from csr_desktop.ui.kit.prose import PlainText

MASK_KEY: Final = "Ctrl+Shift+M"
KEEP_KEY: Final = "Ctrl+Shift+I"
_BOTH: Final = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


class Edit(NamedTuple):
    """So many characters came in place of so many others, from `start` on."""

    start: int
    removed: int
    added: int


class PrivateText(QObject):
    """Watches one editor or line. `hint` is the word at its foot, which its owner lays out beneath it."""

    def __init__(self, rules: NumberRules, editor: PlainText | TextField) -> None:
        super().__init__(editor)
        self._rules = rules
        self._editor = editor
        self._text = ""
        self._is_of_one_unit_each = True
        self._known: dict[tuple[str, str], Number] = {}
        """By how they are written."""
        self._found: tuple[Found, ...] = ()
        self._open: tuple[Found, ...] = ()
        """Those of which nobody said that they are none."""
        self._stored_text = ""
        self._stored: frozenset[Number] = frozenset()
        self._asked: set[Number] = set()
        self._is_asking = False
        self._is_shown = True
        self.hint = PrivateHint(editor.themes)
        self.hint.mask_wanted.connect(self._mask_and_return)
        self.hint.keep_wanted.connect(self._keep_and_return)
        self._underline: Callable[[list[tuple[int, int]]], None]
        if isinstance(editor, QTextEdit):
            self._underline = EditorUnderlines(editor.themes, editor).show
            editor.viewport().installEventFilter(self)
            editor.textChanged.connect(self._look)
        else:
            self._underline = LineUnderlines(editor.themes, editor).show_spans
            editor.textChanged.connect(lambda _text: self._look())
        editor.installEventFilter(self)
        editor.cursorPositionChanged.connect(self._say)
        rules.became_ready.connect(self._look_at_all)

    @property
    def is_open(self) -> bool:
        """Whether some number in the text still looks private."""
        return bool(self._open)

    def set_stored(self, text: str) -> None:
        """What stands in the editor is stored so: its numbers were looked at when that was written."""
        self._stored_text = text
        if self._rules.is_ready:
            self._stored = self._numbers(text)
            self._show_open()

    def set_shown(self, *, is_shown: bool) -> None:
        """Whether the editor stands in front: a word without its text would be no help."""
        self._is_shown = is_shown
        self._say()

    def masked_text(self) -> str:
        """What is typed, with all that still looks private masked: to make a title from."""
        text = self._editor.text() if isinstance(self._editor, QLineEdit) else self._editor.toPlainText()
        if not any(sign.isdigit() for sign in text):
            return text
        from csr_desktop.domain.private_numbers import find, masked, number_of

        none = self._rules.said_none
        found = find(text, self._rules.home_region)
        return masked(text, [one for one in found if number_of(text, one) not in none])

    def may_save(self) -> bool:
        """False the first time that a number is to be saved which only may be private: that is said at the foot, with
        the keyboard there, and saving again leaves it as it is. Certain ones are masked when the text is stored.
        """
        likely = [one for one in self._open if one.certainty == "likely" and self._number(one) not in self._asked]
        if not likely:
            return True
        self._asked |= {self._number(one) for one in likely}
        self._is_asking = True
        self._set_caret(likely[0].end)
        self._editor.setFocus(Qt.FocusReason.OtherFocusReason)
        self._say()
        announce(self._editor, self.hint.words)
        return False

    def mask(self) -> None:
        """Mask the number at the caret, or the next one; an edit that Ctrl+Z takes back."""
        one = self._current()
        if one is None:
            return
        from csr_desktop.domain.private_numbers import masked

        after = masked(self._text, [one])[one.start : one.end]
        start, end = self._units(one.start), self._units(one.end)
        if isinstance(self._editor, QTextEdit):
            cursor = QTextCursor(self._editor.document())
            cursor.setPosition(start)
            cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
            cursor.insertText(after)
        else:
            caret = self._editor.cursorPosition()
            self._editor.setSelection(start, end - start)
            self._editor.insert(after)
            self._editor.setCursorPosition(caret)
        announce(self._editor, self.tr("Masked."))

    def keep(self) -> None:
        """The number at the caret, or the next one, is no private one; that stays with the text."""
        one = self._current()
        if one is None:
            return
        self._rules.said_none.add(self._number(one))
        self._show_open()
        announce(self._editor, self.tr("Left as it is."))
        # Who keeps the text keeps with it what was said of its numbers.
        if isinstance(self._editor, QTextEdit):
            self._editor.textChanged.emit()
        else:
            self._editor.textChanged.emit(self._text)

    # Reading

    def _look(self) -> None:
        text = self._editor.text() if isinstance(self._editor, QLineEdit) else self._editor.toPlainText()
        if not self._rules.is_ready:
            self._rules.want()
            return
        before = self._text
        if text == before:
            return
        from csr_desktop.domain.private_numbers import after_edit

        start = _common(before, text)
        end = _common(before[start:][::-1], text[start:][::-1])
        removed, added = len(before) - start - end, len(text) - start - end
        self._text = text
        self._is_of_one_unit_each = len(text.encode("utf-16-le", "surrogatepass")) == 2 * len(text)
        self._found = after_edit(self._found, text, start, removed, added, self._rules.home_region)
        self._show_open(Edit(start, removed, added))

    def _look_at_all(self) -> None:
        self._text, self._found, self._open = "", (), ()
        self._stored = self._numbers(self._stored_text)
        self._look()

    def _show_open(self, edit: Edit | None = None) -> None:
        before, none, stored = self._open, self._rules.said_none, self._stored
        self._open = self._found
        if none or stored:
            self._open = tuple(one for one in self._found if (n := self._number(one)) not in none and n not in stored)
        if not self._open and not before:
            return
        if edit is None or self._open != _moved(before, edit):  # else the underlines have moved by themselves
            with QSignalBlocker(self._editor):  # formats are no change of the text
                self._underline([(self._units(one.start), self._units(one.end)) for one in self._open])
        self._say()
        if len(self._open) > len(before) and self._editor.hasFocus():
            announce(self._editor, self.hint.words)

    def _say(self) -> None:
        one = self._current()
        if one is None or not self._is_shown:
            self._is_asking = False
            self.hint.say_nothing()
        else:
            is_certain, others = one.certainty == "certain", len(self._open) - 1
            self.hint.say(one.kind, is_certain=is_certain, is_asking=self._is_asking, others=others)

    # Positions: found ones count characters, Qt counts units of UTF-16.

    def _current(self) -> Found | None:
        """At the caret or next before it; without one, the first behind it."""
        if not self._open:
            return None
        caret = self._caret()
        return next((one for one in reversed(self._open) if one.start <= caret), self._open[0])

    def _caret(self) -> int:
        editor = self._editor
        at = editor.cursorPosition() if isinstance(editor, QLineEdit) else editor.textCursor().position()
        if self._is_of_one_unit_each:
            return at
        return len(self._text.encode("utf-16-le", "surrogatepass")[: 2 * at].decode("utf-16-le", "replace"))

    def _set_caret(self, at: int) -> None:
        if isinstance(self._editor, QLineEdit):
            self._editor.setCursorPosition(self._units(at))
            return
        cursor = self._editor.textCursor()
        cursor.setPosition(self._units(at))
        self._editor.setTextCursor(cursor)

    def _units(self, at: int) -> int:
        return at if self._is_of_one_unit_each else len(self._text[:at].encode("utf-16-le", "surrogatepass")) // 2

    def _number(self, one: Found) -> Number:
        written = one.kind, self._text[one.start : one.end]
        found = self._known.get(written)
        if found is None:
            from csr_desktop.domain.private_numbers import number_of

            found = self._known[written] = number_of(self._text, one)
        return found

    def _numbers(self, text: str) -> frozenset[Number]:
        from csr_desktop.domain.private_numbers import find, number_of

        return frozenset(number_of(text, one) for one in find(text, self._rules.home_region))

    # Hands

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.FocusIn:
            self._rules.want()
        elif kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress) and isinstance(event, QKeyEvent):
            return self._on_key(event)
        elif kind == QEvent.Type.ContextMenu and isinstance(event, QContextMenuEvent):
            return self._on_menu(event)
        return super().eventFilter(watched, event)

    def _on_key(self, event: QKeyEvent) -> bool:
        if event.modifiers() != _BOTH or not self._open or event.key() not in {Qt.Key.Key_M, Qt.Key.Key_I}:
            return False
        deed = self.mask if event.key() == Qt.Key.Key_M else self.keep
        event.accept()
        if event.type() == QEvent.Type.KeyPress and not event.isAutoRepeat():
            deed()
        return True

    def _on_menu(self, event: QContextMenuEvent) -> bool:
        """On such a number, what can be done about it; elsewhere the usual menu comes."""
        if isinstance(self._editor, QLineEdit):
            at = self._editor.cursorPositionAt(event.pos())
        else:
            at = self._editor.cursorForPosition(event.pos()).position()
        hit = next((one for one in self._open if self._units(one.start) <= at <= self._units(one.end)), None)
        if hit is None or is_in_float(self._editor):
            return False
        self._set_caret(hit.end)
        lines = (
            MenuLine(self.tr("Mask it"), self._mask_and_return, detail=key_text(MASK_KEY)),
            MenuLine(self.tr("This is not one"), self._keep_and_return, detail=key_text(KEEP_KEY)),
        )
        open_menu(self._editor.themes, self.tr("A number that looks private"), self.hint, lines)
        return True

    def _mask_and_return(self) -> None:
        self.mask()
        self._editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def _keep_and_return(self) -> None:
        self.keep()
        self._editor.setFocus(Qt.FocusReason.OtherFocusReason)


def private_text_of(widget: QWidget | None) -> PrivateText | None:
    """What watches this editor."""
    if widget is None:
        return None
    return widget.findChild(PrivateText, options=Qt.FindChildOption.FindDirectChildrenOnly)


def _moved(found: tuple[Found, ...], edit: Edit) -> tuple[Found, ...] | None:
    """Where they stand after an edit beside them; None where it touches one: its underline may grow or shrink."""
    from csr_desktop.domain.private_numbers import Found

    end, by = edit.start + edit.removed, edit.added - edit.removed
    if any(one.start <= end and edit.start <= one.end for one in found):
        return None
    return tuple(
        one if one.end < edit.start else Found(one.kind, one.start + by, one.end + by, one.certainty) for one in found
    )


def _common(before: str, after: str) -> int:
    """How many characters both begin with."""
    low, high = 0, min(len(before), len(after))
    while low < high:
        middle = (low + high + 1) // 2
        if before[low:middle] == after[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
