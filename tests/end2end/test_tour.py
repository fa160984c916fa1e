"""The demo's tour of a day is a test: real processes, the real window, an outage, a kill, a second desk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

STEPS = 28


@pytest.mark.timeout(300)
@pytest.mark.xdist_group("tour")
def test_every_step_of_the_day_passes(tmp_path: Path) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "CSR_DESKTOP_HOME": str(tmp_path / "unused")}
    environment.pop("DISPLAY", None)
    command = [
        sys.executable,
        "-m",
        "csr_desktop",
        "demo",
        "--tour",
        str(tmp_path / "tour"),
        "--home",
        str(tmp_path / "home"),
    ]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=280)
    steps: list[dict[str, Any]] = msgspec.json.decode((tmp_path / "tour" / "tour.json").read_bytes())
    failed = [step for step in steps if not step["passed"]]
    assert not failed, f"{failed}\n{ended.stdout[-3000:]}\n{ended.stderr[-3000:]}"
    assert len(steps) == STEPS
    assert ended.returncode == 0
    pictures = {path.stem for path in (tmp_path / "tour").glob("*.png")}
    for place in ("inbox", "clients", "calls", "follow-ups"):
        for theme in ("light", "dark"):
            assert {f"{place}-{theme}-1440", f"{place}-{theme}-1280"} <= pictures
    assert not (tmp_path / "unused").exists(), "the demo wrote outside of its own folder"
