"""Writes what an administrator deploys settings with, from the program's own keys, and the table in the guide.

python packaging/policy/policy_files.py build/package
python packaging/policy/policy_files.py --guide
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from policy_words import NAME, ROOT

from csr_desktop import __version__
from csr_desktop.system.policy_keys import KEYS
from csr_desktop.system.policy_sources import PREFERENCES

GUIDE: Final = ROOT / "resources" / "help" / "it.md"


def write(target: Path) -> list[Path]:
    """The files below `target`/policy. The folder of a central store takes ADMX and en-US as they lie."""
    from policy_admx import adml, admx
    from policy_examples import policy_file, preferences, profile

    made = {
        f"{NAME}.admx": admx(KEYS, __version__),
        f"en-US/{NAME}.adml": adml(KEYS, __version__),
        f"{NAME}.mobileconfig": profile(KEYS),
        f"{PREFERENCES}.plist": preferences(KEYS),
        "policy.toml": policy_file(KEYS),
    }
    paths = []
    for name, content in made.items():
        path = target / "policy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        paths.append(path)
    return paths


def write_guide() -> Path:
    from policy_table import with_table

    text = GUIDE.read_text(encoding="utf-8")
    GUIDE.write_text(with_table(text, KEYS), encoding="utf-8", newline="\n")
    return GUIDE


if __name__ == "__main__":
    for path in [write_guide()] if sys.argv[1:] == ["--guide"] else write(Path(sys.argv[1])):
        print(path)
