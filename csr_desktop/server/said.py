"""How the server's commands say things: counts with their nouns, and commands that can be typed as they stand."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from csr_desktop.server.installation import has_unit, is_of_unit

_SECRETS: Final = ("password=", "sslpassword=")
"""Fields of a database's address, besides the password before its host."""
_SERVER_ALONE: Final = "csr-desktop-server"
_WINDOWS_SIGNS: Final = frozenset("&|<>^()")
"""Between quotes they mean nothing."""


def plural(count: int, one: str, many: str = "") -> str:
    return one if count == 1 else many or f"{one}s"


def counted(count: int, one: str, many: str = "") -> str:
    """`1 client`, `2,000 clients`."""
    return f"{count:,} {plural(count, one, many)}"


def this_program() -> str:
    """How this program was called, so that it can be called so again from here."""
    called = Path(sys.argv[0])
    if called.parts[-2:] == ("csr_desktop", "__main__.py"):
        return f"{quoted(sys.executable)} -m csr_desktop"
    if not called.name.startswith("csr-desktop"):
        return "csr-desktop"
    return called.stem if shutil.which(called.name) is not None else quoted(sys.argv[0])


def this_server() -> str:
    """How the server's commands begin: some installations have them as a program of their own."""
    called = Path(sys.argv[0])
    if called.stem != _SERVER_ALONE:
        return f"{this_program()} server"
    return _SERVER_ALONE if shutil.which(called.name) is not None else quoted(sys.argv[0])


def this_call() -> str:
    """The command as it was given. Arguments hold no secrets."""
    program = this_server() if Path(sys.argv[0]).stem == _SERVER_ALONE else this_program()
    return " ".join([program, *(quoted(word) for word in sys.argv[1:])])


def starting(data: Path, database: str = "") -> str:
    """The command that starts this server: of systemd, where an installed unit looks after this folder."""
    if has_unit() and is_of_unit(data):
        return f"systemctl start {_SERVER_ALONE}"
    return command_line("run", data, database)


def quoted(word: str, *, is_windows: bool = sys.platform == "win32") -> str:
    """As one word of a command, for the shell of this system."""
    if not is_windows:
        return shlex.quote(word)
    found = subprocess.list2cmdline([word])
    return f'"{found}"' if found == word and not _WINDOWS_SIGNS.isdisjoint(word) else found


def has_password(address: str) -> bool:
    """Whether a database's address tells a password."""
    parts = urlsplit(address, allow_fragments=False)
    return bool(parts.password) or _without_secrets(parts) != parts.query


def _without_password(address: str) -> str:
    parts = urlsplit(address, allow_fragments=False)
    credentials, at, host = parts.netloc.rpartition("@")
    user = credentials.partition(":")[0]
    query = _without_secrets(parts)
    return f"{parts.scheme}://{user}{at if user else ''}{host}{parts.path}{'?' if query else ''}{query}"


def _without_secrets(parts: SplitResult) -> str:
    return "&".join(field for field in parts.query.split("&") if not field.startswith(_SECRETS))


def command_line(words: str, data: Path, database: str = "") -> str:
    """A whole command of the server's on this folder. The database is left out where the environment names it, and its
    password always.
    """
    is_named = database and database not in os.environ.values()
    named = f" --database {quoted(_without_password(database))}" if is_named else ""
    return f"{this_server()} {words} --data {quoted(str(data))}{named}"
