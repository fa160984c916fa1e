"""The program's own icon: a headset on a tile of the accent colour drawn anew for each size."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap

from csr_desktop.ui.kit.icons import pixmap

SIZES: Final = (16, 24, 32, 48, 64, 128, 256)
_ROUND: Final = 0.22  # of the tile's side
_GLYPH: Final = 0.66
_SMALL: Final = 24


def tile(size: int, accent: QColor, on_accent: QColor) -> QPixmap:
    """A square of `size` device pixels. The edge keeps a pixel free, so that the round corners are smooth."""
    drawn = QPixmap(size, size)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(accent)
    edge = size / 64
    square = QRectF(edge, edge, size - 2 * edge, size - 2 * edge)
    painter.drawRoundedRect(square, size * _ROUND, size * _ROUND)
    glyph = round(size * _GLYPH)
    corner = (size - glyph) // 2
    icon = "headset-fill" if size <= _SMALL else "headset"
    painter.drawPixmap(corner, corner, pixmap(icon, on_accent, glyph))
    painter.end()
    return drawn


def app_icon(accent: QColor, on_accent: QColor) -> QIcon:
    icon = QIcon()
    for size in SIZES:
        icon.addPixmap(tile(size, accent, on_accent))
    return icon
