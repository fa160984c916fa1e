"""As time goes by, what stands on the screen goes with it; the keyboard, the scroll place and what is typed stay."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from csr_desktop.ui.kit.theme import ThemeSwitch
from tests.conftest import Office
from tests.ui.frame_bench import Frame

MINUTE, HOUR = 60_000, 3_600_000
BAKERY = "Example Bakery"


@pytest.fixture
def bakery(frame: Frame) -> str:
    client_id = str(frame.value("SELECT id FROM clients WHERE name = ?", BAKERY))
    frame.desk.open("client", client_id)
    frame.settle()
    assert frame.place.pane.profile.id == client_id
    return client_id


def cut_off(frame: Frame, client_id: str) -> int:
    return int(frame.value("SELECT cut_off_at FROM client_clocks WHERE client_id = ?", client_id))


def pass_to(frame: Frame, office: Office, at: int) -> None:
    office.clock.at = at
    frame.window.pass_minute()
    frame.settle()


def row_words(frame: Frame, client_id: str) -> str:
    model: Any = frame.place.list.model
    found = [model.index(at) for at in range(model.rowCount()) if model.key_at(model.index(at)).endswith(client_id)]
    return str(found[0].data(Qt.ItemDataRole.AccessibleTextRole))


def test_a_cut_off_that_passes_gives_way_to_the_next(frame: Frame, office: Office, bakery: str) -> None:
    before = cut_off(frame, bakery)
    pass_to(frame, office, before - 5 * MINUTE)
    assert "5 min" in row_words(frame, bakery)
    period, marks = frame.place.pane.card._title.text(), frame.place.pane.card._schedule.cut_off_at
    assert marks == before
    pass_to(frame, office, before + MINUTE)
    after = cut_off(frame, bakery)
    assert after > before
    assert "5 min" not in row_words(frame, bakery)
    assert frame.place.pane.card._schedule.cut_off_at == after
    assert frame.place.pane.card._title.text() != period


def test_the_context_of_a_call_follows_too(frame: Frame, office: Office, bakery: str) -> None:
    frame.desk.call("", "", bakery)
    frame.settle()
    before = cut_off(frame, bakery)
    pass_to(frame, office, before + MINUTE)
    assert frame.place.context._context.cut_off_at == cut_off(frame, bakery) > before


def test_opening_and_closing_are_said_when_they_come(frame: Frame, office: Office, bakery: str) -> None:
    closes_at = frame.place.pane.profile.open_until_at
    assert closes_at
    assert "open until" in frame.place.pane.head._time.words.text()
    pass_to(frame, office, closes_at + MINUTE)
    assert "closed until" in frame.place.pane.head._time.words.text()
    opens_at = frame.place.pane.profile.opens_at
    pass_to(frame, office, opens_at + MINUTE)
    assert "open until" in frame.place.pane.head._time.words.text()


def test_typing_scrolling_and_the_chosen_row_stay(frame: Frame, office: Office, bakery: str) -> None:
    frame.press("T", "Down", "Down", "Down")
    timeline = frame.place.pane.timeline
    timeline.rows.verticalScrollBar().setValue(120)
    chosen, seen = timeline.model.key_at(timeline.rows.currentIndex()), timeline.rows.verticalScrollBar().value()
    listed = frame.place.list.rows.verticalScrollBar().value()
    frame.press("W")
    frame.type("Half a sent")
    writing = frame.focus
    pass_to(frame, office, cut_off(frame, bakery) + MINUTE)
    assert frame.focus is writing
    frame.type("ence")
    assert frame.place.pane.timeline.composer.text.editor.text() == "Half a sentence"
    assert timeline.model.key_at(timeline.rows.currentIndex()) == chosen
    assert timeline.rows.verticalScrollBar().value() == seen
    assert frame.place.list.rows.verticalScrollBar().value() == listed


def test_a_form_keeps_what_is_typed_and_the_keyboard(frame: Frame, office: Office, bakery: str) -> None:
    frame.press("E", "Tab")
    frame.type("9")
    field = frame.focus
    text = field.text()  # type: ignore[attr-defined]
    pass_to(frame, office, cut_off(frame, bakery) + MINUTE)
    assert frame.focus is field
    assert field.text() == text  # type: ignore[attr-defined]


def test_an_inbox_that_starts_empty_shows_what_falls_due(office: Office, themes: ThemeSwitch, qtbot: QtBot) -> None:
    data = office.filled_desk("casey")
    for row in data.services.inbox.page("mine").rows:
        # What a caller has to be verified for is not resolved, but can be put back.
        is_blocked = data.sql.value("SELECT request_kind FROM tickets WHERE id = ?", row.id) == "bank_change"
        inbox = data.services.inbox
        done = inbox.assign(row.id, "") if is_blocked else inbox.set_state(row.id, "resolved")
        data.services.changed(done.changed)
    added = data.services.follow_ups.add("task", "Call the sample bank", office.clock.at + HOUR)
    data.services.follow_ups.snooze(added.id, office.clock.at + HOUR // 2)
    frame = Frame(data, themes, qtbot)
    try:
        before = frame.place.list.current
        assert before is None
        assert frame.count("mine") == 0
        pass_to(frame, office, office.clock.at + HOUR // 2 + MINUTE)
        assert frame.count("mine") == 1
        assert frame.place.list.current.title == "Call the sample bank"
    finally:
        frame.close()


def test_what_was_put_off_stands_in_the_inbox_again_when_its_time_comes(frame: Frame, office: Office) -> None:
    follow_ups = frame.data.services.follow_ups
    title = "Call the sample bank"
    now = office.clock.at
    added = follow_ups.add("task", title, now + HOUR)
    frame.desk.publish(follow_ups.snooze(added.id, now + HOUR // 2).changed)
    tomorrow = follow_ups.add("task", "Call the demo bank", now + 24 * HOUR)
    frame.desk.publish(tomorrow.outcome.changed)
    frame.settle()
    model = frame.place.list.model
    assert {added.id, tomorrow.id}.isdisjoint(key for key in model.lines)
    chosen = frame.place.list.current
    pass_to(frame, office, now + HOUR // 2 + MINUTE)
    assert model.place_of(added.id) >= 0
    assert model.place_of(tomorrow.id) < 0
    pass_to(frame, office, now + 15 * HOUR)
    assert model.place_of(tomorrow.id) >= 0
    assert frame.place.list.current.id == chosen.id
