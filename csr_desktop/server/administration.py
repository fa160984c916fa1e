"""What an administrator does from the command line: people, teams, workstations, and a new organisation.

Changes of rows are commands like any other, made by the built-in account of the server itself and kept in the log.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

import msgspec
import structlog

from csr_desktop.commands import catalogue
from csr_desktop.commands.administration import (
    AddCalendar,
    AddDisposition,
    AddMembership,
    AddOrganisation,
    AddSlaPolicy,
    AddTeam,
    AddTopic,
    AddUser,
    EditUser,
)
from csr_desktop.commands.command import Command, stamped
from csr_desktop.domain import business_calendar, phone
from csr_desktop.domain.errors import BadInput, Refused
from csr_desktop.domain.ids import NewId, id_source
from csr_desktop.domain.permissions import ORGANISATION, ROLES, SERVER
from csr_desktop.domain.text import clean_line, login_key
from csr_desktop.server.ledger import Ledger, Push
from csr_desktop.server.passwords import Passwords
from csr_desktop.server.retries import settling
from csr_desktop.server.rules import rule_command
from csr_desktop.server.sign_in import keep_nobody
from csr_desktop.server.standard_lists import DISPOSITIONS, SLA_TARGETS, TOPICS, VERIFICATION_RULES, office_hours
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS, new_row

_log = structlog.get_logger(__name__)


class NotThere(BadInput):
    """No such person, team or workstation; `listed_by` is the command that lists those there are."""

    def __init__(self, field: str, title: str, listed_by: str) -> None:
        super().__init__(field, title, f"See them with: csr-desktop server {listed_by}")
        self.listed_by = listed_by


class Account(msgspec.Struct, frozen=True):
    """A person as the command line shows them; `teams` are names."""

    id: str
    login: str
    name: str
    role: str
    is_active: bool
    has_password: bool
    teams: tuple[str, ...]


class Team(msgspec.Struct, frozen=True):
    id: str
    name: str
    member_count: int


class Device(msgspec.Struct, frozen=True):
    """A workstation; times in milliseconds, `revoked_at` 0 while it may sync, which a closed account keeps it from."""

    id: str
    name: str
    login: str
    registered_at: int
    seen_at: int
    revoked_at: int
    is_of_closed_account: bool


def checked_organisation(name: str, home_region: str) -> tuple[str, str]:
    """Both as they are kept. Raises BadInput."""
    name, home_region = clean_line(name, 200), clean_line(home_region, 2).upper()
    if not name:
        raise BadInput("name", "The organization needs a name.")
    if not _is_region(home_region):
        raise BadInput(
            "home_region", f"There is no region called {home_region!r}.", "Take two letters such as US, GB or CA."
        )
    return name, home_region


def checked_person(name: str, login: str) -> tuple[str, str]:
    """Name and sign-in name as they are kept. Raises BadInput."""
    name, login = clean_line(name, 200), login_key(login)
    if not name or not login:
        raise BadInput("login" if name else "name", "A person needs a name and a sign-in name.")
    return name, login


class Administration:
    """Blocking; needs a connection in the calling thread. `clock` gives milliseconds. Raises BadInput and Refused."""

    def __init__(
        self,
        sql: Sql,
        ledger: Ledger,
        clock: Callable[[], int],
        *,
        new_id: NewId | None = None,
        passwords: Passwords | None = None,
    ) -> None:
        self._sql = self.sql = sql
        self._ledger = ledger
        self._clock = clock
        self._new_id = new_id or id_source(clock, secrets.randbits)
        self._kept_passwords = passwords

    @settling
    def do(self, *commands: Command) -> list[str]:
        """Run commands as the server's own account, all or none; their ids. Raises Refused for the first that is not
        done.
        """
        with self._sql.transaction():
            lock = " FOR UPDATE" if self._sql.is_postgresql else ""
            seq = int(self._sql.value(f"SELECT seq FROM devices WHERE id = ?{lock}", SERVER))
            now = self._clock()
            made = [stamped(c, self._new_id(), SERVER, SERVER, seq + n, now) for n, c in enumerate(commands, 1)]
            self._ledger.push([Push(SERVER, SERVER, [catalogue.encode(command) for command in made])])
            answers = "SELECT code, reason FROM log WHERE device_id = ? AND seq > ? AND status = 'refused' ORDER BY seq"
            refused = self._sql.one(answers, SERVER, seq)
            if refused:
                raise Refused(*refused)
        return [command.id for command in made]

    # The organisation

    def has_organisation(self) -> bool:
        return bool(self._sql.value("SELECT 1 FROM organisations LIMIT 1"))

    @settling
    def create_organisation(
        self, name: str, home_region: str = "US", time_zone: str = "America/New_York", own_numbers: Sequence[str] = ()
    ) -> str:
        """A new organisation with the standard lists; its id. `own_numbers` are its phone numbers, in any form."""
        name, home_region = checked_organisation(name, home_region)
        try:
            hours = business_calendar.encode(office_hours(business_calendar.shipped_zone(time_zone).key))
        except business_calendar.CalendarError as fault:
            raise BadInput("time_zone", str(fault)) from None
        lines = [phone.parse(number, home_region).e164 for number in own_numbers]
        with self._sql.transaction():
            if self.has_organisation():
                raise Refused("exists", "There is an organization already.")
            self._make_own_account()
            organisation_id, calendar_id = self._new_id(), self._new_id()
            self.do(
                AddOrganisation(
                    row_id=organisation_id,
                    name=name,
                    home_region=home_region,
                    time_zone=time_zone,
                    own_numbers=msgspec.json.encode(sorted({line for line in lines if line})).decode(),
                ),
                AddCalendar(row_id=calendar_id, name="Office hours", body=hours),
                *self._sla_policies(calendar_id),
                *self._topics(),
                *self._dispositions(),
                *(rule_command(self._new_id(), rule, kind) for kind, rule in VERIFICATION_RULES),
            )
        return organisation_id

    def _make_own_account(self) -> None:
        if self._sql.value("SELECT 1 FROM devices WHERE id = ?", SERVER):
            return
        row = {**new_row("users"), "id": SERVER, "scope": ORGANISATION, "name": "Server", "role": "administrator"}
        columns = COLUMNS["users"]
        self._ledger.fill("users", [[row[c] for c in columns]], columns.index("rev"))
        self._sql.do(
            "INSERT INTO devices (id, user_id, name, public_key, registered_at, seen_at, revoked_at, seq) "
            "VALUES (?,?,?,?,?,0,0,0)",
            *(SERVER, SERVER, "Command line", b"", self._clock()),
        )
        keep_nobody(self._sql)

    def _sla_policies(self, calendar_id: str) -> list[Command]:
        return [
            AddSlaPolicy(
                row_id=self._new_id(), name=tier, calendar_id=calendar_id, targets=msgspec.json.encode(targets).decode()
            )
            for tier, targets in SLA_TARGETS
        ]

    def _topics(self) -> list[Command]:
        made: list[Command] = []
        for position, (name, below) in enumerate(TOPICS):
            parent_id = self._new_id()
            made.append(AddTopic(row_id=parent_id, name=name, position=position))
            made += [
                AddTopic(row_id=self._new_id(), name=child, parent_id=parent_id, position=place)
                for place, child in enumerate(below)
            ]
        return made

    def _dispositions(self) -> list[Command]:
        return [
            AddDisposition(row_id=self._new_id(), name=name, position=position, is_resolution=int(is_resolution))
            for position, (name, is_resolution) in enumerate(DISPOSITIONS)
        ]

    # People

    def add_user(self, name: str, login: str, role: str, teams: Sequence[str] = (), password: str = "") -> str:
        """A new person; their id. `teams` are names or ids. Without a password they cannot sign in yet."""
        name, login = checked_person(name, login)
        if role not in ROLES:
            raise BadInput("role", f"There is no role called {role!r}.", f"Roles: {', '.join(ROLES)}.")
        password_hash = self._passwords.hashed(password) if password else ""
        return self._add_user(name, login, role, teams, password_hash)

    @settling
    def _add_user(self, name: str, login: str, role: str, teams: Sequence[str], password_hash: str) -> str:
        with self._sql.transaction():
            self.check_new_login(login)
            user_id = self._new_id()
            members = [
                AddMembership(row_id=self._new_id(), user_id=user_id, team_id=self.team_id(team)) for team in teams
            ]
            self.do(AddUser(row_id=user_id, name=name, login=login, role=role), *members)
            if password_hash:
                self._store_password(user_id, password_hash)
        return user_id

    def check_new_login(self, login: str) -> None:
        """Raises BadInput when somebody has this sign-in name."""
        if self._sql.value("SELECT 1 FROM users WHERE login = ?", login_key(login)):
            raise BadInput("login", f"The sign-in name {login!r} is taken.", "Take another.")

    def set_password(self, login: str, password: str) -> None:
        password_hash = self._passwords.hashed(password)
        with self._sql.transaction():
            user_id = self.user_id(login)
            self._store_password(user_id, password_hash)
        _log.info("password_set", user_id=user_id)

    @settling
    def close_account(self, login: str) -> None:
        """The person can sign in no more, and their workstations are signed out at next contact. Nothing is deleted."""
        with self._sql.transaction():
            user_id = self.user_id(login)
            if self._sql.value("SELECT is_active FROM users WHERE id = ?", user_id):
                self.do(EditUser(row_id=user_id, changes={"is_active": (1, 0)}))

    @settling
    def reopen_account(self, login: str) -> None:
        """The person can sign in again, with the password they had."""
        with self._sql.transaction():
            user_id = self.user_id(login)
            if not self._sql.value("SELECT is_active FROM users WHERE id = ?", user_id):
                self.do(EditUser(row_id=user_id, changes={"is_active": (0, 1)}))

    def list_users(self) -> list[Account]:
        """Everyone but the server's own account, by name."""
        teams: dict[str, list[str]] = {}
        for user_id, team in self._sql.all(
            "SELECT m.user_id, t.name FROM memberships m JOIN teams t ON t.id = m.team_id "
            "WHERE m.deleted = 0 AND t.deleted = 0 ORDER BY t.name"
        ):
            teams.setdefault(user_id, []).append(team)
        rows = self._sql.all(
            "SELECT u.id, u.login, u.name, u.role, u.is_active, c.password_hash FROM users u "
            "LEFT JOIN credentials c ON c.user_id = u.id WHERE u.deleted = 0 AND u.id <> ? ORDER BY u.name, u.id",
            SERVER,
        )
        return [
            Account(user_id, login, name, role, bool(is_active), bool(password_hash), tuple(teams.get(user_id, ())))
            for user_id, login, name, role, is_active, password_hash in rows
        ]

    def user_id(self, login: str) -> str:
        sql = "SELECT id FROM users WHERE login = ? AND id <> ? AND deleted = 0"
        found = self._sql.value(sql, login_key(login), SERVER)
        if found is None:
            raise NotThere("login", f"Nobody signs in as {login!r}.", "user list")
        return str(found)

    @property
    def _passwords(self) -> Passwords:
        if self._kept_passwords is None:
            self._kept_passwords = Passwords()
        return self._kept_passwords

    def _store_password(self, user_id: str, password_hash: str) -> None:
        self._sql.do(
            "INSERT INTO credentials (user_id, password_hash, failures, failed_at) VALUES (?,?,0,0) "
            "ON CONFLICT (user_id) DO UPDATE SET password_hash = excluded.password_hash, failures = 0, failed_at = 0",
            *(user_id, password_hash),
        )

    # Teams

    @settling
    def add_team(self, name: str) -> str:
        """A new team; its id."""
        name = clean_line(name, 200)
        if not name:
            raise BadInput("name", "The team needs a name.")
        with self._sql.transaction():
            if any(team.name.casefold() == name.casefold() for team in self.list_teams()):
                raise BadInput("name", f"There is a team called {name!r} already.")
            team_id = self._new_id()
            calendar_id = self._sql.value("SELECT id FROM calendars WHERE deleted = 0 ORDER BY id LIMIT 1")
            self.do(AddTeam(row_id=team_id, name=name, calendar_id=calendar_id or ""))
        return team_id

    def list_teams(self) -> list[Team]:
        """By name, with how many people are in each."""
        return [
            Team(*row)
            for row in self._sql.all(
                "SELECT t.id, t.name, count(u.id) FROM teams t "
                "LEFT JOIN memberships m ON m.team_id = t.id AND m.deleted = 0 "
                "LEFT JOIN users u ON u.id = m.user_id AND u.is_active = 1 AND u.deleted = 0 "
                "WHERE t.deleted = 0 GROUP BY t.id, t.name ORDER BY t.name"
            )
        ]

    def team_id(self, team: str) -> str:
        """By its name, whose capitals don't count, or its id."""
        wanted = clean_line(team, 200)
        for known in self.list_teams():
            if wanted.casefold() == known.name.casefold() or wanted == known.id:
                return known.id
        raise NotThere("team", f"There is no team called {team!r}.", "team list")

    # Workstations

    def list_devices(self, login: str = "") -> list[Device]:
        """The newest contact first; of one person when a sign-in name is given."""
        of_whom = self.user_id(login) if login else ""
        rows = self._sql.all(
            "SELECT d.id, d.name, u.login, d.registered_at, d.seen_at, d.revoked_at, u.is_active FROM devices d "
            "JOIN users u ON u.id = d.user_id WHERE d.id <> ? AND (? = '' OR d.user_id = ?) "
            "ORDER BY d.seen_at DESC, d.id",
            *(SERVER, of_whom, of_whom),
        )
        return [
            Device(key, name, login, registered_at, seen_at, revoked_at, not is_active)
            for key, name, login, registered_at, seen_at, revoked_at, is_active in rows
        ]

    def revoke_device(self, device_id: str) -> None:
        """The workstation is signed out and wipes its copy at next contact. It can sign in again as a new one."""
        with self._sql.transaction():
            found = self._sql.value("SELECT revoked_at FROM devices WHERE id = ? AND id <> ?", device_id, SERVER)
            if found is None:
                raise NotThere("device", f"There is no workstation {device_id!r}.", "device list")
            if not found:
                self._sql.do("UPDATE devices SET revoked_at = ? WHERE id = ?", self._clock(), device_id)
        _log.info("device_revoked", device_id=device_id)


def _is_region(home_region: str) -> bool:
    import phonenumbers

    return home_region in phonenumbers.SUPPORTED_REGIONS
