"""What is changed about clients, their contacts, numbers and notes: text cleaned, fields checked, edits by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from csr_desktop.commands.clients import (
    AddClient,
    AddContact,
    AddNote,
    AddNumber,
    EditClient,
    EditContact,
    RemoveNumber,
)
from csr_desktop.domain import business_calendar, pay_schedule, phone
from csr_desktop.domain.errors import BadInput
from csr_desktop.domain.pay_schedule import PaySchedule
from csr_desktop.domain.permissions import unknown
from csr_desktop.domain.text import clean, clean_line
from csr_desktop.services.client_rows import AUTHORITIES
from csr_desktop.services.outcome import Added
from csr_desktop.store.queries import rows
from csr_desktop.store.queries.clients import numbers_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from csr_desktop.commands.command import Command
    from csr_desktop.services.lists import Lists
    from csr_desktop.services.outcome import Outcome
    from csr_desktop.sync.replica import Replica

EDITABLE: Final = tuple(sorted(EditClient.editable))
"""Fields of a client that can be edited."""
_CONTACT_EDITABLE: Final = tuple(sorted(EditContact.editable))
_LINES: Final = frozenset({"alert"})
"""Fields that keep their line ends."""


class ClientEdits:
    def __init__(self, replica: Replica, lists: Lists) -> None:
        self._replica = replica
        self._lists = lists

    def add_client(self, fields: Mapping[str, Any], number: str = "") -> Added:
        """A client, with its own line if one is given. Raises BadInput for a field that cannot be so, a missing name
        above all, and for a number as `add_number` does; then nothing is added.
        """
        values = {field: _client_value(field, value) for field, value in fields.items()}
        if not values.get("name"):
            raise BadInput("name", "A client needs a name.")
        client_id = self._replica.new_id()
        commands: list[Command] = [AddClient(row_id=client_id, **values)]
        if number.strip():
            commands.append(self.number_command(client_id, "", number))
        return Added(self._replica.do(*commands, words=f"client_added:{values['name']}"), client_id)

    def edit_client(
        self, client_id: str, changes: Mapping[str, Any], shown: Mapping[str, Any] | None = None
    ) -> Outcome:
        """Give fields new values. `shown` are the values that the person saw, where they differ from the stored ones; a
        field that already is so is left out. Raises BadInput when nothing is left.
        """
        row = self._row("clients", client_id)
        values = {field: _client_value(field, value) for field, value in changes.items()}
        seen = {field: _client_value(field, value) for field, value in (shown or {}).items()}
        command = EditClient(row_id=client_id, changes=_edits(row, values, seen))
        return self._replica.do(command, words=f"client_edited:{row['name']}")

    def add_contact(
        self,
        client_id: str,
        name: str,
        *,
        title: str = "",
        email: str = "",
        authorities: Sequence[str] = (),
        number: str = "",
    ) -> Added:
        """A person at the client, with a number if one is given."""
        person = clean_line(name)
        if not person:
            raise BadInput("name", "A contact needs a name.")
        contact_id = self._replica.new_id()
        commands: list[Command] = [
            AddContact(
                row_id=contact_id,
                client_id=client_id,
                name=person,
                title=clean_line(title),
                email=clean_line(email),
                authorities=_authorities(authorities),
            )
        ]
        if number.strip():
            commands.append(self.number_command(client_id, contact_id, number))
        return Added(self._replica.do(*commands, words=f"contact_added:{person}"), contact_id)

    def edit_contact(
        self, contact_id: str, changes: Mapping[str, Any], shown: Mapping[str, Any] | None = None
    ) -> Outcome:
        """Name, title, email, authorities (a sequence), is_active (a truth value); as with a client."""
        row = self._row("contacts", contact_id)
        values = {field: _contact_value(field, value) for field, value in changes.items()}
        seen = {field: _contact_value(field, value) for field, value in (shown or {}).items()}
        command = EditContact(row_id=contact_id, changes=_edits(row, values, seen))
        return self._replica.do(command, words=f"contact_edited:{row['name']}")

    def add_number(self, client_id: str, contact_id: str, text: str, label: str = "") -> Added:
        """A number of a contact, or the company's own without one. Raises BadInput for what cannot be dialled and for
        the organisation's own numbers.
        """
        command = self.number_command(client_id, contact_id, text, label)
        return Added(self._replica.do(command, words=f"number_added:{command.raw}"), command.row_id)

    def remove_number(self, number_id: str) -> Outcome:
        row = self._row("phone_numbers", number_id)
        return self._replica.do(RemoveNumber(row_id=number_id), words=f"number_removed:{row['raw']}")

    def add_note(self, client_id: str, body: str) -> Added:
        """A note on the client, for everyone."""
        text = clean(body).strip()
        if not text:
            raise BadInput("body", "Write something first.")
        note_id = self._replica.new_id()
        row = self._row("clients", client_id)
        command = AddNote(row_id=note_id, client_id=client_id, body=text)
        return Added(self._replica.do(command, words=f"note_added:{row['name']}"), note_id)

    def known_numbers(self, contact_id: str) -> frozenset[str]:
        """E.164 of a contact's numbers."""
        return frozenset(e164 for e164, _ in numbers_of(self._replica.sql, contact_id) if e164)

    def number_command(self, client_id: str, contact_id: str, text: str, label: str = "") -> AddNumber:
        """What adds a number as it was typed; raises BadInput."""
        organisation = self._lists.organisation()
        number = phone.parse(text, organisation.home_region)
        if number.kind != "possible":
            raise BadInput("number", "This is not a number that can be dialed.", "Write it with its area code.")
        if number.e164 in organisation.own_numbers:
            raise BadInput("number", "This is one of our own numbers.", "It would be found for every caller.")
        return AddNumber(
            row_id=self._replica.new_id(),
            client_id=client_id,
            contact_id=contact_id,
            raw=number.raw,
            e164=number.e164,
            extension=number.extension,
            label=clean_line(label),
        )

    def _row(self, table: str, row_id: str) -> dict[str, Any]:
        found = rows.one(self._replica.sql, table, row_id)
        if found is None:
            raise unknown()
        return found


def _edits(row: Mapping[str, Any], values: Mapping[str, Any], seen: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    edits = {
        field: (seen.get(field, row[field]), becomes)
        for field, becomes in values.items()
        if becomes != row[field] or becomes != seen.get(field, row[field])
    }
    if not edits:
        raise BadInput("", "Nothing was changed.")
    return edits


def _client_value(field: str, value: Any) -> Any:
    if field not in EDITABLE:
        raise BadInput(field, "This cannot be edited.")
    if field == "pay_schedule":
        return _schedule(value)
    if field == "employee_count":
        return _count(field, value)
    text = clean(str(value)).strip() if field in _LINES else clean_line(str(value))
    if field == "name" and not text:
        raise BadInput(field, "A client needs a name.")
    if field == "time_zone" and text:
        try:
            business_calendar.shipped_zone(text)
        except business_calendar.CalendarError as fault:
            raise BadInput(field, str(fault)) from None
    return text


def _contact_value(field: str, value: Any) -> Any:
    if field not in _CONTACT_EDITABLE:
        raise BadInput(field, "This cannot be edited.")
    if field == "authorities":
        return value if isinstance(value, str) else _authorities(value)
    if field == "is_active":
        return int(bool(value))
    text = clean_line(str(value))
    if field == "name" and not text:
        raise BadInput(field, "A contact needs a name.")
    return text


def _schedule(value: Any) -> str:
    if isinstance(value, PaySchedule):
        return pay_schedule.encode(value)
    text = str(value or "")
    if text:
        try:
            pay_schedule.decode(text)
        except pay_schedule.PayScheduleError as fault:
            raise BadInput("pay_schedule", str(fault)) from None
    return text


def _count(field: str, value: Any) -> int:
    try:
        count = int(value)
    except (TypeError, ValueError):
        raise BadInput(field, "Write a whole number.") from None
    if not 0 <= count < 10_000_000:
        raise BadInput(field, "This number of employees cannot be.")
    return count


def _authorities(chosen: Sequence[str]) -> str:
    return ",".join(authority for authority in AUTHORITIES if authority in chosen)
