"""The client's alert in its place: what everyone should know first. It is read, and changed right there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QWidget

from csr_desktop.ui.clients.note_composer import DraftedText
from csr_desktop.ui.kit.buttons import IconButton
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.marks import IconMark
from csr_desktop.ui.kit.panes import column, line
from csr_desktop.ui.kit.theme import set_look

if TYPE_CHECKING:
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.outcome import Outcome
    from csr_desktop.ui.desk import Desk


class AlertPart(QWidget):
    done = Signal()
    """Saved or left: the keyboard can go back."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._client_id = ""
        self._stored = ""
        self._shown = ""
        """What stood there when editing began."""
        themes, space = desk.themes, desk.themes.theme.sizes.space
        self._card = QFrame()
        set_look(self._card, role="notice", tone="info")
        self._words = Label(wraps=True)
        self.edit_button = IconButton(themes, "pencil-simple", self.tr("Change the alert"))
        row = line(self._card, spacing=space.close, margins=(space.apart, space.tight, space.tight, space.tight))
        mark = column(margins=(0, space.button_gap, 0, 0))
        mark.addWidget(IconMark(themes, "push-pin", tone="info"))
        mark.addStretch(1)
        row.addLayout(mark)
        words = column(margins=(0, space.tight, 0, space.tight))
        words.addWidget(self._words)
        row.addLayout(words, 1)
        row.addWidget(self.edit_button, 0, Qt.AlignmentFlag.AlignTop)
        self.text = DraftedText(
            desk, self.tr("Alert"), self.tr("What everyone should know before they speak"), self.tr("Save alert")
        )
        self.text.hide()
        whole = column(self, margins=(space.pane, 0, space.pane, space.apart))
        whole.addWidget(self._card)
        whole.addWidget(self.text)
        self.edit_button.clicked.connect(self.edit)
        self.text.closed.connect(self.close_editor)
        self.text.submitted.connect(self._on_submitted)
        self.text.keeper.loaded.connect(self._on_draft)

    @property
    def is_editing(self) -> bool:
        return not self.text.isHidden()

    def show_alert(self, client_id: str, alert: str, *, can_edit: bool) -> None:
        if client_id != self._client_id:
            self._client_id = client_id
            self.text.keeper.set_key("")
            self.text.hide()
        self._stored = alert
        self._words.setText(alert)
        self.edit_button.setVisible(can_edit)
        self._fit()

    def _fit(self) -> None:
        self._card.setVisible(bool(self._stored) and not self.is_editing)
        self.setVisible(bool(self._stored) or self.is_editing)

    def edit(self) -> None:
        if self.is_editing:
            self.text.editor.setFocus(Qt.FocusReason.ShortcutFocusReason)
            return
        self._shown = self._stored
        self.text.show()
        self._fit()
        self.text.keeper.set_key(f"client_alert:{self._client_id}")
        if self.text.keeper.is_loaded:
            self._on_draft()
        self.text.editor.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _on_draft(self) -> None:
        if not self.text.editor.text():
            self.text.editor.set_text(self._stored)
        self.text.private.set_stored(self._stored)

    def close_editor(self) -> None:
        """An unchanged text leaves no draft behind."""
        if self.text.editor.text() == self._shown:
            self.text.keeper.clear()
        self._leave()

    def _leave(self) -> None:
        self.text.keeper.set_key("")
        self.text.hide()
        self._fit()
        self.done.emit()

    def _on_submitted(self, text: str) -> None:
        client_id, shown, clients = self._client_id, self._shown, self._desk.services.clients
        if text.strip() == shown.strip():
            self.text.keeper.clear()
            self._leave()
            return

        def done(_outcome: Outcome) -> None:
            if client_id == self._client_id:
                self.text.keeper.clear()
                self._leave()

        def failed(fault: CsrDesktopError) -> None:
            self.text.show_fault(fault)

        self._desk.do(self, lambda: clients.edit_client(client_id, {"alert": text}, {"alert": shown}), done, failed)
