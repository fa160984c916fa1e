"""The program is killed between what the softphone says of an answer and what the phone system says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.services.test_phone_system_calls import System

if TYPE_CHECKING:
    from csr_desktop.services.desk_services import Services
    from tests.services.conftest import Bureau


@pytest.mark.parametrize("says_more", [True, False])
@pytest.mark.parametrize("rang_before", [True, False])
def test_one_call_runs_on_with_its_note_and_one_row_is_left(
    bureau: Bureau, desk: Services, rang_before: bool, says_more: bool
) -> None:
    system = System(bureau, desk)
    if rang_before:
        system.say("ring", "201")
    system.softphone("ring", seconds=0.2, id="7")
    answered = system.softphone("answer", seconds=6, id="7")
    assert answered is not None
    # What a phone system has told of is taken by its own answer, or by hand.
    running_id = answered.running_id or desk.live_calls.accept(answered.key)
    desk.calls.set_note(running_id, "Asks about form 941")
    system.desk = desk = bureau.restart()
    if not rang_before:
        system.say("ring", "201", seconds=4)
    if says_more:
        system.softphone("hold", seconds=1, id="7")
        system.softphone("resume", seconds=1, id="7")
    system.say("answer", "201", seconds=1)
    (call,) = desk.calls.running()
    assert (call.id, call.note, call.phase) == (running_id, "Asks about form 941", "talk")
    system.softphone("hangup", seconds=20, id="7")
    system.say("hangup", seconds=0.2)
    (call,) = desk.calls.running()
    assert (call.note, call.phase, call.talk_seconds) == ("Asks about form 941", "wrap_up", 20)
    desk.calls.save(call.id)
    left = bureau.sql.all("SELECT result, note, call_reference FROM interactions WHERE deleted = 0")
    assert left == [("handled", "Asks about form 941", "pbx c1")]


@pytest.mark.parametrize(("number", "seconds"), [("14025550108", 4), ("13125550167", 60)])
def test_another_call_of_the_phone_system_is_its_own(bureau: Bureau, desk: Services, number: str, seconds: int) -> None:
    """Of another number, or of this one later: who was on the line may call again on another line."""
    system = System(bureau, desk)
    system.softphone("ring", id="7")
    system.softphone("answer", seconds=1, id="7")
    desk.calls.set_note(desk.calls.running()[0].id, "Asks about form 941")
    system.desk = desk = bureau.restart()
    system.say("ring", "201", seconds=seconds, number=number)
    system.say("answer", "201", seconds=3, number=number)
    assert sorted(call.note for call in desk.calls.running()) == ["", "Asks about form 941"]
