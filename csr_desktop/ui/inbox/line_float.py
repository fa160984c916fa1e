"""A line of text with a button, and before it someone to pick where people are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csr_desktop.ui.form_float import FormFloat
from csr_desktop.ui.kit.fields import Labelled, TextField
from csr_desktop.ui.kit.lists import RowList
from csr_desktop.ui.kit.picker import Pick, SearchPicker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtWidgets import QWidget

    from csr_desktop.ui.desk import Desk


class LineFloat(FormFloat):
    """`taken` gets the key of who was picked, '' where nobody is asked for, and the text."""

    def __init__(
        self,
        desk: Desk,
        window: QWidget,
        title: str,
        label: str,
        button: str,
        taken: Callable[[str, str], None],
        *,
        text: str = "",
        people_label: str = "",
        people: Sequence[Pick] = (),
        needs_text: bool = True,
    ) -> None:
        super().__init__(desk, window, title, button)
        self._taken = taken
        self._needs_text = needs_text
        self.picker: SearchPicker | None = None
        self._who: Labelled | None = None
        if people_label:
            self.picker = SearchPicker(desk.themes, people_label, lambda typed: _matching(people, typed))
            self.picker.choose(people[0] if people else None)
            self._who = Labelled(desk.themes, people_label, self.picker)
            self.fields.addWidget(self._who)
        self.field = TextField(desk.themes, label)
        self.field.setText(text)
        self.field.returnPressed.connect(self.take)
        self._what = Labelled(desk.themes, label, self.field)
        self.fields.addWidget(self.looked_at(self._what, self.field, text))

    def open_at(self, anchor: QWidget) -> None:
        """The keyboard goes where something is still to be said."""
        first = self.field if self.picker is None or self.picker.chosen else self.picker
        self.open_by(anchor, first, is_trailing=not isinstance(anchor, RowList))
        self.field.selectAll()

    def step_back(self) -> None:
        if self.picker is not None and self.picker.is_open:
            self.picker.close_list()
            return
        self.leave()

    def take(self) -> None:
        who = self.picker.chosen.key if self.picker is not None and self.picker.chosen is not None else ""
        if self._who is not None and not who:
            self._who.set_error(self.tr("Choose someone."))
            return
        text = self.field.text().strip()
        if self._needs_text and not text:
            self._what.set_error(self.tr("Write something first."))
            return
        if not self.may_save():
            return
        self.leave()
        self._taken(who, text)


def _matching(picks: Sequence[Pick], typed: str) -> list[Pick]:
    words = typed.casefold().split()
    return [pick for pick in picks if all(word in f"{pick.words} {pick.detail}".casefold() for word in words)]
