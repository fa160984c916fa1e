"""Who may connect and for how long: heads and bodies that dribble, crowds, answers that nobody reads, huge bodies."""

from __future__ import annotations

import itertools
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import msgspec
import pytest

from csr_desktop.commands.clients import AddNote
from csr_desktop.domain.errors import BadInput
from csr_desktop.protocol import MAX_BODY_BYTES, PullRequest
from csr_desktop.server.bodies import ROOM_BYTES
from csr_desktop.server.doors import Doors, Doorway, check_proxies
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.run import RunningServer, Surroundings
from tests.server.conftest import Start
from tests.server.desk import CHEAP, HEADERS, Clock, Desk, http_client, new_id, problem

QUICK = Doorway(connections=20, connections_an_address=12, head_seconds=0.6, rest_seconds=0.4, stalled_seconds=0.6)


@pytest.fixture
def guarded(folder: ServerFolder) -> Iterator[RunningServer]:
    with RunningServer(folder, surroundings=Surroundings(passwords=CHEAP, doorway=QUICK)) as running:
        yield running


def connected(url: str, timeout: float = 10) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=timeout)


def all_of(connection: socket.socket) -> bytes:
    """What comes until the server closes."""
    answer = b""
    try:
        while part := connection.recv(65536):
            answer += part
    except ConnectionError:
        pass
    return answer


def head(desk: Desk, length: str = "", path: str = "/api/1/push") -> bytes:
    said = {**HEADERS, "Authorization": f"Bearer {desk.token_text}"}
    lines = "".join(f"{k}: {v}\r\n" for k, v in said.items())
    return f"POST {path} HTTP/1.1\r\nHost: x\r\n{lines}{length}\r\n".encode()


def cuts(server: RunningServer) -> dict[str, float]:
    found = server.parts.metrics.connections_cut.collect()
    return {s.labels["why"]: s.value for metric in found for s in metric.samples if s.name.endswith("_total")}


@pytest.mark.parametrize("first", [b"", b"POST /api/1/push HTTP/1.1\r\nHost: x\r\n"], ids=["silent", "dribbling"])
def test_a_head_that_dribbles_is_cut_at_its_deadline(guarded: RunningServer, first: bytes) -> None:
    with connected(guarded.url) as connection:
        began = time.monotonic()
        connection.sendall(first)
        with pytest.raises(ConnectionError):  # noqa: PT012
            for letter in itertools.cycle(b"X-Slow: x\r\n" if first else b"G"):
                connection.sendall(bytes([letter])) if first else time.sleep(0.05)
                time.sleep(0.05)
                if not first and connection.recv(1) == b"":
                    raise ConnectionError
        assert 0.4 < time.monotonic() - began < 3
    assert cuts(guarded)["head"] == 1


def test_the_second_request_of_a_connection_has_the_same_deadline(guarded: RunningServer) -> None:
    with connected(guarded.url) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b""
        while not answer.endswith(b"}"):
            answer += connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 200")
        time.sleep(1)  # between requests it may rest
        began = time.monotonic()
        connection.sendall(b"GET /hea")
        assert all_of(connection) == b""
        assert 0.4 < time.monotonic() - began < 3


def test_a_desk_that_rests_and_works_is_never_cut(guarded: RunningServer) -> None:
    with http_client(guarded.url) as client:
        ada = Desk(client).begin()
        for _ in range(3):
            ada.push(ada.client_command("Sample " + "x" * 200_000))
            ada.pull()
            time.sleep(0.8)
    assert cuts(guarded) == {}


def test_a_body_that_goes_on_after_its_answer_is_cut(guarded: RunningServer) -> None:
    with connected(guarded.url) as connection:
        connection.sendall(b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 404")
        began = time.monotonic()
        with pytest.raises(ConnectionError):  # noqa: PT012
            while time.monotonic() - began < 5:
                connection.sendall(b"x")
                time.sleep(0.05)
    assert cuts(guarded) == {"rest": 1}


def test_an_answer_that_nobody_reads_is_taken_back(guarded: RunningServer) -> None:
    with http_client(guarded.url) as client:
        ada = Desk(client).begin()
        company = ada.client_command()
        ada.push(company)
        letters = str.maketrans("0123456789", "ghijklmnop")  # what has digits is looked through for private numbers
        for _ in range(7):
            text = os.urandom(500_000).hex().translate(letters)
            ada.push(ada.stamp(AddNote(row_id=new_id(), client_id=company.row_id, body=text)))  # type: ignore[attr-defined]
        body = msgspec.msgpack.encode(PullRequest("a", {}, 0))
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(10)
            parts = urlsplit(guarded.url)
            connection.connect((parts.hostname, parts.port))
            asked = head(ada, f"Content-Length: {len(body)}\r\n", "/api/1/pull").replace(b"Accept-Encoding", b"X-None")
            connection.sendall(asked + body)
            deadline = time.monotonic() + 10
            while cuts(guarded) != {"stalled": 1}:
                assert time.monotonic() < deadline, cuts(guarded)
                time.sleep(0.05)


def test_one_address_has_so_many_connections_and_others_have_room(guarded: RunningServer) -> None:
    with ExitStack() as held:
        mine = [held.enter_context(connected(guarded.url)) for _ in range(12)]
        over = held.enter_context(connected(guarded.url))
        assert all_of(over).startswith(b"HTTP/1.1 503 ")
        assert cuts(guarded) == {"crowded": 1}
        mine.pop().close()
        time.sleep(0.2)
        assert httpx2.get(guarded.url + "/health").status_code == 200


def test_in_all_there_are_so_many_whatever_their_addresses() -> None:
    why: list[str] = []
    doors = Doors(Doorway(connections=4, connections_an_address=2, proxies=("10.0.0.0/8",)), why.append)
    assert [doors.enter(a) for a in ("192.0.2.1", "192.0.2.1", "192.0.2.1")] == [True, True, False]
    assert [doors.enter(a) for a in ("10.1.1.1", "10.1.1.1", "192.0.2.2")] == [True, True, False]
    doors.leave("10.1.1.1")
    assert doors.enter("192.0.2.2")
    assert why == ["crowded", "crowded"]


def test_a_network_of_ipv6_counts_as_one_address() -> None:
    doors = Doors(Doorway(connections=10, connections_an_address=2))
    assert [doors.enter(f"2001:db8:1:2::{n}") for n in range(1, 4)] == [True, True, False]
    assert doors.enter("2001:db8:1:3::1")


def test_who_a_proxy_speaks_for_is_believed_of_a_configured_proxy_alone(folder: ServerFolder, clock: Clock) -> None:
    """Sign-in's rate is kept by address: from one address it is used up, from another it is not."""

    def last_status(server: RunningServer, forwarded: str) -> int:
        headers = {**HEADERS, "X-Forwarded-For": forwarded}
        response = httpx2.post(f"{server.url}/api/1/sign-in", headers=headers, verify=False)
        return response.status_code

    for proxies, other in (((), 429), (("127.0.0.1",), 400)):
        door = Doorway(proxies=proxies)
        around = Surroundings(monotonic=clock.monotonic, passwords=CHEAP, doorway=door)
        with RunningServer(folder, surroundings=around) as server:
            while last_status(server, "192.0.2.1") != 429:
                pass
            assert last_status(server, "192.0.2.2") == other
            # What the client itself put before the proxy's word does not count.
            assert last_status(server, "192.0.2.9, 192.0.2.1") == 429


def test_what_a_proxy_passes_on_for_one_address_is_bounded_too(folder: ServerFolder) -> None:
    door = Doorway(connections=100, connections_an_address=3, proxies=("127.0.0.1",))
    with RunningServer(folder, surroundings=Surroundings(passwords=CHEAP, doorway=door)) as server, ExitStack() as held:
        client = held.enter_context(http_client(server.url))
        ada = Desk(client).begin()
        slow = head(ada, "Content-Length: 50\r\nX-Forwarded-For: 192.0.2.1\r\n") + b"x"
        for _ in range(3):
            held.enter_context(connected(server.url)).sendall(slow)
        time.sleep(0.3)
        fourth = held.enter_context(connected(server.url))
        fourth.sendall(slow)
        assert fourth.recv(65536).startswith(b"HTTP/1.1 503 ")
        forwarded = {"X-Forwarded-For": "192.0.2.2"}
        assert httpx2.get(server.url + "/health", headers=forwarded).status_code == 200


def test_what_is_no_address_is_no_proxy() -> None:
    check_proxies(["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"])
    with pytest.raises(BadInput, match="no address of a proxy"):
        check_proxies(["the-proxy"])


# Memory


def rss_megabytes(process_id: int) -> float:
    for line in Path(f"/proc/{process_id}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell a process's memory")
def test_a_gigabyte_is_refused_before_it_is_read_and_memory_stays_flat(start: Start) -> None:
    process, url = start()
    with http_client(url) as client:
        ada = Desk(client).begin()
        ada.push(ada.client_command())
        before = rss_megabytes(process.pid)
        for _ in range(20):
            with connected(url) as connection:
                connection.sendall(head(ada, f"Content-Length: {1 << 30}\r\n"))
                began = time.monotonic()
                assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")
                assert time.monotonic() - began < 1
        assert rss_megabytes(process.pid) - before < 10

        def pour() -> None:
            """A gigabyte in chunks, as fast as it is taken."""
            chunk = b"100000\r\n" + bytes(1 << 20) + b"\r\n"
            with connected(url) as connection:
                try:
                    connection.sendall(head(ada, "Transfer-Encoding: chunked\r\n"))
                    for sent in range(1024):
                        connection.sendall(chunk)
                        assert sent < 64, "much more than the limit was taken"
                except OSError:
                    return
            raise AssertionError

        pouring = [threading.Thread(target=pour) for _ in range(8)]
        for thread in pouring:
            thread.start()
        for thread in pouring:
            thread.join()
        after = rss_megabytes(process.pid)
        assert after - before < ROOM_BYTES / 2**20 + 24
        for _ in range(3):
            waves = [threading.Thread(target=pour) for _ in range(8)]
            for thread in waves:
                thread.start()
            for thread in waves:
                thread.join()
        assert rss_megabytes(process.pid) - after < 24
        assert ada.push(ada.client_command()) == 2


def test_many_big_bodies_at_once_are_held_to_what_the_server_has_room_for(start: Start) -> None:
    """Each is allowed; all together are not: what has no room is told to come again, and memory stays bounded."""
    process, url = start()
    with http_client(url) as client, ExitStack() as held:
        people = [Desk(client, login).begin() for login in ("ada", "bob", "cy", "lea", "max", "adm")]
        before = rss_megabytes(process.pid)
        part = bytes(MAX_BODY_BYTES - 1)
        statuses = []
        for number in range(24):
            connection = held.enter_context(connected(url))
            connection.settimeout(2)
            try:
                connection.sendall(head(people[number % 6], f"Content-Length: {MAX_BODY_BYTES}\r\n") + part)
                connection.settimeout(0.05)
                statuses.append(connection.recv(65536)[:13])
            except TimeoutError:
                statuses.append(b"")
            except OSError:
                statuses.append(b"HTTP/1.1 503 ")
        assert rss_megabytes(process.pid) - before < 130
        assert statuses[:4] == [b""] * 4
        assert statuses[-1] == b"HTTP/1.1 503 "
        assert httpx2.get(url + "/ready").status_code == 200
    time.sleep(0.3)
    with http_client(url) as client:
        again = Desk(client, "bob").begin()
        assert problem(again.post("push", bytes(1 << 20))).code == "bad_message", "room that was left is free again"
