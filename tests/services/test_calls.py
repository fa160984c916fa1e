from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from csr_desktop.domain import local_days
from csr_desktop.domain.errors import BadInput, DiskFull, Refused
from csr_desktop.services.call_rows import CallFilter, DayFigures, EscalateStep, FollowUpStep, NextSteps, TicketStep
from csr_desktop.store.queries import drafts
from tests.services.conftest import DAY, HERE, HOUR, MINUTE, NOW

if TYPE_CHECKING:
    from csr_desktop.services.desk_services import Services
    from tests.services.conftest import Bureau

DANA, ROBIN = "+13125550142", "+13125550167"
SECOND = 1000


def logged(bureau: Bureau, **fields: Any) -> str:
    values: dict[str, Any] = {
        "scope": "tax",
        "agent_id": "ada",
        "client_id": "bakery",
        "contact_id": "dana",
        "number": DANA,
    }
    return bureau.row("interactions", **{**values, "started_at": NOW - HOUR, **fields})


def test_a_call_is_timed_by_its_parts_and_saved_as_it_was(bureau: Bureau, desk: Services) -> None:
    call = desk.calls.start("(312) 555-0167")
    assert (call.phase, call.contact_name, call.client_name) == ("dial", "Robin Stand-in", "Example Bakery")
    assert (call.number_shown, call.match.reason) == ("(312) 555-0167", "only_holder")
    bureau.forward(5 * SECOND)
    desk.calls.answer(call.id)
    bureau.forward(120 * SECOND)
    desk.calls.hold(call.id)
    bureau.forward(41 * SECOND)
    desk.calls.resume(call.id)
    bureau.forward(91 * SECOND)
    now = desk.calls.running()[0]
    assert (now.talk_seconds, now.hold_seconds, now.phase, now.phase_seconds) == (211, 41, "talk", 91)
    assert now.parts == (("dial", 5), ("talk", 120), ("hold", 41), ("talk", 91))
    desk.calls.end(call.id)
    desk.calls.set_note(call.id, "Penalty notice\0\r\nShe asks.")
    desk.calls.set_topic(call.id, "notice")
    desk.calls.set_disposition(call.id, "resolved")
    bureau.forward(30 * SECOND)
    saved = desk.calls.save(call.id)

    assert saved.outcome.words == "call_saved:Robin Stand-in"
    detail = desk.calls.detail(saved.interaction_id)
    row = detail.row
    assert (row.started_at, row.ended_at) == (NOW, NOW + 257 * SECOND)
    assert (row.talk_seconds, row.hold_seconds, row.wrap_up_seconds, row.handle_seconds) == (211, 41, 30, 287)
    assert (row.title, detail.note) == ("Penalty notice", "Penalty notice\nShe asks.")
    assert (row.topic_path, row.disposition, row.direction) == (("Payroll tax", "Notice"), "Resolved", "out")
    assert detail.can_correct
    assert desk.calls.running() == ()
    assert desk.calls.day_figures() == DayFigures(1, 287.0, 287.0)


def test_two_calls_run_at_once_and_only_one_talks(bureau: Bureau, desk: Services) -> None:
    first = desk.calls.start(DANA, direction="in")
    bureau.forward(10 * SECOND)
    second = desk.calls.start(contact_id="robin", direction="in")
    assert [call.phase for call in desk.calls.running()] == ["hold", "talk"]
    with pytest.raises(Refused, match="Two calls"):
        desk.calls.start(contact_id="jo")
    bureau.forward(10 * SECOND)
    desk.calls.resume(first.id)
    assert [call.phase for call in desk.calls.running()] == ["talk", "hold"]
    desk.calls.end(second.id)
    third = desk.calls.start("+17025550119", direction="in", is_ringing=True, name=" Evil\u202e\0 <b>name</b> ")
    assert (third.phase, third.caller_name, third.contact_id) == ("ring", "Evil <b>name</b>", "")
    assert desk.calls.one(first.id).phase == "talk"
    assert desk.calls.answer(third.id).phase == "talk"
    assert desk.calls.one(first.id).phase == "hold"
    assert desk.calls.one(first.id).talk_seconds == 10


def test_a_kill_loses_nothing_and_time_goes_on_by_the_wall(bureau: Bureau, desk: Services) -> None:
    steps = NextSteps(follow_ups=(FollowUpStep("promise", "Call Dana", NOW + DAY),))
    call = desk.calls.start(DANA, direction="in")
    desk.calls.set_note(call.id, "Half a sen")
    desk.calls.set_steps(call.id, steps)
    bureau.forward(60 * SECOND)
    bureau.seconds = 5.0  # another boot, another monotonic clock
    again = bureau.restart()
    found = again.calls.running()[0]
    assert (found.note, found.steps, found.phase, found.is_recovered) == ("Half a sen", steps, "talk", True)
    assert found.talk_seconds == 60
    bureau.forward(10 * SECOND)
    assert again.calls.running()[0].talk_seconds == 70
    assert again.drafts.keys() == ()


def test_the_wall_clock_jumping_does_not_touch_a_running_timer(bureau: Bureau, desk: Services) -> None:
    call = desk.calls.start(DANA, direction="in")
    bureau.seconds += 30
    bureau.wall -= DAY
    assert desk.calls.one(call.id).talk_seconds == 30
    saved = desk.calls.save(call.id)
    row = desk.calls.rows([saved.interaction_id])[0]
    assert (row.talk_seconds, row.ended_at >= row.started_at) == (30, True)


def test_a_night_with_the_program_off_is_no_wrap_up(bureau: Bureau, desk: Services) -> None:
    call = desk.calls.start(DANA, direction="in")
    bureau.forward(60 * SECOND)
    desk.calls.end(call.id)
    bureau.forward(20 * SECOND)
    desk.calls.set_note(call.id, "Late")
    bureau.forward(14 * HOUR)
    again = bureau.restart()
    found = again.calls.running()[0]
    assert (found.talk_seconds, found.wrap_up_seconds, found.phase) == (60, 20, "wrap_up")
    bureau.forward(5 * SECOND)
    saved = again.calls.save(call.id)
    row = again.calls.rows([saved.interaction_id])[0]
    assert (row.wrap_up_seconds, row.ended_at) == (25, NOW + 60 * SECOND)


def test_a_call_logged_just_before_the_kill_is_not_logged_twice(bureau: Bureau, desk: Services) -> None:
    call = desk.calls.start(DANA, direction="in")
    body = desk.drafts.read(f"call:{call.id}")
    desk.calls.save(call.id)
    bureau.sql.do("INSERT INTO drafts (key, body, written_at) VALUES (?, ?, 0)", f"call:{call.id}", body)
    bureau.sql.do("INSERT INTO drafts (key, body, written_at) VALUES ('call:other', '{\"shape\": 2}', 0)")
    again = bureau.restart()
    assert again.calls.running() == ()
    assert len(again.calls.page(CallFilter()).rows) == 1


def test_next_steps_are_saved_with_the_call_and_undone_with_it(bureau: Bureau, desk: Services) -> None:
    call = desk.calls.start(DANA, direction="in")
    desk.calls.set_note(call.id, "Notice about the April 8 deposit")
    desk.calls.set_topic(call.id, "notice")
    steps = NextSteps(
        ticket=TicketStep(subject="Tax notice", priority="high"),
        follow_ups=(
            FollowUpStep("promise", "Call Dana with the trace", NOW + DAY),
            FollowUpStep("task", "Order the trace", NOW + HOUR, "casey"),
        ),
        escalate=EscalateStep("lee", "Penalty"),
    )
    desk.calls.set_steps(call.id, steps)
    saved = desk.calls.save(call.id)

    talk = desk.inbox.conversation(saved.ticket_id)
    assert (talk.subject, talk.priority, talk.topic_id, talk.escalated_to_id) == ("Tax notice", "high", "notice", "lee")
    assert [m.body for m in talk.messages if m.kind == "note"] == ["Notice about the April 8 deposit"]
    detail = desk.calls.detail(saved.interaction_id)
    assert detail.ticket_id == saved.ticket_id
    assert {(f.title, f.kind) for f in detail.follow_ups} == {
        ("Call Dana with the trace", "promise"),
        ("Order the trace", "task"),
    }
    rows = desk.follow_ups.rows(saved.follow_up_ids)
    assert [(row.assignee_id, row.ticket_id) for row in rows] == [("ada", saved.ticket_id), ("casey", saved.ticket_id)]

    desk.undo()
    assert desk.calls.rows([saved.interaction_id]) == ()
    assert desk.follow_ups.rows(saved.follow_up_ids) == ()
    with pytest.raises(Refused):
        desk.inbox.conversation(saved.ticket_id)
    back = desk.calls.running()
    assert [(c.note, c.steps, c.phase) for c in back] == [("Notice about the April 8 deposit", steps, "wrap_up")]
    again = desk.calls.save(back[0].id)
    assert desk.calls.rows([again.interaction_id])[0].title == "Notice about the April 8 deposit"


def test_a_call_is_saved_with_what_stands_on_the_screen_in_one_commit(bureau: Bureau, desk: Services) -> None:
    call = desk.calls.start(DANA, direction="in")
    desk.calls.set_note(call.id, "Half a sen")
    ran: list[str] = []
    connection: Any = desk.replica.sql.db.connection()
    connection.set_trace_callback(lambda statement: ran.append(statement.split()[0]))
    saved = desk.calls.save(call.id, "Half a sentence.\0")
    connection.set_trace_callback(None)
    assert (ran[-1], ran.count("COMMIT")) == ("COMMIT", 1)
    assert set(ran[: ran.index("BEGIN")]) <= {"SELECT"}
    assert desk.calls.detail(saved.interaction_id).note == "Half a sentence."
    assert desk.calls.running() == ()
    desk.undo()
    assert [c.note for c in desk.calls.running()] == ["Half a sentence."]


def test_a_refused_call_keeps_the_note_that_it_was_to_be_saved_with(bureau: Bureau, desk: Services) -> None:
    call = desk.calls.start(DANA, direction="in")
    desk.calls.set_steps(call.id, NextSteps(escalate=EscalateStep("lee")))
    with pytest.raises(BadInput):
        desk.calls.save(call.id, "Typed last")
    assert desk.calls.one(call.id).note == "Typed last"
    assert bureau.restart().calls.running()[0].note == "Typed last"


def test_a_call_joins_a_ticket_that_is_there(bureau: Bureau, desk: Services) -> None:
    opened = desk.inbox.open_ticket("Tax notice", client_id="bakery")
    assert [choice.subject for choice in desk.calls.open_tickets("bakery")] == ["Tax notice"]
    call = desk.calls.start(DANA, direction="in")
    desk.calls.set_note(call.id, "She called again")
    desk.calls.set_steps(call.id, NextSteps(ticket=TicketStep(ticket_id=opened.ticket_id, then_state="waiting")))
    saved = desk.calls.save(call.id)
    talk = desk.inbox.conversation(opened.ticket_id)
    assert (talk.state, [m.body for m in talk.messages if m.kind == "note"]) == ("waiting", ["She called again"])
    assert saved.ticket_id == opened.ticket_id


def test_what_a_step_lacks_is_said_and_the_call_stays(bureau: Bureau, desk: Services) -> None:
    call = desk.calls.start(DANA, direction="in")
    for steps in (
        NextSteps(ticket=TicketStep()),
        NextSteps(follow_ups=(FollowUpStep("promise", " ", NOW + DAY),)),
        NextSteps(follow_ups=(FollowUpStep("promise", "Call", 0),)),
        NextSteps(escalate=EscalateStep("lee")),
    ):
        desk.calls.set_steps(call.id, steps)
        with pytest.raises(BadInput):
            desk.calls.save(call.id)
    assert desk.calls.running()[0].phase == "talk"
    assert desk.calls.page(CallFilter()).rows == ()


def test_a_call_counts_for_the_day_on_which_its_wrap_up_ends(bureau: Bureau, desk: Services) -> None:
    midnight = local_days.midnight_after(NOW, HERE, 0)
    before = {"agent_id": "ada", "talk_seconds": 60, "started_at": midnight - 120 * SECOND}
    logged(bureau, **before, ended_at=midnight - 60 * SECOND, wrap_up_seconds=30)
    assert desk.calls.day_figures() == DayFigures(0, None, None)
    logged(bureau, **before, ended_at=midnight - 60 * SECOND, wrap_up_seconds=90)
    assert desk.calls.day_figures() == DayFigures(1, 150.0, 150.0)


def test_unanswered_calls_are_logged_as_what_they_were(bureau: Bureau, desk: Services) -> None:
    missed = desk.calls.start(DANA, direction="in", is_ringing=True)
    bureau.forward(6 * SECOND)
    assert desk.calls.end(missed.id).result == "missed"
    desk.calls.save(missed.id)
    dialled = desk.calls.start(ROBIN)
    desk.calls.end(dialled.id)
    desk.calls.save(dialled.id)
    rows = desk.calls.page(CallFilter()).rows
    assert {(row.result, row.is_waiting) for row in rows} == {("missed", True), ("no_answer", False)}
    assert desk.calls.day_figures() == DayFigures(0, None, None)
    back = desk.calls.start(DANA, returns_id=next(row.id for row in rows if row.is_waiting))
    desk.calls.answer(back.id)
    desk.calls.save(back.id)
    assert not any(row.is_waiting for row in desk.calls.page(CallFilter()).rows)
    assert desk.inbox.counts().mine == 0


def test_who_it_is_when_several_share_a_number_and_when_nobody_does(bureau: Bureau, desk: Services) -> None:
    bureau.row("phone_numbers", client_id="dental", contact_id="jo", raw=DANA, e164=DANA)
    match = desk.calls.candidates(DANA)
    assert (match.sharing_count, match.chosen_id, match.chosen_client_id) == (2, "", "")
    logged(bureau, started_at=NOW - DAY)
    match = desk.calls.candidates(DANA)
    assert (match.chosen_id, match.reason, match.reason_value) == ("dana", "called_from_number", 1)
    assert [choice.contact_name for choice in match.candidates] == ["Dana Sample", "Jo Demo"]
    pop = desk.calls.caller(DANA)
    assert pop.context is not None
    assert pop.context.name == "Example Bakery"
    for text, kind in (
        ("anonymous", "anonymous"),
        ("12", "short"),
        ("%CallerNumber%", "unfilled"),
        ("+1 212 555 0100", "own"),
    ):
        found = desk.calls.candidates(text)
        assert (found.number_kind, found.candidates) == (kind, ())
    assert desk.calls.caller("anonymous").context is None


def test_a_companys_own_line_names_the_company_and_two_of_them_leave_the_choice(bureau: Bureau, desk: Services) -> None:
    bureau.row("phone_numbers", client_id="bakery", raw="x", e164="+13125550100")
    match = desk.calls.candidates("+13125550100")
    assert (match.chosen_id, match.chosen_client_id, match.reason) == ("", "bakery", "only_holder")
    call = desk.calls.start("+13125550100", direction="in")
    assert (call.contact_id, call.client_name) == ("", "Example Bakery")
    bureau.row("phone_numbers", client_id="dental", raw="x", e164="+13125550100")
    match = desk.calls.candidates("+13125550100")
    assert (match.chosen_client_id, match.sharing_count) == ("", 2)
    assert {(c.contact_name, c.client_name) for c in match.candidates} == {
        ("", "Example Bakery"),
        ("", "Sample Dental Group"),
    }


def test_who_left_never_matches_silently(bureau: Bureau, desk: Services) -> None:
    desk.clients.edit_contact("robin", {"is_active": False})
    match = desk.calls.candidates(ROBIN)
    assert (match.chosen_id, match.chosen_client_id) == ("", "")
    assert [(c.contact_name, c.reason) for c in match.candidates] == [("Robin Stand-in", "inactive")]


def test_someone_else_is_one_key_away_and_an_unknown_number_is_remembered(bureau: Bureau, desk: Services) -> None:
    call = desk.calls.start("702 555 0119", direction="in")
    assert (call.contact_id, call.number_shown) == ("", "(702) 555-0119")
    call = desk.calls.attach(call.id, "robin", remember_number=True)
    assert (call.contact_name, call.client_id) == ("Robin Stand-in", "bakery")
    saved = desk.calls.save(call.id)
    desk.changed(saved.outcome.changed)
    assert desk.calls.candidates("702 555 0119").chosen_id == "robin"
    desk.undo()
    assert desk.calls.candidates("702 555 0119").candidates == ()
    call = desk.calls.attach(desk.calls.running()[0].id, client_id="dental")
    assert (call.contact_id, call.client_name) == ("", "Sample Dental Group")


def test_attaching_a_number_later_gives_its_earlier_calls_to_the_person(bureau: Bureau, desk: Services) -> None:
    nobody = {"client_id": "", "contact_id": "", "number": "+17025550119"}
    now = logged(bureau, **nobody)
    earlier = logged(bureau, started_at=NOW - 9 * DAY, **nobody)
    caseys = logged(bureau, agent_id="casey", **nobody)
    assert desk.calls.rows([now])[0].can_attach
    attached = desk.calls.attach_number(now, "robin")
    assert attached.earlier_count == 2, "a colleague's too: the number is whose it is, whoever took the call"
    rows = {row.id: row for row in desk.calls.rows([now, earlier, caseys])}
    assert [rows[i].contact_name for i in (now, earlier, caseys)] == ["Robin Stand-in"] * 3
    assert desk.calls.candidates("+17025550119").chosen_id == "robin"
    desk.undo()
    assert {row.contact_name for row in desk.calls.rows([now, earlier, caseys])} == {""}
    lead = bureau.sign_in("lee", "lead", ("tax",))
    assert lead.calls.attach_number(now, "robin").earlier_count == 2


def test_the_third_call_on_a_topic_is_said_during_the_call(bureau: Bureau, desk: Services) -> None:
    call = desk.calls.start(DANA, direction="in")
    may_6 = logged(bureau, started_at=NOW - 8 * DAY, topic_id="deposit")
    assert desk.calls.set_topic(call.id, "notice").repeat is None
    april_28 = logged(bureau, started_at=NOW - 16 * DAY, topic_id="notice")
    logged(bureau, started_at=NOW - 31 * DAY, topic_id="notice")
    logged(bureau, started_at=NOW - 2 * DAY, topic_id="time")
    hint = desk.calls.one(call.id).repeat
    assert hint is not None
    assert (hint.count, hint.topic_name, hint.call_ids) == (3, "Payroll tax", (may_6, april_28))
    assert [node.id for node in desk.lists.topics("bakery") if node.is_likely] == ["time", "deposit", "notice"]


def test_the_usual_time_of_a_topic_is_its_median(bureau: Bureau, desk: Services) -> None:
    assert desk.calls.usual_seconds("notice") == 0
    bureau.forward(2 * DAY)
    for seconds in (100, 200, 370, 400, 2000):
        logged(bureau, started_at=NOW, topic_id="notice", talk_seconds=seconds, wrap_up_seconds=10)
    assert desk.calls.usual_seconds("notice") == 380
    assert desk.calls.usual_seconds("deposit") == 380  # of its branch
    assert desk.calls.usual_seconds("time") == 0


def test_the_list_of_calls_is_filtered_and_paged(bureau: Bureau, desk: Services) -> None:
    today = logged(bureau, note="W-2 reissue")
    missed = logged(bureau, result="missed", started_at=NOW - 2 * HOUR, contact_id="robin", number=ROBIN)
    monday = logged(bureau, direction="out", started_at=NOW - 3 * DAY)
    old = logged(bureau, started_at=NOW - 60 * DAY)
    caseys = logged(bureau, agent_id="casey", client_id="dental", contact_id="jo", started_at=NOW - MINUTE)
    logged(bureau, agent_id="kim", scope="benefits")

    def ids(**chosen: Any) -> list[str]:
        return [row.id for row in desk.calls.page(CallFilter(**chosen)).rows]

    assert ids() == [today, missed]
    assert ids(period="week") == [today, missed, monday]
    assert ids(period="all") == [today, missed, monday, old]
    assert ids(whose="team") == [caseys, today, missed]
    assert ids(period="all", direction="out") == [monday]
    assert ids(result="missed") == [missed]
    assert ids(text="reissue") == [today]
    assert ids(text="stand-in") == [missed]
    assert ids(text="312 555 0167") == [missed]
    assert ids(whose="team", period="all", client_id="dental") == [caseys]
    first = desk.calls.page(CallFilter(period="all"), limit=3)
    rest = desk.calls.page(CallFilter(period="all"), first.next_key, limit=3)
    assert [row.id for row in (*first.rows, *rest.rows)] == [today, missed, monday, old]


def test_calls_are_logged_afterwards_and_corrected_by_who_may(bureau: Bureau, desk: Services) -> None:
    saved = desk.calls.log_afterwards(
        contact_id="dana",
        channel="in_person",
        started_at=NOW - HOUR,
        talk_seconds=600,
        topic_id="notice",
        note="At the shop",
    )
    row = desk.calls.rows([saved.interaction_id])[0]
    assert (row.channel, row.client_name, row.handle_seconds) == ("in_person", "Example Bakery", 600)
    outcome = desk.calls.correct(saved.interaction_id, {"note": "At the shop, with Robin", "topic_id": "notice"})
    assert desk.calls.detail(saved.interaction_id).note == "At the shop, with Robin"
    desk.undo(outcome.group_id)
    assert desk.calls.detail(saved.interaction_id).note == "At the shop"
    with pytest.raises(BadInput):
        desk.calls.correct(saved.interaction_id, {"note": "At the shop "})
    with pytest.raises(BadInput):
        desk.calls.correct(saved.interaction_id, {"agent_id": "casey"})
    with pytest.raises(BadInput):
        desk.calls.log_afterwards(contact_id="dana", started_at=NOW + 1, talk_seconds=1)
    casey = bureau.sign_in("casey", "csr", ("tax",))
    assert not casey.calls.detail(saved.interaction_id).can_correct
    with pytest.raises(Refused):
        casey.calls.correct(saved.interaction_id, {"note": "Mine"})
    lead = bureau.sign_in("lee", "lead", ("tax",))
    lead.calls.correct(saved.interaction_id, {"disposition_id": "resolved"})
    assert lead.calls.rows([saved.interaction_id])[0].disposition == "Resolved"


def test_a_full_disk_costs_no_time_and_no_text(bureau: Bureau, desk: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    call = desk.calls.start(DANA, direction="in")
    desk.calls.set_note(call.id, "Kept")
    bureau.forward(30 * SECOND)

    def full(*_values: object) -> None:
        raise DiskFull

    with monkeypatch.context() as broken:
        broken.setattr(drafts, "write", full)
        broken.setattr(drafts, "move", full)
        for action in (desk.calls.hold, desk.calls.end, desk.calls.save):
            with pytest.raises(DiskFull):
                action(call.id)
        with pytest.raises(DiskFull):
            desk.calls.start(ROBIN)
    now = desk.calls.running()
    assert [(c.id, c.phase, c.talk_seconds, c.note) for c in now] == [(call.id, "talk", 30, "Kept")]
    assert desk.calls.page(CallFilter()).rows == ()
    saved = desk.calls.save(call.id)
    assert desk.calls.rows([saved.interaction_id])[0].talk_seconds == 30


def test_a_discarded_call_can_be_brought_back(bureau: Bureau, desk: Services) -> None:
    call = desk.calls.start(DANA, direction="in")
    desk.calls.set_note(call.id, "Never lost")
    bureau.forward(30 * SECOND)
    outcome = desk.calls.discard(call.id)
    assert desk.calls.running() == ()
    bureau.forward(10 * SECOND)
    again = bureau.restart()
    assert again.last_undo() == (outcome.group_id, "call_discarded:Dana Sample")
    again.undo()
    (back,) = again.calls.running()
    assert (back.note, back.phase, back.contact_name) == ("Never lost", "wrap_up", "Dana Sample")
    with pytest.raises(BadInput):
        desk.calls.start("  ")


@pytest.mark.parametrize("is_saved", [True, False], ids=["saved", "discarded"])
def test_a_call_that_cannot_be_brought_back_now_can_be_later(
    bureau: Bureau, desk: Services, monkeypatch: pytest.MonkeyPatch, *, is_saved: bool
) -> None:
    call = desk.calls.start(DANA, direction="in")
    desk.calls.set_note(call.id, "Never lost")
    outcome = desk.calls.save(call.id).outcome if is_saved else desk.calls.discard(call.id)
    logged_before = [row.id for row in desk.calls.page(CallFilter()).rows]

    def full(*_values: object) -> None:
        raise DiskFull

    with monkeypatch.context() as broken:
        broken.setattr(drafts, "write", full)
        with pytest.raises(DiskFull):
            desk.undo()
    again = bureau.restart()
    assert again.calls.running() == ()
    assert [row.id for row in again.calls.page(CallFilter()).rows] == logged_before
    assert again.last_undo() == (outcome.group_id, outcome.words)
    again.undo()
    assert [waiting.note for waiting in again.calls.running()] == ["Never lost"]


def waiting(bureau: Bureau) -> set[str]:
    return {i for (i,) in bureau.sql.all("SELECT id FROM interactions WHERE result = 'missed' AND called_back_at = 0")}


def test_who_is_spoken_to_does_not_wait_for_having_called_in_vain_before(bureau: Bureau, desk: Services) -> None:
    first = logged(bureau, result="missed", started_at=NOW - HOUR, contact_id="robin", number=ROBIN)
    again = logged(bureau, result="missed", started_at=NOW - HOUR + 30_000, contact_id="", number=ROBIN)
    colleague = logged(bureau, result="missed", started_at=NOW - HOUR, contact_id="dana", number=ROBIN)
    other = logged(bureau, result="missed", started_at=NOW - HOUR, number=DANA)
    call = desk.calls.start(ROBIN, direction="in")
    desk.calls.attach(call.id, "robin")
    bureau.forward(60_000)
    desk.calls.end(call.id)
    saved = desk.calls.save(call.id)
    assert waiting(bureau) == {colleague, other}
    desk.undo(saved.outcome.group_id)
    assert waiting(bureau) == {first, again, colleague, other}


def test_who_was_called_back_in_vain_waits_on(bureau: Bureau, desk: Services) -> None:
    missed = logged(bureau, result="missed", started_at=NOW - HOUR, contact_id="robin", number=ROBIN)
    call = desk.calls.start(ROBIN, direction="out")
    desk.calls.end(call.id, "no_answer")
    desk.calls.save(call.id)
    assert waiting(bureau) == {missed}


def test_saying_that_one_called_back_is_of_all_their_calls(bureau: Bureau, desk: Services) -> None:
    first = logged(bureau, result="missed", started_at=NOW - HOUR, number=ROBIN)
    logged(bureau, result="missed", started_at=NOW - HOUR + 20_000, number=ROBIN)
    withheld = [logged(bureau, result="missed", started_at=NOW - HOUR, number="anonymous") for _ in range(2)]
    desk.inbox.called_back(first)
    assert waiting(bureau) == set(withheld)
    desk.inbox.called_back(withheld[0])
    assert waiting(bureau) == {withheld[1]}, "nobody knows whether these are one caller"


def test_a_call_is_saved_although_the_clock_was_set_back_meanwhile(bureau: Bureau, desk: Services) -> None:
    call = desk.calls.start(ROBIN, direction="in")
    bureau.forward(20 * 60_000)
    bureau.wall -= HOUR
    desk.calls.end(call.id)
    saved = desk.calls.save(call.id)
    row = bureau.sql.one(
        "SELECT started_at, ended_at, talk_seconds FROM interactions WHERE id = ?", saved.interaction_id
    )
    assert row is not None
    assert row[2] == 20 * 60
    assert row[1] - row[0] == 20 * 60_000
    assert row[1] <= desk.replica.now()


def test_a_contact_that_would_end_in_the_future_is_not_logged(bureau: Bureau, desk: Services) -> None:
    with pytest.raises(BadInput, match="not be over yet"):
        desk.calls.log_afterwards(contact_id="robin", started_at=NOW - 60_000, talk_seconds=3600)


def test_callers_who_show_no_number_are_no_number_in_the_callers_log(bureau: Bureau, desk: Services) -> None:
    for said in ("Unknown", "anonymous", ROBIN):
        desk.calls.log_missed(said, "", NOW - HOUR, NOW - HOUR + 9000, "missed", "phone")
    chosen = CallFilter(whose="team", period="all")
    for _ in desk.calls.lists_of_calls.gather_numbers(chosen):
        pass
    numbers = desk.calls.lists_of_calls.numbers(chosen, None, 10)
    assert [key[0] for key in numbers.keys] == [ROBIN]
