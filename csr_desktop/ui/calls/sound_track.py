"""The track of a recording: how far it has come, and where pauses were marked. Arrow keys move in it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QWidget

from csr_desktop.ui.kit.theme import ThemeSwitch

STEP_MS, PAGE_MS = 5_000, 30_000


class SoundTrack(QAbstractSlider):
    """Its value is the position in milliseconds."""

    sought = Signal(int)
    """A person wants to hear from there, in milliseconds."""
    toggled = Signal()
    """Space: play or pause."""

    def __init__(self, themes: ThemeSwitch, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._themes = themes
        self._pauses: tuple[tuple[int, int], ...] = ()
        self.setAccessibleName(name)
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSingleStep(STEP_MS)
        self.setPageStep(PAGE_MS)
        self.setRange(0, 0)
        self.actionTriggered.connect(self._on_action)
        themes.changed.connect(self.update)

    def set_pauses(self, pauses: Sequence[tuple[int, int]]) -> None:
        """Begin and length, in milliseconds."""
        self._pauses = tuple(pauses)
        self.update()

    def sizeHint(self) -> QSize:
        sizes = self._themes.theme.sizes
        return QSize(sizes.space.wide * 2, sizes.height.control)

    def _on_action(self) -> None:
        self.sought.emit(self.sliderPosition())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self.toggled.emit()
            return
        super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._seek_to(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._seek_to(event.position())

    def _seek_to(self, where: QPointF) -> None:
        part = min(1.0, max(0.0, where.x() / max(1, self.width())))
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            part = 1 - part
        self.setSliderPosition(round(part * self.maximum()))
        self.sought.emit(self.sliderPosition())

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = self._themes.theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        knob = theme.sizes.height.bar * 1.5
        line = QRectF(
            knob, (self.height() - theme.sizes.height.bar) / 2, self.width() - 2 * knob, theme.sizes.height.bar
        )
        shape = QPainterPath()
        shape.addRoundedRect(line, line.height() / 2, line.height() / 2)
        painter.save()
        painter.setClipPath(shape)
        painter.fillRect(line, theme.colour("fill-hover"))
        self._fill(painter, line, 0, self.value(), "accent")
        painter.restore()
        for began, length in self._pauses:
            # Higher than the line, so that they are seen without their colour.
            self._fill(painter, line.adjusted(0, -knob / 2, 0, knob / 2), began, began + length, "warning")
        painter.setBrush(theme.colour("accent"))
        painter.drawEllipse(QPointF(self._x(line, self.value()), line.center().y()), knob, knob)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.colour("focus"), theme.sizes.stroke.focus_ring))
            radius = theme.sizes.radius.control
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), radius, radius)

    def _x(self, line: QRectF, at: int) -> float:
        part = min(1.0, at / self.maximum()) if self.maximum() else 0.0
        return line.right() - line.width() * part if self._is_mirrored else line.left() + line.width() * part

    def _fill(self, painter: QPainter, line: QRectF, began: int, ended: int, role: str) -> None:
        first, last = sorted((self._x(line, began), self._x(line, ended)))
        least = float(self._themes.theme.sizes.stroke.focus_ring) if role == "warning" else 0.0
        painter.fillRect(
            QRectF(first, line.top(), max(least, last - first), line.height()), self._themes.theme.colour(role)
        )

    @property
    def _is_mirrored(self) -> bool:
        return self.layoutDirection() == Qt.LayoutDirection.RightToLeft
