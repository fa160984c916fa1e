"""An engine is stopped at any moment: all its threads end at once, none by a fault, whatever they were about to do."""

from __future__ import annotations

import random
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from csr_desktop.protocol import ChallengeReply, PokeReply, PresenceReply, PresenceWord
from csr_desktop.server.run import RunningServer
from csr_desktop.services.desk_data import DeskData
from csr_desktop.services.sign_in import Account, Accounts, DeviceKey
from csr_desktop.sync.answers import NoAnswer
from csr_desktop.sync.attachments import AttachmentSync
from csr_desktop.sync.engine import Engine
from csr_desktop.sync.listening import Listening, Waits
from csr_desktop.sync.older import OlderSync
from csr_desktop.sync.speaking import Speaking
from csr_desktop.sync.transport import HttpCalls, HttpTransport
from csr_desktop.system.clock import wall_clock
from csr_desktop.system.keyring_store import FolderSecrets
from tests.desks import ZONE
from tests.server.conftest import bureau, folder, server
from tests.server.desk import PASSWORD
from tests.server.proxies import Manner, Proxy

__all__ = ["bureau", "folder", "server"]
QUICK = Waits(open=1.0, reopen=0.01, better=1.0, rest=0.05, longest_rest=0.1)
AT_ONCE_SECONDS = 10.0
"""Far less than what a thread would wait that was not told, and far more than a busy machine takes to tell it."""
HANDSHAKE_SECONDS = 5.0
"""The same, of the fifteen seconds and more that a handshake may take."""


class Home:
    """A signed-in workstation whose engine is started again and again."""

    def __init__(self, path: Path, url: str) -> None:
        accounts = Accounts(path, FolderSecrets(path / "keys"))
        account: Account = accounts.sign_in(url, "ada", PASSWORD)
        keys = accounts.keys(account)
        assert keys is not None
        self._device_id, self._key = account.device_id, DeviceKey(keys.device_key)
        self.data = DeskData(path, account, keys, wall_clock, ZONE)

    def engine(self, url: str) -> Engine:
        transport = HttpTransport(url, self._device_id, self._key, wall_clock)
        return Engine(
            self.data.replica,
            transport,
            wall_clock,
            lambda _changes: None,
            lambda _status: None,
            waits=QUICK,
            companions=(
                AttachmentSync(self.data.replica, transport, lambda _changes: None),
                OlderSync(self.data.replica, transport, self.data.services.older_wishes, lambda _changes: None),
            ),
        )


@pytest.fixture
def home(tmp_path: Path, server: RunningServer) -> Iterator[Home]:
    path = tmp_path / "desk"
    path.mkdir()
    made = Home(path, server.url)
    yield made
    made.data.close()


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads take turns so often that what may come between two steps does."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(usual)


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What ended a thread."""
    found: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda told: found.append(f"{told.thread}: {told.exc_value!r}"))
    return found


def ended_in(stop: Callable[[], None]) -> float:
    began = time.monotonic()
    stop()
    return time.monotonic() - began


@pytest.mark.usefixtures("restless")
@pytest.mark.parametrize("manner", ["open", "buffers", "blocks"])
def test_stopped_at_any_moment_all_threads_end_at_once(
    home: Home, server: RunningServer, faults: list[str], manner: Manner
) -> None:
    dice = random.Random(manner)
    with Proxy(server.url, manner) as proxy:
        for turn in range(60):
            engine = home.engine(proxy.url)
            engine.start()
            engine.say(PresenceWord("available"))
            time.sleep(dice.random() ** 3 * 0.15)
            if turn % 2 == 0:
                engine.wake()
                time.sleep(dice.random() * 0.003)
            took = ended_in(engine.stop)
            left = [thread.name for thread in threading.enumerate() if thread.name.startswith("sync")]
            assert left == [], turn
            assert took < AT_ONCE_SECONDS, turn
    assert faults == []


class _Line:
    """A transport whose answers come when they are let, and which is cut off by `close` as the real one is."""

    def __init__(self) -> None:
        self.asked, self.let = threading.Event(), threading.Event()
        self.is_closed = False

    def _answer(self) -> None:
        self.asked.set()
        assert self.let.wait(10)
        if self.is_closed:
            raise NoAnswer("The connection was closed.")

    def stream(self, _cursors: dict[str, int], _seconds: float) -> Iterator[str]:
        yield from self._nothing()

    def _nothing(self) -> Iterator[str]:
        raise NoAnswer("No stream comes through.")

    def poke(self, _cursors: dict[str, int], _present: int, _calls: int) -> PokeReply:
        self._answer()
        return PokeReply(is_news=True)

    def say(self, _word: PresenceWord) -> PresenceReply:
        self._answer()
        return PresenceReply([])


@contextmanager
def running(run: Callable[[], None]) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield thread
    thread.join(AT_ONCE_SECONDS)
    assert not thread.is_alive(), "it waits for what was over before it began to wait"


def listening(line: _Line) -> Listening:
    return Listening(
        line,  # type: ignore[arg-type]  # only what listening asks
        dict,
        lambda _news: None,
        lambda _people: None,
        lambda: None,
        lambda: 0.5,
        QUICK,
    )


def test_a_request_that_stopping_cut_off_does_not_keep_the_listener_waiting() -> None:
    line = _Line()
    one = listening(line)
    with running(one.run):
        one.connect(is_connected=True)
        assert line.asked.wait(5)
        one.stop()
        one.connect(is_connected=False)  # as the thread that syncs says when its request was cut off
        line.is_closed = True
        line.let.set()


def test_news_that_come_as_it_stops_are_not_waited_for() -> None:
    line = _Line()
    one = listening(line)
    with running(one.run):
        one.connect(is_connected=True)
        assert line.asked.wait(5)
        one.stop()
        line.let.set()  # the answer had come before the line was cut


def test_speaking_that_is_stopped_as_it_begins_a_round_ends() -> None:
    line = _Line()
    one = Speaking(line, lambda _people: None, lambda: False, lambda: 0.5)  # type: ignore[arg-type]
    clear = one._stirred.clear
    cleared = iter([one.stop])

    def stop_before() -> None:
        for stop in cleared:
            stop()
        clear()

    one._stirred.clear = stop_before  # type: ignore[method-assign]
    with running(one.run):
        pass


def test_a_request_whose_connections_are_closed_just_before_it_is_no_fault_of_the_program() -> None:
    calls = HttpCalls("http://127.0.0.1:9", 1.0)
    calls._open().close()
    with pytest.raises(NoAnswer):
        calls.call("challenge", None, ChallengeReply)
    calls.end()


@pytest.mark.parametrize("is_after_connecting", [True, False])
def test_a_handshake_that_the_server_never_answers_ends_with_the_desk(is_after_connecting: bool) -> None:
    """Such as behind a firewall that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(10)
        calls = HttpCalls(f"https://127.0.0.1:{silent.getsockname()[1]}", 60.0)
        said: list[str] = []

        def ask() -> None:
            try:
                calls.call("challenge", None, ChallengeReply)
            except NoAnswer as fault:
                said.append(fault.title)

        asking = threading.Thread(target=ask, name="sync that asks", daemon=True)
        asking.start()
        if is_after_connecting:
            accepted, _ = silent.accept()
            with accepted:
                accepted.settimeout(10)
                assert accepted.recv(1) == b"\x16", "a handshake begins"
                took = ended_in(calls.end)
                asking.join(HANDSHAKE_SECONDS)
                assert not asking.is_alive()
                while accepted.recv(4096):  # what was said of the handshake, and then the end
                    pass
        else:
            took = ended_in(calls.end)
            asking.join(HANDSHAKE_SECONDS)
            assert not asking.is_alive()
        assert took < HANDSHAKE_SECONDS
        assert len(said) == 1
