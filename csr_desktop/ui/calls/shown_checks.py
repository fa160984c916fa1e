"""On an earlier call: what the caller was asked, who was called back, who approved, and whether that verified them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from csr_desktop.ui.check_words import CheckWords
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.marks import IconMark
from csr_desktop.ui.kit.panes import column, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.services.check_rows import ShownCheck
    from csr_desktop.ui.desk import Desk


class ShownChecks(QWidget):
    """Takes no room for a call in which nobody was asked anything."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._words = CheckWords(self)
        self._lines = column(self, spacing=desk.themes.theme.sizes.space.tight)
        self.setAccessibleName(self.tr("Verification"))
        self.hide()

    def show_checks(self, checks: Sequence[ShownCheck]) -> None:
        while (item := self._lines.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        if checks:
            self._lines.addWidget(Label(self.tr("Verification"), tone="muted", size="caption"))
        for one in checks:
            self._lines.addWidget(self._head(one))
            for words in self._words.shown(one, self._desk.words.within):
                self._lines.addWidget(Label(words, tone="muted", wraps=True))
        self.setVisible(bool(checks))

    def _head(self, one: ShownCheck) -> QWidget:
        made = QWidget()
        row = line(made, spacing=self._desk.themes.theme.sizes.space.close)
        is_passed = bool(one.passed_at)
        mark = IconMark(
            self._desk.themes, "shield-check" if is_passed else "lock-simple", tone="success" if is_passed else "muted"
        )
        row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        until = self._desk.words.within(one.expires_at) if is_passed else ""
        words = self.tr("verified until {0}").format(until) if is_passed else self.tr("not verified")
        if one.request_kind:
            words = self.tr("{0}: {1}").format(self._words.request(one.request_kind), words)
        row.addWidget(Label(words[:1].upper() + words[1:], wraps=True), 1)
        made.setAccessibleName(words)
        return made
