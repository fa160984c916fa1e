"""Displays of their own: one is a session."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def display() -> Iterator[str]:
    """An X server of its own, as a remote session has one."""
    hear, say = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(say), "-screen", "0", "1400x900x24", "-nolisten", "tcp"],
        pass_fds=[say],
        stderr=subprocess.DEVNULL,
    )
    os.close(say)
    try:
        with os.fdopen(hear) as lines:
            yield f":{lines.readline().strip()}"
    finally:
        server.terminate()
        server.wait(10)
