"""Who may do what: the roles table. The same rules run on the desk and, for good, on the server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from csr_desktop.domain.errors import Refused

Role = Literal["csr", "lead", "manager", "administrator"]
ROLES: tuple[Role, ...] = ("csr", "lead", "manager", "administrator")

ORGANISATION = "org"
"""The scope of rows that everyone of the organisation may read. Other scopes are a team's id or a person's id."""


class Person(msgspec.Struct, frozen=True):
    """Who acts: rights as the server last said them. `teams` are those of which they are a member or lead."""

    id: str
    name: str
    role: Role
    teams: frozenset[str]
    scopes: frozenset[str]

    def reads(self, scope: str) -> bool:
        return scope in self.scopes

    @property
    def is_lead(self) -> bool:
        return self.role == "lead"


def scopes_of(person_id: str, role: Role, teams: frozenset[str], all_teams: frozenset[str]) -> frozenset[str]:
    """The scopes whose rows a person may read."""
    own = {ORGANISATION, person_id}
    if role == "manager":
        return frozenset(own | all_teams)
    if role == "administrator":
        return frozenset(own)
    return frozenset(own | teams)


def reads_through_profile(role: Role) -> bool:
    """Whether other teams' calls, tickets and follow-ups may be read by way of their client's profile."""
    return role != "administrator"


def scopes_through_profile(role: Role, all_teams: frozenset[str]) -> frozenset[str]:
    """The teams whose work may be read by way of its client's profile, one's own among them. What belongs to a person
    never is, nor is this a right to change anything.
    """
    return all_teams if reads_through_profile(role) else frozenset()


UNKNOWN = "unknown"


def unknown() -> Refused:
    """One answer for an id that does not exist and one that may not be seen."""
    return Refused(UNKNOWN, "This is not here, or not yours to see.")


def may_read(who: Person, row: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The row, deleted or not; raises Refused when the person may not know of it."""
    if row is None or not who.reads(row["scope"]):
        raise unknown()
    return row


def may_work_in(who: Person, scope: str) -> None:
    """Calls, tickets and follow-ups: a member of the team, or its lead."""
    if scope not in who.teams:
        if who.reads(scope):
            raise Refused(
                "read_only", "You can read this team's work, but not change it.", "Ask one of the team to do it."
            )
        raise unknown()


def may_edit_clients(who: Person) -> None:
    if who.role not in ROLES:
        raise Refused("read_only", "Your role can read clients, but not change them.")


def may_reassign(who: Person, scope: str, assignee_id: str, becomes_id: str) -> None:
    """A CSR takes what is free and gives away their own; a lead moves anything of their teams."""
    may_work_in(who, scope)
    if who.is_lead or assignee_id in {"", who.id} or becomes_id == assignee_id:
        return
    raise Refused("not_yours", "This belongs to a colleague.", "Their lead can reassign it.")


def may_administer(who: Person) -> None:
    if who.role != "administrator":
        raise Refused("not_allowed", "Only an administrator can change this.")


def may_set_policies(who: Person) -> None:
    if who.role != "manager":
        may_administer(who)


def may_lead(who: Person, scope: str) -> None:
    may_work_in(who, scope)
    if not who.is_lead:
        raise Refused("not_allowed", "Only the team's lead can do this.")
