"""The server's index of older work: which calls, tickets, messages and follow-ups hold which words.

It is made of the rows behind the writes, by their revisions, so that a push never waits for it, and is filled anew by
itself where it is missing, as after a restore. It only ever proposes rows: whoever asks looks at them as they are now,
and at whether they may be seen. So what it still knows of a row that changed meanwhile does no harm. It is alike on
both databases, since words are folded here; and it stands outside of PostgreSQL's row-level security, under which no
index of words would be used.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from csr_desktop.store.search_words import LONGEST, WORD, fold
from csr_desktop.store.sql import Sql

STEP_ROWS: Final = 200
BEGINNING: Final = 3
"""Letters from which on a word is looked for as a beginning, too: with fewer, most of all work would be found."""
_READ_CHARACTERS: Final = 100_000
"""Of a text; more words than stand there are not found."""
_PLACE_BITS: Final = 20
_LATEST_AT: Final = 1 << 42
_ONE_AT_A_TIME: Final = 7_203_114_519
"""Of PostgreSQL's advisory locks: several processes share one index."""


class _Source(NamedTuple):
    """What of a table is found: its texts, when a row was made, and the time by which it is shown."""

    texts: tuple[str, ...]
    made_at: str
    at: str
    unless: str = ""


SOURCES: Final = {
    "interactions": _Source(("note",), "started_at", "started_at"),
    "tickets": _Source(("subject", "number"), "opened_at", "last_message_at"),
    "messages": _Source(("body",), "written_at", "written_at", "kind = 'event'"),
    "follow_ups": _Source(("title", "outcome_note"), "created_at", "created_at"),
}


class _Entry(NamedTuple):
    id: str
    table: str
    scope: str
    at: int
    number: int
    words: tuple[str, ...]


def folded_words(text: str) -> tuple[str, ...]:
    """The words of a text as the index has them, each once."""
    return tuple(dict.fromkeys(word[:LONGEST] for word in WORD.findall(fold(text[:_READ_CHARACTERS]))))


def number_at(at: int) -> int:
    """Items are numbered by time; those made before `at` have a number below this one."""
    return min(max(at, 0), _LATEST_AT) << _PLACE_BITS


class SearchIndex:
    """Works on the caller's connection, which sees all rows."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def step(self, rows: int = STEP_ROWS) -> bool:
        """Take in some rows that were written since; whether there are more. Runs within the caller's transaction."""
        sql = self._sql
        if sql.is_postgresql and not sql.value("SELECT pg_try_advisory_xact_lock(?)", _ONE_AT_A_TIME):
            return False  # another process is at it
        top = int(sql.value("SELECT value FROM counters WHERE id = 'rev'") or 0)
        reached: dict[tuple[str, str], int] = {
            (scope, table): rev for scope, table, rev in sql.all("SELECT scope, table_name, rev FROM search_reached")
        }
        teams = [team for (team,) in sql.all("SELECT id FROM teams ORDER BY id")]
        for table in SOURCES:
            for scope in teams:
                if rows <= 0:
                    return True
                rows -= self._take(table, scope, reached.get((scope, table), 0), top, rows)
        return rows <= 0

    def _take(self, table: str, scope: str, after: int, top: int, limit: int) -> int:
        source = SOURCES[table]
        is_left_out = f"CASE WHEN deleted = 1{f' OR {source.unless}' if source.unless else ''} THEN 1 ELSE 0 END"
        columns = f"id, rev, {is_left_out}, {source.made_at}, {source.at}, {', '.join(source.texts)}"
        found = self._sql.all(
            f"SELECT {columns} FROM {table} WHERE scope = ? AND rev > ? AND rev <= ? ORDER BY rev LIMIT ?",
            scope,
            after,
            top,
            limit,
        )
        if not found:
            return 0
        self._keep([_entry(table, scope, *row) for row in found])
        self._sql.do(
            "INSERT INTO search_reached (scope, table_name, rev) VALUES (?, ?, ?) "
            "ON CONFLICT (scope, table_name) DO UPDATE SET rev = excluded.rev",
            scope,
            table,
            found[-1][1],
        )
        return len(found)

    def _keep(self, entries: Sequence[_Entry]) -> None:
        sql = self._sql
        known = self._numbers(entry.id for entry in entries)
        gone = [entry for entry in entries if not entry.words and entry.id in known]
        same = [entry for entry in entries if entry.words and _is_same(known.get(entry.id), entry)]
        others = [entry for entry in entries if entry.words and not _is_same(known.get(entry.id), entry)]
        sql.many(
            "DELETE FROM search_work WHERE id = ?", [(entry.id,) for entry in (*gone, *others) if entry.id in known]
        )
        sql.many("UPDATE search_work SET scope = ?, at = ? WHERE id = ?", [(e.scope, e.at, e.id) for e in same])
        placed = self._placed(others)
        values = [(e.number, e.id, e.table, e.scope, e.at) for e in placed]
        if sql.is_postgresql:
            text = "INSERT INTO search_work (number, id, table_name, scope, at, words) VALUES (?,?,?,?,?,"
            lists = [(*row, list(entry.words)) for row, entry in zip(values, placed, strict=True)]
            sql.many(f"{text}array_to_tsvector(?::text[]))", lists)
            return
        # What the text table still says under a former number is never looked at: no item has that number any more.
        sql.many("INSERT INTO search_work (number, id, table_name, scope, at) VALUES (?,?,?,?,?)", values)
        sql.many(
            "INSERT INTO search_work_text (rowid, body) VALUES (?, ?)", [(e.number, " ".join(e.words)) for e in placed]
        )

    def _numbers(self, ids: Iterable[str]) -> dict[str, int]:
        wanted = list(ids)
        marks = ",".join("?" * len(wanted))
        return dict(self._sql.all(f"SELECT id, number FROM search_work WHERE id IN ({marks})", *wanted))

    def _placed(self, entries: Sequence[_Entry]) -> list[_Entry]:
        """Each with a number that no other item has."""
        if not entries:
            return []
        marks = ",".join("?" * len(entries))
        numbers = [entry.number for entry in entries]
        taken = {
            number for (number,) in self._sql.all(f"SELECT number FROM search_work WHERE number IN ({marks})", *numbers)
        }
        placed: list[_Entry] = []
        for entry in entries:
            number = entry.number
            while number in taken or (
                number != entry.number and self._sql.value("SELECT 1 FROM search_work WHERE number = ?", number)
            ):
                number += 1
            taken.add(number)
            placed.append(entry._replace(number=number))
        return placed


def _entry(
    table: str, scope: str, row_id: str, _rev: int, is_left_out: int, made_at: int, at: int, *texts: Any
) -> _Entry:
    words = () if is_left_out else folded_words(" ".join(str(text) for text in texts if text))
    place = zlib.crc32(f"{row_id} {' '.join(words)}".encode()) >> (32 - _PLACE_BITS)
    return _Entry(row_id, table, scope, at, number_at(made_at) | place, words)


def _is_same(known: int | None, entry: _Entry) -> bool:
    """The number is made of the text, too, so that another text never comes under the former's."""
    return known == entry.number


# Asking


def proposed(
    sql: Sql, words: Sequence[str], below: int, own: Sequence[str], cut_off_at: int, limit: int, *, is_whole: bool
) -> list[tuple[int, str, str]]:
    """(number, table, id) of items under a number that hold all of these words, as a whole or as a word's beginning,
    the newest first. What is surely kept by workstations of the scopes `own` is left out.
    """
    kept = f"w.scope IN ({','.join('?' * len(own))})" + (" AND w.at >= ?" if cut_off_at > 0 else "")
    begun = [] if is_whole else [word for word in words if len(word) >= BEGINNING]
    values = (*own, *([cut_off_at] if cut_off_at > 0 else []))
    if sql.is_postgresql:
        asked = " & ".join(f"'{word}'" + (":*" if word in begun else "") for word in words)
        text = "FROM search_work w WHERE w.words @@ ?::tsquery AND w.number < ?"
    else:
        asked = " ".join(f'"{word}"' + ("*" if word in begun else "") for word in words)
        text = (
            "FROM search_work_text t JOIN search_work w ON w.number = t.rowid "
            "WHERE t.search_work_text MATCH ? AND t.rowid < ?"
        )
    number = "w.number" if sql.is_postgresql else "t.rowid"
    return sql.all(
        f"SELECT w.number, w.table_name, w.id {text} AND NOT ({kept}) ORDER BY {number} DESC LIMIT ?",
        asked,
        below,
        *values,
        limit,
    )


def ids_by_table(found: Iterable[tuple[int, str, str]]) -> Mapping[str, list[str]]:
    """Ids by table."""
    by_table: dict[str, list[str]] = {}
    for _, table, row_id in found:
        by_table.setdefault(table, []).append(row_id)
    return by_table
