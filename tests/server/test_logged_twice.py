"""Two workstations without the network log one call and sync later: one waits, whoever comes first, and each who spoke
keeps a handle.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from csr_desktop.commands.calls import LogInteraction, ReturnMissedCall
from csr_desktop.commands.command import Command
from csr_desktop.server.app import Parts
from csr_desktop.system.clock import wall_clock
from tests.server.desk import Clock, Desk, new_id
from tests.server.phones import E164, PhoneSite, interactions, until

Stations = Callable[[str], Desk]
Look = Callable[[], object]
SECOND = 1000
REFERENCE = "pbx call-1"


@pytest.fixture
def team(still: Stations) -> tuple[Desk, Desk]:
    return still("ada").begin(), still("bob").begin()


@pytest.fixture
def look(parts: Parts) -> Look:
    """What the server does twice a second by itself."""
    return parts.exchange.join_calls


def call(desk: Desk, clock: Callable[[], int], seconds: int = 0, **fields: Any) -> LogInteraction:
    """One that began an hour ago and so many seconds."""
    began_at = clock() - 3600 * SECOND + seconds * SECOND
    usual: dict[str, Any] = {"scope": desk.pull().rights.teams[0], "result": "missed", "number": E164}
    usual |= {"started_at": began_at, "ended_at": began_at + 12 * SECOND}
    return LogInteraction(row_id=new_id(), **usual | fields)


def bring(desk: Desk, *commands: Command) -> None:
    """What waited in its outbox; nothing of it is refused."""
    desk.push(*(desk.stamp(command) for command in commands))
    assert [answer.reason for answer in desk.pull().answers if answer.status == "refused"] == []


def left(desk: Desk) -> list[tuple[str, str]]:
    """Result, and who called back."""
    names = {desk.user_id: "I", "": ""}
    return sorted((row["result"], names.get(row["called_back_by_id"], "other")) for row in interactions(desk))


@pytest.mark.parametrize("seconds", [0, 1, -14])
@pytest.mark.parametrize("reference", ["", REFERENCE])
def test_a_call_that_both_missed_waits_once(
    team: tuple[Desk, Desk], clock: Clock, look: Look, seconds: int, reference: str
) -> None:
    ada, bob = team
    bring(ada, call(ada, clock, call_reference=reference))
    look()
    bring(bob, call(bob, clock, seconds, call_reference=reference))
    look()
    assert left(ada) == left(bob) == [("missed", "")]


@pytest.mark.parametrize("is_answered_first", [True, False])
@pytest.mark.parametrize("reference", ["", REFERENCE])
def test_what_one_of_them_answered_the_other_has_not_missed(
    team: tuple[Desk, Desk], clock: Clock, look: Look, is_answered_first: bool, reference: str
) -> None:
    ada, bob = team
    answered = call(ada, clock, result="handled", talk_seconds=10, call_reference=reference)
    missed = call(bob, clock, 1, call_reference=reference)
    brought = [(ada, answered), (bob, missed)]
    for desk, command in brought if is_answered_first else reversed(brought):
        bring(desk, command)
        look()
    assert left(ada) == [("handled", "")]


def test_a_transferred_call_is_a_handle_of_each_and_one_call(team: tuple[Desk, Desk], clock: Clock, look: Look) -> None:
    ada, bob = team
    for desk, seconds in ((ada, 0), (bob, 40)):
        bring(desk, call(desk, clock, seconds, result="handled", talk_seconds=9, call_reference=REFERENCE))
    look()
    rows = interactions(ada)
    assert {row["agent_id"] for row in rows} == {ada.user_id, bob.user_id}
    assert [row["call_reference"] for row in rows] == [REFERENCE] * 2


@pytest.mark.parametrize("looks", list(itertools.product([True, False], repeat=2)))
@pytest.mark.parametrize("order", ["mrc", "mcr", "cmr"])
def test_who_called_back_did_for_the_other_too(
    team: tuple[Desk, Desk], clock: Clock, look: Look, order: str, looks: tuple[bool, bool]
) -> None:
    """Without the network as well, and in however many messages it comes."""
    ada, bob = team
    mine, colleagues = call(bob, clock, 1), call(ada, clock)
    brought: dict[str, tuple[Desk, Command]] = {
        "m": (bob, mine),
        "r": (bob, ReturnMissedCall(row_id=mine.row_id)),
        "c": (ada, colleagues),
    }
    for step, does_look in zip(order, (*looks, True), strict=True):
        bring(brought[step][0], brought[step][1])
        if does_look:
            look()
    assert left(bob) == [("missed", "I")]


def test_what_somebody_noted_stays_and_the_bare_row_goes(team: tuple[Desk, Desk], clock: Clock, look: Look) -> None:
    ada, bob = team
    bring(ada, call(ada, clock))
    bring(bob, call(bob, clock, note="Asks about form 941"))
    look()
    assert [row["note"] for row in interactions(ada)] == ["Asks about form 941"]
    noted = call(ada, clock, note="Wants Lee")
    bring(ada, noted)
    look()
    assert len(interactions(ada)) == 2, "nobody's words are thrown away"
    bring(ada, ReturnMissedCall(row_id=noted.row_id))
    look()
    assert left(ada) == [("missed", "I")] * 2


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {"number": "+12025550199"}),
        ({}, {"seconds": 16}),
        ({"number": "anonymous"}, {"number": "anonymous"}),
        ({}, {"channel": "voicemail"}),
        ({"call_reference": "pbx call-2"}, {"call_reference": "pbx call-3"}),
        ({}, {"direction": "out", "result": "no_answer"}),
        ({"result": "handled", "seconds": -10}, {"seconds": 3}),
    ],
    ids=str,
)
def test_other_calls_stay(
    team: tuple[Desk, Desk], clock: Clock, look: Look, first: dict[str, Any], second: dict[str, Any]
) -> None:
    """The last: who hung up on one and dialled the other called twice."""
    ada, bob = team
    bring(ada, call(ada, clock, **first))
    bring(bob, call(bob, clock, **second))
    look()
    assert len(interactions(ada)) == 2
    assert not any(row["called_back_at"] for row in interactions(ada))


def test_another_team_takes_no_missed_call_away(still: Stations, clock: Clock, look: Look) -> None:
    ada, cy = still("ada").begin(), still("cy").begin()
    bring(ada, call(ada, clock, call_reference=REFERENCE))
    bring(cy, call(cy, clock, result="handled", call_reference=REFERENCE))
    look()
    assert left(ada) == [("missed", "")]
    assert left(cy) == [("handled", "")]


def test_in_any_order_of_three_it_waits_once_on_either_database(phone_site: PhoneSite) -> None:
    """As a running server does it by itself."""
    desks = [phone_site.desk(login) for login in ("ada", "bob", "lea")]
    for turn, order in enumerate(itertools.permutations(range(3))):
        for place in order:
            bring(desks[place], call(desks[place], wall_clock, place, number=f"+1202555010{turn}"))
    until(lambda: len(interactions(desks[0])) == 6)
    assert len({row["number"] for row in interactions(desks[0])}) == 6
