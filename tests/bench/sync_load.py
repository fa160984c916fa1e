"""A thousand desks at once: each pushes five calls every ten seconds, has its stream open, and pulls what its team has
done. The server runs in processes of its own on the same two cores, on PostgreSQL in two workers. A push's time is
from its first byte to the reply's last.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from pathlib import Path
from typing import Final, NamedTuple

from csr_desktop.server.live import revision
from tests.bench.bureaus import percentile
from tests.bench.servers import Organisation, RunningProcess, database_cpu_seconds
from tests.bench.sync_desks import COMMANDS, SimulatedDesk, Timed, desks_of

EVERY_SECONDS: Final = 10.0
WARM_UP_SECONDS: Final = 10.0
MEASURED_SECONDS: Final = 30.0
WORKERS: Final = ("--workers", "2")
"""Where the database lets several processes serve it."""
_AT_ONCE: Final = 20
_CLOCK_SEED: Final = 1
_KB: Final = 1024


class Ran(NamedTuple):
    """What desks and server took while it was measured: milliseconds, and CPU seconds a command."""

    pushes_ms: list[float]
    pulls_ms: list[float]
    server_cpu: float
    database_cpu: float
    resident_mb: float
    stream_kb: float
    refused: int
    unseen: int
    """Calls that a desk did not see though its team made them."""


async def run_desks(
    desks: list[SimulatedDesk],
    server: RunningProcess,
    rev: int,
    warm_up_seconds: float = WARM_UP_SECONDS,
    measured_seconds: float = MEASURED_SECONDS,
) -> Ran:
    """Each of them a workstation that has all up to the revision `rev`, the database's newest."""
    for start in range(0, len(desks), _AT_ONCE):
        await asyncio.gather(*(desk.begin(server.url, rev) for desk in desks[start : start + _AT_ONCE]))
    before = server.resident_mb()
    for start in range(0, len(desks), _AT_ONCE):
        await asyncio.gather(*(desk.listen() for desk in desks[start : start + _AT_ONCE]))
    most = opened = server.resident_mb()
    made = Counter[str]()
    for desk in desks:
        made[desk.team.id] -= desk.seq
    chance = random.Random(_CLOCK_SEED)
    now = time.monotonic()
    counted, until = now + warm_up_seconds, now + warm_up_seconds + measured_seconds
    living = asyncio.gather(*(desk.live(now + chance.random() * EVERY_SECONDS, until, EVERY_SECONDS) for desk in desks))
    await asyncio.sleep(warm_up_seconds)
    cpu = server.cpu_seconds(), database_cpu_seconds(server.database)
    while not living.done():
        most = max(most, server.resident_mb())
        await asyncio.sleep(1)
    await living
    spent = server.cpu_seconds() - cpu[0], database_cpu_seconds(server.database) - cpu[1]
    for desk in desks:
        made[desk.team.id] += desk.seq
    for start in range(0, len(desks), _AT_ONCE):
        await asyncio.gather(*(desk.end() for desk in desks[start : start + _AT_ONCE]))

    def took(all_timed: list[list[Timed]]) -> list[float]:
        return [seconds * 1000 for timed in all_timed for began, seconds in timed if began >= counted]

    pushes = took([desk.pushed for desk in desks])
    return Ran(
        pushes_ms=pushes,
        pulls_ms=took([desk.pulled for desk in desks]),
        server_cpu=spent[0] / (len(pushes) * COMMANDS),
        database_cpu=spent[1] / (len(pushes) * COMMANDS),
        resident_mb=most,
        stream_kb=(opened - before) * _KB / len(desks),
        refused=sum(desk.refused for desk in desks),
        unseen=sum(made[desk.team.id] - desk.seen for desk in desks),
    )


def workers_for(database: str) -> tuple[str, ...]:
    return WORKERS if database else ()


def measure_load(home: Path, database: str, count: int) -> dict[str, float]:
    organisation = Organisation(home, database, people=count)
    try:
        desks = desks_of(organisation)
        with RunningProcess(home, database, *workers_for(database)) as server:
            ran = asyncio.run(run_desks(desks, server, revision(organisation.sql)))
        stored = int(organisation.sql.value("SELECT COUNT(*) FROM interactions"))
        return {
            "load_desks": count,
            "load_pushes_s": len(ran.pushes_ms) / MEASURED_SECONDS,
            "load_p50_ms": percentile(ran.pushes_ms, 0.5),
            "load_p99_ms": percentile(ran.pushes_ms, 0.99),
            "load_pulls_s": len(ran.pulls_ms) / MEASURED_SECONDS,
            "load_pull_p99_ms": percentile(ran.pulls_ms, 0.99),
            "load_cpu_ms_command": ran.server_cpu * 1000,
            "load_database_cpu_ms_command": ran.database_cpu * 1000,
            "load_rss_mb": ran.resident_mb,
            "load_stream_kb": ran.stream_kb,
            "load_refused": ran.refused,
            "load_lost": sum(desk.seq for desk in desks) - stored,
            "load_unseen": ran.unseen,
        }
    finally:
        organisation.close()
