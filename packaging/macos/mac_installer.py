"""The package (.pkg) for one architecture, and the image (.dmg): what they say of themselves, how they are made."""

from __future__ import annotations

import plistlib
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from mac_bundle import FOLDER, IDENTIFIER, LEAST_SYSTEM, NAME, numbers

COMMAND: Final = "csr-desktop-cli"
COMMAND_PLACE: Final = Path("usr") / "local" / "bin" / COMMAND
APP_PLACE: Final = Path("Applications") / FOLDER
ARCHITECTURES: Final = ("arm64", "x86_64")
RECEIPT: Final = f"{IDENTIFIER}.pkg"


def components() -> bytes:
    """How the app is put in place: always into Applications, wherever a copy lies; never over a newer one."""
    return plistlib.dumps(
        [
            {
                "RootRelativeBundlePath": APP_PLACE.as_posix(),
                "BundleHasStrictIdentifier": True,
                "BundleIsRelocatable": False,
                "BundleIsVersionChecked": True,
                "BundleOverwriteAction": "upgrade",
            }
        ]
    )


def distribution(version: str, architecture: str, component: str) -> bytes:
    """For whom the package is: this architecture, macOS from LEAST_SYSTEM on, all of the computer. It runs nothing."""
    root = ET.Element("installer-gui-script", minSpecVersion="2")
    ET.SubElement(root, "title").text = NAME
    ET.SubElement(
        root, "options", {"customize": "never", "require-scripts": "false", "hostArchitectures": architecture}
    )
    ET.SubElement(
        root, "domains", {"enable_anywhere": "false", "enable_currentUserHome": "false", "enable_localSystem": "true"}
    )
    systems = ET.SubElement(ET.SubElement(root, "volume-check"), "allowed-os-versions")
    ET.SubElement(systems, "os-version", min=LEAST_SYSTEM)
    outline = ET.SubElement(root, "choices-outline")
    ET.SubElement(outline, "line", choice="default")
    choice = ET.SubElement(root, "choice", id="default", title=NAME)
    ET.SubElement(choice, "pkg-ref", id=RECEIPT)
    reference = ET.SubElement(root, "pkg-ref", id=RECEIPT, version=numbers(version), onConclusion="none")
    reference.text = component
    ET.indent(root)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root) + b"\n"


def lay_out(app: Path, root: Path) -> None:
    """The app and its command as they lie on the computer. Raises FileExistsError where something is there."""
    import shutil

    place = root / APP_PLACE
    place.parent.mkdir(parents=True)
    shutil.copytree(app, place, symlinks=True)
    link = root / COMMAND_PLACE
    link.parent.mkdir(parents=True)
    link.symlink_to(f"/{(APP_PLACE / 'Contents' / 'MacOS' / COMMAND).as_posix()}")


def build_commands(work: Path, version: str, made: Path, identity: str) -> list[list[str]]:
    """Makes `made` of root, components.plist and distribution.xml in `work`; signed where there is an identity."""
    component = ["pkgbuild", "--root", str(work / "root"), "--component-plist", str(work / "components.plist")]
    component += ["--identifier", RECEIPT, "--version", numbers(version), "--install-location", "/"]
    component += ["--ownership", "recommended", str(work / "parts" / "csr-desktop.pkg")]
    product = ["productbuild", "--distribution", str(work / "distribution.xml"), "--package-path", str(work / "parts")]
    if identity:
        product += ["--sign", identity, "--timestamp"]
    return [component, [*product, str(made)]]


def image_command(folder: Path, made: Path) -> list[str]:
    """An image of the folder: the app beside a link to Applications."""
    words = ["hdiutil", "create", "-volname", NAME, "-srcfolder", str(folder), "-fs", "HFS+", "-format", "UDZO"]
    return [*words, "-ov", str(made)]
