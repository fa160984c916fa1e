"""Faults 10, 11 and two at once: what is sent comes twice, late, out of order or without its answer, and is done once."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from csr_desktop.server.folder import ServerFolder
from csr_desktop.services.desk_data import DeskData
from tests.faults.processes import (
    Server,
    client,
    engine_of,
    log_of,
    names,
    note,
    open_data,
    server_names,
    serving,
    synced,
)
from tests.faults.wire import Answered, Ask, Asked, Disorder, Wire, honest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked from a prepared one here")


@pytest.fixture
def server_process(folder: ServerFolder) -> Iterator[Server]:
    with serving(folder) as made:
        yield made


@pytest.fixture
def wired(server_process: Server, tmp_path: Path) -> Iterator[Callable[[str], tuple[DeskData, Wire]]]:
    """A person's desk, filled, behind a wire of its own."""
    with ExitStack() as closing:

        def open_one(login: str) -> tuple[DeskData, Wire]:
            wire = closing.enter_context(Wire(lambda: server_process.url).listening())
            data = open_data(tmp_path / login, wire.url, login)
            closing.callback(data.close)
            synced(data)
            return data, wire

        yield open_one


Wired = Callable[[str], tuple[DeskData, Wire]]


def assert_done_once(folder: ServerFolder, expected: list[str]) -> None:
    assert Counter(server_names(folder)) == Counter(expected)
    log = log_of(folder)
    assert {status for _, _, status in log} == {"done"}
    assert Counter((device, seq) for device, seq, _ in log).most_common(1)[0][1] == 1


@pytest.mark.parametrize("seed", range(4))
def test_repeated_reordered_late_and_lost_messages_have_no_effect(
    wired: Wired, server_process: Server, seed: int
) -> None:
    (ada, ada_wire), (bob, bob_wire) = wired("ada"), wired("bob")
    ada_wire.manner, bob_wire.manner = disorder, other = Disorder(seed), Disorder(seed + 100)
    made: list[str] = []
    engines = engine_of(ada), engine_of(bob)
    for number in range(12):
        for data, engine, login in ((ada, engines[0], "ada"), (bob, engines[1], "bob")):
            made.append(f"Sample {login} {number}")
            row_id = client(data, made[-1])
            note(data, row_id, f"first word {number}")
            engine.sync_once()
    assert len(set(disorder.did + other.did)) == 6
    ada_wire.manner = bob_wire.manner = honest
    for data in (ada, bob, ada):
        synced(data)
    for engine in engines:
        engine.stop()
    assert_done_once(server_process.folder, made)
    assert names(ada) == names(bob) == sorted(made)
    for data in (ada, bob):
        assert data.replica.needs_you() == []
        assert data.sql.value("SELECT COUNT(*) FROM notes WHERE deleted = 0") == len(made)


def test_an_answer_that_is_lost_after_the_commit_is_asked_for_again_and_the_change_is_made_once(
    wired: Wired, server_process: Server
) -> None:
    ada, wire = wired("ada")
    lost: list[int] = []

    def cut(asked: Asked, ask: Ask) -> Answered | None:
        answered = ask(asked)
        if asked.path.endswith("push") and len(lost) < 3:
            lost.append(answered.status)
            return None
        return answered

    wire.manner = cut
    client(ada, "Sample Bakery")
    engine = engine_of(ada)
    for _ in range(3):
        assert not engine.sync_once()
        assert engine.status.state == "offline"
        assert "kept" in engine.status.advice
        assert ada.replica.waiting_count() == 1, "nothing leaves the outbox on a guess"
        assert server_names(server_process.folder) == ["Sample Bakery"], "the server has it already"
    assert engine.sync_once()
    engine.stop()
    assert lost == [200] * 3
    assert ada.replica.waiting_count() == 0
    assert_done_once(server_process.folder, ["Sample Bakery"])


def test_an_answer_that_is_cut_in_the_middle_is_no_answer(wired: Wired, server_process: Server) -> None:
    ada, wire = wired("ada")
    client(ada, "Sample Bakery")
    before = names(ada)

    def half(asked: Asked, ask: Ask) -> Answered | None:
        answered = ask(asked)
        headers = answered.headers | {"Content-Length": str(len(answered.body)), "Connection": "close"}
        return Answered(answered.status, headers, answered.body[: len(answered.body) // 2])

    wire.manner = half
    engine = engine_of(ada)
    engine._transport._http._timeout = 1  # type: ignore[attr-defined]
    assert not engine.sync_once()
    assert (engine.status.state, ada.replica.waiting_count(), names(ada)) == ("offline", 1, before)
    wire.manner = honest
    assert engine.sync_once()
    engine.stop()
    assert_done_once(server_process.folder, ["Sample Bakery"])
