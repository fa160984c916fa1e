"""Windows that are left out of pictures of the screen. What the systems do with it is seen on them alone."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from csr_desktop.ui.screen_protection import (
    ScreenProtection,
    can_protect,
    protected_by_windows,
    system_protection,
)
from tests.ui.recovery_seat import Seat


def test_every_window_is_protected_once_as_it_is_shown(qapp: QApplication, qtbot: QtBot) -> None:
    protected: list[int] = []

    def protect(number: int) -> bool:
        protected.append(number)
        return True

    guard = ScreenProtection(qapp, protect)
    windows = [QWidget(), QWidget()]
    for window in windows:
        qtbot.addWidget(window)
        with qtbot.waitActive(window):
            window.show()
            window.activateWindow()
    assert set(map(int, (window.winId() for window in windows))) <= set(protected)
    count = len(protected)
    guard.cover()
    assert len(protected) == count
    windows[0].hide()
    guard.cover()
    windows[0].show()
    guard.cover()
    assert protected[count:] == [int(windows[0].winId())], "one that was away is looked at again"
    guard.deleteLater()


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
