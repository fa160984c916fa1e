"""Resident size of a desk at so many seats after the places were worked through."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

from PySide6.QtTest import QTest

from tests.bench.bureaus import copied
from tests.bench.windows import PLACES, open_window, prepared, spin_until


def resident_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("this system does not tell")


def measure(seats: int) -> dict[str, float]:
    home, account = copied(seats)
    try:
        before = resident_mb()
        _, application = open_window(prepared(home, account))
        made = application.desk_window
        assert made is not None
        opened = resident_mb()
        for place in PLACES * 2:
            made.window.go(place)
            spin_until(lambda: not application.worker.is_busy)
            made.window.grab()
        palette = made.floats.palette
        palette.open()
        for text in ("exmaple 0142", "garnishment", "deposit late"):
            palette.box.clear()
            QTest.keyClicks(palette.box, text)
            spin_until(lambda: not application.worker.is_busy)
        palette.close()
        for number in range(20):
            made.desk.calling.emit(f"(312) 555-{number + 100:04}", "")
            spin_until(lambda: not application.worker.is_busy)
            for call in application.on_store(made.desk.services.calls.running):
                application.on_store(partial(made.desk.services.calls.save, call.id))
        made.window.go("inbox")
        spin_until(lambda: not application.worker.is_busy)
        after = resident_mb()
        application.close()
        return {"rss_mb": after, "opened_mb": opened, "bare_mb": before}
    finally:
        shutil.rmtree(home, ignore_errors=True)
