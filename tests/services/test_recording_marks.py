"""A phone system's calls as they are logged: with their reference, queue, parts and the pauses that were marked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from csr_desktop.domain.call_parts import KeptPart, Pause, pauses_of_recording, read_parts, read_pauses
from csr_desktop.domain.errors import Refused
from csr_desktop.domain.phone_calls import call_of
from csr_desktop.domain.phone_events import PhoneAgent, phone_event
from csr_desktop.store.queries import rows
from tests.services.conftest import HOUR, NOW
from tests.services.test_phone_system_calls import ROBIN, System

if TYPE_CHECKING:
    from csr_desktop.services.desk_services import Services
    from tests.services.conftest import Bureau


@pytest.fixture
def system(bureau: Bureau, desk: Services) -> System:
    return System(bureau, desk)


def saved(desk: Services, running_id: str) -> dict[str, Any]:
    row = rows.one(desk.replica.sql, "interactions", desk.calls.save(running_id, "n").interaction_id)
    assert row is not None
    return dict(row)


def test_a_call_is_logged_with_its_reference_queue_and_parts(system: System, desk: Services) -> None:
    system.say("ring", "201", queue="Payroll line")
    running_id = system.say("answer", "201", seconds=6).running_id
    system.say("hold", "201", seconds=30)
    system.say("resume", "201", seconds=10)
    system.say("hangup", seconds=20)
    row = saved(desk, running_id)
    assert (row["call_reference"], row["queue"], row["recording"]) == ("pbx c1", "Payroll line", "")
    parts = read_parts(row["parts"])
    assert [(part.kind, part.seconds, part.source) for part in parts] == [
        ("ring", 6, "phone_system"),
        ("talk", 30, "phone_system"),
        ("hold", 10, "phone_system"),
        ("talk", 20, "phone_system"),
        ("wrap_up", 0, "person"),
    ]
    assert parts[1].started_at == NOW + 6000


def test_a_softphones_call_has_no_reference_and_says_who_measured(system: System, desk: Services) -> None:
    system.softphone("ring")
    answered = system.softphone("answer", seconds=4)
    assert answered is not None
    system.softphone("hangup", seconds=20)
    row = saved(desk, answered.running_id)
    assert row["call_reference"] == ""
    assert {part.source for part in read_parts(row["parts"])} == {"softphone", "person"}


def test_pauses_are_offsets_in_the_call_and_survive_a_crash(bureau: Bureau, system: System, desk: Services) -> None:
    system.say("ring", "201")
    running_id = system.say("answer", "201", seconds=6).running_id
    bureau.forward(20_000)
    desk.calls.mark_pause(running_id)
    bureau.forward(12_000)
    assert desk.calls.mark_pause(running_id).pauses[-1].ended == 38
    bureau.forward(5_000)
    desk.calls.mark_pause(running_id)
    desk = bureau.restart()
    bureau.forward(7_000)
    assert desk.calls.one(running_id).pauses[-1].ended == -1
    desk.calls.end(running_id)
    with pytest.raises(Refused):
        desk.calls.mark_pause(running_id)
    bureau.forward(60_000)
    # What was not ended goes up to the end of the call, not of the wrap-up.
    assert read_pauses(saved(desk, running_id)["recording_pauses"]) == (Pause(26, 12), Pause(43, 7))


def test_in_the_recording_the_ringing_is_not(system: System) -> None:
    parts = [KeptPart("ring", 0, 6, "phone_system"), KeptPart("talk", 6000, 60, "phone_system")]
    assert pauses_of_recording([Pause(26, 12), Pause(2, 10), Pause(1, 2)], parts) == (Pause(20, 12), Pause(0, 6))


def test_pauses_outlive_a_save_that_is_undone(bureau: Bureau, system: System, desk: Services) -> None:
    system.say("ring", "201")
    running_id = system.say("answer", "201", seconds=6).running_id
    desk.calls.mark_pause(running_id)
    bureau.forward(3_000)
    desk.calls.mark_pause(running_id)
    group_id = desk.calls.save(running_id, "n").outcome.group_id
    desk.undo(group_id)
    back = desk.calls.bring_back_saved(group_id)
    again = desk.calls.running()[0] if back is None else back
    assert read_pauses(saved(desk, again.id)["recording_pauses"]) == (Pause(6, 3),)


def test_busy_is_logged_as_busy_and_nobody_there_as_no_answer(system: System, desk: Services) -> None:
    for reference, cause, result in (("b1", "busy", "busy"), ("b2", "no_answer", "no_answer")):
        out: dict[str, Any] = {"direction": "out", "reference": reference}
        running_id = system.say("ring", "201", **out).running_id
        system.say("hangup", seconds=4, cause=cause, **out)
        assert desk.calls.one(running_id).result == result
        assert saved(desk, running_id)["result"] == result


@pytest.mark.parametrize("jump", [HOUR, -HOUR, 9 * 24 * HOUR])
@pytest.mark.parametrize("is_softphone", [True, False])
def test_a_clock_that_jumps_while_it_rings_lengthens_nothing(
    bureau: Bureau, system: System, desk: Services, jump: int, is_softphone: bool
) -> None:
    def say(event: str, seconds: float = 0) -> str:
        if is_softphone:
            live = system.softphone(event, seconds)
            assert live is not None
            return live.running_id
        kinds = {"ring": "ring", "answer": "answer", "hangup": "hangup"}
        bureau.forward(round(seconds * 1000))
        # The server's clock is not the workstation's.
        now, bureau.wall = bureau.wall, bureau.wall - jumped
        try:
            return system.say(kinds[event], "201").running_id
        finally:
            bureau.wall = now

    jumped = 0
    say("ring")
    bureau.forward(3_000)
    bureau.wall += jump
    jumped = jump
    running_id = say("answer", 2)
    bureau.forward(10_000)
    call = desk.calls.one(running_id)
    assert (call.ring_seconds, call.phase, call.phase_seconds) == (5, "talk", 10)
    say("hangup", 5)
    call = desk.calls.one(running_id)
    assert (call.talk_seconds, call.phase, call.phase_seconds) == (15, "wrap_up", 0)
    assert [part.seconds for part in read_parts(saved(desk, running_id)["parts"])] == [5, 15, 0]


def test_a_workstation_with_a_wrong_clock_still_has_one_call(bureau: Bureau, system: System, desk: Services) -> None:
    bureau.wall -= 6 * 60_000
    system.softphone("ring")
    answered = system.softphone("answer", seconds=3)
    assert answered is not None
    running_id = answered.running_id
    bureau.wall += 6 * 60_000
    assert system.say("ring", "201").running_id == running_id
    assert system.say("answer", "201", seconds=1).running_id == running_id
    assert len(desk.calls.running()) == 1


def test_what_was_saved_at_another_of_my_workstations_does_not_come_back(
    bureau: Bureau, system: System, desk: Services
) -> None:
    """Also when it began long before this one heard of it, by whatever number."""
    bureau.row("interactions", agent_id="ada", scope="tax", number="+15550100", started_at=NOW, call_reference="pbx c1")
    bureau.forward(10 * 60_000)
    system.say("ring", "201", number=ROBIN)
    assert system.say("answer", "201").running_id == ""
    assert desk.calls.running() == ()


def test_a_missed_call_of_the_team_is_somebodys_once_it_is_said(bureau: Bureau, desk: Services) -> None:
    missed = bureau.row("interactions", scope="tax", number=ROBIN, result="missed", started_at=NOW - HOUR)
    assert desk.calls.detail(missed).is_nobodys
    assert desk.calls.detail(missed).can_correct
    with pytest.raises(Refused):
        desk.calls.say_whose(missed, "casey")
    outcome = desk.calls.say_whose(missed, "ada")
    assert desk.calls.rows([missed])[0].is_mine
    desk.undo(outcome.group_id)
    assert desk.calls.detail(missed).is_nobodys
    lead = bureau.sign_in("lee", "lead", ("tax",))
    assert lead.calls.detail(missed).can_be_given
    lead.calls.say_whose(missed, "casey")
    assert lead.calls.rows([missed])[0].agent_name == "Casey Demo"


def test_a_recording_is_heard_by_its_agent_their_lead_and_a_manager(bureau: Bureau, desk: Services) -> None:
    address = "https://pbx.example/r/1.wav"
    mine, caseys = (
        bureau.row("interactions", scope="tax", agent_id=who, started_at=NOW, recording=address, parts=json.dumps([]))
        for who in ("ada", "casey")
    )
    assert [desk.calls.detail(one).recording for one in (mine, caseys)] == [address, ""]
    assert desk.calls.detail(caseys).has_recording
    lead = bureau.sign_in("lee", "lead", ("tax",))
    assert lead.calls.detail(caseys).recording == address
    assert bureau.sign_in("kim", "csr", ("tax",)).calls.detail(caseys).recording == ""
    manager = bureau.sign_in("max", "manager", (), ("tax", "benefits"))
    assert manager.calls.detail(caseys).recording == address


class TestTwoWorkstations:
    """What the server tells of where my calls stand."""

    def told(self, system: System, desk: Services, elsewhere: dict[str, str]) -> list[str]:
        live = desk.live_calls.take_news([system.call()], elsewhere, "ada")
        return [one.running_id for one in live]

    def test_a_call_that_stands_at_the_other_is_none_here_until_it_is_taken_over(
        self, system: System, desk: Services
    ) -> None:
        system.say("ring", "201")
        assert system.say("answer", "201", seconds=5).running_id
        assert desk.live_calls.references() == {"pbx c1"}
        assert self.told(system, desk, {"pbx c1": "Front desk"}) == [""]
        assert desk.calls.running() == ()
        assert desk.live_calls.elsewhere() == (("pbx c1", "Front desk"),)
        assert self.told(system, desk, {"pbx c1": "Front desk"}) == [""]
        (running_id,) = self.told(system, desk, {})
        call = desk.calls.one(running_id)
        assert (call.phase, call.ring_seconds) == ("talk", 5)
        assert desk.live_calls.elsewhere() == ()

    def test_the_card_goes_when_it_was_accepted_there(self, system: System, desk: Services) -> None:
        system.say("ring", "201")
        assert desk.live_calls.ringing()
        self.told(system, desk, {"pbx c1": "Front desk"})
        assert not desk.live_calls.ringing()

    def test_what_was_noted_here_is_not_lost(self, system: System, desk: Services) -> None:
        system.say("ring", "201")
        running_id = system.say("answer", "201", seconds=5).running_id
        desk.calls.set_note(running_id, "Asks for the rate table")
        self.told(system, desk, {"pbx c1": "Front desk"})
        (call,) = desk.calls.running()
        assert call.note == "Asks for the rate table"

    def test_its_end_is_heard_of_at_both_and_logged_at_one(self, system: System, desk: Services) -> None:
        system.say("ring", "201")
        self.told(system, desk, {"pbx c1": "Front desk"})
        system.bureau.forward(5000)
        for kind in ("answer", "hangup"):
            event = msgspec.structs.replace(next(iter(system.events["c1"])), kind=kind, at=desk.replica.now())
            system.events["c1"].add(event)
            self.told(system, desk, {"pbx c1": "Front desk"})
        assert desk.calls.running() == ()
        assert desk.live_calls.elsewhere() == ()
        assert desk.live_calls.log_missed(is_last=True) == []


def test_two_phone_systems_that_tell_of_one_call_are_one_card_and_one_call(system: System, desk: Services) -> None:
    def say(kind: Any, connection: str, seconds: float = 0) -> str:
        system.bureau.forward(round(seconds * 1000))
        event = phone_event(
            "ami" if connection == "pbx" else "cti",
            connection,
            f"at-{connection}",
            kind,
            desk.replica.now(),
            direction="in",
            number=ROBIN,
            agents=[PhoneAgent("201")],
        )
        system.events.setdefault(connection, set()).add(event)
        live = desk.live_calls.take(call_of(system.events[connection], {"201": "ada"}), "ada")
        return live.running_id

    say("ring", "pbx")
    say("ring", "trunk", 1)
    assert len(desk.live_calls.ringing()) == 1
    running_id = say("answer", "pbx", 3)
    assert say("answer", "trunk") == running_id
    assert len(desk.calls.running()) == 1
    say("hangup", "trunk", 10)
    say("hangup", "pbx")
    assert saved(desk, running_id)["call_reference"] == "pbx at-pbx"
    assert say("hangup", "trunk") == ""
