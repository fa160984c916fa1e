"""What an administrator types by the guide is what the packages and the program know: names, paths, values, numbers."""

from __future__ import annotations

import plistlib
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from csr_desktop.protocol import PROTOCOL, SERVED
from csr_desktop.server.passwords import LONGEST, SHORTEST
from csr_desktop.server.sign_in import FREE_TRIES, LONGEST_DELAY_SECONDS
from csr_desktop.store.opening import COPY_DAYS
from csr_desktop.system.policy_keys import BY_NAME, KEYS
from csr_desktop.system.policy_sources import POLICY_PATH, PREFERENCES
from csr_desktop.system.start_at_sign_in import AGENT

ROOT = Path(__file__).resolve().parents[2]
before = list(sys.path)
sys.path[:0] = [str(ROOT / "packaging" / name) for name in (".", "macos", "policy", "windows")]
admx: Any = import_module("policy_admx")
deb: Any = import_module("deb")
examples: Any = import_module("policy_examples")
mac_bundle: Any = import_module("mac_bundle")
mac_installer: Any = import_module("mac_installer")
msi: Any = import_module("msi")
sys.path[:] = before

STEPS = (ROOT / "packaging" / "README.md").read_text(encoding="utf-8")
IT = (ROOT / "resources" / "help" / "it.md").read_text(encoding="utf-8")
PROPERTIES = {setting.name for setting in msi.SETTINGS}


def section(title: str) -> str:
    [text] = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", STEPS, re.MULTILINE | re.DOTALL)
    return str(text)


def paragraph(title: str) -> str:
    """Of the guide, on one line."""
    [text] = re.findall(rf"\*\*{title}\.\*\*(.*?)(?=\n\n\*\*|\Z)", IT, re.DOTALL)
    return re.sub(r"\s+", " ", text)


def test_a_script_that_detects_says_something_only_where_the_version_is_there() -> None:
    [script] = re.findall(r"```powershell\n(\$found.*?)```", STEPS, re.DOTALL)
    read, said = script.splitlines()
    assert read == (rf"$found = (Get-ItemProperty 'HKLM:\{msi.INSTALLER}' -ErrorAction SilentlyContinue).Version"), (
        "a computer without it is no error"
    )
    assert said == "if ($found -and [version]$found -ge [version]'1.2.3') { 'installed' }", (
        "a False would be output, too"
    )
    [installed] = [part for part in msi.components("1.2.3") if part.name == "installed"]
    assert msi.Value(msi.INSTALLER, "Version", "1.2.3") in installed.values


def test_a_later_version_is_detected_as_well() -> None:
    [row] = [line for line in section("Intune").splitlines() if line.startswith("| detection |")]
    assert (
        rf"`HKEY_LOCAL_MACHINE\{msi.INSTALLER}`, value `Version`, *Version comparison*, *Greater than or equal" in row
    )
    assert "string comparison" not in STEPS.lower()


def test_properties_that_are_given_are_the_packages_own() -> None:
    given = set(re.findall(r"\b([A-Z]{4,})=", STEPS)) | set(re.findall(r"`([A-Z]{5,})`", section("Group Policy")))
    assert given
    assert given <= PROPERTIES


def test_what_group_policy_settles_by_keys_has_one_and_what_wants_a_transform_has_none() -> None:
    [text] = re.findall(r"- \*\*Properties\*\*:(.*?)\n- ", section("Group Policy"), re.DOTALL)
    settled, transformed = re.sub(r"\s+", " ", text).split(". ", 1)
    by_key = set(re.findall(r"`([A-Z]+)`", settled))
    assert {key.upper() for key in re.findall(r"`([A-Z][a-z]\w+)`", settled)} == by_key
    assert by_key <= {name.upper() for name in BY_NAME}
    others = set(re.findall(r"`([A-Z]{5,})`", transformed))
    assert by_key | others == PROPERTIES
    assert not others & {name.upper() for name in BY_NAME}


def test_the_registry_is_written_where_it_is_read_without_being_asked() -> None:
    [line] = re.findall(r"`(reg add [^`]*)`", STEPS)
    assert line.startswith(rf'reg add "HKLM\{POLICY_PATH}" /v ServerUrl /d ')
    assert {"/f", "/reg:64"} <= set(line.split())


def test_addresses_for_mobile_device_management_follow_from_the_template() -> None:
    root = ET.fromstring(admx.admx(KEYS, "1.2.3"))
    space = {"p": admx.SPACE}
    rows = re.findall(r"^\| `\./Device/Vendor/MSFT/Policy/(\S+)` \| (.*) \|$", section("Intune"), re.MULTILINE)
    [(ingest, _), *settled] = rows
    app = ingest.split("/")[2]
    assert ingest == f"ConfigOperations/ADMXInstall/{app}/Policy/{app}ADMX"
    assert settled
    for place, value in settled:
        area, name = place.removeprefix("Config/").split("/")
        assert area == f"{app}~Policy~{admx.CATEGORY}"
        [policy] = [found for found in root.findall("p:policies/p:policy", space) if found.get("name") == name]
        parent = policy.find("p:parentCategory", space)
        assert parent is not None
        assert parent.get("ref") == admx.CATEGORY
        elements = policy.findall("p:elements/*", space)
        assert [element.get("id") for element in elements] == re.findall(r'<data id="(\w+)"', value)
        assert "<enabled/>" in value
        assert ("<disabled/>" in value) is (not elements), "only a switch has a value for off"


def test_what_macs_know_it_by_is_what_the_bundle_says() -> None:
    assert mac_bundle.IDENTIFIER == PREFERENCES == AGENT
    payloads = section("Macs: what goes out beside the settings")
    assert f"rule type `Label`, value `{AGENT}`" in payloads
    assert f"Identifier is `{mac_bundle.IDENTIFIER}`" in STEPS
    assert f"--minimum-os-version {mac_bundle.LEAST_SYSTEM}" in section("Munki")
    for architecture in mac_installer.ARCHITECTURES:
        assert f"`{architecture}`" in section("Jamf Pro")
        assert f"--arch {architecture}" in section("Munki")
    assert f'--blocking-application "{mac_bundle.NAME}"' in section("Munki")


@pytest.mark.parametrize("text", [STEPS, IT], ids=["steps", "guide"])
def test_the_systems_that_are_named_are_those_that_the_packages_ask_for(text: str) -> None:
    [glibc] = [re.findall(r"libc6 \(>= (\S+)\)", need)[0] for need in deb.DEPENDS if need.startswith("libc6")]
    assert f"glibc {glibc}" in text
    least = mac_bundle.LEAST_SYSTEM.removesuffix(".0")
    assert re.search(rf"macOS(?: \|)? {least} and newer", text)
    assert "22H2" in text


def test_what_is_asked_of_passwords_is_what_the_server_asks() -> None:
    words = paragraph("Signing in")
    assert f"A password has {SHORTEST} to {LONGEST:,} characters" in words
    assert FREE_TRIES == 3
    assert LONGEST_DELAY_SECONDS == 60
    assert "After three wrong ones in a row each further try waits, from one second up to a minute" in words


def test_how_long_a_version_is_served_is_said_in_protocols() -> None:
    words = paragraph("New versions")
    assert f"today {PROTOCOL}, and the server serves {SERVED[0]} to {SERVED[-1]}." in words
    assert f"keeps the copy for {COPY_DAYS} days" in words


def test_the_mac_templates_settle_the_address_alone_as_the_steps_say() -> None:
    assert "The Mac's two files settle `ServerUrl` alone" in STEPS
    assert list(plistlib.loads(examples.preferences(KEYS))) == ["ServerUrl"]
    [payload] = plistlib.loads(examples.profile(KEYS))["PayloadContent"]
    [forced] = payload["PayloadContent"][PREFERENCES]["Forced"]
    assert list(forced["mcx_preference_settings"]) == ["ServerUrl"]
    assert "upload `csr-desktop.mobileconfig`" in re.sub(r"\s+", " ", section("Intune"))
