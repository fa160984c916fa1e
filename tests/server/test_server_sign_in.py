"""Passwords, delays, unknown names, workstations and their keys; time stands until it is moved."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher
from starlette.testclient import TestClient

from csr_desktop.domain.errors import Unreadable
from csr_desktop.protocol import ChallengeReply
from csr_desktop.server.app import Api
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.passwords import Passwords
from csr_desktop.server.run import Surroundings, administration, server_parts
from csr_desktop.server.sign_in import delay_seconds
from csr_desktop.store.meta_file import key_check
from csr_desktop.store.sql import Sql
from tests.server.desk import PASSWORD, Clock, Desk, problem

Desks = Callable[[str], Desk]


def wrong(desk: Desk, login: str = "ada") -> tuple[int, str, str]:
    """Status, code and Retry-After of a try with a wrong password."""
    response = desk.post("sign-in", desk.sign_in_request(login=login, password="not the right one"))
    return response.status_code, problem(response).code, response.headers.get("retry-after", "")


def test_delays_grow_to_a_minute() -> None:
    assert [delay_seconds(n) for n in range(12)] == [0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert delay_seconds(10_000) == 60


@pytest.mark.parametrize("login", ["ada", "nobody-has-this-name"])
def test_wrong_passwords_are_delayed_whether_the_name_exists_or_not(still: Desks, clock: Clock, login: str) -> None:
    desk = still(login)
    for expected in (0, 0, 1, 2, 4, 8, 16, 32, 60, 60):
        assert wrong(desk, login) == (401, "wrong_sign_in", "")
        if expected:
            assert wrong(desk, login) == (429, "wait", str(expected))
            clock.pass_seconds(expected - 0.5)
            assert wrong(desk, login) == (429, "wait", "1")
            clock.pass_seconds(0.5)


def test_a_wrong_name_and_a_wrong_password_are_answered_alike(still: Desks) -> None:
    desk = still("ada")
    responses = [
        desk.post("sign-in", desk.sign_in_request(login=login, password="not the right one"))
        for login in ("ada", "nobody-has-this-name", "", "server", "nobody")
    ]
    assert len({(r.status_code, r.content, tuple(sorted(set(r.headers) - {"date"}))) for r in responses}) == 1


def test_an_unknown_name_costs_the_same_work(still: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, password_hash: str, password: str) -> bool:
        checked.append(password_hash.rpartition("$")[0].rpartition("$")[0])
        return verify(self, password_hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    desk = still("ada")
    for login in ("ada", "nobody-has-this-name", "server"):
        wrong(desk, login)
    assert len(checked) == 3
    assert len(set(checked)) == 1  # the same variant and costs


def test_the_right_password_forgives_the_wrong_ones(still: Desks, clock: Clock) -> None:
    desk = still("ada")
    for _ in range(3):
        wrong(desk)
    assert desk.post("sign-in", desk.sign_in_request()).status_code == 429
    clock.pass_seconds(1)
    desk.sign_in()
    assert [wrong(desk)[0] for _ in range(3)] == [401, 401, 401]


def test_delays_outlast_a_restart(still: Desks, quiet_sql: Sql) -> None:
    desk = still("ada")
    for _ in range(4):
        wrong(desk)
    assert (
        quiet_sql.value("SELECT failures FROM credentials c JOIN users u ON u.id = c.user_id WHERE login = 'ada'") == 3
    )


def test_a_clock_that_was_set_back_makes_nobody_wait_for_longer(still: Desks, clock: Clock) -> None:
    desk = still("ada")
    for _ in range(3):
        wrong(desk)
    clock.now_at -= 86_400_000
    assert wrong(desk) == (429, "wait", "1")


def test_many_tries_at_once_are_no_way_around_the_delays(still: Desks) -> None:
    desk = still("ada")
    seen: list[int] = []
    threads = [threading.Thread(target=lambda: seen.append(wrong(desk)[0])) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == [401] * 3 + [429] * 9


def test_one_persons_delay_is_not_anothers(still: Desks) -> None:
    for _ in range(4):
        wrong(still("ada"))
    assert still("bob").sign_in().name == "Bob Example"


def test_capitals_and_blanks_in_the_name_do_not_count(still: Desks) -> None:
    assert still(" ADA ").sign_in().name == "Ada Sample"


@pytest.mark.parametrize("changed", [{"public_key": b"short"}, {"database_key": b""}, {"public_key": b"x" * 33}])
def test_keys_of_a_wrong_length_are_refused(still: Desks, changed: dict[str, bytes]) -> None:
    desk = still("ada")
    response = desk.post("sign-in", desk.sign_in_request(**changed))
    assert (response.status_code, problem(response).code) == (400, "bad_input")


def test_an_endless_password_is_not_hashed(still: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PasswordHasher, "verify", lambda *_: pytest.fail("hashed"))
    desk = still("ada")
    assert desk.post("sign-in", desk.sign_in_request(password="x" * 30_000)).status_code == 401


def test_a_lost_keyring_gets_its_database_key_back_and_keeps_its_numbers(still: Desks, quiet_sql: Sql) -> None:
    ada = still("ada").begin()
    ada.push(ada.client_command("Sample One"))
    again = still("ada")
    again.seq = 1
    reply = again.sign_in(device_id=ada.device_id)
    assert (reply.device_id, reply.database_key) == (ada.device_id, ada.database_key)
    again.prove()
    assert again.push(again.client_command("Sample Two")) == 2
    assert quiet_sql.value("SELECT count(*) FROM devices WHERE user_id = ?", ada.user_id) == 1


def test_the_key_that_was_replaced_gets_no_token(still: Desks) -> None:
    ada, again = still("ada").begin(), still("ada")
    again.sign_in(device_id=ada.device_id)
    response = ada.post("token", ada.signed(ada.get(ChallengeReply, "challenge", None).challenge))
    assert (response.status_code, problem(response).code) == (401, "unknown_device")


def test_another_persons_or_an_unknown_workstation_gives_no_key_away(still: Desks) -> None:
    ada = still("ada").begin()
    for device_id in (ada.device_id, "01900000-0000-7000-8000-000000000000", "server", "' OR 1=1 --"):
        bob = still("bob")
        reply = bob.sign_in(device_id=device_id)
        assert reply.device_id != device_id
        assert reply.database_key == bob.database_key


def test_a_revoked_workstation_becomes_a_new_one(still: Desks, folder: ServerFolder) -> None:
    ada = still("ada").begin()
    with administration(folder) as admin:
        admin.revoke_device(ada.device_id)
    again = still("ada")
    reply = again.sign_in(device_id=ada.device_id)
    assert (reply.device_id != ada.device_id, reply.database_key) == (True, again.database_key)


def test_the_key_of_the_file_that_is_there_comes_back_though_newer_ones_were_made(still: Desks) -> None:
    """The desk sent a key and ended before it was stored; its file and keyring have the one from before."""
    ada = still("ada").begin()
    lost = still("ada")
    crashed = lost.sign_in(key_checks=[key_check(ada.database_key)], device_id="")
    assert crashed.database_key == ada.database_key
    assert crashed.device_id != ada.device_id
    again = still("ada").sign_in(key_checks=[key_check(ada.database_key)], device_id=crashed.device_id)
    assert (again.device_id, again.database_key) == (crashed.device_id, ada.database_key)


def test_a_file_keeps_the_key_it_has_and_the_server_learns_it(still: Desks, quiet_sql: Sql) -> None:
    ada = still("ada").begin()
    other = secrets.token_bytes(32)
    told = still("ada").sign_in(device_id=ada.device_id, database_key=other, key_checks=[key_check(other)])
    assert (told.device_id, told.database_key) == (ada.device_id, other)
    assert still("ada").sign_in(device_id=ada.device_id).database_key == other
    of_the_first = still("ada").sign_in(device_id=ada.device_id, key_checks=[key_check(ada.database_key)])
    assert of_the_first.database_key == ada.database_key
    for _ in range(12):
        more = secrets.token_bytes(32)
        still("ada").sign_in(device_id=ada.device_id, database_key=more, key_checks=[key_check(more)])
    assert len(bytes(quiet_sql.value("SELECT wrapped_key FROM escrow WHERE device_id = ?", ada.device_id))) == 8 * 60


def test_the_check_of_a_key_opens_nothing_of_another_person_or_of_a_revoked_workstation(
    still: Desks, folder: ServerFolder
) -> None:
    ada = still("ada").begin()
    checks = [key_check(ada.database_key)]
    bob = still("bob")
    assert bob.sign_in(device_id=ada.device_id, key_checks=checks).database_key == bob.database_key
    with administration(folder) as admin:
        admin.revoke_device(ada.device_id)
    again = still("ada")
    assert again.sign_in(device_id=ada.device_id, key_checks=checks).database_key == again.database_key


def test_no_key_stands_open_in_the_database(still: Desks, quiet_sql: Sql) -> None:
    ada = still("ada").begin()
    stored = bytes(quiet_sql.value("SELECT wrapped_key FROM escrow WHERE device_id = ?", ada.device_id))
    assert ada.database_key not in stored
    assert PASSWORD not in str(quiet_sql.all("SELECT password_hash FROM credentials"))


def test_an_escrow_moved_to_another_workstation_does_not_open(still: Desks, quiet_sql: Sql) -> None:
    ada, other = still("ada").begin(), still("ada").begin()
    stolen = quiet_sql.value("SELECT wrapped_key FROM escrow WHERE device_id = ?", ada.device_id)
    quiet_sql.do("UPDATE escrow SET wrapped_key = ? WHERE device_id = ?", stolen, other.device_id)
    response = other.post("sign-in", other.sign_in_request(device_id=other.device_id))
    assert response.status_code == 503


def test_old_costs_are_renewed_at_sign_in(folder: ServerFolder, clock: Clock) -> None:
    stronger = Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    with (
        server_parts(folder, Surroundings(clock=clock, monotonic=clock.monotonic, passwords=stronger)) as parts,
        TestClient(Api(parts).application()) as client,
    ):
        Desk(client, "ada").sign_in()
        parts.sql.db.connect()
        hashes = [h for (h,) in parts.sql.all("SELECT password_hash FROM credentials WHERE password_hash <> ''")]
        parts.sql.db.close()
        assert sum("m=16,t=2" in h for h in hashes) == 1
        Desk(client, "ada").sign_in()


def test_the_servers_own_key_must_be_its_own(folder: ServerFolder) -> None:
    path = folder.path / "server.key"
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with pytest.raises(Unreadable, match="chmod 600"):
        folder.key()
    path.chmod(0o600)
    for damaged in ("", "zz", "00" * 31, "é"):
        path.write_text(damaged, "utf-8")
        with pytest.raises(Unreadable, match="damaged"):
            folder.key()
    path.unlink()
    with pytest.raises(Unreadable, match=r"no server\.key"):
        folder.key()
