"""Check boxes and radio buttons, painted: 16 pixels, the accent's ground when chosen, a mark and not colour alone."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QRadioButton, QWidget

from csr_desktop.ui.kit.focus import FocusWatch
from csr_desktop.ui.kit.icons import paint_icon
from csr_desktop.ui.kit.theme import ThemeSwitch
from csr_desktop.ui.kit.words import paint_words


def _size(themes: ThemeSwitch, text: str) -> QSize:
    theme = themes.theme
    words = theme.metrics("body").horizontalAdvance(text)
    return QSize(theme.sizes.height.icon + theme.sizes.space.close + words + 1, theme.sizes.height.control)


def _box(themes: ThemeSwitch, button: QAbstractButton) -> QRect:
    side = themes.theme.sizes.height.icon
    left = button.width() - side if button.isRightToLeft() else 0
    return QRect(left, (button.height() - side) // 2, side, side)


def _paint(themes: ThemeSwitch, button: QAbstractButton, text: str, *, is_round: bool) -> None:
    theme, painter, box = themes.theme, QPainter(button), _box(themes, button)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if not button.isEnabled():
        painter.setOpacity(0.5)
    chosen = button.isChecked()
    painter.setPen(QPen(theme.colour("accent" if chosen else "control"), 1))
    painter.setBrush(theme.colour("accent") if chosen else theme.colour("surface"))
    radius = box.width() / 2 if is_round else theme.sizes.radius.chip
    painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
    if chosen and is_round:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("on-accent"))
        dot = (box.width() - 6) / 2
        painter.drawEllipse(QRectF(box).adjusted(dot, dot, -dot, -dot))
    elif chosen:
        inset = (box.width() - theme.sizes.height.icon_small) // 2
        paint_icon(painter, box.adjusted(inset, inset, -inset, -inset), "check", theme.colour("on-accent"))
    painter.setPen(theme.colour("text"))
    painter.setFont(theme.font("body"))
    step = box.width() + theme.sizes.space.close
    words = button.rect().adjusted(step, 0, 0, 0) if box.left() == 0 else button.rect().adjusted(0, 0, -step, 0)
    paint_words(painter, words, text, right_to_left=button.isRightToLeft())


class CheckBox(QCheckBox):
    def __init__(self, themes: ThemeSwitch, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text.replace("&", "&&"), parent)
        self._themes = themes
        self._words = text
        self._watch = FocusWatch(themes, self)
        self.setAccessibleName(text)

    def setText(self, text: str) -> None:
        self._words = text
        super().setText(text.replace("&", "&&"))
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return _size(self._themes, self._words)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        _paint(self._themes, self, self._words, is_round=False)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._watch.entered(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._watch.left()


class RadioButton(QRadioButton):
    def __init__(self, themes: ThemeSwitch, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text.replace("&", "&&"), parent)
        self._themes = themes
        self._words = text
        self._watch = FocusWatch(themes, self)
        self.setAccessibleName(text)

    def setText(self, text: str) -> None:
        self._words = text
        super().setText(text.replace("&", "&&"))
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return _size(self._themes, self._words)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        _paint(self._themes, self, self._words, is_round=True)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._watch.entered(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._watch.left()
