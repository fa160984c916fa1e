"""How it stands with saving, in words: all saved, so many waiting, offline since, something needs you, sign in."""

from __future__ import annotations

from PySide6.QtCore import QRect, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QWidget

from csr_desktop.domain.change_set import ChangeSet
from csr_desktop.domain.sync_status import SyncStatus
from csr_desktop.services.sync_state import Fetching, SyncWords
from csr_desktop.ui.desk import Desk
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import plain_tooltip
from csr_desktop.ui.kit.icons import paint_icon
from csr_desktop.ui.kit.notice import announce
from csr_desktop.ui.kit.theme import Theme
from csr_desktop.ui.recovery_words import RecoveryWords

_IN_MINUTES = 90
"""From so many seconds on they are said in minutes."""
_ALARMING = {"offline", "needs_you", "sign_in", "stopped"}


class SyncLine(Button):
    """A press shows what needs the person, lets them sign in again, or says more about being offline."""

    needs_you_wanted = Signal()
    sign_in_wanted = Signal()
    details_wanted = Signal()
    shown = Signal()
    """The words are those of the present state."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk.themes, "", role="quiet", icon="check-circle", parent=parent)
        self._desk = desk
        self._recovery = RecoveryWords(self)
        self._code = ""
        self._tone = ""
        self._title = ""
        self._is_brief = self._is_filling = False
        desk.changed.connect(self._on_changed)
        desk.saved.connect(self.refresh)
        self.clicked.connect(self._on_clicked)
        self.setText(self.tr("Opening"))

    def set_filling(self, *, is_filling: bool) -> None:
        """While the first data comes, nothing is said to be saved."""
        self._is_filling = is_filling
        self.refresh()

    def set_status(self, status: SyncStatus) -> None:
        """What the sync engine says; runs on the window's thread."""
        self._title = f"{status.title} {status.advice}".strip()
        sync_state = self._desk.services.sync_state
        self._desk.ask(
            self,
            lambda: sync_state.set_status(status),
            lambda _: self.refresh(),
            key="status",
        )

    def refresh(self) -> None:
        self._desk.ask(self, self._desk.services.sync_state.words, self._show, key="words")

    def _on_changed(self, _change_set: ChangeSet) -> None:
        self.refresh()

    def _show(self, said: SyncWords) -> None:
        text, icon, tone = self._words_of(said)
        details = " ".join(part for part in (self._title, self._recovery.said(said.recovered)) if part)
        if said.code != self._code and self._code and said.code in _ALARMING:
            announce(self, text)
        self._code = said.code
        self.setText(text)
        self._tone = tone
        self.set_icon_name(icon)
        self.setAccessibleName(text)
        self.setAccessibleDescription(details)
        self.setToolTip(plain_tooltip(f"{text}. {details}".strip()))
        self.updateGeometry()
        self.update()
        self.shown.emit()

    def _words_of(self, said: SyncWords) -> tuple[str, str, str]:
        """Text, icon and tone."""
        code, count, words = said.code, said.count, self._desk.words
        since = words.time_of_day(said.since_at)
        if code == "sign_in":
            more = self.tr("Sign in again, %n change(s) waiting", "", count)
            return more if count else self.tr("Sign in again, everything is kept"), "sign-in", "warning"
        if code == "needs_you":
            text = self.tr("1 change needs you") if count == 1 else self.tr("%n changes need you", "", count)
            return text, "warning", "warning"
        if code == "stopped":
            more = self.tr("%n change(s) waiting since {0}", "", count) if count else ""
            text = more or self.tr("No news since {0}, everything is kept")
            return text.format(since), "warning", "warning"
        if code == "offline":
            return self.tr("Offline since {0}, everything is kept").format(since), "wifi-slash", "info"
        if said.fetching is not None:
            return self._fetching(said.fetching), "arrow-clockwise", ""
        if code == "waiting":
            return self.tr("%n change(s) waiting", "", count), "arrow-clockwise", ""
        if self._is_filling:
            return self.tr("Fetching"), "arrow-clockwise", ""
        return self.tr("All saved"), "check-circle", ""

    def _fetching(self, said: Fetching) -> str:
        figures = self._desk.words.locale
        done, whole = figures.toString(said.done_count), figures.toString(said.row_count)
        if not said.is_older:
            return self.tr("Fetching, {0} to go").format(figures.toString(said.row_count - said.done_count))
        text = self.tr("Fetching older calls: {0} of {1}").format(done, whole)
        if said.seconds_left >= _IN_MINUTES:
            minutes = round(said.seconds_left / 60)
            return self.tr("{0}, about %n minute(s) left", "", minutes).format(text)
        if said.seconds_left:
            return self.tr("{0}, about %n second(s) left", "", said.seconds_left).format(text)
        return text

    @property
    def wants_sign_in(self) -> bool:
        """Whether nothing moves until the person signs in again."""
        return self._code == "sign_in"

    @property
    def why(self) -> str:
        """What the engine said last, in a person's words."""
        return self._title

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
        elif self._code == "sign_in":
            self.sign_in_wanted.emit()
        else:
            self.details_wanted.emit()

    def grounds(self) -> tuple[str, str, str]:
        rest, over, colour = super().grounds()
        return rest, over, self._tone or colour
