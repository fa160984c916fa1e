"""How long texts may be and what they may not hold: on the desk, where it is said at once, and on the server."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from csr_desktop.commands.work import Work
from csr_desktop.domain.errors import Refused
from csr_desktop.domain.text import clean, is_plain

if TYPE_CHECKING:
    from csr_desktop.commands.command import Command

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
        "steps",
        "checked",
        "products",
        "parts",
        "recording_pauses",
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


TO_COME_AGAIN = -1
"""On a workstation, the revision of a row that the server had and is to send again: one that never was there has none,
which is 0.
"""
_ALWAYS = frozenset({"", 0, 1})
_BREAKS_A_LINE = "[\n\t\u2028\u2029]"


def check_values(command: Command, work: Work) -> None:
    """Of a command, the last that ran, and of the rows that it touched. Raises Refused for what no database here can
    keep, and for text that no desk gives: each cleans what is typed. What an undo brings back was kept before, so its
    text is not looked at.
    """
    # Nearly every value passes without a call of its own: a long upload is made of this.
    for field, value in msgspec.structs.asdict(command).items() if not command.undoes else ():
        if isinstance(value, str) and value and not is_plain(value):
            check_text(field, value)
    for key in work.touched():
        for field, value in (work.now[key] or {}).items():
            if value in _ALWAYS:
                continue
            if not isinstance(value, str) or len(value) > LINE_CHARACTERS or "\0" in value:
                check_value(field, value)


def check_text(field: str, value: str) -> None:
    """One field's text as it comes from a desk: cleaned there, and of one line but in the fields that may be long."""
    if is_plain(value):
        return
    if clean(value) != value or (field not in LONG_FIELDS and re.search(_BREAKS_A_LINE, value)):
        raise Refused("unclean", "The text holds a character that cannot be kept.", "Type it again without it.")


@lru_cache(maxsize=1024)
def _most(field: str) -> int:
    return LATEST_AT if field.endswith("_at") else 1 if field.startswith("is_") else MOST


def check_value(field: str, value: str | int) -> None:
    """One field's value. Flags, whose names begin with is_, are 0 or 1."""
    if not isinstance(value, str):
        if not (TO_COME_AGAIN if field == "rev" else 0) <= value <= _most(field):
            raise Refused("out_of_range", "A time or a number is out of all bounds.", "Look at it again.")
        return
    if len(value) > LINE_CHARACTERS and (len(value) > TEXT_CHARACTERS or field not in LONG_FIELDS):
        raise Refused("too_long", "This text is too long to keep.", "Shorten it; it is still where you typed it.")
    if "\0" in value:
        raise Refused("unclean", "The text holds a character that cannot be kept.", "Type it again without it.")
