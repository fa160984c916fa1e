"""A line of a list of policies: what it is for, what it says, and what can be done to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from csr_desktop.ui.kit.buttons import Button, IconButton
from csr_desktop.ui.kit.chips import Chip
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.panes import column, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.ui.kit.theme import ThemeSwitch

_STEPS: Final = {Qt.Key.Key_Down: 1, Qt.Key.Key_J: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_K: -1}


class LineWords(NamedTuple):
    """`change` and `remove` are the words of the buttons, the second's with what it removes; '' for no button."""

    key: str
    title: str
    sentence: str
    change: str = ""
    remove: str = ""
    chip: str = ""
    caption: str = ""


class PolicyLine(QWidget):
    """Its first button is where the keyboard stands: arrows or j and k go to the other lines, Delete removes."""

    change_wanted = Signal(str)
    remove_wanted = Signal(str)
    stepped = Signal(int)

    def __init__(self, themes: ThemeSwitch, said: LineWords, parent: QWidget) -> None:
        super().__init__(parent)
        self.said = said
        self.key = said.key
        _, title, sentence, change, remove, chip, caption = said
        space = themes.theme.sizes.space
        whole = line(self, spacing=space.apart, margins=(0, space.tight, 0, space.close))
        # The title stands level with the words of the buttons.
        words = column(spacing=space.tight // 2, margins=(0, space.tight, 0, 0))
        head = line(spacing=space.close)
        head.addWidget(Label(title, weight=600, wraps=True), 1 if not chip else 0)
        if chip:
            head.addWidget(Chip(themes, chip))
            head.addStretch(1)
        words.addLayout(head)
        words.addWidget(Label(sentence, tone="muted", wraps=True))
        if caption:
            words.addWidget(Label(caption, tone="faint", size="caption", wraps=True))
        whole.addLayout(words, 1)
        self.change: Button | None = None
        self.remove: Button | None = None
        if change:
            self.change = Button(themes, change, role="quiet")
            self.change.setAccessibleName(f"{change}: {title}")
            self.change.setAccessibleDescription(sentence)
            self.change.clicked.connect(lambda: self.change_wanted.emit(self.key))
        if remove:
            self.remove = IconButton(themes, "trash", remove, key_hint="Del")
            self.remove.clicked.connect(lambda: self.remove_wanted.emit(self.key))
        top = Qt.AlignmentFlag.AlignTop
        for button in self.buttons:
            button.installEventFilter(self)
            whole.addWidget(button, 0, top)
        if self.remove is None and self.change is not None:  # so that the buttons of all lines stand under each other
            whole.addSpacing(themes.theme.sizes.height.control + space.apart)
        self.setAccessibleName(", ".join(part for part in (title, chip, sentence, caption) if part))

    @property
    def buttons(self) -> Sequence[Button]:
        return [button for button in (self.change, self.remove) if button is not None]

    def focus(self, *, is_last: bool = False) -> None:
        if self.buttons:
            self.buttons[-1 if is_last else 0].setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            key = Qt.Key(event.key())
            if key in _STEPS and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
                self.stepped.emit(_STEPS[key])
                return True
            if key == Qt.Key.Key_Delete and self.remove is not None:
                self.remove_wanted.emit(self.key)
                return True
        return super().eventFilter(watched, event)
