"""What a monitor sees: alive, ready, figures; and the log after a day of work."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import msgspec
import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families

from csr_desktop.commands import calls, catalogue, clients, tickets
from csr_desktop.commands.administration import AddTeam
from csr_desktop.protocol import CheckRequest, PokeRequest, PullRequest, PushRequest
from csr_desktop.server.condition import metrics_token
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.logs import LogFile, Sparse, log_to
from csr_desktop.server.metrics import Metrics
from csr_desktop.server.run import RunningServer, Surroundings
from tests.server.conftest import Start
from tests.server.desk import CHEAP, HEADERS, Clock, Desk, http_client, new_id

Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]
TOKEN = "a token that nobody guesses"


def figures(text: str) -> Figures:
    found: Figures = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = tuple(sorted((k, v) for k, v in sample.labels.items() if k != "process"))
            found[sample.name, labels] = found.get((sample.name, labels), 0) + sample.value
    return found


def scraped(url: str) -> Figures:
    response = httpx2.get(url + "/metrics", verify=False)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain")
    return figures(response.text)


def test_a_server_that_works_is_well_and_ready(server: RunningServer) -> None:
    for path, word in (("health", "ok"), ("ready", "ready")):
        response = httpx2.get(f"{server.url}/{path}", verify=False)
        assert (response.status_code, response.json()) == (200, {"status": word})


def test_one_that_stops_is_well_and_not_ready(server: RunningServer) -> None:
    server.parts.stopping.begin()
    response = httpx2.get(server.url + "/ready", verify=False)
    assert (response.status_code, response.json()) == (503, {"status": "unavailable", "because": ["stopping"]})
    assert httpx2.get(server.url + "/health", verify=False).status_code == 200


def test_one_whose_database_is_of_another_version_is_not_ready(server: RunningServer, folder: ServerFolder) -> None:
    sql = folder.open()
    version = sql.value("SELECT version FROM schema_version")
    for other in (version - 1, version + 1):
        sql.do("UPDATE schema_version SET version = ?", other)
        response = httpx2.get(server.url + "/ready", verify=False)
        assert (response.status_code, response.json()["because"]) == (503, ["migrations"])
    sql.do("UPDATE schema_version SET version = ?", version)
    assert httpx2.get(server.url + "/ready", verify=False).status_code == 200
    sql.db.close()


def test_one_that_can_write_no_more_is_neither(server: RunningServer) -> None:
    server.parts.writer._waiting.put(None)
    server.parts.writer._thread.join()
    for path in ("health", "ready"):
        response = httpx2.get(f"{server.url}/{path}", verify=False)
        assert (response.status_code, response.json()["because"]) == (503, ["writer"])


def test_figures_count_what_desks_did(server: RunningServer, ada: Desk) -> None:
    before = scraped(server.url)
    ada.push(ada.client_command(), ada.client_command(), ada.stamp(AddTeam(row_id=new_id(), name="Not Mine")))
    ada.pull()
    for count in (0, 3):
        assert ada.post("check", CheckRequest({}, 0, row_count=40, differing_count=count)).status_code == 200
    ada.post("push", b"nonsense")
    ada.client.get("/no/such/place")
    after = scraped(server.url)

    def rise(name: str, **labels: str) -> float:
        key = (name, tuple(sorted(labels.items())))
        return after.get(key, 0) - before.get(key, 0)

    assert rise("csr_pushes_total") == 1
    assert rise("csr_commands_total", status="done") == 2
    assert rise("csr_commands_total", status="refused") == 1
    assert rise("csr_pulls_total") == 1
    assert rise("csr_comparisons_total") == 2
    assert rise("csr_differing_rows_total") == 3
    assert rise("csr_refusals_total", code="bad_message") == 1
    assert rise("csr_requests_total", path="/api/1/push", status="200") == 1
    assert rise("csr_requests_total", path="other", status="404") == 1
    assert rise("csr_lag_seconds_count") == 1
    assert rise("csr_database_seconds_count", work="commit") == 1
    assert rise("csr_database_seconds_count", work="reader") >= 2
    assert after["csr_connected_desks", ()] == 1
    assert after["csr_writer_waiting", ()] == 0
    assert after["csr_connections", ()] >= 2
    assert after["process_resident_memory_bytes", ()] > 10_000_000


def test_a_backlog_of_yesterday_shows_as_lag(server: RunningServer, ada: Desk) -> None:
    ada.push(ada.client_command("Sample", at=int(time.time() * 1000) - 86_400_000))
    assert scraped(server.url)["csr_lag_seconds_sum", ()] == pytest.approx(86_400, abs=60)


def test_figures_name_nobody(server: RunningServer, ada: Desk) -> None:
    ada.push(ada.client_command("Sample Secretive"))
    ada.client.get("/Sample-Secretive/2125550199?name=Secretive")
    text = httpx2.get(server.url + "/metrics", verify=False).text
    for private in ("Secretive", "2125550199", ada.device_id, ada.user_id, "ada"):
        assert not re.search(rf"\b{private}\b", text)


def test_only_this_machine_and_who_has_the_token_see_figures(folder: ServerFolder) -> None:
    around = Surroundings(passwords=CHEAP, metrics_token=TOKEN)
    with RunningServer(folder, surroundings=around) as server:
        passed_on = {"X-Forwarded-For": "192.0.2.7"}
        url = server.url + "/metrics"
        assert httpx2.get(url, verify=False).status_code == 200
        assert httpx2.get(url, headers=passed_on, verify=False).status_code == 403
        assert httpx2.get(url, headers={"Forwarded": "for=192.0.2.7"}, verify=False).status_code == 403
        assert (
            httpx2.get(url, headers={**passed_on, "Authorization": "Bearer guessed"}, verify=False).status_code == 403
        )
        assert (
            httpx2.get(url, headers={**passed_on, "Authorization": f"Bearer {TOKEN}"}, verify=False).status_code == 200
        )
    with RunningServer(folder, surroundings=Surroundings(passwords=CHEAP)) as server:
        for token in ("x", "guessed"):
            headers = {**passed_on, "Authorization": f"Bearer {token}"}
            assert httpx2.get(server.url + "/metrics", headers=headers, verify=False).status_code == 403


def test_the_token_is_read_from_a_file_that_not_everybody_can_read(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    file.chmod(0o640)
    assert metrics_token(file) == TOKEN
    file.chmod(0o644)
    with pytest.raises(Exception, match="Everybody can read"):
        metrics_token(file)
    file.chmod(0o600)
    file.write_text("short")
    with pytest.raises(Exception, match="no good"):
        metrics_token(file)


def test_whichever_process_of_a_folder_is_asked_answers_for_all(tmp_path: Path) -> None:
    mine, other = Metrics(tmp_path / "metrics"), Metrics(tmp_path / "metrics")
    other._mine = tmp_path / "metrics" / "77777.json"
    mine.pushes.inc(2)
    other.pushes.inc(3)
    other.lay()
    text = mine.exposition().decode()
    assert f'csr_pushes_total{{process="{os.getpid()}"}} 2.0' in text
    assert 'csr_pushes_total{process="77777"} 3.0' in text
    assert text.count("# TYPE csr_pushes_total counter") == 1
    os.utime(tmp_path / "metrics" / "77777.json", (0, 0))
    assert figures(mine.exposition().decode())["csr_pushes_total", ()] == 2, "a killed process is counted for ever"
    mine.lay()
    mine.take_away()
    assert list((tmp_path / "metrics").iterdir()) == []


# The end of a process


def test_a_push_that_is_under_way_is_committed_and_answered_and_long_polls_end(
    folder: ServerFolder, start: Start
) -> None:
    process, url = start()
    with http_client(url) as client, http_client(url) as other:
        ada, bob = Desk(client).begin(), Desk(other, "bob").begin()
        cursors = bob.pull().cursors
        heard: list[bool] = []
        polling = threading.Thread(target=lambda: heard.append(bob.poke(cursors)))
        polling.start()
        time.sleep(0.5)
        parts = urlsplit(url)
        body = pushed_body(ada)
        head = "".join(f"{k}: {v}\r\n" for k, v in {**HEADERS, "Authorization": f"Bearer {ada.token_text}"}.items())
        with socket.create_connection((parts.hostname, parts.port), timeout=20) as half:
            text = f"POST /api/1/push HTTP/1.1\r\nHost: x\r\n{head}Content-Length: {len(body)}\r\n\r\n"
            half.sendall(text.encode() + body[:-5])
            time.sleep(0.3)
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            polling.join(5)
            assert heard == [False]
            time.sleep(0.3)
            with pytest.raises(OSError, match="refused"):
                socket.create_connection((parts.hostname, parts.port), timeout=1)
            half.sendall(body[-5:])
            answer = b""
            while part := half.recv(65536):
                answer += part
        assert answer.startswith(b"HTTP/1.1 200 ")
        process.wait(timeout=15)
        assert process.returncode == 0
        assert time.monotonic() - began < 12
    sql = folder.open()
    assert sql.value("SELECT seq FROM devices WHERE id = ?", ada.device_id) == 1
    sql.db.close()


def pushed_body(desk: Desk) -> bytes:
    return msgspec.msgpack.encode(PushRequest([catalogue.encode(desk.client_command())]))


def test_somebody_who_goes_on_and_on_keeps_it_only_for_a_while(start: Start) -> None:
    process, url = start()
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port)) as slow, http_client(url) as client:
        ada = Desk(client).begin()
        head = "".join(f"{k}: {v}\r\n" for k, v in {**HEADERS, "Authorization": f"Bearer {ada.token_text}"}.items())
        slow.sendall(f"POST /api/1/push HTTP/1.1\r\nHost: x\r\n{head}Content-Length: 50\r\n\r\nx".encode())
        time.sleep(0.2)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=25)
    assert process.returncode == 0
    assert 8 < time.monotonic() - began < 15


def test_a_second_signal_ends_it_at_once(start: Start, tmp_path: Path) -> None:
    process, url = start("--drain-seconds", "60")
    process.send_signal(signal.SIGTERM)
    until_not_ready(url)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=5)
    assert (process.returncode, time.monotonic() - began < 2) == (0, True)
    assert not (tmp_path / "ready").exists()


def until_not_ready(url: str) -> None:
    deadline = time.monotonic() + 5
    while httpx2.get(url + "/ready", verify=False).status_code == 200:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_while_it_drains_it_serves_and_says_that_it_is_not_ready(start: Start) -> None:
    process, url = start("--drain-seconds", "2")
    with http_client(url) as client:
        ada = Desk(client).begin()
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        until_not_ready(url)
        assert ada.push(ada.client_command()) == 1
        assert httpx2.get(url + "/health", verify=False).status_code == 200
        process.wait(timeout=15)
    assert process.returncode == 0
    assert time.monotonic() - began > 1.8


# The log


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_day_of_work_leaves_nothing_private_in_any_log(start: Start, tmp_path: Path) -> None:
    """Calls, notes, tickets, wrong passwords, broken messages, wrong paths, broken HTTP: ids and codes alone."""
    log = tmp_path / "server.log"
    process, url = start("--log-file", str(log), "--log-level", "debug")
    private = ("Secretive", "2125550199", "212-555-0199", "555-0199", "private note", "hunter2 hunter2", "secretive@")
    parts = urlsplit(url)
    with http_client(url) as client:
        ada = Desk(client).begin()
        company = ada.client_command("Secretive Sample Bakery")
        client_id = company.row_id  # type: ignore[attr-defined]
        contact_id, called_at = new_id(), int(time.time() * 1000)
        (team_id,) = ada.pull().rights.teams
        ada.push(
            company,
            ada.stamp(clients.AddContact(row_id=contact_id, client_id=client_id, name="Sam Secretive")),
            ada.stamp(clients.EditClient(row_id=client_id, changes={"email": ("", "secretive@example.com")})),
            ada.stamp(clients.AddNote(row_id=new_id(), client_id=client_id, body="a private note, call 212-555-0199")),
            ada.stamp(clients.EditClient(row_id=new_id(), changes={"name": ("", "Secretive who is not there")})),
            ada.stamp(
                calls.LogInteraction(
                    row_id=new_id(),
                    scope=team_id,
                    client_id=client_id,
                    contact_id=contact_id,
                    number="+12125550199",
                    started_at=called_at - 60_000,
                    ended_at=called_at,
                    talk_seconds=60,
                    note="a private note of a call",
                )
            ),
            ada.stamp(tickets.OpenTicket(row_id=new_id(), scope=team_id, client_id=client_id, subject="Secretive pay")),
        )
        reply = ada.pull()
        assert [a.status for a in reply.answers] == ["done"] * 4 + ["refused"] + ["done"] * 2
        cursors = reply.cursors
        ada.post("push", b"Secretive 2125550199")
        ada.post("pull", PullRequest("Secretive" * 30, {"Secretive": -1}, 0))
        ada.post("poke", PokeRequest({**cursors, "Secretive": 0}))
        ada.post("sign-in", ada.sign_in_request(login="Secretive", password="hunter2 hunter2"))
        ada.post("token", ada.signed(b"Secretive" * 10))
        for path in ("/Secretive/2125550199", "/api/1/pull?who=Secretive", "/health?name=Secretive"):
            client.get(path, headers={"X-Name": "Secretive", "X-Forwarded-For": "Secretive", "Referer": "Secretive"})
        for raw in (
            b"Secretive 2125550199\r\n\r\n",
            b"GET /Secretive HTTP/9.9\r\n\r\n",
            b"POST / HTTP/1.1\r\nSecretive",
        ):
            with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
                connection.sendall(raw)
                if raw.endswith(b"\n"):
                    connection.recv(65536)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    text = log.read_text()
    for word in private:
        assert word.lower() not in (text + out + err).lower()
    assert err == ""
    told = lines(text)
    requests = [line for line in told if line["event"] == "request"]
    assert {"request", "path", "status", "milliseconds", "timestamp", "level"} <= set(requests[0])
    pushed = [line for line in requests if line["path"] == "/api/1/push"]
    assert {line["device_id"] for line in pushed} == {ada.device_id}
    assert {line.get("code") for line in pushed} == {None, "bad_message"}
    assert {line["path"] for line in requests if line["status"] == 404} == {"other"}
    assert len({line["request"] for line in requests}) == len(requests)
    assert [line["event"] for line in told][-1] == "stopped"


def test_the_number_of_a_request_is_told_to_who_asked(start: Start, tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    _, url = start("--log-file", str(log), "--log-level", "info")
    number = httpx2.get(url + "/nothing", verify=False).headers["csr-request"]
    time.sleep(0.2)  # the line is written after the answer
    assert [line["status"] for line in lines(log.read_text()) if line.get("request") == number] == [404]


def test_the_level_says_how_much_is_told(start: Start, tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    _, url = start("--log-file", str(log), "--log-level", "warning")
    httpx2.get(url + "/nothing", verify=False)
    assert log.read_text() == ""


@pytest.mark.skipif(os.name == "nt", reason="Windows does not tell whether a pipe takes more")
def test_a_log_that_nobody_reads_holds_nothing_up(start: Start) -> None:
    """Its standard error is a pipe here, which takes some hundred lines."""
    process, url = start("--log-level", "debug")
    with http_client(url, timeout=10) as client:
        for _ in range(1500):
            assert client.get("/health").status_code == 200
        assert process.stderr is not None
        read = os.read(process.stderr.fileno(), 1 << 20).decode()
        for _ in range(3):
            client.get("/health")
    process.send_signal(signal.SIGTERM)
    _, rest = process.communicate(timeout=20)
    told = lines(read + rest)
    assert {line["path"] for line in told if line["event"] == "request"} == {"/health"}
    lost = [line["count"] for line in told if line["event"] == "log_lines_lost"]
    seen = len([line for line in told if line["event"] == "request"])
    # Each request is one line, told or counted.
    assert [count + seen for count in lost if isinstance(count, int)] == [1503]


def test_a_log_that_was_moved_away_goes_on_under_its_name(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    file = LogFile(path)
    file.write("one\n")
    path.rename(tmp_path / "server.log.1")
    file.write("two\n")
    file.write("three\n")
    assert (tmp_path / "server.log.1").read_text() == "one\n"
    assert path.read_text() == "two\nthree\n"


def test_who_asks_for_nothing_all_day_fills_no_disk_by_it(start: Start, tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    _, url = start("--log-file", str(log), "--log-level", "debug")
    with http_client(url) as client:
        for _ in range(500):
            client.get("/nothing")
    time.sleep(0.2)
    assert len([line for line in lines(log.read_text()) if line.get("status") == 404]) == 60


def test_what_strangers_bring_about_fills_no_disk(clock: Clock, tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    log_to(path)
    sparse = Sparse(clock.monotonic)
    try:
        for _ in range(1000):
            sparse.tell("connection_cut", "head", why="head")
        sparse.tell("connection_cut", "crowded", why="crowded")
        clock.pass_seconds(61)
        sparse.tell("connection_cut", "head", why="head")
    finally:
        structlog.reset_defaults()
    told = [(line["why"], line.get("not_logged")) for line in lines(path.read_text())]
    assert told == [("head", None), ("crowded", None), ("head", 999)]


@pytest.mark.parametrize("where", ["thread", "program"])
def test_a_fault_that_nobody_foresaw_is_told_by_its_place(tmp_path: Path, where: str) -> None:
    """What Python itself would print holds the error's message, and that may hold what somebody wrote."""
    log = tmp_path / "log"
    code = f"""
import pathlib, threading
from csr_desktop.server.logs import faults_by_place, log_to
log_to(pathlib.Path({str(log)!r}))
def end():
    raise ValueError("the client's number is 078-05-1120")
with faults_by_place():
    if {where!r} == "thread":
        writer = threading.Thread(target=end, name="writer")
        writer.start()
        writer.join()
    else:
        end()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "078-05-1120" not in done.stdout + done.stderr + log.read_text()
    told = msgspec.json.decode(log.read_text())
    assert (told["event"], told["thread"]) == ("ended_by_fault", "writer" if where == "thread" else "")
    assert told["places"][0].startswith("ValueError ")
