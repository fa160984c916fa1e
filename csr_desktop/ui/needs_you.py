"""What the server did not take as meant: the person's text, the reason, and what to do. Nothing of it is dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from csr_desktop.domain.change_set import ChangeSet
from csr_desktop.ui.desk import Desk
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.notice import announce
from csr_desktop.ui.kit.panes import Card, line
from csr_desktop.ui.kit.states import EmptyState
from csr_desktop.ui.page_float import PageFloat
from csr_desktop.ui.recovery_words import RecoveryWords

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.sync_state import NeedsYouRow
    from csr_desktop.ui.main_window import MainWindow


class NeedsYouPage(PageFloat):
    def __init__(self, window: MainWindow, desk: Desk) -> None:
        self._tried: dict[str, str] = {}
        """What was tried again in vain since the page opened, with the reason."""
        super().__init__(window, desk, window.tr("Needs you"))
        desk.changed.connect(self._on_changed)

    def _on_changed(self, _change_set: ChangeSet) -> None:
        if self.is_open:
            self.refresh()

    def open(self) -> None:
        self._tried.clear()
        super().open()

    def refresh(self) -> None:
        self.desk.ask(self, self.desk.services.sync_state.needs_you, self._show, key="needs_you")

    def _show(self, rows: Sequence[NeedsYouRow]) -> None:
        self.clear()
        if not rows:
            self.body.addWidget(
                EmptyState(
                    self.desk.themes,
                    "check-circle",
                    self.tr("Nothing needs you"),
                    self.tr("Everything was taken as you meant it."),
                )
            )
        for row in rows:
            self.body.addWidget(self._card(row))
        self.body.addStretch(1)
        if self.is_open:
            self.place()
            focus = QApplication.focusWidget()
            if focus is None or not self.frame.isAncestorOf(focus):
                self.close_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _card(self, row: NeedsYouRow) -> Card:
        themes = self.desk.themes
        words = RecoveryWords(self)
        found = row.recovered
        title = words.happened(found).rstrip(".") if found else row.subject or self.desk.words.command(row.command)
        if row.deletion is not None:
            title = self.tr("The server wants to delete very much at once")
        card = Card(themes, title=title)
        if found is not None and (healed := words.done(found)):
            card.body.addWidget(Label(healed, wraps=True))
        card.body.addWidget(Label(self._reason(row), tone="danger", wraps=True))
        if row.id in self._tried:
            tried = self.tr("Tried again, and not taken: {0}").format(self._tried[row.id])
            card.body.addWidget(Label(tried, tone="danger", wraps=True))
        card.body.addWidget(Label(self._advice(row.what_to_do), tone="muted", wraps=True))
        if row.text:
            card.body.addWidget(Label(row.text, wraps=True, selectable=True))
        buttons = line(spacing=themes.theme.sizes.space.close)
        if row.can_try_again:
            again = Button(themes, self.tr("Try again"), role="primary")
            again.clicked.connect(lambda: self._try_again(row))
            buttons.addWidget(again)
        if row.link is not None:
            kind, row_id = row.link
            look = Button(themes, self.tr("Look at it"))
            look.clicked.connect(lambda: self._look(kind, row_id))
            buttons.addWidget(look)
        if row.text:
            copy = Button(themes, self.tr("Copy my text"))
            copy.clicked.connect(lambda: QApplication.clipboard().setText(row.text))
            buttons.addWidget(copy)
        if row.deletion is not None:
            meant = Button(themes, self.tr("That is meant"))
            meant.clicked.connect(self._let_deletion_go_on)
            buttons.addWidget(meant)
        else:
            done = Button(themes, self.tr("Done with it"))
            done.clicked.connect(lambda: self._dismiss(row))
            buttons.addWidget(done)
        for at in range(buttons.count()):
            item = buttons.itemAt(at)
            button = item.widget() if item is not None else None
            if isinstance(button, Button):
                button.setAccessibleName(self.tr("{0}: {1}").format(button.words, title))
        buttons.addStretch(1)
        card.body.addLayout(buttons)
        return card

    def _reason(self, row: NeedsYouRow) -> str:
        if row.deletion is not None:
            figures = self.desk.words.locale
            count, total = figures.toString(row.deletion.count), figures.toString(row.deletion.total)
            text = self.tr("The server wants to delete {0} of {1} entries here at once. No more was deleted.")
            return text.format(count, total)
        return RecoveryWords(self).left(row.recovered) if row.recovered else row.reason

    def _advice(self, what_to_do: str) -> str:
        return {
            "look_again": self.tr("Somebody was faster. Look at it as it is now, then decide."),
            "ask_lead": self.tr("Your rights do not reach that far. Ask your lead."),
            "keep_text": self.tr("It is not there any more. Copy your text if you need it elsewhere."),
            "try_again": self.tr("Try it again, or look at it first."),
            "ask_whether_meant": self.tr(
                "Ask your administrator whether this is meant. Until you say so nothing new comes from the server; "
                "what you write is kept and sent."
            ),
            "tell_it": self.tr("Tell your IT, who can look after it. Nothing more is lost by waiting."),
        }[what_to_do]

    def _look(self, kind: str, row_id: str) -> None:
        self.close()
        self.desk.open(kind, row_id)

    def _try_again(self, row: NeedsYouRow) -> None:
        def refused(fault: CsrDesktopError) -> None:
            self._tried[row.id] = str(fault)
            announce(self.frame, str(fault), assertive=True)
            self.refresh()

        sync_state = self.desk.services.sync_state
        self.desk.do(self, lambda: sync_state.try_again(row.id), lambda _: self.refresh(), refused)

    def _let_deletion_go_on(self) -> None:
        self.desk.ask(self, self.desk.services.sync_state.let_deletion_go_on, lambda _: self._after_dismissing())

    def _dismiss(self, row: NeedsYouRow) -> None:
        self.desk.ask(self, lambda: self.desk.services.sync_state.dismiss(row.id), lambda _: self._after_dismissing())

    def _after_dismissing(self) -> None:
        self.refresh()
        self.desk.saved.emit()
