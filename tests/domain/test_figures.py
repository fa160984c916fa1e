"""Figures as product and textbooks define them."""

from __future__ import annotations

import math
import statistics

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csr_desktop.domain.figures import (
    CallParts,
    PromiseRecord,
    handle_seconds,
    handle_time,
    percentile,
    promise_kept_rate,
    share,
    was_moved_late,
)

NOW = 1_780_000_000_000


def call(talk: int = 100, **changes: object) -> CallParts:
    return msgspec.structs.replace(CallParts("in", "handled", talk, 20, 30), **changes)


def promise(due_at: int = NOW - 10, completed_at: int = NOW - 20, **changes: object) -> PromiseRecord:
    return msgspec.structs.replace(PromiseRecord(due_at, "done", "kept", completed_at), **changes)


def test_handle_time_is_talk_hold_and_wrap_up_and_outbound_also_dialling() -> None:
    assert handle_seconds(call()) == 150
    assert handle_seconds(call(dial_seconds=15)) == 150
    assert handle_seconds(call(dial_seconds=15, direction="out")) == 165


def test_only_handled_calls_count() -> None:
    calls = [
        call(100),
        call(200),
        call(9000, result="missed"),
        call(9000, result="abandoned"),
        call(9000, result="no_answer"),
        call(9000, direction="internal"),
    ]
    found = handle_time(calls)
    assert (found.count, found.total_seconds, found.mean_seconds, found.median_seconds) == (2, 400, 200.0, 200.0)
    assert found.p90_seconds == pytest.approx(240.0)


def test_no_calls_are_no_data() -> None:
    found = handle_time([call(result="missed")])
    assert (found.count, found.total_seconds) == (0, 0)
    assert found.mean_seconds is found.median_seconds is found.p90_seconds is None


def test_nothing_is_rounded() -> None:
    found = handle_time([call(0, hold_seconds=0, wrap_up_seconds=seconds) for seconds in (1, 1, 2)])
    assert found.mean_seconds == pytest.approx(4 / 3)


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=2))
def test_percentiles_are_those_of_the_textbook(values: list[int]) -> None:
    deciles = statistics.quantiles(values, n=10, method="inclusive")
    assert percentile(values, 0.9) == pytest.approx(deciles[8])
    assert percentile(values, 0.5) == pytest.approx(statistics.median(values))
    assert percentile(values, 0) == min(values)
    assert percentile(values, 1) == max(values)


def test_a_percentile_of_one_and_of_none() -> None:
    assert percentile([7], 0.9) == 7
    assert percentile([], 0.9) is None


@pytest.mark.parametrize(
    ("numerator", "denominator", "low", "high"),
    # Newcombe 1998, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_wilsons(numerator: int, denominator: int, low: float, high: float) -> None:
    found = share(numerator, denominator)
    assert found.value == numerator / denominator
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)


def test_nothing_of_nothing_is_no_data() -> None:
    found = share(0, 0)
    assert found.value is found.low is found.high is None


@pytest.mark.parametrize(("numerator", "denominator"), [(2, 1), (-1, 5), (0, -1)])
def test_counts_that_make_no_share_are_refused(numerator: int, denominator: int) -> None:
    with pytest.raises(ValueError, match="not a share"):
        share(numerator, denominator)


@settings(deadline=None)
@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_and_mirrors(counts: tuple[int, int]) -> None:
    numerator, denominator = counts
    found, mirrored = share(numerator, denominator), share(denominator - numerator, denominator)
    assert found.low is not None
    assert found.value is not None
    assert found.high is not None
    assert mirrored.high is not None
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert math.isclose(found.low, 1 - mirrored.high, abs_tol=1e-12)


def test_kept_on_time_of_those_due() -> None:
    found = promise_kept_rate(
        [
            promise(),
            promise(completed_at=NOW - 10),
            promise(completed_at=NOW - 9),
            promise(outcome="broken"),
            promise(state="open", outcome="", completed_at=0),
            promise(was_moved_late=True),
        ],
        NOW,
    )
    assert (found.numerator, found.denominator) == (2, 6)


def test_what_is_not_yet_due_and_what_was_cancelled_do_not_count() -> None:
    early = promise(due_at=NOW + 1, completed_at=NOW - 20)
    found = promise_kept_rate([early, promise(state="cancelled", outcome="")], NOW)
    assert (found.denominator, found.value) == (0, None)
    assert promise_kept_rate([early], NOW + 1).value == 1.0


def test_a_promise_moved_in_time_is_measured_by_its_new_time() -> None:
    assert not was_moved_late([(NOW, NOW - 5), (NOW + 50, NOW + 50)])
    assert was_moved_late([(NOW, NOW - 5), (NOW + 50, NOW + 51)])
    assert not was_moved_late([])
