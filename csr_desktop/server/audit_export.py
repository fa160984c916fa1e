"""The audit log as a table: who did what to which row, when and with what outcome, and never what anybody wrote.

The log is that of the commands: each change that anybody asked for, the refused ones too. Who read something, signed in
or ran a command on the server's computer is not in it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from csr_desktop.commands import catalogue
from csr_desktop.commands.administration import AddUser, EditUser
from csr_desktop.commands.command import Command, EditRow
from csr_desktop.store.sql import Sql
from csr_desktop.store.whole_tables import in_parts

if TYPE_CHECKING:
    from csr_desktop.server.exports import Names, Table

HEADER: Final = (
    "Position", "Executed", "Meant", "Person", "Sign-in name", "Workstation", "Workstation id", "Action", "About",
    "Changed", "Outcome", "Code", "Command", "Takes back", "Hash",
)  # fmt: skip
_ROWS: Final = 500
"""Held at once; a command's text can be long."""
_SHOWN: Final = frozenset({"role", "is_active"})
"""Of a colleague's account an auditor wants to know what it became; of all else, that it changed."""
_SQL: Final = (
    "SELECT l.position, l.executed_at, l.user_id, u.name, u.login, d.name, l.device_id, l.body, l.status, l.code, "
    "l.id, l.hash FROM log l LEFT JOIN users u ON u.id = l.user_id LEFT JOIN devices d ON d.id = l.device_id "
    "WHERE l.executed_at >= ? AND l.executed_at < ? ORDER BY l.position"
)


def audit_log_table(sql: Sql, names: Names, since: dt.date = dt.date.min, until: dt.date = dt.date.max) -> Table:
    """By position, which is the order of execution; `since` and `until` are days of the organisation's, both whole."""
    known = {
        "clients": {key: code for key, (code, _) in names.clients.items()},
        "users": dict(sql.all("SELECT id, login FROM users")),
        "teams": names.teams,
    }
    first_at = names.day_begins(since)
    end_at = names.day_begins(until + dt.timedelta(days=1)) if until < dt.date.max else 1 << 62

    def rows() -> Iterator[tuple[str | int, ...]]:
        for part in in_parts(sql, _SQL, first_at, end_at, rows=_ROWS):
            for position, at, user_id, name, login, device, device_id, body, status, code, log_id, kept in part:
                kind, meant_at, undoes, about, changed = _told(bytes(body), known)
                yield (
                    position, names.at(at), names.at(meant_at), name or user_id, login or "", device or "", device_id,
                    kind, about, changed, status, code, log_id.partition("/")[0], undoes, bytes(kept).hex(),
                )  # fmt: skip

    return HEADER, rows()


def _told(body: bytes, known: Mapping[str, Mapping[str, str]]) -> tuple[str, int, str, str, str]:
    """Kind, when it was meant, what it takes back, the rows that it is about, and what it changes of them."""
    try:
        command = catalogue.decode(body)
    except (msgspec.ValidationError, msgspec.DecodeError):
        return "(unreadable in this version)", 0, "", "", ""
    kind = str(type(command).__struct_config__.tag)
    return kind, command.at, command.undoes, "; ".join(_about(command, known)), "; ".join(_changed(command))


def _about(command: Command, known: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    for table, row_id in dict.fromkeys(command.keys()):
        if row_id:
            name = known.get(table, {}).get(row_id, "")
            yield f"{table} {row_id} ({name})" if name else f"{table} {row_id}"


def _changed(command: Command) -> Iterator[str]:
    if isinstance(command, AddUser):
        yield f"role: {command.role}"
    if isinstance(command, EditRow):
        for field, (was, becomes) in sorted(command.changes.items()):
            is_shown = isinstance(command, EditUser) and field in _SHOWN
            yield f"{field}: {was} to {becomes}" if is_shown else field
