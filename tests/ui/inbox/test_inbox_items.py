from __future__ import annotations

from csr_desktop.ui.desk import Target
from csr_desktop.ui.inbox.new_ticket_pane import NewTicketPane
from tests.ui.inbox.inbox_bench import Bench


def test_a_missed_call_is_called_back(bench: Bench) -> None:
    row = bench.row("call")
    bench.choose(row.id)
    assert bench.place.shows_call
    assert bench.place.call.heading.text() == row.contact_name
    bench.press("D")
    assert bench.called == [(bench.data.services.calls.detail(row.id).number, row.contact_id)]


def test_a_missed_call_needs_no_call_back(bench: Bench) -> None:
    row = bench.row("call")
    bench.choose(row.id)
    bench.press("E")
    assert not bench.data.services.calls.detail(row.id).row.is_waiting
    assert bench.line(row.id).taken_reason
    assert not bench.place.call.dismiss.isEnabled()


def test_a_follow_up_is_done_with_its_usual_outcome(bench: Bench) -> None:
    row = bench.row("follow_up", "Confirm")
    bench.choose(row.id)
    assert bench.place.follow_up.done.words == "Kept"
    bench.press("E")
    assert bench.data.services.follow_ups.detail(row.id).row.outcome == "kept"
    assert bench.line(row.id).taken_reason.startswith("Done by you")


def test_a_follow_up_is_snoozed(bench: Bench) -> None:
    row = bench.row("follow_up", "Confirm")
    bench.choose(row.id)
    bench.press("S")
    bench.type("tomorrow")
    bench.press("Return")
    snoozed = bench.data.services.follow_ups.detail(row.id).row.snoozed_until_at
    assert bench.desk.words.local(snoozed).strftime("%d %H:%M") == "13 09:00"


def test_enter_twice_on_a_follow_up_completes_nothing(bench: Bench) -> None:
    row = bench.row("follow_up", "Confirm")
    bench.choose(row.id)
    bench.press("Return")
    pane = bench.place.follow_up
    assert pane.call.hasFocus()
    bench.press("Return", "Space")
    assert bench.data.services.follow_ups.detail(row.id).row.state == "open"


def test_a_follow_up_of_nobody_with_a_number_leads_to_where_it_lives(bench: Bench) -> None:
    row = bench.row("follow_up", "Confirm")
    sql = bench.data.sql
    with sql.transaction():
        sql.do("UPDATE phone_numbers SET deleted = 1 WHERE contact_id = ?", row.contact_id)
    bench.choose(row.id)
    bench.press("Return")
    assert bench.place.follow_up.open.hasFocus()
    bench.press("Space")
    assert bench.opened == [("follow_up", row.id)]
    assert bench.data.services.follow_ups.detail(row.id).row.state == "open"


def test_a_follow_up_opens_where_it_lives(bench: Bench) -> None:
    row = bench.row("follow_up", "Confirm")
    bench.choose(row.id)
    bench.press("O")
    assert bench.opened == [("follow_up", row.id)]


def test_the_client_stands_beside_what_is_selected(bench: Bench) -> None:
    for kind in ("ticket", "call", "follow_up"):
        row = bench.row(kind)
        bench.choose(row.id)
        assert bench.place.context.client_id == row.client_id
        assert bench.place.context._content._name.text() == row.client_name


def form(bench: Bench) -> NewTicketPane:
    return bench.place.new_ticket


def test_a_new_ticket_for_a_client(bench: Bench) -> None:
    client = bench.row("ticket", "Tax notice").client_id
    bench.place.open_target(Target("new_ticket", "", client))
    bench.settle()
    assert form(bench).client.text() == "Example Bakery"
    assert bench.place.context.client_id == client
    assert form(bench).subject.hasFocus()
    bench.type("Second notice")
    form(bench).note.setFocus()
    bench.type("Sample asks about the second notice.")
    bench.press("Ctrl+Return")
    assert not bench.place.is_form_open
    ticket = bench.ticket(bench.place.conversation.ticket_id)
    assert (ticket.subject, ticket.client_id, ticket.is_mine) == ("Second notice", client, True)
    assert ticket.messages[-1].body == "Sample asks about the second notice."
    assert bench.data.services.drafts.read("new_ticket:note") == ""


def test_a_ticket_that_was_opened_is_the_row_that_is_chosen(bench: Bench) -> None:
    earlier = bench.choose_ticket()
    bench.press("Ctrl+N")
    form(bench).subject.setFocus()
    bench.type("Second notice")
    bench.press("Ctrl+Return")
    opened = bench.place.conversation.ticket_id
    assert opened != earlier
    assert bench.place.list.rows.marked_keys == [opened]
    assert bench.place.list.current == bench.row("ticket", "Second notice")
    bench.press("E")
    assert bench.ticket(opened).state == "resolved"
    assert bench.ticket(earlier).state == "open"


def test_a_ticket_that_was_opened_out_of_the_view_leaves_no_other_row_chosen(bench: Bench) -> None:
    bench.view("breached")
    bench.press("Ctrl+N")
    form(bench).subject.setFocus()
    bench.type("Second notice")
    bench.press("Ctrl+Return")
    assert bench.ticket(bench.place.conversation.ticket_id).subject == "Second notice"
    assert bench.place.list.rows.marked_keys == []


def test_the_client_of_a_new_ticket_is_found_by_name(bench: Bench) -> None:
    bench.press("Ctrl+N")
    bench.type("example ba")
    bench.press("Return")
    assert form(bench).client.text() == "Example Bakery"
    assert form(bench).contact.count() > 1


def test_a_new_ticket_wants_a_subject(bench: Bench) -> None:
    bench.press("Ctrl+N", "Ctrl+Return")
    assert bench.place.is_form_open
    assert form(bench)._subject_field.error
    assert form(bench).subject.hasFocus()


def test_what_was_typed_stays_when_the_form_is_left(bench: Bench) -> None:
    bench.press("Ctrl+N")
    form(bench).subject.setFocus()
    bench.type("Half a sub")
    assert bench.place.go_back()
    bench.settle()
    assert not bench.place.is_form_open
    bench.press("Ctrl+N")
    assert form(bench).subject.text() == "Half a sub"
    assert bench.data.services.drafts.read("new_ticket:subject") == "Half a sub"


def test_a_narrow_window_folds_the_client_behind_its_key(bench: Bench) -> None:
    bench.choose_ticket()
    bench.window.resize(1000, 700)
    bench.place.give_way(1000)
    bench.settle()
    assert not bench.place.context.isVisible()
    assert bench.place.conversation.context_button.isVisible()
    bench.press("I")
    assert bench.place.context.isVisible()
    assert bench.place.go_back()
    assert not bench.place.context.isVisible()


def test_the_narrowest_window_shows_the_list_or_what_is_selected(bench: Bench) -> None:
    bench.choose_ticket()
    bench.window.resize(880, 640)
    bench.place.give_way(880)
    bench.settle()
    assert bench.place.list.isVisible()
    assert not bench.place.conversation.isVisible()
    bench.press("Return")
    assert not bench.place.list.isVisible()
    assert bench.place.conversation.composer.editor.hasFocus()
    assert bench.place.go_back()
    assert bench.place.list.isVisible()
    bench.place.give_way(1440)
    bench.settle()
    assert bench.place.list.isVisible()
    assert bench.place.conversation.isVisible()
    assert bench.place.context.isVisible()


def test_widths_are_remembered(bench: Bench) -> None:
    room = bench.place.panes.room
    room.setSizes([420, 720, 300])
    room.splitterMoved.emit(420, 1)
    bench.settle()
    kept = bench.place.save_panes()
    room.setSizes([376, 776, 288])
    bench.place.restore_panes(kept)
    bench.settle()
    assert abs(bench.place.list.width() - 420) <= 2
