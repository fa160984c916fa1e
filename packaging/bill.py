"""Writes the bill of materials of the frozen desk, or of the server, CycloneDX in JSON: an environment is made of just
what is shipped, by the pins of the lock, and described; what comes from no distribution of Python's is added.

python packaging/bill.py build/work/csr-desktop/shipped.json build/runtime build/package/csr-desktop.cdx.json
"""

from __future__ import annotations

import json
import platform
import re
import ssl
import subprocess
import sys
import venv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
LOCK: Final = ROOT / "requirements.txt"
_PIN: Final = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;]+)")


def pins(lock: str, names: Iterable[str]) -> str:
    """The lines of the lock, with their hashes, that pin these. Raises SystemExit where one is not pinned."""
    blocks = names_in(lock)
    missing = sorted(set(names) - set(blocks))
    if missing:
        raise SystemExit(f"Shipped, but not in the lock: {', '.join(missing)}.")
    return "".join(blocks[name] for name in sorted(names))


def names_in(lock: str) -> dict[str, str]:
    """What the lock pins: its lines, by the name in lower case."""
    return {match["name"].lower(): block for block in _blocks(lock) if (match := _PIN.match(block)) is not None}


def _blocks(lock: str) -> list[str]:
    found: list[str] = []
    for line in lock.splitlines(keepends=True):
        if _PIN.match(line):
            found.append(line)
        elif found and line.startswith(" "):
            found[-1] += line
    return found


def describe(python: Path) -> dict[str, Any]:
    """The environment's distributions, as cyclonedx-py reads them: the same text each time."""
    command = ["cyclonedx-py", "environment", "--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "application"]
    command += ["--output-reproducible", "--output-format", "JSON", "--spec-version", "1.6", "--validate", str(python)]
    command[0] = str(Path(sys.executable).parent / command[0])
    said = subprocess.run(command, check=True, capture_output=True, text=True)
    bill: dict[str, Any] = json.loads(said.stdout)
    return bill


def beside(packages: Mapping[str, str], qt_version: str) -> list[dict[str, str]]:
    """Components that no distribution of Python's stands for."""
    openssl = ssl.OPENSSL_VERSION.split()[1]
    others = {
        "python": (platform.python_version(), "pkg:generic/python@{}"),
        "qt": (qt_version, "pkg:generic/qt@{}"),
        "openssl": (openssl, "pkg:generic/openssl@{}"),
    } | {name: (version, f"pkg:deb/debian/{name}@{{}}") for name, version in packages.items()}
    return [
        {
            "type": "library",
            "bom-ref": f"beside-{name}",
            "name": name,
            "version": version,
            "purl": address.format(version.replace("+", "%2B").replace(":", "%3A")),
        }
        for name, (version, address) in sorted(others.items())
    ]


def complete(bill: dict[str, Any], names: Mapping[str, str], packages: Mapping[str, str]) -> None:
    """Says what else is shipped: the desk is frozen with its Python, while the server, which alone has no Qt, runs with
    the system's.
    """
    qt = names.get("pyside6-essentials")
    others = beside(packages, qt) if qt else []
    if not qt:
        bill["metadata"]["component"]["name"] = "csr-desktop-server"
    bill["components"] = sorted([*bill.get("components", ()), *others], key=lambda one: str(one["name"]))


def main(shipped: Path, environment: Path, target: Path) -> Path:
    found = json.loads(shipped.read_text(encoding="utf-8"))
    names: dict[str, str] = found["distributions"]
    wanted = environment.with_suffix(".txt")
    wanted.parent.mkdir(parents=True, exist_ok=True)
    wanted.write_text(pins(LOCK.read_text(encoding="utf-8"), names), encoding="utf-8")
    venv.create(environment, clear=True, with_pip=False)
    python = environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps"]
    subprocess.run([*install, "--require-hashes", "-r", str(wanted)], check=True)
    bill = describe(python)
    complete(bill, names, found["packages"])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(bill, indent=1, sort_keys=True) + "\n", encoding="utf-8", newline="\n")
    return target


if __name__ == "__main__":
    print(main(*(Path(word) for word in sys.argv[1:4])))
