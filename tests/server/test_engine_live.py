"""Real desks hear of each other at once: through a stream, and through proxies that let no stream pass."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from csr_desktop.commands import calls, tickets
from csr_desktop.commands.administration import RemoveMembership
from csr_desktop.commands.command import Command
from csr_desktop.protocol import CallNews, PresenceNews, PresenceWord, Present, PullReply, PullRequest
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.run import RunningServer, Surroundings, administration
from csr_desktop.services.desk_data import DeskData
from csr_desktop.services.sign_in import Account, Accounts, DeviceKey
from csr_desktop.sync.engine import Engine
from csr_desktop.sync.listening import Waits
from csr_desktop.sync.transport import HttpTransport
from csr_desktop.system.clock import wall_clock
from csr_desktop.system.keyring_store import FolderSecrets
from tests import postgresql
from tests.desks import ZONE
from tests.server.conftest import make_bureau
from tests.server.desk import CHEAP, PASSWORD, new_id
from tests.server.phones import Phone, add_phone
from tests.server.proxies import Proxy

QUICK = Waits(open=1.0, reopen=0.05, better=3.0, rest=0.5, longest_rest=2.0)
MARKER = "0190cafe-0000-7000-8000-00000000beef"


def until(is_so: Callable[[], object], seconds: float = 15) -> float:
    """How long it took."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() < began + seconds, "it did not come"
        time.sleep(0.002)
    return time.monotonic() - began


class Counted(HttpTransport):
    """Counts what is asked."""

    pulls = 0

    def pull(self, request: PullRequest) -> PullReply:
        self.pulls += 1
        return super().pull(request)


class Station:
    """A signed-in desk with its engine running, by way of `url`."""

    def __init__(self, home: Path, login: str, url: str, by: str = "") -> None:
        home.mkdir(parents=True, exist_ok=True)
        accounts = Accounts(home, FolderSecrets(home / "keys"))
        account: Account = accounts.sign_in(url, login, PASSWORD)
        keys = accounts.keys(account)
        assert keys is not None
        self.home = home
        self.data = DeskData(home, account, keys, wall_clock, ZONE)
        self.user_id = account.user_id
        self.device_id = account.device_id
        self.people: dict[str, Present] = {}
        self.calls: dict[str, str] = {}
        """Outcomes of phone systems' calls, by reference."""
        self.transport = Counted(by or url, account.device_id, DeviceKey(keys.device_key), wall_clock)
        self.engine = Engine(
            self.data.replica,
            self.transport,
            wall_clock,
            lambda _changes: None,
            lambda _status: None,
            on_people=self._take,
            waits=QUICK,
            on_calls=self._take_calls,
        )
        self.engine.start()

    def _take(self, news: PresenceNews | None) -> None:
        if news is None or news.is_all:
            self.people.clear()
        self.people.update({one.user_id: one for one in news.people} if news is not None else {})

    def _take_calls(self, news: CallNews) -> None:
        if news.is_all:
            self.calls.clear()
        self.calls.update({call.reference: call.outcome for call in news.calls})

    @property
    def team(self) -> str:
        return next(iter(self.data.replica.who().teams))

    def sees(self, other: Station) -> str:
        one = self.people.get(other.user_id)
        return one.status if one is not None else ""

    def hears(self, way: str) -> bool:
        return self.engine.status.state == "saved" and self.engine.listening.way == way

    def do(self, command: Command) -> None:
        self.data.replica.do(command)
        self.engine.wake()

    def open_ticket(self) -> str:
        ticket_id = new_id()
        self.do(tickets.OpenTicket(row_id=ticket_id, scope=self.team, subject="Tax notice"))
        return ticket_id

    def has(self, table: str, row_id: str) -> bool:
        return bool(self.data.sql.load(table, [row_id]))

    def close(self) -> None:
        self.engine.stop()
        self.data.close()


Stations = Callable[..., Station]


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Stations]:
    opened: list[Station] = []

    def begin(login: str, url: str, by: str = "") -> Station:
        opened.append(Station(tmp_path / "desks" / f"{login}-{len(opened)}", login, url, by))
        return opened[-1]

    yield begin
    for one in opened:
        one.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("sync")]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def either(request: pytest.FixtureRequest, bureau: Path, tmp_path: Path) -> Iterator[RunningServer]:
    """A server on each of the two databases."""
    url = postgresql.database_url("live" + new_id().replace("-", "")) if request.param == "postgresql" else ""
    folder = ServerFolder(tmp_path / "either", url)
    make_bureau(folder)
    with RunningServer(folder, surroundings=Surroundings(passwords=CHEAP)) as running:
        yield running


def test_a_change_comes_by_the_stream_at_once(either: RunningServer, station: Stations) -> None:
    ada, bob = station("ada", either.url), station("bob", either.url)
    until(lambda: ada.hears("stream") and bob.hears("stream"))
    took = []
    for _ in range(8):
        ticket_id = ada.open_ticket()
        took.append(until(lambda ticket_id=ticket_id: bob.has("tickets", ticket_id)))  # type: ignore[misc]
    assert sorted(took)[len(took) // 2] < 0.25, took


def test_a_ring_comes_by_the_stream_at_once(either: RunningServer, station: Stations) -> None:
    ada, bob = station("ada", either.url), station("bob", either.url)
    until(lambda: ada.hears("stream") and bob.hears("stream"))
    phone = Phone(either.url, add_phone(either.folder))
    took = []
    for turn in range(8):
        began = time.monotonic()
        phone.ring(f"call-{turn}", "ada")
        until(lambda turn=turn: f"call-{turn}" in ada.calls)  # type: ignore[misc]
        took.append(time.monotonic() - began)
    assert sorted(took)[len(took) // 2] < 0.25, took
    assert bob.calls == {}


def test_a_ring_comes_by_the_long_poll_too(
    server: RunningServer, station: Stations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("csr_desktop.server.streams.POKE_SECONDS", 2.0)
    phone = Phone(server.url, add_phone(server.folder))
    with Proxy(server.url, "buffers") as proxy:
        ada = station("ada", server.url, proxy.url)
        until(lambda: ada.hears("poll"))
        phone.ring(user="ada")
        until(lambda: ada.calls == {"call-1": "ringing"})
        phone.answer(user="ada")
        until(lambda: ada.calls == {"call-1": "talking"})
        ada.engine.stop()  # before the proxy goes, which would leave its connection


def test_an_own_change_costs_no_pull_beside_its_own(either: RunningServer, station: Stations) -> None:
    ada, bob = station("ada", either.url), station("bob", either.url)
    until(lambda: ada.hears("stream") and bob.hears("stream"))
    time.sleep(0.3)
    before, colleagues = ada.transport.pulls, bob.transport.pulls
    for _ in range(5):
        ticket_id = ada.open_ticket()
        until(lambda ticket_id=ticket_id: bob.has("tickets", ticket_id))  # type: ignore[misc]
        time.sleep(0.15)
    assert ada.transport.pulls - before == 5
    assert bob.transport.pulls - colleagues == 5


def test_a_proxy_that_buffers_leaves_the_long_poll(
    server: RunningServer, station: Stations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("csr_desktop.server.streams.POKE_SECONDS", 2.0)
    with Proxy(server.url, "buffers") as proxy:
        ada, bob = station("ada", server.url), station("bob", server.url, proxy.url)
        until(lambda: ada.hears("stream") and proxy.count("poke") > 0 and bob.engine.status.state == "saved")
        time.sleep(0.2)
        ticket_id = ada.open_ticket()
        assert until(lambda: bob.has("tickets", ticket_id)) < 2
        ada.engine.say(PresenceWord("on_call"))
        until(lambda: bob.sees(ada) == "on_call", 5)
        # The better way is tried again.
        proxy.manner = "open"
        until(lambda: bob.hears("stream"), 20)
        ticket_id = ada.open_ticket()
        assert until(lambda: bob.has("tickets", ticket_id)) < 1


def test_a_proxy_that_blocks_both_leaves_asking_now_and_then(
    server: RunningServer, station: Stations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("csr_desktop.sync.engine.POLL_SECONDS", 1.0)
    monkeypatch.setattr("csr_desktop.server.streams.POKE_SECONDS", 1.0)  # the way back may lead over a long poll
    monkeypatch.setattr("csr_desktop.sync.speaking.PRESENCE_SECONDS", 1.0)
    with Proxy(server.url, "blocks") as proxy:
        ada, bob = station("ada", server.url), station("bob", server.url, proxy.url)
        until(lambda: proxy.count("stream") > 1 and proxy.count("poke") > 1, 30)
        assert bob.engine.status.state == "saved"
        ticket_id = ada.open_ticket()
        until(lambda: bob.has("tickets", ticket_id), 5)
        bob.engine.say(PresenceWord("available"))
        ada.engine.say(PresenceWord("break"))
        until(lambda: bob.sees(ada) == "break", 5)
        asked = len(proxy.asked)
        time.sleep(2)
        assert len(proxy.asked) - asked < 20, "it asks without rest"
        proxy.manner = "open"
        until(lambda: bob.hears("stream"), 20)


def test_a_line_that_broke_is_taken_up_again_with_what_came_meanwhile(server: RunningServer, station: Stations) -> None:
    with Proxy(server.url) as proxy:
        ada, bob = station("ada", server.url), station("bob", server.url, proxy.url)
        until(lambda: ada.hears("stream") and bob.hears("stream"))
        proxy.cut_all()
        ticket_id = ada.open_ticket()
        assert until(lambda: bob.has("tickets", ticket_id)) < 3
        until(lambda: bob.hears("stream"))


def test_a_burst_of_a_colleague_is_few_pulls(server: RunningServer, station: Stations) -> None:
    ada, bob = station("ada", server.url), station("bob", server.url)
    until(lambda: ada.hears("stream") and bob.hears("stream"))
    before, last = bob.transport.pulls, ""
    for _ in range(100):
        last = new_id()
        ada.do(calls.LogInteraction(row_id=last, scope=ada.team, started_at=wall_clock(), ended_at=wall_clock()))
    until(lambda: bob.has("interactions", last))
    assert bob.transport.pulls - before < 50


def test_who_stops_the_server_ends_all_desks_streams_and_they_come_back(
    folder: ServerFolder, station: Stations
) -> None:
    around = Surroundings(passwords=CHEAP)
    with RunningServer(folder, surroundings=around) as server:
        port = int(server.url.rpartition(":")[2])
        ada, bob = station("ada", server.url), station("bob", server.url)
        ada.engine.say(PresenceWord("break"))
        until(lambda: bob.hears("stream") and bob.sees(ada) == "break")
        began = time.monotonic()
    assert time.monotonic() - began < 3
    for desk in (ada, bob):  # who does not notice that it was away says nothing again for PRESENCE_SECONDS
        desk.engine.wake()
    until(lambda: ada.engine.status.state == bob.engine.status.state == "offline")
    assert bob.people == {}, "nobody is claimed to be there while nobody knows"
    with RunningServer(folder, port=port, surroundings=around):
        until(lambda: ada.hears("stream") and bob.hears("stream"), 30)
        until(lambda: bob.sees(ada) == "break")


def test_a_revoked_workstation_is_told_at_once(server: RunningServer, station: Stations) -> None:
    ada = station("ada", server.url)
    until(lambda: ada.hears("stream"))
    with administration(server.folder) as admin:
        admin.revoke_device(ada.device_id)
    until(lambda: ada.engine.status.state in {"revoked", "signed_out"}, 5)


def test_who_left_a_team_loses_its_rows_at_once(server: RunningServer, station: Stations) -> None:
    ada, bob = station("ada", server.url), station("bob", server.url)
    until(lambda: ada.hears("stream") and bob.hears("stream"))
    ticket_id = ada.open_ticket()
    until(lambda: bob.has("tickets", ticket_id))
    member = bob.data.sql.value("SELECT id FROM memberships WHERE user_id = ?", bob.user_id)
    with administration(server.folder) as admin:
        admin.do(RemoveMembership(row_id=member))
    until(lambda: not bob.has("tickets", ticket_id), 5)


def test_nothing_of_presence_is_in_a_desks_file(server: RunningServer, station: Stations) -> None:
    ada, bob = station("ada", server.url), station("bob", server.url)
    ada.engine.say(PresenceWord("on_call", MARKER, writes="reply", scope="org"))
    until(lambda: MARKER in {one.ticket_id for one in bob.people.values()} or bob.sees(ada) == "on_call")
    bob.open_ticket()
    # What virtual tables hold lies in tables of their own.
    tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    names = [name for (name,) in bob.data.sql.all(tables)]
    for desk in (ada, bob):
        for name in names:
            assert MARKER not in str(desk.data.sql.all(f'SELECT * FROM "{name}"')), name
        for path in (path for path in desk.home.rglob("*") if path.is_file()):
            assert MARKER.encode() not in path.read_bytes(), path.name


KILLED = """
import sys, time
from pathlib import Path
from csr_desktop.protocol import PresenceWord
from tests.server.test_engine_live import Station, until
desk = Station(Path(sys.argv[1]), "ada", sys.argv[2])
until(lambda: desk.hears("stream"))
desk.engine.say(PresenceWord("on_call"))
print(desk.user_id, flush=True)
time.sleep(60)
"""


def test_a_desk_that_is_killed_is_offline_soon(
    server: RunningServer, station: Stations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("csr_desktop.server.attendance.GRACE_SECONDS", 2.0)  # its length is tried with presence
    bob = station("bob", server.url)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path / "killed"), server.url],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        user_id = process.stdout.readline().strip()
        try:
            until(lambda: user_id in bob.people and bob.people[user_id].status == "on_call", 20)
        finally:
            process.send_signal(signal.SIGKILL)
        process.wait()
    assert until(lambda: bob.people[user_id].status == "offline", 20) < 7
