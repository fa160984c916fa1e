"""The server's commands as a program of its own, `csr-desktop-server`.

On the folder of the installed unit it takes the unit's settings, so that both speak to one database. Called by root it
becomes the account that a folder belongs to, so that what it makes there is of use to the server.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from csr_desktop.server.cli import server
from csr_desktop.server.folder import KEY_NAME
from csr_desktop.server.folder_owner import become, other_owner
from csr_desktop.server.installation import is_of_unit, take_settings

NAME: Final = "csr-desktop-server"


def main() -> None:
    data = folder_of(sys.argv[1:])
    if data is not None:
        if is_of_unit(data):
            take_settings(os.environ)
        owner = other_owner(data, KEY_NAME)
        if owner is not None and sys.platform != "win32" and os.geteuid() == 0:
            with suppress(OSError, KeyError):  # the command then says whose it is
                become(owner)
    server(prog_name=NAME)


def folder_of(words: Sequence[str]) -> Path | None:
    """The folder that a command is for, by its options, before anything looks into them."""
    found: Path | None = None
    for place, word in enumerate(words):
        name, sign, value = word.partition("=")
        if name not in {"--data", "--from"}:
            continue
        if sign:
            found = Path(value)
        elif place + 1 < len(words):
            found = Path(words[place + 1])
    return found


if __name__ == "__main__":
    main()
