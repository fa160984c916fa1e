"""Secondary indexes of long tables, set aside while a new file is filled: made in one go they cost less. Those by which
an incoming call is looked up stay: the phone rings during a first fill, too.

Without the others all works, only slower. What makes them again is kept in the file until it is done, whatever ends the
program between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from csr_desktop.sync.replica import Replica

LONG_FILL: Final = 5_000
"""Rows of a fill from which on it pays."""
_TABLES: Final = ("interactions", "messages")
_RUNG_BY: Final = ("number", "client_id")
"""By these an incoming call is looked up, also while a file is filled: each time the whole table would be read."""
_KEY: Final = "indexes_aside"
"""Key in `state`: the statements, a JSON list."""


def set_aside(replica: Replica) -> None:
    """Runs within the caller's transaction."""
    sql = replica.sql
    if _KEY in replica.state():
        return
    marks = ", ".join(f"'{table}'" for table in _TABLES)
    by = "(SELECT name FROM pragma_index_info(m.name) WHERE seqno = 0)"
    kept = ", ".join(f"'{column}'" for column in _RUNG_BY)
    found = sql.all(
        f"SELECT name, sql FROM sqlite_master m WHERE type = 'index' AND tbl_name IN ({marks}) AND sql IS NOT NULL "
        f"AND NOT (tbl_name = 'interactions' AND {by} IN ({kept}))"
    )
    for name, _ in found:
        sql.do(f'DROP INDEX "{name}"')
    if found:
        replica.set_state(_KEY, msgspec.json.encode([text for _, text in found]).decode())


def make_next(replica: Replica) -> bool:
    """Make one of them again, in a transaction of its own; False when none is left."""
    sql = replica.sql
    kept = sql.value("SELECT value FROM state WHERE key = ?", _KEY)
    if not kept:
        return False
    texts: list[str] = msgspec.json.decode(kept)  # nobody else writes there
    with sql.transaction():
        sql.do(texts[0])
        if texts[1:]:
            replica.set_state(_KEY, msgspec.json.encode(texts[1:]).decode())
        else:
            sql.do("DELETE FROM state WHERE key = ?", _KEY)
        replica.before_commit()
    return True
