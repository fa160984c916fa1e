"""One's own presence in the top bar, as colleagues see it: a lamp, the word, since when. A press lets one change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import plain_tooltip
from csr_desktop.ui.kit.menu_float import MenuFloat
from csr_desktop.ui.kit.mirror import mirrored
from csr_desktop.ui.kit.picker import Pick
from csr_desktop.ui.presence_words import PresenceWords

if TYPE_CHECKING:
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.kit.theme import Theme
    from csr_desktop.ui.main_window import MainWindow
    from csr_desktop.ui.own_presence import OwnPresence

_TIMED = ("available", "break")
"""A call and its wrap-up have a timer of their own beside this."""
_LAMPS = {"available": "success", "break": "warning"}


class PresenceButton(Button):
    def __init__(self, window: MainWindow, desk: Desk, own: OwnPresence) -> None:
        super().__init__(desk.themes, "", role="quiet")
        self._window = window
        self._desk = desk
        self._own = own
        self._said = PresenceWords(self)
        self._is_brief = False
        self.trailing_icon = "caret-down"
        own.status_changed.connect(self.refresh)
        window.minute_passed.connect(self.refresh)
        self.clicked.connect(self.open_menu)
        self.refresh()

    def refresh(self) -> None:
        status = self._own.status
        minutes = (self._desk.words.now() - self._own.since_at) // 60_000
        since = self._desk.words.duration(minutes * 60) if minutes and status in _TIMED else ""
        text = self._said.beside(self._said.own(status), since)
        if text != self.words:
            self.setText(text)
            self.setAccessibleName(self.tr("My presence: {0}").format(text))
        at = self._desk.words.time_of_day(self._own.since_at)
        self.setToolTip(plain_tooltip(self.tr("{0} since {1}. Your team sees it.").format(self._said.own(status), at)))

    def open_menu(self) -> None:
        table = self._window.actions_table
        break_pick = (
            Pick("end_break", self.tr("End the break"), icon="coffee")
            if self._own.is_on_break
            else Pick("take_break", self.tr("Take a break"), icon="coffee", is_enabled=self._own.can_take_break)
        )
        picks = [break_pick, Pick("who_is_there", self.tr("Who is there"), icon="users")]
        made = MenuFloat(self._desk.themes, self._window, self.tr("My presence"), picks)
        made.taken.connect(table.run)
        made.open_by(self, is_trailing=True)

    # Where there is no room for words, the lamp says it

    def full_width(self) -> int:
        return self._whole_width() + 2 * self.side_padding()

    def set_brief(self, *, is_brief: bool) -> None:
        if is_brief != self._is_brief:
            self._is_brief = is_brief
            self.updateGeometry()
            self.update()

    def _whole_width(self) -> int:
        sizes = self.themes.theme.sizes
        return super()._parts_width() + sizes.space.close + sizes.space.button_gap

    def _parts_width(self) -> int:
        return self.themes.theme.sizes.height.icon if self._is_brief else self._whole_width()

    def _paint_parts(self, painter: QPainter, theme: Theme, colour: QColor, *, is_hot: bool) -> None:
        side, gap = theme.sizes.space.close, theme.sizes.space.button_gap
        left = (self.width() - side) // 2 if self._is_brief else self.side_padding()
        place = mirrored(self.layoutDirection(), self.rect(), QRect(left, (self.height() - side) // 2, side, side))
        self._paint_lamp(painter, theme, QRectF(place))
        if not self._is_brief:
            painter.save()
            # The words begin where the lamp does; they move on by its room.
            is_mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
            painter.translate((-1 if is_mirrored else 1) * (side + gap), 0)
            super()._paint_parts(painter, theme, colour, is_hot=is_hot)
            painter.restore()

    def _paint_lamp(self, painter: QPainter, theme: Theme, place: QRectF) -> None:
        """Filled while one can be reached, a ring otherwise: the shape says it without the colour."""
        status = self._own.status
        colour = theme.colour(_LAMPS.get(status, "text-faint"))
        if status == "available":
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawEllipse(place)
        else:
            painter.setPen(QPen(colour, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(place.adjusted(1, 1, -1, -1))
