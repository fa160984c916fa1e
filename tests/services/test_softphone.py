"""What a softphone says, in whatever way, becomes one call; and what came is shown as it came."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csr_desktop.commands.private_texts import masked_text
from csr_desktop.domain.phone_calls import PhoneCall
from csr_desktop.services.softphone import SHOWN, Softphone
from csr_desktop.system.call_message import call_message

NOW = 1_700_000_000_000


class Desk:
    def __init__(self) -> None:
        self.now = NOW
        self.softphone = Softphone(lambda: self.now, lambda: "US")

    def say(self, event: str, *, seconds: float = 1, **fields: str) -> PhoneCall | None:
        self.now += round(seconds * 1000)
        return self.softphone.take(call_message({"event": event, **fields}, "command", self.now))

    def call(self, event: str, *, seconds: float = 1, **fields: str) -> PhoneCall:
        call = self.say(event, seconds=seconds, **fields)
        assert call is not None
        return call


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize("reference", ["", "42"])
def test_a_call_from_its_ring_to_its_end(desk: Desk, reference: str) -> None:
    first = desk.call("ring", name="Dana Sample", number="(312) 555-0142", id=reference)
    assert (first.outcome, first.direction, first.name) == ("ringing", "in", "Dana Sample")
    assert desk.call("answer", seconds=6, number="+13125550142", id=reference).outcome == "talking"
    assert desk.call("hold", seconds=60, number="312.555.0142", id=reference).outcome == "on_hold"
    assert desk.call("resume", seconds=30, number="3125550142", id=reference).outcome == "talking"
    last = desk.call("hangup", seconds=20, number="tel:+1-312-555-0142", id=reference)
    assert (last.outcome, last.reference) == ("handled", first.reference)
    assert (last.answered_at - last.began_at, last.ended_at - last.answered_at) == (6_000, 110_000)


def test_no_field_that_a_phone_fills_in_keeps_a_card_or_a_persons_number() -> None:
    desk = Desk()
    desk.softphone = Softphone(lambda: desk.now, lambda: "US", lambda text: masked_text(text, "US"))
    card = "4539148803436467"
    told = [
        desk.call(event, number=card, name=card, queue=card, id=card, direction=card)
        for event in ("ring", "answer", "hangup")
    ]
    assert told[-1].outcome == "handled"
    assert len({call.reference for call in told}) == 1, "it is one call, by the same reference"
    desk.say(card, number="078-05-1120", name=f"Dana {card}")
    for kept in (*told, *desk.softphone.latest()):
        assert "880343" not in str(kept)
        assert "078-05" not in str(kept)
    assert told[0].number == "453914\u2022\u2022\u2022\u2022\u2022\u20226467"


def test_a_hang_up_without_number_or_reference_is_of_the_only_call(desk: Desk) -> None:
    desk.call("ring", number="(312) 555-0142")
    assert desk.call("hangup").outcome == "missed"
    assert desk.say("hangup", seconds=60) is None, "there is none any more"


def test_of_two_calls_nobody_is_guessed(desk: Desk) -> None:
    desk.call("ring", number="(312) 555-0142")
    desk.call("ring", number="(402) 555-0108")
    assert desk.say("hangup") is None
    assert desk.call("hangup", number="402-555-0108").number == "(402) 555-0108"


def test_the_same_number_again_is_another_call(desk: Desk) -> None:
    first = desk.call("ring", number="(312) 555-0142")
    desk.call("hangup", number="(312) 555-0142")
    assert desk.call("hangup", number="(312) 555-0142").reference == first.reference, "said twice"
    second = desk.call("ring", seconds=2, number="(312) 555-0142")
    assert second.reference != first.reference


def test_a_softphone_that_counts_from_one_again(desk: Desk) -> None:
    first = desk.call("ring", number="(312) 555-0142", id="1")
    desk.call("hangup", id="1")
    second = desk.call("ring", seconds=600, number="(402) 555-0108", id="1")
    assert second.reference != first.reference
    assert second.number == "(402) 555-0108"


def test_an_unfilled_placeholder_is_the_diagnosis(desk: Desk) -> None:
    call = desk.call("ring", number="%CallerNumber%", id="{{id}}")
    assert call.unfilled == ("number",)
    (received,) = desk.softphone.latest()
    assert received.problems == ("unfilled:number", "unfilled:id")
    assert received.number == "%CallerNumber%", "as it came"


def test_the_last_ten_are_shown_as_they_came(desk: Desk) -> None:
    for number in range(12):
        desk.say("ring" if number else "rung", number=f"(312) 555-01{number:02}", name=f"Sample\r\n{number}\u202e")
    latest = desk.softphone.latest()
    assert len(latest) == SHOWN
    assert latest[0].number == "(312) 555-0111"
    assert latest[0].name == "Sample 11"
    desk.say("explode", number="1")
    assert desk.softphone.latest()[0].problems == ("unknown_event",)
    desk.say("ring")
    assert desk.softphone.latest()[0].problems == ("no_number",)


def test_a_moment_that_cannot_be_is_now(desk: Desk) -> None:
    for at in ("", "x", "-5", str(NOW * 1000), str(NOW - 3_600_000), "1e9", "\u0664"):
        call = desk.softphone.take({"what": "call", "event": "ring", "number": "1", "id": at, "at": at})
        assert call is not None
        assert call.began_at == desk.now


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ring", "answer", "hold", "resume", "hangup", "missed", "", "RING", "bang"]),
        st.sampled_from(["", "(312) 555-0142", "+13125550142", "%n%", "anonymous"]),
        st.sampled_from(["", "1", "2", "{id}"]),
        st.sampled_from([0.0, 0.2, 20.0, 50_000.0]),
    ),
    max_size=25,
)


@given(STEPS)
def test_whatever_it_says_a_reference_stands_for_one_call(steps: list[tuple[str, str, str, float]]) -> None:
    desk = Desk()
    seen: dict[str, PhoneCall] = {}
    for event, number, reference, seconds in steps:
        call = desk.say(event, number=number, id=reference, seconds=seconds)
        if call is None:
            continue
        before = seen.get(call.reference)
        if before is not None:
            assert call.began_at <= before.began_at
            assert not (before.answered_at and not call.answered_at), "an answer is never taken back"
        seen[call.reference] = call
    assert len(desk.softphone.latest()) == min(len(steps), SHOWN)
    for one, other in itertools.combinations(seen.values(), 2):
        assert one.reference != other.reference
