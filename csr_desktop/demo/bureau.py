"""The made-up bureau: its server in a process of its own, and desks that are signed in on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from csr_desktop.bootstrap import DeskOpener, demo_secrets
from csr_desktop.demo.sounds import write_recording
from csr_desktop.domain.errors import EnvironmentFault, Refused
from csr_desktop.server.caller_pins import CallerPins
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.made_up.bureau import MadeUp, generate
from csr_desktop.server.passwords import Passwords
from csr_desktop.store.sql import Sql
from csr_desktop.system.clock import wall_clock
from csr_desktop.system.places import Places
from csr_desktop.system.whole_file import write_whole

READY_SECONDS = 30
PIN = "4279"
"""Of the contact that the demonstration tells of."""


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
        if told.exists() and (self.home / "server").exists():
            self.made_up = msgspec.json.decode(told.read_bytes(), type=MadeUp)
            return self.made_up
        if (self.home / "server").exists():
            raise Refused("not_a_demo", f"{self.home} holds something else than a demo.", "Take a folder of its own.")
        begun = self.home / "server.begun"
        shutil.rmtree(begun, ignore_errors=True)  # of a demo that was ended while it made one up
        sql = ServerFolder(begun).create()
        try:
            ledger = Ledger(sql, wall_clock)
            self.made_up = generate(sql, ledger, self.seats, self.seed, wall_clock())
            _give_pin(sql, ledger, self.made_up)
        finally:
            sql.db.close()
        write_whole(told, msgspec.json.encode(self.made_up))
        begun.rename(self.home / "server")
        return self.made_up

    def start_server(self, port: int = 0) -> str:
        """Run the server; its address. It ends with this process, however that ends, but not by a Ctrl+C that is meant
        for this one. Raises EnvironmentFault when it does not come up.
        """
        known = self.home / "server-address"
        if known.exists() and not port:
            port = int(known.read_text("utf-8").rpartition(":")[2])  # its desks know it by this address
        self._ready.unlink(missing_ok=True)
        log = (self.home / "server.log").open("ab")
        command = [*program(), "server", "run", "--data", str(self.home / "server"), "--port", str(port)]
        with log:
            self._server = subprocess.Popen(  # noqa: S603  # our own program
                [*command, "--ready-file", str(self._ready), "--until-input-ends"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        until = time.monotonic() + READY_SECONDS
        while not self._ready.exists():
            if self._server.poll() is not None or time.monotonic() > until:
                said = (self.home / "server.log").read_text("utf-8", "replace").strip().splitlines()[-1:]
                raise EnvironmentFault(f"The demo's server did not start. {''.join(said)}".strip())
            time.sleep(0.02)
        self.url = self._ready.read_text("utf-8").strip()
        known.write_text(self.url, "utf-8")
        return self.url

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def stop_server(self) -> None:
        """In order: what holds it goes."""
        server, self._server = self._server, None
        if server is None or server.stdin is None:
            return
        server.stdin.close()
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()

    def opener(self, login: str) -> DeskOpener:
        """The workstation of one person, in its own folder."""
        places = Places.under(self.home / "desks" / login)
        places.make()
        is_new = not (places.config / "settings.json").exists()
        opener = DeskOpener(places, demo_secrets(places), self.url)
        if is_new:  # nobody has these numbers; and a desk without its demo would have no server
            recordings = write_recording(self.home / "recordings").parent
            opener.remember(dial_way="off", calls_open_desk=False, recordings_folder=str(recordings))
        return opener

    def signed_in(self, login: str, password: str) -> DeskOpener:
        opener = self.opener(login)
        account = opener.current()
        if account is None or account.server_url != self.url:
            opener.sign_in(self.url, login, password)
        return opener


def _give_pin(sql: Sql, ledger: Ledger, made_up: MadeUp) -> None:
    """As a lead does in the window."""
    pins = CallerPins(sql, ledger, Passwords(), wall_clock)
    lead_id, contact_id = made_up.lead.id, made_up.telling.contact_id
    pin_hash = pins.hashed(lead_id, contact_id, PIN)
    with sql.transaction():
        pins.put(lead_id, contact_id, pin_hash)
