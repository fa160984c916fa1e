"""Resident size of a desk at so many seats after the places were worked through."""

from __future__ import annotations

import shutil
import subprocess
import sys

from tests.bench.bureaus import copied
from tests.bench.windows import prepared


def measure(seats: int) -> dict[str, float]:
    home, account = copied(seats)
    try:
        prepared(home, account)
        desk = [sys.executable, "-m", "tests.bench.worked_desk", str(home / "station")]
        told = subprocess.run(desk, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
        opened, worked = map(float, told.split()[-2:])
        return {"rss_mb": worked, "opened_mb": opened}
    finally:
        shutil.rmtree(home, ignore_errors=True)
