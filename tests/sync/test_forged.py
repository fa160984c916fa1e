"""What a desk that was tampered with sends, and what a server that was tampered with answers: refused, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from csr_desktop.commands import administration, calls, catalogue, clients, tickets
from csr_desktop.commands.command import Command
from csr_desktop.commands.follow_ups import AddFollowUp
from csr_desktop.commands.work import Work
from csr_desktop.domain.errors import Unreachable
from csr_desktop.domain.permissions import ORGANISATION
from csr_desktop.protocol import Gone, PullReply
from csr_desktop.server.ledger import Push
from csr_desktop.store.tables import COLUMNS, new_row
from csr_desktop.sync.answers import decoded
from csr_desktop.sync.guard import Suspicious
from csr_desktop.sync.replica import UNDO_KEPT
from tests.sync.databases import SqliteFile
from tests.sync.simulation import CLIENTS, TEAMS, Desk, World


class Office:
    """A server with two people of one team, and desks that may say anything."""

    def __init__(self, folder: Path) -> None:
        self.world = World(1, SqliteFile(folder), folder)
        self.sql = self.world.servers[0].sql
        with self.sql.transaction():
            work = Work(self.sql.load, new_row)
            for number in range(2):
                work.put("users", f"user-{number}", role="csr")
                for team in TEAMS:
                    work.put("memberships", f"user-{number}-{team}", scope=ORGANISATION, user_id=f"user-{number}",
                             team_id=team, deleted=int(team != TEAMS[0]))  # fmt: skip
            for row_id, scope, assignee in (("ticket", TEAMS[0], "user-0"), ("theirs", TEAMS[1], "")):
                work.put("tickets", row_id, scope=scope, subject="s", assignee_id=assignee)
            self.world.ledger.write(work)
        self.world.record()
        self.seqs = {0: 0, 1: 0}

    def say(self, number: int, command: Command, *, at_is_its_own: bool = False) -> str:
        """Push it as it stands; the answer's status."""
        self.seqs[number] += 1
        command_id = command.id or f"command-{number}-{self.seqs[number]}"
        ready = msgspec.structs.replace(
            command,
            id=command_id,
            by=f"user-{number}",
            device=f"device-{number}",
            seq=self.seqs[number],
            at=command.at if at_is_its_own else self.world.now,
        )
        self.world.ledger.push([Push(f"device-{number}", f"user-{number}", [catalogue.encode(ready)])])
        sql = "SELECT status FROM log WHERE device_id = ? AND seq = ?"
        return str(self.sql.value(sql, f"device-{number}", self.seqs[number]))

    def row(self, table: str, row_id: str) -> dict[str, Any]:
        return self.sql.load(table, [row_id])[row_id]

    def synced(self, desk: Desk) -> PullReply:
        reply = self.world.feed.pull(desk.device_id, desk.user_id, desk.puller.request())
        desk.apply(reply)
        return reply


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.world.close()


def test_an_undo_brings_back_what_the_server_saw_not_what_the_desk_says(office: Office) -> None:
    state = tickets.ChangeTicketState(id="own", row_id="ticket", was="open", becomes="waiting")
    assert office.say(1, state) == "done"
    forged = tickets.ChangeTicketState(
        row_id="ticket", was="open", becomes="waiting", undoes="own", back={"state": ("waiting", "banana")}
    )
    assert office.say(1, forged) == "done"
    assert office.row("tickets", "ticket")["state"] == "open"


def test_what_changed_nothing_opens_no_way_to_anything(office: Office) -> None:
    same = tickets.AssignTicket(id="noop", row_id="ticket", was_id="user-0", becomes_id="user-0")
    office.say(1, same)
    stolen = tickets.AssignTicket(
        row_id="ticket", was_id="user-0", becomes_id="user-0", undoes="noop", back={"assignee_id": ("user-0", "user-1")}
    )
    assert office.say(1, stolen) == "refused"
    assert office.row("tickets", "ticket")["assignee_id"] == "user-0"


def test_an_undone_message_touches_no_other_teams_ticket(office: Office) -> None:
    message = tickets.AddMessage(id="m", row_id="message", ticket_id="ticket", message_kind="note", body="b")
    assert office.say(1, message) == "done"
    forged = tickets.AddMessage(row_id="message", ticket_id="theirs", message_kind="note", body="b", undoes="m",
                                is_removal=True, back={"reply_due_at": (0, 7)})  # fmt: skip
    office.say(1, forged)
    assert office.row("tickets", "theirs")["reply_due_at"] == 0


def test_a_colleagues_message_is_not_taken_out_by_a_borrowed_id(office: Office) -> None:
    note = tickets.AddMessage(row_id="note", ticket_id="ticket", message_kind="note", body="b")
    assert office.say(0, note) == "done"
    office.say(1, tickets.ChangeTicketState(id="note", row_id="ticket", was="open", becomes="waiting"))
    office.say(1, tickets.ChangeTicketState(row_id="ticket", was="open", becomes="waiting", undoes="note",
                                            back={"state": ("waiting", "open")}))  # fmt: skip
    assert office.row("messages", "note")["deleted"] == 0


def test_nobody_deletes_a_client_by_adding_it(office: Office) -> None:
    assert office.say(1, clients.AddClient(row_id="client-0", name="n", is_removal=True)) == "refused"


def test_one_broken_command_does_not_stop_the_others(office: Office) -> None:
    assert office.say(1, clients.AddNote(row_id="", client_id="client-0", body="b")) == "refused"
    assert office.say(1, clients.AddNote(row_id="note", client_id="client-0", body="b")) == "done"


def test_a_time_out_of_all_bounds_is_refused(office: Office) -> None:
    far = AddFollowUp(row_id="far", scope=TEAMS[0], follow_up_kind="task", title="t", due_at=9 * 10**15)
    assert office.say(1, far) == "refused"


@pytest.mark.parametrize("at", [0, 1, 86_400_000, 946_684_799_999])
def test_a_clock_that_was_never_set_writes_the_time_of_arrival(office: Office, at: int) -> None:
    opened = tickets.OpenTicket(row_id="new", scope=TEAMS[0], subject="s", at=at)
    assert office.say(0, opened, at_is_its_own=True) == "done"
    assert office.row("tickets", "new")["opened_at"] == office.world.now
    edit = clients.EditClient(row_id="client-0", changes={"city": ("c0", "Omaha")}, at=at)
    assert office.say(0, edit, at_is_its_own=True) == "done"
    assert office.say(1, clients.EditClient(row_id="client-0", changes={"city": ("Omaha", "Tulsa")})) == "done"
    assert office.row("clients", "client-0")["city"] == "Tulsa"


def test_a_clock_that_is_ahead_wins_a_minute_at_most(office: Office) -> None:
    ahead = clients.EditClient(row_id="client-0", changes={"city": ("c0", "Omaha")}, at=office.world.now + 10**11)
    assert office.say(0, ahead, at_is_its_own=True) == "done"
    office.world.now += 60_001
    assert office.say(1, clients.EditClient(row_id="client-0", changes={"city": ("Omaha", "Tulsa")})) == "done"
    assert office.row("clients", "client-0")["city"] == "Tulsa"


def test_references_are_looked_at_by_the_server(office: Office) -> None:
    with office.sql.transaction():
        work = Work(office.sql.load, new_row)
        work.put("users", "outsider", scope=ORGANISATION, role="csr", name="Cy Placeholder")
        work.put("memberships", "m", scope=ORGANISATION, user_id="outsider", team_id=TEAMS[1])
        work.put("interactions", "their-call", scope=TEAMS[1])
        office.world.ledger.write(work)
    follow_up = AddFollowUp(row_id="f", scope=TEAMS[0], follow_up_kind="task", title="t", due_at=5)
    for named in ({"interaction_id": "their-call"}, {"ticket_id": "theirs"}, {"assignee_id": "outsider"},
                  {"client_id": "' OR 1=1"}):  # fmt: skip
        assert office.say(0, msgspec.structs.replace(follow_up, **named)) == "refused"
    opened = tickets.OpenTicket(row_id="t", scope=TEAMS[0], subject="s", assignee_id="outsider")
    assert office.say(0, opened) == "refused"
    assert office.say(0, msgspec.structs.replace(opened, assignee_id="user-1")) == "done"
    assert office.say(0, msgspec.structs.replace(follow_up, ticket_id="t", assignee_id="user-1")) == "done"


def test_what_a_push_adds_can_be_named_in_the_same_push(office: Office) -> None:
    """A call, and the follow-up that names it, executed as one group; and a person with their team."""
    desk = office.world.desks[0]
    office.synced(desk)
    desk.replica.do(
        calls.LogInteraction(row_id="call", scope=TEAMS[0], started_at=1, ended_at=2),
        AddFollowUp(row_id="f", scope=TEAMS[0], follow_up_kind="task", title="t", due_at=5, interaction_id="call"),
    )
    office.world.ledger.push([Push(desk.device_id, desk.user_id, desk.replica.push_batch())])
    assert office.row("follow_ups", "f")["interaction_id"] == "call"
    assert [status for (status,) in office.sql.all("SELECT status FROM log")] == ["done", "done"]


def test_two_people_of_one_sign_in_name_are_not_added_even_in_one_push(office: Office) -> None:
    with office.sql.transaction():
        work = Work(office.sql.load, new_row)
        work.put("users", "user-0", role="administrator", login="adm")
        office.world.ledger.write(work)
    bodies = [
        catalogue.encode(
            administration.AddUser(row_id=f"new-{n}", name="Robin Stand-in", login=login, role="csr", id=f"add-{n}",
                                   by="user-0", device="device-0", seq=n, at=office.world.now)
        )
        for n, login in enumerate(("robin", "ROBIN"), 1)
    ]  # fmt: skip
    office.world.ledger.push([Push("device-0", "user-0", bodies)])
    assert [code for (code,) in office.sql.all("SELECT code FROM log ORDER BY seq")] == ["", "login_taken"]
    office.seqs[0] = 2
    demoted = administration.EditUser(row_id="user-0", changes={"role": ("administrator", "csr")})
    assert office.say(0, demoted) == "refused"


def test_a_copied_file_loses_nothing(office: Office) -> None:
    """A copy of the file used up the next numbers: nothing of ours may leave the outbox for its sake."""
    desk = office.world.desks[0]
    office.synced(desk)
    office.say(0, clients.AddNote(row_id="of-the-copy", client_id="client-0", body="b"))
    desk.replica.do(clients.AddNote(row_id="mine", client_id="client-0", body="my words"))
    with pytest.raises(Suspicious):
        office.synced(desk)
    assert desk.replica.waiting_count() == 1


@pytest.mark.parametrize(
    "change", [{"now": 10**18}, {"seq": 10**6}, {"more": True, "seq": -1}, {"cursors": {"org": -5}}]
)
def test_answers_that_no_honest_server_gives(office: Office, change: dict[str, Any]) -> None:
    desk = office.world.desks[0]
    office.synced(desk)
    before = desk.local()
    reply = office.world.feed.pull(desk.device_id, desk.user_id, desk.puller.request())
    forged = msgspec.structs.replace(reply, rows={}, **change)
    with pytest.raises(Suspicious):
        desk.puller.apply(forged)
    assert desk.local() == before


def test_a_mass_deletion_waits_for_a_person(office: Office) -> None:
    with office.sql.transaction():
        work = Work(office.sql.load, new_row)
        for number in range(400):
            work.put("clients", f"many-{number}", scope=ORGANISATION, name="n")
        office.world.ledger.write(work)
    desk = office.world.desks[0]
    office.synced(desk)
    with office.sql.transaction():
        work = Work(office.sql.load, new_row)
        for number in range(400):
            work.put("clients", f"many-{number}", deleted=1)
        office.world.ledger.write(work)
    with pytest.raises(Suspicious, match="delete 400"):
        office.synced(desk)
    assert sum(not row["deleted"] for row in desk.replica.sql.load("clients", desk.rows("clients")).values()) > 400


def furnish(office: Office, count: int, **values: Any) -> None:
    """Clients or, with another scope, tickets; made or changed."""
    table = "tickets" if "subject" in values or values.get("scope") in TEAMS else "clients"
    with office.sql.transaction():
        work = Work(office.sql.load, new_row)
        for number in range(count):
            work.put(table, f"many-{number:03}", **values)
        office.world.ledger.write(work)


def caught_up(office: Office, desk: Desk, limit: int) -> None:
    more = True
    while more:
        request = msgspec.structs.replace(desk.puller.request(), limit=limit)
        reply = office.world.feed.pull(desk.device_id, desk.user_id, request)
        desk.apply(reply)
        more = reply.more


def test_a_mass_deletion_in_small_pages_is_noticed_too(office: Office) -> None:
    furnish(office, 400, scope=ORGANISATION, name="n")
    desk = office.world.desks[0]
    office.synced(desk)
    furnish(office, 400, deleted=1)
    with pytest.raises(Suspicious, match="delete 2"):
        caught_up(office, desk, limit=30)
    assert len(desk.rows("clients", "deleted = 0")) >= 200
    with pytest.raises(Suspicious):  # and again, as long as nobody has looked
        caught_up(office, desk, limit=30)
    assert len(desk.rows("clients", "deleted = 0")) >= 200


def test_a_mass_that_leaves_for_another_team_is_noticed_too(office: Office) -> None:
    furnish(office, 400, scope=TEAMS[0], subject="s")
    desk = office.world.desks[0]
    office.synced(desk)
    furnish(office, 400, scope=TEAMS[1])
    with pytest.raises(Suspicious, match="delete 400"):
        office.synced(desk)
    assert len(desk.rows("tickets")) > 400


def test_a_few_deletions_each_day_are_no_mass(office: Office) -> None:
    furnish(office, 400, scope=ORGANISATION, name="n")
    desk = office.world.desks[0]
    office.synced(desk)
    for day in range(4):
        with office.sql.transaction():
            work = Work(office.sql.load, new_row)
            for number in range(90):
                work.put("clients", f"many-{day * 90 + number:03}", deleted=1)
            office.world.ledger.write(work)
        caught_up(office, desk, limit=30)
    assert len(desk.rows("clients", "deleted = 0")) == 40 + len(CLIENTS)


def test_what_was_taken_back_stays_so_though_it_had_lost_to_a_later_edit(office: Office) -> None:
    """Mine lost to a colleague's; I take mine back, then the colleague theirs: the city is what it was at first."""
    for other in ({}, {"alert": ("a0", "Call first")}):
        mine = clients.EditClient(
            id=f"mine-{len(other)}", row_id="client-0", changes={"city": ("c0", "Omaha"), **other}, at=office.world.now
        )
        theirs = clients.EditClient(
            id=f"theirs-{len(other)}", row_id="client-0", changes={"city": ("c0", "Tulsa")}, at=office.world.now + 1_000
        )
        office.say(1, theirs, at_is_its_own=True)
        assert office.say(0, mine, at_is_its_own=True) == "differs"
        back = {field: (becomes, was) for field, (was, becomes) in mine.changes.items()}
        office.say(0, msgspec.structs.replace(mine, id="", undoes=mine.id, changes=back))
        assert office.row("clients", "client-0")["city"] == "Tulsa"
        office.say(1, msgspec.structs.replace(theirs, id="", undoes=theirs.id, changes={"city": ("Tulsa", "c0")}))
        row = office.row("clients", "client-0")
        assert (row["city"], row["alert"]) == ("c0", "a0")
        office.world.now += 5_000


def test_a_correction_of_what_is_seen_holds_though_a_colleagues_clock_is_ahead(office: Office) -> None:
    ahead, mine = office.world.desks
    for desk in (ahead, mine):
        office.synced(desk)
    ahead.replica.set_state("offset", str(50_000 - ahead.skew))
    mine.replica.set_state("offset", str(-mine.skew))
    ahead.replica.do(clients.EditClient(row_id="client-0", changes={"city": ("c0", "Omaha")}))
    office.world.ledger.push([Push(ahead.device_id, ahead.user_id, ahead.replica.push_batch())])
    office.synced(mine)
    mine.replica.set_state("offset", str(-mine.skew))
    mine.replica.do(clients.EditClient(row_id="client-0", changes={"city": ("Omaha", "Tulsa")}))
    office.world.ledger.push([Push(mine.device_id, mine.user_id, mine.replica.push_batch())])
    assert office.row("clients", "client-0")["city"] == "Tulsa"


def test_what_was_written_while_the_servers_clock_was_ahead_can_be_corrected_at_once(office: Office) -> None:
    mine = office.world.desks[0]
    right_at = office.world.now

    def edit(was: str, becomes: str) -> None:
        office.synced(mine)
        mine.replica.do(clients.EditClient(row_id="client-0", changes={"city": (was, becomes)}))
        office.world.ledger.push([Push(mine.device_id, mine.user_id, mine.replica.push_batch())])
        office.synced(mine)

    office.world.now = right_at + 3_600_000
    edit("c0", "Omaha")
    office.world.now = right_at
    for was, becomes in (("Omaha", "Tulsa"), ("Tulsa", "Yakima")):
        edit(was, becomes)
        office.world.now += 300_000
        assert office.row("clients", "client-0")["city"] == becomes
    assert not office.sql.all("SELECT id FROM log WHERE status <> 'done'")


def test_undo_takes_back_the_latest_deed_though_the_clock_was_set_back_before_it(office: Office) -> None:
    desk = office.world.desks[0]
    office.synced(desk)
    desk.replica.do(clients.EditClient(row_id="client-0", changes={"city": ("c0", "Omaha")}), words="edit")
    office.world.now -= 3_600_000
    desk.replica.do(clients.AddNote(row_id="note", client_id="client-0", body="b"), words="note")
    assert (desk.replica.last_undo() or ("", ""))[1] == "note"
    desk.replica.undo()
    assert not desk.rows("notes", "deleted = 0")
    assert desk.rows("clients", "city = 'Omaha'")
    desk.replica.undo()
    assert not desk.rows("clients", "city = 'Omaha'")


def test_what_was_done_last_is_not_forgotten_first_when_the_clock_was_set_back(office: Office) -> None:
    desk = office.world.desks[0]
    office.synced(desk)
    for number in range(UNDO_KEPT):
        desk.replica.do(clients.AddNote(row_id=f"note-{number}", client_id="client-0", body="b"), words="earlier")
    office.world.now -= 86_400_000
    desk.replica.do(clients.AddNote(row_id="latest", client_id="client-0", body="b"), words="latest")
    office.synced(desk)
    assert (desk.replica.last_undo() or ("", ""))[1] == "latest"
    assert desk.replica.sql.value("SELECT COUNT(*) FROM undo") == UNDO_KEPT


def test_an_answer_nested_beyond_all_measure_is_no_server_instead_of_the_end_of_syncing() -> None:
    deep = b"\x81\xa1x" + b"\x91" * 3_000 + b"\xc0"
    for status in (200, 503):
        with pytest.raises(Unreachable):
            decoded(status, deep, PullReply)


def asked_again(office: Office, desk: Desk) -> PullReply:
    """An honest answer to a desk that has everything; what a test then forges of it."""
    office.synced(desk)
    return office.world.feed.pull(desk.device_id, desk.user_id, desk.puller.request())


def client_row(office: Office, **values: Any) -> dict[str, Any]:
    """The first client as it comes over the wire, with some values of the forger's own."""
    row = {**office.row("clients", "client-0"), **values}
    return {"rows": {"clients": [[row[c] for c in COLUMNS["clients"]]]}, "columns": {"clients": [*COLUMNS["clients"]]}}


def test_a_server_that_says_the_same_over_and_over_is_not_asked_without_end(office: Office) -> None:
    desk = office.world.desks[0]
    for same in (client_row(office), {"gone": [Gone(ORGANISATION, "clients", "nowhere", 1)]}):
        reply = asked_again(office, desk)
        with pytest.raises(Suspicious):
            desk.puller.apply(msgspec.structs.replace(reply, more=True, seq=-1, answers=[], **same))


@pytest.mark.parametrize("stamps", ["{{{", "[]", '{"city":"now"}', '{"city":[-1,"c"]}', "[" * 5_000])
def test_damaged_times_of_edits_are_not_taken_so_the_client_can_still_be_edited(office: Office, stamps: str) -> None:
    desk = office.world.desks[0]
    reply = asked_again(office, desk)
    with pytest.raises(Suspicious):
        desk.puller.apply(msgspec.structs.replace(reply, **client_row(office, stamps=stamps)))
    desk.replica.do(clients.EditClient(row_id="client-0", changes={"city": ("c0", "Omaha")}))


def test_a_server_cannot_make_somebody_else_of_the_person_who_signed_in(office: Office) -> None:
    desk = office.world.desks[0]
    reply = asked_again(office, desk)
    rights = msgspec.structs.replace(reply.rights, user_id="user-1", scopes=[*reply.rights.scopes, "user-1"])
    with pytest.raises(Suspicious):
        desk.puller.apply(msgspec.structs.replace(reply, rights=rights))
    desk.replica.do(clients.AddNote(row_id="note", client_id="client-0", body="b"))
    office.world.ledger.push([Push(desk.device_id, desk.user_id, desk.replica.push_batch())])
    assert [status for (status,) in office.sql.all("SELECT status FROM log")] == ["done"]


@pytest.mark.parametrize("left", [[], [ORGANISATION], ["user-0"]])
def test_nobody_loses_what_is_everyones_or_their_own(office: Office, left: list[str]) -> None:
    desk = office.world.desks[0]
    reply = asked_again(office, desk)
    before = desk.local()
    rights = msgspec.structs.replace(reply.rights, teams=[], scopes=left)
    with pytest.raises(Suspicious):
        desk.puller.apply(msgspec.structs.replace(reply, rights=rights, cursors={}))
    assert desk.local() == before


def test_what_only_a_newer_server_knows_does_not_stop_this_desk(office: Office) -> None:
    desk = office.world.desks[0]
    newer = {"rows": {"shifts": [["s", 1]]}, "columns": {"shifts": ["id", "hours"]}}
    for news in (newer, {"gone": [Gone(ORGANISATION, "shifts", "s", 10**6)]}):
        reply = asked_again(office, desk)
        cursors = {**reply.cursors, ORGANISATION: reply.cursors[ORGANISATION] + 1}
        page = msgspec.structs.replace(reply, more=True, seq=-1, answers=[], cursors=cursors, **news)
        desk.puller.apply(page)
        stored = desk.replica.sql.value("SELECT rev FROM cursors WHERE scope = ?", ORGANISATION)
        assert stored == cursors[ORGANISATION]
        office.world.sql.do("UPDATE counters SET value = ? WHERE id = 'rev'", stored)


@pytest.mark.parametrize(
    "command",
    [
        clients.AddClient(row_id="new", name="Sample\nBakery"),
        clients.AddClient(row_id="new", name="\x1b[31mSample\x07"),
        clients.AddClient(row_id="new", name="Sample", city="a\tb"),
        clients.AddClient(row_id="new", name="Sample\u2028Bakery"),
        clients.AddClient(row_id="new", name="Cafe\u0301"),
        clients.AddClient(row_id="new", name="Sample\u202eyrekaB"),
        clients.AddNote(row_id="new", client_id="client-0", body="bell\x07"),
        clients.EditClient(row_id="client-0", changes={"city": ("c0", "Oma\rha")}),
        AddFollowUp(row_id="new", scope=TEAMS[0], follow_up_kind="task", title="a\nb", due_at=5),
        tickets.EscalateTicket(row_id="ticket", to_id="", reason="a\x9bb"),
    ],
)
def test_text_that_no_desk_gives_is_refused(office: Office, command: Command) -> None:
    before = office.row("clients", "client-0")
    assert office.say(0, command) == "refused"
    assert [office.sql.load(table, ["new"]) for table in ("clients", "notes", "follow_ups")] == [{}, {}, {}]
    assert office.row("clients", "client-0") == before


def test_notes_and_alerts_keep_their_lines(office: Office) -> None:
    words = "First line\n\tsecond, \u05e9\u05dc\u05d5\u05dd \U0001f469\u200d\U0001f4bb"
    assert office.say(0, clients.AddNote(row_id="note", client_id="client-0", body=words)) == "done"
    assert office.say(0, clients.EditClient(row_id="client-0", changes={"alert": ("a0", words)})) == "done"
    assert (office.row("notes", "note")["body"], office.row("clients", "client-0")["alert"]) == (words, words)


def test_what_was_kept_before_can_be_edited_and_brought_back_though_it_would_be_refused_today(office: Office) -> None:
    with office.sql.transaction():
        work = Work(office.sql.load, new_row)
        work.put("clients", "client-0", city="Oma\x1bha", name="Sam\x07ple")
        office.world.ledger.write(work)
    desk = office.world.desks[0]
    office.synced(desk)
    desk.replica.do(clients.EditClient(row_id="client-0", changes={"city": ("Oma\x1bha", "Omaha")}))
    desk.replica.undo()
    office.world.ledger.push([Push(desk.device_id, desk.user_id, desk.replica.push_batch())])
    assert [status for (status,) in office.sql.all("SELECT status FROM log")] == ["done", "done"]
    assert office.row("clients", "client-0")["city"] == "Oma\x1bha"


def test_the_record_of_an_edit_does_not_take_a_desks_word_for_what_a_field_was(office: Office) -> None:
    forged = clients.EditClient(id="lie", row_id="client-0", changes={"city": ("Bribe City\x1b" * 50, "Omaha")})
    office.say(0, forged)
    assert msgspec.json.decode(office.row("changes", "lie")["fields"]) == {"city": ["c0", "Omaha"]}
    late = clients.EditClient(id="late", row_id="client-0", changes={"city": ("c0", "Tulsa")})
    office.say(1, late)
    assert msgspec.json.decode(office.row("changes", "late")["fields"]) == {"city": ["c0", "Tulsa"]}
