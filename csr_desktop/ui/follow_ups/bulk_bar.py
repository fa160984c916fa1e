"""The bar under the agenda while several rows are marked: how many, and what can be done with all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame

from csr_desktop.ui.kit.buttons import Button, IconButton
from csr_desktop.ui.kit.choices import ButtonRow
from csr_desktop.ui.kit.elide import Label, plain_tooltip
from csr_desktop.ui.kit.panes import line
from csr_desktop.ui.kit.theme import set_look

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from csr_desktop.ui.kit.theme import ThemeSwitch


class BulkBar(QFrame):
    completed = Signal()
    snoozed = Signal()
    reassigned = Signal()
    cleared = Signal()

    def __init__(self, themes: ThemeSwitch, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_look(self, role="notice", tone="info")
        space = themes.theme.sizes.space
        self._count = Label(weight=600)
        buttons = ButtonRow(themes)
        self.complete = buttons.add(Button(themes, self.tr("Done"), role="notice", key_hint="E"))
        self.snooze = buttons.add(Button(themes, self.tr("Snooze"), role="notice", key_hint="S"))
        self.reassign = buttons.add(Button(themes, self.tr("Reassign"), role="notice", key_hint="A"))
        clear = IconButton(themes, "x", self.tr("Select none"), key_hint="Esc")
        self.complete.clicked.connect(self.completed)
        self.snooze.clicked.connect(self.snoozed)
        self.reassign.clicked.connect(self.reassigned)
        clear.clicked.connect(self.cleared)
        row = line(
            self, spacing=space.tight, margins=(space.apart, space.button_gap, space.button_gap, space.button_gap)
        )
        row.addWidget(self._count)
        row.addStretch(1)
        row.addWidget(buttons, 100)
        row.addWidget(clear)
        self.setMinimumHeight(themes.theme.sizes.height.notice)
        self.hide()

    def show_count(self, count: int, *, workable: int, outcome_words: str) -> None:
        """How many are marked, with how many of them something can be done, and as what they would be done; '' where
        each kind has its own way.
        """
        self._count.setText(self.tr("%n selected", "", count))
        self.setAccessibleName(self._count.text())
        for button in (self.complete, self.snooze, self.reassign):
            button.setEnabled(workable > 0)
        self.complete.setText(outcome_words or self.tr("Done as usual"))
        how = self.tr("Promises kept, callbacks and check-ins reached, the others done.")
        self.complete.setToolTip("" if outcome_words else plain_tooltip(how))
        self.complete.setAccessibleDescription("" if outcome_words else how)
        self.show()
