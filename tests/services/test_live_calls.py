"""From what a softphone says to what stands in the pane and the log."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from csr_desktop.domain.errors import Refused
from csr_desktop.domain.permissions import Role
from csr_desktop.services.call_rows import CallFilter, LiveCall
from csr_desktop.system.call_message import call_message
from tests.services.conftest import DAY, NOW

if TYPE_CHECKING:
    from csr_desktop.services.desk_services import Services
    from tests.services.conftest import Bureau

SECOND = 1000
ROBIN = "(312) 555-0167"


class Phone:
    def __init__(self, bureau: Bureau, desk: Services) -> None:
        self.bureau, self.desk = bureau, desk

    def say(self, event: str, seconds: float = 0, **fields: str) -> LiveCall:
        self.bureau.forward(round(seconds * SECOND))
        message = call_message({"event": event, "number": ROBIN, **fields}, "command", self.desk.replica.now())
        call = self.desk.softphone.take(message)
        assert call is not None
        return self.desk.live_calls.take(call)

    def missed(self) -> list[str]:
        rows = self.desk.calls.page(CallFilter(result="missed")).rows
        return [row.contact_name or row.number_shown for row in rows]


@pytest.fixture
def phone(bureau: Bureau, desk: Services) -> Phone:
    return Phone(bureau, desk)


def test_while_it_rings_it_is_said_who_calls(phone: Phone, desk: Services) -> None:
    ringing = phone.say("ring", name="Robin", queue="Payroll line")
    assert (ringing.phase, ringing.queue, ringing.running_id) == ("ring", "Payroll line", "")
    assert ringing.pop is not None
    assert (ringing.pop.match.reason, ringing.pop.number_shown) == ("only_holder", ROBIN)
    assert ringing.pop.context is not None
    assert ringing.pop.context.name == "Example Bakery"
    assert [one.key for one in desk.live_calls.ringing()] == [ringing.key]
    assert desk.calls.running() == (), "nothing is logged for a ring"


def test_an_answered_call_follows_the_phone_to_its_end(phone: Phone, desk: Services) -> None:
    phone.say("ring")
    running_id = phone.say("answer", 6).running_id
    (call,) = desk.calls.running()
    assert (call.id, call.phase, call.contact_name, call.direction) == (running_id, "talk", "Robin Stand-in", "in")
    phone.say("hold", 60)
    phone.say("resume", 30)
    phone.bureau.forward(20 * SECOND)
    assert desk.calls.running()[0].talk_seconds == 80
    assert phone.say("hangup").phase == "over"
    (call,) = desk.calls.running()
    assert (call.phase, call.talk_seconds, call.hold_seconds, call.started_at) == ("wrap_up", 80, 30, NOW)
    phone.bureau.forward(15 * SECOND)
    saved = desk.calls.save(call.id, "Asked about the notice.")
    row = desk.calls.detail(saved.interaction_id).row
    assert (row.talk_seconds, row.hold_seconds, row.wrap_up_seconds, row.result) == (80, 30, 15, "handled")
    assert row.ended_at == NOW + 116 * SECOND
    phone.say("hangup", 1)
    assert desk.calls.running() == (), "said twice it does not come back"
    assert desk.live_calls.log_missed(is_last=True) == []


def test_a_call_that_was_taken_into_the_pane_while_it_rang(phone: Phone, desk: Services) -> None:
    ringing = phone.say("ring")
    running_id = desk.live_calls.accept(ringing.key)
    assert desk.calls.running()[0].phase == "ring"
    desk.calls.set_note(running_id, "She asks for")
    assert desk.live_calls.ringing() == ()
    assert phone.say("answer", 5).running_id == running_id
    (call,) = desk.calls.running()
    assert (call.phase, call.ring_seconds, call.note) == ("talk", 5, "She asks for")
    phone.say("hangup", 10)
    assert desk.live_calls.accept(ringing.key) == running_id, "accepted once more it is the same call"


def test_accepting_in_the_moment_in_which_the_phone_tells_of_the_answer_opens_that_call(
    phone: Phone, desk: Services
) -> None:
    ringing = phone.say("ring")
    running_id = phone.say("answer", 5).running_id
    assert desk.live_calls.accept(ringing.key) == running_id
    assert [call.id for call in desk.calls.running()] == [running_id]


def test_a_call_that_ended_unanswered_cannot_be_accepted(phone: Phone, desk: Services) -> None:
    ringing = phone.say("ring")
    phone.say("hangup", 10)
    with pytest.raises(Refused, match="ended"):
        desk.live_calls.accept(ringing.key)


def test_a_call_that_nobody_took_waits_in_the_inbox(phone: Phone, desk: Services) -> None:
    ringing = phone.say("ring")
    desk.live_calls.dismiss(ringing.key)
    assert desk.live_calls.ringing() == ()
    phone.say("hangup", 20)
    assert desk.live_calls.is_waiting
    assert desk.live_calls.log_missed() == [], "an answer may still come late"
    phone.bureau.forward(3 * SECOND)
    (saved,) = desk.live_calls.log_missed()
    row = desk.calls.detail(saved.interaction_id).row
    assert (row.result, row.is_waiting, row.contact_name) == ("missed", True, "Robin Stand-in")
    assert (row.started_at, row.ended_at) == (NOW, NOW + 20 * SECOND)
    assert phone.missed() == ["Robin Stand-in"]
    phone.say("hangup", 1)
    phone.bureau.forward(5 * SECOND)
    assert desk.live_calls.log_missed() == []


def test_an_answer_that_comes_after_the_hang_up_is_no_missed_call(phone: Phone, desk: Services) -> None:
    phone.say("ring")
    phone.say("hangup", 30)
    desk.softphone._latest.clear()
    late = call_message({"event": "answer", "number": ROBIN}, "command", desk.replica.now() - 25 * SECOND)
    told = desk.softphone.take(late)
    assert told is not None
    assert desk.live_calls.take(told).running_id
    (call,) = desk.calls.running()
    assert (call.phase, call.talk_seconds) == ("wrap_up", 25)
    phone.bureau.forward(5 * SECOND)
    assert desk.live_calls.log_missed() == []


def test_an_outgoing_call_that_was_started_here_is_followed_not_doubled(phone: Phone, desk: Services) -> None:
    started = desk.calls.start(ROBIN)
    told = phone.say("ring", 1, direction="out")
    assert (told.running_id, told.pop) == (started.id, None)
    phone.say("answer", 7, direction="out")
    (call,) = desk.calls.running()
    assert (call.id, call.phase, call.dial_seconds) == (started.id, "talk", 7)
    phone.say("hangup", 30)
    assert desk.calls.running()[0].talk_seconds == 30


def test_an_outgoing_call_of_the_phone_opens_by_itself(phone: Phone, desk: Services) -> None:
    told = phone.say("ring", direction="out")
    assert told.phase == "dial"
    assert desk.calls.running()[0].id == told.running_id
    phone.say("hangup", 25)
    (call,) = desk.calls.running()
    assert (call.phase, call.result, call.dial_seconds) == ("wrap_up", "no_answer", 25)


def test_a_second_call_holds_the_first(phone: Phone, desk: Services) -> None:
    phone.say("ring")
    first = phone.say("answer", 5).running_id
    phone.say("ring", 60, number="(402) 555-0108")
    second = phone.say("answer", 4, number="(402) 555-0108").running_id
    phases = {call.id: call.phase for call in desk.calls.running()}
    assert phases == {first: "hold", second: "talk"}
    phone.say("ring", 5, number="(702) 555-0119")
    third = phone.say("answer", 4, number="(702) 555-0119")
    assert third.running_id == "", "two calls are on the screen"
    phone.say("hangup", 5, number="(402) 555-0108")
    desk.calls.save(second, "Short.")
    assert phone.say("hangup", 1, number="(702) 555-0119").running_id, "it comes when there is room"


def test_a_withheld_or_unfilled_number_can_be_taken_too(phone: Phone, desk: Services) -> None:
    withheld = phone.say("ring", number="", id="7")
    assert withheld.pop is not None
    assert withheld.pop.match.number_kind == "anonymous"
    desk.live_calls.accept(withheld.key)
    unfilled = phone.say("ring", 1, number="%CallerNumber%", id="8")
    assert unfilled.pop is not None
    assert (unfilled.pop.match.number_kind, unfilled.unfilled) == ("unfilled", ("number",))
    desk.live_calls.accept(unfilled.key)
    assert len(desk.calls.running()) == 2


def test_the_third_contact_on_a_topic_is_said_with_the_ring(bureau: Bureau, desk: Services, phone: Phone) -> None:
    for days in (3, 9):
        bureau.row(
            "interactions",
            scope="tax",
            agent_id="ada",
            client_id="bakery",
            contact_id="robin",
            topic_id="notice",
            started_at=NOW - days * DAY,
        )
    ringing = phone.say("ring")
    assert ringing.pop is not None
    assert ringing.pop.repeat is not None
    assert (ringing.pop.repeat.count, ringing.pop.repeat.topic_name) == (3, "Payroll tax")


@pytest.mark.parametrize("role", ["administrator", "manager"])
def test_who_saves_no_calls_gets_no_card_and_is_told_before_typing(bureau: Bureau, role: Role) -> None:
    desk = bureau.sign_in("max", role, ())
    for number, event in enumerate(("ring", "answer")):
        told = desk.softphone.take(call_message({"event": event, "number": ROBIN}, "command", NOW + number))
        assert told is not None
        assert desk.live_calls.take(told).running_id == ""
        assert desk.live_calls.ringing() == ()
    assert not desk.live_calls.is_waiting
    for begin in (partial(desk.calls.start, ROBIN), desk.calls.may_log):
        with pytest.raises(Refused, match="CSRs and leads"):
            begin()
    assert desk.calls.running() == ()


def test_only_calls_that_came_and_were_answered_make_a_third(bureau: Bureau, desk: Services) -> None:
    common = {"scope": "tax", "agent_id": "ada", "client_id": "bakery", "contact_id": "robin"}
    for day in (3, 9):
        bureau.row("interactions", **common, topic_id="notice", started_at=NOW - day * DAY)
    for day, other in enumerate(({"direction": "out"}, {"channel": "email"}, {"result": "missed"}), start=1):
        bureau.row("interactions", **common, **other, topic_id="time", started_at=NOW - day * DAY)
        bureau.row("interactions", **common, **other, topic_id="notice", started_at=NOW - day * DAY)
    hint = desk.calls.repeated("bakery")
    assert hint is not None
    assert (hint.count, hint.topic_name) == (3, "Payroll tax"), "what else was written and called hides nothing"
    assert desk.calls.repeat("bakery", "time") is None


def test_after_a_restart_the_phone_goes_on_with_the_same_call(bureau: Bureau, phone: Phone) -> None:
    phone.say("ring", id="9")
    running_id = phone.say("answer", 5, id="9").running_id
    again = Phone(bureau, bureau.restart())
    assert again.say("hold", 30, id="9").running_id == running_id
    assert again.say("hangup", 20, id="9").running_id == running_id
    (call,) = again.desk.calls.running()
    assert (call.phase, call.talk_seconds, call.hold_seconds) == ("wrap_up", 30, 20)


def test_a_hang_up_of_a_call_that_nobody_knows_is_nothing(phone: Phone, desk: Services) -> None:
    phone.say("hangup")
    assert desk.live_calls.log_missed(is_last=True) == []
    assert desk.calls.running() == ()
    phone.say("missed", 60, number="(402) 555-0108")
    assert len(desk.live_calls.log_missed(is_last=True)) == 1, "some softphones say nothing but that"
