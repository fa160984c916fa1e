"""What a packaged program calls itself when it tells how a command is given: by a name that a terminal there knows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import csr_desktop

ROOT = Path(csr_desktop.__file__).parents[1]
PACKAGED = """
import runpy, sys
sys.frozen = True
sys.argv = ["csr-desktop-cli", *sys.argv[1:]]
runpy.run_path("packaging/program.py", run_name="__main__")
"""


def said(program: list[str], *words: str) -> str:
    told = subprocess.run(
        [sys.executable, *program, *words], capture_output=True, text=True, check=False, timeout=60, cwd=ROOT
    )
    assert "Traceback" not in told.stderr
    return told.stdout + told.stderr


@pytest.mark.parametrize(
    ("program", "name"), [(["-c", PACKAGED], "csr-desktop-cli"), (["-m", "csr_desktop"], "csr-desktop")]
)
def test_usage_and_advice_name_the_program_that_says_them(program: list[str], name: str) -> None:
    assert said(program, "--help").startswith(f"Usage: {name} [OPTIONS] [COMMAND]")
    assert said(program, "policy", "--help").startswith(f"Usage: {name} policy ")
    slip = said(program, "purge-user-data", "--now").splitlines()
    assert slip[:2] == [f"Usage: {name} purge-user-data [OPTIONS]", f"Try '{name} purge-user-data --help' for help."]
    about_server = said(program, "server", "--help")
    assert f"\n    {name} server init --data DIR\n" in about_server
