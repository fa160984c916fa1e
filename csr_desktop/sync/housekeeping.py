"""What falls out of a workstation's share as time passes leaves it in small steps. Unsent work keeps its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from csr_desktop.domain.share import AGING, within_sql
from csr_desktop.sync.filling import CUT_OFF, DROPPED

if TYPE_CHECKING:
    from csr_desktop.commands.work import Key
    from csr_desktop.sync.replica import Replica

DROPPED_AT_ONCE: Final = 300


def has_old(replica: Replica) -> bool:
    state = replica.state()
    return int(state.get(CUT_OFF, 0)) > int(state.get(DROPPED, 0))


def drop_old(replica: Replica) -> dict[str, list[str]]:
    """Remove some rows that are older than what is kept here, a conversation before its ticket; by table, their ids.
    Nothing when all is looked through. Runs within the caller's transaction, which brings the derived tables after.
    """
    sql, state = replica.sql, replica.state()
    cut_off_at = int(state.get(CUT_OFF, 0))
    kept: set[Key] = set(sql.all("SELECT table_name, row_id FROM base"))
    kept |= {key for command in replica.unsent() for key in command.keys()}  # noqa: SIM118  # a command is no dict
    found: dict[str, list[str]] = {}
    room = DROPPED_AT_ONCE
    for table in sorted(AGING, key=("messages", "interactions", "follow_ups", "verifications", "tickets").index):
        within = within_sql(table, cut_off_at, is_postgresql=False)
        if not within or room <= 0:
            continue
        spared = sum(name == table for name, _ in kept)
        ids = sql.all(f"SELECT id FROM {table} WHERE rev > 0 AND NOT {within} LIMIT ?", room + spared)
        found[table] = [row_id for (row_id,) in ids if (table, row_id) not in kept][:room]
        sql.purge(table, found[table])
        room -= len(found[table])
    if room == DROPPED_AT_ONCE:
        replica.set_state(DROPPED, str(cut_off_at))
    return {table: ids for table, ids in found.items() if ids}
