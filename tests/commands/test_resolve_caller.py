"""Whose a call becomes when its number becomes somebody's."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csr_desktop.commands.calls import ResolveCaller
from csr_desktop.commands.clients import RemoveNumber
from csr_desktop.domain.errors import Refused
from csr_desktop.domain.permissions import Person
from tests.commands.rows import COLLEAGUE, CSR, LEAD, MANAGER, OTHER_TEAM, STRANGER, Bureau, row

NUMBER = "+13125550142"
THEIRS = {"client_id": ("", "client"), "contact_id": ("", "contact")}


def bureau() -> Bureau:
    made = Bureau()
    for key, values in (
        row("contacts", "robin", client_id="client", name="Robin Stand-in"),
        row("phone_numbers", "robins", client_id="client", contact_id="robin", raw="x", e164=NUMBER),
        row("phone_numbers", "no-number", client_id="client", contact_id="contact", raw="x"),
        row("interactions", "no-caller", scope="team-one", agent_id="csr", started_at=1, ended_at=2),
        row("interactions", "elsewhere", scope=OTHER_TEAM, agent_id="stranger", number=NUMBER),
    ):
        made.rows[key] = values
    return made


def resolve(**fields: Any) -> ResolveCaller:
    return ResolveCaller(**{"row_id": "unknown", "number_id": "number", "changes": THEIRS, **fields})


def whose(desk: Bureau, call: str = "unknown") -> tuple[str, str]:
    found = desk.rows["interactions", call]
    return found["client_id"], found["contact_id"]


@pytest.mark.parametrize("who", [CSR, COLLEAGUE, LEAD])
def test_a_call_of_the_team_is_whose_number_it_came_from_whoever_logged_it(who: Person) -> None:
    desk = bureau()
    desk.do(resolve(), who)
    assert whose(desk) == ("client", "contact")


@pytest.mark.parametrize(
    ("command", "who"),
    [
        (resolve(row_id="mine"), CSR),  # from another number
        (resolve(row_id="no-caller", number_id="no-number"), CSR),  # neither has one
        (resolve(number_id="robins"), CSR),  # the number is somebody else's too, but not by this row
        (resolve(changes={"client_id": ("", "client"), "contact_id": ("", "robin")}), CSR),
        (resolve(changes={"note": ("", "other words")}), CSR),
        (resolve(row_id="elsewhere"), CSR),
        (resolve(), STRANGER),
        (resolve(), MANAGER),
    ],
)
def test_it_is_refused_where_that_is_not_so(command: ResolveCaller, who: Person) -> None:
    desk = bureau()
    before = desk.alive()
    with pytest.raises(Refused):
        desk.do(command, who)
    assert desk.alive() == before


def test_a_number_that_was_taken_away_meanwhile_says_nothing_any_more() -> None:
    desk = bureau()
    desk.do(RemoveNumber(row_id="number"))
    with pytest.raises(Refused):
        desk.do(resolve())
    assert whose(desk) == ("", "")


@given(st.lists(st.tuples(st.sampled_from(["contact", "robin"]), st.integers(1, 9)), min_size=1, max_size=6), st.data())
def test_of_all_who_say_whose_it_is_the_latest_is_right_in_whatever_order_they_come(
    said: list[tuple[str, int]], data: st.DataObject
) -> None:
    commands = [
        (
            f"c{place}",
            resolve(
                number_id={"contact": "number", "robin": "robins"}[contact],
                changes={"client_id": ("", "client"), "contact_id": ("", contact)},
                at=at,
            ),
        )
        for place, (contact, at) in enumerate(said)
    ]
    desk = bureau()
    for command_id, command in data.draw(st.permutations(commands)):
        desk.do(msgspec.structs.replace(command), COLLEAGUE, command_id=command_id)
    told = zip(commands, said, strict=True)
    latest = max((command.at, command_id, contact) for (command_id, command), (contact, _) in told)
    assert whose(desk) == ("client", latest[2])
