"""People, teams and the lists that a bureau works with. Administrators only, which the server itself is too, but for
policies, which are the managers' too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, ClassVar, Final

import msgspec

from csr_desktop.commands.command import AddRow, EditRow, RemoveRow, references
from csr_desktop.commands.verifications import placed_rule
from csr_desktop.commands.work import Key, Row, Work
from csr_desktop.domain import business_calendar, call_scripts, sla_policy
from csr_desktop.domain.caller_verification import REQUEST_KINDS, problem_of
from csr_desktop.domain.errors import Refused
from csr_desktop.domain.permissions import ORGANISATION, ROLES, Person, may_administer, may_set_policies
from csr_desktop.domain.text import login_key

_RULE_FIELDS: Final = frozenset(
    {"factors", "required_count", "is_call_back_needed", "is_second_approver_needed", "holds_seconds"}
)
LEAST_WRAP_UP: Final = 15
MOST_WRAP_UP: Final = 3600


class _Add(AddRow, frozen=True, kw_only=True):
    def author(self, row: Row) -> str:
        return self.by

    def permit(self, who: Person, work: Work) -> None:
        self.permit_setting(who)
        super().permit(who, work)

    def permit_setting(self, who: Person) -> None:
        may_administer(who)

    def permit_add(self, who: Person, work: Work) -> None:
        references(who, work, self, self.table)
        self.check(work)

    def check(self, work: Work) -> None:
        """Raise Refused for values that the row cannot have."""

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

    def permit(self, who: Person, work: Work) -> None:
        super().permit(who, work)
        row = work.get(self.table, self.row_id)
        if row is not None and self.is_removal:
            _keep_an_administrator(work, row)

    def check(self, work: Work) -> None:
        login = login_key(self.login)
        if self.role not in ROLES or not login or not self.name.strip():
            raise Refused("not_allowed", "A user needs a name, a sign-in name and one of the roles.")
        if any(row["id"] != self.row_id for row in work.find("users", "login", login)):
            raise Refused("login_taken", f"The sign-in name {login!r} is taken.", "Take another.")

    def values(self, work: Work) -> dict[str, Any]:
        return {**super().values(work), "login": login_key(self.login)}


class EditUser(EditRow, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "users"
    editable: ClassVar[frozenset[str]] = frozenset({"name", "email", "role", "extension", "is_active"})

    def permit_edit(self, who: Person, row: Row, work: Work) -> None:
        may_administer(who)
        after = {**row, **{field: becomes for field, (_, becomes) in self.changes.items()}}
        if after["role"] != "administrator" or not after["is_active"]:
            _keep_an_administrator(work, row)

    def check(self, field: str, value: Any) -> None:
        if (field == "role" and value not in ROLES) or (field == "name" and not value):
            raise Refused("not_allowed", "A user needs a name and one of the roles.")


def _keep_an_administrator(work: Work, row: Row) -> None:
    """Raises Refused when this person stops being one and nobody who can sign in would be left."""
    others = (u for u in work.find("users", "role", "administrator") if u["id"] != row["id"] and u["login"])
    is_one = row["role"] == "administrator" and row["is_active"] and not row["deleted"]
    if is_one and not any(other["is_active"] and not other["deleted"] for other in others):
        raise Refused("last_administrator", "This is the last administrator.", "Add another one first.")


class AddTeam(_Add, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "teams"
    name: str
    calendar_id: str = ""

    def keys(self) -> Iterator[Key]:
        yield self.table, self.row_id
        yield "calendars", self.calendar_id

    def check(self, work: Work) -> None:
        _check_name(self.name)


class AddMembership(_Add, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "memberships"
    user_id: str
    team_id: str

    def keys(self) -> Iterator[Key]:
        yield self.table, self.row_id
        yield "users", self.user_id
        yield "teams", self.team_id

    def check(self, work: Work) -> None:
        if work.get("users", self.user_id) is None or work.get("teams", self.team_id) is None:
            raise Refused("unknown", "There is no such person or team.")


class RemoveMembership(RemoveRow, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "memberships"

    def permit_remove(self, who: Person, row: Row) -> None:
        may_administer(who)


class AddOrganisation(_Add, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "organisations"
    structured: ClassVar[frozenset[str]] = frozenset({"own_numbers"})
    name: str
    home_region: str = "US"
    time_zone: str = "America/New_York"
    own_numbers: str = "[]"

    def check(self, work: Work) -> None:
        _check_name(self.name)
        try:
            business_calendar.shipped_zone(self.time_zone)
        except ValueError as fault:
            raise Refused("bad_time_zone", str(fault)) from None
        try:
            msgspec.json.decode(self.own_numbers, type=list[str])
        except (msgspec.MsgspecError, UnicodeError):
            raise Refused("not_allowed", "The organization's own numbers cannot be read.") from None


class EditOrganisation(EditRow, frozen=True, kw_only=True, tag=True):
    """How long a wrap-up may take, which is a policy."""

    table: ClassVar[str] = "organisations"
    editable: ClassVar[frozenset[str]] = frozenset({"wrap_up_limit_seconds", "wrap_up_disposition_id"})

    def keys(self) -> Iterator[Key]:
        yield self.table, self.row_id
        if "wrap_up_disposition_id" in self.changes:
            yield "dispositions", str(self.changes["wrap_up_disposition_id"][1])

    def permit_edit(self, who: Person, row: Row, work: Work) -> None:
        may_set_policies(who)
        if not self.undoes:
            references(who, work, self, self.table)

    def check(self, field: str, value: Any) -> None:
        if field == "wrap_up_limit_seconds" and value and not LEAST_WRAP_UP <= value <= MOST_WRAP_UP:
            raise Refused(
                "not_allowed",
                f"A wrap-up can be limited to between {LEAST_WRAP_UP} seconds and an hour; 0 is no limit.",
            )


class AddCalendar(_Add, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "calendars"
    structured: ClassVar[frozenset[str]] = frozenset({"body"})
    name: str
    body: str

    def check(self, work: Work) -> None:
        _check_name(self.name)
        try:
            # This computer may have zones that a desk has not, and a desk that cannot read it could not count hours.
            business_calendar.shipped_zone(business_calendar.decode(self.body).time_zone)
        except ValueError as fault:
            raise Refused("bad_calendar", str(fault)) from None


class AddSlaPolicy(_Add, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "sla_policies"
    structured: ClassVar[frozenset[str]] = frozenset({"targets"})
    name: str
    calendar_id: str
    targets: str

    def keys(self) -> Iterator[Key]:
        yield self.table, self.row_id
        yield "calendars", self.calendar_id

    def permit_setting(self, who: Person) -> None:
        may_set_policies(who)

    def check(self, work: Work) -> None:
        _check_name(self.name)
        if not self.calendar_id:
            raise Refused("bad_sla_policy", "Reply targets need a business calendar.")
        try:
            sla_policy.decode(self.targets)
        except ValueError as fault:
            raise Refused("bad_sla_policy", str(fault)) from None


class AddVerificationRule(_Add, frozen=True, kw_only=True, tag=True):
    """What a caller must show; see domain.caller_verification. For each client, topic and kind of request one."""

    table: ClassVar[str] = "verification_rules"
    structured: ClassVar[frozenset[str]] = frozenset({"factors"})
    factors: str
    required_count: int
    client_id: str = ""
    topic_id: str = ""
    request_kind: str = ""
    is_call_back_needed: int = 0
    is_second_approver_needed: int = 0
    holds_seconds: int = 3600

    def keys(self) -> Iterator[Key]:
        yield self.table, self.row_id
        yield "clients", self.client_id
        yield "topics", self.topic_id

    def permit_setting(self, who: Person) -> None:
        may_set_policies(who)

    def check(self, work: Work) -> None:
        place = {f: getattr(self, f) for f in ("client_id", "topic_id", "request_kind")}
        others = work.find(self.table, "scope", ORGANISATION)
        if any(not row["deleted"] and place.items() <= row.items() for row in others if row["id"] != self.row_id):
            raise Refused("exists", "There is a rule for this already.", "Change that one.")
        if self.request_kind not in REQUEST_KINDS or (self.topic_id and self.request_kind):
            raise Refused("not_allowed", "A rule is for a topic, or for a kind of request, or for all.")
        _check_rule({**place, **{f: getattr(self, f) for f in _RULE_FIELDS}, "id": self.row_id})


class EditVerificationRule(EditRow, frozen=True, kw_only=True, tag=True):
    """What is shown and passed later is judged by it as it is then; what waits for being released, too."""

    table: ClassVar[str] = "verification_rules"
    structured: ClassVar[frozenset[str]] = frozenset({"factors"})
    editable: ClassVar[frozenset[str]] = _RULE_FIELDS

    def permit_edit(self, who: Person, row: Row, work: Work) -> None:
        may_set_policies(who)
        _check_rule({**row, **{field: becomes for field, (_, becomes) in self.changes.items()}})


class RemoveVerificationRule(RemoveRow, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "verification_rules"

    def permit_remove(self, who: Person, row: Row) -> None:
        may_set_policies(who)


def _check_rule(row: Row) -> None:
    if problem := problem_of(placed_rule(row).rule):
        raise Refused("bad_rule", problem)


class AddTopic(_Add, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "topics"
    name: str
    parent_id: str = ""
    position: int = 0

    def keys(self) -> Iterator[Key]:
        yield self.table, self.row_id
        yield self.table, self.parent_id

    def check(self, work: Work) -> None:
        _check_name(self.name)
        if self.parent_id and (self.parent_id == self.row_id or work.get(self.table, self.parent_id) is None):
            raise Refused("unknown", "There is no such topic to put it under.")


class AddDisposition(_Add, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "dispositions"
    name: str
    position: int = 0
    is_resolution: int = 0

    def check(self, work: Work) -> None:
        _check_name(self.name)


class AddScript(_Add, frozen=True, kw_only=True, tag=True):
    """What to say or go through on calls about a topic."""

    table: ClassVar[str] = "scripts"
    structured: ClassVar[frozenset[str]] = frozenset({"steps"})
    topic_id: str
    title: str
    script_kind: str = "checklist"
    steps: str
    reviewed_on: str = ""
    owner_id: str = ""

    def keys(self) -> Iterator[Key]:
        yield self.table, self.row_id
        yield "topics", self.topic_id
        yield "users", self.owner_id

    def permit_setting(self, who: Person) -> None:
        may_set_policies(who)

    def check(self, work: Work) -> None:
        if work.get("topics", self.topic_id) is None:
            raise Refused("unknown", "There is no such topic.")
        for field, value in self._row_values().items():
            check_script(field, value)

    def values(self, work: Work) -> dict[str, Any]:
        return {"scope": ORGANISATION, "topic_id": self.topic_id, **self._row_values()}

    def _row_values(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "kind": self.script_kind,
            "steps": self.steps,
            "reviewed_on": self.reviewed_on,
            "owner_id": self.owner_id,
        }


class EditScript(EditRow, frozen=True, kw_only=True, tag=True):
    table: ClassVar[str] = "scripts"
    structured: ClassVar[frozenset[str]] = frozenset({"steps"})
    editable: ClassVar[frozenset[str]] = frozenset(
        {"topic_id", "title", "kind", "steps", "reviewed_on", "owner_id", "is_active"}
    )

    def keys(self) -> Iterator[Key]:
        yield self.table, self.row_id
        for field, table in (("topic_id", "topics"), ("owner_id", "users")):
            if field in self.changes:
                yield table, str(self.changes[field][1])

    def permit_edit(self, who: Person, row: Row, work: Work) -> None:
        may_set_policies(who)
        if not self.undoes:
            references(who, work, self, self.table)

    def check(self, field: str, value: Any) -> None:
        check_script(field, value)


def check_script(field: str, value: Any) -> None:
    """Raises Refused for a value that a script cannot have."""
    if field in {"title", "topic_id"} and not value.strip():
        raise Refused("not_allowed", "A script needs a title and a topic.")
    if field == "kind" and value not in call_scripts.KINDS:
        raise Refused("not_allowed", "It is either a script or a checklist.")
    if field == "steps":
        try:
            is_empty = not call_scripts.read_steps(value)
        except ValueError as fault:
            raise Refused("not_allowed", str(fault)) from None
        if is_empty:
            raise Refused("not_allowed", "A script needs at least one step.")
    if field == "reviewed_on" and value:
        try:
            is_day = dt.date.fromisoformat(value).isoformat() == value
        except ValueError:
            is_day = False
        if not is_day:
            raise Refused("not_allowed", "Write the day of the review as 2026-05-04.")


def _check_name(name: str) -> None:
    if not name.strip():
        raise Refused("not_allowed", "It needs a name.")
