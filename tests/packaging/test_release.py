"""What the release's trials on Windows and macOS do and how they judge, as far as it can be tried elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from csr_desktop import __version__
from csr_desktop.system.policy import decide
from csr_desktop.system.policy_keys import KEYS
from csr_desktop.system.policy_sources import MACHINE_PATH, POLICY_PATH, PREFERENCES, Source, Sources
from csr_desktop.system.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "packaging" / name) for name in ("release", "macos", "policy")]
try_msi: Any = import_module("try_msi")
try_pkg: Any = import_module("try_pkg")
trying: Any = import_module("trying")
version_before: Any = import_module("version_before")
admx: Any = import_module("policy_admx")
examples: Any = import_module("policy_examples")
sys.path[:] = [path for path in sys.path if not path.startswith(str(ROOT / "packaging"))]

COMPUTER = f"HKLM\\{POLICY_PATH}"


def settled(place: str, values: dict[str, object]) -> dict[str, Any]:
    """As `csr-desktop policy --json` says it."""
    policy = decide(Sources((Source(place, values),)), Settings())
    return {
        "settings": {
            item.key.name: {"value": item.value, "from": item.place, "locked": item.is_locked}
            for item in policy.effective
        }
    }


def example() -> dict[str, object]:
    found: dict[str, object] = trying.every_key(examples.preferences(KEYS))
    return found


def test_the_trial_writes_the_example_by_the_template_and_the_program_takes_all_of_it() -> None:
    values = try_msi.template_values(admx.admx(KEYS, "1.2.3"), example())
    assert set(values) == {key.name for key in KEYS}
    assert all(type(value) in {int, str} for value in values.values()), "the registry has numbers and texts"
    assert trying.not_taken(values, settled(COMPUTER, values), COMPUTER) == []
    assert (try_msi.POLICIES, try_msi.DEFAULTS) == (POLICY_PATH, MACHINE_PATH)
    assert f"{PREFERENCES}.plist" == try_msi.PREFERENCES


def test_a_key_that_is_not_locked_not_the_computers_or_another_value_fails_the_trial() -> None:
    values = try_msi.template_values(admx.admx(KEYS, "1.2.3"), example())
    everything = [key.name for key in KEYS]
    assert trying.not_taken(values, settled(f"HKCU\\{POLICY_PATH}", values), COMPUTER) == everything
    without = {name: value for name, value in values.items() if name != "Theme"}
    assert trying.not_taken(values, settled(COMPUTER, without), COMPUTER) == ["Theme"]
    other = values | {"ServerUrl": "https://other.example.com"}
    assert trying.not_taken(values, settled(COMPUTER, other), COMPUTER) == ["ServerUrl"]


def test_a_template_that_lacks_a_key_or_a_choice_fails_the_trial() -> None:
    lacking = admx.admx([key for key in KEYS if key.name != "Theme"], "1.2.3")
    with pytest.raises(ValueError, match="Not in the template: Theme"):
        try_msi.template_values(lacking, example())
    with pytest.raises(ValueError, match="none of the template's choices"):
        try_msi.template_values(admx.admx(KEYS, "1.2.3"), example() | {"Theme": "plaid"})


def test_managed_preferences_are_judged_alike() -> None:
    managed, elsewhere = str(try_pkg.MANAGED), "/Library/Preferences/else.plist"
    assert trying.not_taken(example(), settled(managed, example()), managed) == []
    assert trying.not_taken(example(), settled(elsewhere, example()), managed) == list(example())


def test_everything_is_silent_and_runs_from_a_file_that_leaves_its_exit_code(tmp_path: Path) -> None:
    msi, log = Path("csr desktop.msi"), Path("made up.log")
    install = try_msi.installing(msi, log, SERVERURL="https://desk.example.com")
    assert install[-1] == "SERVERURL=https://desk.example.com"
    for words in (install, try_msi.repairing(msi, log), try_msi.removing(msi, log)):
        assert words[0] == "msiexec"
        assert {"/qn", "/norestart"} <= set(words)
    lines = try_msi.batch(install, tmp_path / "result.txt").split("\r\n")
    assert lines[1].startswith('start "" /wait msiexec /i "csr desktop.msi"'), "cmd does not go on before it ended"
    assert lines[2].endswith("echo %ERRORLEVEL%")
    assert lines[3].startswith("move /y"), "the code is there whole, or not at all"


def test_nothing_is_tried_on_a_computer_of_another_kind() -> None:
    with pytest.raises(SystemExit, match="on Windows"):
        try_msi.read_value(MACHINE_PATH, "ServerUrl")


def test_removing_from_a_mac_touches_the_program_alone() -> None:
    touched = [step[-1] for step in try_pkg.removing()]
    assert touched == ["/Applications/CSR Desktop.app", "/usr/local/bin/csr-desktop-cli", f"{PREFERENCES}.pkg"]


@pytest.mark.skipif(
    not (ROOT / "packaging/windows/signing.py").is_file() or shutil.which("wixl") is None,
    reason="what makes packages for Windows is not here",
)
def test_a_first_release_has_an_older_stand_in_to_be_upgraded_from(tmp_path: Path) -> None:
    program, icon = tmp_path / "program", tmp_path / "icon.ico"
    (program / "_internal").mkdir(parents=True)
    for name in ("csr-desktop.exe", "csr-desktop-cli.exe", "_internal/part.dll"):
        (program / name).write_bytes(b"made up")
    icon.write_bytes(b"made up")
    command = [sys.executable, str(ROOT / "packaging" / "release" / "make_msi.py"), str(program), str(icon)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CSR_SIGN_")}
    subprocess.run([*command, str(tmp_path / "new"), str(tmp_path / "old")], check=True, env=environment)
    (new,) = (tmp_path / "new").iterdir()
    (old,) = (tmp_path / "old").iterdir()
    assert new.name == f"csr-desktop-{__version__}-x64-unsigned.msi"
    properties = {}
    for package in (new, old):
        said = subprocess.run(
            ["msiinfo", "export", str(package), "Property"], capture_output=True, text=True, check=True
        )
        properties[package] = dict(line.split("\t", 1) for line in said.stdout.splitlines() if "\t" in line)
    assert properties[new]["UpgradeCode"] == properties[old]["UpgradeCode"]
    assert properties[new]["ProductCode"] != properties[old]["ProductCode"]
    versions = [tuple(map(int, properties[package]["ProductVersion"].split("."))) for package in (old, new)]
    assert versions[0] < versions[1]


def test_what_wix_is_not_asked_is_only_whether_a_shortcuts_folder_is_a_persons_own() -> None:
    asked = try_msi.validating(Path("new.msi"), Path("smoke.exe"))
    assert [word for word in asked if word.startswith("-s")] == ["-sice:ICE38", "-sice:ICE43", "-sice:ICE57"]


@pytest.mark.skipif(os.name != "posix", reason="scripts of a shell stand in for what is installed")
def test_a_window_that_comes_up_and_hears_passes_the_trial_and_one_that_does_not_fails_it(tmp_path: Path) -> None:
    window, program, ends = (tmp_path / name for name in ("window", "program", "ends"))
    for path, words in (
        (window, f'exec "{sys.executable}" -m csr_desktop'),
        (program, f'exec "{sys.executable}" -m csr_desktop "$@"'),
        (ends, "exit 7"),
    ):
        path.write_text(f"#!/bin/sh\ncd {ROOT}\n{words}\n")
        path.chmod(0o755)
    trying.need_window(window, program)
    with pytest.raises(SystemExit, match="ended with 7 before it stood"):
        trying.need_window(ends, program)
    with pytest.raises(SystemExit, match="does not hear of a link: 7"):
        trying.need_window(window, ends)


@pytest.mark.parametrize(
    ("version", "tags", "before"),
    [
        ("1.2.0", ["v1.1.9", "v1.2.0", "v1.3.0", "v1.1.10", "nightly"], "v1.1.10"),
        ("1.2.0rc1", ["v1.1.9", "v1.2.0"], "v1.1.9"),
        ("1.0.5", ["v1.1.0", "v1.0.4"], "v1.0.4"),
        ("0.1.0", ["v0.1.0"], ""),
        ("0.1.0", [], ""),
    ],
)
def test_what_is_upgraded_from_is_the_newest_release_below_this_version(
    version: str, tags: list[str], before: str
) -> None:
    assert (version_before.below(version, tags) or [""])[0] == before
