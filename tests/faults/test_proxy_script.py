"""A proxy's script that never answers: the desk works on, says what it waits for, and stops at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from csr_desktop.domain.errors import EnvironmentFault, Unreachable
from csr_desktop.server.folder import ServerFolder
from csr_desktop.services.desk_data import DeskData
from csr_desktop.sync import proxy_asking
from csr_desktop.sync.proxy_asking import ProxyAsking
from csr_desktop.system.proxies import Choice, Proxies, SystemChoice
from tests.faults.processes import at_another_address, client, engine_of, until

DIRECT = Choice((None,), "a script")


class Script:
    """Says nothing until it is let."""

    def __init__(self) -> None:
        self.times_asked = 0
        self.answers = threading.Event()

    def __call__(self, _url: str) -> SystemChoice:
        self.times_asked += 1
        assert self.answers.wait(60)
        return SystemChoice(("",), "a script")


@pytest.fixture
def script() -> Iterator[Script]:
    made = Script()
    yield made
    made.answers.set()
    until(lambda: not [one for one in threading.enumerate() if one.name == "which proxy"])


@pytest.fixture
def desk(folder: ServerFolder, tmp_path: Path, script: Script) -> Iterator[DeskData]:
    """Ada's, signed in, with one change that waits; the way to its server is the script's to say."""
    data = at_another_address(tmp_path / "desk", folder, "https://desk.example.com", Proxies(ask=script))
    yield data
    data.close()


def test_the_desk_stops_at_once_and_nothing_is_lost(desk: DeskData, script: Script) -> None:
    engine = engine_of(desk)
    engine.start()
    until(lambda: script.times_asked > 0)
    client(desk, "Sample Florists")
    began = time.monotonic()
    engine.stop()
    assert time.monotonic() - began < 3
    assert desk.replica.waiting_count() == 2


def test_it_is_said_what_is_waited_for(desk: DeskData, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy_asking, "LONGEST_SECONDS", 0.2)
    engine = engine_of(desk)
    try:
        for _ in range(3):
            assert not engine.sync_once()
            assert engine.status.state == "offline"
        assert script.times_asked == 1, "one that hangs is not asked again and again"
    finally:
        engine.stop()


def test_who_waits_is_told_in_words_and_gets_the_answer_when_it_comes() -> None:
    answers = threading.Event()

    def choose() -> Choice:
        answers.wait(30)
        return DIRECT

    asking = ProxyAsking(choose, 0.1)
    with pytest.raises(Unreachable, match="does not say which proxy to use") as fault:
        asking.choice()
    assert fault.value.advice == (
        "Its proxy's script may not answer: tell your IT. Everything is kept here and will be sent when it does."
    )
    answers.set()
    assert asking.choice() is DIRECT


def test_what_is_wrong_with_a_proxy_is_said_as_it_is_and_asked_anew() -> None:
    found: list[Choice | Exception] = [EnvironmentFault("It is a SOCKS proxy."), DIRECT]

    def choose() -> Choice:
        first = found.pop(0)
        if isinstance(first, Exception):
            raise first
        return first

    asking = ProxyAsking(choose)
    with pytest.raises(EnvironmentFault, match="SOCKS"):
        asking.choice()
    assert asking.choice() is DIRECT
    asking.end()
    with pytest.raises(Unreachable, match="closed"):
        asking.choice()
