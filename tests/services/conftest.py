"""A small bureau on a real encrypted desk: its clock stands at Thursday, 14 May 2026, 9:42 in Chicago, 10:42 in New York."""

from __future__ import annotations

import datetime as dt
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from csr_desktop.domain import business_calendar, pay_schedule
from csr_desktop.domain.business_calendar import BusinessCalendar
from csr_desktop.domain.deposits import DepositRules, decode_rules
from csr_desktop.domain.ids import id_source, uuid7
from csr_desktop.domain.pay_schedule import PaySchedule
from csr_desktop.domain.permissions import ORGANISATION, Role
from csr_desktop.protocol import Rights
from csr_desktop.services.desk_services import Services, build_services
from csr_desktop.store.client_clocks import ClientClocks
from csr_desktop.store.inbox_projection import InboxProjection
from csr_desktop.store.opening import open_desk
from csr_desktop.store.tables import new_row
from csr_desktop.sync.replica import Replica, first_rights
from csr_desktop.system.resources import resource_text

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = "America/New_York"
CHICAGO = "America/Chicago"
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def at(text: str, zone: str = HERE) -> int:
    """The instant of “2026-05-14 10:42” on the wall of a zone."""
    return round(dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000


NOW = at("2026-05-14 10:42")


@cache
def deposit_rules() -> DepositRules:
    return decode_rules(resource_text("payroll", "us.toml"))


class _Ready(msgspec.Struct):
    """The files of a desk that was filled, and how many ids that took."""

    files: dict[str, bytes]
    count: int


class Bureau:
    """The desk of one person, whose clocks are moved by hand."""

    def __init__(self, folder: Path, ready: _Ready | None = None) -> None:
        """With what an earlier one was filled with, where that is given."""
        self.wall = NOW
        self.seconds = 1000.0
        self._count = 0
        self.path = folder / "desk.db"
        if ready is not None:
            self._count = ready.count
            for name, content in ready.files.items():
                (folder / name).write_bytes(content)
        self.sql = open_desk(self.path, bytes(range(32)), clock=self.clock)
        projections = (ClientClocks(self.clock, deposit_rules), InboxProjection(self.clock))
        self.replica = Replica(self.sql, self.clock, id_source(self.clock, lambda _bits: 0), lambda: projections)
        self.services: Services
        if ready is None:
            self.fill()

    def clock(self) -> int:
        return self.wall

    def forward(self, milliseconds: int) -> None:
        """Time goes by, on the wall and on the monotonic clock."""
        self.wall += milliseconds
        self.seconds += milliseconds / 1000

    def id(self) -> str:
        self._count += 1
        return uuid7(NOW - 400 * DAY + self._count, self._count)

    def row(self, table: str, row_id: str = "", **fields: Any) -> str:
        """A row that came from the server."""
        row = {**new_row(table), "scope": ORGANISATION, **fields, "id": row_id or self.id()}
        with self.sql.transaction():
            self.sql.upsert(table, [row])
            change = self.replica.project({table: [row["id"]]})
        if hasattr(self, "services"):
            self.services.changed(change)
        return str(row["id"])

    def sign_in(self, user_id: str, role: Role, teams: tuple[str, ...], scopes: tuple[str, ...] = ()) -> Services:
        """Rights as a pull brings them, and the services of a program that has just started."""
        rights = Rights(user_id, user_id, role, list(teams), [ORGANISATION, user_id, *teams, *scopes])
        if "device_id" not in self.replica.state():
            first_rights(self.replica, self.id(), rights)
        with self.sql.transaction():
            self.replica.set_state("rights", msgspec.json.encode(rights).decode())
        self.services = build_services(self.replica, HERE, clock_seconds=lambda: self.seconds)
        return self.services

    def restart(self) -> Services:
        """The program was killed and started again: nothing but the file is left."""
        self.services = build_services(self.replica, HERE, clock_seconds=lambda: self.seconds)
        return self.services

    def fill(self) -> None:
        """One organisation, two teams, five people, two clients with their contacts."""
        row = self.row
        row("organisations", "org", name="Demo Bureau", time_zone=HERE, own_numbers='["+12125550100"]')
        for user_id, name, role in (
            ("ada", "Ada Sample", "csr"),
            ("casey", "Casey Demo", "csr"),
            ("kim", "Kim Specimen", "csr"),
            ("lee", "Lee Teamlead", "lead"),
            ("max", "Max Manager", "manager"),
        ):
            row("users", user_id, name=name, login=user_id, role=role)
        row("teams", "tax", name="Tax")
        row("teams", "benefits", name="Benefits")
        for user_id in ("ada", "casey", "lee"):
            row("memberships", user_id=user_id, team_id="tax")
        row("memberships", user_id="kim", team_id="benefits")
        day = ((8 * 60, 12 * 60), (13 * 60, 17 * 60))
        calendar = BusinessCalendar(CHICAGO, (day,) * 5 + ((), ()))
        row("calendars", "chicago", name="Chicago shops", body=business_calendar.encode(calendar))
        targets = '{"normal": [14400, 7200], "high": [7200, 3600]}'
        row("sla_policies", "standard", name="Standard", calendar_id="chicago", targets=targets)
        row("topics", "payroll_tax", name="Payroll tax", position=1)
        row("topics", "notice", name="Notice", parent_id="payroll_tax", position=1)
        row("topics", "deposit", name="Late deposit", parent_id="payroll_tax", position=2)
        row("topics", "time", name="Time clock", position=2)
        for position, name in enumerate(("Resolved", "Needs follow-up", "Escalated")):
            row("dispositions", name.lower(), name=name, position=position, is_resolution=int(position == 0))
        # The cut-off of the run that is paid on Friday is today at 1 PM in Chicago.
        schedule = PaySchedule(
            "biweekly", CHICAGO, "2026-05-15", cut_off_days=1, cut_off_minute=13 * 60, period_lag_days=6
        )
        row(
            "clients",
            "bakery",
            name="Example Bakery",
            code="EX-1",
            tier="gold",
            employee_count=34,
            city="Chicago",
            time_zone=CHICAGO,
            calendar_id="chicago",
            sla_policy_id="standard",
            specialist_id="ada",
            products="Payroll, tax filing",
            alert="Ask for the shop name first.",
            pay_schedule=pay_schedule.encode(schedule),
        )
        row("clients", "dental", name="Sample Dental Group", city="Tulsa", time_zone=CHICAGO, tier="silver")
        row(
            "contacts",
            "dana",
            client_id="bakery",
            name="Dana Sample",
            title="Office manager",
            authorities="payroll,tax",
        )
        row("contacts", "robin", client_id="bakery", name="Robin Stand-in", title="Owner", authorities="payroll,bank")
        row("contacts", "jo", client_id="dental", name="Jo Demo")
        row(
            "phone_numbers",
            client_id="bakery",
            contact_id="dana",
            raw="(312) 555-0142 x12",
            e164="+13125550142",
            extension="12",
        )
        row("phone_numbers", client_id="bakery", contact_id="robin", raw="(312) 555-0167", e164="+13125550167")

    def close(self) -> None:
        self.sql.db.close()


@cache
def ready() -> _Ready:
    """Filled once a process."""
    with tempfile.TemporaryDirectory() as folder:
        made = Bureau(Path(folder))
        made.close()
        return _Ready({path.name: path.read_bytes() for path in Path(folder).iterdir()}, made._count)


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    """Ada is signed in, a CSR of the tax team."""
    made = Bureau(tmp_path, ready())
    made.sign_in("ada", "csr", ("tax",))
    yield made
    made.close()


@pytest.fixture
def desk(bureau: Bureau) -> Services:
    return bureau.services
