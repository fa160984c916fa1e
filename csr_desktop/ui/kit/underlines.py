"""A quiet ground and a dotted line under parts of what is being typed, in an editor or a line."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QLineEdit, QTextEdit, QWidget

from csr_desktop.ui.kit.theme import ThemeSwitch

Span = tuple[int, int]
"""[start, end) in Qt's units of a text."""
ROLE = "warning"
GROUND = "warning-soft"


class EditorUnderlines:
    """Moves with the text by itself; told anew only when what is underlined has changed."""

    def __init__(self, themes: ThemeSwitch, editor: QTextEdit) -> None:
        self._themes = themes
        self._editor = editor

    def show(self, spans: Sequence[Span]) -> None:
        look = QTextCharFormat()
        look.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DotLine)
        look.setUnderlineColor(self._themes.theme.colour(ROLE))
        # A dotted line alone is a pixel high here: it is not seen by who does not look for it.
        look.setBackground(self._themes.theme.colour(GROUND))
        self._editor.setExtraSelections([self._selection(look, *span) for span in spans])

    def _selection(self, look: QTextCharFormat, start: int, end: int) -> QTextEdit.ExtraSelection:
        cursor = QTextCursor(self._editor.document())
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        made = QTextEdit.ExtraSelection()
        made.cursor = cursor
        made.format = look
        return made


class LineUnderlines(QWidget):
    """Painted over the line, which has no formats of its own. Not under text that is read from the right."""

    def __init__(self, themes: ThemeSwitch, line: QLineEdit) -> None:
        super().__init__(line)
        self._themes = themes
        self._line = line
        self._spans: Sequence[Span] = ()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        line.installEventFilter(self)
        line.cursorPositionChanged.connect(lambda _old, _new: self.update())
        self.resize(line.size())
        self.hide()

    def show_spans(self, spans: Sequence[Span]) -> None:
        self._spans = spans
        self.setVisible(bool(spans))
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.resize(self._line.size())
        return super().eventFilter(watched, event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        text, line = self._line.text(), self._line
        if line.layoutDirection() != Qt.LayoutDirection.LeftToRight or is_from_the_right(text):
            return
        metrics = line.fontMetrics()
        caret = line.inputMethodQuery(Qt.InputMethodQuery.ImCursorRectangle).center()
        before = _in_units(text, 0, line.cursorPosition())
        origin = caret.x() - metrics.horizontalAdvance(before)
        bottom = (self.height() + metrics.height()) / 2
        painter = QPainter(self)
        painter.setClipRect(line.contentsRect().adjusted(*_inset(line)))
        painter.setPen(QPen(self._themes.theme.colour(ROLE), 2, Qt.PenStyle.DotLine))
        for start, end in self._spans:
            left = origin + metrics.horizontalAdvance(_in_units(text, 0, start))
            right = origin + metrics.horizontalAdvance(_in_units(text, 0, end))
            painter.drawLine(QPointF(left, bottom), QPointF(right, bottom))


def is_from_the_right(text: str) -> bool:
    """Whether any of it is: then the places of its letters are not a sum of widths."""
    return not text.isascii() and any(unicodedata.bidirectional(sign) in {"R", "AL", "AN"} for sign in text)


def _inset(line: QLineEdit) -> tuple[int, int, int, int]:
    margins = line.textMargins()
    return margins.left(), 0, -margins.right(), 0


def _in_units(text: str, start: int, end: int) -> str:
    """A part of a text by Qt's units, which are UTF-16."""
    if text.isascii():
        return text[start:end]
    return text.encode("utf-16-le", "surrogatepass")[2 * start : 2 * end].decode("utf-16-le", "replace")
