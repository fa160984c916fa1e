from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from csr_desktop.ui.calls.people_search import is_number
from tests.ui.calls.calls_bench import Bench


@pytest.mark.parametrize("typed", ["(312) 555-0199", "312.555.0199", "+1 312 555 0199", "tel:+13125550199"])
def test_enter_takes_a_number_in_any_form_as_a_call_that_came(bench: Bench, typed: str) -> None:
    bench.bar.open_start()
    bench.settle()
    bench.type(typed)
    bench.press("Return")
    assert (bench.call.direction, bench.call.phase, bench.call.e164) == ("in", "talk", "+13125550199")
    assert not bench.bar.is_asking
    assert bench.place.call_pane.notes.hasFocus()


def test_control_enter_calls_them(bench: Bench) -> None:
    bench.bar.open_start()
    bench.settle()
    bench.type("(312) 555-0199")
    bench.press("Ctrl+Return")
    assert (bench.call.direction, bench.call.phase) == ("out", "dial")


def test_a_person_is_found_by_name(bench: Bench, somebody: str) -> None:
    bench.bar.open_start()
    bench.settle()
    bench.type(bench.value("SELECT name FROM contacts WHERE id = ?", somebody))
    float_ = bench.bar._float
    assert float_ is not None
    assert somebody in [one.contact_id for one in float_.finder.model.found]


def test_a_company_typed_whole_comes_first_and_enter_calls_for_it(bench: Bench) -> None:
    client_id, name = bench.data.sql.one("SELECT id, name FROM clients WHERE status = 'active' ORDER BY name LIMIT 1")
    bench.bar.open_start()
    bench.settle()
    bench.type(name.lower())
    float_ = bench.bar._float
    assert float_ is not None
    first, *others = float_.finder.model.found
    assert (first.title, first.client_id, first.contact_id) == (name, client_id, "")
    assert {one.client_id for one in others[:1]} <= {client_id}
    bench.press("Return")
    assert (bench.call.client_id, bench.call.contact_id) == (client_id, "")


def test_a_shared_number_offers_its_people(bench: Bench, shared_number: str) -> None:
    bench.bar.open_start()
    bench.settle()
    bench.type(shared_number)
    float_ = bench.bar._float
    assert float_ is not None
    first, *others = float_.finder.model.found
    assert first.key == "number"
    assert len(others) >= 2
    bench.press("Down", "Return")
    assert bench.call.contact_id == others[0].contact_id


def test_enter_waits_for_what_was_typed_last(bench: Bench) -> None:
    """Typing and Enter in one go: the answer for the whole number is not there yet."""
    bench.bar.open_start()
    bench.settle()
    field = QApplication.focusWidget()
    assert field is not None
    QTest.keyClicks(field, "3125550199")
    QTest.keyClick(field, Qt.Key.Key_Return)
    bench.settle()
    assert bench.call.e164 == "+13125550199"


def test_escape_closes_and_gives_the_keyboard_back(bench: Bench) -> None:
    bench.start("(312) 555-0199")
    bench.type("Half")
    bench.bar.open_start()
    bench.settle()
    bench.type("55")
    bench.press("Escape")
    assert not bench.bar.is_asking
    assert bench.place.call_pane.notes.hasFocus()
    assert bench.place.call_pane.notes.text() == "Half"


def test_control_enter_in_the_float_leaves_the_open_call_alone(bench: Bench) -> None:
    first = bench.start("(312) 555-0197")
    bench.bar.open_start()
    bench.settle()
    bench.type("(312) 555-0199")
    bench.press("Ctrl+Return")
    assert bench.place.running.get(first.id) is not None
    assert (bench.call.e164, bench.call.direction) == ("+13125550199", "out")


def test_it_closes_by_a_click_beside_it(bench: Bench) -> None:
    bench.start("(312) 555-0197")
    bench.bar.open_start()
    bench.settle()
    QTest.mouseClick(bench.place.call_pane, Qt.MouseButton.LeftButton, pos=QPoint(4, 4))
    assert not bench.bar.is_asking


def test_it_closes_when_the_keyboard_goes_elsewhere(bench: Bench) -> None:
    bench.start("(312) 555-0197")
    bench.bar.open_start()
    bench.settle()
    bench.place.call_pane.notes.setFocus()
    assert not bench.bar.is_asking
    assert bench.place.call_pane.notes.hasFocus()


def test_two_presses_start_one_call(bench: Bench) -> None:
    bench.place.running.start("(312) 555-0199", "", "in")
    bench.desk.call("(312) 555-0199")
    bench.settle()
    assert len(bench.place.running.all()) == 1


def test_a_call_wanted_anywhere_starts_and_comes_to_the_front(bench: Bench, somebody: str) -> None:
    opened: list[str] = []
    bench.desk.opening.connect(lambda target: opened.append(target.kind))
    bench.desk.call("", somebody)
    bench.settle()
    assert bench.call.contact_id == somebody
    assert bench.call.direction == "out"
    assert opened == ["call"]


def test_a_third_call_is_refused_in_words(bench: Bench) -> None:
    bench.start("(312) 555-0197")
    bench.start("(312) 555-0198")
    bench.place.running.start("(312) 555-0199", "", "in")
    bench.settle()
    assert len(bench.place.running.all()) == 2
    assert "Two calls are running already" in bench.notices()


def test_the_bar_shows_the_running_call(bench: Bench, shared_number: str) -> None:
    assert bench.bar.start.isVisible()
    call = bench.start(shared_number)
    assert bench.bar.line.isVisible()
    assert bench.bar.line.name.words == call.contact_name
    assert bench.bar.line.state.text() == "Talking"
    bench.bar.line.hold.click()
    bench.settle()
    assert bench.bar.line.state.text() == "On hold"
    bench.bar.line.end.click()
    bench.settle()
    assert bench.bar.line.state.text() == "Wrap-up"
    assert bench.bar.line.finish.isVisible()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("312 555", True),
        ("ext. 204", True),
        ("+49 30 901820", True),
        ("Dana", False),
        ("Shop 24", False),
        ("12", False),
    ],
)
def test_what_counts_as_a_number(text: str, *, expected: bool) -> None:
    assert is_number(text) is expected
