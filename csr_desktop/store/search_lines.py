"""The lines of what was found: names, numbers and the part of a text that agrees, with marks for painting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from csr_desktop.domain.ids import provisional_label
from csr_desktop.domain.phone import display
from csr_desktop.domain.text import clean_line
from csr_desktop.store.search_documents import CALLS, FOLLOW_UPS, KIND_BITS, MESSAGES, NOTES, SOURCES, TICKETS
from csr_desktop.store.search_marks import Marker
from csr_desktop.store.search_people import SHOWN, Found
from csr_desktop.store.search_results import Hit

if TYPE_CHECKING:
    from csr_desktop.store.sql import Sql

_READ: Final = 20_000
_CONTACTS_COUNTED: Final = 200
TIME, STATE = 7, 8
"""Where a row that was read for a line has its time and state."""
FETCHED: Final = 12
"""Items of one kind that are read at once."""

_PEOPLE: Final = (
    "WITH wanted (place, client_id, contact_id, number_id) AS (VALUES "
    + ", ".join(f"({place}, ?, ?, ?)" for place in range(SHOWN))
    + ") SELECT w.client_id, w.contact_id, coalesce(c.name, ''), coalesce(c.city, ''), coalesce(c.status, ''), "
    "coalesce(p.name, ''), coalesce(p.is_active, 1), coalesce(n.raw, ''), "
    "coalesce(n.e164, ''), coalesce(n.extension, ''), "
    "CASE w.contact_id WHEN '' THEN (SELECT count(*) FROM (SELECT 1 FROM contacts k WHERE k.client_id = w.client_id "
    f"AND k.deleted = 0 LIMIT {_CONTACTS_COUNTED})) ELSE 0 END, w.number_id "
    "FROM wanted w LEFT JOIN clients c ON c.id = w.client_id AND c.deleted = 0 "
    "LEFT JOIN contacts p ON p.id = w.contact_id AND p.deleted = 0 "
    "LEFT JOIN phone_numbers n ON n.id = CASE WHEN w.number_id <> '' THEN w.number_id WHEN w.contact_id <> '' THEN "
    "(SELECT m.id FROM phone_numbers m WHERE m.contact_id = w.contact_id AND m.deleted = 0 LIMIT 1) ELSE '' END "
    "WHERE CASE w.contact_id WHEN '' THEN c.id ELSE p.id END IS NOT NULL ORDER BY w.place"
)
_COLUMNS: Final = {
    CALLS: "r.note, r.started_at, r.result, r.number, r.extension, r.channel, r.direction",
    TICKETS: "r.subject, max(r.last_message_at, r.opened_at), r.state, r.number, r.channel",
    MESSAGES: "r.body, r.written_at, r.kind, r.ticket_id, coalesce(t.number, 0)",
    NOTES: "r.body, r.written_at, ''",
    FOLLOW_UPS: "r.title, r.due_at, r.state, r.ticket_id",
}


def _question(kind: int) -> str:
    source = SOURCES[kind - 1]
    text, rest = _COLUMNS[kind].split(", ", 1)
    contact = "''" if kind == NOTES else "r.contact_id"
    ticket = "LEFT JOIN tickets t ON t.id = r.ticket_id AND t.deleted = 0 " if kind == MESSAGES else ""
    return (
        f"SELECT s.item, r.id, r.client_id, {contact}, coalesce(c.name, ''), coalesce(p.name, ''), "
        f"substr({text}, 1, {_READ}), {rest} "
        f"FROM search_items s JOIN {source.table} r ON r.rowid = s.place >> {KIND_BITS} "
        f"LEFT JOIN clients c ON c.id = r.client_id AND c.deleted = 0 {ticket}"
        f"LEFT JOIN contacts p ON p.id = {contact} AND p.deleted = 0 "
        f"WHERE s.item IN ({', '.join('?' * FETCHED)}) AND {source.is_found('r')}"
    )


_QUESTIONS: Final = {kind: _question(kind) for kind in _COLUMNS}


class Lines:
    """Makes lines for one search; `home_region` says how numbers are shown."""

    def __init__(self, sql: Sql, home_region: str, marker: Marker) -> None:
        self._sql = sql
        self._region = home_region
        self._marker = marker
        self._kinds: dict[int, Callable[..., Hit]] = {
            CALLS: self._call,
            TICKETS: self._ticket,
            MESSAGES: self._message,
            NOTES: self._note,
            FOLLOW_UPS: self._follow_up,
        }

    def people(self, found: Sequence[Found]) -> tuple[Hit, ...]:
        """In the given order."""
        lines: list[Hit] = []
        for start in range(0, len(found), SHOWN):
            some = found[start : start + SHOWN]
            values = [value for who in (*some, *([Found("", "")] * (SHOWN - len(some)))) for value in who]
            lines += (self._person(row) for row in self._sql.all(_PEOPLE, *values))
        return tuple(lines)

    def rows(self, kind: int, items: Sequence[int]) -> dict[int, tuple[Any, ...]]:
        """What `item` needs; what is gone meanwhile is left out."""
        found: dict[int, tuple[Any, ...]] = {}
        for start in range(0, len(items), FETCHED):
            some = items[start : start + FETCHED]
            wanted = (*some, *([0] * (FETCHED - len(some))))
            found.update((row[0], row) for row in self._sql.all(_QUESTIONS[kind], *wanted))
        return found

    def item(self, row: tuple[Any, ...]) -> Hit:
        """The line for one of `rows`."""
        return self._kinds[row[0] & (1 << KIND_BITS) - 1](*row[1:])

    def _person(self, row: tuple[Any, ...]) -> Hit:
        client_id, contact_id, client, city, status, name, is_active, raw, e164, extension, count, number_id = row
        number = display(e164, self._region, extension) if e164 else raw
        is_contact = bool(contact_id)
        return self._hit(
            name if is_contact else client,
            (client, number) if is_contact else (city, number if number_id else ""),
            kind="contact" if is_contact else "client",
            row_id=contact_id or client_id,
            client_id=client_id,
            contact_id=contact_id,
            number=e164,
            extension=extension,
            state=status,
            contact_count=count,
            is_past=status == "closed" or not is_active,
        )

    def _call(
        self, row_id: str, client_id: str, contact_id: str, client: str, contact: str, note: str, at: int, result: str,
        number: str, extension: str, channel: str, direction: str,
    ) -> Hit:  # fmt: skip
        who = [part for part in (contact, client, display(number, self._region, extension)) if part]
        title = self._marker.agreeing(note) or (who.pop(0) if who else "")
        return self._hit(
            title,
            who,
            kind="call",
            row_id=row_id,
            client_id=client_id,
            contact_id=contact_id,
            time_at=at,
            number=number if number.startswith("+") else "",
            extension=extension,
            state=result,
            channel=channel,
            direction=direction,
        )

    def _ticket(
        self, row_id: str, client_id: str, contact_id: str, client: str, contact: str, subject: str, at: int,
        state: str, number: int, channel: str,
    ) -> Hit:  # fmt: skip
        return self._hit(
            clean_line(subject),
            (f"#{number}" if number else provisional_label(row_id), *self._whose(client, contact)),
            kind="ticket",
            row_id=row_id,
            client_id=client_id,
            contact_id=contact_id,
            ticket_id=row_id,
            time_at=at,
            state=state,
            channel=channel,
            is_past=state in {"resolved", "closed"},
        )

    def _message(
        self, row_id: str, client_id: str, contact_id: str, client: str, contact: str, body: str, at: int, kind: str,
        ticket_id: str, number: int,
    ) -> Hit:  # fmt: skip
        return self._hit(
            self._marker.agreeing(body),
            (
                f"#{number}" if number else provisional_label(ticket_id) if ticket_id else "",
                *self._whose(client, contact),
            ),
            kind="message",
            row_id=row_id,
            client_id=client_id,
            contact_id=contact_id,
            ticket_id=ticket_id,
            time_at=at,
            state=kind,
        )

    def _note(
        self, row_id: str, client_id: str, contact_id: str, client: str, contact: str, body: str, at: int, state: str
    ) -> Hit:
        return self._hit(
            self._marker.agreeing(body),
            (client, contact),
            kind="note",
            row_id=row_id,
            client_id=client_id,
            contact_id=contact_id,
            time_at=at,
            state=state,
        )

    def _follow_up(
        self, row_id: str, client_id: str, contact_id: str, client: str, contact: str, title: str, at: int, state: str,
        ticket_id: str,
    ) -> Hit:  # fmt: skip
        return self._hit(
            clean_line(title),
            (contact, client),
            kind="follow_up",
            row_id=row_id,
            client_id=client_id,
            contact_id=contact_id,
            ticket_id=ticket_id,
            time_at=at,
            state=state,
            is_past=state != "open",
        )

    def _whose(self, client: str, contact: str) -> Sequence[str]:
        """The client; before it the contact by whom it was found, or who stands alone."""
        return (contact, client) if not client or self._marker.marks(contact) else (client,)

    def _hit(self, title: str, under: Sequence[str], **values: Any) -> Hit:
        subtitle = ", ".join(filter(None, under))
        marks = self._marker.marks
        return Hit(title=title, subtitle=subtitle, title_marks=marks(title), subtitle_marks=marks(subtitle), **values)
