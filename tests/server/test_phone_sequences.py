"""Whole calls as phone systems tell them: each sequence gives the calls that it should, in any order and repeated."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csr_desktop.domain.phone_calls import PhoneCall, call_of, origin_of
from csr_desktop.domain.phone_events import PhoneEvent
from csr_desktop.domain.phone_legs import Leg
from csr_desktop.server.calls.sequences import Sequence, every_sequence, sequence

T = 1_700_000_000_000


def calls_of(events: list[PhoneEvent]) -> list[PhoneCall]:
    """Of all references, those first that the others came from."""
    calls: list[PhoneCall] = []
    for reference in dict.fromkeys(event.reference for event in events):
        own = [event for event in events if event.reference == reference]
        calls.append(call_of(own, origin=origin_of(call_of(own), calls)))
    return calls


def shown(call: PhoneCall, expected: dict[str, Any]) -> dict[str, Any]:
    """Of a call, what the expected one names; its legs by the agent."""
    told = {name: getattr(call, name) for name in expected if name not in {"legs", "unfilled"}}
    if "unfilled" in expected:
        told["unfilled"] = list(call.unfilled)
    if "pauses" in expected:
        told["pauses"] = [[(at - call.began_at) / 1000 for at in one] for one in call.pauses]
    named = {leg["agent"]: leg for leg in expected["legs"]}
    legs = {agent_of(leg): {name: value_of(leg, name) for name in named.get(agent_of(leg), ())} for leg in call.legs}
    return {**told, "legs": legs}


def value_of(leg: Leg, name: str) -> object:
    if name == "agent":
        return agent_of(leg)
    return leg.seconds(name.removesuffix("_seconds"), 0) if name.endswith("_seconds") else getattr(leg, name)  # type: ignore[arg-type]


def agent_of(leg: Leg) -> str:
    return leg.agent.extension or leg.agent.user


@pytest.mark.parametrize("told", every_sequence(), ids=lambda one: one.name)
def test_a_sequence_tells_its_calls(told: Sequence) -> None:
    calls = calls_of(told.events(T))
    expected = [{**one, "legs": {leg["agent"]: leg for leg in one["legs"]}} for one in told.expected]
    assert [shown(call, one) for call, one in zip(calls, told.expected, strict=True)] == expected


@given(st.sampled_from(every_sequence()), st.data())
def test_whatever_the_order_and_repetition_it_tells_the_same_calls(told: Sequence, data: st.DataObject) -> None:
    events = told.events(T)
    again = data.draw(st.permutations([*events, *data.draw(st.lists(st.sampled_from(events), max_size=4))]))
    for reference in {event.reference for event in events}:
        one = call_of(event for event in events if event.reference == reference)
        assert call_of(event for event in again if event.reference == reference) == one


@given(st.sampled_from(every_sequence()), st.data())
def test_an_answer_that_was_heard_is_never_taken_back(told: Sequence, data: st.DataObject) -> None:
    events = told.events(T)
    known = data.draw(st.integers(1, len(events)))
    for reference in {event.reference for event in events[:known]}:
        part = call_of(event for event in events[:known] if event.reference == reference)
        whole = call_of(event for event in events if event.reference == reference)
        assert not part.answered_at or whole.answered_at == part.answered_at
        answered = {leg.agent for leg in part.legs if leg.answered_at and leg.agent.extension}
        assert answered <= {leg.agent for leg in whole.legs if leg.answered_at}


@pytest.mark.parametrize("told", every_sequence(), ids=lambda one: one.name)
def test_any_one_message_may_be_lost(told: Sequence) -> None:
    events = told.events(T)
    for lost in range(len(events)):
        rest = [event for at, event in enumerate(events) if at != lost]
        for reference in {event.reference for event in rest}:
            own = [event for event in rest if event.reference == reference]
            whole = call_of(event for event in events if event.reference == reference)
            assert call_of(own).outcome in _as_good_as(whole.outcome, events[lost])


def _as_good_as(outcome: str, lost: PhoneEvent) -> set[str]:
    """What a call may look like of which one message was lost: without its end it goes on, without its answer it rang."""
    open_ones = {"ringing", "talking", "on_hold"}
    if lost.kind in {"hangup", "gone"}:
        return {outcome, "handled", "transferred", "busy", *open_ones}
    if lost.kind in {"answer", "voicemail", "transfer", "left"}:
        return {outcome, "missed", "abandoned", "no_answer", "handled", "transferred", *open_ones}
    return {outcome, "missed", "no_answer"} if lost.kind in {"queue", "ring_ended", "ring"} else {outcome}


def test_which_agent_answered_a_forwarded_call_follows_from_both() -> None:
    first, second = calls_of(sequence("sipgate_forwarded_busy").events(T))
    assert origin_of(second, [first, second]) == first
    assert [leg.is_answer for leg in second.legs] == [True]
