"""The main path over real HTTP, and every way in which a request is not served."""

from __future__ import annotations

import hmac
import socket
import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx2
import pytest

from csr_desktop.commands.clients import AddClient, EditClient
from csr_desktop.protocol import MAX_BODY_BYTES, ChallengeReply, PokeRequest, PullRequest
from csr_desktop.server.run import RunningServer, administration
from csr_desktop.store.sql import Sql
from tests.server.desk import HEADERS, Desk, new_id, problem

Desks = Callable[[str], Desk]


@pytest.fixture
def sql(server: RunningServer) -> Iterator[Sql]:
    """The server's database, seen from this thread."""
    found = server.parts.sql
    found.db.connect()
    yield found
    found.db.close()


def test_a_call_for_help_reaches_a_colleague(desk: Desks) -> None:
    ada, bob = desk("ada"), desk("bob").begin()
    reply = ada.sign_in()
    assert (reply.name, reply.organisation, reply.database_key) == ("Ada Sample", "Sample Payroll", ada.database_key)
    token = ada.prove()
    assert token.valid_seconds == 900
    seen = bob.pull()
    command = ada.client_command("Sample Bakery")
    assert ada.push(command) == 1
    assert bob.poke(seen.cursors) is True
    news = bob.pull(seen.cursors)
    assert [row[news.columns["clients"].index("name")] for row in news.rows["clients"]] == ["Sample Bakery"]
    mine = ada.pull()
    assert mine.seq == 1
    assert [(a.seq, a.command_id, a.status) for a in mine.answers] == [(1, command.id, "done")]
    assert (mine.rights.role, mine.rights.name) == ("csr", "Ada Sample")


def test_a_new_person_finds_the_standard_lists(ada: Desk) -> None:
    assert {"Payroll tax", "Notice", "Deposit", "Filing", "Payroll run", "Billing"} <= ada.names("topics")
    assert ada.names("sla_policies") == {"Gold", "Silver", "Bronze"}
    reply = ada.pull()
    at = reply.columns["dispositions"].index
    named = sorted(
        (row[at("position")], row[at("name")], row[at("is_resolution")]) for row in reply.rows["dispositions"]
    )
    assert [name for _, name, _ in named] == ["Resolved", "Needs follow-up", "Escalated", "Transferred", "Wrong number"]
    assert [is_resolution for _, _, is_resolution in named] == [1, 0, 0, 0, 0]


def test_a_repeated_push_is_applied_once(ada: Desk, sql: Sql) -> None:
    commands = [ada.client_command(f"Sample {n}") for n in range(3)]
    assert [ada.push(*commands) for _ in range(3)] == [3, 3, 3]
    assert sql.value("SELECT count(*) FROM log WHERE device_id = ?", ada.device_id) == 3
    assert sql.value("SELECT count(*) FROM clients") == 3


def test_what_comes_after_a_gap_waits_for_what_is_missing(ada: Desk, sql: Sql) -> None:
    first, second, third = (ada.client_command(f"Sample {n}") for n in range(3))
    assert ada.push(first, third) == 1
    assert sql.value("SELECT count(*) FROM clients") == 1
    assert ada.push(second, third) == 3


def test_a_command_in_another_persons_name_is_refused_and_stays_in_the_log(ada: Desk, desk: Desks, sql: Sql) -> None:
    bob = desk("bob").begin()
    assert ada.push(ada.client_command("Sample Forgery", by=bob.user_id)) == 1
    assert [(a.status, a.code) for a in ada.pull().answers] == [("refused", "forged")]
    assert sql.value("SELECT count(*) FROM clients") == 0
    assert sql.value("SELECT user_id FROM log WHERE device_id = ?", ada.device_id) == ada.user_id


def test_another_workstations_commands_are_not_taken(ada: Desk, desk: Desks, sql: Sql) -> None:
    bob = desk("bob").begin()
    response = ada.push_raw(ada.client_command("Sample Forgery", device=bob.device_id, by=bob.user_id))
    assert (response.status_code, problem(response).code) == (403, "other_device")
    assert sql.value("SELECT count(*) FROM clients") == 0
    assert sql.value("SELECT seq FROM devices WHERE id = ?", bob.device_id) == 0


def test_nobody_gets_a_token_for_another_persons_workstation(ada: Desk, desk: Desks) -> None:
    bob = desk("bob")
    bob.sign_in()
    bob.device_id, own = ada.device_id, bob.device_id
    challenge = bob.get(ChallengeReply, "challenge", None).challenge
    as_ada = bob.post("token", bob.signed(challenge))
    bob.device_id = new_id()
    as_nobody = bob.post("token", bob.signed(challenge))
    assert as_ada.status_code == as_nobody.status_code == 401
    assert problem(as_ada) == problem(as_nobody)
    assert problem(as_ada).code == "unknown_device"
    bob.device_id = own
    assert bob.post("token", bob.signed(challenge)).status_code == 200


def test_a_known_number_with_another_id_is_a_copied_file(ada: Desk, sql: Sql) -> None:
    ada.push(ada.client_command("Sample One"))
    response = ada.push_raw(ada.client_command("Sample Two", seq=1))
    assert (response.status_code, problem(response).code) == (409, "copied")
    assert sql.value("SELECT count(*) FROM clients") == 1


def test_a_command_that_cannot_be_stored_is_refused_alone(ada: Desk, desk: Desks, sql: Sql) -> None:
    bob = desk("bob").begin()
    add = bob.client_command("Sample Bakery")
    assert isinstance(add, AddClient)
    too_large = bob.stamp(EditClient(row_id=add.row_id, changes={"employee_count": (0, 2**64 - 1)}))
    assert bob.push_raw(add, too_large).status_code == 200
    assert [(a.status, a.code) for a in bob.pull().answers] == [("done", ""), ("refused", "out_of_range")]
    assert sql.value("SELECT employee_count FROM clients") == 0
    assert ada.push(ada.client_command("Sample Three")) == 1


def test_an_id_that_is_in_use_is_refused_as_often_as_it_is_sent(ada: Desk, desk: Desks, sql: Sql) -> None:
    bob = desk("bob").begin()
    known = ada.client_command("Sample One")
    ada.push(known)
    forged = bob.client_command("Sample Two", id=known.id)
    assert [bob.push(forged), bob.push(forged)] == [1, 1]
    assert [a.status for a in bob.pull().answers] == ["refused"]
    assert sql.value("SELECT count(*) FROM clients") == 1


def test_a_body_that_says_it_is_too_large_is_not_read(server: RunningServer, ada: Desk) -> None:
    parts = urlsplit(server.url)
    head = "".join(f"{k}: {v}\r\n" for k, v in {**HEADERS, "Authorization": f"Bearer {ada.token_text}"}.items())
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(f"POST /api/1/push HTTP/1.1\r\nHost: x\r\n{head}Content-Length: 1073741824\r\n\r\n".encode())
        answer = b""
        while part := connection.recv(65536):  # the server answers and closes though nothing was sent
            answer += part
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"too_large" in answer


def test_a_body_without_a_length_is_cut_off_at_the_limit(ada: Desk) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 1 << 30:
            sent += 65536
            yield b"x" * 65536

    headers = {**HEADERS, "Authorization": f"Bearer {ada.token_text}"}
    try:
        response = ada.client.post("/api/1/push", content=endless(), headers=headers)
    except httpx2.HTTPError:
        pass  # the connection was closed while the client wrote; what counts is that it was
    else:
        assert (response.status_code, problem(response).code) == (413, "too_large")
    assert sent < MAX_BODY_BYTES + (64 << 20)  # what the sockets hold between the two


def test_health_is_open_to_monitors(server: RunningServer) -> None:
    response = httpx2.get(server.url + "/health")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_a_person_who_tries_the_address_in_a_browser_reads_what_it_is_for(server: RunningServer) -> None:
    response = httpx2.get(server.url + "/", headers={"accept": "text/html"})
    assert (response.status_code, response.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert "This is a CSR Desktop server" in response.text
    assert "enter this address in CSR Desktop" in response.text


def test_a_workstation_that_was_revoked_is_told_so_everywhere(ada: Desk, server: RunningServer) -> None:
    with administration(server.folder) as admin:
        admin.revoke_device(ada.device_id)
    challenge = ada.get(ChallengeReply, "challenge", None).challenge
    for response in (
        ada.push_raw(ada.client_command()),
        ada.post("pull", PullRequest("a", {}, 0)),
        ada.post("poke", PokeRequest({})),
        ada.post("token", ada.signed(challenge)),
    ):
        assert (response.status_code, problem(response).code) == (401, "revoked")
    proof = hmac.digest(ada.database_key, b"csr-desktop revoked 1:" + challenge + ada.device_id.encode(), "sha256")
    assert problem(response).proofs == [proof]
    again = ada.sign_in(device_id=ada.device_id)
    assert again.database_key == ada.database_key
    ada.prove()
    assert ada.push(ada.client_command(seq=1)) == 1


def test_a_closed_account_is_signed_out_and_can_be_reopened(ada: Desk, desk: Desks, server: RunningServer) -> None:
    bob = desk("bob").begin()
    with administration(server.folder) as admin:
        admin.close_account("ada")
    command = ada.client_command()
    for response in (
        ada.push_raw(command),
        ada.post("pull", PullRequest("a", {}, 0)),
        ada.post("poke", PokeRequest({})),
    ):
        assert (response.status_code, problem(response).code) == (401, "signed_out")
    response = ada.post("sign-in", ada.sign_in_request())
    assert (response.status_code, problem(response).code) == (401, "closed")
    assert bob.push(bob.client_command()) == 1
    with administration(server.folder) as admin:
        admin.reopen_account("ada")
    assert ada.push(command) == 1


def test_the_workstation_of_a_closed_account_is_told_to_delete_its_data_once_it_is_revoked(
    ada: Desk, server: RunningServer
) -> None:
    challenge = ada.get(ChallengeReply, "challenge", None).challenge
    with administration(server.folder) as admin:
        admin.close_account("ada")
        assert problem(ada.post("token", ada.signed(challenge))).code == "signed_out"
        admin.revoke_device(ada.device_id)
    challenge = ada.get(ChallengeReply, "challenge", None).challenge
    told = problem(ada.post("token", ada.signed(challenge)))
    assert (told.code, len(told.proofs)) == ("revoked", 1)


def test_a_workstation_that_a_restored_server_does_not_know_is_not_told_to_wipe_itself(ada: Desk, sql: Sql) -> None:
    sql.do("DELETE FROM devices WHERE id = ?", ada.device_id)
    challenge = ada.get(ChallengeReply, "challenge", None).challenge
    for response in (
        ada.push_raw(ada.client_command()),
        ada.post("pull", PullRequest("a", {}, 0)),
        ada.post("poke", PokeRequest({})),
        ada.post("token", ada.signed(challenge)),
    ):
        assert (response.status_code, problem(response).code) == (401, "unknown_device")


def test_no_row_is_seen_outside_its_scope(ada: Desk, desk: Desks) -> None:
    cy = desk("cy").begin()
    reply = cy.pull(dict.fromkeys(ada.pull().rights.scopes, 0))
    assert set(reply.cursors) - set(reply.rights.scopes) <= set(ada.pull().rights.scopes)
    scopes = {row[reply.columns[table].index("scope")] for table, rows in reply.rows.items() for row in rows}
    assert scopes <= set(reply.rights.scopes)


def test_eight_workstations_push_at_once(desk: Desks, server: RunningServer, sql: Sql) -> None:
    desks = [desk(login).begin() for login in ("ada", "bob", "cy", "lea") for _ in range(2)]
    commits = 0
    push = server.parts.ledger.push

    def counted(pushes: object) -> dict[str, int]:
        nonlocal commits
        commits += 1
        return push(pushes)  # type: ignore[arg-type]

    server.parts.ledger.push = counted  # type: ignore[method-assign]
    known: dict[str, int] = {}

    def work(d: Desk) -> None:
        for _ in range(20):
            known[d.device_id] = d.push(d.client_command("Sample"), d.client_command("Sample"))

    threads = [threading.Thread(target=work, args=(d,)) for d in desks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert known == {d.device_id: 40 for d in desks}
    assert commits < 160
    assert sql.value("SELECT count(*) FROM clients") == 320
    revs = [rev for (rev,) in sql.all("SELECT rev FROM clients ORDER BY rev")]
    assert len(set(revs)) == 320
    assert sql.value("SELECT count(*) FROM log WHERE status = 'done' AND device_id <> 'server'") == 320


def test_answers_do_not_wait_for_acknowledgements_of_the_network(ada: Desk) -> None:
    """Headers and body leave in two parts; with Nagle's algorithm the second one waits 40 ms for the first."""
    seconds: list[float] = []
    for _ in range(20):
        began = time.perf_counter()
        ada.pull(ada.pull().cursors)
        seconds.append(time.perf_counter() - began)
    assert min(seconds) < 0.04
