"""Rows after a cursor: what a desk pulls. All scopes of the person as of now, over all tables, from one snapshot."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec

from csr_desktop.domain.permissions import ORGANISATION, Person
from csr_desktop.domain.recordings import told
from csr_desktop.domain.share import within_sql
from csr_desktop.protocol import PAGE, Answer, Fill, Gone, PullReply, PullRequest, Rights
from csr_desktop.server.filling import PAGE_BYTES, Filling, in_order
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.newest_desk import NEWEST_DESK, version_text
from csr_desktop.server.problems import Rejected
from csr_desktop.server.sessions import revoked, unknown_device
from csr_desktop.server.share import cut_off_at, floors
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS, SYNCED

READ_ROWS: Final = 100
"""How many rows of a table are read at once."""

_encode = msgspec.msgpack.Encoder().encode


class Feed:
    """`epoch` changes when the server was restored from a backup."""

    def __init__(
        self, sql: Sql, ledger: Ledger, clock: Callable[[], int], epoch: str, attachment_bytes: int = 0
    ) -> None:
        self._sql = sql
        self._ledger = ledger
        self._clock = clock
        self._epoch = epoch
        self._attachment_bytes = attachment_bytes

    def pull(self, device_id: str, user_id: str, request: PullRequest) -> PullReply:
        """A page. Raises Refused when the account is closed meanwhile, Rejected when the workstation is revoked (401),
        or knows of more than this server, which then was put back from a backup (409, `restored`).
        """
        with self._sql.snapshot():
            person = self._ledger.person(user_id)
            self._sql.sees(person.scopes)
            device = self._sql.one("SELECT seq, revoked_at, user_id FROM devices WHERE id = ?", device_id)
            if device is None or device[2] != user_id:
                raise unknown_device()
            if device[1]:
                raise revoked()
            counters = dict(self._sql.all("SELECT id, value FROM counters WHERE id IN ('rev', ?)", NEWEST_DESK))
            top = int(counters.get("rev", 0))
            knows_more = request.answered > device[0] or max(request.cursors.values(), default=0) > top
            if knows_more or request.epoch not in {"", self._epoch}:
                raise _restored()
            now = self._clock()
            page = _Page(self._sql, request, person, top, now)
            answers = [] if page.has_changes else self._answers(device_id, request.answered)
            seq = -1 if page.has_changes else int(device[0])
        return PullReply(
            asked=request.asked,
            epoch=self._epoch,
            now=now,
            rights=Rights(person.id, person.name, person.role, sorted(person.teams), sorted(person.scopes)),
            columns={table: list(COLUMNS[table]) for table in page.rows},
            rows=page.rows,
            gone=page.gone,
            cursors=page.cursors,
            more=page.has_changes or bool(page.fills),
            seq=seq,
            answers=answers,
            left=page.left,
            fills=list(page.fills.values()),
            resync=page.resync,
            cut_off_at=page.cut_off_at,
            attachment_bytes=self._attachment_bytes,
            newest_desk=version_text(counters.get(NEWEST_DESK, 0)),
        )

    def _answers(self, device_id: str, after: int) -> list[Answer]:
        sql = "SELECT seq, id, status, code, reason FROM log WHERE device_id=? AND seq>? ORDER BY seq"
        return [Answer(seq, i.partition("/")[0], *rest) for seq, i, *rest in self._sql.all(sql, device_id, after)]


class _Page:
    """What one answer holds: changes after the cursors first, then rows that were asked for by name, then older rows
    of the scopes that the workstation takes anew. Read within the caller's snapshot.
    """

    def __init__(self, sql: Sql, request: PullRequest, person: Person, top: int, now_at: int) -> None:
        scopes = person.scopes
        self._sql = sql
        self._top = top
        self._scopes = scopes
        self.room = max(1, min(request.limit, PAGE))
        self._limit = self.room
        self._room_bytes = PAGE_BYTES
        self.rows: dict[str, list[list[Any]]] = {}
        self.gone: list[Gone] = []
        self.cursors: dict[str, int] = {}
        self.fills: dict[str, Fill] = {}
        self.resync: list[str] = []
        is_older = request.fills is None
        self.cut_off_at = 0 if is_older else cut_off_at(sql, now_at)
        self._questions = _questions(self.cut_off_at, is_postgresql=sql.is_postgresql)
        # The directory first: work names clients and people, and a new desk shows it while more comes.
        ordered = sorted(scopes, key=lambda scope: (scope != ORGANISATION, scope))
        after = {scope: request.cursors.get(scope, 0) for scope in ordered}
        filling = Filling(sql, self.cut_off_at, now_at)
        if not is_older:
            after |= self._begin(request, ordered, filling)
        self.has_changes = False
        self._changed = self._changed_tables({scope: rev for scope, rev in after.items() if rev < top})
        for scope in ordered:
            self._take_changes(scope, after[scope])
        self._take_again(request.again)
        if not self.has_changes:
            self._fill(filling)
        _withhold(self.rows.get("interactions", ()), person)
        self.left = sum(fill.left for fill in self.fills.values())
        if self.has_changes:
            self.left += self._changes_left(is_first=is_older and not any(request.cursors.values()))

    def _begin(self, request: PullRequest, scopes: Sequence[str], filling: Filling) -> dict[str, int]:
        """Scopes that are new to the workstation, and those of which it missed marks that are dropped by now."""
        known = {fill.scope: fill for fill in request.fills or () if filling.is_known(fill)}
        lowest = floors(self._sql)
        begun: dict[str, int] = {}
        for scope in scopes:
            after = request.cursors.get(scope, -1)
            if lowest.get(scope, 0) <= after:
                if scope in known:
                    self.fills[scope] = known[scope]
                continue
            if after >= 0:
                self.resync.append(scope)
            self.fills[scope] = filling.begin(scope, self._top)
            begun[scope] = self._top
        return begun

    def _changed_tables(self, after: Mapping[str, int]) -> frozenset[str]:
        """Those that may have changes after these cursors: nearly always few of them, and the others need not be asked
        for each scope.
        """
        if not after:
            return frozenset()
        asked: tuple[Any, ...] = (sorted(after), min(after.values()))
        if self._sql.is_postgresql:
            found = self._sql.all(_CHANGED_POSTGRESQL, *asked * len(_WITH_REVISIONS))
        else:
            found = self._sql.all(_changed_sqlite(len(after)), *asked[0], asked[1])
        return frozenset(table for (table,) in found)

    def _take_changes(self, scope: str, after: int) -> None:
        self.cursors[scope] = after if self.has_changes else self._top
        if self.has_changes or after >= self._top:
            return
        for rev, table, row in self._changes(scope, after):
            if not table and (moved := self._moved(row)) is not None:
                table, row = row.table, moved  # noqa: PLW2901
            size = len(_encode(row))
            # A ticket and its messages leave by one revision, which no page may end within.
            is_full = self.room <= 0 or (self.room < self._limit and size > self._room_bytes)
            if is_full and rev > after:
                self.cursors[scope], self.room, self.has_changes = after, 0, True
                return
            after, self.room, self._room_bytes = rev, self.room - 1, self._room_bytes - size
            if table:
                self.rows.setdefault(table, []).append(row)
            else:
                self.gone.append(row)

    def _moved(self, gone: Gone) -> list[Any] | None:
        """A row that went from one of the person's scopes to another comes where it would be gone, as it is now: else
        it would be away until that scope's page. So does one that had grown old, when more is kept since.
        """
        if gone.table not in SYNCED:
            return None
        row = self._sql.load(gone.table, [gone.row_id]).get(gone.row_id)
        if row is None or row["scope"] not in self._scopes:
            return None
        within = within_sql(gone.table, self.cut_off_at, is_postgresql=self._sql.is_postgresql)
        if within and not self._sql.value(f"SELECT 1 FROM {gone.table} WHERE id = ? AND {within}", gone.row_id):
            return None
        return list(row.values())

    def _take_again(self, wanted: Mapping[str, Sequence[str]]) -> None:
        """As they are now. What is not there for this workstation is said to be gone from all of its scopes; of what
        the page has no room for nothing is said.
        """
        for table, ids in wanted.items():
            if table not in SYNCED:
                continue
            within = within_sql(table, self.cut_off_at, is_postgresql=self._sql.is_postgresql)
            found: dict[str, Any] = {}
            for start in range(0, len(ids), READ_ROWS):
                part = ids[start : start + READ_ROWS]
                columns = ",".join(_quoted(c) for c in COLUMNS[table])
                chosen = f"id IN ({','.join('?' * len(part))})" + (f" AND {within}" if within else "")
                found.update(
                    (row[0], row) for row in self._sql.all(f"SELECT {columns} FROM {table} WHERE {chosen}", *part)
                )
            at = COLUMNS[table].index("scope")
            for row_id in ids:
                row = found.get(row_id)
                if row is not None and row[at] in self._scopes:
                    if self.room > 0 and self._room_bytes > 0:
                        self.rows.setdefault(table, []).append(list(row))
                        self.room, self._room_bytes = self.room - 1, self._room_bytes - len(_encode(row))
                else:
                    self.gone += (Gone(scope, table, row_id, self._top) for scope in sorted(self._scopes))

    def _fill(self, filling: Filling) -> None:
        while self.room > 0 and self._room_bytes > 0 and self.fills:
            begun = in_order(list(self.fills.values()))[0]
            place = begun
            for table, rows, size, place in filling.take(begun, self.cursors[begun.scope], self.room, self._room_bytes):
                if rows:
                    self.rows.setdefault(table, []).extend(rows)
                self.room, self._room_bytes = self.room - len(rows), self._room_bytes - size
                if place.stage != begun.stage:
                    break  # another scope's may come before
            if not place.table:
                del self.fills[begun.scope]
            elif place == begun:
                return  # the next row is too big for what room is left
            else:
                self.fills[begun.scope] = place

    def _changes(self, scope: str, after: int) -> Iterator[tuple[int, str, Any]]:
        """The changes of one scope by rev: (rev, table, row), the table empty for a row that left, or that grew old
        since: a workstation may have it as it was before, when it was open. Read bit by bit, so that no more of big
        rows is in memory than a page takes.
        """
        changed = [self._changed_rows(table, scope, after) for table in self._questions if table in self._changed]
        if "gone" in self._changed:
            changed.append(self._gone(scope, after))
        return heapq.merge(*changed, key=lambda change: change[0])

    def _changed_rows(self, table: str, scope: str, after: int) -> Iterator[tuple[int, str, Any]]:
        at = COLUMNS[table].index("rev")
        while found := self._sql.all(self._questions[table], scope, after, READ_ROWS):
            for *row, is_kept in found:
                after = row[at]
                yield (after, table, row) if is_kept else (after, "", Gone(scope, table, row[0], after))
            if len(found) < READ_ROWS:
                return

    def _gone(self, scope: str, after: int) -> Iterator[tuple[int, str, Any]]:
        sql = "SELECT table_name, row_id, rev FROM gone WHERE scope=? AND rev>? ORDER BY rev LIMIT ?"
        return ((rev, "", Gone(scope, t, i, rev)) for t, i, rev in self._sql.all(sql, scope, after, PAGE + 1))

    def _changes_left(self, *, is_first: bool) -> int:
        """How many rows come after these cursors: counted for the first page of an older workstation, which it counts
        down from, and at most as many as there are revisions for any other.
        """
        if not is_first:
            return max(self.cursors.values()) - min(self.cursors.values())
        counts = [f"SELECT COUNT(*) FROM {table} WHERE scope=? AND rev>?" for table in (*SYNCED, "gone")]
        return sum(int(self._sql.value(count, *cursor)) for cursor in self.cursors.items() for count in counts)


_RECORDING, _AGENT, _SCOPE = (COLUMNS["interactions"].index(name) for name in ("recording", "agent_id", "scope"))


def _withhold(rows: Iterable[list[Any]], person: Person) -> None:
    """Where a recording is stays with those who may hear it. What is compared are revisions, so sums agree."""
    for row in rows:
        row[_RECORDING] = told(person, row[_RECORDING], row[_AGENT], row[_SCOPE])


_WITH_REVISIONS: Final = (*SYNCED, "gone")


def _changed_text(chosen: str) -> str:
    return " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table} WHERE {chosen})" for table in _WITH_REVISIONS
    )


_CHANGED_POSTGRESQL: Final = _changed_text("scope = ANY (?) AND rev > ?")


@lru_cache(maxsize=128)
def _changed_sqlite(count: int) -> str:
    marks = ",".join(f"?{number}" for number in range(1, count + 1))
    return _changed_text(f"scope IN ({marks}) AND rev > ?{count + 1}")


@lru_cache(maxsize=8)
def _questions(limit_at: int, *, is_postgresql: bool) -> dict[str, str]:
    found: dict[str, str] = {}
    for table, names in COLUMNS.items():
        within = within_sql(table, limit_at, is_postgresql=is_postgresql)
        is_kept = f"CASE WHEN {within} THEN 1 ELSE 0 END" if within else "1"
        columns = ",".join(_quoted(name) for name in names)
        found[table] = f"SELECT {columns}, {is_kept} FROM {table} WHERE scope=? AND rev>? ORDER BY rev LIMIT ?"
    return found


def _restored() -> Rejected:
    return Rejected(
        409,
        "restored",
        "The server was put back from a backup.",
        "Nothing here is lost; it is compared with what the server still has.",
    )


def _quoted(name: str) -> str:
    return f'"{name}"'
