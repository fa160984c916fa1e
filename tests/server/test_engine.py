"""Two desks and a real server over HTTP: what one does the other sees, and an outage loses nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from csr_desktop.commands import clients, tickets
from csr_desktop.domain.change_set import ChangeSet
from csr_desktop.domain.errors import BadInput, Refused, Unreachable
from csr_desktop.domain.sync_status import SyncStatus
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.run import RunningServer
from csr_desktop.services.desk_data import DeskData
from csr_desktop.services.sign_in import Accounts
from csr_desktop.sync.engine import Engine
from csr_desktop.sync.transport import checked_url
from csr_desktop.system.clock import wall_clock
from csr_desktop.system.keyring_store import FolderSecrets
from tests.desks import ZONE
from tests.server.desk import PASSWORD, new_id


def until(is_so: Callable[[], bool], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)


class Workstation:
    """A signed-in desk with its engine running; used from the test's thread as from the store's."""

    def __init__(self, home: Path, url: str, login: str) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.accounts = Accounts(home, FolderSecrets(home / "keys"))
        account = self.accounts.current() or self.accounts.sign_in(url, login, PASSWORD)
        keys = self.accounts.keys(account)
        assert keys is not None
        self.data = DeskData(home, account, keys, wall_clock, ZONE)
        self.changes: list[ChangeSet] = []
        self.statuses: list[SyncStatus] = []
        self.engine: Engine = self.data.engine(self.changes.append, self.statuses.append)
        self.engine.start()

    def is_saved(self) -> bool:
        return self.engine.status.state == "saved" and not self.data.replica.waiting_count()

    def do(self, *commands: clients.AddClient | tickets.OpenTicket) -> None:
        self.data.replica.do(*commands)
        self.engine.wake()

    def has(self, table: str, row_id: str) -> bool:
        return bool(self.data.sql.load(table, [row_id]))

    def close(self) -> None:
        self.engine.stop()
        self.data.close()


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[Callable[[str, str], Workstation]]:
    opened: list[Workstation] = []

    def open_one(url: str, login: str) -> Workstation:
        opened.append(Workstation(tmp_path / "desks" / login, url, login))
        return opened[-1]

    yield open_one
    for desk in opened:
        desk.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("sync")]


Opener = Callable[[str, str], Workstation]


def test_what_one_does_the_other_sees(server: RunningServer, open_desk: Opener) -> None:
    ada, bob = open_desk(server.url, "ada"), open_desk(server.url, "bob")
    until(lambda: ada.is_saved() and bob.is_saved())
    team = next(iter(ada.data.replica.who().teams))
    ticket_id = new_id()
    ada.do(tickets.OpenTicket(row_id=ticket_id, scope=team, subject="Tax notice"))
    until(lambda: bob.has("tickets", ticket_id))
    until(ada.is_saved)
    assert ada.data.sql.load("tickets", [ticket_id])[ticket_id]["number"] > 0
    until(lambda: any(change.touches("tickets") for change in bob.changes))


def test_an_outage_keeps_everything_and_says_since_when(
    folder: ServerFolder, tmp_path: Path, open_desk: Opener
) -> None:
    with RunningServer(folder) as server:
        port = int(server.url.rpartition(":")[2])
        ada = open_desk(server.url, "ada")
        until(ada.is_saved)
    ada.do(clients.AddClient(row_id=new_id(), name="Mock Orchard"))
    until(lambda: ada.engine.status.state == "offline")
    assert ada.engine.status.since_at > 0
    assert "kept" in ada.engine.status.advice
    assert ada.data.replica.waiting_count() == 1
    with RunningServer(folder, port=port):
        ada.engine.wake()
        until(ada.is_saved)


def test_a_wrong_password_and_a_wrong_address_are_told_apart(server: RunningServer, tmp_path: Path) -> None:
    accounts = Accounts(tmp_path, FolderSecrets(tmp_path / "keys"))
    with pytest.raises(Refused):
        accounts.sign_in(server.url, "ada", "not the password")
    with pytest.raises(Unreachable):
        accounts.sign_in("http://127.0.0.1:9", "ada", PASSWORD)
    with pytest.raises(BadInput) as refusal:
        accounts.sign_in("http://desk.example.com", "ada", PASSWORD)
    assert refusal.value.field == "server_url"
    assert accounts.current() is None


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("desk.example.com", "https://desk.example.com"),
        (" https://desk.example.com/ ", "https://desk.example.com"),
        ("localhost:8765", "http://localhost:8765"),
        ("http://127.0.0.1:8765", "http://127.0.0.1:8765"),
        ("http://[::1]:8765", "http://[::1]:8765"),
    ],
)
def test_addresses_as_people_type_them(typed: str, url: str) -> None:
    assert checked_url(typed) == url


@pytest.mark.parametrize(
    "typed", ["", "ftp://x", "http://desk.example.com", "https://a:b@c", "https://c:port", "https://c?q"]
)
def test_addresses_that_are_none(typed: str) -> None:
    with pytest.raises(BadInput):
        checked_url(typed)
