"""Every menu of the window is the same: how it looks, what it says, and which keys work in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

import csr_desktop
from csr_desktop.ui.kit.menu_float import MenuFloat
from tests.ui.frame_bench import Frame, can_be_seen, role, spoken


def open_inbox(frame: Frame) -> QWidget:
    ticket = "SELECT id FROM tickets WHERE state = 'open' AND deleted = 0 AND assignee_id <> '' LIMIT 1"
    frame.desk.open("ticket", str(frame.value(ticket)))
    frame.settle()
    return frame.place.conversation.more_button  # type: ignore[no-any-return]


def open_call(frame: Frame) -> QWidget:
    frame.desk.call("(312) 555-0142")
    frame.settle()
    frame.go("calls")
    return frame.place.call_pane.head.more  # type: ignore[no-any-return]


def open_past_call(frame: Frame) -> QWidget:
    missed = "SELECT id FROM interactions WHERE result = 'missed' AND contact_id <> '' AND deleted = 0 LIMIT 1"
    frame.desk.open("call", str(frame.value(missed)))
    frame.settle()
    return frame.place.past.more  # type: ignore[no-any-return]


def open_follow_up(frame: Frame) -> QWidget:
    frame.go("follow_ups")
    frame.choose_first()
    return frame.place.detail.more  # type: ignore[no-any-return]


def open_person(frame: Frame) -> QWidget:
    return frame.window.top_bar.avatar


BUTTONS: dict[str, Callable[[Frame], QWidget]] = {
    "ticket": open_inbox,
    "running call": open_call,
    "past call": open_past_call,
    "follow-up": open_follow_up,
    "person": open_person,
}


def menus(frame: Frame) -> list[MenuFloat]:
    return [menu for menu in frame.window.findChildren(MenuFloat) if can_be_seen(menu)]


def menu_of(frame: Frame, button: QWidget) -> MenuFloat:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    frame.settle()
    (menu,) = menus(frame)
    return menu


@pytest.mark.parametrize("name", BUTTONS)
def test_it_stands_by_its_button_with_the_keyboard_and_a_name(frame: Frame, name: str) -> None:
    button = BUTTONS[name](frame)
    assert can_be_seen(button)
    menu = menu_of(frame, button)
    place = menu.geometry()
    at = button.rect().translated(button.mapTo(frame.window, button.rect().topLeft()))
    assert frame.window.rect().contains(place)
    assert 0 <= place.top() - at.bottom() <= 12
    assert place.left() <= at.right()
    assert place.right() >= at.left()
    assert frame.focus is menu.rows
    assert spoken(menu.rows).strip()
    assert role(menu.rows) == QAccessible.Role.List
    lines = QAccessible.queryAccessibleInterface(menu.rows)
    assert [lines.child(at).text(QAccessible.Text.Name) for at in range(lines.childCount())] == [
        ", ".join(part for part in (pick.words, pick.detail) if part) for pick in menu.picks
    ]


@pytest.mark.parametrize("name", BUTTONS)
def test_escape_closes_it_and_a_second_press_of_its_button_too(frame: Frame, name: str) -> None:
    button = BUTTONS[name](frame)
    before = frame.focus
    menu_of(frame, button)
    frame.press("Esc")
    assert menus(frame) == []
    assert frame.focus in {before, button}
    menu_of(frame, button)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    frame.settle()
    assert menus(frame) == []


def test_arrows_go_round_home_and_end_reach_the_ends_and_letters_find(frame: Frame) -> None:
    menu = menu_of(frame, open_inbox(frame))
    words = [pick.words for pick in menu.picks]
    last = len(words) - 1

    def line() -> int:
        return menu.rows.currentIndex().row()

    assert line() == 0
    frame.press("Up")
    assert line() == last
    frame.press("Down")
    assert line() == 0
    frame.press("End")
    assert line() == last
    frame.press("Home")
    assert line() == 0
    frame.press("O")
    assert words[line()].startswith("O")
    changing = [at for at, one in enumerate(words) if one.startswith("C")]
    assert len(changing) > 1
    for at in changing:
        frame.press("C")
        assert line() == at
    # C alone would take the ticket, O open its client: neither happened.
    assert frame.notices == []
    assert frame.window.current_place == "inbox"


@pytest.mark.parametrize("key", ["Return", "Enter", "Space"])
def test_what_is_taken_happens(frame: Frame, key: str) -> None:
    menu = menu_of(frame, open_inbox(frame))
    frame.press("O", key)
    assert not menu.isVisible()
    assert frame.window.current_place == "clients"


def test_it_closes_when_the_keyboard_goes_elsewhere(frame: Frame) -> None:
    menu_of(frame, open_inbox(frame))
    frame.place.list.rows.setFocus()
    frame.settle()
    assert menus(frame) == []


def test_no_menu_is_qts_own() -> None:
    """Those of a text field's right click are; they are Qt's whole."""
    sources = Path(str(csr_desktop.__file__)).parent.rglob("*.py")
    assert [file.name for file in sources if re.search(r"\bQMenu\(", file.read_text("utf-8"))] == []
