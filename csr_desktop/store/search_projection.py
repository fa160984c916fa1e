"""Keeps the search tables after the rows: the directory at once, items a page at a time or before the next question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from csr_desktop.store import search_directory as directory
from csr_desktop.store.search_documents import ID_MARK, KIND_BITS, SOURCES, Source, any_body
from csr_desktop.store.search_words import (
    AT_BOTH_PLACES,
    IN_DIRECTORY,
    IN_ITEMS,
    KEEP,
    LONGEST,
    SHORTEST,
    keep_words,
    words_of,
)

if TYPE_CHECKING:
    from csr_desktop.store.sql import Sql

PAGE: Final = 50
"""So many rows at once are a page of a pull, which is indexed within its own transaction."""
FORGET_AT_ONCE: Final = 100
"""Old documents that a page's transaction takes out of the index; each costs about a millisecond."""
FORGET_AT_LEAST: Final = 20
"""And so many when the search box opens, should no moment be idle."""
ANEW: Final = 1_000
"""Sooner than taking out more documents than this, the index is made anew, a step at a time like that of a new file."""
_MANY_SEGMENTS: Final = 8
_MERGED_PAGES: Final = 500
_SEGMENTS: Final = (
    "WITH RECURSIVE s (segment) AS (SELECT min(segid) FROM search_item_text_idx UNION ALL "
    "SELECT (SELECT min(i.segid) FROM search_item_text_idx i WHERE i.segid > s.segment) FROM s "
    "WHERE s.segment IS NOT NULL) SELECT count(segment) FROM s"
)
SETTLED_AT_ONCE: Final = 200
"""New items of each kind that one question waits for; the next finds the rest."""
SETTLED_WHEN_IDLE: Final = 300
"""And of a step in idle moments, which a call that rings waits for."""
_MOST_NEW: Final = 2_000  # a page; after a first fill more may wait, for idle moments
_KINDS: Final = (1 << KIND_BITS) - 1
_SPREADS: Final = (0, 0x3F, 0xFFF, 0x3FFFF, 0xFFFFFF)
"""Seconds by which items move that find their own second taken: whole imports can bear one time."""

_NEW: Final = " OR ".join(
    f"coalesce((SELECT max(rowid) FROM {s.table}), 0) > (SELECT row FROM search_reached WHERE kind = {s.kind})"
    for s in SOURCES
)
_IS_BEHIND: Final = f"SELECT EXISTS (SELECT 1 FROM search_stale) OR {_NEW}"
_INSERT: Final = "INSERT INTO search_item_text (rowid, body) VALUES (?, ?)"


class SearchProjection:
    """The tables of `search_schema`. Clients, contacts and numbers are indexed in `update`; so is a page of items,
    while a few of them only wait for `settle`.
    """

    tables: frozenset[str] = frozenset({"clients", "contacts", "phone_numbers", *(source.table for source in SOURCES)})
    follows: frozenset[str] = frozenset(source.table for source in SOURCES)

    def update(self, sql: Sql, table: str, ids: Sequence[str]) -> None:
        if table == "clients":
            directory.clients_written(sql, ids)
        elif table == "contacts":
            directory.contacts_written(sql, ids)
        elif table == "phone_numbers":
            directory.numbers_written(sql, ids)
        elif len(ids) >= PAGE:
            forget(sql, FORGET_AT_ONCE)
            settle(sql, _MOST_NEW)

    def rebuild(self, sql: Sql) -> None:
        sql.do("DELETE FROM search_words")
        directory.rebuild(sql)
        _rebuild_items(sql)
        chosen = f"length(term) BETWEEN {SHORTEST} AND {LONGEST} AND substr(term, 1, 1) <> '{ID_MARK}'"
        for vocabulary, place in (("search_directory_terms", IN_DIRECTORY), ("search_item_terms", IN_ITEMS)):
            but = " AND col <> 'digits'" if place == IN_DIRECTORY else ""
            sql.do(f"{KEEP} SELECT term, {place} FROM {vocabulary} WHERE {chosen}{but} {AT_BOTH_PLACES}")


def is_behind(sql: Sql) -> bool:
    """Whether there are items that are not found yet."""
    return bool(sql.value(_IS_BEHIND))


def settle(sql: Sql, most: int = SETTLED_AT_ONCE) -> None:
    """Index what was written since, of each kind at most so many new rows. Runs within the caller's transaction."""
    for source in SOURCES:
        _note_new(sql, source, most)
    sql.do("DELETE FROM search_stale WHERE EXISTS (SELECT 1 FROM search_items s WHERE s.place = search_stale.place)")
    for source in SOURCES:
        _give_numbers(sql, source)
    documents = sql.all(
        f"SELECT s.item, {any_body('s.place')} FROM search_stale x CROSS JOIN search_items s ON s.place = x.place "
        "ORDER BY s.item"
    )
    sql.many(_INSERT, documents)
    keep_words(sql, words_of(body.partition(ID_MARK)[0] for _, body in documents), IN_ITEMS)
    sql.do("DELETE FROM search_stale")


def tidy(sql: Sql) -> None:
    """A step of what makes questions quicker and can wait for an idle moment: up to a tenth of a second within the
    caller's transaction.
    """
    forget(sql, FORGET_AT_ONCE)
    if sql.value(_SEGMENTS) > _MANY_SEGMENTS:
        sql.do("INSERT INTO search_item_text (search_item_text, rank) VALUES ('merge', ?)", -_MERGED_PAGES)


def has_old(sql: Sql) -> bool:
    """Whether the index still holds documents that are not found any more."""
    return bool(sql.value("SELECT EXISTS (SELECT 1 FROM search_forgotten)"))


def is_untidy(sql: Sql) -> bool:
    """Whether `tidy` has something to do."""
    return has_old(sql) or bool(sql.value(_SEGMENTS) > _MANY_SEGMENTS)


def forget(sql: Sql, most: int = FORGET_AT_LEAST) -> None:
    """Take old documents, which are not found any more, out of the index. Runs within the caller's transaction."""
    count = sql.value("SELECT count(*) FROM search_forgotten")
    if count > ANEW:
        _begin_anew(sql)
    elif count:
        old = sql.all("SELECT item, body FROM search_forgotten ORDER BY item LIMIT ?", most)
        sql.many("INSERT INTO search_item_text (search_item_text, rowid, body) VALUES ('delete', ?, ?)", old)
        sql.many("DELETE FROM search_forgotten WHERE item = ?", [(item,) for item, _ in old])


def _note_new(sql: Sql, source: Source, most: int) -> None:
    reached = sql.value("SELECT row FROM search_reached WHERE kind = ?", source.kind)
    last = sql.value(
        f"SELECT max(rowid) FROM (SELECT rowid FROM {source.table} WHERE rowid > ? ORDER BY rowid LIMIT ?)",
        reached,
        most,
    )
    if last is None:
        return
    sql.do(
        f"INSERT OR IGNORE INTO search_stale (place) SELECT rowid << {KIND_BITS} | {source.kind} FROM {source.table} "
        "WHERE rowid > ? AND rowid <= ?",
        reached,
        last,
    )
    sql.do("UPDATE search_reached SET row = ? WHERE kind = ?", last, source.kind)


def _give_numbers(sql: Sql, source: Source) -> None:
    stale = f"search_stale x CROSS JOIN {source.table} r ON r.rowid = x.place >> {KIND_BITS}"
    mine = f"x.place & {_KINDS} = {source.kind} AND {source.is_found('r')}"
    _spread(sql, source, stale, mine, "x.place")


def _spread(sql: Sql, source: Source, rows: str, mine: str, place: str) -> None:
    """Number the rows by their second; where that is taken, by one nearby that follows from the row's own number."""
    for seconds in _SPREADS:
        moved = f"{source.second('r')} + (r.rowid * 2654435761 & {seconds})"
        item = f"({moved}) << {KIND_BITS} | {source.kind}"
        sql.do(
            f"INSERT OR IGNORE INTO search_items (item, place) SELECT item, place FROM "
            f"(SELECT {item} AS item, {place} AS place FROM {rows} WHERE {mine} "
            f"AND NOT EXISTS (SELECT 1 FROM search_items t WHERE t.place = {place})) "
            "WHERE item NOT IN (SELECT item FROM search_forgotten)"
        )
        if not sql.value(
            f"SELECT EXISTS (SELECT 1 FROM {rows} WHERE {mine} "
            f"AND NOT EXISTS (SELECT 1 FROM search_items t WHERE t.place = {place}))"
        ):
            return


def _begin_anew(sql: Sql) -> None:
    """Nothing is in the index, and all is new for `settle`."""
    sql.do("INSERT INTO search_item_text (search_item_text) VALUES ('delete-all')")
    for table in ("search_items", "search_forgotten", "search_stale"):
        sql.do(f"DELETE FROM {table}")
    sql.do("UPDATE search_reached SET row = 0")


def _rebuild_items(sql: Sql) -> None:
    _begin_anew(sql)
    for source in SOURCES:
        _spread(sql, source, f"{source.table} r", source.is_found("r"), f"(r.rowid << {KIND_BITS} | {source.kind})")
        sql.do(
            f"UPDATE search_reached SET row = coalesce((SELECT max(rowid) FROM {source.table}), 0) WHERE kind = ?",
            source.kind,
        )
    # In the order of the index, or each step back would begin a segment of its own.
    sql.do(
        f"INSERT INTO search_item_text (rowid, body) SELECT s.item, {any_body('s.place')} "
        "FROM search_items s ORDER BY s.item"
    )
    sql.do("INSERT INTO search_item_text (search_item_text) VALUES ('optimize')")
