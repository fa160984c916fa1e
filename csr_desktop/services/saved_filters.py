"""Filters that the person keeps by name; they follow them to each of their workstations and are nobody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from csr_desktop.commands.saved_filters import NAME_CHARACTERS, AddSavedFilter, EditSavedFilter, RemoveSavedFilter
from csr_desktop.domain.errors import BadInput
from csr_desktop.domain.text import clean_line
from csr_desktop.services.call_rows import CallFilter
from csr_desktop.store.queries import saved_filters as queries

if TYPE_CHECKING:
    from collections.abc import Callable

    from csr_desktop.services.outcome import Outcome
    from csr_desktop.sync.replica import Replica

VIEWS: Final = ("mine", "team", "numbers")


class SavedFilter(msgspec.Struct, frozen=True):
    """`view` is the list that it belongs to: mine, team or numbers."""

    id: str
    name: str
    view: str
    chosen: CallFilter


class _Body(msgspec.Struct, frozen=True):
    view: str = "mine"
    chosen: CallFilter = CallFilter()


class SavedFilters:
    """Of the lists of calls. `new_id` makes ids of rows."""

    def __init__(self, replica: Replica, me: Callable[[], str], new_id: Callable[[], str]) -> None:
        self._replica = replica
        self._me = me
        self._new_id = new_id

    def all(self) -> tuple[SavedFilter, ...]:
        """By name."""
        found = [_read(*row) for row in queries.of_person(self._replica.sql, self._me(), "calls")]
        return tuple(sorted(found, key=lambda one: (one.name.casefold(), one.id)))

    def keep(self, name: str, view: str, chosen: CallFilter) -> Outcome:
        """Under a new name; under one that is taken, that filter becomes this one. Raises BadInput without a name."""
        named = _name(name)
        words, body = _written(view, chosen)
        same = next((one for one in self.all() if one.name.casefold() == named.casefold()), None)
        if same is None:
            command = AddSavedFilter(row_id=self._new_id(), name=named, words=words, body=body)
            return self._replica.do(command, words=f"filter_kept:{named}")
        row = self._replica.sql.load("saved_filters", [same.id])[same.id]
        becomes = {"name": named, "words": words, "body": body}
        return self._edit(same.id, {f: (row[f], value) for f, value in becomes.items()}, f"filter_changed:{named}")

    def rename(self, filter_id: str, name: str) -> Outcome:
        """Raises BadInput without a name, and for one that another filter has."""
        named = _name(name)
        if any(one.id != filter_id and one.name.casefold() == named.casefold() for one in self.all()):
            raise BadInput("name", "Another of your filters is called that.", "Take another name.")
        was = self._named(filter_id)
        return self._edit(filter_id, {"name": (was, named)}, f"filter_renamed:{named}")

    def remove(self, filter_id: str) -> Outcome:
        return self._replica.do(RemoveSavedFilter(row_id=filter_id), words=f"filter_removed:{self._named(filter_id)}")

    def _named(self, filter_id: str) -> str:
        return next((one.name for one in self.all() if one.id == filter_id), "")

    def _edit(self, filter_id: str, changes: dict[str, tuple[str, str]], words: str) -> Outcome:
        edits = {field: pair for field, pair in changes.items() if pair[0] != pair[1]}
        if not edits:
            raise BadInput("name", "It is kept like that already.")
        return self._replica.do(EditSavedFilter(row_id=filter_id, changes=edits), words=words)


def _name(text: str) -> str:
    named = clean_line(text, NAME_CHARACTERS)
    if not named:
        raise BadInput("name", "A filter needs a name.")
    return named


def _written(view: str, chosen: CallFilter) -> tuple[str, str]:
    body = _Body(view, msgspec.structs.replace(chosen, text=""))
    return clean_line(chosen.text), msgspec.json.encode(body).decode()


def _read(filter_id: str, name: str, words: str, body: str) -> SavedFilter:
    """What a newer program kept and this one does not know filters nothing."""
    try:
        read = msgspec.json.decode(body, type=_Body)
    except (msgspec.MsgspecError, UnicodeError):
        read = _Body()
    view = read.view if read.view in VIEWS else "mine"
    return SavedFilter(filter_id, name, view, msgspec.structs.replace(read.chosen, text=words))
