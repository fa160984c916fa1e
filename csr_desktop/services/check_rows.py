"""What is shown of the verification of callers."""

from __future__ import annotations

import msgspec


class FactorState(msgspec.Struct, frozen=True):
    """A factor of the rule; `outcome` is passed, failed, or '' while it was not asked."""

    factor: str
    outcome: str


class KnownNumber(msgspec.Struct, frozen=True):
    """A number to call back, as it is written here. `is_own_line` is the company's."""

    id: str
    number: str
    shown: str
    is_own_line: bool


class CallBackTry(msgspec.Struct, frozen=True):
    """A known number was called back in vain. `outcome` is one of FAILED_CALL_BACKS."""

    outcome: str
    at: int
    by_name: str


class ShownCheck(msgspec.Struct, frozen=True):
    """What a contact showed, as it is kept: never an answer. `call_back` is passed, one of FAILED_CALL_BACKS, or ''
    where nobody was called back; times are 0 for what was not done, `expires_at` while it has not passed.
    """

    request_kind: str
    contact_name: str
    factors: tuple[FactorState, ...]
    asked_at: int
    asked_by_name: str
    call_back: str
    number_shown: str
    called_back_at: int
    called_back_by_name: str
    approved_at: int
    approved_by_name: str
    passed_at: int
    expires_at: int


class CallCheck(msgspec.Struct, frozen=True):
    """How verification stands in a running call. `holds_until_at` is of an earlier one that still holds, 0 for none.

    `call_back` is passed, one of FAILED_CALL_BACKS, or '' while nothing is said; `call_back_choices` what can be said.
    """

    request_kind: str
    is_risky: bool
    has_contact: bool
    factors: tuple[FactorState, ...]
    needs_call_back: bool
    call_back: str
    call_back_choices: tuple[str, ...]
    needs_approval: bool
    passed_count: int
    needed_count: int
    is_failed: bool
    passed_until_at: int
    holds_until_at: int
    may_not_ask: bool = False
    """What they may ask for does not hold this: a lead has to stand for it."""
    was_asked_before: bool = False
    """The factors are those of an earlier call, to which this one adds the call back."""

    @property
    def is_called_back(self) -> bool:
        return self.call_back == "passed"

    @property
    def is_begun(self) -> bool:
        return bool(self.call_back) or any(one.outcome for one in self.factors)

    @property
    def is_blocked(self) -> bool:
        return self.is_risky and not (self.passed_until_at or self.holds_until_at)


class TicketCheck(msgspec.Struct, frozen=True):
    """How it stands with what a ticket asks for. `verification_id` is the one that comes nearest, '' for none; `tries`
    are calls back in vain, the latest first.
    """

    request_kind: str
    is_risky: bool
    holds_until_at: int
    verification_id: str = ""
    missing_count: int = 0
    lacks_call_back: bool = False
    lacks_approval: bool = False
    has_run_out: bool = False
    has_contact: bool = True
    may_not_ask: bool = False
    can_approve: bool = False
    numbers: tuple[KnownNumber, ...] = ()
    tries: tuple[CallBackTry, ...] = ()
    shown: ShownCheck | None = None
    """What the one that comes nearest holds."""

    @property
    def is_blocked(self) -> bool:
        return self.is_risky and not self.holds_until_at
