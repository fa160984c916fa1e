from __future__ import annotations

import pytest
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QComboBox, QLineEdit, QTextEdit, QWidget

from csr_desktop.domain.change_set import changed
from csr_desktop.services.call_rows import CallFilter
from csr_desktop.ui.desk import Target
from tests.ui.calls.calls_bench import Bench


def _past(bench: Bench, number: str = "(312) 555-0199", note: str = "As it was") -> str:
    call = bench.start(number)
    bench.type(note)
    bench.press("F8", "1", "Ctrl+Return")
    return call.id


def test_a_disposition_is_corrected_by_a_digit_and_undone(bench: Bench) -> None:
    call_id = _past(bench)
    dispositions = bench.data.services.lists.dispositions()
    bench.press("2")
    assert bench.row("interactions", call_id)["disposition_id"] == dispositions[1].id
    bench.desk.undo(bench.place)
    bench.settle()
    assert bench.row("interactions", call_id)["disposition_id"] == dispositions[0].id
    assert bench.place.past.disposition.chosen_key == dispositions[0].id


def test_dispositions_that_come_after_the_pane_are_offered_in_it(bench: Bench) -> None:
    """As at the first sign-in, where the window is there before the bureau's lists."""

    def come(*, is_gone: bool) -> None:
        bench.data.sql.db.execute_sql("UPDATE dispositions SET deleted = ?", (int(is_gone),))
        told = changed({"dispositions": ["any"]})
        bench.data.services.changed(told)
        bench.desk.publish(told)
        bench.place.on_changed(told)
        bench.settle()

    row = bench.place.past.disposition
    _past(bench)
    come(is_gone=True)
    assert not row.press_number(1), "none is offered"
    come(is_gone=False)
    assert row.chosen_key == bench.data.services.lists.dispositions()[0].id
    assert row.press_number(5)


def test_when_a_call_was_reads_as_one_line_of_words(bench: Bench) -> None:
    _past(bench)
    assert bench.place.past._when.text().startswith("Incoming call, today, ")


def test_a_note_is_corrected_and_its_draft_survives_meanwhile(bench: Bench) -> None:
    call_id = _past(bench)
    past = bench.place.past
    past.notes.setFocus()
    bench.type(", and more")
    assert bench.row("interactions", call_id)["note"] == "As it was"
    assert bench.data.services.drafts.read(f"call_correction:{call_id}") == past.notes.text()
    bench.place.show_call(bench.place.list._rows[-1].id)
    bench.settle()
    bench.place.show_call(call_id)
    bench.settle()
    assert past.notes.text() == "As it was, and more"
    past.notes.setFocus()
    bench.press("Ctrl+Return")
    assert bench.row("interactions", call_id)["note"] == "As it was, and more"
    assert bench.data.services.drafts.read(f"call_correction:{call_id}") == ""
    assert past._bar.isHidden()


def test_someone_elses_change_does_not_touch_a_half_typed_note(bench: Bench) -> None:
    call_id = _past(bench)
    past = bench.place.past
    past.notes.setFocus()
    bench.type(" plus mine")
    dispositions = bench.data.services.lists.dispositions()
    bench.desk.do(
        bench.place, lambda: bench.data.services.calls.correct(call_id, {"disposition_id": dispositions[2].id})
    )
    bench.settle()
    assert past.notes.text() == "As it was plus mine"
    assert past.disposition.chosen_key == dispositions[2].id


def test_an_unknown_number_and_its_earlier_calls_become_a_persons(bench: Bench, somebody: str) -> None:
    first, second = _past(bench), _past(bench)
    assert bench.place.past.notices.unknown.isVisible()
    offered = [one for one in bench.place.past.findChildren(QAbstractButton) if one.text() == "Attach to a person"]
    assert sum(one.isVisible() for one in offered) == 1
    bench.press("Ctrl+M")
    who = bench.place.past.who
    assert who.isVisible()
    bench.type(bench.value("SELECT name FROM contacts WHERE id = ?", somebody))
    who.finder.taken.emit(next(one for one in who.finder.model.found if one.contact_id == somebody))
    bench.settle()
    assert [bench.row("interactions", one)["contact_id"] for one in (first, second)] == [somebody, somebody]
    assert not bench.place.past.notices.unknown.isVisible()


def test_calling_again_starts_a_call_out(bench: Bench, shared_number: str) -> None:
    _past(bench, shared_number)
    contact_id = bench.place.list._rows[0].contact_id
    bench.press("D")
    assert bench.call.direction == "out"
    assert bench.call.contact_id == contact_id


def test_calling_back_answers_the_missed_call(bench: Bench) -> None:
    missed = bench.value(
        "SELECT id FROM interactions WHERE result = 'missed' AND called_back_at = 0 AND contact_id <> '' AND deleted = 0 "
        "ORDER BY started_at DESC LIMIT 1"
    )
    bench.place.open_target(Target("call", missed))
    bench.settle()
    assert bench.place.past.notices.missed.isVisible()
    bench.press("D", "F6", "F8", "1", "Ctrl+Return")
    assert bench.row("interactions", missed)["called_back_at"] > 0


def test_filters_and_text_choose_what_is_listed(bench: Bench, shared_number: str) -> None:
    call_id = _past(bench, shared_number, note="Pomegranate")
    calls = bench.place.list
    bench.press("/")
    assert calls.filters.text.hasFocus()
    bench.type("pomegranate")
    assert [row.id for row in calls._rows] == [call_id]
    assert calls.filters.words() == "Today, \u201cpomegranate\u201d"
    calls.filters.choose(period="week", result="missed")
    bench.settle()
    assert calls._rows
    assert all(row.result in {"missed", "abandoned"} for row in calls._rows)
    calls.filters.choose(direction="in", text="nothing has this in it")
    bench.settle()
    assert not calls._stack.shows_content
    assert bench.place.go_back()
    bench.settle()
    assert calls.filters.is_plain
    assert calls.filters.isHidden()


def test_long_lists_come_page_by_page_and_rows_as_they_are_looked_at(bench: Bench) -> None:
    calls = bench.place.list
    calls.filters.choose(period="all")
    bench.settle()
    whole = [row.id for row in bench.data.services.calls.page(CallFilter("mine", "all"), None, 10_000).rows]
    assert calls.model.call_count == 200 < len(whole)
    calls.rows.setFocus()
    before = 0
    while calls.model.call_count > before:
        before = calls.model.call_count
        bench.press("End")
    listed = [key for key in calls.model.lines if calls.model.is_call(key)]
    assert listed == whole
    last = calls.rows.currentIndex()
    assert last.data() not in {"", "\u2026"}, "the row itself has come, too"
    assert calls._foot.accessibleName().replace(",", "").startswith(f"{len(whole)} call")


def test_the_foot_says_the_days_figures(bench: Bench) -> None:
    figures = bench.data.services.calls.day_figures()
    said = bench.place.list._foot.accessibleName()
    if figures.handled:
        assert said.startswith(f"{figures.handled} handled")
    else:
        assert said == "No calls handled yet"


def test_a_contact_is_logged_afterwards(bench: Bench, somebody: str) -> None:
    bench.press("L")
    form = bench.place.log
    assert form.who.hasFocus()
    bench.type(bench.value("SELECT name FROM contacts WHERE id = ?", somebody))
    key = next(one.key for one in form._people.values() if one.contact_id == somebody)
    form.who.picked.emit(next(pick for pick in form.who._model.picks if pick.key == key))
    form.time.setText("9:10")
    form.length.setText("4:30")
    form.notes.setFocus()
    bench.type("Talked on the stairs")
    bench.press("Alt+1", "Ctrl+Return")
    row = bench.place.past.detail
    assert row is not None
    assert (row.row.contact_id, row.note, row.row.talk_seconds) == (somebody, "Talked on the stairs", 270)
    assert bench.desk.words.local(row.row.started_at).strftime("%H:%M") == "09:10"
    assert form.notes.text() == ""


def test_logging_says_at_its_field_what_is_wrong(bench: Bench) -> None:
    bench.press("L")
    form = bench.place.log
    form.time.setText("25:00")
    bench.press("Ctrl+Return")
    assert form._fields["time"].error
    form.time.setText("9:10")
    form.length.setText("long")
    bench.press("Ctrl+Return")
    assert form._fields["length"].error
    form.length.setText("5")
    bench.press("Ctrl+Return")
    assert form._fields["who"].error
    assert bench.place.shows_log


def test_a_contact_to_log_comes_with_its_person(bench: Bench, somebody: str) -> None:
    client_id = bench.value("SELECT client_id FROM contacts WHERE id = ?", somebody)
    bench.place.open_target(Target("log_contact", somebody, client_id))
    bench.settle()
    assert bench.place.log.client == (client_id, somebody)
    assert bench.place.context.client_id == client_id


@pytest.mark.parametrize(
    "keys", [("Ctrl+P",), ("Ctrl+T",), ("F4",), ("Ctrl+M",), ("F8",), ("L",), ("F8", "1", "Ctrl+Return")]
)
def test_everything_that_can_be_used_has_a_name(bench: Bench, somebody: str, keys: tuple[str, ...]) -> None:
    bench.start("", somebody, "in")
    if keys == ("L",):
        bench.place.go_back()
    bench.press(*keys)
    bench.place.list.search()
    usable = (QAbstractButton, QLineEdit, QTextEdit, QComboBox, QAbstractItemView)
    shown = [
        one for one in bench.window.findChildren(QWidget) if isinstance(one, usable) and one.isVisibleTo(bench.window)
    ]
    assert len(shown) > 20
    assert [one for one in shown if not one.accessibleName()] == []


def test_a_narrow_window_folds_the_client_behind_its_key(bench: Bench) -> None:
    bench.place.list.rows.select_row(1)
    bench.settle()
    assert bench.place.context.isVisible()
    bench.place.give_way(1100)
    bench.settle()
    assert not bench.place.context.isVisible()
    assert bench.place.past.context_button.isVisible()
    bench.place.list.rows.setFocus()
    bench.press("i")
    assert bench.place.context.isVisible()
    assert bench.place.go_back()
    assert not bench.place.context.isVisible()
    bench.place.past.context_button.click()
    assert bench.place.context.isVisible()
    bench.place.give_way(1440)
    assert not bench.place.past.context_button.isVisible()
    assert bench.place.list.width() == 272
