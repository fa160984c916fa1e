"""The line beneath a setting that the organization has settled, and what it does to the setting itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLineEdit, QWidget

from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.marks import IconMark

if TYPE_CHECKING:
    from csr_desktop.ui.kit.theme import ThemeSwitch


class ManagedLine(QWidget):
    """Stands beneath `controls` and takes no room until they are settled. A choice or a check is then disabled; a text
    can still be read, marked and reached by key. Each says why to a screen reader.
    """

    def __init__(self, themes: ThemeSwitch, *controls: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controls = controls
        self._words = self.tr("Managed by your organization")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(themes.theme.sizes.space.tight)
        row.addWidget(IconMark(themes, "lock-simple", tone="muted", size="icon_small"))
        row.addWidget(Label(self._words, tone="muted", size="caption", wraps=True), 1)
        self.hide()

    def settle(self, *, is_managed: bool) -> None:
        """May be told more often; what is let go can be changed again."""
        self.setVisible(is_managed)
        for control in self._controls:
            if isinstance(control, QLineEdit):
                control.setReadOnly(is_managed)
            else:
                control.setEnabled(not is_managed)
            for part in (control, *control.findChildren(QAbstractButton)):
                if is_managed or part.accessibleDescription() == self._words:
                    part.setAccessibleDescription(self._words if is_managed else "")
