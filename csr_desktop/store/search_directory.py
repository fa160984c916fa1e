"""Keeps `search_directory`: clients, contacts and numbers with all the words that each may be found by.

Entries of contacts and numbers also hold the names of whom they belong to, so that "example 0142" is one question.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from csr_desktop.store.search_documents import DOMAIN, ID_MARK
from csr_desktop.store.search_words import IN_DIRECTORY, keep_words, words_of

if TYPE_CHECKING:
    from csr_desktop.store.sql import Sql

FIRST_CLIENT, FIRST_CONTACT, FIRST_NUMBER = 1, 1 << 40, 1 << 41
"""Where entries of each kind begin; clients so come before contacts, and numbers can be left out of a question."""
_END: Final = 1 << 42
_LONGEST_NUMBER: Final = 15
_SHORTEST_PIECE: Final = 3
_CHUNK: Final = 500
_COLUMNS: Final = "row_id, client_id, contact_id, is_past, name, more, digits"

_PLAIN_RAW: Final = (
    "replace(replace(replace(replace(replace(replace(n.raw, ' ', ''), '-', ''), '(', ''), ')', ''), '.', ''), '/', '')"
)
_DIGITS: Final = f"ltrim(CASE n.e164 WHEN '' THEN {_PLAIN_RAW} ELSE n.e164 END, '+')"
_ENDS: Final = " || ".join(
    f"CASE WHEN length(d) > {start + _SHORTEST_PIECE - 2} THEN substr(d, {start}, {_LONGEST_NUMBER}) || ' ' ELSE '' END"
    for start in range(1, _LONGEST_NUMBER - _SHORTEST_PIECE + 2)
)
"""Every end of a number as a word: a typed end is a whole word then, any other piece the beginning of one."""


def _email_words(column: str) -> str:
    """The name before the @ as it is, the domain as one word that no other text has."""
    domain = f"replace(replace(substr({column}, instr({column}, '@') + 1), '.', ''), '-', '')"
    mark = f"char({ord(ID_MARK)})"
    parts = f"substr({column}, 1, instr({column}, '@') - 1) || ' ' || {mark} || '{DOMAIN}' || {domain}"
    return f"CASE WHEN instr({column}, '@') > 0 THEN ' ' || {parts} ELSE '' END"


_OWNER: Final = "coalesce(c.name || ' ' || c.code, '')"
_CLIENT_PAST: Final = "coalesce(c.status, '') = 'closed'"
_CLIENTS: Final = (
    "SELECT c.id AS row_id, c.id AS client_id, '' AS contact_id, c.status = 'closed' AS is_past, c.name AS name, "
    f"c.code || ' ' || c.city || {_email_words('c.email')} AS more, '' AS digits FROM clients c WHERE c.deleted = 0"
)
_CONTACTS: Final = (
    "SELECT p.id AS row_id, p.client_id AS client_id, p.id AS contact_id, "
    f"p.is_active = 0 OR {_CLIENT_PAST} AS is_past, p.name AS name, "
    f"{_OWNER} || ' ' || p.title || {_email_words('p.email')} AS more, '' AS digits "
    "FROM contacts p LEFT JOIN clients c ON c.id = p.client_id AND c.deleted = 0 WHERE p.deleted = 0"
)
_NUMBERS: Final = (
    f"SELECT row_id, client_id, contact_id, is_past, name, more, {_ENDS} AS digits FROM (SELECT n.id AS row_id, "
    f"n.client_id AS client_id, n.contact_id AS contact_id, coalesce(p.is_active, 1) = 0 OR {_CLIENT_PAST} AS is_past, "
    f"coalesce(p.name, '') AS name, {_OWNER} AS more, {_DIGITS} AS d FROM phone_numbers n "
    "LEFT JOIN contacts p ON p.id = n.contact_id AND p.deleted = 0 "
    "LEFT JOIN clients c ON c.id = n.client_id AND c.deleted = 0 "
    "WHERE n.deleted = 0 AND CASE n.contact_id WHEN '' THEN c.id ELSE p.id END IS NOT NULL)"
)
_KINDS: Final = (
    (FIRST_CLIENT, FIRST_CONTACT, _CLIENTS),
    (FIRST_CONTACT, FIRST_NUMBER, _CONTACTS),
    (FIRST_NUMBER, _END, _NUMBERS),
)


def clients_written(sql: Sql, ids: Sequence[str]) -> None:
    changed = _keep(sql, 0, ids)
    contacts = _children(sql, "contacts", "client_id", changed)
    if contacts:
        _keep(sql, 1, contacts)
    numbers = _children(sql, "phone_numbers", "client_id", changed)
    if numbers:
        _keep(sql, 2, numbers)


def contacts_written(sql: Sql, ids: Sequence[str]) -> None:
    numbers = _children(sql, "phone_numbers", "contact_id", _keep(sql, 1, ids))
    if numbers:
        _keep(sql, 2, numbers)


def numbers_written(sql: Sql, ids: Sequence[str]) -> None:
    _keep(sql, 2, ids)


def rebuild(sql: Sql) -> None:
    sql.do("DELETE FROM search_directory")
    for first, _, source in _KINDS:
        sql.do(
            f"INSERT INTO search_directory (entry, {_COLUMNS}) "
            f"SELECT {first} - 1 + row_number() OVER (ORDER BY name, row_id), {_COLUMNS} FROM ({source})"
        )
    sql.do("INSERT INTO search_directory_text (search_directory_text) VALUES ('rebuild')")
    sql.do("INSERT INTO search_directory_text (search_directory_text) VALUES ('optimize')")


def _children(sql: Sql, table: str, column: str, parents: Sequence[str]) -> list[str]:
    found: list[str] = []
    for part in _parts(parents):
        found += (i for (i,) in sql.all(f"SELECT id FROM {table} WHERE {column} IN ({_marks(part)})", *part))
    return found


def _keep(sql: Sql, kind: int, ids: Sequence[str]) -> list[str]:
    """Bring the entries of these rows up to date; the ids of those that are other than before."""
    first, end, source = _KINDS[kind]
    new: dict[str, tuple[Any, ...]] = {}
    old: dict[str, tuple[Any, ...]] = {}
    for part in _parts(ids):
        chosen = f"row_id IN ({_marks(part)})"
        new.update((row[0], row) for row in sql.all(f"SELECT {_COLUMNS} FROM ({source}) WHERE {chosen}", *part))
        old.update(
            (row[1], row) for row in sql.all(f"SELECT entry, {_COLUMNS} FROM search_directory WHERE {chosen}", *part)
        )
    gone = [row for i, row in old.items() if new.get(i) != row[1:]]
    come = [row for i, row in new.items() if i not in old or old[i][1:] != row]
    # Before the changed ones are taken out: they come back under their old numbers, which nobody else may get.
    next_entry = (
        sql.value("SELECT max(entry) FROM search_directory WHERE entry >= ? AND entry < ?", first, end) or first
    )
    _remove(sql, gone)
    entries = [
        (old[row[0]][0] if row[0] in old else next_entry + number, *row) for number, row in enumerate(come, start=1)
    ]
    entries.sort()
    sql.many(f"INSERT INTO search_directory (entry, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", entries)
    sql.many(
        "INSERT INTO search_directory_text (rowid, name, more, digits) VALUES (?, ?, ?, ?)",
        [(row[0], *row[-3:]) for row in entries],
    )
    keep_words(sql, words_of(text for row in come for text in (row[4], row[5])), IN_DIRECTORY)
    return [*{row[1] for row in gone} | {row[0] for row in come}]


def _remove(sql: Sql, entries: Iterable[tuple[Any, ...]]) -> None:
    ordered = sorted(entries)
    sql.many(
        "INSERT INTO search_directory_text (search_directory_text, rowid, name, more, digits) "
        "VALUES ('delete', ?, ?, ?, ?)",
        [(row[0], *row[-3:]) for row in ordered],
    )
    sql.many("DELETE FROM search_directory WHERE entry = ?", [(row[0],) for row in ordered])


def _parts(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))


def _marks(part: Sequence[str]) -> str:
    return ",".join("?" * len(part))
