"""The zip for whoever helps: versions, settings, the log and crash reports of this person, and no data of clients.

Databases are named with their sizes and not opened; the log never holds words or numbers of clients.
"""

from __future__ import annotations

import os
import platform
import sys
import zipfile
from io import BytesIO
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import msgspec

from csr_desktop import __version__
from csr_desktop.domain.errors import CsrDesktopError, EnvironmentFault
from csr_desktop.system.log_place import log_place
from csr_desktop.system.own_files import open_own
from csr_desktop.system.policy import decide
from csr_desktop.system.policy_sources import sources_of_this_computer
from csr_desktop.system.settings import Settings, SettingsFile
from csr_desktop.system.shown_settings import shown
from csr_desktop.system.whole_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from csr_desktop.system.places import Places

_LOG_PATTERNS: Final = ("csr-desktop.log*", "*crash*.txt", "fault.txt")
_MAX_LOG_BYTES: Final = 8 << 20
_LIBRARIES: Final = (
    ("PySide6", "PySide6", "__version__"),
    ("peewee", "peewee", "__version__"),
    ("SQLite of SQLCipher", "sqlcipher3.dbapi2", "sqlite_version"),
    ("httpx2", "httpx2", "__version__"),
    ("cryptography", "cryptography", "__version__"),
)
"""Name, module, and where it says its version: a package has none of what is said of it where it is installed."""
_PERSONAL: Final = ("last_login", "window_geometry", "log_folder")
"""Settings that say something of the person and nothing of the program."""


def write_diagnostics(target: Path, places: Places, found: Mapping[str, object] = MappingProxyType({})) -> int:
    """The zip's size in bytes. Raises EnvironmentFault where it cannot be written."""
    content = collected(places, found)
    try:
        write_whole(target, content)
    except OSError as error:
        raise EnvironmentFault(f"{target} could not be written: {error.strerror}.") from error
    return len(content)


def collected(places: Places, found: Mapping[str, object] = MappingProxyType({})) -> bytes:
    """The zip's bytes. What cannot be read is named in it with the reason. `found` is what was looked at for it, by the
    name of its part: the way to the server, and a self-test, which a desk that runs cannot make, since it starts a
    window of its own.
    """
    effective, settings = _settings(places)
    log = log_place(places, effective)
    parts: dict[str, object] = {
        "about.json": _about(),
        "settings.json": {**settings, "log": {"folder": str(log.folder), "words": log.words}},
        "files.json": _files(places),
        **{f"{name}.json": part for name, part in found.items()},
    }
    held = BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
        for name, part in parts.items():
            made.writestr(name, shown(msgspec.json.format(msgspec.json.encode(part), indent=2).decode()))
        for pattern in _LOG_PATTERNS:
            for path in sorted(log.folder.glob(pattern)):
                if content := _tail(path):
                    made.writestr(f"log/{path.name}", content)
    return held.getvalue()


def _about() -> dict[str, object]:
    from importlib import import_module

    libraries = {name: str(getattr(import_module(module), said, "")) for name, module, said in _LIBRARIES}
    return {
        "version": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "machine": platform.machine(),
        "is_packaged": bool(getattr(sys, "frozen", False)),
        "libraries": libraries,
    }


def _settings(places: Places) -> tuple[Settings, dict[str, Any]]:
    """Those that hold, and what is said of them."""
    file = SettingsFile(places.config / "settings.json")
    try:
        chosen, word = file.load()
    except CsrDesktopError as fault:
        chosen, word = Settings(), str(fault)
    policy = decide(sources_of_this_computer(), chosen, file.touched)
    effective = policy.apply(chosen)
    held = msgspec.structs.asdict(effective)
    return effective, {
        "settings": {name: value for name, value in held.items() if name not in _PERSONAL},
        "from": {item.key.name: item.place for item in policy.effective},
        "faults": [*policy.faults, *([word] if word else [])],
    }


def _files(places: Places) -> list[dict[str, object]]:
    """Every file of the program's in the person's folders, without opening it."""
    found: list[dict[str, object]] = []
    seen: set[Path] = set()  # some systems have one place for several
    for name, folder in msgspec.structs.asdict(places).items():
        for path in sorted(set(folder.rglob("*")) - seen):
            seen.add(path)
            try:
                stat = path.lstat()
            except OSError as error:
                found.append({"folder": name, "error": error.strerror})
                continue
            if path.is_file():
                # An attachment's name is its hash, a database's a number: no file here bears a client's name.
                found.append({"folder": name, "name": path.name, "bytes": stat.st_size, "changed": int(stat.st_mtime)})
    return found


def _tail(path: Path) -> bytes:
    try:
        with os.fdopen(open_own(path, "r"), "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _MAX_LOG_BYTES))
            return file.read(_MAX_LOG_BYTES)
    except OSError as error:
        return f"It could not be read: {error.strerror or error}.\n".encode()
