"""What holds for each command there is: undo restores the rows, a repeat changes nothing, strangers are refused alike."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csr_desktop.commands import (
    administration,
    attachments,
    calls,
    catalogue,
    clients,
    follow_ups,
    saved_filters,
    tickets,
    verifications,
)
from csr_desktop.commands.command import Command
from csr_desktop.commands.every import Any_
from csr_desktop.domain.errors import Refused
from csr_desktop.domain.permissions import Person
from tests.commands.rows import (
    ADMINISTRATOR,
    COLLEAGUE,
    CSR,
    LEAD,
    MANAGER,
    MONDAY_9,
    SERVER_ACCOUNT,
    STRANGER,
    TEAM,
    Bureau,
    bureau,
)

HOUR = 3_600_000
OFFICE = bureau()["calendars", "office"]["body"]
EXAMPLES: list[tuple[Command, Person]] = [
    (
        calls.LogInteraction(
            row_id="new", scope=TEAM, client_id="client", started_at=1, ended_at=9, talk_seconds=8, note="n"
        ),
        CSR,
    ),
    (calls.EditInteraction(row_id="mine", changes={"note": ("as it was", "as it is")}), CSR),
    (
        calls.ResolveCaller(
            row_id="unknown", number_id="number", changes={"client_id": ("", "client"), "contact_id": ("", "contact")}
        ),
        COLLEAGUE,
    ),
    (calls.ReturnMissedCall(row_id="missed"), CSR),
    (calls.NameRecording(row_id="mine", recording="https://pbx.example/r/1.wav"), SERVER_ACCOUNT),
    (calls.JoinCalls(row_id="missed"), SERVER_ACCOUNT),
    (
        tickets.OpenTicket(
            row_id="new", scope=TEAM, subject="s", client_id="client", sla_policy_id="policy", calendar_id="office"
        ),
        CSR,
    ),
    (tickets.AddMessage(row_id="new", ticket_id="ticket", message_kind="reply", body="We look into it."), CSR),
    (tickets.AddMessage(row_id="new", ticket_id="ticket", message_kind="note", body="Look at the holiday first."), CSR),
    (tickets.AddMessage(row_id="new", ticket_id="ticket", message_kind="inbound", body="Any news?"), CSR),
    (
        tickets.EditTicket(
            row_id="ticket", changes={"priority": ("normal", "high"), "subject": ("Tax notice", "Late deposit")}
        ),
        CSR,
    ),
    (tickets.AssignTicket(row_id="ticket", was_id="", becomes_id="csr"), CSR),
    (tickets.AssignTicket(row_id="ticket", was_id="", becomes_id="colleague"), LEAD),
    *(
        (tickets.ChangeTicketState(row_id="ticket", was="open", becomes=b), CSR)
        for b in ("waiting", "resolved", "closed")
    ),
    (tickets.EscalateTicket(row_id="ticket", to_id="lead", reason="Third time"), CSR),
    (follow_ups.AddFollowUp(row_id="new", scope=TEAM, follow_up_kind="promise", title="Call", due_at=MONDAY_9), CSR),
    (follow_ups.CompleteFollowUp(row_id="promise", outcome="kept", outcome_note="on time"), CSR),
    (follow_ups.SnoozeFollowUp(row_id="promise", until_at=MONDAY_9 + HOUR), CSR),
    (
        follow_ups.RenegotiateFollowUp(
            row_id="promise", was_at=MONDAY_9 + 2 * HOUR, becomes_at=MONDAY_9 + 9 * HOUR, reason="bank"
        ),
        CSR,
    ),
    (follow_ups.ReassignFollowUp(row_id="promise", was_id="csr", becomes_id="colleague"), CSR),
    (follow_ups.EditFollowUp(row_id="promise", changes={"title": ("Call Dana", "Call Dana back")}), CSR),
    (attachments.AddAttachment(row_id="new", ticket_id="ticket", name="form.pdf", size=9, sha256="a" * 64), CSR),
    (attachments.AddAttachment(row_id="new", interaction_id="mine", name="form.pdf", size=9, sha256="a" * 64), CSR),
    (attachments.RemoveAttachment(row_id="file"), CSR),
    (
        verifications.AddVerification(
            row_id="new",
            scope=TEAM,
            client_id="client",
            contact_id="contact",
            asked=(("company_id", True, MONDAY_9), ("pay_total", False, MONDAY_9)),
            ticket_id="bank",
            request_kind="bank_change",
        ),
        CSR,
    ),
    (verifications.CallBackKnownNumber(row_id="shown", number_id="number"), CSR),
    (verifications.ApproveVerification(row_id="shown"), LEAD),
    (tickets.NameRequest(row_id="ticket", was="", becomes="refund"), CSR),
    (saved_filters.AddSavedFilter(row_id="new", name="Tax", words="notice", body='{"topic_id":"notice"}'), CSR),
    (saved_filters.AddSavedFilter(row_id="new", name="Ours", body="{}"), ADMINISTRATOR),
    (saved_filters.EditSavedFilter(row_id="filter", changes={"name": ("Missed", "Not answered")}), CSR),
    (saved_filters.RemoveSavedFilter(row_id="filter"), CSR),
    (clients.AddClient(row_id="new", name="Mock Orchard", city="Yakima"), CSR),
    (clients.EditClient(row_id="client", changes={"city": ("Chicago", "Tulsa"), "tier": ("", "gold")}), CSR),
    (clients.AddContact(row_id="new", client_id="client", name="Robin Stand-in"), CSR),
    (clients.EditContact(row_id="contact", changes={"is_active": (1, 0)}), CSR),
    (clients.AddNumber(row_id="new", client_id="client", raw="555-0101"), CSR),
    (clients.RemoveNumber(row_id="number"), CSR),
    (clients.AddNote(row_id="new", client_id="client", body="Ask for the shop name first."), CSR),
    (administration.AddUser(row_id="new", name="N", login="n", role="csr"), ADMINISTRATOR),
    (administration.EditUser(row_id="csr", changes={"role": ("csr", "lead")}), ADMINISTRATOR),
    (administration.AddTeam(row_id="new", name="Team three"), ADMINISTRATOR),
    (administration.AddMembership(row_id="new", user_id="csr", team_id="team-two"), ADMINISTRATOR),
    (administration.RemoveMembership(row_id="membership"), ADMINISTRATOR),
    (administration.AddOrganisation(row_id="new", name="Demo Bureau"), ADMINISTRATOR),
    (administration.AddCalendar(row_id="new", name="c", body=OFFICE), ADMINISTRATOR),
    (
        administration.AddSlaPolicy(row_id="new", name="p", calendar_id="office", targets='{"normal":[60,90]}'),
        ADMINISTRATOR,
    ),
    (
        administration.AddVerificationRule(
            row_id="new", factors="company_id,pin", required_count=1, client_id="client"
        ),
        ADMINISTRATOR,
    ),
    (administration.EditVerificationRule(row_id="rule", changes={"required_count": (2, 1)}), ADMINISTRATOR),
    (administration.RemoveVerificationRule(row_id="rule"), ADMINISTRATOR),
    (administration.AddTopic(row_id="new", name="Payroll tax"), ADMINISTRATOR),
    (administration.AddDisposition(row_id="new", name="Resolved", is_resolution=1), ADMINISTRATOR),
    (administration.AddScript(row_id="new", topic_id="notice", title="Notices", steps='["Ask for the date"]'), MANAGER),
    (administration.EditScript(row_id="script", changes={"title": ("Late deposits", "Deposits")}), MANAGER),
    (
        administration.EditOrganisation(
            row_id="organisation",
            changes={"wrap_up_limit_seconds": (0, 120), "wrap_up_disposition_id": ("", "solved")},
        ),
        MANAGER,
    ),
]
NAMES = [f"{type(c).__name__}-{n}" for n, (c, _) in enumerate(EXAMPLES)]
every = pytest.mark.parametrize(("command", "who"), EXAMPLES, ids=NAMES)
OPEN_TO_ALL = (clients.AddClient, clients.EditClient, clients.AddContact, clients.EditContact, clients.AddNumber,
               clients.RemoveNumber, clients.AddNote, saved_filters.AddSavedFilter)  # fmt: skip

POLICIES = (administration.AddSlaPolicy, administration.AddVerificationRule, administration.EditVerificationRule,
            administration.RemoveVerificationRule, administration.AddScript, administration.EditScript,
            administration.EditOrganisation)  # fmt: skip


def test_each_command_of_the_catalogue_is_tried_here() -> None:
    tried = {type(command) for command, _ in EXAMPLES}
    known = set(Any_.__args__)
    assert known - tried == {follow_ups.ReopenFollowUp}  # it has a test of its own


@every
def test_undo_restores_what_a_person_sees(command: Command, who: Person) -> None:
    desk = Bureau()
    before = desk.alive()
    _, inverse, _ = desk.do(command, who)
    assert desk.alive() != before
    assert inverse is not None
    desk.do(inverse, who)
    assert desk.alive() == before


@every
def test_undo_of_an_undo_does_it_again(command: Command, who: Person) -> None:
    desk = Bureau()
    _, inverse, _ = desk.do(command, who, at=MONDAY_9 + 5)
    assert inverse is not None
    done = {k: v for k, v in desk.alive().items() if k[0] not in {"messages", "changes"}}
    _, again, _ = desk.do(inverse, who, at=MONDAY_9 + 6)
    assert again is not None
    desk.do(again, who, at=MONDAY_9 + 7)
    assert {k: v for k, v in desk.alive().items() if k[0] not in {"messages", "changes"}} == done


@every
def test_a_desk_without_history_predicts_the_same_undo(command: Command, who: Person) -> None:
    desk = Bureau(with_history=False)
    before = desk.alive()
    _, inverse, _ = desk.do(command, who)
    assert inverse is not None
    desk.do(inverse, who)
    assert desk.alive() == before


@every
def test_running_twice_changes_nothing_more(command: Command, who: Person) -> None:
    desk = Bureau()
    ready, _, _ = desk.do(command, who, at=MONDAY_9 + 5)
    after = desk.alive()
    work = desk.work()
    work.mark()
    ready.permit(who, work)
    ready.run(work)
    assert not work.dirty()
    assert desk.alive() == after


@every
def test_its_bytes_come_back_the_same(command: Command, who: Person) -> None:
    ready, inverse, _ = Bureau().do(command, who)
    assert catalogue.decode(catalogue.encode(ready)) == ready
    assert inverse is not None
    assert catalogue.decode_all(catalogue.encode_all([inverse])) == [inverse]


@pytest.mark.parametrize(
    ("command", "who_else"),
    [
        (command, who_else)
        for who_else in (STRANGER, MANAGER)
        for command, _ in EXAMPLES
        if not isinstance(command, OPEN_TO_ALL)
        and not (who_else is MANAGER and isinstance(command, POLICIES))  # policies are theirs, too
    ],
)
def test_others_may_not(command: Command, who_else: Person) -> None:
    desk = Bureau()
    before = desk.alive()
    with pytest.raises(Refused) as refusal:
        desk.do(command, who_else)
    assert desk.alive() == before
    assert refusal.value.title.endswith(".")


@every
def test_keys_name_every_row_it_touches(command: Command, who: Person) -> None:
    """What a command changes is loaded, and on the server locked, before it runs."""
    desk = Bureau()
    ready, _, _ = desk.do(command, who)
    fresh = Bureau()
    work = fresh.work()
    ready.permit(who, work)
    work.mark()
    ready.run(work)
    assert set(work.touched()) <= set(ready.keys())


def test_an_unknown_id_and_another_teams_get_the_same_answer() -> None:
    answers = []
    for row_id in ("theirs", "nowhere"):
        with pytest.raises(Refused) as refusal:
            Bureau().do(tickets.ChangeTicketState(row_id=row_id, was="open", becomes="closed"))
        answers.append((refusal.value.code, str(refusal.value)))
    assert answers[0] == answers[1]


@given(st.data())
def test_a_field_is_its_latest_edit_not_taken_back_in_whatever_order(data: st.DataObject) -> None:
    times = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=5))
    edits = [(f"e{n}", at, f"city {n}") for n, at in enumerate(times)]
    withdrawn = data.draw(st.sets(st.sampled_from([e[0] for e in edits])))
    desk = Bureau()
    steps = [*edits]
    for command_id, at, city in data.draw(st.permutations(steps)):
        edit = clients.EditClient(row_id="client", changes={"city": ("whatever", city)}, at=at)
        desk.do(edit, command_id=command_id)
    for number, command_id in enumerate(data.draw(st.permutations(sorted(withdrawn)))):
        city = next(c for i, _, c in edits if i == command_id)
        back = clients.EditClient(row_id="client", changes={"city": (city, "Chicago")}, undoes=command_id)
        desk.do(back, command_id=f"undo-{number}")
    left = [(at, command_id, city) for command_id, at, city in edits if command_id not in withdrawn]
    assert desk.rows["clients", "client"]["city"] == (max(left)[2] if left else "Chicago")


@pytest.mark.parametrize("zone", ["Nowhere/Nix", "posixrules", "america/chicago", "../../etc/passwd"])
def test_a_client_gets_no_time_zone_that_a_colleagues_desk_may_not_know(zone: str) -> None:
    schedule = f'{{"frequency":"monthly","time_zone":"{zone}","pay_days":[1]}}'
    for field, value in (("time_zone", zone), ("pay_schedule", schedule)):
        desk = Bureau()
        before = desk.alive()
        with pytest.raises(Refused):
            desk.do(clients.EditClient(row_id="client", changes={field: ("", value)}))
        with pytest.raises(Refused):
            desk.do(msgspec.structs.replace(clients.AddClient(row_id="added", name="Sample"), **{field: value}))
        assert desk.alive() == before


def test_reopening_a_follow_up() -> None:
    desk = Bureau()
    before = desk.alive()
    desk.do(follow_ups.CompleteFollowUp(row_id="promise", outcome="kept"), at=MONDAY_9)
    desk.do(follow_ups.ReopenFollowUp(row_id="promise", was_at=MONDAY_9))
    assert desk.alive() == before


class TestTickets:
    def test_a_colleague_took_it_first(self) -> None:
        desk = Bureau()
        desk.do(tickets.AssignTicket(row_id="ticket", was_id="", becomes_id="colleague"), COLLEAGUE)
        with pytest.raises(Refused, match="Bob Example has this ticket now"):
            desk.do(tickets.AssignTicket(row_id="ticket", was_id="", becomes_id="csr"), CSR)

    def test_a_colleagues_ticket_is_moved_by_the_lead_only(self) -> None:
        desk = Bureau()
        desk.do(tickets.AssignTicket(row_id="ticket", was_id="", becomes_id="colleague"), COLLEAGUE)
        move = tickets.AssignTicket(row_id="ticket", was_id="colleague", becomes_id="csr")
        with pytest.raises(Refused):
            desk.do(move, CSR)
        desk.do(move, LEAD)
        assert desk.rows["tickets", "ticket"]["assignee_id"] == "csr"

    def test_the_first_reply_is_due_in_open_time(self) -> None:
        desk = Bureau()
        friday_16_30 = MONDAY_9 + 4 * 24 * HOUR + 7 * HOUR + HOUR // 2
        new = tickets.OpenTicket(row_id="new", scope=TEAM, subject="s", sla_policy_id="policy", calendar_id="office")
        desk.do(new, at=friday_16_30)
        assert desk.rows["tickets", "new"]["reply_due_at"] == MONDAY_9 + 7 * 24 * HOUR + HOUR // 2

    def test_a_reopened_one_owes_a_reply_from_now_not_from_its_birth(self) -> None:
        desk = Bureau()
        desk.do(tickets.ChangeTicketState(row_id="ticket", was="open", becomes="resolved"))
        assert desk.rows["tickets", "ticket"]["reply_due_at"] == 0
        tuesday = MONDAY_9 + 24 * HOUR
        desk.do(tickets.ChangeTicketState(row_id="ticket", was="resolved", becomes="open"), at=tuesday)
        assert desk.rows["tickets", "ticket"]["reply_due_at"] == tuesday + 2 * HOUR

    def test_the_first_reply_is_remembered_and_a_note_is_none(self) -> None:
        desk = Bureau()
        desk.do(tickets.AddMessage(row_id="n", ticket_id="ticket", message_kind="note", body="b"), at=MONDAY_9 + 5)
        assert desk.rows["tickets", "ticket"]["first_replied_at"] == 0
        desk.do(tickets.AddMessage(row_id="r1", ticket_id="ticket", message_kind="reply", body="b"), at=MONDAY_9 + 6)
        desk.do(tickets.AddMessage(row_id="r2", ticket_id="ticket", message_kind="reply", body="b"), at=MONDAY_9 + 7)
        assert desk.rows["tickets", "ticket"]["first_replied_at"] == MONDAY_9 + 6


class TestFollowUps:
    def test_a_moved_promise_keeps_both_dates_and_the_reason(self) -> None:
        desk = Bureau()
        was = MONDAY_9 + 2 * HOUR
        desk.do(
            follow_ups.RenegotiateFollowUp(row_id="promise", was_at=was, becomes_at=was + HOUR, reason="bank"),
            at=MONDAY_9,
        )
        row = desk.rows["follow_ups", "promise"]
        assert (row["first_due_at"], row["due_at"]) == (was, was + HOUR)
        assert msgspec.json.decode(row["moves"]) == [[was, was + HOUR, "bank", "csr", MONDAY_9]]

    def test_two_people_complete_it_and_the_second_hears_who_was_first(self) -> None:
        desk = Bureau()
        desk.do(follow_ups.CompleteFollowUp(row_id="promise", outcome="kept"), COLLEAGUE)
        with pytest.raises(Refused, match="Bob Example has completed this already"):
            desk.do(follow_ups.CompleteFollowUp(row_id="promise", outcome="kept"), CSR)


def test_a_note_on_a_client_deleted_meanwhile_is_taken_and_an_edit_is_not() -> None:
    desk = Bureau()
    desk.rows["clients", "client"] = {**desk.rows["clients", "client"], "deleted": 1}
    desk.do(clients.AddNote(row_id="new", client_id="client", body="They called about the refund."))
    desk.do(calls.LogInteraction(row_id="call", scope=TEAM, client_id="client", started_at=1, ended_at=2))
    with pytest.raises(Refused):
        desk.do(clients.EditClient(row_id="client", changes={"city": ("Chicago", "Tulsa")}))


class TestAttachments:
    def new(self, **changed: Any) -> attachments.AddAttachment:
        fields = {"row_id": "new", "ticket_id": "ticket", "name": "form.pdf", "size": 9, "sha256": "a" * 64, **changed}
        return attachments.AddAttachment(**fields)

    @pytest.mark.parametrize(
        "changed",
        [
            {"size": 0},
            {"size": -1},
            {"name": ""},
            {"name": "n" * 300},
            {"sha256": "A" * 64},
            {"sha256": "../../server.key"},
            {"media_type": "text/html; charset=x"},
            {"ticket_id": ""},
            {"interaction_id": "mine"},
            {"ticket_id": "theirs"},
            {"message_id": "nowhere"},
        ],
    )
    def test_what_is_no_whole_attachment_is_refused(self, changed: dict[str, Any]) -> None:
        desk = Bureau()
        before = desk.alive()
        with pytest.raises(Refused):
            desk.do(self.new(**changed))
        assert desk.alive() == before

    def test_a_message_of_another_ticket_takes_none(self) -> None:
        desk = Bureau()
        desk.do(tickets.OpenTicket(row_id="second", scope=TEAM, subject="s"))
        desk.do(tickets.AddMessage(row_id="m", ticket_id="second", message_kind="note", body="b"))
        desk.do(self.new(ticket_id="second", message_id="m"))
        with pytest.raises(Refused):
            desk.do(self.new(row_id="other", message_id="m"))

    def test_a_colleagues_is_removed_by_the_lead_only(self) -> None:
        desk = Bureau()
        with pytest.raises(Refused):
            desk.do(attachments.RemoveAttachment(row_id="file"), COLLEAGUE)
        desk.do(attachments.RemoveAttachment(row_id="file"), LEAD)
        assert ("attachments", "file") not in desk.alive()

    def test_nobody_says_for_the_server_that_the_content_is_there(self) -> None:
        desk = Bureau()
        desk.do(self.new())
        row = desk.rows["attachments", "new"]
        assert (row["arrived_at"], row["scan"]) == (0, "")


class TestASavedFilterIsItsPersonsAlone:
    @pytest.mark.parametrize("who", [COLLEAGUE, LEAD, STRANGER, MANAGER, ADMINISTRATOR])
    def test_nobody_else_changes_removes_or_brings_it_back_or_learns_that_it_is_there(self, who: Person) -> None:
        desk = Bureau()
        _, inverse, _ = desk.do(saved_filters.AddSavedFilter(row_id="new", name="Mine", body="{}"))
        assert inverse is not None
        before = desk.alive()
        tries: list[Command] = [
            inverse,
            saved_filters.AddSavedFilter(row_id="filter", name="Theirs", body="{}"),
            saved_filters.EditSavedFilter(row_id="filter", changes={"name": ("Missed", "Theirs")}),
            saved_filters.RemoveSavedFilter(row_id="filter"),
            saved_filters.RemoveSavedFilter(row_id="nowhere"),
        ]
        answers = set()
        for command in tries:
            with pytest.raises(Refused) as refusal:
                desk.do(command, who)
            answers.add((refusal.value.code, str(refusal.value)))
        assert len(answers) == 1
        assert desk.alive() == before

    @pytest.mark.parametrize(
        "changed",
        [{"name": " "}, {"name": "x" * 61}, {"body": "[]"}, {"body": "{"}, {"body": '{"a":"' + "x" * 4_000 + '"}'},
         {"place": "elsewhere"}],
    )  # fmt: skip
    def test_what_is_no_filter_is_refused(self, changed: dict[str, Any]) -> None:
        fields: dict[str, Any] = {"row_id": "new", "name": "Mine", "body": "{}", **changed}
        with pytest.raises(Refused):
            Bureau().do(saved_filters.AddSavedFilter(**fields))

    def test_it_comes_back_after_it_was_taken_back(self) -> None:
        desk = Bureau()
        _, inverse, _ = desk.do(saved_filters.AddSavedFilter(row_id="new", name="Mine", body="{}"))
        assert inverse is not None
        _, again, _ = desk.do(inverse)
        assert again is not None
        desk.do(again)
        assert desk.alive()["saved_filters", "new"]["name"] == "Mine"


class TestWhoseCallWasIt:
    """A missed call of the whole team has no agent until somebody says whose it was."""

    def given(self, row_id: str, who: Person, whom: str, was: str = "") -> Bureau:
        desk = Bureau()
        desk.do(calls.EditInteraction(row_id=row_id, changes={"agent_id": (was, whom)}), who)
        return desk

    def test_who_was_called_says_that_it_was_theirs_and_a_lead_says_it_of_others(self) -> None:
        assert self.given("missed", CSR, "csr").rows["interactions", "missed"]["agent_id"] == "csr"
        assert self.given("missed", LEAD, "colleague").rows["interactions", "missed"]["agent_id"] == "colleague"

    @pytest.mark.parametrize(
        ("row_id", "who", "whom", "code"),
        [
            ("missed", CSR, "colleague", "not_yours"),
            ("missed", LEAD, "stranger", "not_in_team"),
            ("mine", LEAD, "colleague", "not_allowed"),
            ("mine", CSR, "", "not_allowed"),
        ],
    )
    def test_nobody_else_and_a_handled_call_stays_of_who_handled_it(
        self, row_id: str, who: Person, whom: str, code: str
    ) -> None:
        with pytest.raises(Refused) as refusal:
            self.given(row_id, who, whom, "csr" if row_id == "mine" else "")
        assert refusal.value.code == code

    def test_what_was_nobodys_is_corrected_by_its_team(self) -> None:
        desk = Bureau()
        desk.do(calls.EditInteraction(row_id="missed", changes={"note": ("", "Asks for the rate table")}), CSR)
        assert desk.rows["interactions", "missed"]["note"] == "Asks for the rate table"


class TestRecordings:
    @pytest.mark.parametrize("who", [CSR, LEAD, MANAGER, ADMINISTRATOR])
    def test_where_a_recording_is_nobody_says_but_the_server(self, who: Person) -> None:
        with pytest.raises(Refused):
            Bureau().do(calls.NameRecording(row_id="mine", recording="https://elsewhere.example/x.wav"), who)

    @pytest.mark.parametrize("who", [CSR, LEAD, MANAGER], ids=lambda who: who.role)
    def test_that_two_rows_are_one_call_nobody_says_but_the_server(self, who: Person) -> None:
        with pytest.raises(Refused):
            Bureau().do(calls.JoinCalls(row_id="missed"), who)

    @pytest.mark.parametrize(
        "changed",
        [
            {"parts": '[["nap",1,2,"person"]]'},
            {"parts": '[["talk",1,-2,"person"]]'},
            {"parts": "{"},
            {"parts": '[["talk",1,2,"a rumour"]]'},
            {"recording_pauses": "[[1]]"},
            {"recording_pauses": '[["a",2]]'},
            {"recording_pauses": "[[1,1e9]]"},
        ],
    )
    def test_parts_and_pauses_that_no_desk_writes_are_refused(self, changed: dict[str, Any]) -> None:
        work = Bureau().work()
        command = calls.LogInteraction(row_id="new", scope=TEAM, started_at=1, ended_at=9, **changed)
        with pytest.raises((ValueError, Refused)):
            command.permit(CSR, work)
