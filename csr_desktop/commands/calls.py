"""Interactions: logging a call or another contact, correcting it, answering a missed one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from csr_desktop.commands.command import AddRow, ChangeState, EditRow, may_be_given, name_of, references
from csr_desktop.commands.work import Key, Row, Work
from csr_desktop.domain.call_parts import fits, is_ahead, read_parts, read_pauses
from csr_desktop.domain.call_scripts import read_checked
from csr_desktop.domain.errors import Refused
from csr_desktop.domain.permissions import SERVER, Person, may_read, may_work_in

CHANNELS = ("phone", "email", "chat", "social", "in_person", "web_form", "voicemail")
_REFERENCES = (
    ("client_id", "clients"),
    ("contact_id", "contacts"),
    ("ticket_id", "tickets"),
    ("topic_id", "topics"),
    ("disposition_id", "dispositions"),
    ("agent_id", "users"),
)
_UNANSWERED = frozenset({"missed", "abandoned"})
DIRECTIONS = ("in", "out", "internal")
RESULTS = ("handled", "missed", "abandoned", "no_answer", "busy")


class LogInteraction(AddRow, frozen=True, kw_only=True, tag=True):
    """A contact that happened, the parts of its handle time in seconds. A client deleted meanwhile still takes it."""

    table: ClassVar[str] = "interactions"
    structured: ClassVar[frozenset[str]] = frozenset({"checked", "parts", "recording_pauses"})
    scope: str
    client_id: str = ""
    contact_id: str = ""
    ticket_id: str = ""
    channel: str = "phone"
    direction: str = "in"
    result: str = "handled"
    number: str = ""
    extension: str = ""
    started_at: int
    ended_at: int
    talk_seconds: int = 0
    hold_seconds: int = 0
    wrap_up_seconds: int = 0
    dial_seconds: int = 0
    topic_id: str = ""
    disposition_id: str = ""
    note: str = ""
    kept: tuple[str, ...] = ()
    consult_seconds: int = 0
    checked: str = ""
    for_id: str = ""
    """Whose call it was; said by the server alone, which logs what nobody took, '' for a call of the whole team."""
    call_reference: str = ""
    """Which call of which phone system it was; see `domain.phone_calls.call_reference`."""
    queue: str = ""
    parts: str = ""
    recording_pauses: str = ""
    """Both as `domain.call_parts` writes them."""

    def keys(self) -> Iterator[Key]:
        yield self.table, self.row_id
        yield "clients", self.client_id
        yield "contacts", self.contact_id
        yield "tickets", self.ticket_id
        yield "topics", self.topic_id
        yield "dispositions", self.disposition_id

    def author(self, row: Row) -> str:
        return SERVER if self.by == SERVER else str(row["agent_id"])

    def permit_add(self, who: Person, work: Work) -> None:
        may_work_in(who, self.scope)
        if self.for_id and who.id != SERVER:
            raise Refused("not_allowed", "Only the server logs a call for somebody else.")
        references(who, work, self, self.table)
        if self.channel not in CHANNELS or self.result not in RESULTS or self.direction not in DIRECTIONS:
            raise Refused("not_allowed", "A contact of this kind cannot be logged.")
        seconds = (self.talk_seconds, self.hold_seconds, self.wrap_up_seconds, self.dial_seconds)
        if min(seconds) < 0 or self.ended_at < self.started_at:
            raise Refused("not_allowed", "A call cannot end before it started.")
        now = work.arrived_at or self.at
        if is_ahead(self.ended_at, now):
            raise Refused(
                "ahead",
                "A call that is still to come cannot be logged.",
                "Look at the clock of this computer; then try again.",
            )
        if not fits(self.started_at, self.ended_at, sum(seconds) - self.wrap_up_seconds, self.wrap_up_seconds, now):
            raise Refused("not_allowed", "A call cannot take longer than from its start to its end.")
        if not 0 <= self.consult_seconds <= self.hold_seconds:
            raise Refused("not_allowed", "A colleague is asked while the call is on hold.")
        try:
            read_checked(self.checked)
        except ValueError as fault:
            raise Refused("not_allowed", str(fault)) from None
        # Raise ValueError for what no desk writes.
        read_parts(self.parts)
        read_pauses(self.recording_pauses)

    def values(self, work: Work) -> dict[str, Any]:
        return {
            "scope": self.scope,
            "client_id": self.client_id,
            "contact_id": self.contact_id,
            "agent_id": self.for_id if self.by == SERVER else self.by,
            "ticket_id": self.ticket_id,
            "channel": self.channel,
            "direction": self.direction,
            "result": self.result,
            "number": self.number,
            "extension": self.extension,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "talk_seconds": self.talk_seconds,
            "hold_seconds": self.hold_seconds,
            "wrap_up_seconds": self.wrap_up_seconds,
            "dial_seconds": self.dial_seconds,
            "topic_id": self.topic_id,
            "disposition_id": self.disposition_id,
            "note": self.note,
            "consult_seconds": self.consult_seconds,
            "checked": self.checked,
            "call_reference": self.call_reference,
            "queue": self.queue,
            "parts": self.parts,
            "recording_pauses": self.recording_pauses,
        }


class NameRecording(ChangeState, frozen=True, kw_only=True, tag=True):
    """Says where the recording of a call is, as its phone system told, each time it does; by the server alone."""

    table: ClassVar[str] = "interactions"
    restorable: ClassVar[frozenset[str]] = frozenset({"recording"})
    recording: str

    def permit_change(self, who: Person, row: Row, work: Work) -> None:
        if who.id != SERVER:
            raise Refused("not_allowed", "Only the server says where a recording is.")

    def effect(self, row: Row, work: Work) -> dict[str, Any]:
        return {"recording": self.recording}


class JoinCalls(ChangeState, frozen=True, kw_only=True, tag=True):
    """Of one call that two logged, this row goes, as another says all that it says; by the server alone."""

    table: ClassVar[str] = "interactions"
    restorable: ClassVar[frozenset[str]] = frozenset({"deleted"})

    def permit_change(self, who: Person, row: Row, work: Work) -> None:
        if who.id != SERVER:
            raise Refused("not_allowed", "Only the server says that two rows are one call.")

    def permit(self, who: Person, work: Work) -> None:
        """Also of one that is gone already."""
        self.permit_change(who, may_read(who, work.get(self.table, self.row_id)), work)

    def effect(self, row: Row, work: Work) -> dict[str, Any]:
        return {"deleted": 1}


class EditInteraction(EditRow, frozen=True, kw_only=True, tag=True):
    """Corrects what was logged; the author or their lead, and of what was nobody's, whoever works in its team. Whose a
    call was that nobody answered, its lead says, or who says that it was theirs.
    """

    table: ClassVar[str] = "interactions"
    editable: ClassVar[frozenset[str]] = frozenset(
        {"client_id", "contact_id", "agent_id", "ticket_id", "topic_id", "disposition_id", "note"}
    )
    kept: tuple[str, ...] = ()

    def keys(self) -> Iterator[Key]:
        yield self.table, self.row_id
        for field, table in _REFERENCES:
            if field in self.changes:
                yield table, str(self.changes[field][1])

    def permit_edit(self, who: Person, row: Row, work: Work) -> None:
        may_work_in(who, row["scope"])
        if row["agent_id"] not in {who.id, ""} and not who.is_lead:
            raise Refused("not_yours", "Only the person who logged this, or their lead, can correct it.")
        if not self.undoes:
            references(who, work, self, self.table)
            if "agent_id" in self.changes:
                self._permit_agent(who, row, work, str(self.changes["agent_id"][1]))

    @staticmethod
    def _permit_agent(who: Person, row: Row, work: Work, agent_id: str) -> None:
        if row["result"] not in _UNANSWERED and row["channel"] != "voicemail":
            raise Refused("not_allowed", "A call is of the person who handled it.")
        if agent_id != who.id and not who.is_lead:
            raise Refused("not_yours", "Only a lead says whose call this was.")
        may_be_given(who, work, row["scope"], agent_id)


class ResolveCaller(EditRow, frozen=True, kw_only=True, tag=True):
    """A number is somebody's now, so a contact from it that was nobody's is theirs, whoever logged it. It holds only
    where that number is theirs indeed: the server looks for itself. Of two who say so, the later is right.
    """

    table: ClassVar[str] = "interactions"
    editable: ClassVar[frozenset[str]] = frozenset({"client_id", "contact_id"})
    number_id: str

    def keys(self) -> Iterator[Key]:
        yield self.table, self.row_id
        yield "phone_numbers", self.number_id
        for field, table in (("client_id", "clients"), ("contact_id", "contacts")):
            if field in self.changes:
                yield table, str(self.changes[field][1])

    def permit_edit(self, who: Person, row: Row, work: Work) -> None:
        may_work_in(who, row["scope"])
        number = may_read(who, work.get("phone_numbers", self.number_id))
        if not number["e164"] or number["e164"] != row["number"]:
            raise Refused("not_theirs", "This call came from another number.")
        if self.undoes:
            return
        references(who, work, self, self.table)
        if number["deleted"]:
            raise Refused("not_theirs", "The number is nobody's any more.")
        if any(becomes != number[field] for field, (_, becomes) in self.changes.items()):
            raise Refused("not_theirs", "The number belongs to somebody else.")


class ReturnMissedCall(ChangeState, frozen=True, kw_only=True, tag=True):
    """Somebody called back, or decided that nobody needs to: it stops waiting for everyone. `is_aside`: it follows from
    another call, and nothing is lost where a colleague was faster.
    """

    table: ClassVar[str] = "interactions"
    restorable: ClassVar[frozenset[str]] = frozenset({"called_back_by_id", "called_back_at"})
    is_aside: bool = False
    for_id: str = ""
    """Who called back; said by the server alone, of a call that was logged twice."""

    def permit(self, who: Person, work: Work) -> None:
        row = may_read(who, work.get(self.table, self.row_id))
        if row["deleted"] and not self.undoes and not self.back:
            self.permit_change(who, row, work)  # a colleague's row of this call stayed, and is what the server clears
        else:
            super().permit(who, work)

    def permit_change(self, who: Person, row: Row, work: Work) -> None:
        may_work_in(who, row["scope"])
        if self.for_id and who.id != SERVER:
            raise Refused("not_allowed", "Only the server says that somebody else called back.")

    def effect(self, row: Row, work: Work) -> dict[str, Any]:
        by = self.for_id or self.by
        if row["called_back_by_id"] == by or (row["called_back_by_id"] and self.is_aside):
            return {}
        if row["called_back_by_id"]:
            raise Refused("taken", f"{name_of(work, row['called_back_by_id'])} has called back already.")
        return {"called_back_by_id": by, "called_back_at": self.at}
