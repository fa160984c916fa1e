"""The likely topic, the topic's script beside the notes, a colleague who is asked, a wrap-up that runs out."""

from __future__ import annotations

import time

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel

from csr_desktop.services.call_rows import RunningCall
from tests.ui.calls.calls_bench import Bench
from tests.ui.frame_bench import can_be_seen

NOTICE = (
    "SELECT t.id FROM topics t JOIN topics p ON p.id = t.parent_id WHERE p.name = 'Payroll tax' AND t.name = 'Notice'"
)


def to_notice(bench: Bench, shared_number: str) -> RunningCall:
    call = bench.start(shared_number)
    bench.place.running.set_topic(call.id, str(bench.value(NOTICE)))
    bench.settle()
    return call


def limit(bench: Bench, seconds: int) -> str:
    """The organisation sets a limit; the id of the disposition of calls that ran into it."""
    ran_out = str(bench.value("SELECT id FROM dispositions WHERE name = 'Transferred'"))
    bench.data.sql.do(
        "UPDATE organisations SET wrap_up_limit_seconds = ?, wrap_up_disposition_id = ?", *(seconds, ran_out)
    )
    bench.data.services.lists._read = type(bench.data.services.lists._read)(bench.data.sql)
    return ran_out


def pass_seconds(bench: Bench, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """The window's clock goes on, and its timer fires."""
    now = time.monotonic()
    monkeypatch.setattr("csr_desktop.ui.calls.running_calls.time.monotonic", lambda: now + seconds)
    bench.place.running._second.timeout.emit()
    bench.settle()


def test_the_likely_topic_is_taken_with_one_key_while_typing(bench: Bench, shared_number: str) -> None:
    bench.start(shared_number)
    likely = [node for node in bench.data.services.lists.topics(bench.call.client_id) if node.is_likely]
    assert bench.place.call_pane.likely.is_offered
    bench.type("About the")
    bench.press("Ctrl+Shift+T")
    assert bench.call.topic_id == likely[0].id
    assert bench.place.call_pane.topic.text() == " \u203a ".join(likely[0].path)
    bench.type(" notice")
    assert bench.place.call_pane.notes.text() == "About the notice"


def test_f1_reads_the_script_beside_the_notes_and_steps_are_ticked_by_keyboard(
    bench: Bench, shared_number: str
) -> None:
    call = to_notice(bench, shared_number)
    pane = bench.place.call_pane
    assert pane.script.isVisible()
    bench.press("Alt+N")
    bench.type("She reads ")
    assert bench.place.read_here()
    bench.settle()
    assert pane.beside.isVisible()
    assert pane.notes.hasFocus(), "reading leaves the keyboard in the notes"
    bench.type("it out.")
    bench.place.read_here()
    assert pane.beside.boxes[0].hasFocus()
    bench.press("Space", "Tab", "Space")
    (checked,) = bench.call.checked
    assert checked.done == (0, 1)
    bench.place.read_here()
    assert pane.notes.hasFocus()
    bench.place.read_here()
    assert pane.beside.boxes[2].hasFocus(), "the first that is not done"
    assert bench.place.go_back()
    assert not pane.beside.isVisible()
    assert pane.notes.hasFocus()
    bench.press("F8", "1", "Ctrl+Return")
    detail = bench.data.services.calls.detail(call.id)
    assert (detail.note, detail.checked[0].done) == ("She reads it out.", (0, 1))
    said = [label.text() for label in bench.place.past.gone_through.findChildren(QLabel)]
    assert set(detail.checked[0].steps) <= set(said)


def test_another_topic_takes_its_script_along(bench: Bench, shared_number: str) -> None:
    call = to_notice(bench, shared_number)
    bench.place.read_here()
    bench.place.running.set_topic(call.id, "")
    bench.settle()
    assert not bench.place.call_pane.beside.isVisible()
    assert not bench.place.call_pane.script.isVisible()
    assert not bench.place.read_here(), "F1 is the program's help then"


def test_who_measured_is_said_on_hover_and_to_a_screen_reader(bench: Bench, shared_number: str) -> None:
    bench.start(shared_number)
    handle = bench.place.call_pane.head.handle
    assert handle._legend["talk"].toolTip()
    assert "timed by hand" in handle._bar.accessibleDescription()
    assert handle._note.text() == "timed by hand"


def test_a_colleague_is_asked_with_one_key_while_the_client_waits(
    bench: Bench, shared_number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.start(shared_number)
    bench.type("I ask")
    bench.press("Shift+F6")
    assert (bench.call.phase, bench.call.is_consulting) == ("hold", True)
    bench.place.running._received[bench.call.id] -= 41
    bench.place.running.ticked.emit()
    head = bench.place.call_pane.head
    assert head.handle._note.text() == "0:41 of it asking a colleague"
    assert head.waits.badge.text == bench.bar.line.state.text() == "Asking a colleague 0:41"
    assert head.consult.isChecked()
    bench.press("Shift+F6")
    assert (bench.call.phase, bench.call.is_consulting, head.consult.isChecked()) == ("hold", False, False)
    assert head.waits.badge.text == f"{bench.call.contact_name.split(' ')[0]} is on hold, F6 to go on"
    assert bench.bar.line.state.text() == "On hold"
    bench.press("F6")
    assert not can_be_seen(head.waits)
    assert (bench.call.phase, bench.call.is_consulting) == ("talk", False)
    assert bench.place.call_pane.notes.text() == "I ask"


def test_a_wrap_up_that_runs_out_saves_what_was_typed_and_undo_brings_it_back(
    bench: Bench, shared_number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran_out = limit(bench, 90)
    call = bench.start(shared_number)
    bench.type("Half a sente")
    bench.press("F8")
    pass_seconds(bench, 60, monkeypatch)
    assert [one.id for one in bench.place.running.all()] == [call.id]
    assert bench.place.call_pane.head.handle._note.text() in {"saved by itself in 0:30", "saved by itself in 0:31"}
    pass_seconds(bench, 31, monkeypatch)
    assert bench.place.running.all() == []
    saved = bench.row("interactions", call.id)
    assert (saved["note"], saved["disposition_id"]) == ("Half a sente", ran_out)
    assert "The wrap-up ran out" in bench.notices()
    bench.desk.undo(bench.data.services.last_undo()[0])  # type: ignore[index]
    bench.settle()
    assert bench.call.note == "Half a sente"
    assert bench.place.call_pane.notes.text() == "Half a sente"


def test_in_the_middle_of_a_step_the_limit_is_said_and_waits(
    bench: Bench, shared_number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(bench, 60)
    call = bench.start(shared_number)
    bench.press("F8", "Ctrl+P")
    bench.type("Send the new rate table")
    pass_seconds(bench, 600, monkeypatch)
    assert [one.id for one in bench.place.running.all()] == [call.id]
    assert "has run out" in bench.place.call_pane._disposition_hint.text()
    focus = QApplication.focusWidget()
    assert focus is not None
    assert focus.property("text") == "Send the new rate table"
    bench.place.go_back()
    bench.settle()
    pass_seconds(bench, 601, monkeypatch)
    assert bench.place.running.all() == []
    assert bench.row("interactions", call.id)["result"] == "handled"


def test_without_a_limit_a_wrap_up_goes_on(bench: Bench, shared_number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    call = bench.start(shared_number)
    bench.press("F8")
    pass_seconds(bench, 100_000, monkeypatch)
    assert [one.id for one in bench.place.running.all()] == [call.id]


def test_a_step_is_ticked_by_a_click_on_its_words(bench: Bench, shared_number: str) -> None:
    to_notice(bench, shared_number)
    bench.place.read_here()
    words = bench.place.call_pane.beside._boxes[1][1].parentWidget().findChildren(QLabel)[-1]
    bench.qtbot.mouseClick(words, Qt.MouseButton.LeftButton)
    bench.settle()
    assert bench.call.checked[0].done == (1,)
