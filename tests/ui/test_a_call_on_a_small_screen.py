"""A call at 1280 by 720: nothing moves under who types, and what ends the call can always be seen and pressed."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget

from csr_desktop.ui.calls.place import CallsPlace
from csr_desktop.ui.calls.start_float import StartFloat
from csr_desktop.ui.calls.step_forms import StepForm
from csr_desktop.ui.calls.steps_section import StepLine
from csr_desktop.ui.kit.buttons import ChoiceButton
from csr_desktop.ui.kit.menu_float import MenuFloat
from tests.ui.frame_bench import Frame, can_be_seen, interactive, spoken

NUMBER = "(312) 555-0142"
TITLE = "Send the trace to Dana, with the letter of April, what the bank said and the form that she has to sign for it"


@pytest.fixture
def place(frame: Frame) -> CallsPlace:
    frame.resize(1280, 720)
    frame.press("Ctrl+D")
    frame.type(NUMBER)
    frame.press("Return", "F6")
    made: Any = frame.place
    return made


def is_whole(widget: QWidget) -> bool:
    """Every pixel of it can be seen."""
    return widget.isVisible() and widget.visibleRegion().boundingRect() == widget.rect()


def top(widget: QWidget) -> int:
    return widget.mapTo(widget.window(), QPoint(0, 0)).y()


def test_a_repeated_call_is_said_without_moving_the_notes(frame: Frame, place: CallsPlace) -> None:
    pane = place.call_pane
    frame.type("She asks")
    before = (top(pane.notes), top(pane.topic), top(pane.disposition))
    frame.press("Alt+T")
    frame.type("notice")
    frame.press("Return")
    assert pane.head.repeat.text.startswith("Third call on payroll tax in 30 days")
    assert is_whole(pane.head.repeat)
    assert (top(pane.topic), top(pane.disposition)) == before[1:]
    assert top(pane.notes) < before[0], "what was likely is no question any more and leaves its line"
    frame.press("Shift+F4")
    assert can_be_seen(pane.head.earlier)


def test_the_next_steps_are_whole_in_a_small_window_once_the_topic_is_known(frame: Frame, place: CallsPlace) -> None:
    frame.resize(1280, 695)  # 720 without a title bar
    frame.press("Alt+T")
    frame.type("notice")
    frame.press("Return")
    steps = place.call_pane.steps
    for button in (steps.ticket, steps.follow_up, steps.promise, steps.request, steps.escalation):
        assert is_whole(button), button.accessibleName()
    assert is_whole(place.call_pane.check)


@pytest.mark.parametrize("key", ["Ctrl+P", "Ctrl+F", "Ctrl+T", "Ctrl+R", "F4"])
def test_the_form_of_a_step_is_seen_whole_also_beside_a_script(frame: Frame, place: CallsPlace, key: str) -> None:
    pane = place.call_pane
    frame.press("Alt+T")
    frame.type("notice")
    frame.press("Return", "F1")
    assert pane.beside.isVisible()
    frame.press(key)
    frame.settle()
    (form,) = [one for one in pane.steps.findChildren(StepForm) if one.isVisible()]
    assert is_whole(form)


@pytest.mark.parametrize("key", ["Ctrl+P", "Ctrl+F", "Ctrl+T", "Ctrl+R", "F4"])
def test_the_disposition_is_seen_and_stays_while_a_step_is_entered(frame: Frame, place: CallsPlace, key: str) -> None:
    pane = place.call_pane
    frame.press("Alt+T")
    frame.type("notice")
    frame.press("Return")
    before = top(pane.disposition)
    frame.press(key)
    choices = pane.disposition.findChildren(ChoiceButton)
    assert len(choices) > 2
    assert all(is_whole(choice) for choice in choices)
    assert top(pane.disposition) == before
    form = pane.steps._form
    assert form is not None
    assert is_whole(form.take)
    assert is_whole(frame.focus)


def test_of_a_long_step_the_title_gives_way_and_the_time_is_whole(frame: Frame, place: CallsPlace) -> None:
    frame.press("Ctrl+P")
    frame.type(TITLE)
    frame.press("Return")
    frame.type("tomorrow 11")
    frame.press("Return")
    (line,) = place.call_pane.steps.findChildren(StepLine)
    shown = [QLabel.text(label) for label in line.findChildren(QLabel)]
    assert shown[0].startswith("Send the trace")
    assert shown[0].endswith("\u2026")
    assert shown[1] == "by"
    assert shown[2].startswith("tomorrow, 11:00")
    assert shown[3].endswith("yours")


def test_a_topic_is_offered_once(frame: Frame, place: CallsPlace) -> None:
    paths = [pick.words for pick in place.call_pane.topic.matching("")]
    assert len(paths) > 5
    assert len(paths) == len(set(paths))


def test_a_number_is_written_as_numbers_are_with_its_company_first(frame: Frame) -> None:
    frame.press("Ctrl+D")
    frame.type("3125550142")
    start = frame.window.findChild(StartFloat)
    assert isinstance(start, StartFloat)
    row = start.finder.model.found[0]
    assert (row.title, row.detail) == (NUMBER, "Example Bakery, Dana Sample")


def test_where_the_rail_is_narrow_the_lists_of_calls_are_reached_from_their_header(frame: Frame) -> None:
    """The wide rail has them; in the narrow one there is no room, and the mouse had no way."""
    frame.go("calls")
    frame.resize(1440, 900)
    assert "Choose a list of calls" not in {spoken(one) for one in interactive(frame.place.list.header)}
    frame.resize(1280, 720)
    (button,) = (one for one in interactive(frame.place.list.header) if spoken(one) == "Choose a list of calls")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    (menu,) = (one for one in frame.window.findChildren(MenuFloat) if one.isVisible())
    assert [pick.words for pick in menu.picks][:3] == ["My calls", "Team's calls", "Caller log"]
    frame.press("Down", "Return")
    assert frame.place.list.header.title == "Team's calls"
    assert frame.place.list.rows.hasFocus()
    assert can_be_seen(frame.place.past), "the first of the list is open, not an empty pane"
