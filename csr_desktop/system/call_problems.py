"""What is wrong with what a softphone says of a call: shown in the settings, and on the page that it opens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from csr_desktop.domain.phone import is_unfilled
from csr_desktop.domain.phone_events import clean_reference
from csr_desktop.system.call_message import EVENTS, TEST

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILLED_IN: Final = ("number", "name", "queue")
_NEEDS_NUMBER: Final = frozenset({"ring", "missed"})
_NAMES: Final = {
    "number": "the number",
    "name": "the caller's name",
    "queue": "the queue",
    "id": "the id of the call",
}
_WHERE: Final = (
    "Change it in your phone's settings, where this address is entered. CSR Desktop's settings have the whole line for "
    "each softphone, under Phone."
)


def problems_of(fields: Mapping[str, str]) -> tuple[str, ...]:
    """Codes, the worst first: unknown_event; unfilled with the name of a field, as in "unfilled:number"; no_number."""
    found = [f"unfilled:{field}" for field in _FILLED_IN if is_unfilled(fields.get(field, ""))]
    if fields.get("id", "").strip() and not clean_reference(fields["id"]):
        found.append("unfilled:id")
    event = fields.get("event", "").strip().casefold()
    if event not in {*EVENTS, TEST}:
        found.insert(0, "unknown_event")
    if event in _NEEDS_NUMBER and not fields.get("number", "").strip():
        found.append("no_number")
    return tuple(found)


def words_of(problems: tuple[str, ...]) -> str:
    """For who set up the phone: what is wrong and where to change it, without anything of what came; '' for nothing."""
    said = []
    if "unknown_event" in problems:
        said.append(f"The event is none that CSR Desktop knows. Say event= and one of {', '.join(EVENTS)}.")
    unfilled = [_NAMES[field] for code, _, field in (one.partition(":") for one in problems) if code == "unfilled"]
    if unfilled:
        some = " and ".join([", ".join(unfilled[:-1]), unfilled[-1]] if len(unfilled) > 1 else unfilled)
        said.append(
            f"Your phone did not fill in {some}: the sign for it came as it was entered. Perhaps it has another."
        )
    if "no_number" in problems:
        said.append("The number is empty: the address names none, or the caller withheld it.")
    return " ".join([*said, _WHERE]) if said else ""
