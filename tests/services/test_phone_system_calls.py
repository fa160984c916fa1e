"""Calls of a phone system as the server tells a desk of them: mine and others', and the softphone beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from csr_desktop.domain.call_parts import Pause
from csr_desktop.domain.errors import Refused
from csr_desktop.domain.phone_calls import PhoneCall, call_of
from csr_desktop.domain.phone_events import PhoneAgent, PhoneEvent, phone_event
from csr_desktop.protocol import CallNews
from csr_desktop.services.call_rows import CallFilter, LiveCall
from csr_desktop.sync.answers import call_news
from csr_desktop.system.call_message import call_message
from tests.services.conftest import NOW

if TYPE_CHECKING:
    from csr_desktop.services.desk_services import Services
    from tests.services.conftest import Bureau

SECOND = 1000
ROBIN = "13125550167"
SHOWN = "(312) 555-0167"
KNOWN = {"201": "ada", "202": "ben"}


class System:
    """What the server tells ada's desk; each step goes over the wire."""

    def __init__(self, bureau: Bureau, desk: Services) -> None:
        self.bureau, self.desk = bureau, desk
        self.events: dict[str, set[PhoneEvent]] = {}

    def call(self, reference: str = "c1") -> PhoneCall:
        return call_of(self.events[reference], KNOWN)

    def say(self, kind: Any, *agents: str, seconds: float = 0, reference: str = "c1", **fields: Any) -> LiveCall:
        self.bureau.forward(round(seconds * SECOND))
        usual = {"direction": "in", "number": ROBIN, "agents": [PhoneAgent(one) for one in agents], **fields}
        event = phone_event("ami", "pbx", reference, kind, self.desk.replica.now(), **usual)
        self.events.setdefault(reference, set()).add(event)
        news = call_news(msgspec.json.encode(CallNews([self.call(reference)])))
        assert news is not None
        return self.desk.live_calls.take(news.calls[0], "ada")

    def softphone(self, event: str, seconds: float = 0, **fields: str) -> LiveCall | None:
        self.bureau.forward(round(seconds * SECOND))
        said = call_message({"event": event, "number": SHOWN, **fields}, "command", self.desk.replica.now())
        told = self.desk.softphone.take(said)
        return self.desk.live_calls.take(told) if told is not None else None


@pytest.fixture
def system(bureau: Bureau, desk: Services) -> System:
    return System(bureau, desk)


def keys(desk: Services) -> list[str]:
    return [one.key for one in desk.live_calls.ringing()]


def test_my_call_rings_is_followed_and_ends(system: System, desk: Services) -> None:
    ringing = system.say("ring", "201", "202", queue="Payroll line")
    assert (ringing.phase, ringing.queue) == ("ring", "Payroll line")
    assert ringing.pop is not None
    assert ringing.pop.match.reason == "only_holder"
    running_id = system.say("answer", "201", seconds=6).running_id
    (call,) = desk.calls.running()
    assert (call.id, call.phase, call.contact_name, call.ring_seconds) == (running_id, "talk", "Robin Stand-in", 6)
    system.say("hold", "201", seconds=30)
    system.say("resume", "201", seconds=10)
    assert system.say("hangup", seconds=20).phase == "over"
    (call,) = desk.calls.running()
    assert (call.phase, call.talk_seconds, call.hold_seconds) == ("wrap_up", 50, 10)


def test_answered_elsewhere_takes_the_card_away_and_is_not_my_missed_call(system: System, desk: Services) -> None:
    system.say("ring", "201", "202")
    assert len(keys(desk)) == 1
    assert system.say("answer", "202", seconds=5).phase == "over"
    assert keys(desk) == []
    assert desk.calls.running() == (), "it is Ben's call"
    with pytest.raises(Refused):
        desk.live_calls.accept("ami pbx c1")
    system.say("hangup", seconds=60)
    system.bureau.forward(10 * SECOND)
    assert desk.live_calls.log_missed(is_last=True) == []


def test_a_queue_that_tries_me_again_shows_the_card_again(system: System, desk: Services) -> None:
    ringing = system.say("ring", "201", queue="Payroll line")
    desk.live_calls.dismiss(ringing.key)
    assert system.say("ring_ended", "201", seconds=15, cause="no_answer").phase == "over"
    system.say("ring", "202")
    assert keys(desk) == []
    system.say("ring_ended", "202", seconds=15, cause="no_answer")
    system.say("ring", "201", seconds=1)
    assert keys(desk) == [ringing.key]


def test_what_was_answered_is_mine_though_the_ringing_or_the_answer_is_heard_of_late(
    bureau: Bureau, system: System, desk: Services
) -> None:
    began = desk.replica.now()
    system.say("answer", "201", seconds=5)
    assert desk.calls.running() == (), "what nobody heard the beginning of"
    late = phone_event("ami", "pbx", "c1", "ring", began, direction="in", number=ROBIN, agents=[PhoneAgent("201")])
    system.events["c1"].add(late)
    desk.live_calls.take(system.call(), "ada")
    (call,) = desk.calls.running()
    assert (call.phase, call.ring_seconds, call.contact_name) == ("talk", 5, "Robin Stand-in")
    system.say("hangup", seconds=60)
    desk.calls.save(call.id)
    # The answer after the end.
    system.say("ring", "201", reference="c2", number="14025550108", seconds=5)
    system.say("hangup", reference="c2", seconds=20)
    assert desk.calls.running() == ()
    system.say("answer", "201", reference="c2", number="14025550108", seconds=1)
    (call,) = desk.calls.running()
    assert (call.phase, call.result) == ("wrap_up", "handled")
    desk.calls.save(call.id)
    for reference in ("c1", "c2"):
        assert desk.live_calls.take(system.call(reference), "ada").running_id == ""
    assert desk.calls.running() == ()


def test_what_nobody_took_is_logged_by_the_server_alone(system: System, desk: Services) -> None:
    system.say("ring", "201")
    system.say("hangup", seconds=20, cause="cancel")
    system.bureau.forward(10 * SECOND)
    assert not desk.live_calls.is_waiting
    assert desk.live_calls.log_missed(is_last=True) == []
    assert desk.calls.page(CallFilter(result="missed")).rows == ()


@pytest.mark.parametrize("is_softphone_first", [True, False])
def test_softphone_and_phone_system_tell_of_one_call(system: System, desk: Services, is_softphone_first: bool) -> None:
    for turn in range(2):
        if (turn == 0) == is_softphone_first:
            system.softphone("ring")
        else:
            system.say("ring", "201", seconds=1)
    assert keys(desk) == ["ami pbx c1"]
    running_id = desk.live_calls.accept("ami pbx c1")
    system.softphone("answer", 5)
    assert system.say("answer", "201", seconds=1).running_id == running_id
    system.softphone("hangup", 30)
    system.say("hangup", seconds=1)
    (call,) = desk.calls.running()
    assert (call.id, call.phase, call.talk_seconds) == (running_id, "wrap_up", 31)


def test_a_missed_call_that_both_told_of_is_logged_by_the_server_alone(system: System, desk: Services) -> None:
    system.softphone("ring")
    system.say("ring", "201", seconds=0.5)
    system.softphone("missed", 20)
    system.say("hangup", seconds=1, cause="cancel")
    system.bureau.forward(10 * SECOND)
    assert desk.live_calls.log_missed(is_last=True) == []


def test_what_the_softphone_ran_with_goes_on_as_the_phone_systems_call(system: System, desk: Services) -> None:
    system.softphone("ring")
    first = system.softphone("answer", 3)
    assert first is not None
    late = system.say("ring", "201", seconds=1)
    assert late.running_id == first.running_id
    system.say("answer", "201")
    system.say("hangup", seconds=40)
    assert [call.phase for call in desk.calls.running()] == ["wrap_up"]


def test_two_callers_at_once_and_a_call_of_later_are_others(system: System, desk: Services) -> None:
    system.softphone("ring")
    system.say("ring", "201", number="14025550108", reference="c2")
    assert len(keys(desk)) == 2
    system.softphone("missed", 5)
    system.say("hangup", reference="c2")
    system.say("ring", "201", seconds=60, reference="c3")
    assert keys(desk) == ["ami pbx c3"]


def test_after_a_restart_it_is_followed_and_what_was_saved_does_not_come_back(bureau: Bureau, system: System) -> None:
    system.say("ring", "201")
    running_id = system.say("answer", "201", seconds=4).running_id
    system.desk = bureau.restart()
    assert system.say("hold", "201", seconds=5).running_id == running_id
    system.say("hangup", seconds=5)
    system.desk.calls.save(running_id, "Asked about the notice.")
    system.desk = bureau.restart()
    assert system.desk.live_calls.take(system.call(), "ada").running_id == ""
    assert system.desk.calls.running() == ()


def test_who_gets_a_transferred_call_has_their_own_ringing(system: System, desk: Services) -> None:
    system.say("ring", "202")
    system.say("answer", "202", seconds=5)
    assert desk.calls.running() == ()
    system.say("ring", "201", seconds=60)
    assert keys(desk) == ["ami pbx c1"]
    system.say("answer", "201", seconds=4)
    (call,) = desk.calls.running()
    assert (call.phase, call.ring_seconds, call.started_at) == ("talk", 4, NOW + 65 * SECOND)


def test_an_outgoing_call_is_whose_phone_dialled_it(system: System, desk: Services) -> None:
    system.say("ring", "202", reference="c8", direction="out")
    assert desk.calls.running() == ()
    told = system.say("ring", "201", reference="c9", direction="out")
    assert told.phase == "dial"
    assert [call.id for call in desk.calls.running()] == [told.running_id]


def test_a_call_whose_end_was_not_heard_of_is_no_card_for_ever(system: System, desk: Services) -> None:
    system.say("ring", "201")
    system.say("ring", "201", reference="c2", number="14025550108")
    desk.live_calls.forget_others([system.call("c2")])
    assert keys(desk) == ["ami pbx c2"]


def test_what_a_newer_server_says_in_other_words_is_passed_over() -> None:
    assert call_news(b'{"calls":[{"outcome":"teleported"}]}') is None
    assert call_news(b"") is None


def test_what_the_phone_system_paused_of_the_recording_is_marked_in_what_is_saved(
    system: System, desk: Services, bureau: Bureau
) -> None:
    """Beside what is marked by hand: where both overlap it is one pause, and one that lasts ends with the call."""
    system.say("ring", "201")
    running_id = system.say("answer", "201", seconds=6).running_id
    system.say("recording_paused", seconds=10)
    bureau.forward(5 * SECOND)
    desk.calls.mark_pause(running_id)
    system.say("recording_resumed", seconds=5)
    bureau.forward(2 * SECOND)
    desk.calls.mark_pause(running_id)
    system.say("recording_paused", seconds=20)
    system.say("hangup", seconds=3)
    bureau.forward(30 * SECOND)
    saved = desk.calls.save(running_id)
    row = bureau.sql.load("interactions", [saved.interaction_id])[saved.interaction_id]
    assert msgspec.json.decode(row["recording_pauses"]) == [[16.0, 12.0], [48.0, 3.0]]
    assert desk.calls.detail(saved.interaction_id).pauses == (Pause(10.0, 12.0), Pause(42.0, 3.0))
