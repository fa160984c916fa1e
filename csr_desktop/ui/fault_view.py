"""What stands instead of the desk when it cannot be opened: what happened, what was kept, and the ways out."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from csr_desktop.domain.errors import CsrDesktopError
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.marks import IconMark
from csr_desktop.ui.kit.panes import line
from csr_desktop.ui.kit.theme import ThemeSwitch


class FaultView(QWidget):
    """`ways` are (key, words), the first is the primary one."""

    chosen = Signal(str)

    def __init__(self, themes: ThemeSwitch, fault: CsrDesktopError, ways: list[tuple[str, str]]) -> None:
        super().__init__()
        self.setWindowTitle(self.tr("CSR Desktop can't open"))
        space = themes.theme.sizes.space
        title = Label(fault.title, size="title", weight=600, wraps=True)
        advice = Label(fault.advice, tone="muted", wraps=True, selectable=True)
        for label in (title, advice):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            label.setMinimumWidth(themes.theme.sizes.width.list)
        centre = Qt.AlignmentFlag.AlignHCenter
        whole = QVBoxLayout(self)
        whole.setSpacing(space.apart)
        whole.addStretch(1)
        whole.addWidget(IconMark(themes, "warning-circle", tone="danger", size="icon_large"), 0, centre)
        whole.addWidget(title, 0, centre)
        whole.addWidget(advice, 0, centre)
        buttons = line(spacing=space.close)
        buttons.addStretch(1)
        self.buttons = []
        for at, (key, words) in enumerate(ways):
            button = Button(themes, words, role="plain" if at else "primary")
            button.clicked.connect(lambda _=False, key=key: self.chosen.emit(key))
            buttons.addWidget(button)
            self.buttons.append(button)
        buttons.addStretch(1)
        whole.addLayout(buttons)
        whole.addStretch(2)
        self.setAccessibleName(fault.title)
        self.setAccessibleDescription(fault.advice)
