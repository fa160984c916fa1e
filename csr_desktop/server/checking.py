"""Answers workstations that ask whether they have what the server has, and keeps what came of it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from csr_desktop.domain.digest import MODULO, bucket_of, row_digest
from csr_desktop.domain.share import within_sql
from csr_desktop.protocol import CheckReply, CheckRequest, Digest
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.live import is_news
from csr_desktop.server.share import cut_off_at
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import SYNCED

BUCKETS_LIMIT: Final = 32
_KEPT: Final = 256

Buckets = dict[str, Digest]


class Checks:
    """A scope is read once for all who stand where it stands: sums are kept by scope, its newest revision and the
    cut-off. One is made at a time; who comes meanwhile asks again another time.
    """

    def __init__(self, sql: Sql, ledger: Ledger, clock: Callable[[], int]) -> None:
        self._sql = sql
        self._ledger = ledger
        self._clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, int, int], Buckets] = OrderedDict()

    def answer(self, user_id: str, request: CheckRequest) -> CheckReply:
        """Reads the database. Raises Refused when the account is closed."""
        with self._sql.snapshot():
            scopes = self._ledger.person(user_id).scopes
            self._sql.sees(scopes)
            limit_at = cut_off_at(self._sql, self._clock())
            is_now = set(request.cursors) == scopes and request.cut_off_at == limit_at
            if not is_now or is_news(self._sql, scopes, request.cursors):
                return CheckReply(is_now=False)
            if not request.scope:
                found = {scope: self._buckets(scope, limit_at) for scope in sorted(scopes)}
                if any(buckets is None for buckets in found.values()):
                    return CheckReply(is_now=False)
                return CheckReply(is_now=True, scopes={s: _sum(b) for s, b in found.items() if b is not None})
            if request.scope not in scopes:
                return CheckReply(is_now=False)
            if request.buckets:
                rows = self._rows(request.scope, limit_at, request.buckets[:BUCKETS_LIMIT])
                return CheckReply(is_now=True, rows={table: dict(some) for table, some in rows.items() if some})
            buckets = self._buckets(request.scope, limit_at)
            return CheckReply(is_now=buckets is not None, buckets=buckets or {})

    def keep(self, device_id: str, request: CheckRequest) -> None:
        """What came of it, for whoever looks after the server. Runs within a transaction."""
        now, count = self._clock(), request.differing_count
        self._sql.do(
            "INSERT INTO device_checks (device_id, checked_at, row_count, differing_count, differed_at) "
            "VALUES (?,?,?,?,?) ON CONFLICT (device_id) DO UPDATE SET checked_at = excluded.checked_at, "
            "row_count = excluded.row_count, differing_count = excluded.differing_count, differed_at = "
            "CASE WHEN excluded.differing_count > 0 THEN excluded.differed_at ELSE device_checks.differed_at END",
            device_id,
            now,
            max(0, request.row_count),
            count,
            now if count else 0,
        )

    def _buckets(self, scope: str, limit_at: int) -> Buckets | None:
        newest = max(
            int(self._sql.value(f"SELECT COALESCE(MAX(rev), 0) FROM {table} WHERE scope = ?", scope))
            for table in (*SYNCED, "gone")
        )
        key = (scope, newest, limit_at)
        known = self._known.get(key)
        if known is not None:
            return known
        if not self._lock.acquire(blocking=False):
            return None
        try:
            sums: dict[str, tuple[int, int]] = {}
            for table, rows in self._rows(scope, limit_at).items():
                for row_id, rev in rows:
                    count, total = sums.get(bucket := bucket_of(row_id), (0, 0))
                    sums[bucket] = count + 1, total + row_digest(table, row_id, rev)
            found = {bucket: Digest(count, total % MODULO) for bucket, (count, total) in sums.items()}
            self._known[key] = found
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        finally:
            self._lock.release()
        return found

    def _rows(self, scope: str, limit_at: int, buckets: Sequence[str] = ()) -> dict[str, list[tuple[str, int]]]:
        end = "right(id, 2)" if self._sql.is_postgresql else "substr(id, -2)"
        found = {}
        for table in SYNCED:
            chosen = "scope = ?"
            if within := within_sql(table, limit_at, is_postgresql=self._sql.is_postgresql):
                chosen += f" AND {within}"
            if buckets:
                chosen += f" AND {end} IN ({','.join('?' * len(buckets))})"
            rows = self._sql.all(f"SELECT id, rev FROM {table} WHERE {chosen}", scope, *buckets)
            found[table] = [(row_id, rev) for row_id, rev in rows]
        return found


def _sum(buckets: Buckets) -> Digest:
    total = sum(one.total for one in buckets.values()) % MODULO
    return Digest(sum(one.count for one in buckets.values()), total)
