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
from pathlib import Path
from typing import Final

_TAG: Final = re.compile(r"v(\d+)\.(\d+)\.(\d+)")


def numbers(version: str) -> tuple[int, ...]:
    """Of 1.2.3, and of 1.2.3rc1 the same three."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def newest_below(version: str, tags: Iterable[str]) -> str:
    """Of tags such as v1.2.2; '' where there is none."""
    found = [(tuple(map(int, match.groups())), tag) for tag in tags if (match := _TAG.fullmatch(tag))]
    return max(((held, tag) for held, tag in found if held < numbers(version)), default=((), ""))[1]


def main(version: str, pattern: str, target: Path) -> None:
    """Raises CalledProcessError."""
    command = ["gh", "release", "list", "--exclude-drafts", "--exclude-pre-releases", "--limit", "200"]
    said = subprocess.run([*command, "--json", "tagName"], check=True, capture_output=True, text=True).stdout
    tag = newest_below(version, [one["tagName"] for one in json.loads(said)])
    if not tag:
        print(f"::notice::There is no release before {version}.")
        return
    target.mkdir(parents=True, exist_ok=True)
    subprocess.run(["gh", "release", "download", tag, "--pattern", pattern, "--dir", str(target)], check=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
