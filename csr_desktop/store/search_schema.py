"""The desk's search tables, made from its own rows: FTS5 indexes in the encrypted file that keep no text of calls.

`search_directory` lists clients, contacts and their numbers with the words they are found by; `search_items` numbers
calls, tickets, messages, notes and follow-ups by time, so that the newest are found first; `search_words` holds each
word once, for typing errors and beginnings of words.

Saving a call must not wait for an index. So new items are only those with a higher row number than `search_reached`,
at no cost, and are indexed before the next question. An index without text can only forget a document that it is told
again; when a row changes, triggers keep the old one in `search_forgotten` and make it unfindable at once.

The tables of rows must be there before these statements run.
"""

from __future__ import annotations

from typing import Final

from csr_desktop.store.search_documents import KIND_BITS, SOURCES, Source

_TOKENS: Final = "tokenize = 'unicode61 remove_diacritics 2'"


def _forget(source: Source, *, is_kept: bool) -> str:
    place = f"old.rowid << {KIND_BITS} | {source.kind}"
    steps = [
        f"INSERT INTO search_forgotten (item, body) SELECT item, {source.body('old')} FROM search_items "
        f"WHERE place = ({place})",
        f"DELETE FROM search_items WHERE place = ({place})",
    ]
    if is_kept:
        steps.append(
            f"INSERT INTO search_stale (place) SELECT {place} "
            f"WHERE NOT EXISTS (SELECT 1 FROM search_stale WHERE place = ({place}))"
        )
    else:  # the row number may be given again
        steps += [
            f"DELETE FROM search_stale WHERE place = ({place})",
            f"UPDATE search_reached SET row = min(row, coalesce((SELECT max(rowid) FROM {source.table}), 0)) "
            f"WHERE kind = {source.kind}",
        ]
    return "; ".join(steps)


def _triggers(source: Source) -> tuple[str, str]:
    changed = " OR ".join(f"old.{column} IS NOT new.{column}" for column in source.watched)
    return (
        f"CREATE TRIGGER search_{source.table}_changed AFTER UPDATE OF {', '.join(source.watched)} ON {source.table} "
        f"WHEN {changed} BEGIN {_forget(source, is_kept=True)}; END",
        f"CREATE TRIGGER search_{source.table}_removed AFTER DELETE ON {source.table} "
        f"BEGIN {_forget(source, is_kept=False)}; END",
    )


SCHEMA: tuple[str, ...] = (
    "CREATE TABLE search_directory (entry INTEGER PRIMARY KEY, row_id TEXT NOT NULL UNIQUE, client_id TEXT NOT NULL, "
    "contact_id TEXT NOT NULL, is_past INTEGER NOT NULL, name TEXT NOT NULL, more TEXT NOT NULL, digits TEXT NOT NULL)",
    "CREATE VIRTUAL TABLE search_directory_text USING fts5 (name, more, digits, content = 'search_directory', "
    f"content_rowid = 'entry', prefix = '1 2 3', {_TOKENS})",
    "INSERT INTO search_directory_text (search_directory_text, rank) VALUES ('secure-delete', 1)",
    "CREATE VIRTUAL TABLE search_directory_terms USING fts5vocab ('search_directory_text', 'col')",
    "CREATE TABLE search_items (item INTEGER PRIMARY KEY, place INTEGER NOT NULL)",
    "CREATE UNIQUE INDEX search_items_place ON search_items (place)",
    # Positions are left out: they would double the index, and no question asks for words side by side.
    f"CREATE VIRTUAL TABLE search_item_text USING fts5 (body, content = '', columnsize = 0, detail = none, {_TOKENS})",
    "INSERT INTO search_item_text (search_item_text, rank) VALUES ('secure-delete', 1)",
    "CREATE VIRTUAL TABLE search_item_terms USING fts5vocab ('search_item_text', 'row')",
    "CREATE TABLE search_reached (kind INTEGER PRIMARY KEY, row INTEGER NOT NULL)",
    "INSERT INTO search_reached (kind, row) VALUES " + ", ".join(f"({source.kind}, 0)" for source in SOURCES),
    "CREATE TABLE search_stale (place INTEGER PRIMARY KEY)",
    "CREATE TABLE search_forgotten (item INTEGER PRIMARY KEY, body TEXT NOT NULL)",
    # Numbers are never given twice, so that who read up to one need only read on.
    "CREATE TABLE search_words (number INTEGER PRIMARY KEY AUTOINCREMENT, word TEXT NOT NULL UNIQUE, "
    "places INTEGER NOT NULL)",
    *(trigger for source in SOURCES for trigger in _triggers(source)),
)
