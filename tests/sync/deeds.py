"""What the simulated people do at their desks: commands made from what their screens show."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from csr_desktop.commands import calls, clients, follow_ups, saved_filters, tickets, verifications
from csr_desktop.commands.command import Command, EditRow
from csr_desktop.domain.permissions import Person
from tests.sync.desks import Desk

TEAMS = ("team-a", "team-b", "team-c")
CLIENTS, CONTACTS = ("client-0", "client-1", "client-2"), ("contact-0", "contact-1")
EDITED = {"clients": ("name", "city", "alert"), "contacts": ("name", "title")}
MINUTE = 60_000
NUMBER = "+12125550101"
"""From which everybody calls, and which comes to belong to several."""


class Deeds:
    """One person's wish, drawn from the world's randomness."""

    def __init__(self, desk: Desk, who: Person, randomness: random.Random) -> None:
        self._desk, self._who, self._random = desk, who, randomness
        self._new_id = desk.new_id
        self._now = desk.clock()
        self._scope = randomness.choice(sorted(who.teams))

    def wish(self) -> list[Command]:
        """A group of commands, none when there is nothing to do it to."""
        return self._random.choice(_KINDS)(self)

    def _some(self, table: str) -> str:
        return self._random.choice(self._desk.rows(table) or [""])

    def _row(self, table: str) -> dict[str, Any] | None:
        row_id = self._some(table)
        return self._desk.replica.sql.load(table, [row_id]).get(row_id)

    def _colleague(self) -> str:
        return self._random.choice([self._who.id, "", self._some("users")])

    # Calls

    def log(self, ticket_id: str | None = None) -> list[Command]:
        linked = self._random.choice(["", self._some("tickets")]) if ticket_id is None else ticket_id
        return [
            calls.LogInteraction(
                row_id=self._new_id(), scope=self._scope, client_id=self._some("clients"), ticket_id=linked,
                result=self._random.choice(["handled", "missed"]), number=NUMBER, started_at=self._now - MINUTE, ended_at=self._now,
            )
        ]  # fmt: skip

    def correct(self) -> list[Command]:
        row = self._row("interactions")
        if row is None:
            return []
        return [
            calls.EditInteraction(row_id=row["id"], changes={"note": (row["note"], f"n{self._random.randint(1, 9)}")})
        ]

    def call_back(self) -> list[Command]:
        row = self._row("interactions")
        return [calls.ReturnMissedCall(row_id=row["id"])] if row is not None else []

    # What is a person's own

    def keep_filter(self) -> list[Command]:
        mine = self._row("saved_filters")
        if mine is None or self._random.random() < 0.5:
            name = f"Filter {self._random.randint(1, 9)}"
            return [saved_filters.AddSavedFilter(row_id=self._new_id(), name=name, body="{}")]
        if self._random.random() < 0.3:
            return [saved_filters.RemoveSavedFilter(row_id=mine["id"])]
        changes = {"name": (mine["name"], f"Filter {self._random.randint(1, 9)}")}
        return [saved_filters.EditSavedFilter(row_id=mine["id"], changes=changes)]

    def attach(self) -> list[Command]:
        """The number is somebody's, and some call from it is theirs."""
        contact, call = self._row("contacts"), self._row("interactions")
        if contact is None or call is None:
            return []
        number_id = self._new_id()
        becomes = {"client_id": contact["client_id"], "contact_id": contact["id"]}
        return [
            clients.AddNumber(row_id=number_id, raw="555-0101", e164=NUMBER, **becomes),
            calls.ResolveCaller(
                row_id=call["id"],
                number_id=number_id,
                changes={field: (call[field], value) for field, value in becomes.items()},
            ),
        ]

    # Clients

    def edit_client(self) -> list[Command]:
        return self._edit("clients", clients.EditClient)

    def edit_contact(self) -> list[Command]:
        return self._edit("contacts", clients.EditContact)

    def _edit(self, table: str, edit: type[EditRow]) -> list[Command]:
        row = self._row(table)
        if row is None:
            return []
        fields = self._random.sample(EDITED[table], self._random.randint(1, 2))
        changes = {f: (row[f], f"{f}{self._random.randint(1, 99)}") for f in fields}
        return [edit(row_id=row["id"], changes=changes)]

    def note(self) -> list[Command]:
        return [clients.AddNote(row_id=self._new_id(), client_id=self._some("clients"), body="b")]

    def number(self) -> list[Command]:
        number = self._some("phone_numbers")
        if number and self._random.random() < 0.4:
            return [clients.RemoveNumber(row_id=number)]
        return [clients.AddNumber(row_id=self._new_id(), client_id=self._some("clients"), raw="555-0101", e164=NUMBER)]

    # Tickets

    def open_ticket(self) -> list[Command]:
        return [
            tickets.OpenTicket(
                row_id=self._new_id(), scope=self._scope, client_id=self._some("clients"), subject="s",
                sla_policy_id=self._some("sla_policies"), calendar_id=self._some("calendars"),
                contact_id=self._some("contacts"), request_kind=self._random.choice(["", "", "bank_change"]),
            )
        ]  # fmt: skip

    def group(self) -> list[Command]:
        """A call with its ticket and promise: saved, and taken back, at once."""
        opened = tickets.OpenTicket(
            row_id=self._new_id(), scope=self._scope, client_id=self._some("clients"), subject="s"
        )
        return [opened, *self.log(opened.row_id), *self.promise(opened.row_id)]

    def claim(self) -> list[Command]:
        row = self._row("tickets")
        if row is None:
            return []
        return [tickets.AssignTicket(row_id=row["id"], was_id=row["assignee_id"], becomes_id=self._colleague())]

    def change_state(self) -> list[Command]:
        row = self._row("tickets")
        if row is None:
            return []
        becomes = self._random.choice(tickets.STATES)
        return [tickets.ChangeTicketState(row_id=row["id"], was=row["state"], becomes=becomes)]

    def priority(self) -> list[Command]:
        row = self._row("tickets")
        if row is None:
            return []
        becomes = self._random.choice(["low", "normal", "high"])
        return [tickets.EditTicket(row_id=row["id"], changes={"priority": (row["priority"], becomes)})]

    def escalate(self) -> list[Command]:
        row = self._row("tickets")
        return [tickets.EscalateTicket(row_id=row["id"], to_id=self._colleague())] if row is not None else []

    def message(self) -> list[Command]:
        ticket_id = self._some("tickets")
        if not ticket_id:
            return []
        kind = self._random.choice(["reply", "note", "inbound"])
        return [tickets.AddMessage(row_id=self._new_id(), ticket_id=ticket_id, message_kind=kind, body="b")]

    # Verification

    def verify(self) -> list[Command]:
        contact = self._row("contacts")
        if contact is None:
            return []
        numbers = self._desk.rows("phone_numbers")
        number_id = self._random.choice([*numbers, ""])
        return [
            verifications.AddVerification(
                row_id=self._new_id(), scope=self._scope, client_id=contact["client_id"], contact_id=contact["id"],
                asked=(("company_id", True, self._now), ("pay_total", self._random.random() < 0.8, self._now)),
                ticket_id=self._random.choice(["", self._some("tickets")]), number_id=number_id,
                called_back_at=self._now if number_id else 0,
                request_kind=self._random.choice(["", "bank_change"]),
            )
        ]  # fmt: skip

    def stand_for(self) -> list[Command]:
        row_id = self._some("verifications")
        if self._random.random() < 0.5:
            return [verifications.ApproveVerification(row_id=row_id)]
        return [verifications.CallBackKnownNumber(row_id=row_id, number_id=self._some("phone_numbers"))]

    def name_request(self) -> list[Command]:
        row = self._row("tickets")
        if row is None:
            return []
        becomes = self._random.choice(["", "refund", "bank_change"])
        return [tickets.NameRequest(row_id=row["id"], was=row["request_kind"], becomes=becomes)]

    # Follow-ups

    def promise(self, ticket_id: str | None = None) -> list[Command]:
        linked = self._random.choice(["", self._some("tickets")]) if ticket_id is None else ticket_id
        return [
            follow_ups.AddFollowUp(
                row_id=self._new_id(), scope=self._scope, follow_up_kind="promise", title="x",
                due_at=self._now + 60 * MINUTE, client_id=self._some("clients"), ticket_id=linked,
            )
        ]  # fmt: skip

    def complete(self) -> list[Command]:
        row = self._row("follow_ups")
        if row is None:
            return []
        if row["state"] == "done":
            return [follow_ups.ReopenFollowUp(row_id=row["id"], was_at=row["completed_at"])]
        return [follow_ups.CompleteFollowUp(row_id=row["id"], outcome="kept")]

    def renegotiate(self) -> list[Command]:
        row = self._row("follow_ups")
        if row is None:
            return []
        becomes_at = self._now + self._random.randint(1, 99) * MINUTE
        return [follow_ups.RenegotiateFollowUp(row_id=row["id"], was_at=row["due_at"], becomes_at=becomes_at)]

    def put_off(self) -> list[Command]:
        row = self._row("follow_ups")
        if row is None:
            return []
        if self._random.random() < 0.5:
            return [follow_ups.SnoozeFollowUp(row_id=row["id"], until_at=self._now + MINUTE)]
        becomes_id = self._colleague() or self._who.id
        return [follow_ups.ReassignFollowUp(row_id=row["id"], was_id=row["assignee_id"], becomes_id=becomes_id)]


_KINDS: tuple[Callable[[Deeds], list[Command]], ...] = (
    Deeds.log,
    Deeds.log,
    Deeds.correct,
    Deeds.call_back,
    Deeds.keep_filter,
    Deeds.attach,
    Deeds.edit_client,
    Deeds.edit_client,
    Deeds.edit_client,
    Deeds.edit_contact,
    Deeds.note,
    Deeds.number,
    Deeds.open_ticket,
    Deeds.group,
    Deeds.claim,
    Deeds.claim,
    Deeds.change_state,
    Deeds.change_state,
    Deeds.priority,
    Deeds.escalate,
    Deeds.message,
    Deeds.promise,
    Deeds.complete,
    Deeds.renegotiate,
    Deeds.put_off,
    Deeds.verify,
    Deeds.stand_for,
    Deeds.name_request,
)
