"""Rules that the simulation meets too seldom, each with a test of its own, as a function of a fresh little bureau."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from csr_desktop.commands import catalogue, clients, tickets
from csr_desktop.commands.command import Command
from csr_desktop.commands.follow_ups import AddFollowUp
from csr_desktop.domain.permissions import ORGANISATION
from csr_desktop.protocol import Gone, PushRequest
from csr_desktop.server.ledger import Push
from csr_desktop.store.migrations import latest_version
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS
from tests.sync.databases import SqliteFile
from tests.sync.deeds import CLIENTS, TEAMS
from tests.sync.simulation import World


class Bureau:
    """Two desks of one team, user-0 and user-1; both have everything."""

    def __init__(self, folder: Path) -> None:
        self.world = World(1, SqliteFile(folder), folder)
        members = [
            ("memberships", f"user-{n}-{team}", {"scope": ORGANISATION, "user_id": f"user-{n}", "team_id": team,
                                                 "deleted": int(team != TEAMS[0])})
            for n in range(2) for team in TEAMS
        ]  # fmt: skip
        lead = ("users", "user-0", {"role": "lead"})
        ticket = ("tickets", "ticket", {"scope": TEAMS[0], "subject": "s"})
        self.world.administer([*members, lead, ("users", "user-1", {"role": "csr"}), ticket])
        self.world.is_healed = True
        self.seqs = [0, 0]
        self.sync(0)
        self.sync(1)

    @property
    def sql(self) -> Sql:
        return self.world.sql

    def sync(self, number: int) -> None:
        assert self.world.desks[number].sync() is None

    def do(self, number: int, *commands: Command) -> None:
        self.world.desks[number].replica.do(*commands, words="w")

    def push(self, number: int, *commands: Command) -> None:
        """As they stand, in the envelope of this desk, whatever it has itself."""
        bodies = [
            catalogue.encode(
                msgspec.structs.replace(one, by=f"user-{number}", device=f"device-{number}", at=one.at or self.world.now)
            )
            for one in commands
        ]  # fmt: skip
        self.world.ledger.push([Push(f"device-{number}", f"user-{number}", bodies)])

    def row(self, table: str, row_id: str) -> dict[str, Any] | None:
        return self.sql.load(table, [row_id]).get(row_id)

    def statuses(self) -> list[str]:
        return [status for (status,) in self.sql.all("SELECT status FROM log ORDER BY position")]


Rule = Callable[[Bureau], None]


def note(row_id: str, seq: int, client_id: str = "client-0") -> Command:
    return clients.AddNote(id=f"add-{row_id}", row_id=row_id, client_id=client_id, body="b", seq=seq)


def what_comes_after_a_gap_waits(bureau: Bureau) -> None:
    bureau.push(0, note("second", 2))
    assert bureau.row("notes", "second") is None
    bureau.push(0, note("first", 1), note("second", 2))
    assert bureau.statuses() == ["done", "done"]


def taking_back_what_was_refused_is_void_and_says_nothing(bureau: Bureau) -> None:
    bureau.do(1, clients.EditClient(row_id="client-0", changes={"name": ("n0", "Sample")}))
    bureau.world.desks[1].replica.undo()
    bureau.world.administer([("clients", "client-0", {"deleted": 1})])
    bureau.sync(1)
    assert bureau.statuses() == ["refused", "void"]
    assert len(bureau.world.desks[1].replica.needs_you()) == 1


def a_stale_row_leaves_the_image_of_the_newer_one(bureau: Bureau) -> None:
    desk = bureau.world.desks[0]
    bureau.world.administer([("clients", "client-0", {"city": "Omaha"})])
    bureau.sync(0)
    bureau.do(0, clients.EditClient(row_id="client-0", changes={"name": ("n0", "Sample")}))
    bureau.world.administer([("clients", "client-1", {"city": "Tulsa"})])
    reply = bureau.world.feed.pull(desk.device_id, desk.user_id, desk.puller.request())
    older = {**(bureau.row("clients", "client-0") or {}), "city": "c0", "rev": 1}
    stale = [older[name] for name in COLUMNS["clients"]]
    desk.puller.apply(msgspec.structs.replace(reply, rows={"clients": [*reply.rows["clients"], stale]}))
    seen = desk.replica.sql.load("clients", ["client-0"])["client-0"]
    assert (seen["city"], seen["name"]) == ("Omaha", "Sample")


def nothing_of_a_refused_command_remains(bureau: Bureau) -> None:
    """A time out of all bounds is found when the row is made already."""
    never = AddFollowUp(id="f", row_id="never", scope=TEAMS[0], follow_up_kind="task", title="t", due_at=2**52, seq=1)
    bureau.push(0, never, note("kept", 2))
    assert bureau.statuses() == ["refused", "done"]
    assert bureau.row("follow_ups", "never") is None


def a_claim_is_taken_back_only_while_it_stands(bureau: Bureau) -> None:
    bureau.do(1, tickets.AssignTicket(row_id="ticket", was_id="", becomes_id="user-1"))
    bureau.sync(1)
    bureau.sync(0)
    bureau.do(0, tickets.AssignTicket(row_id="ticket", was_id="user-1", becomes_id="user-0"))
    bureau.sync(0)
    bureau.world.desks[1].replica.undo()
    bureau.sync(1)
    assert bureau.statuses() == ["done", "done", "refused"]
    assert (bureau.row("tickets", "ticket") or {})["assignee_id"] == "user-0"


def a_mark_of_leaving_goes_when_the_row_comes_back(bureau: Bureau) -> None:
    for team in (TEAMS[1], TEAMS[0]):
        bureau.world.administer([("tickets", "ticket", {"scope": team})])
    assert bureau.sql.all("SELECT scope FROM gone WHERE row_id = 'ticket'") == [(TEAMS[1],)]


def a_mark_of_an_older_server_leaves_what_went_to_another_of_my_teams(bureau: Bureau) -> None:
    """Today's server sends the row in its place."""
    desk, world = bureau.world.desks[0], bureau.world
    world.administer([("memberships", f"user-0-{TEAMS[1]}", {"deleted": 0})])
    bureau.sync(0)
    world.administer([("tickets", "ticket", {"scope": TEAMS[1]})])
    reply = world.feed.pull(desk.device_id, desk.user_id, desk.puller.request())
    assert not reply.gone
    mark = Gone(TEAMS[0], "tickets", "ticket", reply.cursors[TEAMS[1]])
    desk.puller.apply(msgspec.structs.replace(reply, gone=[mark]))
    assert desk.rows("tickets") == ["ticket"]


def a_clock_that_is_ahead_wins_a_minute_at_most(bureau: Bureau) -> None:
    ahead = bureau.world.now + 10**9
    bureau.push(0, clients.EditClient(id="a", row_id="client-0", changes={"city": ("c0", "Omaha")}, at=ahead, seq=1))
    bureau.world.now += 60_001
    bureau.push(1, clients.EditClient(id="b", row_id="client-0", changes={"city": ("c0", "Tulsa")}, seq=1))
    assert (bureau.row("clients", "client-0") or {})["city"] == "Tulsa"


def a_note_on_a_client_deleted_meanwhile_is_taken(bureau: Bureau) -> None:
    bureau.do(0, clients.AddNote(row_id=bureau.world.desks[0].new_id(), client_id="client-0", body="It happened."))
    bureau.world.administer([("clients", "client-0", {"deleted": 1})])
    bureau.sync(0)
    assert bureau.statuses() == ["done"]


def what_is_refused_when_it_comes_again_late_is_told(bureau: Bureau) -> None:
    """The server took it, is put back, and gets the same message once more when the client is deleted."""
    desk, world = bureau.world.desks[1], bureau.world
    world.back_up()
    bureau.do(1, clients.EditClient(row_id="client-0", changes={"name": ("n0", "Sample")}))
    message = desk.message("push", PushRequest(desk.replica.push_batch()))
    bureau.sync(1)
    assert not desk.replica.needs_you()
    world.put_server_back()
    world.administer([("clients", "client-0", {"deleted": 1})])
    world.serve([message])
    assert bureau.statuses() == ["refused"]
    bureau.sync(1)
    assert [waiting.status for waiting in desk.replica.needs_you()] == ["refused"]
    assert not desk.replica.waiting_count()


def what_differed_and_is_refused_when_done_again_is_told(bureau: Bureau) -> None:
    """What differed is no alarm; sent once more to a server that was put back, and refused there, it is one."""
    desk, world = bureau.world.desks[1], bureau.world
    world.back_up()
    bureau.do(1, clients.EditClient(row_id="client-0", changes={"name": ("n0", "Sample")}))
    world.administer([("clients", "client-0", {"name": "Example"})])
    bureau.sync(1)
    assert bureau.statuses() == ["differs"]
    assert not desk.replica.needs_you()
    world.put_server_back()
    world.administer([("clients", "client-0", {"deleted": 1})])
    bureau.sync(1)
    bureau.sync(1)
    assert [waiting.status for waiting in desk.replica.needs_you()] == ["refused"]


def what_was_sent_long_ago_is_sent_again_to_a_server_that_lost_it(bureau: Bureau) -> None:
    """The workstation has another number since, under which something has come late to the server that was put back."""
    desk, world = bureau.world.desks[1], bureau.world
    first, second = desk.new_id(), desk.new_id()
    world.register("later", "user-1")
    world.back_up()
    bureau.do(1, clients.AddNote(row_id=first, client_id="client-0", body="Long ago"))
    bureau.sync(1)
    desk.device_id = "later"
    desk.replica.take_device("later")
    bureau.do(1, clients.AddNote(row_id=second, client_id="client-0", body="Lately"))
    message = desk.message("push", PushRequest(desk.replica.push_batch()))
    world.put_server_back()
    world.now += 40 * 86_400_000
    world.serve([message])
    bureau.sync(1)
    bureau.sync(1)
    assert bureau.row("notes", second) is not None
    assert bureau.row("notes", first) is not None


def a_server_that_was_put_back_and_went_on_is_noticed(bureau: Bureau) -> None:
    """It has come as far as the desk by then, with other changes."""
    world = bureau.world
    world.back_up()
    world.administer([("clients", "client-0", {"city": "Omaha"})])
    bureau.sync(0)
    world.put_server_back()
    world.administer([("clients", "client-1", {"city": "Tulsa"})])
    bureau.sync(0)
    cities = {i: row["city"] for i, row in world.desks[0].replica.sql.load("clients", CLIENTS).items()}
    assert cities == {"client-0": "c0", "client-1": "Tulsa", "client-2": "c0"}


def unsent_work_goes_on_after_an_upgrade(bureau: Bureau) -> None:
    """The older program kept the ticket, and its image, without the columns that came later."""
    desk = bureau.world.desks[1]
    clock = {"reply_clock": "first", "reply_from_at": 5, "reply_used_seconds": 7}
    bureau.world.administer([("tickets", "ticket", clock)])
    bureau.sync(1)
    for version in range(1, latest_version("desk")):
        bureau.do(1, tickets.EditTicket(row_id="ticket", changes={"subject": ("s", f"s{version}")}))
        desk.is_as_of(version)
        more = True
        while more:  # the first page does not bring the ticket, which yet is under what is unsent
            question = msgspec.structs.replace(desk.puller.request(), limit=3)
            reply = bureau.world.feed.pull(desk.device_id, desk.user_id, question)
            desk.puller.apply(reply)
            more = reply.more
        here, there = desk.replica.sql.load("tickets", ["ticket"])["ticket"], bureau.row("tickets", "ticket") or {}
        assert {**here, "subject": "", "stamps": ""} == {**there, "subject": "", "stamps": ""}
        assert here["subject"] == f"s{version}"
    bureau.sync(1)
    assert set(bureau.statuses()) <= {"done", "differs"}


RULES: tuple[Rule, ...] = (
    what_comes_after_a_gap_waits,
    taking_back_what_was_refused_is_void_and_says_nothing,
    a_stale_row_leaves_the_image_of_the_newer_one,
    nothing_of_a_refused_command_remains,
    a_claim_is_taken_back_only_while_it_stands,
    a_mark_of_leaving_goes_when_the_row_comes_back,
    a_mark_of_an_older_server_leaves_what_went_to_another_of_my_teams,
    a_clock_that_is_ahead_wins_a_minute_at_most,
    a_note_on_a_client_deleted_meanwhile_is_taken,
    what_is_refused_when_it_comes_again_late_is_told,
    what_differed_and_is_refused_when_done_again_is_told,
    what_was_sent_long_ago_is_sent_again_to_a_server_that_lost_it,
    a_server_that_was_put_back_and_went_on_is_noticed,
    unsent_work_goes_on_after_an_upgrade,
)
