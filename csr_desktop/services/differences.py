"""Fields that two people set without seeing each other's value: both values, whose stands, and setting the other one.

The server keeps the later edit. Nothing was refused, so this is no alarm; it is said where the field is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from csr_desktop.commands import catalogue
from csr_desktop.commands.clients import EditClient, EditContact
from csr_desktop.commands.command import EditRow, read_stamps
from csr_desktop.commands.tickets import EditTicket
from csr_desktop.domain.permissions import unknown
from csr_desktop.store.queries import rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from csr_desktop.services.lists import Lists
    from csr_desktop.services.outcome import Outcome
    from csr_desktop.services.people import People
    from csr_desktop.sync.replica import Replica

Value = str | int
_SHAPES: Final = {"clients": EditClient, "contacts": EditContact, "tickets": EditTicket}
_WORDS: Final = {"clients": "client_edited", "contacts": "contact_edited"}
_TICKET_WORDS: Final = {
    "priority": "ticket_priority",
    "topic_id": "ticket_topic",
    "client_id": "ticket_client",
    "contact_id": "ticket_client",
}
_NAMED: Final = {"clients": "name", "contacts": "name", "tickets": "subject"}


class Difference(msgspec.Struct, frozen=True):
    """I set a field to `mine`, somebody to `other`, None where that is not known any more; `mine_named` and
    `other_named` are names where the values are ids. `person` is the contact it is about, `other_by` may be empty;
    `other_at` is in milliseconds, 0 where it is not known.
    """

    command_id: str
    table: str
    row_id: str
    field: str
    is_mine_standing: bool
    mine: Value
    other: Value | None
    mine_named: str = ""
    other_named: str = ""
    other_by: str = ""
    other_at: int = 0
    person: str = ""


class Differences:
    def __init__(self, replica: Replica, people: People, lists: Lists) -> None:
        self._replica = replica
        self._people = people
        self._lists = lists

    def of_client(self, client_id: str) -> tuple[Difference, ...]:
        """Of the client and their contacts, oldest first."""

        def is_theirs(table: str, row: rows.Row) -> bool:
            return client_id == {"clients": row["id"], "contacts": row.get("client_id", "")}.get(table)

        return tuple(d for table, row, d in self._all() if is_theirs(table, row))

    def of_ticket(self, ticket_id: str) -> tuple[Difference, ...]:
        """Oldest first."""
        return tuple(d for table, row, d in self._all() if (table, row["id"]) == ("tickets", ticket_id))

    def keep(self, difference: Difference) -> None:
        """What stands is right: nothing is said about this field any more."""
        sql = self._replica.sql
        with sql.transaction():
            body = sql.value("SELECT body FROM needs_you WHERE id = ?", difference.command_id)
            command = catalogue.decode(bytes(body)) if body is not None else None
            if not isinstance(command, EditRow):
                return
            left = {field: change for field, change in command.changes.items() if field != difference.field}
            if left:
                body = catalogue.encode(msgspec.structs.replace(command, changes=left))
                sql.do("UPDATE needs_you SET body = ? WHERE id = ?", body, command.id)
            else:
                sql.do("DELETE FROM needs_you WHERE id = ?", command.id)

    def set_other(self, difference: Difference) -> Outcome:
        """Set the value that does not stand. Raises Refused as any edit does; then nothing has changed."""
        row = rows.one(self._replica.sql, difference.table, difference.row_id)
        value = difference.other if difference.is_mine_standing else difference.mine
        if row is None or value is None:
            raise unknown()
        shape = _SHAPES[difference.table]
        command = shape(row_id=difference.row_id, changes={difference.field: (row[difference.field], value)})
        code = _WORDS.get(difference.table) or _TICKET_WORDS.get(difference.field, "ticket_renamed")
        outcome = self._replica.do(command, words=f"{code}:{row[_NAMED[difference.table]]}")
        self.keep(difference)
        return outcome

    def _all(self) -> Iterator[tuple[str, rows.Row, Difference]]:
        sql = self._replica.sql
        for (body,) in sql.all("SELECT body FROM needs_you WHERE status = 'differs' ORDER BY answered_at, id"):
            command = catalogue.decode(bytes(body))
            if not isinstance(command, EditRow) or command.undoes or command.table not in _SHAPES:
                continue
            row = rows.one(sql, command.table, command.row_id)
            if row is None:
                continue
            set_since = self._set_since(command)
            for field, (was, becomes) in command.changes.items():
                if field in set_since:
                    continue
                found = self._difference(command, row, field, was, becomes)
                if found is not None:
                    yield command.table, row, found

    def _set_since(self, command: EditRow) -> set[str]:
        """The fields of its row that I have set later: what I meant before is no question any more."""
        written = "SELECT body FROM outbox UNION ALL SELECT body FROM sent"
        question = f"SELECT body FROM ({written}) WHERE instr(body, ?) > 0"
        later: set[str] = set()
        for (body,) in self._replica.sql.all(question, command.row_id.encode()):
            mine = catalogue.decode(bytes(body))
            if not isinstance(mine, EditRow) or mine.undoes or mine.at <= command.at:
                continue
            if (mine.table, mine.row_id) == (command.table, command.row_id):
                later |= mine.changes.keys()
        return later

    def _difference(self, command: EditRow, row: rows.Row, field: str, was: Value, mine: Value) -> Difference | None:
        """None where both set the same, or I have set it since at another workstation."""
        now, stamp = row[field], read_stamps(row).get(field)
        me = self._people.who().id
        is_mine_standing = stamp is not None and stamp.command_id == command.id
        by, at, other = "", 0, None
        if is_mine_standing:
            by, at, other = self._set_before(command, field, was)
        else:
            other = now
            line = self._line(stamp.command_id) if stamp is not None else None
            by, at = (line[0], line[1]) if line is not None else ("", stamp.at if stamp is not None else 0)
        if other == mine or (not is_mine_standing and by == me):
            return None
        return Difference(
            command_id=command.id,
            table=command.table,
            row_id=command.row_id,
            field=field,
            is_mine_standing=is_mine_standing,
            mine=mine,
            other=other,
            mine_named=self._named(field, mine),
            other_named=self._named(field, other) if other is not None else "",
            other_by=self._people.name(by) if by else "",
            other_at=at,
            person=row["name"] if command.table == "contacts" else "",
        )

    def _line(self, command_id: str) -> tuple[str, int] | None:
        """Author and time of an edit of a client or contact; those of tickets leave no line."""
        found = self._replica.sql.one("SELECT author_id, changed_at FROM changes WHERE id = ?", command_id)
        return (found[0], found[1]) if found else None

    def _set_before(self, command: EditRow, field: str, was: Value) -> tuple[str, int, Value | None]:
        """Who set the field between what I saw and what I set: author, time, value."""
        column = "contact_id" if command.table == "contacts" else "client_id"
        sql = (
            f"SELECT author_id, changed_at, fields FROM changes WHERE {column} = ? AND author_id <> ?"
            " AND changed_at <= ? AND deleted = 0 ORDER BY changed_at DESC, id DESC LIMIT 20"
        )
        for author_id, at, fields in self._replica.sql.all(sql, command.row_id, self._people.who().id, command.at):
            edits: dict[str, tuple[Any, Any]] = msgspec.json.decode(fields) if fields else {}
            if field in edits and edits[field][1] != was:
                return author_id, at, edits[field][1]
        return "", 0, None

    def _named(self, field: str, value: Value) -> str:
        text = str(value)
        if not text:
            return ""
        if field == "specialist_id":
            return self._people.name(text)
        if field == "topic_id":
            return " \u203a ".join(self._lists.topic_path(text))
        if field in {"client_id", "contact_id"}:
            table = "clients" if field == "client_id" else "contacts"
            return rows.text_of(rows.by_id(self._replica.sql, table, [text], ["name"]), text, "name")
        if field in {"calendar_id", "sla_policy_id"}:
            choices = self._lists.calendars() if field == "calendar_id" else self._lists.sla_policies()
            return dict(choices).get(text, "")
        return ""
