"""Records the protocol as this program speaks it: `python -m tests.recorded.record`, before the version is raised.

A scripted day of three workstations and some strangers at a real server on loopback, with clocks that stand and ids
from seeds. Every kind of command is sent at least once, and answers of every kind come.
"""

from __future__ import annotations

import hashlib
import random
import secrets
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, get_args
from unittest.mock import patch

import httpx2
import msgspec
import zstandard

from csr_desktop.commands import administration as admin
from csr_desktop.commands import attachments, calls, catalogue, clients, every, follow_ups, tickets
from csr_desktop.commands.command import Command
from csr_desktop.domain import business_calendar
from csr_desktop.domain.ids import id_source
from csr_desktop.protocol import (
    CONTENT_PART_BYTES,
    MEDIA_TYPE,
    PROTOCOL,
    VERSION_HEADER,
    ContentPart,
    ContentQuestion,
    ContentRequest,
    OlderPageRequest,
    OlderRowRequest,
    OlderSearchRequest,
    PokeRequest,
    PresenceWord,
    PullReply,
    PullRequest,
    PushRequest,
    SignInRequest,
)
from csr_desktop.server.administration import Administration
from csr_desktop.server.app import Api
from csr_desktop.server.folder import DATABASE_NAME, ServerFolder
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.run import RunningServer, Surroundings
from csr_desktop.server.standard_lists import office_hours
from csr_desktop.store.migrations import latest_version
from csr_desktop.store.opening import close_desk, open_desk
from csr_desktop.sync.engine import Engine
from csr_desktop.sync.replica import Replica, first_rights, newcomer
from csr_desktop.sync.transport import HttpCalls, HttpTransport
from tests.recorded.tape import HERE, Index, Step, Tape, do_deed, key_of
from tests.server.conftest import STAFF
from tests.server.desk import CHEAP, PASSWORD, Clock

MINUTE, DAY = 60_000, 86_400_000
ROWS_A_PAGE = 25
"""So few that a small office comes in pages."""
DATABASE_KEY = bytes(range(32))


class SmallPages(HttpTransport):
    def pull(self, request: PullRequest) -> PullReply:
        return super().pull(msgspec.structs.replace(request, limit=ROWS_A_PAGE))


class Workstation:
    """The desk's own parts, without their threads."""

    def __init__(self, day: Day, login: str) -> None:
        self.day, self.login = day, login
        day.said["desk"] = login
        folder = day.folder / login
        folder.mkdir()
        http = HttpCalls(day.url, 15)
        public = key_of(login).public_key().public_bytes_raw()
        request = SignInRequest(login, PASSWORD, f"Desk of {login}", public, DATABASE_KEY)
        self.account = http.sign_in(request)
        http.close()
        self.sql = open_desk(folder / "desk.db", DATABASE_KEY, clock=day.clock)
        self.replica = Replica(self.sql, day.clock, day.ids(login))
        first_rights(self.replica, self.account.device_id, newcomer(self.account.user_id, self.account.name))
        self.transport = SmallPages(day.url, self.account.device_id, key_of(login).sign, day.clock)
        self.engine = Engine(self.replica, self.transport, day.clock, lambda _: None, lambda _: None)

    def do(self, *commands: Command) -> str:
        """Runs them here; the group's id."""
        self.day.pass_time()
        return self.replica.do(*commands).group_id

    def undo(self, group_id: str) -> None:
        self.day.pass_time()
        self.replica.undo(group_id)

    def sync(self, state: str = "saved") -> None:
        self.day.pass_time()
        self.day.said["desk"] = self.login
        self.engine.sync_once()
        assert self.engine.status.state == state, self.engine.status

    def poke(self) -> None:
        self.day.said["desk"] = self.login
        assert self.transport.poke(dict(self.sql.all("SELECT scope, rev FROM cursors")), -1).is_news

    def end(self) -> None:
        self.transport.close()
        close_desk(self.sql)


class Day:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()
        self.said: dict[str, Any] = {"clock": self.clock, "desk": ""}
        self.kept: list[tuple[Step, bytes, bytes]] = []
        self.url = ""
        self.server: RunningServer

    def ids(self, name: str) -> Callable[[], str]:
        seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
        return id_source(self.clock, random.Random(seed).getrandbits)

    def pass_time(self, minutes: int = 1) -> None:
        self.clock.pass_seconds(minutes * 60)

    def deed(self, deed: str, *values: str) -> None:
        do_deed(self.server.parts, deed, list(values))
        self.kept.append((Step(at=self.clock(), deed=deed, values=list(values)), b"", b""))

    def raw(self, desk: str, path: str, body: bytes, token: str = "", **headers: str) -> httpx2.Response:
        """A request as no desk makes it."""
        self.said["desk"] = desk
        said = {VERSION_HEADER: str(PROTOCOL), "Content-Type": MEDIA_TYPE, "Accept-Encoding": "zstd", **headers}
        if token:
            said["Authorization"] = f"Bearer {token}"
        return httpx2.post(f"{self.url}/api/1/{path}", content=body, headers=said, timeout=15)


def furnish(day: Day) -> tuple[ServerFolder, dict[str, str], dict[str, str]]:
    """The office: people by sign-in name and teams by name, with their ids."""
    folder = ServerFolder(day.folder / "server")
    sql = folder.create()
    made = Administration(sql, Ledger(sql, day.clock), day.clock, new_id=day.ids("office"), passwords=CHEAP)
    with sql.transaction():
        made.create_organisation("Sample Payroll", "US", "America/New_York", own_numbers=("(212) 555-0100",))
        teams = {name: made.add_team(name) for name in ("Team one", "Team two")}
        users = {login: made.add_user(name, login, role, own, PASSWORD) for name, login, role, own in STAFF}
    sql.do("VACUUM")
    sql.db.close()
    return folder, users, teams


def record(folder: Path) -> None:
    """Writes the day's files into the folder."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as closing:
        day = Day(Path(name))
        closing.enter_context(patch.object(secrets, "randbits", random.Random(1).getrandbits))
        server_folder, users, teams = furnish(day)
        database = (server_folder.path / DATABASE_NAME).read_bytes()
        begins_at, application = day.clock(), Api.application
        taped: Any = lambda api: Tape(application(api), day.kept, day.said)  # noqa: E731
        closing.enter_context(patch.object(Api, "application", taped))
        around = Surroundings(clock=day.clock, monotonic=day.clock.monotonic, passwords=CHEAP)
        day.server = closing.enter_context(RunningServer(server_folder, surroundings=around))
        day.url = day.server.url
        play(day, users, teams)
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for step, request, reply in day.kept:
        if step.path:
            (folder / f"{step.name}.request.bin").write_bytes(request)
            (folder / f"{step.name}.reply.bin").write_bytes(reply)
    (folder / f"{DATABASE_NAME}.zst").write_bytes(zstandard.compress(database, 19))
    index = Index(PROTOCOL, latest_version("server"), begins_at, [step for step, _, _ in day.kept])
    (folder / "index.json").write_bytes(msgspec.json.format(msgspec.json.encode(index), indent=1) + b"\n")


def play(day: Day, users: dict[str, str], teams: dict[str, str]) -> None:
    adm, ada, lea = (Workstation(day, login) for login in ("adm", "ada", "lea"))
    for desk in (adm, ada, lea):
        desk.sync()  # the first fill, in pages
    office = Office(day, users, teams)
    office.change_lists(adm)
    work = office.morning(ada)
    lea.poke()
    lea.sync()
    office.noon(ada, lea, work)
    day.pass_time(60)  # the tokens end
    office.attach(ada, lea, work)
    office.look_back(ada, work)
    office.afternoon(ada, lea, work)
    office.moves(adm, ada, lea, work)
    strangers(day, ada)
    office.evening(adm, ada, lea)
    for desk in (adm, ada, lea):
        desk.end()
    check_complete(day)


class Work(msgspec.Struct):
    """Ids of what the morning made."""

    client: str
    contact: str
    number: str
    ticket: str
    other_ticket: str
    call: str
    missed: str
    promise: str
    task: str


class Office:
    def __init__(self, day: Day, users: dict[str, str], teams: dict[str, str]) -> None:
        self.day, self.users, self.teams = day, users, teams
        self.new_id = day.ids("rows")

    def change_lists(self, adm: Workstation) -> None:
        new_id, team_id = self.new_id, self.teams["Team one"]
        user_id, calendar_id, membership_id = new_id(), new_id(), new_id()
        targets = '{"normal": [3600, 7200]}'
        adm.do(
            admin.AddUser(row_id=user_id, name="Dot Sample", login="dot", role="csr"),
            admin.AddMembership(row_id=membership_id, user_id=user_id, team_id=team_id),
            admin.AddTeam(row_id=new_id(), name="Team three"),
            admin.AddCalendar(
                row_id=calendar_id, name="Late hours", body=business_calendar.encode(office_hours("America/Chicago"))
            ),
            admin.AddSlaPolicy(row_id=new_id(), name="Sample", calendar_id=calendar_id, targets=targets),
            admin.AddTopic(row_id=new_id(), name="Sample topic", position=90),
            admin.AddDisposition(row_id=new_id(), name="Sample outcome", position=9),
        )
        adm.do(admin.EditUser(row_id=user_id, changes={"extension": ("", "12"), "role": ("csr", "lead")}))
        adm.do(admin.RemoveMembership(row_id=membership_id))
        adm.do(admin.AddOrganisation(row_id=new_id(), name="Example Payroll"))
        (topic_id,) = adm.sql.one("SELECT id FROM topics ORDER BY id") or ("",)
        script_id = new_id()
        adm.do(admin.AddScript(row_id=script_id, topic_id=topic_id, title="Sample", steps='["Ask for the date"]'))
        adm.do(admin.EditScript(row_id=script_id, changes={"is_active": (1, 0)}))
        (organisation_id,) = adm.sql.one("SELECT id FROM organisations WHERE name <> 'Example Payroll'") or ("",)
        adm.do(admin.EditOrganisation(row_id=organisation_id, changes={"wrap_up_limit_seconds": (0, 120)}))
        adm.sync()

    def morning(self, ada: Workstation) -> Work:
        work = Work(*(self.new_id() for _ in range(9)))
        team, at = self.teams["Team one"], self.day.clock()
        policy, calendar = ada.sql.one("SELECT id, calendar_id FROM sla_policies WHERE name = 'Gold'") or ("", "")
        ada.do(
            clients.AddClient(row_id=work.client, name="Sample Bakery", city="Placeholder", time_zone="America/Denver"),
            clients.AddContact(row_id=work.contact, client_id=work.client, name="Una Example", title="Owner"),
            clients.AddNumber(
                row_id=work.number,
                client_id=work.client,
                contact_id=work.contact,
                raw="(212) 555-0111",
                e164="+12125550111",
            ),
        )
        ada.do(
            tickets.OpenTicket(
                row_id=work.ticket,
                scope=team,
                subject="A tax notice has come",
                client_id=work.client,
                contact_id=work.contact,
                sla_policy_id=policy,
                calendar_id=calendar,
            ),
            calls.LogInteraction(
                row_id=work.call,
                scope=team,
                client_id=work.client,
                contact_id=work.contact,
                ticket_id=work.ticket,
                number="+12125550111",
                started_at=at - 5 * MINUTE,
                ended_at=at,
                talk_seconds=240,
                hold_seconds=60,
                wrap_up_seconds=30,
                note="Sample: the notice is of the second quarter. " * 20,
            ),
            follow_ups.AddFollowUp(
                row_id=work.promise,
                scope=team,
                follow_up_kind="promise",
                title="Say what the notice means",
                due_at=at + DAY,
                client_id=work.client,
                ticket_id=work.ticket,
                interaction_id=work.call,
            ),
        )
        ada.do(
            tickets.OpenTicket(row_id=work.other_ticket, scope=team, subject="Card of an example", channel="email"),
            follow_ups.AddFollowUp(
                row_id=work.task, scope=team, follow_up_kind="task", title="Look at the form", due_at=at + 2 * DAY
            ),
            calls.LogInteraction(
                row_id=work.missed, scope=team, result="missed", number="+12125550112", started_at=at, ended_at=at
            ),
            clients.AddNote(row_id=self.new_id(), client_id=work.client, body="Ask for Una; Zoë is away.\nSample."),
        )
        ada.sync()
        return work

    def noon(self, ada: Workstation, lea: Workstation, work: Work) -> None:
        at, me = self.day.clock(), self.users["ada"]
        edit = ada.do(clients.EditClient(row_id=work.client, changes={"tier": ("", "gold"), "employee_count": (0, 40)}))
        ada.do(clients.EditContact(row_id=work.contact, changes={"email": ("", "una@example.com")}))
        ada.do(calls.EditInteraction(row_id=work.call, changes={"note": (self.note(ada, work), "Sample, shortened.")}))
        ada.do(calls.ReturnMissedCall(row_id=work.missed))
        theirs = {"client_id": ("", work.client), "contact_id": ("", work.contact)}
        ada.do(
            clients.AddNumber(
                row_id=(number_id := self.new_id()),
                client_id=work.client,
                contact_id=work.contact,
                raw="(212) 555-0112",
                e164="+12125550112",
            ),
            calls.ResolveCaller(row_id=work.missed, number_id=number_id, changes=theirs),
        )
        ada.do(tickets.EditTicket(row_id=work.ticket, changes={"priority": ("normal", "high")}))
        ada.do(tickets.AssignTicket(row_id=work.ticket, was_id="", becomes_id=me))
        reply = tickets.AddMessage(
            row_id=self.new_id(), ticket_id=work.ticket, message_kind="reply", body="It is on its way."
        )
        sent = ada.do(reply)
        ada.do(tickets.ChangeTicketState(row_id=work.ticket, was="open", becomes="waiting"))
        ada.do(
            tickets.AddMessage(
                row_id=self.new_id(),
                ticket_id=work.ticket,
                message_kind="inbound",
                body="And when?",
                contact_id=work.contact,
            )
        )
        ada.do(tickets.EscalateTicket(row_id=work.ticket, to_id=self.users["lea"], reason="Sample"))
        ada.do(follow_ups.EditFollowUp(row_id=work.task, changes={"title": ("Look at the form", "Read the form")}))
        ada.do(follow_ups.SnoozeFollowUp(row_id=work.task, until_at=at + DAY))
        ada.do(
            follow_ups.RenegotiateFollowUp(
                row_id=work.promise, was_at=self.due_at(ada, work), becomes_at=at + 3 * DAY, reason="Example"
            )
        )
        done = ada.do(follow_ups.CompleteFollowUp(row_id=work.promise, outcome="kept", outcome_note="Una was told"))
        ada.do(clients.RemoveNumber(row_id=work.number))
        for group_id in (edit, done, sent):
            ada.undo(group_id)
        ada.do(follow_ups.CompleteFollowUp(row_id=work.task, outcome="done"))
        ada.sync()
        lea.sync()
        completed_at = int(lea.sql.value("SELECT completed_at FROM follow_ups WHERE id = ?", work.task))
        lea.do(follow_ups.ReopenFollowUp(row_id=work.task, was_at=completed_at))
        lea.do(follow_ups.ReassignFollowUp(row_id=work.task, was_id=me, becomes_id=self.users["bob"]))
        lea.sync()

    def attach(self, ada: Workstation, lea: Workstation, work: Work) -> None:
        """A file in two parts, which a colleague fetches; and what each of them does."""
        content = b"Sample notice. " * 70_000
        sha256, attachment_id, removed_id = hashlib.sha256(content).hexdigest(), self.new_id(), self.new_id()
        ada.do(
            *(
                attachments.AddAttachment(
                    row_id=row_id, ticket_id=work.ticket, name="notice.txt", size=len(content), sha256=sha256
                )
                for row_id in (attachment_id, removed_id)
            )
        )
        ada.do(attachments.RemoveAttachment(row_id=removed_id))
        ada.sync()
        self.day.said["desk"] = "ada"
        assert ada.transport.content_state(ContentQuestion(attachment_id)).received == 0
        for offset in range(0, len(content), CONTENT_PART_BYTES):
            body = content[offset : offset + CONTENT_PART_BYTES]
            ada.transport.put_content(ContentPart(attachment_id, offset, body, hashlib.sha256(body).digest()))
        assert ada.transport.finish_content(ContentQuestion(attachment_id)).is_there
        ada.transport.say(PresenceWord("available", work.ticket, "reply", self.teams["Team one"]))
        lea.sync()
        assert lea.transport.get_content(ContentRequest(attachment_id, 0)).body == content[:CONTENT_PART_BYTES]
        assert lea.transport.say(PresenceWord("on_call")).people

    def look_back(self, ada: Workstation, work: Work) -> None:
        """A call of long ago is on the server alone, where it is found."""
        call_id, at = self.new_id(), self.day.clock() - 500 * DAY
        ada.do(
            calls.LogInteraction(
                row_id=call_id, scope=self.teams["Team one"], client_id=work.client, started_at=at, ended_at=at,
                note="A sample of long ago",
            )
        )  # fmt: skip
        ada.sync()
        self.day.deed("index")
        assert [row[0] for row in ada.transport.older_page(OlderPageRequest(work.client)).rows["interactions"]] == [
            call_id
        ]
        assert ada.transport.older_row(OlderRowRequest("interactions", call_id)).rows["interactions"]
        assert [hit.row_id for hit in ada.transport.older_search(OlderSearchRequest("long ago")).hits] == [call_id]

    def afternoon(self, ada: Workstation, lea: Workstation, work: Work) -> None:
        """Both do the same at once: one is told that it is taken, one that it differs."""
        lea.do(
            tickets.AssignTicket(row_id=work.other_ticket, was_id="", becomes_id=self.users["lea"]),
            clients.EditClient(row_id=work.client, changes={"city": ("Placeholder", "Example Falls")}),
        )
        lea.sync()
        claim = ada.do(tickets.AssignTicket(row_id=work.other_ticket, was_id="", becomes_id=self.users["ada"]))
        ada.undo(claim)
        ada.do(clients.EditClient(row_id=work.client, changes={"city": ("Placeholder", "Sample City")}))
        ada.sync()
        assert [one.code for one in ada.replica.needs_you()] == ["taken"]
        lea.sync()

    def moves(self, adm: Workstation, ada: Workstation, lea: Workstation, work: Work) -> None:
        """A ticket goes to another team, then a person does."""
        self.day.deed("move", "tickets", work.other_ticket, self.teams["Team two"])
        ada.poke()
        ada.sync()
        membership = str(adm.sql.value("SELECT id FROM memberships WHERE user_id = ?", self.users["ada"]))
        adm.sync()
        adm.do(
            admin.RemoveMembership(row_id=membership),
            admin.AddMembership(row_id=self.new_id(), user_id=self.users["ada"], team_id=self.teams["Team two"]),
        )
        adm.sync()
        ada.do(tickets.EditTicket(row_id=work.ticket, changes={"subject": ("A tax notice has come", "Tax notice")}))
        ada.sync()  # refused: it is another team's by now
        assert sorted(one.code for one in ada.replica.needs_you()) == ["taken", "unknown"]
        assert ada.sql.value("SELECT count(*) FROM tickets WHERE scope = ?", self.teams["Team one"]) == 0
        assert ada.sql.value("SELECT count(*) FROM tickets WHERE id = ?", work.other_ticket) == 1
        lea.sync()

    def evening(self, adm: Workstation, ada: Workstation, lea: Workstation) -> None:
        adm.do(admin.EditUser(row_id=self.users["lea"], changes={"is_active": (1, 0)}))
        adm.sync()
        lea.sync("signed_out")
        self.day.deed("revoke", ada.account.device_id)
        ada.do(clients.AddNote(row_id=self.new_id(), client_id=self.client(ada), body="Too late, as a sample."))
        ada.sync("signed_out")

    @staticmethod
    def client(desk: Workstation) -> str:
        return str(desk.sql.value("SELECT id FROM clients"))

    @staticmethod
    def note(desk: Workstation, work: Work) -> str:
        return str(desk.sql.value("SELECT note FROM interactions WHERE id = ?", work.call))

    @staticmethod
    def due_at(desk: Workstation, work: Work) -> int:
        return int(desk.sql.value("SELECT due_at FROM follow_ups WHERE id = ?", work.promise))


def strangers(day: Day, ada: Workstation) -> None:
    """What is not served, each in its own way."""
    encode = msgspec.msgpack.encode
    token = ada.transport._valid_token("")
    sign_in = SignInRequest("ada", "wrong " + PASSWORD, "Example", bytes(32), DATABASE_KEY)
    other = clients.AddNote(
        id=ada.replica.new_id(),
        by=ada.account.user_id,
        device="",
        seq=1,
        row_id=day.ids("x")(),
        client_id="c",
        body="x",
    )
    forged = msgspec.structs.replace(other, device=ada.replica.new_id())
    copied = msgspec.structs.replace(other, device=ada.account.device_id)
    asked: list[tuple[int, httpx2.Response]] = [
        (426, day.raw("stranger", "pull", b"", **{VERSION_HEADER: "0"})),
        (426, day.raw("stranger", "pull", b"", **{VERSION_HEADER: "900"})),
        (415, day.raw("stranger", "sign-in", b"{}", **{"Content-Type": "application/json"})),
        (400, day.raw("stranger", "sign-in", b"\xc1")),
        (401, day.raw("stranger", "sign-in", encode(sign_in))),
        (401, day.raw("stranger", "pull", encode(PullRequest("a", {}, 0)))),
        (404, day.raw("stranger", "nothing-here", b"")),
        (400, day.raw("ada-by-hand", "push", encode(PushRequest([b"\x80"])), token)),
        (403, day.raw("ada-by-hand", "push", encode(PushRequest([catalogue.encode(forged)])), token)),
        (409, day.raw("ada-by-hand", "push", encode(PushRequest([catalogue.encode(copied)])), token)),
        (413, day.raw("ada-by-hand", "push", encode(PushRequest([b""] * 501)), token)),
        (409, day.raw("ada-by-hand", "pull", encode(PullRequest("a", {}, 100_000)), token)),
        (400, day.raw("ada-by-hand", "poke", encode(PokeRequest({"org": -1})), token)),
    ]
    assert [status for status, _ in asked] == [response.status_code for _, response in asked]


def check_complete(day: Day) -> None:
    """Every kind of command and of answer has gone over the wire."""
    sent, answers, gone, pages = set(), set(), 0, 0
    for step, request, reply in day.kept:
        if step.path == "push" and step.status == 200:
            body = zstandard.decompress(request) if step.request.get("content-encoding") == "zstd" else request
            sent |= {type(catalogue.decode(one)) for one in msgspec.msgpack.decode(body, type=PushRequest).commands}
        if step.path == "pull" and step.status == 200:
            body = zstandard.ZstdDecompressor().decompress(reply) if "content-encoding" in step.reply else reply
            page = msgspec.msgpack.decode(body, type=PullReply)
            answers |= {answer.status for answer in page.answers}
            gone += len(page.gone)
            pages += page.more
    assert sent == set(get_args(every.Any_)), set(get_args(every.Any_)) - sent
    assert answers == {"done", "differs", "refused", "void"}, answers
    assert gone, "no gone mark"
    assert pages, "no second page"


if __name__ == "__main__":
    record(HERE / f"protocol_{PROTOCOL}")
