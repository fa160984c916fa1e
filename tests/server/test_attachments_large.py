"""Files of a gigabyte against a real `server run`: refused before they are read, and its memory stays flat."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from csr_desktop.protocol import CONTENT_PART_BYTES, ContentQuestion, ContentReply, ContentRequest, ContentState
from csr_desktop.server.folder import ServerFolder
from tests.server.desk import HEADERS, Desk, http_client
from tests.server.test_attachments import add, put, refusal, state

GIGABYTE = 1 << 30
SPACE = 16 * 1024 * 1024
"""What memory may grow by while a file goes through."""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")


@pytest.fixture
def running(folder: ServerFolder) -> Iterator[tuple[subprocess.Popen[str], str]]:
    ready = folder.path.parent / "ready"
    code = "from csr_desktop.server.cli import server; server(prog_name='csr-desktop server')"
    options = ["--data", str(folder.path), "--port", "0", "--ready-file", str(ready), "--attachment-limit", "60"]
    process = subprocess.Popen(
        [sys.executable, "-c", code, "run", *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    deadline = time.monotonic() + 30
    while not ready.exists() or not ready.read_text():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield process, ready.read_text().strip()
    process.kill()
    process.communicate()


def memory(process: subprocess.Popen[str]) -> int:
    """The most that was ever resident, in bytes."""
    line = next(s for s in Path(f"/proc/{process.pid}/status").read_text().splitlines() if s.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def test_a_gigabyte_is_refused_by_its_headers(running: tuple[subprocess.Popen[str], str], tmp_path: Path) -> None:
    process, url = running
    desk = Desk(http_client(url), "ada").begin()
    attachment_id = add(desk, b"x", size=GIGABYTE)
    assert refusal(put(desk, attachment_id, 0, b"x"))[:2] == (413, "too_large")
    before = memory(process)
    sparse = tmp_path / "sparse"
    with sparse.open("wb") as file:
        file.truncate(GIGABYTE)
    split = urlsplit(url)
    headers = {**HEADERS, "Authorization": f"Bearer {desk.token_text}", "Content-Length": str(GIGABYTE), "Host": "x"}
    head = "POST /api/1/content/put HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n"
    sent = 0
    with socket.create_connection((split.hostname, split.port), timeout=20) as connection, sparse.open("rb") as file:
        connection.sendall(head.encode())
        answer = connection.recv(4096)
        try:
            while sent < GIGABYTE:
                sent += connection.sendfile(file, sent, 1 << 20)
        except OSError:
            pass
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert sent < 64 << 20, "the server read on"
    assert memory(process) - before < SPACE
    assert desk.push(desk.client_command()) == desk.seq
    desk.client.close()


def test_a_body_without_a_length_is_cut_at_a_part(running: tuple[subprocess.Popen[str], str]) -> None:
    process, url = running
    desk = Desk(http_client(url), "ada").begin()
    before = memory(process)

    def endless() -> Iterator[bytes]:
        for _ in range(1024):
            yield bytes(1 << 20)

    headers = {**HEADERS, "Authorization": f"Bearer {desk.token_text}"}
    try:
        response = desk.client.post("/api/1/content/put", content=endless(), headers=headers)
        assert response.status_code == 413
    except httpx2.TransportError:
        pass  # the server closed while more was coming
    assert memory(process) - before < SPACE
    desk.client.close()


def test_memory_stays_flat_while_a_file_goes_through(
    running: tuple[subprocess.Popen[str], str], folder: ServerFolder
) -> None:
    process, url = running
    desk = Desk(http_client(url), "ada").begin()
    content = os.urandom(CONTENT_PART_BYTES) * 40
    attachment_id = add(desk, content)
    put(desk, attachment_id, 0, content[:CONTENT_PART_BYTES])
    before = memory(process)
    at = state(desk, attachment_id).received
    while at < len(content):
        response = put(desk, attachment_id, at, content[at : at + CONTENT_PART_BYTES])
        assert response.status_code == 200
        at += CONTENT_PART_BYTES
    assert desk.get(ContentState, "content/finish", ContentQuestion(attachment_id)).is_there
    found = hashlib.sha256()
    for offset in range(0, len(content), CONTENT_PART_BYTES):
        found.update(desk.get(ContentReply, "content/get", ContentRequest(attachment_id, offset)).body)
    assert found.digest() == hashlib.sha256(content).digest()
    assert memory(process) - before < SPACE
    desk.client.close()


def test_a_slow_body_holds_nobody_up(running: tuple[subprocess.Popen[str], str]) -> None:
    _, url = running
    desk = Desk(http_client(url, timeout=10), "ada").begin()
    split = urlsplit(url)
    headers = {**HEADERS, "Authorization": f"Bearer {desk.token_text}", "Content-Length": "1000000", "Host": "x"}
    head = "POST /api/1/content/put HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n"
    waiting = [socket.create_connection((split.hostname, split.port)) for _ in range(20)]
    for connection in waiting:
        connection.sendall(head.encode() + b"x")
    begun = time.monotonic()
    assert desk.push(desk.client_command()) == desk.seq
    assert time.monotonic() - begun < 2
    for connection in waiting:
        connection.close()
    desk.client.close()
