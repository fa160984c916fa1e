"""Phosphor icons out of QtAwesome's font file, without importing QtAwesome: that would load twelve fonts at start.

The font and its table of glyphs are read when the first icon is drawn. A frozen build must carry both files in
`qtawesome/fonts`, see `font_files`.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import msgspec
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPainter, QPixmap

_FONT_PATTERN = "phosphor-[0-9]*.ttf"
_CHARMAP_PATTERN = "phosphor-charmap-*.json"
_KEPT_PIXMAPS = 512


def _fonts_folder() -> Path:
    frozen = getattr(sys, "_MEIPASS", "")
    if frozen and (folder := Path(frozen) / "qtawesome" / "fonts").is_dir():
        return folder
    spec = find_spec("qtawesome")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("QtAwesome's icon fonts are not installed")
    return Path(spec.submodule_search_locations[0]) / "fonts"


def font_files() -> tuple[Path, Path]:
    """The font and its table of glyphs, for the packager. Raises FileNotFoundError."""
    folder = _fonts_folder()
    fonts, charmaps = sorted(folder.glob(_FONT_PATTERN)), sorted(folder.glob(_CHARMAP_PATTERN))
    if not fonts or not charmaps:
        raise FileNotFoundError(f"no Phosphor font in {folder.name}")
    return fonts[-1], charmaps[-1]


@cache
def _family() -> str:
    number = QFontDatabase.addApplicationFont(str(font_files()[0]))
    families = QFontDatabase.applicationFontFamilies(number)
    if not families:
        raise FileNotFoundError("the Phosphor font could not be loaded")
    return families[0]


@cache
def _glyphs() -> dict[str, str]:
    return msgspec.json.decode(font_files()[1].read_bytes(), type=dict[str, str])


def has_icon(name: str) -> bool:
    return name.removeprefix("ph.") in _glyphs()


@cache
def _font(pixels: int) -> QFont:
    font = QFont(_family())
    font.setPixelSize(pixels)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


_pixmaps: dict[tuple[str, int, int, float], QPixmap] = {}


def pixmap(name: str, colour: QColor, size: int, device_pixel_ratio: float = 1.0) -> QPixmap:
    """A square drawing of `size` logical pixels. Raises KeyError where the set has no such icon."""
    key = (name, colour.rgba(), size, device_pixel_ratio)
    drawn = _pixmaps.get(key)
    if drawn is not None:
        return drawn
    glyph = chr(int(_glyphs()[name.removeprefix("ph.")], 16))
    drawn = QPixmap(QSize(size, size) * device_pixel_ratio)
    drawn.setDevicePixelRatio(device_pixel_ratio)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    painter.setFont(_font(size))
    painter.setPen(colour)
    painter.drawText(QRectF(0, 0, size, size), Qt.AlignmentFlag.AlignCenter, glyph)
    painter.end()
    if len(_pixmaps) >= _KEPT_PIXMAPS:
        _pixmaps.pop(next(iter(_pixmaps)))
    _pixmaps[key] = drawn
    return drawn


def paint_icon(painter: QPainter, rect: QRect | QRectF, name: str, colour: QColor) -> None:
    """Draw the icon in the middle of the rectangle, as large as its shorter side."""
    size = int(min(rect.width(), rect.height()))
    device = painter.device()
    drawn = pixmap(name, colour, size, device.devicePixelRatioF())
    corner = QPointF(rect.x() + (rect.width() - size) / 2, rect.y() + (rect.height() - size) / 2)
    painter.drawPixmap(corner, drawn)
