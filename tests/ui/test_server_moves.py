"""The organization's policy names another address: the desk follows with all it has, and a wrong server gets nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from csr_desktop.server.administration import Administration
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.ledger import Ledger
from csr_desktop.services.sign_in import Account
from csr_desktop.system.clock import wall_clock
from tests.server.desk import CHEAP, PASSWORD
from tests.ui.recovery_seat import House, Seat

Sit = Callable[..., Seat]


@pytest.fixture
def before(sit: Sit) -> Seat:
    """Filled at the first address, with something typed that was not sent."""
    made = sit("ada")
    made.open_filled()
    made.add_client("Sample Bakery")
    return made


def pulled_rows(house: House) -> int:
    sql = house.sql()
    try:
        return int(sql.value("SELECT COUNT(*) FROM devices WHERE revoked_at = 0") or 0)
    finally:
        sql.db.close()


def knows_key(house: House, seat: Seat) -> bool:
    """Whether the server keeps what opens the file of the seat."""
    keys = seat.opener.accounts.keys(seat.desk.data.account)
    assert keys is not None
    sql = house.sql()
    wrapped = sql.all("SELECT device_id, wrapped_key FROM escrow")
    sql.db.close()
    kept = [key for device_id, one in wrapped for key in house.folder.key().unwrap_all(device_id, bytes(one))]
    assert kept, "it keeps some key at least"
    return keys.database_key in kept


def another_server(path: Path) -> House:
    """Of other people, of whom one has the same name and password."""
    folder = ServerFolder(path)
    sql = folder.create()
    made = Administration(sql, Ledger(sql, wall_clock), wall_clock, passwords=CHEAP)
    with sql.transaction():
        made.create_organisation("Example Payroll", "US", "America/New_York")
        made.add_team("Team one")
        made.add_user("Ada Example", "ada", "csr", ("Team one",), PASSWORD)
    sql.db.close()
    return House(folder)


def test_it_goes_on_at_the_new_address_with_what_it_has(before: Seat, sit: Sit, house: House) -> None:
    first = before.desk.data.account
    house.stop()
    before.note("typed while it moved")
    before.close()
    devices = pulled_rows(house)
    house.move()
    assert house.url != first.server_url
    seat = sit("ada", ServerUrl=f"{house.url}/")
    seat.open()
    assert seat.desk.data.account.server_url == house.url
    seat.says("All saved")
    assert seat.desk._first_fill is None, "nothing is filled anew"
    assert house.notes() == ["typed while it moved"]
    assert pulled_rows(house) == devices, "it is the same workstation"
    seat.press("Ctrl+,")
    shown = seat.texts(seat.desk.floats.settings.frame)
    assert f"{house.url} (managed by your organization)" in shown
    seat.close()
    later = sit("ada")  # and without the policy from now on
    later.open()
    later.says("All saved")
    assert later.desk.data.account.server_url == house.url
    assert later.opener.accounts.secret_names() == [first.secret_name], "one key, where it always was"


def test_until_the_server_was_heard_of_there_the_old_address_is_remembered(
    before: Seat, sit: Sit, house: House
) -> None:
    before.close()
    seat = sit("ada", ServerUrl="http://127.0.0.1:9")
    seat.open()
    seat.until(lambda: seat.line.startswith("Offline"), "no answer there")
    seat.note("kept meanwhile")
    seat.close()
    again = sit("ada")
    again.open()
    again.until(lambda: house.notes() == ["kept meanwhile"], "it to be sent to the old address")


def test_a_wrong_server_gets_nothing_and_it_is_said(before: Seat, sit: Sit, house: House, tmp_path: Path) -> None:
    before.close()
    other = another_server(tmp_path / "other")
    try:
        seat = sit("ada", ServerUrl=other.url)
        seat.open()
        seat.note("for the right server alone")
        seat.says("Sign in again, 1 change waiting")
        description = seat.desk.window.sync_line.accessibleDescription()
        assert "the address that your organization set, does not know this workstation" in description
        assert "nothing was sent there, and everything is kept here" in description
        seat.desk.ask_to_sign_in()
        seat.wait(0.1)
        asking = seat.asking
        assert asking is not None
        seat.sign_in()
        seat.until(lambda: any("another account" in text for text in seat.texts(asking)), "the refusal")
        assert other.notes() == []
        assert not knows_key(other, seat), "and the key of the file is not told either"
        assert seat.notes() == ["for the right server alone"]
        seat.close()
    finally:
        other.stop()
    again = sit("ada")
    again.open()
    again.until(lambda: house.notes() == ["for the right server alone"], "it to be sent where it belongs")


def test_signing_in_again_at_the_new_address_keeps_file_and_key(before: Seat, sit: Sit, house: House) -> None:
    """The workstation was forgotten there, as after a backup from before it was registered."""
    account = before.desk.data.account
    house.stop()
    before.note("not lost")
    before.close()
    house.do(f"DELETE FROM escrow WHERE device_id = '{account.device_id}'")
    house.do(f"DELETE FROM devices WHERE id = '{account.device_id}'")
    house.move()
    seat = sit("ada", ServerUrl=house.url)
    seat.open()
    seat.says("Sign in again, 1 change waiting")
    seat.desk.ask_to_sign_in()
    seat.wait(0.1)
    seat.sign_in()
    seat.says("All saved")
    assert knows_key(house, seat), "for the next time that the keyring is lost"
    assert house.notes() == ["not lost"]
    assert seat.opener.accounts.secret_names() == [account.secret_name]
    seat.close()
    later = sit("ada", ServerUrl=house.url)
    later.open()
    later.says("All saved")
    assert later.notes() == ["not lost"]


def test_who_had_signed_out_finds_their_file_at_the_new_address(before: Seat, sit: Sit, house: House) -> None:
    account = before.desk.data.account
    house.stop()
    before.note("waits for its person")
    before.desk.signing_out.emit()
    before.until(lambda: before.application.front is not None, "the sign-in")
    before.close()
    house.move()
    seat = sit("ada", ServerUrl=house.url)
    seat.opener.sign_in(house.url, "ada", PASSWORD)
    seat.open()
    seat.says("All saved")
    assert house.notes() == ["waits for its person"]
    assert seat.opener.accounts.secret_names() == [account.secret_name]


def test_what_was_kept_before_there_were_moves_is_read(tmp_path: Path) -> None:
    account = Account("https://a.example", "u", "d", "Ada Sample", "ada", "Demo Bureau")
    assert account.secret_name == "u@https://a.example"
    there = account.moved("https://b.example")
    assert (there.server_url, there.secret_name) == ("https://b.example", "u@https://a.example")
    assert there.moved("https://a.example") == account
