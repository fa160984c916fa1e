"""What goes wrong first: the order of the inbox. A line has up to three clocks: our reply, the client's payroll cut-off
and a promise; the earliest decides where it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

ClockKind = Literal["cut_off", "promise", "reply"]
Group = Literal["breached", "next_hour", "today", "later"]

CLOCK_KINDS: Final[tuple[ClockKind, ...]] = ("cut_off", "promise", "reply")
"""At the same instant the one that can be moved least comes first: banks wait for nobody, a promise can be renegotiated
with the client, a reply is our own target."""
GROUPS: Final[tuple[Group, ...]] = ("breached", "next_hour", "today", "later")

_HOUR_MS: Final = 3_600_000
_NEVER: Final = 1 << 62


class Clock(NamedTuple):
    """Something due at an instant."""

    kind: ClockKind
    due_at: int


def in_order(clocks: Iterable[tuple[ClockKind, int]]) -> list[Clock]:
    """The clocks that run, the earliest consequence first; those at 0 do not run."""
    running = [Clock(kind, due_at) for kind, due_at in clocks if due_at > 0]
    return sorted(running, key=lambda clock: (clock.due_at, CLOCK_KINDS.index(clock.kind)))


def earliest(reply_due_at: int, cut_off_at: int, promise_due_at: int) -> Clock | None:
    """The clock that runs out first, None when none runs (each 0)."""
    clocks = in_order((("reply", reply_due_at), ("cut_off", cut_off_at), ("promise", promise_due_at)))
    return clocks[0] if clocks else None


def group(due_at: int, now_at: int, day_ends_at: int) -> Group:
    """Where a line due then stands now. `day_ends_at` is the next local midnight, which no longer is today; 0 is due
    never. What is due this very millisecond is not yet breached; the next hour may reach past midnight.
    """
    if due_at <= 0:
        return "later"
    if due_at < now_at:
        return "breached"
    if due_at <= now_at + _HOUR_MS:
        return "next_hour"
    return "today" if due_at < day_ends_at else "later"


def order_key(clock: Clock | None, opened_at: int, row_id: str) -> tuple[int, int, int, str]:
    """Sorts lines by their earliest consequence; those without any come last, the oldest first."""
    if clock is None:
        return _NEVER, len(CLOCK_KINDS), opened_at, row_id
    return clock.due_at, CLOCK_KINDS.index(clock.kind), opened_at, row_id
