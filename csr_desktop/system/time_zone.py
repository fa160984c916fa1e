"""Which time zone this computer is in."""

from __future__ import annotations

import os
from pathlib import Path

_LINK = Path("/etc/localtime")
_FOLDER = "/zoneinfo/"
_VARIANTS = ("posix/", "right/")


def own_zone(link: Path = _LINK) -> str:
    """The IANA zone that the environment names, else the system's link, as Linux and macOS keep it; '' where neither
    does, as on Windows. Asking Qt makes it read the list of all zones first.
    """
    told = os.environ.get("TZ", "").removeprefix(":")
    if told:
        name = told.rpartition(_FOLDER)[2]
        return name if _is_zone(name) else ""
    name = os.path.realpath(link).partition(_FOLDER)[2]
    return "" if name.startswith(_VARIANTS) else name


def _is_zone(name: str) -> bool:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # none of that name, one that leads out of the folder, or a folder
        return False
    return True
