"""What asks before a deed opens where one is: by the row, or by the button that was pressed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from csr_desktop.ui.kit.action_float import ActionFloat
from csr_desktop.ui.kit.menu_float import MenuFloat
from tests.ui.frame_bench import Frame, can_be_seen

SIZES = [(1440, 900), (1280, 720), (900, 600)]


def floating(frame: Frame) -> ActionFloat:
    (found,) = (one for one in frame.window.findChildren(ActionFloat) if can_be_seen(one))
    assert frame.window.rect().contains(found.geometry())
    return found


def place_of(frame: Frame, widget: QWidget, part: QRect) -> QRect:
    return QRect(widget.mapTo(frame.window, part.topLeft()), part.size())


def stands_by(frame: Frame, place: QRect) -> None:
    """Right beneath or right above, and beside neither end of it."""
    mine = floating(frame).geometry()
    assert min(abs(mine.top() - place.bottom()), abs(place.top() - mine.bottom())) <= 12
    assert mine.left() <= place.right()
    assert mine.right() >= place.left()


def ticket_lines(frame: Frame) -> list[int]:
    model = frame.place.list.model
    rows = [(line, model.row_at(model.index(line))) for line in range(model.rowCount())]
    return [line for line, row in rows if row is not None and row.kind == "ticket" and row.can_work]


def choose(frame: Frame, line: int) -> QRect:
    rows = frame.place.list.rows
    rows.select_row(line)
    rows.setFocus()
    frame.settle()
    return place_of(frame, rows.viewport(), rows.visualRect(rows.currentIndex()))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key", ["P", "A", "S", "T", "F4"])
def test_by_its_key_it_opens_at_the_row(frame: Frame, size: tuple[int, int], key: str) -> None:
    frame.resize(*size)
    for line in (ticket_lines(frame)[0], ticket_lines(frame)[-1]):
        place = choose(frame, line)
        frame.press(key)
        stands_by(frame, place)
        frame.press("Esc")


@pytest.mark.parametrize("size", SIZES[:2])
def test_out_of_the_menu_it_opens_at_the_menus_button(frame: Frame, size: tuple[int, int]) -> None:
    frame.resize(*size)
    choose(frame, ticket_lines(frame)[0])
    button = frame.place.conversation.more_button
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    frame.settle()
    menu = floating(frame)
    assert isinstance(menu, MenuFloat)
    while menu.picks[menu.rows.currentIndex().row()].words != "Change the priority":
        frame.press("C")
    frame.press("Return")
    stands_by(frame, place_of(frame, button, button.rect()))


def test_for_several_it_opens_at_the_button_of_the_deed(frame: Frame) -> None:
    choose(frame, ticket_lines(frame)[0])
    frame.press("X", "Down", "X")
    button = frame.place._selected.several.buttons["priority"]
    frame.press("P")
    stands_by(frame, place_of(frame, button, button.rect()))
    frame.press("Esc")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    stands_by(frame, place_of(frame, button, button.rect()))


def test_from_a_text_it_opens_at_the_tickets_buttons(frame: Frame) -> None:
    choose(frame, ticket_lines(frame)[0])
    frame.press("R", "F4")
    button = frame.place.conversation.more_button
    stands_by(frame, place_of(frame, button, button.rect()))


def test_it_stays_at_the_row_when_the_window_changes(frame: Frame) -> None:
    choose(frame, ticket_lines(frame)[0])
    frame.press("P")
    frame.resize(1280, 720)
    rows = frame.place.list.rows
    row = rows.visualRect(rows.currentIndex())
    stands_by(frame, place_of(frame, rows.viewport(), row))
    assert floating(frame).geometry().left() == rows.viewport().mapTo(frame.window, QPoint()).x()
