"""Where an organisation's and a computer's settings stand: the registry, managed preferences, files below /etc.

Each source gives values by the keys' names, as it has them. What stands in none of the forms is said, not guessed.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from csr_desktop.system.policy_keys import BY_NAME

POLICY_PATH: Final = r"Software\Policies\CSR Desktop"
MACHINE_PATH: Final = r"Software\CSR Desktop"
PREFERENCES: Final = "org.csr-desktop.CSR-Desktop"
POLICY_FILE: Final = Path("/etc/csr-desktop/policy.toml")
DEFAULTS_FILE: Final = Path("/etc/csr-desktop/defaults.toml")
MAX_BYTES: Final = 1_000_000
_AT_ONCE: Final = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # no pipe is waited for


class Source(msgspec.Struct, frozen=True):
    """`place` is where an administrator finds it. `fault` says why nothing of it could be read, '' when all is well."""

    place: str
    values: Mapping[str, object] = {}
    fault: str = ""


class Sources(msgspec.Struct, frozen=True):
    """Policies and machine defaults, each with the one that wins first."""

    policies: tuple[Source, ...] = ()
    defaults: tuple[Source, ...] = ()


NO_SOURCES: Final = Sources()


class Registry(Protocol):
    """What is read of Windows' registry: the module winreg."""

    HKEY_LOCAL_MACHINE: int
    HKEY_CURRENT_USER: int
    KEY_READ: int
    KEY_WOW64_64KEY: int

    def OpenKey(self, key: int, sub_key: str, reserved: int = ..., access: int = ...) -> Any: ...  # noqa: N802

    def EnumValue(self, key: Any, index: int) -> tuple[str, object, int]: ...  # noqa: N802


def sources_of_this_computer() -> Sources:
    if sys.platform == "win32":
        import winreg

        return registry_sources(winreg)
    if sys.platform == "darwin":
        return preference_sources(Path("/Library"), _user_name())
    return file_sources(POLICY_FILE, DEFAULTS_FILE)


def registry_sources(registry: Registry) -> Sources:
    """The computer's policy wins over the person's. Always the 64-bit view, whatever asks."""
    machine, person = registry.HKEY_LOCAL_MACHINE, registry.HKEY_CURRENT_USER
    return Sources(
        (
            _registry(registry, machine, "HKLM", POLICY_PATH),
            _registry(registry, person, "HKCU", POLICY_PATH),
        ),
        (_registry(registry, machine, "HKLM", MACHINE_PATH),),
    )


def _registry(registry: Registry, root: int, root_name: str, path: str) -> Source:
    place = f"{root_name}\\{path}"
    values: dict[str, object] = {}
    try:
        with registry.OpenKey(root, path, 0, registry.KEY_READ | registry.KEY_WOW64_64KEY) as key:
            while True:
                try:
                    name, value, _kind = registry.EnumValue(key, len(values))
                except OSError:  # there are no more
                    return Source(place, _by_known_names(values))
                values[name] = value
    except FileNotFoundError:
        return Source(place)
    except OSError:
        return Source(place, fault="It can't be read.")


def preference_sources(library: Path, user_name: str) -> Sources:
    """What a profile forces lies below Managed Preferences, the person's before the computer's."""
    managed = library / "Managed Preferences"
    return Sources(
        tuple(_plist(folder / f"{PREFERENCES}.plist") for folder in (managed / user_name, managed)),
        (_plist(library / "Preferences" / f"{PREFERENCES}.plist"),),
    )


def _plist(path: Path) -> Source:
    def decode(content: bytes) -> object:
        import plistlib
        from xml.parsers.expat import ExpatError

        try:
            found = plistlib.loads(content)
        except (plistlib.InvalidFileException, ExpatError, OverflowError, ValueError) as error:
            raise ValueError("It is damaged, or no property list.") from error
        if not isinstance(found, dict):
            return found
        # A profile may leave its own words beside the keys, such as PayloadUUID.
        return {name: value for name, value in found.items() if not str(name).startswith("Payload")}

    return _file(path, decode)


def file_sources(policy: Path, defaults: Path) -> Sources:
    return Sources((_toml(policy),), (_toml(defaults),))


def _toml(path: Path) -> Source:
    def decode(content: bytes) -> object:
        import tomllib

        try:
            found = tomllib.loads(content.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise ValueError("It is not UTF-8 text.") from error
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"It is not valid TOML: {error}.") from error
        tables = [name for name, value in found.items() if isinstance(value, dict)]
        if tables:
            raise ValueError(f"It has a table [{tables[0]}]: keys stand in it without one.")
        return found

    return _file(path, decode)


def _file(path: Path, decode: Callable[[bytes], object]) -> Source:
    """Only a file that nobody but the administrator can write says what an organisation wants. `decode` raises
    ValueError, in words.
    """
    place = str(path)
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | _AT_ONCE), "rb") as file:
            found = os.fstat(file.fileno())
            if fault := _writable_by_others(found):
                return Source(place, fault=fault)
            content = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return Source(place)
    except OSError:
        return Source(place, fault="It can't be read.")
    if len(content) > MAX_BYTES:
        return Source(place, fault=f"It is larger than {MAX_BYTES:,} bytes.")
    try:
        values = decode(content)
    except ValueError as error:
        return Source(place, fault=str(error))
    except RecursionError:
        return Source(place, fault="It is damaged, or not in its format.")
    if not isinstance(values, dict):
        return Source(place, fault="It is not a list of keys with values.")
    return Source(place, _by_known_names({str(key): value for key, value in values.items()}))


def _by_known_names(values: Mapping[str, object]) -> dict[str, object]:
    """Letters' case does not count, as it does not in a registry; what is written as the key is goes first."""
    known = {name.casefold(): name for name in BY_NAME}
    named = {known.get(name.casefold(), name): value for name, value in values.items()}
    return named | {name: value for name, value in values.items() if name in BY_NAME}


def _writable_by_others(found: os.stat_result) -> str:
    if os.name == "nt" or not stat.S_ISREG(found.st_mode):
        return "" if os.name == "nt" else "It is not a file."
    if found.st_uid != 0:
        return "It does not belong to root, so it is not taken."
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "Others than root can write to it, so it is not taken."
    return ""


def _user_name() -> str:
    """Of the account, which no variable of the environment can change."""
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name
