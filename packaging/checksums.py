"""Writes SHA256SUMS over all that was made, as `sha256sum -c SHA256SUMS` reads it.

python packaging/checksums.py build/package
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Final

NAME: Final = "SHA256SUMS"


def write(folder: Path) -> Path:
    """Over every file below the folder but an earlier one of these, by path."""
    sums = folder / NAME
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file() and path != sums)
    lines = []
    for name in files:
        with (folder / name).open("rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {name.as_posix()}\n")
    sums.write_text("".join(lines), encoding="utf-8", newline="\n")
    return sums


if __name__ == "__main__":
    print(write(Path(sys.argv[1])))
