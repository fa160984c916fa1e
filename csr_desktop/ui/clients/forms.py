"""The floating forms of the place. Each is made when it is first needed, and told what colleagues change meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from csr_desktop.ui.clients.client_form import ClientForm
from csr_desktop.ui.clients.contact_form import ContactForm
from csr_desktop.ui.clients.read_float import ReadFloat

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from csr_desktop.services.client_rows import ClientProfile, TimelineRow
    from csr_desktop.ui.clients.client_words import ClientWords
    from csr_desktop.ui.clients.form_float import FormFloat
    from csr_desktop.ui.clients.timeline_words import TimelineWords
    from csr_desktop.ui.desk import Desk

_AUTHORS_FROM = 20
"""So many of the latest changes tell who changed a field."""


class Forms(QObject):
    added = Signal(str)
    """A client, with its id."""
    duplicate_opened = Signal(str)
    calling = Signal(str, str)

    def __init__(self, desk: Desk, place: QWidget, words: ClientWords, timeline_words: TimelineWords) -> None:
        super().__init__(place)
        self._desk, self._place = desk, place
        self._words, self._timeline_words = words, timeline_words
        self._client: ClientForm | None = None
        self._contact: ContactForm | None = None
        self._reading: ReadFloat | None = None

    @property
    def client(self) -> ClientForm:
        if self._client is None:
            self._client = ClientForm(self._desk, self._place, self._words)
            self._client.added.connect(self.added)
            self._client.duplicate_opened.connect(self.duplicate_opened)
        return self._client

    @property
    def contact(self) -> ContactForm:
        if self._contact is None:
            self._contact = ContactForm(self._desk, self._place, self._words)
            self._contact.calling.connect(self.calling)
        return self._contact

    @property
    def reading(self) -> ReadFloat:
        if self._reading is None:
            self._reading = ReadFloat(self._desk, self._place, self._timeline_words)
        return self._reading

    def _made(self) -> list[FormFloat]:
        made = (self._client, self._contact, self._reading)
        return [form for form in made if form is not None]

    @property
    def open_one(self) -> FormFloat | None:
        return next((form for form in self._made() if form.is_open), None)

    @property
    def have_keyboard(self) -> bool:
        return any(form.has_keyboard for form in self._made())

    def leave_but(self, kept: FormFloat) -> None:
        """One at a time is open."""
        for form in self._made():
            if form is not kept:
                form.leave()

    def leave_other(self, client_id: str) -> None:
        """Another client comes: what belongs to the one before goes, with its draft kept. A new client's form stays."""
        for form in self._made():
            if not (isinstance(form, ClientForm) and form.client_id in {"", client_id}):
                form.leave()

    # A colleague's changes

    def meet(self) -> None:
        """Show in an open form what a colleague made of its fields meanwhile."""
        client_id = self._edited_client()
        if not client_id:
            return
        clients = self._desk.services.clients

        def read() -> tuple[ClientProfile, tuple[TimelineRow, ...]]:
            return clients.profile(client_id), clients.timeline(client_id, ("change",), None, _AUTHORS_FROM).rows

        self._desk.ask(self, read, lambda found: self._show(*found), key="meet")

    def _edited_client(self) -> str:
        if self._client is not None and self._client.is_open:
            return self._client.client_id
        if self._contact is not None and self._contact.is_open and self._contact.contact_id:
            return self._contact.client_id
        return ""

    def _show(self, profile: ClientProfile, changes: tuple[TimelineRow, ...]) -> None:
        if self._client is not None and self._client.is_open:
            self._client.meet(profile, self._authors(changes, ""))
        if self._contact is not None and self._contact.is_open:
            wanted = self._contact.contact_id
            contact = next((c for c in profile.contacts if c.id == wanted), None)
            if contact is not None:
                self._contact.meet(contact, self._authors(changes, contact.id))

    def _authors(self, changes: tuple[TimelineRow, ...], contact_id: str) -> dict[str, str]:
        """Who last changed a field, by field; changes come the newest first."""
        found: dict[str, str] = {}
        for row in changes:
            if row.contact_id == contact_id:
                for change in row.fields:
                    found.setdefault(change.field, self.tr("You") if row.is_mine else row.by_name)
        return found
