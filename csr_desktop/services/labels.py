"""What rows are called in lists, from their own texts."""

from __future__ import annotations

from typing import Final

from csr_desktop.domain.ids import provisional_label
from csr_desktop.domain.text import excerpt

_TITLE: Final = 90


def ticket_label(number: int, ticket_id: str) -> str:
    """“#4821”, or the provisional label until the server gave a number."""
    return f"#{number}" if number else provisional_label(ticket_id)


def note_title(note: str) -> str:
    """A call is called by the first line of its note; '' without one."""
    line = note.lstrip().partition("\n")[0]
    return excerpt(line, _TITLE)
