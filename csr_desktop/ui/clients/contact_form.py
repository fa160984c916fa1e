"""Add or edit a person at the client: name, title, email, what they may ask for, and their numbers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from csr_desktop.domain.errors import BadInput
from csr_desktop.ui.clients.client_words import ClientWords
from csr_desktop.ui.clients.contact_card import NumberLine
from csr_desktop.ui.clients.contact_fields import ActiveField, AuthoritiesField, NumberEntry
from csr_desktop.ui.clients.form_fields import EmailField, FormField, LineField
from csr_desktop.ui.clients.form_float import FormFloat
from csr_desktop.ui.form_draft import FormDraft
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.panes import column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.client_rows import ContextContact, ShownNumber
    from csr_desktop.services.outcome import Outcome
    from csr_desktop.ui.desk import Desk


class ContactForm(FormFloat):
    """Also takes a number of the company itself: `add_company_number`."""

    calling = Signal(str, str)

    def __init__(self, desk: Desk, place: QWidget, words: ClientWords) -> None:
        super().__init__(desk, place, is_wide=False)
        self.set_name(self.tr("Contact"))
        self._words = words
        self._client_id = ""
        self._contact: ContextContact | None = None
        self._is_company = False
        self._is_filling = False
        self._draft = FormDraft(desk, self)
        self._draft.kept.connect(lambda: self._show_state(is_kept=True))
        themes = desk.themes
        self.name = LineField(themes, "name", words.field("name"), needed=self.tr("A contact needs a name."))
        self.active = ActiveField(themes, words, self.tr("Still works there"))
        made: tuple[FormField, ...] = (
            self.name,
            LineField(themes, "title", words.field("title"), placeholder=self.tr("Office manager")),
            EmailField(themes, "email", words.field("email")),
            AuthoritiesField(themes, words),
            self.active,
        )
        self._fields = {field.key: field for field in made}
        self.entry = NumberEntry(desk, self.tr("Number"))
        self.add_button = Button(themes, self.tr("Add number"), icon="plus")
        self._lines: list[NumberLine] = []
        self._lay_out()
        for field in made:
            field.edited.connect(self._on_edited)
        self.entry.edited.connect(self._on_edited)
        self.entry.submitted.connect(self._on_entry)
        self.add_button.clicked.connect(self._add_number)

    def _lay_out(self) -> None:
        for field in self._fields.values():
            self.form.body.addWidget(field)
        self._numbers = QWidget()
        self._number_column = column(self._numbers)
        self._number_column.addWidget(Label(self.tr("Numbers"), tone="muted", size="caption"))
        self.form.body.addWidget(self._numbers)
        self.form.body.addWidget(self.entry)
        self.entry.add_end(self.add_button)

    # Opening

    def add(self, client_id: str) -> None:
        """A new person at this client."""
        if self.is_open and self._client_id == client_id and self._contact is None and not self._is_company:
            self.open(self.name.editor)
            return
        self._begin(client_id, None, self.tr("New contact"), self.tr("Add contact"))

    def edit(self, contact: ContextContact) -> None:
        if self.is_open and self._contact is not None and self._contact.id == contact.id:
            self.open(self.name.editor)
            return
        self._begin(contact.client_id, contact, self.tr("Edit {0}").format(contact.name), self.tr("Save changes"))

    def add_company_number(self, client_id: str, client_name: str) -> None:
        self._begin(
            client_id, None, self.tr("Number of {0}").format(client_name), self.tr("Add number"), is_company=True
        )

    def _begin(
        self, client_id: str, contact: ContextContact | None, title: str, save: str, *, is_company: bool = False
    ) -> None:
        self._client_id, self._contact, self._is_company = client_id, contact, is_company
        self.title.setText(title)
        self.save_button.setText(save)
        self._is_filling = True
        for key, field in self._fields.items():
            fresh: Any = {"authorities": (), "is_active": True}.get(key, "")
            field.start(getattr(contact, key) if contact else fresh, partial(self._say, key))
            field.setVisible(not is_company)
        self.active.setVisible(contact is not None)
        self.entry.clear()
        self.add_button.setVisible(contact is not None)
        self._show_numbers(contact.numbers if contact else ())
        self.error.say("", is_error=False)
        self._show_state()
        self._is_filling = False
        self.open(self.entry.number if is_company else self.name.editor)
        self._draft.read(self._draft_key(), self._take_draft)

    def _draft_key(self) -> str:
        if self._is_company:
            return f"company_number:{self._client_id}"
        return f"contact_form:{self._contact.id}" if self._contact else f"contact_form:new:{self._client_id}"

    def _say(self, key: str, value: Any) -> str:
        return self._words.value(key, ",".join(value) if key == "authorities" else value)

    def _show_numbers(self, numbers: Sequence[ShownNumber]) -> None:
        while len(self._lines) < len(numbers):
            made = NumberLine(self.desk.themes, self._words, can_remove=True)
            made.calling.connect(self.calling)
            made.remove_wanted.connect(self._on_remove)
            self._lines.append(made)
            self._number_column.addWidget(made)
        for at, shown in enumerate(self._lines):
            shown.setVisible(at < len(numbers))
            if at < len(numbers):
                shown.show_number(numbers[at])
        self._numbers.setVisible(bool(numbers))

    # Drafts

    def _take_draft(self, found: dict[str, Any]) -> None:
        self._is_filling = True
        for key, value in found.items():
            if key in self._fields:
                self._fields[key].set_value(value)
        if found.get("number"):
            self.entry.number.setText(str(found["number"]))
        self._is_filling = False
        self._show_state(is_kept=bool(found))

    def _changes(self) -> dict[str, Any]:
        return {key: field.value() for key, field in self._fields.items() if field.is_changed}

    def _on_edited(self) -> None:
        if self._is_filling:
            return
        self.error.say("", is_error=False)
        self._show_state()
        typed = {"number": self.entry.text()} if self.entry.text() else {}
        self._draft.keep({**self._changes(), **typed})

    def _show_state(self, *, is_kept: bool = False) -> None:
        has_text = bool(self._changes()) or bool(self.entry.text())
        self.state.setText(self.tr("Draft kept") if is_kept and has_text else "")
        self.discard_button.setVisible(has_text)

    def discard(self) -> None:
        self._draft.clear()
        self._is_filling = True
        for field in self._fields.values():
            field.start(field.base)
        self.entry.clear()
        self._is_filling = False
        self.leave()

    # A colleague's changes

    @property
    def contact_id(self) -> str:
        return self._contact.id if self._contact else ""

    @property
    def client_id(self) -> str:
        return self._client_id

    def meet(self, contact: ContextContact, authors: dict[str, str]) -> None:
        """The person was changed while the form is open."""
        self._contact = contact
        self._is_filling = True
        for key, field in self._fields.items():
            field.meet(getattr(contact, key), authors.get(key, ""))
        self._is_filling = False
        self._show_numbers(contact.numbers)

    # Saving

    def save(self) -> None:
        if self._is_company:
            self._save_number("")
            return
        bad = [field for field in self._fields.values() if not field.check()]
        if bad:
            bad[0].editor.setFocus()
            return
        if self._contact is None:
            self._save_new()
        else:
            self._save_changes(self._contact)

    def _save_new(self) -> None:
        client_id, clients, values = self._client_id, self.desk.services.clients, self._fields
        name, title, email = (values[key].value() for key in ("name", "title", "email"))
        authorities, number = values["authorities"].value(), self.entry.text()
        self.desk.do(
            self,
            lambda: (
                clients.add_contact(
                    client_id, name, title=title, email=email, authorities=authorities, number=number
                ).outcome
            ),
            self._on_saved,
            self._on_refused,
        )

    def _save_changes(self, contact: ContextContact) -> None:
        """A number that was typed and not added yet is added first."""
        if self.entry.text():
            self._add_number()
            return
        changes, clients = self._changes(), self.desk.services.clients
        if not changes:
            self.leave()
            return
        shown = {key: self._fields[key].base for key in changes}
        self.desk.do(self, lambda: clients.edit_contact(contact.id, changes, shown), self._on_saved, self._on_refused)

    def _on_entry(self) -> None:
        if self._is_company or self._contact is None:
            self.save()
        else:
            self._add_number()

    def _add_number(self) -> None:
        if self._contact is not None:
            self._save_number(self._contact.id)

    def _save_number(self, contact_id: str) -> None:
        client_id, clients = self._client_id, self.desk.services.clients
        text, kind = self.entry.text(), self.entry.kind.text()
        if not text:
            self.entry.show_error(self.tr("Type the number first."))
            return

        def done(outcome: Outcome) -> None:
            self.entry.clear()
            if self._is_company:
                self._on_saved(outcome)
            else:
                self.entry.number.setFocus()

        self.desk.do(
            self, lambda: clients.add_number(client_id, contact_id, text, kind).outcome, done, self._on_refused
        )

    def _on_remove(self, number_id: str) -> None:
        clients = self.desk.services.clients
        self.desk.do(self, lambda: clients.remove_number(number_id))

    def _on_saved(self, _outcome: Outcome) -> None:
        self._draft.clear()
        self.leave()

    def _on_refused(self, fault: CsrDesktopError) -> None:
        if isinstance(fault, BadInput) and fault.field == "number":
            self.entry.show_error(str(fault))
        elif isinstance(fault, BadInput) and fault.field in self._fields:
            self._fields[fault.field].labelled.set_error(str(fault))
            self._fields[fault.field].editor.setFocus()
        else:
            self.error.say(str(fault), is_error=True)
