"""Each client's payroll clock as a row: the next cut-off, and the pay date and deposit that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from csr_desktop.domain import pay_schedule
from csr_desktop.domain.deposits import DepositRules, RulesError
from csr_desktop.domain.pay_schedule import PayClocks
from csr_desktop.store.sql import Sql

_CHUNK: Final = 500
_INSERT: Final = (
    "INSERT OR REPLACE INTO client_clocks (client_id, cut_off_at, pay_date, deposit_due, period_end) VALUES (?,?,?,?,?)"
)


class ClientClocks:
    """Keeps `client_clocks` after `clients`. A client that is closed, or has no usable pay schedule, has no row.

    `clock` gives milliseconds, UTC; `rules` is asked when the first pay schedule is read. Cut-offs pass without any row
    changing, so `refresh` is to be run now and then.
    """

    tables: frozenset[str] = frozenset({"clients"})
    follows: frozenset[str] = frozenset()

    def __init__(self, clock: Callable[[], int], rules: Callable[[], DepositRules]) -> None:
        self._clock = clock
        self.rules = rules

    def update(self, sql: Sql, table: str, ids: Sequence[str]) -> None:  # noqa: ARG002
        self._set(sql, ids, self._clock())

    def rebuild(self, sql: Sql) -> None:
        sql.do("DELETE FROM client_clocks")
        found = sql.all(
            "SELECT id, pay_schedule FROM clients WHERE deleted = 0 AND status <> 'closed' AND pay_schedule <> ''"
        )
        self._insert(sql, found, self._clock())

    def refresh(self, sql: Sql, now_at: int) -> tuple[str, ...]:
        """Move on the clients whose cut-off has passed; their ids. Runs within the caller's transaction."""
        passed = tuple(i for (i,) in sql.all("SELECT client_id FROM client_clocks WHERE cut_off_at < ?", now_at))
        self._set(sql, passed, now_at)
        return passed

    def has_passed(self, sql: Sql, now_at: int) -> bool:
        """Whether there is anything to refresh."""
        return bool(sql.value("SELECT EXISTS (SELECT 1 FROM client_clocks WHERE cut_off_at < ?)", now_at))

    def _set(self, sql: Sql, ids: Sequence[str], now_at: int) -> None:
        for start in range(0, len(ids), _CHUNK):
            part = ids[start : start + _CHUNK]
            marks = ",".join("?" * len(part))
            sql.do(f"DELETE FROM client_clocks WHERE client_id IN ({marks})", *part)
            chosen = f"id IN ({marks}) AND deleted = 0 AND status <> 'closed' AND pay_schedule <> ''"
            self._insert(sql, sql.all(f"SELECT id, pay_schedule FROM clients WHERE {chosen}", *part), now_at)

    def _insert(self, sql: Sql, clients: Sequence[tuple[str, str]] | list[tuple[object, ...]], now_at: int) -> None:
        known: dict[str, PayClocks | None] = {}  # many clients share a schedule
        rows: list[tuple[str, int, str, str, str]] = []
        for client_id, text in clients:
            schedule = str(text)
            if schedule not in known:
                known[schedule] = next_clocks(schedule, now_at, self.rules)
            clocks = known[schedule]
            if clocks is not None:
                rows.append((str(client_id), clocks.cut_off_at, clocks.pay_date, clocks.deposit_due, clocks.period_end))
        sql.many(_INSERT, rows)


def next_clocks(schedule: str, now_at: int, rules: Callable[[], DepositRules]) -> PayClocks | None:
    """The next clocks of a stored pay schedule; None when there is none, or it came from elsewhere and cannot be
    used.
    """
    if not schedule:
        return None
    try:
        return pay_schedule.decode(schedule).next_clocks(now_at, rules())
    except (pay_schedule.PayScheduleError, RulesError):
        return None
