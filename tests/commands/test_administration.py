"""People and lists: sign-in names are each of one person, somebody stays administrator, calendars and targets can be used."""

from __future__ import annotations

import zoneinfo
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import pytest

from csr_desktop.commands.administration import (
    AddCalendar,
    AddOrganisation,
    AddSlaPolicy,
    AddTeam,
    AddTopic,
    AddUser,
    EditUser,
)
from csr_desktop.commands.clients import EditClient, EditContact
from csr_desktop.commands.command import Command
from csr_desktop.domain.business_calendar import zone
from csr_desktop.domain.errors import Refused
from tests.commands.rows import ADMINISTRATOR, CSR, LEAD, MANAGER, Bureau

DAY = [[540, 1020]]
WEEK: dict[str, Any] = {"time_zone": "America/Chicago", "weekly": [DAY, DAY, DAY, DAY, DAY, [], []]}


def calendar(**changed: Any) -> Command:
    return AddCalendar(row_id="new", name="Office", body=msgspec.json.encode({**WEEK, **changed}).decode())


def policy(targets: object, calendar_id: str = "office") -> Command:
    text = targets if isinstance(targets, str) else msgspec.json.encode(targets).decode()
    return AddSlaPolicy(row_id="new", name="Usual", calendar_id=calendar_id, targets=text)


def code(command: Command) -> str:
    with pytest.raises(Refused) as refusal:
        Bureau().do(command, ADMINISTRATOR)
    assert refusal.value.title.endswith(".")
    return refusal.value.code


@pytest.mark.parametrize(
    "changed",
    [
        {"time_zone": "Middle/Earth"},
        {"time_zone": "../../etc/passwd"},
        {"weekly": [DAY] * 6},
        {"weekly": [[]] * 7},
        {"weekly": [[[1020, 540]], *[[]] * 6]},
        {"weekly": [[[-5, 60]], *[[]] * 6]},
        {"weekly": [[[0, 4000]], *[[]] * 6]},
        {"weekly": [[[540, 700], [600, 800]], *[[]] * 6]},
        {"weekly": [[["nine", "five"]], *[[]] * 6]},
        {"holidays": [["2026-13-01", []]]},
        {"holidays": [["2026-07-04", []], ["2026-07-04", []]]},
    ],
)
def test_a_calendar_that_cannot_be_used_is_refused(changed: dict[str, Any]) -> None:
    assert code(calendar(**changed)) == "bad_calendar"


def test_a_calendar_in_a_zone_that_only_this_computer_has_is_refused(tmp_path: Path) -> None:
    own = tmp_path / "Own" / "Zone"
    own.parent.mkdir()
    own.write_bytes(files("tzdata.zoneinfo").joinpath("UTC").read_bytes())
    before = list(zoneinfo.TZPATH)
    zoneinfo.reset_tzpath([str(tmp_path), *before])
    try:
        assert zone("Own/Zone")
        assert code(calendar(time_zone="Own/Zone")) == "bad_calendar"
    finally:
        zoneinfo.reset_tzpath(before)
        zone.cache_clear()


@pytest.mark.parametrize("body", ["", "{}", "[]", "not json", "null"])
def test_what_is_no_calendar_is_refused(body: str) -> None:
    assert code(AddCalendar(row_id="new", name="Office", body=body)) == "bad_calendar"


@pytest.mark.parametrize(
    "targets",
    ["", "[]", "no json", {"normal": [60]}, {"normal": [60, -1]}, {"normal": [60, 10**9]}, {"someday": [60, 60]},
     {"normal": ["1h", "2h"]}, {"normal": 60}],
)  # fmt: skip
def test_targets_that_cannot_be_used_are_refused(targets: object) -> None:
    assert code(policy(targets)) == "bad_sla_policy"


def test_usable_ones_are_taken() -> None:
    desk = Bureau()
    desk.do(calendar(holidays=[["2026-07-03", []]]), ADMINISTRATOR)
    desk.do(policy({"normal": [60, 0]}, "new"), ADMINISTRATOR)
    assert {("calendars", "new"), ("sla_policies", "new")} <= desk.rows.keys()


def test_policies_are_the_managers_too_and_other_lists_are_not() -> None:
    desk = Bureau()
    desk.do(policy({"normal": [60, 0]}), MANAGER)
    assert ("sla_policies", "new") in desk.rows
    for command, who in (
        (policy({"normal": [60, 0]}), CSR),
        (policy({"normal": [60, 0]}), LEAD),
        (calendar(), MANAGER),
    ):
        with pytest.raises(Refused) as refusal:
            Bureau().do(command, who)
        assert refusal.value.code == "not_allowed"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (policy({}, ""), "bad_sla_policy"),
        (policy({}, "nowhere"), "unknown"),
        (AddTeam(row_id="new", name=" "), "not_allowed"),
        (AddTeam(row_id="new", name="Team", calendar_id="nowhere"), "unknown"),
        (AddTopic(row_id="new", name="t", parent_id="nowhere"), "unknown"),
        (AddTopic(row_id="new", name="t", parent_id="new"), "unknown"),
        (AddOrganisation(row_id="new", name="o", time_zone="Nowhere/At_All"), "bad_time_zone"),
        (AddOrganisation(row_id="new", name="o", own_numbers="{"), "not_allowed"),
    ],
)
def test_lists_name_what_is_there(command: Command, expected: str) -> None:
    assert code(command) == expected


@pytest.mark.parametrize("login", ["csr", "CSR", " Csr ", "c\u0000sr"])
def test_a_sign_in_name_is_one_persons(login: str) -> None:
    assert code(AddUser(row_id="new", name="Robin Stand-in", login=login, role="csr")) == "login_taken"


def test_a_sign_in_name_is_kept_as_it_is_compared() -> None:
    desk = Bureau()
    added, _, _ = desk.do(AddUser(row_id="new", name="Robin", login=" ROBIN ", role="csr"), ADMINISTRATOR)
    assert desk.rows["users", "new"]["login"] == "robin"
    work = desk.work()
    added.permit(ADMINISTRATOR, work)  # its own earlier effect is no other person


@pytest.mark.parametrize("changes", [{"role": ("administrator", "csr")}, {"is_active": (1, 0)}])
def test_the_last_administrator_stays_one(changes: dict[str, tuple[Any, Any]]) -> None:
    desk = Bureau()
    with pytest.raises(Refused) as refusal:
        desk.do(EditUser(row_id="administrator", changes=changes), ADMINISTRATOR)
    assert refusal.value.code == "last_administrator"
    _, undo, _ = desk.do(AddUser(row_id="a2", name="Second", login="second", role="administrator"), ADMINISTRATOR)
    desk.do(EditUser(row_id="administrator", changes=changes), ADMINISTRATOR)
    assert undo is not None
    with pytest.raises(Refused):
        desk.do(undo, ADMINISTRATOR)


def test_the_servers_own_account_does_not_count_as_one() -> None:
    desk = Bureau()
    desk.rows["users", "server"] = {**desk.rows["users", "administrator"], "id": "server", "login": ""}
    with pytest.raises(Refused):
        desk.do(EditUser(row_id="administrator", changes={"is_active": (1, 0)}), ADMINISTRATOR)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (EditUser(row_id="csr", changes={"is_active": (1, 2)}), "out_of_range"),
        (EditContact(row_id="contact", changes={"is_active": (1, -1)}), "out_of_range"),
        (EditContact(row_id="contact", changes={"name": ("Dana Sample", "D\0")}), "unclean"),
        (EditContact(row_id="contact", changes={"name": ("Dana Sample", "D" * 1001)}), "too_long"),
        (EditClient(row_id="client", changes={"employee_count": (0, 2**60)}), "out_of_range"),
        (EditClient(row_id="client", changes={"employee_count": (0, "many")}), "not_allowed"),
        (EditClient(row_id="client", changes={"employee_count": (0, 1.5)}), "not_allowed"),
    ],
)
def test_a_value_that_the_column_cannot_have_does_not_reach_the_history(command: Command, expected: str) -> None:
    """Also not that of an edit which a later one outdoes: taking the later one back would bring it out."""
    desk = Bureau()
    field = next(iter(command.changes))  # type: ignore[attr-defined]
    now = desk.rows[command.table, command.row_id][field]  # type: ignore[attr-defined]
    later = type(command)(row_id=command.row_id, changes={field: (now, now)}, at=9_999_999_999_999)  # type: ignore[attr-defined,call-arg]
    desk.do(later, ADMINISTRATOR)
    with pytest.raises(Refused) as refusal:
        desk.do(command, ADMINISTRATOR)
    assert refusal.value.code == expected
    assert len(desk.history.get((command.table, command.row_id, field), {})) <= 2  # type: ignore[attr-defined]
