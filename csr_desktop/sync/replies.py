"""What a server answers, looked through before anything of it is taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from csr_desktop.commands.limits import LATEST_AT
from csr_desktop.domain.permissions import ORGANISATION
from csr_desktop.protocol import PullReply
from csr_desktop.store.tables import COLUMNS, NUMBERS, new_row
from csr_desktop.sync.guard import Suspicious


def checked_rows(reply: PullReply) -> dict[str, list[list[Any]]]:
    """The reply's rows in this program's order of columns. Raises Suspicious for wrong tables, types or shapes."""
    found = in_shape(reply.columns, reply.rows)
    if (
        any(not 0 <= rev <= 2**53 for rev in reply.cursors.values())
        or not set(reply.cursors) <= set(reply.rights.scopes)
        or not {ORGANISATION, reply.rights.user_id} <= set(reply.rights.scopes)  # what nobody can lose
    ):
        raise misshapen()
    return found


def in_shape(
    columns: Mapping[str, Sequence[str]], given_rows: Mapping[str, list[list[Any]]]
) -> dict[str, list[list[Any]]]:
    """Rows by table, in this program's order of columns; those of tables that it does not know are left out."""
    found: dict[str, list[list[Any]]] = {}
    for table, rows in given_rows.items():
        names = COLUMNS.get(table)
        given = tuple(columns.get(table, ()))
        if names is None:
            continue  # of a newer server
        if given != names:
            rows = reordered(table, names, given, rows)  # noqa: PLW2901
        at_stamps = names.index("stamps")
        try:
            msgspec.convert(rows, _row_type(table))
            for row in rows:
                if stamps := row[at_stamps]:
                    _stamps.decode(stamps)
        except (msgspec.MsgspecError, RecursionError):
            raise misshapen() from None
        found[table] = rows
    return found


def reordered(table: str, names: Sequence[str], given: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Rows of a server whose table has other columns: unknown ones are left out, missing ones get their default."""
    blank, at = new_row(table), {name: i for i, name in enumerate(given)}
    if not {"id", "scope", "rev"} <= set(given) or any(len(row) != len(given) for row in rows):
        raise misshapen()
    return [[row[at[name]] if name in at else blank[name] for name in names] for row in rows]


def misshapen() -> Suspicious:
    return Suspicious("The server's answer does not have the right form.", "Nothing of it was taken.")


_stamps = msgspec.json.Decoder(dict[str, tuple[Annotated[int, msgspec.Meta(ge=0, le=LATEST_AT)], str]])
_types: dict[str, Any] = {}


def _row_type(table: str) -> Any:
    if table not in _types:
        whole = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
        kinds = tuple(whole if name in NUMBERS[table] else str for name in COLUMNS[table])
        _types[table] = list[tuple[kinds]]  # type: ignore[valid-type]
    return _types[table]
