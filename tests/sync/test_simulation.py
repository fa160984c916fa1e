"""Some hundred seeds of the simulation, on SQLite; fewer on PostgreSQL. `make simulate` runs thousands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import peewee as pw
import pytest

from tests.postgresql import database_url
from tests.sync.run_simulation import fresh_postgresql, fresh_sqlite, run_seed

PARTS = 10


@pytest.mark.parametrize("part", range(PARTS))
def test_on_sqlite(part: int, tmp_path: Path) -> None:
    for seed in range(part * 20, part * 20 + 20):
        folder = tmp_path / str(seed)
        folder.mkdir()
        sql = fresh_sqlite(folder / "server.db")
        try:
            run_seed(seed, 150, sql, folder)
        except AssertionError as fault:
            raise AssertionError(f"seed {seed}: {fault}") from fault
        finally:
            sql.db.close()


def test_one_seed_gives_one_trace(tmp_path: Path) -> None:
    traces = []
    for run in ("first", "second"):
        folder = tmp_path / run
        folder.mkdir()
        sql = fresh_sqlite(folder / "server.db")
        traces.append(run_seed(7, 150, sql, folder).trace.hexdigest())
        sql.db.close()
    assert traces[0] == traces[1]


@pytest.fixture
def postgresql() -> Iterator[pw.PostgresqlDatabase]:
    db = pw.PostgresqlDatabase(database_url("simulation"), prefer_psycopg3=True, autoconnect=False)
    db.connect()
    db.execute_sql("SET synchronous_commit = off")
    yield db
    db.close()


@pytest.mark.postgresql
@pytest.mark.xdist_group("postgresql")
def test_on_postgresql(postgresql: pw.PostgresqlDatabase, tmp_path: Path) -> None:
    for seed in range(1000, 1020):
        folder = tmp_path / str(seed)
        folder.mkdir()
        run_seed(seed, 150, fresh_postgresql(postgresql), folder)
