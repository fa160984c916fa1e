"""A call was logged of which a phone system has told already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from csr_desktop.domain.phone import WITHHELD
from csr_desktop.domain.phone_calls import TWIN_MS
from csr_desktop.store.sql import Sql

_LOOK_AGAIN: Final = "UPDATE phone_calls SET is_settled = 0 WHERE connection_id = ? AND call_key = ? AND is_settled = 1"
_WITH_RECORDING: Final = f"{_LOOK_AGAIN} AND recording <> ''"
_LOGGED_HERE: Final = (
    "SELECT call_reference FROM interactions WHERE number = ? AND started_at BETWEEN ? AND ? AND call_reference <> '' "
    "AND direction = 'in' AND deleted = 0"
)


def look_again(sql: Sql, logged: Iterable[Mapping[str, Any]]) -> None:
    """Interactions were just logged: whether they lack a recording, or are what the server logged as missed, is looked
    at with the next round of the exchange. In the transaction that logs them, so that none falls between two processes.
    """
    for row in logged:
        if row["call_reference"] and not row["recording"]:
            connection_id, _, key = row["call_reference"].partition(" ")
            sql.do(_WITH_RECORDING, connection_id, key)
        elif not row["call_reference"] and row["direction"] == "in" and row["number"] not in {"", WITHHELD}:
            near = (row["started_at"] - TWIN_MS, row["started_at"] + TWIN_MS)
            for (reference,) in sql.all(_LOGGED_HERE, row["number"], *near):
                connection_id, _, key = reference.partition(" ")
                sql.do(_LOOK_AGAIN, connection_id, key)
