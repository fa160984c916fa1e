from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from csr_desktop.commands import catalogue
from csr_desktop.commands.clients import AddNote, EditClient
from csr_desktop.commands.command import stamped
from csr_desktop.commands.tickets import AddMessage, AssignTicket
from csr_desktop.domain.change_set import ChangeSet, changed
from csr_desktop.domain.errors import Refused
from csr_desktop.services.sync_state import SyncWords
from tests.services.conftest import NOW

if TYPE_CHECKING:
    from csr_desktop.commands.command import Command
    from csr_desktop.services.desk_services import Services
    from tests.services.conftest import Bureau


def test_drafts_are_there_after_a_kill_and_gone_when_cleared(bureau: Bureau, desk: Services) -> None:
    desk.drafts.write("reply:t1", "Hi Dana,\r\n\nToday's run\0 isn't ")
    desk.drafts.write("note:t1", "x")
    again = bureau.restart()
    assert again.drafts.read("reply:t1") == "Hi Dana,\n\nToday's run isn't "
    assert again.drafts.keys() == ("note:t1", "reply:t1")
    assert again.drafts.keys("reply:") == ("reply:t1",)
    again.drafts.write("reply:t1", "")
    again.drafts.clear("note:t1")
    assert again.drafts.keys() == ()
    assert again.drafts.read("reply:t1") == ""


def test_a_case_goes_up_to_a_lead_of_its_own_team(bureau: Bureau) -> None:
    bureau.row("users", "lou", name="Lou Benefitlead", login="lou", role="lead")
    bureau.row("memberships", user_id="lou", team_id="benefits")
    both = bureau.sign_in("ada", "csr", ("tax", "benefits"))
    assert [c.name for c in both.people.leads("benefits")] == ["Lou Benefitlead"]
    assert [c.name for c in both.people.leads("tax")] == ["Lee Teamlead"]
    assert [c.name for c in both.people.leads()] == ["Lee Teamlead", "Lou Benefitlead"]
    lead = bureau.sign_in("lou", "lead", ("tax", "benefits"))
    assert [c.name for c in lead.people.leads("benefits")] == ["Max Manager"]


def test_colleagues_are_those_of_my_teams_me_first(bureau: Bureau, desk: Services) -> None:
    assert [c.name for c in desk.people.colleagues()] == ["Ada Sample", "Casey Demo", "Lee Teamlead"]
    assert [c.name for c in desk.people.leads()] == ["Lee Teamlead"]
    assert desk.people.teams() == (("tax", "Tax"),)
    assert (desk.people.name("kim"), desk.people.name("nobody")) == ("Kim Specimen", "")
    bureau.row("users", "casey", name="Casey Demo-Example", login="casey")
    assert desk.people.name("casey") == "Casey Demo-Example"
    bureau.row("users", "casey", name="Casey Demo", login="casey", is_active=0)
    assert [c.name for c in desk.people.colleagues()] == ["Ada Sample", "Lee Teamlead"]
    assert desk.people.name("casey") == "Casey Demo"
    lead = bureau.sign_in("lee", "lead", ("tax",))
    assert [c.name for c in lead.people.leads()] == ["Max Manager"]
    manager = bureau.sign_in("max", "manager", (), ("tax", "benefits"))
    assert {c.name for c in manager.people.colleagues()} == {"Ada Sample", "Kim Specimen", "Lee Teamlead"}
    assert not manager.people.can_write()


def test_lists_are_read_again_when_they_change(bureau: Bureau, desk: Services) -> None:
    assert [node.path for node in desk.lists.topics()] == [
        ("Payroll tax",),
        ("Payroll tax", "Notice"),
        ("Payroll tax", "Late deposit"),
        ("Time clock",),
    ]
    bureau.row("topics", "time", name="Time clock", is_active=0)
    assert "time" not in [node.id for node in desk.lists.topics()]
    assert desk.lists.topic_path("time") == ("Time clock",)
    assert [choice.name for choice in desk.lists.dispositions()] == ["Resolved", "Needs follow-up", "Escalated"]
    bureau.row("calendars", "broken", name="Broken", body="{")
    assert desk.lists.calendar("broken") is None
    assert desk.lists.organisation().own_numbers == frozenset({"+12125550100"})


def refuse(bureau: Bureau, command: Command, code: str, reason: str) -> str:
    """What the rebase stores when the server refused a command."""
    sent = stamped(command, bureau.id(), "ada", "device", 1, NOW)
    bureau.sql.do(
        "INSERT INTO needs_you (id, body, status, code, reason, answered_at) VALUES (?,?,'refused',?,?,?)",
        sent.id,
        catalogue.encode(sent),
        code,
        reason,
        NOW,
    )
    return sent.id


def test_the_sync_state_says_what_matters_most(bureau: Bureau, desk: Services) -> None:
    assert desk.sync_state.words() == SyncWords("saved", 0, 0)
    desk.clients.add_note("bakery", "x")
    assert desk.sync_state.words() == SyncWords("waiting", 1, 0)
    desk.sync_state.set_phase("offline", NOW)
    assert desk.sync_state.words() == SyncWords("offline", 1, NOW)
    desk.sync_state.set_phase("stopped", NOW)
    assert desk.sync_state.words() == SyncWords("stopped", 1, NOW)
    refuse(bureau, AddNote(row_id="n", client_id="bakery", body="Mornings"), "deleted", "This was deleted meanwhile.")
    assert desk.sync_state.words() == SyncWords("needs_you", 1, 0)
    for phase in ("signed_out", "copied"):
        desk.sync_state.set_phase(phase, NOW)
        assert desk.sync_state.words() == SyncWords("sign_in", 1, NOW), "without it nothing moves"
    desk.sync_state.set_phase("saved", NOW)
    desk.sync_state.dismiss(desk.sync_state.needs_you()[0].id)
    assert desk.sync_state.words() == SyncWords("waiting", 1, 0)


def test_what_was_refused_stands_with_the_persons_text(bureau: Bureau, desk: Services) -> None:
    ticket = desk.inbox.open_ticket("Tax notice", client_id="bakery").ticket_id
    said = refuse(
        bureau,
        AddMessage(row_id="m", ticket_id=ticket, message_kind="note", body="Trace is ordered"),
        "read_only",
        "You can read this.",
    )
    refuse(bureau, AssignTicket(row_id=ticket, was_id="", becomes_id="ada"), "taken", "Casey Demo has this ticket now.")
    edit = EditClient(row_id="nowhere", changes={"city": ("", "Toledo")})
    refuse(bureau, edit, "unknown", "This is not here.")
    rows = {row.command: row for row in desk.sync_state.needs_you()}
    message = rows["AddMessage"]
    assert (message.text, message.subject, message.link) == ("Trace is ordered", "Tax notice", ("ticket", ticket))
    assert (message.what_to_do, message.can_try_again) == ("ask_lead", True)
    assert (rows["AssignTicket"].what_to_do, rows["AssignTicket"].text) == ("look_again", "")
    lost = rows["EditClient"]
    assert (lost.text, lost.link, lost.can_try_again, lost.what_to_do) == ("Toledo", None, False, "keep_text")

    outcome = desk.sync_state.try_again(said)
    assert outcome.changed.touches("messages")
    assert [m.body for m in desk.inbox.conversation(ticket).messages] == ["Trace is ordered"]
    assert "AddMessage" not in [row.command for row in desk.sync_state.needs_you()]
    with pytest.raises(Refused):
        desk.sync_state.try_again(lost.id)
    assert len(desk.sync_state.needs_you()) == 2


def test_new_rights_are_seen_at_once(bureau: Bureau, desk: Services) -> None:
    assert not desk.people.is_lead()
    with bureau.sql.transaction():
        rights = msgspec.json.decode(bureau.replica.state()["rights"])
        bureau.replica.set_state("rights", msgspec.json.encode({**rights, "role": "lead"}).decode())
    desk.changed(changed({"clients": ["bakery"]}))
    assert not desk.people.is_lead()
    desk.changed(ChangeSet(rights=True))
    assert desk.people.is_lead()
