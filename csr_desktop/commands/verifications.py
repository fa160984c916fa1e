"""Verification of a caller: what was asked, calling back a known number, a second person's approval.

Whether it passed is worked out here from the rule and the evidence, on the desk and for good on the server; nobody can
say it of themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Final

import msgspec

from csr_desktop.commands.command import AddRow, ChangeState, name_of, readable, references
from csr_desktop.commands.work import Key, Row, Work
from csr_desktop.domain.caller_verification import (
    FACTORS,
    FAILED_CALL_BACKS,
    REQUEST_KINDS,
    Asked,
    Evidence,
    PlacedRule,
    Rule,
    Standing,
    factors_of,
    for_asker,
    is_long_known,
    is_risky,
    narrowest,
    standing,
)
from csr_desktop.domain.errors import Refused
from csr_desktop.domain.permissions import ORGANISATION, Person, may_lead, may_work_in

LATE_MS: Final = 3_600_000
"""By how much a release may be older than when it comes to the server: an outage, not a date of one's choice."""
_TOPICS_DEEP: Final = 20


class AddVerification(AddRow, frozen=True, kw_only=True, tag=True):
    """What a caller was asked: factor, whether it passed, when (ms). Never what they answered.

    `number_id` is the known number that the asking itself called back: at `called_back_at` when it was them, else one
    of FAILED_CALL_BACKS stands among what was asked.
    """

    table: ClassVar[str] = "verifications"
    scope: str
    client_id: str
    contact_id: str
    asked: tuple[tuple[str, bool, int], ...]
    interaction_id: str = ""
    ticket_id: str = ""
    topic_id: str = ""
    request_kind: str = ""
    number_id: str = ""
    called_back_at: int = 0

    def keys(self) -> Iterator[Key]:
        yield self.table, self.row_id
        yield "clients", self.client_id
        yield "contacts", self.contact_id
        yield "interactions", self.interaction_id
        yield "tickets", self.ticket_id
        yield "topics", self.topic_id
        yield "phone_numbers", self.number_id

    def author(self, row: Row) -> str:
        return str(row["agent_id"])

    def permit_add(self, who: Person, work: Work) -> None:
        may_work_in(who, self.scope)
        references(who, work, self, self.table)
        contact = work.get("contacts", self.contact_id)
        if contact is None or contact["client_id"] != self.client_id:
            raise Refused("no_contact", "Say first who of the client was asked.")
        self._check_belongs(who, work)
        factors = [factor for factor, _, _ in self.asked]
        if self.request_kind not in REQUEST_KINDS or not (factors or self.number_id):
            raise Refused("not_allowed", "A verification needs something that was asked.")
        known = {*FACTORS, *FAILED_CALL_BACKS}
        if not set(factors) <= known or len(set(factors)) != len(factors) or min(self._times, default=1) <= 0:
            raise Refused("not_allowed", "Each factor is asked once, and is one of those there are.")
        self._check_call_back()
        if self.number_id:
            check_known_number(who, work, self.number_id, self._kept(work))

    def _check_call_back(self) -> None:
        """One call has one outcome, and one that reached nobody of theirs passes nothing."""
        failed = [is_passed for factor, is_passed, _ in self.asked if factor in FAILED_CALL_BACKS]
        if any(failed) or bool(self.called_back_at) + len(failed) != bool(self.number_id):
            raise Refused("not_allowed", "A call back needs its number, its time and one outcome.")

    def _check_belongs(self, who: Person, work: Work) -> None:
        """The interaction and the ticket are of this team, and the interaction one's own."""
        interaction, ticket = work.get("interactions", self.interaction_id), work.get("tickets", self.ticket_id)
        is_mine = interaction is None or interaction["agent_id"] == who.id
        if not is_mine or any(row is not None and row["scope"] != self.scope for row in (interaction, ticket)):
            raise Refused("not_allowed", "What was asked belongs to one's own call, and to its team.")

    @property
    def _times(self) -> list[int]:
        return [*(at for _, _, at in self.asked), *([self.called_back_at] if self.called_back_at else [])]

    def values(self, work: Work) -> dict[str, Any]:
        row = self._kept(work)
        return row | _passed(work, row, self.at)

    def _kept(self, work: Work) -> dict[str, Any]:
        """The row but for whether it passes. A clock that is ahead makes nothing hold longer, nor a number older."""
        now = min(self.at, work.arrived_at or self.at)
        asked = [(factor, bool(is_passed), min(at, now)) for factor, is_passed, at in self.asked]
        return {
            "scope": self.scope,
            "client_id": self.client_id,
            "contact_id": self.contact_id,
            "interaction_id": self.interaction_id,
            "ticket_id": self.ticket_id,
            "topic_id": self.topic_id,
            "request_kind": self.request_kind,
            "agent_id": self.by,
            "asked": msgspec.json.encode(asked).decode(),
            "asked_at": min(now, *self._times),
            "called_number_id": self.number_id,
            "called_back_by_id": self.by if self.called_back_at else "",
            "called_back_at": min(self.called_back_at, now),
            "called_back_call_id": self.interaction_id if self.called_back_at else "",
            "approved_at": 0,
        }


class _OnVerification(ChangeState, frozen=True, kw_only=True):
    """Adds to the evidence; whether it passes with that is worked out anew, also when it is taken back."""

    table: ClassVar[str] = "verifications"

    def run(self, work: Work) -> bool:
        super().run(work)
        row = work.get(self.table, self.row_id)
        assert row is not None  # noqa: S101  # permit has seen it
        fields = _passed(work, row, max(self.at, row["called_back_at"], row["approved_at"]))
        if any(row[field] != value for field, value in fields.items()):
            work.put(self.table, self.row_id, **fields)
        return False


class CallBackKnownNumber(_OnVerification, frozen=True, kw_only=True, tag=True):
    """One called a number back that was known before anything was asked. The answer there is nobody's to keep."""

    restorable: ClassVar[frozenset[str]] = frozenset(
        {"called_number_id", "called_back_by_id", "called_back_at", "called_back_call_id"}
    )
    number_id: str
    interaction_id: str = ""
    """One's own call that this was; '' for one on another phone."""

    def keys(self) -> Iterator[Key]:
        yield from super().keys()
        yield "phone_numbers", self.number_id
        yield "interactions", self.interaction_id

    def permit_change(self, who: Person, row: Row, work: Work) -> None:
        may_work_in(who, row["scope"])
        if self.undoes:
            return
        check_known_number(who, work, self.number_id, row)
        if self.interaction_id:
            call = readable(who, work, "interactions", self.interaction_id)
            if (call["agent_id"], call["scope"]) != (who.id, row["scope"]):
                raise Refused("not_allowed", "A call back is one's own call, of the team that asked.")
        if row["approver_id"] == who.id:
            raise Refused("own_approval", "You approved this, so somebody else has to call back.")

    def effect(self, row: Row, work: Work) -> dict[str, Any]:
        fields = {
            "called_number_id": self.number_id,
            "called_back_by_id": self.by,
            "called_back_at": self.at,
            "called_back_call_id": self.interaction_id,
        }
        return {} if all(row[field] == value for field, value in fields.items()) else fields


class ApproveVerification(_OnVerification, frozen=True, kw_only=True, tag=True):
    """A lead who neither asked nor called back stands for it too."""

    restorable: ClassVar[frozenset[str]] = frozenset({"approver_id", "approved_at"})

    def permit_change(self, who: Person, row: Row, work: Work) -> None:
        if self.undoes:
            may_work_in(who, row["scope"])
            return
        may_lead(who, row["scope"])
        if who.id in {row["agent_id"], row["called_back_by_id"]}:
            raise Refused("own_approval", "You asked or called back yourself.", "Another lead has to approve this.")

    def effect(self, row: Row, work: Work) -> dict[str, Any]:
        if row["approver_id"] == self.by and row["approved_at"] == self.at:
            return {}
        if row["approver_id"] not in {"", self.by}:
            raise Refused("taken", f"{name_of(work, row['approver_id'])} has approved this already.")
        return {"approver_id": self.by, "approved_at": self.at}


# What follows from rows


def rule_of(work: Work, client_id: str, contact_id: str, topic_id: str, request_kind: str) -> Rule:
    """The rule that is in force now for this contact."""
    rows = work.find("verification_rules", "scope", ORGANISATION)
    placed = [placed_rule(row) for row in rows if not row["deleted"]]
    topics: list[str] = []
    while topic_id and topic_id not in topics and len(topics) < _TOPICS_DEEP:
        topics.append(topic_id)
        topic_id = (work.get("topics", topic_id) or {}).get("parent_id", "")
    contact = work.get("contacts", contact_id)
    rule = narrowest(placed, client_id, topics, request_kind)
    return for_asker(rule, contact["authorities"] if contact else "", request_kind)


def placed_rule(row: Row) -> PlacedRule:
    """A rule from its row."""
    rule = Rule(
        factors_of(row["factors"]),
        row["required_count"],
        bool(row["is_call_back_needed"]),
        bool(row["is_second_approver_needed"]),
        row["holds_seconds"],
    )
    return PlacedRule(rule, row["client_id"], row["topic_id"], row["request_kind"], row["id"])


def rule_fields(rule: Rule) -> dict[str, Any]:
    """The columns of a rule's row that say what it asks for."""
    return {
        "factors": ",".join(rule.factors),
        "required_count": rule.required_count,
        "is_call_back_needed": int(rule.is_call_back_needed),
        "is_second_approver_needed": int(rule.is_second_approver_needed),
        "holds_seconds": rule.holds_seconds,
    }


def evidence_of(row: Row) -> Evidence:
    """What a verification's row has to show."""
    asked = msgspec.json.decode(row["asked"] or "[]", type=tuple[tuple[str, bool, int], ...])
    return Evidence(tuple(Asked(*one) for one in asked), row["called_back_at"], row["approved_at"])


def check_known_number(who: Person, work: Work, number_id: str, verification: Row) -> None:
    """Raises Refused unless it is a number of the contact who was asked, or their company's own, that was kept long
    enough before anything was asked: one that a caller gives would be answered by the caller.
    """
    number = readable(who, work, "phone_numbers", number_id)
    if number["client_id"] != verification["client_id"] or number["contact_id"] not in {"", verification["contact_id"]}:
        raise Refused("other_number", "This number is not one of theirs.", "Call back a number that is kept of them.")
    before_at = min((verification["asked_at"], *_begun_at(work, verification)))
    if number["rev"] == 0 or not is_long_known(number["known_since_at"], before_at, verification["request_kind"]):
        raise Refused("new_number", "This number was added only now.", "Call back one that was known before.")


def evidence_for(row: Row, known_since_at: int | None, opened_at: int) -> Evidence:
    """What a verification has to show for what was asked for at `opened_at`: a call back counts only where the number
    was known before that; `known_since_at` is None for one that is not here.
    """
    found = evidence_of(row)
    before_at = min(row["asked_at"], opened_at or row["asked_at"])
    if known_since_at is None or not is_long_known(known_since_at, before_at, row["request_kind"]):
        return msgspec.structs.replace(found, called_back_at=0)
    return found


def check_release(work: Work, ticket: Row, at: int) -> None:
    """Raises Refused unless what the ticket asks for may be done: it is nothing risky, or its contact is verified for
    it at this time.
    """
    kind = ticket["request_kind"]
    if not is_risky(kind):
        return
    at = max(at, work.arrived_at - LATE_MS)
    words = "What is asked for here stays blocked until the caller is verified."
    if not ticket["contact_id"]:
        raise Refused("unverified", words, "Say first who of the client asked for it.")
    rule = rule_of(work, ticket["client_id"], ticket["contact_id"], "", kind)
    found = [
        standing(rule, _evidence_for(work, row, ticket), at)
        for row in work.find("verifications", "client_id", ticket["client_id"])
        if not row["deleted"] and (row["contact_id"], row["request_kind"]) == (ticket["contact_id"], kind)
    ]
    if not any(one.holds(at) for one in found):
        best = max(found, key=lambda one: one.passed_count, default=standing(rule, Evidence(), at))
        raise Refused("unverified", words, _missing_words(best, at))


def was_asked_on(work: Work, ticket: Row) -> bool:
    """Whether the ticket's contact was asked for what it asks for, on this very ticket."""
    named = {field: ticket[field] for field in ("client_id", "contact_id", "request_kind")} | {
        "ticket_id": ticket["id"]
    }
    return any(
        not row["deleted"] and all(row[field] == value for field, value in named.items())
        for row in work.find("verifications", "client_id", ticket["client_id"])
    )


def _missing_words(found: Standing, at: int) -> str:
    if found.passed_at and at >= found.expires_at:
        return "The verification has run out: ask again."
    parts = [f"{found.missing_count} more factors" if found.missing_count > 1 else "one more factor"]
    parts = parts if found.missing_count else []
    parts += ["a call back to a known number"] if found.lacks_call_back else []
    parts += ["a second person's approval"] if found.lacks_approval else []
    return f"Missing: {', '.join(parts)}." if parts else "Ask again."


def _evidence_for(work: Work, row: Row, ticket: Row) -> Evidence:
    number = work.get("phone_numbers", row["called_number_id"])
    return evidence_for(row, number["known_since_at"] if number else None, ticket["opened_at"])


def _begun_at(work: Work, row: Row) -> Iterator[int]:
    """When the ticket was opened and the call began in which it was asked, where there are any."""
    for table, field in (("tickets", "opened_at"), ("interactions", "started_at")):
        found = work.get(table, row[f"{table[:-1]}_id"])
        if found is not None and found[field]:
            yield int(found[field])


def _passed(work: Work, row: Row, at: int) -> dict[str, Any]:
    rule = rule_of(work, row["client_id"], row["contact_id"], row["topic_id"], row["request_kind"])
    found = standing(rule, evidence_of(row), at)
    lacks_approval = found.lacks_approval and not (found.missing_count or found.lacks_call_back)
    return {
        "passed_at": found.passed_at,
        "expires_at": found.expires_at,
        "lacks_approval": int(lacks_approval and is_risky(row["request_kind"])),
    }
