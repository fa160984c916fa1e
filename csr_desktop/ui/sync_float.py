"""What the words of saving stand for, by themselves: when all was exchanged, what waits, what can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from PySide6.QtCore import Qt, Signal

from csr_desktop.ui.kit.action_float import ActionFloat
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.panes import Facts, column, line

if TYPE_CHECKING:
    from csr_desktop.services.sign_in import Account
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.main_window import MainWindow


class SyncFloat(ActionFloat):
    """`exchanged_at` is 0 when nothing has been exchanged since the start; `waiting_count` are changes not sent yet."""

    try_wanted = Signal()

    def __init__(
        self, desk: Desk, window: MainWindow, account: Account, *, exchanged_at: int, waiting_count: int
    ) -> None:
        super().__init__(desk.themes, window, window.tr("Saving"))
        space, words, said = desk.themes.theme.sizes.space, desk.words, window.sync_line
        at = words.time_of_day(exchanged_at) if exchanged_at else self.tr("Not since the start")
        waiting = words.locale.toString(waiting_count) if waiting_count else self.tr("Nothing")
        facts = Facts(desk.themes)
        facts.set_facts(
            [
                (self.tr("Last exchanged"), at, ""),
                (self.tr("Waiting here"), waiting, ""),
                (self.tr("Server"), urlsplit(account.server_url).hostname or account.server_url, ""),
            ]
        )
        advice = said.accessibleDescription() or (
            self.tr("What waits is sent by itself. There is nothing to do.")
            if waiting_count
            else self.tr("Everything that you wrote is on the server. There is nothing to do.")
        )
        self.button = Button(desk.themes, self.tr("Exchange now"), icon="arrow-clockwise")
        self.button.clicked.connect(self._try)
        content = column(spacing=space.apart, margins=(space.pane, space.pane, space.pane, space.pane))
        content.addWidget(Label(said.words, weight=600, wraps=True))
        content.addWidget(Label(advice, tone="muted", wraps=True))
        content.addWidget(facts)
        foot = line()
        foot.addStretch(1)
        foot.addWidget(self.button)
        content.addLayout(foot)
        self.body.addLayout(content)
        self.setAccessibleDescription(f"{said.words}. {advice}")

    def open_by_words(self, window: MainWindow) -> None:
        self.place_by(window.sync_line, self.themes.theme.sizes.width.context, is_trailing=True)
        self.button.setFocus(Qt.FocusReason.PopupFocusReason)

    def _try(self) -> None:
        self.leave()
        self.try_wanted.emit()
