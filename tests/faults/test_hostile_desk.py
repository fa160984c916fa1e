"""Fault 20: a desk that was tampered with, over real HTTP with a valid token: refused one by one, logged, no oracle."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from csr_desktop.commands import administration, calls, catalogue, clients, follow_ups, tickets
from csr_desktop.commands.command import Command
from csr_desktop.protocol import PushReply, PushRequest
from csr_desktop.server.run import RunningServer
from tests.server.desk import Desk, message, new_id, problem

AT = 1_790_000_000_000


class Town:
    """Ada of team one sends what she likes; Cy of team two has a ticket, a call and a promise."""

    def __init__(self, server: RunningServer, desk: Callable[[str], Desk]) -> None:
        self._server = server
        self.ada, self.cy = desk("ada").begin(), desk("cy").begin()
        self.mine, self.theirs = (self.team(one) for one in (self.ada, self.cy))
        self.ids = {kind: new_id() for kind in ("ticket", "call", "promise", "message", "client", "own", "own promise")}
        i = self.ids
        for one, command in (
            (self.cy, clients.AddClient(row_id=i["client"], name="Sample Bakery")),
            (self.cy, tickets.OpenTicket(row_id=i["ticket"], scope=self.theirs, subject="Tax notice")),
            (
                self.cy,
                tickets.AddMessage(row_id=i["message"], ticket_id=i["ticket"], message_kind="note", body="theirs"),
            ),
            (self.cy, calls.LogInteraction(row_id=i["call"], scope=self.theirs, started_at=AT, ended_at=AT)),
            (self.cy, self.promise(i["promise"], self.theirs)),
            (self.ada, tickets.OpenTicket(row_id=i["own"], scope=self.mine, subject="Own")),
            (self.ada, self.promise(i["own promise"], self.mine)),
        ):
            assert self.say(one, command)[0] == "done"

    @staticmethod
    def promise(row_id: str, scope: str) -> Command:
        return follow_ups.AddFollowUp(row_id=row_id, scope=scope, follow_up_kind="task", title="Call back", due_at=AT)

    def team(self, one: Desk) -> str:
        (team,) = one.pull().rights.teams
        return team

    def say(self, one: Desk, command: Command, **changed: Any) -> tuple[str, str, str]:
        """What the log says of it: status, code and reason."""
        return self.say_raw(one, catalogue.encode(one.stamp(command, **changed)))

    def say_raw(self, one: Desk, body: bytes) -> tuple[str, str, str]:
        response = one.post("push", PushRequest([body]))
        assert response.status_code == 200, problem(response)
        assert message(response, PushReply).seq == one.seq
        found = self.one("SELECT status, code, reason FROM log WHERE device_id = ? AND seq = ?", one.device_id, one.seq)
        return found[0], found[1], found[2]

    def one(self, sql: str, *values: Any) -> tuple[Any, ...]:
        found: tuple[Any, ...] | None = self._server.parts.readers.ask(
            lambda: self._server.parts.sql.one(sql, *values)
        ).result(10)
        assert found is not None
        return found

    def contents(self) -> dict[str, list[Any]]:
        tables = (
            "clients",
            "tickets",
            "messages",
            "interactions",
            "follow_ups",
            "users",
            "teams",
            "memberships",
            "notes",
        )
        ask = self._server.parts.readers.ask
        sql = self._server.parts.sql
        return ask(lambda: {table: sorted(sql.all(f"SELECT * FROM {table}")) for table in tables}).result(10)


@pytest.fixture
def town(server: RunningServer, desk: Callable[[str], Desk]) -> Town:
    return Town(server, desk)


def on_rows(town: Town, i: dict[str, str]) -> list[Command]:
    """Commands that name these rows."""
    me = town.ada.user_id
    return [
        tickets.AddMessage(row_id=new_id(), ticket_id=i["ticket"], message_kind="note", body="hello"),
        tickets.ChangeTicketState(row_id=i["ticket"], was="open", becomes="resolved"),
        tickets.AssignTicket(row_id=i["ticket"], was_id="", becomes_id=me),
        tickets.EscalateTicket(row_id=i["ticket"], to_id=me, reason="mine now"),
        tickets.EditTicket(row_id=i["ticket"], changes={"subject": ("Tax notice", "Taken")}),
        calls.EditInteraction(row_id=i["call"], changes={"note": ("", "Taken")}),
        follow_ups.CompleteFollowUp(row_id=i["promise"], outcome="kept"),
        follow_ups.RenegotiateFollowUp(row_id=i["promise"], was_at=AT, becomes_at=AT + 1),
        follow_ups.ReassignFollowUp(row_id=i["promise"], was_id="", becomes_id=me),
        follow_ups.EditFollowUp(row_id=i["promise"], changes={"title": ("Call back", "Taken")}),
        follow_ups.AddFollowUp(
            row_id=new_id(), scope=town.mine, follow_up_kind="task", title="t", due_at=AT, ticket_id=i["ticket"]
        ),
        calls.LogInteraction(row_id=new_id(), scope=town.mine, started_at=AT, ended_at=AT, ticket_id=i["ticket"]),
    ]


def test_rows_of_another_team_are_refused_as_if_they_were_not_there(town: Town) -> None:
    before = town.contents()
    unknown = {kind: new_id() for kind in town.ids}
    for theirs, nobodys in zip(on_rows(town, town.ids), on_rows(town, unknown), strict=True):
        what = type(theirs).__name__
        answer = town.say(town.ada, theirs)
        assert answer[0] == "refused", what
        assert town.say(town.ada, nobodys) == answer, f"{what}: the answer tells what is there"
    assert town.contents() == before


def test_nothing_is_put_into_another_team(town: Town) -> None:
    before = town.contents()
    for command in (
        tickets.OpenTicket(row_id=new_id(), scope=town.theirs, subject="Put there"),
        Town.promise(new_id(), town.theirs),
        calls.LogInteraction(row_id=new_id(), scope=town.theirs, started_at=AT, ended_at=AT),
        tickets.OpenTicket(row_id=new_id(), scope=town.cy.user_id, subject="Put there"),
        tickets.OpenTicket(row_id=new_id(), scope="", subject="Put there"),
        tickets.EditTicket(row_id=town.ids["own"], changes={"scope": (town.mine, town.theirs)}),
        tickets.EditTicket(row_id=town.ids["own"], changes={"number": (1, 7)}),
        tickets.EditTicket(row_id=town.ids["own"], changes={"rev": (1, 10**9)}),
        tickets.EditTicket(row_id=town.ids["own"], changes={"deleted": (0, 1)}),
        tickets.EditTicket(row_id=town.ids["own"], changes={"stamps": ("", "{}")}),
        follow_ups.EditFollowUp(row_id=town.ids["own promise"], changes={"scope": (town.mine, town.theirs)}),
        follow_ups.ReassignFollowUp(row_id=town.ids["own promise"], was_id="", becomes_id=town.cy.user_id),
        clients.EditClient(row_id=town.ids["client"], changes={"scope": ("organisation", town.mine)}),
        clients.EditClient(row_id=town.ids["client"], changes={"id": (town.ids["client"], new_id())}),
    ):
        assert town.say(town.ada, command)[0] == "refused", command
    assert town.contents() == before


def test_a_forged_author_is_refused_and_stands_in_the_log_under_who_sent_it(town: Town) -> None:
    before = town.contents()
    command = tickets.OpenTicket(row_id=new_id(), scope=town.mine, subject="s")
    assert town.say(town.ada, command, by=town.cy.user_id)[:2] == ("refused", "forged")
    sql = "SELECT user_id, body FROM log WHERE device_id = ? AND seq = ?"
    user_id, body = town.one(sql, town.ada.device_id, town.ada.seq)
    assert user_id == town.ada.user_id
    assert catalogue.decode(bytes(body)).by == town.cy.user_id, "as it came, for whoever looks into it"
    assert town.contents() == before


def test_a_forged_time_is_held_to_the_servers_and_a_forged_revision_is_not_heard(town: Town) -> None:
    row_id, tomorrow = new_id(), int(time.time() * 1000) + 86_400_000
    opened = town.ada.stamp(tickets.OpenTicket(row_id=row_id, scope=town.mine, subject="s"), at=tomorrow)
    extra = {
        "rev": 10**12,
        "number": 1,
        "deleted": 1,
        "author_id": town.cy.user_id,
        "assignee_id_": "x",
        "role": "administrator",
    }
    body = msgspec.msgpack.encode(msgspec.msgpack.decode(catalogue.encode(opened)) | extra)
    assert town.say_raw(town.ada, body)[0] == "done"
    opened_at, rev, number, deleted = town.one(
        "SELECT opened_at, rev, number, deleted FROM tickets WHERE id = ?", row_id
    )
    assert opened_at < tomorrow - 80_000_000
    (latest,) = town.one("SELECT value FROM counters WHERE id = 'rev'")
    assert rev <= latest < 10**9
    assert (number > 2, deleted) == (True, 0)


def test_who_is_no_administrator_administers_nothing(town: Town) -> None:
    before = town.contents()
    me = town.ada.user_id
    membership = town.one("SELECT id FROM memberships WHERE user_id = ?", me)[0]
    for command in (
        administration.EditUser(row_id=me, changes={"role": ("csr", "administrator")}),
        administration.AddMembership(row_id=new_id(), user_id=me, team_id=town.theirs),
        administration.RemoveMembership(row_id=membership),
        administration.AddUser(row_id=new_id(), name="Eve Fictional", login="eve", role="administrator"),
        administration.AddTeam(row_id=new_id(), name="Team three"),
        administration.AddTopic(row_id=new_id(), name="Topic"),
    ):
        assert town.say(town.ada, command)[0] == "refused", command
    assert town.contents() == before


def test_good_ones_beside_them_are_done_and_each_has_its_line_in_the_log(town: Town) -> None:
    ada = town.ada
    good, bad = new_id(), new_id()
    commands = [
        ada.stamp(tickets.OpenTicket(row_id=good, scope=town.mine, subject="good")),
        ada.stamp(tickets.OpenTicket(row_id=bad, scope=town.theirs, subject="bad")),
        ada.stamp(tickets.AddMessage(row_id=new_id(), ticket_id=bad, message_kind="note", body="on the bad one")),
        ada.stamp(tickets.AddMessage(row_id=new_id(), ticket_id=good, message_kind="note", body="on the good one")),
    ]
    assert ada.push(*commands) == ada.seq
    statuses = [
        town.one("SELECT status FROM log WHERE device_id = ? AND seq = ?", ada.device_id, command.seq)[0]
        for command in commands
    ]
    assert statuses == ["done", "refused", "refused", "done"]


def test_cursors_of_other_teams_bring_nothing(town: Town) -> None:
    reply = town.ada.pull({town.theirs: 0, town.cy.user_id: 0})
    scopes = {row[reply.columns[table].index("scope")] for table, rows in reply.rows.items() for row in rows}
    assert town.theirs not in scopes
    assert "Tax notice" not in str(reply)


def test_words_of_another_workstation_are_not_taken_at_all(town: Town) -> None:
    ada = town.ada
    for changed in ({"device": town.cy.device_id}, {"device": new_id()}, {"device": ""}):
        command = ada.stamp(tickets.OpenTicket(row_id=new_id(), scope=town.mine, subject="s"), **changed)
        ada.seq -= 1
        response = ada.post("push", PushRequest([catalogue.encode(command)]))
        assert response.status_code in {400, 403}
    foreign = ada.token_text[:-4] + ("AAAA" if not ada.token_text.endswith("AAAA") else "BBBB")
    response = ada.post("push", PushRequest([]), {"Authorization": f"Bearer {foreign}"})
    assert response.status_code == 401
