"""The thousand simulated desks once more, each with its stream open and pulling when it is told that something is new."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path
from typing import Final

import msgspec

from csr_desktop.protocol import MEDIA_TYPE, PROTOCOL, SCHEMA_HEADER, VERSION_HEADER, News, StreamRequest
from tests.bench.bureaus import percentile
from tests.bench.servers import Organisation, RunningProcess
from tests.bench.sync_load import EVERY_SECONDS, MEASURED_SECONDS, WARM_UP_SECONDS, SimulatedDesk, desks_of

_MB: Final = 1024


class ListeningDesk:
    """A simulated desk and its stream. It pulls after its own push and after hints, one at a time."""

    def __init__(self, desk: SimulatedDesk) -> None:
        self.desk = desk
        self._turn = asyncio.Lock()
        self._is_due = asyncio.Event()
        self.newest = 0
        self.late: list[float] = []
        """Seconds from a hint until what it told of had come."""

    async def open(self) -> None:
        desk = self.desk
        reader, self._writer = await asyncio.open_connection(desk._host, desk._port)
        body = msgspec.msgpack.encode(StreamRequest(desk.cursors))
        head = (
            f"POST /api/1/stream HTTP/1.1\r\nHost: bench\r\nContent-Type: {MEDIA_TYPE}\r\n{VERSION_HEADER}: {PROTOCOL}\r\n"
            f"{SCHEMA_HEADER}: 1\r\n"
            f"Authorization: Bearer {desk._token}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        assert b" 200 " in await reader.readline()
        await reader.readuntil(b"event: open\n")
        self._tasks = [asyncio.ensure_future(self._hear(reader)), asyncio.ensure_future(self._follow())]

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            if line.startswith(b'data: {"scopes"'):
                event = msgspec.json.decode(line[6:], type=News)
                newest = max(event.scopes.values(), default=0)
                if event.is_sure or newest > max(self.desk.cursors.values(), default=0):
                    self._is_due.set()

    async def _follow(self) -> None:
        while True:
            await self._is_due.wait()
            self._is_due.clear()
            began = time.monotonic()
            async with self._turn:
                await self.desk.pull()
            self.late.append(time.monotonic() - began)

    async def live(self, first: float, until: float) -> None:
        at = first
        while at < until:
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            async with self._turn:
                await self.desk.push()
                await self.desk.pull()
            at += EVERY_SECONDS

    async def end(self) -> None:
        async with self._turn:  # no answer may be left half read
            for task in self._tasks:
                task.cancel()
        self._writer.close()
        await self.desk.end()


async def _run(desks: list[SimulatedDesk], server: RunningProcess) -> dict[str, float]:
    for start in range(0, len(desks), 20):
        await asyncio.gather(*(desk.begin() for desk in desks[start : start + 20]))
    before = server.resident_mb()
    listening = [ListeningDesk(desk) for desk in desks]
    for start in range(0, len(listening), 20):
        await asyncio.gather(*(one.open() for one in listening[start : start + 20]))
    opened = server.resident_mb()
    chance = random.Random(1)
    now = time.monotonic()
    counted, until = now + WARM_UP_SECONDS, now + WARM_UP_SECONDS + MEASURED_SECONDS
    living = asyncio.gather(*(one.live(now + chance.random() * EVERY_SECONDS, until) for one in listening))
    most = opened
    while not living.done():
        most = max(most, server.resident_mb())
        await asyncio.sleep(1)
    await living
    took = [seconds * 1000 for desk in desks for began, seconds in desk.pushed if began >= counted]
    pulls = [seconds * 1000 for one in listening for seconds in one.late]
    for start in range(0, len(listening), 20):
        await asyncio.gather(*(one.end() for one in listening[start : start + 20]))
    return {
        "streams_kb_desk": (opened - before) * _MB / len(desks),
        "streams_push_p50_ms": percentile(took, 0.5),
        "streams_push_p99_ms": percentile(took, 0.99),
        "streams_pulls_s": len(pulls) / (WARM_UP_SECONDS + MEASURED_SECONDS),
        "streams_pull_p99_ms": percentile(pulls, 0.99),
        "streams_rss_mb": most,
        "streams_refused": sum(desk.refused for desk in desks),
    }


def measure_streams(home: Path, database: str, count: int) -> dict[str, float]:
    organisation = Organisation(home, database, people=count)
    try:
        with RunningProcess(home, database) as server:
            return asyncio.run(_run(desks_of(organisation, server.url), server))
    finally:
        organisation.close()
