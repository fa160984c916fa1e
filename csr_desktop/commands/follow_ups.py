"""Follow-ups: what has to be done by a time, promises to clients among them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec

from csr_desktop.commands.command import AddRow, ChangeState, EditRow, may_be_given, name_of, references
from csr_desktop.commands.work import Key, Row, Work
from csr_desktop.domain.errors import Refused
from csr_desktop.domain.permissions import Person, may_reassign, may_work_in

KINDS = ("callback", "promise", "check_in", "task", "deadline")
OUTCOMES = ("kept", "broken", "reached", "no_answer", "left_message", "done")


class AddFollowUp(AddRow, frozen=True, kw_only=True, tag=True):
    """Something to do by `due_at`. A promise is one that the client was told of."""

    table: ClassVar[str] = "follow_ups"
    scope: str
    follow_up_kind: str
    title: str
    due_at: int
    client_id: str = ""
    contact_id: str = ""
    ticket_id: str = ""
    interaction_id: str = ""
    assignee_id: str = ""
    kept: tuple[str, ...] = ()

    def keys(self) -> Iterator[Key]:
        yield self.table, self.row_id
        yield "clients", self.client_id
        yield "contacts", self.contact_id
        yield "tickets", self.ticket_id
        yield "interactions", self.interaction_id
        yield "users", self.assignee_id

    def author(self, row: Row) -> str:
        return str(row["created_by_id"])

    def permit_add(self, who: Person, work: Work) -> None:
        may_work_in(who, self.scope)
        references(who, work, self, self.table)
        may_be_given(who, work, self.scope, self.assignee_id)
        if self.follow_up_kind not in KINDS or not self.title.strip() or self.due_at <= 0:
            raise Refused("not_allowed", "A follow-up needs words and a time.")

    def values(self, work: Work) -> dict[str, Any]:
        return {
            "scope": self.scope,
            "client_id": self.client_id,
            "contact_id": self.contact_id,
            "ticket_id": self.ticket_id,
            "interaction_id": self.interaction_id,
            "kind": self.follow_up_kind,
            "title": self.title,
            "assignee_id": self.assignee_id or self.by,
            "created_by_id": self.by,
            "created_at": self.at,
            "due_at": self.due_at,
            "first_due_at": self.due_at,
        }


class _OnFollowUp(ChangeState, frozen=True, kw_only=True):
    table: ClassVar[str] = "follow_ups"

    def permit_change(self, who: Person, row: Row, work: Work) -> None:
        may_work_in(who, row["scope"])

    @staticmethod
    def must_be_open(row: Row, work: Work) -> None:
        if row["state"] != "open":
            raise Refused("taken", f"{name_of(work, row['completed_by_id'])} has completed this already.")


class CompleteFollowUp(_OnFollowUp, frozen=True, kw_only=True, tag=True):
    """Done, with its outcome. A promise completed after it was due is not kept on time, whatever the outcome says."""

    restorable: ClassVar[frozenset[str]] = frozenset(
        {"state", "outcome", "outcome_note", "completed_by_id", "completed_at"}
    )
    outcome: str
    outcome_note: str = ""
    kept: tuple[str, ...] = ()

    def permit_change(self, who: Person, row: Row, work: Work) -> None:
        super().permit_change(who, row, work)
        if self.outcome not in OUTCOMES:
            raise Refused("not_allowed", "There is no such outcome.")

    def effect(self, row: Row, work: Work) -> dict[str, Any]:
        if row["state"] == "done" and (row["completed_by_id"], row["completed_at"]) == (self.by, self.at):
            return {}
        self.must_be_open(row, work)
        return {
            "state": "done",
            "outcome": self.outcome,
            "outcome_note": self.outcome_note,
            "completed_by_id": self.by,
            "completed_at": self.at,
        }


class ReopenFollowUp(_OnFollowUp, frozen=True, kw_only=True, tag=True):
    """It is not done after all: the completion of `was_at` no longer counts, whichever it is where that is 0, as in
    commands that were stored before it was said.
    """

    restorable: ClassVar[frozenset[str]] = CompleteFollowUp.restorable
    was_at: int = 0
    kept: tuple[str, ...] = ()

    def effect(self, row: Row, work: Work) -> dict[str, Any]:
        if row["state"] == "open":
            return {}
        if row["state"] != "done" or self.was_at not in {0, row["completed_at"]}:
            by = name_of(work, row["completed_by_id"])
            raise Refused("changed", f"{by} has completed this again meanwhile.", "Look at it again.")
        return {"state": "open", "outcome": "", "outcome_note": "", "completed_by_id": "", "completed_at": 0}


class SnoozeFollowUp(_OnFollowUp, frozen=True, kw_only=True, tag=True):
    """Out of sight until then; when it is due stays as it was."""

    restorable: ClassVar[frozenset[str]] = frozenset({"snoozed_until_at"})
    until_at: int

    def effect(self, row: Row, work: Work) -> dict[str, Any]:
        self.must_be_open(row, work)
        return {"snoozed_until_at": self.until_at}


class RenegotiateFollowUp(_OnFollowUp, frozen=True, kw_only=True, tag=True):
    """A new time that the client agreed to; the old one, the reason and who moved it stay on record."""

    restorable: ClassVar[frozenset[str]] = frozenset({"due_at", "moves", "snoozed_until_at"})
    was_at: int
    becomes_at: int
    reason: str = ""
    kept: tuple[str, ...] = ()

    def effect(self, row: Row, work: Work) -> dict[str, Any]:
        moves = msgspec.json.decode(row["moves"])
        move = [self.was_at, self.becomes_at, self.reason, self.by, self.at]
        if move in moves:
            return {}
        self.must_be_open(row, work)
        if row["due_at"] != self.was_at:
            raise Refused("changed", "Its time was moved meanwhile.", "Look at the new time first.")
        if self.becomes_at <= 0:
            raise Refused("not_allowed", "A follow-up needs a time.")
        return {"due_at": self.becomes_at, "snoozed_until_at": 0, "moves": msgspec.json.encode([*moves, move]).decode()}


class ReassignFollowUp(_OnFollowUp, frozen=True, kw_only=True, tag=True):
    """Somebody else will do it."""

    restorable: ClassVar[frozenset[str]] = frozenset({"assignee_id"})
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
        self.must_be_open(row, work)
        if row["assignee_id"] != self.was_id:
            raise Refused("taken", f"{name_of(work, row['assignee_id'])} has this now.")
        return {"assignee_id": self.becomes_id}


class EditFollowUp(EditRow, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "follow_ups"
    structured: ClassVar[frozenset[str]] = frozenset({"moves"})
    editable: ClassVar[frozenset[str]] = frozenset({"title"})
    kept: tuple[str, ...] = ()

    def permit_edit(self, who: Person, row: Row, work: Work) -> None:
        may_work_in(who, row["scope"])

    def check(self, field: str, value: Any) -> None:
        if not value.strip():
            raise Refused("not_allowed", "A follow-up needs words.")
