"""One account that sends slowly, or does not read what it asked for, has its part of the server's memory and no more:
the others are served meanwhile.
"""

from __future__ import annotations

import secrets
import socket
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import msgspec
import pytest
import zstandard

from csr_desktop.commands import catalogue
from csr_desktop.commands.clients import AddNote
from csr_desktop.protocol import CONTENT_PART_BYTES, MAX_BODY_BYTES, PullRequest, PushRequest
from csr_desktop.server.doors import UNREAD_BYTES_AN_ACCOUNT, Doorway
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.run import RunningServer, Surroundings
from tests.server.conftest import Start
from tests.server.desk import CHEAP, Desk, http_client, new_id, problem, zstd
from tests.server.test_attachments import add, put, refusal
from tests.server.test_doors import connected, cuts, head, rss_megabytes

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="the system does not tell a process's memory"
)


def sluggish(held: ExitStack, url: str) -> socket.socket:
    """A connection of which little is read at once."""
    connection = held.enter_context(socket.socket())
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(10)
    parts = urlsplit(url)
    connection.connect((parts.hostname, parts.port))
    return connection


def with_long_notes(ada: Desk, count: int) -> None:
    client_id = new_id()
    ada.push(ada.client_command(row_id=client_id))
    for _ in range(count):
        ada.push(ada.stamp(AddNote(row_id=new_id(), client_id=client_id, body=secrets.token_urlsafe(75_000))))


def pulling(desk: Desk) -> bytes:
    body = msgspec.msgpack.encode(PullRequest("a", {}, 0))
    return head(desk, f"Content-Length: {len(body)}\r\n", "/api/1/pull") + body


def test_answers_that_nobody_reads_take_an_accounts_part_of_memory(start: Start) -> None:
    process, url = start()
    with http_client(url) as client, ExitStack() as held:
        ada, bob = Desk(client, "ada").begin(), Desk(client, "bob").begin()
        with_long_notes(ada, 50)
        size = len(ada.post("pull", PullRequest("a", {}, 0)).content)
        before, asked = rss_megabytes(process.pid), 150
        for _ in range(asked):
            sluggish(held, url).sendall(pulling(ada))
        deadline = time.monotonic() + 20
        while problem_of_pull(ada) != "busy":
            assert time.monotonic() < deadline
        assert problem_of_pull(bob) == "", "a colleague pulls as ever"
        grown = (rss_megabytes(process.pid) - before) * 2**20
        assert grown < 150 << 20 < asked * size
        assert httpx2.get(url + "/ready").status_code == 200


def problem_of_pull(desk: Desk) -> str:
    response = desk.post("pull", PullRequest("a", {}, 0))
    return "" if response.status_code == 200 else problem(response).code


def test_who_reads_again_is_answered_again(folder: ServerFolder) -> None:
    door = Doorway(stalled_seconds=1.0)
    with (
        RunningServer(folder, surroundings=Surroundings(passwords=CHEAP, doorway=door)) as server,
        http_client(server.url) as client,
        ExitStack() as held,
    ):
        ada = Desk(client, "ada").begin()
        with_long_notes(ada, 75)
        for _ in range(3 * UNREAD_BYTES_AN_ACCOUNT // (5 << 20)):
            sluggish(held, server.url).sendall(pulling(ada))
        deadline = time.monotonic() + 20
        while problem_of_pull(ada) != "busy":
            assert time.monotonic() < deadline
        while problem_of_pull(ada) != "":
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert cuts(server)["stalled"] > 2


def test_parts_of_files_that_come_slowly_take_an_accounts_part_of_memory(start: Start) -> None:
    process, url = start()
    with http_client(url) as client, ExitStack() as held:
        ada, bob = Desk(client, "ada").begin(), Desk(client, "bob").begin()
        theirs = add(bob, b"a file")
        before, statuses = rss_megabytes(process.pid), []
        start_of_part = head(ada, f"Content-Length: {CONTENT_PART_BYTES}\r\n", "/api/1/content/put")
        for number in range(200):
            connection = held.enter_context(connected(url))
            try:
                connection.sendall(start_of_part + bytes(CONTENT_PART_BYTES - 1))
                connection.settimeout(0.01 if number < 199 else 20)
                statuses.append(connection.recv(13))
            except TimeoutError:
                statuses.append(b"")
            except OSError:
                statuses.append(b"HTTP/1.1 503 ")
        assert statuses[0] == b""
        assert statuses[-1] == b"HTTP/1.1 503 "
        assert rss_megabytes(process.pid) - before < 60
        assert refusal(put(ada, add(ada, b"another"), 0, b"another"))[1] == "busy"
        assert put(bob, theirs, 0, b"a file").status_code == 200, "a colleague's file goes on"


def test_one_account_cannot_take_all_the_room_for_pushes(start: Start) -> None:
    _, url = start()
    with http_client(url) as client, ExitStack() as held:
        ada, bob = Desk(client, "ada").begin(), Desk(client, "bob").begin()
        for _ in range(12):
            connection = held.enter_context(connected(url))
            connection.settimeout(2)
            try:
                connection.sendall(head(ada, f"Content-Length: {MAX_BODY_BYTES}\r\n") + bytes(MAX_BODY_BYTES - 1))
            except OSError:
                continue
        assert bob.push(bob.client_command()) == 1
        assert problem(ada.push_raw(ada.client_command("Sample" + "x" * 300_000))).code == "busy"


def test_messages_that_unpack_to_too_much_leave_nothing_in_memory(start: Start) -> None:
    process, url = start()
    with http_client(url) as client:
        ada = Desk(client, "ada").begin()
        bomb = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(1 << 28))
        before = rss_megabytes(process.pid)
        for path in ("sign-in", "token", "push", "pull", "check", "stream", "content/put", "content/get"):
            for _ in range(30):
                response = ada.post(path, bomb, {"Content-Encoding": "zstd"})
                assert response.status_code == 413
        assert rss_megabytes(process.pid) - before < 60


def test_pushes_that_unpack_to_much_wait_for_their_turn(start: Start) -> None:
    """Half a kilobyte each on the wire, eight megabytes each in memory, all at once."""
    process, url = start()
    with http_client(url, timeout=60) as client, ExitStack() as held:
        ada, bob = Desk(client, "ada").begin(), Desk(client, "bob").begin()
        client_id = new_id()
        ada.push(ada.client_command(row_id=client_id))
        long = [AddNote(row_id=new_id(), client_id=client_id, body="x" * 8_300_000) for _ in range(120)]
        packed = [zstd(msgspec.msgpack.encode(PushRequest([catalogue.encode(ada.stamp(note))]))) for note in long]
        before, waiting = peak_megabytes(process.pid), []
        for body in packed:
            waiting.append(held.enter_context(connected(url, 60)))
            form = f"Content-Encoding: zstd\r\nContent-Length: {len(body)}\r\n"
            waiting[-1].sendall(head(ada, form) + body)
        assert bob.push(bob.client_command()) == 1
        statuses = {connection.recv(12) for connection in waiting}
        assert statuses == {b"HTTP/1.1 200", b"HTTP/1.1 429"}
        assert peak_megabytes(process.pid) - before < 260


def peak_megabytes(process_id: int) -> float:
    lines = Path(f"/proc/{process_id}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) / 1024
