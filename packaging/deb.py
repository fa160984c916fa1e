"""Packs the frozen desk as a Debian package, the same bytes from the same input.

python packaging/deb.py build/dist/csr-desktop build/icons build/package
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

NAME: Final = "csr-desktop"
HOME: Final = Path("opt") / NAME
ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}
DEPENDS: Final = (
    "libc6 (>= 2.36)",
    *("libstdc++6", "libgcc-s1", "libglib2.0-0 | libglib2.0-0t64", "libdbus-1-3", "libfontconfig1", "libfreetype6"),
    *("libpng16-16 | libpng16-16t64", "libx11-6", "libx11-xcb1", "libxcb1", "libegl1", "libgl1"),
    *("libexpat1", "libbrotli1", "libuuid1", "libsqlite3-0", "fontconfig", "ca-certificates"),
)
RECOMMENDS: Final = ("gnome-keyring | kwalletmanager", "fonts-inter", "dbus-user-session")
DESKTOP: Final = f"""[Desktop Entry]
Type=Application
Name=CSR Desktop
GenericName=Client service
Comment=Calls, clients, tickets and follow-ups
Exec={NAME}
TryExec={NAME}
Icon={NAME}
Terminal=false
Categories=Office;
Keywords=calls;clients;tickets;phone;
StartupWMClass={NAME}
"""
LINKS: Final = f"""[Desktop Entry]
Type=Application
Name=CSR Desktop
Exec={NAME} link %u
TryExec={NAME}
Icon={NAME}
Terminal=false
NoDisplay=true
MimeType=x-scheme-handler/csr-desktop;x-scheme-handler/tel;x-scheme-handler/callto;
"""
"""Opens links; apart, so that the entry of the menu is started without one."""


def version() -> str:
    from csr_desktop import __version__

    return __version__


def lay_out(program: Path, icons: Path, tree: Path) -> None:
    """The files as they lie on the person's computer, and what the package says of itself."""
    shutil.copytree(program, tree / HOME, symlinks=True)
    commands = tree / "usr" / "bin"
    commands.mkdir(parents=True)
    for name in (NAME, f"{NAME}-cli"):
        (commands / name).symlink_to(f"/{HOME / name}")
    entries = tree / "usr" / "share" / "applications"
    entries.mkdir(parents=True)
    (entries / f"{NAME}.desktop").write_text(DESKTOP)
    (entries / f"{NAME}-links.desktop").write_text(LINKS)
    for icon in sorted(icons.glob("*.png")):
        size = icon.stem.rpartition("-")[2]
        place = tree / "usr" / "share" / "icons" / "hicolor" / f"{size}x{size}" / "apps"
        place.mkdir(parents=True)
        shutil.copyfile(icon, place / f"{NAME}.png")
    (tree / "etc" / NAME).mkdir(parents=True)
    control = tree / "DEBIAN"
    control.mkdir()
    files = [path for path in tree.rglob("*") if path.is_file() and not path.is_symlink()]
    kibibytes = sum(path.stat().st_size for path in files) // 1024
    (control / "control").write_text(control_text(kibibytes))


def control_text(kibibytes: int) -> str:
    return f"""Package: {NAME}
Version: {version()}
Architecture: {ARCHITECTURES[platform.machine()]}
Maintainer: CSR Desktop <packages@csr-desktop.example>
Installed-Size: {kibibytes}
Depends: {", ".join(DEPENDS)}
Recommends: {", ".join(RECOMMENDS)}
Section: misc
Priority: optional
Description: workstation program for client service representatives
 Calls, clients, tickets and follow-ups on a local, encrypted database
 that syncs to the organization's server.
"""


def make_even(tree: Path) -> None:
    """Rights and times that do not depend on who builds and when."""
    moment = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    for path in sorted(tree.rglob("*"), reverse=True):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        os.utime(path, (moment, moment), follow_symlinks=False)
    tree.chmod(0o755)


def main(program: Path, icons: Path, target: Path) -> Path:
    target.mkdir(parents=True, exist_ok=True)
    made = target / f"{NAME}_{version()}_{ARCHITECTURES[platform.machine()]}.deb"
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        tree.mkdir()
        lay_out(program, icons, tree)
        make_even(tree)
        command = ["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(tree), str(made)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return made


if __name__ == "__main__":
    print(main(*(Path(word) for word in sys.argv[1:4])))
