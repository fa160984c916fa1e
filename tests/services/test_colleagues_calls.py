"""Calls between colleagues as the one who is asked has them: no customer's, and nothing of them counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.services.test_phone_system_calls import System

if TYPE_CHECKING:
    from csr_desktop.services.desk_services import Services
    from tests.services.conftest import Bureau

SECOND = 1000
BEN: dict[str, Any] = {"direction": "internal", "number": "202", "reference": "c2"}


@pytest.fixture
def system(bureau: Bureau, desk: Services) -> System:
    return System(bureau, desk)


def asked(system: System) -> str:
    """Ben, who has a client on the line, asks ada."""
    system.say("ring", "202")
    system.say("answer", "202", seconds=3)
    system.say("hold", "202", seconds=30)
    system.say("ring", "201", **BEN)
    return system.say("answer", "201", seconds=4, **BEN).running_id


def logged(system: System) -> list[tuple[str, str, int, str]]:
    columns = "direction, number, talk_seconds, note"
    return [tuple(row) for row in system.bureau.sql.all(f"SELECT {columns} FROM interactions WHERE deleted = 0")]


def handed_over(system: System) -> None:
    system.say("transfer", "202", target="201")
    system.say("left", "202")
    system.say("answer", "201")
    forwarded: dict[str, Any] = {**BEN, "number": "", "cause": "forwarded", "came_from": "c1"}
    system.say("hangup", **forwarded)


def test_who_is_asked_has_no_handle_and_nothing_is_saved(system: System, desk: Services) -> None:
    call = desk.calls.one(asked(system))
    assert (call.direction, call.phase) == ("internal", "talk")
    system.say("hangup", seconds=40, **BEN)
    assert desk.calls.running() == ()
    assert logged(system) == []
    assert desk.calls.day_figures().handled == 0


def test_what_was_noted_of_a_colleagues_call_may_be_kept_and_counts_for_nothing(system: System, desk: Services) -> None:
    call_id = asked(system)
    desk.calls.set_note(call_id, "Ben asked about the deposit.")
    system.say("hangup", seconds=40, **BEN)
    desk.calls.save(call_id)
    assert logged(system) == [("internal", "202", 40, "Ben asked about the deposit.")]
    assert desk.calls.day_figures().handled == 0


@pytest.mark.parametrize("is_noted", [True, False])
def test_a_call_that_a_colleague_announced_is_one_handle(system: System, desk: Services, is_noted: bool) -> None:
    call_id = asked(system)
    if is_noted:
        desk.calls.set_note(call_id, "Deposit of May.")
    system.bureau.forward(40 * SECOND)
    handed_over(system)
    (call,) = desk.calls.running()
    assert (call.direction, call.phase, call.contact_name) == ("in", "talk", "Robin Stand-in")
    system.say("hangup", seconds=20)
    desk.calls.save(call.id)
    assert logged(system) == [("in", "+13125550167", 20, "Deposit of May." if is_noted else "")]
    assert desk.calls.day_figures().handled == 1


def test_the_clients_call_may_be_told_of_after_the_colleagues_end(system: System, desk: Services) -> None:
    call_id = asked(system)
    desk.calls.set_note(call_id, "Deposit of May.")
    system.say("transfer", "202", seconds=40, target="201")
    system.say("left", "202")
    system.say("hangup", **{**BEN, "number": "", "cause": "forwarded", "came_from": "c1"})
    system.say("answer", "201", seconds=1)
    (call,) = desk.calls.running()
    assert (call.direction, call.phase, call.note) == ("in", "talk", "Deposit of May.")
