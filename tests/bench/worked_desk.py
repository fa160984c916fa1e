"""python -m tests.bench.worked_desk FOLDER: opens that workstation's desk, works through it, and prints its size.

A process of its own that imports the program alone: the benchmarks' server and made-up bureau are no part of a desk.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from csr_desktop.bootstrap import DeskOpener, demo_secrets, make_desk
from csr_desktop.system.places import Places

PLACES = ("inbox", "clients", "calls", "follow_ups")
TYPED = ("exmaple 0142", "garnishment", "deposit late")
CALLS = 20


def resident_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("this system does not tell")


def wait_for(is_so: Callable[[], bool], seconds: float = 30) -> None:
    from PySide6.QtCore import QCoreApplication, QEventLoop

    end = time.monotonic() + seconds
    while not is_so():
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 5)
        if time.monotonic() > end:
            raise AssertionError("it did not come")


def sizes(folder: Path) -> tuple[float, float]:
    """Resident MB when the window is open with all its places, and after work in each of them."""
    places = Places.under(folder)
    opener = DeskOpener(places, demo_secrets(places))
    opener.remember(dial_way="off")  # nobody has these numbers
    _app, application = make_desk(opener, ["bench"])
    from PySide6.QtTest import QTest  # after the desk, which brings Qt in its own way

    application.start()
    wait_for(lambda: application.desk_window is not None)
    made = application.desk_window
    assert made is not None
    made.window.resize(1440, 900)
    wait_for(lambda: not application.worker.is_busy and all(made.window.has_place(p) for p in PLACES))
    opened = resident_mb()
    for place in PLACES * 2:
        made.window.go(place)
        wait_for(lambda: not application.worker.is_busy)
        made.window.grab()
    palette = made.floats.palette
    palette.open()
    for text in TYPED:
        palette.box.clear()
        QTest.keyClicks(palette.box, text)
        wait_for(lambda: not application.worker.is_busy)
    palette.close()
    for number in range(CALLS):
        made.desk.call(f"(312) 555-{number + 100:04}")
        wait_for(lambda: not application.worker.is_busy)
        for call in application.on_store(made.desk.services.calls.running):
            application.on_store(partial(made.desk.services.calls.save, call.id))
    made.window.go("inbox")
    wait_for(lambda: not application.worker.is_busy)
    worked = resident_mb()
    application.close()
    return opened, worked


if __name__ == "__main__":
    sys.stdout.write("{} {}\n".format(*sizes(Path(sys.argv[1]))))
