"""What a program for accessibility finds of a locked desk, and what would show itself over the lock."""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QTimer
from PySide6.QtGui import QAccessible, QAccessibleEvent, QAccessibleInterface
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from csr_desktop.system.call_message import call_message
from csr_desktop.ui.calls.incoming_card import IncomingCard
from csr_desktop.ui.inbox.attaching import chosen_files
from csr_desktop.ui.save_dialog import ask_where_to_save
from tests.ui.frame_bench import can_be_seen
from tests.ui.recovery_seat import Seat
from tests.ui.test_locking import NUMBER, Sit, seen, unlock, view_of

CLIENT, NAME = "Sample Bakery", "Robin Placeholder"
Heard = tuple[str, str]


@pytest.fixture
def aloud(qapp: QApplication) -> Iterator[None]:
    """As when a screen reader runs."""
    assert qapp
    was = QAccessible.isActive()
    QAccessible.setActive(True)
    yield
    QAccessible.setActive(was)


@pytest.fixture
def seat(sit: Sit, aloud: None) -> Seat:
    made = sit("ada", IdleLockMinutes=5, DialWay="off")
    made.open_filled()
    made.until(lambda: made.desk.is_whole, "the whole window")
    clients = made.desk.desk.services.clients
    made.desk.desk.do(made.desk, lambda: clients.add_client({"name": CLIENT}).outcome, is_quiet=True)
    made.desk.window.go("clients")
    made.until(lambda: any(CLIENT in text for text in found()), "the client in the list")
    return made


def texts_of(interface: QAccessibleInterface | None) -> Iterator[str]:
    """Of it and all below it, shown or not."""
    if interface is None:
        return
    for kind in (QAccessible.Text.Name, QAccessible.Text.Description, QAccessible.Text.Value):
        if text := interface.text(kind):
            yield text
    for at in range(interface.childCount()):
        yield from texts_of(interface.child(at))


def found() -> list[str]:
    """What a walk from the program's root finds, as each system's bridge begins it."""
    return list(texts_of(QAccessible.queryAccessibleInterface(QApplication.instance())))


def newest_number() -> int:
    newest = QWidget()
    return QAccessible.uniqueId(QAccessible.queryAccessibleInterface(newest))


def kept_numbers() -> list[int]:
    """Who reads windows aloud may hold the number of anything that it once met, or guess it."""
    return [at for at in range(1 << 31, newest_number() + 1) if QAccessible.accessibleInterface(at) is not None]


def answering() -> list[str]:
    """The texts behind all numbers that answer."""
    texts: list[str] = []
    for at in kept_numbers():
        interface = QAccessible.accessibleInterface(at)
        if interface.isValid():
            texts += [interface.text(QAccessible.Text.Name), interface.text(QAccessible.Text.Value)]
    return [text for text in texts if text]


@pytest.fixture
def told(aloud: None) -> Iterator[list[Heard]]:
    """All that is told to the system's bridge from now on: the kind, and the name of what it is told of."""
    if sys.platform == "win32":
        pytest.skip("Qt's hook for it bears another name there")
    heard: list[Heard] = []

    @ctypes.CFUNCTYPE(None, ctypes.c_void_p)
    def hear(at: int) -> None:
        event = shiboken6.wrapInstance(at, QAccessibleEvent)
        assert isinstance(event, QAccessibleEvent)
        interface = event.accessibleInterface()
        heard.append((event.type().name, interface.text(QAccessible.Text.Name) if interface is not None else ""))

    library = ctypes.CDLL(str(next(Path(sys.modules["PySide6"].__path__[0]).glob("Qt/lib/*Qt6Gui*"))))
    install = library["_ZN11QAccessible20installUpdateHandlerEPFvP16QAccessibleEventE"]
    install.argtypes, install.restype = [ctypes.c_void_p], ctypes.c_void_p
    before = install(ctypes.cast(hear, ctypes.c_void_p))
    yield heard
    install(before)


def ring(seat: Seat, event: str = "ring") -> None:
    message = call_message({"event": event, "number": NUMBER, "name": NAME}, "command", seat.desk.data.now())
    seat.application.told.emit(message)


def is_of_a_client(text: str) -> bool:
    return CLIENT in text or NAME in text or "555" in text


def test_nothing_of_the_desk_is_in_the_tree_while_it_is_locked(seat: Seat) -> None:
    assert any(map(is_of_a_client, answering())), "what would be found"
    seat.application.locking.lock()
    ring(seat)
    seat.until(lambda: bool(view_of(seat).call_words), "the ring to be told")
    texts = found()
    assert not any(map(is_of_a_client, texts))
    assert "Password of ada" in texts
    assert view_of(seat).call_words in texts
    root = QAccessible.queryAccessibleInterface(QApplication.instance())
    assert [root.child(at).text(QAccessible.Text.Name) for at in range(root.childCount())] == ["CSR Desktop is locked"]
    assert not any(map(is_of_a_client, answering())), "nor by number"
    for widget in seat.desk.window.findChildren(QWidget):
        interface = QAccessible.queryAccessibleInterface(widget)
        assert not interface.isValid()
        assert interface.interface_cast(QAccessible.InterfaceType.ActionInterface) is None, "nothing to press"
        assert not any(texts_of(interface))
    unlock(seat)
    seat.until(lambda: any(NAME in text for text in found()), "the caller, aloud")
    assert any(CLIENT in text for text in found())
    assert not any("Password of" in text for text in found())


def test_what_changes_behind_the_lock_is_not_told(seat: Seat, told: list[Heard]) -> None:
    ring(seat)
    seat.until(lambda: any(NAME in name for _, name in told), "the caller to be told of while it is open")
    seat.application.locking.lock()
    ring(seat, "missed")
    seat.wait(0.2)
    told.clear()
    ring(seat)
    seat.until(lambda: bool(view_of(seat).call_words), "the ring to be told")
    clients = seat.desk.desk.services.clients
    seat.desk.desk.do(seat.desk, lambda: clients.add_client({"name": CLIENT + " Two"}).outcome, is_quiet=True)
    (card,) = seat.desk.window.findChildren(IncomingCard)
    card.setAccessibleName(NAME)
    seat.wait(0.3)
    assert ("Announcement", "CSR Desktop is locked") in told
    assert not [one for one in told if is_of_a_client(one[1])]
    unlock(seat)
    told.clear()
    ring(seat, "missed")
    ring(seat)
    card.setAccessibleName("A caller")
    assert ("NameChanged", "A caller") in told, "after it, all is told again"


def test_what_is_wrong_on_the_lock_is_read_aloud(seat: Seat) -> None:
    seat.application.locking.lock()
    unlock(seat, "wrong")
    assert view_of(seat).error
    assert view_of(seat).error in found()


def test_it_locks_and_opens_many_times_and_is_read_each_time(seat: Seat) -> None:
    took: list[float] = []
    for _ in range(5):
        seat.application.locking.lock()
        assert not any(map(is_of_a_client, found() + answering()))
        begun = time.perf_counter()
        seat.application.locking._on_right(None)
        seat.until(lambda: can_be_seen(seat.desk.window), "the desk")
        QApplication.processEvents()
        took.append(time.perf_counter() - begun)
        assert any(CLIENT in text for text in found())
        assert all(one is None or one.isValid() for one in map(QAccessible.accessibleInterface, kept_numbers()))
    assert sorted(took)[2] < 0.3


def test_who_signs_out_from_the_lock_is_read_the_sign_in(seat: Seat) -> None:
    seat.application.locking.lock()
    view_of(seat).sign_out.click()
    seat.until(lambda: seat.application.desk_window is None and seat.application.front is not None, "the sign-in")
    seat.until(lambda: any("Sign in" in text for text in found()), "it aloud")
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # type: ignore[arg-type]
    assert not any(map(is_of_a_client, found() + answering()))


@pytest.mark.qt_log_ignore("raise")
def test_no_dialog_or_menu_stands_over_the_lock(seat: Seat, qtbot: QtBot) -> None:
    window = seat.desk.window
    asked: list[str] = []
    seat.application.locking.lock()
    dialog = QDialog(window)
    qtbot.addWidget(dialog)
    dialog.rejected.connect(lambda: asked.append("rejected"))
    dialog.open()
    seat.wait(0.05)
    assert asked == ["rejected"], "who asked is told"
    assert dialog.exec() == QDialog.DialogCode.Rejected, "nor does one that waits for an answer wait for ever"
    menu = QMenu(window)
    menu.addAction(CLIENT)
    assert menu.exec(QPoint(20, 20)) is None
    menu.popup(QPoint(20, 20))
    lone = QPushButton(NAME)
    qtbot.addWidget(lone)
    was_mapped: list[bool] = []
    QTimer.singleShot(0, lambda: was_mapped.append(lone.windowHandle() is not None and lone.windowHandle().isVisible()))
    lone.show()
    window.show()
    seat.wait(0.1)
    assert was_mapped == [False], "not for an instant"
    assert seen(seat) == [view_of(seat)]
    assert not any(map(is_of_a_client, found()))
    unlock(seat)
    assert seen(seat) == [window]
    dialog.open()
    lone.show()
    seat.wait(0.05)
    assert seen(seat).count(dialog) == seen(seat).count(lone) == 1, "afterwards they show"
    assert lone.windowHandle().isVisible()


@pytest.mark.qt_log_ignore("raise", "grabbing the keyboard")
def test_the_lock_has_its_own_menus(seat: Seat) -> None:
    seat.application.locking.lock()
    menu = view_of(seat).password.createStandardContextMenu()
    menu.popup(QPoint(20, 20))
    seat.wait(0.05)
    assert menu.isVisible()
    menu.close()


Ask = Callable[[QWidget, Callable[[object], None]], None]


@pytest.mark.parametrize(
    "ask",
    [
        lambda window, take: ask_where_to_save(window, "Save", "Sample.csv", take),
        lambda window, take: chosen_files("Attach", window, take),
    ],
    ids=["save", "attach"],
)
def test_nobody_is_asked_for_a_file_behind_the_lock(seat: Seat, ask: Ask) -> None:
    taken: list[object] = []
    seat.application.locking.lock()
    ask(seat.desk.window, taken.append)
    assert not seat.desk.window.findChildren(QDialog)
    seat.wait(0.05)
    assert seen(seat) == [view_of(seat)]
    assert taken == []
    unlock(seat)
    ask(seat.desk.window, taken.append)
    (dialog,) = seat.desk.window.findChildren(QDialog)
    dialog.close()
