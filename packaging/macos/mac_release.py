"""Signs the frozen program, packs it and has it notarized, on a Mac.

python packaging/macos/mac_release.py "build/dist/CSR Desktop.app" build/package

Without certificates everything is made and named -unsigned. Of the environment:
CSR_DESKTOP_APPLICATION_IDENTITY  "Developer ID Application: …", for the program and the image
CSR_DESKTOP_INSTALLER_IDENTITY    "Developer ID Installer: …", for the package
CSR_DESKTOP_NOTARY_KEY            a file with App Store Connect's key; with _NOTARY_KEY_ID and _NOTARY_ISSUER
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from mac_bundle import FOLDER
from mac_installer import ARCHITECTURES, build_commands, components, distribution, image_command, lay_out
from mac_signing import AD_HOC, command, order

from csr_desktop import __version__

ENTITLEMENTS: Final = Path(__file__).with_name("entitlements.plist")
_PREFIX: Final = "CSR_DESKTOP_"


def names(version: str, architecture: str, is_signed: bool) -> tuple[str, str]:
    """The package's and the image's."""
    stem = f"csr-desktop-{version}-{architecture}" + ("" if is_signed else "-unsigned")
    return f"{stem}.pkg", f"{stem}.dmg"


def notary_commands(path: Path, environment: Mapping[str, str]) -> list[list[str]]:
    """Sends a package, an image or a zip of the program and waits for Apple's answer; none where there is no key."""
    key = environment.get(f"{_PREFIX}NOTARY_KEY", "")
    if not key:
        return []
    words = ["xcrun", "notarytool", "submit", str(path), "--wait", "--timeout", "45m", "--key", key]
    words += ["--key-id", environment[f"{_PREFIX}NOTARY_KEY_ID"], "--issuer", environment[f"{_PREFIX}NOTARY_ISSUER"]]
    return [words]


def checks(app: Path, package: Path, image: Path, is_notarized: bool) -> list[list[str]]:
    """What has to end with 0 before anything is published; Gatekeeper is asked only of what Apple has seen."""
    found = [["codesign", "--verify", "--deep", "--strict", "--verbose=2", str(app)]]
    if is_notarized:
        found += [
            ["spctl", "--assess", "--type", "execute", "--verbose=2", str(app)],
            ["spctl", "--assess", "--type", "install", "--verbose=2", str(package)],
            ["pkgutil", "--check-signature", str(package)],
            *(["xcrun", "stapler", "validate", str(path)] for path in (app, package, image)),
        ]
    return found


def main(app: Path, target: Path, environment: Mapping[str, str] = os.environ) -> list[Path]:
    """The package and the image. Raises CalledProcessError where a step fails."""
    architecture = platform.machine()
    if architecture not in ARCHITECTURES:
        raise SystemExit(f"There is no package for {architecture}.")
    identity = environment.get(f"{_PREFIX}APPLICATION_IDENTITY", "")
    installer_identity = environment.get(f"{_PREFIX}INSTALLER_IDENTITY", "")
    if bool(identity) != bool(installer_identity):
        raise SystemExit("The program and its package are signed both, or neither.")
    target.mkdir(parents=True, exist_ok=True)
    package, image = (target / name for name in names(__version__, architecture, bool(identity)))
    for path in order(app):
        _run(command(path, identity or AD_HOC, ENTITLEMENTS))
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        _notarize_app(app, work, environment if identity else {})
        lay_out(app, work / "root")
        (work / "parts").mkdir()
        (work / "components.plist").write_bytes(components())
        (work / "distribution.xml").write_bytes(distribution(__version__, architecture, "csr-desktop.pkg"))
        for words in build_commands(work, __version__, package, installer_identity):
            _run(words)
        staged = work / "image"
        staged.mkdir()
        shutil.copytree(app, staged / FOLDER, symlinks=True)
        (staged / "Applications").symlink_to("/Applications")
        _run(image_command(staged, image))
    if identity:
        _run(["codesign", "--force", "--timestamp", "--sign", identity, str(image)])
    is_notarized = False
    for path in (package, image) if identity else ():
        for words in notary_commands(path, environment):
            _run(words)
            _run(["xcrun", "stapler", "staple", str(path)])
            is_notarized = True
    for words in checks(app, package, image, is_notarized):
        _run(words)
    return [package, image]


def _notarize_app(app: Path, work: Path, environment: Mapping[str, str]) -> None:
    """Its own ticket is stapled to the program first, so that it starts offline from either."""
    zipped = work / "program.zip"
    for words in notary_commands(zipped, environment):
        _run(["ditto", "-c", "-k", "--keepParent", str(app), str(zipped)])
        _run(words)
        _run(["xcrun", "stapler", "staple", str(app)])


def _run(words: list[str]) -> None:
    subprocess.run(words, check=True)


if __name__ == "__main__":
    for path in main(Path(sys.argv[1]), Path(sys.argv[2])):
        print(path)
