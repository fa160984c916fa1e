"""Each version that was recorded is still spoken: its requests get today's server to mean what it meant, its replies
lead today's desk to where they led.
"""

from __future__ import annotations

import hmac
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import msgspec
import pytest
from starlette.testclient import TestClient

from csr_desktop import protocol
from csr_desktop.commands import catalogue
from csr_desktop.domain.errors import Refused
from csr_desktop.domain.ids import uuid7
from csr_desktop.server.app import Api, Parts
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.run import Surroundings, server_parts
from csr_desktop.store.opening import close_desk, open_desk
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import SYNCED
from csr_desktop.sync.answers import NoAnswer, SignedOut, StreamEvent, decoded, problem_fault, unpacked
from csr_desktop.sync.engine import Engine
from csr_desktop.sync.replica import Replica, first_rights, newcomer
from tests.recorded import version_1, version_2
from tests.recorded.tape import Recording, Step, do_deed, key_of, plain
from tests.server.desk import CHEAP, Clock

M = TypeVar("M", bound=msgspec.Struct)
KEY = bytes(range(32))
DESKS = ("adm", "ada", "lea")


VERSIONS: dict[int, Any] = {1: version_1, 2: version_2}
BESIDE = frozenset({"sign-in", "challenge", "token", "presence"})
"""What is not part of a desk's syncing."""


@pytest.fixture(scope="module", params=VERSIONS, ids=lambda number: f"version {number}")
def recording(request: pytest.FixtureRequest) -> Recording:
    return Recording(request.param)


def spoken(recording: Recording) -> Any:
    """The frozen messages of its version."""
    return VERSIONS[recording.index.protocol]


def read(body: bytes, headers: dict[str, str], kind: type[M]) -> M:
    return msgspec.msgpack.decode(plain(body, headers), type=kind)


def is_page(step: Step) -> bool:
    return step.path == "pull" and step.status == 200


def as_then(now: Any, then: Any) -> Any:
    """An answer of older rows with the columns alone that there were then: a desk looks for those by their names."""
    rows = {
        table: [[row[now.columns[table].index(name)] for name in then.columns[table]] for row in found]
        for table, found in now.rows.items()
    }
    return msgspec.structs.replace(now, columns=then.columns, rows=rows)


# Requests of then, the server of now


class Replay:
    """Each recorded request goes to today's server; what a living desk makes fresh is made fresh: signatures, tokens,
    and the cursors where today's pages are cut otherwise.
    """

    def __init__(self, recording: Recording, parts: Parts, client: httpx2.Client) -> None:
        self.recording, self.parts, self.client = recording, parts, client
        self.spoken = spoken(recording)
        self.challenges: dict[str, bytes] = {}
        self.tokens: dict[str, str] = {}
        self.then = {desk: self.spoken.Copy() for desk in DESKS}
        self.now = {desk: self.spoken.Copy() for desk in DESKS}
        self.is_more = dict.fromkeys(DESKS, True)

    def ask(self, step: Step, body: bytes) -> tuple[httpx2.Response, bytes]:
        headers = dict(step.request)
        if step.has_token:
            headers["authorization"] = f"Bearer {self.tokens.get(step.desk.partition('-')[0], '')}"
        if headers.get("content-encoding") == "zstd" and body != self.recording.request(step):
            del headers["content-encoding"]
        with self.client.stream("POST", f"/api/1/{step.path}", content=body, headers=headers) as response:
            return response, b"".join(response.iter_raw())

    def repeat(self, step: Step) -> None:
        if is_page(step):
            self.pull(step)
            return
        body = self.recording.request(step)
        if step.path == "sign-in" and step.status == 200:
            device_id = read(self.recording.reply(step), step.reply, self.spoken.SignInReply).device_id
            self.parts.sign_in._new_id = lambda: device_id  # else all that follows would speak of another one
        if step.path == "token":
            body = self.signed(step, body)
        response, answer = self.ask(step, body)
        assert response.status_code == step.status, (step.name, answer)
        if step.status == 200:
            kind = self.spoken.REPLIES[step.path]
            self.compare(
                step, read(answer, dict(response.headers), kind), read(self.recording.reply(step), step.reply, kind)
            )
        else:
            self.compare_problems(step, read(answer, dict(response.headers), self.spoken.Problem))

    def signed(self, step: Step, body: bytes) -> bytes:
        request = msgspec.msgpack.decode(body, type=self.spoken.TokenRequest)
        challenge = self.challenges[step.desk]
        signature = key_of(step.desk).sign(self.spoken.token_text(challenge, request.device_id))
        return msgspec.msgpack.encode(msgspec.structs.replace(request, challenge=challenge, signature=signature))

    def compare(self, step: Step, now: msgspec.Struct, then: msgspec.Struct) -> None:
        if isinstance(now, version_1.ChallengeReply):
            self.challenges[step.desk] = now.challenge
        elif isinstance(now, version_1.TokenReply):
            assert isinstance(then, version_1.TokenReply)
            assert now.valid_seconds == then.valid_seconds
            self.tokens[step.desk] = now.token
        elif hasattr(then, "columns") and hasattr(then, "rows"):
            assert as_then(now, then) == then, step.name
        else:
            assert with_columns_of(now, then) == then, step.name

    def compare_problems(self, step: Step, now: version_1.Problem) -> None:
        then = read(self.recording.reply(step), step.reply, self.spoken.Problem)
        assert (now.code, bool(now.title), bool(now.advice)) == (then.code, bool(then.title), bool(then.advice))
        assert len(now.proofs) == len(then.proofs)
        if now.proofs:
            device_id = msgspec.msgpack.decode(self.recording.request(step), type=self.spoken.TokenRequest).device_id
            text = self.spoken.revoked_text(self.challenges[step.desk], device_id)
            assert hmac.digest(KEY, text, "sha256") in now.proofs

    def pull(self, step: Step) -> None:
        then, now = self.then[step.desk], self.now[step.desk]
        recorded = read(self.recording.request(step), step.request, self.spoken.PullRequest)
        page = read(self.recording.reply(step), step.reply, self.spoken.PullReply)
        then.take(page)
        while self.is_more[step.desk]:
            response, answer = self.ask(step, msgspec.msgpack.encode(now.asking(recorded)))
            assert response.status_code == 200, (step.name, answer)
            found = read(answer, dict(response.headers), self.spoken.PullReply)
            assert (found.asked, found.now) == (page.asked, page.now)
            assert sum(map(len, found.rows.values())) + len(found.gone) <= recorded.limit
            now.take(found)
            self.is_more[step.desk] = found.more
            if page.more:
                return
        if not page.more:
            self.is_more[step.desk] = True
            same(now, then)


def with_columns_of(now: Any, then: Any) -> Any:
    """Rows with the columns that a desk of then knows; others it passes over."""
    if not hasattr(then, "columns"):
        return now
    rows = {}
    for table, found in now.rows.items():
        places = [now.columns[table].index(name) for name in then.columns[table]]
        rows[table] = [[row[place] for place in places] for row in found]
    return msgspec.structs.replace(now, columns=then.columns, rows=rows)


def same(now: version_1.Copy, then: version_1.Copy) -> None:
    """What a desk of that version holds. Columns that it does not know are passed over, as it does; which row of a commit is
    numbered first means nothing.
    """
    assert now.rights == then.rights
    assert now.cursors == then.cursors
    assert now.epoch == then.epoch
    assert now.answered == then.answered
    assert {n: (a.command_id, a.status, a.code) for n, a in now.answers.items()} == {
        n: (a.command_id, a.status, a.code) for n, a in then.answers.items()
    }
    assert all(answer.reason for answer in now.answers.values() if answer.status == "refused")
    known = {table for table, _ in then.rows}
    assert {key for key in now.rows if key[0] in known} == set(then.rows)
    for key, row in then.rows.items():
        assert {name: now.rows[key][name] for name in row} | {"rev": row["rev"]} == row, key


@pytest.fixture
def replay(recording: Recording, tmp_path: Path) -> Iterator[tuple[Replay, Clock]]:
    recording.put_server(tmp_path / "server")
    clock = Clock(recording.index.begins_at)
    around = Surroundings(clock=clock, monotonic=clock.monotonic, passwords=CHEAP)
    with (
        server_parts(ServerFolder(tmp_path / "server"), around) as parts,
        TestClient(Api(parts).application(), base_url="http://127.0.0.1") as client,
    ):
        yield Replay(recording, parts, client), clock


def test_the_server_of_today_means_what_was_meant(recording: Recording, replay: tuple[Replay, Clock]) -> None:
    played, clock = replay
    for step in recording.index.steps:
        clock.pass_seconds((step.at - clock()) / 1000)
        if step.deed:
            do_deed(played.parts, step.deed, step.values)
        else:
            played.repeat(step)
    assert {len(copy.rows) > 60 for copy in played.now.values()} == {True}
    assert {a.status for copy in played.now.values() for a in copy.answers.values()} == {
        "done",
        "differs",
        "refused",
        "void",
    }


# Replies of then, the desk of now


class Replies:
    """A server that says what was recorded, to a desk that must ask what was recorded."""

    def __init__(self, recording: Recording, desk: str) -> None:
        self.recording = recording
        self.spoken = spoken(recording)
        steps = (step for step in recording.of(desk) if step.path not in BESIDE)
        self.left = deque(step for step in steps if not step.path.startswith(("content/", "older/")))

    def _answer(self, path: str, kind: type[M]) -> M:
        step = self.left.popleft()
        assert step.path == path, step.name
        return decoded(step.status, unpacked(self.recording.reply(step), step.reply.get("content-encoding", "")), kind)

    def push(self, request: protocol.PushRequest) -> protocol.PushReply:
        assert request.commands == self.commands()
        return self._answer("push", protocol.PushReply)

    def pull(self, request: protocol.PullRequest) -> protocol.PullReply:
        step = self.left[0]
        then = read(self.recording.request(step), step.request, self.spoken.PullRequest)
        asked = msgspec.msgpack.decode(protocol.encode(request), type=self.spoken.PullRequest)
        assert msgspec.structs.replace(asked, asked=then.asked, limit=then.limit) == then, step.name
        return msgspec.structs.replace(self._answer("pull", protocol.PullReply), asked=request.asked)

    def poke(self, cursors: dict[str, int], present: int, calls: int = -1) -> protocol.PokeReply:
        return self._answer("poke", protocol.PokeReply)

    def check(self, request: protocol.CheckRequest) -> protocol.CheckReply:
        if not hasattr(self.spoken, "CheckRequest"):
            return protocol.CheckReply(is_now=False)
        step = self.left[0]
        then = read(self.recording.request(step), step.request, self.spoken.CheckRequest)
        assert msgspec.msgpack.decode(protocol.encode(request), type=self.spoken.CheckRequest) == then, step.name
        return self._answer("check", protocol.CheckReply)

    # What is not needed for syncing

    def stream(self, cursors: dict[str, int], open_seconds: float) -> Iterator[StreamEvent]:
        raise NoAnswer("There is nothing at this address.", "")

    def say(self, word: protocol.PresenceWord) -> protocol.PresenceReply:
        raise NoAnswer("There is nothing at this address.", "")

    def close(self) -> None:
        """Nothing is open."""

    def commands(self) -> list[bytes]:
        """Of the push that comes next."""
        step = self.left[0]
        return (
            read(self.recording.request(step), step.request, self.spoken.PushRequest).commands
            if step.path == "push"
            else []
        )


class Station:
    """Today's desk on an empty file; ids come as they came then."""

    def __init__(self, recording: Recording, login: str, path: Path) -> None:
        self.clock = Clock(recording.index.begins_at)
        self.ids: deque[str] = deque()
        self.count = 0
        self.replies = Replies(recording, login)
        account = decoded(200, recording.reply(next(recording.of(login, "sign-in"))), protocol.SignInReply)
        self.sql = open_desk(path, KEY, clock=self.clock)
        self.replica = Replica(self.sql, self.clock, self.new_id)
        first_rights(self.replica, account.device_id, newcomer(account.user_id, account.name))
        self.engine = Engine(self.replica, self.replies, self.clock, lambda _: None, lambda _: None)

    def new_id(self) -> str:
        if self.ids:
            return self.ids.popleft()
        self.count += 1
        return uuid7(self.clock(), self.count)

    def go_on(self) -> None:
        """Until the next poke, or one sync: what was done then is done again, and sent."""
        step = self.replies.left[0]
        self.clock.pass_seconds((step.at - self.clock()) / 1000)
        if step.path == "poke":
            assert self.replies.poke({}, -1).is_news is True
            return
        for body in self.replies.commands():
            command = catalogue.decode(body)
            self.ids.extend((f"group-{command.id}", command.id))
            self.replica.do(command)
        self.engine.sync_once()


def stored(sql: Sql) -> dict[tuple[str, str], dict[str, Any]]:
    ids = {table: [i for (i,) in sql.all(f"SELECT id FROM {table}")] for table in SYNCED}
    return {(table, i): row for table in SYNCED for i, row in sql.load(table, ids[table]).items()}


@pytest.mark.parametrize("login", DESKS)
def test_the_desk_of_today_gets_to_where_it_got_then(recording: Recording, login: str, tmp_path: Path) -> None:
    ends_well = all(step.status != 401 for step in recording.of(login) if step.path in {"push", "pull"})
    station, then = Station(recording, login, tmp_path / "desk.db"), spoken(recording).Copy()
    pages = deque(step for step in recording.of(login, "pull") if is_page(step))
    compared = 0
    while station.replies.left:
        station.go_on()
        while pages and pages[0] not in station.replies.left:
            step = pages.popleft()
            then.take(read(recording.reply(step), step.reply, spoken(recording).PullReply))
        if not station.replica.waiting_count():
            rows = stored(station.sql)
            assert set(rows) == set(then.rows)
            assert all({name: rows[key][name] for name in row} == row for key, row in then.rows.items())
            compared += 1
    assert compared >= 4
    assert station.engine.status.state == ("saved" if ends_well else "signed_out")
    refused = {answer.command_id for answer in then.answers.values() if answer.status == "refused"}
    assert {one.command.id for one in station.replica.needs_you()} == refused
    close_desk(station.sql)


def test_the_desk_of_today_reads_every_refusal_of_then(recording: Recording) -> None:
    codes = set()
    for step in recording.index.steps:
        if step.path and step.status != 200:
            fault = problem_fault(step.status, recording.reply(step))
            assert fault.title, step.name
            assert isinstance(fault, SignedOut) == (step.status == 401)
            assert isinstance(fault, Refused)
            codes.add(fault.code)
    assert {"desk_too_old", "server_too_old", "signed_out", "revoked", "copied", "restored", "token_expired"} <= codes


def test_the_desk_of_today_reads_every_answer_of_then(recording: Recording) -> None:
    seen = set()
    for step in recording.index.steps:
        if step.path and step.status == 200:
            kind = getattr(protocol, spoken(recording).REPLIES[step.path].__name__)
            packing = step.reply.get("content-encoding", "")
            assert isinstance(decoded(200, unpacked(recording.reply(step), packing), kind), kind)
            seen.add(step.path)
    assert seen == set(spoken(recording).REPLIES)


@pytest.mark.parametrize(
    ("version", "name"),
    [
        (number, name)
        for number, module in VERSIONS.items()
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    ],
)
def test_messages_have_only_grown_at_their_end(version: int, name: str) -> None:
    """An array's fields count by their place, and both sides do without what they do not know."""
    then, now = (msgspec.structs.fields(getattr(module, name)) for module in (VERSIONS[version], protocol))
    assert [field.encode_name for field in now[: len(then)]] == [field.encode_name for field in then]
    assert [field.required for field in now[: len(then)]] == [field.required for field in then]
    assert not any(field.required for field in now[len(then) :])


def test_all_that_is_served_is_recorded() -> None:
    assert set(VERSIONS) == set(protocol.SERVED)
