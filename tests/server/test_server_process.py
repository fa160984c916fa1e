"""A real `server run`: killed between pushes, stopped in order, behind TLS, slow clients."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import warnings
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from csr_desktop.domain.errors import Unreadable
from csr_desktop.protocol import PullRequest
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.run import RunningServer, Surroundings
from csr_desktop.server.serving import Tls, check_tls
from csr_desktop.store.sql import Sql
from tests.server.conftest import Start
from tests.server.desk import CHEAP, HEADERS, Desk, http_client, problem


def test_what_was_acknowledged_survives_kill_9(start: Start, folder: ServerFolder) -> None:
    acknowledged = 0
    process, url = start()
    desk = Desk(http_client(url), "ada")
    desk.sign_in()
    for round_ in range(4):
        desk.client.close()
        desk.client = http_client(url)
        desk.prove()
        waiting = [desk.client_command(f"Sample {desk.seq}") for _ in range(10)]
        # Half of them with an answer; of the last nobody knows, so it is sent again after the restart.
        for command in waiting[:5]:
            acknowledged = desk.push(command)
        with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port)) as connection:
            connection.sendall(b"POST /api/1/push HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf")
            process.send_signal(signal.SIGKILL)
            process.wait()
        (folder.path.parent / "ready").unlink()
        process, url = start()
        desk.client.close()
        desk.client = http_client(url)
        desk.prove()
        seen = desk.pull(answered=0)
        assert seen.seq == acknowledged == round_ * 10 + 5
        assert [a.status for a in seen.answers] == ["done"] * seen.seq
        assert desk.push(*waiting) == round_ * 10 + 10
    assert len(desk.names("clients")) == 40
    desk.client.close()


def test_it_ends_in_order(start: Start, folder: ServerFolder) -> None:
    process, url = start("--log-level", "info")
    assert httpx2.get(url + "/health").status_code == 200
    with http_client(url) as client:
        desk = Desk(client, "ada").begin()
        desk.push(desk.client_command())
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert out == f"CSR Desktop server listens on {url}\n"
    assert [line.count('"event":') for line in err.splitlines()] == [1] * len(err.splitlines())
    assert '"started"' in err
    assert '"stopped"' in err
    assert not (folder.path.parent / "ready").exists()
    assert {p.name for p in folder.path.iterdir()} == {"server.db", "server.key", "server.lock"}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_ctrl_c_ends_it_too(start: Start) -> None:
    process, _ = start()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 0


def run_once(folder: ServerFolder, *options: str, command: str = "run") -> subprocess.CompletedProcess[str]:
    code = "from csr_desktop.server.cli import server; server(prog_name='csr-desktop server')"
    words = [command, "--data", str(folder.path), *(("--port", "0") if command == "run" else ()), *options]
    return subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False, timeout=30)


def test_a_second_server_on_the_folder_is_refused(start: Start, folder: ServerFolder, tmp_path: Path) -> None:
    process, url = start()
    port = urlsplit(url).port
    second = run_once(folder, "--ready-file", str(tmp_path / "ready"))
    assert second.returncode == 1
    assert second.stderr == f"Error: A server already runs on this folder (port {port}, process {process.pid}).\n"
    assert (tmp_path / "ready").read_text().strip() == url, "the ready file of the first was taken away"
    assert httpx2.get(url + "/health").status_code == 200
    restored = run_once(folder, command="restored")
    assert (restored.returncode, restored.stderr) == (1, second.stderr)
    process.send_signal(signal.SIGKILL)
    process.wait()
    again, _ = start()
    assert again.poll() is None


def test_it_ends_with_the_program_that_started_it(start: Start, tmp_path: Path) -> None:
    process, url = start("--until-input-ends")
    assert httpx2.get(url + "/health").status_code == 200
    assert process.stdin is not None
    process.stdin.close()
    process.stdin = None
    process.wait(timeout=20)
    assert process.returncode == 0
    assert not (tmp_path / "ready").exists()


def test_a_signal_ends_it_while_its_starter_lives(start: Start) -> None:
    process, _ = start("--until-input-ends")
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=20)
    assert process.returncode == 0


def test_another_s_file_is_not_taken_for_a_ready_file(folder: ServerFolder) -> None:
    key = folder.path / "server.key"
    before = key.read_bytes()
    refused = run_once(folder, "--ready-file", str(key))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "no ready file" in refused.stderr
    assert key.read_bytes() == before


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA, tmp_path: Path) -> Tls:
    issued = authority.issue_cert("localhost", "127.0.0.1")
    tls = Tls(tmp_path / "chain.pem", tmp_path / "key.pem")
    issued.private_key_pem.write_to_path(str(tls.key))
    for part in issued.cert_chain_pems:
        part.write_to_path(str(tls.certificate), append=True)
    return tls


def test_behind_tls(folder: ServerFolder, tls: Tls, authority: trustme.CA) -> None:
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with RunningServer(folder, tls=tls, surroundings=Surroundings(passwords=CHEAP)) as server:
        assert server.url.startswith("https://")
        with httpx2.Client(base_url=server.url, verify=trusting) as client:
            desk = Desk(client, "ada").begin()
            assert desk.push(desk.client_command()) == 1
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(server.url + "/health")
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            old.minimum_version = ssl.TLSVersion.TLSv1
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(server.url + "/health", verify=old)


def test_a_handshake_that_never_comes_is_given_up(
    folder: ServerFolder, tls: Tls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("csr_desktop.server.serving.HANDSHAKE_SECONDS", 0.5)
    with RunningServer(folder, tls=tls, surroundings=Surroundings(passwords=CHEAP)) as server:
        parts = urlsplit(server.url)
        with socket.create_connection((parts.hostname, parts.port), timeout=10) as silent:
            began = time.monotonic()
            assert silent.recv(1) == b""
            assert time.monotonic() - began < 5


def test_tls_from_the_command_line_needs_a_key_without_a_password(
    start: Start, tls: Tls, authority: trustme.CA
) -> None:
    _, url = start("--tls-cert", str(tls.certificate), "--tls-key", str(tls.key))
    assert url.startswith("https://127.0.0.1:")
    plain = serialization.load_pem_private_key(tls.key.read_bytes(), None)
    tls.key.write_bytes(
        plain.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"hidden"),
        )
    )
    with pytest.raises(Unreadable, match="no password"):
        check_tls(tls)


def test_a_body_that_trickles_is_given_up(ada: Desk, server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("csr_desktop.server.bodies.read.__defaults__", (0.5,))
    parts = urlsplit(server.url)
    head = "".join(f"{k}: {v}\r\n" for k, v in {**HEADERS, "Authorization": f"Bearer {ada.token_text}"}.items())
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(f"POST /api/1/push HTTP/1.1\r\nHost: x\r\n{head}Content-Length: 5000000\r\n\r\nx".encode())
        began = time.monotonic()
        answer = b""
        while part := connection.recv(65536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - began < 5


def test_many_slow_connections_leave_the_server_answering(ada: Desk, server: RunningServer) -> None:
    parts = urlsplit(server.url)
    head = "".join(f"{k}: {v}\r\n" for k, v in {**HEADERS, "Authorization": f"Bearer {ada.token_text}"}.items())
    held = [socket.create_connection((parts.hostname, parts.port)) for _ in range(60)]
    for connection in held:
        connection.sendall(f"POST /api/1/push HTTP/1.1\r\nHost: x\r\n{head}Content-Length: 5000000\r\n\r\nx".encode())
    began = time.monotonic()
    assert ada.push(ada.client_command()) == 1
    assert time.monotonic() - began < 2
    for connection in held:
        connection.close()


def test_a_cut_off_body_does_nothing(ada: Desk, server: RunningServer) -> None:
    parts = urlsplit(server.url)
    head = "".join(f"{k}: {v}\r\n" for k, v in {**HEADERS, "Authorization": f"Bearer {ada.token_text}"}.items())
    for _ in range(3):
        with socket.create_connection((parts.hostname, parts.port)) as connection:
            connection.sendall(f"POST /api/1/push HTTP/1.1\r\nHost: x\r\n{head}Content-Length: 50\r\n\r\nhalf".encode())
    assert ada.push(ada.client_command()) == 1


def test_a_full_disk_is_said_and_mended(folder: ServerFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """SQLite's own page limit stands in for the disk: the same error code, without needing a small disk."""
    with (
        RunningServer(folder, surroundings=Surroundings(passwords=CHEAP)) as server,
        http_client(server.url) as client,
    ):
        desk = Desk(client, "ada").begin()
        sql: Sql = server.parts.sql

        def limit(pages: int) -> None:
            server.parts.writer.do(lambda: sql.value(f"PRAGMA max_page_count = {pages}")).result(10)

        pages = server.parts.readers.ask(lambda: int(sql.value("PRAGMA page_count"))).result(10)
        limit(pages + 3)
        command = desk.client_command("x" * 100_000)
        response = desk.push_raw(command)
        assert (response.status_code, problem(response).code) == (503, "disk_full")
        assert int(response.headers["retry-after"]) > 0
        assert desk.post("pull", PullRequest("a", {}, 0)).status_code == 200
        limit(1_000_000)
        assert desk.push(command) == 1
