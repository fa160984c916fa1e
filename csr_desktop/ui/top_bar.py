"""The bar over everything: search, the call bar, one's presence, and how it stands with saving, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QWidget

from csr_desktop.ui.kit.avatar import Avatar
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import plain_tooltip
from csr_desktop.ui.kit.focus import RingedButton
from csr_desktop.ui.kit.icons import paint_icon
from csr_desktop.ui.kit.key_words import key_text
from csr_desktop.ui.kit.mirror import mirrored
from csr_desktop.ui.kit.tab_order import follow_with_tab
from csr_desktop.ui.kit.theme import Theme, ThemeSwitch
from csr_desktop.ui.kit.words import paint_words
from csr_desktop.ui.sync_words import SyncLine

if TYPE_CHECKING:
    from csr_desktop.ui.presence_button import PresenceButton


class SearchButton(Button):
    """Looks like a field; a press opens the palette, where the typing happens."""

    def __init__(self, themes: ThemeSwitch, parent: QWidget | None = None) -> None:
        super().__init__(themes, "", icon="magnifying-glass", key_hint=key_text("Ctrl+K"), parent=parent)
        self.setText(self.tr("Search or run a command"))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.themes.theme.sizes.height.call_bar)

    def _paint_parts(self, painter: QPainter, theme: Theme, colour: QColor, *, is_hot: bool) -> None:  # noqa: ARG002
        sizes, faint = theme.sizes, theme.colour("text-faint")
        inner = self.rect().adjusted(sizes.space.close, 0, -sizes.space.close, 0)
        direction, is_mirrored = self.layoutDirection(), self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        icon = QRect(inner.left(), inner.center().y() - sizes.height.icon // 2, sizes.height.icon, sizes.height.icon)
        paint_icon(painter, mirrored(direction, self.rect(), icon), self.icon_name, faint)
        painter.setPen(faint)
        painter.setFont(theme.font())
        hint = theme.metrics("caption").horizontalAdvance(self.key_hint)
        room = inner.adjusted(sizes.height.icon + sizes.space.close, 0, 0, 0)
        if room.width() < hint:
            return
        words = room.adjusted(0, 0, -hint - sizes.space.close, 0)
        shown = theme.metrics().elidedText(self.words, Qt.TextElideMode.ElideRight, words.width())
        if len(shown) > 1:
            box = mirrored(direction, self.rect(), words)
            paint_words(painter, box, shown, right_to_left=is_mirrored)
        painter.setFont(theme.font("caption"))
        paint_words(painter, inner, self.key_hint, right_to_left=is_mirrored, place="trailing")

    def least_width(self) -> int:
        """Of its icon alone."""
        sizes = self.themes.theme.sizes
        return sizes.height.icon + 2 * sizes.space.close

    def minimumSizeHint(self) -> QSize:
        return QSize(self.least_width(), self.sizeHint().height())


class PersonButton(RingedButton):
    """One's own picture, which opens what belongs to oneself."""

    def __init__(self, themes: ThemeSwitch, person: str) -> None:
        super().__init__(themes)
        self.setAccessibleName(self.tr("{0}: settings, help, sign out").format(person))
        self._person = person
        self.setToolTip(plain_tooltip(person))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._picture = Avatar(themes, person, is_me=True, parent=self)
        self._picture.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._picture.setAccessibleName("")
        self._picture.resize(self._picture.sizeHint())

    def set_on_break(self, *, is_on_break: bool) -> None:
        """The picture is a cup then, so that one's own break is not forgotten."""
        said = self.tr("{0}, on a break").format(self._person) if is_on_break else self._person
        self.setAccessibleName(self.tr("{0}: settings, help, sign out").format(said))
        self.setToolTip(plain_tooltip(said))
        self._picture.set_icon("coffee" if is_on_break else "")

    def sizeHint(self) -> QSize:
        return self._picture.sizeHint()

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The picture is all of it."""


class TopBar(QFrame):
    """The call bar and the sync words are handed in."""

    search_wanted = Signal()
    person_wanted = Signal()

    def __init__(self, themes: ThemeSwitch, call_bar: QWidget, sync_line: SyncLine, person: str) -> None:
        super().__init__()
        self._themes = themes
        sizes = themes.theme.sizes
        self.setFixedHeight(sizes.height.top_bar)
        self._wanted = sizes.width.list_min
        self.search = SearchButton(themes)
        self.search.clicked.connect(self.search_wanted)
        self.call_bar = call_bar
        self.sync_line = sync_line
        self.presence: PresenceButton | None = None
        """Once the first screen is painted."""
        self.avatar = PersonButton(themes, person)
        self.avatar.clicked.connect(self.person_wanted)
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(sizes.space.apart, 0, sizes.space.apart, 0)
        row.setSpacing(sizes.space.apart)
        row.addWidget(self.search)
        row.addWidget(call_bar)
        row.addStretch(1)
        row.addWidget(sync_line)
        row.addWidget(self.avatar)

    def show_presence(self, button: PresenceButton) -> None:
        self.presence = button
        self._row.insertWidget(self._row.indexOf(self.sync_line), button)
        follow_with_tab(self.call_bar, button)
        self._fit()

    def fit_list(self, list_width: int) -> None:
        """The search field is as wide as the list beneath it, so that the call bar starts where the rest does."""
        sizes = self._themes.theme.sizes
        self._wanted = max(list_width, sizes.width.list_min) - 2 * sizes.space.apart
        self._fit()

    def _fit(self) -> None:
        """Where it gets narrow the search gives way, then the words of one's presence and of saving; never the call."""
        sizes = self._themes.theme.sizes
        taken = 5 * sizes.space.apart + self.call_bar.minimumSizeHint().width() + self.avatar.width()
        room = self.width() - taken
        if self.presence is not None:
            words = self.presence.full_width() + self.sync_line.full_width()
            room -= sizes.space.apart
            self.presence.set_brief(is_brief=room - words < self.search.least_width())
            room -= self.presence.sizeHint().width()
        self.sync_line.set_brief(is_brief=room - self.sync_line.full_width() < self.search.least_width())
        left = room - self.sync_line.sizeHint().width()
        self.search.setFixedWidth(max(self.search.least_width(), min(self._wanted, left)))

    def event(self, event: QEvent) -> bool:
        if event.type() in {QEvent.Type.LayoutRequest, QEvent.Type.Resize}:
            self._fit()
        return super().event(event)
