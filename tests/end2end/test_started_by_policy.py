"""What the organization says of starting at sign-in is done at the desk's next start, in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.desks import station

STARTED = """
import json, sys
from PySide6.QtCore import QTimer
from csr_desktop import bootstrap
from csr_desktop.bootstrap import demo_secrets, run_desk
from csr_desktop.system import policy_sources
from csr_desktop.system.places import Places
from csr_desktop.system.policy_sources import Source, Sources

policy = json.loads(sys.argv[1])
bootstrap.sources_of_this_computer = lambda: Sources((Source("policy", policy),), ())
policy_sources.sources_of_this_computer = bootstrap.sources_of_this_computer
places = Places.of_this_person()
secrets = demo_secrets(Places.usual())


def close(made):
    if made.worker.is_busy or not (places.data / "running.json").exists():
        QTimer.singleShot(50, lambda: close(made))
    else:
        made.window.close()


sys.exit(run_desk(places, secrets, ["csr-desktop"], lambda made: QTimer.singleShot(300, lambda: close(made))))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="where Linux keeps what starts with a session")
def test_policy_has_the_desk_started_at_sign_in_and_no_more(tmp_path: Path) -> None:
    made = station(tmp_path / "made")[0]
    folders = {
        "XDG_CONFIG_HOME": "config",
        "XDG_DATA_HOME": "data",
        "XDG_STATE_HOME": "state",
        "XDG_CACHE_HOME": "cache",
    }
    for kind in ("config", "data"):
        shutil.copytree(made / kind, tmp_path / kind / "csr-desktop")
    own = tmp_path / "config" / "autostart" / "csr-desktop.desktop"
    kept = {name: value for name, value in os.environ.items() if name != "CSR_DESKTOP_HOME"}
    environment = {
        **kept,
        **{name: str(tmp_path / folder) for name, folder in folders.items()},
        "HOME": str(tmp_path),
        "USER": "alex",
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }

    def start(**policy: object) -> None:
        command = [sys.executable, "-c", STARTED, json.dumps(policy)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)
        assert ran.returncode == 0, ran.stderr

    start()
    assert not own.exists()
    start(Autostart=True)
    assert '"--minimized"' in own.read_text()
    start()
    assert own.exists(), "what may be the person's own entry stays"
    start(Autostart=False)
    assert not own.exists()
    log = tmp_path / "state" / "csr-desktop" / "log" / "csr-desktop.log"
    assert log.exists()
    log.unlink()
    desks = {path.name for path in (tmp_path / "data" / "csr-desktop").glob("*.db*")}
    start(Autostart=True, DataFolder=f"{tmp_path}/desks/$USER")
    assert desks == {path.name for path in (tmp_path / "desks" / "alex" / "csr-desktop").glob("*.db*")}
    assert '"--minimized"' in own.read_text(), "also where each person has a folder of their own for data"
    assert log.exists(), "what comes after the window is painted has begun"
