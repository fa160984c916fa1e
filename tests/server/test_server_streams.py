"""Streams: who hears of what at once, how little of it, and when no more."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import msgspec
import pytest

from csr_desktop.commands.administration import AddMembership, AddTeam, RemoveMembership
from csr_desktop.commands.calls import LogInteraction
from csr_desktop.commands.work import Work
from csr_desktop.protocol import News, StreamRequest
from csr_desktop.server.live import Board, Listener
from csr_desktop.server.run import RunningServer, administration
from csr_desktop.store.tables import new_row
from csr_desktop.sync.answers import stream_events
from tests.server.desk import HEADERS, Desk, Ear, new_id, problem

Desks = Callable[[str], Desk]
Listen = Callable[[Desk], Ear]


@pytest.fixture
def listen() -> Iterator[Listen]:
    ears: list[Ear] = []

    def begin(desk: Desk) -> Ear:
        ears.append(desk.listen())
        return ears[-1]

    yield begin
    for ear in ears:
        ear.close()


def team_of(desk: Desk) -> str:
    return next(iter(desk.pull().rights.teams))


def membership_of(desk: Desk) -> str:
    reply = desk.pull()
    at = {name: number for number, name in enumerate(reply.columns["memberships"])}
    return str(next(row[at["id"]] for row in reply.rows["memberships"] if row[at["user_id"]] == desk.user_id))


def log_call(desk: Desk, team: str) -> None:
    desk.push(desk.stamp(LogInteraction(row_id=new_id(), scope=team, started_at=1000, ended_at=2000)))


def test_a_colleague_hears_at_once_and_another_team_does_not(ada: Desk, desk: Desks, listen: Listen) -> None:
    bob, cy = listen(desk("bob").begin()), listen(desk("cy").begin())
    team = team_of(ada)
    began = time.monotonic()
    log_call(ada, team)
    rev = ada.pull().cursors[team]
    bob.until(lambda: bob.rev_of(team) == rev)
    assert time.monotonic() - began < 1
    time.sleep(0.2)
    assert bob.events[0] == "open"
    assert bob.news == [News({team: rev})]
    assert cy.news == []


def test_of_two_writes_in_one_commit_each_team_hears_its_own(
    ada: Desk, desk: Desks, listen: Listen, server: RunningServer
) -> None:
    cy_desk = desk("cy").begin()
    own, other = team_of(ada), team_of(cy_desk)
    bob, cy = listen(desk("bob").begin()), listen(cy_desk)
    ledger = server.parts.ledger

    def change() -> None:
        for team in (own, other):
            work = Work(lambda _table, _ids: {}, new_row)
            work.put("tickets", new_id(), scope=team, subject="Sample")
            ledger.write(work)

    server.parts.writer.do(change).result(10)
    bob.until(lambda: bool(bob.news))
    cy.until(lambda: bool(cy.news))
    time.sleep(0.2)
    assert [list(news.scopes) for news in bob.news] == [[own]]
    assert [list(news.scopes) for news in cy.news] == [[other]]


def test_what_was_new_before_the_stream_is_said_first(ada: Desk, desk: Desks) -> None:
    bob = desk("bob").begin()
    cursors = bob.pull().cursors
    ada.push(ada.client_command())
    ear = bob.listen(cursors)
    assert ear.news == [News({}, is_sure=True)]
    ear.close()


def test_three_hundred_commits_are_few_hints(ada: Desk, desk: Desks, listen: Listen) -> None:
    bob, team = listen(desk("bob").begin()), team_of(ada)
    began = time.monotonic()
    for _ in range(300):
        log_call(ada, team)
        if ada.seq % 40 == 0:
            time.sleep(0.5)  # within the rate of a workstation
    took = time.monotonic() - began
    rev = ada.pull().cursors[team]
    bob.until(lambda: bob.rev_of(team) == rev)
    assert len(bob.news) <= took / 0.04 + 1
    assert len(bob.news) < 150


def test_who_reads_slowly_gets_one_merged_hint(ada: Desk, desk: Desks, server: RunningServer) -> None:
    bob, team = desk("bob").begin(), team_of(ada)
    body = msgspec.msgpack.encode(StreamRequest(bob.pull().cursors))
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    slow.connect((urlsplit(server.url).hostname, urlsplit(server.url).port))
    head = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items() if name != "Accept-Encoding")
    slow.sendall(
        f"POST /api/1/stream HTTP/1.0\r\n{head}Authorization: Bearer {bob.token_text}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    board = server.parts.board
    deadline = time.monotonic() + 10
    while not any(one.scopes for one in list(board.listeners)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    (listener,) = board.listeners
    taken = 0
    real_next = listener.next

    async def counted(seconds: float) -> object:
        nonlocal taken
        taken += 1
        return await real_next(seconds)

    listener.next = counted  # type: ignore[method-assign,assignment]
    # Names of scopes as long as this fill the connection's buffers, which hold megabytes, with few hints.
    heavy, told = "x" * 200_000, 0
    ours = frozenset({team, heavy})
    board.soon(lambda: board.set_scopes(listener, ours))
    rev = server.parts.board._rev
    for _ in range(60):
        board.announce(rev, rev + 1, ours)
        rev, told = rev + 1, told + 1
        time.sleep(0.06)
    stuck = taken
    assert stuck < told / 2, "it was not slow"
    for _ in range(2000):
        board.announce(rev, rev + 1, ours)
        rev += 1
    time.sleep(0.3)
    assert taken == stuck
    assert listener._moved.news == {team: rev, heavy: rev}
    slow.settimeout(10)
    received: list[News] = []
    for event in stream_events(after_head(slow)):
        if isinstance(event, News):
            received.append(event)
            if event.scopes.get(team) == rev:
                break
    assert len(received) <= stuck + 3
    slow.close()


def after_head(connection: socket.socket) -> Iterator[bytes]:
    """The body of an answer over HTTP/1.0, as it comes."""
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(4096)
    yield head.partition(b"\r\n\r\n")[2]
    while part := connection.recv(65536):
        yield part


def test_who_leaves_a_team_hears_no_more_of_it(ada: Desk, desk: Desks, listen: Listen, server: RunningServer) -> None:
    bob = desk("bob").begin()
    ear, team = listen(bob), team_of(ada)
    ada.say("available")
    ear.until(lambda: ear.status_of(ada) == "available")
    with administration(server.folder) as admin:
        admin.do(RemoveMembership(row_id=membership_of(bob)))
    ear.until(lambda: any(news.is_sure for news in ear.news))
    ear.until(lambda: ada.user_id not in ear.people)
    assert bob.pull().rights.teams == []
    heard = len(ear.events)
    log_call(ada, team)
    ada.say("on_call", new_id(), team)
    time.sleep(0.3)
    assert ear.rev_of(team) == 0
    assert [e for e in ear.events[heard:] if not isinstance(e, News)] == []
    assert ada.user_id not in ear.people


def test_who_joins_a_team_is_told_to_look(ada: Desk, desk: Desks, listen: Listen, server: RunningServer) -> None:
    cy = desk("cy").begin()
    ear, team = listen(cy), team_of(ada)
    with administration(server.folder) as admin:
        admin.do(AddMembership(row_id=new_id(), user_id=cy.user_id, team_id=team))
    ear.until(lambda: any(news.is_sure for news in ear.news))
    log_call(ada, team)
    ear.until(lambda: ear.rev_of(team) > 0)


def test_the_stream_of_a_revoked_workstation_ends(ada: Desk, listen: Listen, server: RunningServer) -> None:
    ear = listen(ada)
    ada.say("available")
    with administration(server.folder) as admin:
        admin.revoke_device(ada.device_id)
    ear.until(lambda: ear.is_over, 5)
    assert ear.events[-1] == "end"
    refused = ada.post("stream", StreamRequest({}))
    assert (refused.status_code, problem(refused).code) == (401, "revoked")


def test_a_workstations_new_stream_ends_its_former_one(ada: Desk, listen: Listen, server: RunningServer) -> None:
    first = listen(ada)
    second = listen(ada)
    first.until(lambda: first.is_over)
    assert not second.is_over
    assert len(server.parts.board.listeners) == 1
    ada.push(ada.client_command())
    second.until(lambda: bool(second.news))


def test_a_change_from_the_command_line_is_heard_of(ada: Desk, listen: Listen, server: RunningServer) -> None:
    ear = listen(ada)
    with administration(server.folder) as admin:
        admin.do(AddTeam(row_id=new_id(), name="Team three"))
    ear.until(lambda: bool(ear.news), 5)


def test_stopping_ends_streams_in_order(desk: Desks, listen: Listen, server: RunningServer) -> None:
    ears = [listen(desk(login).begin()) for login in ("ada", "bob", "cy")]
    began = time.monotonic()
    server.__exit__(None, None, None)
    assert time.monotonic() - began < 3
    for ear in ears:
        ear.until(lambda ear=ear: ear.is_over)  # type: ignore[misc]
        assert ear.events[-1] == "end"


def test_streams_take_no_thread_and_leave_nothing_behind(
    ada: Desk, desk: Desks, listen: Listen, server: RunningServer
) -> None:
    before = threading.active_count()
    ears = [listen(desk("bob").begin()) for _ in range(20)]
    assert threading.active_count() - before <= len(ears)  # those of this test
    for ear in ears:
        ear.close()
    board = server.parts.board
    ears[0].until(lambda: not board.listeners and not board._by_scope)


def test_a_stream_needs_a_token_and_cursors_that_are_some(ada: Desk) -> None:
    assert ada.post("stream", b"\xc1").status_code == 400
    assert ada.post("stream", StreamRequest({"org": -5})).status_code == 400
    assert ada.post("stream", StreamRequest({}), {"Authorization": "Bearer nonsense"}).status_code == 401


def test_what_concerns_everybody_is_told_as_fast_as_so_many_can_ask() -> None:
    """Three hundred workstations that pull at one moment would hold up what is pushed."""

    async def run() -> tuple[int, int, list[int]]:
        board, told = Board(), []

        async def nothing() -> None: ...

        board.open(nothing)

        async def hear(listener: Listener) -> None:
            while (moved := await listener.next(10)) is not None:
                told.append(moved.news["org"])

        hearing = []
        for number in range(300):
            listener = board.join(f"d{number}", "ada")
            board.set_scopes(listener, frozenset({"org"}))
            hearing.append(asyncio.ensure_future(hear(listener)))
        for rev in range(1, 6):
            board.announce(rev - 1, rev, frozenset({"org"}))
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.25)
        at_first = len(told)
        await asyncio.sleep(3.5)
        board.close()
        await asyncio.gather(*hearing)
        return at_first, len(told), sorted(set(told))

    at_first, whole, revs = asyncio.run(run())
    assert 30 <= at_first <= 100
    assert 300 <= whole <= 360, "what came meanwhile is one hint"
    assert revs[-1] == 5
