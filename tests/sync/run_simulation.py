"""Run seeds of the simulation: python -m tests.sync.run_simulation FIRST COUNT [--steps N] [--postgresql [URL]].

The URL has {} in the place of the database's name, as in postgresql:///{}?host=/run/postgresql&user=csr; databases
whose names begin with “simulation” are made and dropped there. Without a URL a PostgreSQL is started for it.
"""

from __future__ import annotations

import argparse
import collections
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.postgresql import folder
from tests.sync.counting import never_met
from tests.sync.databases import PostgresqlCopies, SharedDatabase, SqliteFile
from tests.sync.simulation import World

OWN = "own"
ALL_ARE_MET = 200
"""In so many seeds every rule of what grows old is met."""
LONG = (1, 3)
"""The seeds, modulo five, in which years pass."""


def own_postgresql() -> str:
    return f"postgresql:///{{}}?host={folder()}&user=csr"


def run_seed(seed: int, steps: int, database: SharedDatabase, home: Path) -> World:
    """Two to five desks and one to three server processes, by the seed. The world is closed; its trace is complete."""
    world = World(seed, database, home, desk_count=2 + seed % 4, server_count=1 + seed % 3, is_long=seed % 5 in LONG)
    try:
        world.run(steps)
    except Exception as fault:
        fault.add_note(f"seed {seed}, {steps} steps")
        raise
    finally:
        world.close()
    return world


def run_in(place: Path, seed: int, steps: int, postgresql: PostgresqlCopies | None = None) -> World:
    """In a folder of its own, which is deleted afterwards."""
    home = Path(tempfile.mkdtemp(prefix=f"seed-{seed}-", dir=place))
    try:
        return run_seed(seed, steps, postgresql.fresh() if postgresql else SqliteFile(home), home)
    finally:
        shutil.rmtree(home)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("first", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--postgresql", nargs="?", const=OWN, default="")
    options = parser.parse_args()
    url = own_postgresql() if options.postgresql == OWN else options.postgresql
    postgresql = PostgresqlCopies(url) if url else None
    total: collections.Counter[str] = collections.Counter()
    failed = 0
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="csr-simulation-") as place:
        for seed in range(options.first, options.first + options.count):
            try:
                total += run_in(Path(place), seed, options.steps, postgresql).stats
            except Exception as fault:  # noqa: BLE001  # the next seed may show something else
                failed += 1
                print(f"seed {seed}: {type(fault).__name__} {str(fault)[:600]}", flush=True)
    print(f"{options.count} seeds in {time.monotonic() - began:.0f} s, {failed} failed; {dict(sorted(total.items()))}")
    missing = never_met(total) if options.count >= ALL_ARE_MET else []
    if missing:
        print(f"never met: {', '.join(missing)}")
    return 1 if failed or missing else 0


if __name__ == "__main__":
    sys.exit(main())
