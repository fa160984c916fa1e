"""What floats over the window: cards, the palette, pop-up lists. Child widgets of the window, so no focus is lost."""

from math import exp

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from csr_desktop.ui.kit.theme import ThemeSwitch, set_look

_FOLLOWS = {QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.ZOrderChange}


class _Shadow(QWidget):
    """A soft shadow beneath a floating frame. Clicks go through it."""

    def __init__(self, themes: ThemeSwitch, above: QWidget) -> None:
        super().__init__(above.parentWidget())
        self._themes = themes
        self._above = above
        self._drawn = QPixmap()
        self._drawn_for: tuple[object, ...] = ()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        above.installEventFilter(self)
        above.destroyed.connect(self.deleteLater)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _FOLLOWS:
            self._follow()
        return super().eventFilter(watched, event)

    def _follow(self) -> None:
        reach = self._themes.theme.sizes.space.wide
        self.setGeometry(self._above.geometry().adjusted(-reach, -reach, reach, reach + reach // 2))
        self.setVisible(self._above.isVisible())
        self.stackUnder(self._above)

    def paintEvent(self, _event: QPaintEvent) -> None:
        key = (self._themes.theme.name, self.size(), self.devicePixelRatioF())
        if key != self._drawn_for:
            self._draw()
            self._drawn_for = key
        QPainter(self).drawPixmap(0, 0, self._drawn)

    def _draw(self) -> None:
        theme, ratio = self._themes.theme, self.devicePixelRatioF()
        self._drawn = QPixmap(self.size() * ratio)
        self._drawn.setDevicePixelRatio(ratio)
        self._drawn.fill(Qt.GlobalColor.transparent)
        reach, drop = theme.sizes.space.wide, theme.sizes.space.apart
        whole = QColor(theme.colour("shadow"))
        card = QRectF(reach, reach + drop, self.width() - 2 * reach, self.height() - 2 * reach - reach // 2)
        painter = QPainter(self._drawn)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        # Rounded rectangles one inside the other, weighted like the edge of a blur.
        spread = reach - drop // 2
        weights = [exp(-((out / (spread / 2)) ** 2)) for out in range(spread, -spread, -1)]
        for out, weight in zip(range(spread, -spread, -1), weights, strict=True):
            step = QColor(whole)
            step.setAlphaF(whole.alphaF() * weight / sum(weights))
            painter.setBrush(step)
            radius = theme.sizes.radius.card + max(0, out)
            painter.drawRoundedRect(card.adjusted(-out, -out, out, out), radius, radius)
        painter.end()


class FloatFrame(QFrame):
    """Raised ground, hairline, shadow. It is hidden until shown and takes no focus by itself."""

    def __init__(self, themes: ThemeSwitch, window: QWidget, name: str) -> None:
        super().__init__(window)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        set_look(self, role="float")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(0)
        self._shadow = _Shadow(themes, self)
        self.hide()

    def place_at(self, rect: QRect) -> None:
        """Show at that rectangle of the window, above everything else."""
        self.setGeometry(rect)
        self.show()
        self.raise_()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        # What lies beneath must not get the click.
        event.accept()


class DimSheet(QWidget):
    """Dims the window flatly under the palette, and says when it is clicked."""

    clicked = Signal()

    def __init__(self, themes: ThemeSwitch, window: QWidget) -> None:
        super().__init__(window)
        self._themes = themes
        self._window = window
        window.installEventFilter(self)
        self.hide()

    def cover(self) -> None:
        self.setGeometry(self._window.rect())
        self.show()
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self._window.rect())
        return super().eventFilter(watched, event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self.clicked.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), self._themes.theme.colour("dim"))
