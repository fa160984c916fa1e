"""Starting this program again beside itself, without anything of a client on its command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from csr_desktop.system.places import Places

_MESSAGE_LIMIT: Final = 65_536
_DESK, _CONSOLE = "csr-desktop", "csr-desktop-cli"


def start_with(arguments: Sequence[str], message: Mapping[str, str]) -> None:
    """Start another of this program, which lives on by itself and reads the message from its standard input."""
    with subprocess.Popen(  # noqa: S603  # this very program
        [*_program(_CONSOLE), *arguments], stdin=subprocess.PIPE, **apart()
    ) as started:
        assert started.stdin is not None  # noqa: S101
        started.stdin.write(msgspec.json.encode(dict(message)))
        started.stdin.close()
        started.returncode = 0  # it is not waited for: whoever called this program may wait for it


class StartedFile:
    """The file that this program was started from. An upgrade puts another in its place while it runs: then what was
    not loaded yet is another version's, if it can be loaded at all.
    """

    def __init__(self) -> None:
        self._file = program_file()
        self._at_first = self._seen()

    def is_replaced(self) -> bool:
        """By its size and time. Not while nothing lies there, as in the midst of an upgrade."""
        now = self._seen()
        return now is not None and self._at_first is not None and now != self._at_first

    def _seen(self) -> tuple[int, int] | None:
        try:
            found = self._file.stat() if self._file is not None else None
        except OSError:
            return None
        return (found.st_size, found.st_mtime_ns) if found is not None else None


def program_file() -> Path | None:
    """None for a program that runs from its source: Python's own file says nothing of it."""
    return Path(sys.executable) if getattr(sys, "frozen", False) else None


def read_message() -> dict[str, str] | None:
    """From standard input; None for what is no message."""
    try:
        return msgspec.json.decode(sys.stdin.buffer.read(_MESSAGE_LIMIT), type=dict[str, str])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def command_name() -> str:
    """How people call this program's commands: a package has a program of its own for them, since on Windows the one
    with the window says nothing in a terminal.
    """
    return _CONSOLE if getattr(sys, "frozen", False) else _DESK


def desk_words() -> list[str]:
    """What opens the desk: this program with its window."""
    return _program(_DESK)


def start_desk() -> None:
    """Open the desk, which lives on by itself."""
    started = subprocess.Popen(desk_words(), stdin=subprocess.DEVNULL, **apart())  # noqa: S603  # this very program
    started.returncode = 0


def command_words(places: Places) -> list[str]:
    """What a softphone runs to tell of a call, before the options: this program, told where its files are when they are
    not where the system has them for this person.
    """
    from csr_desktop.system.places import Places

    usual = Places.usual({})
    return [
        *_program(_CONSOLE),
        "call",
        *([] if places.config == usual.config else ["--home", str(places.config.parent)]),
    ]


def _program(name: str) -> list[str]:
    if not getattr(sys, "frozen", False):
        python = Path(sys.executable)
        script = python.with_name(_DESK + python.suffix)
        return [str(script)] if script.exists() else [str(python), "-m", "csr_desktop"]
    own = Path(sys.executable)
    beside = own.with_name(name + own.suffix)
    return [str(beside if beside.exists() else own)]


def apart() -> dict[str, Any]:
    """It goes on when this one ends, and holds none of its pipes open, for which a softphone may wait."""
    apart: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "close_fds": True}
    if sys.platform == "win32":
        apart["creationflags"] = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
    else:
        apart["start_new_session"] = True
    return apart
