"""A person as a circle with initials. One's own is the accent's."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from csr_desktop.ui.kit.elide import plain_tooltip
from csr_desktop.ui.kit.icons import paint_icon
from csr_desktop.ui.kit.theme import Theme, ThemeSwitch


def initials(name: str) -> str:
    """First letters of the first and last word that start with a letter or digit, upper case; at most two."""
    words = [word for word in name.split() if word[0].isalnum()]
    if not words:
        return ""
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def _font(theme: Theme, size: int) -> QFont:
    heights = theme.sizes.height
    if size >= heights.avatar_large:
        return theme.font("body", 600)
    if size >= heights.avatar:
        return theme.font("caption", 600)
    font = QFont(theme.font("caption", 600))
    font.setPixelSize(theme.sizes.type.initials_small)
    return font


class Avatar(QWidget):
    """`size` is one of the tokens avatar, avatar_small, avatar_large; 0 takes the first."""

    def __init__(
        self, themes: ThemeSwitch, name: str, *, size: int = 0, is_me: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._themes = themes
        self._icon = ""
        self._size = size or themes.theme.sizes.height.avatar
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_person(name, is_me=is_me)

    def set_person(self, name: str, *, is_me: bool = False) -> None:
        self._initials = initials(name)
        self._is_me = is_me
        self.setAccessibleName(name)
        self.setToolTip(plain_tooltip(name))
        self.update()

    def set_icon(self, name: str) -> None:
        """In place of the initials; '' brings them back."""
        self._icon = name
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._size, self._size)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = self._themes.theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("accent-soft" if self._is_me else "fill"))
        painter.drawEllipse(QRectF(self.rect()))
        colour = theme.colour("accent-text" if self._is_me else "text-muted")
        if self._icon:
            side = theme.sizes.height.icon
            box = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)
            paint_icon(painter, box, self._icon, colour)
            return
        painter.setPen(colour)
        painter.setFont(_font(theme, self._size))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._initials)
