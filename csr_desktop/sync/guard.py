"""What stops a server that would take away very much at once, until the person has said that it is meant.

What is here is a copy of what the server has, and unsent work is never in it; so it takes nobody's rights to let it go,
only somebody who has asked first. A word of the server itself would be worth nothing: it may be what is wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from csr_desktop.domain.errors import CsrDesktopError
from csr_desktop.domain.share import within_sql
from csr_desktop.domain.sync_status import StoppedDeletion

if TYPE_CHECKING:
    from csr_desktop.store.sql import Sql
    from csr_desktop.sync.replica import Replica

DELETION_ROWS, DELETION_SHARE = 200, 0.05
"""A catch-up that takes away more rows than both of these of a table stops until a person has looked."""
_TAKEN: Final = "taken_away"
"""Keys in `state`: rows by table that this catch-up has taken away; where it was stopped; that it is meant."""
_STOPPED: Final = "deletion_stopped"
_MEANT: Final = "deletion_meant"
_AT_ONCE: Final = 500


class Suspicious(CsrDesktopError):
    """An answer that no honest server of this version gives; nothing of it was taken."""


class MassDeletion(Suspicious):
    def __init__(self, count: int, total: int) -> None:
        super().__init__(
            f"The server wants to delete {count} of {total} entries here at once.",
            "No more was deleted. Ask your administrator whether this is meant; what needs you has the rest.",
        )
        self.count, self.total = count, total


def check_deletion(
    replica: Replica, taken: Mapping[str, Collection[str]], cut_off_at: int = 0, *, is_all: bool = False
) -> None:
    """These rows are to go by table, deleted or left; they count together with those that the same catch-up took
    before, unless `is_all` says that no more are to come. What is older than `cut_off_at` goes anyway and counts not.
    Raises MassDeletion. Runs within the caller's transaction.
    """
    sql, state = replica.sql, replica.state()
    earlier: dict[str, int] = {} if is_all else msgspec.json.decode(state.get(_TAKEN) or "{}")
    counts = dict(earlier)
    for table, ids in taken.items():
        count = counts[table] = earlier.get(table, 0) + _here(sql, table, ids, cut_off_at)
        if count <= DELETION_ROWS or _MEANT in state:
            continue
        total = int(sql.value(f"SELECT COUNT(*) FROM {table} WHERE deleted = 0")) + earlier.get(table, 0)
        if count > DELETION_SHARE * total:
            raise MassDeletion(count, total)
    if counts != earlier and not is_all:
        replica.set_state(_TAKEN, msgspec.json.encode(counts).decode())


def _here(sql: Sql, table: str, ids: Collection[str], cut_off_at: int) -> int:
    within = within_sql(table, cut_off_at, is_postgresql=False)
    chosen = f"deleted = 0 AND {within}" if within else "deleted = 0"
    count, left = 0, list(ids)
    while left:
        part, left = left[:_AT_ONCE], left[_AT_ONCE:]
        marks = ",".join("?" * len(part))
        count += int(sql.value(f"SELECT COUNT(*) FROM {table} WHERE id IN ({marks}) AND {chosen}", *part))
    return count


def caught_up(replica: Replica) -> None:
    """Nothing more is to go for now: counting begins anew, and what was meant is done. Within a transaction."""
    replica.sql.do("DELETE FROM state WHERE key IN (?, ?, ?)", _TAKEN, _STOPPED, _MEANT)


def note_stopped(replica: Replica, fault: MassDeletion) -> None:
    said = StoppedDeletion(fault.count, fault.total, replica.now())
    with replica.sql.transaction():
        replica.set_state(_STOPPED, msgspec.json.encode(said).decode())


def stopped(replica: Replica) -> StoppedDeletion | None:
    """Where the catch-up was stopped, until the person has said that it is meant or it goes on without."""
    found = dict(replica.sql.all("SELECT key, value FROM state WHERE key IN (?, ?)", _STOPPED, _MEANT))
    if _STOPPED not in found or _MEANT in found:
        return None
    return msgspec.json.decode(found[_STOPPED], type=StoppedDeletion)


def let_go_on(replica: Replica) -> None:
    """The person has asked and says that it is meant: this once, until that catch-up is through."""
    with replica.sql.transaction():
        if stopped(replica) is not None:
            replica.set_state(_MEANT, "1")
