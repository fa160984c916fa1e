"""Help, as it ships with the program: for CSRs, for leads, for IT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser

from csr_desktop.system.resources import resource_text
from csr_desktop.ui.desk import Desk
from csr_desktop.ui.kit.tabs import TabBar
from csr_desktop.ui.page_float import PageFloat

if TYPE_CHECKING:
    from csr_desktop.ui.main_window import MainWindow


class HelpPage(PageFloat):
    def __init__(self, window: MainWindow, desk: Desk) -> None:
        super().__init__(window, desk, window.tr("Help"))
        self.tabs = TabBar(desk.themes, self.tr("For whom"))
        for key, words in (("csr", self.tr("CSRs")), ("lead", self.tr("Team leads")), ("it", self.tr("IT"))):
            self.tabs.add(key, words)
        self.text = QTextBrowser()
        self.text.setAccessibleName(self.tr("Help"))
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.setOpenLinks(False)
        self.text.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.text.setMinimumHeight(desk.themes.theme.sizes.width.palette)
        self.tabs.chosen.connect(self._show)
        self.body.addWidget(self.tabs)
        self.body.addWidget(self.text, 1)
        self._key = "csr"

    def refresh(self) -> None:
        self.tabs.choose(self._key)
        self._show(self._key)

    def _show(self, key: str) -> None:
        self._key = key
        self.text.setMarkdown(resource_text("help", f"{key}.md"))
