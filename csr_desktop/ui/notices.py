"""The notice at the foot of a place or over it: what happened, Undo, gone after ten seconds."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QStackedWidget, QWidget

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

    @property
    def offers_undo(self) -> bool:
        """Whether it shows, and says that Ctrl+Z takes something back."""
        return bool(self._group) and self.isVisible()

    @property
    def has_turn(self) -> bool:
        """Whether what happens now is said here: a thing is said, and read aloud, once."""
        holder = self.parentWidget()
        return holder is not None and holder.isVisible() and self._desk.page_notice in (None, self)

    def show_notice(self, notice: Notice) -> None:
        if not self.has_turn:
            return
        self._group = notice.undo_group
        action = self.tr("Undo") if self._group else self.tr("Got it") if notice.stays else ""
        self.say(
            notice.text, tone=notice.tone, action=action, key_hint="Ctrl+Z" if self._group else "", stays=notice.stays
        )

    def _on_undo(self) -> None:
        group, self._group = self._group, ""
        self.dismiss()
        if group:
            self._desk.undo(self, group)


class WindowNotice(PlaceNotice):
    """Over the foot of the places, for when the one in front has folded the pane of its own notice. Nothing moves for
    it, and what is saved at the right stays free.
    """

    def __init__(self, desk: Desk, places: QStackedWidget) -> None:
        super().__init__(desk)
        self._places = places
        places.installEventFilter(self)
        desk.noticed.disconnect(self.show_notice)
        desk.noticed.connect(self._show_unsaid, Qt.ConnectionType.QueuedConnection)  # after the place had its turn

    def _fit(self) -> None:
        holder, sizes = self.parentWidget(), self._desk.themes.theme.sizes
        if holder is not None:
            gap = sizes.space.close
            width = min(sizes.width.call_card, self._places.width() - 2 * gap)
            high = max(self.minimumHeight(), self.heightForWidth(width), self.minimumSizeHint().height())
            is_mirrored = self.isRightToLeft()
            left = self._places.geometry().right() + 1 - gap - width if is_mirrored else self._places.x() + gap
            self.setGeometry(left, holder.height() - gap - high, width, high)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and not self.isHidden():
            self._fit()
        return super().eventFilter(watched, event)

    def _show_unsaid(self, notice: Notice) -> None:
        if self.parentWidget() is None:
            # Only now: the places have been laid out into what it floats over.
            self.setParent(self._places.parentWidget())
        place = self._places.currentWidget()
        said = [bar for bar in place.findChildren(PlaceNotice) if bar.isVisible()] if place else []
        if self._desk.page_notice is None and all(bar.text != notice.text for bar in said):
            self.show_notice(notice)
            self._fit()
            self.raise_()
        else:
            self.dismiss()
