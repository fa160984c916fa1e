"""What a person sees when server and computer no longer agree, and the way out: real window, real server, real files."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from PySide6.QtWidgets import QApplication

from csr_desktop.ui.fault_view import FaultView
from csr_desktop.ui.kit.menu_float import MenuFloat
from csr_desktop.ui.person_menu import SignOutFloat
from csr_desktop.ui.sign_in_view import SignInView
from csr_desktop.ui.sync_float import SyncFloat
from tests.server.desk import PASSWORD
from tests.ui.frame_bench import interactive, spoken
from tests.ui.recovery_seat import House, Seat

_TAKE = "UPDATE counters SET value = value + 1 WHERE id = 'rev'"
_NUMBER = "SELECT value FROM counters WHERE id = 'rev'"


@pytest.fixture
def seat(sit: Callable[[str], Seat]) -> Seat:
    """Filled, with a client, everything saved."""
    made = sit("ada")
    made.open_filled()
    made.add_client("Sample Bakery")
    return made


def test_a_copied_file_says_so_and_goes_on_after_signing_in_again(
    seat: Seat, sit: Callable[[str], Seat], house: House, tmp_path: Path
) -> None:
    seat.close()
    shutil.copytree(tmp_path / "ada", tmp_path / "copy")
    first = sit("ada")
    first.open_filled()
    first.note("one, of the first computer")
    first.until(lambda: house.notes() == ["one, of the first computer"], "the first to send it")
    first.says("All saved")
    first.close()
    second = sit("copy")
    second.open()
    second.says("Sign in again, everything is kept")
    second.note("two, of the second computer")
    second.says("Sign in again, 1 change waiting")
    line = second.desk.window.sync_line
    assert "was copied" in line.accessibleDescription()
    assert spoken(line) == "Sign in again, 1 change waiting"
    assert house.notes() == ["one, of the first computer"]

    line.click()
    second.wait(0.1)
    asking = second.asking
    assert asking is not None
    assert any("was copied" in text for text in second.texts(asking))
    assert any("Ada Sample, as ada at 127.0.0.1" in text for text in second.texts(asking))
    assert QApplication.focusWidget() is asking.password
    assert all(spoken(widget) for widget in interactive(asking))
    second.sign_in("wrong")
    second.until(lambda: any("wrong" in text for text in second.texts(asking)), "the refusal")
    assert second.notes()[-1] == "two, of the second computer"
    second.sign_in()
    second.says("All saved")
    assert second.asking is None
    assert "You are signed in again. What waited is being sent." in second.said()
    both = ["one, of the first computer", "two, of the second computer"]
    second.until(lambda: second.notes() == both, "the other's note")
    assert house.notes() == both


def test_a_workstation_that_the_server_lost_signs_in_again_by_key_and_keeps_what_is_being_written(
    seat: Seat, house: House
) -> None:
    seat.note("one, before")
    seat.until(lambda: house.notes() == ["one, before"], "it to be sent")
    house.do("UPDATE devices SET public_key = zeroblob(32)")
    house.stop()
    house.start()
    seat.desk.window.go("clients")
    seat.note("two, meanwhile")
    seat.says("Sign in again, 1 change waiting")
    drafts = seat.desk.desk.services.drafts
    seat.application.on_store(lambda: drafts.write("note:c", "half a sen"))
    seat.press("Ctrl+Shift+L")
    assert seat.asking is not None
    seat.press("Esc")
    assert seat.asking is None
    seat.press("Ctrl+Shift+L")
    seat.sign_in()
    seat.says("All saved")
    assert seat.application.on_store(lambda: drafts.read("note:c")) == "half a sen"
    assert seat.desk.window.current_place == "clients"
    assert house.notes() == ["one, before", "two, meanwhile"]


def test_the_door_is_in_the_palette_only_while_it_is_needed(seat: Seat, house: House) -> None:
    def offered() -> bool:
        action = next(a for a in seat.desk.window.actions_table if a.id == "sign_in_again")
        return action.in_palette and action.is_enabled()

    assert not offered()
    seat.press("Ctrl+Shift+L")
    assert seat.asking is None
    house.do(_TAKE, f"UPDATE users SET is_active = 0, rev = ({_NUMBER}) WHERE login = 'ada'")
    seat.note("one")
    seat.says("Sign in again, 1 change waiting")
    assert offered()
    assert "This account is closed." in seat.desk.window.sync_line.accessibleDescription()
    house.do(_TAKE, f"UPDATE users SET is_active = 1, rev = ({_NUMBER}) WHERE login = 'ada'")
    seat.sync()
    seat.says("All saved")
    assert not offered()


def test_a_server_that_was_put_back_heals_by_itself_and_people_read_it(seat: Seat, house: House) -> None:
    copy = house.back_up()
    seat.note("one, after the backup")
    seat.until(lambda: house.notes() == ["one, after the backup"], "it to be sent")
    seat.says("All saved")
    house.stop()
    seat.note("two, while it is away")
    seat.until(lambda: seat.line.startswith("Offline since"), "the outage")
    house.put_back(copy)
    seat.sync()
    seat.says("All saved")
    assert house.notes() == ["one, after the backup", "two, while it is away"]
    assert seat.notes() == house.notes()
    words = "The server was put back to an earlier state. Sent to it again: 1 change of yours that it had lost."
    seat.until(lambda: words in seat.said(), "the words about it")
    assert seat.desk.window.sync_line.accessibleDescription() == words


def test_what_only_this_computer_has_stands_under_needs_you(
    seat: Seat, sit: Callable[[str], Seat], house: House
) -> None:
    copy = house.back_up()
    house.do(
        _TAKE,
        "INSERT INTO notes (id, scope, rev, deleted, stamps, client_id, author_id, body, written_at)"
        f" SELECT 'n', 'org', ({_NUMBER}), 0, '', id, 'x', 'of a colleague', 1"
        " FROM clients LIMIT 1",
    )
    seat.sync()
    seat.until(lambda: seat.notes() == ["of a colleague"], "the colleague's note")
    house.put_back(copy)
    seat.sync()
    seat.says("1 change needs you")
    assert seat.notes() == ["of a colleague"]
    seat.press("Ctrl+Shift+U")
    page = seat.desk.floats.needs_you
    seat.until(lambda: len(seat.texts(page.content)) > 2, "the page")
    texts = seat.texts(page.content)
    assert "The server was put back to an earlier state" in texts
    assert "Only on this computer for now: 1 thing that others wrote." in texts
    from csr_desktop.ui.kit.buttons import Button

    done = next(b for b in page.content.findChildren(Button) if b.words == "Done with it")
    assert spoken(done) == "Done with it: The server was put back to an earlier state"
    done.click()
    seat.says("All saved")


def test_a_revoked_workstation_is_emptied_and_says_what_was_not_sent(seat: Seat, house: House, tmp_path: Path) -> None:
    home = tmp_path / "ada"
    assert list(home.rglob("*.db"))
    house.stop()
    seat.note("one, never sent")
    house.start()
    house.revoke(seat.desk.data.account.device_id)
    seat.sync()
    seat.until(lambda: seat.application.front is not None, "the words about it")
    view = seat.application.front
    assert isinstance(view, FaultView)
    assert spoken(view) == "An administrator signed this computer out, so your data was removed from it."
    assert "Removed with it: 1 change that had not been sent." in view.accessibleDescription()
    assert [button.words for button in view.buttons] == ["Sign in again", "Quit"]
    seat.until(lambda: not list(home.rglob("*.db*")) and not list(home.rglob("*.secret")), "the files to go")
    seat.until(lambda: not list(home.rglob("account*")), "the account to go")
    view.buttons[0].click()
    seat.wait(0.1)
    assert isinstance(seat.application.front, SignInView)
    front = seat.application.front
    front.server.setText(house.url)
    front.login.setText("ada")
    front.password.setText("correct horse battery")
    front.submit()
    seat.until(lambda: seat.application.desk_window is not None, "the desk")
    seat.until(lambda: seat.desk.is_filled, "everything to be fetched")
    assert seat.notes() == []


def test_the_word_of_a_stranger_removes_nothing(seat: Seat, house: House, tmp_path: Path, bureau: Path) -> None:
    """Another server at the same address, which knows the workstation's number and says that it is revoked."""
    device_id = seat.desk.data.account.device_id
    house.do("UPDATE escrow SET wrapped_key = zeroblob(60)")
    house.revoke(device_id)
    seat.note("one")
    seat.says("Sign in again, 1 change waiting")
    seat.wait(0.5)
    assert seat.application.front is None
    assert list((tmp_path / "ada").rglob("*.db"))
    assert seat.notes() == ["one"]


@pytest.mark.parametrize("cut_off_after", ["account", "key"])
def test_a_removal_that_was_cut_off_is_ended_at_the_next_start(
    seat: Seat, sit: Callable[[str], Seat], tmp_path: Path, cut_off_after: str
) -> None:
    account = seat.desk.data.account
    seat.close()
    accounts = seat.opener.accounts
    accounts.begin_removal()
    if cut_off_after == "key":
        seat.opener.secrets.delete(account.secret_name)
    again = sit("ada")
    again.application.start()
    again.until(lambda: again.application.front is not None, "the sign-in")
    assert isinstance(again.application.front, SignInView)
    assert not list((tmp_path / "ada").rglob("*.db*"))
    assert not list((tmp_path / "ada").rglob("*.secret"))


def spoil(path: Path, pages: list[int]) -> None:
    """Noise over these pages, by number from 1."""
    with path.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * 4096)
            file.write(bytes(range(256)))


def test_a_damaged_file_is_made_anew_with_what_had_not_been_sent(
    seat: Seat, sit: Callable[[str], Seat], house: House, tmp_path: Path
) -> None:
    seat.note("one, sent")
    seat.until(lambda: house.notes() == ["one, sent"], "it to be sent")
    seat.says("All saved")
    house.stop()
    seat.note("two, unsent")
    file = next((tmp_path / "ada").rglob("*.db"))
    roots = "SELECT rootpage FROM sqlite_master WHERE name IN ('clients', 'notes', 'users', 'interactions', 'tickets')"
    pages = [page for (page,) in seat.application.on_store(lambda: seat.desk.data.sql.all(roots))]
    seat.close()
    spoil(file, pages)
    house.start()
    again = sit("ada")
    again.open()
    view = again.application.front
    assert isinstance(view, FaultView)
    assert spoken(view) == "Your data on this computer is damaged."
    assert [button.words for button in view.buttons] == ["Set it aside and fetch from the server", "Quit"]
    view.buttons[0].click()
    again.until(lambda: again.application.desk_window is not None, "the desk")
    again.until(lambda: again.desk.is_filled, "everything to be fetched")
    again.says("All saved")
    assert house.notes() == ["one, sent", "two, unsent"]
    assert again.notes() == house.notes()
    words = (
        "Your data on this computer was made anew from the server."
        " Taken out of the old file and sent: 1 change that waited."
    )
    again.until(lambda: words in again.said(), "the words about it")
    assert list(file.parent.glob("*set-aside*")), "the damaged file is kept"


def test_a_key_that_the_keyring_lost_comes_back_by_signing_in_and_nothing_unsent_is_lost(
    seat: Seat, sit: Callable[[str], Seat], house: House
) -> None:
    house.stop()
    seat.note("one, unsent")
    account = seat.desk.data.account
    seat.close()
    house.start()
    seat.opener.secrets.delete(account.secret_name)
    again = sit("ada")
    again.open()
    view = again.application.front
    assert isinstance(view, FaultView)
    assert "not in this computer's keyring" in spoken(view)
    view.buttons[0].click()
    again.wait(0.1)
    front = again.application.front
    assert isinstance(front, SignInView)
    front.password.setText("correct horse battery")
    front.submit()
    again.until(lambda: again.application.desk_window is not None, "the desk")
    again.says("All saved")
    assert house.notes() == ["one, unsent"]


def test_a_certificate_that_nobody_knows_is_no_outage_and_is_said(
    seat: Seat, sit: Callable[[str], Seat], house: House, tmp_path: Path
) -> None:
    house.stop()
    seat.note("one")
    account = seat.desk.data.account
    seat.close()
    house.start(has_tls=True)
    moved = msgspec.structs.replace(account, server_url=house.url.replace("http:", "https:"))
    (tmp_path / "ada" / "config" / "account.json").write_bytes(msgspec.json.encode(moved))
    secret = seat.opener.secrets.read(account.secret_name)
    assert secret is not None
    seat.opener.secrets.write(moved.secret_name, secret)
    again = sit("ada")
    again.open()
    again.until(lambda: again.line.startswith("1 change waiting since "), "that nothing is sent")
    words = "Who signed the certificate of 127.0.0.1 is not known to this computer. Tell your IT; nothing was sent."
    again.until(lambda: words in again.said(), "the words about it")
    assert again.desk.window.sync_line.accessibleDescription() == words
    again.desk.window.sync_line.click()
    again.wait(0.1)
    assert words in again.said()
    assert again.notes() == ["one"]


def test_a_newer_file_is_left_alone(seat: Seat, sit: Callable[[str], Seat], tmp_path: Path) -> None:
    seat.application.on_store(lambda: seat.desk.data.sql.do("UPDATE schema_version SET version = 70"))
    seat.close()
    file = next((tmp_path / "ada").rglob("*.db"))
    before = file.read_bytes()
    again = sit("ada")
    again.open()
    view = again.application.front
    assert isinstance(view, FaultView)
    assert spoken(view) == "Your data on this computer was written by a newer version of CSR Desktop."
    assert [button.words for button in view.buttons] == ["Quit"]
    assert file.read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of a file's size")
def test_on_a_full_disk_nothing_is_called_saved_and_it_goes_on_when_there_is_room(seat: Seat, house: House) -> None:
    import resource

    house.stop()
    file = seat.desk.data.sql.db.path  # type: ignore[attr-defined]
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    seat.application.on_store(lambda: seat.desk.data.sql.all("PRAGMA wal_checkpoint(TRUNCATE)"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (min(4096, file.stat().st_size), limits[1]))
    try:
        seat.note("one " + "x" * 2_000)
        print("SAID", seat.said(), seat.notes())
        seat.until(lambda: any("not saved" in text for text in seat.said()), "the refusal")
        assert seat.notes() == []
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    seat.note("two")
    house.start()
    seat.sync()
    seat.says("All saved")
    assert house.notes() == ["two"]


# Signing out


def signing_out(seat: Seat) -> SignOutFloat:
    """By one's own picture at the top right."""
    seat.desk.window.top_bar.avatar.click()
    seat.wait(0.1)
    (menu,) = (one for one in seat.desk.window.findChildren(MenuFloat) if one.isVisible())
    model = menu.rows.model()
    picks = ["Who is there", "Take a break", "Settings", "Help", "Keys", "Lock", "Sign out"]
    assert [model.index(at, 0).data() for at in range(model.rowCount())] == picks
    assert QApplication.focusWidget() is menu.rows
    seat.press(*["Down"] * (len(picks) - 1), "Return")
    seat.until(lambda: bool(seat.desk.window.findChildren(SignOutFloat)), "the float")
    return seat.desk.window.findChildren(SignOutFloat)[0]


def test_signing_out_tells_what_waits_and_keeps_it_for_the_next_time(seat: Seat, house: House) -> None:
    house.stop()
    seat.note("not sent yet")
    seat.until(lambda: seat.line.startswith("Offline"), "being offline")
    leaving = signing_out(seat)
    assert any(text.startswith("1 change not sent yet. ") for text in seat.texts(leaving))
    seat.press("Return")
    application = seat.application
    seat.until(lambda: isinstance(application.front, SignInView), "the sign-in")
    assert application.desk_window is None
    assert seat.opener.current() is None, "the next start asks to sign in"
    view = application.front
    assert isinstance(view, SignInView)
    assert (view.server.text(), view.login.text(), view.password.text()) == (house.url, "ada", "")

    house.start()
    view.password.setText(PASSWORD)
    view.submit()
    seat.until(lambda: application.desk_window is not None, "the desk")
    seat.says("All saved")
    assert seat.desk.window.isVisible()
    assert house.notes() == ["not sent yet"]


def test_esc_signs_nobody_out(seat: Seat) -> None:
    leaving = signing_out(seat)
    assert not any("not sent" in text for text in seat.texts(leaving))
    seat.press("Esc")
    assert seat.opener.current() is not None
    assert seat.line == "All saved"


def test_a_start_after_signing_out_asks_to_sign_in(seat: Seat, sit: Callable[[str], Seat]) -> None:
    signing_out(seat)
    seat.press("Return")
    seat.until(lambda: isinstance(seat.application.front, SignInView), "the sign-in")
    seat.close()
    again = sit("ada")
    again.application.start()
    again.until(lambda: again.application.front is not None, "a window")
    assert isinstance(again.application.front, SignInView)


# The words of saving, pressed


def test_all_saved_tells_when_and_that_there_is_nothing_to_do(seat: Seat) -> None:
    seat.wait(0.5)
    seat.says("All saved")
    seat.desk.window.sync_line.click()
    seat.until(lambda: bool(seat.desk.window.findChildren(SyncFloat)), "the float")
    (float_,) = seat.desk.window.findChildren(SyncFloat)
    texts = seat.texts(float_)
    assert texts[0] == "All saved"
    assert "Nothing" in texts
    assert "127.0.0.1" in texts
    assert "Not since the start" not in texts
    assert QApplication.focusWidget() is float_.button
    seat.press("Esc")
    assert QApplication.focusWidget() is not float_.button
