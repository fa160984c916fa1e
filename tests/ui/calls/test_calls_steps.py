from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import msgspec
from PySide6.QtWidgets import QApplication, QFrame

from csr_desktop.domain.change_set import changed
from csr_desktop.services.call_rows import NextSteps, TicketStep
from csr_desktop.store.tables import new_row
from tests.ui.calls.calls_bench import Bench
from tests.ui.frame_bench import can_be_seen

CHICAGO = ZoneInfo("America/Chicago")


def _local(at: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(at / 1000, CHICAGO)


def test_a_promise_is_made_by_keys_in_the_clients_hours(bench: Bench, somebody: str) -> None:
    bench.start("", somebody, "in")
    bench.press("Ctrl+P")
    form = bench.place.call_pane.steps._follow_up_form
    assert form is not None
    form.what.selectAll()
    bench.type("Ring with the pomegranate")
    bench.press("Return")
    bench.type("tomorrow 11")
    assert "in Chicago" in form.due.due.words
    bench.press("Return")
    (step,) = bench.call.steps.follow_ups
    assert (step.kind, step.title) == ("promise", "Ring with the pomegranate")
    assert (_local(step.due_at).hour, _local(step.due_at).minute) == (11, 0)
    assert form.isHidden()
    bench.press("F8", "2", "Ctrl+Return")
    bench.settle()
    due = bench.value("SELECT due_at FROM follow_ups WHERE title = 'Ring with the pomegranate' AND kind = 'promise'")
    assert due == step.due_at


def test_closed_hours_are_said_and_enter_takes_the_next_opening(bench: Bench, somebody: str) -> None:
    bench.start("", somebody, "in")
    bench.press("Ctrl+F")
    form = bench.place.call_pane.steps._follow_up_form
    assert form is not None
    form.due.setFocus()
    bench.type("sun 9am")
    form.due.show_error()
    assert form.due.due.words.startswith("Closed then, so Mon")
    bench.press("Return")
    (step,) = bench.call.steps.follow_ups
    assert _local(step.due_at).weekday() == 0


def test_what_is_not_understood_is_said_at_the_field_and_nothing_is_made(bench: Bench, somebody: str) -> None:
    bench.start("", somebody, "in")
    bench.press("Ctrl+P")
    form = bench.place.call_pane.steps._follow_up_form
    assert form is not None
    form.due.setFocus()
    bench.type("whenever")
    bench.press("Return")
    assert form.due.due.error.startswith("Not understood")
    assert bench.call.steps.follow_ups == ()
    assert not form.isHidden()


def test_a_step_is_changed_and_taken_out(bench: Bench, somebody: str) -> None:
    bench.start("", somebody, "in")
    bench.press("Ctrl+P")
    steps = bench.place.call_pane.steps
    form = steps._follow_up_form
    assert form is not None
    form.due.setFocus()
    bench.type("tomorrow 11")
    bench.press("Return")
    due_at = bench.call.steps.follow_ups[0].due_at
    steps.enter_follow_up(is_promise=True, at=0)
    bench.settle()
    assert form.due.due.at == due_at
    form.what.setText("Send the table")
    bench.press("Return")
    assert [(one.title, one.due_at) for one in bench.call.steps.follow_ups] == [("Send the table", due_at)]
    steps._no_follow_up(0)
    bench.settle()
    assert bench.call.steps.follow_ups == ()


def test_a_form_keeps_its_text_while_the_call_ticks_and_changes(bench: Bench, somebody: str) -> None:
    bench.start("", somebody, "in")
    bench.press("Ctrl+P")
    form = bench.place.call_pane.steps._follow_up_form
    assert form is not None
    form.what.setText("Half a prom")
    bench.press("F6")
    bench.place.running.ticked.emit()
    assert form.what.text() == "Half a prom"
    assert not form.isHidden()


def test_escape_leaves_the_form_and_keeps_the_call(bench: Bench, somebody: str) -> None:
    bench.start("", somebody, "in")
    bench.press("Ctrl+T")
    assert bench.place.go_back()
    assert bench.place.call_pane.steps._form is None
    assert bench.place.call_pane.steps.promise.isVisible()


def test_an_open_ticket_is_linked_and_gets_the_note(bench: Bench) -> None:
    ticket = bench.data.sql.one(
        "SELECT t.id, t.contact_id FROM tickets t JOIN contacts c ON c.id = t.contact_id WHERE t.state = 'open' "
        "AND t.deleted = 0 AND c.is_active = 1 ORDER BY t.id LIMIT 1"
    )
    assert ticket is not None
    call = bench.start("", ticket[1], "in")
    bench.type("Told about the ticket")
    bench.press("Ctrl+T")
    form = bench.place.call_pane.steps._ticket_form
    assert form is not None
    found = next(one for one in form.finder.model.found if one.key == ticket[0])
    form.finder.taken.emit(found)
    bench.settle()
    assert bench.place.call_pane.steps.ticket.words.startswith("Ticket ")
    bench.press("F8", "1", "Ctrl+Return")
    assert bench.row("interactions", call.id)["ticket_id"] == ticket[0]
    bodies = bench.data.sql.all("SELECT body FROM messages WHERE ticket_id = ? AND kind = 'note'", ticket[0])
    assert ("Told about the ticket",) in bodies


def test_an_escalation_opens_the_ticket_that_it_needs(bench: Bench, somebody: str) -> None:
    call = bench.start("", somebody, "in")
    bench.type("Wants a manager")
    bench.press("F4")
    bench.type("Very upset")
    bench.press("Return")
    steps = bench.call.steps
    assert steps.ticket is not None
    assert steps.ticket.subject == "Wants a manager"
    assert steps.escalate is not None
    assert steps.escalate.reason == "Very upset"
    bench.press("F8", "3", "Ctrl+Return")
    ticket_id = bench.row("interactions", call.id)["ticket_id"]
    assert bench.row("tickets", ticket_id)["escalated_to_id"] == steps.escalate.to_id
    lines = [line.accessibleName() for line in bench.place.past.outcome.findChildren(QFrame) if can_be_seen(line)]
    lead = bench.data.services.people.name(steps.escalate.to_id)
    assert [line for line in lines if line.startswith(f"Escalated to {lead}, today")], lines


def test_an_escalation_offers_the_leads_of_the_tickets_own_team(bench: Bench, somebody: str) -> None:
    """Alex works in two teams here; a ticket of one is nothing to the lead of the other."""
    data = bench.data
    rights = msgspec.json.decode(data.replica.state()["rights"])
    mine = rights["teams"][0]
    client_id = bench.value("SELECT client_id FROM contacts WHERE id = ?", somebody)
    rows = {
        "teams": {"id": "zz-team", "name": "Second Demo Team"},
        "users": {"id": "lou", "name": "Lou Secondlead", "login": "lou", "role": "lead"},
        "memberships": {"id": "lou-second", "user_id": "lou", "team_id": "zz-team"},
        "tickets": {
            "id": "second", "scope": "zz-team", "client_id": client_id, "contact_id": somebody, "subject": "Theirs", "number": 4711,
            "state": "open",
        },
    }  # fmt: skip
    for key in ("teams", "scopes"):
        rights[key].append("zz-team")
    with data.sql.transaction():
        data.replica.set_state("rights", msgspec.json.encode(rights).decode())
        for table, fields in rows.items():
            data.sql.upsert(table, [{**new_row(table), "scope": "org", **fields}])
    change = changed({table: [str(fields["id"])] for table, fields in rows.items()}, rights=True)
    data.services.changed(change)
    bench.desk.publish(change)

    def offered() -> list[str]:
        bench.press("F4")
        form = bench.place.call_pane.steps._escalate_form
        assert form is not None
        found = [form.to.itemText(at) for at in range(form.to.count())]
        bench.press("Escape")
        return found

    call = bench.start("", somebody, "in")
    assert bench.data.services.people.home_team() == mine
    assert offered() == ["Lee Teamlead"]
    bench.place.running.set_steps(call.id, NextSteps(ticket=TicketStep(ticket_id="second")))
    bench.settle()
    assert offered() == ["Lou Secondlead"]


def test_digits_choose_only_while_no_text_is_typed(bench: Bench, somebody: str) -> None:
    bench.start("", somebody, "in")
    bench.type("2")
    assert bench.place.call_pane.notes.text() == "2"
    assert bench.call.disposition_id == ""
    bench.place.call_pane.focus_disposition()
    bench.press("2")
    assert bench.call.disposition_id == bench.data.services.lists.dispositions()[1].id
    assert bench.place.call_pane.notes.text() == "2"
    assert QApplication.focusWidget() is not bench.place.call_pane.notes
