"""Suggestions: the same company twice, and who calls from a shared number."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csr_desktop.domain.matching import (
    CallerCandidate,
    certain_caller,
    likely_duplicates,
    normal_name,
    rank_callers,
)

DAY = 86_400_000
NOW = 1_780_000_000_000


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Sample Foods",
            "SAMPLE FOODS, INC.",
            "Sample Foods Incorporated",
            "The Sample Foods Co.",
            "Sample-Foods L.L.C.",
        ),
        *(
            "Sámple Foods GmbH & Co. KG",
            "Sample  Foods S.A.",
            "Sample Foods A/S",
            "sample foods pty ltd",
            "Sample Foods B.V",
        ),
    ],
)
def test_legal_forms_accents_and_case_do_not_tell_companies_apart(name: str) -> None:
    assert normal_name(name) == "sample foods"


def test_what_is_left_of_a_name_is_never_nothing() -> None:
    assert normal_name("Limited") == "limited"
    assert normal_name("The Company") == "company"
    assert normal_name("Smith & Example, LLC") == "smith and example"
    assert normal_name("Ann's Demo") == "anns demo"
    assert normal_name("株式会社サンプル") != ""
    assert normal_name("!!!") == ""


OTHERS = [
    ("a", "Sample Foods, Inc."),
    ("b", "Simple Fools Theatre"),
    ("c", "Foods Sample LLC"),
    ("d", "Sampel Foods"),
    ("e", "Placeholder Plumbing"),
    ("f", "Example 1"),
    ("g", "Example 2"),
]


def test_a_client_that_is_entered_again_is_found() -> None:
    found = likely_duplicates("SAMPLE FOODS GmbH", OTHERS)
    assert [other_id for other_id, _score in found] == ["a", "c", "d"]
    assert [score for _id, score in found][:2] == [100.0, 100.0]
    assert 88 <= found[2][1] < 100
    assert likely_duplicates("Sample Foods", OTHERS, most=1) == [("a", 100.0)]


def test_names_that_differ_are_left_alone() -> None:
    assert likely_duplicates("Fictional Motors", OTHERS) == []
    assert likely_duplicates("Example 1 Inc.", OTHERS) == [("f", 100.0)]
    assert likely_duplicates("", OTHERS) == []
    assert likely_duplicates("?!", [("a", "!!")]) == []
    assert likely_duplicates("ABC", [("a", "ABD"), ("b", "A.B.C."), ("c", "abc ltd")]) == [("b", 100.0), ("c", 100.0)]


@settings(deadline=None)
@given(st.text(max_size=30), st.lists(st.text(max_size=30), max_size=8))
def test_any_name_can_be_compared(name: str, others: list[str]) -> None:
    found = likely_duplicates(name, list(enumerate([*others, name])))
    assert bool(found) == bool(normal_name(name))


def someone(contact_id: str, **changes: object) -> CallerCandidate:
    person = CallerCandidate(
        contact_id=contact_id,
        name=f"{contact_id.title()} Sample",
        role_title="Payroll",
        client_id="client",
        client_name="Sample Foods",
        is_active=True,
        calls_from_number=0,
        last_call_at=0,
        has_open_ticket=False,
        has_open_promise=False,
    )
    return msgspec.structs.replace(person, **changes)


def order(*candidates: CallerCandidate) -> list[str]:
    return [caller.candidate.contact_id for caller in rank_callers(candidates, NOW)]


def test_the_only_holder_is_taken_without_asking() -> None:
    ranked = rank_callers([someone("ann")], NOW)
    assert ranked[0].reason == ("only_holder",)
    assert certain_caller(ranked) == ranked[0]


def test_an_inactive_contact_never_matches_silently() -> None:
    gone = someone("gone", is_active=False, calls_from_number=40, last_call_at=NOW, has_open_promise=True)
    alone = rank_callers([gone], NOW)
    assert alone[0].reason == ("inactive",)
    assert certain_caller(alone) is None
    ranked = rank_callers([gone, someone("ann")], NOW)
    assert [caller.candidate.contact_id for caller in ranked] == ["ann", "gone"]
    assert ranked[0].reason == ("only_active_holder",)
    assert ranked[1].reasons == (("inactive",), ("called_from_number", 40), ("open_promise",))
    assert certain_caller(ranked) == ranked[0]


def test_a_shared_number_is_a_choice_with_reasons() -> None:
    often = someone("often", calls_from_number=4, last_call_at=NOW - DAY)
    promised = someone("promised", has_open_promise=True, last_call_at=NOW - 9 * DAY)
    waiting = someone("waiting", has_open_ticket=True)
    before = someone("before", last_call_at=NOW - 300 * DAY)
    holder = someone("holder")
    ranked = rank_callers([holder, before, waiting, promised, often], NOW)
    assert [(caller.candidate.contact_id, caller.reason) for caller in ranked] == [
        ("often", ("called_from_number", 4)),
        ("promised", ("open_promise",)),
        ("waiting", ("open_ticket",)),
        ("before", ("called_before", NOW - 300 * DAY)),
        ("holder", ("holds_number",)),
    ]
    assert ranked[1].reasons == (("open_promise",), ("called_before", NOW - 9 * DAY))
    assert certain_caller(ranked) is None


def test_calls_of_long_ago_weigh_less() -> None:
    long_ago = someone("old", calls_from_number=10, last_call_at=NOW - 720 * DAY)
    lately = someone("new", calls_from_number=2, last_call_at=NOW - 3 * DAY)
    assert order(long_ago, lately) == ["new", "old"]
    assert order(msgspec.structs.replace(long_ago, last_call_at=NOW - 30 * DAY), lately) == ["old", "new"]


def test_a_contact_that_holds_the_number_twice_is_one_person() -> None:
    ranked = rank_callers([someone("ann"), someone("ann")], NOW)
    assert len(ranked) == 1
    assert ranked[0].reason == ("only_holder",)
    assert rank_callers([], NOW) == []
    assert certain_caller([]) is None


CANDIDATES = st.lists(
    st.builds(
        someone,
        st.sampled_from("abcdef"),
        is_active=st.booleans(),
        calls_from_number=st.integers(0, 5),
        last_call_at=st.integers(0, NOW + DAY),
        has_open_ticket=st.booleans(),
        has_open_promise=st.booleans(),
    ),
    unique_by=lambda candidate: candidate.contact_id,
)


@settings(deadline=None)
@given(CANDIDATES, st.randoms())
def test_the_order_does_not_depend_on_how_they_were_found(candidates: list[CallerCandidate], random: object) -> None:
    ranked = rank_callers(candidates, NOW)
    shuffled = list(candidates)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert rank_callers(shuffled, NOW) == ranked
    active = [caller.candidate.is_active for caller in ranked]
    assert active == sorted(active, reverse=True)
    assert all(caller.reasons for caller in ranked)
    assert all((caller.reason == ("inactive",)) != caller.candidate.is_active for caller in ranked)
