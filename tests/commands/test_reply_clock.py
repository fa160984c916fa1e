"""When a ticket's reply is due as its priority changes, as the client is waited for, and as any of it is taken back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csr_desktop.commands.command import Command
from csr_desktop.commands.tickets import AddMessage, ChangeTicketState, EditTicket, OpenTicket
from csr_desktop.domain import business_calendar
from tests.commands.rows import MONDAY_9, TEAM, Bureau

MINUTE, HOUR = 60_000, 3_600_000
POLICY = '{"low":[14400,28800],"normal":[3600,7200],"high":[1800,2400],"urgent":[600,900]}'
POLICY_WITHOUT_LOW = '{"normal":[3600,7200],"high":[1800,2400],"urgent":[600,900]}'
CLOCK = ("reply_due_at", "reply_clock", "reply_from_at", "reply_used_seconds")


@pytest.fixture
def desk() -> Bureau:
    made = Bureau()
    made.rows["sla_policies", "policy"] = {**made.rows["sla_policies", "policy"], "targets": POLICY}
    return made


def due(desk: Bureau) -> int:
    return int(desk.rows["tickets", "ticket"]["reply_due_at"])


def clock(desk: Bureau) -> list[Any]:
    return [desk.rows["tickets", "ticket"][field] for field in CLOCK]


def priority(was: str, becomes: str) -> Command:
    return EditTicket(row_id="ticket", changes={"priority": (was, becomes)})


def state(was: str, becomes: str) -> Command:
    return ChangeTicketState(row_id="ticket", was=was, becomes=becomes)


def test_a_new_priority_counts_the_time_that_was_used_already(desk: Bureau) -> None:
    desk.do(priority("normal", "high"), at=MONDAY_9 + 20 * MINUTE)
    assert due(desk) == MONDAY_9 + 30 * MINUTE
    desk.do(priority("high", "low"), at=MONDAY_9 + 25 * MINUTE)
    assert due(desk) == MONDAY_9 + 4 * HOUR
    desk.do(priority("low", "urgent"), at=MONDAY_9 + 26 * MINUTE)
    assert due(desk) == MONDAY_9 + 10 * MINUTE  # it is late by now


def test_a_priority_that_is_taken_back_brings_the_former_time_back(desk: Bureau) -> None:
    before = clock(desk)
    _, inverse, _ = desk.do(priority("normal", "urgent"), at=MONDAY_9 + 5 * MINUTE)
    assert due(desk) == MONDAY_9 + 10 * MINUTE
    assert inverse is not None
    desk.do(inverse, at=MONDAY_9 + 6 * MINUTE)
    assert clock(desk) == before


def without_low(desk: Bureau) -> None:
    desk.rows["sla_policies", "policy"] = {**desk.rows["sla_policies", "policy"], "targets": POLICY_WITHOUT_LOW}


@pytest.mark.parametrize("is_of_before", [False, True], ids=["now", "of_before"])
def test_under_a_priority_without_a_target_nothing_is_due_until_another_one_has_one(
    desk: Bureau, *, is_of_before: bool
) -> None:
    without_low(desk)
    if is_of_before:
        desk.rows["tickets", "ticket"] = {**desk.rows["tickets", "ticket"], "reply_clock": "", "reply_from_at": 0}
    _, inverse, _ = desk.do(priority("normal", "low"), at=MONDAY_9 + 20 * MINUTE)
    assert due(desk) == 0
    assert inverse is not None
    desk.do(inverse, at=MONDAY_9 + 22 * MINUTE)
    assert due(desk) == MONDAY_9 + HOUR
    desk.do(priority("normal", "low"), at=MONDAY_9 + 23 * MINUTE)
    desk.do(priority("low", "high"), at=MONDAY_9 + 25 * MINUTE)
    assert due(desk) == MONDAY_9 + 30 * MINUTE


def test_without_a_target_waiting_takes_nothing_and_a_message_starts_nothing_anew(desk: Bureau) -> None:
    without_low(desk)
    desk.do(priority("normal", "low"), at=MONDAY_9 + 10 * MINUTE)
    desk.do(state("open", "waiting"), at=MONDAY_9 + 20 * MINUTE)
    desk.do(state("waiting", "open"), at=MONDAY_9 + 2 * HOUR)
    said = AddMessage(row_id="m", ticket_id="ticket", message_kind="inbound", body="Any news?")
    desk.do(said, at=MONDAY_9 + 2 * HOUR + 10 * MINUTE)
    assert due(desk) == 0
    desk.do(priority("low", "normal"), at=MONDAY_9 + 2 * HOUR + 15 * MINUTE)
    assert due(desk) == MONDAY_9 + 2 * HOUR + 40 * MINUTE


def test_a_ticket_opened_without_a_target_is_due_when_its_priority_gets_one(desk: Bureau) -> None:
    without_low(desk)
    new = OpenTicket(
        row_id="new", scope=TEAM, subject="s", priority="low", sla_policy_id="policy", calendar_id="office"
    )
    desk.do(new, at=MONDAY_9)
    assert desk.rows["tickets", "new"]["reply_due_at"] == 0
    raised = EditTicket(row_id="new", changes={"priority": ("low", "urgent")})
    desk.do(raised, at=MONDAY_9 + 4 * MINUTE)
    assert desk.rows["tickets", "new"]["reply_due_at"] == MONDAY_9 + 10 * MINUTE


def test_waiting_for_the_client_takes_nothing_of_the_time(desk: Bureau) -> None:
    desk.do(state("open", "waiting"), at=MONDAY_9 + 20 * MINUTE)
    assert due(desk) == 0
    desk.do(state("waiting", "open"), at=MONDAY_9 + 5 * HOUR)
    assert due(desk) == MONDAY_9 + 5 * HOUR + 40 * MINUTE
    desk.do(state("open", "waiting"), at=MONDAY_9 + 5 * HOUR + 30 * MINUTE)
    desk.do(state("waiting", "open"), at=MONDAY_9 + 24 * HOUR)
    assert due(desk) == MONDAY_9 + 24 * HOUR + 10 * MINUTE


def test_a_priority_changed_while_waiting_holds_when_it_goes_on(desk: Bureau) -> None:
    desk.do(state("open", "waiting"), at=MONDAY_9 + 20 * MINUTE)
    desk.do(priority("normal", "high"), at=MONDAY_9 + HOUR)
    assert due(desk) == 0
    desk.do(state("waiting", "open"), at=MONDAY_9 + 2 * HOUR)
    assert due(desk) == MONDAY_9 + 2 * HOUR + 10 * MINUTE


def test_a_late_ticket_is_due_at_once_when_it_goes_on(desk: Bureau) -> None:
    desk.do(state("open", "waiting"), at=MONDAY_9 + 3 * HOUR)
    desk.do(state("waiting", "open"), at=MONDAY_9 + 6 * HOUR)
    assert due(desk) == MONDAY_9 + 6 * HOUR


def test_who_was_answered_is_owed_nothing_when_the_ticket_is_open_again(desk: Bureau) -> None:
    desk.do(AddMessage(row_id="r", ticket_id="ticket", message_kind="reply", body="b"), at=MONDAY_9 + MINUTE)
    desk.do(state("open", "waiting"), at=MONDAY_9 + 2 * MINUTE)
    desk.do(state("waiting", "open"), at=MONDAY_9 + HOUR)
    assert clock(desk) == [0, "", 0, 0]


def test_the_clients_answer_ends_the_pause(desk: Bureau) -> None:
    desk.do(state("open", "waiting"), at=MONDAY_9 + 20 * MINUTE)
    said = AddMessage(row_id="m", ticket_id="ticket", message_kind="inbound", body="Here it is.")
    _, inverse, _ = desk.do(said, at=MONDAY_9 + 2 * HOUR)
    assert due(desk) == MONDAY_9 + 2 * HOUR + 40 * MINUTE
    desk.do(state("waiting", "open"), at=MONDAY_9 + 2 * HOUR + 5 * MINUTE)
    assert due(desk) == MONDAY_9 + 2 * HOUR + 40 * MINUTE
    assert inverse is not None
    desk.do(inverse, at=MONDAY_9 + 3 * HOUR)
    assert due(desk) == 0


def test_a_ticket_of_before_goes_on_from_when_it_is_due(desk: Bureau) -> None:
    old = {"reply_clock": "", "reply_from_at": 0}
    desk.rows["tickets", "ticket"] = {**desk.rows["tickets", "ticket"], **old}
    _, inverse, _ = desk.do(priority("normal", "high"), at=MONDAY_9 + 20 * MINUTE)
    assert due(desk) == MONDAY_9 + 30 * MINUTE
    assert inverse is not None
    desk.do(inverse, at=MONDAY_9 + 21 * MINUTE)
    assert due(desk) == MONDAY_9 + HOUR
    desk.rows["tickets", "ticket"] = {**desk.rows["tickets", "ticket"], **old}
    desk.do(state("open", "waiting"), at=MONDAY_9 + 20 * MINUTE)
    desk.do(state("waiting", "open"), at=MONDAY_9 + 2 * HOUR)
    assert due(desk) == MONDAY_9 + 2 * HOUR + 40 * MINUTE


def test_a_reply_taken_back_after_the_priority_changed_is_due_by_the_new_one(desk: Bureau) -> None:
    reply = AddMessage(row_id="r", ticket_id="ticket", message_kind="reply", body="b")
    _, inverse, _ = desk.do(reply, at=MONDAY_9 + MINUTE)
    desk.do(priority("normal", "high"), at=MONDAY_9 + 2 * MINUTE)
    assert inverse is not None
    desk.do(inverse, at=MONDAY_9 + 3 * MINUTE)
    assert due(desk) == MONDAY_9 + 30 * MINUTE


@given(st.data())
def test_whatever_is_done_and_taken_back_at_once_leaves_the_ticket_as_it_was(data: st.DataObject) -> None:
    desk = Bureau()
    targets = data.draw(st.sampled_from([POLICY, POLICY_WITHOUT_LOW]))
    desk.rows["sla_policies", "policy"] = {**desk.rows["sla_policies", "policy"], "targets": targets}
    at = MONDAY_9
    for number in range(data.draw(st.integers(1, 6))):
        at += data.draw(st.sampled_from([MINUTE, 17 * MINUTE, 3 * HOUR, 20 * HOUR]))
        row = desk.rows["tickets", "ticket"]
        becomes = data.draw(st.sampled_from(["open", "waiting", "resolved"]))
        command: Command = data.draw(
            st.sampled_from(
                [
                    priority(row["priority"], data.draw(st.sampled_from(["low", "high", "urgent", "normal"]))),
                    state(row["state"], becomes),
                    AddMessage(row_id=f"m{number}", ticket_id="ticket", message_kind="reply", body="b"),
                    AddMessage(row_id=f"m{number}", ticket_id="ticket", message_kind="inbound", body="b"),
                ]
            )
        )
        before = desk.alive()
        _, inverse, _ = desk.do(command, at=at)
        if inverse is not None and data.draw(st.booleans()):
            desk.do(inverse, at=at + 1)
            assert desk.alive() == before
        row = desk.rows["tickets", "ticket"]
        has_target = f'"{row["priority"]}"' in targets
        assert bool(row["reply_due_at"]) == (bool(row["reply_from_at"]) and has_target)
        if row["reply_due_at"]:
            hours = business_calendar.decode(desk.rows["calendars", "office"]["body"])
            given_seconds = hours.open_between(row["reply_from_at"], row["reply_due_at"]) + row["reply_used_seconds"]
            assert given_seconds >= 600
