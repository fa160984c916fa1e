"""Process start to a usable inbox, against a bare PySide6 window, in turn."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time

from tests.bench.bureaus import copied, percentile
from tests.bench.windows import prepared

ROUNDS = 7
BARE = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
app = QApplication(sys.argv)
window = QMainWindow()
window.show()
QTimer.singleShot(0, app.quit)
app.exec()
"""
OWN = """
import os, sys, time
from pathlib import Path
from csr_desktop.bootstrap import DeskOpener, demo_secrets
from csr_desktop.system.places import Places
from csr_desktop.ui.application import Application, make_application
places = Places.under(Path(sys.argv[1]))
app, themes = make_application(sys.argv[:1], "light")
application = Application(app, themes, DeskOpener(places, demo_secrets(places)))
def ready(made):
    rows = made.window.place("inbox").list.rows.model().rowCount()
    sys.stdout.write(f"{rows}\\n")
    sys.stdout.flush()
    os._exit(0 if rows else 3)
application.ready.connect(ready)
application.start()
app.exec()
"""


def run(code: str, *arguments: str) -> float:
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", code, *arguments],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=dict(os.environ),
    )
    return time.perf_counter() - began


def measure(seats: int) -> dict[str, float]:
    home, account = copied(seats)
    try:
        places = prepared(home, account)
        station = str(places.data.parent)
        run(BARE)
        run(OWN, station)
        bare, own = [], []
        for _ in range(ROUNDS):
            bare.append(run(BARE))
            own.append(run(OWN, station))
        seconds, limit = percentile(own, 0.5), percentile(bare, 0.5)
        return {"seconds": seconds, "bare_seconds": limit, "ratio": seconds / limit}
    finally:
        shutil.rmtree(home, ignore_errors=True)
