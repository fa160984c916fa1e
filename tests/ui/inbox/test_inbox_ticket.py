from __future__ import annotations

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QTextEdit, QWidget

from csr_desktop.ui.desk import Target
from csr_desktop.ui.inbox.message_kinds import NOTE, REPLY
from tests.ui.inbox.inbox_bench import HIGH, WIDE, Bench


def test_a_ticket_opens_at_its_newest_message(bench: Bench) -> None:
    ticket = bench.choose_ticket()
    inbox = bench.data.services.inbox
    for number in range(12):
        bench.desk.do(bench.place, lambda n=number: inbox.note(ticket, f"Sample note {n}\nof two lines"))  # type: ignore[misc]
    bench.settle()
    other = next(row for row in bench.rows() if row.kind == "ticket" and row.id != ticket)
    bench.choose(other.id)
    bench.choose(ticket)
    bar = bench.place.conversation.thread_view.verticalScrollBar()
    assert bar.maximum() > 0
    assert bar.value() == bar.maximum()


def test_older_messages_come_on_demand_without_moving_what_is_read(bench: Bench) -> None:
    ticket = bench.choose_ticket()
    inbox = bench.data.services.inbox
    for number in range(40):
        inbox.note(ticket, f"Sample note {number}")
    bench.choose(next(row for row in bench.rows() if row.kind == "ticket" and row.id != ticket).id)
    bench.choose(ticket)
    thread = bench.place.conversation.thread_view
    shown = [piece for piece in thread._pieces if piece.kind != "day"]
    everything = bench.ticket(ticket).messages
    assert len([piece for piece in shown if piece.message]) <= 25 < len(everything)
    thread._earlier.click()
    bench.settle()
    assert {message.id for message in everything} <= {piece.key for piece in thread._pieces}


def test_a_reply_is_logged_and_its_draft_goes(bench: Bench) -> None:
    ticket = bench.choose_ticket()
    bench.press("R")
    bench.type("The deposit is due on Wednesday.")
    assert bench.data.services.drafts.read(f"reply:{ticket}") == "The deposit is due on Wednesday."
    assert bench.place.conversation.composer._kept.text() == "Draft kept"
    bench.press("Ctrl+Return")
    assert bench.ticket(ticket).messages[-1].body == "The deposit is due on Wednesday."
    assert bench.ticket(ticket).messages[-1].kind == "reply"
    assert bench.place.conversation.composer.editor.text() == ""
    assert bench.data.services.drafts.read(f"reply:{ticket}") == ""
    assert bench.notices[-1].undo_group


def test_log_and_resolve_settles_the_ticket(bench: Bench) -> None:
    ticket = bench.choose_ticket()
    bench.press("R")
    bench.type("Done.")
    bench.press("Ctrl+Shift+Return")
    assert bench.ticket(ticket).state == "resolved"
    assert bench.place.conversation.resolve_button.words == "Reopen"
    assert bench.line(ticket).taken_reason == "Resolved"


def test_log_and_wait_leaves_it_to_the_client(bench: Bench) -> None:
    ticket = bench.choose_ticket()
    bench.press("R")
    bench.type("Which account was it?")
    bench.place.conversation.composer._wait.click()
    bench.settle()
    assert bench.ticket(ticket).state == "waiting"


def test_a_note_is_not_a_reply(bench: Bench) -> None:
    ticket = bench.choose_ticket()
    bench.press("N")
    bench.type("Look at the bank holiday first.")
    bench.press("Ctrl+Return")
    assert bench.ticket(ticket).messages[-1].kind == "note"


def test_what_the_client_said_opens_the_ticket_again(bench: Bench) -> None:
    ticket = bench.choose_ticket()
    bench.press("S")
    bench.type("waiting")
    bench.press("Return")
    assert bench.ticket(ticket).state == "waiting"
    bench.press("H")
    bench.type("It was the old one.")
    bench.press("Ctrl+Return")
    said = [message for message in bench.ticket(ticket).messages if message.kind != "event"][-1]
    assert (said.kind, said.body) == ("inbound", "It was the old one.")
    assert bench.ticket(ticket).state == "open"


@pytest.mark.parametrize(("key", "kind"), [("R", "reply"), ("N", "note")])
def test_what_is_taken_back_stands_in_the_editor_again(bench: Bench, key: str, kind: str) -> None:
    ticket = bench.choose_ticket()
    bench.press(key)
    bench.type("Half thought through")
    bench.press("Ctrl+Return")
    composer = bench.place.conversation.composer
    assert composer.editor.text() == ""
    composer.start(REPLY)
    bench.place.list.rows.setFocus()
    bench.desk.undo(bench.place)
    bench.settle()
    assert composer.kind == kind
    assert composer.editor.text() == "Half thought through"
    assert bench.data.services.drafts.read(f"{kind}:{ticket}") == "Half thought through"
    assert "Half thought through" not in [message.body for message in bench.ticket(ticket).messages]


def test_nothing_empty_is_logged(bench: Bench) -> None:
    ticket = bench.choose_ticket()
    before = bench.ticket(ticket).messages
    bench.press("R", "Ctrl+Return")
    assert bench.ticket(ticket).messages == before
    assert bench.place.conversation.composer._error.text() == "Write something first."


def test_each_ticket_keeps_its_own_texts(bench: Bench) -> None:
    ticket = bench.choose_ticket()
    other = next(row for row in bench.rows() if row.kind == "ticket" and row.id != ticket)
    bench.press("R")
    bench.type("Half a sen")
    bench.choose(other.id)
    assert bench.place.conversation.composer.editor.text() == ""
    bench.press("N")
    bench.type("Another")
    bench.choose(ticket)
    assert bench.place.conversation.composer.kind == REPLY
    assert bench.place.conversation.composer.editor.text() == "Half a sen"
    bench.choose(other.id)
    assert bench.place.conversation.composer.kind == NOTE
    assert bench.place.conversation.composer.editor.text() == "Another"


def test_a_colleagues_change_never_touches_what_is_written(bench: Bench) -> None:
    ticket = bench.choose_ticket()
    casey = bench.colleague()
    bench.press("R")
    bench.type("Half a sen")
    editor = bench.place.conversation.composer.editor
    cursor = editor.textCursor()
    cursor.setPosition(4)
    editor.setTextCursor(cursor)
    casey.services.inbox.note(ticket, "Trace is ordered.")
    bench.exchange(casey)
    pieces = bench.place.conversation.thread_view._pieces
    assert any(piece.message and piece.message.text == "Trace is ordered." for piece in pieces)
    assert editor.text() == "Half a sen"
    assert editor.textCursor().position() == 4
    assert editor.hasFocus()
    assert editor.document().isUndoAvailable()


def test_resolve_and_reopen_with_one_key(bench: Bench) -> None:
    ticket = bench.choose_ticket()
    bench.press("E")
    assert bench.ticket(ticket).state == "resolved"
    assert bench.line(ticket).taken_reason == "Resolved"
    bench.press("E")
    assert bench.ticket(ticket).state == "open"
    assert bench.line(ticket).taken_reason == ""


def test_assign_by_typing_a_name(bench: Bench) -> None:
    ticket = bench.choose_ticket()
    bench.press("A")
    bench.type("cas")
    bench.press("Return")
    assert bench.ticket(ticket).assignee_name == "Casey Demo"
    assert bench.line(ticket).taken_reason.startswith("Taken by Casey Demo")
    assert bench.place.list.rows.hasFocus()


def test_escape_closes_the_float_and_changes_nothing(bench: Bench) -> None:
    ticket = bench.choose_ticket()
    bench.press("P")
    assert bench.place.chosen.is_asking
    assert bench.place.go_back()
    bench.settle()
    assert not bench.place.chosen.is_asking
    assert bench.place.list.rows.hasFocus()
    assert bench.ticket(ticket).priority == "high"


def test_priority_topic_and_state_by_key(bench: Bench) -> None:
    ticket = bench.choose_ticket()
    bench.press("P")
    bench.type("urg")
    bench.press("Return", "T")
    bench.type("pay stub")
    bench.press("Return", "S")
    bench.type("wait")
    bench.press("Return")
    shown = bench.ticket(ticket)
    assert (shown.priority, shown.topic_path[-1], shown.state) == ("urgent", "Pay stub", "waiting")


def test_put_back_for_anyone(bench: Bench) -> None:
    ticket = bench.choose_ticket()
    bench.press("U")
    assert bench.ticket(ticket).assignee_id == ""


def test_escalate_to_a_lead_with_a_reason_and_end_it(bench: Bench) -> None:
    ticket = bench.choose_ticket("Off-cycle")
    bench.press("F4")
    bench.type("Penalty above my limit")
    bench.press("Return")
    assert bench.ticket(ticket).escalated_to_name == "Lee Teamlead"
    bench.place.list.rows.setFocus()
    bench.press("Shift+F4")
    assert bench.ticket(ticket).escalated_to_id == ""


def test_the_subject_is_changed_in_place(bench: Bench) -> None:
    ticket = bench.choose_ticket()
    bench.press("F2")
    bench.type("Notice about April")
    bench.press("Return")
    assert bench.ticket(ticket).subject == "Notice about April"
    assert bench.place.conversation.header.title == "Notice about April"


def test_letters_do_nothing_while_typing(bench: Bench) -> None:
    ticket = bench.choose_ticket()
    bench.press("R")
    bench.type("ceaxup")
    assert bench.place.conversation.composer.editor.text() == "ceaxup"
    assert bench.ticket(ticket).state == "open"


def test_a_ticket_of_another_view_is_opened_from_elsewhere(bench: Bench) -> None:
    waiting = bench.data.services.inbox.page("waiting").rows[0]
    bench.place.open_target(Target("ticket", waiting.id))
    bench.settle()
    assert bench.place.conversation.ticket_id == waiting.id
    assert bench.place.conversation.header.title == waiting.title
    bench.place.list.rows.setFocus()
    bench.press("E")
    assert bench.ticket(waiting.id).state == "resolved"


def test_every_part_that_is_used_has_a_name(bench: Bench) -> None:
    bench.choose_ticket()
    kinds = (QAbstractButton, QLineEdit, QTextEdit)
    unnamed = [
        w
        for w in bench.place.findChildren(QWidget)
        if isinstance(w, kinds) and w.isVisible() and not w.accessibleName()
    ]
    assert unnamed == []


def test_tab_goes_from_the_list_to_the_ticket_to_the_context(bench: Bench) -> None:
    bench.choose_ticket()
    panes = (bench.place.list, bench.place.conversation, bench.place.context)
    seen: list[QWidget] = [bench.place.list]
    for _ in range(40):
        bench.press("Tab")
        now = QApplication.focusWidget()
        assert now is not None
        here = next(pane for pane in panes if pane.isAncestorOf(now))
        if here is not seen[-1]:
            seen.append(here)
        if len(seen) > len(panes):
            break
    assert seen == [*panes, bench.place.list]


def test_the_thread_says_who_resolved_it(bench: Bench) -> None:
    ticket = bench.choose_ticket()
    bench.press("E")
    events = [piece.text for piece in bench.place.conversation.thread_view._pieces if piece.kind == "event"]
    time = bench.desk.words.time_of_day(bench.ticket(ticket).messages[-1].written_at)
    assert f"Resolved, {time}, by you" in events
    assert not [text for text in events if text.startswith("Taken by") and ", by " in text], "named already"


@pytest.mark.parametrize("width", [WIDE, 800])
def test_after_logging_letters_are_keys_again(bench: Bench, width: int) -> None:
    """In the empty text N would begin a reply, and Ctrl+Z would take back no message."""
    bench.window.resize(width, HIGH)
    bench.place.give_way(width)
    bench.choose_ticket()
    bench.press("R")
    bench.type("The deposit left in time.")
    bench.press("Ctrl+Return")
    composer = bench.place.conversation.composer
    assert not composer.has_keyboard()
    bench.press("N")
    assert composer.kind == NOTE
    assert composer.editor.text() == ""


def test_what_is_typed_while_it_is_logged_keeps_the_keyboard(bench: Bench) -> None:
    ticket = bench.choose_ticket()
    bench.press("R")
    bench.type("The deposit left in time.")
    composer = bench.place.conversation.composer
    composer.log()
    QTest.keyClicks(composer.editor, " And")
    bench.settle()
    assert bench.ticket(ticket).messages[-1].body == "The deposit left in time."
    assert composer.has_keyboard()
