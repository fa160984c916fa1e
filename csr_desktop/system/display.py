"""Whether a window can be shown here, asked before Qt is, which ends the program where it cannot."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from csr_desktop.domain.errors import EnvironmentFault

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOCAL_DISPLAY = r"(?:unix)?:(\d{1,5})(?:\.\d+)?"
_ANSWER_SECONDS = 2.0


def has_display(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a Wayland or X server is there. Always True on Windows and macOS, and for an X server elsewhere."""
    if sys.platform in {"win32", "darwin"}:
        return True
    return _has_wayland(environment) or _has_x(environment.get("DISPLAY", ""))


def wants_window_on_display(environment: Mapping[str, str] = os.environ) -> bool:
    """False where Qt was told to paint somewhere else, such as `offscreen`."""
    return environment.get("QT_QPA_PLATFORM", "xcb").partition(":")[0] in {"", "xcb", "wayland"}


def no_display() -> EnvironmentFault:
    return EnvironmentFault(
        "There is no display here, so CSR Desktop cannot show its window.",
        "Start it from a desktop session; over SSH, one with a forwarded display (ssh -X).",
    )


def _has_wayland(environment: Mapping[str, str]) -> bool:
    name = environment.get("WAYLAND_DISPLAY", "")
    folder = environment.get("XDG_RUNTIME_DIR", "")
    return bool(name) and (Path(folder) / name).exists() if folder or name.startswith("/") else False


def _has_x(display: str) -> bool:
    """A local one is asked whether it answers: the variable outlives its server, in a terminal that was kept open."""
    local = re.fullmatch(_LOCAL_DISPLAY, display)
    if local is None:
        return bool(display)
    import socket

    path = f"/tmp/.X11-unix/X{local[1]}"  # noqa: S108  # where X servers listen
    for address in (f"\0{path}", path):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
            asked.settimeout(_ANSWER_SECONDS)
            try:
                asked.connect(address)
            except OSError:
                continue
            return True
    return False
