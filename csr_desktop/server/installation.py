"""Where the package for Debian, and the units that it brings, have a server: folder, settings, unit."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Final

FOLDER = Path("/var/lib/csr-desktop")
SETTINGS = Path("/etc/csr-desktop/server.env")
UNIT: Final = "csr-desktop-server.service"
_UNITS: Final = (Path("/etc/systemd/system"), Path("/usr/lib/systemd/system"), Path("/lib/systemd/system"))


def is_of_unit(data: Path) -> bool:
    """Whether this is the folder that the unit runs a server on."""
    return data.absolute() == FOLDER or data.resolve() == FOLDER.resolve()


def has_unit() -> bool:
    return any((place / UNIT).exists() for place in _UNITS)


def take_settings(environment: MutableMapping[str, str]) -> None:
    """What the unit's processes find in their environment; what is there already holds. Who may not read the settings
    goes without.
    """
    try:
        text = SETTINGS.read_text(encoding="utf-8")
    except OSError:
        return
    for name, value in _assignments(text):
        environment.setdefault(name, value)


def _assignments(text: str) -> Iterator[tuple[str, str]]:
    """As systemd reads them where a value is on one line; of one name the last holds."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, sign, value = line.strip().partition("=")
        if sign and name[:1] not in {"#", ";"}:
            value = value.strip()
            is_quoted = len(value) > 1 and value[0] in "'\"" and value[-1] == value[0]
            found[name.strip()] = value[1:-1] if is_quoted else value
    yield from found.items()
