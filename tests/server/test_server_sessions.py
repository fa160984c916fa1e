"""Challenges and tokens, and how often one may ask."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

import pytest
from starlette.testclient import TestClient

from csr_desktop.protocol import ChallengeReply, PullRequest, TokenReply, TokenRequest
from csr_desktop.server.app import Api
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.problems import Rejected
from csr_desktop.server.rates import Limits, Rate, Rates
from csr_desktop.server.run import Surroundings, server_parts
from csr_desktop.server.sessions import TOKENS_A_DEVICE
from tests.server.desk import CHEAP, Clock, Desk, problem, zstd

Desks = Callable[[str], Desk]


def code(desk: Desk, request: TokenRequest) -> str:
    response = desk.post("token", request)
    assert response.status_code == 401
    return problem(response).code


def test_a_challenge_is_good_once(still: Desks) -> None:
    desk = still("ada")
    desk.sign_in()
    request = desk.signed(desk.get(ChallengeReply, "challenge", None).challenge)
    assert desk.get(TokenReply, "token", request).token
    assert code(desk, request) == "challenge_used"


def test_a_challenge_is_good_for_a_minute(still: Desks, clock: Clock) -> None:
    desk = still("ada")
    desk.sign_in()
    challenge = desk.get(ChallengeReply, "challenge", None).challenge
    clock.pass_seconds(59)
    in_time = desk.get(ChallengeReply, "challenge", None).challenge
    assert desk.get(TokenReply, "token", desk.signed(challenge)).token
    clock.pass_seconds(61)
    assert code(desk, desk.signed(in_time)) == "challenge_used"


def test_a_used_challenge_stays_used_until_it_is_too_old(still: Desks, clock: Clock) -> None:
    desk = still("ada")
    desk.sign_in()
    request = desk.signed(desk.get(ChallengeReply, "challenge", None).challenge)
    desk.get(TokenReply, "token", request)
    for _ in range(8):
        clock.pass_seconds(10)
        desk.prove()
        assert code(desk, request) == "challenge_used"


@pytest.mark.parametrize("made_up", [b"", b"x" * 32, b"\0" * 64, b"\x7f" + b"\xff" * 63])
def test_a_challenge_of_ones_own_is_none(still: Desks, made_up: bytes) -> None:
    desk = still("ada")
    desk.sign_in()
    assert code(desk, desk.signed(made_up)) == "challenge_used"


def test_a_challenge_whose_time_was_changed_is_none(still: Desks) -> None:
    desk = still("ada")
    desk.sign_in()
    challenge = desk.get(ChallengeReply, "challenge", None).challenge
    assert code(desk, desk.signed(b"\x7f" + challenge[1:])) == "challenge_used"


def test_a_signature_of_something_else_is_worth_nothing(still: Desks) -> None:
    desk = still("ada")
    desk.sign_in()
    challenge = desk.get(ChallengeReply, "challenge", None).challenge
    for signed in (challenge, desk.device_id.encode() + challenge, b"csr-desktop token 1:" + challenge):
        assert code(desk, TokenRequest(desk.device_id, challenge, desk.key.sign(signed))) == "unknown_device"
    for signature in (b"", b"\0" * 64, b"x" * 1000):
        assert code(desk, TokenRequest(desk.device_id, challenge, signature)) == "unknown_device"


@pytest.mark.parametrize("device_id", ["server", "", "\0", "nobody"])
def test_the_servers_own_device_gets_no_token(still: Desks, device_id: str) -> None:
    desk = still("ada")
    desk.sign_in()
    desk.device_id = device_id
    assert code(desk, desk.signed(desk.get(ChallengeReply, "challenge", None).challenge)) == "unknown_device"


def test_a_token_lasts_a_quarter_of_an_hour(still: Desks, clock: Clock) -> None:
    desk = still("ada").begin()
    clock.pass_seconds(899)
    desk.pull()
    clock.pass_seconds(1)
    response = desk.post("pull", PullRequest("a", {}, 0))
    assert (response.status_code, problem(response).code) == (401, "token_expired")
    desk.prove()
    desk.pull()


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", "Bearer x", "Basic {}", "{}", "Bearer {} x"])
def test_nothing_but_the_token_is_one(still: Desks, authorization: str) -> None:
    desk = still("ada").begin()
    response = desk.post("pull", PullRequest("a", {}, 0), {"Authorization": authorization.format(desk.token_text)})
    assert (response.status_code, problem(response).code) == (401, "token_expired")
    assert response.headers["www-authenticate"] == "Bearer"


def test_a_workstation_has_few_tokens_at_a_time(still: Desks) -> None:
    desk = still("ada").begin()
    first = desk.token_text
    for _ in range(TOKENS_A_DEVICE - 1):
        desk.prove()
    newest, desk.token_text = desk.token_text, first
    desk.pull()
    desk.token_text = newest
    desk.prove()
    desk.token_text = first
    assert desk.post("pull", PullRequest("a", {}, 0)).status_code == 401
    desk.token_text = newest
    desk.pull()


def test_a_bucket_empties_and_fills(clock: Clock) -> None:
    rates, rate = Rates(clock.monotonic), Rate(3, 0.5)
    for _ in range(3):
        rates.take("a", rate)
    with pytest.raises(Rejected) as refused:
        rates.take("a", rate)
    assert (refused.value.status, refused.value.retry_after_seconds) == (429, 2)
    rates.take("b", rate)
    clock.pass_seconds(2)
    rates.take("a", rate)
    clock.pass_seconds(3600)
    rates.owe("a", rate, 100)
    with pytest.raises(Rejected) as refused:
        rates.take("a", rate)
    assert refused.value.retry_after_seconds == 8
    clock.pass_seconds(8)
    rates.take("a", rate)


def test_buckets_are_forgotten_but_not_those_in_use(clock: Clock) -> None:
    rates, rate = Rates(clock.monotonic), Rate(1, 0.001)
    for n in range(30_000):
        if n % 1000 == 0:
            with pytest.raises(Rejected) if n else nullcontext():
                rates.take("mine", rate)
        rates.take(f"other {n}", rate)
    assert len(rates._buckets) == 20_000


def test_who_asks_too_often_is_told_when_to_come_back(folder: ServerFolder, clock: Clock) -> None:
    limits = Limits(device=Rate(5, 1), account=Rate(8, 1), sign_in=Rate(4, 1))
    around = Surroundings(clock=clock, monotonic=clock.monotonic, passwords=CHEAP, limits=limits)
    with server_parts(folder, around) as parts, TestClient(Api(parts).application()) as client:
        first, second, other = (Desk(client, login).begin() for login in ("ada", "ada", "bob"))
        for _ in range(5):
            first.pull()
        response = first.post("pull", PullRequest("a", {}, 0))
        assert (response.status_code, problem(response).code, response.headers["retry-after"]) == (
            429,
            "too_often",
            "1",
        )
        for _ in range(3):
            second.pull()  # the account's bucket empties before the second workstation's own
        assert second.post("pull", PullRequest("a", {}, 0)).status_code == 429
        other.pull()
        clock.pass_seconds(3)
        first.pull()
        Desk(client, "cy").sign_in()
        Desk(client, "cy").sign_in()
        Desk(client, "cy").sign_in()
        desk = Desk(client, "cy")
        desk.sign_in()
        assert desk.post("sign-in", desk.sign_in_request()).status_code == 429


def test_many_commands_cost_more_than_one(folder: ServerFolder, clock: Clock) -> None:
    limits = Limits(device_work=Rate(12, 1))
    around = Surroundings(clock=clock, monotonic=clock.monotonic, passwords=CHEAP, limits=limits)
    with server_parts(folder, around) as parts, TestClient(Api(parts).application()) as client:
        desk = Desk(client, "ada").begin()
        for done in (250, 500):
            assert desk.push(*(desk.client_command() for _ in range(250))) == done
        response = desk.push_raw(desk.client_command())
        assert (response.status_code, response.headers["retry-after"]) == (429, "8")
        desk.pull()
        clock.pass_seconds(8)
        desk.seq -= 1
        assert desk.push(desk.client_command()) == 501


def test_ten_thousand_calls_of_a_desk_that_was_offline_are_taken_without_a_pause(
    folder: ServerFolder, clock: Clock
) -> None:
    """With a ticket and a promise each; time stands, as it would at any speed."""
    around = Surroundings(clock=clock, monotonic=clock.monotonic, passwords=CHEAP)
    with server_parts(folder, around) as parts, TestClient(Api(parts).application()) as client:
        desk = Desk(client, "ada").begin()
        for _ in range(60):
            desk.push(*(desk.client_command("A Sample of usual length, Incorporated") for _ in range(500)))
        assert desk.seq == 30_000


def test_who_never_stops_gets_a_thousand_commands_a_second(folder: ServerFolder, clock: Clock) -> None:
    around = Surroundings(clock=clock, monotonic=clock.monotonic, passwords=CHEAP)
    with server_parts(folder, around) as parts, TestClient(Api(parts).application()) as client:
        desk = Desk(client, "ada").begin()
        known = desk.client_command()
        desk.push(known)
        taken = refused = 0
        began = clock.monotonic()
        while clock.monotonic() - began < 120:
            response = desk.push_raw(*[known] * 500)
            taken += response.status_code == 200
            if response.status_code == 429:
                refused += 1
                clock.pass_seconds(1)
        assert refused
        at_once = 1600 * 25
        assert taken * 500 <= at_once + 120 * 1000 + 500
        assert taken * 500 >= at_once


def test_packed_bodies_are_paid_for_by_what_they_unpack_to_even_when_they_hold_nothing(
    folder: ServerFolder, clock: Clock
) -> None:
    limits = Limits(device_work=Rate(300, 50), account_work=Rate(600, 100))
    around = Surroundings(clock=clock, monotonic=clock.monotonic, passwords=CHEAP, limits=limits)
    packed = zstd(b"\0" * (8 << 20))
    with server_parts(folder, around) as parts, TestClient(Api(parts).application()) as client:
        desk, other = (Desk(client, login).begin() for login in ("ada", "bob"))
        statuses = [desk.post("push", packed, {"Content-Encoding": "zstd"}).status_code for _ in range(6)]
        assert statuses == [400, 400, 400, 429, 429, 429]
        other.push(other.client_command())
        clock.pass_seconds(10)
        desk.push(desk.client_command())


def test_a_day_of_long_notes_is_sent_without_waiting(folder: ServerFolder, clock: Clock) -> None:
    around = Surroundings(clock=clock, monotonic=clock.monotonic, passwords=CHEAP)
    with server_parts(folder, around) as parts, TestClient(Api(parts).application()) as client:
        desk = Desk(client, "ada").begin()
        for _ in range(3):
            desk.push(*(desk.client_command("Sample", alert="long " * 1_000) for _ in range(500)))
