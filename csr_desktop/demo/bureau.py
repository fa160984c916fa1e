"""The made-up bureau: its server in a process of its own, and desks that are signed in on it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from csr_desktop.bootstrap import DeskOpener, demo_secrets
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.made_up.bureau import MadeUp, generate
from csr_desktop.system.clock import wall_clock
from csr_desktop.system.places import Places

READY_SECONDS = 30


def program() -> list[str]:
    """How to start this very program again, frozen or not."""
    if getattr(sys, "frozen", False):
        return [sys.executable]
    return [sys.executable, "-m", "csr_desktop"]


class Bureau:
    """`home` holds everything of it: server, desks, keys. It is made anew when there is none."""

    def __init__(self, home: Path, seats: int, seed: int) -> None:
        self.home = home
        self.seats = seats
        self.seed = seed
        self.url = ""
        self.made_up: MadeUp | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._ready = home / "server.url"

    def furnish(self) -> MadeUp:
        """Fill the server's database; the same seed gives the same people. What is there already is kept."""
        told = self.home / "made-up.json"
        if told.exists():
            self.made_up = msgspec.json.decode(told.read_bytes(), type=MadeUp)
            return self.made_up
        folder = ServerFolder(self.home / "server")
        sql = folder.create()
        try:
            self.made_up = generate(sql, Ledger(sql, wall_clock), self.seats, self.seed, wall_clock())
        finally:
            sql.db.close()
        told.write_bytes(msgspec.json.encode(self.made_up))
        return self.made_up

    def start_server(self, port: int = 0) -> str:
        """Run the server; its address. Raises RuntimeError when it does not come up."""
        known = self.home / "server-address"
        if known.exists() and not port:
            port = int(known.read_text("utf-8").rpartition(":")[2])  # its desks know it by this address
        self._ready.unlink(missing_ok=True)
        log = (self.home / "server.log").open("ab")
        command = [*program(), "server", "run", "--data", str(self.home / "server"), "--port", str(port)]
        with log:
            self._server = subprocess.Popen(  # noqa: S603  # our own program
                [*command, "--ready-file", str(self._ready)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        until = time.monotonic() + READY_SECONDS
        while not self._ready.exists():
            if self._server.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"The demo's server did not start; see {self.home / 'server.log'}")
            time.sleep(0.02)
        self.url = self._ready.read_text("utf-8").strip()
        known.write_text(self.url, "utf-8")
        return self.url

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def stop_server(self) -> None:
        if self._server is not None:
            self._server.terminate()
            try:
                self._server.wait(15)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
            self._server = None

    def opener(self, login: str) -> DeskOpener:
        """The workstation of one person, in its own folder."""
        places = Places.under(self.home / "desks" / login)
        places.make()
        return DeskOpener(places, demo_secrets(places), self.url)

    def signed_in(self, login: str, password: str) -> DeskOpener:
        opener = self.opener(login)
        account = opener.current()
        if account is None or account.server_url != self.url:
            opener.sign_in(self.url, login, password)
        return opener

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_server()
