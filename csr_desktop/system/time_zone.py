"""Which time zone this computer is in."""

from __future__ import annotations

import os
from pathlib import Path

_LINK = Path("/etc/localtime")
_FOLDER = "/zoneinfo/"
_VARIANTS = ("posix/", "right/")


def linked_zone(link: Path = _LINK) -> str:
    """The IANA zone that the system's link names, as Linux and macOS keep it; '' where it tells nothing, or the
    environment names another one. Asking Qt makes it read the list of all zones first.
    """
    if os.environ.get("TZ"):
        return ""
    name = os.path.realpath(link).partition(_FOLDER)[2]
    return "" if name.startswith(_VARIANTS) else name
