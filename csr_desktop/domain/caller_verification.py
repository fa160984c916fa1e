"""Verification of a caller's identity: what a rule asks for, what was shown, whether it passed and until when.

Only that a factor was asked and whether it passed is ever known here, never an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

FACTORS: Final = ("company_id", "pay_total", "known_number", "birth_date", "security_question", "pin")
"""What a caller can be asked for, or be known by. A PIN is compared by the server."""
FAILED_CALL_BACKS: Final = ("call_back_no_answer", "call_back_wrong_person")
"""A known number was called back and it was not them. It stands among what was asked and never counts as passed."""
RISKY_REQUESTS: Final = ("bank_change", "add_authorised_caller", "payroll_rollback", "w2_reissue")
"""What stays blocked until the caller is verified for it."""
AUTHORITIES_FOR: Final = {
    "bank_change": frozenset({"bank"}),
    "payroll_rollback": frozenset({"payroll"}),
    "w2_reissue": frozenset({"payroll", "tax"}),
}
"""Of what a contact may ask for, one of these has to be among it; no word of it speaks of other requests."""
ORDINARY_REQUESTS: Final = (
    "payroll_adjustment",
    "off_cycle_check",
    "return",
    "refund",
    "exchange",
    "cancellation",
)
REQUEST_KINDS: Final = ("", *RISKY_REQUESTS, *ORDINARY_REQUESTS)
SHORTEST_SECONDS: Final = 60
LONGEST_SECONDS: Final = 30 * 86_400
_HOUR: Final = 3600
KNOWN_FOR_MS: Final = 24 * _HOUR * 1000
"""How long before a risky request a number must have been kept to be called back for it: who leaves a number in one
call and asks for something in the next is the same caller, and a day gives the client the time to notice.
"""


class Rule(msgspec.Struct, frozen=True):
    """So many of the factors must pass, and what else is needed. `holds_seconds`: how long a pass holds, and how old
    what was shown for it may be.
    """

    factors: tuple[str, ...]
    required_count: int
    is_call_back_needed: bool = False
    is_second_approver_needed: bool = False
    holds_seconds: int = _HOUR

    @property
    def needed_count(self) -> int:
        return self.required_count + self.is_call_back_needed + self.is_second_approver_needed


class PlacedRule(msgspec.Struct, frozen=True):
    """A rule and what it is for: one client or all (''), one topic with those below it, one kind of request, or all."""

    rule: Rule
    client_id: str = ""
    topic_id: str = ""
    request_kind: str = ""
    id: str = ""


USUAL: Final = Rule(("company_id", "pay_total", "known_number"), 2, holds_seconds=8 * _HOUR)
USUAL_RISKY: Final = Rule(
    ("company_id", "pay_total", "birth_date", "pin"), 2, is_call_back_needed=True, holds_seconds=8 * _HOUR
)
"""What holds where no rule says anything: a list that is empty must not open what is risky."""


class Asked(msgspec.Struct, frozen=True):
    """A factor that was asked, at this time in milliseconds."""

    factor: str
    is_passed: bool
    at: int


class Evidence(msgspec.Struct, frozen=True):
    """What was shown, times in milliseconds: the factors, each once; when a known number was called back and when a
    second person approved, 0 for neither.
    """

    asked: tuple[Asked, ...] = ()
    called_back_at: int = 0
    approved_at: int = 0

    @property
    def failed_call_back(self) -> Asked | None:
        """The call back that reached nobody of theirs."""
        return next((one for one in self.asked if one.factor in FAILED_CALL_BACKS), None)

    @property
    def shows_nothing(self) -> bool:
        """Nothing was shown, not even wrongly: at most somebody was called back in vain."""
        return not self.called_back_at and all(one.factor in FAILED_CALL_BACKS for one in self.asked)


class Standing(msgspec.Struct, frozen=True):
    """How evidence stands under a rule at one time. `missing_count` is of factors; `is_failed`: so many failed that the
    others are not enough. `passed_at` and `expires_at` are 0 while it has not passed.
    """

    passed_count: int
    needed_count: int
    missing_count: int
    lacks_call_back: bool
    lacks_approval: bool
    is_failed: bool
    passed_at: int
    expires_at: int

    def holds(self, at: int) -> bool:
        return self.passed_at > 0 and self.passed_at <= at < self.expires_at


def is_risky(request_kind: str) -> bool:
    return request_kind in RISKY_REQUESTS


def may_ask(authorities: str, request_kind: str) -> bool:
    """Whether a contact with these, a comma between, may ask for this."""
    wanted = AUTHORITIES_FOR.get(request_kind)
    return wanted is None or not wanted.isdisjoint(authorities.split(","))


def for_asker(rule: Rule, authorities: str, request_kind: str) -> Rule:
    """The rule as it holds for who asks: what they may not ask for, a second person has to stand for."""
    if rule.is_second_approver_needed or may_ask(authorities, request_kind):
        return rule
    return msgspec.structs.replace(rule, is_second_approver_needed=True)


def is_long_known(known_since_at: int, before_at: int, request_kind: str) -> bool:
    """Whether a number that was kept since then is one to call back for what began at `before_at`, both in
    milliseconds. 0 is a number that was there before that was noted.
    """
    return known_since_at + (KNOWN_FOR_MS if is_risky(request_kind) else 0) < before_at


def standing(rule: Rule, evidence: Evidence, now_at: int) -> Standing:
    """What is missing at `now_at`, and since when it is passed and until when. What was shown longer ago than a pass
    holds counts no more, so that pieces of different days make none.
    """
    missing, lacks_call_back, lacks_approval = _missing(rule, evidence, now_at)
    failed = sum(1 for one in evidence.asked if one.factor in rule.factors and not one.is_passed)
    passed_at = next((at for at in _times(rule, evidence) if not any(_missing(rule, evidence, at))), 0)
    left = missing + lacks_call_back + lacks_approval
    return Standing(
        passed_count=rule.needed_count - left,
        needed_count=rule.needed_count,
        missing_count=missing,
        lacks_call_back=lacks_call_back,
        lacks_approval=lacks_approval,
        is_failed=not passed_at and len(rule.factors) - failed < rule.required_count,
        passed_at=passed_at,
        expires_at=passed_at + rule.holds_seconds * 1000 if passed_at else 0,
    )


def _times(rule: Rule, evidence: Evidence) -> Sequence[int]:
    shown = {one.at for one in evidence.asked if one.is_passed and one.factor in rule.factors}
    return sorted(at for at in shown | {evidence.called_back_at, evidence.approved_at} if at > 0)


def _missing(rule: Rule, evidence: Evidence, at: int) -> tuple[int, bool, bool]:
    """The number of factors, and whether the call back and the approval lack, by what counts at that time."""

    def counts(shown_at: int) -> bool:
        return 0 < shown_at <= at and shown_at > at - rule.holds_seconds * 1000

    shown = {one.factor for one in evidence.asked if one.is_passed and one.factor in rule.factors and counts(one.at)}
    return (
        max(0, rule.required_count - len(shown)),
        rule.is_call_back_needed and not counts(evidence.called_back_at),
        rule.is_second_approver_needed and not counts(evidence.approved_at),
    )


def narrowest(rules: Iterable[PlacedRule], client_id: str, topics: Sequence[str], request_kind: str) -> Rule:
    """The rule that holds for this: one for the client goes before one for all, then one for the kind of request before
    one for a topic, the nearer topic first, before one for everything. `topics` leads from the topic up to its top.

    A risky request is under the rules that name it alone: else it would be eased by giving it another topic.
    """
    found: list[tuple[tuple[int, int, int, str], Rule]] = []
    for one in rules:
        if one.client_id not in {"", client_id} or one.request_kind not in {"", request_kind}:
            continue
        if (one.topic_id and one.topic_id not in topics) or (is_risky(request_kind) and not one.request_kind):
            continue
        nearness = len(topics) - topics.index(one.topic_id) if one.topic_id else 0
        found.append(((int(bool(one.client_id)), int(bool(one.request_kind)), nearness, one.id), one.rule))
    if found:
        return max(found, key=lambda pair: pair[0])[1]
    return USUAL_RISKY if is_risky(request_kind) else USUAL


def problem_of(rule: Rule) -> str:
    """Why this can be no rule, for a person; '' for one that can."""
    if not set(rule.factors) <= set(FACTORS) or len(set(rule.factors)) != len(rule.factors):
        return f"The factors are: {', '.join(FACTORS)}; each once."
    if not 0 <= rule.required_count <= len(rule.factors):
        return "A rule cannot ask for more factors to pass than it names."
    if not rule.required_count and not rule.is_call_back_needed:
        return "A rule needs at least one factor that must pass, or a call back to a known number."
    if not SHORTEST_SECONDS <= rule.holds_seconds <= LONGEST_SECONDS:
        return "A pass holds for a minute at least and 30 days at most."
    return ""


def factors_of(text: str) -> tuple[str, ...]:
    """As they are stored, a comma between."""
    return tuple(part for part in text.split(",") if part)
