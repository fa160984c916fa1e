"""A risky request stays blocked until its caller is verified, whatever commands are made up to get around it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from csr_desktop.commands.administration import AddVerificationRule, EditVerificationRule, RemoveVerificationRule
from csr_desktop.commands.clients import AddNumber
from csr_desktop.commands.tickets import ChangeTicketState, EditTicket, NameRequest, OpenTicket
from csr_desktop.commands.verifications import AddVerification, ApproveVerification, CallBackKnownNumber
from csr_desktop.domain.errors import Refused
from csr_desktop.domain.ids import uuid7
from csr_desktop.domain.permissions import ORGANISATION, Person
from tests.commands.rows import (
    ADMINISTRATOR,
    COLLEAGUE,
    CSR,
    LEAD,
    MANAGER,
    MONDAY_9,
    STRANGER,
    TEAM,
    Bureau,
    row,
)

MINUTE = 60_000
HOUR = 60 * MINUTE
OTHER_LEAD = Person("lead2", "Lou Fictional", "lead", frozenset({TEAM}), frozenset({ORGANISATION, "lead2", TEAM}))
CARRIED_OUT = ChangeTicketState(row_id="bank", was="open", becomes="resolved")
OTHER_ASKER = EditTicket(row_id="bank", changes={"contact_id": ("contact", "other")})


def refused(desk: Bureau, command: Any, who: Person = CSR, at: int = 0) -> Refused:
    before = desk.alive()
    with pytest.raises(Refused) as refusal:
        desk.do(command, who, at=at)
    assert desk.alive() == before
    return refusal.value


def asked(**changed: Any) -> AddVerification:
    fields: dict[str, Any] = {
        "row_id": "new",
        "scope": TEAM,
        "client_id": "client",
        "contact_id": "contact",
        "ticket_id": "bank",
        "request_kind": "bank_change",
        "asked": (("company_id", True, MONDAY_9), ("pay_total", True, MONDAY_9)),
    }
    return AddVerification(**{**fields, **changed})


def verified() -> Bureau:
    """Two factors of the rule, called back, approved by the lead."""
    desk = Bureau()
    desk.do(CallBackKnownNumber(row_id="shown", number_id="number"))
    desk.do(ApproveVerification(row_id="shown"), LEAD)
    return desk


def test_it_stays_blocked_and_says_what_is_missing() -> None:
    said = refused(Bureau(), CARRIED_OUT)
    assert said.code == "unverified"
    assert said.advice == "Missing: a call back to a known number, a second person's approval."


def test_called_back_and_approved_it_can_be_carried_out() -> None:
    desk = verified()
    row = desk.rows["verifications", "shown"]
    assert row["passed_at"] > 0
    assert row["expires_at"] == row["passed_at"] + HOUR
    desk.do(CARRIED_OUT)
    assert desk.rows["tickets", "bank"]["state"] == "resolved"


@pytest.mark.parametrize("missing", ["call back", "approval"])
def test_each_piece_is_needed(missing: str) -> None:
    desk = Bureau()
    if missing == "approval":
        desk.do(CallBackKnownNumber(row_id="shown", number_id="line"))
    else:
        desk.do(ApproveVerification(row_id="shown"), LEAD)
    assert refused(desk, CARRIED_OUT).code == "unverified"
    assert desk.rows["verifications", "shown"]["passed_at"] == 0


def test_one_that_has_run_out_does_not_count() -> None:
    desk = verified()
    until = desk.rows["verifications", "shown"]["expires_at"]
    said = refused(desk, CARRIED_OUT, at=until)
    assert said.advice == "The verification has run out: ask again."
    desk.do(CARRIED_OUT, at=until - 1)


def test_on_the_server_a_release_cannot_be_dated_back_to_when_it_would_have_been_right() -> None:
    desk = verified()
    passed_at = desk.rows["verifications", "shown"]["passed_at"]
    work = desk.work()
    work.arrived_at = passed_at + 4 * HOUR
    dated_back = msgspec.structs.replace(CARRIED_OUT, id="c", by="csr", at=passed_at + 1)
    with pytest.raises(Refused) as refusal:
        dated_back.permit(CSR, work)
    assert refusal.value.code == "unverified"
    work.arrived_at = passed_at + HOUR // 2  # the network was away for half an hour
    dated_back.permit(CSR, work)


@pytest.mark.parametrize(
    "changed",
    [{"contact_id": "other"}, {"client_id": "elsewhere"}, {"request_kind": "w2_reissue"}, {"request_kind": ""}],
)
def test_one_of_somebody_else_or_for_something_else_does_not_count(changed: dict[str, str]) -> None:
    desk = verified()
    key = ("verifications", "shown")
    desk.rows[key] = {**desk.rows[key], **changed}
    assert refused(desk, CARRIED_OUT).code == "unverified"


def test_one_that_was_taken_back_does_not_count() -> None:
    desk = verified()
    desk.rows["verifications", "shown"] = {**desk.rows["verifications", "shown"], "deleted": 1}
    assert refused(desk, CARRIED_OUT).code == "unverified"


def test_evidence_beyond_the_rule_counts_for_nothing() -> None:
    desk = Bureau()
    every = ("company_id", "known_number", "birth_date", "security_question")
    desk.do(
        asked(asked=tuple((factor, True, MONDAY_9) for factor in every), number_id="number", called_back_at=MONDAY_9)
    )
    desk.do(ApproveVerification(row_id="new"), LEAD)
    assert desk.rows["verifications", "new"]["passed_at"] == 0
    del desk.rows["verifications", "shown"]
    assert refused(desk, CARRIED_OUT).advice == "Missing: one more factor."


@pytest.mark.parametrize(
    "changed",
    [
        {"asked": (("pay_total", True, 1), ("pay_total", True, 2))},
        {"asked": (("everything", True, 1),)},
        {"asked": (("pin", True, 0),)},
        {"asked": ()},
        {"request_kind": "anything"},
        {"contact_id": ""},
        {"client_id": "nowhere"},
        {"ticket_id": "theirs"},
        {"interaction_id": "missed"},
        {"number_id": "number"},
        {"called_back_at": 1},
        {"scope": "team-two"},
    ],
)
def test_what_is_no_whole_verification_is_refused(changed: dict[str, Any]) -> None:
    refused(Bureau(), asked(**changed))


def test_times_that_are_yet_to_come_make_nothing_hold_longer() -> None:
    desk = Bureau()
    later = MONDAY_9 + 999 * HOUR
    desk.do(asked(asked=(("company_id", True, later), ("pay_total", True, later))), at=MONDAY_9)
    desk.do(CallBackKnownNumber(row_id="new", number_id="number"), at=MONDAY_9 + 1)
    desk.do(ApproveVerification(row_id="new"), LEAD, at=MONDAY_9 + 2)
    assert desk.rows["verifications", "new"]["expires_at"] == MONDAY_9 + 2 + HOUR


def test_nobody_approves_what_they_asked_or_called_back_themselves() -> None:
    desk = Bureau()
    desk.rows["verifications", "shown"] = {**desk.rows["verifications", "shown"], "agent_id": "lead"}
    assert refused(desk, ApproveVerification(row_id="shown"), LEAD).code == "own_approval"
    desk.do(CallBackKnownNumber(row_id="shown", number_id="number"), OTHER_LEAD)
    assert refused(desk, ApproveVerification(row_id="shown"), OTHER_LEAD).code == "own_approval"


def test_who_approved_cannot_call_back_afterwards() -> None:
    desk = Bureau()
    desk.do(ApproveVerification(row_id="shown"), LEAD)
    assert refused(desk, CallBackKnownNumber(row_id="shown", number_id="number"), LEAD).code == "own_approval"


@pytest.mark.parametrize("who", [CSR, COLLEAGUE, STRANGER, MANAGER, ADMINISTRATOR])
def test_only_a_lead_of_the_team_approves(who: Person) -> None:
    refused(Bureau(), ApproveVerification(row_id="shown"), who)


def test_taking_the_call_back_back_blocks_it_again() -> None:
    desk = Bureau()
    desk.do(ApproveVerification(row_id="shown"), LEAD)
    _, inverse, _ = desk.do(CallBackKnownNumber(row_id="shown", number_id="number"))
    assert desk.rows["verifications", "shown"]["passed_at"]
    assert inverse is not None
    desk.do(inverse)
    assert not desk.rows["verifications", "shown"]["passed_at"]
    assert refused(desk, CARRIED_OUT).code == "unverified"


@pytest.mark.parametrize(
    ("number_id", "values"),
    [
        ("of-another", {"client_id": "client", "contact_id": "other"}),
        ("elsewhere", {"client_id": "nowhere"}),
        ("gone", {"client_id": "client", "deleted": 1}),
        ("not-sent-yet", {"client_id": "client", "rev": 0}),
        ("of-yesterday", {"client_id": "client", "known_since_at": MONDAY_9 - 23 * HOUR}),
        ("of-today", {"client_id": "client", "known_since_at": MONDAY_9 + MINUTE}),
    ],
)
def test_only_a_number_that_was_known_before_is_one_to_call_back(number_id: str, values: dict[str, Any]) -> None:
    desk = Bureau()
    desk.rows.update([row("phone_numbers", number_id, **values)])
    refused(desk, CallBackKnownNumber(row_id="shown", number_id=number_id))
    refused(desk, asked(number_id=number_id, called_back_at=MONDAY_9))


@pytest.mark.parametrize("made_at", [MONDAY_9, MONDAY_9 - 365 * 24 * HOUR], ids=["now", "dated back"])
def test_the_number_that_the_caller_just_gave_is_none_to_call_back(made_at: int) -> None:
    desk = Bureau()
    number_id = uuid7(made_at, 1)
    desk.do(AddNumber(row_id=number_id, client_id="client", contact_id="contact", raw="555-0133"))
    desk.rows["phone_numbers", number_id] = {**desk.rows["phone_numbers", number_id], "rev": 9}
    assert refused(desk, CallBackKnownNumber(row_id="shown", number_id=number_id)).code == "new_number"


def number_of(desk: Bureau, since_at: int) -> str:
    """A number of the contact that is kept since then."""
    values = {"client_id": "client", "contact_id": "contact", "known_since_at": since_at}
    desk.rows.update([row("phone_numbers", "given", **values)])
    return "given"


def test_a_number_that_came_after_the_ticket_is_none_to_call_back_for_it() -> None:
    desk = Bureau()
    desk.rows["tickets", "bank"] = {**desk.rows["tickets", "bank"], "opened_at": MONDAY_9 - 48 * HOUR}
    given = number_of(desk, MONDAY_9 - 47 * HOUR)
    said = refused(desk, asked(number_id=given, called_back_at=MONDAY_9))
    assert said.code == "new_number"
    assert refused(desk, CallBackKnownNumber(row_id="shown", number_id=given)).code == "new_number"


def test_a_call_back_that_names_no_ticket_is_judged_by_the_one_that_is_carried_out() -> None:
    desk = Bureau()
    desk.rows["tickets", "bank"] = {**desk.rows["tickets", "bank"], "opened_at": MONDAY_9 - 48 * HOUR}
    given = number_of(desk, MONDAY_9 - 47 * HOUR)
    desk.do(asked(number_id=given, called_back_at=MONDAY_9, ticket_id=""))
    desk.do(ApproveVerification(row_id="new"), LEAD)
    assert refused(desk, CARRIED_OUT).advice == "Missing: a call back to a known number."


def test_a_number_given_in_one_call_is_none_for_what_is_asked_in_the_next_of_the_day() -> None:
    desk = Bureau()
    given = number_of(desk, MONDAY_9 - 2 * HOUR)
    assert refused(desk, asked(number_id=given, called_back_at=MONDAY_9, ticket_id="")).code == "new_number"
    given = number_of(desk, MONDAY_9 - 25 * HOUR)
    desk.do(asked(number_id=given, called_back_at=MONDAY_9))


def test_times_that_are_yet_to_come_make_no_number_older() -> None:
    desk = Bureau()
    given, later = number_of(desk, MONDAY_9 - HOUR), MONDAY_9 + 30 * HOUR
    factors = (("company_id", True, later), ("pay_total", True, later))
    forged = asked(asked=factors, number_id=given, called_back_at=later, ticket_id="")
    assert refused(desk, forged).code == "new_number"


def test_the_ticket_cannot_be_made_harmless_or_somebody_elses_to_get_around_it() -> None:
    desk = Bureau()
    assert refused(desk, NameRequest(row_id="bank", was="bank_change", becomes="")).code == "not_allowed"
    with pytest.raises(Refused):
        desk.do(EditTicket(row_id="bank", changes={"request_kind": ("bank_change", "")}))
    # With another's verification: it is done for them, or not at all.
    desk = verified()
    refused(desk, OTHER_ASKER)
    desk.do(OTHER_ASKER, LEAD)
    assert refused(desk, CARRIED_OUT).code == "unverified"


def test_who_was_asked_on_the_ticket_can_be_named_as_who_asked_for_it() -> None:
    desk = Bureau()
    desk.do(asked(contact_id="other", ticket_id=""))
    refused(desk, OTHER_ASKER)
    desk.do(asked(row_id="on-it", contact_id="other"))
    _, back, _ = desk.do(OTHER_ASKER)
    assert back is not None
    desk.do(back)
    assert desk.rows["tickets", "bank"]["contact_id"] == "contact"


def test_who_asked_is_said_by_anyone_where_nobody_was_named() -> None:
    desk = Bureau()
    desk.rows["tickets", "bank"] = {**desk.rows["tickets", "bank"], "contact_id": ""}
    desk.do(EditTicket(row_id="bank", changes={"contact_id": ("", "other")}))


@pytest.mark.parametrize("state", ["resolved", "closed"])
def test_what_was_carried_out_for_one_is_not_said_to_be_anothers_afterwards(state: str) -> None:
    desk = verified()
    desk.do(CARRIED_OUT)
    desk.rows["tickets", "bank"] = {**desk.rows["tickets", "bank"], "state": state}
    desk.do(asked(contact_id="other"))
    refused(desk, OTHER_ASKER)
    desk.do(EditTicket(row_id="bank", changes={"subject": ("Another account", "New account")}))


@pytest.mark.parametrize("state", ["resolved", "closed"])
def test_what_is_over_becomes_risky_only_as_it_could_be_carried_out(state: str) -> None:
    desk = Bureau()
    for ticket_id in ("ticket", "bank"):
        desk.rows["tickets", ticket_id] = {**desk.rows["tickets", ticket_id], "state": state, "request_kind": ""}
    named = NameRequest(row_id="bank", was="", becomes="bank_change")
    assert refused(desk, named).code == "unverified"
    desk.do(CallBackKnownNumber(row_id="shown", number_id="number"))
    desk.do(ApproveVerification(row_id="shown"), LEAD)
    desk.do(named)
    desk.do(NameRequest(row_id="ticket", was="", becomes="w2_reissue"), LEAD)


def test_taking_back_that_it_is_risky_is_the_leads() -> None:
    desk = Bureau()
    _, back, _ = desk.do(NameRequest(row_id="ticket", was="", becomes="w2_reissue"))
    assert back is not None
    assert refused(desk, back).code == "not_allowed"
    _, harmless, _ = desk.do(NameRequest(row_id="ticket", was="w2_reissue", becomes="refund"), LEAD)
    assert harmless is not None
    desk.do(harmless, LEAD)
    assert desk.rows["tickets", "ticket"]["request_kind"] == "w2_reissue"


def test_reopening_and_taking_that_back_is_no_way_around() -> None:
    desk = verified()
    desk.do(CARRIED_OUT)
    _, back, _ = desk.do(ChangeTicketState(row_id="bank", was="resolved", becomes="open"))
    desk.do(OTHER_ASKER, LEAD)
    assert back is not None
    assert refused(desk, back).code == "unverified"


def test_closing_it_undone_is_the_leads_word() -> None:
    desk = Bureau()
    closed = ChangeTicketState(row_id="bank", was="open", becomes="closed")
    assert refused(desk, closed).code == "unverified"
    desk.do(closed, LEAD)
    done = ChangeTicketState(row_id="bank", was="closed", becomes="resolved")
    assert refused(desk, done, LEAD).code == "unverified"


def test_it_can_wait_and_what_is_not_risky_is_never_blocked() -> None:
    desk = Bureau()
    desk.do(ChangeTicketState(row_id="bank", was="open", becomes="waiting"))
    desk.do(OpenTicket(row_id="new", scope=TEAM, subject="Off-cycle check", request_kind="off_cycle_check"))
    desk.do(ChangeTicketState(row_id="new", was="open", becomes="resolved"))


def test_what_nobody_is_named_for_is_blocked_until_somebody_is() -> None:
    desk = Bureau()
    desk.rows["tickets", "bank"] = {**desk.rows["tickets", "bank"], "contact_id": ""}
    assert refused(desk, CARRIED_OUT).advice == "Say first who of the client asked for it."


def test_a_rule_that_was_made_stricter_holds_for_what_waits() -> None:
    desk = verified()
    desk.do(EditVerificationRule(row_id="rule", changes={"required_count": (2, 3)}), MANAGER)
    assert refused(desk, CARRIED_OUT).advice == "Missing: one more factor."


def test_without_any_rule_a_risky_request_still_needs_a_call_back() -> None:
    desk = Bureau()
    desk.do(RemoveVerificationRule(row_id="rule"), ADMINISTRATOR)
    assert refused(desk, CARRIED_OUT).advice == "Missing: a call back to a known number."


@pytest.mark.parametrize(
    "changed",
    [
        {"factors": "shoe_size"},
        {"required_count": 2},
        {"required_count": 0},
        {"holds_seconds": 1},
        {"request_kind": "anything"},
        {"request_kind": "refund", "topic_id": "notice"},
        {"request_kind": "bank_change"},  # there is one
    ],
)
def test_rules_that_can_be_none_are_refused(changed: dict[str, Any]) -> None:
    fields: dict[str, Any] = {"row_id": "new", "factors": "pin", "required_count": 1, **changed}
    refused(Bureau(), AddVerificationRule(**fields), ADMINISTRATOR)


def test_a_request_is_named_by_anyone_and_taken_away_by_the_lead() -> None:
    desk = Bureau()
    desk.do(NameRequest(row_id="ticket", was="", becomes="w2_reissue"))
    with pytest.raises(Refused):
        desk.do(NameRequest(row_id="ticket", was="w2_reissue", becomes=""), COLLEAGUE)
    desk.do(NameRequest(row_id="ticket", was="w2_reissue", becomes=""), LEAD)
    assert desk.rows["tickets", "ticket"]["request_kind"] == ""


NO_ANSWER = ("call_back_no_answer", False, MONDAY_9)


def test_a_call_back_in_vain_is_kept_and_passes_nothing() -> None:
    desk = Bureau()
    desk.do(ApproveVerification(row_id="shown"), LEAD)
    desk.do(asked(asked=(NO_ANSWER,), number_id="number"))
    row = desk.rows["verifications", "new"]
    assert (row["called_number_id"], row["called_back_by_id"], row["called_back_at"]) == ("number", "", 0)
    assert (row["passed_at"], row["expires_at"]) == (0, 0)
    assert refused(desk, CARRIED_OUT).advice == "Missing: a call back to a known number."


def test_where_only_a_call_back_is_asked_for_one_in_vain_passes_nothing_either() -> None:
    desk = Bureau()
    rule = {"required_count": (2, 0), "is_second_approver_needed": (1, 0)}
    desk.do(EditVerificationRule(row_id="rule", changes=rule), MANAGER)
    desk.do(asked(asked=(("call_back_wrong_person", False, MONDAY_9),), number_id="number"))
    assert desk.rows["verifications", "new"]["passed_at"] == 0
    assert refused(desk, CARRIED_OUT).code == "unverified"


@pytest.mark.parametrize(
    "forged",
    [
        {"asked": (("call_back_no_answer", True, MONDAY_9),), "number_id": "number"},
        {"asked": (NO_ANSWER,), "number_id": "number", "called_back_at": MONDAY_9},
        {"asked": (NO_ANSWER, ("call_back_wrong_person", False, MONDAY_9)), "number_id": "number"},
        {"asked": (NO_ANSWER,)},
    ],
    ids=["passed", "reached too", "two outcomes", "no number"],
)
def test_a_call_back_has_one_outcome_and_its_number(forged: dict[str, Any]) -> None:
    assert refused(Bureau(), asked(**forged)).code == "not_allowed"


def test_a_strangers_number_is_none_to_have_called_in_vain() -> None:
    said = refused(Bureau(), asked(asked=(NO_ANSWER,), number_id="strangers"))
    assert said.code in {"unknown", "other_number"}


def test_what_they_may_not_ask_for_a_lead_has_to_stand_for() -> None:
    desk = Bureau()
    desk.do(EditVerificationRule(row_id="rule", changes={"is_second_approver_needed": (1, 0)}), MANAGER)
    desk.rows["contacts", "contact"] = {**desk.rows["contacts", "contact"], "authorities": "payroll,tax"}
    desk.do(CallBackKnownNumber(row_id="shown", number_id="number"))
    assert refused(desk, CARRIED_OUT).advice == "Missing: a second person's approval."
    desk.do(ApproveVerification(row_id="shown"), LEAD)
    desk.do(CARRIED_OUT)
