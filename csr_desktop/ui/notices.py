"""The notice at the foot of a place: what happened, Undo, gone after ten seconds."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStackedWidget, QWidget

from csr_desktop.ui.desk import Desk, Notice
from csr_desktop.ui.kit.notice import NoticeBar
from csr_desktop.ui.kit.panes import column


class PlaceNotice(NoticeBar):
    """Lay it at the foot of a place's list; it shows the desk's notices while its place is in front."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk.themes, parent=parent)
        self._desk = desk
        self._group = ""
        desk.noticed.connect(self.show_notice)
        self.acted.connect(self._on_undo)

    @property
    def offers_undo(self) -> bool:
        """Whether it shows, and says that Ctrl+Z takes something back."""
        return bool(self._group) and self.isVisible()

    def show_notice(self, notice: Notice) -> None:
        holder = self.parentWidget()
        if holder is None or not holder.isVisible():
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


class WindowNotice(PlaceNotice):
    """Beneath the places, for when the one in front has folded the pane of its own notice."""

    def __init__(self, desk: Desk, places: QStackedWidget) -> None:
        super().__init__(desk)
        self._places = places
        self.foot = QWidget()
        """What it stands in; takes no room while there is nothing to say."""
        space = desk.themes.theme.sizes.space.close
        column(self.foot, margins=(space, 0, space, space)).addWidget(self)
        self.foot.hide()
        self.closed.connect(self.foot.hide)
        desk.noticed.disconnect(self.show_notice)
        desk.noticed.connect(self._show_unsaid, Qt.ConnectionType.QueuedConnection)  # after the place had its turn

    def _show_unsaid(self, notice: Notice) -> None:
        place = self._places.currentWidget()
        said = [bar for bar in place.findChildren(PlaceNotice) if bar.isVisible()] if place else []
        if all(bar.text != notice.text for bar in said):
            self.foot.show()
            self.show_notice(notice)
        else:
            self.dismiss()
