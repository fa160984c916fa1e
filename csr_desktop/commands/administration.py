"""People, teams and the lists that a bureau works with. Administrators only, which the server itself is too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from csr_desktop.commands.command import AddRow, EditRow, RemoveRow
from csr_desktop.commands.work import Key, Row, Work
from csr_desktop.domain.errors import Refused
from csr_desktop.domain.permissions import ORGANISATION, ROLES, Person, may_administer


class _Add(AddRow, frozen=True, kw_only=True):
    def author(self, row: Row) -> str:
        return self.by

    def permit(self, who: Person, work: Work) -> None:
        may_administer(who)
        super().permit(who, work)

    def permit_add(self, who: Person, work: Work) -> None:
        may_administer(who)

    def values(self, work: Work) -> dict[str, Any]:
        fields = [f for f in self.__struct_fields__ if f not in _Add.__struct_fields__]
        return {"scope": ORGANISATION, **{f: getattr(self, f) for f in fields}}


class AddUser(_Add, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "users"
    name: str
    login: str
    role: str
    email: str = ""
    extension: str = ""

    def permit_add(self, who: Person, work: Work) -> None:
        if self.role not in ROLES or not self.login or not self.name:
            raise Refused("not_allowed", "A user needs a name, a sign-in name and one of the roles.")


class EditUser(EditRow, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "users"
    editable: ClassVar[frozenset[str]] = frozenset({"name", "email", "role", "extension", "is_active"})

    def permit_edit(self, who: Person, row: Row, work: Work) -> None:
        may_administer(who)

    def check(self, field: str, value: Any) -> None:
        if (field == "role" and value not in ROLES) or (field == "name" and not value):
            raise Refused("not_allowed", "A user needs a name and one of the roles.")


class AddTeam(_Add, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "teams"
    name: str
    calendar_id: str = ""


class AddMembership(_Add, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "memberships"
    user_id: str
    team_id: str

    def keys(self) -> Iterator[Key]:
        yield self.table, self.row_id
        yield "users", self.user_id
        yield "teams", self.team_id

    def permit_add(self, who: Person, work: Work) -> None:
        if work.get("users", self.user_id) is None or work.get("teams", self.team_id) is None:
            raise Refused("unknown", "There is no such person or team.")


class RemoveMembership(RemoveRow, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "memberships"

    def permit_remove(self, who: Person, row: Row) -> None:
        may_administer(who)


class AddOrganisation(_Add, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "organisations"
    name: str
    home_region: str = "US"
    time_zone: str = "America/New_York"
    own_numbers: str = "[]"


class AddCalendar(_Add, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "calendars"
    name: str
    body: str


class AddSlaPolicy(_Add, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "sla_policies"
    name: str
    calendar_id: str
    targets: str


class AddTopic(_Add, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "topics"
    name: str
    parent_id: str = ""
    position: int = 0


class AddDisposition(_Add, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "dispositions"
    name: str
    position: int = 0
    is_resolution: int = 0
