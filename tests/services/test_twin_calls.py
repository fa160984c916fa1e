"""A softphone and a phone system tell of one call, in whatever order and however often it rings: one card, one row."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csr_desktop.domain.errors import Refused
from tests.services.conftest import Bureau, ready
from tests.services.test_phone_system_calls import System

if TYPE_CHECKING:
    from csr_desktop.services.desk_services import Services

SECOND = 1000


def rows(bureau: Bureau) -> list[tuple[str, str]]:
    """Direction and result of what was logged."""
    found = bureau.sql.all("SELECT direction, result FROM interactions WHERE deleted = 0")
    return [(str(direction), str(result)) for direction, result in found]


def close(bureau: Bureau, desk: Services) -> list[tuple[str, str]]:
    """Save what runs, log what was missed, and say what stands in the log."""
    bureau.forward(20 * SECOND)
    for call in desk.calls.running():
        desk.calls.save(call.id)
    desk.live_calls.log_missed(is_last=True)
    return rows(bureau)


def test_a_queue_tries_me_again_with_a_softphone_beside_it(bureau: Bureau, desk: Services) -> None:
    system = System(bureau, desk)
    system.say("ring", "201", queue="Payroll line")
    system.softphone("ring", seconds=0.2)
    assert len(desk.live_calls.ringing()) == 1
    system.say("ring_ended", "201", seconds=15, cause="no_answer")
    system.softphone("hangup", seconds=0.2)
    bureau.forward(5 * SECOND)
    assert desk.live_calls.log_missed() == []
    system.say("ring", "201", seconds=40, queue="Payroll line")
    system.softphone("ring", seconds=0.2)
    assert len(desk.live_calls.ringing()) == 1
    system.say("answer", "201", seconds=4)
    system.softphone("answer", seconds=0.2)
    assert [call.phase for call in desk.calls.running()] == ["talk"]
    system.say("hangup", "201", seconds=30)
    system.softphone("hangup", seconds=0.2)
    assert close(bureau, desk) == [("in", "handled")]


@pytest.mark.parametrize("waits", [10, 40])
def test_tried_again_and_the_softphone_is_first_each_time(bureau: Bureau, desk: Services, waits: float) -> None:
    system = System(bureau, desk)
    for wait in (0, waits):
        system.softphone("ring", seconds=wait)
        system.say("ring", "201", seconds=0.2)
        assert [one.key for one in desk.live_calls.ringing()] == ["ami pbx c1"]
        system.softphone("hangup", seconds=14)
        system.say("ring_ended", "201", seconds=0.2, cause="no_answer")
        assert desk.live_calls.ringing() == ()
    system.say("hangup", seconds=1, cause="cancel")
    assert close(bureau, desk) == [], "what nobody took is logged by the server"


def test_two_calls_of_one_number_at_a_time_are_two(bureau: Bureau, desk: Services) -> None:
    system = System(bureau, desk)
    system.say("ring", "201")
    system.softphone("ring", id="1", seconds=0.2)
    system.softphone("ring", id="2", seconds=0.2)
    assert len(desk.live_calls.ringing()) == 2


@pytest.mark.parametrize("order", list(itertools.permutations(["ring", "answer", "hangup"])))
def test_a_softphone_alone_leaves_one_row_in_any_order(
    bureau: Bureau, desk: Services, order: tuple[str, str, str]
) -> None:
    system = System(bureau, desk)
    for said in order:
        system.softphone(said, seconds=1, id="77")
    assert close(bureau, desk) == [("in", "handled")]


@settings(max_examples=40, deadline=None)
@given(
    softphone=st.permutations(["ring", "answer", "hangup"]),
    places=st.sets(st.integers(0, 5), min_size=3, max_size=3),
    gap=st.sampled_from([0.05, 0.3, 0.5]),
    is_numbered=st.booleans(),
)
def test_both_tell_in_any_order_and_it_is_one_row(
    softphone: list[str], places: set[int], gap: float, is_numbered: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bureau = Bureau(Path(folder), ready())
        try:
            desk = bureau.sign_in("ada", "csr", ("tax",))
            system = System(bureau, desk)
            said, told = iter(softphone), iter(["ring", "answer", "hangup"])
            for place in range(6):
                if place in places:
                    system.softphone(next(said), seconds=gap, **({"id": "77"} if is_numbered else {}))
                else:
                    system.say(next(told), "201", seconds=gap)
                assert len(desk.calls.running()) + len(desk.live_calls.ringing()) <= 1
            assert close(bureau, desk) == [("in", "handled")]
        finally:
            bureau.close()


def test_a_call_that_rang_before_the_start_is_taken_up_with_its_answer(bureau: Bureau, desk: Services) -> None:
    system = System(bureau, desk)
    system.softphone("ring")
    system.desk = desk = bureau.restart()
    answered = system.softphone("answer", seconds=5)
    assert answered is not None
    assert answered.running_id
    system.softphone("hangup", seconds=30)
    (call,) = desk.calls.running()
    assert (call.phase, call.contact_name, call.talk_seconds) == ("wrap_up", "Robin Stand-in", 30)
    assert close(bureau, desk) == [("in", "handled")]


def test_a_ring_of_which_no_more_is_said_goes_and_is_no_missed_call(bureau: Bureau, desk: Services) -> None:
    system = System(bureau, desk)
    system.softphone("ring", id="1")
    bureau.forward(89 * SECOND)
    (ringing,) = desk.live_calls.ringing()
    bureau.forward(2 * SECOND)
    assert desk.live_calls.ringing() == ()
    with pytest.raises(Refused):
        desk.live_calls.accept(ringing.key)
    assert not desk.live_calls.is_waiting
    assert close(bureau, desk) == []
    answered = system.softphone("answer", id="1")
    assert answered is not None
    assert answered.running_id, "a late word counts all the same"


def test_a_ring_that_is_told_again_or_comes_from_a_phone_system_stays(bureau: Bureau, desk: Services) -> None:
    system = System(bureau, desk)
    system.softphone("ring", id="1")
    system.softphone("ring", id="1", seconds=60)
    bureau.forward(60 * SECOND)
    assert len(desk.live_calls.ringing()) == 1
    system.say("ring", "201", number="14025550108")
    bureau.forward(120 * SECOND)
    assert [one.key for one in desk.live_calls.ringing()] == ["ami pbx c1"]


def test_of_two_that_ring_the_newest_is_first(bureau: Bureau, desk: Services) -> None:
    system = System(bureau, desk)
    system.softphone("ring")
    system.say("ring", "201", number="14025550108", seconds=20)
    assert [one.key.split(" ")[0] for one in desk.live_calls.ringing()] == ["ami", "softphone"]
