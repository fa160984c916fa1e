"""A call was logged whose recording a phone system has told of already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from csr_desktop.store.sql import Sql

_LOOK_AGAIN: Final = (
    "UPDATE phone_calls SET is_settled = 0 WHERE connection_id = ? AND call_key = ? AND recording <> '' "
    "AND is_settled = 1"
)


def look_again(sql: Sql, logged: Iterable[Mapping[str, Any]]) -> None:
    """Interactions were just logged: whether they lack a recording is looked at with the next round of the exchange.
    In the transaction that logs them, so that none falls between two processes.
    """
    for row in logged:
        if row["call_reference"] and not row["recording"]:
            connection_id, _, key = row["call_reference"].partition(" ")
            sql.do(_LOOK_AGAIN, connection_id, key)
