from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from csr_desktop.domain.errors import BadInput, Refused
from csr_desktop.services.inbox_rows import VIEWS
from tests.services.conftest import CHICAGO, DAY, HOUR, MINUTE, NOW, at

if TYPE_CHECKING:
    from csr_desktop.services.desk_services import Services
    from csr_desktop.services.inbox_rows import View
    from tests.services.conftest import Bureau


def ticket(bureau: Bureau, subject: str, **fields: Any) -> str:
    values: dict[str, Any] = {
        "scope": "tax",
        "client_id": "dental",
        "contact_id": "jo",
        "opened_at": NOW - HOUR,
        "last_message_at": NOW,
    }
    return bureau.row("tickets", subject=subject, **{"assignee_id": "ada", **values, **fields})


def titles(desk: Services, view: View) -> list[str]:
    return [row.title for row in desk.inbox.page(view).rows]


def test_the_earliest_real_consequence_comes_first_whichever_clock_it_is(bureau: Bureau, desk: Services) -> None:
    ticket(bureau, "Overtime rate", reply_due_at=NOW + 5 * HOUR)
    ticket(bureau, "Tax notice", client_id="bakery", contact_id="dana", reply_due_at=NOW + 25 * MINUTE)
    ticket(bureau, "Off-cycle check", client_id="bakery", reply_due_at=NOW + 4 * HOUR)
    ticket(bureau, "No clock at all")
    ticket(bureau, "Late already", reply_due_at=NOW - 12 * MINUTE)

    rows = desk.inbox.page("mine").rows

    assert [row.title for row in rows] == [
        "Late already",
        "Tax notice",
        "Off-cycle check",
        "Overtime rate",
        "No clock at all",
    ]
    assert [row.group for row in rows] == ["breached", "next_hour", "today", "today", "later"]
    assert [row.first_clock for row in rows] == ["reply", "reply", "cut_off", "reply", ""]
    assert rows[2].cut_off_at == at("2026-05-14 13:00", CHICAGO)
    notice = rows[1]
    assert (notice.client_name, notice.contact_name, notice.client_zone) == ("Example Bakery", "Dana Sample", CHICAGO)
    assert desk.inbox.groups("mine") == type(desk.inbox.groups("mine"))(breached=1, next_hour=1, today=2, later=1)


def test_each_view_holds_what_its_name_says(bureau: Bureau, desk: Services) -> None:
    ticket(bureau, "Mine", reply_due_at=NOW + HOUR)
    ticket(bureau, "Free", assignee_id="", reply_due_at=NOW + 3 * DAY)
    ticket(bureau, "Casey's", assignee_id="casey")
    ticket(bureau, "Breached", reply_due_at=NOW - 1)
    ticket(bureau, "Waiting", state="waiting")
    ticket(bureau, "Resolved", state="resolved")
    ticket(bureau, "Given up to me", assignee_id="casey", escalated_to_id="ada")
    ticket(bureau, "I gave it up", escalated_to_id="lee")
    ticket(bureau, "Another team's", scope="benefits", assignee_id="")
    promise = desk.follow_ups.add("promise", "Call Jo", NOW + 2 * HOUR, client_id="dental", contact_id="jo")
    desk.follow_ups.add("task", "Only tomorrow", NOW + DAY, client_id="dental")
    bureau.row(
        "interactions", scope="tax", agent_id="ada", result="missed", number="+17025550119", started_at=NOW - HOUR
    )

    assert sorted(titles(desk, "mine")) == sorted(["", "Breached", "Mine", "Call Jo", "Given up to me", "I gave it up"])
    assert titles(desk, "unassigned") == ["Free"]
    assert set(titles(desk, "my_team")) == {
        "",
        "Breached",
        "Mine",
        "Call Jo",
        "Given up to me",
        "I gave it up",
        "Free",
        "Casey's",
    }
    assert titles(desk, "due_today") == ["", "Breached", "Mine", "Call Jo"]
    assert titles(desk, "breached") == ["", "Breached"]
    assert titles(desk, "waiting") == ["Waiting"]
    assert sorted(titles(desk, "escalated")) == ["Given up to me", "I gave it up"]
    counts = desk.inbox.counts()
    for view in VIEWS:
        assert getattr(counts, view) == len(titles(desk, view)), view
    row = next(row for row in desk.inbox.page("mine").rows if row.id == promise.id)
    assert (row.kind, row.view_kind, row.first_clock) == ("follow_up", "promise", "promise")


def test_a_lead_sees_the_teams_work_where_a_csr_sees_their_own(bureau: Bureau) -> None:
    ticket(bureau, "Ada's late one", reply_due_at=NOW - HOUR)
    ticket(bureau, "Casey waits", assignee_id="casey", state="waiting")
    lead = bureau.sign_in("lee", "lead", ("tax",))
    assert titles(lead, "mine") == []
    assert titles(lead, "breached") == ["Ada's late one"]
    assert titles(lead, "waiting") == ["Casey waits"]
    assert lead.inbox.counts().breached == lead.inbox.counts().waiting == 1

    manager = bureau.sign_in("max", "manager", (), ("tax", "benefits"))
    assert titles(manager, "my_team") == ["Ada's late one"]
    row = manager.inbox.page("my_team").rows[0]
    assert not row.can_work
    with pytest.raises(Refused):
        manager.inbox.claim(row.id)


def test_pages_go_on_where_the_last_one_ended(bureau: Bureau, desk: Services) -> None:
    for number in range(25):
        ticket(bureau, f"Ticket {number:02}", reply_due_at=NOW + HOUR + number // 3)
    seen: list[str] = []
    key = None
    while True:
        page = desk.inbox.page("mine", key, 10)
        seen += [row.id for row in page.rows]
        key = page.next_key
        if key is None:
            break
    assert len(seen) == len(set(seen)) == 25
    assert seen == [row.id for row in desk.inbox.page("mine").rows]


def test_a_missed_call_waits_until_somebody_calls_back_and_undo_lets_it_wait_again(
    bureau: Bureau, desk: Services
) -> None:
    call = bureau.row(
        "interactions", scope="tax", agent_id="ada", client_id="bakery", contact_id="robin", result="missed",
        number="+13125550167", started_at=NOW - 44 * MINUTE, note="Asked for a callback about W-2 reissue",
    )  # fmt: skip
    row = desk.inbox.page("mine").rows[0]
    assert (row.kind, row.view_kind, row.is_new) == ("call", "missed", True)
    assert row.title == "Asked for a callback about W-2 reissue"
    assert (row.number, row.due_at) == ("(312) 555-0167", NOW - 14 * MINUTE)

    outcome = desk.inbox.called_back(call)
    assert outcome.can_undo
    assert outcome.words == "call_returned:Example Bakery"
    assert titles(desk, "mine") == []
    gone = desk.inbox.rows([call], "mine")[0]
    assert (gone.is_in_view, gone.state, gone.assignee_name) == (False, "done", "Ada Sample")
    desk.undo()
    assert [row.id for row in desk.inbox.page("mine").rows] == [call]
    assert desk.inbox.dismiss(call).words == "call_dismissed:Example Bakery"
    assert not desk.calls.rows([call])[0].is_waiting
    assert desk.inbox.counts().mine == 0


def test_missed_calls_stop_waiting_after_two_weeks(bureau: Bureau, desk: Services) -> None:
    bureau.row(
        "interactions", scope="tax", agent_id="ada", result="abandoned", number="+17025550119", started_at=NOW - HOUR
    )
    assert desk.inbox.counts().mine == 1
    bureau.forward(13 * DAY)
    assert desk.inbox.refresh_clocks()  # the bakery's cut-off has passed
    assert desk.inbox.counts().mine == 1
    bureau.forward(DAY)
    assert desk.inbox.refresh_clocks()
    assert desk.inbox.counts().mine == 0
    assert not desk.inbox.refresh_clocks()


def test_when_a_cut_off_has_passed_the_next_one_presses(bureau: Bureau, desk: Services) -> None:
    ticket(bureau, "Before the run", client_id="bakery")
    bureau.forward(4 * HOUR)
    assert desk.inbox.refresh_clocks()
    row = desk.inbox.page("mine").rows[0]
    assert row.cut_off_at == row.consequence_at == at("2026-05-28 13:00", CHICAGO)
    assert row.group == "later"


def test_a_new_pay_schedule_moves_the_clients_tickets(bureau: Bureau, desk: Services) -> None:
    ticket(bureau, "Sooner now", client_id="bakery")
    schedule = desk.clients.profile("bakery").pay_schedule
    assert schedule is not None
    outcome = desk.clients.edit_client("bakery", {"status": "closed"})
    assert desk.inbox.page("mine").rows[0].cut_off_at == 0
    desk.undo(outcome.group_id)
    assert desk.inbox.page("mine").rows[0].cut_off_at == at("2026-05-14 13:00", CHICAGO)


def test_what_a_colleague_took_stays_under_the_pointer_with_the_reason(bureau: Bureau, desk: Services) -> None:
    i = ticket(bureau, "Change of bank account", assignee_id="")
    assert titles(desk, "unassigned") == ["Change of bank account"]
    ticket(bureau, "Change of bank account", row_id=i, assignee_id="casey", assigned_at=NOW - MINUTE)
    row = desk.inbox.rows([i], "unassigned")[0]
    assert (row.is_in_view, row.assignee_name, row.assigned_at) == (False, "Casey Demo", NOW - MINUTE)


def test_a_conversation_reads_like_it_was_held(bureau: Bureau, desk: Services) -> None:
    i = ticket(
        bureau, "Tax notice", client_id="bakery", contact_id="dana", number=4821, channel="email", priority="high",
        topic_id="notice", sla_policy_id="standard", calendar_id="chicago", reply_due_at=NOW + HOUR,
    )  # fmt: skip
    bureau.row(
        "messages",
        scope="tax",
        ticket_id=i,
        kind="inbound",
        contact_id="dana",
        body="The notice has come.",
        written_at=NOW - HOUR,
    )
    outcome = desk.inbox.reply(i, "  The trace is on its way.\0 ", then_state="waiting")
    desk.follow_ups.add(
        "promise", "Call Dana with the bank trace", NOW + DAY, client_id="bakery", contact_id="dana", ticket_id=i
    )
    bureau.forward(MINUTE)
    desk.inbox.note(i, "Trace ends in 0417")

    talk = desk.inbox.conversation(i)
    assert (talk.label, talk.topic_path, talk.state, talk.reply_due_at) == (
        "#4821",
        ("Payroll tax", "Notice"),
        "waiting",
        0,
    )
    assert [(m.kind, m.author_name, m.is_mine) for m in talk.messages] == [
        ("inbound", "Dana Sample", False),
        ("reply", "Ada Sample", True),
        ("event", "Ada Sample", True),
        ("note", "Ada Sample", True),
    ]
    assert talk.messages[1].body == "The trace is on its way."
    assert [promise.title for promise in talk.messages[1].promises] == ["Call Dana with the bank trace"]
    assert talk.promises[0].state == "open"
    assert talk.can_work
    assert talk.is_mine
    assert outcome.words == "ticket_replied:Tax notice"
    desk.undo(outcome.group_id)
    again = desk.inbox.conversation(i)
    assert (again.state, again.reply_due_at) == ("open", NOW + HOUR)
    assert [m.kind for m in again.messages] == ["inbound", "note"]


def test_what_was_said_leaves_no_draft_and_undo_gives_the_text_back(bureau: Bureau, desk: Services) -> None:
    i = ticket(bureau, "Tax notice")
    desk.drafts.write(f"reply:{i}", "Hi Dana,\n")
    desk.drafts.write(f"note:{i}", "Half a thought")
    desk.inbox.reply(i, "Hi Dana,\n")
    assert desk.drafts.keys() == (f"note:{i}",)
    desk.undo()
    assert desk.drafts.read(f"reply:{i}") == "Hi Dana,"
    desk.inbox.note(i, "Another")
    assert desk.drafts.read(f"note:{i}") == "Half a thought"
    desk.undo()
    assert desk.drafts.read(f"note:{i}") == "Half a thought"


def test_actions_on_several_are_one_undo(bureau: Bureau, desk: Services) -> None:
    ids = [ticket(bureau, f"Free {n}", assignee_id="") for n in range(3)]
    outcome = desk.inbox.claim(ids)
    assert outcome.words == "ticket_claimed:3"
    assert desk.inbox.counts().mine == 3
    desk.inbox.resolve(ids)
    assert desk.inbox.counts().mine == 0
    desk.undo()
    assert desk.inbox.counts().mine == 3
    desk.undo()
    assert desk.inbox.counts().unassigned == 3
    other = ticket(bureau, "Casey's", assignee_id="casey")
    with pytest.raises(Refused, match="Casey Demo"):
        desk.inbox.claim([*ids, other])
    assert desk.inbox.counts().unassigned == 3


def test_priority_topic_state_and_who_follow_the_keyboard(bureau: Bureau, desk: Services) -> None:
    opened = desk.inbox.open_ticket(" New  hire ", client_id="bakery", contact_id="dana", note="Two people")
    i = opened.ticket_id
    talk = desk.inbox.conversation(i)
    assert (talk.subject, talk.is_mine, talk.label[:2]) == ("New hire", True, "T-")
    assert talk.reply_due_at == at("2026-05-14 14:42", CHICAGO)  # four open hours, lunch left out
    desk.inbox.set_priority(i, "high")
    desk.inbox.set_topic(i, "time")
    desk.inbox.rename(i, "Two new hires")
    desk.inbox.escalate(i, "lee", "He knows them")
    desk.inbox.assign(i, "casey")
    talk = desk.inbox.conversation(i)
    assert (talk.priority, talk.topic_path, talk.subject) == ("high", ("Time clock",), "Two new hires")
    assert (talk.escalated_to_name, talk.assignee_name, talk.can_reassign) == ("Lee Teamlead", "Casey Demo", False)
    assert [m.body for m in talk.messages if m.kind == "event"] == [
        "Escalated to Lee Teamlead: He knows them",
        "Assigned to Casey Demo",
    ]
    desk.inbox.close(i)
    desk.inbox.heard(i, "Are you there?")
    talk = desk.inbox.conversation(i)
    assert talk.state == "open"
    assert [(m.kind, m.author_name) for m in talk.messages[-2:]] == [
        ("inbound", "Dana Sample"),
        ("event", "Ada Sample"),
    ]
    assert talk.reply_due_at > NOW


def test_what_cannot_be_is_said_and_changes_nothing(bureau: Bureau, desk: Services) -> None:
    i = ticket(bureau, "Mine")
    with pytest.raises(BadInput):
        desk.inbox.reply(i, " \n\0 ")
    with pytest.raises(BadInput):
        desk.inbox.open_ticket("  ")
    with pytest.raises(BadInput):
        desk.inbox.escalate(i, "")
    with pytest.raises(Refused):
        desk.inbox.reopen(i)
    with pytest.raises(Refused):
        desk.inbox.conversation("nowhere")
    with pytest.raises(Refused):
        desk.inbox.resolve([i, "nowhere"])
    assert desk.inbox.conversation(i).state == "open"
    assert desk.last_undo() is None


def test_the_pane_beside_says_what_the_client_is_waiting_for(bureau: Bureau, desk: Services) -> None:
    i = ticket(
        bureau, "Tax notice", client_id="bakery", contact_id="dana", reply_due_at=NOW + 25 * MINUTE, opened_at=NOW - DAY
    )
    bureau.row("messages", scope="tax", ticket_id=i, kind="reply", author_id="ada", body="x", written_at=NOW - 3 * HOUR)
    bureau.row(
        "messages", scope="tax", ticket_id=i, kind="inbound", contact_id="dana", body="y", written_at=NOW - 95 * MINUTE
    )
    desk.follow_ups.add("promise", "Call Dana", NOW + DAY, client_id="bakery", contact_id="dana")
    for days, note in ((8, "Late deposit, first question\nmore"), (16, "Tax rate")):
        bureau.row(
            "interactions", scope="tax", client_id="bakery", agent_id="casey", started_at=NOW - days * DAY, note=note,
            topic_id="deposit",
        )  # fmt: skip
    ticket(bureau, "New hire checklist", client_id="bakery", state="closed", last_message_at=NOW - 23 * DAY)

    pane = desk.inbox.context("bakery", "dana", i)

    assert (pane.name, pane.tier, pane.status, pane.employee_count) == ("Example Bakery", "gold", "active", 34)
    assert (pane.is_open, pane.open_until_at) == (True, at("2026-05-14 12:00", CHICAGO))
    assert (pane.next_reply_at, pane.next_reply_from_at) == (NOW + 25 * MINUTE, NOW - 95 * MINUTE)
    assert pane.cut_off_at == NOW + 3 * HOUR + 18 * MINUTE
    assert (pane.pay_date, pane.deposit_due) == ("2026-05-15", "2026-05-20")
    assert [(p.title, p.is_mine, p.contact_name) for p in pane.promises] == [("Call Dana", True, "Dana Sample")]
    assert pane.contact is not None
    assert (pane.contact.authorities, pane.contact.refused_authorities) == (("payroll", "tax"), ("bank",))
    assert [n.shown for n in pane.contact.numbers] == ["(312) 555-0142 ext. 12"]
    assert [(c.kind, c.title) for c in pane.last_contacts] == [
        ("call", "Late deposit, first question"),
        ("call", "Tax rate"),
        ("ticket", "New hire checklist"),
    ]
    assert pane.last_contacts_total == 4
    assert pane.contact_count == 2
