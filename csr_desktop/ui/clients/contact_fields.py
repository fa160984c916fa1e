"""Fields of a contact: a number with how it was understood, what they may ask for, whether they still work there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from csr_desktop.domain import phone
from csr_desktop.services.client_rows import AUTHORITIES
from csr_desktop.ui.clients.form_fields import FormField
from csr_desktop.ui.kit.checks import CheckBox
from csr_desktop.ui.kit.fields import Labelled, TextField
from csr_desktop.ui.kit.flow import FlowLayout
from csr_desktop.ui.kit.panes import column, line

if TYPE_CHECKING:
    from csr_desktop.ui.clients.client_words import ClientWords
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.kit.buttons import Button
    from csr_desktop.ui.kit.theme import ThemeSwitch


class Understood(msgspec.Struct, frozen=True):
    """How a typed number was read: `whole` internationally, `shown` as people write it here; `error` is a code."""

    text: str
    whole: str
    shown: str
    is_home: bool
    error: str


class NumberEntry(QWidget):
    """A number as it is typed, beneath it how it was understood, and, if `has_kind`, what kind of number it is."""

    submitted = Signal()
    edited = Signal()

    def __init__(self, desk: Desk, label: str, *, has_kind: bool = True) -> None:
        super().__init__()
        self._desk = desk
        themes, space = desk.themes, desk.themes.theme.sizes.space
        self.number = TextField(themes, label, icon="phone")
        self.kind = TextField(themes, self.tr("What kind of number"), placeholder=self.tr("Office, mobile"))
        self._labelled = Labelled(themes, label, self.number)
        whole = column(self, spacing=space.apart)
        whole.addWidget(self._labelled)
        below = QWidget()
        self._below = line(below, spacing=space.close)
        self._below.addWidget(Labelled(themes, self.tr("Kind"), self.kind), 1)
        whole.addWidget(below)
        below.setVisible(has_kind)
        self.setFocusProxy(self.number)
        self.number.textChanged.connect(self._on_text_changed)
        self.number.editingFinished.connect(self._say_error)
        for field in (self.number, self.kind):
            field.returnPressed.connect(self.submitted)
        self._read: Understood | None = None

    def add_end(self, button: Button) -> None:
        """What stands beside the kind."""
        self._below.addWidget(button, 0, Qt.AlignmentFlag.AlignBottom)

    def text(self) -> str:
        return self.number.text().strip()

    def clear(self) -> None:
        self.number.clear()
        self.kind.clear()

    def show_error(self, text: str) -> None:
        self._labelled.set_error(text)
        self.number.setFocus()

    def _on_text_changed(self) -> None:
        self._labelled.set_error("")
        self.edited.emit()
        text, lists = self.text(), self._desk.services.lists
        if not text:
            self._take(Understood("", "", "", is_home=False, error=""))
            return

        def read() -> Understood:
            organisation = lists.organisation()
            number = phone.parse(text, organisation.home_region)
            if number.kind != "possible":
                return Understood(text, "", "", is_home=False, error="none")
            whole = phone.display(number.e164, "", number.extension)
            shown = phone.display(number.e164, organisation.home_region, number.extension)
            error = "own" if number.e164 in organisation.own_numbers else ""
            return Understood(text, whole, shown, is_home=whole != shown, error=error)

        self._desk.ask(self, read, self._take, key="number")

    def _take(self, found: Understood) -> None:
        if found.text != self.text():
            return
        self._read = found
        if found.error or not found.text:
            self._labelled.set_help("")
        elif found.is_home:
            self._labelled.set_help(self.tr("{0}, national form: {1}").format(found.whole, found.shown))
        else:
            self._labelled.set_help(self.tr("{0}, from abroad").format(found.whole))

    def _say_error(self) -> None:
        if self._read is None or self._read.text != self.text():
            return
        if self._read.error == "own":
            self._labelled.set_error(self.tr("This is one of our own numbers. It would be found for every caller."))
        elif self._read.error:
            self._labelled.set_error(self.tr("This is not a number that can be dialed. Write it with its area code."))


class AuthoritiesField(FormField):
    """What this person may ask for: a tuple of authorities."""

    def __init__(self, themes: ThemeSwitch, words: ClientWords) -> None:
        boxes = QWidget()
        boxes.setAccessibleName(words.field("authorities"))
        flow = FlowLayout(themes.theme.sizes.space.pane, boxes)
        self.boxes = {key: CheckBox(themes, words.authority(key)) for key in AUTHORITIES}
        for box in self.boxes.values():
            flow.addWidget(box)
        boxes.setFocusProxy(next(iter(self.boxes.values())))
        super().__init__(themes, "authorities", words.field("authorities"), boxes)
        for box in self.boxes.values():
            box.toggled.connect(self._on_edited)

    def value(self) -> tuple[str, ...]:
        return tuple(key for key, box in self.boxes.items() if box.isChecked())

    def set_value(self, value: Any) -> None:
        for key, box in self.boxes.items():
            box.setChecked(key in value)


class ActiveField(FormField):
    def __init__(self, themes: ThemeSwitch, words: ClientWords, label: str) -> None:
        self.box = CheckBox(themes, label)
        super().__init__(themes, "is_active", words.field("is_active"), self.box)
        self.box.toggled.connect(self._on_edited)

    def value(self) -> bool:
        return self.box.isChecked()

    def set_value(self, value: Any) -> None:
        self.box.setChecked(bool(value))
