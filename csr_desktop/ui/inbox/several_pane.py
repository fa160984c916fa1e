"""What stands beside the list while several rows are selected: how many of what, and what can be done with all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from csr_desktop.ui.inbox.deeds import assignable, tickets
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.flow import FlowLayout
from csr_desktop.ui.kit.panes import Pane, column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.ui.inbox.deeds import Item
    from csr_desktop.ui.kit.theme import ThemeSwitch


class SeveralPane(Pane):
    """Its buttons are those of the keys; what fits none of the rows is not offered."""

    wanted = Signal(str)
    """claim, assign, settle, priority, state, topic or clear."""

    def __init__(self, themes: ThemeSwitch) -> None:
        super().__init__(themes)
        sizes = themes.theme.sizes
        self.setMinimumWidth(sizes.width.list)
        self._count = Label(size="name", weight=600)
        self._kinds = Label(tone="muted", wraps=True)
        offered = (
            ("claim", self.tr("Claim"), "C"),
            ("assign", self.tr("Assign"), "A"),
            ("settle", self.tr("Resolve"), "E"),
            ("priority", self.tr("Priority"), "P"),
            ("state", self.tr("State"), "S"),
            ("topic", self.tr("Topic"), "T"),
            ("clear", self.tr("Select none"), "Esc"),
        )
        bar = QWidget()
        flow = FlowLayout(sizes.space.close, bar)
        self.buttons: dict[str, Button] = {}
        for key, words, hint in offered:
            button = Button(themes, words, key_hint=hint, role="quiet" if key == "clear" else "plain", parent=bar)
            button.clicked.connect(lambda _checked=False, key=key: self.wanted.emit(key))
            flow.addWidget(button)
            self.buttons[key] = button
        page = sizes.space.page
        inner = column(margins=(page, page, page, page), spacing=sizes.space.tight)
        inner.addWidget(self._count)
        inner.addWidget(self._kinds)
        inner.addSpacing(sizes.space.apart)
        inner.addWidget(bar)
        inner.addStretch(1)
        self.body.addLayout(inner)

    def show_items(self, items: Sequence[Item]) -> None:
        self._count.setText(self.tr("%n selected", "", len(items)))
        self.setAccessibleName(self._count.text())
        counts = {kind: sum(item.kind == kind for item in items) for kind in ("ticket", "call", "follow_up")}
        words = {
            "ticket": self.tr("%n ticket(s)", "", counts["ticket"]),
            "call": self.tr("%n missed call(s)", "", counts["call"]),
            "follow_up": self.tr("%n follow-up(s)", "", counts["follow_up"]),
        }
        self._kinds.setText(", ".join(words[kind] for kind, count in counts.items() if count))
        for key in ("claim", "assign"):
            self.buttons[key].setVisible(bool(assignable(items)))
        for key in ("settle", "priority", "state", "topic"):
            self.buttons[key].setVisible(bool(tickets(items)))
