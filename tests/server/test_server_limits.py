"""What is too much, too old or no message at all, without a socket."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from csr_desktop.commands import catalogue
from csr_desktop.protocol import PROTOCOL, PokeRequest, PullReply, PullRequest, PushRequest
from csr_desktop.server.bodies import SMALL_BODY_BYTES
from csr_desktop.store.sql import Sql
from tests.server.desk import HEADERS, Desk, message, problem, zstd

Desks = Callable[[str], Desk]


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"\xc1garbage",
        msgspec.msgpack.encode({"kind": "DropEverything"}),
        msgspec.msgpack.encode({"kind": "AddClient", "row_id": 7, "name": "Sample"}),
        b"\x91" * 5000,
        b"\x81\xa4name" + b"\x91" * 100_000,
    ],
    ids=["empty", "garbage", "unknown kind", "wrong type", "deep", "deeper"],
)
def test_one_bad_command_refuses_the_push_and_does_nothing_of_it(quiet_ada: Desk, quiet_sql: Sql, bad: bytes) -> None:
    good = catalogue.encode(quiet_ada.client_command("Sample Good"))
    response = quiet_ada.post("push", PushRequest([good, bad]))
    assert (response.status_code, problem(response).code) == (400, "bad_command")
    assert quiet_sql.value("SELECT count(*) FROM clients") == 0
    assert quiet_sql.value("SELECT seq FROM devices WHERE id = ?", quiet_ada.device_id) == 0
    assert quiet_ada.post("push", PushRequest([good])).status_code == 200


@pytest.mark.parametrize("field", ["seq", "at"])
@pytest.mark.parametrize("number", [-1, 2**63, 2**64 - 1])
def test_numbers_out_of_range_are_no_command(quiet_ada: Desk, field: str, number: int) -> None:
    response = quiet_ada.push_raw(quiet_ada.client_command("Sample", **{field: number}))
    assert (response.status_code, problem(response).code) == (400, "bad_command")


@pytest.mark.parametrize(
    "row_id", ["", "zzz not an id", "m/../x", "\x1b[31m", "0190A000-0000-7000-8000-00000000000\u0660"]
)
def test_a_new_row_under_an_id_that_is_no_uuid_is_no_command(quiet_ada: Desk, row_id: str) -> None:
    response = quiet_ada.push_raw(quiet_ada.client_command("Sample", row_id=row_id))
    assert (response.status_code, problem(response).code) == (400, "bad_command")


@pytest.mark.parametrize("path", ["sign-in", "token", "push", "pull", "poke"])
@pytest.mark.parametrize(
    "body",
    [b"", b"\xc1", b"\x80", b"\x93\x01\x02\x03", b"\x91" * 60_000],
    ids=["empty", "garbage", "no fields", "a list", "deep"],
)
def test_garbage_is_told_from_a_message(quiet_ada: Desk, path: str, body: bytes) -> None:
    response = quiet_ada.post(path, body)
    assert (response.status_code, problem(response).code) == (400, "bad_message")


def test_packed_garbage_is_garbage(quiet_ada: Desk) -> None:
    for body in (b"not zstd", zstd(b"x" * 2000)[:-9], b"\x28\xb5\x2f\xfd" + b"\xff" * 40):
        response = quiet_ada.post("pull", body, {"Content-Encoding": "zstd"})
        assert (response.status_code, problem(response).code) == (400, "bad_message")


def test_a_packed_push_is_taken_and_a_large_answer_is_packed(quiet_ada: Desk) -> None:
    body = msgspec.msgpack.encode(PushRequest([catalogue.encode(quiet_ada.client_command("Sample " + "long " * 500))]))
    assert quiet_ada.post("push", zstd(body), {"Content-Encoding": "zstd"}).status_code == 200
    request = PullRequest("a", {}, 0)
    packed = quiet_ada.post("pull", request)
    assert packed.headers["content-encoding"] == "zstd"
    plain = quiet_ada.post("pull", request, {"Accept-Encoding": "zstd;q=0, identity"})
    assert "content-encoding" not in plain.headers
    assert message(packed, PullReply).rows == message(plain, PullReply).rows


def test_without_a_token_only_little_is_taken(quiet_ada: Desk) -> None:
    response = quiet_ada.post("sign-in", b"x" * (SMALL_BODY_BYTES + 1))
    assert (response.status_code, problem(response).code) == (413, "too_large")
    quiet_ada.token_text = "guessed"
    response = quiet_ada.post("push", b"x" * (SMALL_BODY_BYTES + 1))
    assert (response.status_code, problem(response).code) == (401, "token_expired")


def test_a_bomb_is_not_unpacked(quiet_ada: Desk) -> None:
    bomb = zstd(b"\0" * (256 << 20))
    assert len(bomb) < SMALL_BODY_BYTES
    for path in ("push", "pull", "sign-in"):
        response = quiet_ada.post(path, bomb, {"Content-Encoding": "zstd"})
        assert (response.status_code, problem(response).code) == (413, "too_large")


def test_a_long_note_of_one_letter_is_honest(quiet_ada: Desk) -> None:
    body = msgspec.msgpack.encode(PushRequest([catalogue.encode(quiet_ada.client_command("x" * (4 << 20)))]))
    assert quiet_ada.post("push", zstd(body), {"Content-Encoding": "zstd"}).status_code == 200


def test_too_many_commands_at_once(quiet_ada: Desk) -> None:
    response = quiet_ada.push_raw(*(quiet_ada.client_command() for _ in range(501)))
    assert (response.status_code, problem(response).code) == (413, "too_many")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("", "desk_too_old"),
        ("0", "desk_too_old"),
        ("x", "desk_too_old"),
        (str(PROTOCOL + 1), "server_too_old"),
        ("٢", "desk_too_old"),
    ],
)
def test_another_version_is_told_what_to_do(quiet_ada: Desk, said: str, code: str) -> None:
    response = quiet_ada.client.post(
        "/api/1/pull",
        content=b"",
        headers={k.encode(): v.encode() for k, v in {**HEADERS, "CSR-Protocol": said}.items()},
    )
    assert (response.status_code, problem(response).code) == (426, code)
    assert response.headers["csr-protocol"] == str(PROTOCOL)


def test_other_content_is_not_taken(quiet_ada: Desk) -> None:
    for headers, code in (
        ({"Content-Type": "application/json"}, "wrong_type"),
        ({"Content-Encoding": "gzip"}, "wrong_encoding"),
    ):
        response = quiet_ada.post("pull", b"{}", headers)
        assert (response.status_code, problem(response).code) == (415, code)


def test_there_is_nothing_else(quiet_ada: Desk) -> None:
    assert problem(quiet_ada.client.get("/nowhere")).code == "http_404"
    assert problem(quiet_ada.client.post("/api/1/pull/", headers=HEADERS)).code == "http_404"
    response = quiet_ada.client.get("/api/1/pull", headers=HEADERS)
    assert (problem(response).code, response.headers["allow"]) == ("http_405", "POST")


@pytest.mark.parametrize("cursor", [-1, 2**63, 2**64 - 1])
def test_cursors_out_of_range_are_refused(quiet_ada: Desk, cursor: int) -> None:
    for path, request in (("pull", PullRequest("a", {"org": cursor}, 0)), ("poke", PokeRequest({"org": cursor}))):
        assert problem(quiet_ada.post(path, request)).code == "bad_message"
