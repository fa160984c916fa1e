"""How it stands with saving, in words: all saved, so many waiting, offline since, something needs you."""

from __future__ import annotations

from PySide6.QtCore import QRect, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QWidget

from csr_desktop.domain.change_set import ChangeSet
from csr_desktop.services.sync_state import SyncWords
from csr_desktop.ui.desk import Desk
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import plain_tooltip
from csr_desktop.ui.kit.icons import paint_icon
from csr_desktop.ui.kit.notice import announce
from csr_desktop.ui.kit.theme import Theme


class SyncLine(Button):
    """A press shows what needs the person, or says more about being offline."""

    needs_you_wanted = Signal()
    details_wanted = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk.themes, "", role="quiet", icon="check-circle", parent=parent)
        self._desk = desk
        self._code = ""
        self._tone = ""
        self._title = ""
        self._rows_left = 0
        self._is_brief = False
        desk.changed.connect(self._on_changed)
        desk.saved.connect(self.refresh)
        self.clicked.connect(self._on_clicked)
        self.setText(self.tr("Opening"))

    def set_status(self, state: str, since_at: int, title: str, advice: str, rows_left: int) -> None:
        """What the sync engine says; runs on the window's thread."""
        self._rows_left = rows_left if state == "syncing" else 0
        is_offline = state in {"offline", "signed_out", "stopped"}
        self._title = f"{title} {advice}".strip()
        sync_state = self._desk.services.sync_state
        self._desk.ask(
            self,
            lambda: sync_state.set_offline(since_at) if is_offline else sync_state.set_online(),
            lambda _: self.refresh(),
            key="status",
        )

    def refresh(self) -> None:
        self._desk.ask(self, self._desk.services.sync_state.words, self._show, key="words")

    def _on_changed(self, _change_set: ChangeSet) -> None:
        self.refresh()

    def _show(self, said: SyncWords) -> None:
        code, count, since_at = said.code, said.count, said.since_at
        words = self._desk.words
        if code == "needs_you":
            text = self.tr("1 change needs you") if count == 1 else self.tr("%n changes need you", "", count)
            icon, tone = "warning", "warning"
        elif code == "offline":
            since = words.time_of_day(since_at)
            text, icon, tone = self.tr("Offline since {0}, everything is kept").format(since), "wifi-slash", "info"
        elif self._rows_left:
            left = words.locale.toString(self._rows_left)
            text, icon, tone = self.tr("Fetching, {0} to go").format(left), "arrow-clockwise", ""
        elif code == "waiting":
            text, icon, tone = self.tr("%n change(s) waiting", "", count), "arrow-clockwise", ""
        else:
            text, icon, tone = self.tr("All saved"), "check-circle", ""
        if code != self._code and self._code and code in {"offline", "needs_you"}:
            announce(self, text)
        self._code = code
        self.setText(text)
        self._tone = tone
        self.set_icon_name(icon)
        self.setAccessibleName(text)
        self.setAccessibleDescription(self._title)
        self.setToolTip(plain_tooltip(f"{text}. {self._title}".strip()))
        self.updateGeometry()
        self.update()

    # Where there is no room for words, the icon says it

    def full_width(self) -> int:
        return super()._parts_width() + 2 * self.side_padding()

    def set_brief(self, *, is_brief: bool) -> None:
        if is_brief != self._is_brief:
            self._is_brief = is_brief
            self.updateGeometry()
            self.update()

    def _parts_width(self) -> int:
        return self.themes.theme.sizes.height.icon if self._is_brief else super()._parts_width()

    def _paint_parts(self, painter: QPainter, theme: Theme, colour: QColor, *, is_hot: bool) -> None:
        if self._is_brief:
            side = theme.sizes.height.icon
            left, top = (self.width() - side) // 2, (self.height() - side) // 2
            paint_icon(painter, QRect(left, top, side, side), self.shown_icon(), colour)
        else:
            super()._paint_parts(painter, theme, colour, is_hot=is_hot)

    def _on_clicked(self) -> None:
        if self._code == "needs_you":
            self.needs_you_wanted.emit()
        else:
            self.details_wanted.emit()

    def grounds(self) -> tuple[str, str, str]:
        rest, over, colour = super().grounds()
        return rest, over, self._tone or colour
