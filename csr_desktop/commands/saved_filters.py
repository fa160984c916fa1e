"""Filters of lists that a person keeps by name: theirs alone, whatever their role, on each of their workstations."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import msgspec

from csr_desktop.commands.command import AddRow, EditRow, RemoveRow
from csr_desktop.commands.limits import BROKEN
from csr_desktop.commands.work import Row, Work
from csr_desktop.domain.errors import Refused
from csr_desktop.domain.permissions import Person, unknown

PLACES: Final = frozenset({"calls"})
NAME_CHARACTERS: Final = 60
_BODY_CHARACTERS: Final = 4_000
"""A longer one is cut, and so cannot be read."""


class AddSavedFilter(AddRow, frozen=True, kw_only=True, tag=True):
    """`body` is JSON, {what is filtered: value}, of the place's own making; `words` is the text to search for."""

    table: ClassVar[str] = "saved_filters"
    structured: ClassVar[frozenset[str]] = frozenset({"body"})
    name: str
    body: str
    words: str = ""
    place: str = "calls"
    kept: tuple[str, ...] = ()

    def author(self, row: Row) -> str:
        return str(row["scope"])

    def permit(self, who: Person, work: Work) -> None:
        row = work.get(self.table, self.row_id)
        if row is not None:
            _is_theirs(who, row)
        if row is None or not self.undoes:  # what takes it back, or brings it back, works in no team
            super().permit(who, work)

    def permit_add(self, who: Person, work: Work) -> None:
        if self.place not in PLACES:
            raise Refused("not_allowed", "Filters cannot be kept there.")
        _check("name", self.name)
        _check("body", self.body)

    def values(self, work: Work) -> dict[str, Any]:
        return {
            "scope": self.by,
            "place": self.place,
            "name": self.name,
            "words": self.words,
            "body": self.body,
            "made_at": self.at,
        }


class EditSavedFilter(EditRow, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "saved_filters"
    structured: ClassVar[frozenset[str]] = frozenset({"body"})
    editable: ClassVar[frozenset[str]] = frozenset({"name", "words", "body"})
    kept: tuple[str, ...] = ()

    def permit_edit(self, who: Person, row: Row, work: Work) -> None:
        _is_theirs(who, row)

    def check(self, field: str, value: Any) -> None:
        _check(field, value)


class RemoveSavedFilter(RemoveRow, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "saved_filters"

    def permit_remove(self, who: Person, row: Row) -> None:
        _is_theirs(who, row)


def _is_theirs(who: Person, row: Row) -> None:
    """One answer for what is another's and what is nowhere."""
    if row["scope"] != who.id:
        raise unknown()


def _check(field: str, value: Any) -> None:
    if field == "name" and not (value.strip() and len(value) <= NAME_CHARACTERS):
        raise Refused("not_allowed", f"A filter needs a name of at most {NAME_CHARACTERS} characters.")
    if field == "body":
        try:
            msgspec.json.decode(value[: _BODY_CHARACTERS + 1], type=dict[str, Any])
        except BROKEN:
            raise Refused("not_allowed", "This filter cannot be kept.") from None
