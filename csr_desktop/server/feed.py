"""Rows after a cursor: what a desk pulls. All scopes of the person as of now, over all tables, from one snapshot."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from csr_desktop.domain.permissions import ORGANISATION
from csr_desktop.protocol import MAX_BODY_BYTES, PAGE, Answer, Gone, PullReply, PullRequest, Rights
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.problems import Rejected
from csr_desktop.server.sessions import revoked, unknown_device
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS, SYNCED

PAGE_BYTES: Final = MAX_BODY_BYTES
"""Of a page's rows as they are encoded; a single row that is bigger goes alone."""
READ_ROWS: Final = 100
"""How many rows of a table are read at once."""

_encode = msgspec.msgpack.Encoder().encode


class Feed:
    """`epoch` changes when the server was restored from a backup."""

    def __init__(self, sql: Sql, ledger: Ledger, clock: Callable[[], int], epoch: str) -> None:
        self._sql = sql
        self._ledger = ledger
        self._clock = clock
        self._epoch = epoch
        self._questions = {
            table: f"SELECT {','.join(_quoted(c) for c in COLUMNS[table])} FROM {table} "
            "WHERE scope=? AND rev>? ORDER BY rev LIMIT ?"
            for table in SYNCED
        }

    def pull(self, device_id: str, user_id: str, request: PullRequest) -> PullReply:
        """A page. Raises Refused when the account is closed meanwhile, Rejected when the workstation is revoked (401),
        or knows of more than this server, which then was put back from a backup (409, `restored`).
        """
        limit = max(1, min(request.limit, PAGE))
        with self._sql.snapshot():
            person = self._ledger.person(user_id)
            self._sql.sees(person.scopes)
            device = self._sql.one("SELECT seq, revoked_at, user_id FROM devices WHERE id = ?", device_id)
            if device is None or device[2] != user_id:
                raise unknown_device()
            if device[1]:
                raise revoked()
            top = int(self._sql.value("SELECT value FROM counters WHERE id = 'rev'") or 0)
            knows_more = request.answered > device[0] or max(request.cursors.values(), default=0) > top
            if knows_more or request.epoch not in {"", self._epoch}:
                raise _restored()
            rows: dict[str, list[list[Any]]] = {}
            gone: list[Gone] = []
            cursors: dict[str, int] = {}
            room, room_bytes, more = limit, PAGE_BYTES, False
            # The directory first: work names clients and people, and a new desk shows it while more comes.
            for scope in sorted(person.scopes, key=lambda scope: (scope != ORGANISATION, scope)):
                sent = request.cursors.get(scope, 0)
                cursors[scope] = sent if more else top
                if more:
                    continue
                for rev, table, row in self._changes(scope, sent) if sent < top else ():
                    size = len(_encode(row))
                    if room == 0 or (room < limit and size > room_bytes):
                        cursors[scope], room, more = sent, 0, True
                        break
                    sent, room, room_bytes = rev, room - 1, room_bytes - size
                    if table:
                        rows.setdefault(table, []).append(row)
                    else:
                        gone.append(row)
            answers = [] if more else self._answers(device_id, request.answered)
            seq = -1 if more else int(device[0])
            left = self._left(cursors, is_first=not any(request.cursors.values())) if more else 0
        return PullReply(
            asked=request.asked,
            epoch=self._epoch,
            now=self._clock(),
            rights=Rights(person.id, person.name, person.role, sorted(person.teams), sorted(person.scopes)),
            columns={table: list(COLUMNS[table]) for table in rows},
            rows=rows,
            gone=gone,
            cursors=cursors,
            more=more,
            seq=seq,
            answers=answers,
            left=left,
        )

    def _changes(self, scope: str, after: int) -> Iterator[tuple[int, str, Any]]:
        """The changes of one scope by rev: (rev, table, row), the table empty for a row that left. Read bit by bit, so
        that no more of big rows is in memory than a page takes.
        """
        tables = [self._rows(table, scope, after) for table in self._questions]
        return heapq.merge(*tables, self._gone(scope, after), key=lambda change: change[0])

    def _rows(self, table: str, scope: str, after: int) -> Iterator[tuple[int, str, Any]]:
        at = COLUMNS[table].index("rev")
        while found := self._sql.all(self._questions[table], scope, after, READ_ROWS):
            for row in found:
                after = row[at]
                yield after, table, list(row)
            if len(found) < READ_ROWS:
                return

    def _gone(self, scope: str, after: int) -> Iterator[tuple[int, str, Any]]:
        sql = "SELECT table_name, row_id, rev FROM gone WHERE scope=? AND rev>? ORDER BY rev LIMIT ?"
        return ((rev, "", Gone(scope, t, i, rev)) for t, i, rev in self._sql.all(sql, scope, after, PAGE + 1))

    def _left(self, cursors: Mapping[str, int], *, is_first: bool) -> int:
        """How many rows come after these cursors: counted for the first page, which the desk counts down from, and at
        most as many as there are revisions for a later one.
        """
        if not is_first:
            return max(cursors.values()) - min(cursors.values())
        counts = [f"SELECT COUNT(*) FROM {table} WHERE scope=? AND rev>?" for table in (*SYNCED, "gone")]
        return sum(int(self._sql.value(count, *cursor)) for cursor in cursors.items() for count in counts)

    def _answers(self, device_id: str, after: int) -> list[Answer]:
        sql = "SELECT seq, id, status, code, reason FROM log WHERE device_id=? AND seq>? ORDER BY seq"
        return [Answer(seq, i.partition("/")[0], *rest) for seq, i, *rest in self._sql.all(sql, device_id, after)]


def _restored() -> Rejected:
    return Rejected(
        409,
        "restored",
        "The server was put back from a backup.",
        "Nothing here is lost; it is compared with what the server still has.",
    )


def _quoted(name: str) -> str:
    return f'"{name}"'
