"""What floats over the window: cards, the palette, pop-up lists. Child widgets of the window, so no focus is lost."""

from math import ceil, exp

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPixmap, QRegion, QResizeEvent
from PySide6.QtWidgets import QApplication, QFrame, QVBoxLayout, QWidget

from csr_desktop.ui.kit.theme import ThemeSwitch, set_look

_FOLLOWS = {QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.ZOrderChange}


class _Beneath(QWidget):
    """Lies under a floating frame wherever that goes. Clicks go through it."""

    def __init__(self, themes: ThemeSwitch, frame: QWidget, above: QWidget) -> None:
        """`above` is what it lies right under: the frame, or something else beneath that."""
        super().__init__(frame.parentWidget())
        self._themes = themes
        self._frame = frame
        self._above = above
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        above.installEventFilter(self)
        frame.destroyed.connect(self.deleteLater)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _FOLLOWS:
            self.setGeometry(self._place(self._frame.geometry()))
            self.setVisible(self._above.isVisible())
            self.stackUnder(self._above)
        return super().eventFilter(watched, event)

    def _place(self, frame: QRect) -> QRect:
        """Where it lies when the frame lies there."""
        return frame


class _Ground(_Beneath):
    """The frame's ground but for its round corners, known to be opaque: what it hides is not painted with it.

    It lies beneath the frame because Qt asks the window's own children alone whether they are opaque.
    """

    def __init__(self, themes: ThemeSwitch, frame: QWidget) -> None:
        super().__init__(themes, frame, frame)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def _place(self, frame: QRect) -> QRect:
        # Inside the hairline: scaled by a fraction, an outermost pixel is only half the frame's.
        return frame.adjusted(1, 1, -1, -1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        width, height, round_ = self.width(), self.height(), self._themes.theme.sizes.radius.card
        across, down = QRect(round_, 0, width - 2 * round_, height), QRect(0, round_, width, height - 2 * round_)
        self.setMask(QRegion(across) | QRegion(down))

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), self._themes.theme.colour("raised"))


class _Shadow(_Beneath):
    """A soft shadow.

    It is drawn once, small, and stretched between its corners: a frame that grows while one types waits for no blur.
    """

    def __init__(self, themes: ThemeSwitch, frame: QWidget, above: QWidget) -> None:
        super().__init__(themes, frame, above)
        self._drawn = QPixmap()
        self._drawn_for: tuple[object, ...] = ()
        self.setAttribute(Qt.WidgetAttribute.WA_StaticContents)

    def _place(self, frame: QRect) -> QRect:
        reach = self._themes.theme.sizes.space.wide
        return frame.adjusted(-reach, -reach, reach, reach + reach // 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        new, old, end = event.size(), event.oldSize(), self._corner
        if new.width() == old.width() and min(new.height(), old.height()) > 2 * end:
            # Growing downwards leaves the rest as it is painted already.
            self.update(0, min(new.height(), old.height()) - end, new.width(), new.height())
        else:
            self.update()

    @property
    def _corner(self) -> int:
        """Within it the blur turns; between two corners it stays the same."""
        space = self._themes.theme.sizes.space
        return 2 * space.wide + space.apart

    def paintEvent(self, _event: QPaintEvent) -> None:
        # Whole pixels of the drawing for whole pixels of ours, also where the screen scales by a fraction.
        ratio = ceil(self.devicePixelRatioF())
        most = 2 * self._corner + 1
        small = QSize(min(self.width(), most), min(self.height(), most))
        key = (self._themes.theme.name, small, ratio)
        if key != self._drawn_for:
            self._drawn = self._draw(small, ratio)
            self._drawn_for = key
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, ratio != self.devicePixelRatioF())
        across = _parts(self.width(), small.width())
        for row, (to_y, to_height, from_y, from_height) in enumerate(_parts(self.height(), small.height())):
            for at, (to_x, to_width, from_x, from_width) in enumerate(across):
                if at == row == 1:
                    continue  # the frame hides the middle
                source = QRectF(from_x * ratio, from_y * ratio, from_width * ratio, from_height * ratio)
                painter.drawPixmap(QRectF(to_x, to_y, to_width, to_height), self._drawn, source)

    def _draw(self, size: QSize, ratio: int) -> QPixmap:
        theme = self._themes.theme
        drawn = QPixmap(size * ratio)
        drawn.setDevicePixelRatio(ratio)
        drawn.fill(Qt.GlobalColor.transparent)
        reach, drop = theme.sizes.space.wide, theme.sizes.space.apart
        whole = QColor(theme.colour("shadow"))
        card = QRectF(reach, reach + drop, size.width() - 2 * reach, size.height() - 2 * reach - reach // 2)
        painter = QPainter(drawn)
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
        return drawn


def _parts(length: int, drawn: int) -> tuple[tuple[int, int, int, int], ...]:
    """Begin, middle and end of a side: where and how long on the widget, where and how long in the drawing."""
    end = drawn // 2
    begin = end if length > drawn else drawn - end
    return (
        (0, begin, 0, begin),
        (begin, length - begin - end, begin, drawn - begin - end),
        (length - end, end, drawn - end, end),
    )


class _Beside(QObject):
    """Sees the presses of the mouse that go to anything in the window but what floats."""

    pressed = Signal()

    def __init__(self, frame: QWidget, opener: QWidget | None) -> None:
        super().__init__(frame)
        self._window = frame.window()
        self._opener = opener

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        is_press = event.type() == QEvent.Type.MouseButtonPress
        if is_press and isinstance(watched, QWidget) and self._is_beside(watched):
            self.pressed.emit()
            # What opened it closes it; the press would open it again.
            return watched is self._opener
        return False

    def end(self) -> None:
        app = QApplication.instance()
        if app is not None:
            app.removeEventFilter(self)
        self.deleteLater()

    def _is_beside(self, widget: QWidget) -> bool:
        return widget.window() is self._window and not is_in_float(widget)


class FloatFrame(QFrame):
    """Raised ground, hairline, shadow. It is hidden until shown and takes no focus by itself."""

    pressed_beside = Signal()
    """Between `heed_beside` and `forget_beside`: the mouse was pressed outside of all that floats."""

    def __init__(self, themes: ThemeSwitch, window: QWidget, name: str) -> None:
        super().__init__(window)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        set_look(self, role="float")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(0)
        self._beside: _Beside | None = None
        ground = _Ground(themes, self)
        _Shadow(themes, self, ground)
        self.hide()

    def heed_beside(self, opener: QWidget | None = None) -> None:
        """A press on `opener` goes no further."""
        # On the program: what takes no focus and keeps the press to itself would else not be heard of.
        app = QApplication.instance()
        if app is not None and self._beside is None:
            self._beside = _Beside(self, opener)
            self._beside.pressed.connect(self.pressed_beside)
            app.installEventFilter(self._beside)

    def forget_beside(self) -> None:
        if self._beside is not None:
            self._beside.pressed.disconnect(self.pressed_beside)
            # Not yet: a press gives the keyboard away, which closes what floats, before the press itself is heard of.
            QTimer.singleShot(0, self._beside, self._beside.end)
            self._beside = None

    def place_at(self, rect: QRect) -> None:
        """Show at that rectangle of the window, above everything else."""
        self.setGeometry(rect)
        self.show()
        self.raise_()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        # What lies beneath must not get the click.
        event.accept()


def is_in_float(widget: QWidget | None) -> bool:
    """Whether it is something that floats over the window, or a part of it."""
    while widget is not None and not isinstance(widget, FloatFrame):
        widget = widget.parentWidget()
    return widget is not None


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
