"""What stands in place of the desk: one column in the middle, as high as its words, that scrolls if need be."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from csr_desktop.ui.kit.panes import column
from csr_desktop.ui.kit.scroll import ScrollColumn
from csr_desktop.ui.kit.theme import ThemeSwitch


class FrontPage(QWidget):
    """Put parts into `body`. `card` is the column itself, as wide as it is told."""

    def __init__(self, themes: ThemeSwitch, name: str, width: int) -> None:
        super().__init__()
        if name:
            self.setWindowTitle(name)
        space = themes.theme.sizes.space
        self.card = QFrame()
        self.card.setFixedWidth(width)
        self.body = QVBoxLayout(self.card)
        self.body.setContentsMargins(space.page, space.page, space.page, space.page)
        self.scroller = ScrollColumn(name, ground="canvas", margins=(space.page, space.page, space.page, space.page))
        # Stretches at its sides, not an alignment: an aligned part is given no more height for words that wrap.
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(self.card)
        middle.addStretch(1)
        self.scroller.body.setAlignment(Qt.AlignmentFlag(0))
        self.scroller.body.addStretch(1)
        self.scroller.body.addLayout(middle)
        self.scroller.body.addStretch(2)
        column(self).addWidget(self.scroller)
