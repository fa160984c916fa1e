"""Number to people at 540,000 numbers: hits, misses, shared ones."""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from pathlib import Path

from csr_desktop.store.caller_lookup import CallerLookup
from csr_desktop.store.opening import close_desk, open_desk
from csr_desktop.store.tables import COLUMNS, new_row
from csr_desktop.system.clock import wall_clock
from tests.bench.bureaus import percentile
from tests.desks import KEY

NUMBERS, CLIENTS, ASKED = 540_000, 120_000, 3000


def measure(seats: int) -> dict[str, float]:  # always at the size of a thousand seats
    folder = Path(tempfile.mkdtemp(prefix="csr-desktop-bench-"))
    try:
        sql = open_desk(folder / "lookup.db", KEY, clock=wall_clock)
        chance = random.Random(1)

        def rows(table: str, count: int, **fields: object) -> list[list[object]]:
            blank = {**new_row(table), "scope": "org", "rev": 1}
            made = []
            for number in range(count):
                values = {k: f(number) if callable(f) else f for k, f in fields.items()}
                row = {**blank, "id": f"{table}-{number:06}", **values}
                made.append([row[c] for c in COLUMNS[table]])
            return made

        with sql.transaction():
            sql.upsert_lists("clients", rows("clients", CLIENTS, name=lambda n: f"Example {n}"))
            contacts = rows(
                "contacts", 300_000, client_id=lambda n: f"clients-{n * 2 // 5:06}", name=lambda n: f"Sample {n}"
            )
            sql.upsert_lists("contacts", contacts)

            # One in fifty numbers is shared by three, and one by five thousand.
            def e164(n: int) -> str:
                if n < 5000:
                    return "+12125550100"
                return f"+1{2_120_000_000 + (n - n % 3 if n % 50 < 3 else n):010}"

            numbers = rows(
                "phone_numbers",
                NUMBERS,
                e164=e164,
                contact_id=lambda n: f"contacts-{n % 300_000:06}",
                client_id=lambda n: f"clients-{n % 300_000 * 2 // 5:06}",
            )
            sql.upsert_lists("phone_numbers", numbers)
        lookup = CallerLookup(sql)
        asked = [e164(chance.randrange(5000, NUMBERS)) for _ in range(ASKED)]
        asked += [f"+1{chance.randrange(9_000_000_000, 9_999_999_999)}" for _ in range(ASKED)]
        asked += ["+12125550100"] * 50
        chance.shuffle(asked)
        times = []
        for number in asked:
            began = time.perf_counter()
            lookup.candidates(number, "")
            times.append((time.perf_counter() - began) * 1000)
        close_desk(sql)
        return {"p50_ms": percentile(times, 0.5), "p99_ms": percentile(times, 0.99), "worst_ms": max(times)}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
