"""A desk that is locked: nothing of a client is to be seen, nothing is lost, and calls go on behind it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAccessibleEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from csr_desktop.domain.errors import Refused
from csr_desktop.server.run import administration
from csr_desktop.system.call_message import call_message
from csr_desktop.system.keyring_store import PersonSecrets
from csr_desktop.system.settings import SettingsFile
from csr_desktop.ui.calls.incoming_card import IncomingCard
from csr_desktop.ui.fault_view import FaultView
from csr_desktop.ui.idle_watch import IdleWatch
from csr_desktop.ui.kit.prose import NotesEditor
from csr_desktop.ui.kit.theme import ThemeSwitch
from csr_desktop.ui.lock_view import LockView
from csr_desktop.ui.main_window import SMALLEST
from csr_desktop.ui.sign_in_view import SignInView
from tests.faults.machine import needs
from tests.server.desk import PASSWORD
from tests.system.buses import bus, say
from tests.ui.frame_bench import can_be_seen, interactive, spoken
from tests.ui.recovery_seat import House, Seat
from tests.ui.whole import broken_parts

Sit = Callable[..., Seat]
NUMBER = "(312) 555-0142"


@pytest.fixture
def seat(sit: Sit) -> Seat:
    made = sit("ada", IdleLockMinutes=5, DialWay="off")
    made.open_filled()
    made.until(lambda: made.desk.is_whole, "the whole window")
    return made


def view_of(seat: Seat) -> LockView:
    assert isinstance(seat.application.front, LockView)
    return seat.application.front


def pass_minutes(seat: Seat, minutes: float) -> None:
    """The clock on the wall goes on, as when the computer slept."""
    watch = seat.application.locking._watch
    assert watch is not None
    steady, wall = watch._clocks
    watch._clocks = (steady, lambda: wall() + minutes * 60)
    watch.look()
    seat.wait(0.05)


def unlock(seat: Seat, password: str = PASSWORD) -> None:
    view = view_of(seat)
    view.password.setText(password)
    QTest.keyClick(view.password, Qt.Key.Key_Return)
    seat.until(lambda: view is not seat.application.front or view.button.isEnabled(), "an answer")
    seat.wait(0.05)


def seen(_seat: Seat) -> list[QWidget]:
    return [window for window in QApplication.topLevelWidgets() if window.isVisible()]


def test_it_locks_when_nobody_uses_it_and_opens_with_the_password(seat: Seat, house: House) -> None:
    pass_minutes(seat, 4.9)
    assert seat.application.front is None
    QTest.mouseMove(seat.desk.window.windowHandle(), QPoint(300, 300))
    QTest.mouseMove(seat.desk.window.windowHandle(), QPoint(310, 300))
    pass_minutes(seat, 4.9)
    assert seat.application.front is None, "the pointer was moved meanwhile"
    QTest.keyClick(seat.desk.window.windowHandle(), Qt.Key.Key_Down)
    pass_minutes(seat, 5.1)
    view = view_of(seat)
    assert seen(seat) == [view]
    assert view.geometry() == seat.desk.window.geometry()
    assert QApplication.focusWidget() is view.password
    house.stop()  # the network is down as well
    unlock(seat, "wrong")
    assert view.error == (
        "This is not your password. If it was changed lately, this computer has to reach the server first."
    )
    assert QApplication.focusWidget() is view.password
    assert view.password.selectedText() == "wrong"
    unlock(seat)
    assert seat.application.front is None
    assert seen(seat) == [seat.desk.window]
    pass_minutes(seat, 5.1)
    assert seen(seat) == [view_of(seat)], "and again"


@pytest.mark.skipif(sys.platform != "linux", reason="says it by D-Bus")
def test_it_locks_with_the_computer_where_it_locks_at_all(sit: Sit, monkeypatch: pytest.MonkeyPatch) -> None:
    needs("dbus-daemon", "dbus-send")
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere")
    with bus() as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)

        def lock_computer() -> None:
            say(address, "/org/gnome/ScreenSaver", "org.gnome.ScreenSaver.ActiveChanged", "boolean:true")

        locking = sit("ada", IdleLockMinutes=5, DialWay="off")
        locking.open_filled()
        ends_at = time.monotonic() + 10
        while locking.application.front is None and time.monotonic() < ends_at:
            lock_computer()  # again, as nobody may listen yet
            locking.wait(0.1)
        assert seen(locking) == [view_of(locking)]
        unlock(locking)
        lock_computer()
        locking.until(lambda: locking.application.front is not None, "the lock, again")
        unlock(locking)
        locking.close()
        never = sit("ada", IdleLockMinutes=0, DialWay="off")
        never.open()
        for _ in range(5):
            lock_computer()
            never.wait(0.1)
        assert never.application.front is None


def test_what_is_typed_stays_and_so_does_the_keyboard(seat: Seat) -> None:
    window = seat.desk.window
    seat.press("Ctrl+D")
    float_field = QApplication.focusWidget()
    assert isinstance(float_field, QLineEdit)
    QTest.keyClicks(float_field, "Sample Bak")
    seat.press("Ctrl+Shift+Q")
    assert seen(seat) == [view_of(seat)]
    assert not can_be_seen(float_field)
    unlock(seat)
    assert float_field.isVisible()
    assert float_field.text() == "Sample Bak"
    assert window.focusWidget() is float_field
    seat.press("Escape")


def test_what_is_typed_stays_also_where_it_locks_behind_another_program(seat: Seat, qtbot: QtBot) -> None:
    seat.press("Ctrl+D")
    field = QApplication.focusWidget()
    assert isinstance(field, QLineEdit)
    QTest.keyClicks(field, "Sample Bak")
    other = QWidget()
    qtbot.addWidget(other)
    with qtbot.waitActive(other):
        other.show()
        other.activateWindow()
    assert not field.hasFocus()
    pass_minutes(seat, 6)
    unlock(seat)
    assert can_be_seen(field)
    assert field.text() == "Sample Bak"
    assert QApplication.focusWidget() is field


def test_notes_of_a_call_go_on_where_they_were(seat: Seat) -> None:
    seat.desk.desk.call(NUMBER)
    seat.until(lambda: any(map(can_be_seen, seat.desk.window.findChildren(NotesEditor))), "the call pane")
    (notes,) = filter(can_be_seen, seat.desk.window.findChildren(NotesEditor))
    notes.setFocus()
    QTest.keyClicks(notes, "They ask for the")
    pass_minutes(seat, 6)
    view = view_of(seat)
    assert view.call_words == "Your call goes on and is logged."
    unlock(seat)
    assert QApplication.focusWidget() is notes
    QTest.keyClicks(notes, " July return")
    assert notes.toPlainText() == "They ask for the July return"


def test_popups_and_dialogs_go_and_the_clipboard_is_emptied(seat: Seat, qtbot: QtBot) -> None:
    dialog = QDialog(seat.desk.window)
    qtbot.addWidget(dialog)
    dialog.open()
    seat.application.clipboard._owns = lambda: True  # without a window system nobody does
    QGuiApplication.clipboard().setText("Sample Bakery, 555-0142")
    seat.application.locking.lock()
    assert seen(seat) == [view_of(seat)]
    assert QGuiApplication.clipboard().text() == ""
    unlock(seat)


def test_a_call_that_comes_is_told_without_whose_it_is(seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "Robin Placeholder"
    aloud: list[str] = []

    def hear(event: QAccessibleEvent) -> None:
        if isinstance(event, QAccessibleAnnouncementEvent):
            aloud.append(event.message())

    monkeypatch.setattr(QAccessible, "updateAccessibility", hear)
    ring = call_message({"event": "ring", "number": NUMBER, "name": name}, "command", seat.desk.data.now())
    seat.application.locking.lock()
    view = view_of(seat)
    assert view.call_words == ""
    seat.application.told.emit(ring)
    seat.until(lambda: bool(view.call_words), "the ring to be told")
    assert view.call_words == "A call is coming in. Unlock to see who it is."
    assert can_be_seen(view.call)
    texts = [label.text() for label in view.findChildren(QLabel)] + [spoken(w) for w in view.findChildren(QWidget)]
    assert not any("555" in text or "Robin" in text for text in texts)
    QTest.keyClick(view.password, Qt.Key.Key_F9)
    assert view_of(seat) is view
    seat.wait(0.1)
    assert aloud == [view.call_words], "a screen reader says no more than that"
    unlock(seat)
    (card,) = [one for one in seat.desk.window.findChildren(IncomingCard) if can_be_seen(one)]
    assert any(name in label.text() for label in card.findChildren(QLabel))


def test_a_missed_call_is_logged_behind_it(seat: Seat) -> None:
    def tell(event: str) -> None:
        message = call_message({"event": event, "number": NUMBER}, "command", seat.desk.data.now())
        seat.application.told.emit(message)
        seat.wait(0.1)

    seat.application.locking.lock()
    tell("ring")
    tell("missed")
    missed = "SELECT COUNT(*) FROM interactions WHERE channel = 'phone'"
    seat.until(lambda: bool(seat.application.on_store(lambda: seat.desk.data.sql.value(missed))), "the missed call")
    assert view_of(seat).call_words == ""


def test_who_ends_it_while_it_is_locked_finds_it_locked(seat: Seat, sit: Sit) -> None:
    seat.application.locking.lock()
    seat.close()
    again = sit("ada")
    again.open()
    view = view_of(again)
    assert again.application.desk_window is None, "not even opened"
    assert any("Ada Sample is signed in here" in text for text in again.texts(view))
    unlock(again, "wrong")
    assert view.error == "This is not your password. Capitals count in it."
    unlock(again)
    again.until(lambda: again.application.desk_window is not None, "the desk")
    again.says("All saved")
    again.close()
    after = sit("ada")
    after.open()
    assert after.application.front is None


def test_where_the_organization_locks_the_desk_each_start_asks_for_the_password(seat: Seat, sit: Sit) -> None:
    seat.close()
    file = SettingsFile(seat.home / "config" / "settings.json")
    assert not file.load()[0].is_locked, "or somebody has written so by hand"
    again = sit("ada", IdleLockMinutes=5, DialWay="off")
    again.application.opens_minimised = True
    again.open()
    view = view_of(again)
    assert view.isMinimized(), "it waits in the task bar"
    assert again.application.desk_window is None
    missed = call_message({"event": "ring", "number": NUMBER, "name": "Robin"}, "command", seat.desk.data.now())
    again.application.told.emit(missed | {"via": "link"})
    again.wait(0.05)
    assert view.call_words == "", "any page can hold a link"
    again.application.told.emit(missed)
    again.until(lambda: bool(view.call_words), "the ring to be told")
    assert view.call_words == "A call is coming in. Unlock to see who it is."
    again.application.told.emit(missed | {"event": "missed"})
    again.until(lambda: not view.call_words, "the end of it")
    unlock(again, "wrong")
    assert view.error
    unlock(again)
    again.until(lambda: again.application.desk_window is not None and again.desk.is_whole, "the desk")
    count = "SELECT COUNT(*) FROM interactions WHERE channel = 'phone'"
    again.until(lambda: again.application.on_store(lambda: again.desk.data.sql.value(count)) == 1, "the missed call")
    data = again.application._take_window()
    assert data is not None
    again.application.on_store(data.close)
    again.application.start()  # as after a fault that was mended
    again.until(lambda: again.application.desk_window is not None, "the desk once more")
    assert again.application.front is None, "once a start"


def test_a_person_who_chose_that_it_locks_is_not_asked_at_each_start(seat: Seat, sit: Sit) -> None:
    seat.close()
    chosen = sit("ada")
    chosen.opener.remember(idle_lock_minutes=5)
    chosen.open()
    assert chosen.application.front is None
    chosen.until(lambda: chosen.desk.is_whole, "the whole window")
    chosen.close()
    again = sit("ada")
    again.open()
    assert again.opener.remembered("idle_lock_minutes") == 5
    assert again.application.front is None


def test_what_a_kill_would_leave_is_locked_from_the_moment_in_which_it_locks(seat: Seat) -> None:
    """Ended by force it is no less locked: that is on the disk before anybody could end it."""
    file = SettingsFile(seat.home / "config" / "settings.json")
    assert not file.load()[0].is_locked
    seat.application.locking.lock()
    assert file.load()[0].is_locked
    unlock(seat)
    assert not file.load()[0].is_locked


def test_a_password_that_was_changed_opens_it_where_the_server_can_tell(seat: Seat, house: House) -> None:
    house.stop()
    with administration(house.folder) as made:
        made.set_password("ada", "another made up one")
    house.start()
    seat.application.locking.lock()
    unlock(seat, "another made up one")
    assert seat.application.front is None
    seat.says("All saved")
    seat.application.locking.lock()
    house.stop()
    unlock(seat, PASSWORD)
    assert view_of(seat).error.startswith("This is not your password.")
    unlock(seat, "another made up one")
    assert seat.application.front is None


def test_who_signed_in_before_there_was_a_check_is_asked_of_the_server_once(seat: Seat, house: House) -> None:
    account, secrets = seat.desk.data.account, seat.opener.secrets
    kept = secrets.read(account.secret_name)
    assert kept is not None
    older = msgspec.structs.replace(PersonSecrets.decode(kept), password_check=b"")
    secrets.write(account.secret_name, older.encode())
    seat.application.locking.lock()
    house.stop()
    unlock(seat)
    assert "the server has to tell" in view_of(seat).error
    house.start()
    unlock(seat)
    assert seat.application.front is None
    seat.says("All saved")
    house.stop()
    seat.application.locking.lock()
    unlock(seat)
    assert seat.application.front is None


def test_guessing_is_slowed_down(seat: Seat, house: House) -> None:
    house.stop()
    seat.application.locking.lock()
    for _ in range(5):
        unlock(seat, "guess")
        assert view_of(seat).error.startswith("This is not your password.")
    unlock(seat, PASSWORD)
    assert view_of(seat).error.startswith("Too many wrong passwords. Try again in")


def test_who_ends_it_by_force_and_starts_it_again_waits_anew_and_gets_no_free_tries(
    seat: Seat, sit: Sit, house: House
) -> None:
    house.stop()
    seat.application.locking.lock()
    for _ in range(5):
        unlock(seat, "guess")
    file = SettingsFile(seat.home / "config" / "settings.json")
    assert file.load()[0].failed_unlocks == 5, "on the disk before it is said, whatever ends the program then"
    seat.close()
    again = sit("ada")
    again.open()
    unlock(again, PASSWORD)
    assert view_of(again).error.startswith("Too many wrong passwords. Try again in")
    again.wait(2)
    unlock(again, "guess")
    assert view_of(again).error.startswith("This is not your password.")
    unlock(again, PASSWORD)
    assert view_of(again).error == "Too many wrong passwords. Try again in 4 seconds."
    again.wait(4)
    unlock(again, PASSWORD)
    again.until(lambda: again.application.desk_window is not None, "the desk")
    assert file.load()[0].failed_unlocks == 0


def test_somebody_else_can_sign_out_and_in(seat: Seat) -> None:
    clients = seat.desk.desk.services.clients
    seat.desk.desk.do(seat.desk, lambda: clients.add_client({"name": "Sample Bakery"}).outcome, is_quiet=True)
    seat.wait(0.2)
    seat.note("not lost")
    seat.application.locking.lock()
    QTest.mouseClick(view_of(seat).sign_out, Qt.MouseButton.LeftButton)
    seat.until(lambda: isinstance(seat.application.front, SignInView), "the sign-in")
    front = seat.application.front
    assert isinstance(front, SignInView)
    front.login.setText("ada")
    front.password.setText(PASSWORD)
    front.submit()
    seat.until(lambda: seat.application.desk_window is not None, "the desk")
    seat.says("All saved")
    assert seat.notes() == ["not lost"]
    assert seat.application.front is None


def test_a_workstation_that_is_revoked_while_it_is_locked_is_not_locked_for_the_next_person(
    seat: Seat, sit: Sit, house: House
) -> None:
    seat.application.locking.lock()
    house.revoke(seat.desk.data.account.device_id)
    seat.sync()
    seat.until(lambda: isinstance(seat.application.front, FaultView), "it to be said")
    assert seen(seat) == [seat.application.front]
    front = seat.application.front
    assert isinstance(front, FaultView)
    seat.until(lambda: seat.opener.current() is None, "the removal")
    front.buttons[0].click()
    view = seat.application.front
    assert isinstance(view, SignInView)
    view.login.setText("ada")
    view.password.setText(PASSWORD)
    view.submit()
    seat.until(lambda: seat.application.desk_window is not None, "the desk")
    seat.says("All saved")
    seat.close()
    again = sit("ada")
    again.open()
    assert again.application.front is None
    again.says("All saved")


@pytest.mark.qt_log_ignore("raise")
def test_a_second_start_brings_the_lock_to_the_front_and_opens_nothing(seat: Seat) -> None:
    seat.application.locking.lock()
    seat.application.told.emit({"what": "raise"})
    seat.wait(0.05)
    assert seen(seat) == [view_of(seat)]


def test_it_is_worked_by_keyboard_and_every_part_is_named(seat: Seat) -> None:
    seat.press("Ctrl+Shift+Q")
    view = view_of(seat)
    assert [spoken(widget) for widget in interactive(view)] == ["Password of ada", "Unlock", "Sign out"]
    assert spoken(view) == "CSR Desktop is locked"
    assert "Ada Sample is signed in here" in view.accessibleDescription()
    for _ in range(2):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is view.sign_out


@pytest.mark.parametrize("size", [SMALLEST, (1280, 720)], ids=str)
def test_nothing_of_it_is_cut(themes: ThemeSwitch, qtbot: QtBot, size: tuple[int, int]) -> None:
    view = LockView(themes, "Alexandra Maximiliana Placeholder-Sample", "alexandra.placeholder.sample@example.com")
    qtbot.addWidget(view)
    view.resize(*size)
    view.show()
    view.say_calls(ringing=1, running=0)
    view.fail(view_fault())
    QApplication.processEvents()
    assert broken_parts(view) == []


def view_fault() -> Refused:
    return Refused("x", "This is not your password.", "If it was changed lately, this computer has to reach it first.")


def test_without_a_policy_it_never_locks_by_itself(sit: Sit) -> None:
    made = sit("ada")
    made.open_filled()
    assert made.application.locking._watch is None
    made.press("Ctrl+Shift+Q")
    assert seen(made) == [view_of(made)], "but by hand"
    unlock(made)
    assert made.application.front is None


# Ways of signing in


def test_where_passwords_are_not_allowed_none_is_asked_for_or_sent(sit: Sit, house: House) -> None:
    made = sit("ada", SignInMethods="single-sign-on")
    made.application.start()
    made.until(lambda: made.application.front is not None, "a window")
    front = made.application.front
    assert isinstance(front, FaultView)
    assert spoken(front) == "Your organization does not let people sign in with a password on this computer."
    assert [button.words for button in front.buttons] == ["Quit"]
    with pytest.raises(Refused) as refusal:
        made.opener.sign_in(house.url, "ada", PASSWORD)
    assert refusal.value.code == "sign_in_method"


def test_who_is_signed_in_already_works_on_but_cannot_unlock_or_sign_in_again(sit: Sit) -> None:
    first = sit("ada")
    first.open_filled()
    first.close()
    made = sit("ada", SignInMethods="")
    made.open_filled()
    made.desk.ask_to_sign_in()
    made.wait(0.05)
    assert made.asking is None
    assert any("does not let people sign in with a password" in text for text in made.said())
    made.application.locking.lock()
    made.wait(0.05)
    view = view_of(made)
    assert not can_be_seen(view.password)
    assert any("does not let people sign in" in text for text in made.texts(view))
    assert QApplication.focusWidget() is view.sign_out


# The watch alone


def test_a_pointer_that_lies_still_is_nobody(qtbot: QtBot, qapp: QApplication) -> None:
    now = [0.0, 1_000.0]
    watch = IdleWatch(qapp, 60, clocks=(lambda: now[0], lambda: now[1]))
    window = QWidget()
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    idled: list[bool] = []
    watch.idled.connect(lambda: idled.append(True))
    watch.start()
    QTest.mouseMove(window.windowHandle(), QPoint(20, 20))
    for _ in range(3):
        now[0] += 25
        QTest.mouseMove(window.windowHandle(), QPoint(20, 20))
        watch.look()
    assert idled == [True]
    now[0] += 100
    watch.look()
    assert idled == [True], "once"
    watch.start()
    now[1] += 61
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_A)
    assert idled == [True, True], "the first key after a long sleep locks"
    watch.stop()
    now[0] += 1_000
    watch.look()
    assert len(idled) == 2
