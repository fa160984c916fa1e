"""The package for Windows, read back from what was built: what an administrator and Windows Installer find in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from csr_desktop.system.policy_keys import BY_NAME
from csr_desktop.system.policy_sources import MACHINE_PATH

ROOT = Path(__file__).resolve().parents[2]
PLACES = [str(ROOT / "packaging" / "windows"), str(ROOT / "packaging")]
before = list(sys.path)
sys.path[:0] = PLACES
msi: Any = import_module("msi")
make: Any = import_module("make")
sys.path[:] = before  # names such as wheel would hide others from the tests that follow

PROPERTIES = ("SERVERURL", "AUTOSTART", "DESKTOPSHORTCUT", "REGISTERTEL", "UPDATECHECK", "INSTALLDIR")

pytestmark = pytest.mark.skipif(
    shutil.which("wixl") is None or shutil.which("msibuild") is None, reason="wixl and msitools are not installed"
)


def payload(folder: Path, *more: str) -> Path:
    program = folder / "payload"
    for name in ("csr-desktop.exe", "csr-desktop-cli.exe", "_internal/resources/a long name.toml", *more):
        path = program / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"made up: {name}")
    return program


def built(folder: Path, version: str = "1.2.3", *more: str) -> Path:
    icon = folder / "icon.ico"
    icon.write_bytes(b"made up")
    package = folder / f"{version}.msi"
    msi.build(payload(folder, *more), icon, package, version)
    return package


def rows(package: Path, table: str) -> list[list[str]]:
    found: list[list[str]] = msi.table(package, table)[1]
    return found


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("msi"))


def pairs(package: Path, table: str, first: int = 0, second: int = 1) -> dict[str, str]:
    return {row[first]: row[second] for row in rows(package, table)}


def values(package: Path, component: str) -> set[tuple[str, str, str]]:
    return {(row[2], row[3], row[4]) for row in rows(package, "Registry") if row[5] == component}


def test_it_is_for_all_users_of_a_64_bit_computer_and_runs_nothing(package: Path) -> None:
    properties = pairs(package, "Property")
    assert properties["ALLUSERS"] == "1"
    assert properties["ProductVersion"] == "1.2.3"
    assert properties["UpgradeCode"] == "{2E0B5C4C-6D0A-4B0C-9A0E-53A6B1C5F2D7}", "it never changes"
    summary = subprocess.run(["msiinfo", "suminfo", str(package)], check=True, capture_output=True, text=True).stdout
    assert "Template: x64;1033" in summary
    assert rows(package, "CustomAction") == []
    assert rows(package, "ServiceInstall") == []
    assert pairs(package, "Directory")["INSTALLDIR"] == "ProgramFiles64Folder"


def test_windows_is_never_started_anew_and_a_running_program_never_asked_about(package: Path) -> None:
    properties = pairs(package, "Property")
    assert properties["REBOOT"] == "ReallySuppress"
    assert properties["MSIRMSHUTDOWN"] == "0"
    assert "MSIRESTARTMANAGERCONTROL" not in properties, "the Restart Manager is used, as when nothing is said"


@pytest.mark.parametrize("name", PROPERTIES)
def test_what_was_given_is_found_by_the_next_version_unless_it_is_given_anew(package: Path, name: str) -> None:
    signature = pairs(package, "AppSearch")[name]
    (search,) = [row for row in rows(package, "RegLocator") if row[0] == signature]
    _, root, key, value, kind = search
    assert root == "2"
    assert int(kind) == 2 | 16, "the value itself, in the 64-bit view"
    assert value.endswith(f"[{name}]"), "with a word of the command line it names a value that nobody has"
    written = {(row[2], row[3]) for row in rows(package, "Registry") if row[1] == "2"}
    assert (key, value.removesuffix(f"[{name}]")) in written
    assert name in pairs(package, "Property")["SecureCustomProperties"].split(";")


def test_the_program_reads_what_was_given_as_the_computers_defaults(package: Path) -> None:
    assert values(package, "kept_serverurl") == {(MACHINE_PATH, "ServerUrl", "[SERVERURL]")}
    assert values(package, "update_check_on") == {(MACHINE_PATH, "UpdateCheck", "#1")}
    assert values(package, "update_check_off") == {(MACHINE_PATH, "UpdateCheck", "#0")}
    assert BY_NAME["ServerUrl"].read("https://desk.example.com") == "https://desk.example.com"
    for component, number in (("update_check_on", 1), ("update_check_off", 0)):
        ((_, name, written),) = values(package, component)
        assert BY_NAME[name].read(int(written.removeprefix("#"))) is bool(number)


@pytest.mark.parametrize(
    ("component", "condition"),
    [
        ("kept_serverurl", 'SERVERURL AND SERVERURL ~<> "none"'),
        ("autostart", 'AUTOSTART = "1"'),
        ("desktop_shortcut", 'DESKTOPSHORTCUT = "1"'),
        ("tel", 'REGISTERTEL = "1"'),
        ("update_check_on", 'UPDATECHECK = "1" OR UPDATECHECK = "#1"'),
        ("update_check_off", 'UPDATECHECK = "0" OR UPDATECHECK = "#0"'),
    ],
)
def test_what_is_not_asked_for_is_not_there_and_all_of_it_goes(package: Path, component: str, condition: str) -> None:
    assert pairs(package, "Component", 0, 4)[component] == f'({condition}) OR REMOVE = "ALL"'


def test_links_the_start_with_the_session_and_the_paths_lead_to_the_windowed_program(package: Path) -> None:
    opens = '"[INSTALLDIR]csr-desktop.exe" link "%1"'
    assert (r"Software\Classes\csr-desktop\shell\open\command", "", opens) in values(package, "scheme")
    assert (r"Software\Classes\csr-desktop", "URL Protocol", "") in values(package, "scheme")
    assert (r"Software\Classes\CSRDesktop.tel\shell\open\command", "", opens) in values(package, "tel")
    assert (r"Software\CSR Desktop\Capabilities\UrlAssociations", "tel", "CSRDesktop.tel") in values(package, "tel")
    assert not any("Software\\Classes\\tel" in row[2] for row in rows(package, "Registry")), "only the person chooses"
    ((_, _, started),) = values(package, "autostart")
    assert started == '"[INSTALLDIR]csr-desktop.exe" --minimized'
    folders = {row[1]: row[4] for row in rows(package, "Shortcut")}
    assert folders == dict.fromkeys(("ProgramMenuFolder", "DesktopFolder"), "[INSTALLDIR]csr-desktop.exe")


def test_a_newer_version_is_not_replaced_and_an_older_one_is_whole_or_stays(package: Path) -> None:
    found = {row[6]: row for row in rows(package, "Upgrade")}
    assert found["WIX_DOWNGRADE_DETECTED"][1] == "1.2.3"
    assert int(found["WIX_UPGRADE_DETECTED"][4]) & 0x200, "another build of the same version too"
    conditions = pairs(package, "LaunchCondition")
    assert "newer version" in conditions["NOT WIX_DOWNGRADE_DETECTED"]
    assert "Windows 10 of version 1809" in conditions["Installed OR (VersionNT64 >= 603 AND BUILDOFWINDOWS >= 17763)"]
    found_by = {row[0]: row[1] for row in rows(package, "AppSearch")}
    (search,) = [row for row in rows(package, "RegLocator") if row[0] == found_by["BUILDOFWINDOWS"]]
    assert search[1:4] == ["2", r"SOFTWARE\Microsoft\Windows NT\CurrentVersion", "CurrentBuildNumber"]
    assert int(search[4]) & 0x10, "of the 64-bit view"
    order = {row[0]: int(row[2]) for row in rows(package, "InstallExecuteSequence")}
    assert order["InstallInitialize"] < order["RemoveExistingProducts"] < order["InstallFiles"]
    assert order["AppSearch"] < order["LaunchConditions"]
    assert order["AppSearch"] < order["RemoveExistingProducts"], "what the old version kept is read before it goes"
    assert pairs(package, "Property")["REINSTALLMODE"] == "amus"
    assert (
        order["RemoveFiles"] < order["RemoveRegistryValues"] < order["WriteRegistryValues"] < order["InstallFiles"]
    ), "what was given is there as long as files are removed and written"


def test_a_repair_with_other_words_asks_again_what_is_wanted(package: Path) -> None:
    attributes = {row[0]: int(row[3]) for row in rows(package, "Component")}
    asked = {name for name, number in attributes.items() if number & 0x40}
    assert asked == {row[0] for row in rows(package, "Component") if row[4]}
    assert {"autostart", "kept_serverurl", "tel"} <= asked
    assert not {"installed", "scheme", "start_menu"} & asked


def test_each_file_has_a_short_name_of_its_own_in_its_folder(tmp_path: Path) -> None:
    names = [f"_internal/a name that is long {number}.dll" for number in range(40)]
    package = built(tmp_path, "1.2.3", *names)
    folders = pairs(package, "Component", 0, 2)
    seen: set[tuple[str, str]] = set()
    for row in rows(package, "File"):
        short, _, long = row[2].partition("|")
        stem, _, ending = short.partition(".")
        assert 1 <= len(stem) <= 8
        assert len(ending) <= 3
        assert long or short == row[2]
        assert (folders[row[1]], short.upper()) not in seen
        seen.add((folders[row[1]], short.upper()))


def test_a_file_keeps_its_code_from_version_to_version_and_each_package_has_its_own(
    package: Path, tmp_path: Path
) -> None:
    later = built(tmp_path, "1.3.0", "_internal/new.dll")
    before, after = pairs(package, "Component"), pairs(later, "Component")
    assert {name: after[name] for name in before} == before
    assert len(set(after.values())) == len(after) == len(before) + 1
    assert pairs(package, "Property")["ProductCode"] != pairs(later, "Property")["ProductCode"]


def test_the_same_files_make_the_same_bytes_and_another_file_another_product(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    made = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        made.append(built(folder))
    assert made[0].read_bytes() == made[1].read_bytes()
    summary = subprocess.run(["msiinfo", "suminfo", str(made[0])], check=True, capture_output=True, text=True).stdout
    assert "2026" in next(line for line in summary.splitlines() if line.startswith("Created"))
    (tmp_path / "two" / "payload" / "csr-desktop.exe").write_text("another build")
    msi.build(tmp_path / "two" / "payload", tmp_path / "two" / "icon.ico", tmp_path / "other.msi", "1.2.3")
    assert pairs(tmp_path / "other.msi", "Property")["ProductCode"] != pairs(made[0], "Property")["ProductCode"], (
        "Windows takes no two files for one package"
    )
    (tmp_path / "one" / "icon.ico").write_bytes(b"another icon")
    msi.build(tmp_path / "one" / "payload", tmp_path / "one" / "icon.ico", tmp_path / "icon.msi", "1.2.3")
    assert pairs(tmp_path / "icon.msi", "Property")["ProductCode"] != pairs(made[0], "Property")["ProductCode"]


@pytest.mark.parametrize(
    ("version", "numbers"), [("1.2.3", "1.2.3"), ("1.2.3rc1", "1.2.3"), ("2.0", "2.0.0"), ("1.2.3.4", "1.2.3")]
)
def test_windows_compares_three_numbers(version: str, numbers: str) -> None:
    assert msi.product_version(version) == numbers


def test_a_package_above_its_budget_fails_the_build(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert msi.weighed(package) == package.stat().st_size
    monkeypatch.setattr(msi, "MOST_BYTES", 1_000)
    with pytest.raises(SystemExit, match="more than 1,000"):
        msi.weighed(package)


def test_what_only_a_proof_needs_is_found_in_a_package(tmp_path: Path) -> None:
    program = payload(tmp_path, "_internal/PySide6/Qt6Core.dll")
    assert make.leaked(program) == []
    payload(tmp_path, "_internal/PySide6/ICUUC.dll", "bcryptprimitives.dll")
    assert make.leaked(program) == ["ICUUC.dll", "bcryptprimitives.dll"]


def library(folder: Path, name: str, asks_for: str = "") -> None:
    """A DLL made here, which asks Windows or another one for a function."""
    folder.mkdir(parents=True, exist_ok=True)
    definition, stand_in, code = (folder / f"{name}.{ending}" for ending in ("def", "a", "c"))
    code.write_text(
        "__declspec(dllimport) int made_up(void);\n__declspec(dllexport) int other(void) { return made_up(); }\n"
        if asks_for
        else "__declspec(dllexport) int made_up(void) { return 1; }\n"
    )
    linked = []
    if asks_for:
        definition.write_text(f"LIBRARY {asks_for}\nEXPORTS\nmade_up\n")
        subprocess.run(["x86_64-w64-mingw32-dlltool", "-d", str(definition), "-l", str(stand_in)], check=True)
        linked = [str(stand_in)]
    command = ["x86_64-w64-mingw32-gcc", "-shared", "-nostdlib", "-Wl,-e,0", "-o", str(folder / f"{name}.dll")]
    subprocess.run([*command, str(code), *linked], check=True)


@pytest.mark.skipif(shutil.which("x86_64-w64-mingw32-gcc") is None, reason="no compiler for Windows is installed")
def test_a_library_that_the_package_lacks_is_found_before_anybody_misses_it(tmp_path: Path) -> None:
    system = tmp_path / "system32"
    library(system, "made_up_of_windows")
    library(tmp_path / "program", "first", "Made_Up_Of_Windows.dll")
    library(tmp_path / "program" / "below", "second", "first.dll")
    assert make.unanswered(tmp_path / "program", system) == []
    library(tmp_path / "program", "third", "msvcp140-0123.dll")
    assert make.unanswered(tmp_path / "program", system) == ["third.dll asks for msvcp140-0123.dll"]


def test_a_step_is_done_again_when_its_inputs_changed_or_it_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[str] = []
    for inputs in ("one", "one", "two"):
        make.once("Step", tmp_path / "stamp", inputs, lambda word=inputs: done.append(word))
    assert done == ["one", "two"]
    assert "Step: as before" in capsys.readouterr().out

    def fail() -> None:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011  # it is made here, without words
        make.once("Step", tmp_path / "stamp", "three", fail)
    make.once("Step", tmp_path / "stamp", "two", lambda: done.append("again"))
    assert done[-1] == "again"


def test_wheels_for_windows_are_those_of_the_lock_without_a_teams_server() -> None:
    wanted = make.wanted()
    assert "pyside6-essentials==" in wanted
    assert "pyinstaller==" in wanted
    assert "psycopg" not in wanted
    assert wanted.count("==") < wanted.count("--hash=sha256:")
