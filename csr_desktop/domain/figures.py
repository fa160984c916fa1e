"""Figures by their definitions. What nothing can be said about is None, "no data", never 0 or 100 %."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_Z_95: Final = 1.959963984540054
"""The 97.5 % point of the normal distribution."""


class CallParts(msgspec.Struct, frozen=True):
    """A call as figures see it: `result` is that of the interaction, times are seconds."""

    direction: Literal["in", "out", "internal"]
    result: str
    talk_seconds: int
    hold_seconds: int
    wrap_up_seconds: int
    dial_seconds: int = 0


class HandleTime(msgspec.Struct, frozen=True):
    """Handle times of the handled calls in seconds; `count` is their number and `total_seconds` their sum."""

    count: int
    total_seconds: int
    mean_seconds: float | None
    median_seconds: float | None
    p90_seconds: float | None


class Share(msgspec.Struct, frozen=True):
    """A share of 1 with its counts and its 95 % interval from `low` to `high`."""

    numerator: int
    denominator: int
    value: float | None
    low: float | None
    high: float | None


class PromiseRecord(msgspec.Struct, frozen=True):
    """A promise as figures see it. `due_at` is its present due time; `outcome` is 'kept' when the client got what was
    promised; `was_moved_late` says that it was renegotiated only after a due time had passed.
    """

    due_at: int
    state: Literal["open", "done", "cancelled"]
    outcome: str
    completed_at: int
    was_moved_late: bool = False


def handle_seconds(call: CallParts) -> int:
    """Talk, hold and wrap-up; outbound also dialling."""
    dialled = call.dial_seconds if call.direction == "out" else 0
    return call.talk_seconds + call.hold_seconds + call.wrap_up_seconds + dialled


def is_handled(call: CallParts) -> bool:
    """Missed and abandoned calls, those that nobody answered, and internal consults are not handled."""
    return call.result == "handled" and call.direction != "internal"


def handle_time(calls: Iterable[CallParts]) -> HandleTime:
    """The handled calls' average handle time (sum ÷ count), median and 90th percentile."""
    times = [handle_seconds(call) for call in calls if is_handled(call)]
    return HandleTime(
        count=len(times),
        total_seconds=sum(times),
        mean_seconds=sum(times) / len(times) if times else None,
        median_seconds=percentile(times, 0.5),
        p90_seconds=percentile(times, 0.9),
    )


def percentile(values: Sequence[float], part: float) -> float | None:
    """The value below which this part (0 to 1) of the values lies, on a line between the two nearest ones (Hyndman and
    Fan 1996, definition 7, as spreadsheets do); None without values.
    """
    if not values:
        return None
    ordered = sorted(values)
    position = (len(ordered) - 1) * part
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def share(numerator: int, denominator: int) -> Share:
    """A share with its 95 % score interval (Wilson 1927). Raises ValueError for counts that make no share."""
    if not 0 <= numerator <= denominator:
        raise ValueError(f"{numerator} of {denominator} is not a share.")
    if denominator == 0:
        return Share(0, 0, None, None, None)
    value = numerator / denominator
    squared = _Z_95**2
    scale = 1 + squared / denominator
    middle = (value + squared / (2 * denominator)) / scale
    reach = _Z_95 * math.sqrt(value * (1 - value) / denominator + squared / (4 * denominator**2)) / scale
    # At none and at all the limit is exact; rounding would leave it a hair beside.
    low = 0.0 if numerator == 0 else middle - reach
    high = 1.0 if numerator == denominator else middle + reach
    return Share(numerator, denominator, value, low, high)


def promise_kept_rate(promises: Iterable[PromiseRecord], now_at: int) -> Share:
    """Kept on time ÷ due. Promises count once their due time has come, done early or not, so that good news does not
    arrive before bad; cancelled ones never. One renegotiated in time is measured by its new time; one moved only after
    its time had passed was broken.
    """
    due = [promise for promise in promises if promise.state != "cancelled" and 0 < promise.due_at <= now_at]
    return share(sum(_is_kept_on_time(promise) for promise in due), len(due))


def was_moved_late(moves: Iterable[tuple[int, int]]) -> bool:
    """Whether any move of a due time, as (was due, moved at), came after that time had passed."""
    return any(moved_at > was_due_at for was_due_at, moved_at in moves)


def _is_kept_on_time(promise: PromiseRecord) -> bool:
    return (
        promise.state == "done"
        and promise.outcome == "kept"
        and promise.completed_at <= promise.due_at
        and not promise.was_moved_late
    )
