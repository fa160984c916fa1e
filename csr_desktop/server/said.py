"""How the server's commands say things: counts with their nouns, and commands that can be typed as they stand."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path


def plural(count: int, one: str, many: str = "") -> str:
    return one if count == 1 else many or f"{one}s"


def counted(count: int, one: str, many: str = "") -> str:
    """`1 client`, `2,000 clients`."""
    return f"{count:,} {plural(count, one, many)}"


def this_program() -> str:
    """How this program was called, so that it can be called so again from here."""
    called = Path(sys.argv[0])
    if called.parts[-2:] == ("csr_desktop", "__main__.py"):
        return f"{shlex.quote(sys.executable)} -m csr_desktop"
    is_on_path = shutil.which(called.name) is not None
    return "csr-desktop" if not called.name.startswith("csr-desktop") or is_on_path else shlex.quote(sys.argv[0])


def command_line(words: str, data: Path, database: str = "") -> str:
    """A whole command of the server's on this folder. The database is left out where the environment names it."""
    named = f" --database {shlex.quote(database)}" if database and database not in os.environ.values() else ""
    return f"{this_program()} server {words} --data {shlex.quote(str(data))}{named}"
