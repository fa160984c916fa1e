"""Chips, filters with counts and key caps. What a row's delegate paints and what stands in a pane look the same."""

from collections.abc import Sequence

import msgspec
from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from csr_desktop.ui.kit.elide import Label, plain_tooltip
from csr_desktop.ui.kit.flow import FlowLayout
from csr_desktop.ui.kit.focus import RingedButton
from csr_desktop.ui.kit.icons import paint_icon
from csr_desktop.ui.kit.key_words import key_text
from csr_desktop.ui.kit.mirror import mirrored
from csr_desktop.ui.kit.theme import Theme, ThemeSwitch, Tone
from csr_desktop.ui.kit.words import paint_words


class Badge(msgspec.Struct, frozen=True):
    """What a chip says. `is_lead` is bold, `is_plain` has no ground."""

    text: str
    tone: Tone = "neutral"
    icon: str = ""
    is_lead: bool = False
    is_plain: bool = False

    @property
    def weight(self) -> int:
        return 600 if self.is_lead else 400


def chip_width(theme: Theme, badge: Badge) -> int:
    sizes = theme.sizes
    width = theme.metrics("caption", badge.weight).horizontalAdvance(badge.text)
    if badge.icon:
        width += sizes.height.icon_small + sizes.space.tight
    return width if badge.is_plain else width + 2 * sizes.space.chip_padding


def _text_colour(theme: Theme, badge: Badge) -> QColor:
    if badge.is_plain and badge.tone == "neutral":
        return theme.colour("text-faint")
    return theme.tone(badge.tone)


def paint_chip(
    painter: QPainter, theme: Theme, rect: QRect, badge: Badge, *, right_to_left: bool = False, neutral: str = "fill"
) -> None:
    """Paint in `rect`, which is as high as a chip; text that does not fit is elided.

    `neutral` is the ground of a chip without a tone, for where the usual one can't be told from what lies beneath.
    """
    sizes = theme.sizes
    inner = rect
    if not badge.is_plain:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(neutral) if badge.tone == "neutral" else theme.ground(badge.tone))
        painter.drawRoundedRect(QRectF(rect), sizes.radius.chip, sizes.radius.chip)
        inner = rect.adjusted(sizes.space.chip_padding, 0, -sizes.space.chip_padding, 0)
    colour = _text_colour(theme, badge)
    if badge.icon:
        size = sizes.height.icon_small
        left = inner.right() + 1 - size if right_to_left else inner.left()
        paint_icon(painter, QRect(left, inner.top() + (inner.height() - size) // 2, size, size), badge.icon, colour)
        step = size + sizes.space.tight
        inner = inner.adjusted(0, 0, -step, 0) if right_to_left else inner.adjusted(step, 0, 0, 0)
    painter.setFont(theme.font("caption", badge.weight))
    painter.setPen(colour)
    metrics = theme.metrics("caption", badge.weight)
    # One pixel of mercy: a text as wide as its own advance must not be elided.
    shown = metrics.elidedText(badge.text, Qt.TextElideMode.ElideRight, inner.width() + 1)
    paint_words(painter, inner, shown, right_to_left=right_to_left)


class Chip(QWidget):
    """A chip by itself. It can't be pressed; see FilterChip."""

    def __init__(
        self,
        themes: ThemeSwitch,
        text: str,
        *,
        tone: Tone = "neutral",
        icon: str = "",
        is_lead: bool = False,
        is_plain: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._themes = themes
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.set_badge(Badge(text, tone, icon, is_lead, is_plain))

    @property
    def badge(self) -> Badge:
        return self._badge

    def set_badge(self, badge: Badge) -> None:
        self._badge = badge
        self.setAccessibleName(badge.text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        theme = self._themes.theme
        return QSize(chip_width(theme, self._badge), theme.sizes.height.chip)

    def minimumSizeHint(self) -> QSize:
        theme = self._themes.theme
        least = chip_width(theme, Badge("…", "neutral", self._badge.icon, is_plain=self._badge.is_plain))
        return QSize(least, theme.sizes.height.chip)

    def paintEvent(self, _event: QPaintEvent) -> None:
        whole = chip_width(self._themes.theme, self._badge) <= self.width()
        self.setToolTip("" if whole else plain_tooltip(self._badge.text))
        paint_chip(QPainter(self), self._themes.theme, self.rect(), self._badge, right_to_left=self.isRightToLeft())


class FilterChip(RingedButton):
    """A chip that filters: pressed in, it is the accent's. The count stands after the words, "Calls 61"."""

    def __init__(
        self, themes: ThemeSwitch, text: str, count: int | None = None, *, parent: QWidget | None = None
    ) -> None:
        super().__init__(themes, parent)
        self._words = text
        self.click_when_toggled()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_count(count)

    def set_count(self, count: int | None) -> None:
        self._shown = self._words if count is None else f"{self._words} {self.locale().toString(count)}"
        self.setAccessibleName(self._shown)
        self.updateGeometry()
        self.update()

    def _badge(self) -> Badge:
        return Badge(self._shown, "accent" if self.isChecked() else "neutral", is_lead=self.isChecked())

    def sizeHint(self) -> QSize:
        theme = self.themes.theme
        # As wide as when chosen, so that the others stay where they are.
        return QSize(chip_width(theme, Badge(self._shown, is_lead=True)), theme.sizes.height.control)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = self.themes.theme
        painter = QPainter(self)
        high = theme.sizes.height.chip
        rect = QRect(0, (self.height() - high) // 2, self.width(), high)
        badge = self._badge()
        hovered = self.underMouse() and not self.isChecked()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("fill-hover") if hovered else theme.ground(badge.tone))
        painter.drawRoundedRect(QRectF(rect), theme.sizes.radius.chip, theme.sizes.radius.chip)
        painter.setFont(theme.font("caption", badge.weight))
        painter.setPen(theme.tone(badge.tone))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, badge.text)


class FilterChips(QWidget):
    """Filters of which one is chosen. They wrap where the pane is narrow."""

    chosen = Signal(str)

    def __init__(self, themes: ThemeSwitch, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._themes = themes
        self._group = QButtonGroup(self)
        self._chips: dict[str, FilterChip] = {}
        self.setAccessibleName(name)
        space = themes.theme.sizes.space
        self._flow = FlowLayout(space.close, self, line_spacing=0)

    def add(self, key: str, text: str, count: int | None = None) -> FilterChip:
        """The first one added is chosen."""
        chip = FilterChip(self._themes, text, count, parent=self)
        chip.setChecked(not self._chips)
        self._chips[key] = chip
        self._group.addButton(chip)
        chip.clicked.connect(lambda: self.chosen.emit(self.chosen_key))
        self._flow.addWidget(chip)
        return chip

    def set_count(self, key: str, count: int | None) -> None:
        self._chips[key].set_count(count)

    @property
    def chosen_key(self) -> str:
        return next((key for key, chip in self._chips.items() if chip.isChecked()), "")

    def choose(self, key: str) -> None:
        """Raises KeyError for a key not added. Sends no signal."""
        self._chips[key].setChecked(True)


def cap_size(theme: Theme, keys: str) -> QSize:
    high = theme.sizes.type.line_caption
    return QSize(max(theme.metrics("caption").horizontalAdvance(keys) + 2 * theme.sizes.space.tight, high), high)


def paint_cap(painter: QPainter, theme: Theme, rect: QRect, keys: str, *, ground: str = "fill") -> None:
    """A key as high and wide as `cap_size` says; `ground` for where the usual one can't be told apart."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour(ground))
    painter.drawRoundedRect(QRectF(rect), theme.sizes.radius.chip, theme.sizes.radius.chip)
    painter.setFont(theme.font("caption"))
    painter.setPen(theme.colour("text-faint"))
    paint_words(painter, rect, keys, right_to_left=False, place="centre")


class KeyCap(QWidget):
    """The name of a key as it is written on it: "Ctrl K"."""

    def __init__(self, themes: ThemeSwitch, keys: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._themes = themes
        self._keys = key_text(keys)
        self.setAccessibleName(self._keys)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return cap_size(self._themes.theme, self._keys)

    def paintEvent(self, _event: QPaintEvent) -> None:
        paint_cap(QPainter(self), self._themes.theme, self.rect(), self._keys)


class KeyHint(QWidget):
    """A key and what it does: "[Alt T] topic"."""

    def __init__(self, themes: ThemeSwitch, keys: str, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(themes.theme.sizes.space.tight)
        row.addWidget(KeyCap(themes, keys))
        row.addWidget(Label(words, tone="faint", size="caption"))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)


class KeyHints(QWidget):
    """Hints in a line, the most needed first. One that has no room for all of it is left out with those after it."""

    def __init__(self, themes: ThemeSwitch, hints: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        """Pairs of keys and what they do."""
        super().__init__(parent)
        self._gap = themes.theme.sizes.space.pane
        self.hints = [KeyHint(themes, keys, words, self) for keys, words in hints]
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:
        sizes = [hint.sizeHint() for hint in self.hints]
        width = sum(size.width() for size in sizes) + self._gap * max(0, len(sizes) - 1)
        return QSize(width, max((size.height() for size in sizes), default=0))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.LayoutDirectionChange, QEvent.Type.FontChange, QEvent.Type.StyleChange}:
            self.updateGeometry()
            self._place()

    def _place(self) -> None:
        left, has_room = 0, True
        for hint in self.hints:
            size = hint.sizeHint()
            has_room = has_room and left + size.width() <= self.width()
            hint.setVisible(has_room)
            at = QRect(left, (self.height() - size.height()) // 2, size.width(), size.height())
            hint.setGeometry(mirrored(self.layoutDirection(), self.rect(), at))
            left += size.width() + self._gap
