"""Cost against work: what a push, a pull and a new workstation's first page take, and what the server spends, with ten,
a hundred and a thousand desks at work, over a database of 240,000 calls and of 2.4 million.

Desks come as whole teams of ten, so each has the same to hear of. A figure grows no faster than linearly when it grows
no more than the work does; `growth` is by how much a figure grew a step, over how much the work did: 1 is linear.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from csr_desktop.domain.ids import uuid7
from csr_desktop.server.live import revision
from csr_desktop.server.share import set_months
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS
from csr_desktop.system.clock import wall_clock
from tests.bench.bureaus import percentile
from tests.bench.servers import Organisation, RunningProcess
from tests.bench.sync_desks import COMMANDS, SimulatedDesk, desks_of
from tests.bench.sync_load import EVERY_SECONDS, run_desks, workers_for

DESKS: Final = (10, 100, 1000)
CALLS: Final = (240_000, 2_400_000)
WARM_UP_SECONDS: Final = 5.0
MEASURED_SECONDS: Final = 20.0
_TEAM_SIZE: Final = 10
_ROWS_A_COMMIT: Final = 5_000
_TEMPLATES: Final = 10_000
_YEAR_MS: Final = 365 * 86_400_000
_FIRST_PAGES: Final = 5
_SEED: Final = 1
_ROWS: Final = {
    "push_p50_ms": "push, median, ms",
    "push_p99_ms": "push, 99th percentile, ms",
    "pull_p50_ms": "pull, median, ms",
    "pull_p99_ms": "pull, 99th percentile, ms",
    "first_page_ms": "first page of a new desk, ms",
    "server_cpu_ms_command": "server CPU a command, ms",
    "database_cpu_ms_command": "PostgreSQL CPU a command, ms",
    "server_cpu_share": "server CPU in all, cores",
    "rss_mb": "server memory, MB",
}


class _Growing:
    """Calls of made-up notes and clients, spread over a year, all teams and all people; the oldest first."""

    def __init__(self, organisation: Organisation, source: Sql) -> None:
        self._organisation = organisation
        columns = COLUMNS["interactions"]
        listed = ",".join(f'"{column}"' for column in columns)
        self._templates = source.all(f"SELECT {listed} FROM interactions ORDER BY id LIMIT ?", _TEMPLATES)
        self._at = {column: columns.index(column) for column in columns}
        self._count = 0
        self._began_at = wall_clock() - _YEAR_MS
        self._chance = random.Random(_SEED)

    def to(self, count: int) -> None:
        """Until there are so many."""
        while self._count < count:
            rows = [self._row() for _ in range(min(_ROWS_A_COMMIT, count - self._count))]
            self._organisation.ledger.fill("interactions", rows, self._at["rev"])
        if self._organisation.sql.is_postgresql:
            self._organisation.sql.do("ANALYZE")  # as it does by itself within a minute

    def _row(self) -> list[Any]:
        row, at, number = list(self._templates[self._count % len(self._templates)]), self._at, self._count
        self._count += 1
        teams = self._organisation.teams
        team = teams[number % len(teams)]
        started = self._began_at + number * _YEAR_MS // max(CALLS)
        length = row[at["ended_at"]] - row[at["started_at"]]
        row[at["id"]] = uuid7(started, self._chance.getrandbits(74))
        row[at["scope"]], row[at["ticket_id"]] = team.id, ""
        row[at["agent_id"]] = team.people[number // len(teams) % len(team.people)][0]
        row[at["started_at"]], row[at["ended_at"]] = started, started + length
        return row


def measure_cost(home: Path, database: str, source: Sql) -> dict[str, float]:
    """Figures are named cost_DESKS_CALLSk_NAME; cost_worst_growth is the greatest growth of any of them a step."""
    cells: dict[tuple[int, int], dict[str, float]] = {}
    organisation = Organisation(home, database, people=max(DESKS), team_size=_TEAM_SIZE)
    try:
        with organisation.sql.transaction():
            set_months(organisation.sql, 13)
        organisation.take_directory(source)
        growing, desks = _Growing(organisation, source), desks_of(organisation)
        for calls in CALLS:
            growing.to(calls)
            for count in DESKS:
                with RunningProcess(home, database, *workers_for(database)) as server:
                    cells[count, calls] = asyncio.run(_cell(desks[:count], server, revision(organisation.sql)))
    finally:
        organisation.close()
        shutil.rmtree(home, ignore_errors=True)
    figures = {
        f"cost_{count}_{calls // 1000}k_{name}": value
        for (count, calls), cell in cells.items()
        for name, value in cell.items()
    }
    growths = _growths(cells)
    return figures | {"cost_worst_growth": max(max(some) for some in growths.values())}


async def _cell(desks: list[SimulatedDesk], server: RunningProcess, rev: int) -> dict[str, float]:
    ran = await run_desks(desks, server, rev, WARM_UP_SECONDS, MEASURED_SECONDS)
    assert not ran.refused, f"{ran.refused} requests were refused"
    assert not ran.unseen, f"{ran.unseen} calls did not come"
    await desks[0].begin(server.url, rev)
    firsts = [await desks[0].first_page() for _ in range(_FIRST_PAGES)]
    desks[0].leave()
    commands_s = len(desks) * COMMANDS / EVERY_SECONDS
    return {
        "push_p50_ms": percentile(ran.pushes_ms, 0.5),
        "push_p99_ms": percentile(ran.pushes_ms, 0.99),
        "pull_p50_ms": percentile(ran.pulls_ms, 0.5),
        "pull_p99_ms": percentile(ran.pulls_ms, 0.99),
        "first_page_ms": statistics.median(firsts) * 1000,
        "server_cpu_ms_command": ran.server_cpu * 1000,
        "database_cpu_ms_command": ran.database_cpu * 1000,
        "server_cpu_share": (ran.server_cpu + ran.database_cpu) * commands_s,
        "rss_mb": ran.resident_mb,
    }


def _growths(cells: Mapping[tuple[int, int], Mapping[str, float]]) -> dict[str, list[float]]:
    """By figure: ten times and a hundred times the desks with few calls, and with many; then ten times the calls."""
    few, many = CALLS
    steps: list[tuple[tuple[int, int], tuple[int, int], float]] = []
    for calls in CALLS:
        steps += [((DESKS[0], calls), (count, calls), count / DESKS[0]) for count in DESKS[1:]]
    steps += [((count, few), (count, many), many / few) for count in DESKS]
    return {
        name: [cells[end][name] / cells[start][name] / factor for start, end, factor in steps if cells[start][name]]
        or [0.0]
        for name in _ROWS
    }


def cost_table(figures: Mapping[str, float]) -> str:
    """The figures of `measure_cost` as a table of text."""
    cells = {
        (count, calls): {name: figures[f"cost_{count}_{calls // 1000}k_{name}"] for name in _ROWS}
        for calls in CALLS
        for count in DESKS
    }
    lines = [["", *(f"{count} desks, {calls // 1000}k" for count, calls in cells), "worst growth"]]
    for name, growths in _growths(cells).items():
        shown = [f"{cell[name]:.2f}" for cell in cells.values()]
        lines.append([_ROWS[name], *shown, f"{max(growths):.2f}"])
    return _aligned(lines)


def _aligned(lines: Sequence[Sequence[str]]) -> str:
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]
        )
        for line in lines
    )
