"""What a caller must show: pieces add up, age, and cannot be shown by anything that the rule does not name."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csr_desktop.domain.caller_verification import (
    FACTORS,
    RISKY_REQUESTS,
    USUAL,
    USUAL_RISKY,
    Asked,
    Evidence,
    PlacedRule,
    Rule,
    factors_of,
    narrowest,
    problem_of,
    standing,
)

NOON = 1_747_051_200_000
MINUTE = 60_000
HOUR = 60 * MINUTE
TIMES = st.integers(NOON - 3 * HOUR, NOON)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    factors = tuple(draw(st.lists(st.sampled_from(FACTORS), unique=True, min_size=1)))
    return Rule(
        factors,
        draw(st.integers(1, len(factors))),
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.integers(60, 4 * 3600)),
    )


@st.composite
def shown(draw: st.DrawFn) -> Evidence:
    asked = [
        Asked(factor, draw(st.booleans()), draw(TIMES))
        for factor in draw(st.lists(st.sampled_from(FACTORS), unique=True))
    ]
    return Evidence(tuple(asked), draw(st.just(0) | TIMES), draw(st.just(0) | TIMES))


def asked(*factors: str, at: int = NOON, is_passed: bool = True) -> tuple[Asked, ...]:
    return tuple(Asked(factor, is_passed, at) for factor in factors)


def test_two_of_three_passed_and_a_call_back_missing_is_no_pass() -> None:
    rule = Rule(("company_id", "pay_total", "birth_date"), 2, is_call_back_needed=True)
    found = standing(rule, Evidence(asked("company_id", "pay_total")), NOON)
    assert (found.passed_count, found.needed_count) == (2, 3)
    assert (found.missing_count, found.lacks_call_back, found.lacks_approval) == (0, True, False)
    assert (found.passed_at, found.expires_at, found.holds(NOON)) == (0, 0, False)


def test_it_passes_with_its_last_piece_and_holds_for_as_long_as_the_rule_says() -> None:
    rule = Rule(("company_id", "pay_total"), 2, is_call_back_needed=True, holds_seconds=3600)
    found = standing(rule, Evidence(asked("company_id", "pay_total"), NOON + 5 * MINUTE), NOON + HOUR)
    assert (found.passed_at, found.expires_at) == (NOON + 5 * MINUTE, NOON + 5 * MINUTE + HOUR)
    assert found.holds(NOON + 5 * MINUTE)
    assert found.holds(found.expires_at - 1)
    assert not found.holds(found.expires_at)
    assert not found.holds(NOON)


def test_what_was_shown_on_another_day_does_not_count() -> None:
    rule = Rule(("company_id", "pay_total"), 2, is_call_back_needed=True, holds_seconds=3600)
    found = standing(rule, Evidence(asked("company_id", "pay_total"), NOON + 2 * HOUR), NOON + 2 * HOUR)
    assert found.passed_at == 0
    assert found.missing_count == 2


def test_so_many_failed_that_the_rest_is_not_enough() -> None:
    rule = Rule(("company_id", "pay_total", "birth_date"), 2)
    assert not standing(rule, Evidence(asked("pay_total", is_passed=False)), NOON).is_failed
    assert standing(rule, Evidence(asked("pay_total", "birth_date", is_passed=False)), NOON).is_failed


@given(rules(), shown())
def test_it_passes_exactly_when_at_some_moment_nothing_was_missing(rule: Rule, evidence: Evidence) -> None:
    moments = {one.at for one in evidence.asked} | {evidence.called_back_at, evidence.approved_at}
    found = standing(rule, evidence, NOON)

    def lacks_nothing(at: int) -> bool:
        one = standing(rule, evidence, at)
        return at > 0 and not (one.missing_count or one.lacks_call_back or one.lacks_approval)

    assert bool(found.passed_at) == any(lacks_nothing(at) for at in moments)
    assert found.passed_at in moments | {0}
    assert not (found.is_failed and found.passed_at)
    assert 0 <= found.passed_count <= found.needed_count


@given(rules(), shown(), st.randoms())
def test_the_order_in_which_it_was_asked_does_not_matter(rule: Rule, evidence: Evidence, random: object) -> None:
    mixed = list(evidence.asked)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    other = msgspec.structs.replace(evidence, asked=tuple(mixed))
    assert standing(rule, other, NOON) == standing(rule, evidence, NOON)


@given(rules(), shown())
def test_what_failed_and_what_the_rule_does_not_name_adds_nothing(rule: Rule, evidence: Evidence) -> None:
    counts = tuple(one for one in evidence.asked if one.is_passed and one.factor in rule.factors)
    less = standing(rule, msgspec.structs.replace(evidence, asked=counts), NOON)
    found = standing(rule, evidence, NOON)
    assert (found.passed_at, found.passed_count) == (less.passed_at, less.passed_count)


@given(rules(), shown())
def test_more_asked_of_a_rule_never_lets_somebody_through_who_was_kept_out(rule: Rule, evidence: Evidence) -> None:
    stricter = msgspec.structs.replace(rule, is_call_back_needed=True, is_second_approver_needed=True)
    if standing(stricter, evidence, NOON).passed_at:
        assert standing(rule, evidence, NOON).passed_at


@given(rules(), shown())
def test_without_a_call_back_or_a_second_person_who_are_needed_nothing_passes(rule: Rule, evidence: Evidence) -> None:
    found = standing(rule, evidence, NOON)
    if found.passed_at:
        assert evidence.called_back_at or not rule.is_call_back_needed
        assert evidence.approved_at or not rule.is_second_approver_needed
        assert sum(one.is_passed and one.factor in rule.factors for one in evidence.asked) >= rule.required_count


STRICT = Rule(("pin",), 1, is_call_back_needed=True)
LAX = Rule(("company_id",), 1)


def test_the_narrowest_rule_holds() -> None:
    everything = PlacedRule(LAX)
    tax = PlacedRule(Rule(("pay_total",), 1), topic_id="tax")
    notice = PlacedRule(Rule(("birth_date",), 1), topic_id="notice")
    refund = PlacedRule(Rule(("pin",), 1), request_kind="refund")
    bakery = PlacedRule(Rule(("known_number",), 1), client_id="bakery")
    every = [bakery, refund, notice, tax, everything]
    assert narrowest(every, "orchard", ["notice", "tax"], "") == notice.rule
    assert narrowest(every, "orchard", ["deposit", "tax"], "") == tax.rule
    assert narrowest(every, "orchard", ["notice", "tax"], "refund") == refund.rule
    assert narrowest(every, "orchard", [], "") == LAX
    assert narrowest(every, "bakery", ["notice", "tax"], "refund") == bakery.rule
    assert narrowest([], "bakery", [], "") == USUAL


@pytest.mark.parametrize("kind", RISKY_REQUESTS)
def test_a_rule_that_does_not_name_a_risky_request_does_not_ease_it(kind: str) -> None:
    lax = [PlacedRule(LAX), PlacedRule(LAX, client_id="bakery"), PlacedRule(LAX, topic_id="tax")]
    assert narrowest(lax, "bakery", ["tax"], kind) == USUAL_RISKY
    assert narrowest([*lax, PlacedRule(STRICT, request_kind=kind)], "bakery", ["tax"], kind) == STRICT
    assert USUAL_RISKY.is_call_back_needed


@pytest.mark.parametrize(
    "rule",
    [
        Rule(("shoe_size",), 1),
        Rule(("pin", "pin"), 1),
        Rule(("pin",), 2),
        Rule(("pin",), 0),
        Rule(("pin",), 1, holds_seconds=59),
        Rule(("pin",), 1, holds_seconds=31 * 86_400),
    ],
)
def test_what_can_be_no_rule_is_said_in_words(rule: Rule) -> None:
    assert problem_of(rule).endswith(".")


@given(rules())
def test_a_rule_that_can_be_comes_back_as_it_was_stored(rule: Rule) -> None:
    assert problem_of(rule) == ""
    assert factors_of(",".join(rule.factors)) == rule.factors
