"""What stands beside a conversation or a call: the client, its clocks, its promises, the person, the last contacts."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from csr_desktop.domain import phone
from csr_desktop.domain.business_calendar import zone_or
from csr_desktop.domain.permissions import unknown
from csr_desktop.services.client_rows import (
    AUTHORITIES,
    ClientContext,
    ContextContact,
    LastContact,
    OpenCallback,
    OpenPromise,
    ShownNumber,
)
from csr_desktop.services.labels import note_title
from csr_desktop.store.queries import clients as queries
from csr_desktop.store.queries import rows
from csr_desktop.store.queries.verifications import latest_pass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from csr_desktop.domain.business_calendar import BusinessCalendar
    from csr_desktop.services.lists import Lists
    from csr_desktop.services.people import People
    from csr_desktop.sync.replica import Replica

CUT_OFF_BAR_MS: Final = 8 * 3_600_000
"""The bar of a cut-off begins to fill a working day before it."""
_LAST_CONTACTS: Final = 3


class Hours(NamedTuple):
    """Whether a client is open now; until when, or when next. 0 where that does not apply."""

    is_open: bool
    open_until_at: int
    opens_at: int


class ClientContexts:
    """Reads what is shown of a client in several places."""

    def __init__(self, replica: Replica, people: People, lists: Lists) -> None:
        self._replica = replica
        self._people = people
        self._lists = lists

    def context(self, client_id: str, contact_id: str = "", ticket_id: str = "") -> ClientContext:
        """Raises Refused for a client that is not here."""
        sql = self._replica.sql
        client = self.client(client_id)
        hours = self.hours(client)
        clocks = queries.clocks(sql, [client_id]).get(client_id, (0, "", "", ""))
        reply_at, reply_from_at = queries.next_reply(sql, client_id, ticket_id)
        contacts = self.contacts(client_id)
        return ClientContext(
            client_id=client_id,
            name=client["name"],
            tier=client["tier"],
            status=client["status"],
            employee_count=client["employee_count"],
            time_zone=self.zone_of(client),
            city=client["city"],
            alert=client["alert"],
            is_open=hours.is_open,
            open_until_at=hours.open_until_at,
            opens_at=hours.opens_at,
            next_reply_at=reply_at,
            next_reply_from_at=reply_from_at,
            cut_off_at=clocks[0],
            cut_off_from_at=clocks[0] - CUT_OFF_BAR_MS if clocks[0] else 0,
            pay_date=clocks[1],
            deposit_due=clocks[2],
            promises=self.promises(client_id),
            contact=self._verified(next((c for c in contacts if c.id == contact_id), None)),
            contact_count=len(contacts),
            last_contacts=self._last_contacts(client_id, ticket_id),
            last_contacts_total=queries.contact_count(sql, client_id),
        )

    def _verified(self, contact: ContextContact | None) -> ContextContact | None:
        if contact is None:
            return None
        until_at = latest_pass(self._replica.sql, contact.client_id, contact.id, self._replica.now())
        return msgspec.structs.replace(contact, verified_until_at=until_at)

    def client(self, client_id: str) -> dict[str, Any]:
        """The whole row; raises Refused when it is not here."""
        found = rows.one(self._replica.sql, "clients", client_id)
        if found is None:
            raise unknown()
        return found

    def zone_of(self, client: Mapping[str, Any] | None) -> str:
        """The IANA zone of a client's row, the organisation's where it has none that is known here."""
        own = client["time_zone"] if client else ""
        return zone_or(own, "") or self._lists.organisation().time_zone

    def calendar_of(self, client: Mapping[str, Any] | None) -> BusinessCalendar | None:
        return self._lists.calendar(client["calendar_id"]) if client else None

    def hours(self, client: Mapping[str, Any]) -> Hours:
        calendar = self.calendar_of(client)
        if calendar is None:
            return Hours(is_open=False, open_until_at=0, opens_at=0)
        now = self._replica.now()
        if calendar.is_open(now):
            return Hours(is_open=True, open_until_at=calendar.closes_at(now), opens_at=0)
        return Hours(is_open=False, open_until_at=0, opens_at=calendar.next_open(now))

    def contacts(self, client_id: str) -> tuple[ContextContact, ...]:
        """Active ones first, by name, each with their numbers."""
        numbers = self.numbers(client_id)
        return tuple(
            ContextContact(
                id=contact_id,
                client_id=of_client,
                name=name,
                title=title,
                email=email,
                authorities=read_authorities(authorities),
                refused_authorities=tuple(a for a in AUTHORITIES if a not in read_authorities(authorities)),
                numbers=tuple(n for n in numbers if n.contact_id == contact_id),
                is_active=bool(is_active),
            )
            for contact_id, of_client, name, title, email, authorities, is_active in queries.contacts(
                self._replica.sql, client_id
            )
        )

    def numbers(self, client_id: str) -> tuple[ShownNumber, ...]:
        """Of the company (no contact id) and of its contacts."""
        region = self._lists.home_region()
        return tuple(
            ShownNumber(
                id=number_id,
                shown=shown_number(e164, raw, region, extension),
                raw=raw,
                e164=e164,
                extension=extension,
                label=label,
                contact_id=contact_id,
                zone=zone_of_number(e164, region),
            )
            for number_id, contact_id, raw, e164, extension, label in queries.numbers(self._replica.sql, client_id)
        )

    def promises(self, client_id: str) -> tuple[OpenPromise, ...]:
        """The client's open promises, the earliest due first."""
        sql = self._replica.sql
        found = queries.open_promises(sql, client_id)
        if not found:
            return ()
        names = rows.by_id(sql, "contacts", [row[5] for row in found], ["name"])
        zone = self.zone_of(rows.by_id(sql, "clients", [client_id], ["time_zone"]).get(client_id))
        me = self._people.who().id
        return tuple(
            OpenPromise(
                id=i,
                title=title,
                kind=kind,
                due_at=due_at,
                zone=zone,
                assignee_id=assignee_id,
                assignee_name=self._people.name(assignee_id),
                is_mine=assignee_id == me,
                contact_name=rows.text_of(names, contact_id, "name"),
            )
            for i, title, kind, due_at, assignee_id, contact_id in found
        )

    def callbacks(self, client_id: str) -> tuple[OpenCallback, ...]:
        """Who at the client waits to be called, the earliest due first."""
        sql = self._replica.sql
        found = queries.open_callbacks(sql, client_id)
        names = rows.by_id(sql, "contacts", [row[4] for row in found], ["name"]) if found else {}
        return tuple(
            OpenCallback(kind, i, title, due_at, rows.text_of(names, contact_id, "name"))
            for kind, i, title, due_at, contact_id in found
        )

    def _last_contacts(self, client_id: str, but_ticket_id: str) -> tuple[LastContact, ...]:
        sql = self._replica.sql
        found = queries.last_contacts(sql, client_id, but_ticket_id, _LAST_CONTACTS)
        wanted = {kind: [i for k, i, _ in found if k == kind] for kind in ("call", "ticket")}
        columns = ["channel", "direction", "result", "note", "topic_id", "talk_seconds"]
        calls = rows.by_id(sql, "interactions", wanted["call"], columns)
        tickets = rows.by_id(sql, "tickets", wanted["ticket"], ["channel", "subject", "topic_id"])
        shown: list[LastContact] = []
        for kind, row_id, at in found:
            row = calls[row_id] if kind == "call" else tickets[row_id]
            shown.append(
                LastContact(
                    kind=kind,
                    id=row_id,
                    view_kind=row["channel"],
                    direction=row.get("direction", ""),
                    result=row.get("result", ""),
                    title=row["subject"] if kind == "ticket" else note_title(row["note"]),
                    topic_path=self._lists.topic_path(row["topic_id"]),
                    at=at,
                    talk_seconds=row.get("talk_seconds", 0),
                )
            )
        return tuple(shown)


def read_authorities(text: str) -> tuple[str, ...]:
    """What a contact may ask for, in the order of the list."""
    stored = {part.strip() for part in text.split(",")}
    return tuple(authority for authority in AUTHORITIES if authority in stored)


def shown_number(e164: str, raw: str, home_region: str, extension: str = "") -> str:
    """A number as people write it here; what is no number as it came."""
    return phone.display(e164, home_region, extension) if e164 else raw


@lru_cache(maxsize=2048)
def zone_of_number(e164: str, home_region: str) -> str:
    """The time zone of a number from abroad where it has exactly one; '' at home, whose zones the client's own
    tells.
    """
    if not e164 or phone.is_at_home(e164, home_region):
        return ""
    import phonenumbers

    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return ""
    from phonenumbers import timezone

    found = timezone.time_zones_for_number(number)
    return str(found[0]) if len(found) == 1 and found[0] != timezone.UNKNOWN_TIMEZONE else ""
