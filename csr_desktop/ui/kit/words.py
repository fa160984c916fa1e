"""Text painted in a box: it starts or ends where the window's direction says, and reads in its own direction."""

import re
from typing import Literal
from unicodedata import bidirectional

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QPainter

Place = Literal["leading", "trailing", "centre"]

_PLACES = {
    ("leading", False): Qt.AlignmentFlag.AlignLeft,
    ("leading", True): Qt.AlignmentFlag.AlignRight,
    ("trailing", False): Qt.AlignmentFlag.AlignRight,
    ("trailing", True): Qt.AlignmentFlag.AlignLeft,
    ("centre", False): Qt.AlignmentFlag.AlignHCenter,
    ("centre", True): Qt.AlignmentFlag.AlignHCenter,
}


_NUMBER = re.compile(r"\+?[(\d][\d ()./\u00a0-]{4,}\d")
_FIRST_RIGHT_TO_LEFT = "\u0590"


def in_reading_order(text: str) -> str:
    """The text as it is to be painted: a phone number or date among Hebrew or Arabic keeps its own order."""
    if text.isascii() or max(text) < _FIRST_RIGHT_TO_LEFT:
        return text
    return _NUMBER.sub("\u2066\\g<0>\u2069", text)


def direction_of(text: str) -> Qt.LayoutDirection:
    """In which direction a text reads: that of its first letter, whatever the window's is."""
    first = next((kind for kind in map(bidirectional, text) if kind in {"L", "R", "AL"}), "L")
    return Qt.LayoutDirection.LeftToRight if first == "L" else Qt.LayoutDirection.RightToLeft


def paint_words(
    painter: QPainter, rect: QRect | QRectF, text: str, *, right_to_left: bool, place: Place = "leading"
) -> None:
    """One line, centred vertically, in the painter's font and pen. "5 h 10" stays so in a window that is mirrored."""
    flags = _PLACES[place, right_to_left] | Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignAbsolute
    painter.setLayoutDirection(Qt.LayoutDirection.LayoutDirectionAuto)
    # A pixel of mercy at either side: a text as wide as its advance must not be cut.
    box = QRectF(rect).adjusted(-1, 0, 1, 0) if place == "centre" else QRectF(rect)
    if place != "centre":
        gives_right = (place == "leading") != right_to_left
        box = box.adjusted(0, 0, 1, 0) if gives_right else box.adjusted(-1, 0, 0, 0)
    painter.drawText(box, flags | Qt.TextFlag.TextSingleLine, in_reading_order(text))
