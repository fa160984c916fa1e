"""Fetches the package of the newest release below this version, to be upgraded from; by GitHub's own program.

python packaging/release/version_before.py VERSION '*.msi' build/before

Ends with 0 and leaves nothing where there is no such release; whatever else goes wrong ends it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

_TAG: Final = re.compile(r"v(\d+)\.(\d+)\.(\d+)")


def numbers(version: str) -> tuple[int, ...]:
    """Of 1.2.3, and of 1.2.3rc1 the same three."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def below(version: str, tags: Iterable[str]) -> list[str]:
    """Those of tags such as v1.2.2, the newest first."""
    found = [(tuple(map(int, match.groups())), tag) for tag in tags if (match := _TAG.fullmatch(tag))]
    return [tag for held, tag in sorted(found, reverse=True) if held < numbers(version)]


def _said(*words: str) -> str:
    return subprocess.run(["gh", "release", *words], check=True, capture_output=True, text=True).stdout


def main(version: str, pattern: str, target: Path) -> None:
    """Raises CalledProcessError."""
    listed = _said("list", "--exclude-drafts", "--exclude-pre-releases", "--limit", "200", "--json", "tagName")
    for tag in below(version, [one["tagName"] for one in json.loads(listed)]):
        assets = json.loads(_said("view", tag, "--json", "assets"))["assets"]
        if any(fnmatch(one["name"], pattern) for one in assets):  # one of the packages may have been left out
            target.mkdir(parents=True, exist_ok=True)
            _said("download", tag, "--pattern", pattern, "--dir", str(target))
            return
    print(f"::notice::There is no release before {version} with {pattern}.")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
