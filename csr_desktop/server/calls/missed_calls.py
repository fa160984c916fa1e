"""Calls that nobody answered, logged by the server itself: once, for the team that they were for, and taken back when
it turns out that somebody had answered.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final, NamedTuple

from csr_desktop.commands.calls import LogInteraction, ReturnMissedCall
from csr_desktop.domain import phone
from csr_desktop.domain.phone import PhoneNumber
from csr_desktop.domain.phone_calls import TWIN_MS, PhoneCall, call_reference
from csr_desktop.domain.phone_events import agent_key
from csr_desktop.domain.text import clean_line
from csr_desktop.server.administration import Administration
from csr_desktop.server.calls.connections import Connection, active_connections
from csr_desktop.server.calls.kept_calls import KeptCall, KeptCalls, Key, agents_of
from csr_desktop.server.calls.recordings import Recordings
from csr_desktop.store.sql import Sql

_UNANSWERED: Final = frozenset({"missed", "abandoned", "voicemail", "busy"})
"""Who heard that all lines are busy waits for a call as well."""

_HOLDERS: Final = (
    "SELECT DISTINCT n.contact_id, n.client_id FROM phone_numbers n JOIN clients c ON c.id = n.client_id "
    "LEFT JOIN contacts p ON p.id = n.contact_id WHERE n.e164 = ? AND n.deleted = 0 AND c.deleted = 0 "
    "AND c.status <> 'closed' AND (n.contact_id = '' OR (p.deleted = 0 AND p.is_active = 1)) LIMIT 20"
)
_LOGGED_AS_THIS: Final = (
    "SELECT scope, agent_id FROM interactions WHERE call_reference = ? AND started_at <= ? AND deleted = 0"
)
_LOGGED_OTHERWISE: Final = (
    "SELECT id, scope, agent_id, result, call_reference, called_back_by_id FROM interactions WHERE number = ? "
    "AND started_at BETWEEN ? AND ? AND started_at <= ? AND direction = 'in' AND deleted = 0 "
    "AND call_reference NOT LIKE ? ORDER BY id"
)
"""By a workstation whose softphone told of it, or for another phone system that the call went through."""
_TOLD_OTHERWISE: Final = (
    "SELECT connection_id, call_key FROM phone_calls WHERE connection_id <> ? AND heard_at >= ? "
    "AND began_at BETWEEN ? AND ?"
)


class _Logged(NamedTuple):
    id: str
    scope: str
    agent_id: str
    result: str
    call_reference: str
    called_back_by_id: str

    @property
    def is_waiting(self) -> bool:
        return self.result in {"missed", "abandoned"} and not self.called_back_by_id


class MissedCalls:
    """Runs in the writer's transactions."""

    def __init__(
        self,
        sql: Sql,
        kept: KeptCalls,
        administration: Administration,
        clock: Callable[[], int],
        new_id: Callable[[], str],
    ) -> None:
        """`clock` gives milliseconds."""
        self._sql = sql
        self._clock = clock
        self._kept = kept
        self._administration = administration
        self._new_id = new_id
        self._recordings = Recordings(sql, administration)

    def settle(self, key: Key) -> bool:
        """Log or take back what a call that has ended asks for; whether anything was."""
        kept = self._kept.one(key, lock=True)
        if kept is None or kept.is_settled or not kept.call.ended_at:
            return False  # another process was here, or it goes on
        is_missed = _is_missed(kept.call)
        if is_missed and not kept.interaction_id:
            interaction_id, command_id = self._log(kept.call)
            self._kept.settled(key, interaction_id, command_id)
            self._recordings.name(kept.call)
            return bool(interaction_id)
        if is_missed and self._stays_as_another(kept):
            self._kept.settled(key)
            return True
        if kept.interaction_id and not is_missed and not self._returned_by(kept.interaction_id):
            self._administration.do(_taking_back(kept.interaction_id, kept.command_id))
            self._kept.settled(key)
            return True
        self._kept.settled(key, kept.interaction_id, kept.command_id)
        self._recordings.name(kept.call)
        return False

    def _returned_by(self, interaction_id: str) -> str | None:
        """Who called back, '' while it waits; None when it was deleted."""
        sql = "SELECT called_back_by_id FROM interactions WHERE id = ? AND deleted = 0"
        found = self._sql.one(sql, interaction_id)
        return str(found[0]) if found else None

    def _stays_as_another(self, kept: KeptCall) -> bool:
        """A workstation that was away brings what its softphone told of a call that was logged here meanwhile. Where
        this one waits still, it goes; where somebody called back, what comes late waits for nobody. Whether it went.
        """
        call = kept.call
        if not kept.interaction_id or call.recording:
            return False  # what the caller said is in this one
        returned_by = self._returned_by(kept.interaction_id)
        organisation = self._sql.one("SELECT home_region FROM organisations WHERE deleted = 0")
        number = phone.parse(call.number or phone.WITHHELD, organisation[0] if organisation else "US")
        others = self._twins(call, number, self._whose(call)[0])
        if returned_by is None or not others:
            return False
        if returned_by == "":
            self._administration.do(_taking_back(kept.interaction_id, kept.command_id))
            return True
        waiting = [other for other in others if other.is_waiting]
        self._administration.do(*(ReturnMissedCall(row_id=other.id, for_id=returned_by) for other in waiting))
        return False

    def _twins(self, call: PhoneCall, number: PhoneNumber, team_id: str) -> list[_Logged]:
        """What was logged of the same call, and not by this phone system: in the team whose call it is, or by those
        whose phones rang. Nobody else can say that it is none to call back.
        """
        if number.kind == phone.WITHHELD:
            return []
        near = (call.began_at - TWIN_MS, call.began_at + TWIN_MS)
        rows = self._sql.all(
            _LOGGED_OTHERWISE, phone.logged_number(number), *near, self._clock(), f"{call.connection} %"
        )
        agents = agents_of(call)
        return [_Logged(*row) for row in rows if row[1] == team_id or row[2] in agents]

    def _is_logged_as_this(self, call: PhoneCall, team_id: str) -> bool:
        agents = agents_of(call)
        rows = self._sql.all(_LOGGED_AS_THIS, call_reference(call), self._clock())
        return any(scope == team_id or agent_id in agents for scope, agent_id in rows)

    def _log(self, call: PhoneCall) -> tuple[str, str]:
        """Ids of the interaction and the command; '' when it stands in the log already, or no team is left for it."""
        organisation = self._sql.one("SELECT home_region, own_numbers FROM organisations WHERE deleted = 0")
        home_region, own = organisation or ("US", "[]")
        number = phone.parse(call.number or phone.WITHHELD, home_region)
        team_id, agent_id = self._whose(call)
        reference = call_reference(call)
        if (
            not team_id
            or self._is_logged_as_this(call, team_id)
            or self._twins(call, number, team_id)
            or self._is_answered_otherwise(call, home_region)
        ):
            return "", ""
        is_matchable = phone.is_matchable(number, frozenset(json.loads(own or "[]")))
        contact_id, client_id = self._who(number.e164) if is_matchable else ("", "")
        interaction_id = self._new_id()
        ids = self._administration.do(
            LogInteraction(
                row_id=interaction_id,
                scope=team_id,
                client_id=client_id,
                contact_id=contact_id,
                channel="voicemail" if call.outcome == "voicemail" else "phone",
                result="abandoned" if call.outcome == "abandoned" else "missed",
                number=phone.logged_number(number),
                extension=number.extension,
                started_at=call.began_at,
                ended_at=max(call.began_at, call.ended_at),
                note="" if contact_id or "name" in call.unfilled else clean_line(call.name, 120),
                for_id=agent_id,
                call_reference=reference,
                queue=call.queue,
            )
        )
        return interaction_id, ids[0]

    def _is_answered_otherwise(self, call: PhoneCall, home_region: str) -> bool:
        """Whether another phone system, through which the same call went, says that somebody answered."""
        near = (call.began_at - TWIN_MS, call.began_at + TWIN_MS)
        number = phone.parse(call.number, home_region).e164
        keys = self._sql.all(_TOLD_OTHERWISE, call.connection, near[0], *near) if number else []
        others = (self._kept.one((connection_id, key)) for connection_id, key in keys)
        return any(
            other is not None and other.call.had_answer and phone.parse(other.call.number, home_region).e164 == number
            for other in others
        )

    def _who(self, e164: str) -> tuple[str, str]:
        """Contact and client, as far as the number leaves no choice."""
        holders = self._sql.all(_HOLDERS, e164)
        if len(holders) == 1:
            return holders[0][0], holders[0][1]
        clients = {client_id for _, client_id in holders}
        return "", clients.pop() if len(clients) == 1 else ""

    def _whose(self, call: PhoneCall) -> tuple[str, str]:
        """The team, by the queue, by those whose phones rang, or the connection's; and whose call it was alone."""
        connection = next((one for one in active_connections(self._sql) if one.id == call.connection), None)
        if connection is None:
            return "", ""
        teams = self._teams()
        by_queue = connection.settings.queues.get(agent_key(call.queue), "") if call.queue else ""
        if by_queue in teams:
            return by_queue, ""
        agents = agents_of(call)
        theirs = {team for team, members in teams.items() if members & agents}
        if call.queue or len(theirs) != 1:
            return self._usual(connection, teams), ""
        team_id = theirs.pop()
        alone = next(iter(agents)) if len(agents) == len(call.legs) == 1 else ""
        return team_id, alone

    @staticmethod
    def _usual(connection: Connection, teams: dict[str, set[str]]) -> str:
        return connection.team_id if connection.team_id in teams else ""

    def _teams(self) -> dict[str, set[str]]:
        """People who work in each team."""
        teams: dict[str, set[str]] = {i: set() for (i,) in self._sql.all("SELECT id FROM teams WHERE deleted = 0")}
        members = (
            "SELECT m.team_id, m.user_id FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.deleted = 0 "
            "AND u.deleted = 0 AND u.is_active = 1 AND u.role IN ('csr', 'lead')"
        )
        for team_id, user_id in self._sql.all(members):
            if team_id in teams:
                teams[team_id].add(user_id)
        return teams


def _is_missed(call: PhoneCall) -> bool:
    """Of a call whose beginning was not seen nobody knows enough to call anybody back."""
    is_turned_away = call.cause == "blocked"
    return call.outcome in _UNANSWERED and call.direction in {"", "in"} and not call.is_unknown and not is_turned_away


def _taking_back(interaction_id: str, command_id: str) -> LogInteraction:
    """The rest of what it says is the first command's, as the server kept it."""
    return LogInteraction(row_id=interaction_id, scope="", started_at=0, ended_at=0, undoes=command_id, is_removal=True)
