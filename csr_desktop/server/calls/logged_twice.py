"""Two workstations that knew nothing of each other logged one call: nobody is to call back twice for it."""

from __future__ import annotations

from typing import Final, NamedTuple

import structlog

from csr_desktop.commands.calls import JoinCalls, ReturnMissedCall
from csr_desktop.domain.errors import Refused
from csr_desktop.domain.phone import WITHHELD
from csr_desktop.domain.phone_calls import TWIN_MS
from csr_desktop.server.administration import Administration
from csr_desktop.store.sql import Sql

_LOOKED_UP_TO: Final = "calls_joined"
_MOST: Final = 500
"""How many rows are looked at in one transaction."""
_FIELDS: Final = (
    "id, rev, deleted, scope, agent_id, result, number, call_reference, started_at, ended_at, called_back_by_id, "
    "called_back_at, client_id, contact_id, ticket_id, topic_id, disposition_id, note, checked, recording"
)
_PHONED: Final = "direction = 'in' AND channel = 'phone'"
_CHANGED: Final = (
    f"SELECT {_FIELDS} FROM interactions WHERE scope IN (SELECT id FROM teams) AND rev > ? AND rev <= ? "
    f"AND {_PHONED} ORDER BY rev LIMIT {_MOST}"
)
_OF_NUMBER: Final = (
    f"SELECT {_FIELDS} FROM interactions WHERE number = ? AND started_at BETWEEN ? AND ? AND call_reference = '' "
    f"AND scope = ? AND id <> ? AND deleted = 0 AND {_PHONED} ORDER BY id"
)
_OF_REFERENCE: Final = (
    f"SELECT {_FIELDS} FROM interactions WHERE call_reference = ? AND scope = ? AND id <> ? AND deleted = 0 "
    f"AND {_PHONED} ORDER BY id"
)

_log = structlog.get_logger(__name__)


class _Row(NamedTuple):
    """Of what somebody may say of a call beyond that it was missed, the fields stand last."""

    id: str
    rev: int
    deleted: int
    scope: str
    agent_id: str
    result: str
    number: str
    call_reference: str
    started_at: int
    ended_at: int
    called_back_by_id: str
    called_back_at: int
    client_id: str
    contact_id: str
    ticket_id: str
    topic_id: str
    disposition_id: str
    note: str
    checked: str
    recording: str

    @property
    def is_unanswered(self) -> bool:
        return self.result in {"missed", "abandoned"}

    def adds_nothing_to(self, other: _Row) -> bool:
        at = self._fields.index("client_id")
        return all(mine in {"", others} for mine, others in zip(self[at:], other[at:], strict=True))


def begin_joining(sql: Sql) -> None:
    """What was logged by servers that joined no calls stays as it is. In a transaction, before anything is taken in."""
    sql.do(
        "INSERT INTO counters (id, value) SELECT ?, value FROM counters WHERE id = 'rev' ON CONFLICT DO NOTHING",
        _LOOKED_UP_TO,
    )


class LoggedTwice:
    """Asked a moment after what it looks at was stored: by then a workstation's other words of a call have come too."""

    def __init__(self, sql: Sql, administration: Administration) -> None:
        self._sql = sql
        self._administration = administration

    def is_due(self) -> bool:
        """Whether anything changed since it was looked at last."""
        counters = dict(self._sql.all("SELECT id, value FROM counters WHERE id IN ('rev', ?)", _LOOKED_UP_TO))
        return counters.get(_LOOKED_UP_TO) != counters.get("rev")

    def join(self) -> int:
        """Of the calls that changed, one that nobody answered goes where another row of the same team says all that it
        says, be that one missed or answered; who called back for either did for both. How many were looked at.
        """
        with self._sql.transaction():
            lock = " FOR UPDATE" if self._sql.is_postgresql else ""
            mark = int(self._sql.value(f"SELECT value FROM counters WHERE id = ?{lock}", _LOOKED_UP_TO))
            top = int(self._sql.value("SELECT value FROM counters WHERE id = 'rev'"))
            rows = [_Row(*row) for row in self._sql.all(_CHANGED, mark, top)]
            for row in rows:
                self._look_at(row)
            looked_up_to = rows[-1].rev if len(rows) == _MOST else top
            self._sql.do("UPDATE counters SET value = ? WHERE id = ?", looked_up_to, _LOOKED_UP_TO)
        return len(rows)

    def _look_at(self, changed: _Row) -> None:
        others = [other for other in self._same(changed) if changed.is_unanswered or other.is_unanswered]
        for other in others:
            row, other = (self._now(one) for one in (changed, other))  # noqa: PLW2901  # a pair may have changed it
            if other.deleted or (row.deleted and not row.called_back_by_id):
                continue
            gone = () if row.deleted else _gone(row, other)
            commands = [*_returned(row, other), *_returned(other, row), *gone]
            try:
                if commands:
                    self._administration.do(*commands)
            except Refused as refusal:  # one pair must not keep the others from it
                _log.error("calls_not_joined", code=refusal.code)

    def _now(self, row: _Row) -> _Row:
        return _Row(*self._sql.all(f"SELECT {_FIELDS} FROM interactions WHERE id = ?", row.id)[0])

    def _same(self, row: _Row) -> list[_Row]:
        """Other rows of this call. A phone system's reference names it; where only softphones told of it, it is what
        two people heard of one number at one time.
        """
        if row.call_reference:
            return [_Row(*one) for one in self._sql.all(_OF_REFERENCE, row.call_reference, row.scope, row.id)]
        if row.number in {"", WITHHELD}:
            return []
        near = (row.started_at - TWIN_MS, row.started_at + TWIN_MS)
        found = [_Row(*one) for one in self._sql.all(_OF_NUMBER, row.number, *near, row.scope, row.id)]
        return [one for one in found if one.agent_id != row.agent_id and _are_at_one_time(row, one)]


def _are_at_one_time(row: _Row, other: _Row) -> bool:
    """What ended before the other began is the same only where nobody answered it, as phones ring in turn."""
    first, then = sorted((row, other), key=lambda one: one.started_at)
    return first.is_unanswered or then.started_at <= first.ended_at


def _returned(row: _Row, other: _Row) -> list[ReturnMissedCall]:
    """That nobody needs to call back for this one, as somebody spoke to the caller by way of the other."""
    if not row.is_unanswered or row.called_back_by_id or row.deleted:
        return []
    by_id, at = (
        (other.called_back_by_id, other.called_back_at) if other.is_unanswered else (other.agent_id, other.started_at)
    )
    return [ReturnMissedCall(row_id=row.id, for_id=by_id, at=at)] if by_id else []


def _gone(row: _Row, other: _Row) -> list[JoinCalls]:
    """Of two that say the same, the one that came later."""
    later, earlier = (row, other) if row.id > other.id else (other, row)
    for one, rest in ((later, earlier), (earlier, later)):
        if one.is_unanswered and one.adds_nothing_to(rest):
            return [JoinCalls(row_id=one.id)]
    return []
