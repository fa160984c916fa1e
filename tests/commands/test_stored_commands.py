"""What was stored by the first version of each command is still read: by a server's log, and by files that wait."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from csr_desktop.commands import catalogue, every
from csr_desktop.commands.follow_ups import CompleteFollowUp, ReopenFollowUp
from tests.commands.rows import COLLEAGUE, MONDAY_9, Bureau

FIRST_SHAPES: list[dict[str, Any]] = [
    {"kind": "LogInteraction", "row_id": "x", "scope": "x", "started_at": 1, "ended_at": 1},
    {"kind": "EditInteraction", "row_id": "x", "changes": {"title": ["was", "becomes"]}},
    {"kind": "ReturnMissedCall", "row_id": "x"},
    {"kind": "OpenTicket", "row_id": "x", "scope": "x", "subject": "x"},
    {"kind": "AddMessage", "row_id": "x", "ticket_id": "x", "message_kind": "x", "body": "x"},
    {"kind": "EditTicket", "row_id": "x", "changes": {"title": ["was", "becomes"]}},
    {"kind": "AssignTicket", "row_id": "x", "was_id": "x", "becomes_id": "x"},
    {"kind": "ChangeTicketState", "row_id": "x", "was": "x", "becomes": "x"},
    {"kind": "EscalateTicket", "row_id": "x", "to_id": "x"},
    {"kind": "AddFollowUp", "row_id": "x", "scope": "x", "follow_up_kind": "x", "title": "x", "due_at": 1},
    {"kind": "CompleteFollowUp", "row_id": "x", "outcome": "x"},
    {"kind": "ReopenFollowUp", "row_id": "x"},
    {"kind": "SnoozeFollowUp", "row_id": "x", "until_at": 1},
    {"kind": "RenegotiateFollowUp", "row_id": "x", "was_at": 1, "becomes_at": 1},
    {"kind": "ReassignFollowUp", "row_id": "x", "was_id": "x", "becomes_id": "x"},
    {"kind": "EditFollowUp", "row_id": "x", "changes": {"title": ["was", "becomes"]}},
    {"kind": "AddClient", "row_id": "x", "name": "x"},
    {"kind": "EditClient", "row_id": "x", "changes": {"title": ["was", "becomes"]}},
    {"kind": "AddContact", "row_id": "x", "client_id": "x", "name": "x"},
    {"kind": "EditContact", "row_id": "x", "changes": {"title": ["was", "becomes"]}},
    {"kind": "AddNumber", "row_id": "x", "client_id": "x", "raw": "x"},
    {"kind": "RemoveNumber", "row_id": "x"},
    {"kind": "AddNote", "row_id": "x", "client_id": "x", "body": "x"},
    {"kind": "AddUser", "row_id": "x", "name": "x", "login": "x", "role": "x"},
    {"kind": "EditUser", "row_id": "x", "changes": {"title": ["was", "becomes"]}},
    {"kind": "AddTeam", "row_id": "x", "name": "x"},
    {"kind": "AddMembership", "row_id": "x", "user_id": "x", "team_id": "x"},
    {"kind": "RemoveMembership", "row_id": "x"},
    {"kind": "AddOrganisation", "row_id": "x", "name": "x"},
    {"kind": "AddCalendar", "row_id": "x", "name": "x", "body": "x"},
    {"kind": "AddSlaPolicy", "row_id": "x", "name": "x", "calendar_id": "x", "targets": "x"},
    {"kind": "AddTopic", "row_id": "x", "name": "x"},
    {"kind": "AddDisposition", "row_id": "x", "name": "x"},
    {"kind": "ResolveCaller", "row_id": "x", "number_id": "x", "changes": {"title": ["was", "becomes"]}},
    {"kind": "AddScript", "row_id": "x", "topic_id": "x", "title": "x", "steps": "x"},
    {"kind": "EditScript", "row_id": "x", "changes": {"title": ["was", "becomes"]}},
    {"kind": "EditOrganisation", "row_id": "x", "changes": {"title": ["was", "becomes"]}},
    {"kind": "AddAttachment", "row_id": "x", "name": "x", "size": 1, "sha256": "x"},
    {"kind": "RemoveAttachment", "row_id": "x"},
    {
        "kind": "AddVerification",
        "row_id": "x",
        "scope": "x",
        "client_id": "x",
        "contact_id": "x",
        "asked": [["pin", True, 1]],
    },
    {"kind": "CallBackKnownNumber", "row_id": "x", "number_id": "x"},
    {"kind": "ApproveVerification", "row_id": "x"},
    {"kind": "NameRequest", "row_id": "x", "was": "", "becomes": "x"},
    {"kind": "AddVerificationRule", "row_id": "x", "factors": "pin", "required_count": 1},
    {"kind": "EditVerificationRule", "row_id": "x", "changes": {"factors": ["was", "becomes"]}},
    {"kind": "RemoveVerificationRule", "row_id": "x"},
    {"kind": "AddSavedFilter", "row_id": "x", "name": "x", "body": "{}"},
    {"kind": "EditSavedFilter", "row_id": "x", "changes": {"name": ["was", "becomes"]}},
    {"kind": "RemoveSavedFilter", "row_id": "x"},
    {"kind": "NameRecording", "row_id": "x", "recording": "x"},
    {"kind": "JoinCalls", "row_id": "x"},
]
"""Of each command, what it had to say when it was first stored. A field that came later has a default."""


def test_the_first_shape_of_each_command_is_known_here() -> None:
    assert {shape["kind"] for shape in FIRST_SHAPES} == {kind.__name__ for kind in every.Any_.__args__}


@pytest.mark.parametrize("shape", FIRST_SHAPES, ids=lambda shape: shape["kind"])
def test_a_command_of_the_first_shape_is_read(shape: dict[str, Any]) -> None:
    command = catalogue.decode(msgspec.msgpack.encode(shape))
    assert type(command).__name__ == shape["kind"]


def test_reopening_without_saying_which_completion_reopens_it_whoever_completed_it() -> None:
    desk = Bureau()
    before = desk.alive()
    desk.do(CompleteFollowUp(row_id="promise", outcome="kept"), COLLEAGUE, at=MONDAY_9)
    stored = msgspec.msgpack.encode({"kind": "ReopenFollowUp", "row_id": "promise"})
    reopening = catalogue.decode(stored)
    assert isinstance(reopening, ReopenFollowUp)
    desk.do(reopening)
    assert desk.alive() == before
