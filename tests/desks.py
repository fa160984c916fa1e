"""Real desks for tests: a made-up bureau's server, and a person's encrypted file filled from it by pulls."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from csr_desktop.bootstrap import demo_secrets
from csr_desktop.protocol import (
    CheckReply,
    CheckRequest,
    PokeReply,
    PresenceReply,
    PresenceWord,
    PullReply,
    PullRequest,
    PushReply,
    PushRequest,
)
from csr_desktop.server.attachments import LARGEST_BYTES
from csr_desktop.server.checking import Checks
from csr_desktop.server.feed import Feed
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.ledger import Ledger, Push
from csr_desktop.server.made_up.bureau import MadeUp, generate
from csr_desktop.services.desk_data import DeskData
from csr_desktop.services.sign_in import ACCOUNT_FILE, Account
from csr_desktop.store.opening import open_server
from csr_desktop.store.search_projection import settle
from csr_desktop.store.sql import Sql
from csr_desktop.sync.answers import StreamEvent
from csr_desktop.sync.rebase import Puller
from csr_desktop.system.clock import wall_clock
from csr_desktop.system.keyring_store import PersonSecrets
from csr_desktop.system.places import Places

KEY = bytes(range(32))
ZONE = "America/New_York"
TUESDAY_10 = 1_778_594_400_000  # 2026-05-12 10:00 in New York


class Clock:
    """Stands still until it is moved."""

    def __init__(self, at: int = TUESDAY_10) -> None:
        self.at = at

    def __call__(self) -> int:
        return self.at


class Bureau:
    """A server without HTTP: what a desk's pushes and pulls come to."""

    def __init__(self, folder: Path, clock: Callable[[], int]) -> None:
        self.folder = folder
        self.clock = clock
        self.sql: Sql
        self.made_up: MadeUp

    def furnish(self, seats: int = 1, seed: int = 1) -> None:
        self.sql = ServerFolder(self.folder).create()
        self.ledger = Ledger(self.sql, self.clock)
        self.made_up = generate(self.sql, self.ledger, seats, seed, self.clock())
        self.feed = Feed(self.sql, self.ledger, self.clock, "epoch", LARGEST_BYTES)

    def open(self) -> None:
        self.sql = open_server(self.folder / "server.db")
        self.ledger = Ledger(self.sql, self.clock)
        self.feed = Feed(self.sql, self.ledger, self.clock, "epoch", LARGEST_BYTES)

    def account(self, user_id: str, name: str, login: str) -> Account:
        device_id = f"device-of-{login}"
        with self.sql.transaction():
            self.sql.do(
                "INSERT INTO devices (id, user_id, name, public_key, registered_at, seen_at, revoked_at, seq)"
                " VALUES (?,?,?,?,0,0,0,0) ON CONFLICT DO NOTHING",
                device_id,
                user_id,
                "test",
                b"",
            )
        return Account("http://127.0.0.1:9", user_id, device_id, name, login, "Demo Bureau")

    def sync(self, data: DeskData) -> None:
        """Push and pull until everything is exchanged."""
        account = data.account
        self.ledger.push([Push(account.device_id, account.user_id, data.replica.push_batch())])
        puller = Puller(data.replica)
        more, is_filling = True, False
        while more:
            reply = self.feed.pull(account.device_id, account.user_id, puller.request())
            data.services.changed(puller.apply(reply))
            more, is_filling = reply.more, is_filling or bool(reply.fills)
        while (changes := puller.rest()) is not None:
            data.services.changed(changes)
        if is_filling:  # what the window does in idle moments
            with data.sql.transaction():
                settle(data.sql, 1_000_000)
        data.now.offset = int(data.replica.state().get("offset", 0))


class InProcess:
    """A transport without a network."""

    def __init__(self, bureau: Bureau, account: Account) -> None:
        self._bureau, self._account = bureau, account

    def push(self, request: PushRequest) -> PushReply:
        known = self._bureau.ledger.push([Push(self._account.device_id, self._account.user_id, request.commands)])
        return PushReply(known[self._account.device_id])

    def pull(self, request: PullRequest) -> PullReply:
        db = self._bureau.sql.db
        is_opened = db.connect(reuse_if_open=True)  # on the thread that asks ahead
        try:
            return self._bureau.feed.pull(self._account.device_id, self._account.user_id, request)
        finally:
            if is_opened:
                db.close()

    def check(self, request: CheckRequest) -> CheckReply:
        checks = Checks(self._bureau.sql, self._bureau.ledger, self._bureau.clock)
        if request.differing_count < 0:
            return checks.answer(self._account.user_id, request)
        checks.keep(self._account.device_id, request)
        return CheckReply(is_now=True)

    def stream(self, cursors: dict[str, int], open_seconds: float) -> Iterator[StreamEvent]:
        return iter(())

    def poke(self, cursors: dict[str, int], present: int, calls: int = -1) -> PokeReply:
        return PokeReply(is_news=False)

    def say(self, word: PresenceWord) -> PresenceReply:
        return PresenceReply([])

    def close(self) -> None:
        pass


def station(home: Path) -> tuple[Path, Account]:
    """A workstation's folder with the bureau's agent signed in on a file that was filled, and closed cleanly; by the
    computer's own clock, for processes of their own.
    """
    bureau = Bureau(home / "server", wall_clock)
    bureau.furnish()
    agent = bureau.made_up.agent
    account = bureau.account(agent.id, agent.name, agent.login)
    places = Places.under(home / "station")
    places.make()
    data = open_data(places.data, account, wall_clock)
    bureau.sync(data)
    data.close()
    bureau.sql.db.close()
    (places.config / ACCOUNT_FILE).write_bytes(msgspec.json.encode(account))
    demo_secrets(places).write(account.secret_name, PersonSecrets(KEY, bytes(32), account.device_id).encode())
    return home / "station", account


def open_data(folder: Path, account: Account, clock: Callable[[], int]) -> DeskData:
    folder.mkdir(parents=True, exist_ok=True)
    return DeskData(folder, account, PersonSecrets(KEY, secrets.token_bytes(32), account.device_id), clock, ZONE)


def copied(source: Path, target: Path) -> Path:
    shutil.copytree(source, target)
    return target
