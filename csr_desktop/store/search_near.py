"""Who is near to an agent: whom they spoke with last, and the clients in their care. Among those who agree alike with
what is typed, the nearest come first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from operator import or_
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from csr_desktop.store.search_words import WORD, fold

if TYPE_CHECKING:
    from csr_desktop.store.sql import Sql

_CALLS: Final = 30
_FEW: Final = 8
_IN_CARE: Final = 1 + _CALLS
"""How far somebody of a client in one's care is, or of one that one spoke with: behind all who were on the phone."""
_FAR: Final = _IN_CARE + 1
_LATEST: Final = (
    "SELECT client_id, contact_id FROM interactions WHERE agent_id = ?1 AND deleted = 0 "
    "ORDER BY started_at DESC LIMIT ?2"
)
_ENTRIES: Final = (
    f"WITH latest AS ({_LATEST}), near (id) AS (SELECT id FROM clients WHERE specialist_id = ?1 AND deleted = 0 "
    "UNION SELECT client_id FROM latest) "
    "SELECT d.entry, d.row_id, d.client_id, d.contact_id, d.is_past, d.name, d.more, d.digits FROM search_directory d "
    "WHERE d.row_id IN (SELECT id FROM near UNION SELECT contact_id FROM latest UNION "
    "SELECT p.id FROM contacts p JOIN near ON near.id = p.client_id WHERE p.deleted = 0)"
)
_WRITTEN: Final = "SELECT total_changes(), (SELECT data_version FROM pragma_data_version)"
"""Grows with what this connection writes, and with what others do."""


class NearEntry(NamedTuple):
    """An entry of the directory with its words: those of the name, and those of what belongs to it."""

    entry: tuple[Any, ...]
    own: Sequence[str]
    others: Sequence[str]
    folded: str


class Near(NamedTuple):
    """By the id of a contact or client, how near: 0 was on the phone last."""

    latest: Mapping[str, int]
    client_ids: frozenset[str]
    entries: Sequence[NearEntry] = ()
    """The nearest first."""

    def distance(self, client_id: str, contact_id: str) -> int:
        found = self.latest.get(contact_id or client_id)
        if found is not None:
            return found
        return _IN_CARE if client_id in self.client_ids else _FAR

    def beginning_with(self, pieces: Sequence[str]) -> Iterator[NearEntry]:
        """The nearest few with a word that begins with each of these, one of them a word of the name."""
        return islice(self._beginning_with(pieces), _FEW)

    def _beginning_with(self, pieces: Sequence[str]) -> Iterator[NearEntry]:
        for near in self.entries:
            if all(piece in near.folded for piece in pieces):
                in_name = [any(word.startswith(piece) for word in near.own) for piece in pieces]
                in_more = [any(word.startswith(piece) for word in near.others) for piece in pieces]
                if any(in_name) and all(map(or_, in_name, in_more)):
                    yield near


NOBODY: Final = Near({}, frozenset())


class Nearness:
    """Of one file; read again once anything was written."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self._read_at: tuple[object, ...] = ()
        self._near = NOBODY

    def of(self, agent_id: str) -> Near:
        if not agent_id:
            return NOBODY
        now = (agent_id, *(self._sql.one(_WRITTEN) or ()))
        if now != self._read_at:
            self._near, self._read_at = self._read(agent_id), now
        return self._near

    def _read(self, agent_id: str) -> Near:
        latest: dict[str, int] = {}
        for place, (client, contact) in enumerate(self._sql.all(_LATEST, agent_id, _CALLS)):
            for who in filter(None, (contact, client)):
                latest.setdefault(who, place)
        entries = [_with_words(entry) for entry in self._sql.all(_ENTRIES, agent_id, _CALLS)]
        near = Near(latest, frozenset(one.entry[2] for one in entries))
        entries.sort(key=lambda one: near.distance(one.entry[2], one.entry[3]))
        return near._replace(entries=entries)


def _with_words(entry: tuple[Any, ...]) -> NearEntry:
    name, more = fold(entry[5]), fold(entry[6])
    return NearEntry(entry, WORD.findall(name), WORD.findall(more), f"{name} {more}")
