"""Seeded, one thread: some desks, a server of one or more processes, a bad network. One seed gives one trace.

People work, are moved, and sit at clocks that are wrong; messages are lost, repeated, late and out of order; processes
end at any step; files and servers are put back from copies. `checks` says what must hold.
"""

from __future__ import annotations

import collections
import hashlib
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from csr_desktop.commands import catalogue
from csr_desktop.commands.work import Work
from csr_desktop.domain import business_calendar
from csr_desktop.domain.errors import CsrDesktopError, Refused
from csr_desktop.domain.permissions import ORGANISATION, Person
from csr_desktop.protocol import PullReply, PullRequest
from csr_desktop.server.feed import Feed
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.share import set_months
from csr_desktop.store.migrations import latest_version
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import SYNCED, new_row
from csr_desktop.sync.guard import stopped
from csr_desktop.sync.recovery import is_behind, is_put_back
from tests.sync import accidents, years
from tests.sync.checks import Deeds, Versions, check_all, check_desk
from tests.sync.databases import SharedDatabase
from tests.sync.deeds import CLIENTS, CONTACTS, TEAMS
from tests.sync.deeds import Deeds as Wishes
from tests.sync.desks import DAY, Desk
from tests.sync.network import ANSWERS, Message, Network, as_of_a_newer_server
from tests.sync.servers import Answer, ServerProcess
from tests.sync.stepping import Crash, Fuse, Step, crash

Put = tuple[str, str, dict[str, Any]]
ROUNDS = 200


class World:
    """`written` is what administrators wrote, each after a position in the log; `moved` the rows that left a scope. When
    it is long, years pass in it, so that work grows old.
    """

    def __init__(
        self,
        seed: int,
        database: SharedDatabase,
        folder: Path,
        desk_count: int = 2,
        server_count: int = 1,
        *,
        is_long: bool = False,
    ) -> None:
        self.random = random.Random(seed)
        self.began_at = self.now = 1_700_000_000_000
        self.server_skew = 0
        self.folder = folder
        self.database = database
        self.stats: collections.Counter[str] = collections.Counter()
        self.trace = hashlib.sha256()
        self.network = Network(self.random)
        self.versions = Versions()
        self.is_long = is_long
        self.watch = years.Watch()
        self.imported = 0
        self.bulk: list[str] = []
        self.deeds = Deeds(self)
        self.written: list[tuple[int, list[Put]]] = []
        self.moved: set[str] = set()
        self.server_version = latest_version("server")
        self.has_been_put_back = self.is_healed = False
        self.server_count = server_count
        self._backup: list[tuple[int, list[Put]]] | None = None
        self._epoch = 0
        self._device_count = desk_count
        self.open_servers()
        self._furnish(desk_count)
        self.desks = [Desk(self, number) for number in range(desk_count)]
        self.happenings: Sequence[Callable[[World], None]] = ()
        if is_long:
            is_in_bulk = self.random.random() < 0.4
            count = 13 if is_in_bulk else self.random.choice([1, 3, 13, 13])
            self.on_server(lambda sql: set_months(sql, count))
            self.happenings = years.HAPPENINGS
            if is_in_bulk:
                years.in_bulk(self)
                self.happenings = (*self.happenings, *[years.in_bulk] * 8)

    # The server

    def server_clock(self) -> int:
        return self.now + self.server_skew

    def open_servers(self) -> None:
        self.servers = [
            ServerProcess(self.database, self.server_clock, f"epoch {self._epoch}") for _ in range(self.server_count)
        ]
        self.sql = Sql(self.database.connect())

    def close_servers(self) -> None:
        self.sql.db.close()
        for server in self.servers:
            server.stop()

    @property
    def ledger(self) -> Ledger:
        return self.servers[0].ledger

    @property
    def feed(self) -> Feed:
        return self.servers[0].feed

    def person(self, user_id: str) -> Person:
        return self.ledger.person(user_id)

    def record(self) -> None:
        changes = self.versions.record(self.sql)
        self.watch.reached(self.versions.top, self.server_clock())
        if self.is_long:
            years.note_changes(self, changes)

    def on_server(self, change: Callable[[Sql], object]) -> None:
        sql = self.random.choice(self.servers).sql
        with sql.transaction():
            change(sql)

    def administer(self, puts: list[Put] | Callable[[Sql], list[Put]]) -> None:
        """Write rows by the server's own path, as an import or the command line does."""
        server = self.random.choice(self.servers)
        with server.sql.transaction():
            found = puts(server.sql) if callable(puts) else puts
            work = Work(lambda table, ids: server.sql.load(table, ids, lock=True), new_row)
            for table, row_id, fields in found:
                before = work.get(table, row_id)
                if before is not None and before["scope"] != fields.get("scope", before["scope"]):
                    self.moved.add(row_id)
                work.put(table, row_id, **fields)
            server.ledger.write(work)
        self.written.append((int(self.sql.value("SELECT COALESCE(MAX(position), 0) FROM log")), found))
        self.record()

    @property
    def has_backup(self) -> bool:
        return self._backup is not None

    def back_up(self) -> None:
        self.close_servers()
        self.database.back_up()
        self._backup = list(self.written)
        self.open_servers()

    def put_server_back(self) -> None:
        assert self._backup is not None
        before = {i: (status, at) for i, status, at in self.sql.all("SELECT id, status, executed_at FROM log")}
        self.close_servers()
        self.database.put_back()
        self.written = list(self._backup)
        self._epoch += 1
        self.has_been_put_back = True
        self.open_servers()
        self.versions.top = 0
        self.record()
        self.deeds.server_put_back(before)

    def _furnish(self, desk_count: int) -> None:
        hours = business_calendar.encode(business_calendar.BusinessCalendar("UTC", (((0, 1440),),) * 7))
        targets = '{"low":[40,60],"normal":[20,30],"high":[4,5]}'
        puts: list[Put] = [("teams", team, {"name": team}) for team in TEAMS]
        puts += [("clients", client, {"name": "n0", "city": "c0", "alert": "a0"}) for client in CLIENTS]
        puts.append(("calendars", "hours", {"name": "Always", "body": hours}))
        puts.append(("sla_policies", "policy", {"name": "Usual", "calendar_id": "hours", "targets": targets}))
        puts += [("contacts", c, {"client_id": CLIENTS[0], "name": "n0", "title": "t0"}) for c in CONTACTS]
        for number in range(desk_count):
            user, role = f"user-{number}", self.random.choice(["csr", "csr", "lead"])
            puts.append(("users", user, {"name": f"Person {number}", "login": user, "role": role}))
            for team in self.random.sample(TEAMS, self.random.choice([1, 2])):
                puts.append(("memberships", f"{user}-{team}", {"user_id": user, "team_id": team}))
            self.register(f"device-{number}", user)
        self.administer([(table, row_id, {"scope": ORGANISATION, **fields}) for table, row_id, fields in puts])

    def register(self, device_id: str, user_id: str) -> None:
        columns = "id, user_id, name, public_key, registered_at, seen_at, revoked_at, seq"
        insert = f"INSERT INTO devices ({columns}) VALUES (?,?,'',?,?,0,0,0)"
        self.on_server(lambda sql: sql.do(insert, device_id, user_id, b"", self.now))

    # What goes over the network

    def serve(self, messages: Sequence[Message]) -> list[Answer] | None:
        """One process answers, all pushes in one commit; None when it crashed meanwhile, before or after."""
        server = self.random.choice([server for server in self.servers if not server.is_busy])
        for message in messages:
            self.trace.update(f"{message.kind}{message.number}".encode() + message.body)
        try:
            if messages[0].kind == "pull":
                return [self._page(message, server.pull(message.session, message.body)) for message in messages]
            if messages[0].kind == "check":
                return [server.check(message.session, message.body) for message in messages]
            self._endanger(server)
            return server.push([(message.session, message.body) for message in messages])
        except Crash:
            self.stats["server crash"] += 1
            return None
        finally:
            server.fuse.put_out()
            self.record()

    def _page(self, message: Message, answer: Answer) -> Answer:
        """Every seventh of a desk's questions is answered as a newer server would."""
        status, body = answer
        if self.is_long and status == 200:
            request = msgspec.msgpack.decode(message.body, type=PullRequest)
            years.check_page(self, request, msgspec.msgpack.decode(body, type=PullReply))
        return status, as_of_a_newer_server(body) if status == 200 and message.serial % 7 == 0 else body

    def _endanger(self, server: ServerProcess) -> None:
        chance = self.random.random()
        if self.is_healed or any(one.is_busy for one in self.servers):
            return
        if chance < 0.08:
            light(server.fuse, self.random, 20, crash)
        elif chance < 0.25 and len(self.servers) > 1:
            server.fuse.light("statement", self.random.randint(1, 25), self.interleave)

    def interleave(self) -> None:
        """While one process is within its transaction, another one answers."""
        message = self.network.next()
        if message is None:
            return
        if message.kind in ANSWERS:
            self.network.keep(message)
        else:
            self.stats["interleaved"] += 1
            self.pass_on(message)

    def exchange(self, message: Message) -> Answer | None:
        """A question that waits for its answer: lost, late, answered in vain, answered, answered twice."""
        chance = 1.0 if self.is_healed else self.random.random()
        if chance < 0.2:
            if chance < 0.1:
                self.network.keep(message)
            self.stats["lost"] += 1
            return None
        answers = self.serve([message])
        if chance < 0.3:
            return None
        if chance < 0.36:
            self.network.keep(message)
        return answers[0] if answers else None

    def deliver(self) -> None:
        message = self.network.next()
        if message is None:
            return
        if message.kind in ANSWERS:
            self.hear(self.desks[message.number], message)
            return
        self.pass_on(message)

    def pass_on(self, message: Message) -> None:
        """To the server, with other pushes that arrive at the same time; its answers go on their way."""
        messages = [message]
        while message.kind == "push" and self.random.random() < 0.5:
            another = self.network.next("push")
            if another is None:
                break
            messages.append(another)
        answers = self.serve(messages)
        for asked, (status, body) in zip(messages, answers or [], strict=False):
            self.network.send(asked._replace(kind=f"{asked.kind}ed", status=status, body=body))

    # The desks

    def at_risk(self, desk: Desk, work: Callable[[], CsrDesktopError | None]) -> None:
        """The desk works; now and then it ends at some step and is started again."""
        if self.random.random() < 0.08:
            light(desk.fuse, self.random, 40, crash)
        try:
            fault = work()
        except Crash:
            self.stats["crash"] += 1
            desk.open()
            desk.note_filling(more=True)
            fault = None
        finally:
            desk.fuse.put_out()
        if fault is not None:
            self.stats[f"{type(fault).__name__}"] += 1
            self.recover(desk, fault)

    def recover(self, desk: Desk, fault: CsrDesktopError) -> None:
        if stopped(desk.replica) is not None:
            years.decide(self, desk.replica)
        else:
            desk.recover(fault, self.sign_in)

    def hear(self, desk: Desk, message: Message) -> None:
        self.at_risk(desk, lambda: desk.hear(message))
        check_desk(self, desk)

    def sign_in(self, desk: Desk, is_new: bool) -> None:
        """The person signs in again, if the account is open: at the same workstation, or at one registered anew."""
        if not self.sql.value("SELECT is_active FROM users WHERE id = ?", desk.user_id):
            return
        found = self.sql.one("SELECT revoked_at FROM devices WHERE id = ?", desk.device_id)
        if found is not None and not found[0] and not is_new:
            return
        self._device_count += 1
        desk.device_id = f"device-{self._device_count}"
        self.register(desk.device_id, desk.user_id)
        if found is not None and found[0]:
            desk.wipe()
            self.deeds.lost_file(desk.number, is_put_back=False)
            desk.open()
        else:
            desk.replica.take_device(desk.device_id)

    def act(self, desk: Desk) -> None:
        """Somebody does something, or takes it back; what the screen says is saved is remembered."""

        def work() -> None:
            who = desk.replica.who()
            if self.random.random() < 0.12:
                self.stats["undo"] += 1
                outcome = desk.replica.undo()
            else:
                wish = Wishes(desk, who, self.random).wish() if who.teams and desk.rows("clients") else []
                if not wish:
                    return
                outcome = desk.replica.do(*wish, words="w")
            desk.fuse.put_out()
            sql = "SELECT id, body FROM outbox WHERE group_id = ?"
            for command_id, body in desk.replica.sql.all(sql, outcome.group_id):
                self.deeds.add(command_id, desk.number, type(catalogue.decode(bytes(body))).__name__)
                self.stats["done here"] += 1

        try:
            self.at_risk(desk, work)
        except Refused:
            self.stats["refused at the desk"] += 1

    def talk(self, desk: Desk) -> None:
        question = desk.question()
        if question is not None:
            self.network.send(question)

    def sync(self, desk: Desk) -> None:
        self.at_risk(desk, desk.sync)
        check_desk(self, desk)

    # A course of events

    def run(self, steps: int) -> None:
        for desk in self.desks:
            desk.takes_back_undos = True
            desk.open()
            if self.random.random() < 0.8:
                self.sync(desk)
        for _ in range(steps):
            self.now += self.random.choice([1, 50, 3000])
            if self.happenings and self.random.random() < 0.08:
                self.random.choice(self.happenings)(self)
            desk = self.random.choice(self.desks)
            chance = self.random.random()
            if chance < 0.40:
                self.act(desk)
            elif chance < 0.57:
                self.talk(desk)
            elif chance < 0.64:
                self.sync(desk)
            elif chance < 0.92:
                self.deliver()
            elif chance < 0.94:
                desk.open()
            else:
                often = accidents.OFTEN if self.random.random() < 0.7 else accidents.SELDOM
                self.random.choice(often)(self)
            self.trace.update(str(sorted(self.stats.items())).encode())
        self.heal()
        check_all(self)
        for table in SYNCED:
            rows = self.sql.load(table, [i for (i,) in self.sql.all(f"SELECT id FROM {table}")])
            self.trace.update(msgspec.json.encode(sorted(rows.items())))

    def heal(self) -> None:
        """The network and the clocks are well, accounts open; desks sync until nothing is left to say."""
        self.network.heal()
        self.is_healed = True
        for desk in self.desks:
            self.administer([("users", desk.user_id, {"is_active": 1})])
        self._settle()
        if self.is_long:  # what was kept for unsent work goes within a day or two
            self.server_skew = 0
            self.now += 4 * DAY
            self._settle()

    def _settle(self) -> None:
        for _ in range(ROUNDS):
            for desk in self.desks:
                fault = desk.sync()
                if fault is not None:
                    self.recover(desk, fault)
                check_desk(self, desk)
            if all(self._is_quiet(desk) for desk in self.desks):
                return
        raise AssertionError("it never became quiet")

    def _is_quiet(self, desk: Desk) -> bool:
        cursors = desk.replica.sql.all("SELECT rev FROM cursors")
        is_filled = not desk.replica.sql.all("SELECT 1 FROM fills")
        is_whole = not (is_behind(desk.replica) or is_put_back(desk.replica) or desk.replica.waiting_count())
        return is_whole and is_filled and bool(cursors) and all(rev == self.versions.top for (rev,) in cursors)

    def close(self) -> None:
        for desk in self.desks:
            desk.close()
        self.close_servers()


def light(fuse: Fuse, randomness: random.Random, statements: int, action: Callable[[], None]) -> None:
    """At a transaction's edge half the time, else at some statement."""
    kind: Step = randomness.choice(["begin", "commit", "committed", "statement", "statement", "statement"])
    fuse.light(kind, randomness.randint(1, statements) if kind == "statement" else 1, action)


__all__ = ["CLIENTS", "TEAMS", "Crash", "Desk", "World", "crash"]
