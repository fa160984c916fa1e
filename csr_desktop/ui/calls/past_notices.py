"""What an earlier call still waits for: somebody to call back, somebody to say whose number it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from csr_desktop.ui.kit.notice import NoticeBar
from csr_desktop.ui.kit.panes import column

if TYPE_CHECKING:
    from csr_desktop.services.call_rows import CallDetail
    from csr_desktop.ui.desk import Desk


class PastNotices(QWidget):
    """Takes no room while nothing waits."""

    attach_wanted = Signal()
    dismiss_wanted = Signal()
    """Nobody needs to call back."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        space = desk.themes.theme.sizes.space
        self.missed = NoticeBar(desk.themes)
        self.unknown = NoticeBar(desk.themes)
        whole = column(self, spacing=space.close, margins=(0, space.apart, 0, 0))
        whole.addWidget(self.missed)
        whole.addWidget(self.unknown)
        self.missed.acted.connect(self.dismiss_wanted)
        self.unknown.acted.connect(self.attach_wanted)

    def show_detail(self, detail: CallDetail) -> None:
        self._show_missed(detail)
        self._show_unknown(detail)
        self.setVisible(not (self.missed.isHidden() and self.unknown.isHidden()))

    def _show_missed(self, detail: CallDetail) -> None:
        if detail.row.is_waiting:
            no_need = self.tr("No need to call back")
            self.missed.say(
                self.tr("Nobody has called back yet."), tone="danger", icon="phone-x", action=no_need, stays=True
            )
        elif detail.called_back_at:
            at = self._desk.words.within(detail.called_back_at)
            text = self.tr("{0} called back, {1}.").format(detail.called_back_by_name, at)
            self.missed.say(text, tone="success", stays=True)
        else:
            self.missed.dismiss()

    def _show_unknown(self, detail: CallDetail) -> None:
        if not detail.row.can_attach:
            self.unknown.dismiss()
            return
        text = self.tr("{0} is nobody's number yet.").format(detail.row.number_shown)
        attach = self.tr("Attach to a person")
        self.unknown.say(text, tone="info", icon="user-plus", action=attach, key_hint="Ctrl+M", stays=True)
