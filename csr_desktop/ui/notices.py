"""The notice at the foot of a place: what happened, Undo, gone after ten seconds."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from csr_desktop.ui.desk import Desk, Notice
from csr_desktop.ui.kit.notice import NoticeBar


class PlaceNotice(NoticeBar):
    """Lay it at the foot of a place's list; it shows the desk's notices while its place is in front."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk.themes, parent=parent)
        self._desk = desk
        self._group = ""
        desk.noticed.connect(self.show_notice)
        self.acted.connect(self._on_undo)

    def show_notice(self, notice: Notice) -> None:
        window = self.parentWidget()
        if window is None or not window.isVisible():
            return
        self._group = notice.undo_group
        action = self.tr("Undo") if self._group else ""
        self.say(
            notice.text, tone=notice.tone, action=action, key_hint="Ctrl Z" if self._group else "", stays=notice.stays
        )

    def _on_undo(self) -> None:
        group, self._group = self._group, ""
        self.dismiss()
        if group:
            self._desk.undo(self, group)
