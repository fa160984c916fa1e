"""Simulated desks: sockets of one process without a database of their own, each with its stream open. They push calls,
and pull after their own push and when they are told that something is new.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from csr_desktop.commands import catalogue
from csr_desktop.commands.calls import LogInteraction
from csr_desktop.commands.command import stamped
from csr_desktop.domain.ids import id_source
from csr_desktop.domain.permissions import ORGANISATION
from csr_desktop.protocol import (
    MEDIA_TYPE,
    PAGE,
    PROTOCOL,
    SCHEMA_HEADER,
    VERSION_HEADER,
    ChallengeReply,
    News,
    PullReply,
    PullRequest,
    PushReply,
    PushRequest,
    StreamRequest,
    TokenReply,
    TokenRequest,
    token_text,
)
from csr_desktop.system.clock import wall_clock
from tests.bench.servers import Organisation, Team

COMMANDS: Final = 5
Timed = tuple[float, float]
"""When it began, by the monotonic clock, and its seconds."""


class SimulatedDesk:
    """A workstation with its key: two connections while it is signed in, cursors, and how much it pushed and saw."""

    def __init__(self, team: Team, person: tuple[str, str], device_id: str, key: Ed25519PrivateKey) -> None:
        self.team, self.user_id, self.device_id = team, person[0], device_id
        self._key = key
        self._new_id = id_source(wall_clock, random.Random(device_id).getrandbits)
        self._unpack = zstandard.ZstdDecompressor()
        self.seq = self._answered = 0
        self.refused = 0
        self.seen = 0
        """Calls of its team that came since it signed in."""
        self.pushed: list[Timed] = []
        self.pulled: list[Timed] = []

    async def begin(self, url: str, rev: int) -> None:
        """Sign in as one that has all there is up to this revision."""
        parts = urlsplit(url)
        self._place = parts.hostname or "127.0.0.1", parts.port or 80
        self._token, self._epoch = "", ""
        self._cursors = dict.fromkeys((ORGANISATION, self.team.id, self.user_id), rev)
        self.seen = 0
        self.pushed, self.pulled = [], []
        self._turn, self._is_due = asyncio.Lock(), asyncio.Event()
        self._reader, self._writer = await asyncio.open_connection(*self._place)
        challenge = (await self._call("challenge", None, ChallengeReply)).challenge
        signature = self._key.sign(token_text(challenge, self.device_id))
        self._token = (await self._call("token", TokenRequest(self.device_id, challenge, signature), TokenReply)).token
        self._answered = self.seq

    async def listen(self) -> None:
        reader, self._stream = await asyncio.open_connection(*self._place)
        self._stream.write(self._message("stream", StreamRequest(self._cursors)))
        assert b" 200 " in await reader.readline()
        await reader.readuntil(b"event: open\n")
        self._tasks = [asyncio.ensure_future(self._hear(reader)), asyncio.ensure_future(self._follow())]

    def _message(self, path: str, message: msgspec.Struct | None) -> bytes:
        body = msgspec.msgpack.encode(message) if message is not None else b""
        head = [f"POST /api/1/{path} HTTP/1.1", "Host: bench", f"Content-Type: {MEDIA_TYPE}", "Accept-Encoding: zstd",
                f"{VERSION_HEADER}: {PROTOCOL}", f"{SCHEMA_HEADER}: 1", f"Content-Length: {len(body)}"]  # fmt: skip
        if self._token:
            head.append(f"Authorization: Bearer {self._token}")
        return "\r\n".join(head).encode() + b"\r\n\r\n" + body

    async def _call(self, path: str, message: msgspec.Struct | None, kind: Any) -> Any:
        self._writer.write(self._message(path, message))
        status = int((await self._reader.readline()).split()[1])
        size, packed = 0, False
        while (line := await self._reader.readline()) not in {b"\r\n", b""}:
            name, _, value = line.decode().partition(":")
            if name.lower() == "content-length":
                size = int(value)
            packed = packed or (name.lower() == "content-encoding" and value.strip() == "zstd")
        content = await self._reader.readexactly(size)
        if status != 200:
            self.refused += 1
            raise AssertionError(f"{path}: {status}")
        return msgspec.msgpack.decode(self._unpack.decompress(content) if packed else content, type=kind)

    async def _push(self) -> None:
        commands = []
        for _ in range(COMMANDS):
            self.seq += 1
            now = wall_clock()
            call = LogInteraction(
                row_id=self._new_id(), scope=self.team.id, number="+12125550100", started_at=now - 300_000,
                ended_at=now, talk_seconds=240, wrap_up_seconds=60,
                note="Asked when the corrected deposit will be there; told the date, will call back on Friday.",
            )  # fmt: skip
            commands.append(stamped(call, self._new_id(), self.user_id, self.device_id, self.seq, now))
        encoded = [catalogue.encode(command) for command in commands]
        began = time.monotonic()
        reply = await self._call("push", PushRequest(encoded), PushReply)
        self.pushed.append((began, time.monotonic() - began))
        assert reply.seq == self.seq, "the push was not executed as a whole"

    async def _pull(self) -> None:
        began, reply = time.monotonic(), await self._page(PAGE)
        self.pulled.append((began, time.monotonic() - began))
        while self._take(reply):
            reply = await self._page(PAGE)

    async def _page(self, limit: int) -> PullReply:
        asked = PullRequest(self._new_id(), self._cursors, self._answered, limit, self._epoch, [])
        reply: PullReply = await self._call("pull", asked, PullReply)
        return reply

    def _take(self, reply: PullReply) -> bool:
        """Whether more changes follow."""
        self._cursors, self._epoch = reply.cursors, reply.epoch
        self.seen += len(reply.rows.get("interactions", ()))
        if reply.seq == -1:
            return True
        assert all(answer.status == "done" for answer in reply.answers), "a call was not taken"
        self._answered = reply.seq
        return False

    async def first_page(self) -> float:
        """Seconds until a new workstation of this person would have the first of its rows."""
        began = time.monotonic()
        await self._call("pull", PullRequest(self._new_id(), {}, self._answered, fills=[]), PullReply)
        return time.monotonic() - began

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            if line.startswith(b'data: {"scopes"'):
                event = msgspec.json.decode(line[6:], type=News)
                newest = max(event.scopes.values(), default=0)
                if event.is_sure or newest > max(self._cursors.values(), default=0):
                    self._is_due.set()

    async def _follow(self) -> None:
        while True:
            await self._is_due.wait()
            self._is_due.clear()
            async with self._turn:
                await self._pull()

    async def live(self, first: float, until: float, every_seconds: float) -> None:
        at = first
        while at < until:
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            async with self._turn:
                await self._push()
                await self._pull()
            at += every_seconds

    async def end(self) -> None:
        async with self._turn:  # no answer may be left half read
            for task in self._tasks:
                task.cancel()
        self._stream.close()
        await self._pull()
        self.leave()

    def leave(self) -> None:
        self._writer.close()


def desks_of(organisation: Organisation) -> list[SimulatedDesk]:
    """One of each person, team by team, registered as sign-in would, without a thousand passwords."""
    desks = []
    rows = []
    for team in organisation.teams:
        for person in team.people:
            key = Ed25519PrivateKey.generate()
            public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            device_id = f"bench-{person[1]}"
            rows.append((device_id, person[0], "bench", public))
            desks.append(SimulatedDesk(team, person, device_id, key))
    sql = organisation.sql
    with sql.transaction():
        sql.many(
            "INSERT INTO devices (id, user_id, name, public_key, registered_at, seen_at, revoked_at, seq)"
            " VALUES (?,?,?,?,0,0,0,0)",
            rows,
        )
    return desks
