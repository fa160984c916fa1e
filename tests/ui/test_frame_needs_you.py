"""What the server refused: the page shows the person's text, the reason and the ways on, and drops nothing by itself."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QLabel

from csr_desktop.domain.change_set import ChangeSet
from csr_desktop.domain.sync_status import SyncStatus
from csr_desktop.services.desk_data import DeskData
from csr_desktop.ui.kit.buttons import Button
from tests import by_hand
from tests.conftest import Office
from tests.ui.frame_bench import Frame, interactive, spoken

REPLY = "The deposit left on April 7. <b>Not bold</b>"


class Heard:
    """Services that remember which changes they were told of."""

    def __init__(self, services: Any, seen: list[ChangeSet]) -> None:
        self._services, self._seen = services, seen

    def changed(self, change_set: ChangeSet) -> None:
        self._services.changed(change_set)
        self._seen.append(change_set)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._services, name)


def free_ticket(frame: Frame) -> tuple[str, str]:
    row = frame.data.sql.one(
        "SELECT id, subject FROM tickets WHERE assignee_id = '' AND state = 'open' AND deleted = 0 ORDER BY id LIMIT 1"
    )
    assert row is not None
    return row[0], row[1]


def pull(frame: Frame, office: Office) -> None:
    """Exchange with the server, and tell the window."""
    seen: list[ChangeSet] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frame.data, "services", Heard(frame.data.services, seen))
        office.bureau.sync(frame.data)
    for change_set in seen:
        frame.desk_window.pulled.emit(change_set)
    frame.desk_window.status_said.emit(SyncStatus("saved", office.clock.at, is_filled=True))
    frame.settle()


def lose_a_race(frame: Frame, office: Office) -> tuple[str, str]:
    """Casey takes a ticket first; what I do to it meanwhile is refused. Its id and subject."""
    office.bureau.sync(frame.data)
    casey = office.filled_desk("casey")
    ticket_id, subject = free_ticket(frame)
    frame.desk.do(frame.window, lambda: frame.data.services.inbox.claim(ticket_id))
    frame.settle()
    casey.services.inbox.claim(ticket_id)
    office.bureau.sync(casey)
    pull(frame, office)
    return ticket_id, subject


def lose_the_right(frame: Frame, office: Office, data: DeskData) -> str:
    """A note of mine is refused since I may only read by then. Its ticket's id."""
    ticket_id = str(
        frame.value("SELECT id FROM tickets WHERE assignee_id = ? AND state = 'open' LIMIT 1", data.account.user_id)
    )
    frame.desk.do(frame.window, lambda: data.services.inbox.reply(ticket_id, REPLY))
    frame.settle()
    with office.bureau.sql.transaction():
        by_hand.update(office.bureau.sql, "users", "role = 'manager'", "id = ?", data.account.user_id)
        by_hand.update(office.bureau.sql, "memberships", "deleted = 1", "user_id = ?", data.account.user_id)
    pull(frame, office)
    return ticket_id


def buttons(frame: Frame) -> list[Button]:
    content = frame.floats.needs_you.content
    return [button for button in content.findChildren(Button) if button.isVisible()]


def button(frame: Frame, words: str) -> Button:
    return next(b for b in buttons(frame) if b.words == words)


def texts(frame: Frame) -> list[str]:
    content = frame.floats.needs_you.content
    return [label.text() for label in content.findChildren(QLabel) if label.isVisible() and label.text()]


def test_with_nothing_refused_the_page_says_so(frame: Frame) -> None:
    frame.press("Ctrl+Shift+U")
    assert frame.floats.needs_you.is_open
    assert "Nothing needs you" in texts(frame)
    assert frame.focus is frame.floats.needs_you.close_button


def test_a_race_that_was_lost_is_shown_with_the_reason_and_leads_to_the_ticket(frame: Frame, office: Office) -> None:
    ticket_id, subject = lose_a_race(frame, office)
    line = frame.window.sync_line
    assert line.words == "1 change needs you"
    line.click()
    frame.settle()
    page = frame.floats.needs_you
    assert page.is_open
    (row,) = frame.data.services.sync_state.needs_you()
    assert row.code == "taken"
    shown = texts(frame)
    assert subject in shown
    assert row.reason in shown
    assert any(text.startswith("Somebody was faster.") for text in shown)
    button(frame, "Look at it").click()
    frame.settle()
    assert not page.is_open
    assert frame.window.current_place == "inbox"
    assert frame.place.conversation.conversation.ticket_id == ticket_id
    assert len(frame.data.services.sync_state.needs_you()) == 1, "looking does not drop it"


def test_what_was_typed_is_shown_as_it_is_and_can_be_copied(frame: Frame, office: Office, data: DeskData) -> None:
    lose_the_right(frame, office, data)
    frame.press("Ctrl+Shift+U")
    assert REPLY in texts(frame)
    button(frame, "Copy my text").click()
    assert QApplication.clipboard().text() == REPLY
    (row,) = data.services.sync_state.needs_you()
    assert row.what_to_do == "ask_lead"
    assert any("Ask your lead" in text for text in texts(frame))


def test_done_with_it_drops_one_and_the_words_follow(frame: Frame, office: Office) -> None:
    lose_a_race(frame, office)
    frame.press("Ctrl+Shift+U")
    done = button(frame, "Done with it")
    done.setFocus()
    done.click()
    frame.settle()
    assert "Nothing needs you" in texts(frame)
    assert frame.floats.needs_you.frame.isAncestorOf(frame.focus)
    assert frame.focus.isVisible()
    assert frame.data.services.sync_state.needs_you() == ()
    assert frame.window.sync_line.words == "All saved"
    frame.press("Esc")
    assert not frame.window.actions_table.is_held


def test_trying_again_what_still_may_not_be_keeps_it_and_says_why(frame: Frame, office: Office) -> None:
    lose_a_race(frame, office)
    frame.press("Ctrl+Shift+U")
    button(frame, "Try again").click()
    frame.settle()
    assert len(frame.data.services.sync_state.needs_you()) == 1
    assert frame.floats.needs_you.is_open
    assert not [n for n in frame.notices if n.tone == "danger"], "the place lies beneath the page"
    assert [text for text in texts(frame) if text.startswith("Tried again, and not taken: ")]
    assert frame.floats.needs_you.frame.isAncestorOf(frame.focus)


def test_trying_again_what_may_be_now_takes_it_off_the_page(frame: Frame, office: Office) -> None:
    ticket_id, subject = lose_a_race(frame, office)
    casey = office.filled_desk("casey")
    casey.services.inbox.release(ticket_id)
    office.bureau.sync(casey)
    office.bureau.sync(frame.data)
    frame.press("Ctrl+Shift+U")
    button(frame, "Try again").click()
    frame.settle()
    assert frame.data.services.sync_state.needs_you() == ()
    assert "Nothing needs you" in texts(frame)
    assert frame.data.services.inbox.conversation(ticket_id).is_mine
    assert frame.notices[-1].text == f"Tried again: {subject}."


@pytest.mark.parametrize("size", [(1440, 900), (640, 480)])
def test_several_are_told_apart_by_name_and_fit_the_window(frame: Frame, office: Office, size: tuple[int, int]) -> None:
    frame.resize(*size)
    office.bureau.sync(frame.data)
    casey = office.filled_desk("casey")
    for _ in range(3):
        ticket_id, _subject = free_ticket(frame)
        frame.data.services.inbox.claim(ticket_id)
        casey.services.inbox.claim(ticket_id)
    office.bureau.sync(casey)
    pull(frame, office)
    assert frame.window.sync_line.words == "3 changes need you"
    frame.press("Ctrl+Shift+U")
    names = [spoken(b) for b in buttons(frame)]
    assert len(names) == 9
    assert len(set(names)) == 9
    page = frame.floats.needs_you
    assert frame.window.rect().contains(page.frame.geometry())
    assert all(spoken(widget) for widget in interactive(page.frame))
    for _ in range(10):
        frame.press("Tab")
    seen = frame.focus
    assert page.frame.rect().contains(seen.mapTo(page.frame, seen.rect().center())), "the keyboard's button is in view"


def test_what_comes_while_the_page_is_open_is_added_to_it(frame: Frame, office: Office) -> None:
    frame.press("Ctrl+Shift+U")
    assert "Nothing needs you" in texts(frame)
    _, subject = lose_a_race(frame, office)
    assert subject in texts(frame)
