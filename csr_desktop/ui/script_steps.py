"""The steps of a script or checklist as they are read or ticked, also where it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from csr_desktop.ui.kit.checks import CheckBox
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.panes import line

if TYPE_CHECKING:
    from csr_desktop.ui.kit.theme import ThemeSwitch


class StepWords(Label):
    """A step's words; a click on them is one on its box."""

    pressed = Signal()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # What scrolls asks for the least height, which knows nothing of a width.
        self.setMinimumHeight(self.heightForWidth(self.width()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.pressed.emit()


class StepRow(QWidget):
    """`box` is there where it is ticked; what is read has its number instead."""

    def __init__(self, themes: ThemeSwitch, kind: str, place: int, step: str) -> None:
        super().__init__()
        self.box: CheckBox | None = None
        row = line(self, spacing=themes.theme.sizes.space.close)
        words = StepWords(step, wraps=True)
        if kind == "checklist":
            self.box = CheckBox(themes, "")
            self.box.setAccessibleName(step)
            words.pressed.connect(self.box.toggle)
            row.addWidget(self.box, 0, Qt.AlignmentFlag.AlignTop)
        else:
            row.addWidget(Label(f"{place + 1}.", tone="faint"), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(words, 1)
        self.setAccessibleName(step)
