"""Rows after a cursor: what a desk pulls. All scopes of the person as of now, over all tables, from one snapshot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from csr_desktop.domain.permissions import ORGANISATION
from csr_desktop.protocol import PAGE, Answer, Gone, PullReply, PullRequest, Rights
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.sessions import revoked, unknown_device
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS, SYNCED


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
        """A page. Raises Refused when the account is closed meanwhile, Rejected (401) when the workstation is revoked."""
        limit = max(1, min(request.limit, PAGE))
        with self._sql.snapshot():
            person = self._ledger.person(user_id)
            device = self._sql.one("SELECT seq, revoked_at, user_id FROM devices WHERE id = ?", device_id)
            if device is None or device[2] != user_id:
                raise unknown_device()
            if device[1]:
                raise revoked()
            top = int(self._sql.value("SELECT value FROM counters WHERE id = 'rev'") or 0)
            rows: dict[str, list[list[Any]]] = {}
            gone: list[Gone] = []
            cursors: dict[str, int] = {}
            room, left = limit, 0
            # The directory first: work names clients and people, and a new desk shows it while more comes.
            for scope in sorted(person.scopes, key=lambda scope: (scope != ORGANISATION, scope)):
                after = request.cursors.get(scope, 0)
                if after >= top:
                    cursors[scope] = max(after, top) if after == top else top
                    continue
                found = self._of_scope(scope, after, room + 1) if room else []
                if room == 0 and not self._has_more(scope, after):
                    cursors[scope] = top
                    continue
                if room == 0 or len(found) > room:
                    found = found[:room]
                    left += 1
                    cursors[scope] = found[-1][0] if found else after
                else:
                    cursors[scope] = top
                room -= len(found)
                for _, table, row in found:
                    if table:
                        rows.setdefault(table, []).append(row)
                    else:
                        gone.append(row)
            more = left > 0
            answers = [] if more else self._answers(device_id, request.answered)
            seq = -1 if more else int(device[0])
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
            left=max(0, top - max(cursors.values(), default=0)) if more else 0,
        )

    def _of_scope(self, scope: str, after: int, limit: int) -> list[tuple[int, str, Any]]:
        """At most `limit` changes of one scope by rev: (rev, table, row), the table empty for a row that left."""
        found: list[tuple[int, str, Any]] = []
        for table, question in self._questions.items():
            at = COLUMNS[table].index("rev")
            found += [(row[at], table, list(row)) for row in self._sql.all(question, scope, after, limit)]
        sql = "SELECT table_name, row_id, rev FROM gone WHERE scope=? AND rev>? ORDER BY rev LIMIT ?"
        found += [(rev, "", Gone(scope, t, i, rev)) for t, i, rev in self._sql.all(sql, scope, after, limit)]
        found.sort(key=lambda change: change[0])
        return found[:limit]

    def _has_more(self, scope: str, after: int) -> bool:
        return bool(self._of_scope(scope, after, 1))

    def _answers(self, device_id: str, after: int) -> list[Answer]:
        sql = "SELECT seq, id, status, code, reason FROM log WHERE device_id=? AND seq>? ORDER BY seq"
        return [Answer(seq, i.partition("/")[0], *rest) for seq, i, *rest in self._sql.all(sql, device_id, after)]


def _quoted(name: str) -> str:
    return f'"{name}"'
