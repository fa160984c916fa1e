"""What asks a program to end: Ctrl+C in its terminal, the end of the session, a closed terminal."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))
"""Which of them there are depends on the system."""


@contextmanager
def answered_by(answer: Callable[[int, Any], None]) -> Iterator[None]:
    """Each of them runs `answer` with its number and the frame, on the main thread; afterwards what did before."""
    before = {number: signal.signal(number, answer) for number in ENDING}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
