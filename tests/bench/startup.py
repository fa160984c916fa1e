"""Process start to a usable inbox, against a bare PySide6 window, in turn.

Both are whole processes on the same platform plugin, and ready when they were painted: the bare window empty, the inbox
with its rows, counts and selected row, taking keys. Both run from compiled modules, as they do once installed, whatever
the environment says of keeping bytecode.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.bench.bureaus import copied, percentile
from tests.bench.windows import prepared

ROUNDS = 7
BARE = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
class Window(QMainWindow):
    def paintEvent(self, event):
        QTimer.singleShot(0, ready)
def ready():
    print("ready 1", flush=True)
    app.quit()
app = QApplication(sys.argv)
window = Window()
window.show()
app.exec()
"""
OWN = """
import sys
from pathlib import Path
from csr_desktop.bootstrap import demo_secrets, run_desk
from csr_desktop.system.places import Places
places = Places.under(Path(sys.argv[1]))
def ready(made):
    print("ready", made.window.place("inbox").list.rows.model().rowCount(), flush=True)
    made.window.close()
sys.exit(run_desk(places, demo_secrets(places), sys.argv[:1], ready))
"""


def run(code: str, bytecode: Path, *arguments: str) -> float:
    """Seconds from starting the process until it says that it is ready; it has closed cleanly when this returns."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(bytecode)
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    ) as child:
        assert child.stdout is not None
        said = child.stdout.readline().split()
        took = time.perf_counter() - began
    assert child.returncode == 0, f"the child ended with {child.returncode}"
    assert said[:1] == [b"ready"], f"it said {said}"
    assert int(said[1]) > 0, "the inbox is empty"
    return took


def measure(seats: int) -> dict[str, float]:
    home, account = copied(seats)
    try:
        places = prepared(home, account)
        station = str(places.data.parent)
        bytecode = home / "bytecode"
        run(BARE, bytecode)
        run(OWN, bytecode, station)
        bare, own = [], []
        for _ in range(ROUNDS):
            bare.append(run(BARE, bytecode))
            own.append(run(OWN, bytecode, station))
        seconds, limit = percentile(own, 0.5), percentile(bare, 0.5)
        return {"seconds": seconds, "bare_seconds": limit, "ratio": seconds / limit}
    finally:
        shutil.rmtree(home, ignore_errors=True)
