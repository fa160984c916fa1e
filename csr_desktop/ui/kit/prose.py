"""Longer plain text in the token's line height: read-only and selectable, or to be written."""

from math import ceil

from PySide6.QtCore import QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent, QResizeEvent, QTextBlockFormat, QTextCursor, QWheelEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextEdit, QWidget

from csr_desktop.ui.kit.text_drag import would_drag
from csr_desktop.ui.kit.theme import ThemeSwitch, set_look


def files_of(source: QMimeData) -> list[str]:
    """Paths of the files on this computer that are dragged or were copied; none where there is anything else."""
    paths = [url.toLocalFile() for url in source.urls()] if source.hasUrls() else []
    return paths if all(paths) else []


class PlainText(QTextEdit):
    """A text edit that holds plain text only, whatever is pasted or set."""

    def __init__(self, themes: ThemeSwitch, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.themes = themes
        self.setAcceptRichText(False)
        self.setTabChangesFocus(True)
        self.document().setDocumentMargin(0)
        self._set_lines()

    def setPlainText(self, text: str) -> None:
        super().setPlainText(text)
        self._set_lines()

    def setHtml(self, text: str) -> None:
        """Markup is text here."""
        self.setPlainText(text)

    def clear(self) -> None:
        self.setPlainText("")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cursor = self.textCursor()
        if cursor.hasSelection() and would_drag(event):
            cursor.clearSelection()
            self.setTextCursor(cursor)
        super().mousePressEvent(event)

    def insertFromMimeData(self, source: QMimeData) -> None:
        self.insertPlainText(source.text())

    def _set_lines(self) -> None:
        """Line height is a block's format; blocks made by typing inherit it."""
        lines = QTextBlockFormat()
        lines.setLineHeight(self.themes.theme.line_height("body"), QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        self.document().setUndoRedoEnabled(False)
        cursor.mergeBlockFormat(lines)
        self.document().setUndoRedoEnabled(not self.isReadOnly())


class Prose(PlainText):
    """Text to read and select, as high as it needs to be for its width."""

    def __init__(self, themes: ThemeSwitch, text: str = "", *, name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(themes, parent)
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.viewport().setAutoFillBackground(False)
        set_look(self, isBare=True)
        if name:
            self.setAccessibleName(name)
        self.setPlainText(text)

    def setPlainText(self, text: str) -> None:
        super().setPlainText(text)
        self._fit()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        document = self.document().clone()
        document.setDefaultFont(self.themes.theme.font("body"))
        document.setTextWidth(max(1, width))
        return ceil(document.size().height())

    def sizeHint(self) -> QSize:
        width = self.width() or self.themes.theme.sizes.width.message
        return QSize(self.themes.theme.sizes.width.message, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return QSize(self.themes.theme.sizes.space.wide * 2, self.themes.theme.line_height("body"))

    def _fit(self) -> None:
        if self.width() > 0:
            self.setFixedHeight(self.heightForWidth(self.width()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        # The thread around it scrolls.
        event.ignore()


class NotesEditor(PlainText):
    """Notes and replies: plain text, grows from so many lines to so many, Tab moves on."""

    height_changed = Signal()
    files_given = Signal(list)
    """Paths of files that were dropped or pasted here."""
    picture_given = Signal(object)
    """A QImage that was pasted, such as of the screen."""

    def __init__(
        self,
        themes: ThemeSwitch,
        name: str,
        *,
        placeholder: str = "",
        least_lines: int = 3,
        most_lines: int = 12,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(themes, parent)
        self._least, self._most = least_lines, most_lines
        self.takes_files = False
        self.setAccessibleName(name)
        self.viewport().setAccessibleName(self.accessibleName())  # a screen reader meets it, too
        self.setPlaceholderText(placeholder)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.document().documentLayout().documentSizeChanged.connect(self._on_size_changed)

    def text(self) -> str:
        return self.toPlainText()

    def set_text(self, text: str) -> None:
        """Replace everything; the cursor goes to the end. Nothing to undo afterwards."""
        self.setPlainText(text)
        self.moveCursor(QTextCursor.MoveOperation.End)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        is_taken = bool(files_of(source)) or source.hasImage()
        return (is_taken and self.takes_files) or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        if self.takes_files and (files := files_of(source)):
            self.files_given.emit(files)
        elif self.takes_files and source.hasImage() and not source.hasText():
            self.picture_given.emit(source.imageData())
        else:
            super().insertFromMimeData(source)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.InsertParagraphSeparator) and not self.isReadOnly():
            # Qt takes Return in an empty paragraph as leaving its format: no line would come, and the height be lost.
            self.textCursor().insertBlock()
            self.ensureCursorVisible()
            event.accept()
            return
        super().keyPressEvent(event)

    def _height_of(self, lines: int) -> int:
        return lines * self.themes.theme.line_height("body") + self.themes.theme.sizes.space.pane

    def sizeHint(self) -> QSize:
        line = self.themes.theme.line_height("body")
        lines = max(self._least, min(self._most, ceil(self.document().size().height() / line)))
        return QSize(self.themes.theme.sizes.width.list, self._height_of(lines))

    def minimumSizeHint(self) -> QSize:
        return QSize(self.themes.theme.sizes.space.wide * 3, self._height_of(self._least))

    def _on_size_changed(self) -> None:
        self.updateGeometry()
        self.height_changed.emit()
