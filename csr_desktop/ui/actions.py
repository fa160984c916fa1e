"""Actions are rows of a table; menus, palette and the page of keys are views of it. Two with one key fail at start."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import msgspec
import shiboken6
from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QWidget

from csr_desktop.ui.kit.float import is_in_float

EVERYWHERE = ""
BURST_SECONDS = 0.7
"""Keys that follow one another faster than this are one word to whoever types them."""
_KEY_EVENTS = (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride)
_NO_KEYS = frozenset({Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_unknown, 0})
"""Keys that are pressed to change others, and what is none."""
_IN_WORDS = frozenset({Qt.Key.Key_Backspace, Qt.Key.Key_Return, Qt.Key.Key_Enter})
"""Keys that belong to typing, besides letters."""
_MODIFIERS = ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier)


class Action(msgspec.Struct, frozen=True):
    """Something a person can do. `title` is already translated; `key` is Qt's portable text, e.g. "Ctrl+K" or "E".

    A key without a modifier works while no text is being typed and the keyboard is in nothing that floats. `place` is
    the key of the place it belongs to.
    """

    id: str
    title: str
    callback: Callable[[], None]
    key: str = ""
    place: str = EVERYWHERE
    icon: str = ""
    is_enabled: Callable[[], bool] = lambda: True
    in_palette: bool = True
    works_in_text: bool = False
    """A key without modifier, such as F9, that works while typing too."""
    works_always: bool = False
    """Also while a page or the palette floats over the window: a call that rings does not wait for them."""
    waits: bool = False
    """The widget with the keyboard may take the key first, as with Esc."""
    rests_in_text: bool = False
    """A key with a modifier that means something else while typing, such as Ctrl+Z."""
    is_offered: Callable[[], bool] = lambda: False
    """Whether the screen says this key just now: then it rests only in a text that has something of its own to undo."""
    keys_shown: str = ""
    """What the page of keys has in place of the key, for one that stands for several there."""
    in_keys: bool = True
    """Whether the page of keys has it."""
    why_not: Callable[[], str] = lambda: ""
    """Said when its key is pressed while it is not enabled, such as "Notes belong to tickets."; '' for the usual."""


class KeyClash(Exception):
    """Two actions of one place want the same key."""


class Actions(QObject):
    """The table, and the keys of the window.

    A key whose action is not enabled says why. What is typed right after it, or after a letter that means nothing here,
    is a word that was meant for some text: its letters do nothing until the hands rest.
    """

    refused = Signal(str)
    """Why a key did nothing, in words."""

    def __init__(
        self, window: QWidget, current_place: Callable[[], str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`clock` says seconds."""
        super().__init__(window)
        self._window = window
        self._current_place = current_place
        self._clock = clock
        self._actions: dict[str, Action] = {}
        self._by_key: dict[str, list[Action]] = {}
        """By the key as Qt writes it: reading a key's text anew at every press would take longer than the rest."""
        self._word_until = 0.0
        self._is_word_refused = False
        self.is_held = False  # while a page floats over the window, the keys beneath it are at rest
        app = QApplication.instance()
        assert isinstance(app, QApplication)  # noqa: S101
        # On what has the keyboard only: a filter on the whole program would see every event there is.
        app.focusChanged.connect(self._on_focus_changed)
        self._on_focus_changed(None, app.focusWidget())

    # Called, too, while the garbage is collected in which the window lies: nothing of Python's is left of it by then,
    # neither a slot that was made when it was connected nor an attribute.
    @Slot(QWidget, QWidget)
    def _on_focus_changed(self, old: QWidget | None, now: QWidget | None) -> None:
        if old is not None and shiboken6.isValid(old):
            old.removeEventFilter(self)
        if now is not None and now.window() is self.parent():
            now.installEventFilter(self)

    def add(self, *actions: Action) -> None:
        for action in actions:
            if action.id in self._actions:
                raise KeyClash(f"{action.id} is there twice")
            if action.key:
                alike = self._by_key.setdefault(_portable(QKeySequence(action.key)), [])
                for other in alike:
                    if EVERYWHERE in {action.place, other.place} or action.place == other.place:
                        raise KeyClash(f"{action.id} and {other.id} both want {action.key}")
                alike.append(action)
            self._actions[action.id] = action

    def __iter__(self) -> Iterator[Action]:
        return iter(self._actions.values())

    def of_place(self, place: str) -> list[Action]:
        """Those that work in this place, its own first."""
        return sorted((a for a in self if a.place in {place, EVERYWHERE}), key=lambda a: a.place == EVERYWHERE)

    def is_enabled(self, action_id: str) -> bool:
        return self._actions[action_id].is_enabled()

    def run(self, action_id: str) -> None:
        action = self._actions[action_id]
        if action.is_enabled():
            action.callback()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() not in _KEY_EVENTS or not isinstance(event, QKeyEvent):
            return False
        focus = QApplication.focusWidget()
        if watched is not focus or (self.is_held and not self._works_always(event)):
            return False
        if self._ends_in_word(event, focus):
            return True
        action = self._wanted(event, focus)
        if action is None or action.waits:
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
        else:
            self._do(action, event)
        return True

    def press(self, event: QKeyEvent) -> bool:
        """A key that no widget took; True when an action did."""
        focus = QApplication.focusWidget()
        is_typed = types_text(focus) and _is_printed(event)
        if is_typed or (self.is_held and not self._works_always(event)):
            return False
        if self._ends_in_word(event, focus):
            return True
        action = self._wanted(event, None)
        if action is None:
            if _is_printed(event) and _is_plain(event) and not is_in_float(focus):
                self._begin_word()
            return False
        if _rests(action, focus):
            return False
        self._do(action, event)
        return True

    def _works_always(self, event: QKeyEvent) -> bool:
        return any(action.works_always for action in self._by_key.get(_pressed(event), ()))

    def _wanted(self, event: QKeyEvent, focus: QWidget | None) -> Action | None:
        """Whose key it is here, enabled or not."""
        alike = self._by_key.get(_pressed(event), ())
        place = self._current_place() if alike else EVERYWHERE
        action = next((a for a in alike if a.place in {place, EVERYWHERE}), None)
        if action is None:
            return None
        is_plain = _is_plain(event)
        if types_text(focus) and (_rests(action, focus) or (not action.works_in_text and is_plain)):
            return None
        if is_plain and not action.waits and is_in_float(QApplication.focusWidget()):
            return action if action.works_in_text and action.place == EVERYWHERE else None
        return action

    def _do(self, action: Action, event: QKeyEvent) -> None:
        if event.isAutoRepeat():
            return
        if action.is_enabled():
            action.callback()
            return
        if _is_printed(event) and _is_plain(event):
            self._begin_word(is_refused=True)
        usual = self.tr("“{0}” does not fit what is shown here.").format(action.title)
        self.refused.emit(action.why_not() or usual)

    # Words that were meant for some text

    def _begin_word(self, *, is_refused: bool = False) -> None:
        self._word_until = self._clock() + BURST_SECONDS
        self._is_word_refused = is_refused

    def _ends_in_word(self, event: QKeyEvent, focus: QWidget | None) -> bool:
        """Whether the key is the next of such a word, and is to do nothing."""
        if not self._word_until:
            return False
        is_of_word = (_is_printed(event) and _is_plain(event)) or event.key() in _IN_WORDS
        if event.key() in _NO_KEYS:
            return False
        now = self._clock()
        if now > self._word_until or not is_of_word or types_text(focus) or is_in_float(focus):
            self._word_until = 0.0
            return False
        if event.type() == QEvent.Type.KeyPress:
            self._word_until = now + BURST_SECONDS
            if not self._is_word_refused:
                self._is_word_refused = True
                self.refused.emit(self.tr("Nothing was typed or done: no text was open to type in."))
        event.accept()
        return True


def types_text(widget: QWidget | None) -> bool:
    """Whether keys go into text here."""
    # At the first key: what the first screen does not show is not made for it.
    from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit, QTextEdit

    if isinstance(widget, QLineEdit | QTextEdit | QPlainTextEdit):
        return not widget.isReadOnly()
    return isinstance(widget, QAbstractSpinBox) or (isinstance(widget, QComboBox) and widget.isEditable())


def _rests(action: Action, focus: QWidget | None) -> bool:
    if not action.rests_in_text or not types_text(focus):
        return False
    return _can_undo(focus) or not action.is_offered()


def _can_undo(focus: QWidget | None) -> bool:
    from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QTextEdit

    if isinstance(focus, QLineEdit):
        return focus.isUndoAvailable()
    return not isinstance(focus, QTextEdit | QPlainTextEdit) or focus.document().isUndoAvailable()


def _portable(keys: QKeySequence) -> str:
    return keys.toString(QKeySequence.SequenceFormat.PortableText)


def _is_plain(event: QKeyEvent) -> bool:
    """Pressed alone, as letters are."""
    return not event.modifiers() & _MODIFIERS


def _is_printed(event: QKeyEvent) -> bool:
    return bool(event.text()) and event.text().isprintable()


def _pressed(event: QKeyEvent) -> str:
    if event.key() in _NO_KEYS:
        return ""
    if event.text() == "?":
        return "?"
    return _portable(QKeySequence(event.keyCombination()))
