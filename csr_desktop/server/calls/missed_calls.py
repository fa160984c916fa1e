"""Calls that nobody answered, logged by the server itself: once, for the team that they were for, and taken back when
it turns out that somebody had answered.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from csr_desktop.commands.calls import LogInteraction
from csr_desktop.domain import phone
from csr_desktop.domain.phone_calls import PhoneCall, call_reference
from csr_desktop.domain.phone_events import agent_key
from csr_desktop.domain.text import clean_line
from csr_desktop.server.administration import Administration
from csr_desktop.server.calls.connections import Connection, active_connections
from csr_desktop.server.calls.kept_calls import KeptCalls, Key, agents_of
from csr_desktop.server.calls.recordings import Recordings
from csr_desktop.store.sql import Sql

SETTLED_MS: Final = 2_000
"""So long after its end a call is looked at: what was said before may come a little later."""
_SAME_MS: Final = 10_000
"""Calls of the same number that are told of so near in time, and not by one phone system, are one."""
_UNANSWERED: Final = frozenset({"missed", "abandoned", "voicemail", "busy"})
"""Who heard that all lines are busy waits for a call as well."""

_HOLDERS: Final = (
    "SELECT DISTINCT n.contact_id, n.client_id FROM phone_numbers n JOIN clients c ON c.id = n.client_id "
    "LEFT JOIN contacts p ON p.id = n.contact_id WHERE n.e164 = ? AND n.deleted = 0 AND c.deleted = 0 "
    "AND c.status <> 'closed' AND (n.contact_id = '' OR (p.deleted = 0 AND p.is_active = 1)) LIMIT 20"
)
_LOGGED_AS_THIS: Final = "SELECT 1 FROM interactions WHERE call_reference = ? AND deleted = 0 LIMIT 1"
_LOGGED_OTHERWISE: Final = (
    "SELECT 1 FROM interactions WHERE number = ? AND started_at BETWEEN ? AND ? AND direction = 'in' AND deleted = 0 "
    "AND call_reference NOT LIKE ? LIMIT 1"
)
"""By a workstation whose softphone told of it, or for another phone system that the call went through."""
_TOLD_OTHERWISE: Final = (
    "SELECT connection_id, call_key FROM phone_calls WHERE connection_id <> ? AND heard_at >= ? "
    "AND began_at BETWEEN ? AND ?"
)


class MissedCalls:
    """Runs in the writer's transactions."""

    def __init__(
        self,
        sql: Sql,
        kept: KeptCalls,
        administration: Administration,
        new_id: Callable[[], str],
    ) -> None:
        self._sql = sql
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
        if kept.interaction_id and not is_missed and self._is_waiting(kept.interaction_id):
            self._administration.do(_taking_back(kept.interaction_id, kept.command_id))
            self._kept.settled(key)
            return True
        self._kept.settled(key, kept.interaction_id, kept.command_id)
        self._recordings.name(kept.call)
        return False

    def _is_waiting(self, interaction_id: str) -> bool:
        sql = "SELECT 1 FROM interactions WHERE id = ? AND deleted = 0 AND called_back_at = 0"
        return bool(self._sql.value(sql, interaction_id))

    def _log(self, call: PhoneCall) -> tuple[str, str]:
        """Ids of the interaction and the command; '' when it stands in the log already, or no team is left for it."""
        organisation = self._sql.one("SELECT home_region, own_numbers FROM organisations WHERE deleted = 0")
        home_region, own = organisation or ("US", "[]")
        number = phone.parse(call.number or phone.WITHHELD, home_region)
        shown = number.e164 or number.raw
        near = (call.began_at - _SAME_MS, call.began_at + _SAME_MS)
        team_id, agent_id = self._whose(call)
        reference = call_reference(call)
        if (
            not team_id
            or self._sql.value(_LOGGED_AS_THIS, reference)
            or self._sql.value(_LOGGED_OTHERWISE, shown, *near, f"{call.connection} %")
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
                number=shown,
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
        near = (call.began_at - _SAME_MS, call.began_at + _SAME_MS)
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
