"""The bar under the list while several rows are marked: how many, and what can be done with all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame

from csr_desktop.ui.kit.buttons import Button, IconButton
from csr_desktop.ui.kit.choices import ButtonRow
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.panes import line
from csr_desktop.ui.kit.theme import set_look

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent
    from PySide6.QtWidgets import QWidget

    from csr_desktop.ui.kit.theme import ThemeSwitch


class BulkBar(QFrame):
    claimed = Signal()
    assigned = Signal()
    resolved = Signal()
    cleared = Signal()

    def __init__(self, themes: ThemeSwitch, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_look(self, ground="fill")
        space = themes.theme.sizes.space
        self._count = Label(weight=600)
        self._buttons = ButtonRow(themes)
        self._claim = self._buttons.add(Button(themes, self.tr("Claim"), role="notice", key_hint="C"))
        self._assign = self._buttons.add(Button(themes, self.tr("Assign"), role="notice", key_hint="A"))
        self._resolve = self._buttons.add(Button(themes, self.tr("Resolve"), role="notice", key_hint="E"))
        clear = IconButton(themes, "x", self.tr("Select none"), key_hint="Esc")
        self._claim.clicked.connect(self.claimed)
        self._assign.clicked.connect(self.assigned)
        self._resolve.clicked.connect(self.resolved)
        clear.clicked.connect(self.cleared)
        row = line(
            self, spacing=space.tight, margins=(space.apart, space.button_gap, space.button_gap, space.button_gap)
        )
        row.addWidget(self._count)
        row.addWidget(self._buttons, 1)
        row.addWidget(clear)
        self.setMinimumHeight(themes.theme.sizes.height.notice)
        self.hide()

    def _fit_hints(self) -> None:
        """The keys stand beside the words where there is room."""
        hints = ((self._claim, "C"), (self._assign, "A"), (self._resolve, "E"))
        for button, key in hints:
            button.set_key_hint(key)
        if self._buttons.sizeHint().width() > self._buttons.width():
            for button, _key in hints:
                button.set_key_hint("")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_hints()

    def show_count(self, count: int, *, assignable: int, resolvable: int) -> None:
        """How many rows are marked, how many of them can be given to someone, and how many resolved."""
        self._count.setText(self.tr("%n selected", "", count))
        self.setAccessibleName(self._count.text())
        for button in (self._claim, self._assign):
            button.setEnabled(assignable > 0)
        self._resolve.setEnabled(resolvable > 0)
        self.show()
        self._fit_hints()
