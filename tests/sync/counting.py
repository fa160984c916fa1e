"""How often the rules of what grows old were met in a simulation, and a desk's part of the counting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

from csr_desktop.commands.work import Key
from csr_desktop.domain.change_set import ChangeSet
from csr_desktop.domain.share import within_sql
from csr_desktop.protocol import PullReply
from csr_desktop.store.tables import SYNCED
from csr_desktop.sync.filling import SWEEP, stages, to_sweep
from csr_desktop.sync.guard import DELETION_ROWS, DELETION_SHARE
from csr_desktop.sync.housekeeping import has_old
from csr_desktop.sync.rebase import Puller

WITHHELD, GREW_OLD = "withheld by the server", "grew old at a desk"
LEFT, CAME_BACK, CONVERSATION = "left by a change", "came back by a change", "a conversation came back"
DROPPED, RESYNC, SWEPT = "marks dropped", "resync beside old rows", "swept"
BESIDE = "resync beside unsent work"
SET, STOPPED, MEANT, TAKEN_BACK = "months set", "deletion stopped", "deletion meant", "deletion taken back"
RULES: Final = (
    WITHHELD, GREW_OLD, LEFT, CAME_BACK, CONVERSATION, DROPPED, RESYNC, SWEPT, BESIDE, SET, STOPPED, MEANT, TAKEN_BACK,
)  # fmt: skip


def never_met(stats: Mapping[str, int]) -> list[str]:
    return [rule for rule in RULES if not stats.get(rule)]


class CountingPuller(Puller):
    """Counts what grows old and is swept, and holds the guard against its own count of what was taken away."""

    def __init__(self, *given: Any, stats: Counter[str], is_in_bulk: Callable[[], bool]) -> None:
        super().__init__(*given)
        self._stats = stats
        self._is_in_bulk = is_in_bulk
        self._gone: Counter[str] = Counter()

    def apply(self, reply: PullReply) -> ChangeSet:
        if reply.asked != self._asked:
            return super().apply(reply)
        before = self._here(reply.cut_off_at)
        if reply.resync and self._sql.value("SELECT 1 FROM outbox LIMIT 1"):
            self._stats[BESIDE] += 1
        found = super().apply(reply)
        self._look(before)
        if not reply.more:
            self._gone.clear()
        return found

    def rest(self) -> ChangeSet | None:
        is_sweep, is_old = SWEEP in stages(self._sql), has_old(self._replica)
        swept = sum(map(len, to_sweep(self._sql)[1].values())) if is_sweep else 0
        before = self._here(0)
        found = super().rest()
        if is_sweep:
            self._stats[SWEPT] += swept
            self._look(before)
            self._gone.clear()
        elif is_old and found is not None:
            self._stats[GREW_OLD] += sum(map(len, found.rows.values()))
        return found

    def _here(self, cut_off_at: int) -> dict[Key, str]:
        """Rows and their scopes, but what is older; nothing when nobody has to be asked."""
        if not self._is_in_bulk() or "deletion_meant" in self._replica.state():
            return {}
        found: dict[Key, str] = {}
        for table in SYNCED:
            within = within_sql(table, cut_off_at, is_postgresql=False)
            chosen = f"deleted = 0 AND {within}" if within else "deleted = 0"
            found |= {(table, i): s for i, s in self._sql.all(f"SELECT id, scope FROM {table} WHERE {chosen}")}
        return found

    def _look(self, before: Mapping[Key, str]) -> None:
        """Rows of scopes that the person still has."""
        if not before:
            return
        mine, here = self._replica.who().scopes, self._here(0)
        for table in SYNCED:
            total = sum(name == table for name, _ in before) + self._gone[table]
            self._gone[table] += sum(
                name == table and scope in mine and (name, row_id) not in here
                for (name, row_id), scope in before.items()
            )
            count = self._gone[table]
            is_much = count > DELETION_ROWS and count > DELETION_SHARE * total
            assert not is_much, f"{count} of {table} went unasked"
