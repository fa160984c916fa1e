"""What one does with follow-ups: by key, with Undo, and what the record says afterwards."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication

from csr_desktop.services.desk_data import DeskData
from csr_desktop.services.follow_up_rows import FollowUpRow
from csr_desktop.ui.desk import Target
from csr_desktop.ui.follow_ups.detail_parts import DayCard, LedHereLine, WhenCard
from csr_desktop.ui.follow_ups.form_floats import CountedFloat, MoveFloat, OutcomeFloat, RenameFloat
from csr_desktop.ui.kit.action_float import PickFloat
from csr_desktop.ui.kit.elide import Label
from tests.conftest import Office
from tests.ui.follow_ups.follow_ups_bench import Bench

CALLBACK = "Call back about the W-2 reissue"
TRACE = "Call Dana with the bank trace"
NEXT = "Check in: did the pay stub open?"
WEEKLY = "Weekly call on the time clock roll-out"
CHICAGO = ZoneInfo("America/Chicago")
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def stored(data: DeskData, row_id: str) -> FollowUpRow:
    return data.services.follow_ups.rows([row_id])[0]


def at(text: str, zone: ZoneInfo = CHICAGO) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def words_of(part: WhenCard | DayCard) -> str:
    texts = [label.text() for label in part.findChildren(Label) if label.isVisibleTo(part)]
    return " | ".join(text for text in texts if text.strip()).replace("\u00a0", " ")


def test_e_keeps_the_promise_goes_on_to_the_next_and_can_be_undone(bench: Bench, data: DeskData) -> None:
    row = bench.select(TRACE)
    assert bench.place.detail.complete.words == "Kept"
    bench.press(Qt.Key.Key_E)
    assert stored(data, row.id).outcome == "kept"
    assert bench.current == NEXT
    assert bench.place.detail.row is not None
    assert bench.place.detail.row.title == NEXT
    assert "[Done today 3]" in bench.lines
    badge = bench.row(TRACE).title_badge
    assert badge is not None
    assert badge.text == "Kept, 1 day early"
    assert bench.notices[-1].undo_group
    assert bench.place.list.notice.isVisible()
    bench.place.list.notice.acted.emit()
    bench.settle()
    assert stored(data, row.id).state == "open"
    assert "[Tomorrow 4]" in bench.lines
    assert bench.current == NEXT


def test_the_circle_completes_another_row_and_the_done_circle_opens_it_again(bench: Bench, data: DeskData) -> None:
    row = bench.select(CALLBACK)
    bench.select(TRACE)
    bench.click_circle(CALLBACK)
    assert stored(data, row.id).outcome == "reached"
    assert bench.current == TRACE
    bench.click_circle(CALLBACK)
    assert stored(data, row.id).state == "open"
    assert bench.lines[:2] == ["[Overdue 1]", CALLBACK]


def test_another_outcome_with_a_note_by_number_key(bench: Bench, data: DeskData) -> None:
    row = bench.select(TRACE)
    bench.press(Qt.Key.Key_E, SHIFT)
    asked = bench.place.asking.open_float
    assert isinstance(asked, OutcomeFloat)
    bench.press(Qt.Key.Key_2)
    asked.note.setFocus()
    bench.type("The bank lost the trace.")
    assert data.services.drafts.read(f"outcome_note:{row.id}") == "The bank lost the trace."
    bench.press(Qt.Key.Key_Return)
    assert not bench.place.asking.is_open
    done = data.services.follow_ups.detail(row.id)
    assert (done.row.outcome, done.outcome_note) == ("broken", "The bank lost the trace.")
    assert data.services.drafts.read(f"outcome_note:{row.id}") == ""
    assert bench.row(TRACE).check == "missed"
    bench.select(TRACE)
    assert "Broken" in words_of(bench.place.detail._when)
    assert "The bank lost the trace." in words_of(bench.place.detail._when)


def test_renegotiating_keeps_both_dates_and_the_reason(bench: Bench, data: DeskData) -> None:
    row = bench.select(TRACE)
    bench.press(Qt.Key.Key_R)
    asked = bench.place.asking.open_float
    assert isinstance(asked, MoveFloat)
    bench.type("fri 2pm")
    assert asked.due.due.words.replace("\u00a0", " ") == "Fri, May 15, 2:00 PM in Chicago, 3:00 PM yours"
    asked.reason.setFocus()
    bench.type("Waits for the bank")
    bench.press(Qt.Key.Key_Return)
    assert not bench.place.asking.is_open
    moved = data.services.follow_ups.detail(row.id)
    assert moved.row.due_at == at("2026-05-15 14:00")
    assert moved.row.first_due_at == row.first_due_at
    assert moved.moves[-1].reason == "Waits for the bank"
    shown = words_of(bench.place.detail._when)
    assert "First said | Mon, May 11, 2:00 PM in Chicago" in shown
    assert "Then said | Wed, May 13, 10:00 AM in Chicago" in shown
    assert "Now due | Fri, May 15, 2:00 PM in Chicago, | 3:00 yours" in shown
    assert "Waits for the bank" in shown
    badge = bench.row(TRACE).title_badge
    assert badge is not None
    assert badge.text == "Renegotiated twice"
    assert bench.current == TRACE


def test_a_time_outside_their_hours_becomes_the_next_opening_and_an_unclear_one_is_not_taken(
    bench: Bench, data: DeskData
) -> None:
    row = bench.select(TRACE)
    bench.press(Qt.Key.Key_R)
    asked = bench.place.asking.open_float
    assert isinstance(asked, MoveFloat)
    bench.press(Qt.Key.Key_Return)
    assert asked.due.due.error.startswith("Say by when")
    bench.type("whenever")
    bench.press(Qt.Key.Key_Return)
    assert asked.due.due.error.startswith("Not understood")
    assert stored(data, row.id).due_at == row.due_at
    asked.due.set_text("")
    bench.type("sat 3pm")
    assert asked.due.due.words.startswith("Closed then, so Mon, May 18")
    bench.press(Qt.Key.Key_Return)
    assert stored(data, row.id).due_at == at("2026-05-18 08:00")


def test_what_is_only_ours_may_be_due_on_a_closed_day_and_the_card_says_so(bench: Bench, data: DeskData) -> None:
    row = bench.select(WEEKLY)
    assert bench.place.detail.move_button.words == "Move"
    bench.press(Qt.Key.Key_R)
    bench.type("sat 3pm")
    bench.press(Qt.Key.Key_Return)
    assert stored(data, row.id).due_at == at("2026-05-16 15:00", ZoneInfo("America/New_York"))
    shown = words_of(bench.place.detail._day)
    assert "Saturday in New York | Closed" in shown
    assert "They are closed that day and open again Mon, May 18, 8:00 AM." in shown


def test_the_half_typed_reason_is_there_again(bench: Bench) -> None:
    bench.select(TRACE)
    bench.press(Qt.Key.Key_R)
    asked = bench.place.asking.open_float
    assert isinstance(asked, MoveFloat)
    asked.reason.setFocus()
    bench.type("Waits")
    asked.leave()
    bench.press(Qt.Key.Key_R)
    again = bench.place.asking.open_float
    assert isinstance(again, MoveFloat)
    assert again.reason.text() == "Waits"


@pytest.mark.parametrize(
    ("typed", "until"),
    [("", "2026-05-12 11:00"), ("fri 2pm", "2026-05-15 14:00")],
)
def test_snoozing_by_a_pick_or_by_typing(bench: Bench, data: DeskData, typed: str, until: str) -> None:
    row = bench.select(TRACE)
    bench.press(Qt.Key.Key_S)
    asked = bench.place.asking.open_float
    assert isinstance(asked, PickFloat)
    assert [pick.text for pick in asked.picks] == [
        "In 1 hour",
        "This afternoon",
        "Tomorrow morning",
        "Monday morning",
    ]
    bench.type(typed)
    bench.press(Qt.Key.Key_Return)
    after = stored(data, row.id)
    assert after.snoozed_until_at == at(until, ZoneInfo("America/New_York"))
    assert after.due_at == row.due_at
    badge = bench.row(TRACE).title_badge
    assert badge is not None
    assert badge.text.startswith("Snoozed to")
    assert bench.current != TRACE
    bench.select(TRACE)
    assert bench.place.detail.snooze.isHidden()
    bench.press(Qt.Key.Key_W)
    assert stored(data, row.id).snoozed_until_at == 0
    assert not bench.place.detail.snooze.isHidden()


def test_reassigning_by_typing_a_name(bench: Bench, data: DeskData) -> None:
    row = bench.select(TRACE)
    bench.press(Qt.Key.Key_A)
    asked = bench.place.asking.open_float
    assert isinstance(asked, PickFloat)
    assert asked.picks[0].text == "You"
    bench.type("cas")
    assert [pick.text for pick in asked.picks] == ["Casey Demo"]
    bench.press(Qt.Key.Key_Return)
    assert stored(data, row.id).assignee_name == "Casey Demo"
    assert bench.current == NEXT
    bench.settle()
    assert TRACE not in bench.lines
    bench.press(Qt.Key.Key_Z, CONTROL)
    assert TRACE in bench.lines


def test_several_are_one_change(bench: Bench, data: DeskData) -> None:
    first = bench.select(TRACE)
    bench.press(Qt.Key.Key_X)
    bench.press(Qt.Key.Key_Down)
    bench.press(Qt.Key.Key_Down)
    bench.press(Qt.Key.Key_X)
    chosen = bench.place.chosen_rows()
    assert [row.title for row in chosen] == [TRACE, WEEKLY]
    assert bench.place.list.bulk.isVisible()
    bench.press(Qt.Key.Key_S)
    bench.press(Qt.Key.Key_Return)
    assert all(stored(data, row.id).snoozed_until_at for row in chosen)
    assert not bench.place.list.bulk.isVisible()
    bench.press(Qt.Key.Key_Z, CONTROL)
    assert not any(stored(data, row.id).snoozed_until_at for row in chosen)
    bench.select("Confirm the garnishment start date")
    bench.press(Qt.Key.Key_X)
    bench.place.list.rows.setCurrentIndex(bench.place.list.model.index(bench.index(TRACE)))
    bench.press(Qt.Key.Key_X)
    assert bench.place.list.bulk.complete.words == "Kept"
    bench.press(Qt.Key.Key_E)
    assert stored(data, first.id).outcome == "kept"
    assert "[Done today 4]" in bench.lines


def test_calling_and_opening_what_belongs_to_it(bench: Bench) -> None:
    row = bench.select(TRACE)
    bench.press(Qt.Key.Key_D)
    assert bench.calls == [("(312) 555-0142, ext. 12", row.contact_id)]
    detail = bench.place.detail
    for link in (detail.client, detail.contact, detail.ticket):
        link.click()
    bench.press(Qt.Key.Key_O)
    led = [line for line in detail.findChildren(LedHereLine) if line.isVisible()]
    led[0].click()
    assert bench.opened == [
        Target("client", row.client_id, row.client_id),
        Target("contact", row.contact_id, row.client_id),
        Target("ticket", row.ticket_id, row.client_id),
        Target("client", row.client_id, row.client_id),
        Target("ticket", row.ticket_id, row.client_id),
    ]
    assert led[0].accessibleName().startswith("Dana: \u201cThanks, that helps.")


def test_the_day_on_the_clients_clock(bench: Bench) -> None:
    bench.select(TRACE)
    shown = words_of(bench.place.detail._day)
    assert shown == "Wednesday in Chicago | Open 8 AM to 5 PM"
    strip = bench.place.detail._day._strip
    assert [text for _, text in strip._ticks] == ["8 AM", "10", "Noon", "2", "4", "5 PM"]
    assert (strip._due_hour, strip._due_text, strip._gap_text) == (10.0, "Due 10:00", "Lunch")


def test_the_rate_says_how_it_is_counted(bench: Bench, data: DeskData) -> None:
    rate, found = bench.place.detail.rate, data.services.follow_ups.kept_rate()
    assert found.share is not None
    share = f"{round(found.share * 100)}\u00a0%"
    assert rate.accessibleName().startswith(f"Promises kept, you, last 90 days: {share} (")
    assert rate.accessibleName().endswith(f", n={found.due})")
    rate.how.click()
    asked = bench.place.asking.open_float
    assert isinstance(asked, CountedFloat)
    texts = " ".join(label.text() for label in asked.findChildren(Label))
    assert f"{found.kept}, done as kept by the time agreed." in texts
    assert f"{found.due}, promised by you" in texts
    assert "Canceled promises" in texts
    bench.press(Qt.Key.Key_Escape)
    assert not bench.place.asking.is_open


def test_other_words(bench: Bench, data: DeskData) -> None:
    row = bench.select(TRACE)
    bench.press(Qt.Key.Key_F2)
    asked = bench.place.asking.open_float
    assert isinstance(asked, RenameFloat)
    asked.title.setText(" ")
    bench.press(Qt.Key.Key_Return)
    assert asked.isVisible()
    assert asked._error.text() == "Say what is to be done."
    asked.title.setText("Call Dana with the trace number")
    bench.press(Qt.Key.Key_Return)
    assert stored(data, row.id).title == "Call Dana with the trace number"
    assert "Call Dana with the trace number" in bench.lines


def test_a_new_one_for_a_client_in_their_hours(bench: Bench, data: DeskData) -> None:
    trace = bench.select(TRACE)
    bench.place.open_target(Target("new_follow_up", "", trace.client_id))
    bench.settle()
    form = bench.place.new
    assert form.client.text() == "Example Bakery"
    assert bench.focus() is form.title
    bench.press(Qt.Key.Key_Return, CONTROL)
    assert form._title_field.error == "Say in a few words what is to be done."
    bench.type("Send the amended form")
    assert data.services.drafts.read("new_follow_up:title") == "Send the amended form"
    form.contact.choose(trace.contact_id)
    form.due.setFocus()
    bench.type("fri 11")
    bench.press(Qt.Key.Key_Return, CONTROL)
    assert not bench.place.is_form_open
    made = bench.place.list.current
    assert made is not None
    assert (made.title, made.kind, made.client_id) == ("Send the amended form", "promise", trace.client_id)
    assert made.contact_id == trace.contact_id
    assert made.due_at == at("2026-05-15 11:00")
    assert made.is_mine
    assert data.services.drafts.keys("new_follow_up") == ()
    assert bench.place.list.header._count.text() == "Mine, 10 open"


def test_leaving_the_form_keeps_what_was_typed(bench: Bench) -> None:
    bench.press(Qt.Key.Key_N)
    form = bench.place.new
    assert bench.focus() is form.client
    bench.type("Example")
    assert form.client.is_open
    bench.press(Qt.Key.Key_Return)
    assert form.client.chosen is not None
    form.title.setFocus()
    bench.type("Half a sen")
    assert bench.place.go_back()
    assert not bench.place.is_form_open
    assert bench.focus() is bench.place.list.rows
    bench.press(Qt.Key.Key_N)
    assert form.title.text() == "Half a sen"


def test_floats_close_by_escape_and_by_a_click_beside_and_keep_tab_within(bench: Bench) -> None:
    bench.select(TRACE)
    bench.press(Qt.Key.Key_R)
    asked = bench.place.asking.open_float
    assert asked is not None
    seen = set()
    for _ in range(6):
        bench.press(Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        assert focus is not None
        assert asked.isAncestorOf(focus)
        seen.add(focus)
    assert len(seen) == 4
    bench.press(Qt.Key.Key_Escape)
    assert not bench.place.asking.is_open
    assert bench.focus() is bench.place.list.rows
    bench.press(Qt.Key.Key_S)
    header = bench.place.list.header
    bench.qtbot.mousePress(header, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert not bench.place.asking.is_open


def test_a_late_move_of_a_promise_says_that_it_counts_as_broken(bench: Bench, office: Office) -> None:
    bench.select("Confirm the garnishment start date")
    office.clock.at += 3_600_000
    bench.press(Qt.Key.Key_R)
    asked = bench.place.asking.open_float
    assert asked is not None
    assert any("counts as broken" in label.text() for label in asked.findChildren(Label))


def test_several_of_different_kinds_are_done_as_usual_by_one_key_and_taken_back_by_one(
    bench: Bench, data: DeskData
) -> None:
    bench.select(TRACE)
    bench.press(Qt.Key.Key_X)
    for _ in range(2):
        bench.press(Qt.Key.Key_Down)
    bench.press(Qt.Key.Key_X)
    chosen = bench.place.chosen_rows()
    assert [row.kind for row in chosen] == ["promise", "task"]
    assert bench.place.list.bulk.complete.words == "Done as usual"
    bench.press(Qt.Key.Key_E)
    assert [stored(data, row.id).outcome for row in chosen] == ["kept", "done"]
    assert not bench.place.list.bulk.isVisible()
    assert bench.place.list.notice.text == "Done (2)."
    assert bench.current not in {TRACE, WEEKLY}
    bench.press(Qt.Key.Key_Z, CONTROL)
    assert [(after := stored(data, row.id)).state + after.outcome for row in chosen] == ["open", "open"]
