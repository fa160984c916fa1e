"""Clients, their contacts, numbers and notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec

from csr_desktop.commands.command import AddRow, EditRow, RemoveRow, linked, readable, references
from csr_desktop.commands.work import Key, Row, Work
from csr_desktop.domain import pay_schedule
from csr_desktop.domain.business_calendar import CalendarError, shipped_zone
from csr_desktop.domain.errors import Refused
from csr_desktop.domain.permissions import ORGANISATION, Person, may_edit_clients, may_read, unknown

_REFERENCES = (("specialist_id", "users"), ("calendar_id", "calendars"), ("sla_policy_id", "sla_policies"))
STATUSES = ("prospect", "active", "closed")
TIERS = ("", "gold", "silver", "bronze")


def check_client(field: str, value: Any) -> None:
    if field == "name" and not value.strip():
        raise Refused("not_allowed", "A client needs a name.")
    if (field == "status" and value not in STATUSES) or (field == "tier" and value not in TIERS):
        raise Refused("not_allowed", "There is no such status or tier.")
    if field == "employee_count" and value < 0:
        raise Refused("not_allowed", "A company cannot have fewer than no employees.")
    if field == "time_zone" and value:
        try:
            shipped_zone(value)
        except CalendarError as fault:
            raise Refused("bad_time_zone", str(fault)) from None
    if field == "pay_schedule" and value:
        try:
            shipped_zone(pay_schedule.decode(value).time_zone)
        except ValueError as fault:
            raise Refused("not_allowed", str(fault)) from None


class AddClient(AddRow, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "clients"
    structured: ClassVar[frozenset[str]] = frozenset({"pay_schedule"})
    name: str
    code: str = ""
    status: str = "active"
    tier: str = ""
    employee_count: int = 0
    products: str = ""
    specialist_id: str = ""
    email: str = ""
    city: str = ""
    time_zone: str = ""
    alert: str = ""
    pay_schedule: str = ""
    calendar_id: str = ""
    sla_policy_id: str = ""
    kept: tuple[str, ...] = ()

    _fields: ClassVar[tuple[str, ...]] = (
        "name",
        "code",
        "status",
        "tier",
        "employee_count",
        "products",
        "specialist_id",
        "email",
        "city",
        "time_zone",
        "alert",
        "pay_schedule",
        "calendar_id",
        "sla_policy_id",
    )

    def keys(self) -> Iterator[Key]:
        yield self.table, self.row_id
        for field, table in _REFERENCES:
            yield table, getattr(self, field)

    def author(self, row: Row) -> str:
        return self.by  # clients are everyone's

    def permit(self, who: Person, work: Work) -> None:
        may_edit_clients(who)
        super().permit(who, work)

    def permit_add(self, who: Person, work: Work) -> None:
        references(who, work, self, self.table)
        for field in self._fields:
            check_client(field, getattr(self, field))

    def values(self, work: Work) -> dict[str, Any]:
        return {"scope": ORGANISATION, **{field: getattr(self, field) for field in self._fields}}


class _EditRecorded(EditRow, frozen=True, kw_only=True):
    """An edit that leaves a line on the client's timeline, under the command's own id."""

    def keys(self) -> Iterator[Key]:
        yield self.table, self.row_id
        yield "changes", self.undoes or self.id

    def permit_edit(self, who: Person, row: Row, work: Work) -> None:
        may_edit_clients(who)

    def subject(self, row: Row) -> tuple[str, str]:
        """Ids of client and contact."""
        raise NotImplementedError

    def run(self, work: Work) -> bool:
        row = work.get(self.table, self.row_id)
        changes = {field: (self._was(field, row, work), becomes) for field, (_, becomes) in self.changes.items()}
        differs = super().run(work)
        if self.undoes:
            line = work.get("changes", self.undoes)
            is_its_own = line is not None and line["author_id"] == self.by
            is_of_it = line is not None and self.row_id in {line["client_id"], line["contact_id"]}
            if line is not None and is_its_own and is_of_it and not line["deleted"]:
                work.put("changes", self.undoes, deleted=1)
        elif row is not None and work.get("changes", self.id) is None:
            client_id, contact_id = self.subject(row)
            work.put(
                "changes",
                self.id,
                scope=ORGANISATION,
                client_id=client_id,
                contact_id=contact_id,
                author_id=self.by,
                fields=msgspec.json.encode(changes).decode(),
                changed_at=self.at,
            )
        return differs

    def _was(self, field: str, row: Row | None, work: Work) -> Any:
        """What the record says the field was: what the desk saw, if the field ever was that; a desk could say more."""
        was, _ = self.changes[field]
        if row is None or not work.has_history or was == row[field]:
            return was
        past = work.history((self.table, self.row_id, field)).values()
        return was if any(edit.value == was for edit in past) else row[field]


class EditClient(_EditRecorded, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "clients"
    structured: ClassVar[frozenset[str]] = frozenset({"pay_schedule"})
    editable: ClassVar[frozenset[str]] = frozenset(AddClient._fields)
    kept: tuple[str, ...] = ()

    def keys(self) -> Iterator[Key]:
        yield from super().keys()
        for field, table in _REFERENCES:
            if field in self.changes:
                yield table, str(self.changes[field][1])

    def permit_edit(self, who: Person, row: Row, work: Work) -> None:
        super().permit_edit(who, row, work)
        for field, table in _REFERENCES:
            if field in self.changes and not self.undoes:
                linked(who, work, table, str(self.changes[field][1]))

    def subject(self, row: Row) -> tuple[str, str]:
        return row["id"], ""

    def check(self, field: str, value: Any) -> None:
        check_client(field, value)


class AddContact(AddRow, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "contacts"
    client_id: str
    name: str
    title: str = ""
    email: str = ""
    authorities: str = ""

    def keys(self) -> Iterator[Key]:
        yield self.table, self.row_id
        yield "clients", self.client_id

    def author(self, row: Row) -> str:
        return self.by

    def permit(self, who: Person, work: Work) -> None:
        may_edit_clients(who)
        super().permit(who, work)

    def permit_add(self, who: Person, work: Work) -> None:
        readable(who, work, "clients", self.client_id)
        if not self.name.strip():
            raise Refused("not_allowed", "A contact needs a name.")

    def values(self, work: Work) -> dict[str, Any]:
        return {
            "scope": ORGANISATION,
            "client_id": self.client_id,
            "name": self.name,
            "title": self.title,
            "email": self.email,
            "authorities": self.authorities,
        }


class EditContact(_EditRecorded, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "contacts"
    editable: ClassVar[frozenset[str]] = frozenset({"name", "title", "email", "authorities", "is_active"})

    def subject(self, row: Row) -> tuple[str, str]:
        return row["client_id"], row["id"]

    def check(self, field: str, value: Any) -> None:
        if field == "name" and not value.strip():
            raise Refused("not_allowed", "A contact needs a name.")


class AddNumber(AddRow, frozen=True, kw_only=True, tag=True):
    """A number of a contact, or of the company where `contact_id` is empty: as typed, E.164 and extension."""

    table: ClassVar[str] = "phone_numbers"
    client_id: str
    raw: str
    e164: str = ""
    extension: str = ""
    contact_id: str = ""
    label: str = ""

    def keys(self) -> Iterator[Key]:
        yield self.table, self.row_id
        yield "clients", self.client_id
        yield "contacts", self.contact_id

    def author(self, row: Row) -> str:
        return self.by

    def permit(self, who: Person, work: Work) -> None:
        may_edit_clients(who)
        super().permit(who, work)

    def permit_add(self, who: Person, work: Work) -> None:
        readable(who, work, "clients", self.client_id)
        contact = work.get("contacts", self.contact_id)
        if self.contact_id and may_read(who, contact)["client_id"] != self.client_id:
            raise unknown()
        if not self.raw.strip():
            raise Refused("not_allowed", "Type the number first.")

    def values(self, work: Work) -> dict[str, Any]:
        return {
            "scope": ORGANISATION,
            "client_id": self.client_id,
            "contact_id": self.contact_id,
            "raw": self.raw,
            "e164": self.e164,
            "extension": self.extension,
            "label": self.label,
            "known_since_at": work.arrived_at or self.at,
        }


class RemoveNumber(RemoveRow, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "phone_numbers"

    def permit_remove(self, who: Person, row: Row) -> None:
        may_edit_clients(who)


class AddNote(AddRow, frozen=True, kw_only=True, tag=True):
    """A note on a client. One deleted meanwhile still takes it."""

    table: ClassVar[str] = "notes"
    client_id: str
    body: str
    kept: tuple[str, ...] = ()

    def keys(self) -> Iterator[Key]:
        yield self.table, self.row_id
        yield "clients", self.client_id

    def author(self, row: Row) -> str:
        return str(row["author_id"])

    def permit_add(self, who: Person, work: Work) -> None:
        may_edit_clients(who)
        linked(who, work, "clients", self.client_id)
        if not self.body.strip():
            raise Refused("not_allowed", "A note needs some text.")

    def values(self, work: Work) -> dict[str, Any]:
        return {
            "scope": ORGANISATION,
            "client_id": self.client_id,
            "author_id": self.by,
            "body": self.body,
            "written_at": self.at,
        }
