"""A person's day as twenty deeds, each of which leaves a mark that is found on the server once; and where it starts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

from csr_desktop.commands import calls, clients, follow_ups, tickets
from csr_desktop.commands.command import Command
from csr_desktop.commands.work import Work
from csr_desktop.domain import business_calendar
from csr_desktop.domain.ids import NewId
from csr_desktop.domain.permissions import ORGANISATION
from csr_desktop.server.ledger import Ledger
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import new_row

NOW = 1_778_594_400_000
TEAM, USER, DEVICE = "team", "user", "device"
COUNT = 20
UNDO_OF_10 = 11
UNMARKED = frozenset({7, 8, 9, 10, UNDO_OF_10, 14, 15})
"""Changes of what is there already, and what is taken back."""


def furnish(sql: Sql, ledger: Ledger) -> None:
    """A client with two tickets and two promises, one team with one person, and their workstation."""
    hours = business_calendar.encode(business_calendar.BusinessCalendar("UTC", (((0, 1440),),) * 7))
    with sql.transaction():
        work = Work(sql.load, new_row)
        work.put("teams", TEAM, scope=ORGANISATION, name="Team one")
        work.put("users", USER, scope=ORGANISATION, name="Sam Sample", login="sam", role="csr")
        work.put("memberships", "membership", scope=ORGANISATION, user_id=USER, team_id=TEAM)
        work.put("clients", "client", scope=ORGANISATION, name="Example Inc.", city="c0")
        work.put("contacts", "contact", scope=ORGANISATION, client_id="client", name="Pat Placeholder", title="t0")
        work.put("calendars", "hours", scope=ORGANISATION, name="Always", body=hours)
        work.put("tickets", "ticket", scope=TEAM, client_id="client", subject="s")
        for row_id in ("promise", "other promise"):
            work.put("follow_ups", row_id, scope=TEAM, client_id="client", kind="promise", title="x", assignee_id=USER,
                     created_by_id=USER, due_at=NOW, moves="[]", state="open")  # fmt: skip
        ledger.write(work)
        columns = "id, user_id, name, public_key, registered_at, seen_at, revoked_at, seq"
        sql.do(f"INSERT INTO devices ({columns}) VALUES (?, ?, '', ?, 0, 0, 0, 0)", DEVICE, USER, b"")


class Screen:
    """What a deed's commands are made from: the rows as they stand, new ids, the time."""

    def __init__(self, sql: Sql, new_id: NewId, now: Callable[[], int]) -> None:
        self._sql, self._new, self._now = sql, new_id, now

    def commands(self, number: int) -> list[Command]:
        """Of any deed but the undo; a repeated one is made anew."""
        return _DEEDS.get(number, Screen.note)(self, f"deed {number}")

    def _row(self, table: str, row_id: str) -> dict[str, Any]:
        return self._sql.load(table, [row_id])[row_id]

    def note(self, mark: str) -> list[Command]:
        return [clients.AddNote(row_id=self._new(), client_id="client", body=mark)]

    def call(self, mark: str) -> list[Command]:
        now = self._now()
        called = calls.LogInteraction(
            row_id=self._new(), scope=TEAM, client_id="client", started_at=now - 9, ended_at=now, note=mark
        )
        return [called]

    def ticket(self, mark: str) -> list[Command]:
        return [tickets.OpenTicket(row_id=self._new(), scope=TEAM, client_id="client", subject=mark)]

    def message(self, mark: str) -> list[Command]:
        return [tickets.AddMessage(row_id=self._new(), ticket_id="ticket", message_kind="reply", body=mark)]

    def city(self, mark: str) -> list[Command]:
        return [clients.EditClient(row_id="client", changes={"city": (self._row("clients", "client")["city"], mark)})]

    def title(self, mark: str) -> list[Command]:
        was = self._row("contacts", "contact")["title"]
        return [clients.EditContact(row_id="contact", changes={"title": (was, mark)})]

    def task(self, mark: str) -> list[Command]:
        return [follow_ups.AddFollowUp(row_id=self._new(), scope=TEAM, follow_up_kind="task", title=mark, due_at=NOW)]

    def group(self, mark: str) -> list[Command]:
        case = tickets.OpenTicket(row_id=self._new(), scope=TEAM, client_id="client", subject="of a call")
        now = self._now()
        called = calls.LogInteraction(
            row_id=self._new(), scope=TEAM, ticket_id=case.row_id, started_at=now - 9, ended_at=now
        )
        return [case, called, *self.note(mark)]

    def claim(self, _mark: str) -> list[Command]:
        was = self._row("tickets", "ticket")["assignee_id"]
        return [tickets.AssignTicket(row_id="ticket", was_id=was, becomes_id=USER)]

    def wait(self, _mark: str) -> list[Command]:
        was = self._row("tickets", "ticket")["state"]
        return [tickets.ChangeTicketState(row_id="ticket", was=was, becomes="waiting")]

    def go_on(self, _mark: str) -> list[Command]:
        was = self._row("tickets", "ticket")["state"]
        return [tickets.ChangeTicketState(row_id="ticket", was=was, becomes="open")]

    def number(self, mark: str) -> list[Command]:
        return [clients.AddNumber(row_id=self._new(), client_id="client", raw="555-0101", label=mark)]

    def complete(self, _mark: str) -> list[Command]:
        return [follow_ups.CompleteFollowUp(row_id="promise", outcome="kept")]

    def renegotiate(self, _mark: str) -> list[Command]:
        was_at = self._row("follow_ups", "other promise")["due_at"]
        return [follow_ups.RenegotiateFollowUp(row_id="other promise", was_at=was_at, becomes_at=NOW + 9)]


_DEEDS: dict[int, Callable[[Screen, str], list[Command]]] = {
    1: Screen.call,
    2: Screen.ticket,
    3: Screen.message,
    4: Screen.city,
    5: Screen.task,
    6: Screen.group,
    7: Screen.claim,
    8: Screen.wait,
    9: Screen.go_on,
    12: Screen.number,
    13: Screen.title,
    14: Screen.complete,
    15: Screen.renegotiate,
    17: Screen.call,
    19: Screen.message,
}


def check_done_once(sql: Sql) -> None:
    """Of the server's database: every deed took effect, and none twice."""
    columns = (("notes", "body"), ("interactions", "note"), ("tickets", "subject"), ("messages", "body"),
               ("clients", "city"), ("follow_ups", "title"), ("phone_numbers", "label"), ("contacts", "title"))  # fmt: skip
    texts = [
        text for table, column in columns for (text,) in sql.all(f"SELECT {column} FROM {table} WHERE deleted = 0")
    ]
    found = Counter(text for text in texts if text.startswith("deed "))
    assert found == Counter(f"deed {number}" for number in range(COUNT) if number not in UNMARKED)
    assert sql.all("SELECT assignee_id, state FROM tickets WHERE id = 'ticket'") == [(USER, "open")]
    assert sql.value("SELECT COUNT(*) FROM tickets") == 3
    assert sql.all("SELECT state FROM follow_ups WHERE id = 'promise'") == [("done",)]
    assert len(msgspec.json.decode(sql.value("SELECT moves FROM follow_ups WHERE id = 'other promise'"))) == 1
    assert sql.value("SELECT COUNT(*) FROM messages WHERE kind = 'event'") == 3
