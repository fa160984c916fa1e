from __future__ import annotations

from concurrent.futures import Executor, Future
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from csr_desktop.domain.errors import CsrDesktopError
from csr_desktop.services.call_rows import RepeatHint
from csr_desktop.services.desk_data import DeskData
from csr_desktop.services.desk_services import build_services
from csr_desktop.ui.background import StoreWorker
from csr_desktop.ui.calls.place import CallsPlace
from csr_desktop.ui.desk import Desk
from csr_desktop.ui.kit.buttons import ChoiceButton
from csr_desktop.ui.kit.theme import ThemeSwitch
from csr_desktop.ui.wording import Wording
from tests.desks import ZONE
from tests.ui.calls.calls_bench import Bench
from tests.ui.conftest import let_go


def test_a_call_that_is_over_is_saved_in_three_keys(bench: Bench, shared_number: str) -> None:
    call = bench.start(shared_number)
    bench.type("Asked about the April deposit.")
    bench.press("F8", "1", "Ctrl+Return")
    saved = bench.row("interactions", call.id)
    assert saved["note"] == "Asked about the April deposit."
    assert saved["disposition_id"] == bench.data.services.lists.dispositions()[0].id
    assert saved["result"] == "handled"
    assert bench.place.running.all() == []
    assert bench.place.shows_past
    assert bench.place.past.call_id == call.id == bench.place.list.selected_id
    assert bench.place.list.rows.hasFocus()
    assert "Call saved" in bench.notices()


def test_finishing_ends_a_call_that_still_runs(bench: Bench, shared_number: str) -> None:
    call = bench.start(shared_number)
    bench.press("Alt+2", "Ctrl+Return")
    assert bench.row("interactions", call.id)["disposition_id"] == bench.data.services.lists.dispositions()[1].id


def test_without_a_disposition_it_is_asked_for_once(bench: Bench, shared_number: str) -> None:
    call = bench.start(shared_number)
    bench.press("Ctrl+Return")
    assert bench.call.phase == "wrap_up"
    assert isinstance(QApplication.focusWidget(), ChoiceButton)
    bench.press("Ctrl+Return")
    assert bench.row("interactions", call.id)["disposition_id"] == ""


class _Slow(Executor):
    """Does nothing until it is let go."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[Any], Any]] = []
        self.is_held = False

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.waiting.append((future, lambda: fn(*args, **kwargs)))
        if not self.is_held:
            self.let_go()
        return future

    def let_go(self) -> None:
        self.is_held = False
        while self.waiting:
            future, work = self.waiting.pop(0)
            future.set_result(work())


def test_a_digit_on_the_heels_of_hanging_up_is_not_noted(data: DeskData, themes: ThemeSwitch, qtbot: QtBot) -> None:
    slow = _Slow()
    desk = Desk(themes, StoreWorker(slow), data.services, Wording(ZoneInfo(ZONE), data.now))
    bench = Bench(desk, data, qtbot)
    call = bench.start("(312) 555-0199")
    bench.type("No")
    slow.is_held = True
    for key in (Qt.Key.Key_F8, Qt.Key.Key_1):
        qtbot.keyClick(QApplication.focusWidget(), key)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    slow.let_go()
    bench.settle()
    saved = bench.row("interactions", call.id)
    assert saved["note"] == "No"
    assert saved["disposition_id"]
    let_go(desk)


def test_each_letter_is_kept_at_once(bench: Bench) -> None:
    call = bench.start("(312) 555-0199")
    bench.type("Half a sent")
    again = build_services(bench.data.replica, ZONE)
    assert [one.note for one in again.calls.running() if one.id == call.id] == ["Half a sent"]
    assert again.calls.one(call.id).is_recovered


def test_a_call_found_again_says_so(bench: Bench, themes: ThemeSwitch, qtbot: QtBot) -> None:
    bench.start("(312) 555-0199")
    bench.type("Kept")
    services = build_services(bench.data.replica, ZONE)
    desk = Desk(themes, bench.desk.store, services, bench.desk.words)
    place = CallsPlace(desk)
    qtbot.addWidget(place)
    place.show()
    bench.settle()
    place.on_shown()
    bench.settle()
    assert place.call_pane.notes.text() == "Kept"
    assert not place.call_pane.head.recovered.isHidden()
    assert "Found again" in place.call_pane.head.recovered.text


def test_a_second_call_holds_the_first_and_f7_switches(bench: Bench, shared_number: str) -> None:
    first = bench.start(shared_number)
    bench.type("First")
    second = bench.start("(312) 555-0199")
    phases = {call.id: call.phase for call in bench.place.running.all()}
    assert phases == {first.id: "hold", second.id: "talk"}
    assert bench.place.call_pane.notes.text() == ""
    bench.press("F7")
    phases = {call.id: call.phase for call in bench.place.running.all()}
    assert phases == {first.id: "talk", second.id: "hold"}
    assert bench.place.call_pane.call_id == first.id == bench.place.list.selected_id
    assert bench.place.call_pane.notes.text() == "First"


def test_f6_answers_holds_and_resumes(bench: Bench, somebody: str) -> None:
    bench.start("", somebody, "out")
    assert bench.call.phase == "dial"
    phases = []
    for _ in range(3):
        bench.press("F6")
        phases.append(bench.call.phase)
    assert phases == ["talk", "hold", "talk"]


def test_selecting_shows_a_held_call_and_enter_takes_it_up(bench: Bench, shared_number: str) -> None:
    first = bench.start(shared_number)
    bench.start("(312) 555-0199")
    bench.place.list.rows.setFocus()
    bench.place.list.rows.select_key(first.id)
    bench.settle()
    assert bench.call.id == first.id
    assert bench.call.phase == "hold"
    bench.press("Return")
    assert bench.call.phase == "talk"


def test_escape_returns_to_the_list_and_discards_nothing(bench: Bench) -> None:
    call = bench.start("(312) 555-0199")
    bench.type("Kept")
    assert bench.place.go_back()
    assert bench.place.list.rows.hasFocus()
    assert bench.place.running.get(call.id) is not None
    assert bench.data.services.calls.one(call.id).note == "Kept"


def test_a_discarded_call_comes_back_with_undo(bench: Bench) -> None:
    call = bench.start("(312) 555-0199")
    bench.type("Not for nothing")
    bench.place.discard(call.id)
    bench.settle()
    assert bench.data.services.calls.running() == ()
    assert bench.notices() == "Call discarded: (312) 555-0199."
    bench.place.list.notice.acted.emit()
    bench.settle()
    assert bench.call.note == "Not for nothing"
    assert bench.place.call_pane.notes.text() == "Not for nothing"


def test_undo_of_saving_lets_the_call_wait_again(bench: Bench, shared_number: str) -> None:
    call = bench.start(shared_number)
    bench.type("Typed with care")
    bench.press("F8", "1", "Ctrl+Return")
    bench.desk.undo(bench.place)
    bench.settle()
    assert bench.row("interactions", call.id)["deleted"] == 1
    assert bench.call.note == "Typed with care"
    assert bench.place.call_pane.notes.text() == "Typed with care"


class _OneByOne(Executor):
    """As a thread of its own would: each answer comes home in a turn of the event loop."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[Any], Any]] = []
        self.turn = QTimer()
        self.turn.timeout.connect(self.do_one)
        self.turn.start(0)

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.waiting.append((future, lambda: fn(*args, **kwargs)))
        return future

    def do_one(self) -> None:
        if self.waiting:
            future, work = self.waiting.pop(0)
            try:
                future.set_result(work())
            except CsrDesktopError as fault:
                future.set_exception(fault)


def test_a_call_that_is_taken_back_stays_open_while_answers_are_on_their_way(
    data: DeskData, themes: ThemeSwitch, qtbot: QtBot
) -> None:
    turns = _OneByOne()
    desk = Desk(themes, StoreWorker(turns), data.services, Wording(ZoneInfo(ZONE), data.now))
    bench = Bench(desk, data, qtbot)
    bench.start("(312) 555-0199")
    bench.type("Typed with care")
    bench.press("F8", "1", "Ctrl+Return")
    qtbot.waitUntil(lambda: bench.place.shows_past and bench.place.past.call_id != "")
    bench.settle()
    desk.undo(bench.place)
    qtbot.waitUntil(lambda: bool(bench.place.running.all()) and not desk.store.is_busy)
    qtbot.wait(50)
    assert bench.place.call_pane.isVisible()
    assert bench.place.call_pane.notes.text() == "Typed with care"
    assert bench.place.list.selected_id == bench.call.id
    turns.turn.stop()
    let_go(desk)


def test_only_a_running_call_ticks(bench: Bench) -> None:
    second = bench.place.running._second
    assert not second.isActive()
    bench.start("(312) 555-0199")
    assert second.isActive()
    bench.press("F8", "1", "Ctrl+Return")
    assert not second.isActive()


def test_the_timer_counts_on_by_itself(bench: Bench) -> None:
    bench.start("(312) 555-0199")
    bench.qtbot.waitUntil(lambda: bench.place.call_pane.head.timer.text() == "0:01", timeout=3000)
    assert bench.bar.line.timer.text() == "0:01"


def test_the_reason_of_a_match_is_said(bench: Bench, shared_number: str) -> None:
    call = bench.start(shared_number)
    mark, tone, text = bench.place.words.match(call)
    assert mark == "shield-check"
    assert tone == "success"
    assert text.startswith(f"Matched by {call.number_shown}: three people share it, ")
    (chosen,) = [one for one in call.match.candidates if one.contact_id == call.contact_id]
    counted = "SELECT COUNT(*) FROM interactions WHERE contact_id = ? AND number = ? AND direction = 'in'"
    times = bench.value(counted, chosen.contact_id, call.e164)
    assert text.endswith(f"{chosen.contact_name.split(' ')[0]} called {times} time(s)")


def test_someone_else_is_chosen_by_keys(bench: Bench, shared_number: str) -> None:
    call = bench.start(shared_number)
    other = next(one for one in call.match.candidates if one.contact_id != call.contact_id)
    at = [one.contact_id for one in call.match.candidates].index(other.contact_id)
    bench.press("Ctrl+M", *["Down"] * at, "Return")
    assert bench.call.contact_id == other.contact_id
    assert bench.place.call_pane.who.isHidden()
    assert bench.place.call_pane.notes.hasFocus()


def test_an_unknown_number_is_kept_as_theirs_when_saved(bench: Bench, somebody: str) -> None:
    bench.start("(312) 555-0199")
    name = bench.value("SELECT name FROM contacts WHERE id = ?", somebody)
    bench.press("Ctrl+M")
    bench.type(name)
    found = next(one for one in bench.place.call_pane.who.finder.model.found if one.contact_id == somebody)
    bench.place.call_pane.who.finder.taken.emit(found)
    bench.settle()
    assert bench.call.contact_id == somebody
    bench.press("F8", "1", "Ctrl+Return")
    owner = bench.value("SELECT contact_id FROM phone_numbers WHERE e164 = '+13125550199' AND deleted = 0")
    assert owner == somebody


def test_a_topic_that_is_half_typed_is_not_dropped_by_saving(bench: Bench, shared_number: str) -> None:
    call = bench.start(shared_number)
    pane = bench.place.call_pane
    bench.press("F8", "1", "Alt+T")
    node = next(one for one in bench.data.services.lists.topics() if len(one.path) == 2)
    bench.type(node.path[-1][:5])
    bench.press("Ctrl+Return")
    assert bench.data.services.calls.running(), "not saved yet"
    assert "Enter takes the topic" in pane._topic_field.error
    assert pane.topic.hasFocus()
    assert pane.topic.text() == node.path[-1][:5]
    bench.press("Escape")
    assert pane._topic_field.error == ""
    bench.press("Ctrl+Return")
    assert bench.row("interactions", call.id)["topic_id"] == ""


def test_a_topic_is_chosen_by_words(bench: Bench, shared_number: str) -> None:
    bench.start(shared_number)
    node = next(one for one in bench.data.services.lists.topics() if len(one.path) == 2)
    bench.press("Alt+T")
    bench.type(" ".join(node.path))
    bench.press("Return")
    assert bench.call.topic_id == node.id
    assert bench.place.call_pane.notes.hasFocus()


def test_saving_changes_rows_and_never_resets_the_list(bench: Bench, shared_number: str) -> None:
    resets: list[None] = []
    bench.place.list.model.modelReset.connect(lambda: resets.append(None))
    bench.start(shared_number)
    bench.press("F8", "1", "Ctrl+Return")
    assert bench.place.list.model.rowCount() > 1
    assert resets == []


def test_the_clock_of_an_outgoing_call_and_its_parts_are_the_same_time(bench: Bench) -> None:
    def goes_by(seconds: float) -> None:
        began = running._began[call.id]
        running._began[call.id] = (began[0] - seconds, began[1])

    call = bench.start("(312) 555-0199", direction="out")
    running, head = bench.data.services.calls._running, bench.place.call_pane.head
    goes_by(61)
    bench.press("F6")
    assert bench.call.phase == "talk"
    assert head.timer.text() == "1:01", "what was dialed is not forgotten with the answer"
    assert head.handle._legend["dial"].text() == "Dialing 1:01"
    goes_by(38)
    bench.press("F5")
    assert "marked at 0:38" in head.pause.text, "by the time of the recording"


@pytest.mark.parametrize(
    ("topic", "days", "said"),
    [
        ("Payroll tax", (8, 16), "Third call on payroll tax in 30 days, after 4 May and 26 Apr"),
        ("W-2 and year end", (1, 2, 3, 4), "Fifth call on W-2 and year end in 30 days, the last on 11 May"),
        ("Off-cycle run", (1, 2, 3), "Fourth call on off-cycle run in 30 days, the last on 11 May"),
    ],
)
def test_a_repetition_is_one_short_sentence(bench: Bench, topic: str, days: tuple[int, ...], said: str) -> None:
    words = bench.place.words
    dates = tuple(bench.data.now() - day * 86_400_000 for day in days)
    lead, rest = words.repeat(RepeatHint(len(days) + 1, topic, dates, tuple(map(str, days))))
    assert f"{lead} {rest}" == said


def test_while_a_colleague_is_asked_bar_and_pane_are_about_the_same_call_and_rows_stand_still(
    bench: Bench, shared_number: str
) -> None:
    first = bench.start(shared_number)
    second = bench.start("(312) 555-0199")

    def rows() -> list[str]:
        return [call.id for call in bench.place.running.all()]

    for keys in ((), ("Shift+F6",), ("Shift+F6",), ("F6",), ("F6",)):
        bench.press(*keys)
        shown = bench.bar.call
        assert shown is not None
        assert (bench.call.id, shown.id) == (second.id, second.id), keys
        assert rows() == [first.id, second.id]
    bench.press("F7")
    shown = bench.bar.call
    assert shown is not None
    assert (bench.call.id, shown.id, shown.phase) == (first.id, first.id, "talk")
    assert rows() == [first.id, second.id]
