"""The Mac's bundle, its seals and its package, as far as they can be known without a Mac."""

from __future__ import annotations

import plistlib
import struct
import sys
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from csr_desktop.system.call_message import message_of_link
from csr_desktop.system.policy_sources import PREFERENCES

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging" / "macos"))
bundle: Any = import_module("mac_bundle")
installer: Any = import_module("mac_installer")
signing: Any = import_module("mac_signing")
release: Any = import_module("mac_release")
sys.path[0] = str(ROOT / "packaging")
trimmed: Any = import_module("trimmed")
sys.path.pop(0)

PROGRAM, LIBRARY = 2, 6
ENTITLEMENTS = ROOT / "packaging" / "macos" / "entitlements.plist"


def mach_o(kind: int, order: str = "<") -> bytes:
    return struct.pack(f"{order}IIIIIII", 0xFEEDFACF, 0x0100000C, 0, kind, 0, 0, 0)


def fat(kind: int) -> bytes:
    return struct.pack(">IIIIIII", 0xCAFEBABE, 1, 0x0100000C, 0, 64, 28, 14) + bytes(36) + mach_o(kind)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """As PyInstaller lays one out: code in MacOS and Frameworks, the rest in Resources, and links between them."""
    made = tmp_path / "CSR Desktop.app"
    files: dict[str, bytes] = {
        "Contents/Info.plist": plistlib.dumps(bundle.info("1.2.3")),
        "Contents/MacOS/csr-desktop": mach_o(PROGRAM),
        "Contents/MacOS/csr-desktop-cli": mach_o(PROGRAM),
        "Contents/Frameworks/libssl.3.dylib": mach_o(LIBRARY),
        "Contents/Frameworks/PySide6/QtCore.abi3.so": fat(LIBRARY),
        "Contents/Frameworks/PySide6/Qt/lib/QtCore.framework/Versions/A/QtCore": mach_o(LIBRARY),
        "Contents/Frameworks/PySide6/Qt/lib/QtCore.framework/Versions/A/Resources/Info.plist": b"<plist/>",
        "Contents/Frameworks/Python.framework/Versions/3.13/Python": mach_o(LIBRARY),
        "Contents/Frameworks/Python.framework/Versions/3.13/Resources/Python.app/Contents/MacOS/Python": mach_o(2),
        "Contents/Frameworks/Python.framework/Versions/3.13/Resources/Python.app/Contents/Info.plist": plistlib.dumps(
            {"CFBundleExecutable": "Python"}
        ),
        "Contents/Resources/base_library.zip": b"PK\x03\x04",
        "Contents/Resources/odd/Hidden.class": b"\xca\xfe\xba\xbe\x00\x00\x00\x34" + bytes(40),
        "Contents/Resources/odd/empty": b"",
    }
    for name, content in files.items():
        path = made / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (made / "Contents/Resources/libssl.3.dylib").symlink_to("../Frameworks/libssl.3.dylib")
    for framework, version in (("PySide6/Qt/lib/QtCore", "A"), ("Python", "3.13")):
        folder = made / f"Contents/Frameworks/{framework}.framework"
        (folder / "Versions/Current").symlink_to(version)
        (folder / Path(framework).name).symlink_to(f"Versions/Current/{Path(framework).name}")
    return made


def test_each_seal_comes_after_those_of_all_that_lies_within_it(app: Path) -> None:
    found = signing.order(app)
    assert found[-1] == app
    assert len(set(found)) == len(found)
    for number, path in enumerate(found):
        assert not any(later.is_relative_to(path) for later in found[number + 1 :]), path


def framework_links(library: str) -> list[tuple[str, str, str]]:
    """What PyInstaller adds for a framework's library: its list of properties, and the links that make it one."""
    version = Path(library).parent
    name, top = Path(library).name, version.parents[1]
    return [
        (f"{version}/Resources/Info.plist", f"{version}/Resources/Info.plist", "DATA"),
        (f"{version.parent}/Current", version.name, "SYMLINK"),
        (f"{top}/{name}", f"Versions/Current/{name}", "SYMLINK"),
        (f"{top}/Resources", "Versions/Current/Resources", "SYMLINK"),
    ]


def test_of_qts_frameworks_those_stay_whole_that_something_asks_for() -> None:
    library = "PySide6/Qt/lib/{0}.framework/Versions/A/{0}"
    core, gui, svg = (library.format(name) for name in ("QtCore", "QtGui", "QtSvg"))
    python, module = "Python.framework/Versions/3.13/Python", "PySide6/QtGui.abi3.so"
    binaries = [(name, name, "BINARY") for name in (core, gui, svg, python)] + [(module, module, "EXTENSION")]
    asked = {module: [f"@rpath/{Path(gui).name}"], gui: [core]}
    kept = trimmed.kept(binaries, lambda file: asked.get(file, ()))
    assert {name for name, _, _ in kept} == {core, gui, python, module}, "nothing asks for QtSvg"
    datas = [link for name in (core, gui, svg, python) for link in framework_links(name)]
    left = trimmed.without_dead_links(datas, kept)
    assert left == [link for name in (core, gui, python) for link in framework_links(name)]


def test_all_code_is_sealed_once_with_its_bundle_and_nothing_else_is(app: Path) -> None:
    names = {path.relative_to(app).as_posix() for path in signing.order(app)}
    python = "Contents/Frameworks/Python.framework/Versions/3.13"
    assert names == {
        ".",
        "Contents/MacOS/csr-desktop-cli",
        "Contents/Frameworks/libssl.3.dylib",
        "Contents/Frameworks/PySide6/QtCore.abi3.so",
        "Contents/Frameworks/PySide6/Qt/lib/QtCore.framework/Versions/A",
        python,
        f"{python}/Resources/Python.app",
    }


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (mach_o(PROGRAM), PROGRAM),
        (mach_o(LIBRARY, ">"), LIBRARY),
        (fat(PROGRAM), PROGRAM),
        (b"\xca\xfe\xba\xbe\x00\x00\x00\x34" + bytes(40), None),
        (b"\xca\xfe\xba\xbe", None),
        (b"#!/bin/sh\n", None),
        (b"", None),
    ],
    ids=["a program", "big-endian", "two architectures", "of Java", "cut off", "a script", "empty"],
)
def test_code_is_known_by_what_is_in_the_file(tmp_path: Path, content: bytes, kind: int | None) -> None:
    (tmp_path / "file").write_bytes(content)
    assert signing.kind_of(tmp_path / "file") == kind


def test_programs_alone_get_entitlements_and_all_the_hardened_runtime(app: Path) -> None:
    for path in signing.order(app):
        words = signing.command(path, "Developer ID Application: Sample", ENTITLEMENTS)
        assert words[-1] == str(path)
        assert {"--timestamp", "runtime"} <= set(words)
        assert "--deep" not in words
        is_program = path.suffix == ".app" or path.name == "csr-desktop-cli"
        assert ("--entitlements" in words) is is_program
        bare = signing.command(path, signing.AD_HOC, ENTITLEMENTS)
        assert "runtime" not in bare, "without a team the hardened runtime refuses the program's own libraries"


def test_no_exception_is_made_from_the_hardened_runtime() -> None:
    assert plistlib.loads(ENTITLEMENTS.read_bytes()) == {}


def test_the_bundle_says_what_it_opens_where_it_runs_and_what_it_is() -> None:
    info = bundle.info("1.2.3rc4")
    assert info["CFBundleIdentifier"] == PREFERENCES, "profiles settle the preferences of this name"
    assert (info["CFBundleShortVersionString"], info["CFBundleVersion"]) == ("1.2.3", "1.2.3")
    schemes = [scheme for kind in info["CFBundleURLTypes"] for scheme in kind["CFBundleURLSchemes"]]
    assert schemes == ["csr-desktop", "tel"]
    links = {"csr-desktop": "csr-desktop:dial?number=3125550142", "tel": "tel:3125550142"}
    for scheme in schemes:
        assert message_of_link(links[scheme], 0) == {"what": "dial", "number": "3125550142"}
    assert info["LSMinimumSystemVersion"] == "14.0"
    assert info["NSHighResolutionCapable"] is True
    assert "LSMultipleInstancesProhibited" not in info, "it would keep a second person of this Mac from it"
    assert info["LSBackgroundOnly"] is False, "else it would have no window"
    assert not [name for name in info if "Microphone" in name or "Camera" in name], "nothing is asked for without need"
    assert plistlib.loads(plistlib.dumps(info)) == info


def test_the_package_goes_into_applications_of_this_kind_of_mac_alone() -> None:
    root = ET.fromstring(installer.distribution("1.2.3", "arm64", "csr-desktop.pkg"))
    options, domains, system = root.find("options"), root.find("domains"), root.find(".//os-version")
    assert options is not None
    assert domains is not None
    assert system is not None
    assert (options.get("hostArchitectures"), options.get("customize")) == ("arm64", "never")
    assert domains.get("enable_localSystem") == "true"
    assert domains.get("enable_currentUserHome") == domains.get("enable_anywhere") == "false"
    assert system.get("min") == bundle.info("1.2.3")["LSMinimumSystemVersion"]
    choices = {choice.attrib["id"] for choice in root.findall("choice")}
    assert {line.attrib["choice"] for line in root.iter("line")} == choices
    parts = {part.attrib["id"]: part.text for part in root.findall("pkg-ref")}
    assert {part.attrib["id"] for part in root.findall("choice/pkg-ref")} == set(parts)
    assert parts == {f"{PREFERENCES}.pkg": "csr-desktop.pkg"}
    assert not list(root.iter("script")), "the package runs nothing"


def test_an_update_finds_the_program_in_its_place_and_an_older_one_does_not_go_over_it() -> None:
    (component,) = plistlib.loads(installer.components())
    assert component["RootRelativeBundlePath"] == "Applications/CSR Desktop.app"
    assert component["BundleIsRelocatable"] is False, "a copy elsewhere would be updated in place of this one"
    assert component["BundleIsVersionChecked"] is True


def test_the_package_holds_the_program_as_it_was_sealed_and_its_command(app: Path, tmp_path: Path) -> None:
    installer.lay_out(app, tmp_path / "root")
    laid = tmp_path / "root" / "Applications" / "CSR Desktop.app"
    assert (laid / "Contents/Frameworks/Python.framework/Versions/Current").is_symlink()
    command = tmp_path / "root" / "usr/local/bin/csr-desktop-cli"
    target = command.readlink()
    assert (tmp_path / "root" / target.relative_to("/")).is_file()


@pytest.mark.parametrize(
    ("identity", "expected"),
    [("Developer ID Installer: Sample", "csr-desktop-1.2.3-arm64.pkg"), ("", "csr-desktop-1.2.3-arm64-unsigned.pkg")],
)
def test_what_nobody_signed_says_so_in_its_name(identity: str, expected: str, tmp_path: Path) -> None:
    assert release.names("1.2.3", "arm64", bool(identity))[0] == expected
    component, product = installer.build_commands(tmp_path, "1.2.3", tmp_path / expected, identity)
    assert (component[0], product[0]) == ("pkgbuild", "productbuild")
    assert ("--sign" in product) is bool(identity)
    assert product[-1] == str(tmp_path / expected)


def test_without_apples_key_nothing_is_sent_and_gatekeeper_is_not_asked(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("CSR Desktop.app", "one.pkg", "one.dmg")]
    assert release.notary_commands(paths[1], {}) == []
    assert not any("spctl" in words for words in release.checks(*paths, False))
    environment = {
        "CSR_DESKTOP_NOTARY_KEY": "key.p8",
        "CSR_DESKTOP_NOTARY_KEY_ID": "MADEUP",
        "CSR_DESKTOP_NOTARY_ISSUER": "made-up",
    }
    (words,) = release.notary_commands(paths[1], environment)
    assert words[:5] == ["xcrun", "notarytool", "submit", str(paths[1]), "--wait"]
    said = [" ".join(words) for words in release.checks(*paths, True)]
    assert all(any(path.name in line for line in said) for path in paths)
