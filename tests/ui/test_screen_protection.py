"""Windows that are left out of pictures of the screen. What the systems do with it is seen on them alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QMenu, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from csr_desktop.ui.screen_protection import (
    ScreenProtection,
    can_protect,
    protected_by_windows,
    system_protection,
)
from tests.ui.recovery_seat import Seat


class Shield:
    """Notes which windows were protected, and whether anything of them was seen before."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.seen_before: list[int] = []

    def protect(self, number: int) -> bool:
        if number not in self.numbers:
            self.seen_before += [
                int(window.winId())
                for window in QGuiApplication.topLevelWindows()
                if window.isExposed() and int(window.winId()) == number
            ]
        self.numbers.append(number)
        return True


@pytest.fixture
def shield(qapp: QApplication) -> Iterator[Shield]:
    found = Shield()
    guard = ScreenProtection(qapp, found.protect)
    yield found
    qapp.removeEventFilter(guard)
    guard.deleteLater()


def number_of(widget: QWidget) -> int:
    window = widget.windowHandle()
    assert window is not None
    return int(window.winId())


def test_every_window_is_protected_before_it_is_seen(shield: Shield, qtbot: QtBot) -> None:
    windows = [QWidget(), QWidget()]
    for window in windows:
        qtbot.addWidget(window)
        with qtbot.waitExposed(window):
            window.show()
    assert {number_of(window) for window in windows} <= set(shield.numbers)
    assert shield.seen_before == []
    windows[0].hide()
    shield.numbers.clear()
    windows[0].show()
    assert number_of(windows[0]) in shield.numbers, "one that was away is looked at again"


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_what_takes_no_keys_is_protected_too(shield: Shield, qtbot: QtBot) -> None:
    """A tooltip has names and numbers in it, and is a window of its own that nothing is typed in; so is a menu."""
    window = QWidget()
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    shield.numbers.clear()
    QToolTip.showText(window.mapToGlobal(QPoint(5, 5)), "Casey Example, 555-0100", window)
    qtbot.waitUntil(QToolTip.isVisible)
    tip = next(found for found in QApplication.topLevelWidgets() if found.windowType() == Qt.WindowType.ToolTip)
    assert QApplication.focusWindow() is window.windowHandle()
    assert number_of(tip) in shield.numbers
    QToolTip.hideText()
    menu = QMenu("Example", window)
    menu.addAction("Call Casey Example")
    menu.popup(window.mapToGlobal(QPoint(5, 5)))
    qtbot.waitUntil(menu.isVisible)
    assert number_of(menu) in shield.numbers
    menu.close()
    assert shield.seen_before == []


def test_the_whole_desk_is_protected_with_its_lock_and_front_pages(
    sit: Callable[..., Seat], monkeypatch: pytest.MonkeyPatch
) -> None:
    protected: set[int] = set()

    def protect(number: int) -> bool:
        protected.add(number)
        return True

    monkeypatch.setattr("csr_desktop.ui.screen_protection.system_protection", lambda: protect)
    seat = sit("ada", ScreenProtection=True)
    seat.open_filled()
    assert int(seat.desk.window.winId()) in protected
    seat.application.locking.lock()
    assert seat.application.front is not None
    assert int(seat.application.front.winId()) in protected


def test_an_older_windows_shows_black_instead() -> None:
    asked: list[int] = []

    def older(_window: int, affinity: int) -> int:
        asked.append(affinity)
        return int(affinity == 1)

    assert protected_by_windows(older, 7)
    assert asked == [0x11, 0x01]
    assert not protected_by_windows(lambda _window, _affinity: 0, 7)


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="these have a way")
def test_a_system_without_a_way_says_no() -> None:
    assert not can_protect()
    assert not system_protection()(7)
