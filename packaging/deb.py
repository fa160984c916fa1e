"""Packs the frozen desk as a Debian package, the same bytes from the same input.

python packaging/deb.py build/dist/csr-desktop build/icons build/package
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from debian_package import add_papers, pack, write_control
from run_paths import lead_nowhere

NAME: Final = "csr-desktop"
HOME: Final = Path("opt") / NAME
DEPENDS: Final = (
    "libc6 (>= 2.36)",
    *("libstdc++6", "libgcc-s1", "libglib2.0-0 | libglib2.0-0t64", "libdbus-1-3", "libfontconfig1", "libfreetype6"),
    *("libpng16-16 | libpng16-16t64", "libx11-6", "libx11-xcb1", "libxcb1", "libegl1", "libgl1"),
    *("libexpat1", "libbrotli1", "libuuid1", "libsqlite3-0", "fontconfig", "ca-certificates"),
)
RECOMMENDS: Final = ("gnome-keyring | kwalletmanager", "fonts-inter", "dbus-user-session")
DESCRIPTION: Final = """workstation program for client service representatives
 Calls, clients, tickets and follow-ups on a local, encrypted database
 that syncs to the organization's server."""
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
OVERRIDES: Final = f"""# Made outside of Debian: it lies below /opt as a whole, with its own Python and libraries.
{NAME}: dir-or-file-in-opt
{NAME}: embedded-library
# As Python, PyInstaller and Qt build them.
{NAME}: hardening-no-pie
{NAME}: library-not-linked-against-libc
{NAME}: shared-library-lacks-prerequisites
# --help says it, and F1 in the window.
{NAME}: no-manual-page
"""


def lay_out(program: Path, icons: Path, tree: Path) -> None:
    """The files as they lie on the person's computer, and what the package says of itself."""
    shutil.copytree(program, tree / HOME, symlinks=True)
    lead_nowhere(tree / HOME)
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
    papers = tree / "usr" / "share" / "doc" / NAME
    papers.mkdir(parents=True)
    (papers / "guides").symlink_to(f"/{HOME}/guides")
    add_papers(tree, NAME, f"/{HOME}/licenses/README.txt", OVERRIDES)
    write_control(tree, NAME, DESCRIPTION, Depends=DEPENDS, Recommends=RECOMMENDS)


def main(program: Path, icons: Path, target: Path) -> Path:
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        tree.mkdir()
        lay_out(program, icons, tree)
        return pack(tree, target, NAME)


if __name__ == "__main__":
    print(main(*(Path(word) for word in sys.argv[1:4])))
