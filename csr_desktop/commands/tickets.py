"""Tickets: opening, messages, who has it, its state, its clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec

from csr_desktop.commands import reply_clock
from csr_desktop.commands.calls import CHANNELS
from csr_desktop.commands.command import (
    AddRow,
    Change,
    ChangeState,
    Command,
    EditRow,
    linked,
    may_be_given,
    name_of,
    readable,
    references,
)
from csr_desktop.commands.verifications import check_release, was_asked_on
from csr_desktop.commands.work import Images, Key, Row, Work
from csr_desktop.domain.caller_verification import REQUEST_KINDS, is_risky
from csr_desktop.domain.errors import Refused
from csr_desktop.domain.permissions import Person, may_lead, may_reassign, may_work_in, unknown

_REFERENCES = (("client_id", "clients"), ("contact_id", "contacts"), ("topic_id", "topics"))
PRIORITIES = ("low", "normal", "high", "urgent")
STATES = ("open", "waiting", "resolved", "closed")
MESSAGE_KINDS = ("inbound", "reply", "note", "event")


def clock_keys(row: Row | None) -> Iterator[Key]:
    if row is not None:
        yield "sla_policies", row["sla_policy_id"]
        yield "calendars", row["calendar_id"]


class OpenTicket(AddRow, frozen=True, kw_only=True, tag=True):
    """A new case. The server gives its number; its clock is that of the policy in force now."""

    table: ClassVar[str] = "tickets"
    scope: str
    subject: str
    client_id: str = ""
    contact_id: str = ""
    channel: str = "phone"
    topic_id: str = ""
    priority: str = "normal"
    assignee_id: str = ""
    sla_policy_id: str = ""
    calendar_id: str = ""
    is_reply_owed: bool = True
    kept: tuple[str, ...] = ()
    request_kind: str = ""

    def keys(self) -> Iterator[Key]:
        yield self.table, self.row_id
        yield "clients", self.client_id
        yield "contacts", self.contact_id
        yield "topics", self.topic_id
        yield "users", self.assignee_id
        yield "sla_policies", self.sla_policy_id
        yield "calendars", self.calendar_id

    def author(self, row: Row) -> str:
        return str(row["opened_by_id"])

    def permit_add(self, who: Person, work: Work) -> None:
        may_work_in(who, self.scope)
        references(who, work, self, self.table)
        may_be_given(who, work, self.scope, self.assignee_id)
        if self.priority not in PRIORITIES or self.channel not in CHANNELS or not self.subject:
            raise Refused("not_allowed", "A ticket needs a subject, a channel and a priority.")
        if self.request_kind not in REQUEST_KINDS:
            raise Refused("not_allowed", "Nobody can ask for that here.")

    def values(self, work: Work) -> dict[str, Any]:
        clock: dict[str, Any] = {"sla_policy_id": self.sla_policy_id, "calendar_id": self.calendar_id}
        if self.is_reply_owed:
            clock |= reply_clock.started(work, {**clock, "priority": self.priority}, self.at, "first")
        return {
            **clock,
            "scope": self.scope,
            "client_id": self.client_id,
            "contact_id": self.contact_id,
            "subject": self.subject,
            "channel": self.channel,
            "topic_id": self.topic_id,
            "priority": self.priority,
            "assignee_id": self.assignee_id,
            "assigned_at": self.at if self.assignee_id else 0,
            "opened_by_id": self.by,
            "opened_at": self.at,
            "last_message_at": self.at,
            "request_kind": self.request_kind,
        }


class AddMessage(AddRow, frozen=True, kw_only=True, tag=True):
    """A reply that was given, an internal note, or what the contact said.

    A reply stops the reply clock. An inbound message starts it, or ends its pause.
    """

    table: ClassVar[str] = "messages"
    ticket_id: str
    message_kind: str
    body: str
    contact_id: str = ""
    back: dict[str, Change] = {}  # noqa: RUF012  # msgspec copies it
    kept: tuple[str, ...] = ()

    def keys(self) -> Iterator[Key]:
        yield self.table, self.row_id
        yield "tickets", self.ticket_id
        yield "contacts", self.contact_id

    def author(self, row: Row) -> str:
        return str(row["author_id"]) or self.by  # what the contact said is the team's

    def permit(self, who: Person, work: Work) -> None:
        super().permit(who, work)
        row = work.get(self.table, self.row_id)
        if row is not None:
            may_work_in(who, row["scope"])
        if self.back and not (self.undoes and self._ticket_fields.issuperset(self.back)):
            raise Refused("not_allowed", "This cannot be taken back this way.")
        if row is not None and row["ticket_id"] != self.ticket_id:
            raise unknown()

    def permit_add(self, who: Person, work: Work) -> None:
        ticket = readable(who, work, "tickets", self.ticket_id)
        may_work_in(who, ticket["scope"])
        linked(who, work, "contacts", self.contact_id)
        if self.message_kind not in {"reply", "note", "inbound"} or not self.body.strip():
            raise Refused("not_allowed", "A message needs some text.")

    def values(self, work: Work) -> dict[str, Any]:
        ticket = work.get("tickets", self.ticket_id)
        assert ticket is not None  # noqa: S101  # permit has seen it
        return {
            "scope": ticket["scope"],
            "ticket_id": self.ticket_id,
            "client_id": ticket["client_id"],
            "kind": self.message_kind,
            "author_id": self.by if self.message_kind != "inbound" else "",
            "contact_id": self.contact_id,
            "body": self.body,
            "written_at": self.at,
        }

    _ticket_fields: ClassVar[frozenset[str]] = reply_clock.FIELDS | {"last_message_at", "first_replied_at"}

    def run(self, work: Work) -> bool:
        is_new = work.get(self.table, self.row_id) is None
        super().run(work)
        ticket = work.get("tickets", self.ticket_id)
        if ticket is None:
            return False
        if self.undoes:
            fields = self._taken_back(ticket, work)
        elif is_new:
            fields = self._effect(ticket, work)
        else:
            fields = {}
        if fields:
            work.put("tickets", self.ticket_id, **fields)
        return False

    def _effect(self, ticket: Row, work: Work) -> dict[str, Any]:
        fields: dict[str, Any] = {"last_message_at": max(self.at, ticket["last_message_at"])}
        if self.message_kind == "reply":
            fields |= reply_clock.STOPPED
            fields["first_replied_at"] = ticket["first_replied_at"] or self.at
        elif self.message_kind == "inbound" and not reply_clock.runs(ticket):
            work.fetch(clock_keys(ticket))
            resumed = reply_clock.resumed(work, ticket, self.at)
            fields |= resumed or reply_clock.started(work, ticket, self.at, "next")
        return fields

    def _taken_back(self, ticket: Row, work: Work) -> dict[str, Any]:
        """What still stands as this message left it goes back; of the clock all, or nothing."""
        is_as_left = all(ticket[f] == was for f, (was, _) in self.back.items() if f in reply_clock.FIELDS)
        fields = {
            f: becomes
            for f, (was, becomes) in self.back.items()
            if (is_as_left if f in reply_clock.FIELDS else ticket[f] == was)
        }
        if reply_clock.FIELDS.isdisjoint(fields):
            return fields
        work.fetch(clock_keys(ticket))
        return fields | reply_clock.aligned(work, {**ticket, **fields})

    def inverse(self, before: Images, work: Work) -> Command | None:
        found = super().inverse(before, work)
        old, new = before.get(("tickets", self.ticket_id)), work.get("tickets", self.ticket_id)
        if not isinstance(found, AddMessage) or old is None or new is None:
            return found
        back = {f: (new[f], old[f]) for f in sorted(self._ticket_fields) if new[f] != old[f]}
        return msgspec.structs.replace(found, back=back)


class EditTicket(EditRow, frozen=True, kw_only=True, tag=True):
    """Subject, priority, topic, contact. A new priority changes only the time that remains. For whom something risky
    is done is evidence: it changes by a lead's word, or where the new one was asked on this very ticket.
    """

    table: ClassVar[str] = "tickets"
    editable: ClassVar[frozenset[str]] = frozenset({"subject", "priority", "topic_id", "contact_id", "client_id"})
    kept: tuple[str, ...] = ()

    def permit_edit(self, who: Person, row: Row, work: Work) -> None:
        may_work_in(who, row["scope"])
        if is_risky(row["request_kind"]) and not {"client_id", "contact_id"}.isdisjoint(self.changes):
            self._permit_other_asker(who, row, work)
        for field, table in _REFERENCES:
            if field in self.changes and not self.undoes:
                linked(who, work, table, self.changes[field][1])

    def _permit_other_asker(self, who: Person, row: Row, work: Work) -> None:
        if row["state"] in {"open", "waiting"} and (self.undoes or not row["contact_id"]):
            return
        becomes = {**row, **{field: value for field, (_, value) in self.changes.items()}}
        if row["state"] in {"resolved", "closed"} or not was_asked_on(work, becomes):
            may_lead(who, row["scope"])

    def check(self, field: str, value: Any) -> None:
        if (field == "priority" and value not in PRIORITIES) or (field == "subject" and not value.strip()):
            raise Refused("not_allowed", "A ticket needs a subject and one of the priorities.")

    def run(self, work: Work) -> bool:
        before = work.get(self.table, self.row_id)
        differs = super().run(work)
        after = work.get(self.table, self.row_id)
        if before is not None and after is not None and before["priority"] != after["priority"]:
            work.fetch(clock_keys(after))
            fields = reply_clock.prioritised(work, after, before["priority"], self.at)
            if any(after[f] != value for f, value in fields.items()):
                work.put(self.table, self.row_id, **fields)
        return differs


class _OnTicket(ChangeState, frozen=True, kw_only=True):
    """A change of state that leaves a line in the conversation, under the command's own id."""

    table: ClassVar[str] = "tickets"

    def keys(self) -> Iterator[Key]:
        yield self.table, self.row_id
        yield "messages", self.undoes or self.id

    def words(self, work: Work) -> str:
        """The line, as plain English for the record."""
        raise NotImplementedError

    def run(self, work: Work) -> bool:
        before = work.get(self.table, self.row_id)
        super().run(work)
        after = work.get(self.table, self.row_id)
        assert after is not None  # noqa: S101  # permit has seen it
        if self.undoes:
            line = work.get("messages", self.undoes)
            is_its_own = line is not None and (line["kind"], line["author_id"]) == ("event", self.by)
            if line is not None and is_its_own and line["ticket_id"] == self.row_id and not line["deleted"]:
                work.put("messages", self.undoes, deleted=1)
        elif before is not after and work.get("messages", self.id) is None:
            work.put(
                "messages",
                self.id,
                scope=after["scope"],
                ticket_id=self.row_id,
                client_id=after["client_id"],
                kind="event",
                author_id=self.by,
                body=self.words(work),
                written_at=self.at,
            )
        return False


class AssignTicket(_OnTicket, frozen=True, kw_only=True, tag=True):
    """Claim, give away or release: guarded by who has it now."""

    restorable: ClassVar[frozenset[str]] = frozenset({"assignee_id", "assigned_at"})
    was_id: str
    becomes_id: str

    def keys(self) -> Iterator[Key]:
        yield from super().keys()
        yield "users", self.becomes_id

    def permit_change(self, who: Person, row: Row, work: Work) -> None:
        if self.undoes or row["assignee_id"] != self.was_id:
            may_work_in(who, row["scope"])  # taken meanwhile: `effect` says by whom
        else:
            may_reassign(who, row["scope"], row["assignee_id"], self.becomes_id)
        if not self.undoes and row["assignee_id"] != self.becomes_id:
            may_be_given(who, work, row["scope"], self.becomes_id)

    def effect(self, row: Row, work: Work) -> dict[str, Any]:
        if row["assignee_id"] == self.becomes_id:
            return {}
        if row["assignee_id"] != self.was_id:
            raise Refused("taken", f"{name_of(work, row['assignee_id'])} has this ticket now.")
        return {"assignee_id": self.becomes_id, "assigned_at": self.at if self.becomes_id else 0}

    def words(self, work: Work) -> str:
        if not self.becomes_id:
            return "Put back for anyone to take"
        if self.becomes_id == self.by:
            return f"Taken by {name_of(work, self.by)}"
        return f"Assigned to {name_of(work, self.becomes_id)}"


class ChangeTicketState(_OnTicket, frozen=True, kw_only=True, tag=True):
    """Open, waiting for the client, resolved, closed. What is reopened owes a reply from now, not from its birth; while
    the client is waited for the reply clock stands still, and open again it runs on with what was left.
    """

    restorable: ClassVar[frozenset[str]] = reply_clock.FIELDS | {"state", "resolved_at"}
    was: str
    becomes: str

    def permit_change(self, who: Person, row: Row, work: Work) -> None:
        may_work_in(who, row["scope"])
        becomes = self.back["state"][1] if "state" in self.back else self.becomes
        if becomes not in STATES:
            raise Refused("not_allowed", "A ticket has no such state.")
        # A lead closes what nobody may do: else what a swindler asked for would be open for ever.
        is_closed_undone = becomes == "closed" and who.is_lead
        is_done = row["state"] == becomes or (row["state"], becomes) == ("resolved", "closed")
        if becomes in {"resolved", "closed"} and not is_done and not is_closed_undone:
            check_release(work, row, self.at)

    def effect(self, row: Row, work: Work) -> dict[str, Any]:
        if row["state"] == self.becomes:
            return {}
        if row["state"] != self.was:
            raise Refused("changed", f"This ticket is “{row['state']}” by now.", "Look at it again.")
        fields: dict[str, Any] = {"state": self.becomes, "resolved_at": 0}
        if self.becomes in {"resolved", "closed"}:
            return {**fields, **reply_clock.STOPPED, "resolved_at": row["resolved_at"] or self.at}
        work.fetch(clock_keys(row))
        if self.becomes == "waiting":
            return fields | reply_clock.paused(work, row, self.at)
        if self.was == "waiting":
            return fields | reply_clock.resumed(work, row, self.at)
        return fields | reply_clock.started(work, row, self.at, "next")

    def run(self, work: Work) -> bool:
        super().run(work)
        row = work.get(self.table, self.row_id)
        if self.undoes and row is not None:
            work.fetch(clock_keys(row))
            fields = reply_clock.aligned(work, row)  # the priority may be another one by now
            if any(row[f] != value for f, value in fields.items()):
                work.put(self.table, self.row_id, **fields)
        return False

    def words(self, work: Work) -> str:
        words = {
            "open": "Reopened" if self.was in {"resolved", "closed"} else "Set to open",
            "waiting": "Waiting for the client",
        }
        return words.get(self.becomes, self.becomes.capitalize())


class NameRequest(_OnTicket, frozen=True, kw_only=True, tag=True):
    """Says what the ticket asks for. What was said to be risky only a lead says to be something else, and what is over
    is said to have been risky by a lead, or where it may be carried out.
    """

    restorable: ClassVar[frozenset[str]] = frozenset({"request_kind"})
    was: str
    becomes: str

    def permit_change(self, who: Person, row: Row, work: Work) -> None:
        may_work_in(who, row["scope"])
        if self.becomes not in REQUEST_KINDS:
            raise Refused("not_allowed", "Nobody can ask for that here.")
        becomes = self.back["request_kind"][1] if "request_kind" in self.back else self.becomes
        if becomes == row["request_kind"] or (who.is_lead and row["scope"] in who.teams):
            return
        if is_risky(row["request_kind"]):
            may_lead(who, row["scope"])
        if row["state"] in {"resolved", "closed"}:
            check_release(work, {**row, "request_kind": becomes}, self.at)

    def effect(self, row: Row, work: Work) -> dict[str, Any]:
        if row["request_kind"] == self.becomes:
            return {}
        if row["request_kind"] != self.was:
            raise Refused("changed", "Somebody said otherwise of this ticket meanwhile.", "Look at it again.")
        return {"request_kind": self.becomes}

    def words(self, work: Work) -> str:
        return f"Asked for: {self.becomes.replace('_', ' ')}" if self.becomes else "No request any more"


class EscalateTicket(_OnTicket, frozen=True, kw_only=True, tag=True):
    """Hands the case up: it shows under “Escalated” for whom it was given to."""

    restorable: ClassVar[frozenset[str]] = frozenset({"escalated_to_id", "escalated_at"})
    to_id: str
    reason: str = ""
    kept: tuple[str, ...] = ()

    def keys(self) -> Iterator[Key]:
        yield from super().keys()
        yield "users", self.to_id

    def permit_change(self, who: Person, row: Row, work: Work) -> None:
        may_work_in(who, row["scope"])
        if not self.undoes and row["escalated_to_id"] != self.to_id:
            may_be_given(who, work, row["scope"], self.to_id, to_managers=True)

    def effect(self, row: Row, work: Work) -> dict[str, Any]:
        if row["escalated_to_id"] == self.to_id:
            return {}
        return {"escalated_to_id": self.to_id, "escalated_at": self.at if self.to_id else 0}

    def words(self, work: Work) -> str:
        if not self.to_id:
            return "Escalation ended"
        return f"Escalated to {name_of(work, self.to_id)}" + (f": {self.reason}" if self.reason else "")
