"""Packs the server as a Debian package: its wheel, and the wheels of the lock that it needs, for Debian's own Python.

python packaging/server_deb.py build/package build/work/csr-desktop-server/shipped.json
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Final

from bill import pins
from debian_package import ROOT, add_papers, built_at, pack, version, write_control
from make_wheel import make_wheel
from packaging.requirements import Requirement
from shipped import OURS, license_of, license_texts, write_list

NAME: Final = "csr-desktop-server"
HOME: Final = Path("opt") / NAME
PYTHON: Final = "3.11"
"""Debian 12's; libraries that are compiled are made for one."""
GLIBC: Final = (2, 36)
DEPENDS: Final = (
    f"python3 (>= {PYTHON}), python3 (<< 3.{int(PYTHON.split('.')[1]) + 1})",
    "libc6 (>= {}.{})".format(*GLIBC),
    "init-system-helpers (>= 1.54), systemd | systemd-standalone-sysusers | systemd-sysusers",
)
DESCRIPTION: Final = """server that desks of client service representatives share
 Keeps the calls, clients, tickets and follow-ups of a team in SQLite or
 PostgreSQL, and syncs them to the workstations. It runs as a systemd
 service behind a reverse proxy, and makes encrypted backups."""
OVERRIDES: Final = f"""# Made outside of Debian: it lies below /opt as a whole, with its own libraries.
{NAME}: dir-or-file-in-opt
# These are as their makers gave them, by the hashes of the lock; their programs are never run as such.
{NAME}: unstripped-binary-or-object
{NAME}: script-not-executable
{NAME}: unusual-interpreter
# Others' terms stand in the words that those ask for.
{NAME}: copyright-file-contains-full-apache-2-license
# --help says it.
{NAME}: no-manual-page
"""
_PLACE: Final = ROOT / "packaging" / "server"
PINS: Final = _PLACE / "requirements.txt"
"""What the server needs of the lock, and what makes its wheel; the container is filled from it, too."""
_EARLIEST_OF_ZIP: Final = 315_532_800
"""1980, in seconds since 1970: no entry of a zip file is older."""
_OF_BUILDING: Final = ("setuptools",)
_MARKERS: Final = {
    "python_version": PYTHON,
    "python_full_version": f"{PYTHON}.2",
    "implementation_name": "cpython",
    "implementation_version": f"{PYTHON}.2",
    "platform_python_implementation": "CPython",
    "platform_machine": platform.machine(),
    "platform_system": "Linux",
    "sys_platform": "linux",
    "os_name": "posix",
}
_OF_INSTALLING: Final = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")
"""What pip notes about where and how it put something, which is of no use elsewhere."""


def needed() -> dict[str, str]:
    """Names and versions, as the lock writes them, of all that the server runs with on Debian's Python."""
    wanted = [
        Requirement(line.rstrip(" \\\n")) for line in PINS.read_text(encoding="utf-8").splitlines() if line[0] != " "
    ]
    there = [one for one in wanted if one.marker is None or one.marker.evaluate(_MARKERS)]
    return {one.name: str(one.specifier).removeprefix("==") for one in there if one.name not in _OF_BUILDING}


def install_locked(names: Iterable[str], target: Path) -> None:
    """The wheels of the lock, their hashes checked, unpacked into one folder; nothing of them is run."""
    wanted = target.with_suffix(".txt")
    wanted.write_text(re.sub(r" ; [^\\\n]*", " ", pins(PINS.read_text(encoding="utf-8"), names)), encoding="utf-8")
    major, newest = GLIBC
    platforms = [f"manylinux_{major}_{minor}_{platform.machine()}" for minor in range(newest, 16, -1)]
    command = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--require-hashes", "--no-compile"]
    command += ["--only-binary", ":all:", "--python-version", PYTHON, "--implementation", "cp"]
    command += [word for one in (*platforms, f"manylinux2014_{platform.machine()}") for word in ("--platform", one)]
    subprocess.run([*command, "--target", str(target), "-r", str(wanted)], check=True)


def install_ours(wheel: Path, target: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile"]
    subprocess.run(
        [*command, "--target", str(target), str(wheel)],
        check=True,
        stderr=subprocess.DEVNULL,  # that the folder has others' already
    )


def licenses(library: Path) -> str:
    """Of each distribution its terms, with their text. Raises SystemExit where one has none."""
    told = []
    for one in sorted(metadata.distributions(path=[str(library)]), key=lambda one: one.name.lower()):
        if one.name == OURS:
            continue
        texts = license_texts(one)
        if not texts:
            msg = f"{one.name} {one.version} has no license with it."
            raise SystemExit(msg)
        plain = [text.decode("utf-8").replace("\r\n", "\n").strip("\n") for _, text in sorted(texts.items())]
        told.append("\n\n".join((f"{one.name} {one.version}: {license_of(one)}", *plain)) + "\n")
    return f"\n{'-' * 80}\n\n".join(told)


def clear_up(library: Path) -> None:
    """Leaves what is imported, and of each its name, version and license."""
    shutil.rmtree(library / "bin", ignore_errors=True)
    shutil.rmtree(library / "csr_desktop" / "ui")  # the window, which nobody sees on a server
    for told in library.glob("*.dist-info"):
        for name in _OF_INSTALLING:
            (told / name).unlink(missing_ok=True)


def lay_out(library: Path, terms: str, tree: Path) -> None:
    """The files as they lie on the server, and what the package says of itself. `terms` are those of its libraries."""
    home = tree / HOME
    (home / "bin").mkdir(parents=True)
    shutil.copytree(library, home / "lib")
    shutil.copy(_PLACE / NAME, home / "bin" / NAME)
    commands = tree / "usr" / "bin"
    commands.mkdir(parents=True)
    (commands / NAME).symlink_to(f"/{HOME}/bin/{NAME}")
    units = tree / "lib" / "systemd" / "system"
    units.mkdir(parents=True)
    for unit in (*_PLACE.glob("*.service"), *_PLACE.glob("*.timer")):
        shutil.copyfile(unit, units / unit.name)
    accounts = tree / "usr" / "lib" / "sysusers.d"
    accounts.mkdir(parents=True)
    shutil.copyfile(_PLACE / "sysusers.conf", accounts / f"{NAME}.conf")
    # No conffile: every administrator changes it, and dpkg would stop an upgrade to ask about a newer one.
    shutil.copyfile(_PLACE / "server.env", home / "server.env")
    papers = tree / "usr" / "share" / "doc" / NAME
    papers.mkdir(parents=True)
    for name in ("README.md", "Caddyfile"):
        shutil.copyfile(_PLACE / name, papers / name)
    shutil.copyfile(ROOT / "resources" / "help" / "it.md", papers / "it.md")
    add_papers(tree, NAME, terms, OVERRIDES)
    control = tree / "DEBIAN"
    control.mkdir()
    for script in sorted((_PLACE / "deb").iterdir()):
        (control / script.name).write_text(script.read_text().replace("PYTHON", PYTHON))
        (control / script.name).chmod(0o755)
    write_control(tree, NAME, DESCRIPTION, Depends=DEPENDS, Recommends=("caddy",), Suggests=("age", "postgresql"))


def pack_files(target: Path) -> Path:
    """What a server that is made from the wheel needs beside it: pins, units, account, settings, guide."""
    made = target / f"{NAME}-{version()}-files.zip"
    named = ("README.md", "Caddyfile", "requirements.txt", "server.env", "sysusers.conf")
    files = sorted([*(_PLACE / name for name in named), *_PLACE.glob("*.service"), *_PLACE.glob("*.timer")])
    moment = datetime.fromtimestamp(max(built_at(), _EARLIEST_OF_ZIP), UTC)
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in files:
            entry = zipfile.ZipInfo(f"{NAME}/{file.name}", moment.timetuple()[:6])
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, 0o100644 << 16, 3
            packed.writestr(entry, file.read_bytes())
    return made


def main(target: Path, shipped: Path) -> tuple[Path, Path]:
    """The wheel and the package. `shipped` is what the bill of materials is written from."""
    wheel, names = make_wheel(target), needed()
    shipped.parent.mkdir(parents=True, exist_ok=True)
    write_list(shipped, names, {})
    pack_files(target)
    with tempfile.TemporaryDirectory() as folder:
        library, tree = Path(folder) / "lib", Path(folder) / "tree"
        install_locked(names, library)
        install_ours(wheel, library)
        terms = licenses(library)
        clear_up(library)
        lay_out(library, terms, tree)
        return wheel, pack(tree, target, NAME)


if __name__ == "__main__":
    print(*main(*(Path(word) for word in sys.argv[1:3])), sep="\n")
