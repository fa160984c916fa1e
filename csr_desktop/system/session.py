"""Where a window of this program would show: which computer, and which session of the person on it."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping


class Session(msgspec.Struct, frozen=True):
    """`name` tells the sessions on one computer apart; '' where a person has one at most."""

    computer: str
    name: str


def this_session(environment: Mapping[str, str] = os.environ) -> Session:
    """On Windows its number, as remote desktops and Citrix give one to each; elsewhere its display."""
    from socket import gethostname

    return Session(gethostname(), _name(environment))


def _name(environment: Mapping[str, str]) -> str:
    if sys.platform == "win32":
        import ctypes

        number = ctypes.c_ulong()
        is_known = ctypes.windll.kernel32.ProcessIdToSessionId(os.getpid(), ctypes.byref(number))
        return str(number.value) if is_known else ""
    if sys.platform == "darwin":
        return ""
    # Not XDG_SESSION_ID: what a service of the session starts for a link has none, and the display all the same.
    shown = environment.get("WAYLAND_DISPLAY", "") or environment.get("DISPLAY", "")
    return re.sub(r"^(?:unix)?(:\d+)\.\d+$", r"\1", shown)
