"""Small painted signs that stand in a line of text: an icon, the lamp of a call's state."""

from typing import Literal

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from csr_desktop.ui.kit.icons import paint_icon
from csr_desktop.ui.kit.theme import ThemeSwitch, Tone

LampKind = Literal["talk", "hold", "wrap_up", "off"]
IconSize = Literal["icon", "icon_small", "icon_large"]


class IconMark(QWidget):
    """An icon beside words that say the same; a screen reader passes over it."""

    def __init__(
        self,
        themes: ThemeSwitch,
        icon: str,
        *,
        tone: Tone = "faint",
        size: IconSize = "icon",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._themes = themes
        self._icon = icon
        self._tone: Tone = tone
        self._size = size
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_icon(self, icon: str, tone: Tone) -> None:
        self._icon = icon
        self._tone = tone
        self.update()

    def sizeHint(self) -> QSize:
        side = getattr(self._themes.theme.sizes.height, self._size)
        return QSize(side, side)

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._icon:
            paint_icon(QPainter(self), self.rect(), self._icon, self._themes.theme.tone(self._tone))


class Lamp(QWidget):
    """Filled while talking or available, a ring otherwise: the shape says it without the colour."""

    def __init__(self, themes: ThemeSwitch, kind: LampKind = "talk", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._themes = themes
        self._kind: LampKind = kind
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_kind(self, kind: LampKind) -> None:
        self._kind = kind
        self.update()

    def sizeHint(self) -> QSize:
        side = self._themes.theme.sizes.space.close
        return QSize(side, side)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = self._themes.theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._kind == "talk":
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("success"))
            painter.drawEllipse(QRectF(self.rect()))
            return
        painter.setPen(QPen(theme.colour("warning" if self._kind == "hold" else "text-faint"), 2))
        painter.drawEllipse(QRectF(self.rect()).adjusted(1, 1, -1, -1))
