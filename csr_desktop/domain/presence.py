"""Whether somebody can be reached now: it follows from what they do, and is never stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Collection

Status = Literal["available", "on_call", "wrap_up", "break", "offline"]
STATUSES: Final[tuple[Status, ...]] = ("available", "on_call", "wrap_up", "break", "offline")
WRITING_SECONDS: Final = 20.0
"""So long after the last change of a text its writer counts as writing."""

_FOREMOST: Final[dict[str, int]] = {"on_call": 2, "wrap_up": 1}


def status_of(phases: Collection[str], *, is_on_break: bool) -> Status:
    """Of who has calls in these phases: ring, dial, talk, hold or wrap_up. A call comes before a break."""
    if any(phase != "wrap_up" for phase in phases):
        return "on_call"
    if phases:
        return "wrap_up"
    return "break" if is_on_break else "available"


def rank(status: str) -> int:
    """Of who sits at two workstations the higher counts, and of equals what was said last."""
    return _FOREMOST.get(status, 0)
