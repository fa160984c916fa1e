"""`csr-desktop server verify`: whether what the database holds fits together. It changes nothing and reads bit by bit.

A finding names tables, columns, ids and numbers, never what a person wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from csr_desktop.domain.permissions import ORGANISATION
from csr_desktop.domain.share import AGING, open_sql
from csr_desktop.server.ledger import link
from csr_desktop.server.sign_in import NOBODY
from csr_desktop.server.stamps_checked import stamps_and_history
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS, SYNCED
from csr_desktop.store.whole_tables import in_parts

FINDINGS_KEPT: Final = 1000
"""Of one check; of more only the number is told."""

REFERENCES: Final = {
    "agent_id": "users",
    "approver_id": "users",
    "assignee_id": "users",
    "author_id": "users",
    "calendar_id": "calendars",
    "called_back_by_id": "users",
    "called_back_call_id": "interactions",
    "called_number_id": "phone_numbers",
    "client_id": "clients",
    "completed_by_id": "users",
    "contact_id": "contacts",
    "created_by_id": "users",
    "disposition_id": "dispositions",
    "escalated_to_id": "users",
    "interaction_id": "interactions",
    "message_id": "messages",
    "opened_by_id": "users",
    "owner_id": "users",
    "parent_id": "topics",
    "sla_policy_id": "sla_policies",
    "specialist_id": "users",
    "team_id": "teams",
    "ticket_id": "tickets",
    "topic_id": "topics",
    "user_id": "users",
    "wrap_up_disposition_id": "dispositions",
}
"""The table that a column of a synced table points to, '' in a row for none."""
_OF_SERVER: Final = (
    ("log", "position", "device_id", "devices"),
    ("log", "position", "user_id", "users"),
    ("devices", "id", "user_id", "users"),
    ("credentials", "user_id", "user_id", "users"),
    ("caller_pins", "contact_id", "contact_id", "contacts"),
    ("caller_pins", "contact_id", "author_id", "users"),
    ("pin_passes", "contact_id", "contact_id", "contacts"),
    ("pin_passes", "contact_id", "user_id", "users"),
    ("escrow", "device_id", "device_id", "devices"),
    ("device_checks", "device_id", "device_id", "devices"),
)


class Finding(msgspec.Struct, frozen=True):
    """Something that does not fit: in which table, at which id, and what it is."""

    table: str
    id: str
    words: str


class Checked(msgspec.Struct, frozen=True):
    """One check: how many findings there are, and the first of them."""

    check: str
    count: int
    findings: list[Finding]


Check = Callable[[Sql], Iterator[Finding]]


def verify(sql: Sql, say: Callable[[Checked], None] = lambda _: None) -> list[Checked]:
    """All checks on one moment of the database, while others read and write it. `say` is told each as it is done."""
    done = []
    with sql.snapshot():
        for name, check in CHECKS.items():
            kept, count = [], 0
            for finding in check(sql):
                count += 1
                if count <= FINDINGS_KEPT:
                    kept.append(finding)
            done.append(Checked(name, count, kept))
            say(done[-1])
    return done


def _file(sql: Sql) -> Iterator[Finding]:
    if not sql.is_postgresql:
        for (words,) in sql.all("PRAGMA quick_check(100)"):
            if words != "ok":
                yield Finding("", "", "SQLite finds the file damaged")


def _references(sql: Sql) -> Iterator[Finding]:
    for table in SYNCED:
        pointing = [(column, REFERENCES[column]) for column in COLUMNS[table] if column in REFERENCES]
        lost = [f"(\"{column}\" <> '' AND {_is_nowhere(f'{table}.{column}', there)})" for column, there in pointing]
        no_one = " AND ".join(_is_nowhere(f"{table}.scope", there) for there in ("teams", "users"))
        lost.append(f"(scope <> '{ORGANISATION}' AND {no_one})")
        names = [*(column for column, _ in pointing), "scope"]
        for part in in_parts(sql, f"SELECT id, {', '.join(lost)} FROM {table} WHERE {' OR '.join(lost)}"):
            for row_id, *flags in part:
                for column, is_lost in zip(names, flags, strict=True):
                    if is_lost:
                        yield Finding(table, row_id, f"{column} points to nothing")
    for table, key, column, there in _OF_SERVER:
        text = f"SELECT {key} FROM {table} WHERE {_is_nowhere(f'{table}.{column}', there)} AND {column} <> ?"
        for part in in_parts(sql, text, NOBODY):
            for (found,) in part:
                yield Finding(table, str(found), f"{column} points to nothing")


def _is_nowhere(column: str, table: str) -> str:
    return f"NOT EXISTS (SELECT 1 FROM {table} there WHERE there.id = {column})"


def _log(sql: Sql) -> Iterator[Finding]:
    """The audit chain, each row with the one before it, up to the counter; and the numbers of each workstation."""
    before, position = b"", 0
    text = "SELECT position, id, user_id, body, status, code, executed_at, hash FROM log ORDER BY position"
    for part in in_parts(sql, text):
        for at, log_id, user_id, body, status, code, executed_at, kept in part:
            if at != position + 1:
                yield Finding("log", str(at), f"positions {position + 1} to {at - 1} are missing")
            # A row that has an id which was in use already carries more behind it; the hash is over the id alone.
            command_id = log_id.partition("/")[0]
            if link(before, at, command_id, user_id, bytes(body), status, code, executed_at) != bytes(kept):
                yield Finding("log", str(at), "the hash does not fit the row and the one before it")
            before, position = bytes(kept), at
    counted = _counter(sql, "log")
    if position != counted:
        yield Finding("log", str(position), f"the last position is not the counter's, which is {counted}")
    text = (
        "SELECT d.id, d.seq, count(l.seq), coalesce(min(l.seq), 1), coalesce(max(l.seq), 0) FROM devices d "
        "LEFT JOIN log l ON l.device_id = d.id GROUP BY d.id, d.seq"
    )
    for part in in_parts(sql, text):
        for device_id, seq, count, first, last in part:
            if not (first == 1 and count == last == seq):
                yield Finding("devices", device_id, f"its commands are not numbered without gaps up to {seq}")


def _revisions(sql: Sql) -> Iterator[Finding]:
    top = _counter(sql, "rev")
    for table in (*SYNCED, "gone"):
        key = "row_id" if table == "gone" else "id"
        for part in in_parts(sql, f"SELECT {key}, rev FROM {table} WHERE rev < 1 OR rev > ?", top):
            for row_id, rev in part:
                yield Finding(table, row_id, f"revision {rev} is not between 1 and the counter's {top}")
    every = " UNION ALL ".join(f"SELECT rev FROM {table}" for table in SYNCED)
    text = f"SELECT rev, count(*) FROM ({every}) every GROUP BY rev HAVING count(*) > 1"
    for part in in_parts(sql, text):
        for rev, count in part:
            for table in SYNCED:
                for (row_id,) in sql.all(f"SELECT id FROM {table} WHERE rev = ? LIMIT 100", rev):
                    yield Finding(table, row_id, f"revision {rev} is that of {count} rows")


def _gone(sql: Sql) -> Iterator[Finding]:
    """A mark that a row left a scope, against where the row is. What is done may be marked where it is: workstations
    keep it no more.
    """
    for table in SYNCED:
        text = (
            f"SELECT g.row_id FROM gone g JOIN {table} t ON t.id = g.row_id AND t.scope = g.scope "
            "WHERE g.table_name = ? AND t.rev <= g.rev"
        )
        if table in AGING:
            text += f" AND t.id IN (SELECT id FROM {table} WHERE {open_sql(table, 0)})"
        for part in in_parts(sql, text, table):
            for (row_id,) in part:
                yield Finding(table, row_id, "is marked as gone from the scope that it is in")
    named = ",".join("?" * len(SYNCED))
    for part in in_parts(sql, f"SELECT row_id FROM gone WHERE table_name NOT IN ({named})", *SYNCED):
        for (row_id,) in part:
            yield Finding("gone", row_id, "is of a table that there is not")


def _numbers(sql: Sql) -> Iterator[Finding]:
    """Of tickets, by which people call them."""
    top = _counter(sql, "ticket")
    text = "SELECT id, number FROM tickets WHERE number < 1 OR number > ?"
    for part in in_parts(sql, text, top):
        for row_id, number in part:
            yield Finding("tickets", row_id, f"number {number} is not between 1 and the counter's {top}")
    text = (
        "SELECT id, number FROM tickets WHERE number IN "
        "(SELECT number FROM tickets GROUP BY number HAVING count(*) > 1) ORDER BY number, id"
    )
    for part in in_parts(sql, text):
        for row_id, number in part:
            yield Finding("tickets", row_id, f"number {number} is that of another ticket too")


def _history(sql: Sql) -> Iterator[Finding]:
    for table in SYNCED:
        for row_id, words in stamps_and_history(sql, table):
            yield Finding(table, row_id, words)
    named = ",".join("?" * len(SYNCED))
    for part in in_parts(sql, f"SELECT DISTINCT row_id FROM history WHERE table_name NOT IN ({named})", *SYNCED):
        for (row_id,) in part:
            yield Finding("history", row_id, "is of a table that there is not")


def _workstations(sql: Sql) -> Iterator[Finding]:
    """What those that still sync found when they last compared what they have. It was put right there; that it was
    wrong is a fault of the server, the workstation or its disk. Tomorrow's comparison takes the finding back.
    """
    text = (
        "SELECT c.device_id, c.differing_count, c.row_count FROM device_checks c JOIN devices d ON d.id = c.device_id "
        "JOIN users u ON u.id = d.user_id "
        "WHERE c.differing_count > 0 AND d.revoked_at = 0 AND u.is_active = 1 AND u.deleted = 0"
    )
    for part in in_parts(sql, text):
        for device_id, differing, count in part:
            yield Finding("devices", device_id, f"{differing} rows differed from the server's, of {count} that it had")


def _counter(sql: Sql, name: str) -> int:
    found: Any = sql.value("SELECT value FROM counters WHERE id = ?", name)
    return int(found or 0)


CHECKS: Final[dict[str, Check]] = {
    "file": _file,
    "references": _references,
    "log": _log,
    "revisions": _revisions,
    "gone marks": _gone,
    "ticket numbers": _numbers,
    "history": _history,
    "workstations": _workstations,
}
"""By name, in order. What another part of the server keeps is checked by one more."""
