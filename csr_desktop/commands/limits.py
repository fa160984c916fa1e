"""How long texts may be and what they may not hold: on the desk, where it is said at once, and on the server."""

from __future__ import annotations

import msgspec

from csr_desktop.commands.work import Work
from csr_desktop.domain.errors import Refused

LINE_CHARACTERS = 1_000
TEXT_CHARACTERS = 4 * 1024 * 1024
LONG_FIELDS = frozenset(
    {
        "note",
        "body",
        "alert",
        "outcome_note",
        "fields",
        "moves",
        "stamps",
        "targets",
        "pay_schedule",
        "own_numbers",
        "products",
    }
)


LATEST_AT = 4_102_444_800_000
"""The end of the year 2099 in milliseconds: what lies beyond is no time that anybody meant."""
MOST = 2**53
BROKEN = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    OverflowError,
    AssertionError,
    RecursionError,
    msgspec.MsgspecError,
)
"""What a command that no honest desk makes may raise while it runs: it is refused, and nobody's other work with it."""


def check_values(work: Work) -> None:
    """Of the rows that the last command touched. Raises Refused for what no database here can keep."""
    for table, row_id in work.touched():
        row = work.now[table, row_id]
        for field, value in (row or {}).items():
            check_value(field, value)


def check_value(field: str, value: str | int) -> None:
    """One field's value. Flags, whose names begin with is_, are 0 or 1."""
    if not isinstance(value, str):
        most = LATEST_AT if field.endswith("_at") else 1 if field.startswith("is_") else MOST
        if not 0 <= value <= most:
            raise Refused("out_of_range", "A time or a number is out of all bounds.", "Look at it again.")
        return
    if len(value) > (TEXT_CHARACTERS if field in LONG_FIELDS else LINE_CHARACTERS):
        raise Refused("too_long", "This text is too long to keep.", "Shorten it; it is still where you typed it.")
    if "\0" in value:
        raise Refused("unclean", "The text holds a character that cannot be kept.", "Type it again without it.")
