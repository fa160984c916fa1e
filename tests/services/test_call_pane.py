"""What stands in the pane of a call beside its notes: a colleague who is asked, the topic's script, the limit of
wrap-up, and what waits for the caller.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from csr_desktop.domain.call_scripts import read_checked
from csr_desktop.domain.errors import BadInput, Refused
from csr_desktop.services.call_rows import EscalateStep, NextSteps
from tests.services.conftest import DAY, HOUR, MINUTE, NOW
from tests.services.test_calls import DANA, SECOND, logged
from tests.services.test_phone_system_calls import System, system

if TYPE_CHECKING:
    from csr_desktop.services.desk_services import Services
    from tests.services.conftest import Bureau

__all__ = ["system"]
STEPS = ("Ask for the date", "Ask for a copy")


def script(bureau: Bureau, script_id: str, topic_id: str, **fields: object) -> str:
    steps = msgspec.json.encode(fields.pop("steps", STEPS)).decode()
    return bureau.row("scripts", script_id, topic_id=topic_id, title=script_id.title(), steps=steps, **fields)


def saved_row(bureau: Bureau, call_id: str) -> dict[str, object]:
    return dict(bureau.sql.load("interactions", [call_id])[call_id])


# A colleague is asked


def test_a_colleague_asked_is_part_of_the_hold_and_no_call_of_its_own(bureau: Bureau, desk: Services) -> None:
    call = desk.calls.start(DANA, direction="in")
    bureau.forward(60 * SECOND)
    asked = desk.calls.consult(call.id, "Lee Teamlead")
    assert (asked.phase, asked.is_consulting, asked.consult_with) == ("hold", True, "Lee Teamlead")
    bureau.forward(20 * SECOND)
    desk.calls.end_consult(call.id)
    bureau.forward(5 * SECOND)
    desk.calls.resume(call.id)
    bureau.forward(10 * SECOND)
    desk.calls.consult(call.id)
    bureau.forward(7 * SECOND)
    now = desk.calls.resume(call.id)
    assert (now.is_consulting, now.consult_seconds, now.hold_seconds, now.talk_seconds) == (False, 27, 32, 70)
    desk.calls.end(call.id)
    desk.calls.save(call.id)
    row = saved_row(bureau, call.id)
    assert (row["consult_seconds"], row["hold_seconds"], row["talk_seconds"]) == (27, 32, 70)
    assert desk.calls.detail(call.id).consult_seconds == 27
    assert desk.calls.day_figures().handled == 1


def test_hanging_up_ends_what_is_asked_too_and_a_kill_loses_nothing_of_it(bureau: Bureau, desk: Services) -> None:
    call = desk.calls.start(DANA, direction="in")
    bureau.forward(10 * SECOND)
    desk.calls.consult(call.id)
    bureau.forward(15 * SECOND)
    again = bureau.restart().calls
    assert (again.one(call.id).is_consulting, again.one(call.id).consult_seconds) == (True, 15)
    bureau.forward(5 * SECOND)
    over = again.end(call.id)
    assert (over.is_consulting, over.consult_seconds) == (False, 20)
    bureau.forward(60 * SECOND)
    assert again.one(call.id).consult_seconds == 20


def test_nobody_can_be_asked_where_nobody_waits(desk: Services) -> None:
    call = desk.calls.start(DANA, direction="in", is_ringing=True)
    with pytest.raises(Refused):
        desk.calls.consult(call.id)


def test_a_call_to_a_colleagues_extension_during_a_call_asks_them_in_it(
    bureau: Bureau, system: System, desk: Services
) -> None:
    bureau.row("users", "lee", name="Lee Teamlead", login="lee", role="lead", extension="209")
    system.say("ring", "201")
    running_id = system.say("answer", "201", seconds=5).running_id
    system.say("hold", "201", seconds=30)
    inside = {"direction": "internal", "number": "209", "reference": "c2"}
    assert system.say("ring", "201", seconds=2, **inside).running_id == running_id
    system.say("answer", "201", seconds=3, **inside)
    (call,) = desk.calls.running()
    assert (call.id, call.is_consulting, call.consult_with) == (running_id, True, "Lee Teamlead")
    system.say("hangup", seconds=40, **inside)
    system.say("hangup", seconds=9, **inside)  # told twice
    system.say("resume", "201", seconds=1)
    system.say("hangup", seconds=20)
    (call,) = desk.calls.running()
    assert (call.phase, call.consult_seconds, call.consult_with) == ("wrap_up", 43, "Lee Teamlead")
    assert call.hold_seconds >= 43
    assert desk.live_calls.ringing() == ()


def test_a_call_to_a_colleague_while_nobody_is_on_the_line_is_a_call(
    bureau: Bureau, system: System, desk: Services
) -> None:
    bureau.row("users", "lee", name="Lee Teamlead", login="lee", role="lead", extension="209")
    system.say("ring", "201", direction="out", number="209")
    system.say("answer", "201", seconds=3, direction="out", number="209")
    assert [call.is_consulting for call in desk.calls.running()] == [False]


# The likely topic and its script


def test_an_open_ticket_makes_its_topic_the_likely_one(bureau: Bureau, desk: Services) -> None:
    logged(bureau, topic_id="time", started_at=NOW - DAY)
    bureau.row(
        "tickets", scope="tax", client_id="bakery", topic_id="deposit", state="open", last_message_at=NOW - 40 * DAY
    )
    nodes = desk.lists.topics("bakery")
    assert [node.id for node in nodes if node.is_likely] == ["deposit", "time"]
    assert len({node.id for node in nodes}) == len(nodes)


def test_a_topics_script_is_its_own_or_that_of_the_nearest_above(bureau: Bureau, desk: Services) -> None:
    script(bureau, "general", "payroll_tax")
    script(bureau, "of notices", "notice")
    script(bureau, "old one", "deposit", is_active=0)
    bureau.row("scripts", "broken", topic_id="time", title="Broken", steps="{")
    assert [one.title for one in desk.lists.scripts_for("notice")] == ["Of Notices"]
    assert [one.title for one in desk.lists.scripts_for("deposit")] == ["General"]
    assert desk.lists.scripts_for("time") == ()
    assert desk.lists.scripts_for("") == ()


def test_steps_done_survive_a_kill_and_stand_on_the_saved_call(bureau: Bureau, desk: Services) -> None:
    script(bureau, "notices", "notice")
    call = desk.calls.start(DANA, direction="in")
    shown = desk.calls.set_topic(call.id, "notice")
    assert [one.steps for one in shown.scripts] == [STEPS]
    desk.calls.tick_step(call.id, "notices", STEPS[1], is_done=True)
    again = bureau.restart().calls
    assert again.one(call.id).checked[0].done == (1,)
    saved = again.save(call.id)
    (checked,) = again.detail(call.id).checked
    assert (checked.title, checked.steps, checked.done) == ("Notices", STEPS, (1,))
    assert read_checked(str(saved_row(bureau, call.id)["checked"])) == (checked,)
    # Taken back, the call waits with what was done.
    bureau.services.undo(saved.outcome.group_id)
    (back,) = again.running()
    assert back.checked == (checked,)


def test_a_step_that_the_script_has_no_more_cannot_be_ticked(bureau: Bureau, desk: Services) -> None:
    script(bureau, "notices", "notice")
    call = desk.calls.start(DANA, direction="in")
    desk.calls.tick_step(call.id, "notices", STEPS[0], is_done=True)
    script(bureau, "notices", "notice", steps=["Something else"])
    with pytest.raises(Refused):
        desk.calls.tick_step(call.id, "notices", STEPS[0], is_done=False)
    assert desk.calls.tick_step(call.id, "notices", "Something else", is_done=True).checked[0].done == (0,)


# The limit of wrap-up


@pytest.fixture
def limited(bureau: Bureau, desk: Services) -> Services:
    bureau.row("dispositions", "ran_out", name="Wrap-up ran out", position=9)
    bureau.row(
        "organisations", "org", name="Demo Bureau", time_zone="America/New_York", own_numbers="[]",
        wrap_up_limit_seconds=120, wrap_up_disposition_id="ran_out",
    )  # fmt: skip
    return desk


def test_a_wrap_up_that_runs_out_saves_what_was_typed_with_its_own_disposition(
    bureau: Bureau, limited: Services
) -> None:
    call = limited.calls.start(DANA, direction="in")
    assert limited.calls.end(call.id).wrap_up_limit_seconds == 120
    bureau.forward(120 * SECOND)
    saved = limited.calls.save_at_limit(call.id, "Half a sente")
    row = saved_row(bureau, call.id)
    assert (row["note"], row["disposition_id"], row["wrap_up_seconds"]) == ("Half a sente", "ran_out", 120)
    assert saved.outcome.words == "call_ran_out:Dana Sample"
    limited.undo(saved.outcome.group_id)
    (back,) = limited.calls.running()
    assert (back.note, back.phase, back.phase_seconds) == ("Half a sente", "wrap_up", 0)


def test_what_a_person_chose_stays(bureau: Bureau, limited: Services) -> None:
    call = limited.calls.start(DANA, direction="in")
    limited.calls.end(call.id)
    limited.calls.set_disposition(call.id, "escalated")
    limited.calls.save_at_limit(call.id)
    assert saved_row(bureau, call.id)["disposition_id"] == "escalated"


def test_a_call_that_cannot_be_saved_goes_on_as_it_was(limited: Services) -> None:
    call = limited.calls.start(DANA, direction="in")
    limited.calls.end(call.id)
    with pytest.raises(BadInput):
        limited.calls.save_at_limit(call.id, "What was said", NextSteps(escalate=EscalateStep("lee")))
    kept = limited.calls.one(call.id)
    assert (kept.phase, kept.disposition_id) == ("wrap_up", "")
    assert kept.note


# What waits for the caller


def test_a_ring_says_what_callbacks_wait_and_since_when(bureau: Bureau, desk: Services) -> None:
    due = NOW - 12 * MINUTE
    bureau.row(
        "follow_ups", "callback", scope="tax", client_id="bakery", contact_id="dana", kind="callback",
        title="Callback about W-2 reissue", due_at=due, state="open",
    )  # fmt: skip
    missed = logged(bureau, result="missed", direction="in", started_at=NOW - HOUR, ended_at=NOW - HOUR)
    logged(
        bureau, result="missed", direction="in", started_at=NOW - 2 * HOUR, ended_at=NOW - 2 * HOUR, called_back_at=1
    )
    logged(bureau, result="no_answer", direction="out", started_at=NOW - 3 * HOUR)
    pop = desk.calls.caller(DANA)
    assert [(one.kind, one.id, one.title, one.due_at) for one in pop.callbacks] == [
        ("missed", missed, "", NOW - HOUR),
        ("callback", "callback", "Callback about W-2 reissue", due),
    ]


def test_a_number_remembered_with_a_call_brings_its_earlier_calls(bureau: Bureau, desk: Services) -> None:
    nobody = {"client_id": "", "contact_id": "", "number": "+17025550119"}
    earlier = logged(bureau, agent_id="casey", **nobody)
    elsewhere = logged(bureau, scope="benefits", **nobody)
    other = logged(bureau, extension="7", **nobody)
    call = desk.calls.start("(702) 555-0119", direction="in")
    desk.calls.attach(call.id, "robin", remember_number=True)
    saved = desk.calls.save(call.id)
    assert saved_row(bureau, earlier)["client_id"] == "bakery"
    assert {saved_row(bureau, i)["contact_id"] for i in (elsewhere, other)} == {""}, "out of reach, another extension"
    desk.undo(saved.outcome.group_id)
    assert saved_row(bureau, earlier)["contact_id"] == ""
