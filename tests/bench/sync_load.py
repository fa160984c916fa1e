"""A thousand simulated desks: each pushes five calls every ten seconds and pulls what its team has done.

They are sockets of one process without a database of their own; the server runs in processes of its own on the same
two cores. A push's time is from its first byte to the reply's last.
"""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path
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
from csr_desktop.protocol import (
    MEDIA_TYPE,
    PROTOCOL,
    SCHEMA_HEADER,
    VERSION_HEADER,
    ChallengeReply,
    PullReply,
    PullRequest,
    PushReply,
    PushRequest,
    TokenReply,
    TokenRequest,
    token_text,
)
from csr_desktop.system.clock import wall_clock
from tests.bench.bureaus import percentile
from tests.bench.servers import Organisation, RunningProcess, Team

EVERY_SECONDS: Final = 10.0
COMMANDS: Final = 5
WARM_UP_SECONDS: Final = 10.0
MEASURED_SECONDS: Final = 30.0
CLOCK_SEED: Final = 1


class SimulatedDesk:
    """One connection, one device key; keeps its cursors and how many calls it pushed, and no rows."""

    def __init__(self, url: str, team: Team, person: tuple[str, str], device_id: str, key: Ed25519PrivateKey) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self.team, self.user_id, self.device_id = team, person[0], device_id
        self._key = key
        self._token = ""
        self._new_id = id_source(wall_clock, random.Random(device_id).getrandbits)
        self.seq = 0
        self.answered = 0
        self.cursors: dict[str, int] = {}
        self.pushed: list[tuple[float, float]] = []
        """When each push began, by the monotonic clock, and its seconds."""
        self.refused = 0
        self._unpack = zstandard.ZstdDecompressor()

    async def begin(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        challenge = (await self._call("challenge", None, ChallengeReply)).challenge
        signature = self._key.sign(token_text(challenge, self.device_id))
        self._token = (await self._call("token", TokenRequest(self.device_id, challenge, signature), TokenReply)).token
        await self.pull()

    async def _call(self, path: str, message: msgspec.Struct | None, kind: Any) -> Any:
        body = msgspec.msgpack.encode(message) if message is not None else b""
        head = [f"POST /api/1/{path} HTTP/1.1", "Host: bench", f"Content-Type: {MEDIA_TYPE}", "Accept-Encoding: zstd",
                f"{VERSION_HEADER}: {PROTOCOL}", f"{SCHEMA_HEADER}: 1", f"Content-Length: {len(body)}"]  # fmt: skip
        if self._token:
            head.append(f"Authorization: Bearer {self._token}")
        self._writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + body)
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

    async def push(self) -> None:
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

    async def pull(self) -> None:
        more = True
        while more:
            request = PullRequest(self._new_id(), self.cursors, self.answered)
            reply: PullReply = await self._call("pull", request, PullReply)
            self.cursors, more = reply.cursors, reply.more
            if not more:
                assert all(answer.status == "done" for answer in reply.answers), "a call was not taken"
                self.answered = reply.seq

    async def live(self, first: float, until: float) -> None:
        at = first
        while at < until:
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            await self.push()
            await self.pull()
            at += EVERY_SECONDS

    async def end(self) -> None:
        await self.pull()
        self._writer.close()


def desks_of(organisation: Organisation, url: str) -> list[SimulatedDesk]:
    """Registered as sign-in would, without a thousand passwords."""
    desks = []
    rows = []
    for team in organisation.teams:
        for person in team.people:
            key = Ed25519PrivateKey.generate()
            public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            device_id = f"bench-{person[1]}"
            rows.append((device_id, person[0], "bench", public))
            desks.append(SimulatedDesk(url, team, person, device_id, key))
    sql = organisation.sql
    with sql.transaction():
        sql.many(
            "INSERT INTO devices (id, user_id, name, public_key, registered_at, seen_at, revoked_at, seq)"
            " VALUES (?,?,?,?,0,0,0,0)",
            rows,
        )
    return desks


async def _run(desks: list[SimulatedDesk], server: RunningProcess) -> tuple[list[float], float]:
    for start in range(0, len(desks), 20):
        await asyncio.gather(*(desk.begin() for desk in desks[start : start + 20]))
    chance = random.Random(CLOCK_SEED)
    now = time.monotonic()
    counted, until = now + WARM_UP_SECONDS, now + WARM_UP_SECONDS + MEASURED_SECONDS
    living = asyncio.gather(*(desk.live(now + chance.random() * EVERY_SECONDS, until) for desk in desks))
    most = 0.0
    while not living.done():
        most = max(most, server.resident_mb())
        await asyncio.sleep(1)
    await living
    for start in range(0, len(desks), 20):
        await asyncio.gather(*(desk.end() for desk in desks[start : start + 20]))
    return [seconds * 1000 for desk in desks for began, seconds in desk.pushed if began >= counted], most


def measure_load(home: Path, database: str, count: int) -> dict[str, float]:
    organisation = Organisation(home, database, people=count)
    try:
        with RunningProcess(home, database) as server:
            desks = desks_of(organisation, server.url)
            took, resident = asyncio.run(_run(desks, server))
        expected = sum(desk.seq for desk in desks)
        stored = int(organisation.sql.value("SELECT COUNT(*) FROM interactions"))
        return {
            "load_desks": count,
            "load_pushes_s": len(took) / MEASURED_SECONDS,
            "load_p50_ms": percentile(took, 0.5),
            "load_p99_ms": percentile(took, 0.99),
            "load_rss_mb": resident,
            "load_refused": sum(desk.refused for desk in desks),
            "load_lost": expected - stored,
        }
    finally:
        organisation.close()
