"""The word at the foot of a text in which a number looks private, and what can be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.flow import FlowLayout

if TYPE_CHECKING:
    from csr_desktop.ui.kit.theme import ThemeSwitch


class PrivateHint(QWidget):
    """Takes no room while there is nothing to say."""

    mask_wanted = Signal()
    keep_wanted = Signal()

    def __init__(self, themes: ThemeSwitch, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        space = themes.theme.sizes.space
        self._words = Label(tone="muted", size="caption", wraps=True)
        self.mask_button = Button(themes, self.tr("Mask it"), role="link", key_hint="Ctrl+Shift+M")
        self.keep_button = Button(themes, self.tr("This is not one"), role="link", key_hint="Ctrl+Shift+I")
        self.mask_button.clicked.connect(self.mask_wanted)
        self.keep_button.clicked.connect(self.keep_wanted)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._words)
        deeds = FlowLayout(space.apart)
        deeds.addWidget(self.mask_button)
        deeds.addWidget(self.keep_button)
        whole.addLayout(deeds)
        self._names = {
            "card": self.tr("a card number"),
            "iban": self.tr("an IBAN"),
            "account": self.tr("a bank account number"),
            "ssn": self.tr("a social security number"),
            "itin": self.tr("a taxpayer number"),
        }
        self._said: tuple[str, bool, bool, int] | None = None
        self.hide()

    @property
    def words(self) -> str:
        """What is said; with the keys, which a screen reader is told as well."""
        said, mask, keep = self._words.text(), self.mask_button, self.keep_button
        return f"{said} {mask.words}: {mask.key_hint}; {keep.words}: {keep.key_hint}" if said else ""

    def say(self, kind: str, *, is_certain: bool, is_asking: bool, others: int = 0) -> None:
        """`others` more are underlined."""
        if self._said == (said := (kind, is_certain, is_asking, others)):
            return
        self._said = said
        if is_asking and not is_certain:
            words = self.tr("Is this {0}? Saving once more leaves it as it is.")
        elif is_certain:
            words = self.tr("Looks like {0}. It is masked when it is saved.")
        else:
            words = self.tr("Looks like {0}.")
        words = words.format(self._names[kind])
        self._words.setText(f"{words} {self.tr('%n more underlined.', '', others)}" if others else words)
        self.show()

    def say_nothing(self) -> None:
        self._said = None
        self._words.setText("")
        self.hide()
