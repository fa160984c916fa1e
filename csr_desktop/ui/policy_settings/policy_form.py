"""What the forms of policies share: heading, fields, what is wrong, two buttons; Esc leaves, Ctrl+Return saves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from csr_desktop.domain.errors import BadInput
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.fields import ErrorLine
from csr_desktop.ui.kit.notice import announce
from csr_desktop.ui.kit.panes import column, line

if TYPE_CHECKING:
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.outcome import Outcome
    from csr_desktop.ui.desk import Desk


class PolicyForm(QWidget):
    left = Signal(str)
    """The key of the line that it leaves to, '' for none."""
    resized = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        themes, space = desk.themes, desk.themes.theme.sizes.space
        self.heading = Label("", weight=600, wraps=True)
        self.fields = column(spacing=space.apart)
        self.error = ErrorLine(themes)
        self.save_button = Button(themes, "", role="primary", key_hint="Ctrl+Return")
        self.cancel_button = Button(themes, self.tr("Cancel"), role="quiet", key_hint="Esc")
        self.foot = line(spacing=space.close)
        self.foot.addStretch(1)
        self.foot.addWidget(self.cancel_button)
        self.foot.addWidget(self.save_button)
        self.whole = column(self, spacing=space.apart)
        self.whole.addWidget(self.heading)
        self.whole.addLayout(self.fields)
        self.whole.addWidget(self.error)
        self.whole.addLayout(self.foot)
        self.save_button.clicked.connect(self.save)
        self.cancel_button.clicked.connect(self.cancel)
        self.hide()

    def save(self) -> None:
        raise NotImplementedError

    def cancel(self) -> None:
        raise NotImplementedError

    def say_problem(self, field: str, words: str) -> bool:
        """Say at this field what is wrong, with the keyboard in it; False for a field that the form has not."""
        raise NotImplementedError

    def clear_problems(self) -> None:
        self.error.say("", is_error=False)

    def on_saved(self, _outcome: Outcome) -> None:
        raise NotImplementedError

    def on_fault(self, fault: CsrDesktopError) -> None:
        """What cannot be taken is said at its field, anything else above the buttons. What was typed stays."""
        self.save_button.setEnabled(True)
        words = str(fault)
        if not (isinstance(fault, BadInput) and self.say_problem(fault.field, words)):
            self.error.say(words, is_error=True)
        announce(self, words, assertive=True)
        self.resized.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.cancel()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and (
            event.modifiers() & Qt.KeyboardModifier.ControlModifier
        ):
            self.save()
        else:
            super().keyPressEvent(event)
