"""What a lead asks about private numbers in their teams' texts: how many, never which."""

from __future__ import annotations

from csr_desktop.domain.errors import Refused
from csr_desktop.protocol import PRIVATE_COUNTS, PrivateCountsReply, PrivateCountsRequest
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.private_counts import private_counts
from csr_desktop.store.sql import Sql


class LeadsCounts:
    """What a lead is told of the people who work in their teams now."""

    def __init__(self, sql: Sql, ledger: Ledger) -> None:
        self._sql = sql
        self._ledger = ledger

    def counts(self, user_id: str, request: PrivateCountsRequest) -> PrivateCountsReply:
        """Raises Refused for whoever is no lead."""
        with self._sql.snapshot():
            person = self._ledger.person(user_id)
            if not person.is_lead:
                raise Refused("not_allowed", "Only the lead of a team is told this.")
            self._sql.sees(person.scopes)
            teams = sorted(person.teams)
            marks = ",".join("?" * len(teams))
            members = f"SELECT DISTINCT user_id FROM memberships WHERE deleted = 0 AND team_id IN ({marks})"
            users = [i for (i,) in self._sql.all(members, *teams)] if teams else []
            found = private_counts(self._sql, request.from_day, request.to_day, users) if users else []
        return PrivateCountsReply(found[-PRIVATE_COUNTS:])
