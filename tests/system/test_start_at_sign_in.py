"""The desk starts with the session where the person or the organisation wants it, as each system keeps such things."""

from __future__ import annotations

import os
import plistlib
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.system.places import Places
from csr_desktop.system.start_at_sign_in import (
    RUN_NAME,
    RUN_PATH,
    AutostartFile,
    LaunchAgent,
    RunValue,
    StartAtSignIn,
    start_for,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

WORDS = ["/opt/csr desktop/csr-desktop", "--minimized"]


@pytest.mark.skipif(sys.platform != "linux", reason="desktop files are Linux's")
def test_linux_keeps_a_file_of_the_persons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    start = start_for(Places.of_this_person({}), {"XDG_CONFIG_DIRS": str(tmp_path / "all")})
    assert start is not None
    start.follow(wanted=False)
    start.follow(wanted=True)
    path = tmp_path / ".config" / "autostart" / "csr-desktop.desktop"
    assert path.read_text().startswith("[Desktop Entry]\n")
    assert '"--minimized"' in path.read_text()
    assert start.is_on
    start.follow(wanted=False)
    assert not path.exists()
    assert start_for(Places.under(tmp_path)) is None


@pytest.mark.skipif(sys.platform != "linux", reason="reads desktop files as Linux's desktops do")
def test_what_the_file_starts_is_what_was_meant(tmp_path: Path) -> None:
    """Read by GLib where it is installed, as GNOME's sessions do; here a shell's rules are close enough."""
    program = tmp_path / 'a "strange" $folder`' / "said"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf "%s" "$1" > "$0.out"\n')
    program.chmod(0o755)
    entry = AutostartFile(tmp_path / "autostart", [], [str(program), "--minimized"])
    entry.write()
    line = entry.words()
    assert line is not None
    unescaped = line.replace("\\\\", "\\")  # the value's own backslashes
    subprocess.run(["/bin/sh", "-c", unescaped], check=True, timeout=10)
    assert Path(f"{program}.out").read_text() == "--minimized"


def test_a_file_of_a_program_that_stood_elsewhere_is_written_anew_and_one_that_fits_is_left(tmp_path: Path) -> None:
    entry = AutostartFile(tmp_path, [], WORDS)
    AutostartFile(tmp_path, [], ["/old/csr-desktop", "--minimized"]).write()
    StartAtSignIn(entry).follow(wanted=True)
    assert entry.words() == entry.expected()
    entry.path.write_text(entry.path.read_text().replace("enabled=true", "enabled=false"))  # by the desktop's settings
    StartAtSignIn(entry).follow(wanted=True)
    assert "enabled=false" in entry.path.read_text()


def test_what_starts_for_everyone_needs_no_entry_of_the_persons(tmp_path: Path) -> None:
    everyone = tmp_path / "all"
    AutostartFile(everyone, [], WORDS).write()
    own = AutostartFile(tmp_path / "own", [everyone], WORDS)
    own.write()
    start = StartAtSignIn(own)
    start.follow(wanted=True)
    assert own.words() is None, "it would start twice"
    assert start.is_on
    assert start.is_for_everyone


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="a folder below /proc takes nothing, also of root")
def test_where_it_cannot_be_changed_it_is_said() -> None:
    with pytest.raises(EnvironmentFault, match="could not be changed"):
        StartAtSignIn(AutostartFile(Path("/proc/none"), [], WORDS)).follow(wanted=True)


def test_macos_keeps_an_agent(tmp_path: Path) -> None:
    entry = LaunchAgent(tmp_path / "agents", WORDS, tmp_path / "all")
    start = StartAtSignIn(entry)
    start.follow(wanted=True)
    agent = plistlib.loads(entry.path.read_bytes())
    assert (agent["ProgramArguments"], agent["RunAtLoad"]) == (WORDS, True)
    assert start.is_own
    start.follow(wanted=False)
    assert not entry.path.exists()


class Hives:
    """Windows' registry as winreg gives it."""

    HKEY_LOCAL_MACHINE, HKEY_CURRENT_USER, KEY_READ, KEY_WRITE, KEY_WOW64_64KEY, REG_SZ = 1, 2, 4, 8, 16, 1

    def __init__(self) -> None:
        self.values: dict[tuple[int, str, str], str] = {}

    @contextmanager
    def OpenKey(self, key: int, sub_key: str, reserved: int = 0, access: int = 0) -> Iterator[Any]:  # noqa: N802
        yield key, sub_key

    CreateKeyEx = OpenKey

    def QueryValueEx(self, key: Any, name: str) -> tuple[Any, int]:  # noqa: N802
        try:
            return self.values[(*key, name)], self.REG_SZ
        except KeyError:
            raise FileNotFoundError from None

    def SetValueEx(self, key: Any, value_name: str, reserved: int, type: int, value: str) -> None:  # noqa: N802, A002
        self.values[(*key, value_name)] = value

    def DeleteValue(self, key: Any, value: str) -> None:  # noqa: N802
        del self.values[(*key, value)]


def test_windows_keeps_a_value_of_the_persons_and_the_installers_is_for_everyone() -> None:
    hives = Hives()
    entry = RunValue(hives, [r"C:\Program Files\CSR Desktop\csr-desktop.exe", "--minimized"])
    start = StartAtSignIn(entry)
    start.follow(wanted=True)
    assert hives.values == {
        (2, RUN_PATH, RUN_NAME): r'"C:\Program Files\CSR Desktop\csr-desktop.exe" --minimized',
    }
    hives.values[1, RUN_PATH, RUN_NAME] = "the installer's"
    start.follow(wanted=True)
    assert list(hives.values) == [(1, RUN_PATH, RUN_NAME)]
    assert start.is_for_everyone
    start.follow(wanted=False)
    assert list(hives.values) == [(1, RUN_PATH, RUN_NAME)]
