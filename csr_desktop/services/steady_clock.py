"""A clock for what the phone tells: it goes on evenly while calls do, whatever happens to the workstation's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class SteadyClock:
    """`wall` gives milliseconds since the epoch and may jump, `clock_seconds` is monotonic."""

    def __init__(self, wall: Callable[[], int], clock_seconds: Callable[[], float]) -> None:
        self._wall = wall
        self._clock_seconds = clock_seconds
        self._at, self._since = 0, -1.0
        """When the wall's time was last taken: at first not yet, it may ask the database."""
        self.is_timing = False
        """Whether a call goes on: until it is over the wall's time is not taken."""

    def now(self) -> int:
        """Milliseconds since the epoch."""
        seconds = self._clock_seconds()
        if not self.is_timing or self._since < 0:
            self._at, self._since = self._wall(), seconds
        return self._at + round((seconds - self._since) * 1000)
