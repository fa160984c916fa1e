"""Whether what is here is what the server has: counts and sums a scope, narrowed to the rows that differ, which are
asked for again. Unsent work is left out: of its rows, the server's last state counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from csr_desktop.domain.digest import MODULO, bucket_of, digest
from csr_desktop.domain.share import is_within, within_sql
from csr_desktop.protocol import AGAIN_LIMIT, CheckReply, CheckRequest, Digest
from csr_desktop.store.tables import SYNCED
from csr_desktop.sync.filling import CUT_OFF, fills
from csr_desktop.sync.rebase import cursors_of
from csr_desktop.sync.recovery import is_behind

if TYPE_CHECKING:
    from csr_desktop.commands.work import Row
    from csr_desktop.sync.replica import Replica
    from csr_desktop.sync.transport import Transport

CHECK_MS: Final = 86_400_000
_CHECKED: Final = "checked_at"
"""Key in `state`: when what is here was compared last."""
BUCKETS_AT_ONCE: Final = 16
ROUNDS: Final = 50
"""More differing buckets than fit in so many rounds are found by the next check."""

Ask = Callable[[CheckRequest], CheckReply]


def is_check_due(replica: Replica) -> bool:
    """Once after everything has come for the first time, and then each day."""
    last = int(replica.state().get(_CHECKED, 0))
    return not last <= replica.now() < last + CHECK_MS


class Comparison:
    """One round of comparing and putting right. `pull` asks for rows again, and takes them in as any others."""

    def __init__(self, replica: Replica, transport: Transport, pull: Callable[[Mapping[str, list[str]]], None]) -> None:
        self._replica = replica
        self._sql = replica.sql
        self._transport = transport
        self._pull = pull

    def run(self, *, is_wanted: bool = False) -> int:
        """How many rows differed; -1 when the server was not where this workstation is, or cannot compare."""
        if fills(self._sql) or is_behind(self._replica):
            return -1
        ask = self._question()
        said = self._transport.check(ask)
        if not said.is_now:
            if not is_wanted:  # not at each exchange of a busy hour
                self._note(self._replica.now() - CHECK_MS + CHECK_MS // 48)
            return -1
        mine = {scope: self._digest(scope) for scope in said.scopes}
        differing: dict[str, set[str]] = {}
        for scope in sorted(said.scopes):
            if mine[scope] != said.scopes[scope]:
                for table, ids in self._narrowed(ask, scope).items():
                    differing.setdefault(table, set()).update(ids)
        count = sum(map(len, differing.values()))
        for part in _parts(differing):
            self._pull(part)
        row_count = sum(one.count for one in mine.values())
        self._transport.check(msgspec.structs.replace(ask, row_count=row_count, differing_count=count))
        self._note(self._replica.now())
        return count

    def _question(self) -> CheckRequest:
        return CheckRequest(cursors_of(self._sql), int(self._replica.state().get(CUT_OFF, 0)))

    def _note(self, at: int) -> None:
        with self._sql.transaction():
            self._replica.set_state(_CHECKED, str(at))

    def _digest(self, scope: str) -> Digest:
        count = total = 0
        with self._sql.snapshot():
            for table, rows in self._rows(scope):
                some, part = digest(table, rows)
                count, total = count + some, total + part
        return Digest(count, total % MODULO)

    def _narrowed(self, ask: CheckRequest, scope: str) -> dict[str, list[str]]:
        """The rows of a scope, by table, that only one of both has, or in another state."""
        theirs = self._transport.check(msgspec.structs.replace(ask, scope=scope))
        if not theirs.is_now:
            return {}
        mine: dict[str, dict[str, dict[str, int]]] = {}
        sums: dict[str, tuple[int, int]] = {}
        with self._sql.snapshot():
            for table, rows in self._rows(scope):
                for row_id, rev in rows:
                    bucket = bucket_of(row_id)
                    mine.setdefault(bucket, {}).setdefault(table, {})[row_id] = rev
        for bucket, tables in mine.items():
            parts = [digest(table, rows.items()) for table, rows in tables.items()]
            sums[bucket] = sum(c for c, _ in parts), sum(t for _, t in parts) % MODULO
        said = {bucket: (one.count, one.total) for bucket, one in theirs.buckets.items()}
        wrong = sorted(b for b in said.keys() | sums.keys() if said.get(b) != sums.get(b))
        found: dict[str, list[str]] = {}
        for start in range(0, min(len(wrong), ROUNDS * BUCKETS_AT_ONCE), BUCKETS_AT_ONCE):
            buckets = wrong[start : start + BUCKETS_AT_ONCE]
            reply = self._transport.check(msgspec.structs.replace(ask, scope=scope, buckets=buckets))
            if not reply.is_now:
                break
            here = {(t, i): rev for b in buckets for t, rows in mine.get(b, {}).items() for i, rev in rows.items()}
            there = {(t, i): rev for t, rows in reply.rows.items() for i, rev in rows.items()}
            for table, row_id in sorted(here.keys() | there.keys()):
                if table in SYNCED and here.get((table, row_id)) != there.get((table, row_id)):
                    found.setdefault(table, []).append(row_id)
        return found

    def _rows(self, scope: str) -> Iterator[tuple[str, Iterable[tuple[str, int]]]]:
        """Id and revision of the rows that the server should have in a scope, by table; within a snapshot."""
        images: dict[tuple[str, str], Row | None] = {
            (t, i): msgspec.msgpack.decode(image) if image is not None else None
            for t, i, image in self._sql.all("SELECT table_name, row_id, image FROM base")
        }
        cut_off_at = int(self._replica.state().get(CUT_OFF, 0))
        mine = {i: row for (t, i), row in images.items() if t == "tickets"}
        for table in SYNCED:
            within = within_sql(table, cut_off_at, is_postgresql=False)
            chosen = "scope = ? AND rev > 0" + (f" AND {within}" if within else "")
            rows: dict[str, int] = dict(self._sql.all(f"SELECT id, rev FROM {table} WHERE {chosen}", scope))
            for (name, row_id), image in images.items():
                if name == table:
                    rows.pop(row_id, None)
                    if image is not None and image["scope"] == scope and self._is_kept(table, image, cut_off_at, mine):
                        rows[row_id] = image["rev"]
            if table == "messages" and cut_off_at:
                self._of_held_tickets(rows, scope, mine, cut_off_at)
            yield table, rows.items()

    def _is_kept(self, table: str, row: Row, cut_off_at: int, held: Mapping[str, Row | None]) -> bool:
        ticket: Any = None
        if table == "messages":
            ticket = held.get(row["ticket_id"]) or self._sql.load("tickets", [row["ticket_id"]]).get(row["ticket_id"])
        return is_within(table, row, cut_off_at, ticket)

    def _of_held_tickets(
        self, rows: dict[str, int], scope: str, held: Mapping[str, Row | None], cut_off_at: int
    ) -> None:
        """Messages are kept with their ticket, as the server has it, not as unsent work left it."""
        for ticket_id, ticket in held.items():
            ids = self._sql.find("messages", "ticket_id", ticket_id)
            for row_id, message in self._sql.load("messages", ids).items():
                if message["scope"] == scope and message["rev"] > 0:
                    if is_within("messages", message, cut_off_at, ticket):
                        rows[row_id] = message["rev"]
                    else:
                        rows.pop(row_id, None)


def _parts(differing: Mapping[str, Iterable[str]]) -> Iterator[dict[str, list[str]]]:
    for table in sorted(differing):
        ids = sorted(differing[table])
        for start in range(0, len(ids), AGAIN_LIMIT):
            yield {table: ids[start : start + AGAIN_LIMIT]}
