"""Older history: work outside of what a person's workstations keep, read by way of its client. Nothing here changes a
row, and what a person may not read is as if it were not there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import msgspec

from csr_desktop.domain.permissions import Person, reads_through_profile, scopes_through_profile, unknown
from csr_desktop.domain.recordings import told
from csr_desktop.domain.share import within_sql
from csr_desktop.protocol import (
    MAX_BODY_BYTES,
    OLDER_COUNTED,
    OLDER_MESSAGES,
    OLDER_PAGE,
    OlderPageReply,
    OlderPageRequest,
    OlderRowReply,
    OlderRowRequest,
)
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.problems import bad_message
from csr_desktop.server.share import cut_off_at
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS

PAGE_BYTES: Final = MAX_BODY_BYTES
_AT_ONCE: Final = 20
"""Rows read together, so that no more of big ones is in memory than goes out."""
_KINDS: Final = {
    "call": ("interactions", "started_at"),
    "ticket": ("tickets", "last_message_at"),
    "follow_up": ("follow_ups", "created_at"),
}
_TABLES: Final = frozenset(table for table, _ in _KINDS.values())
_ON_TICKETS: Final = (("messages", "written_at"), ("attachments", "added_at"))
_ID: Final = re.compile(r"[0-9A-Za-z_.:-]{1,80}")
_LATEST: Final = 1 << 53
_SCOPE: Final = "COALESCE(scope, '')"
"""Said so that no index by scope is taken: the client or the ids leave far fewer rows."""

_encode = msgspec.msgpack.Encoder().encode


class Sight(NamedTuple):
    """What a person may read of the work of all: the scopes, those of them that their workstations keep, and the time
    since when they do.
    """

    person: Person
    scopes: tuple[str, ...]
    own: tuple[str, ...]
    cut_off_at: int

    def shown(self, row: Mapping[str, Any]) -> list[Any]:
        """A row's values; where a recording is stays with those who may hear it."""
        if row.get("recording"):
            row = {**row, "recording": told(self.person, row["recording"], row["agent_id"], row["scope"])}
        return list(row.values())

    def readable(self, table: str) -> tuple[str, tuple[str, ...]]:
        """SQL and its values for the rows of these that may be read at all. Work of nobody's profile, such as a call by
        a number that nobody knows, is its own team's alone. What lies on a ticket is read by way of that.
        """
        text = f"deleted = 0 AND {_SCOPE} IN ({_marks(self.scopes)})"
        if table not in _TABLES:
            return text, self.scopes
        return f"{text} AND (client_id <> '' OR {_SCOPE} IN ({_marks(self.own)}))", (*self.scopes, *self.own)

    def outside(self, table: str, *, is_postgresql: bool) -> tuple[str, tuple[str, ...]]:
        """SQL and its values for the rows of these that the workstation does not keep."""
        text, values = self.readable(table)
        within = within_sql(table, self.cut_off_at, is_postgresql=is_postgresql)
        kept = f"{_SCOPE} IN ({_marks(self.own)})" + (f" AND {within}" if within else "")
        return f"{text} AND NOT ({kept})", (*values, *self.own)


@contextmanager
def sight(sql: Sql, ledger: Ledger, clock: Callable[[], int], user_id: str) -> Iterator[Sight | None]:
    """A moment of the database as this person may see it; None for one who reads no work by way of its client. Raises
    Refused when the account is closed.
    """
    with sql.snapshot():
        person = ledger.person(user_id)
        if not reads_through_profile(person.role):
            yield None
            return
        all_teams = frozenset(i for (i,) in sql.all("SELECT id FROM teams WHERE deleted = 0"))
        scopes = person.scopes | scopes_through_profile(person.role, all_teams)
        sql.sees(scopes)
        yield Sight(person, tuple(sorted(scopes)), tuple(sorted(person.scopes)), cut_off_at(sql, clock()))


class OlderHistory:
    """Each method reads the database, on the caller's thread. What lies in the person's share is left out, but for a
    row that is asked for by its id.
    """

    def __init__(self, sql: Sql, ledger: Ledger, clock: Callable[[], int]) -> None:
        self._sql = sql
        self._ledger = ledger
        self._clock = clock

    def page(self, user_id: str, request: OlderPageRequest) -> OlderPageReply:
        """Raises Rejected (400) for kinds that there are not and a key that can be none."""
        if not set(request.kinds) <= set(_KINDS):
            raise bad_message()
        if request.after_id and not (_ID.fullmatch(request.after_id) and -_LATEST < request.after_at < _LATEST):
            raise bad_message()
        with sight(self._sql, self._ledger, self._clock, user_id) as seen:
            if seen is None or not _ID.fullmatch(request.client_id):
                return OlderPageReply({}, {})
            return self._page(seen, request)

    def _page(self, seen: Sight, request: OlderPageRequest) -> OlderPageReply:
        limit = max(1, min(request.limit, OLDER_PAGE))
        kinds = tuple(dict.fromkeys(request.kinds)) or tuple(_KINDS)
        after = (request.after_at, request.after_id) if request.after_id else None
        found = self._keys(seen, request.client_id, kinds, after, limit + 1)
        taken = self._taken(seen, [(_KINDS[kind][0], row_id) for kind, row_id, _ in found[:limit]])
        rows: dict[str, list[list[Any]]] = {}
        for table, row in taken:
            rows.setdefault(table, []).append(row)
        columns = {table: list(COLUMNS[table]) for table in rows}
        if len(taken) == len(found):
            return OlderPageReply(columns, rows)
        _, last_id, last_at = found[len(taken) - 1]
        left = self._left(seen, request.client_id, kinds, (last_at, last_id))
        return OlderPageReply(columns, rows, last_at, last_id, left)

    def _keys(
        self, seen: Sight, client_id: str, kinds: Sequence[str], after: tuple[int, str] | None, limit: int
    ) -> list[tuple[str, str, int]]:
        """(kind, id, time), the newest first."""
        arms, values = [], []
        for kind in kinds:
            at = _KINDS[kind][1]
            text, more = self._outside(seen, client_id, kind, after)
            chosen = f"SELECT '{kind}' AS kind, id, {at} AS at {text} ORDER BY {at} DESC, {self._id} DESC LIMIT ?"
            arms.append(f"SELECT * FROM ({chosen}) AS {kind}s")
            values += [*more, limit]
        text = f"SELECT * FROM ({' UNION ALL '.join(arms)}) AS found ORDER BY at DESC, {self._id} DESC LIMIT ?"
        return self._sql.all(text, *values, limit)

    def _left(self, seen: Sight, client_id: str, kinds: Sequence[str], after: tuple[int, str]) -> int:
        count = 0
        for kind in kinds:
            text, values = self._outside(seen, client_id, kind, after)
            some = f"SELECT COUNT(*) FROM (SELECT 1 {text} LIMIT {OLDER_COUNTED + 1}) AS counted"
            count += int(self._sql.value(some, *values))
        return min(count, OLDER_COUNTED + 1)

    def _outside(
        self, seen: Sight, client_id: str, kind: str, after: tuple[int, str] | None
    ) -> tuple[str, tuple[str | int, ...]]:
        table, at = _KINDS[kind]
        outside, values = seen.outside(table, is_postgresql=self._sql.is_postgresql)
        text = f"FROM {table} WHERE client_id = ? AND {outside}"
        if after is None:
            return text, (client_id, *values)
        return f"{text} AND ({at} < ? OR ({at} = ? AND {self._id} < ?))", (client_id, *values, after[0], *after)

    @property
    def _id(self) -> str:
        """Ids in the order of their bytes, as workstations have them, whatever language PostgreSQL sorts by."""
        return 'id COLLATE "C"' if self._sql.is_postgresql else "id"

    def _taken(self, seen: Sight, keys: Sequence[tuple[str, str]]) -> list[tuple[str, list[Any]]]:
        """These rows in this order, up to the first for which there is no room; one there always is."""
        found: list[tuple[str, list[Any]]] = []
        room = PAGE_BYTES
        for start in range(0, len(keys), _AT_ONCE):
            part = keys[start : start + _AT_ONCE]
            rows: dict[str, Mapping[str, Any]] = {}
            for table in {table for table, _ in part}:
                rows.update(self._sql.load(table, [row_id for name, row_id in part if name == table]))
            for table, row_id in part:
                row = seen.shown(rows[row_id])
                room -= len(_encode(row))
                if room < 0 and found:
                    return found
                found.append((table, row))
        return found

    def row(self, user_id: str, request: OlderRowRequest) -> OlderRowReply:
        """Raises Refused with one answer for what is not there and what may not be seen."""
        if request.table not in _TABLES or not _ID.fullmatch(request.row_id):
            raise unknown()
        with sight(self._sql, self._ledger, self._clock, user_id) as seen:
            if seen is None:
                raise unknown()
            text, values = seen.readable(request.table)
            if not self._sql.value(f"SELECT 1 FROM {request.table} WHERE id = ? AND {text}", request.row_id, *values):
                raise unknown()
            row = self._sql.load(request.table, [request.row_id])[request.row_id]
            rows = {request.table: [seen.shown(row)]}
            if request.table == "tickets":
                rows |= {table: self._on_ticket(seen, table, at, request.row_id) for table, at in _ON_TICKETS}
        return OlderRowReply({table: list(COLUMNS[table]) for table in rows}, rows)

    def _on_ticket(self, seen: Sight, table: str, at: str, ticket_id: str) -> list[list[Any]]:
        """The newest, as many as there is room for, oldest first."""
        text, values = seen.readable(table)
        chosen = f"SELECT id FROM {table} WHERE ticket_id = ? AND {text} ORDER BY {at} DESC, {self._id} DESC LIMIT ?"
        newest = [(table, row_id) for (row_id,) in self._sql.all(chosen, ticket_id, *values, OLDER_MESSAGES)]
        return [row for _, row in self._taken(seen, newest)][::-1]


def _marks(values: Sequence[str]) -> str:
    return ",".join("?" * len(values))
