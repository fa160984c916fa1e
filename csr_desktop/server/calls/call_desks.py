"""On which of somebody's workstations a phone call stands in the call pane: on one at a time, whichever came first or
took it over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from csr_desktop.domain.permissions import unknown
from csr_desktop.server.calls.kept_calls import KeptCalls, Key, agents_of
from csr_desktop.store.sql import Sql

Desks = dict[str, tuple[str, str]]
"""By person, the id of the workstation and its name."""


# Each is later than the one before, whatever the clock says: that tells which of two was last.
_TAKE_OVER: Final = (
    "UPDATE SET device_id = excluded.device_id, taken_at = CASE WHEN excluded.taken_at > call_desks.taken_at "
    "THEN excluded.taken_at ELSE call_desks.taken_at + 1 END"
)


class CallDesks:
    """Runs in the caller's transaction. `clock` gives milliseconds."""

    def __init__(self, sql: Sql, kept: KeptCalls, clock: Callable[[], int]) -> None:
        self._sql = sql
        self._kept = kept
        self._clock = clock

    def take(self, user_id: str, device_id: str, reference: str, *, takes_over: bool) -> Key:
        """The call stands on this workstation, unless it does on another one and is not taken over. Raises Refused for
        a call that there is not or that is not the person's.
        """
        connection_id, _, call_key = reference.partition(" ")
        key = (connection_id, call_key)
        kept = self._kept.one(key) if reference.isprintable() else None
        if kept is None or user_id not in agents_of(kept.call):
            raise unknown()
        then = _TAKE_OVER if takes_over else "NOTHING"
        self._sql.do(
            "INSERT INTO call_desks (connection_id, call_key, user_id, device_id, taken_at) VALUES (?,?,?,?,?) "
            f"ON CONFLICT (connection_id, call_key, user_id) DO {then}",
            *(*key, user_id, device_id, self._clock()),
        )
        return key

    def of(self, key: Key) -> tuple[Desks, int]:
        """And which state that is: each taking gives a greater number."""
        version = self._sql.value(
            "SELECT COALESCE(SUM(taken_at), 0) FROM call_desks WHERE connection_id = ? AND call_key = ?", *key
        )
        rows = self._sql.all(
            "SELECT c.user_id, c.device_id, d.name FROM call_desks c JOIN devices d ON d.id = c.device_id "
            "WHERE c.connection_id = ? AND c.call_key = ? AND d.revoked_at = 0",
            *key,
        )
        return {user_id: (device_id, name) for user_id, device_id, name in rows}, int(version or 0)
