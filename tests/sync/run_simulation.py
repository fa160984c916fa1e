"""Run seeds of the simulation: python -m tests.sync.run_simulation FIRST COUNT [--steps N] [--postgresql URL]."""

from __future__ import annotations

import argparse
import collections
import shutil
import sys
import tempfile
import time
from pathlib import Path

import peewee as pw

from csr_desktop.store.server_tables import SERVER_TABLES
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import SYNCED
from tests.sync.simulation import World

ALL_TABLES = (*SYNCED.values(), *SERVER_TABLES)


def fresh_sqlite(path: Path) -> Sql:
    db = pw.SqliteDatabase(str(path), pragmas={"synchronous": 0, "journal_mode": "memory"}, autoconnect=False)
    db.connect()
    for model in ALL_TABLES:
        pw.SchemaManager(model, db).create_all(safe=True)
    return Sql(db)


def fresh_postgresql(db: pw.PostgresqlDatabase) -> Sql:
    """The same database for every seed, emptied."""
    if "counters" not in db.get_tables():
        for model in ALL_TABLES:
            pw.SchemaManager(model, db).create_all(safe=True)
    db.execute_sql("TRUNCATE " + ",".join(f'"{m._meta.table_name}"' for m in ALL_TABLES))
    return Sql(db)


def run_seed(seed: int, steps: int, sql: Sql, folder: Path) -> World:
    world = World(seed, sql, folder, desk_count=2 + seed % 2)
    try:
        world.run(steps)
    finally:
        for desk in world.desks:
            if desk.db is not None:
                desk.db.close()
    return world


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("first", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--postgresql", default="")
    options = parser.parse_args()
    pg = (
        pw.PostgresqlDatabase(options.postgresql, prefer_psycopg3=True, autoconnect=False)
        if options.postgresql
        else None
    )
    if pg is not None:
        pg.connect()
        pg.execute_sql("SET synchronous_commit = off")
    total: collections.Counter[str] = collections.Counter()
    failed = 0
    began = time.monotonic()
    for seed in range(options.first, options.first + options.count):
        folder = Path(tempfile.mkdtemp(prefix="csr-simulation-"))
        sql = fresh_postgresql(pg) if pg is not None else fresh_sqlite(folder / "server.db")
        try:
            total += run_seed(seed, options.steps, sql, folder).stats
        except AssertionError as fault:
            failed += 1
            print(f"seed {seed}: {str(fault)[:600]}", flush=True)
        finally:
            if pg is None:
                sql.db.close()
            shutil.rmtree(folder)
    print(f"{options.count} seeds in {time.monotonic() - began:.0f} s, {failed} failed; {dict(total)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
