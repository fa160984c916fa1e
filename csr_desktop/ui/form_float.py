"""A small form that floats by the button that opened it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from csr_desktop.ui.kit.action_float import ActionFloat
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.fields import ErrorLine, Labelled, TextField
from csr_desktop.ui.kit.panes import column, line

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.draft_keeper import DraftKeeper
    from csr_desktop.ui.kit.private_text import PrivateText


class FormFloat(ActionFloat):
    """A title, some fields, what is wrong, and two buttons. Enter in a field is the second one."""

    def __init__(self, desk: Desk, window: QWidget, title: str, button: str) -> None:
        super().__init__(desk.themes, window, title)
        self._desk = desk
        self._private: list[PrivateText] = []
        themes, space = desk.themes, desk.themes.theme.sizes.space
        self.content = column(spacing=space.apart, margins=(space.pane, space.pane, space.pane, space.pane))
        self._heading = Label(title, weight=600)
        self.content.addWidget(self._heading)
        self.fields = column(spacing=space.apart)
        self.content.addLayout(self.fields)
        self._error = ErrorLine(themes)
        self.content.addWidget(self._error)
        self.button = Button(themes, button, role="primary", key_hint="Return")
        self.button.clicked.connect(self.take)
        cancel = Button(themes, self.tr("Cancel"), role="quiet", key_hint="Esc")
        cancel.clicked.connect(self.leave)
        foot = line(spacing=space.close)
        foot.addStretch(1)
        foot.addWidget(cancel)
        foot.addWidget(self.button)
        self.content.addLayout(foot)
        self.body.addLayout(self.content)

    def set_heading(self, text: str, button: str) -> None:
        self._heading.setText(text)
        self.setAccessibleName(text)
        self.button.setText(button)

    def add_line(self, label: str, placeholder: str = "", text: str = "") -> TextField:
        field = TextField(self.themes, label, placeholder=placeholder)
        field.setText(text)
        field.returnPressed.connect(self.take)
        self.fields.addWidget(self.looked_at(Labelled(self.themes, label, field), field, text))
        return field

    def looked_at(self, held: Labelled, field: TextField, stored: str) -> Labelled:
        """Has what is typed in this line looked at for private numbers; what is `stored` was looked at before."""
        private = self._desk.private(field)
        private.set_stored(stored)
        held.add_foot(private.hint)
        self._private.append(private)
        return held

    def may_save(self) -> bool:
        """False once, when a number in one of its lines may be private: that is asked at its foot."""
        return all(private.may_save() for private in self._private)

    def open_by(self, anchor: QWidget, first: QWidget, *, is_trailing: bool = False) -> None:
        self.place_by(anchor, self.themes.theme.sizes.width.call_card, is_trailing=is_trailing)
        first.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def take(self) -> None:
        raise NotImplementedError

    def finish(self, keeper: DraftKeeper) -> None:
        """What was typed is saved as what it was meant for."""
        if not self.is_left:
            keeper.clear()
            self.leave()

    def say_fault(self, fault: CsrDesktopError) -> None:
        if not self.is_left:
            self.button.setEnabled(True)
            self._error.say(str(fault), is_error=True)
        else:
            self._desk.say_fault(fault)
