"""Whoever sends whatever: over HTTP, with real sessions, what becomes of it is what the roles table says."""

from __future__ import annotations

import collections
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx2
import msgspec
import pytest

from csr_desktop.commands import catalogue
from csr_desktop.commands.administration import EditUser
from csr_desktop.commands.command import AddRow, ChangeState, Command, RemoveRow
from csr_desktop.protocol import (
    CheckReply,
    CheckRequest,
    OlderPageReply,
    OlderPageRequest,
    OlderRowRequest,
    PullReply,
    PullRequest,
)
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.rates import Limits, Rate
from csr_desktop.server.run import RunningServer, Surroundings, administration
from csr_desktop.store.sql import Sql
from tests.recorded import version_1
from tests.server.desk import CHEAP, PASSWORD, Desk, http_client, message, new_id, problem
from tests.server.random_commands import Dice, all_kinds
from tests.server.roles_table import Roles, Verdict, adds, named

MORE_STAFF = (
    ("Dee Sample", "dee", "csr", ("Team one", "Team two")),
    ("Lou Demo", "lou", "lead", ("Team two",)),
    ("Nia Fictional", "nia", "csr", ()),
)
LOGINS = ("ada", "bob", "cy", "lea", "max", "adm", "dee", "lou", "nia")
SCOPED = ("interactions", "tickets", "messages", "follow_ups", "attachments")
SEEDS = (1, 2, 3, 4)
COMMANDS = 450
"""Of each seed."""
CHANGES: dict[int, tuple[str, str, str | int]] = {
    60: ("bob", "is_active", 0),
    120: ("lea", "role", "manager"),
    160: ("dee", "role", "manager"),
    200: ("bob", "is_active", 1),
    240: ("lea", "role", "lead"),
    280: ("cy", "role", "administrator"),
    320: ("dee", "role", "csr"),
    360: ("cy", "role", "csr"),
}
"""Before which command whose account is changed, and how."""
WIDE = Rate(100_000, 100_000)


class Player:
    """A person's workstation, which keeps all that comes."""

    def __init__(self, url: str, login: str) -> None:
        self.desk = Desk(http_client(url), login).begin()
        self.copy = version_1.Copy()
        self.done: list[Command] = []

    @property
    def user_id(self) -> str:
        return self.desk.user_id

    def pull(self, copy: version_1.Copy) -> httpx2.Response:
        """All pages into the copy; the last response."""
        while True:
            asked = PullRequest(secrets.token_hex(8), copy.cursors, copy.answered)
            response = self.desk.post("pull", asked)
            if response.status_code != 200:
                return response
            page = message(response, version_1.PullReply)
            copy.take(page)
            if not page.more:
                return response


class Game:
    def __init__(self, url: str, sql: Sql, seed: int) -> None:
        self.sql = sql
        self.dice = Dice(seed, sql)
        self.roles = Roles(sql)
        self.players = [Player(url, login) for login in LOGINS]
        self.counts: collections.Counter[tuple[str, str]] = collections.Counter()
        self.by_role: collections.Counter[tuple[str, str]] = collections.Counter()
        self.twins = self.peeps = 0
        self.opened: collections.Counter[bool] = collections.Counter()
        self.born: dict[tuple[str, str], str] = {}

    def furnish(self) -> None:
        """Something of everyone's and of both teams', so that there is something to forbid."""
        for _ in range(3):
            for player in self.players:
                for kind in ("AddClient", "AddContact", "AddNumber", "OpenTicket", "LogInteraction", "AddFollowUp"):
                    self.send(player, *self.dice.do(kind, player.user_id))

    def turn(self) -> None:
        player = self.dice.random.choice(self.players)
        administrator = self.administrator()
        roll = self.dice.random.random()
        if roll < 0.08:
            kind = self.dice.random.choice(["AddMembership", "RemoveMembership", "EditUser"])
            self.send(administrator, *self.dice.do(kind, administrator.user_id))
        elif roll < 0.18 and player.done:
            self.send(player, self.undo(self.dice.random.choice(player.done)), "")
        elif roll < 0.21:
            other = self.dice.random.choice(self.players)
            if other is not player and other.done:
                self.send(player, self.undo(self.dice.random.choice(other.done)), "another's undo")
        elif roll < 0.26:
            self.send(
                player, *self.dice.do("AddNote", player.user_id), by=self.dice.random.choice(self.players).user_id
            )
        else:
            self.send(player, *self.dice.do(self.dice.random.choice(self.dice.kinds), player.user_id))

    def administrator(self) -> Player:
        """One who still is; there always is one."""
        return next(p for p in self.players if self.is_administrator(p.user_id))

    def is_administrator(self, user_id: str) -> bool:
        standing = self.roles.standing(user_id)
        return standing.role == "administrator" and standing.is_open

    def change(self, login: str, field: str, becomes: str | int) -> None:
        """An administrator changes somebody's account, who at once takes back what they did before."""
        player = next(p for p in self.players if p.desk.login == login)
        was = self.sql.value(f"SELECT {field} FROM users WHERE id = ?", player.user_id)
        self.send(self.administrator(), EditUser(row_id=player.user_id, changes={field: (was, becomes)}))
        for command in self.dice.random.sample(player.done, min(6, len(player.done))):
            self.send(player, self.undo(command))

    @staticmethod
    def undo(command: Command) -> Command:
        empty = {"id": "", "seq": 0, "at": 0, "undoes": command.id}
        if isinstance(command, AddRow):
            return msgspec.structs.replace(command, is_removal=True, **empty)
        if isinstance(command, RemoveRow):
            return msgspec.structs.replace(command, is_restored=not command.is_restored, **empty)
        if isinstance(command, ChangeState):
            return msgspec.structs.replace(command, back={"state": ("open", "closed")}, **empty)
        return msgspec.structs.replace(command, **empty)

    def send(self, player: Player, command: Command, flaw: str = "", by: str = "") -> None:
        sent = player.desk.stamp(command, at=0, **({"by": by} if by else {}))
        flaw = "by" if sent.by != player.user_id else flaw
        right = self.roles.judge(player.user_id, sent, flaw)
        was_there = adds(sent) and self.roles.row(sent.table, sent.row_id)  # type: ignore[attr-defined]
        before = self.fingerprint()
        verdict, code, reason = self.answer(player, sent)
        words = (player.desk.login, self.roles.standing(player.user_id), flaw, sent, verdict, code, right)
        is_empty = bool(sent.undoes) and code == "nothing"  # which says only what their own command came to
        assert verdict in right or is_empty, words
        kind = type(sent).__name__
        self.counts[kind, verdict] += 1
        self.by_role[self.roles.standing(player.user_id).role, verdict] += 1
        if verdict == "yes":
            assert not was_there or self.fingerprint() == before, words
            if not sent.undoes:
                player.done.append(sent)
            self.note_births()
            return
        assert self.fingerprint() == before, words
        if verdict == "unknown" and not sent.undoes and not flaw and not was_there:
            self.send_twin(player, sent, (code, reason))

    def answer(self, player: Player, sent: Command) -> tuple[Verdict, str, str]:
        """What became of it, by the pull."""
        response = player.desk.push_raw(sent)
        if response.status_code != 200:
            player.desk.seq -= 1
            assert (response.status_code, problem(response).code) == (401, "signed_out")
            assert problem(player.pull(version_1.Copy())).code == "signed_out"
            return "signed_out", "", ""
        response = player.pull(player.copy)
        if response.status_code == 401 and not self.roles.standing(player.user_id).is_open:
            return "yes", "", ""  # an administrator who closed their own account
        assert response.status_code == 200
        answer = player.copy.answers[player.desk.seq]
        assert answer.command_id == sent.id
        self.check_scopes(player, player.copy)
        if answer.status in {"done", "differs"}:
            return "yes", "", ""
        assert answer.reason
        return ("unknown" if answer.code == "unknown" else "no"), answer.code, answer.reason

    def send_twin(self, player: Player, sent: Command, answer: tuple[str, str]) -> None:
        """The same with ids that nobody has in the place of hidden ones: nobody can tell the difference."""
        who = self.roles.standing(player.user_id)
        fields = msgspec.to_builtins(sent)
        ids = [(sent.table, fields["row_id"]), *named(sent)]  # type: ignore[attr-defined]
        hidden = {i for table, i in ids if (row := self.roles.row(table, i)) and row["scope"] not in who.scopes}
        hidden |= {fields["scope"]} - who.scopes if "scope" in fields else set()
        if not hidden:
            return
        fresh = {row_id: new_id() for row_id in hidden}
        replaced: dict[str, Any] = {k: fresh.get(v, v) if isinstance(v, str) else v for k, v in fields.items()}
        if "changes" in replaced:
            replaced["changes"] = {
                f: tuple(fresh.get(v, v) if isinstance(v, str) else v for v in pair)
                for f, pair in fields["changes"].items()
            }
        twin = catalogue.decode(msgspec.msgpack.encode(replaced))
        twin = player.desk.stamp(msgspec.structs.replace(twin, id="", seq=0), at=0)
        assert self.answer(player, twin) == ("unknown", *answer), (sent, twin)
        self.twins += 1

    def peep(self, player: Player) -> None:
        """Asked for by name, hidden rows and scopes are answered as those that nobody has."""
        who = self.roles.standing(player.user_id)
        if not who.is_open:
            return
        assert player.pull(player.copy).status_code == 200
        hidden: dict[str, list[str]] = {}
        for table in SCOPED:
            rows = self.sql.all(f"SELECT id, scope FROM {table}")
            hidden[table] = [row_id for row_id, scope in rows if scope not in who.scopes][:5]
        strange = {table: [new_id() for _ in ids] for table, ids in hidden.items()}
        there, nowhere = self.again(player, hidden), self.again(player, strange)
        assert (there.rows, there.columns) == (nowhere.rows, nowhere.columns) == ({}, {})
        assert [(gone.scope, gone.table) for gone in there.gone] == [(gone.scope, gone.table) for gone in nowhere.gone]
        scopes = {i for (i,) in self.sql.all("SELECT id FROM teams")} - who.scopes
        for scope in (*sorted(scopes), new_id()):
            asked = CheckRequest(player.copy.cursors, there.cut_off_at, scope)
            assert message(player.desk.post("check", asked), CheckReply) == CheckReply(is_now=False)
        self.peeps += sum(map(len, hidden.values()))
        self.read_through_profiles(player)

    def read_through_profiles(self, player: Player) -> None:
        """By way of its client, work is read by whom the table says; what may not be is as if it were not there."""
        nowhere = problem(player.desk.post("older/row", OlderRowRequest("tickets", new_id())))
        held = {row_id for _, row_id in player.copy.rows}
        for table in ("interactions", "tickets", "follow_ups"):
            rows = self.sql.all(f"SELECT id, client_id FROM {table}")
            for row_id, client_id in self.dice.random.sample(rows, min(4, len(rows))):
                row = self.roles.row(table, row_id)
                assert row is not None
                may = self.roles.may_open(player.user_id, row)
                response = player.desk.post("older/row", OlderRowRequest(table, row_id))
                assert (response.status_code == 200) == may, (player.desk.login, row)
                if not may:
                    assert problem(response) == nowhere
                page = message(player.desk.post("older/page", OlderPageRequest(client_id)), OlderPageReply)
                is_there = row_id in {one[0] for one in page.rows.get(table, ())}
                assert is_there == (may and row_id not in held and bool(client_id)), (player.desk.login, row)
                self.opened[may] += 1

    @staticmethod
    def again(player: Player, wanted: dict[str, list[str]]) -> PullReply:
        """What comes for rows that are asked for by id."""
        asked = PullRequest(secrets.token_hex(8), player.copy.cursors, player.copy.answered, fills=[], again=wanted)
        return message(player.desk.post("pull", asked), PullReply)

    def fingerprint(self) -> tuple[Any, ...]:
        """Moves with every change of a shared row, a scope mark or a field's history."""
        counts = [self.sql.value(f"SELECT count(*) FROM {table}") for table in ("gone", "history", *SCOPED, "users")]
        return self.sql.value("SELECT value FROM counters WHERE id = 'rev'"), *counts

    def note_births(self) -> None:
        """Where each row of a team came into the world, and that it stayed there."""
        for table in SCOPED:
            for row_id, scope in self.sql.all(f"SELECT id, scope FROM {table}"):
                assert self.born.setdefault((table, row_id), scope) == scope

    def check_scopes(self, player: Player, copy: version_1.Copy) -> None:
        scopes = self.roles.standing(player.user_id).scopes
        assert copy.rights is not None
        assert set(copy.rights.scopes) == scopes
        assert {row["scope"] for row in copy.rows.values()} <= scopes

    def check_end(self) -> None:
        """Everyone holds what is theirs to see, all of it and nothing else; every row is where it belongs."""
        for player in self.players:
            fresh = version_1.Copy()
            if not self.roles.standing(player.user_id).is_open:
                assert player.pull(fresh).status_code == 401
                continue
            player.pull(player.copy)
            player.pull(fresh)
            assert fresh.rows == player.copy.rows
            self.check_scopes(player, fresh)
        teams = {i for (i,) in self.sql.all("SELECT id FROM teams")}
        for table in SCOPED:
            assert {scope for (scope,) in self.sql.all(f"SELECT DISTINCT scope FROM {table}")} <= teams
        strayed = "SELECT count(*) FROM messages m JOIN tickets t ON t.id = m.ticket_id WHERE m.scope <> t.scope"
        assert self.sql.value(strayed) == 0
        assert self.sql.value("SELECT count(*) FROM clients WHERE scope <> 'org'") == 0


@pytest.fixture
def busy_server(folder: ServerFolder) -> Iterator[RunningServer]:
    with administration(folder) as admin:
        admin._kept_passwords = CHEAP
        for name, login, role, teams in MORE_STAFF:
            admin.add_user(name, login, role, teams, PASSWORD)
    limits = Limits(**dict.fromkeys(Limits.__struct_fields__, WIDE))
    with RunningServer(folder, surroundings=Surroundings(passwords=CHEAP, limits=limits)) as running:
        yield running


@pytest.mark.parametrize("seed", SEEDS)
def test_every_answer_is_what_the_roles_table_says(busy_server: RunningServer, seed: int) -> None:
    sql = busy_server.parts.sql
    sql.db.connect()
    game = Game(busy_server.url, sql, seed)
    with ExitStack() as closing:
        for player in game.players:
            closing.enter_context(player.desk)
        closing.callback(sql.db.close)
        game.furnish()
        for number in range(COMMANDS):
            if number in CHANGES:
                game.change(*CHANGES[number])
                for player in game.players:
                    game.peep(player)
            game.turn()
        game.check_end()
    assert set(game.dice.kinds) == all_kinds()
    assert {kind for kind, _ in game.counts} >= all_kinds() - {"AddOrganisation"}
    assert {"yes", "no", "unknown", "signed_out"} == {verdict for _, verdict in game.counts}
    for role in ("csr", "lead", "manager", "administrator"):
        assert game.by_role[role, "yes"], role
        assert game.by_role[role, "no"] + game.by_role[role, "unknown"], role
    assert game.twins > 10
    assert game.peeps > 10
    assert min(game.opened[True], game.opened[False]) > 10
