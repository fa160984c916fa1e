"""A phone call is what the set of its events tells: in any order, repeated, late, with some missing."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csr_desktop.domain.phone_calls import PhoneCall, call_of, in_order, origin_of
from csr_desktop.domain.phone_events import EVENT_KINDS, PhoneAgent, PhoneEvent, phone_event
from csr_desktop.domain.phone_legs import PROOFS_OF_ANSWER, Leg

T = 1_700_000_000_000
ADA, BEN, CAY = (PhoneAgent(extension=extension) for extension in ("201", "202", "203"))


def told(kind: str, second: float, *agents: PhoneAgent, source: str = "ami", **fields: object) -> PhoneEvent:
    fields.setdefault("direction", "in")
    fields.setdefault("number", "+12025550142")
    return phone_event(
        source,  # type: ignore[arg-type]
        "pbx",
        str(fields.pop("reference", "c1")),
        kind,  # type: ignore[arg-type]
        T + round(second * 1000),
        agents=agents,
        **fields,  # type: ignore[arg-type]
    )


def leg(call: PhoneCall, agent: PhoneAgent) -> Leg:
    return next(one for one in call.legs if one.agent == agent)


def test_a_call_that_was_answered_has_its_parts() -> None:
    call = call_of(
        [
            *(told("ring", 0, ADA), told("answer", 6, ADA), told("hold", 60, ADA), told("resume", 80, ADA)),
            told("hangup", 100, cause="normal"),
        ]
    )
    assert call.outcome == "handled"
    assert [(part.kind, part.began_at - T, part.ended_at - T) for part in call.legs[0].parts] == [
        *(("ring", 0, 6_000), ("talk", 6_000, 60_000), ("hold", 60_000, 80_000), ("talk", 80_000, 100_000)),
    ]
    assert [call.legs[0].seconds(kind, 0) for kind in ("ring", "talk", "hold")] == [6, 74, 20]
    assert call.legs[0].is_answer


@pytest.mark.parametrize(
    ("kinds", "outcome"),
    [(["ring"], "ringing"), (["ring", "answer"], "talking"), (["ring", "answer", "hold"], "on_hold")],
)
def test_a_call_that_goes_on_says_what_it_is_at(kinds: list[str], outcome: str) -> None:
    call = call_of([told(kind, at, ADA) for at, kind in enumerate(kinds)])
    assert (call.outcome, call.ended_at, call.legs[0].left_at) == (outcome, 0, 0)
    assert call.legs[0].parts[-1].ended_at == 0


def test_a_group_rings_and_one_answers_which_is_nobodys_missed_call() -> None:
    call = call_of(
        [
            told("ring", 0, ADA, BEN, CAY, source="cti"),
            told("answer", 4, BEN, source="cti"),
            told("hangup", 64, source="cti", cause="normal"),
        ]
    )
    assert [(one.agent, one.state, one.is_answer) for one in call.legs] == [
        (BEN, "handled", True),
        (ADA, "elsewhere", False),
        (CAY, "elsewhere", False),
    ]
    assert leg(call, ADA).seconds("ring", 0) == 4


def test_answered_elsewhere_is_said_by_the_cause_as_well() -> None:
    call = call_of([told("ring", 0, ADA), told("ring_ended", 3, ADA, cause="elsewhere")])
    assert leg(call, ADA).state == "elsewhere"


def test_nobody_answers_a_group() -> None:
    call = call_of([told("ring", 0, ADA, BEN, source="cti"), told("hangup", 30, source="cti", cause="cancel")])
    assert (call.outcome, [one.state for one in call.legs]) == ("missed", ["missed", "missed"])


def test_who_gives_up_in_a_queue_has_abandoned_it() -> None:
    events = [told("queue", 0, queue="Payroll"), told("ring", 5, ADA), told("ring_ended", 20, ADA, cause="no_answer")]
    assert call_of(events).outcome == "ringing"
    call = call_of([*events, told("hangup", 42, cause="cancel")])
    assert (call.outcome, call.queue, call.ended_at - call.began_at) == ("abandoned", "Payroll", 42_000)
    assert leg(call, ADA).state == "missed"


@pytest.mark.parametrize("at", [-1, 0, 1])
def test_busy_is_never_shown_as_ringing(at: int) -> None:
    by_hangup = call_of([told("ring", 0, ADA, source="cti"), told("hangup", at, source="cti", cause="busy")])
    assert (by_hangup.outcome, by_hangup.legs[0].state) == ("busy", "busy")
    by_phone = call_of([told("ring", 0, ADA), told("ring_ended", max(at, 0), ADA, cause="busy")])
    assert (by_phone.outcome, by_phone.legs[0].state) == ("busy", "busy")


def test_a_hang_up_without_a_call_says_that_its_beginning_is_unknown() -> None:
    call = call_of([told("hangup", 9, cause="normal")])
    assert (call.is_unknown, call.outcome, call.answered_at, call.legs) == (True, "missed", 0, ())


def test_two_answers_are_two_handles_and_one_answer() -> None:
    call = call_of(
        [
            *(told("ring", 0, ADA, BEN, source="cti"), told("answer", 5, ADA, source="cti")),
            *(told("answer", 65, BEN, source="cti"), told("hangup", 125, source="cti", cause="normal")),
        ]
    )
    assert [(one.agent, one.state, one.is_answer, one.seconds("talk", 0)) for one in call.legs] == [
        (ADA, "transferred", True, 60),
        (BEN, "handled", False, 60),
    ]


def test_a_transfer_gives_each_agent_a_handle() -> None:
    call = call_of(
        [
            *(
                told("ring", 0, ADA),
                told("answer", 5, ADA),
                told("transfer", 60, ADA, target="202"),
                told("left", 60, ADA),
            ),
            *(told("ring", 61, BEN), told("answer", 70, BEN), told("hangup", 100)),
        ]
    )
    assert [(one.state, one.is_answer) for one in call.legs] == [("transferred", True), ("handled", False)]
    assert (leg(call, BEN).seconds("ring", 0), leg(call, BEN).seconds("talk", 0)) == (9, 30)
    assert (call.outcome, call.target) == ("handled", "202")


def test_while_a_transfer_rings_the_customer_waits() -> None:
    events = [told("ring", 0, ADA), told("answer", 5, ADA), told("transfer", 60, ADA), told("left", 60, ADA)]
    call = call_of([*events, told("ring", 61, BEN)])
    assert (call.outcome, leg(call, BEN).state) == ("on_hold", "ringing")


def test_a_customer_who_is_sent_away_was_transferred() -> None:
    events = [told("ring", 0, ADA), told("answer", 5, ADA), told("transfer", 60, ADA, target="5550199")]
    assert call_of([*events, told("left", 60, ADA), told("hangup", 90)]).outcome == "transferred"


def test_an_answer_that_comes_after_the_end_still_was_one() -> None:
    call = call_of(
        [
            told("ring", 0, ADA, source="cti"),
            told("hangup", 30, source="cti", cause="normal"),
            told("answer", 31, ADA, source="cti"),
        ]
    )
    assert (call.outcome, call.answered_at, call.legs[0].seconds("talk", 0)) == ("handled", T + 30_000, 0)


def test_news_of_ringing_that_comes_after_the_answer_rings_no_other_phone() -> None:
    call = call_of([told("answer", 5, ADA, source="cti"), told("ring", 5.4, ADA, BEN, source="cti")])
    assert (leg(call, ADA).state, leg(call, BEN).state) == ("talking", "elsewhere")


def test_an_answer_without_a_name_is_of_the_one_who_rang() -> None:
    call = call_of([told("ring", 0, ADA, source="cti"), told("answer", 5, source="cti")])
    assert [(one.agent, one.state) for one in call.legs] == [(ADA, "talking")]


def test_an_answer_without_a_name_in_a_group_is_of_whom_a_later_event_names() -> None:
    events = [told("ring", 0, ADA, BEN, source="cti"), told("answer", 5, source="cti")]
    open_call = call_of(events)
    assert {one.agent: one.state for one in open_call.legs} == {
        PhoneAgent(): "talking",
        ADA: "elsewhere",
        BEN: "elsewhere",
    }
    call = call_of([*events, told("answer", 60, BEN, source="cti"), told("hangup", 60, source="cti")])
    assert {one.agent: one.state for one in call.legs} == {BEN: "handled", ADA: "elsewhere"}
    assert leg(call, BEN).seconds("talk", 0) == 55


def test_one_agent_may_be_named_in_two_ways() -> None:
    call = call_of(
        [
            told("ring", 0, PhoneAgent(user="Ada Sample"), PhoneAgent(user="Ben Example"), source="cti"),
            told("answer", 5, PhoneAgent(extension="ada@example.com", user="Ada Sample"), source="cti"),
        ]
    )
    assert [(one.agent.user, one.state) for one in call.legs] == [
        ("Ada Sample", "talking"),
        ("Ben Example", "elsewhere"),
    ]
    known = {"ada sample": "agent-a", "ada@example.com": "agent-a", "202": "agent-b"}
    mapped = call_of(
        [
            told("ring", 0, PhoneAgent(user="ADA Sample"), BEN, source="cti"),
            told("answer", 5, PhoneAgent("ada@example.com"), source="cti"),
        ],
        known,
    )
    assert [(one.agent_id, one.state) for one in mapped.legs] == [("agent-a", "talking"), ("agent-b", "elsewhere")]


def test_where_nobody_is_named_the_own_number_tells_the_agent() -> None:
    events = [told("ring", 0, source="cti", line="+1 202 555 0100"), told("answer", 3, source="cti")]
    call = call_of(events, {"+1 202 555 0100": "agent-a"})
    assert [(one.agent_id, one.state) for one in call.legs] == [("agent-a", "talking")]
    assert [one.agent_id for one in call_of(events).legs] == [""]


@pytest.mark.parametrize(
    ("cause", "outcome", "state"), [("no_answer", "no_answer", "no_answer"), ("busy", "busy", "busy")]
)
def test_an_outgoing_call_that_nobody_takes(cause: str, outcome: str, state: str) -> None:
    call = call_of(
        [
            told("ring", 0, ADA, direction="out"),
            told("ring_ended", 20, ADA, direction="out", cause=cause),
            told("left", 20, ADA, direction="") if cause == "" else told("hangup", 20, direction="out", cause=cause),
        ]
    )
    assert (call.outcome, call.legs[0].state, call.legs[0].parts[0].kind) == (outcome, state, "dial")


def test_voicemail_is_neither_missed_nor_handled() -> None:
    call = call_of([told("ring", 0, ADA), told("voicemail", 20), told("hangup", 50)])
    assert (call.outcome, leg(call, ADA).state) == ("voicemail", "missed")


def test_a_transferred_call_of_its_own_has_no_answer_when_the_first_had_one() -> None:
    first = call_of(
        [
            told("ring", 0, ADA, source="sipgate", line="12025550101"),
            told("answer", 5, ADA, source="sipgate"),
            told("hangup", 66, source="sipgate"),
        ]
    )
    events = [
        told("ring", 60, BEN, source="sipgate", reference="c2", diverted_from="+12025550101"),
        told("answer", 65, BEN, source="sipgate", reference="c2"),
    ]
    second = call_of(events)
    assert leg(second, BEN).is_answer
    assert origin_of(second, [first, second]) == first
    assert not leg(call_of(events, origin=first), BEN).is_answer
    named = call_of([told("ring", 60, BEN, reference="c3", came_from="c1")])
    assert origin_of(named, [second, first]) == first


def test_a_call_that_another_customer_made_is_no_origin() -> None:
    other = call_of([told("ring", 0, ADA, line="12025550101", number="+12025550199")])
    gone = call_of([told("ring", 0, ADA, line="12025550101"), told("hangup", 20)])
    call = call_of([told("ring", 60, BEN, reference="c2", diverted_from="12025550101")])
    assert origin_of(call, [other, gone]) is None


def test_a_system_that_keeps_the_reference_of_a_forwarded_call_has_not_ended_it() -> None:
    call = call_of(
        [
            *(told("ring", 0, ADA, source="cti"), told("hangup", 20, source="cti", cause="forwarded")),
            *(told("ring", 20, BEN, source="cti"), told("answer", 25, BEN, source="cti")),
            told("hangup", 85, source="cti", cause="normal"),
        ]
    )
    assert (call.outcome, call.ended_at - T, leg(call, BEN).seconds("talk", 0)) == ("handled", 85_000, 60)


def test_a_phone_system_with_a_wrong_clock_gives_the_lengths_and_no_dates() -> None:
    year = 31_536_000_000
    call = call_of(
        [
            phone_event("ami", "pbx", "c1", "ring", T + 90, sent_at=T - year, agents=[ADA], direction="in"),
            phone_event("ami", "pbx", "c1", "answer", T + 5_900, sent_at=T - year + 5_000, agents=[ADA]),
            phone_event("ami", "pbx", "c1", "hangup", T + 65_010, sent_at=T - year + 65_000),
        ]
    )
    assert (call.began_at, call.answered_at, call.ended_at) == (T + 10, T + 5_010, T + 65_010)


HOSTILE = 'Ada "Sample" & <b>\u202eGmbH\u200f\x00\x1b[2J\r\nEvent: Hangup'


def test_hostile_text_is_one_harmless_line() -> None:
    event = phone_event(
        "cti",
        "pbx",
        HOSTILE,
        "ring",
        -5,
        sent_at=2**80,
        number=HOSTILE,
        name=HOSTILE * 99,
        agents=[PhoneAgent(HOSTILE)],
    )
    assert event.name.startswith('Ada "Sample" & <b>GmbH[2J Event: Hangup')
    assert len(event.name) <= 200
    for text in (event.reference, event.number, event.agents[0].extension):
        assert text.isprintable()
    assert (event.at, event.sent_at) == (0, 2**53)


def test_an_unfilled_placeholder_is_the_diagnosis_and_names_no_call() -> None:
    event = phone_event(
        "softphone", "desk", "%CallId%", "ring", T, number="%CallerNumber%", name="{{caller}}", line="$1"
    )
    assert (event.reference, event.line, event.unfilled) == ("", "", ("number", "name", "line"))
    call = call_of([event, phone_event("softphone", "desk", "", "answer", T + 1, number="5550142")])
    assert (call.number, call.name, call.unfilled) == ("5550142", "{{caller}}", ("line", "name", "number"))


def test_a_call_of_no_events_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        call_of([])


AGENTS = st.lists(st.sampled_from([ADA, BEN, CAY, PhoneAgent(user="Ada Sample"), PhoneAgent("201", "Ada Sample")]))


@st.composite
def events(draw: st.DrawFn, sources: tuple[str, ...] = ("cti", "sipgate", "ami", "softphone")) -> PhoneEvent:
    at = T + draw(st.integers(0, 20)) * 500
    return phone_event(
        draw(st.sampled_from(sources)),
        "pbx",
        "c1",
        draw(st.sampled_from(EVENT_KINDS)),
        at,
        sent_at=draw(st.sampled_from([0, 0, at - 3_600_000])),
        direction=draw(st.sampled_from(["", "in", "out", "internal"])),
        number=draw(st.sampled_from(["", "anonymous", "+12025550142", "%1"])),
        queue=draw(st.sampled_from(["", "Payroll"])),
        agents=draw(AGENTS),
        cause=draw(st.sampled_from(["", "normal", "busy", "cancel", "forwarded", "elsewhere"])),
    )


@given(st.lists(events(), min_size=1, max_size=12), st.randoms(use_true_random=False), st.data())
def test_order_and_repetition_change_nothing(them: list[PhoneEvent], random: object, data: st.DataObject) -> None:
    call = call_of(them)
    again = [*them, *data.draw(st.lists(st.sampled_from(them), max_size=6))]
    shuffled = data.draw(st.permutations(again))
    assert call_of(shuffled) == call


@given(st.lists(events(), min_size=1, max_size=12), st.data())
def test_what_was_answered_stays_answered_whatever_else_is_heard(them: list[PhoneEvent], data: st.DataObject) -> None:
    some = data.draw(st.lists(st.sampled_from(them), min_size=1, unique=True))
    part, whole = call_of(some), call_of(them)
    proofs = [event for event in some if event.kind in PROOFS_OF_ANSWER]
    assert (part.answered_at > 0) == bool(proofs)
    if part.answered_at:
        assert whole.answered_at > 0
        assert whole.outcome in {"talking", "on_hold", "handled", "transferred"}
    if not part.is_unknown:
        assert not whole.is_unknown


@given(st.lists(events(), min_size=1, max_size=12))
def test_parts_follow_each_other_within_the_call(them: list[PhoneEvent]) -> None:
    call = call_of(them)
    for one in call.legs:
        moment = call.began_at
        for at, part in enumerate(one.parts):
            assert moment <= part.began_at
            is_last = at == len(one.parts) - 1
            assert part.ended_at >= part.began_at or (is_last and part.ended_at == 0)
            assert not (call.ended_at and part.ended_at == 0)
            moment = part.ended_at
        if call.ended_at:
            assert moment <= call.ended_at
            assert one.left_at
            assert one.state not in {"ringing", "talking", "on_hold"}
    assert sum(one.is_answer for one in call.legs) == (1 if call.answered_at else 0)
    keys = [one.agent for one in call.legs]
    assert len(set(keys)) == len(keys)


@given(st.lists(events(("cti", "sipgate")), min_size=1, max_size=8), st.data())
def test_what_is_sent_again_later_changes_no_handle(them: list[PhoneEvent], data: st.DataObject) -> None:
    told_once = [
        msgspec.structs.replace(event, sent_at=0, cause="normal")
        for event in them
        if event.kind in {"ring", "answer", "hangup", "queue"}
    ]
    if not told_once:
        return
    last_at = max(event.at for event in told_once)
    repeated = data.draw(st.lists(st.sampled_from(told_once), max_size=4))
    late = [msgspec.structs.replace(event, at=last_at + 3_000 + at) for at, event in enumerate(repeated)]
    assert call_of([*told_once, *late]) == call_of(told_once)


@given(st.lists(events(), min_size=1, max_size=10))
def test_a_call_that_was_busy_and_not_answered_does_not_ring(them: list[PhoneEvent]) -> None:
    rest = [event for event in them if event.kind not in PROOFS_OF_ANSWER | {"hangup", "missed", "voicemail"}]
    assert call_of([*rest, told("hangup", 99, cause="busy")]).outcome == "busy"


def test_each_event_counts_once() -> None:
    event = told("ring", 0, ADA)
    assert in_order([event, event]) == [(T, event)]
