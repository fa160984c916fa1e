"""How far the older rows of each scope have come, and what is removed when a scope was taken again.

A fill goes on where it was, whatever ended the program: each page and its place are one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from csr_desktop.protocol import OLDER, Fill, PullReply
from csr_desktop.store.tables import COLUMNS, SYNCED
from csr_desktop.sync.aside import LONG_FILL, set_aside
from csr_desktop.sync.guard import Suspicious

if TYPE_CHECKING:
    from csr_desktop.store.sql import Sql
    from csr_desktop.sync.replica import Replica

FIRST, MORE, AGAIN = "first", "more", "again"
"""Why a scope is filled: the file is new and nothing in it waits; the scope is new, or more of it is wanted; its rows
are taken again, and those that do not come are removed at the end.
"""
SWEEP: Final = OLDER + 1
"""The stage of a scope that has come again, until what did not is removed. The server knows nothing of it."""
WHOLE: Final = "fill_whole"
"""Key in `state`: how many rows the fills that are under way have in all."""
CUT_OFF: Final = "cut_off_at"
DROPPED: Final = "dropped_until"
"""Keys in `state`: the time before which what is done is not kept here, and the one up to which it was removed."""
SWEPT_AT_ONCE: Final = 300
_ORDER: Final = {table: at for at, table in enumerate(SYNCED)}


def fills(sql: Sql) -> list[Fill]:
    """Those that the server is asked to go on with."""
    rows = sql.all("SELECT scope, stage, table_name, below, rows_left FROM fills WHERE stage < ? ORDER BY scope", SWEEP)
    return [Fill(*row) for row in rows]


def stages(sql: Sql) -> set[int]:
    return {stage for (stage,) in sql.all("SELECT stage FROM fills")}


def reasons(sql: Sql) -> dict[str, str]:
    """Why, by scope, of all that are under way or to be swept."""
    return dict(sql.all("SELECT scope, why FROM fills"))


def taken_anew(sql: Sql) -> list[str]:
    """The scopes that are asked for once more because more of them is to be kept."""
    return [scope for (scope,) in sql.all("SELECT scope FROM cursors WHERE rev < 0")]


def forget(sql: Sql, scopes: Iterable[str]) -> None:
    """Runs within the caller's transaction."""
    marks = [(scope,) for scope in scopes]
    sql.many("DELETE FROM fills WHERE scope = ?", marks)
    sql.many("DELETE FROM came WHERE scope = ?", marks)


def is_ahead(before: Fill | None, after: Fill) -> bool:
    """Whether the place moved on; a server that goes round in circles would be asked without end."""
    if before is None:
        return True
    old, new = (before.stage, _at(before)), (after.stage, _at(after))
    return new > old or (new == old and after.below < before.below)


def _at(fill: Fill) -> int:
    return _ORDER.get(fill.table, len(_ORDER))


def check_places(sql: Sql, reply: PullReply, before: Mapping[str, int]) -> bool:
    """Whether a fill moved on. Raises Suspicious where one went back or was begun without need."""
    known = {fill.scope: fill for fill in fills(sql)}
    moved = bool(known.keys() - {fill.scope for fill in reply.fills})
    if any(reply.cursors.get(scope, -1) <= before.get(scope, -1) for scope in reply.resync):
        raise _astray()
    for fill in reply.fills:
        if fill.scope not in reply.cursors or not 0 <= fill.below <= 2**53 or not 0 <= fill.stage < SWEEP:
            raise _astray()
        old = known.get(fill.scope)
        if fill.scope in reply.resync:
            moved = True
        elif old != fill:
            if not is_ahead(old, fill) or (old is None and before.get(fill.scope, -1) >= 0):
                raise _astray()
            moved = True
    return moved


def take_places(replica: Replica, reply: PullReply, *, is_new: bool, is_again: bool) -> None:
    """Keep what the reply says, and what the fills are for; `is_new` tells a new file, `is_again` that all is fetched
    again because server and file did not agree. Runs within the caller's transaction.
    """
    sql = replica.sql
    why = reasons(sql)
    given = {fill.scope for fill in reply.fills}
    # What left a scope between its last page and its being taken anew is told by nobody, but does not come.
    again = {*reply.resync, *(() if is_again else taken_anew(sql))} & reply.cursors.keys()
    at_once = sorted(again - given)
    begun = [fill for fill in reply.fills if fill.scope not in why or fill.scope in again]
    forget(sql, [*(fill.scope for fill in begun), *at_once])
    # Of a scope that was left and came back, what was done here before is among the rows that are still to come.
    is_first = is_new and not is_again and not sql.value("SELECT COUNT(*) FROM outbox")
    for fill in begun:
        # Also of a new file: what came of its scope before it was switched off for long may have left meanwhile.
        why[fill.scope] = AGAIN if fill.scope in again else FIRST if is_first else MORE
    under_way = sql.all("SELECT scope FROM fills WHERE stage < ?", SWEEP)
    ended = [scope for (scope,) in under_way if scope not in given and scope not in at_once]
    to_be_swept = [scope for scope in ended if why[scope] == AGAIN and scope in reply.cursors]  # others are lost
    forget(sql, [scope for scope in ended if scope not in to_be_swept])
    sql.many(
        f"UPDATE fills SET stage = {SWEEP}, below = ?, rows_left = 0 WHERE scope = ?",
        [(reply.cursors[scope], scope) for scope in to_be_swept],
    )
    sql.many(
        "INSERT INTO fills (scope, stage, table_name, below, rows_left, why) VALUES (?,?,?,?,?,?) ON CONFLICT (scope) "
        "DO UPDATE SET stage = excluded.stage, table_name = excluded.table_name, below = excluded.below, "
        "rows_left = excluded.rows_left",
        [(*fill_row(fill), why[fill.scope]) for fill in reply.fills],
    )
    sql.many(
        "INSERT INTO fills (scope, stage, table_name, below, rows_left, why) VALUES (?,?,'',?,0,?)",
        [(scope, SWEEP, reply.cursors[scope], AGAIN) for scope in at_once],
    )
    if begun:
        old = int(replica.state().get(WHOLE, 0)) if len(begun) < len(reply.fills) else 0
        came = sum(map(len, reply.rows.values()))
        replica.set_state(WHOLE, str(old + came + sum(fill.left for fill in begun)))
        if is_new:  # what comes is within, so there is nothing to look through
            replica.set_state(DROPPED, str(reply.cut_off_at))
        if is_new and sum(fill.left for fill in begun) >= LONG_FILL:
            set_aside(replica)


def fill_row(fill: Fill) -> tuple[str, int, str, int, int]:
    return fill.scope, fill.stage, fill.table, fill.below, fill.left


def note_came(sql: Sql, theirs: Mapping[str, Sequence[Sequence[Any]]]) -> None:
    """Mark the rows that came of scopes that are taken again. Runs within the caller's transaction."""
    again = {scope for scope, why in reasons(sql).items() if why == AGAIN}
    if not again:
        return
    for table, rows in theirs.items():
        at = COLUMNS[table].index("scope")
        sql.many(
            "INSERT INTO came (scope, table_name, row_id) VALUES (?,?,?) ON CONFLICT DO NOTHING",
            [(row[at], table, row[0]) for row in rows if row[at] in again],
        )


def to_sweep(sql: Sql) -> tuple[str, dict[str, list[str]]]:
    """A scope that was taken again, and by table its rows that did not come; ('', {}) when there is none. Rows that
    unsent work made or moved there are not the server's and stay.
    """
    found = sql.one("SELECT scope, below FROM fills WHERE stage = ? ORDER BY scope LIMIT 1", SWEEP)
    if found is None:
        return "", {}
    scope, top = found
    rows: dict[str, list[str]] = {}
    for table in SYNCED:
        ids = sql.all(
            f"SELECT id FROM {table} WHERE scope = ? AND rev > 0 AND rev <= ? AND NOT EXISTS (SELECT 1 FROM came "
            f"WHERE came.scope = ? AND table_name = ? AND row_id = {table}.id)",
            scope,
            top,
            scope,
            table,
        )
        if ids:
            rows[table] = [row_id for (row_id,) in ids]
    return scope, rows


def _astray() -> Suspicious:
    return Suspicious("The server's answer does not lead on.", "Nothing of it was taken.")
