"""Finding older work by its words: the index proposes, the rows as they are now decide."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from csr_desktop.domain.text import clean_line
from csr_desktop.protocol import OLDER_HITS, OlderFound, OlderSearchReply, OlderSearchRequest
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.older import Sight, sight
from csr_desktop.server.search_index import BEGINNING, SOURCES, folded_words, ids_by_table, number_at, proposed
from csr_desktop.store.search_marks import Marker
from csr_desktop.store.search_typed import TYPED_LIMIT, Word
from csr_desktop.store.sql import Sql

_MOST_WORDS: Final = 8
_READ_CHARACTERS: Final = 20_000
"""Of a text, to show what agrees."""
_AT_ONCE: Final = 100
_LOOKED_AT: Final = 2_000
"""Rows of one rank; who finds nothing among these types one word more."""
_NO_NUMBER: Final = (1 << 63) - 1
_SHOWN: Final = {
    "interactions": "channel, result, direction, '', 0",
    "tickets": "channel, state, '', subject, number",
    "messages": "kind, '', '', '', 0",
    "follow_ups": "kind, state, '', '', 0",
}
"""What is shown of a row: its kind, its state, its direction, and of a ticket its subject and number."""


class OlderSearch:
    """Reads the database, on the caller's thread. Any text is harmless: only letters and digits of it are asked for."""

    def __init__(self, sql: Sql, ledger: Ledger, clock: Callable[[], int]) -> None:
        self._sql = sql
        self._ledger = ledger
        self._clock = clock

    def find(self, user_id: str, request: OlderSearchRequest) -> OlderSearchReply:
        line = clean_line(request.text[: TYPED_LIMIT * 4], TYPED_LIMIT)
        words = folded_words(line)[:_MOST_WORDS]
        limit = max(1, min(request.limit, OLDER_HITS))
        with sight(self._sql, self._ledger, self._clock, user_id) as seen:
            if seen is None or not words:
                return OlderSearchReply([])
            found: dict[str, OlderFound] = {}
            ranks = (True, False) if any(len(word) >= BEGINNING for word in words) else (True,)
            for is_whole in ranks:
                rank = []
                for hit in self._rank(seen, words, is_whole=is_whole):
                    if hit.row_id not in found:
                        rank.append(hit)
                    if len(found) + len(rank) > limit:
                        break
                found.update((hit.row_id, hit) for hit in sorted(rank, key=lambda hit: (-hit.at, hit.row_id)))
                if len(found) > limit:
                    break
        return OlderSearchReply(list(found.values())[:limit], len(found) > limit)

    def _rank(self, seen: Sight, words: Sequence[str], *, is_whole: bool) -> Iterator[OlderFound]:
        """As far as somebody reads on; about the newest first."""
        marker = Marker([Word(word, (word,)) for word in words], ())
        is_own_alone = set(seen.scopes) == set(seen.own)
        below = number_at(seen.cut_off_at) if is_own_alone and seen.cut_off_at else _NO_NUMBER
        for _ in range(_LOOKED_AT // _AT_ONCE):
            items = proposed(self._sql, words, below, seen.own, seen.cut_off_at, _AT_ONCE, is_whole=is_whole)
            rows: dict[str, tuple[Any, ...]] = {}
            for table, ids in ids_by_table(items).items():
                rows.update((row[0], row) for row in self._rows(seen, table, ids))
            tickets = self._tickets(seen, [row[3] for row in rows.values()])
            for below, table, row_id in items:  # noqa: B007  # where to go on
                row = rows.get(row_id)
                if row is not None and (table != "messages" or row[3] in tickets):
                    yield _hit(table, row, tickets, marker)
            if len(items) < _AT_ONCE:
                return

    def _rows(self, seen: Sight, table: str, ids: Sequence[str]) -> list[tuple[Any, ...]]:
        """Of these, what may be read and is kept by none of the person's workstations."""
        source = SOURCES[table]
        ticket = "id" if table == "tickets" else "ticket_id"
        contact = "contact_id"
        texts = " || ' ' || ".join(
            f"substr({text}, 1, {_READ_CHARACTERS})" for text in source.texts if text != "number"
        )
        outside, values = seen.outside(table, is_postgresql=self._sql.is_postgresql)
        return self._sql.all(
            f"SELECT id, scope, client_id, {ticket}, {contact}, {source.at}, {texts}, {_SHOWN[table]} FROM {table} "
            f"WHERE id IN ({','.join('?' * len(ids))}) AND {outside}"
            + (f" AND NOT {source.unless}" if source.unless else ""),
            *ids,
            *values,
        )

    def _tickets(self, seen: Sight, ids: Sequence[str]) -> dict[str, tuple[str, int]]:
        """Subject and number by id, of tickets that may be read."""
        wanted = sorted({ticket_id for ticket_id in ids if ticket_id})
        if not wanted:
            return {}
        text, values = seen.readable("tickets")
        marks = ",".join("?" * len(wanted))
        found = self._sql.all(
            f"SELECT id, subject, number FROM tickets WHERE id IN ({marks}) AND {text}", *wanted, *values
        )
        return {row_id: (subject, number) for row_id, subject, number in found}


def _hit(table: str, row: Sequence[Any], tickets: Mapping[str, tuple[str, int]], marker: Marker) -> OlderFound:
    row_id, scope, client_id, ticket_id, contact_id, at, text, view_kind, state, direction, _, _ = row
    title = clean_line(marker.agreeing(text))
    subject, number = tickets.get(ticket_id, ("", 0))
    return OlderFound(
        table=table,
        row_id=row_id,
        scope=scope,
        client_id=client_id,
        contact_id=contact_id,
        ticket_id=ticket_id if ticket_id in tickets else "",
        at=at,
        title=title,
        marks=list(marker.marks(title)),
        subject=clean_line(subject),
        number=number,
        view_kind=view_kind,
        state=state,
        direction=direction,
    )
