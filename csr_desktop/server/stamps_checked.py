"""Whether a row's fields bear the latest of the edits that their history holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from csr_desktop.store.sql import Sql
from csr_desktop.store.whole_tables import in_parts

_INITIAL = (0, "")
_ROWS = 500


def stamps_and_history(sql: Sql, table: str) -> Iterator[tuple[str, str]]:
    """Rows of a synced table and what is wrong with them. A field bears the greatest (time, command) of its edits that
    are not withdrawn, and a value from before all edits bears none.
    """
    text = (
        f"SELECT id, stamps FROM {table} WHERE stamps NOT IN ('', '{{}}') "
        "OR id IN (SELECT row_id FROM history WHERE table_name = ?) ORDER BY id"
    )
    for rows in in_parts(sql, text, table, rows=_ROWS):
        edits = _edits(sql, table, [row_id for row_id, _ in rows])
        for row_id, stamps in rows:
            said = _read(stamps)
            if said is None:
                yield row_id, "its stamps cannot be read"
                continue
            known = edits.get(row_id, {})
            for field in sorted({*said, *known}):
                if said.get(field, _INITIAL) != known.get(field, _INITIAL):
                    yield row_id, f"{field} does not bear the latest edit of its history"
    text = (
        "SELECT DISTINCT row_id FROM history WHERE table_name = ? "
        f"AND NOT EXISTS (SELECT 1 FROM {table} there WHERE there.id = history.row_id)"
    )
    for rows in in_parts(sql, text, table):
        for (row_id,) in rows:
            yield row_id, "has a history, and is not there"


def _edits(sql: Sql, table: str, ids: Sequence[str]) -> dict[str, dict[str, tuple[int, str]]]:
    """By row and field, the greatest stamp that is not withdrawn."""
    found: dict[str, dict[str, tuple[int, str]]] = {}
    marks = ",".join("?" * len(ids))
    text = (
        "SELECT row_id, field, at, command_id FROM history "
        f"WHERE table_name = ? AND is_withdrawn = 0 AND row_id IN ({marks})"
    )
    for row_id, field, at, command_id in sql.all(text, table, *ids):
        fields = found.setdefault(row_id, {})
        fields[field] = max(fields.get(field, _INITIAL), (at, command_id))
    return found


def _read(stamps: str) -> dict[str, tuple[int, str]] | None:
    try:
        said: dict[str, Any] = msgspec.json.decode(stamps or "{}")
        return {field: (int(at), str(command_id)) for field, (at, command_id) in said.items()}
    except (msgspec.MsgspecError, ValueError, TypeError, AttributeError):
        return None
