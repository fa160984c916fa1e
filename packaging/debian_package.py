"""What every package for Debian has of us: even rights and times, its papers, the same bytes from the same input."""

from __future__ import annotations

import gzip
import hashlib
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

MAINTAINER: Final = "CSR Desktop <packages@csr-desktop.example>"
ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}
COMPRESSION: Final = ("-Zxz", "-z1")
"""A quarter of the time of xz's usual level, for a tenth more bytes."""


def version() -> str:
    """As Debian orders versions: what comes before 1.2.3 is 1.2.3~rc1."""
    from csr_desktop import __version__

    return as_debian(__version__)


def as_debian(version: str) -> str:
    return re.sub(r"(a|b|rc)(?=\d)", r"~\1", re.sub(r"\.dev(?=\d)", "~~dev", version))


def architecture() -> str:
    return ARCHITECTURES[platform.machine()]


def built_at() -> int:
    """Seconds since 1970, UTC, that all files of a package say."""
    return int(os.environ.get("SOURCE_DATE_EPOCH", "0"))


def add_papers(tree: Path, name: str, licenses: str, overrides: str) -> None:
    """The copyright, a changelog and what lintian need not say, below /usr/share. `licenses` are those of others, or
    where they lie.
    """
    papers = tree / "usr" / "share" / "doc" / name
    papers.mkdir(parents=True, exist_ok=True)
    moment = datetime.fromtimestamp(built_at(), UTC)
    text = f"CSR Desktop\nCopyright {moment.year} its authors\n\nWhat it is made with of others, with their terms:\n"
    text += f"{licenses}\n"
    (papers / "copyright").write_text(text, encoding="utf-8")
    entry = (
        f"{name} ({version()}) stable; urgency=medium\n\n  * Version {version()}.\n\n"
        f" -- {MAINTAINER}  {moment:%a, %d %b %Y %H:%M:%S +0000}\n"
    )
    (papers / "changelog.gz").write_bytes(gzip.compress(entry.encode(), mtime=0))
    place = tree / "usr" / "share" / "lintian" / "overrides"
    place.mkdir(parents=True, exist_ok=True)
    (place / name).write_text(overrides)


def write_control(tree: Path, name: str, description: str, **relations: Iterable[str]) -> None:
    """DEBIAN/control of a tree that has all its files. `relations` are those to other packages, by the field's name."""
    files = [path for path in tree.rglob("*") if path.is_file() and not path.is_symlink()]
    fields = {
        "Package": name,
        "Version": version(),
        "Architecture": architecture(),
        "Maintainer": MAINTAINER,
        "Installed-Size": str(sum(path.stat().st_size for path in files) // 1024),
        **{field: ", ".join(packages) for field, packages in relations.items()},
        "Section": "misc",
        "Priority": "optional",
        "Description": description,
    }
    (tree / "DEBIAN").mkdir(exist_ok=True)
    text = "".join(f"{field}: {value}\n" for field, value in fields.items())
    (tree / "DEBIAN" / "control").write_text(text, encoding="utf-8")


def pack(tree: Path, target: Path, name: str, rights: Mapping[str, int] | None = None) -> Path:
    """The package of a tree that has its DEBIAN/control. `rights` are of files that are not for everybody, by path."""
    _sum_up(tree)
    _make_even(tree, rights or {})
    target.mkdir(parents=True, exist_ok=True)
    made = target / f"{name}_{version()}_{architecture()}.deb"
    command = ["dpkg-deb", "--root-owner-group", *COMPRESSION, "--build", str(tree), str(made)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return made


def _sum_up(tree: Path) -> None:
    """For `dpkg --verify`; conffiles, which administrators change, are known to dpkg otherwise."""
    control = tree / "DEBIAN"
    conffiles = control / "conffiles"
    left_out = {line.lstrip("/") for line in conffiles.read_text().split()} if conffiles.exists() else set()
    lines = []
    for path in sorted(tree.rglob("*")):
        name = path.relative_to(tree).as_posix()
        if path.is_file() and not path.is_symlink() and control not in path.parents and name not in left_out:
            lines.append(f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}  {name}\n")
    (control / "md5sums").write_text("".join(lines))


def _make_even(tree: Path, rights: Mapping[str, int]) -> None:
    """Rights and times that do not depend on who builds and when."""
    moment = built_at()
    for path in sorted(tree.rglob("*"), reverse=True):
        if not path.is_symlink():
            is_run = path.stat().st_mode & 0o100 and ".so" not in path.suffixes  # libraries are only loaded
            usual = 0o755 if path.is_dir() or is_run else 0o644
            path.chmod(rights.get(path.relative_to(tree).as_posix(), usual))
        os.utime(path, (moment, moment), follow_symlinks=False)
    tree.chmod(0o755)
