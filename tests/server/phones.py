"""Phone systems for the server's tests: connected as an administrator does it, and saying things over real HTTP."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import httpx2
import pytest

from csr_desktop.domain.ids import id_source
from csr_desktop.domain.phone_calls import PhoneCall
from csr_desktop.protocol import CallNews
from csr_desktop.server.calls.connections import PhoneConnections, Settings, Word
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.run import RunningServer, Surroundings, administration
from csr_desktop.system.clock import wall_clock
from tests.server.desk import CHEAP, Desk, Ear, http_client

CALLER = "12025550142"
OURS = "12125550100"
E164 = f"+{CALLER}"
KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
SETTLED_SECONDS = 0.8
"""Until a call that ended is looked at by a server of `phone_site`, with time to spare."""


def with_phones(folder: ServerFolder, work: Callable[[PhoneConnections], Any]) -> Any:
    """What an administrator does, beside a running server."""
    with administration(folder) as admin:
        return work(
            PhoneConnections(admin.sql, admin, folder.key(), wall_clock, id_source(wall_clock, secrets.randbits))
        )


def add_phone(
    folder: ServerFolder,
    kind: str = "cti",
    name: str = "Office",
    team: str = "Team one",
    queues: dict[str, str] | None = None,
    settings: Settings = Settings(),  # noqa: B008  # it never changes
    secret: str = "",
) -> str:
    """The token of its address."""
    token: str = with_phones(folder, lambda phones: phones.add(kind, name, team, queues or {}, settings, secret))
    return token


def words_of(folder: ServerFolder, name: str = "Office") -> list[Word]:
    found: list[Word] = with_phones(folder, lambda phones: phones.words(name))
    return found


class Phone:
    """A phone system with the generic webhook."""

    def __init__(self, url: str, token: str) -> None:
        self.address = f"{url}/cti/{token}"

    def say(self, event: str, call: str = "call-1", **fields: Any) -> httpx2.Response:
        usual = {"event": event, "callId": call, "direction": "in", "from": CALLER, "to": OURS}
        return httpx2.post(self.address, json={**usual, **fields}, timeout=20, verify=False)

    def ring(self, call: str = "call-1", user: str | list[str] = "Ada Sample", **fields: Any) -> None:
        assert self.say("newCall", call, user=user, **fields).json() == {}

    def answer(self, call: str = "call-1", user: str = "Ada Sample", **fields: Any) -> None:
        assert self.say("answer", call, user=user, **fields).json() == {}

    def end(self, call: str = "call-1", cause: str = "normalClearing", **fields: Any) -> None:
        assert self.say("hangup", call, cause=cause, **fields).json() == {}


def told(ear: Ear) -> dict[str, PhoneCall]:
    """By reference, the calls as a stream said them last."""
    found: dict[str, PhoneCall] = {}
    for event in ear.events:
        if isinstance(event, CallNews):
            found = {} if event.is_all else found
            found |= {call.reference: call for call in event.calls}
    return found


def interactions(desk: Desk) -> list[dict[str, Any]]:
    """Those that the person may read and that were not deleted."""
    reply = desk.pull()
    rows = (dict(zip(reply.columns["interactions"], row, strict=True)) for row in reply.rows.get("interactions", ()))
    return [row for row in rows if not row["deleted"]]


def until(is_so: Callable[[], object], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)


class PhoneSite:
    """A server with phone systems, and desks at it."""

    def __init__(self, folder: ServerFolder) -> None:
        self.folder = folder
        self.token = ""
        self._closing = ExitStack()
        self.start()

    def start(self) -> None:
        self.server = self._closing.enter_context(
            RunningServer(self.folder, surroundings=Surroundings(passwords=CHEAP))
        )

    def desk(self, login: str) -> Desk:
        return self._closing.enter_context(Desk(http_client(self.server.url), login)).begin()

    def listen(self, desk: Desk) -> Ear:
        ear = desk.listen()
        self._closing.callback(ear.close)
        return ear

    def phone(self, **given: Any) -> Phone:
        return Phone(self.server.url, add_phone(self.folder, **given))

    def team(self, desk: Desk) -> str:
        return desk.pull().rights.teams[0]

    def close(self) -> None:
        self._closing.close()
