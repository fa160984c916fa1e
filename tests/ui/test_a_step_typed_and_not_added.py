"""What is typed in the form of a next step and not added: saving the call adds it, or stops where something is missing;
another call, another form, a discard or a kill loses none of it.
"""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtWidgets import QLabel

from csr_desktop.services.desk_services import build_services
from csr_desktop.ui.calls.place import CallsPlace
from tests.desks import ZONE
from tests.ui.frame_bench import Frame, can_be_seen

NUMBER, OTHER = "(312) 555-0142", "(312) 555-0199"
PROMISE = "SELECT COUNT(*) FROM follow_ups WHERE kind = 'promise' AND title = 'Send the trace' AND deleted = 0"


@pytest.fixture
def place(frame: Frame) -> CallsPlace:
    """A call that is on the line, noted."""
    start(frame, NUMBER)
    frame.press("F6")
    frame.type("She asks about the April deposit.")
    made: Any = frame.place
    return made


def start(frame: Frame, number: str) -> None:
    frame.press("Ctrl+D")
    frame.type(number)
    frame.press("Return")


def type_promise(frame: Frame, when: str = "") -> None:
    frame.press("Ctrl+P")
    frame.type("Send the trace")
    frame.press("Return")
    if when:
        frame.type(when)


def read(place: CallsPlace) -> list[str]:
    """What stands in the call, as words."""
    return [label.text() for label in place.call_pane.findChildren(QLabel) if can_be_seen(label) and label.text()]


def saved_calls(frame: Frame) -> int:
    return int(frame.value("SELECT COUNT(*) FROM interactions WHERE note LIKE 'She asks about%' AND deleted = 0"))


def test_a_promise_that_is_complete_is_added_with_the_save(frame: Frame, place: CallsPlace) -> None:
    type_promise(frame, "tomorrow 11")
    frame.press("Alt+2", "Ctrl+Return")
    assert saved_calls(frame) == 1
    assert frame.value(PROMISE) == 1


def test_ctrl_z_takes_back_both_and_the_call_stands_open_with_all_of_it(frame: Frame, place: CallsPlace) -> None:
    type_promise(frame, "tomorrow 11")
    frame.press("Alt+2", "Ctrl+Return", "Ctrl+Z")
    assert (saved_calls(frame), frame.value(PROMISE)) == (0, 0)
    assert can_be_seen(place.call_pane)
    assert place.call_pane.notes.text() == "She asks about the April deposit."
    assert "Send the trace" in read(place)
    assert place.list.selected_id == place.call_pane.call_id
    frame.press("Ctrl+Return")
    assert (saved_calls(frame), frame.value(PROMISE)) == (1, 1)


def test_without_a_time_the_save_stops_there_and_says_why(frame: Frame, place: CallsPlace) -> None:
    type_promise(frame)
    frame.press("Alt+2", "Alt+N", "Ctrl+Return")
    assert saved_calls(frame) == 0
    assert any(words.startswith("Say by when") for words in read(place))
    assert frame.focus.accessibleName() == "By when"
    frame.type("tomorrow 11")
    assert saved_calls(frame) == 0
    frame.press("Ctrl+Return")
    assert (saved_calls(frame), frame.value(PROMISE)) == (1, 1)


def test_a_time_that_is_not_understood_stops_it_too(frame: Frame, place: CallsPlace) -> None:
    type_promise(frame, "whenever")
    frame.press("Alt+2", "Alt+N", "Ctrl+Return")
    assert saved_calls(frame) == 0
    assert any(words.startswith("Not understood") for words in read(place))
    assert frame.focus.accessibleName() == "By when"


def test_once_it_stopped_enter_adds_the_step_and_saves_nothing(frame: Frame, place: CallsPlace) -> None:
    type_promise(frame)
    frame.press("Alt+2", "Ctrl+Return")
    frame.type("tomorrow 11")
    frame.press("Return")
    assert saved_calls(frame) == 0
    assert "Send the trace" in read(place)
    assert frame.focus is place.call_pane.notes.focusWidget() or place.call_pane.notes.isAncestorOf(frame.focus)


def test_a_new_ticket_that_was_typed_is_opened_with_the_save(frame: Frame, place: CallsPlace) -> None:
    frame.press("Ctrl+T")
    frame.type("Zebra crossing of the April deposit")
    frame.press("Alt+2", "Ctrl+Return")
    assert saved_calls(frame) == 1
    assert frame.value("SELECT COUNT(*) FROM tickets WHERE subject = 'Zebra crossing of the April deposit'") == 1


def test_no_ticket_is_linked_that_nobody_chose(frame: Frame, place: CallsPlace) -> None:
    frame.press("Ctrl+T", "Alt+2", "Ctrl+Return")
    assert saved_calls(frame) == 0
    assert any(words.startswith("Choose a ticket") for words in read(place))
    frame.press("Escape", "Ctrl+Return")
    assert saved_calls(frame) == 1


def test_an_escalation_that_was_typed_is_made_with_the_save(frame: Frame, place: CallsPlace) -> None:
    frame.press("F4")
    frame.type("Wants a lead today")
    frame.press("Alt+2", "Ctrl+Return")
    assert saved_calls(frame) == 1
    ticket_id = frame.value("SELECT ticket_id FROM interactions WHERE note LIKE 'She asks about%' AND deleted = 0")
    assert frame.value("SELECT escalated_to_id FROM tickets WHERE id = ?", ticket_id)


def test_another_form_takes_this_one_first_or_says_what_is_missing(frame: Frame, place: CallsPlace) -> None:
    type_promise(frame, "tomorrow 11")
    frame.press("Ctrl+T")
    assert "Send the trace" in read(place)
    assert "Which ticket does this call belong to?" in read(place)
    frame.press("Ctrl+F")
    frame.type("Look at the ledger")
    frame.press("Ctrl+T")
    assert "Which ticket does this call belong to?" not in read(place)
    assert any(words.startswith("Say by when") for words in read(place))


def test_the_same_key_again_keeps_what_was_typed(frame: Frame, place: CallsPlace) -> None:
    type_promise(frame, "tomorrow 11")
    frame.press("Alt+N", "Ctrl+P", "Alt+2", "Ctrl+Return")
    assert frame.value(PROMISE) == 1


def test_another_call_and_back_shows_form_and_notes_as_they_were(frame: Frame, place: CallsPlace) -> None:
    type_promise(frame, "tom")
    frame.press("Alt+N")
    frame.type(" And")
    start(frame, OTHER)
    assert "What do you promise the client?" not in read(place)
    assert place.call_pane.notes.text() == ""
    frame.press("Escape", "Up")
    assert place.call_pane.notes.text() == "She asks about the April deposit. And"
    assert "What do you promise the client?" in read(place)
    frame.press("Down", "Up", "Alt+2", "Ctrl+Return")
    assert saved_calls(frame) == 0
    form = place.call_pane.steps._follow_up_form
    assert form is not None
    assert (form.what.text(), form.due.text()) == ("Send the trace", "tom")


def test_what_is_typed_in_a_call_that_is_on_hold_is_there_when_it_is_shown_again(
    frame: Frame, place: CallsPlace
) -> None:
    start(frame, OTHER)
    frame.press("Escape", "Up", "Alt+N")
    frame.type(" Later.")
    frame.press("Escape", "Down", "Up")
    assert place.call_pane.notes.text() == "She asks about the April deposit. Later."


def test_a_discarded_call_comes_back_with_its_open_form(frame: Frame, place: CallsPlace) -> None:
    type_promise(frame, "tom")
    place.discard(place.call_pane.call_id)
    frame.settle()
    frame.press("Ctrl+Z")
    form = place.call_pane.steps._follow_up_form
    assert form is not None
    assert can_be_seen(form)
    assert (form.what.text(), form.due.text()) == ("Send the trace", "tom")


def test_a_kill_loses_no_letter_of_it_and_what_was_left_does_not_come_back(frame: Frame, place: CallsPlace) -> None:
    type_promise(frame, "tom")
    (found,) = build_services(frame.data.replica, ZONE).calls.running()
    assert found.open_step is not None
    assert (found.open_step.form, found.open_step.what, found.open_step.when) == ("promise", "Send the trace", "tom")
    frame.press("Escape")
    (found,) = build_services(frame.data.replica, ZONE).calls.running()
    assert found.open_step is None


def test_typing_replaces_what_was_suggested(frame: Frame, place: CallsPlace) -> None:
    type_promise(frame, "tomorrow 11")
    form = place.call_pane.steps._follow_up_form
    assert form is not None
    assert form.what.text() == "Send the trace"
