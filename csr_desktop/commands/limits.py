"""How long texts may be and what they may not hold: on the desk, where it is said at once, and on the server."""

from __future__ import annotations

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


def check_texts(work: Work) -> None:
    """Of the rows that the last command touched. Raises Refused for what no database here can keep."""
    for table, row_id in work.touched():
        row = work.now[table, row_id]
        for field, value in (row or {}).items():
            if type(value) is not str:
                continue
            if len(value) > (TEXT_CHARACTERS if field in LONG_FIELDS else LINE_CHARACTERS):
                raise Refused(
                    "too_long", "This text is too long to keep.", "Shorten it; it is still where you typed it."
                )
            if "\0" in value:
                raise Refused("unclean", "The text holds a character that cannot be kept.", "Type it again without it.")
