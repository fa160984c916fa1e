"""Verification of callers as the screens show it: of a running call, of a ticket that waits for it, and until when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from csr_desktop.commands.tickets import NameRequest
from csr_desktop.commands.verifications import (
    AddVerification,
    ApproveVerification,
    CallBackKnownNumber,
    evidence_for,
    evidence_of,
    placed_rule,
)
from csr_desktop.domain.caller_verification import (
    FAILED_CALL_BACKS,
    Asked,
    Evidence,
    Rule,
    Standing,
    for_asker,
    is_long_known,
    is_risky,
    may_ask,
    narrowest,
    standing,
)
from csr_desktop.domain.permissions import unknown
from csr_desktop.services.check_rows import CallBackTry, CallCheck, FactorState, KnownNumber, ShownCheck, TicketCheck
from csr_desktop.services.client_context import shown_number
from csr_desktop.store.queries import rows
from csr_desktop.store.queries import verifications as queries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.commands.command import Command
    from csr_desktop.services.call_rows import RunningCallDocument
    from csr_desktop.services.lists import Lists
    from csr_desktop.services.outcome import Outcome
    from csr_desktop.services.people import People
    from csr_desktop.sync.replica import Replica


class CallerChecks:
    def __init__(self, replica: Replica, people: People, lists: Lists) -> None:
        self._replica = replica
        self._people = people
        self._lists = lists

    # A running call

    def of_call(self, call: RunningCallDocument) -> CallCheck:
        kind = self._kind(call)
        now = self._replica.now()
        rule = self.rule(call.client_id, call.contact_id, call.topic_id, kind)
        called_back_at = call.called_back_at if call.called_back_at and self.number_of(call) else 0
        earlier = self._asked_before(call, kind, rule, now)
        evidence = Evidence((*earlier, *(Asked(*one) for one in call.asked)), called_back_at)
        found = standing(rule, evidence, now)
        failed = evidence.failed_call_back
        outcomes = {one.factor: "passed" if one.is_passed else "failed" for one in evidence.asked}
        return CallCheck(
            request_kind=kind,
            is_risky=is_risky(kind),
            has_contact=bool(call.contact_id and call.client_id),
            factors=tuple(FactorState(factor, outcomes.get(factor, "")) for factor in rule.factors),
            needs_call_back=rule.is_call_back_needed,
            call_back="passed" if called_back_at else failed.factor if failed else "",
            call_back_choices=self._call_back_choices(call),
            needs_approval=rule.is_second_approver_needed,
            passed_count=found.passed_count,
            needed_count=found.needed_count,
            is_failed=found.is_failed,
            passed_until_at=found.expires_at if found.holds(now) else 0,
            holds_until_at=self.holds_until(call.client_id, call.contact_id, kind),
            may_not_ask=self._may_not_ask(call.contact_id, kind),
            was_asked_before=bool(earlier),
        )

    def _asked_before(self, call: RunningCallDocument, kind: str, rule: Rule, now: int) -> tuple[Asked, ...]:
        """The answers of an earlier call to which this one only adds that they were called back."""
        is_asking = any(factor not in FAILED_CALL_BACKS for factor, _, _ in call.asked)
        if is_asking or not call.contact_id or not self.number_of(call):
            return ()
        row = self._nearest(
            call.client_id, call.contact_id, kind, call.steps.ticket.ticket_id if call.steps.ticket else ""
        )
        if row is None or row["called_back_at"] or standing(rule, evidence_of(row), now).missing_count:
            return ()
        return evidence_of(row).asked

    def _call_back_choices(self, call: RunningCallDocument) -> tuple[str, ...]:
        """What can be said of this call as a call back: where nobody answered, only that."""
        if call.phase in {"ring", "dial"} or not self.number_of(call):
            return ()
        was_answered = any(part.kind == "talk" for part in call.parts)
        return ("passed", *FAILED_CALL_BACKS) if was_answered else FAILED_CALL_BACKS[:1]

    def _kind(self, call: RunningCallDocument) -> str:
        """What is asked for: by the request of this call, else by the ticket that it goes on with."""
        if call.steps.request is not None:
            return call.steps.request.kind
        ticket_id = call.steps.ticket.ticket_id if call.steps.ticket else ""
        found = rows.by_id(self._replica.sql, "tickets", [ticket_id], ["request_kind"]).get(ticket_id)
        return str(found["request_kind"]) if found else ""

    def number_of(self, call: RunningCallDocument) -> str:
        """The id of the known number that this outgoing call went to; '' where it is none of theirs, or was not known
        when this was asked for.
        """
        if call.direction != "out" or not call.e164:
            return ""
        known = queries.known_numbers(self._replica.sql, call.client_id, call.contact_id)
        opened_at = self._opened_at(call.steps.ticket.ticket_id if call.steps.ticket else "")
        began_at = call.parts[0].started_at
        before_at, kind = min(began_at, opened_at or began_at), self._kind(call)
        return next(
            (i for i, e164, *_, since in known if e164 == call.e164 and is_long_known(since, before_at, kind)), ""
        )

    def _opened_at(self, ticket_id: str) -> int:
        found = rows.by_id(self._replica.sql, "tickets", [ticket_id], ["opened_at"]).get(ticket_id)
        return int(found["opened_at"]) if found else 0

    def commands_of(self, call: RunningCallDocument, scope: str, ticket_id: str) -> list[Command]:
        """What the call showed, to be kept with it. A call back alone is added to what was shown before."""
        tried = any(factor in FAILED_CALL_BACKS for factor, _, _ in call.asked)
        number_id = self.number_of(call) if call.called_back_at or tried else ""
        asked = tuple(one for one in call.asked if number_id or one[0] not in FAILED_CALL_BACKS)
        if not (call.client_id and call.contact_id) or not (asked or number_id):
            return []
        kind = self._kind(call)
        open_one = self._nearest(call.client_id, call.contact_id, kind, ticket_id) if not asked else None
        if open_one is not None and not open_one["called_back_at"]:
            return [CallBackKnownNumber(row_id=open_one["id"], number_id=number_id, interaction_id=call.id)]
        return [
            AddVerification(
                row_id=self._replica.new_id(),
                scope=scope,
                client_id=call.client_id,
                contact_id=call.contact_id,
                interaction_id=call.id,
                ticket_id=ticket_id,
                topic_id=call.topic_id,
                request_kind=kind,
                asked=asked,
                number_id=number_id,
                called_back_at=call.called_back_at if number_id else 0,
            )
        ]

    # A ticket

    def of_ticket(self, ticket: dict[str, Any]) -> TicketCheck:
        kind, client_id, contact_id = ticket["request_kind"], ticket["client_id"], ticket["contact_id"]
        if not is_risky(kind):
            return TicketCheck(kind, is_risky=False, holds_until_at=0)
        now, who = self._replica.now(), self._people.who()
        opened_at = ticket["opened_at"]
        until_at = self.holds_until(client_id, contact_id, kind, opened_at) if contact_id else 0
        row = self._nearest(client_id, contact_id, kind, ticket["id"]) if contact_id else None
        rule = self.rule(client_id, contact_id, "", kind)
        found = standing(rule, evidence_for(row, row["known_since_at"], opened_at) if row else Evidence(), now)
        mine = {row["agent_id"], row["called_back_by_id"]} if row else set()
        can_approve = bool(row) and who.is_lead and ticket["scope"] in who.teams and who.id not in mine
        return TicketCheck(
            kind,
            is_risky=True,
            holds_until_at=until_at,
            verification_id=row["id"] if row else "",
            missing_count=found.missing_count,
            lacks_call_back=found.lacks_call_back,
            lacks_approval=found.lacks_approval,
            has_run_out=bool(found.passed_at) and now >= found.expires_at,
            has_contact=bool(contact_id),
            may_not_ask=self._may_not_ask(contact_id, kind),
            can_approve=can_approve and found.lacks_approval,
            numbers=self._numbers(client_id, contact_id, kind, opened_at) if contact_id else (),
            tries=self._tries(client_id, contact_id, kind, ticket["id"]) if contact_id else (),
            shown=self._shown([row])[0] if row else None,
        )

    def _tries(self, client_id: str, contact_id: str, kind: str, ticket_id: str) -> tuple[CallBackTry, ...]:
        found = queries.of_contact(self._replica.sql, client_id, contact_id, kind)
        tries = [
            CallBackTry(failed.factor, failed.at, self._people.name(row["agent_id"]))
            for row in found
            if row["ticket_id"] == ticket_id and (failed := evidence_of(row).failed_call_back)
        ]
        return tuple(sorted(tries, key=lambda one: -one.at))

    def _numbers(self, client_id: str, contact_id: str, kind: str, before_at: int) -> tuple[KnownNumber, ...]:
        """The company's own lines last; those that were known before."""
        region = self._lists.home_region()
        return tuple(
            KnownNumber(i, e164 or raw, shown_number(e164, raw, region, extension), not of)
            for i, e164, raw, extension, of, since in queries.known_numbers(self._replica.sql, client_id, contact_id)
            if is_long_known(since, before_at or self._replica.now(), kind)
        )

    def called_back(self, verification_id: str, number_id: str) -> Outcome:
        """I called this known number back, and it was them."""
        command = CallBackKnownNumber(row_id=verification_id, number_id=number_id)
        return self._replica.do(command, words=f"verification_called_back:{self._name(verification_id)}")

    def not_reached(self, ticket_id: str, number_id: str, outcome: str) -> Outcome:
        """I called this known number back and it was not them, by one of FAILED_CALL_BACKS: nothing passes by that, and
        it is kept.
        """
        ticket = rows.one(self._replica.sql, "tickets", ticket_id)
        if ticket is None:
            raise unknown()
        command = AddVerification(
            row_id=self._replica.new_id(),
            scope=ticket["scope"],
            client_id=ticket["client_id"],
            contact_id=ticket["contact_id"],
            ticket_id=ticket_id,
            request_kind=ticket["request_kind"],
            asked=((outcome, False, self._replica.now()),),
            number_id=number_id,
        )
        names = rows.by_id(self._replica.sql, "contacts", [ticket["contact_id"]], ["name"])
        name = rows.text_of(names, ticket["contact_id"], "name")
        return self._replica.do(command, words=f"verification_tried:{name}")

    def approve(self, verification_id: str) -> Outcome:
        """I stand for it as the second one."""
        command = ApproveVerification(row_id=verification_id)
        return self._replica.do(command, words=f"verification_approved:{self._name(verification_id)}")

    def name_request(self, ticket_id: str, kind: str) -> Outcome:
        """Say what the ticket asks for; '' for nothing of the kind."""
        ticket = rows.one(self._replica.sql, "tickets", ticket_id)
        if ticket is None:
            raise unknown()
        command = NameRequest(row_id=ticket_id, was=ticket["request_kind"], becomes=kind)
        return self._replica.do(command, words=f"ticket_request:{ticket['subject']}")

    def _name(self, verification_id: str) -> str:
        row = rows.one(self._replica.sql, "verifications", verification_id)
        contact_id = row["contact_id"] if row else ""
        return rows.text_of(rows.by_id(self._replica.sql, "contacts", [contact_id], ["name"]), contact_id, "name")

    # What was shown

    def shown_in(self, interaction_id: str) -> tuple[ShownCheck, ...]:
        """What this call added to what is known: asked in it, or called back by it; the earliest first."""
        return self._shown(queries.of_call(self._replica.sql, interaction_id))

    def _shown(self, found: Sequence[dict[str, Any]]) -> tuple[ShownCheck, ...]:
        sql, region, name = self._replica.sql, self._lists.home_region(), self._people.name
        contacts = rows.by_id(sql, "contacts", [row["contact_id"] for row in found], ["name"])
        columns = ["e164", "raw", "extension"]
        numbers = rows.by_id(sql, "phone_numbers", [row["called_number_id"] for row in found], columns)
        shown = []
        for row in found:
            evidence, number = evidence_of(row), numbers.get(row["called_number_id"])
            failed = evidence.failed_call_back
            factors = [one for one in evidence.asked if one.factor not in FAILED_CALL_BACKS]
            shown.append(
                ShownCheck(
                    request_kind=row["request_kind"],
                    contact_name=rows.text_of(contacts, row["contact_id"], "name"),
                    factors=tuple(FactorState(one.factor, "passed" if one.is_passed else "failed") for one in factors),
                    asked_at=row["asked_at"],
                    asked_by_name=name(row["agent_id"]),
                    call_back="passed" if row["called_back_at"] else failed.factor if failed else "",
                    number_shown=shown_number(number["e164"], number["raw"], region, number["extension"])
                    if number
                    else "",
                    called_back_at=row["called_back_at"] or (failed.at if failed else 0),
                    called_back_by_name=name(row["called_back_by_id"] or row["agent_id"]),
                    approved_at=row["approved_at"],
                    approved_by_name=name(row["approver_id"]),
                    passed_at=row["passed_at"],
                    expires_at=row["expires_at"],
                )
            )
        return tuple(shown)

    # What holds

    def rule(self, client_id: str, contact_id: str, topic_id: str, request_kind: str) -> Rule:
        """As it holds for this contact."""
        placed = [placed_rule(row) for row in queries.rules(self._replica.sql)]
        rule = narrowest(placed, client_id, self._lists.branch(topic_id), request_kind)
        return for_asker(rule, self._authorities(contact_id), request_kind)

    def _authorities(self, contact_id: str) -> str:
        return rows.text_of(
            rows.by_id(self._replica.sql, "contacts", [contact_id], ["authorities"]), contact_id, "authorities"
        )

    def _may_not_ask(self, contact_id: str, request_kind: str) -> bool:
        return bool(contact_id) and not may_ask(self._authorities(contact_id), request_kind)

    def holds_until(self, client_id: str, contact_id: str, request_kind: str = "", opened_at: int = 0) -> int:
        """Until when what the contact showed for this kind of request holds, by the rule of today; 0 for not at all.
        `opened_at` is when it was asked for, 0 for now.
        """
        now = self._replica.now()
        rule = self.rule(client_id, contact_id, "", request_kind)
        found = (
            standing(rule, evidence_for(row, row["known_since_at"], opened_at), now)
            if is_risky(request_kind)
            else _as_kept(row)
            for row in queries.of_contact(self._replica.sql, client_id, contact_id, request_kind)
        )
        return max((one.expires_at for one in found if one.holds(now)), default=0)

    def _nearest(self, client_id: str, contact_id: str, kind: str, ticket_id: str) -> dict[str, Any] | None:
        """The one to go on with: the latest of this ticket, else of the contact. A call back in vain is none."""
        kept = queries.of_contact(self._replica.sql, client_id, contact_id, kind)
        found = [row for row in kept if not evidence_of(row).shows_nothing]
        return max(found, key=lambda row: (row["ticket_id"] == ticket_id, row["asked_at"]), default=None)


def _as_kept(row: dict[str, Any]) -> Standing:
    return Standing(
        0,
        0,
        0,
        lacks_call_back=False,
        lacks_approval=False,
        is_failed=False,
        passed_at=row["passed_at"],
        expires_at=row["expires_at"],
    )
