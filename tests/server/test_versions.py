"""Desk and server of different versions: who is behind is told what to do, loses nothing, and goes on when it fits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from csr_desktop import protocol
from csr_desktop.commands.clients import AddClient
from csr_desktop.server import bodies
from csr_desktop.server.run import RunningServer
from csr_desktop.store.migrations import latest_version
from csr_desktop.store.opening import close_desk, open_desk
from csr_desktop.sync import transport
from csr_desktop.sync.engine import Engine
from csr_desktop.sync.replica import Replica, first_rights, newcomer
from csr_desktop.sync.transport import HttpTransport
from csr_desktop.system.clock import wall_clock
from tests.server.desk import HEADERS, Desk, message, new_id, problem

KEPT = "Everything is kept here."


@pytest.fixture
def engine(server: RunningServer, ada: Desk, tmp_path: Path) -> Iterator[Engine]:
    """The desk's own parts, signed in as Ada."""
    sql = open_desk(tmp_path / "desk.db", ada.database_key, clock=wall_clock)
    replica = Replica(sql, wall_clock, new_id)
    first_rights(replica, ada.device_id, newcomer(ada.user_id, "Ada Sample"))
    http = HttpTransport(server.url, ada.device_id, ada.key.sign, wall_clock)
    yield Engine(replica, http, wall_clock, lambda _: None, lambda _: None)
    http.close()
    close_desk(sql)


@pytest.fixture
def bob(desk: Callable[[str], Desk]) -> Desk:
    """A colleague, to whom what was typed must come."""
    return desk("bob").begin()


def works_on(engine: Engine, name: str) -> None:
    """The person goes on working without the server."""
    waiting = engine._replica.waiting_count()
    engine._replica.do(AddClient(row_id=new_id(), name=name))
    assert engine._replica.waiting_count() == waiting + 1


def test_a_desk_newer_than_its_server_waits(engine: Engine, bob: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr(bodies, "PROTOCOL", protocol.PROTOCOL - 1)
        before.setattr(bodies, "SERVED", tuple(v for v in protocol.SERVED if v < protocol.PROTOCOL))
        works_on(engine, "Sample Bakery")
        assert engine.sync_once() is False
        assert (engine.status.state, engine.status.title) == (
            "stopped",
            "This server is older than CSR Desktop on this workstation.",
        )
        assert engine.status.advice == f"{KEPT} Ask your IT to update the server."
        assert 0 < engine._pause() <= 300  # it looks again by itself
        works_on(engine, "Sample Dairy")
    assert engine.sync_once() is True
    assert engine._replica.waiting_count() == 0
    assert {"Sample Bakery", "Sample Dairy"} <= bob.names("clients")


def test_a_desk_that_is_too_old_goes_on_working_and_says_what_to_do(
    engine: Engine, bob: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as old:
        old.setattr(transport, "PROTOCOL", min(protocol.SERVED) - 1)
        works_on(engine, "Sample Bakery")
        assert engine.sync_once() is False
        assert (engine.status.state, engine.status.title) == (
            "stopped",
            "CSR Desktop on this workstation is too old for this server.",
        )
        assert engine.status.advice == f"{KEPT} Update CSR Desktop."
        works_on(engine, "Sample Dairy")
        http = engine._transport
        assert isinstance(http, HttpTransport)
        http._http.close()  # the program that was updated starts anew
    assert engine.sync_once() is True
    assert {"Sample Bakery", "Sample Dairy"} <= bob.names("clients")


def test_the_two_versions_before_are_served(ada: Desk) -> None:
    assert tuple(range(max(1, protocol.PROTOCOL - 2), protocol.PROTOCOL + 1)) == protocol.SERVED
    for version in protocol.SERVED:
        headers = {protocol.VERSION_HEADER: str(version)}
        response = ada.post("pull", protocol.PullRequest("a", {}, 0), headers)
        assert message(response, protocol.PullReply).rights.name == "Ada Sample"
        assert response.headers["csr-protocol"] == str(protocol.PROTOCOL)
        assert response.headers["csr-schema"] == str(latest_version("server"))


@pytest.mark.parametrize(
    ("said", "counted"),
    [("1", "1"), (str(latest_version("desk")), str(latest_version("desk"))), ("99999", "newer"), (None, "not said")],
)
def test_who_runs_the_server_sees_which_desks_are_behind(
    ada: Desk, server: RunningServer, said: str | None, counted: str
) -> None:
    headers = {**HEADERS, "Authorization": f"Bearer {ada.token_text}"}
    headers |= {protocol.SCHEMA_HEADER: said} if said else {}
    if said is None:
        del headers[protocol.SCHEMA_HEADER]
    body = protocol.encode(protocol.PullRequest("a", {}, 0))
    assert ada.client.post("/api/1/pull", content=body, headers=headers).status_code == 200
    figures = httpx2.get(f"{server.url}/metrics").text
    [line] = [one for one in figures.splitlines() if one.startswith("csr_desk_requests_total{")]
    assert f'protocol="{protocol.PROTOCOL}"' in line
    assert f'schema="{counted}"' in line


@pytest.mark.parametrize("said", ["", "x", "-1", "1.0", "1234567", "٢"])
def test_a_schema_that_is_no_number_is_refused(ada: Desk, said: str) -> None:
    response = ada.client.post(
        "/api/1/pull",
        content=b"",
        headers={k.encode(): v.encode() for k, v in {**HEADERS, protocol.SCHEMA_HEADER: said}.items()},
    )
    assert (response.status_code, problem(response).code) == (400, "bad_message")


def test_the_desk_says_its_versions(engine: Engine, server: RunningServer) -> None:
    assert engine.sync_once() is True
    figures = httpx2.get(f"{server.url}/metrics").text
    assert f'schema="{latest_version("desk")}"' in figures
