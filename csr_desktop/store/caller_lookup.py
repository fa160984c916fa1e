"""Who has a number: while it rings, from the index of numbers, bounded however many people share it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence, Sized
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from csr_desktop.domain.matching import CallerCandidate

if TYPE_CHECKING:
    from csr_desktop.store.sql import Sql

MOST: Final = 20
"""So many candidates at most: more are no choice that a person makes during a call."""
COUNTED: Final = 100
"""Holders are counted to here."""
CALLS_LOOKED_AT: Final = 50
"""The latest calls from the number; what lies before says little about who calls now."""
_CLIENTS_LOOKED_AT: Final = 4
_CLIENT_CALLS_LOOKED_AT: Final = 15
_OPEN_LOOKED_AT: Final = 100

_HOLDERS: Final = (
    "SELECT n.contact_id, n.client_id, n.extension FROM phone_numbers n WHERE n.e164 = ? AND n.deleted = 0 LIMIT ?"
)
_CALLS: Final = (
    "SELECT contact_id, client_id, started_at FROM interactions WHERE number = ? AND direction = 'in' AND deleted = 0 "
    "ORDER BY started_at DESC LIMIT ?"
)
_HOLDS: Final = (
    "SELECT extension FROM phone_numbers WHERE e164 = ? AND contact_id = ? AND client_id = ? AND deleted = 0 LIMIT 1"
)
_NAMES: Final = (
    "WITH wanted (place, contact_id, client_id) AS (VALUES {}) "
    "SELECT w.contact_id, w.client_id, coalesce(p.name, ''), coalesce(p.title, ''), coalesce(p.is_active, 1), "
    "c.name, c.status, p.id IS NOT NULL FROM wanted w "
    "LEFT JOIN contacts p ON p.id = w.contact_id AND p.deleted = 0 "
    "LEFT JOIN clients c ON c.id = w.client_id AND c.deleted = 0 ORDER BY w.place"
)
_LATEST: Final = (
    "SELECT contact_id, started_at FROM interactions WHERE client_id = ? AND deleted = 0 "
    "ORDER BY started_at DESC LIMIT ?"
)
_GONE: Final = "SELECT id FROM {} WHERE id IN ({}) AND (deleted <> 0 OR {})"
_OPEN: Final = (
    "SELECT i.client_id, coalesce(t.contact_id, f.contact_id), i.kind FROM inbox_items i "
    "LEFT JOIN tickets t ON i.kind = 'ticket' AND t.id = i.item_id "
    "LEFT JOIN follow_ups f ON i.kind = 'follow_up' AND f.id = i.item_id AND f.kind = 'promise' "
    "WHERE i.client_id IN ({}) AND (t.id IS NOT NULL OR f.id IS NOT NULL) LIMIT ?"
)

_Who = tuple[str, str]
"""Ids of contact ('' for a company's own line) and client."""


class Holders(NamedTuple):
    """Up to 20 who have a number, active ones and those who called from it lately first; and how many have it, up to
    100.
    """

    candidates: tuple[CallerCandidate, ...]
    found_count: int
    has_more: bool


_NOBODY: Final = Holders((), 0, has_more=False)


class CallerLookup:
    """Asks one file. A company's own line is a candidate with an empty `contact_id` under the company's name."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def candidates(self, e164: str, extension: str = "") -> tuple[CallerCandidate, ...]:
        """Those who hold a number in E.164, unranked; nobody for '' and the organisation's own lines."""
        return self.find(e164, extension).candidates

    def find(self, e164: str, extension: str = "") -> Holders:
        """With an extension, only its holders; where nobody has it, those without one, and otherwise all."""
        if not e164:
            return _NOBODY
        held = self._sql.all(_HOLDERS, e164, COUNTED + 1)
        if not held or self._is_own(e164):
            return _NOBODY
        calls = self._sql.all(_CALLS, e164, CALLS_LOOKED_AT)
        if len(held) > COUNTED:
            held = [*self._callers_first(e164, calls), *held]
        holders = dict.fromkeys((contact, client) for contact, client, _ in _reached(held, extension))
        called = _by_who(calls)
        inactive = self._inactive(holders) if len(holders) > MOST else frozenset()
        chosen = sorted(holders, key=lambda who: (who in inactive, -len(called.get(who, ()))))[:MOST]
        return Holders(self._described(chosen, called), min(len(holders), COUNTED), len(held) > COUNTED)

    def _is_own(self, e164: str) -> bool:
        lists = self._sql.all("SELECT own_numbers FROM organisations WHERE deleted = 0")
        return any(e164 in json.loads(own or "[]") for (own,) in lists)

    def _callers_first(self, e164: str, calls: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Of very many holders, those who called; they may not be among the ones that were read."""
        found: list[tuple[Any, ...]] = []
        for contact, client in list(dict.fromkeys((contact, client) for contact, client, _ in calls))[:MOST]:
            extension = self._sql.one(_HOLDS, e164, contact, client)
            if extension is not None:
                found.append((contact, client, *extension))
        return found

    def _inactive(self, holders: Iterable[_Who]) -> frozenset[_Who]:
        """Of very many, those who take no place from one who may be calling."""
        who = list(holders)
        contacts, clients = ({ids[part] for ids in who} for part in (0, 1))
        gone = {i for (i,) in self._sql.all(_GONE.format("contacts", _marks(contacts), "is_active = 0"), *contacts)}
        closed = {i for (i,) in self._sql.all(_GONE.format("clients", _marks(clients), "status = 'closed'"), *clients)}
        return frozenset(one for one in who if one[0] in gone or one[1] in closed)

    def _described(self, chosen: Sequence[_Who], called: dict[_Who, list[int]]) -> tuple[CallerCandidate, ...]:
        marks = ", ".join(f"({place}, ?, ?)" for place in range(len(chosen)))
        rows = self._sql.all(_NAMES.format(marks), *(value for who in chosen for value in who))
        latest = self._latest_calls(chosen, called)
        tickets, promises = self._open_work([client for _, client in chosen])
        found: list[CallerCandidate] = []
        for contact, client, name, title, is_active, client_name, status, is_here in rows:
            who = (contact, client)
            if not (is_here if contact else client_name):
                continue  # the contact or the company was deleted
            found.append(
                CallerCandidate(
                    contact_id=contact,
                    name=name if contact else client_name,
                    role_title=title,
                    client_id=client,
                    client_name=client_name or "",
                    is_active=bool(is_active) and status != "closed",
                    calls_from_number=len(called.get(who, ())),
                    last_call_at=max((*called.get(who, ()), latest.get(who, 0))),
                    has_open_ticket=who in tickets,
                    has_open_promise=who in promises,
                )
            )
        return tuple(found)

    def _latest_calls(self, chosen: Iterable[_Who], called: dict[_Who, list[int]]) -> dict[_Who, int]:
        """When those who did not call from this number called from any, as far as that is recent."""
        others = dict.fromkeys(client for contact, client in chosen if client and (contact, client) not in called)
        latest: dict[_Who, int] = {}
        for client in list(others)[:_CLIENTS_LOOKED_AT]:
            for contact, started_at in self._sql.all(_LATEST, client, _CLIENT_CALLS_LOOKED_AT):
                latest.setdefault((contact, client), started_at)
        return latest

    def _open_work(self, client_ids: Iterable[str]) -> tuple[set[_Who], set[_Who]]:
        """Who has an open ticket, and who an open promise. A company has whatever its contacts have."""
        clients = list(dict.fromkeys(client for client in client_ids if client))
        tickets: set[_Who] = set()
        promises: set[_Who] = set()
        if clients:
            text = _OPEN.format(", ".join("?" * len(clients)))
            for client, contact, kind in self._sql.all(text, *clients, _OPEN_LOOKED_AT):
                (tickets if kind == "ticket" else promises).update(((contact, client), ("", client)))
        return tickets, promises


def _marks(values: Sized) -> str:
    return ", ".join("?" * len(values))


def _reached(held: Sequence[tuple[Any, ...]], extension: str) -> Sequence[tuple[Any, ...]]:
    """Whom a call with this extension can come from."""
    if not extension:
        return held
    return [holder for holder in held if holder[2] == extension] or [holder for holder in held if not holder[2]] or held


def _by_who(calls: Iterable[tuple[Any, ...]]) -> dict[_Who, list[int]]:
    called: dict[_Who, list[int]] = {}
    for contact, client, started_at in calls:
        called.setdefault((contact, client), []).append(started_at)
    return called
