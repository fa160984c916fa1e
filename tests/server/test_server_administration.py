"""People, teams and workstations as an administrator sees them, and a new organisation."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from csr_desktop.commands.administration import AddTeam, AddUser, RemoveMembership
from csr_desktop.domain import business_calendar
from csr_desktop.domain.errors import BadInput, Refused, Unreadable
from csr_desktop.server.administration import Administration
from csr_desktop.server.folder import ServerFolder, epoch
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.run import administration
from csr_desktop.store.sql import Sql
from csr_desktop.system.clock import wall_clock
from tests.server.desk import CHEAP, PASSWORD, Desk, new_id


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[tuple[Administration, Sql]]:
    sql = ServerFolder(tmp_path / "new").create()
    yield Administration(sql, Ledger(sql, wall_clock), wall_clock, passwords=CHEAP), sql
    sql.db.close()


@pytest.fixture
def admin(folder: ServerFolder) -> Iterator[Administration]:
    with administration(folder) as found:
        found._kept_passwords = CHEAP
        yield found


def test_a_new_organisation_has_all_it_needs(empty: tuple[Administration, Sql]) -> None:
    made, sql = empty
    organisation_id = made.create_organisation(
        " Sample  Payroll ", "gb", "Europe/London", own_numbers=("020 7946 0018", "nonsense")
    )
    row = sql.one("SELECT id, name, home_region, time_zone, own_numbers FROM organisations")
    assert row == (organisation_id, "Sample Payroll", "GB", "Europe/London", '["+442079460018"]')
    hours = business_calendar.decode(sql.value("SELECT body FROM calendars"))
    assert hours.time_zone == "Europe/London"
    assert hours.weekly == (((480, 1080),),) * 5 + ((), ())
    for tier, targets in sql.all("SELECT name, targets FROM sla_policies"):
        found = msgspec.json.decode(targets, type=dict[str, tuple[int, int]])
        assert set(found) == {"low", "normal", "high", "urgent"}, tier
        assert all(0 < first <= following for first, following in found.values())
        assert found["urgent"] < found["high"] < found["normal"] < found["low"]
    roots = dict(sql.all("SELECT id, name FROM topics WHERE parent_id = ''"))
    parents = {parent for (parent,) in sql.all("SELECT parent_id FROM topics WHERE parent_id <> ''")}
    assert parents <= set(roots)
    assert sql.value("SELECT count(*) FROM log") == sql.value("SELECT seq FROM devices WHERE id = 'server'")
    assert sql.value("SELECT count(*) FROM log WHERE status <> 'done'") == 0
    assert sql.value("SELECT count(*) FROM users WHERE rev = 0") == 0


def test_there_is_one_organisation(empty: tuple[Administration, Sql]) -> None:
    made, sql = empty
    made.create_organisation("Sample Payroll")
    with pytest.raises(Refused, match="already"):
        made.create_organisation("Another Sample")
    assert sql.value("SELECT count(*) FROM topics WHERE name = 'Payroll tax'") == 1


@pytest.mark.parametrize(
    ("name", "region", "zone", "field"),
    [
        ("  ", "US", "America/New_York", "name"),
        ("Sample", "ZZ", "America/New_York", "home_region"),
        ("Sample", "", "America/New_York", "home_region"),
        ("Sample", "US", "Mars/Olympus", "time_zone"),
        ("Sample", "US", "posixrules", "time_zone"),
        ("Sample", "US", "../../etc/passwd", "time_zone"),
    ],
)
def test_what_cannot_be_an_organisation(
    empty: tuple[Administration, Sql], name: str, region: str, zone: str, field: str
) -> None:
    made, sql = empty
    with pytest.raises(BadInput) as fault:
        made.create_organisation(name, region, zone)
    assert fault.value.field == field
    assert sql.value("SELECT count(*) FROM users") == 0


def test_people_are_listed_with_their_teams(admin: Administration) -> None:
    found = {account.login: account for account in admin.list_users()}
    assert list(found) == ["ada", "adm", "bob", "cy", "lea", "max"]
    assert (found["lea"].name, found["lea"].role, found["lea"].teams) == ("Lea Demo", "lead", ("Team one",))
    assert found["ada"].is_active
    assert found["ada"].has_password
    assert [(team.name, team.member_count) for team in admin.list_teams()] == [("Team one", 3), ("Team two", 1)]


@pytest.mark.parametrize(
    ("name", "login", "role", "teams", "password", "field"),
    [
        ("Ada Again", "ADA", "csr", (), PASSWORD, "login"),
        ("Nobody", " ", "csr", (), PASSWORD, "login"),
        ("", "new", "csr", (), PASSWORD, "name"),
        ("New Sample", "new", "owner", (), PASSWORD, "role"),
        ("New Sample", "new", "csr", ("Team nine",), PASSWORD, "team"),
        ("New Sample", "new", "csr", (), "too short", "password"),
        ("New Sample", "new", "csr", (), "x" * 1025, "password"),
    ],
)
def test_who_cannot_be_added(
    admin: Administration, name: str, login: str, role: str, teams: tuple[str, ...], password: str, field: str
) -> None:
    before = admin.list_users()
    with pytest.raises(BadInput) as fault:
        admin.add_user(name, login, role, teams, password)
    assert fault.value.field == field
    assert admin.list_users() == before


def test_a_team_is_found_by_name_or_id_and_named_once(admin: Administration) -> None:
    team_id = admin.add_team(" Team  three ")
    assert admin.team_id("TEAM THREE") == admin.team_id(team_id) == team_id
    with pytest.raises(BadInput, match="already"):
        admin.add_team("team three")
    with pytest.raises(BadInput):
        admin.add_team("\0 ")


def test_a_new_password_counts_at_once_and_the_old_one_no_more(
    admin: Administration, desk: Callable[[str], Desk]
) -> None:
    ada = desk("ada").begin()
    admin.set_password("ADA", "another long one")
    assert ada.post("sign-in", ada.sign_in_request()).status_code == 401
    assert ada.sign_in(password="another long one").name == "Ada Sample"
    with pytest.raises(BadInput):
        admin.set_password("nobody-has-this-name", PASSWORD)
    with pytest.raises(BadInput):
        admin.set_password("", PASSWORD)


def test_somebody_without_a_password_cannot_sign_in(admin: Administration, desk: Callable[[str], Desk]) -> None:
    admin.add_user("New Sample", "new", "csr", ["Team one"])
    new = desk("new")
    for password in ("", PASSWORD):
        assert new.post("sign-in", new.sign_in_request(password=password)).status_code == 401
    admin.set_password("new", PASSWORD)
    new.sign_in()


def test_the_last_administrator_stays(admin: Administration) -> None:
    with pytest.raises(Refused, match="last administrator"):
        admin.close_account("adm")
    admin.add_user("Second Sample", "second", "administrator", (), PASSWORD)
    admin.close_account("adm")
    admin.close_account("adm")
    assert not next(a for a in admin.list_users() if a.login == "adm").is_active
    with pytest.raises(Refused):
        admin.close_account("second")
    admin.reopen_account("adm")
    admin.close_account("second")


def test_workstations_are_listed_and_revoked(admin: Administration, desk: Callable[[str], Desk]) -> None:
    ada, bob = desk("ada").begin(), desk("bob").begin()
    assert {d.id for d in admin.list_devices()} == {ada.device_id, bob.device_id}
    (found,) = admin.list_devices("ada")
    assert (found.id, found.name, found.login, found.revoked_at) == (ada.device_id, "Desk by the window", "ada", 0)
    admin.revoke_device(ada.device_id)
    (found,) = admin.list_devices("ada")
    assert found.revoked_at > 0
    admin.revoke_device(ada.device_id)
    assert admin.list_devices("ada") == [found]
    for unknown in ("server", "", "nobody"):
        with pytest.raises(BadInput):
            admin.revoke_device(unknown)


def test_commands_are_all_done_or_none(admin: Administration) -> None:
    with pytest.raises(Refused):
        admin.do(AddTeam(row_id=new_id(), name="Team three"), RemoveMembership(row_id=new_id()))
    with pytest.raises(Refused):
        admin.do(AddUser(row_id=new_id(), name="", login="x", role="csr"))
    assert [team.name for team in admin.list_teams()] == ["Team one", "Team two"]
    assert admin.add_team("Team three")


def test_two_administrators_at_once_lose_nothing(folder: ServerFolder) -> None:
    faults: list[BaseException] = []

    def work(prefix: str) -> None:
        try:
            with administration(folder) as admin:
                for n in range(15):
                    admin.add_team(f"{prefix} {n}")
        except BaseException as fault:
            faults.append(fault)
            raise

    threads = [threading.Thread(target=work, args=(prefix,)) for prefix in ("North", "South")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    with administration(folder) as admin:
        assert len(admin.list_teams()) == 32


def test_a_folder_without_a_server_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="server init"):
        ServerFolder(tmp_path / "none").open()
    assert not (tmp_path / "none").exists()
    ServerFolder(tmp_path / "half").create().db.close()
    with pytest.raises(Unreadable, match="server init"):
        ServerFolder(tmp_path / "half").open()
    with pytest.raises(BadInput):
        ServerFolder(tmp_path, "mysql://host/name")


def test_making_the_folder_again_changes_neither_key_nor_epoch(tmp_path: Path) -> None:
    folder = ServerFolder(tmp_path / "server")
    sql = folder.create()
    key, course = (folder.path / "server.key").read_bytes(), epoch(sql)
    sql.db.close()
    sql = folder.create()
    assert ((folder.path / "server.key").read_bytes(), epoch(sql)) == (key, course)
    assert course != "0"
    sql.db.close()
