"""What of others is in the frozen desk: the distributions that its modules come from, their licenses, the libraries
of the system that were taken along. The server's package tells of its libraries by the same rules.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import sqlite3
import ssl
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path, PurePath
from typing import Final

OURS: Final = "csr-desktop"
_LICENSE: Final = re.compile(r"licen[cs]e|copying|notice|authors|copyright", re.IGNORECASE)
_QT: Final = ("pyside6-essentials", "shiboken6")
"""Their wheels have no text of a license with them: Qt, and Qt for Python, under the LGPL 3."""
_TEXTS: Final = Path(__file__).resolve().parent / "licenses"
_COPYRIGHTS: Final = Path("/usr/share/doc")
_OF_PYTHON: Final = re.compile(r"libpython|lib-dynload")


def distributions(names: Iterable[str]) -> dict[str, str]:
    """Names, as the index writes them, to versions of what these top-level modules and folders come from."""
    by_module = metadata.packages_distributions()
    found: dict[str, str] = {}
    for name in {PurePath(name.replace("\\", "/")).parts[0].split(".")[0] for name in names}:
        for distribution in by_module.get(name, ()):
            found[_plain(distribution)] = metadata.version(distribution)
    found.pop(OURS, None)
    return dict(sorted(found.items()))


def system_libraries(binaries: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    """Debian's packages and versions of the libraries that come from none of Python's; {} on other systems."""
    if sys.platform != "linux" or shutil.which("dpkg-query") is None:
        return {}
    files = {str(Path(file).resolve()) for name, file, _ in binaries if not _OF_PYTHON.search(name)}
    found: dict[str, str] = {}
    for file in sorted(file for file in files if file.startswith(("/lib", "/usr/lib"))):
        # dpkg knows a library below /lib or below /usr/lib, whichever the package says.
        for path in (file, file.removeprefix("/usr"), f"/usr{file}"):
            owner = subprocess.run(["dpkg-query", "-S", path], capture_output=True, text=True, check=False)
            if owner.returncode == 0:
                package = owner.stdout.split(": ")[0].split(":")[0].split(",")[0]
                version = subprocess.run(
                    ["dpkg-query", "-W", "-f=${Version}\\n", package], capture_output=True, text=True, check=True
                ).stdout.splitlines()[0]
                found[package] = version
                break
        else:
            msg = f"{file} is taken along, and no package has it: its license is not known."
            raise SystemExit(msg)
    return dict(sorted(found.items()))


def write_licenses(target: Path, names: Mapping[str, str], packages: Mapping[str, str]) -> None:
    """One folder each, with the texts as their authors gave them. Raises SystemExit where one has none."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name, version in names.items():
        texts = _qt_texts() if name in _QT else license_texts(metadata.distribution(name))
        if not texts:
            msg = f"{name} {version} has no license with it."
            raise SystemExit(msg)
        folder = target / f"{name}-{version}"
        folder.mkdir()
        for label, text in sorted(texts.items()):
            (folder / label).write_bytes(text)
    for package in packages:
        shutil.copyfile(_COPYRIGHTS / package / "copyright", target / f"{package}.txt")
    (target / "python.txt").write_bytes(_python_license())
    (target / "README.txt").write_text(_index(names, packages), encoding="utf-8", newline="\n")


def _index(names: Mapping[str, str], packages: Mapping[str, str]) -> str:
    lines = [
        "CSR Desktop is made with the work of others. Their licenses lie beside this file.",
        "",
        "Qt and Qt for Python are used under the GNU Lesser General Public License 3. Their libraries lie in the",
        "program's folder as files of their own: put others of the same interface in their place and the program",
        "uses those. Their source is published at download.qt.io under the version below.",
        "",
        f"Python {platform.python_version()}: PSF-2.0",
        f"OpenSSL, as Python brings it: {ssl.OPENSSL_VERSION}",
        f"SQLite, as Python brings it: {sqlite3.sqlite_version}",
        *(f"{name} {version}: {license_of(metadata.distribution(name))}" for name, version in names.items()),
        *(f"{package} {version}: see {package}.txt" for package, version in packages.items()),
    ]
    return "\n".join(lines) + "\n"


def license_of(one: metadata.Distribution) -> str:
    """The SPDX expression that it states, or its own words for it."""
    told = one.metadata
    if expression := told.get("License-Expression"):
        return str(expression)
    stated = [line.rpartition(" :: ")[2] for line in told.get_all("Classifier") or [] if line.startswith("License ::")]
    text = str(told.get("License") or "").splitlines()
    return ", ".join(stated) or (text[0] if text else "see its text")


def license_texts(one: metadata.Distribution) -> dict[str, bytes]:
    """By the names of their files, as its authors gave them; {} where there is none."""
    found: dict[str, bytes] = {}
    for file in one.files or []:
        is_one = "licenses" in file.parts or _LICENSE.match(file.name)
        if is_one and file.suffix not in {".py", ".pyc"} and (path := Path(str(file.locate()))).is_file():
            label = "-".join(file.parts[file.parts.index("licenses") + 1 :]) if "licenses" in file.parts else file.name
            found[label] = path.read_bytes()
    return found


def _qt_texts() -> dict[str, bytes]:
    """The LGPL is written on top of the GPL, so both."""
    texts = [path for name in ("LGPL-3.txt", "GPL-3.txt") if (path := _TEXTS / name).is_file()]
    return {path.name.replace("-3", "-3.0"): path.read_bytes() for path in texts}


def _python_license() -> bytes:
    for folder in (Path(os.__file__).parent, Path(sys.base_prefix)):
        if (path := folder / "LICENSE.txt").is_file():
            return path.read_bytes()
    raise SystemExit("Python's own license is not beside its library.")


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def write_list(target: Path, names: Mapping[str, str], packages: Mapping[str, str]) -> None:
    """For the bill of materials."""
    target.write_text(json.dumps({"distributions": dict(names), "packages": dict(packages)}, indent=1))
