"""Tries a Mac's package as a deployment tool uses it, on a Mac that may be spoiled: installed silently over the version
before, with settings by policy, an older one leaves it alone, removed.

sudo is asked for what an administrator's tool does.

python packaging/release/try_pkg.py NEW.pkg [--before OLD.pkg] --preferences org.csr-desktop.CSR-Desktop.plist
"""

from __future__ import annotations

import argparse
import json
import plistlib
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "macos"))

from mac_bundle import IDENTIFIER
from mac_installer import APP_PLACE, COMMAND_PLACE, RECEIPT

APP: Final = Path("/") / APP_PLACE
COMMAND: Final = Path("/") / COMMAND_PLACE
MANAGED: Final = Path("/Library/Managed Preferences") / f"{IDENTIFIER}.plist"


def installing(package: Path) -> list[str]:
    return ["sudo", "installer", "-pkg", str(package), "-target", "/"]


def removing() -> list[list[str]]:
    """What removes the program and leaves what belongs to people."""
    return [
        ["sudo", "rm", "-rf", str(APP)],
        ["sudo", "rm", "-f", str(COMMAND)],
        ["sudo", "pkgutil", "--forget", RECEIPT],
    ]


def not_taken(values: Mapping[str, object], policy: Mapping[str, Any]) -> list[str]:
    """Keys that `csr-desktop-cli policy --json` does not show as settled by managed preferences."""
    settings = policy["settings"]
    return [
        name
        for name, value in values.items()
        if (held := settings.get(name, {})).get("value") != value
        or not held.get("locked")
        or held.get("from") != str(MANAGED)
    ]


def _said(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(description="Try a Mac's package.")
    parser.add_argument("new", type=Path)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--preferences", type=Path, required=True)
    given = parser.parse_args(words)
    for package in filter(None, (given.before, given.new)):
        print(f"-- {package.name} is installed", flush=True)
        subprocess.run(installing(package), check=True)
    version = _said(str(COMMAND), "--version")
    print(f"-- {version.strip()} tries all of its parts", flush=True)
    subprocess.run([str(COMMAND), "self-test", "--part", "desk"], check=True)
    print("-- every policy of the example holds", flush=True)
    subprocess.run(["sudo", "install", "-m", "644", str(given.preferences), str(MANAGED)], check=True)
    policy = json.loads(_said(str(COMMAND), "policy", "--json"))
    subprocess.run(["sudo", "rm", "-f", str(MANAGED)], check=True)
    if wrong := not_taken(plistlib.loads(given.preferences.read_bytes()), policy):
        raise SystemExit(f"Not taken from managed preferences: {', '.join(wrong)}")
    if given.before is not None:
        print("-- an older version leaves the newer one alone", flush=True)
        subprocess.run(installing(given.before), check=False)
        if _said(str(COMMAND), "--version") != version:
            raise SystemExit("The older version is there now.")
    print("-- it is removed", flush=True)
    for step in removing():
        subprocess.run(step, check=True)
    if APP.exists() or COMMAND.exists():
        raise SystemExit("Something of it is left.")
    print("-- all is well", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
