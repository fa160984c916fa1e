"""What was shown is let go of when its window has closed: who signs in next finds nothing of it, not even in memory."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from csr_desktop.services.desk_data import DeskData
from csr_desktop.ui.desk_window import DeskWindow
from csr_desktop.ui.kit.theme import ThemeSwitch
from csr_desktop.ui.main_window import PLACES
from csr_desktop.ui.sign_in_view import SignInView
from tests.ui.frame_bench import Frame
from tests.ui.recovery_seat import Seat

Watched = dict[str, "weakref.ref[object]"]


def watch(made: DeskWindow) -> Watched:
    """The window and what it is made of, by name."""
    parts: list[object] = [made, made.window, made.desk, made.floats, made.call_bar]
    parts += [made.window.place(key) for key in PLACES]
    return {type(part).__name__: weakref.ref(part) for part in parts}


def left(watched: Watched) -> list[str]:
    gc.collect()
    return [name for name, part in watched.items() if part() is not None]


def windows() -> set[QWidget]:
    return set(QApplication.topLevelWidgets())


def test_a_closed_window_is_let_go_of_with_all_its_parts(data: DeskData, themes: ThemeSwitch, qtbot: QtBot) -> None:
    gc.collect()
    before = windows()
    frame = Frame(data, themes, qtbot)
    for key in PLACES:
        frame.go(key)
        frame.choose_first()
    frame.press("Ctrl+K", "Esc")
    watched = watch(frame.desk_window)
    assert len(left(watched)) == 5 + len(PLACES)
    frame.close()
    del frame
    assert left(watched) == []
    assert windows() <= before


def test_who_signs_out_leaves_nothing_of_the_window_in_memory(sit: Callable[..., Seat]) -> None:
    seat = sit()
    seat.open_filled()
    seat.until(lambda: seat.desk.is_whole, "the whole window")
    seat.press("Ctrl+2", "Ctrl+3", "Ctrl+4", "Ctrl+1")
    watched = watch(seat.desk)
    assert len(left(watched)) == 5 + len(PLACES)
    seat.application.sign_out()
    seat.until(lambda: isinstance(seat.application.front, SignInView), "the page to sign in")
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # type: ignore[arg-type]
    seat.wait(0.1)
    assert left(watched) == []
