"""The computer's clocks. Everything else takes one of them as an argument."""

from __future__ import annotations

import time


def wall_clock() -> int:
    """Milliseconds since the Unix epoch, UTC, as this computer believes; it may be wrong and may jump."""
    return time.time_ns() // 1_000_000


def monotonic() -> float:
    """Seconds from some beginning, never going back: for timers and deadlines."""
    return time.monotonic()
