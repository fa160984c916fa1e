"""Where logs and crash reports go for this person, and from which level on; what is wrong with it, in words."""

from __future__ import annotations

import logging
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from csr_desktop.system.own_files import is_own_folder, open_own

if TYPE_CHECKING:
    from collections.abc import Mapping

    from csr_desktop.system.places import Places
    from csr_desktop.system.settings import Settings

LEVELS: Final = {"error": logging.ERROR, "warning": logging.WARNING, "info": logging.INFO, "debug": logging.DEBUG}
_VARIABLE: Final = re.compile(r"%([^%]+)%" if os.name == "nt" else r"\$\{?(\w+)\}?")


class LogPlace(msgspec.Struct, frozen=True):
    """`words` say that logs go elsewhere than they should, or nowhere; '' when all is well."""

    folder: Path
    level: int = logging.INFO
    words: str = ""


def log_place(places: Places, settings: Settings, environment: Mapping[str, str] = os.environ) -> LogPlace:
    """The organisation's folder, else the system's. Never raises: without a log the program does its work."""
    level = LEVELS[settings.log_level]
    words = ""
    if settings.log_folder:
        folder = own_log_folder(settings.log_folder, environment)
        if folder is not None and _takes_files(folder):
            return LogPlace(folder, level)
        where = folder or settings.log_folder
        words = f"Logs cannot be written to {where}, which your organization has set, so they go to {places.log}."
    if not _takes_files(places.log):
        words = f"Logs cannot be written to {places.log}, so none are kept. Tell your administrator."
    return LogPlace(places.log, level, words)


def own_log_folder(said: str, environment: Mapping[str, str] = os.environ) -> Path | None:
    """A folder of the person's own in it: several may use one computer at once. None for what is no whole path."""
    path = Path(_VARIABLE.sub(lambda found: environment.get(found[1], found[0]), said))
    with suppress(RuntimeError):
        path = path.expanduser()
    if not path.is_absolute() or _VARIABLE.search(str(path)):
        return None
    return path / _account_name()


def _account_name() -> str:
    import getpass

    try:
        name = getpass.getuser()
    except (OSError, KeyError, ImportError):
        name = str(os.getuid()) if hasattr(os, "getuid") else "unknown"
    return re.sub(r"[^\w.@ -]", "_", name).strip(". ") or "unknown"


def _takes_files(folder: Path) -> bool:
    """Whether it is the person's alone and takes files. Somebody else could have made it before them."""
    probe = folder / f".{os.getpid()}.try"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not is_own_folder(folder):
            return False
        os.close(open_own(probe, "w"))
        probe.unlink()
    except OSError:
        return False
    return True
