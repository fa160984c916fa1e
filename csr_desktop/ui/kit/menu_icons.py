"""The icons as Qt's own, see `icons.icon`: apart, since QIcon brings names for all icons of all desktops."""

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap

from csr_desktop.ui.kit.icons import paint_icon, pixmap
from csr_desktop.ui.kit.theme import ThemeSwitch


class _ThemedEngine(QIconEngine):
    """Draws with the colour of the theme in force, so that an icon given to Qt never grows stale."""

    def __init__(self, themes: ThemeSwitch, name: str, role: str) -> None:
        super().__init__()
        self._themes = themes
        self._name = name
        self._role = role

    def clone(self) -> QIconEngine:
        return _ThemedEngine(self._themes, self._name, self._role)

    def _colour(self, mode: QIcon.Mode) -> QColor:
        colour = QColor(self._themes.theme.colour(self._role))
        if mode == QIcon.Mode.Disabled:
            colour.setAlphaF(0.5)
        return colour

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, _state: QIcon.State) -> None:
        paint_icon(painter, rect, self._name, self._colour(mode))

    def pixmap(self, size: QSize, mode: QIcon.Mode, _state: QIcon.State) -> QPixmap:
        # Qt asks in device pixels here and sets the ratio itself.
        return pixmap(self._name, self._colour(mode), min(size.width(), size.height()), 1.0).copy()


def themed(themes: ThemeSwitch, name: str, role: str) -> QIcon:
    return QIcon(_ThemedEngine(themes, name, role))
