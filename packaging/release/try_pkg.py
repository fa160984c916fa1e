"""Tries a Mac's package as a deployment tool uses it, on a Mac that may be spoiled: installed silently over the version
before, with settings by policy, an older one leaves it alone, removed.

sudo is asked for what an administrator's tool does.

python packaging/release/try_pkg.py NEW.pkg [--before OLD.pkg] --preferences org.csr-desktop.CSR-Desktop.plist
"""

from __future__ import annotations

import argparse
import plistlib
import subprocess
import sys
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "macos"))

from mac_bundle import IDENTIFIER
from mac_installer import APP_PLACE, COMMAND_PLACE, RECEIPT
from trying import every_key, need_taken, need_window, said, say, try_all_parts

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


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(description="Try a Mac's package.")
    parser.add_argument("new", type=Path)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--preferences", type=Path, required=True)
    given = parser.parse_args(words)
    for package in filter(None, (given.before, given.new)):
        say(f"{package.name} is installed")
        subprocess.run(installing(package), check=True)
    version = said(COMMAND, "--version")
    try_all_parts(COMMAND)
    need_window(APP / "Contents" / "MacOS" / "csr-desktop", COMMAND)
    say("every policy of the example holds")
    every = given.preferences.with_suffix(".every-key.plist")
    every.write_bytes(plistlib.dumps(every_key(given.preferences.read_bytes())))
    subprocess.run(["sudo", "mkdir", "-p", str(MANAGED.parent)], check=True)  # device management makes it elsewhere
    subprocess.run(["sudo", "install", "-m", "644", str(every), str(MANAGED)], check=True)
    try:
        need_taken(plistlib.loads(every.read_bytes()), COMMAND, str(MANAGED))
    finally:
        subprocess.run(["sudo", "rm", "-f", str(MANAGED)], check=True)
    if given.before is not None:
        say("an older version leaves the newer one alone")
        subprocess.run(installing(given.before), check=False)
        if said(COMMAND, "--version") != version:
            raise SystemExit("The older version is there now.")
    say("it is removed")
    for step in removing():
        subprocess.run(step, check=True)
    if APP.exists() or COMMAND.exists():
        raise SystemExit("Something of it is left.")
    say("all is well")


if __name__ == "__main__":
    main(sys.argv[1:])
