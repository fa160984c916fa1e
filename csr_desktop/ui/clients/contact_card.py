"""A person at the client: name, title, numbers that dial, e-mail, what they may ask for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from csr_desktop.ui.context_parts import is_same_time
from csr_desktop.ui.kit.avatar import Avatar
from csr_desktop.ui.kit.buttons import Button, IconButton
from csr_desktop.ui.kit.chips import Chip
from csr_desktop.ui.kit.elide import ElidedLabel, plain_tooltip
from csr_desktop.ui.kit.flow import FlowLayout
from csr_desktop.ui.kit.panes import column, line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtWidgets import QLayout

    from csr_desktop.services.client_rows import ContextContact, ShownNumber
    from csr_desktop.ui.clients.client_words import ClientWords
    from csr_desktop.ui.kit.theme import ThemeSwitch


class TextButton(Button):
    """Plain words that can be pressed: they turn to the accent's colour under the pointer."""

    def __init__(self, themes: ThemeSwitch, text: str = "", *, tone: str = "text") -> None:
        self._tone = tone
        super().__init__(themes, text, role="link", elides=True)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def grounds(self) -> tuple[str, str, str]:
        return "", "", "accent-text" if self.underMouse() else self._tone


class NumberLine(QWidget):
    """A number as people write it here; pressed, it dials. Behind it its label, and the time there."""

    calling = Signal(str, str)
    """Number and contact id."""
    remove_wanted = Signal(str)

    def __init__(self, themes: ThemeSwitch, words: ClientWords, *, can_remove: bool = False) -> None:
        super().__init__()
        self._words = words.words
        self._number: ShownNumber | None = None
        self.button = TextButton(themes)
        self.button.clicked.connect(self._on_clicked)
        self._label = ElidedLabel(size="caption", tone="muted")
        row = line(self, spacing=themes.theme.sizes.space.tight)
        row.addWidget(self.button)
        row.addWidget(self._label, 1)
        self.remove = IconButton(themes, "trash", self.tr("Remove number"))
        self.remove.clicked.connect(self._on_remove)
        row.addWidget(self.remove)
        self.remove.setVisible(can_remove)

    def show_number(self, number: ShownNumber) -> None:
        self._number = number
        self.button.setText(number.shown)
        self.button.setAccessibleName(self.tr("Call {0}").format(number.shown))
        if number.e164:
            self.button.setToolTip(plain_tooltip(number.e164))
        self.remove.set_name(self.tr("Remove {0}").format(number.shown))
        self.show_time()

    def show_time(self) -> None:
        number = self._number
        if number is None:
            return
        there = ""
        if number.zone and not is_same_time(self._words, self._words.now(), number.zone):
            there = self.tr("{0} there").format(self._words.time_of_day(self._words.now(), number.zone))
        self._label.setText(", ".join(part for part in (there, number.label) if part))

    def _on_clicked(self) -> None:
        if self._number is not None:
            self.calling.emit(dialled(self._number), self._number.contact_id)

    def _on_remove(self) -> None:
        if self._number is not None:
            self.remove_wanted.emit(self._number.id)


def dialled(number: ShownNumber) -> str:
    """What is handed to the call: as it was typed, with its extension."""
    return number.raw or number.e164


class ContactCard(QWidget):
    calling = Signal(str, str)
    edit_wanted = Signal(str)

    def __init__(self, themes: ThemeSwitch, words: ClientWords) -> None:
        super().__init__()
        self._themes, self._words = themes, words
        space = themes.theme.sizes.space
        self._contact: ContextContact | None = None
        self._avatar = Avatar(themes, "")
        self.name = TextButton(themes)
        self.name.clicked.connect(self._on_edit)
        self._title = ElidedLabel(size="caption", tone="muted")
        self.call = IconButton(themes, "phone", self.tr("Call"), role="plain")
        self.call.clicked.connect(self._on_call)
        self._numbers: list[NumberLine] = []
        self._number_column = column()
        self._email = ElidedLabel(tone="muted")
        self._email.setContentsMargins(0, 0, 0, space.tight)
        self._chips, self._flow = chip_line(themes)
        whole = line(self, spacing=space.apart)
        whole.addWidget(self._avatar, 0, Qt.AlignmentFlag.AlignTop)
        texts = column()
        head = line(spacing=space.close)
        # A button is higher than its words: what is above and below moves closer.
        over = (themes.theme.sizes.height.control - themes.theme.line_height("body")) // 2
        names = column(margins=(0, -over, 0, 0))
        names.addWidget(self.name, 0, Qt.AlignmentFlag.AlignLeft)
        beneath = column(margins=(0, -over // 2, 0, 0))
        beneath.addWidget(self._title)
        names.addLayout(beneath)
        head.addLayout(names, 1)
        head.addWidget(self.call, 0, Qt.AlignmentFlag.AlignTop)
        texts.addLayout(head)
        texts.addLayout(self._number_column)
        texts.addWidget(self._email)
        texts.addWidget(self._chips)
        whole.addLayout(texts, 1)

    @property
    def contact_id(self) -> str:
        return self._contact.id if self._contact else ""

    def show_contact(self, contact: ContextContact, *, can_edit: bool) -> None:
        self._contact = contact
        self._avatar.set_person(contact.name)
        self.name.setText(contact.name)
        self.name.setEnabled(True)
        words = self.tr("Edit {0}") if can_edit else self.tr("Show {0}")
        self.name.setToolTip(plain_tooltip(words.format(contact.name)))
        self.name.setAccessibleName(words.format(contact.name))
        gone = self.tr("No longer there")
        self._title.setText(contact.title if contact.is_active else ", ".join(t for t in (contact.title, gone) if t))
        self._title.setVisible(bool(self._title.text()))
        self.call.set_name(self.tr("Call {0}").format(contact.name))
        self.call.setVisible(bool(contact.numbers) and contact.is_active)
        self._show_chips(contact)
        self._show_numbers(contact.numbers)
        self._email.setText(contact.email)
        self._email.setVisible(bool(contact.email))

    def show_time(self) -> None:
        for shown in self._numbers:
            shown.show_time()

    def _show_numbers(self, numbers: Sequence[ShownNumber]) -> None:
        while len(self._numbers) < len(numbers):
            made = NumberLine(self._themes, self._words)
            made.calling.connect(self.calling)
            self._numbers.append(made)
            self._number_column.addWidget(made)
        for at, shown in enumerate(self._numbers):
            shown.setVisible(at < len(numbers))
            if at < len(numbers):
                shown.show_number(numbers[at])

    def _show_chips(self, contact: ContextContact) -> None:
        empty_flow(self._flow)
        if not contact.is_active:
            self._chips.hide()
            return
        for key in contact.authorities:
            words = self._words.authority(key)
            chip = Chip(self._themes, words, tone="success", icon="shield-check", parent=self._chips)
            chip.setAccessibleName(self.tr("May ask for: {0}").format(words))
            self._flow.addWidget(chip)
            chip.show()
        if not contact.authorities:
            chip = Chip(self._themes, self.tr("May ask, may not change"), icon="prohibit", parent=self._chips)
            self._flow.addWidget(chip)
            chip.show()
        self._chips.show()
        self._chips.updateGeometry()

    def _on_edit(self) -> None:
        self.edit_wanted.emit(self.contact_id)

    def _on_call(self) -> None:
        if self._contact is None:
            return
        numbers = self._contact.numbers
        if len(numbers) == 1:
            self.calling.emit(dialled(numbers[0]), self._contact.id)
        elif numbers:
            entries = [(self._words.number_line(n, ""), dialled(n), n.contact_id) for n in numbers]
            pick_number(self.call, entries, self.calling.emit)


def pick_number(below: Button, entries: Sequence[tuple[str, str, str]], call: Callable[[str, str], object]) -> None:
    """A small menu of (words, number, contact id) under a button; what is taken is called."""
    from csr_desktop.ui.kit.menu_float import MenuLine, open_menu

    lines = [MenuLine(words, partial(call, number, contact_id), "phone") for words, number, contact_id in entries]
    open_menu(below.themes, below.accessibleName(), below, lines)


class _Chips(QWidget):
    """As high as its chips need to be for its width, also in a column that does not ask."""

    def __init__(self) -> None:
        super().__init__()
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        hint.setWidth(0)
        return hint


def chip_line(themes: ThemeSwitch) -> tuple[QWidget, FlowLayout]:
    chips = _Chips()
    return chips, FlowLayout(themes.theme.sizes.space.tight, chips)


def empty_flow(flow: QLayout) -> None:
    while (item := flow.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
