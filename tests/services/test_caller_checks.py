"""Verification as the screens ask for it: over a call, a call back, a lead's approval, until it runs out."""

from __future__ import annotations

import pytest

from csr_desktop.domain.errors import Refused
from csr_desktop.services.call_rows import NextSteps, RequestStep
from csr_desktop.services.desk_services import Services
from tests.services.conftest import Bureau

MINUTE = 60_000
HOUR = 60 * MINUTE
ASKS = NextSteps(request=RequestStep("payroll_rollback", "Payroll rollback", "the run of Friday"))


@pytest.fixture
def with_rule(bureau: Bureau) -> Bureau:
    """For a rollback: two factors, a call back and a second person, for an hour. A number that the server has."""
    bureau.row(
        "verification_rules", "rollback", request_kind="payroll_rollback", factors="company_id,pay_total,pin",
        required_count=2, is_call_back_needed=1, is_second_approver_needed=1, holds_seconds=3600, rev=1,
    )  # fmt: skip
    bureau.row("phone_numbers", client_id="bakery", contact_id="dana", raw="(312) 555-0142", e164="+13125550142", rev=2)
    return bureau


def asked(bureau: Bureau, desk: Services, steps: NextSteps = ASKS, *passed: str) -> str:
    """The ticket of a call in which this was asked for and these factors passed."""
    call = desk.calls.start(contact_id="dana", direction="in")
    desk.calls.set_steps(call.id, steps)
    for factor in passed or ("company_id", "pay_total"):
        desk.calls.set_factor(call.id, factor, "passed")
    bureau.forward(MINUTE)
    desk.calls.save(call.id)
    return str(bureau.sql.value("SELECT id FROM tickets WHERE request_kind = 'payroll_rollback'"))


def test_it_goes_from_the_call_over_the_call_back_to_the_leads_approval(with_rule: Bureau) -> None:
    desk = with_rule.services
    ticket_id = asked(with_rule, desk)
    check = desk.inbox.conversation(ticket_id).check
    assert (check.missing_count, check.lacks_call_back, check.lacks_approval, check.can_approve) == (
        0,
        True,
        True,
        False,
    )
    desk.caller_checks.called_back(check.verification_id, check.numbers[0].id)
    with pytest.raises(Refused):
        desk.caller_checks.approve(check.verification_id)
    with pytest.raises(Refused) as refusal:
        desk.inbox.resolve(ticket_id)
    assert refusal.value.advice == "Missing: a second person's approval."
    lead = with_rule.sign_in("lee", "lead", ("tax",))
    assert lead.inbox.conversation(ticket_id).check.can_approve
    lead.caller_checks.approve(check.verification_id)
    assert not lead.inbox.conversation(ticket_id).check.is_blocked
    assert lead.inbox.context("bakery", "dana").contact.verified_until_at == with_rule.clock() + HOUR  # type: ignore[union-attr]
    desk = with_rule.sign_in("ada", "csr", ("tax",))
    desk.inbox.resolve(ticket_id)
    assert desk.inbox.conversation(ticket_id).state == "resolved"


def test_a_lead_who_asked_does_not_approve_their_own(with_rule: Bureau) -> None:
    lead = with_rule.sign_in("lee", "lead", ("tax",))
    ticket_id = asked(with_rule, lead)
    assert not lead.inbox.conversation(ticket_id).check.can_approve


def test_it_runs_out_and_says_so(with_rule: Bureau) -> None:
    ticket_id = asked(with_rule, with_rule.services)
    check = with_rule.services.inbox.conversation(ticket_id).check
    with_rule.services.caller_checks.called_back(check.verification_id, check.numbers[0].id)
    lead = with_rule.sign_in("lee", "lead", ("tax",))
    lead.caller_checks.approve(check.verification_id)
    with_rule.forward(HOUR)
    check = lead.inbox.conversation(ticket_id).check
    assert (check.is_blocked, check.has_run_out) == (True, True)
    assert lead.inbox.context("bakery", "dana").contact.verified_until_at == 0  # type: ignore[union-attr]
    with pytest.raises(Refused) as refusal:
        lead.inbox.resolve(ticket_id)
    assert refusal.value.advice == "The verification has run out: ask again."


def test_the_next_call_says_that_it_still_holds(bureau: Bureau) -> None:
    desk = bureau.services
    call = desk.calls.start(contact_id="dana", direction="in")
    for factor in ("company_id", "pay_total"):
        desk.calls.set_factor(call.id, factor, "passed")
    desk.calls.save(call.id)
    bureau.forward(HOUR)
    again = desk.calls.start(contact_id="dana", direction="in")
    assert again.check is not None
    assert again.check.holds_until_at > bureau.clock()
    other = desk.calls.start(contact_id="robin", direction="in")
    assert other.check is not None
    assert other.check.holds_until_at == 0


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ({"company_id": "passed", "pay_total": "passed"}, "passed"),
        ({"company_id": "passed", "pay_total": "failed"}, "failed"),
        ({"company_id": "passed"}, "begun"),
        ({}, ""),
    ],
)
def test_the_timeline_says_what_came_of_it(bureau: Bureau, outcomes: dict[str, str], said: str) -> None:
    desk = bureau.services
    call = desk.calls.start(contact_id="dana", direction="in")
    for factor, outcome in outcomes.items():
        desk.calls.set_factor(call.id, factor, outcome)
    desk.calls.save(call.id)
    row = desk.clients.timeline_row("call", call.id)
    assert row is not None
    assert row.verification == said


def test_what_a_caller_showed_survives_a_kill(bureau: Bureau) -> None:
    call = bureau.services.calls.start(contact_id="dana", direction="in")
    bureau.services.calls.set_factor(call.id, "company_id", "passed")
    found = bureau.restart().calls.one(call.id)
    assert found.check is not None
    assert [one.outcome for one in found.check.factors] == ["passed", "", ""]


def test_a_private_number_in_a_request_is_masked(with_rule: Bureau) -> None:
    steps = NextSteps(request=RequestStep("payroll_rollback", "Payroll rollback", "card 4111 1111 1111 1111"))
    ticket_id = asked(with_rule, with_rule.services, steps)
    subject = with_rule.services.inbox.conversation(ticket_id).subject
    bodies = with_rule.sql.all("SELECT body FROM messages WHERE ticket_id = ?", ticket_id)
    assert "1111 1111 1111" not in subject + repr(bodies)
    assert b"1111 1111 1111" not in b"".join(bytes(body) for (body,) in with_rule.sql.all("SELECT body FROM outbox"))


def test_a_number_that_was_attached_in_the_call_is_none_to_call_back(with_rule: Bureau) -> None:
    desk = with_rule.services
    call = desk.calls.start("(312) 555-0199", direction="in")
    desk.calls.attach(call.id, "dana", remember_number=True)
    desk.calls.set_steps(call.id, ASKS)
    desk.calls.set_factor(call.id, "company_id", "passed")
    desk.calls.save(call.id)
    ticket_id = str(with_rule.sql.value("SELECT id FROM tickets WHERE request_kind = 'payroll_rollback'"))
    check = desk.inbox.conversation(ticket_id).check
    assert "+13125550199" not in {one.number for one in check.numbers}
    added = with_rule.sql.value("SELECT id FROM phone_numbers WHERE e164 = '+13125550199'")
    with pytest.raises(Refused) as refusal:
        desk.caller_checks.called_back(check.verification_id, str(added))
    assert refusal.value.code == "new_number"


def called_in_vain(bureau: Bureau, ticket_id: str, *, is_answered: bool) -> tuple[str, ...]:
    """What can be said of a call back to the known number that was answered, or not; the call is in its wrap-up."""
    desk = bureau.services
    call = desk.calls.start("+13125550142", contact_id="dana", direction="out", ticket_id=ticket_id)
    bureau.forward(MINUTE)
    if is_answered:
        desk.calls.answer(call.id)
    check = desk.calls.end(call.id).check
    assert check is not None
    return check.call_back_choices


def test_nobody_answered_so_it_cannot_be_said_that_they_were_reached(with_rule: Bureau) -> None:
    ticket_id = asked(with_rule, with_rule.services)
    assert called_in_vain(with_rule, ticket_id, is_answered=False) == ("call_back_no_answer",)
    said = called_in_vain(with_rule, ticket_id, is_answered=True)
    assert said == ("passed", "call_back_no_answer", "call_back_wrong_person")


@pytest.mark.parametrize("outcome", ["call_back_no_answer", "call_back_wrong_person"])
def test_a_call_back_in_vain_stands_in_the_call_and_at_the_ticket_and_blocks_on(
    with_rule: Bureau, outcome: str
) -> None:
    desk = with_rule.services
    ticket_id = asked(with_rule, desk)
    shown_id = desk.inbox.conversation(ticket_id).check.verification_id
    called_in_vain(with_rule, ticket_id, is_answered=True)
    (call,) = desk.calls.running()
    for said in ("passed", outcome):  # the chip goes on through the outcomes
        call = desk.calls.set_call_back(call.id, said)
    assert call.check is not None
    assert (call.check.call_back, call.check.is_called_back) == (outcome, False)
    desk.calls.save(call.id)
    check = desk.inbox.conversation(ticket_id).check
    assert (check.verification_id, check.missing_count, check.lacks_call_back) == (shown_id, 0, True)
    assert [(one.outcome, one.by_name) for one in check.tries] == [(outcome, "Ada Sample")]
    line = desk.clients.timeline_row("call", call.id)
    assert line is not None
    assert line.verification == outcome


def test_one_in_vain_on_another_phone_is_noted_at_the_ticket_and_taken_back(with_rule: Bureau) -> None:
    desk = with_rule.services
    ticket_id = asked(with_rule, desk)
    number_id = desk.inbox.conversation(ticket_id).check.numbers[0].id
    for _ in range(2):
        with_rule.forward(MINUTE)
        desk.caller_checks.not_reached(ticket_id, number_id, "call_back_no_answer")
    check = desk.inbox.conversation(ticket_id).check
    assert (len(check.tries), check.is_blocked, check.tries[0].at > check.tries[1].at) == (2, True, True)
    desk.undo()
    assert len(desk.inbox.conversation(ticket_id).check.tries) == 1
    desk.caller_checks.called_back(check.verification_id, number_id)
    assert not desk.inbox.conversation(ticket_id).check.lacks_call_back


def test_a_number_given_in_the_first_call_is_none_to_call_back_in_the_second(with_rule: Bureau) -> None:
    desk = with_rule.services
    ticket_id = asked(with_rule, desk)
    with_rule.forward(MINUTE)
    desk.clients.add_number("bakery", "dana", "(312) 555-0177")
    with_rule.sql.do("UPDATE phone_numbers SET rev = 5 WHERE e164 = '+13125550177'")  # the server has it
    with_rule.forward(MINUTE)
    assert [one.number for one in desk.inbox.conversation(ticket_id).check.numbers] == ["+13125550142"]
    call = desk.calls.start("+13125550177", contact_id="dana", direction="out", ticket_id=ticket_id)
    check = desk.calls.answer(call.id).check
    assert check is not None
    assert check.call_back_choices == ()


def test_what_was_shown_stands_in_each_call_and_at_the_ticket_and_the_timeline_says_where_it_passed(
    with_rule: Bureau,
) -> None:
    desk = with_rule.services
    ticket_id = asked(with_rule, desk)
    first = str(with_rule.sql.value("SELECT interaction_id FROM verifications"))
    called_in_vain(with_rule, ticket_id, is_answered=True)
    (call,) = desk.calls.running()
    desk.calls.set_call_back(call.id, "passed")
    desk.calls.save(call.id)
    (shown,) = desk.calls.detail(call.id).checks
    assert desk.calls.detail(first).checks == (shown,)
    assert [(one.factor, one.outcome) for one in shown.factors] == [("company_id", "passed"), ("pay_total", "passed")]
    assert (shown.contact_name, shown.asked_by_name, shown.request_kind) == (
        "Dana Sample",
        "Ada Sample",
        "payroll_rollback",
    )
    assert (shown.call_back, shown.number_shown) == ("passed", "(312) 555-0142")
    assert shown.called_back_by_name == "Ada Sample"
    assert (shown.approved_at, shown.passed_at) == (0, 0)

    def said(call_id: str) -> str:
        line = desk.clients.timeline_row("call", call_id)
        assert line is not None
        return line.verification

    assert (said(first), said(call.id)) == ("begun", "called_back")
    lead = with_rule.sign_in("lee", "lead", ("tax",))
    check = lead.inbox.conversation(ticket_id).check
    assert check.shown == shown, "who approves sees what they stand for"
    with_rule.forward(MINUTE)
    lead.caller_checks.approve(check.verification_id)
    assert lead.calls.detail(call.id).checks[0].approved_by_name != ""
    assert said(first) == said(call.id) == "later"


def test_the_call_that_called_back_is_the_one_in_which_it_passed(with_rule: Bureau) -> None:
    with_rule.sql.do("UPDATE verification_rules SET is_second_approver_needed = 0")
    desk = with_rule.services
    ticket_id = asked(with_rule, desk)
    first = str(with_rule.sql.value("SELECT interaction_id FROM verifications"))
    called_in_vain(with_rule, ticket_id, is_answered=True)
    (call,) = desk.calls.running()
    desk.calls.set_call_back(call.id, "passed")
    desk.calls.save(call.id)
    lines = [desk.clients.timeline_row("call", i) for i in (first, call.id)]
    assert [line.verification for line in lines if line] == ["later", "passed"]


def test_what_waits_for_approval_stands_in_the_inbox_of_the_teams_leads_until_one_approved(with_rule: Bureau) -> None:
    desk = with_rule.services
    ticket_id = asked(with_rule, desk)
    lead = with_rule.sign_in("lee", "lead", ("tax",))
    assert ticket_id not in {row.id for row in lead.inbox.page("mine").rows}
    desk = with_rule.sign_in("ada", "csr", ("tax",))
    check = desk.inbox.conversation(ticket_id).check
    desk.caller_checks.called_back(check.verification_id, check.numbers[0].id)
    assert not any(row.awaits_my_approval for row in desk.inbox.page("my_team").rows)
    lead = with_rule.sign_in("lee", "lead", ("tax",))
    for view in ("mine", "escalated"):
        page = lead.inbox.page(view)
        assert [row.id for row in page.rows if row.awaits_my_approval] == [ticket_id]
    before = lead.inbox.counts()
    assert before.mine == len(lead.inbox.page("mine").rows)
    lead.caller_checks.approve(check.verification_id)
    assert ticket_id not in {row.id for row in lead.inbox.page("mine").rows}
    after = lead.inbox.counts()
    assert (before.mine - after.mine, before.escalated - after.escalated) == (1, 1)
    other = with_rule.sign_in("lee", "lead", ("sales",))
    assert ticket_id not in {row.id for row in other.inbox.page("mine").rows}
