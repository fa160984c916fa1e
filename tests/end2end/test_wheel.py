"""What is built for other computers has everything in it: the program runs from an unpacked wheel, far from a checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
SOURCES = ("csr_desktop", "resources", "packaging", "pyproject.toml", "README.md")


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """The wheel of this checkout, built from a copy of it and unpacked."""
    source = tmp_path / "source"
    source.mkdir()
    for name in SOURCES:
        if (CHECKOUT / name).is_dir():
            shutil.copytree(CHECKOUT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(CHECKOUT / name, source / name)
    build = [sys.executable, "-m", "pip", "wheel", str(source), "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*build, "--wheel-dir", str(tmp_path)], check=True, capture_output=True, text=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        wheel.extractall(tmp_path / "unpacked")
    shutil.rmtree(source)
    return tmp_path / "unpacked"


def test_an_unpacked_wheel_has_all_that_the_program_shows(unpacked: Path, tmp_path: Path) -> None:
    shipped = {path.relative_to(CHECKOUT / "resources") for path in (CHECKOUT / "resources").rglob("*.*")}
    there = unpacked / "csr_desktop" / "_resources"
    assert {path.relative_to(there) for path in there.rglob("*.*")} == shipped
    surroundings = {**os.environ, "PYTHONPATH": str(unpacked), "QT_QPA_PLATFORM": "offscreen"}
    said = subprocess.run(
        [sys.executable, "-m", "csr_desktop", "self-test", "--json"],
        cwd=tmp_path,
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    parts = {part["part"]: part for part in json.loads(said.stdout)["parts"]}
    works = {name for name, part in parts.items() if part["works"]}
    assert parts.keys() - works <= {"keyring"}, said.stdout  # which this computer may not have
    assert {"window", "payroll calendar", "shipped files"} <= works
