"""The bureau itself: its lists, calendars, teams and people."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from random import Random
from typing import Final

import msgspec
from argon2 import PasswordHasher

from csr_desktop.domain import business_calendar
from csr_desktop.domain.business_calendar import BusinessCalendar
from csr_desktop.domain.ids import id_source
from csr_desktop.domain.permissions import ORGANISATION
from csr_desktop.server.administration import Administration
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.made_up.names import CITIES, people_names
from csr_desktop.server.made_up.rows import Filling, RowShape, fast_ids
from csr_desktop.server.made_up.wording import topic_words
from csr_desktop.store.sql import Sql

TIME_ZONE: Final = "America/New_York"
NAME: Final = "Demo Bureau"
OWN_NUMBERS: Final = ("(212) 555-0100", "(212) 555-0101")
PASSWORD: Final = "made up demo"  # noqa: S105  # opens made-up data alone
_AROUND_THE_CLOCK: Final = "Around the clock"
_TEAM_NAMES: Final = ("North", "South", "East", "West", "Lakes", "Plains", "Coast", "Hills", "Harbor", "Prairie")


class MadeUpUser(msgspec.Struct, frozen=True):
    """Someone who can sign in."""

    id: str
    name: str
    login: str
    role: str
    password: str
    team_ids: tuple[str, ...]


class MadeUpTeam(msgspec.Struct, frozen=True):
    """`agent_ids` are its CSRs; its lead is one of the users."""

    id: str
    name: str
    lead_id: str
    agent_ids: tuple[str, ...]


class Bureau(msgspec.Struct, frozen=True):
    """What the other parts refer to. `topic_ids` stand in the order of `topic_words()`."""

    organisation_id: str
    users: tuple[MadeUpUser, ...]
    teams: tuple[MadeUpTeam, ...]
    topic_ids: tuple[str, ...]
    disposition_ids: dict[str, str]
    policy_ids: dict[str, str]
    targets: dict[str, dict[str, tuple[int, int]]]
    calendar_ids: dict[str, str]
    calendars: dict[str, BusinessCalendar]
    around_the_clock_id: str

    def user(self, login: str) -> MadeUpUser:
        return next(user for user in self.users if user.login == login)

    def calendar_of(self, time_zone: str) -> str:
        """The id of a client's calendar, by zone."""
        return self.calendar_ids.get(time_zone, self.calendar_ids[TIME_ZONE])


def found_organisation(sql: Sql, ledger: Ledger, random: Random, seats: int, start_at: int, filling: Filling) -> Bureau:
    """Lists, calendars, teams and people, as of `start_at`. Raises Refused when there is an organisation already."""
    admin = Administration(sql, ledger, lambda: start_at, new_id=id_source(lambda: start_at, random.getrandbits))
    organisation_id = admin.create_organisation(NAME, "US", TIME_ZONE, OWN_NUMBERS)
    new_id = fast_ids(random)
    calendar_ids, calendars = _calendars(new_id, start_at, filling)
    users, teams = _people(random, new_id, seats, start_at, calendar_ids[TIME_ZONE], filling)
    filling.finish()
    password_hash = PasswordHasher().hash(unicodedata.normalize("NFC", PASSWORD), salt=random.randbytes(16))
    sql.many(
        "INSERT INTO credentials (user_id, password_hash, failures, failed_at) VALUES (?,?,0,0)",
        [(user.id, password_hash) for user in users],
    )
    policies = sql.all("SELECT id, name, targets FROM sla_policies")
    return Bureau(
        organisation_id=organisation_id,
        users=users,
        teams=teams,
        topic_ids=_topics(sql, new_id, start_at, filling),
        disposition_ids=dict(sql.all("SELECT name, id FROM dispositions")),
        policy_ids={name: policy_id for policy_id, name, _ in policies},
        targets={
            policy_id: msgspec.json.decode(text, type=dict[str, tuple[int, int]]) for policy_id, _, text in policies
        },
        calendar_ids=calendar_ids,
        calendars=calendars,
        around_the_clock_id=calendar_ids[_AROUND_THE_CLOCK],
    )


def _calendars(
    new_id: Callable[[int], str], at: int, filling: Filling
) -> tuple[dict[str, str], dict[str, BusinessCalendar]]:
    """One a zone, 8 to 17 with a lunch hour in some, and one that never closes; by zone, and by id."""
    shape = RowShape("calendars", "id", "scope", "name", "body")
    ids: dict[str, str] = {}
    calendars: dict[str, BusinessCalendar] = {}
    morning, afternoon, whole, night = (480, 720), (780, 1020), (480, 1020), (0, 1440)
    zones = sorted({city.time_zone for city in CITIES} | {"Europe/London", "Europe/Berlin"})
    for zone in (*zones, _AROUND_THE_CLOCK):
        if zone == _AROUND_THE_CLOCK:
            calendar = BusinessCalendar(TIME_ZONE, ((night,),) * 7)
            name = _AROUND_THE_CLOCK
        else:
            day = (morning, afternoon) if zone == "America/Chicago" else (whole,)
            calendar = BusinessCalendar(zone, (day, day, day, day, day, (), ()))
            name = f"Office hours, {zone.rpartition('/')[2].replace('_', ' ')}"
        calendar_id = ids[zone] = new_id(at)
        calendars[calendar_id] = calendar
        filling.add("calendars", shape(calendar_id, ORGANISATION, name, business_calendar.encode(calendar)))
    return ids, calendars


def _people(
    random: Random, new_id: Callable[[int], str], seats: int, at: int, calendar_id: str, filling: Filling
) -> tuple[tuple[MadeUpUser, ...], tuple[MadeUpTeam, ...]]:
    """Teams of at most ten CSRs and a lead; one manager, one administrator. The first team has those of the demo."""
    names = people_names(random)
    users: list[MadeUpUser] = []
    teams: list[MadeUpTeam] = []
    seen = {"Alex Sample", "Casey Demo", "Kim Specimen", "Jordan Overview", "Sam Settings"}

    def add(name: str, login: str, role: str, *team_ids: str) -> str:
        user = MadeUpUser(new_id(at), name, login, role, PASSWORD, team_ids)
        users.append(user)
        return user.id

    def add_someone(role: str, team_id: str, family_name: str = "") -> str:
        while True:
            name = next(names)
            name = f"{name.split()[0]} {family_name}" if family_name else name
            if name not in seen:
                seen.add(name)
                return add(name, f"{role}{len(users)}", role, team_id)

    for number in range(max(1, -(-seats // 10))):
        team_id = new_id(at)
        size = max(3, min(10, seats - number * 10))
        known = (("Alex Sample", "alex"), ("Casey Demo", "casey"), ("Kim Specimen", "kim")) if number == 0 else ()
        agents = [add(name, login, "csr", team_id) for name, login in known]
        agents += [add_someone("csr", team_id) for _ in range(size - len(agents))]
        lead = add("Lee Teamlead", "lee", "lead", team_id) if number == 0 else add_someone("lead", team_id, "Teamlead")
        teams.append(MadeUpTeam(team_id, f"Team {_TEAM_NAMES[number % 10]}", lead, tuple(agents)))
    add("Jordan Overview", "jordan", "manager")
    add("Sam Settings", "sam", "administrator")

    user_shape = RowShape("users", "id", "scope", "name", "login", "email", "role", "extension")
    team_shape = RowShape("teams", "id", "scope", "name", "calendar_id")
    member_shape = RowShape("memberships", "id", "scope", "user_id", "team_id")
    for place, user in enumerate(users):
        mail = f"{user.login}@demo-bureau.example"
        filling.add(
            "users", user_shape(user.id, ORGANISATION, user.name, user.login, mail, user.role, f"{200 + place}")
        )
    for team in teams:
        filling.add("teams", team_shape(team.id, ORGANISATION, team.name, calendar_id))
    for user in users:
        for team_id in user.team_ids:
            filling.add("memberships", member_shape(new_id(at), ORGANISATION, user.id, team_id))
    return tuple(users), tuple(teams)


def _topics(sql: Sql, new_id: Callable[[int], str], at: int, filling: Filling) -> tuple[str, ...]:
    """Ids in the order of the words; a topic that the standard lists lack is added under its parent."""
    rows = sql.all("SELECT id, name, parent_id FROM topics")
    parents = {name: topic_id for topic_id, name, parent_id in rows if not parent_id}
    known = {(parent_id, name): topic_id for topic_id, name, parent_id in rows}
    shape = RowShape("topics", "id", "scope", "name", "parent_id", "position")
    found: list[str] = []
    for position, words in enumerate(topic_words()):
        parent_id = parents[words.parent]
        topic_id = known.get((parent_id, words.name), parent_id if not words.name else "")
        if not topic_id:
            topic_id = new_id(at)
            filling.add("topics", shape(topic_id, ORGANISATION, words.name, parent_id, 100 + position))
        found.append(topic_id)
    return tuple(found)
