"""Colleagues and teams as this person may see them: names for everything they did, and whom work can be given to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from csr_desktop.domain.errors import Refused
from csr_desktop.domain.permissions import SERVER, may_edit_clients, may_set_policies
from csr_desktop.store.queries import lists as queries

if TYPE_CHECKING:
    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.domain.permissions import Person
    from csr_desktop.sync.replica import Replica


class Colleague(msgspec.Struct, frozen=True):
    id: str
    name: str
    role: str
    is_me: bool
    team_ids: tuple[str, ...]


class _Known(msgspec.Struct, frozen=True):
    who: Person
    names: dict[str, str]
    members: tuple[Colleague, ...]
    """Everyone who is active and in a team, by name."""
    teams: dict[str, tuple[str, str]]


class People:
    """Reads users and teams once and again when they change."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._kept: _Known | None = None

    def changed(self, changes: ChangeSet) -> None:
        if changes.rights or changes.touches("users", "teams", "memberships"):
            self._kept = None

    def who(self) -> Person:
        """The signed-in person with their rights."""
        return self._known.who

    def me(self) -> Colleague:
        who = self._known.who
        return Colleague(who.id, who.name, who.role, is_me=True, team_ids=tuple(sorted(who.teams)))

    def can_write(self) -> bool:
        """Whether they do a team's work; managers and administrators read it."""
        return self._known.who.role in {"csr", "lead"}

    def can_edit_clients(self) -> bool:
        try:
            may_edit_clients(self._known.who)
        except Refused:
            return False
        return True

    def can_set_policies(self) -> bool:
        """Verification rules, scripts and the like."""
        try:
            may_set_policies(self._known.who)
        except Refused:
            return False
        return True

    def answers_for_policies(self) -> bool:
        """Whether they see the policies that others work by; a lead does, and changes none."""
        return self.is_lead() or self.can_set_policies()

    def is_lead(self) -> bool:
        return self._known.who.is_lead

    def name(self, user_id: str) -> str:
        """Also of people who left; '' for an unknown one."""
        return self._known.names.get(user_id, "")

    def by_extension(self, digits: str) -> str:
        """The name of the colleague who has this extension; '' for nobody, and for me."""
        name = queries.extensions(self._replica.sql).get(digits, "")
        return name if name != self._known.who.name else ""

    def colleagues(self) -> tuple[Colleague, ...]:
        """Whom work can be given to: active people of my teams, me first, then by name. A manager sees everyone's."""
        known = self._known
        seen = set(self.seen_teams())
        chosen = [c for c in known.members if seen.intersection(c.team_ids)]
        return tuple(sorted(chosen, key=lambda colleague: not colleague.is_me))

    def active(self) -> tuple[tuple[str, str], ...]:
        """Id and name of everyone who has not left, by name."""
        users = queries.users(self._replica.sql)
        return tuple((i, name) for i, name, _, is_active in users if is_active and i != SERVER)

    def leads(self, team_id: str = "") -> tuple[Colleague, ...]:
        """Whom a case of this team, or of any of mine, can be escalated to: the leads but me, else the managers."""
        leads = tuple(
            c for c in self.colleagues() if c.role == "lead" and not c.is_me and (not team_id or team_id in c.team_ids)
        )
        if leads:
            return leads
        users = queries.users(self._replica.sql)
        me = self._known.who.id
        return tuple(
            Colleague(i, name, role, is_me=False, team_ids=())
            for i, name, role, is_active in users
            if role == "manager" and is_active and i != me
        )

    def teams(self) -> tuple[tuple[str, str], ...]:
        """Id and name of the teams whose work I see, by name."""
        seen = set(self.seen_teams())
        return tuple((i, name) for i, (name, _) in self._known.teams.items() if i in seen)

    def team_name(self, team_id: str) -> str:
        return self._known.teams.get(team_id, ("", ""))[0]

    def team_calendar_id(self, team_id: str) -> str:
        return self._known.teams.get(team_id, ("", ""))[1]

    def seen_teams(self) -> tuple[str, ...]:
        """The teams whose work this person sees: their own, or for a manager all."""
        who = self._known.who
        if who.role == "manager":
            return tuple(sorted(team for team in self._known.teams if team in who.scopes))
        return tuple(sorted(who.teams))

    def home_team(self) -> str:
        """The team that new work belongs to unless another is named; '' for who has none."""
        teams = self.seen_teams() if self.can_write() else ()
        return teams[0] if teams else ""

    @property
    def _known(self) -> _Known:
        if self._kept is None:
            self._kept = self._read()
        return self._kept

    def _read(self) -> _Known:
        sql = self._replica.sql
        who = self._replica.who()
        team_ids: dict[str, list[str]] = {}
        for user_id, team_id in queries.memberships(sql):
            team_ids.setdefault(user_id, []).append(team_id)
        users = queries.users(sql)
        members = tuple(
            Colleague(i, name, role, is_me=i == who.id, team_ids=tuple(sorted(team_ids[i])))
            for i, name, role, is_active in users
            if is_active and i in team_ids
        )
        names = {i: name for i, name, _, _ in users}
        names.setdefault(who.id, who.name)
        return _Known(who, names, members, {i: (name, calendar) for i, name, calendar in queries.teams(sql)})
