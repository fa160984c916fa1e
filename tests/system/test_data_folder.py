"""The folder that an organisation names for data: variables, what it may not be, and what lay elsewhere before."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from csr_desktop.__main__ import main
from csr_desktop.bootstrap import settle_data
from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.system import call_command, policy_sources
from csr_desktop.system.data_folder import bring_along, data_folder
from csr_desktop.system.file_lock import lock_file
from csr_desktop.system.places import Places
from csr_desktop.system.policy_sources import Source, Sources
from csr_desktop.system.settings import Settings, SettingsFile
from tests.faults.machine import namespace


def test_variables_and_the_persons_own_folder_are_filled_in(tmp_path: Path) -> None:
    environment = {"LOCALAPPDATA": str(tmp_path / "local"), "USERNAME": "alex", "USER": "alex"}
    assert data_folder("%LOCALAPPDATA%", environment) == tmp_path / "local" / "csr-desktop"
    for text in ("%USERNAME%", "$USER", "${USER}"):
        assert data_folder(f"{tmp_path}/desks/{text}", environment) == tmp_path / "desks" / "alex" / "csr-desktop"
    assert data_folder("~/desk", {}) == Path.home() / "desk" / "csr-desktop"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("%NOWHERE%/desk", "no variable NOWHERE"),
        ("desk", "no whole path"),
        (r"\\server\share\alex", "lies on the network"),
        ("//server/share/alex", "lies on the network"),
    ],
)
def test_what_can_be_no_folder_is_said(text: str, why: str) -> None:
    with pytest.raises(EnvironmentFault, match=why) as fault:
        data_folder(text, {})
    assert "DataFolder in the policy" in str(fault.value)


def named(folder: object) -> Sources:
    return Sources((Source("policy", {"DataFolder": folder}),))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A person's usual places, with a desk in them."""
    monkeypatch.setenv("CSR_DESKTOP_HOME", str(tmp_path / "home"))
    usual = Places.usual()
    usual.make()
    (usual.data / "ada.db").write_bytes(b"rows" * 1000)
    (usual.data / "ada.db-wal").write_bytes(b"the last rows")
    (usual.data / "ada.db.meta").write_bytes(b"{}")
    (usual.data / "phone-key").write_bytes(b"key")
    (usual.data / "phone-key").chmod(0o600)
    return usual


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "running.lock"
    }


def test_data_goes_where_the_policy_says_and_comes_back_without_it(home: Places, tmp_path: Path) -> None:
    before = content(home.data)
    there = Places.of_this_person(sources=named(str(tmp_path / "elsewhere")))
    assert there.data == tmp_path / "elsewhere" / "csr-desktop"
    assert (there.config, there.log) == (home.config, home.log)
    settle_data(there)
    assert content(there.data) == before
    assert not home.data.exists()
    if os.name == "posix":
        assert stat.S_IMODE((there.data / "phone-key").stat().st_mode) == 0o600
        assert stat.S_IMODE(there.data.stat().st_mode) == 0o700
    settle_data(there)
    assert content(there.data) == before, "the next start finds it there"
    third = Places.of_this_person(sources=named(str(tmp_path / "third")))
    settle_data(third)
    assert content(third.data) == before
    settle_data(home)
    assert content(home.data) == before
    assert list(home.config.iterdir()) == [], "nothing is remembered of the way"


def test_what_lies_there_already_is_never_written_over(home: Places, tmp_path: Path) -> None:
    there = Places.of_this_person(sources=named(str(tmp_path / "elsewhere")))
    there.make()
    (there.data / "other.db").write_bytes(b"of before")
    mine = content(home.data)
    settle_data(there)
    assert content(there.data) == {"other.db": b"of before"}
    assert content(home.data) == mine


def test_a_copy_that_was_cut_off_is_begun_again(home: Places, tmp_path: Path) -> None:
    before = content(home.data)
    there = tmp_path / "elsewhere" / "csr-desktop"
    (there / "arriving").mkdir(parents=True)
    (there / "arriving" / "ada.db").write_bytes(b"half")
    (there / "running.json").write_bytes(b"of a start that found nothing")
    assert bring_along(home.data, there)
    assert content(there) == {**before, "running.json": b"of a start that found nothing"}


def test_while_the_desk_is_open_nothing_is_moved(home: Places, tmp_path: Path) -> None:
    before = content(home.data)
    held = lock_file(home.data / "running.lock")
    assert held is not None
    with pytest.raises(EnvironmentFault, match="still open"):
        bring_along(home.data, tmp_path / "elsewhere")
    held.close()
    assert content(home.data) == before


def test_a_folder_that_takes_nothing_leaves_all_as_it_was(home: Places, tmp_path: Path) -> None:
    before = content(home.data)
    (tmp_path / "elsewhere").write_text("a file")
    with pytest.raises(EnvironmentFault, match="could not be moved") as fault:
        bring_along(home.data, tmp_path / "elsewhere" / "csr-desktop")
    assert str(home.data) in fault.value.advice
    assert content(home.data) == before


def test_a_wrong_folder_is_said_by_the_command_and_by_a_call(home: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_sources, "sources_of_this_computer", lambda: named("desk"))
    result = CliRunner().invoke(main, ["policy"])
    assert result.exit_code == 1
    assert "no whole path" in result.output
    assert any(line.split()[:2] == ["DataFolder", "desk"] for line in result.stdout.splitlines())
    result = CliRunner().invoke(main, ["call", "--event", "ring", "--number", "1"])
    assert result.exit_code == call_command.NOT_RUNNING
    assert "no whole path" in result.stderr
    assert home.data.exists()


@pytest.mark.parametrize(
    ("policy", "chosen", "opens"),
    [({}, True, True), ({}, False, False), ({"CallsOpenDesk": 0}, True, False), ({"CallsOpenDesk": 1}, False, True)],
)
def test_whether_a_call_opens_the_desk_is_the_organisations_to_say(
    home: Places, monkeypatch: pytest.MonkeyPatch, policy: dict[str, Any], chosen: bool, opens: bool
) -> None:
    SettingsFile(home.config / "settings.json").save(Settings(calls_open_desk=chosen), touched={"calls_open_desk"})
    monkeypatch.setattr(policy_sources, "sources_of_this_computer", lambda: Sources((Source("policy", policy),)))
    assert call_command._opens_desk(home) is opens


MOVED = """
import json, os, subprocess, sys
from pathlib import Path
from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.system.data_folder import bring_along
before, small = Path(sys.argv[1]), Path(sys.argv[2])
now = small / "desks" / "csr-desktop"

def mount(*options):
    subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(small)], check=True)

def moved():
    try:
        return bring_along(before, now)
    except EnvironmentFault as fault:
        return [fault.title, fault.advice]

def free():
    found = os.statvfs(small)
    return found.f_bavail * found.f_frsize

mount("size=2m")
room = free()
told = {"said": [moved(), moved()], "kept": sorted(path.name for path in before.iterdir()), "there": now.exists()}
told["room"] = free() >= room - 65536
mount("remount", "size=8m")
told["moved"] = moved()
told["bytes"] = (now / "ada.db").stat().st_size
print(json.dumps(told))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a small disk")
def test_a_disk_that_fills_while_the_data_moves_loses_nothing_and_stays_usable(home: Places, tmp_path: Path) -> None:
    (home.data / "ada.db").write_bytes(b"rows" * 1_000_000)
    mine = sorted(path.name for path in home.data.iterdir())
    (tmp_path / "small").mkdir()
    command = [*namespace("-m"), sys.executable, "-c", MOVED, str(home.data), str(tmp_path / "small")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    for title, advice in told["said"]:
        assert "could not be moved" in title
        assert "No space left on device" in title
        assert str(home.data) in advice
    assert [name for name in told["kept"] if name != "running.lock"] == mine
    assert not told["there"]
    assert told["room"], "what was copied in vain is not left on the full disk"
    assert told["moved"] is True, "once there is room"
    assert told["bytes"] == 4_000_000
