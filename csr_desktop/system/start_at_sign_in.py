"""Having the system start the desk, minimised, when this person signs in to the computer."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.system.own_program import desk_words
from csr_desktop.system.places import Places
from csr_desktop.system.whole_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from csr_desktop.system.policy_sources import Sources

MINIMIZED: Final = "--minimized"
RUN_PATH: Final = r"Software\Microsoft\Windows\CurrentVersion\Run"
RUN_NAME: Final = "CSR Desktop"
DESKTOP_FILE: Final = "csr-desktop.desktop"
AGENT: Final = "org.csr-desktop.CSR-Desktop"
_EXECUTED: Final = '"`$\\'


class Entry(Protocol):
    """Where one system keeps what it starts for a person."""

    def is_for_everyone(self) -> bool:
        """Whether the computer's administrator has it started for everyone who signs in."""
        ...

    def words(self) -> str | None:
        """What is started for this person, as the system keeps it; None for nothing."""
        ...

    def write(self) -> None: ...
    def remove(self) -> None: ...
    def expected(self) -> str: ...


class StartAtSignIn:
    """Raises EnvironmentFault where the person may not change it."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry

    @property
    def is_for_everyone(self) -> bool:
        """Then nothing of the person's own is needed, and nobody but an administrator turns it off."""
        return self._entry.is_for_everyone()

    @property
    def is_on(self) -> bool:
        return self.is_for_everyone or self._entry.words() is not None

    @property
    def is_own(self) -> bool:
        """Whether it is started for this person by an entry of theirs."""
        return self._entry.words() is not None

    def follow(self, *, wanted: bool) -> None:
        """Have it so; an entry of a program that stood elsewhere is written anew. More often does nothing."""
        found = self._entry.words()
        try:
            if wanted and not self.is_for_everyone:
                if found != self._entry.expected():
                    self._entry.write()
            elif found is not None:
                self._entry.remove()
        except OSError as error:
            raise EnvironmentFault(
                "What starts when you sign in to this computer could not be changed.", "Ask your administrator."
            ) from error


def start_for(places: Places, environment: Mapping[str, str] = os.environ) -> StartAtSignIn | None:
    """None for a desk that keeps its files in a place of its own, such as the demo: what the system starts would be
    another.
    """
    if places.config != Places.usual({}).config:
        return None
    words = [*desk_words(), MINIMIZED]
    if sys.platform == "win32":
        import winreg

        return StartAtSignIn(RunValue(winreg, words))
    if sys.platform == "darwin":
        return StartAtSignIn(LaunchAgent(Path.home() / "Library" / "LaunchAgents", words))
    own = Path(environment.get("XDG_CONFIG_HOME", "") or Path.home() / ".config")
    everyone = environment.get("XDG_CONFIG_DIRS", "") or "/etc/xdg"
    return StartAtSignIn(
        AutostartFile(own / "autostart", [Path(one) / "autostart" for one in everyone.split(":")], words)
    )


def is_forbidden(sources: Sources) -> bool:
    """Whether the organisation has settled that the desk starts at no sign-in, whoever wanted it before."""
    from csr_desktop.system.policy import decide
    from csr_desktop.system.settings import Settings

    found = decide(sources, Settings()).effective
    return any(one.is_locked and not one.value for one in found if one.key.setting == "starts_at_sign_in")


class AutostartFile:
    """Linux: a file of the person's; one of the same name in a folder of the computer's is for everyone."""

    def __init__(self, folder: Path, of_everyone: Sequence[Path], words: Sequence[str]) -> None:
        self.path = folder / DESKTOP_FILE
        self._of_everyone = of_everyone
        self._words = words

    def is_for_everyone(self) -> bool:
        return any((folder / DESKTOP_FILE).exists() for folder in self._of_everyone)

    def words(self) -> str | None:
        try:
            lines = self.path.read_text("utf-8", "replace").splitlines()
        except OSError:
            return None
        return next((line.removeprefix("Exec=") for line in lines if line.startswith("Exec=")), "")

    def expected(self) -> str:
        return " ".join(_quoted(word) for word in self._words)

    def write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = (
            "[Desktop Entry]\nType=Application\nName=CSR Desktop\n"
            f"Exec={self.expected()}\nIcon=csr-desktop\nTerminal=false\nX-GNOME-Autostart-enabled=true\n"
        )
        write_whole(self.path, text.encode())

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


def _quoted(word: str) -> str:
    """As the desktop entry specification wants it: what is within quotes escaped, then the value's own backslashes."""
    escaped = "".join(f"\\{letter}" if letter in _EXECUTED else letter for letter in word.replace("%", "%%"))
    return '"' + escaped.replace("\\", "\\\\") + '"'


class LaunchAgent:
    """macOS: a property list of the person's, or the computer's below /Library."""

    def __init__(self, folder: Path, words: Sequence[str], of_everyone: Path = Path("/Library/LaunchAgents")) -> None:
        self.path = folder / f"{AGENT}.plist"
        self._everyones = of_everyone / f"{AGENT}.plist"
        self._words = words

    def is_for_everyone(self) -> bool:
        return self._everyones.exists()

    def words(self) -> str | None:
        import plistlib
        from xml.parsers.expat import ExpatError

        try:
            found = plistlib.loads(self.path.read_bytes())
        except OSError:
            return None
        except (ValueError, ExpatError, OverflowError):
            return ""
        return "\0".join(map(str, found.get("ProgramArguments", []))) if isinstance(found, dict) else ""

    def expected(self) -> str:
        return "\0".join(self._words)

    def write(self) -> None:
        import plistlib

        self.path.parent.mkdir(parents=True, exist_ok=True)
        agent = {
            "Label": AGENT,
            "ProgramArguments": list(self._words),
            "RunAtLoad": True,
            "ProcessType": "Interactive",
            "LimitLoadToSessionType": "Aqua",
        }
        write_whole(self.path, plistlib.dumps(agent))

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


class RunRegistry(Protocol):
    """What is used of Windows' registry: the module winreg."""

    HKEY_LOCAL_MACHINE: int
    HKEY_CURRENT_USER: int
    KEY_READ: int
    KEY_WRITE: int
    KEY_WOW64_64KEY: int
    REG_SZ: int

    def OpenKey(self, key: int, sub_key: str, reserved: int = ..., access: int = ...) -> Any: ...  # noqa: N802
    def CreateKeyEx(self, key: int, sub_key: str, reserved: int = ..., access: int = ...) -> Any: ...  # noqa: N802
    def QueryValueEx(self, key: Any, name: str) -> tuple[Any, int]: ...  # noqa: N802
    def SetValueEx(self, key: Any, value_name: str, reserved: int, type: int, value: str) -> None: ...  # noqa: N802, A002
    def DeleteValue(self, key: Any, value: str) -> None: ...  # noqa: N802


class RunValue:
    """Windows: a value below Run of the person's; the installer's is the computer's."""

    def __init__(self, registry: RunRegistry, words: Sequence[str]) -> None:
        self._registry = registry
        self._words = words

    def is_for_everyone(self) -> bool:
        return self._value(self._registry.HKEY_LOCAL_MACHINE) is not None

    def words(self) -> str | None:
        return self._value(self._registry.HKEY_CURRENT_USER)

    def expected(self) -> str:
        program, *options = self._words
        return " ".join([f'"{program}"', *options])

    def write(self) -> None:
        registry = self._registry
        with registry.CreateKeyEx(registry.HKEY_CURRENT_USER, RUN_PATH, 0, registry.KEY_WRITE) as key:
            registry.SetValueEx(key, RUN_NAME, 0, registry.REG_SZ, self.expected())

    def remove(self) -> None:
        registry = self._registry
        with registry.OpenKey(registry.HKEY_CURRENT_USER, RUN_PATH, 0, registry.KEY_WRITE) as key:
            registry.DeleteValue(key, RUN_NAME)

    def _value(self, root: int) -> str | None:
        registry = self._registry
        try:
            with registry.OpenKey(root, RUN_PATH, 0, registry.KEY_READ | registry.KEY_WOW64_64KEY) as key:
                return str(registry.QueryValueEx(key, RUN_NAME)[0])
        except OSError:
            return None
