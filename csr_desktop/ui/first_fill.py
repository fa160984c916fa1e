"""What stands in place of the places until a person's data has come for the first time: how far it is, and why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QStackedLayout

from csr_desktop.ui.kit.notice import announce
from csr_desktop.ui.kit.panes import column, line
from csr_desktop.ui.kit.states import EmptyState, LoadingState
from csr_desktop.ui.kit.theme import set_look

if TYPE_CHECKING:
    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.domain.sync_status import SyncStatus
    from csr_desktop.ui.desk import Desk


class FirstFill(QFrame):
    """Is told what comes, and says when everything is there."""

    filled = Signal()
    try_wanted = Signal()
    """Try now, not in a while."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        set_look(self, ground="surface")
        self.setAccessibleName(self.tr("Fetching your data"))
        self._desk = desk
        self._come = self._whole = 0
        sizes = desk.themes.theme.sizes
        self.loading = LoadingState(desk.themes, can_stop=False)
        self.loading.setFixedWidth(sizes.width.list)
        self.trouble = EmptyState(desk.themes, "wifi-slash", "", tone="info")
        self.trouble.acted.connect(self.try_wanted)
        middle = QFrame()
        row = line(middle)
        row.addStretch(1)
        row.addWidget(self.loading, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        self._stack = QStackedLayout()
        # In this order: a page that is shown before it has a parent would flash up as a window.
        column(self).addLayout(self._stack)
        self._stack.addWidget(middle)
        self._stack.addWidget(self.trouble)
        self.loading.set_progress(self.tr("Fetching your clients and tickets"))
        announce(self, self.tr("Fetching your clients and tickets"))

    def take(self, change_set: ChangeSet) -> None:
        """Rows that have come."""
        self._come += sum(map(len, change_set.rows.values()))

    def take_status(self, status: SyncStatus) -> None:
        if status.is_filled:
            self.filled.emit()
        elif status.state == "syncing":
            # The server counts revisions, of which some were written over: the whole is a guess that is kept to.
            self._whole = max(self._whole, status.rows_left + self._come)
            self._show_progress(self._whole - status.rows_left)
        elif status.title:
            text = " ".join(part for part in (status.title, status.advice) if part)
            self.trouble.say(self.tr("Your data has not come yet"), text, button=self.tr("Try again"))
            self._stack.setCurrentWidget(self.trouble)

    def _show_progress(self, done: int) -> None:
        figures = self._desk.words.locale
        text = self.tr("Fetching, {0} of {1}").format(figures.toString(done), figures.toString(self._whole))
        self.loading.set_progress(text, done, self._whole)
        self._stack.setCurrentIndex(0)
