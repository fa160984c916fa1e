"""Help, as it ships with the program: for CSRs, for leads, for IT."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QResizeEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QTextBrowser

from csr_desktop.system.resources import resource_text
from csr_desktop.ui.desk import Desk
from csr_desktop.ui.kit.tabs import TabBar
from csr_desktop.ui.kit.theme import TextSize, ThemeSwitch, set_look
from csr_desktop.ui.page_float import PageFloat

if TYPE_CHECKING:
    from csr_desktop.ui.main_window import MainWindow


class _Text(QTextBrowser):
    """Reads like the rest of the program: its sizes and lines. As high as it needs to be; the page scrolls."""

    def __init__(self, themes: ThemeSwitch, name: str) -> None:
        super().__init__()
        self._themes = themes
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        set_look(self, isBare=True)
        self.viewport().setAutoFillBackground(False)
        self.setOpenLinks(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        self.setLineWrapMode(QTextBrowser.LineWrapMode.FixedPixelWidth)

    def show_markdown(self, text: str) -> None:
        self.setMarkdown(text)
        theme, block = self._themes.theme, self.document().begin()
        while block.isValid():
            shape, cursor, level = block.blockFormat(), QTextCursor(block), block.blockFormat().headingLevel()
            size: TextSize = "title" if level else "body"
            shape.setLineHeight(theme.line_height(size), QTextBlockFormat.LineHeightTypes.FixedHeight.value)
            shape.setTopMargin(theme.sizes.space.apart if level and block.blockNumber() else 0)
            shape.setBottomMargin(theme.sizes.space.apart)
            if shape.nonBreakableLines():
                # Of code each line is a block: long ones go on beneath, and together they stand as one.
                shape.setNonBreakableLines(False)
                goes_on = block.next().isValid() and block.next().blockFormat().nonBreakableLines()
                shape.setBottomMargin(theme.sizes.space.tight if goes_on else theme.sizes.space.apart)
            cursor.setBlockFormat(shape)
            if level:
                letters = QTextCharFormat()
                letters.setFont(theme.font(size, 600))
                cursor.select(QTextCursor.SelectionType.BlockUnderCursor)
                cursor.setCharFormat(letters)
            block = block.next()
        self._fit()

    def _fit(self) -> None:
        # A table that takes the whole width is a pixel wider than that: its columns are rounded up.
        self.setLineWrapColumnOrWidth(self.viewport().width() - 1)
        self.setFixedHeight(ceil(self.document().size().height()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class HelpPage(PageFloat):
    keeps_size = True

    def __init__(self, window: MainWindow, desk: Desk) -> None:
        super().__init__(window, desk, window.tr("Help"))
        self.tabs = TabBar(desk.themes, self.tr("For whom"))
        for key, words in (("csr", self.tr("CSRs")), ("lead", self.tr("Team leads")), ("it", self.tr("IT"))):
            self.tabs.add(key, words)
        self.text = _Text(desk.themes, self.tr("Help"))
        self.tabs.chosen.connect(self._show)
        self.body.addWidget(self.tabs)
        self.body.addWidget(self.text)
        self.body.addStretch(1)
        self._key = "csr"

    def refresh(self) -> None:
        self.tabs.choose(self._key)
        self._show(self._key)

    def _show(self, key: str) -> None:
        self._key = key
        self.text.show_markdown(resource_text("help", f"{key}.md"))
        if self.is_open:
            self.place()
