"""What a command names beside its own row must be there, be seen by the person, and belong to the right team."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from csr_desktop.commands.calls import EditInteraction, LogInteraction
from csr_desktop.commands.clients import AddClient, AddNote, AddNumber, EditClient
from csr_desktop.commands.command import Command
from csr_desktop.commands.follow_ups import AddFollowUp, CompleteFollowUp, ReassignFollowUp, ReopenFollowUp
from csr_desktop.commands.tickets import AssignTicket, EditTicket, EscalateTicket, OpenTicket
from csr_desktop.commands.work import Images
from csr_desktop.domain.errors import Refused
from csr_desktop.domain.permissions import Person
from tests.commands.rows import COLLEAGUE, CSR, LEAD, MONDAY_9, OTHER_TEAM, STRANGER, TEAM, Bureau, row


def ticket(**values: Any) -> Command:
    return OpenTicket(row_id="new", scope=TEAM, subject="s", **values)


def call(**values: Any) -> Command:
    return LogInteraction(row_id="new", scope=TEAM, started_at=1, ended_at=2, **values)


def follow_up(**values: Any) -> Command:
    return AddFollowUp(row_id="new", scope=TEAM, follow_up_kind="task", title="t", due_at=MONDAY_9, **values)


def client(**values: Any) -> Command:
    return AddClient(row_id="new", name="Mock Orchard", **values)


def edits(shape: type[EditInteraction | EditTicket | EditClient], row_id: str) -> Callable[..., Command]:
    return lambda **values: shape(row_id=row_id, changes={f: ("", value) for f, value in values.items()})


NAMED = [
    *((ticket, field) for field in ("client_id", "contact_id", "topic_id", "sla_policy_id", "calendar_id")),
    *((call, field) for field in ("client_id", "contact_id", "ticket_id", "topic_id", "disposition_id")),
    *((follow_up, field) for field in ("client_id", "contact_id", "ticket_id", "interaction_id")),
    *((client, field) for field in ("specialist_id", "calendar_id", "sla_policy_id")),
    *((edits(EditInteraction, "mine"), field) for field in ("client_id", "contact_id", "ticket_id", "topic_id")),
    *((edits(EditTicket, "ticket"), field) for field in ("client_id", "contact_id", "topic_id")),
    *((edits(EditClient, "client"), field) for field in ("specialist_id", "calendar_id")),
]


@pytest.mark.parametrize(("made", "field"), NAMED)
def test_a_row_that_is_not_there_cannot_be_named(made: Callable[..., Command], field: str) -> None:
    with pytest.raises(Refused) as refusal:
        Bureau().do(made(**{field: "any text at all"}))
    assert refusal.value.code == "unknown"


@pytest.mark.parametrize(
    "command",
    [
        call(ticket_id="theirs"),
        follow_up(ticket_id="theirs"),
        follow_up(interaction_id="their-call"),
        edits(EditInteraction, "mine")(ticket_id="theirs"),
    ],
)
def test_another_teams_row_gets_the_same_answer_as_one_that_is_not_there(command: Command) -> None:
    desk = Bureau()
    key, call_of_theirs = row("interactions", "their-call", scope=OTHER_TEAM, agent_id="stranger")
    desk.rows[key] = call_of_theirs
    with pytest.raises(Refused) as refusal:
        desk.do(command)
    assert refusal.value.code == "unknown"


def test_what_is_there_can_be_named() -> None:
    desk = Bureau()
    desk.do(ticket(client_id="client", contact_id="contact", topic_id="notice", assignee_id="colleague"))
    desk.do(
        LogInteraction(row_id="call", scope=TEAM, started_at=1, ended_at=2, ticket_id="new", disposition_id="solved")
    )
    after = AddFollowUp(row_id="f", scope=TEAM, follow_up_kind="task", title="t", due_at=5, interaction_id="call")
    desk.do(after)
    desk.do(client(specialist_id="lead", calendar_id="office", sla_policy_id="policy"))
    assert desk.rows["follow_ups", "f"]["interaction_id"] == "call"


def test_a_number_goes_to_a_person_of_its_own_client() -> None:
    desk = Bureau()
    desk.do(AddClient(row_id="other", name="Mock Orchard"))
    with pytest.raises(Refused):
        desk.do(AddNumber(row_id="new", client_id="other", contact_id="contact", raw="555-0101"))
    desk.do(AddNumber(row_id="new", client_id="client", contact_id="contact", raw="555-0101"))


GIVEN = [
    (lambda to: ticket(assignee_id=to), CSR),
    (lambda to: follow_up(assignee_id=to), CSR),
    (lambda to: AssignTicket(row_id="ticket", was_id="", becomes_id=to), LEAD),
    (lambda to: ReassignFollowUp(row_id="promise", was_id="csr", becomes_id=to), LEAD),
    (lambda to: EscalateTicket(row_id="ticket", to_id=to), CSR),
]


@pytest.mark.parametrize(("made", "who"), GIVEN)
@pytest.mark.parametrize(
    ("to", "code"),
    [("nobody", "unknown"), ("closed", "unknown"), ("stranger", "not_in_team"), ("administrator", "not_in_team")],
)
def test_work_is_given_to_people_of_the_team_alone(
    made: Callable[[str], Command], who: Person, to: str, code: str
) -> None:
    desk = Bureau()
    gone = [row("users", "closed", role="csr", is_active=0), row("memberships", "m", user_id="closed", team_id=TEAM)]
    desk.rows.update(dict(gone))
    with pytest.raises(Refused) as refusal:
        desk.do(made(to), who)
    assert refusal.value.code == code
    desk.do(made("colleague"), who)


def test_who_left_the_team_gets_no_more_of_its_work_and_keeps_what_they_had() -> None:
    desk = Bureau()
    desk.do(AssignTicket(row_id="ticket", was_id="", becomes_id="colleague"), LEAD)
    desk.rows["memberships", "of-colleague"] = {**desk.rows["memberships", "of-colleague"], "deleted": 1}
    with pytest.raises(Refused, match="does not work in this team"):
        desk.do(follow_up(assignee_id="colleague"), LEAD)
    desk.do(AssignTicket(row_id="ticket", was_id="", becomes_id="colleague"), LEAD)  # as it is already


def test_a_case_can_be_handed_up_to_a_manager() -> None:
    desk = Bureau()
    desk.do(EscalateTicket(row_id="ticket", to_id="manager"))
    assert desk.rows["tickets", "ticket"]["escalated_to_id"] == "manager"
    with pytest.raises(Refused):
        desk.do(AssignTicket(row_id="ticket", was_id="", becomes_id="manager"), LEAD)


class TestReopening:
    def done(self) -> Bureau:
        desk = Bureau()
        desk.do(CompleteFollowUp(row_id="promise", outcome="kept"), COLLEAGUE, at=MONDAY_9)
        return desk

    def test_what_was_completed_again_meanwhile_stays(self) -> None:
        desk = self.done()
        desk.do(ReopenFollowUp(row_id="promise", was_at=MONDAY_9))
        desk.do(CompleteFollowUp(row_id="promise", outcome="broken"), COLLEAGUE, at=MONDAY_9 + 9)
        with pytest.raises(Refused, match="Bob Example has completed this again"):
            desk.do(ReopenFollowUp(row_id="promise", was_at=MONDAY_9))
        assert desk.rows["follow_ups", "promise"]["outcome"] == "broken"

    def test_a_cancelled_one_is_not_reopened(self) -> None:
        desk = Bureau()
        desk.rows["follow_ups", "promise"] = {**desk.rows["follow_ups", "promise"], "state": "cancelled"}
        with pytest.raises(Refused):
            desk.do(ReopenFollowUp(row_id="promise", was_at=0))

    def test_it_is_the_teams_and_can_be_taken_back(self) -> None:
        desk = self.done()
        done: Images = dict(desk.rows)
        with pytest.raises(Refused):
            desk.do(ReopenFollowUp(row_id="promise", was_at=MONDAY_9), STRANGER)
        _, inverse, _ = desk.do(ReopenFollowUp(row_id="promise", was_at=MONDAY_9))
        assert inverse is not None
        desk.do(inverse)
        assert desk.rows == done


class TestNotes:
    def removal(self, desk: Bureau, author: Person) -> Command:
        _, inverse, _ = desk.do(AddNote(row_id="note", client_id="client", body="b"), author)
        assert inverse is not None
        return inverse

    def test_a_lead_takes_back_what_their_own_people_wrote(self) -> None:
        desk = Bureau()
        desk.do(self.removal(desk, COLLEAGUE), LEAD)
        assert desk.rows["notes", "note"]["deleted"] == 1

    def test_and_not_what_other_teams_wrote(self) -> None:
        desk = Bureau()
        with pytest.raises(Refused) as refusal:
            desk.do(self.removal(desk, STRANGER), LEAD)
        assert refusal.value.code == "not_yours"
        assert desk.rows["notes", "note"]["deleted"] == 0


@pytest.mark.parametrize(
    "command",
    [
        LogInteraction(row_id="new", scope=TEAM, started_at=1, ended_at=2),
        OpenTicket(row_id="new", scope=TEAM, subject="A sample"),
        AddFollowUp(row_id="new", scope=TEAM, follow_up_kind="task", title="A sample", due_at=1),
    ],
    ids=lambda command: type(command).__name__,
)
def test_who_became_a_manager_takes_back_no_work_of_before(command: Command) -> None:
    desk = Bureau()
    _, inverse, _ = desk.do(command)
    assert inverse is not None
    promoted = msgspec.structs.replace(CSR, role="manager", teams=frozenset())
    with pytest.raises(Refused) as refusal:
        desk.do(inverse, promoted)
    assert refusal.value.code == "read_only"
    desk.do(inverse)
