"""Fault 9: clocks a day ahead, a day behind, and jumping while the program runs: the server's order and times count."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from csr_desktop.commands.clients import EditClient
from csr_desktop.commands.tickets import OpenTicket
from csr_desktop.domain.ids import made_at
from csr_desktop.server.run import RunningServer
from csr_desktop.services.desk_data import DeskData
from csr_desktop.system.clock import wall_clock
from tests.desks import ZONE
from tests.faults.processes import accounts, client, engine_of, synced, until
from tests.server.desk import PASSWORD

DAY = 86_400_000


class Clock:
    """The computer's, so many milliseconds off."""

    def __init__(self, off: int) -> None:
        self.off = off

    def __call__(self) -> int:
        return wall_clock() + self.off


class Desk:
    def __init__(self, home: Path, url: str, login: str, off: int) -> None:
        self.clock = Clock(off)
        known = accounts(home)
        account = known.sign_in(url, login, PASSWORD)
        keys = known.keys(account)
        assert keys is not None
        self.data = DeskData(home, account, keys, self.clock, ZONE)
        synced(self.data)
        self.data.close()
        self.data = DeskData(home, account, keys, self.clock, ZONE)  # as it is started the next morning

    def city(self, client_id: str) -> str:
        return str(self.data.sql.value("SELECT city FROM clients WHERE id = ?", client_id))

    def edit(self, client_id: str, city: str) -> None:
        was = self.city(client_id)
        self.data.replica.do(EditClient(row_id=client_id, changes={"city": (was, city)}), words="edit")


@pytest.fixture
def pair(server: RunningServer, tmp_path: Path) -> Iterator[tuple[Desk, Desk]]:
    """Ada's clock is a day ahead, Bob's a day behind."""
    with ExitStack() as closing:
        made = Desk(tmp_path / "ada", server.url, "ada", DAY), Desk(tmp_path / "bob", server.url, "bob", -DAY)
        for one in made:
            closing.callback(one.data.close)
        yield made


def test_times_are_the_servers_whatever_the_desk_thinks(pair: tuple[Desk, Desk]) -> None:
    for desk in pair:
        assert abs(desk.data.replica.now() - wall_clock()) < 5_000
        team = next(iter(desk.data.replica.who().teams))
        row_id = desk.data.replica.new_id()
        assert abs(made_at(row_id) - wall_clock()) < 5_000
        desk.data.replica.do(OpenTicket(row_id=row_id, scope=team, subject="Tax notice"))
        synced(desk.data)
        opened_at = desk.data.sql.value("SELECT opened_at FROM tickets WHERE id = ?", row_id)
        assert abs(int(opened_at) - wall_clock()) < 10_000


def test_the_later_edit_counts_though_its_clock_is_two_days_behind_the_others(pair: tuple[Desk, Desk]) -> None:
    ada, bob = pair
    client_id = client(ada.data, "Sample Bakery")
    ada.edit(client_id, "Omaha")
    synced(ada.data)
    synced(bob.data)
    bob.edit(client_id, "Boise")
    synced(bob.data)
    synced(ada.data)
    assert ada.city(client_id) == bob.city(client_id) == "Boise"


@pytest.mark.parametrize("jump", [DAY, -DAY, 400 * DAY, -400 * DAY])
def test_a_clock_that_jumps_between_two_edits_turns_nothing_round(pair: tuple[Desk, Desk], jump: int) -> None:
    ada, bob = pair
    client_id = client(ada.data, "Sample Bakery")
    ada.edit(client_id, "Omaha")
    synced(ada.data)
    ada.clock.off += jump
    ada.edit(client_id, "Boise")
    synced(ada.data)
    synced(bob.data)
    assert ada.city(client_id) == bob.city(client_id) == "Boise"
    assert abs(ada.data.replica.now() - wall_clock()) < 5_000, "set right by the pull"
    bob.edit(client_id, "Tulsa")
    synced(bob.data)
    synced(ada.data)
    assert ada.city(client_id) == bob.city(client_id) == "Tulsa", "what was ahead does not win for a day"


def test_syncing_goes_on_while_the_clock_jumps(pair: tuple[Desk, Desk]) -> None:
    """Waits are measured by the other clock, and a token that seems good for another day is asked for anew."""
    ada, _ = pair
    engine = engine_of(ada.data)
    engine.start()
    until(lambda: engine.status.state == "saved")
    for number, jump in enumerate((DAY, -2 * DAY, 30 * DAY, -29 * DAY)):
        ada.clock.off += jump
        client(ada.data, f"Sample {number}")
        began = time.monotonic()
        engine.wake()
        until(lambda: not ada.data.replica.waiting_count(), 5)
        assert time.monotonic() - began < 5
    until(lambda: engine.status.state == "saved")
    engine.stop()
