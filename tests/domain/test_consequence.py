"""The earliest real consequence comes first."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csr_desktop.domain.consequence import CLOCK_KINDS, GROUPS, Clock, earliest, group, in_order, order_key

NOW = 1_780_000_000_000
MINUTE = 60_000
HOUR = 60 * MINUTE
MIDNIGHT = NOW + 6 * HOUR


def test_the_earliest_clock_decides() -> None:
    assert earliest(NOW + 2, NOW + 1, NOW + 3) == ("cut_off", NOW + 1)
    assert earliest(NOW + 2, NOW + 4, NOW + 3) == ("reply", NOW + 2)
    assert earliest(NOW + 9, 0, NOW + 3) == ("promise", NOW + 3)


def test_a_clock_at_0_does_not_run() -> None:
    assert earliest(0, 0, NOW) == ("promise", NOW)
    assert earliest(0, 0, 0) is None


def test_at_the_same_instant_what_can_be_moved_least_comes_first() -> None:
    assert earliest(NOW, NOW, NOW) == ("cut_off", NOW)
    assert earliest(NOW, 0, NOW) == ("promise", NOW)
    assert [clock.kind for clock in in_order([("reply", NOW), ("promise", NOW), ("cut_off", NOW)])] == list(CLOCK_KINDS)


@pytest.mark.parametrize(
    ("due_at", "expected"),
    [
        (NOW - 1, "breached"),
        (NOW, "next_hour"),
        (NOW + HOUR, "next_hour"),
        (NOW + HOUR + 1, "today"),
        (MIDNIGHT - 1, "today"),
        (MIDNIGHT, "later"),
        (0, "later"),
    ],
)
def test_groups_have_sharp_edges(due_at: int, expected: str) -> None:
    assert group(due_at, NOW, MIDNIGHT) == expected


def test_the_next_hour_reaches_past_midnight() -> None:
    assert group(NOW + 30 * MINUTE, NOW, NOW + 10 * MINUTE) == "next_hour"


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(CLOCK_KINDS), st.integers(0, 5)), max_size=5))
def test_all_running_clocks_stay(clocks: list[tuple[str, int]]) -> None:
    ordered = in_order(clocks)  # type: ignore[arg-type]
    assert sorted(ordered) == sorted(clock for clock in clocks if clock[1])
    assert [clock.due_at for clock in ordered] == sorted(clock.due_at for clock in ordered)


TIMES = st.integers(0, 9) | st.integers(NOW - 3 * HOUR, NOW + 24 * HOUR)
LINES = st.tuples(TIMES, TIMES, TIMES, st.integers(0, 3), st.uuids().map(str))


@settings(deadline=None)
@given(st.lists(LINES, min_size=2))
def test_the_order_of_lines_follows_their_groups(lines: list[tuple[int, int, int, int, str]]) -> None:
    clocks = {line: earliest(*line[:3]) for line in lines}
    ordered = sorted(lines, key=lambda line: order_key(clocks[line], line[3], line[4]))
    places = [GROUPS.index(group(found.due_at if (found := clocks[line]) else 0, NOW, MIDNIGHT)) for line in ordered]
    assert places == sorted(places)
    dues = [found.due_at for line in ordered if (found := clocks[line])]
    assert dues == sorted(dues)
    without = [clocks[line] is None for line in ordered]
    assert without == sorted(without)


def test_lines_that_are_due_together_are_ordered_by_kind_then_age() -> None:
    keys = [
        order_key(Clock("cut_off", NOW), 5, "a"),
        order_key(Clock("reply", NOW), 1, "b"),
        order_key(Clock("reply", NOW), 2, "a"),
        order_key(Clock("reply", NOW), 2, "b"),
        order_key(None, 1, "a"),
        order_key(None, 2, "a"),
    ]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
