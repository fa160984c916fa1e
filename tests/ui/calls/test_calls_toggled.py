"""What a screen reader toggles or presses in the lists of calls does what a key or a click does."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QAccessible, QAccessibleActionInterface
from PySide6.QtWidgets import QWidget

from csr_desktop.ui.kit.action_float import PickFloat
from csr_desktop.ui.kit.chips import FilterChips
from csr_desktop.ui.kit.tabs import TabBar
from csr_desktop.ui.kit.theme import ThemeSwitch
from tests.ui.frame_bench import Frame


def act(widget: QWidget, action: str) -> None:
    found = QAccessible.queryAccessibleInterface(widget).actionInterface()
    assert action in found.actionNames()
    found.doAction(action)


TOGGLE = QAccessibleActionInterface.toggleAction()
PRESS = QAccessibleActionInterface.pressAction()


@pytest.mark.parametrize("action", [TOGGLE, PRESS])
def test_a_filter_asks_for_its_value(frame: Frame, action: str) -> None:
    frame.go("calls")
    calls = frame.place.list
    calls.ask_filter()
    frame.settle()
    calls.filters.floats.open_float.close()
    chip = calls.filters.chips["result"]
    before = chip.isChecked()
    act(chip, action)
    frame.qtbot.waitUntil(lambda: calls.filters.floats.open_float is not None)  # a press goes in and out
    made = calls.filters.floats.open_float
    assert isinstance(made, PickFloat)
    assert "Missed" in [pick.words for pick in made.picks]
    assert chip.isChecked() == before, "nothing is filtered before a value is chosen"


def test_the_filter_button_folds_the_filters_out(frame: Frame) -> None:
    frame.go("calls")
    calls = frame.place.list
    act(calls._filter_button, TOGGLE)
    frame.settle()
    assert calls.filters.isVisible()
    act(calls._filter_button, TOGGLE)
    assert calls.filters.isHidden()


@pytest.mark.parametrize("made_by", [FilterChips, TabBar])
def test_chips_and_tabs_of_which_one_is_chosen(themes: ThemeSwitch, made_by: type[FilterChips | TabBar]) -> None:
    row = made_by(themes, "Show")
    row.add("all", "All")
    row.add("calls", "Calls")
    chosen: list[str] = []
    row.chosen.connect(chosen.append)
    buttons = row._chips if isinstance(row, FilterChips) else row._tabs
    act(buttons["calls"], TOGGLE)
    assert chosen == ["calls"]
    row.choose("all")
    assert chosen == ["calls"], "what the program chooses is told to nobody"
    buttons["calls"].click()
    assert chosen == ["calls", "calls"]
    row.deleteLater()


def test_the_first_call_is_open_when_the_place_is_come_to(frame: Frame) -> None:
    frame.go("calls")
    place = frame.place
    place.choose_view("calls_team")
    place.list.filters.set_part("period", "all")
    place._show_nothing()
    frame.go("inbox")
    frame.go("calls")
    frame.settle()
    first = next(key for key in place.list.model.lines if place.list.model.has_row(key))
    assert place.shows_past
    assert place.past.call_id == first == place.list.selected_id
    assert place.list.rows.hasFocus()


def test_a_running_call_is_open_and_not_the_first_of_the_list(frame: Frame) -> None:
    frame.go("calls")
    place = frame.place
    place._show_nothing()
    place.running.start("(312) 555-0143", "", "in")
    frame.go("inbox")
    frame.go("calls")
    frame.settle()
    assert place.shows_running
