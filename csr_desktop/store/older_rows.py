"""Rows from the server that lie outside of what this workstation keeps: here to be read, and gone after a day.

They have tables of their own, named `older_` and what the table is called on the server. A client's history comes a
page at a time from the newest on, and leaves as a whole, a day after its first page; a row that was asked for by itself
leaves a day after that. A row that is here anyway hides its copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS

KEPT_MS: Final = 86_400_000
TABLES: Final = ("interactions", "tickets", "follow_ups", "messages", "attachments")
TABLE_OF: Final = {"call": "interactions", "ticket": "tickets", "follow_up": "follow_ups"}
"""By kind of the timeline's rows."""
TIME_OF: Final = {"interactions": "started_at", "tickets": "last_message_at", "follow_ups": "created_at"}
"""The time by which the timeline orders them."""
_ON_TICKETS: Final = ("messages", "attachments")
_OWN: Final = ("fetched_at", "is_whole")

Rows = Mapping[str, Sequence[Sequence[Any]]]
"""By table, in the order of its columns."""


class Fetched(NamedTuple):
    """A row of `older_fetched`: the pages of a client came down to (next_at, next_id), or to the end."""

    client_id: str
    fetched_at: int
    next_at: int
    next_id: str
    rows_left: int
    is_whole: int

    @property
    def kept_until_at(self) -> int:
        return self.fetched_at + KEPT_MS


# Reading


def fetched(sql: Sql, client_id: str, now: int) -> Fetched | None:
    """How far the client's pages have come; None before the first, and a day after it."""
    row = sql.one(
        "SELECT client_id, fetched_at, next_at, next_id, rows_left, is_whole FROM older_fetched"
        " WHERE client_id = ? AND fetched_at > ?",
        client_id,
        now - KEPT_MS,
    )
    return Fetched(*row) if row else None


def by_id(sql: Sql, table: str, ids: Iterable[str], now: int) -> dict[str, dict[str, Any]]:
    """Whole rows by id, with `fetched_at` and `is_whole`, which tells that what belongs to a ticket has come, too."""
    wanted = sorted({i for i in ids if i})
    if not wanted:
        return {}
    names = (*COLUMNS[table], *_OWN)
    text = f"SELECT {_quoted(names)} FROM older_{table} WHERE fetched_at > ? AND id IN ({','.join('?' * len(wanted))})"
    return {row[0]: dict(zip(names, row, strict=True)) for row in sql.all(text, now - KEPT_MS, *wanted)}


def of_ticket(sql: Sql, table: str, ticket_id: str, now: int) -> list[dict[str, Any]]:
    """The messages or attachments of an older ticket, oldest first."""
    names, at = COLUMNS[table], "written_at" if table == "messages" else "added_at"
    text = f"SELECT {_quoted(names)} FROM older_{table} WHERE ticket_id = ? AND fetched_at > ? ORDER BY {at}, id"
    return [dict(zip(names, row, strict=True)) for row in sql.all(text, ticket_id, now - KEPT_MS)]


# Keeping. Each runs in a transaction of its own.


def keep_page(sql: Sql, rows: Rows, after: tuple[int, str], page: Fetched) -> bool:
    """The rows of a client's next page, after the key to which the page before it came, (0, '') for the first one.
    False, and nothing is kept, when the pages have not come to there by now, as when they were cleared away meanwhile.
    """
    client_id = page.client_id
    with sql.transaction():
        before = fetched(sql, client_id, page.fetched_at)
        if after != ((before.next_at, before.next_id) if before is not None else (0, "")):
            return False
        if before is None:
            _forget_clients(sql, [client_id])
        for table, some in rows.items():
            _upsert(sql, table, some, page.fetched_at, is_whole=False)
        sql.do(
            "INSERT INTO older_fetched (client_id, fetched_at, next_at, next_id, rows_left, is_whole)"
            " VALUES (?,?,?,?,?,?) ON CONFLICT (client_id) DO UPDATE SET next_at = excluded.next_at,"
            " next_id = excluded.next_id, rows_left = excluded.rows_left, is_whole = excluded.is_whole",
            client_id,
            page.fetched_at,
            page.next_at,
            page.next_id,
            page.rows_left,
            page.is_whole,
        )
    return True


def keep_row(sql: Sql, table: str, row_id: str, rows: Rows, now: int) -> None:
    """One row with what belongs to it, in the place of what was here of it before."""
    with sql.transaction():
        _forget_row(sql, table, row_id)
        for name, some in rows.items():
            _upsert(sql, name, some, now, is_whole=True)


def drop_row(sql: Sql, table: str, row_id: str) -> None:
    """The server does not have it any more, or does not show it."""
    with sql.transaction():
        _forget_row(sql, table, row_id)


def tidy(sql: Sql, now: int) -> list[str]:
    """Clear away what has been here for a day. The clients whose history was."""
    until = now - KEPT_MS
    with sql.transaction():
        clients = [i for (i,) in sql.all("SELECT client_id FROM older_fetched WHERE fetched_at <= ?", until)]
        _forget_clients(sql, clients)
        for table in TABLES:
            sql.do(f"DELETE FROM older_{table} WHERE fetched_at <= ?", until)
    return clients


def empty(sql: Sql) -> list[str]:
    """Clear all away, within the caller's transaction: what the person may read has changed, or the server's rows have.
    The clients whose history was.
    """
    clients = [i for (i,) in sql.all("SELECT client_id FROM older_fetched")]
    for table in (*TABLES, "fetched"):
        sql.do(f"DELETE FROM older_{table}")
    return clients


def _upsert(sql: Sql, table: str, rows: Sequence[Sequence[Any]], now: int, *, is_whole: bool) -> None:
    names = (*COLUMNS[table], *_OWN)
    sets = ",".join(f'"{name}"=excluded."{name}"' for name in names if name not in {"id", "is_whole"})
    text = f"INSERT INTO older_{table} ({_quoted(names)}) VALUES ({','.join('?' * len(names))})"
    sql.many(f"{text} ON CONFLICT (id) DO UPDATE SET {sets}", [[*row, now, int(is_whole)] for row in rows])


def _forget_row(sql: Sql, table: str, row_id: str) -> None:
    sql.do(f"DELETE FROM older_{table} WHERE id = ?", row_id)
    if table == "tickets":
        for name in _ON_TICKETS:
            sql.do(f"DELETE FROM older_{name} WHERE ticket_id = ?", row_id)


def _forget_clients(sql: Sql, clients: Sequence[str]) -> None:
    for client_id in clients:
        for name in _ON_TICKETS:
            tickets = "SELECT id FROM older_tickets WHERE client_id = ?"
            sql.do(f"DELETE FROM older_{name} WHERE ticket_id IN ({tickets})", client_id)
        for table in TIME_OF:
            sql.do(f"DELETE FROM older_{table} WHERE client_id = ?", client_id)
        sql.do("DELETE FROM older_fetched WHERE client_id = ?", client_id)


def _quoted(names: Iterable[str]) -> str:
    return ",".join(f'"{name}"' for name in names)
