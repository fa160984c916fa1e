"""A call that is thrown away by mistake: the notice and Ctrl+Z bring it back, from anywhere, with all that was typed."""

from __future__ import annotations

import pytest

from csr_desktop.services.call_rows import RunningCall
from csr_desktop.services.desk_services import build_services
from tests.desks import ZONE
from tests.ui.frame_bench import Frame

NUMBER = "(312) 555-0142"


@pytest.fixture
def call(frame: Frame) -> RunningCall:
    """Noted, with a topic, a promise and a disposition."""
    frame.press("Ctrl+D")
    frame.type(NUMBER)
    frame.press("Return")
    frame.type("She asks about the April deposit.")
    frame.press("Ctrl+P")
    frame.type("Call back with the trace")
    frame.press("Return")
    frame.type("tomorrow 11")
    frame.press("Return", "Alt+2")
    (running,) = frame.data.services.calls.running()
    assert running.disposition_id
    assert running.note
    assert running.steps.follow_ups
    return running


def discard(frame: Frame) -> None:
    frame.press("Ctrl+K")
    frame.type("discard")
    frame.press("Return")


def back(frame: Frame) -> RunningCall:
    (running,) = frame.data.services.calls.running()
    return running


@pytest.mark.parametrize("state", ["talk", "hold", "wrap_up"])
def test_ctrl_z_brings_it_back(frame: Frame, call: RunningCall, state: str) -> None:
    if state != "talk":
        frame.press("F6" if state == "hold" else "F8")
    discard(frame)
    assert frame.data.services.calls.running() == ()
    assert frame.count("calls") == 0
    assert frame.said() == [f"Call discarded: {call.contact_name}."]
    assert frame.focus is frame.place.list.rows
    frame.press("Ctrl+Z")
    after = back(frame)
    assert (after.note, after.disposition_id, after.steps) == (call.note, call.disposition_id, call.steps)
    assert after.contact_id == call.contact_id
    assert frame.count("calls") == 1
    assert frame.place.call_pane.notes.text() == call.note
    frame.press("Ctrl+Return")
    assert frame.value("SELECT note FROM interactions WHERE id = ?", after.id) == call.note


def test_from_another_place_too(frame: Frame, call: RunningCall) -> None:
    discard(frame)
    frame.go("inbox")
    frame.press("Ctrl+Z")
    assert back(frame).note == call.note
    assert frame.desk_window.call_bar.line.isVisible()


def test_undo_goes_back_in_order(frame: Frame, call: RunningCall) -> None:
    """What was done after the discard is taken back before it."""
    discard(frame)
    frame.go("clients")
    frame.choose_first()
    frame.press("W")
    frame.type("Written afterwards")
    frame.press("Ctrl+Return", "T")
    notes = "SELECT COUNT(*) FROM notes WHERE body = 'Written afterwards' AND deleted = 0"
    assert frame.value(notes) == 1
    frame.press("Ctrl+Z")
    assert frame.value(notes) == 0
    assert frame.data.services.calls.running() == ()
    frame.press("Ctrl+Z")
    assert back(frame).note == call.note


def test_after_the_program_was_closed_too(frame: Frame, call: RunningCall) -> None:
    discard(frame)
    again = build_services(frame.data.replica, ZONE)
    again.undo()
    assert [one.note for one in again.calls.running()] == [call.note]
