"""Seeded, one thread: desks, one server, a bad network. One seed gives one trace.

After every pull: local = a state of the server + my unsent commands, nothing of mine vanishes, cursors never go back.
At the end: every replica equals the server in its scopes, outboxes are empty, every acknowledged command took effect
once or waits under “needs you”.
"""

from __future__ import annotations

import collections
import hashlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import peewee as pw

from csr_desktop.commands import administration, calls, catalogue, clients, follow_ups, tickets
from csr_desktop.commands.command import Command, EditRow
from csr_desktop.commands.work import Work
from csr_desktop.domain import business_calendar
from csr_desktop.domain.errors import Refused
from csr_desktop.domain.ids import id_source
from csr_desktop.domain.permissions import ORGANISATION, Person
from csr_desktop.protocol import PullReply, PullRequest, Rights
from csr_desktop.server.feed import Feed
from csr_desktop.server.ledger import Ledger, Push
from csr_desktop.store.desk_tables import DESK_TABLES
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS, SYNCED, new_row
from csr_desktop.sync.rebase import Puller
from csr_desktop.sync.replica import Replica, first_rights, newcomer, person_of

KINDS = (
    "log ticket edit edit edit contact claim claim state state priority message promise complete renegotiate note number correct escalate group"
).split()
TEAMS = ("team-a", "team-b")
CLIENTS, CONTACTS = ("client-0", "client-1", "client-2"), ("contact-0", "contact-1")
EDITED = {"clients": ("name", "city", "alert"), "contacts": ("name", "title")}


class Crash(BaseException):
    """The process ends here."""


class Desk:
    def __init__(self, world: World, number: int) -> None:
        self.world, self.number = world, number
        self.user_id, self.device_id = f"user-{number}", f"device-{number}"
        self.skew = world.random.choice([0, 0, -86_400_000, 86_400_000, 5_000, -700])
        self.path = world.folder / f"desk-{number}.db"
        self.seen: dict[str, int] = {}
        self.filling: set[str] = set()  # scopes that came, or came back, and of which more pages follow
        self.db: pw.Database | None = None
        self.open()

    def open(self) -> None:
        if self.db is not None:
            self.db.close()
        is_new = not self.path.exists()
        self.db = pw.SqliteDatabase(
            str(self.path), pragmas={"synchronous": 0, "journal_mode": "memory"}, autoconnect=False
        )
        self.db.connect()
        if is_new:
            for model in (*SYNCED.values(), *DESK_TABLES):
                pw.SchemaManager(model, self.db).create_all(safe=True)
        self.replica = Replica(
            Sql(self.db), lambda: self.world.now + self.skew, self.world.new_id, before_commit=self.maybe_crash
        )
        self.puller = Puller(self.replica)
        self.crashes = False
        if is_new:
            first_rights(self.replica, self.device_id, newcomer(self.user_id, self.user_id))

    def maybe_crash(self) -> None:
        if self.crashes:
            raise Crash

    def apply(self, reply: PullReply) -> None:
        before = {scope for (scope,) in self.replica.sql.all("SELECT scope FROM cursors")}
        self.puller.apply(reply)
        after = {scope for (scope,) in self.replica.sql.all("SELECT scope FROM cursors")}
        self.filling = (self.filling | (after - before)) & after if reply.more else set()

    def rows(self, table: str, where: str = "1=1") -> list[str]:
        return [i for (i,) in self.replica.sql.all(f"SELECT id FROM {table} WHERE {where} ORDER BY id")]

    def local(self) -> dict[tuple[str, str], Any]:
        return {(t, i): row for t in SYNCED for i, row in self.replica.sql.load(t, self.rows(t)).items()}


class World:
    def __init__(self, seed: int, sql: Sql, folder: Path, desk_count: int = 2) -> None:
        self.random = random.Random(seed)
        self.now = 1_700_000_000_000
        self.folder = folder
        self.new_id = id_source(lambda: self.now, self.random.getrandbits)
        self.trace = hashlib.sha256()
        self.stats: collections.Counter[str] = collections.Counter()
        self.net: list[tuple[str, int, Any]] = []
        self.versions: dict[tuple[str, str, int], Any] = {}
        self.top = 0
        self.acknowledged: dict[str, tuple[int, str]] = {}
        self.server_crashes = False
        self.sql = sql
        self.ledger = Ledger(sql, lambda: self.now, self._maybe_crash)
        self.feed = Feed(sql, self.ledger, lambda: self.now, "epoch")
        self._furnish(desk_count)
        self.desks = [Desk(self, number) for number in range(desk_count)]

    def _maybe_crash(self) -> None:
        if self.server_crashes:
            raise Crash

    def _furnish(self, desk_count: int) -> None:
        with self.sql.transaction():
            work = Work(self.sql.load, new_row)
            for team in TEAMS:
                work.put("teams", team, scope=ORGANISATION, name=team)
            for client in CLIENTS:
                work.put("clients", client, scope=ORGANISATION, name="n0", city="c0", alert="a0")
            hours = business_calendar.BusinessCalendar("UTC", (((0, 1440),),) * 7)
            work.put("calendars", "hours", scope=ORGANISATION, name="Always", body=business_calendar.encode(hours))
            work.put("sla_policies", "policy", scope=ORGANISATION, name="Usual", calendar_id="hours",
                     targets='{"low":[40,60],"normal":[20,30],"high":[4,5]}')  # fmt: skip
            for contact in CONTACTS:
                work.put("contacts", contact, scope=ORGANISATION, client_id=CLIENTS[0], name="n0", title="t0")
            for number in range(desk_count):
                user = f"user-{number}"
                role = self.random.choice(["csr", "csr", "lead"])
                work.put("users", user, scope=ORGANISATION, name=f"Person {number}", login=user, role=role)
                for team in self.random.sample(TEAMS, self.random.choice([1, 2])):
                    work.put("memberships", f"{user}-{team}", scope=ORGANISATION, user_id=user, team_id=team)
                self.sql.do(
                    "INSERT INTO devices (id, user_id, name, public_key, registered_at, seen_at, revoked_at, seq) VALUES (?,?,?,?,0,0,0,0)",
                    f"device-{number}",
                    user,
                    "",
                    b"",
                )
            self.ledger.write(work)
        self.record()

    def record(self) -> None:
        """Remember each version that a row had on the server."""
        for table, names in COLUMNS.items():
            columns = ",".join(f'"{c}"' for c in names)
            for values in self.sql.all(f"SELECT {columns} FROM {table} WHERE rev > ?", self.top):
                row = dict(zip(names, values, strict=True))
                self.versions[table, row["id"], row["rev"]] = row
        self.top = int(self.sql.value("SELECT value FROM counters WHERE id = 'rev'"))

    # What people do

    def wish(self, desk: Desk) -> list[Command] | None:
        r, who = self.random, desk.replica.who()
        if not who.teams or not desk.rows("clients"):
            return None
        scope = r.choice(sorted(who.teams))
        some: Callable[[str], str] = lambda table: r.choice(desk.rows(table) or [""])  # noqa: E731
        kind = r.choice(KINDS)
        return [c for c in self._commands(kind, desk, scope, who, some) if c is not None] or None

    def _commands(  # noqa: C901, PLR0911, PLR0912  # one branch a kind
        self, kind: str, desk: Desk, scope: str, who: Person, some: Callable[[str], str]
    ) -> list[Command | None]:
        r = self.random
        ticket_id, follow_up_id = some("tickets"), some("follow_ups")
        ticket = desk.replica.sql.load("tickets", [ticket_id]).get(ticket_id)
        follow_up = desk.replica.sql.load("follow_ups", [follow_up_id]).get(follow_up_id)
        match kind:
            case "log":
                linked = r.choice(["", ticket_id])
                return [calls.LogInteraction(row_id=self.new_id(), scope=scope, client_id=some("clients"), ticket_id=linked,
                                             started_at=1, ended_at=2)]  # fmt: skip
            case "ticket":
                return [tickets.OpenTicket(row_id=self.new_id(), scope=scope, client_id=some("clients"), subject="s",
                                           sla_policy_id=some("sla_policies"), calendar_id=some("calendars"))]  # fmt: skip
            case "group":
                new = self.new_id()
                return [
                    tickets.OpenTicket(row_id=new, scope=scope, client_id=some("clients"), subject="s"),
                    calls.LogInteraction(row_id=self.new_id(), scope=scope, ticket_id=new, started_at=1, ended_at=2),
                    follow_ups.AddFollowUp(
                        row_id=self.new_id(), scope=scope, follow_up_kind="promise", title="x", due_at=9
                    ),
                ]
            case "edit" | "contact":
                table = "clients" if kind == "edit" else "contacts"
                row_id = some(table)
                row = desk.replica.sql.load(table, [row_id]).get(row_id)
                if row is None:
                    return []
                fields = r.sample(EDITED[table], r.randint(1, 2))
                edit: type[EditRow] = clients.EditClient if kind == "edit" else clients.EditContact
                return [edit(row_id=row_id, changes={f: (row[f], f"{f}{r.randint(1, 99)}") for f in fields})]
            case "note":
                return [clients.AddNote(row_id=self.new_id(), client_id=some("clients"), body="b")]
            case "number":
                number = some("phone_numbers")
                if number and r.random() < 0.4:
                    return [clients.RemoveNumber(row_id=number)]
                return [clients.AddNumber(row_id=self.new_id(), client_id=some("clients"), raw="555-0101")]
            case "correct":
                interaction = some("interactions")
                return (
                    [calls.EditInteraction(row_id=interaction, changes={"note": ("", f"n{r.randint(1, 9)}")})]
                    if interaction
                    else []
                )
            case "promise":
                return [follow_ups.AddFollowUp(row_id=self.new_id(), scope=scope, follow_up_kind="promise", title="x",
                                               due_at=5, client_id=some("clients"), ticket_id=r.choice(["", ticket_id]))]  # fmt: skip
        if follow_up is not None and kind == "complete":
            if follow_up["state"] == "done":
                return [follow_ups.ReopenFollowUp(row_id=follow_up_id, was_at=follow_up["completed_at"])]
            return [follow_ups.CompleteFollowUp(row_id=follow_up_id, outcome="kept")]
        if follow_up is not None and kind == "renegotiate":
            new_at = r.randint(1, 99)
            return [follow_ups.RenegotiateFollowUp(row_id=follow_up_id, was_at=follow_up["due_at"], becomes_at=new_at)]
        if ticket is None:
            return []
        match kind:
            case "claim":
                becomes = r.choice([who.id, ""])
                return [tickets.AssignTicket(row_id=ticket_id, was_id=ticket["assignee_id"], becomes_id=becomes)]
            case "state":
                return [
                    tickets.ChangeTicketState(row_id=ticket_id, was=ticket["state"], becomes=r.choice(tickets.STATES))
                ]
            case "priority":
                becomes = r.choice(["low", "normal", "high"])
                return [tickets.EditTicket(row_id=ticket_id, changes={"priority": (ticket["priority"], becomes)})]
            case "escalate":
                return [tickets.EscalateTicket(row_id=ticket_id, to_id=r.choice([who.id, "user-0", ""]))]
            case "message":
                body = r.choice(["reply", "note", "inbound"])
                return [tickets.AddMessage(row_id=self.new_id(), ticket_id=ticket_id, message_kind=body, body="b")]
        return []

    def act(self, desk: Desk) -> None:
        desk.crashes = self.random.random() < 0.05
        try:
            if self.random.random() < 0.15:
                outcome = desk.replica.undo()
                self.stats["undo"] += 1
            else:
                commands = self.wish(desk)
                if commands is None:
                    return
                outcome = desk.replica.do(*commands, words="w")
            sql = "SELECT id, body FROM outbox WHERE group_id = ?"
            for command_id, body in desk.replica.sql.all(sql, outcome.group_id):
                self.acknowledged[command_id] = (desk.number, type(catalogue.decode(bytes(body))).__name__)
                self.stats["done"] += 1
        except Refused:
            self.stats["refused at the desk"] += 1
        except Crash:
            self.stats["crash"] += 1
            desk.open()
        finally:
            desk.crashes = False

    # The network

    def send(self, kind: str, number: int, message: Any) -> None:
        if self.random.random() < 0.2:
            self.stats["lost"] += 1
            return
        self.net.append((kind, number, message))
        if self.random.random() < 0.15:
            self.net.append((kind, number, message))

    def deliver(self) -> None:
        if not self.net:
            return
        kind, number, message = self.net.pop(self.random.randrange(len(self.net)) if self.random.random() < 0.5 else 0)
        self.trace.update(f"{kind}{number}".encode())
        if kind == "push":
            pushes = [Push(f"device-{number}", f"user-{number}", message)]
            while self.net and self.net[0][0] == "push" and self.random.random() < 0.5:
                _, other, more = self.net.pop(0)
                pushes.append(Push(f"device-{other}", f"user-{other}", more))
            self.server_crashes = self.random.random() < 0.05
            try:
                self.ledger.push(pushes)
            except Crash:
                self.stats["server crash"] += 1
            finally:
                self.server_crashes = False
            self.record()
        elif kind == "pull":
            request = msgspec.structs.replace(message, limit=self.random.choice([3, 10, 1000]))
            self.send("pulled", number, self.feed.pull(f"device-{number}", f"user-{number}", request))
        else:
            self.take_in(self.desks[number], message)

    def take_in(self, desk: Desk, reply: PullReply) -> None:
        desk.crashes = self.random.random() < 0.05
        try:
            desk.apply(reply)
        except Crash:
            self.stats["crash"] += 1
            desk.open()
        finally:
            desk.crashes = False
        self.check(desk)

    def talk(self, desk: Desk) -> None:
        if self.random.random() < 0.5:
            self.send("push", desk.number, desk.replica.push_batch(limit=self.random.choice([1, 5, 50])))
        else:
            self.send("pull", desk.number, desk.puller.request())

    def change_membership(self) -> None:
        """An administrator moves somebody."""
        with self.sql.transaction():
            work = Work(self.sql.load, new_row)
            user = self.random.choice(self.desks).user_id
            for team in TEAMS:
                work.put("memberships", f"{user}-{team}", scope=ORGANISATION, user_id=user, team_id=team,
                         deleted=int(self.random.random() < 0.4))  # fmt: skip
            work.put("users", user, role=self.random.choice(["csr", "lead"]))
            self.ledger.write(work)
        self.record()
        self.stats["membership"] += 1

    def run(self, steps: int) -> None:
        for _ in range(steps):
            self.now += self.random.choice([1, 50, 3000])
            desk = self.random.choice(self.desks)
            chance = self.random.random()
            if chance < 0.45:
                self.act(desk)
            elif chance < 0.65:
                self.talk(desk)
            elif chance < 0.96:
                self.deliver()
            elif chance < 0.98:
                desk.open()
                self.stats["reopened"] += 1
            else:
                self.change_membership()
            self.trace.update(str(sorted(self.stats.items())).encode())
        self.heal()
        self.final()

    def heal(self) -> None:
        self.net.clear()
        for _ in range(200):
            for desk in self.desks:
                self.ledger.push([Push(desk.device_id, desk.user_id, desk.replica.push_batch())])
                self.record()
                request = msgspec.structs.replace(desk.puller.request(), limit=7)
                desk.apply(self.feed.pull(desk.device_id, desk.user_id, request))
                self.check(desk)
            if all(self._is_quiet(desk) for desk in self.desks):
                return
        raise AssertionError("it never became quiet")

    def _is_quiet(self, desk: Desk) -> bool:
        cursors = desk.replica.sql.all("SELECT rev FROM cursors")
        is_filled = not desk.replica.sql.all("SELECT 1 FROM fills")
        return is_filled and not desk.replica.waiting_count() and all(rev == self.top for (rev,) in cursors)

    # What must hold

    def check(self, desk: Desk) -> None:
        sql = desk.replica.sql
        images: dict[tuple[str, str], Any] = {
            (t, i): msgspec.msgpack.decode(image) if image is not None else None
            for t, i, image in sql.all("SELECT table_name, row_id, image FROM base")
        }
        local = desk.local()
        state = {**local, **images}
        for key, row in state.items():
            if row is not None:
                assert row == self.versions[(*key, row["rev"])], f"no state of the server: {key}"
        work = Work(
            lambda table, ids: {i: state[table, i] for i in ids if state.get((table, i))},
            new_row,
            find=lambda table, field, value: [
                i for (t, i), r in state.items() if t == table and r and r[field] == value
            ],
        )
        for key in state:
            work.get(*key)
        who = person_of(desk.replica.state())
        for command in desk.replica.unsent():
            work.mark()
            try:
                command.permit(who, work)
                command.run(work)
            except Refused:
                work.drop()
        expected = {key: row for key, row in work.now.items() if row is not None}
        different = [key for key in expected.keys() | local.keys() if expected.get(key) != local.get(key)]
        assert not different, f"local is not the server's state and what is unsent: {different}"
        self._check_nothing_vanished(desk, who, local)
        cursors: dict[str, int] = dict(sql.all("SELECT scope, rev FROM cursors WHERE rev >= 0"))
        assert all(rev >= desk.seen.get(scope, 0) for scope, rev in cursors.items()), "it went back in time"
        desk.seen = cursors

    def _check_nothing_vanished(self, desk: Desk, who: Person, local: dict[tuple[str, str], Any]) -> None:
        waiting = {command.id for command in desk.replica.unsent()}
        mine = [
            i for i, (number, kind) in self.acknowledged.items() if number == desk.number and kind == "LogInteraction"
        ]
        for command_id in mine:
            if command_id in waiting:
                continue
            found = self.sql.one("SELECT status, body FROM log WHERE id = ?", command_id)
            assert found is not None, "a command left the outbox that the server does not know"
            command = catalogue.decode(bytes(found[1]))
            assert isinstance(command, calls.LogInteraction)
            if found[0] == "done" and command.scope in who.scopes - desk.filling:
                assert ("interactions", command.row_id) in local, "my call vanished for a while"

    def final(self) -> None:
        for desk in self.desks:
            scopes = self.ledger.person(desk.user_id).scopes
            for table in SYNCED:
                ids = [i for i, scope in self.sql.all(f"SELECT id, scope FROM {table}") if scope in scopes]
                assert desk.replica.sql.load(table, desk.rows(table)) == self.sql.load(table, ids), (
                    f"replica differs in {table}"
                )
            assert not desk.replica.sql.all("SELECT 1 FROM base")
        log = {i: (status, bytes(body)) for i, status, body in self.sql.all("SELECT id, status, body FROM log")}
        needs = [dict(desk.replica.sql.all("SELECT id, status FROM needs_you")) for desk in self.desks]
        for command_id, (number, _) in self.acknowledged.items():
            assert command_id in log, "acknowledged, and lost"
            status = log[command_id][0]
            self.stats[status] += 1
            if status in {"refused", "differs"}:
                assert needs[number].get(command_id) == status, "refused without a word"
        numbers = [n for (n,) in self.sql.all("SELECT number FROM tickets")]
        assert len(set(numbers)) == len(numbers)
        assert 0 not in numbers
        self._check_fields(log)

    def _check_fields(self, log: dict[str, tuple[str, bytes]]) -> None:
        """An oracle over the log: each field is its latest edit that was not taken back."""
        edits: dict[tuple[str, str, str], dict[str, Any]] = {}
        sql = "SELECT id FROM log ORDER BY position"
        for (command_id,) in self.sql.all(sql):
            status, body = log[command_id]
            command = catalogue.decode(body)
            if status not in {"done", "differs"} or not isinstance(command, clients.EditClient | clients.EditContact):
                continue
            for field, (_, becomes) in command.changes.items():
                edits.setdefault((command.table, command.row_id, field), {})[command_id] = becomes
            if command.undoes:  # takes back all of that edit, also a field that it gave the value it had
                for (table, row_id, _), left in edits.items():
                    if (table, row_id) == (command.table, command.row_id):
                        left.pop(command.undoes, None)
                        left.pop(command_id, None)
        for (table, row_id, field), left in edits.items():
            row = self.sql.load(table, [row_id])[row_id]
            question = "SELECT command_id, at FROM history WHERE table_name=? AND row_id=? AND field=?"
            times: dict[str, int] = dict(self.sql.all(question, table, row_id, field))
            expected = left[max(left, key=lambda c: (times[c], c))] if left else f"{field[0]}0"
            assert row[field] == expected, f"{table}.{field} of {row_id}"


def rights_for(user_id: str, teams: list[str]) -> Rights:
    return Rights(user_id, user_id, "csr", teams, [ORGANISATION, user_id, *teams])


__all__ = ["Crash", "Desk", "PullRequest", "World", "administration", "rights_for"]
