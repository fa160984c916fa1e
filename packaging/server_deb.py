"""Packs the server as a Debian package: its wheel, and the wheels of the lock that it needs, for Debian's own Python.

python packaging/server_deb.py build/package
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

from bill import LOCK, pins
from debian_package import MAINTAINER, ROOT, add_papers, architecture, kibibytes, pack, version
from make_wheel import make_wheel
from packaging.requirements import Requirement

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
OVERRIDES: Final = f"""# Made outside of Debian: it lies below /opt as a whole, with its own libraries.
{NAME}: dir-or-file-in-opt
# These are as their makers gave them, by the hashes of the lock; their programs are never run as such.
{NAME}: unstripped-binary-or-object
{NAME}: script-not-executable
{NAME}: unusual-interpreter
# A database's address may stand there.
{NAME}: non-standard-file-perm 0640 != 0644 [etc/csr-desktop/server.env]
# --help says it.
{NAME}: no-manual-page
"""
CONFFILES: Final = ("/etc/csr-desktop/server.env",)
"""Administrators change these; dpkg keeps what they wrote, and purging removes it."""
_PLACE: Final = ROOT / "packaging" / "server"
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


def needed() -> set[str]:
    """Names, as the lock writes them, of all that the server runs with on Debian's Python."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    waiting = [Requirement(text) for text in (*project["dependencies"], *project["optional-dependencies"]["server"])]
    found: set[str] = set()
    seen: set[tuple[str, str]] = set()
    while waiting:
        one = waiting.pop()
        name = re.sub(r"[-_.]+", "-", one.name).lower()
        found.add(name)
        for extra in ("", *sorted(one.extras)):
            if (name, extra) not in seen:
                seen.add((name, extra))
                waiting.extend(_asked_by(name, extra))
    return found


def _asked_by(name: str, extra: str) -> Iterator[Requirement]:
    try:
        lines = metadata.requires(name) or []
    except metadata.PackageNotFoundError:  # only older Pythons than this one want it, and such ask for nothing more
        return
    for line in lines:
        one = Requirement(line)
        if one.marker is None or one.marker.evaluate({**_MARKERS, "extra": extra}):
            yield one


def install_locked(names: Iterable[str], target: Path) -> None:
    """The wheels of the lock, their hashes checked, unpacked into one folder; nothing of them is run."""
    wanted = target.with_suffix(".txt")
    wanted.write_text(re.sub(r" ; [^\\\n]*", " ", pins(LOCK.read_text(encoding="utf-8"), names)), encoding="utf-8")
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


def clear_up(library: Path) -> None:
    """Leaves what is imported, and of each its name, version and license. Raises SystemExit where one has none."""
    shutil.rmtree(library / "bin", ignore_errors=True)
    shutil.rmtree(library / "csr_desktop" / "ui")  # the window, which nobody sees on a server
    for told in sorted(library.glob("*.dist-info")):
        for name in _OF_INSTALLING:
            (told / name).unlink(missing_ok=True)
        papers = [path for path in told.rglob("*") if re.match(r"licen[cs]e|copying|notice", path.name, re.IGNORECASE)]
        if not papers and not told.name.startswith("csr_desktop-"):
            msg = f"{told.name} has no license with it."
            raise SystemExit(msg)


def lay_out(library: Path, tree: Path) -> None:
    """The files as they lie on the server, and what the package says of itself."""
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
    settings = tree / "etc" / "csr-desktop"
    settings.mkdir(parents=True)
    shutil.copyfile(_PLACE / "server.env", settings / "server.env")
    papers = tree / "usr" / "share" / "doc" / NAME
    papers.mkdir(parents=True)
    for name in ("README.md", "Caddyfile"):
        shutil.copyfile(_PLACE / name, papers / name)
    add_papers(tree, NAME, f"/{HOME}/lib has a folder NAME-VERSION.dist-info of each.", OVERRIDES)
    control = tree / "DEBIAN"
    control.mkdir()
    for script in sorted((_PLACE / "deb").iterdir()):
        (control / script.name).write_text(script.read_text().replace("PYTHON", PYTHON))
        (control / script.name).chmod(0o755)
    (control / "conffiles").write_text("".join(f"{name}\n" for name in CONFFILES))
    (control / "control").write_text(control_text(kibibytes(tree)))


def control_text(size: int) -> str:
    return f"""Package: {NAME}
Version: {version()}
Architecture: {architecture()}
Maintainer: {MAINTAINER}
Installed-Size: {size}
Depends: {", ".join(DEPENDS)}
Recommends: caddy
Suggests: age, postgresql
Section: misc
Priority: optional
Description: server that desks of client service representatives share
 Keeps the calls, clients, tickets and follow-ups of a team in SQLite or
 PostgreSQL, and syncs them to the workstations. It runs as a systemd
 service behind a reverse proxy, and makes encrypted backups.
"""


def main(target: Path) -> tuple[Path, Path]:
    """The wheel and the package."""
    wheel = make_wheel(target)
    with tempfile.TemporaryDirectory() as folder:
        library, tree = Path(folder) / "lib", Path(folder) / "tree"
        install_locked(needed(), library)
        install_ours(wheel, library)
        clear_up(library)
        lay_out(library, tree)
        return wheel, pack(tree, target, NAME, {"etc/csr-desktop/server.env": 0o640})


if __name__ == "__main__":
    print(*main(Path(sys.argv[1])), sep="\n")
