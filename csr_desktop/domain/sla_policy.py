"""Reply targets: by priority, seconds of open time to the first reply and to each later one."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal, TypeAlias

import msgspec

Priority = Literal["low", "normal", "high", "urgent"]
Targets: TypeAlias = dict[Priority, tuple[int, int]]
LONGEST_SECONDS: Final = 30 * 86_400
"""Of open time. Longer ones would be years of office hours."""


class TargetsError(ValueError):
    """Reply targets that cannot be used; the text is for a person."""


@lru_cache(maxsize=256)
def decode(text: str) -> Targets:
    """Targets as they are stored; a priority that is missing, or has 0, has none. Raises TargetsError."""
    try:
        targets = msgspec.json.decode(text, type=dict[Priority, tuple[int, int]])
    except (msgspec.MsgspecError, UnicodeError):
        raise TargetsError(
            "These reply targets cannot be read: each priority has the seconds to the first and to each later reply."
        ) from None
    if not all(0 <= seconds <= LONGEST_SECONDS for pair in targets.values() for seconds in pair):
        raise TargetsError("A reply target must lie between no time and 30 days of open time.")
    return targets
