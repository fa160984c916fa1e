"""What a phone call is, told from all that was said of it: a function of the set of its events.

Events come late, twice, in any order, or not at all. The set is sorted and folded anew each time, so order and
repetition cannot matter, and a late event just gives another call. What proves an answer is never taken back by more
events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from csr_desktop.domain.call_parts import MOST_PAUSES
from csr_desktop.domain.phone import digits
from csr_desktop.domain.phone_agents import AgentNames
from csr_desktop.domain.phone_events import EVENT_KINDS, PHONE_SYSTEMS, Cause, Direction, PhoneEvent, Source
from csr_desktop.domain.phone_legs import Leg, legs_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Outcome = Literal[
    "ringing",
    "talking",
    "on_hold",
    "handled",
    "transferred",
    "voicemail",
    "missed",
    "abandoned",
    "busy",
    "no_answer",
]
"""'abandoned': the caller gave up in a queue; 'missed': any other incoming call that nobody answered; 'no_answer': an
outgoing or internal one; 'transferred': it went on elsewhere, to somebody of whom this call does not tell.
"""

SETTLED_MS: Final = 2_000
"""So long after its end a call that nobody took is logged: what was said before may come a little later."""
TWIN_MS: Final = 15_000
"""Calls of one number that begin so near to each other, and that not the same phone system or softphone tells of, are
one. Withheld numbers tell nothing of that.
"""
_ENDING: Final = frozenset({"hangup", "missed"})
_BEGINNING: Final = frozenset({"ring", "queue"})
_RANKS: Final = {kind: rank for rank, kind in enumerate(EVENT_KINDS)}
_GONE_ON_MS: Final = 10_000
"""A diverted call begins at most so long after the call that it came from ended."""


class PhoneCall(msgspec.Struct, frozen=True):
    """Times are milliseconds since the epoch by the receiver's clock; 0 for what has not happened. `legs` are in the
    order in which the agents came to the call. `is_unknown` says that its beginning was not seen: a hang-up without a
    call. `had_answer` counts also the answers of the call that it came from. `unfilled` names fields with placeholders.
    `pauses` are from when until when the phone system paused its recording, 0 for an end that was not told.
    """

    source: Source
    connection: str
    reference: str
    direction: Direction
    number: str
    name: str
    line: str
    queue: str
    began_at: int
    answered_at: int
    ended_at: int
    outcome: Outcome
    cause: Cause
    legs: tuple[Leg, ...]
    target: str
    came_from: str
    diverted_from: str
    recording: str
    unfilled: tuple[str, ...]
    is_unknown: bool
    had_answer: bool
    pauses: tuple[tuple[int, int], ...] = ()


def call_of(
    events: Iterable[PhoneEvent], known: Mapping[str, str] | None = None, origin: PhoneCall | None = None
) -> PhoneCall:
    """The call that the events of one reference tell, whatever their order and repetition. `known` gives the id of our
    agent by `agent_key` of an extension or user's name; `origin` is the call that this one came from, whose first
    answer is then the customer's. Raises ValueError when there are no events.
    """
    told = in_order(events)
    if not told:
        raise ValueError("a call needs at least one event")
    ended_at = _ended_at(told)
    began_at = told[0][0]
    direction = _direction(told)
    legs = legs_of(told, ended_at, AgentNames(told, known or {}), direction)
    answered_at = min((leg.answered_at for leg in legs if leg.answered_at), default=0)
    cause = _cause(told)
    had_answer = origin is not None and origin.had_answer
    first = told[0][1]
    call = PhoneCall(
        source=first.source,
        connection=first.connection,
        reference=first.reference,
        direction=direction,
        number=_number(told),
        name=_first(told, "name"),
        line=_first(told, "line"),
        queue=_first(told, "queue"),
        began_at=began_at,
        answered_at=answered_at,
        ended_at=ended_at,
        outcome="ringing",
        cause=cause,
        legs=_with_answer(legs, answered_at, had_answer=had_answer),
        target=next((event.target for _, event in reversed(told) if event.target), ""),
        came_from=_first(told, "came_from"),
        diverted_from=_first(told, "diverted_from"),
        recording=_first(told, "recording"),
        unfilled=tuple(sorted({field for _, event in told for field in event.unfilled})),
        is_unknown=not any(event.kind in _BEGINNING for _, event in told),
        had_answer=had_answer or answered_at > 0,
        pauses=_pauses(told),
    )
    return msgspec.structs.replace(call, outcome=_outcome(call, told))


def call_reference(call: PhoneCall) -> str:
    """By which everyone who hears of it finds what was logged of a phone system's call: the connection and the
    reference there. '' for a softphone's, of which one workstation alone knows.
    """
    return f"{call.connection} {call.reference}" if call.source in PHONE_SYSTEMS else ""


def in_order(events: Iterable[PhoneEvent]) -> list[tuple[int, PhoneEvent]]:
    """Each event once with its moment, in order. Where a sender tells its own time, that gives the intervals, and the
    fastest of its messages the difference of the two clocks: a phone system whose clock is wrong dates nothing.
    """
    every = set(events)
    behind: dict[tuple[str, str], int] = {}
    for event in every:
        if event.sent_at:
            clock = (event.source, event.connection)
            behind[clock] = min(behind.get(clock, event.at - event.sent_at), event.at - event.sent_at)
    moments = (
        (event.sent_at + behind[event.source, event.connection] if event.sent_at else event.at, event)
        for event in every
    )
    return sorted(moments, key=lambda one: (one[0], _RANKS[one[1].kind], one[1]))


def origin_of(call: PhoneCall, others: Iterable[PhoneCall]) -> PhoneCall | None:
    """The call that this one was transferred or diverted from, of those of the same connection: the one that it names,
    or the latest from the same number on the line that was dialled first. None when it came from none of them.
    """
    earlier = [other for other in others if other.connection == call.connection and other.reference != call.reference]
    if call.came_from:
        return next((other for other in earlier if other.reference == call.came_from), None)
    dialled = digits(call.diverted_from)
    if not dialled:
        return None
    fitting = [
        other
        for other in earlier
        if digits(other.line) == dialled
        and digits(other.number) == digits(call.number)
        and other.began_at <= call.began_at
        and (not other.ended_at or call.began_at <= other.ended_at + _GONE_ON_MS)
    ]
    return max(fitting, key=lambda other: (other.began_at, other.reference), default=None)


def _ended_at(told: list[tuple[int, PhoneEvent]]) -> int:
    ends = [(moment, event.cause == "forwarded") for moment, event in told if event.kind in _ENDING]
    # Some systems keep the reference of a call that they forward: its first end is no end when there is another.
    final = [moment for moment, is_forwarded in ends if not is_forwarded] or [moment for moment, _ in ends]
    if final:
        return min(final)
    if _direction(told) not in {"out", "internal"}:
        return 0
    # Who dialled hung up, and nobody else was there or is left.
    left = [moment for moment, event in told if event.kind in {"left", "gone"}]
    if not left:
        return 0
    is_answered = any(event.kind == "answer" for _, event in told)
    return max(left) if not is_answered or _direction(told) == "internal" else 0


def _pauses(told: list[tuple[int, PhoneEvent]]) -> tuple[tuple[int, int], ...]:
    """Told twice, one that lasts lasts on; an end of none says nothing."""
    found: list[tuple[int, int]] = []
    for moment, event in told:
        is_lasting = bool(found) and not found[-1][1]
        if event.kind == "recording_paused" and not is_lasting:
            found.append((moment, 0))
        elif event.kind == "recording_resumed" and is_lasting:
            found[-1] = (found[-1][0], moment)
    return tuple(found[:MOST_PAUSES])


def _direction(told: list[tuple[int, PhoneEvent]]) -> Direction:
    return next((event.direction for _, event in told if event.direction), "")


def _first(told: list[tuple[int, PhoneEvent]], field: str) -> str:
    """What was said first and was filled."""
    said = [(str(getattr(event, field)), field in event.unfilled) for _, event in told]
    return next((text for text, is_unfilled in said if text and not is_unfilled), "") or next(
        (text for text, _ in said if text), ""
    )


def _number(told: list[tuple[int, PhoneEvent]]) -> str:
    """A number that can be read, rather than that it was withheld."""
    said = (event.number for _, event in told if "number" not in event.unfilled)
    return next((number for number in said if digits(number)), "") or _first(told, "number")


def _cause(told: list[tuple[int, PhoneEvent]]) -> Cause:
    said = [event for _, event in told if event.kind in _ENDING and event.cause]
    final = [event for event in said if event.cause != "forwarded"] or said
    return final[0].cause if final else ""


def _with_answer(legs: tuple[Leg, ...], answered_at: int, *, had_answer: bool) -> tuple[Leg, ...]:
    if had_answer or not answered_at:
        return legs
    first = next(at for at, leg in enumerate(legs) if leg.answered_at == answered_at)
    return tuple(msgspec.structs.replace(leg, is_answer=at == first) for at, leg in enumerate(legs))


def _outcome(call: PhoneCall, told: list[tuple[int, PhoneEvent]]) -> Outcome:
    if call.answered_at:
        return _answered_outcome(call)
    kinds = {event.kind for _, event in told}
    if "voicemail" in kinds:
        return "voicemail"
    if not call.ended_at:
        # A phone that is busy does not ring.
        return "busy" if call.legs and all(leg.state == "busy" for leg in call.legs) else "ringing"
    if call.cause == "forwarded":
        return "transferred"
    if call.cause == "busy" or (call.legs and all(leg.state == "busy" for leg in call.legs)):
        return "busy"
    if call.direction in {"out", "internal"}:
        return "no_answer"
    return "abandoned" if call.queue else "missed"


def _answered_outcome(call: PhoneCall) -> Outcome:
    states = {leg.state for leg in call.legs}
    if not call.ended_at:
        if "talking" in states:
            return "talking"
        return "on_hold"
    last = max((leg for leg in call.legs if leg.answered_at), key=lambda leg: (leg.answered_at, leg.left_at))
    return "transferred" if call.cause == "forwarded" or last.state == "transferred" else "handled"
