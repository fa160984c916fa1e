from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from csr_desktop.domain.errors import BadInput, Refused
from csr_desktop.services.follow_up_rows import AgendaCounts, OpenDay
from tests.services.conftest import CHICAGO, DAY, HERE, HOUR, MINUTE, NOW, at

if TYPE_CHECKING:
    from csr_desktop.services.desk_services import Services
    from tests.services.conftest import Bureau


def follow_up(bureau: Bureau, title: str, due_at: int, **fields: Any) -> str:
    values: dict[str, Any] = {
        "scope": "tax",
        "client_id": "bakery",
        "contact_id": "dana",
        "assignee_id": "ada",
        "created_by_id": "ada",
    }
    times = {"due_at": due_at, "first_due_at": due_at, "created_at": NOW - DAY}
    return bureau.row("follow_ups", title=title, **{**values, **times, **fields})


def agenda(desk: Services, whose: str = "mine", kind: str = "") -> list[tuple[str, str]]:
    return [(row.group, row.title) for row in desk.follow_ups.page(whose, kind).rows]


def test_the_agenda_goes_by_due_time_in_groups_of_the_day(bureau: Bureau, desk: Services) -> None:
    follow_up(bureau, "Send the corrected filing", at("2026-05-18 11:00"))
    follow_up(bureau, "Call back about the W-2", NOW - 12 * MINUTE, kind="callback")
    follow_up(bureau, "Release the run", NOW + 48 * MINUTE, kind="deadline")
    follow_up(bureau, "Call Dana", at("2026-05-15 11:00", CHICAGO), kind="promise")
    follow_up(bureau, "Next week's Sunday", at("2026-05-24 23:59"))
    follow_up(bureau, "The week after", at("2026-05-25 00:00"))
    follow_up(bureau, "Casey's", NOW + HOUR, assignee_id="casey")
    follow_up(bureau, "Not ours", NOW + HOUR, scope="benefits", assignee_id="kim")
    assert agenda(desk) == [
        ("overdue", "Call back about the W-2"),
        ("today", "Release the run"),
        ("tomorrow", "Call Dana"),
        ("this_and_next_week", "Send the corrected filing"),
        ("this_and_next_week", "Next week's Sunday"),
        ("later", "The week after"),
    ]
    assert agenda(desk, kind="promise") == [("tomorrow", "Call Dana")]
    assert ("today", "Casey's") in agenda(desk, "team")
    assert "Not ours" not in [title for _, title in agenda(desk, "team")]
    counts = AgendaCounts(overdue=1, today=1, tomorrow=1, this_and_next_week=2, later=1, done_today=0, open=6)
    assert desk.follow_ups.counts() == counts
    assert desk.follow_ups.counts("team").open == 7
    assert desk.follow_ups.waiting_count() == 2
    row = next(row for row in desk.follow_ups.page().rows if row.title == "Send the corrected filing")
    assert (row.client_name, row.contact_name, row.client_zone) == ("Example Bakery", "Dana Sample", CHICAGO)
    assert row.working_days == 2  # Friday and Monday


def test_a_page_goes_on_where_the_last_one_ended(bureau: Bureau, desk: Services) -> None:
    for number in range(7):
        follow_up(bureau, f"No. {number}", NOW + HOUR + number // 2)
    first = desk.follow_ups.page(limit=4)
    rest = desk.follow_ups.page(after_key=first.next_key, limit=4)
    assert [row.title for row in (*first.rows, *rest.rows)] == [f"No. {number}" for number in range(7)]
    assert rest.next_key is None


def test_what_is_snoozed_comes_back_when_it_was_told_to_and_its_due_time_stays(bureau: Bureau, desk: Services) -> None:
    i = follow_up(bureau, "Check in", NOW + HOUR, kind="check_in")
    desk.follow_ups.snooze(i, NOW + DAY)
    row = desk.follow_ups.rows([i])[0]
    assert (row.group, row.due_at, row.turn_at) == ("tomorrow", NOW + HOUR, NOW + DAY)
    assert desk.inbox.counts().mine == 0
    desk.follow_ups.wake(i)
    assert desk.follow_ups.rows([i])[0].group == "today"
    desk.undo()
    assert desk.follow_ups.rows([i])[0].group == "tomorrow"
    with pytest.raises(BadInput):
        desk.follow_ups.snooze(i, NOW)


def test_a_kept_promise_is_done_today_and_undo_opens_it_again(bureau: Bureau, desk: Services) -> None:
    i = follow_up(bureau, "Send the new hire form", NOW + 40 * MINUTE, kind="promise")
    outcome = desk.follow_ups.complete(i, "kept", " She has it. ")
    assert outcome.words == "follow_up_kept:Send the new hire form"
    done = desk.follow_ups.done_today()
    assert [(row.title, row.outcome, row.kept_early_seconds) for row in done] == [
        ("Send the new hire form", "kept", 2400)
    ]
    assert done[0].group == "done_today"
    assert desk.follow_ups.detail(i).outcome_note == "She has it."
    assert desk.follow_ups.counts().done_today == 1
    assert agenda(desk) == []
    desk.undo(outcome.group_id)
    assert agenda(desk) == [("today", "Send the new hire form")]
    desk.follow_ups.complete(i, "kept")
    bureau.forward(DAY)
    assert desk.follow_ups.done_today() == ()
    desk.follow_ups.reopen(i)
    assert agenda(desk) == [("overdue", "Send the new hire form")]


def test_a_renegotiated_promise_keeps_both_dates_and_what_led_to_it(bureau: Bureau, desk: Services) -> None:
    ticket = bureau.row(
        "tickets", scope="tax", client_id="bakery", contact_id="dana", subject="Tax notice", number=4821
    )
    call = bureau.row("interactions", scope="tax", client_id="bakery", contact_id="dana", agent_id="casey",
                      started_at=NOW - 8 * DAY, note="Promised a trace by Wednesday")  # fmt: skip
    bureau.row(
        "messages",
        scope="tax",
        ticket_id=ticket,
        kind="inbound",
        contact_id="dana",
        body="Thanks,\nthat helps.",
        written_at=NOW - 25 * MINUTE,
    )
    i = follow_up(bureau, "Call Dana with the bank trace", at("2026-05-14 16:00", CHICAGO), kind="promise", ticket_id=ticket,
                  interaction_id=call, created_by_id="casey", created_at=NOW - 8 * DAY + 1)  # fmt: skip
    desk.follow_ups.renegotiate(i, at("2026-05-15 11:00", CHICAGO), " The bank answers in two days. ")
    detail = desk.follow_ups.detail(i)
    move = detail.moves[0]
    assert (move.was_at, move.becomes_at) == (at("2026-05-14 16:00", CHICAGO), at("2026-05-15 11:00", CHICAGO))
    assert (move.reason, move.by_name, move.is_mine, move.is_in_time) == (
        "The bank answers in two days.",
        "Ada Sample",
        True,
        True,
    )
    assert (detail.row.first_due_at, detail.row.move_count) == (at("2026-05-14 16:00", CHICAGO), 1)
    assert detail.day == OpenDay("2026-05-15", CHICAGO, ((8.0, 12.0), (13.0, 17.0)), 11.0)
    assert [(led.kind, led.author_name, led.contact_name, led.title) for led in detail.led_here] == [
        ("inbound", "", "Dana Sample", "Thanks, that helps."),
        ("follow_up", "Casey Demo", "", "Call Dana with the bank trace"),
        ("call", "Casey Demo", "Dana Sample", "Promised a trace by Wednesday"),
    ]
    assert (detail.ticket_label, detail.created_by_name) == ("#4821", "Casey Demo")
    assert [number.shown for number in detail.contact_numbers] == ["(312) 555-0142 ext. 12"]
    assert detail.outcomes == ("kept", "broken")
    desk.undo()
    assert desk.follow_ups.detail(i).moves == ()
    for new_at in (NOW, at("2026-05-14 16:00", CHICAGO)):
        with pytest.raises(BadInput):
            desk.follow_ups.renegotiate(i, new_at)


def test_a_csr_gives_away_their_own_and_a_lead_anyones(bureau: Bureau, desk: Services) -> None:
    mine = follow_up(bureau, "Mine", NOW + HOUR)
    theirs = follow_up(bureau, "Casey's", NOW + HOUR, assignee_id="casey")
    desk.follow_ups.reassign(mine, "casey")
    with pytest.raises(Refused):
        desk.follow_ups.reassign(theirs, "ada")
    assert not desk.follow_ups.detail(theirs).can_reassign
    lead = bureau.sign_in("lee", "lead", ("tax",))
    assert lead.follow_ups.detail(theirs).can_reassign
    lead.follow_ups.reassign([mine, theirs], "ada")
    assert lead.follow_ups.counts().open == 0
    assert lead.follow_ups.counts("team").open == 2
    with pytest.raises(Refused):
        lead.follow_ups.reassign(mine, "ada")


def test_the_rate_of_promises_kept_counts_what_was_due(bureau: Bureau, desk: Services) -> None:
    assert desk.follow_ups.kept_rate().share is None
    kept = {"kind": "promise", "state": "done", "outcome": "kept"}
    for days in range(1, 8):
        due = NOW - days * DAY
        follow_up(bureau, "Kept", due, completed_at=due - HOUR, completed_by_id="ada", **kept)
    follow_up(bureau, "Late", NOW - DAY, completed_at=NOW - HOUR, **kept)
    follow_up(bureau, "Open and overdue", NOW - DAY, kind="promise")
    moved = f'[[{NOW - 3 * DAY}, {NOW - DAY}, "", "ada", {NOW - 2 * DAY}]]'
    follow_up(bureau, "Moved too late", NOW - DAY, completed_at=NOW - 2 * DAY, moves=moved, **kept)
    follow_up(bureau, "Not due yet", NOW + DAY, kind="promise")
    follow_up(bureau, "No promise", NOW - DAY, kind="task", state="done", outcome="done")
    follow_up(bureau, "Long ago", NOW - 91 * DAY, completed_at=NOW - 92 * DAY, **kept)
    rate = desk.follow_ups.kept_rate()
    assert (rate.kept, rate.due, rate.share) == (7, 10, 0.7)
    assert rate.low is not None
    assert rate.high is not None
    assert 0.39 < rate.low < 0.41 < rate.high < 0.9


def test_due_times_are_typed_on_the_clients_wall(desk: Services) -> None:
    parsed = desk.follow_ups.parse_due("tomorrow 11", "bakery")
    assert (parsed.at, parsed.is_open_hours, parsed.error) == (at("2026-05-15 11:00", CHICAGO), True, "")
    assert desk.follow_ups.parse_due("sat 10", "bakery").next_open_at == at("2026-05-18 08:00", CHICAGO)
    assert desk.follow_ups.parse_due("tomorrow 11").at == at("2026-05-15 11:00", HERE)
    assert desk.follow_ups.parse_due("tomorrow 11", "dental").at == at("2026-05-15 11:00", CHICAGO)


def test_a_new_one_needs_words_and_a_time_to_come(desk: Services) -> None:
    for title, due_at in ((" ", NOW + HOUR), ("Call", NOW)):
        with pytest.raises(BadInput):
            desk.follow_ups.add("task", title, due_at)
    added = desk.follow_ups.add("task", "Call", NOW + HOUR, client_id="bakery", assignee_id="casey")
    row = desk.follow_ups.rows([added.id])[0]
    assert (row.assignee_name, row.is_mine, row.can_work) == ("Casey Demo", False, True)
    desk.follow_ups.rename(added.id, " Call  twice ")
    assert desk.follow_ups.rows([added.id])[0].title == "Call twice"
    with pytest.raises(Refused):
        desk.follow_ups.detail("nowhere")
