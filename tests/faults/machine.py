"""What a test needs of the machine: where it is missing the test is skipped by name, but never on CI."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """Skip, or fail where everything has to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"missing on CI: {what}")
    pytest.skip(what)


def needs(*programs: str) -> None:
    absent = [name for name in programs if shutil.which(name) is None]
    if absent:
        missing(f"not installed: {', '.join(absent)}")


def namespace(*options: str) -> list[str]:
    """What to put before a command so that it has mounts (`-m`) or a network (`-n`) of its own."""
    needs("unshare")
    command = ["unshare", "-Ur", *options]
    if subprocess.run([*command, "true"], check=False, capture_output=True).returncode:
        missing(f"no namespaces of one's own are allowed here ({' '.join(command)})")
    return command
