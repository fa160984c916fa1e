"""What stands instead of the desk when it cannot be opened: what happened, what was kept, and the ways out."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QBoxLayout

from csr_desktop.domain.errors import CsrDesktopError
from csr_desktop.ui.front_page import FrontPage
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.marks import IconMark
from csr_desktop.ui.kit.panes import column, line
from csr_desktop.ui.kit.theme import ThemeSwitch


class FaultView(FrontPage):
    """`ways` are (key, words), the first is the primary one."""

    chosen = Signal(str)

    def __init__(self, themes: ThemeSwitch, fault: CsrDesktopError, ways: list[tuple[str, str]]) -> None:
        super().__init__(themes, "", themes.theme.sizes.width.message)
        self.setWindowTitle(self.tr("CSR Desktop can't open"))
        space, centre = themes.theme.sizes.space, Qt.AlignmentFlag.AlignHCenter
        title = Label(fault.title, size="title", weight=600, wraps=True)
        advice = Label(fault.advice, tone="muted", wraps=True, selectable=True)
        self.body.setSpacing(space.apart)
        self.body.addWidget(IconMark(themes, "warning-circle", tone="danger", size="icon_large"), 0, centre)
        for label in (title, advice):
            label.setAlignment(centre | Qt.AlignmentFlag.AlignTop)
            self.body.addWidget(label)
        self.body.addSpacing(space.apart)
        self.buttons = []
        for at, (key, words) in enumerate(ways):
            button = Button(themes, words, role="plain" if at else "primary")
            button.clicked.connect(lambda _=False, key=key: self.chosen.emit(key))
            self.buttons.append(button)
        self.body.addLayout(self._in_a_row(space.close) if self._fit_a_row(space.close) else self._one_a_line())
        self.setAccessibleName(fault.title)
        self.setAccessibleDescription(fault.advice)

    def _fit_a_row(self, gap: int) -> bool:
        margins = self.body.contentsMargins()
        taken = sum(button.sizeHint().width() + gap for button in self.buttons)
        return taken <= self.card.width() - margins.left() - margins.right()

    def _in_a_row(self, gap: int) -> QBoxLayout:
        row = line(spacing=gap)
        row.addStretch(1)
        for button in self.buttons:
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _one_a_line(self) -> QBoxLayout:
        lines = column(spacing=self.body.spacing())
        for button in self.buttons:
            lines.addWidget(button)
        return lines
