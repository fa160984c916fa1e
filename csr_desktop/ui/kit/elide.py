"""Labels. Every one of them shows plain text: what people typed is never taken for markup."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QMouseEvent, QPainter, QPaintEvent, QPalette, QResizeEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from csr_desktop.ui.kit.mirror import mirrored_alignment
from csr_desktop.ui.kit.text_drag import would_drag
from csr_desktop.ui.kit.theme import TextSize, Tone, set_look
from csr_desktop.ui.kit.tokens import load_sizes
from csr_desktop.ui.kit.words import Place, direction_of, in_reading_order, paint_words

_WIDEST_WRAPPED_HINT = 480


def plain_tooltip(text: str) -> str:
    """Text for `setToolTip`, which takes some words for HTML: those are escaped.

    Others stay as they are, since a screen reader reads a tooltip aloud as it stands.
    """
    if "<" not in text:
        return text
    from html import escape

    return f"<p>{escape(text)}</p>"


class Label(QLabel):
    """Text in one of the four sizes and a tone. Wrapped text keeps the token's line height.

    It stands where the window's direction says and reads in its own: a Latin name in a mirrored window, too.
    """

    def __init__(
        self,
        text: str = "",
        *,
        tone: Tone = "",
        size: TextSize = "body",
        weight: int = 400,
        wraps: bool = False,
        selectable: bool = False,
        is_struck: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        if is_struck:
            font = QFont(self.font())
            font.setStrikeOut(True)
            self.setFont(font)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._line = getattr(load_sizes().type, f"line_{size}")
        self._is_selectable = selectable
        self._paints_lines = wraps and not selectable
        self._measured = ("", "")
        self._heights: dict[int, int] = {}
        self.setWordWrap(wraps)
        if selectable:
            self.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
        set_look(self, tone=tone, textSize=size, weight=weight)
        self.setText(text)

    def set_tone(self, tone: Tone) -> None:
        set_look(self, tone=tone)

    def set_weight(self, weight: int) -> None:
        set_look(self, weight=weight)

    def _lines(self, width: int) -> tuple[QTextLayout, float]:
        return self._lines_of(self.text(), width)

    def _lines_of(self, text: str, width: int) -> tuple[QTextLayout, float]:
        layout = QTextLayout(in_reading_order(text.replace("\n", "\u2028")), self.font())
        option = QTextOption(self._shown_alignment() | Qt.AlignmentFlag.AlignAbsolute)
        option.setTextDirection(direction_of(text))
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        height = 0.0
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(1, width))
            step = max(float(self._line), line.height())
            line.setPosition(QPointF(0, height + (step - line.height()) / 2))
            height += step
        layout.endLayout()
        return layout, height

    def hasHeightForWidth(self) -> bool:
        return self._paints_lines or super().hasHeightForWidth()

    def heightForWidth(self, width: int) -> int:
        if not self._paints_lines:
            return super().heightForWidth(width)
        self.ensurePolished()
        # Layouts ask for the same few widths dozens of times while a window is made.
        measured = self.text(), self.font().key()
        if measured != self._measured:
            self._measured, self._heights = measured, {}
        if width not in self._heights:
            self._heights[width] = int(self._lines(width)[1] + 0.5)
        return self._heights[width]

    def sizeHint(self) -> QSize:
        if not self._paints_lines:
            return super().sizeHint()
        self.ensurePolished()
        wide = max((self.fontMetrics().horizontalAdvance(part) for part in self.text().split("\n")), default=0) + 1
        width = min(wide, _WIDEST_WRAPPED_HINT)
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        if not self._paints_lines:
            return super().minimumSizeHint()
        self.ensurePolished()
        word = max((self.fontMetrics().horizontalAdvance(part) for part in self.text().split()), default=0) + 1
        return QSize(min(word, _WIDEST_WRAPPED_HINT // 4), self._line)

    def _shown_alignment(self) -> Qt.AlignmentFlag:
        return mirrored_alignment(self.layoutDirection(), self.alignment())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.hasSelectedText() and would_drag(event):
            self.setSelection(0, 0)
        super().mousePressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._is_selectable:
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        if not self._paints_lines:
            at = self._shown_alignment()
            is_trailing, is_centred = at & Qt.AlignmentFlag.AlignRight, at & Qt.AlignmentFlag.AlignHCenter
            place: Place = "centre" if is_centred else "trailing" if is_trailing else "leading"
            paint_words(painter, self.contentsRect(), QLabel.text(self), right_to_left=False, place=place)
            return
        layout, height = self._lines(self.width())
        top = 0.0 if self.alignment() & Qt.AlignmentFlag.AlignTop else max(0.0, (self.height() - height) / 2)
        layout.draw(painter, QPointF(0, top), [], QRectF(self.rect()))


class ClampedLabel(Label):
    """Wraps over a few lines at most. What does not fit them is elided; it stands whole on hover and to a screen
    reader.
    """

    def __init__(self, text: str = "", *, most_lines: int, tone: Tone = "", parent: QWidget | None = None) -> None:
        self._most_lines = most_lines
        super().__init__(text, tone=tone, wraps=True, parent=parent)
        self.setAccessibleName(text)

    def _lines(self, width: int) -> tuple[QTextLayout, float]:
        """Of as much of the whole text as there is room for."""
        found = self._lines_of(self.text(), width)
        if found[0].lineCount() <= self._most_lines:
            return found
        fits, least, most = found, 0, len(self.text())
        while least < most - 1:
            middle = (least + most) // 2
            tried = self._lines_of(self.text()[:middle].rstrip() + "…", width)
            if tried[0].lineCount() <= self._most_lines:
                fits, least = tried, middle
            else:
                most = middle
        return fits

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_whole = self._lines_of(self.text(), self.width())[0].lineCount() <= self._most_lines
        self.setToolTip("" if is_whole else plain_tooltip(self.text()))


class ElidedLabel(Label):
    """One line that gives way: elided at the end, the whole text on hover and to a screen reader. Where there is no
    room for two letters, nothing is shown.
    """

    # Qt reports a change of font while the label is still being made.
    _whole = ""

    def __init__(
        self,
        text: str = "",
        *,
        tone: Tone = "",
        size: TextSize = "body",
        weight: int = 400,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(tone=tone, size=size, weight=weight, parent=parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setText(text)

    def text(self) -> str:
        """The whole text, elided or not."""
        return self._whole

    def setText(self, text: str) -> None:
        self._whole = text
        self.setAccessibleName(text)
        self._refresh()
        self.updateGeometry()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._refresh()

    def _refresh(self) -> None:
        shown = self.fontMetrics().elidedText(
            self._whole.replace("\n", " "), Qt.TextElideMode.ElideRight, max(0, self.width())
        )
        is_whole = shown == self._whole.replace("\n", " ")
        super().setText(shown if is_whole or len(shown) > 2 else "")
        self.setToolTip("" if is_whole else plain_tooltip(self._whole))

    def sizeHint(self) -> QSize:
        self.ensurePolished()
        return QSize(self.fontMetrics().horizontalAdvance(self._whole) + 2, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        self.ensurePolished()
        return QSize(self.fontMetrics().horizontalAdvance("…"), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._refresh()
