"""Packs the folder that Windows' own Python froze, on Linux, by the same recipe as `make package-windows`; signed
where a certificate is given (`windows/signing.py` says how). Beside it an older stand-in of the same files, from which
a first release can be upgraded when it is tried.

python packaging/release/make_msi.py build/dist/csr-desktop build/icons/csr-desktop.ico build/package build/stand-in
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "packaging" / "windows")]

from msi import build, packed  # noqa: E402
from signing import Signer  # noqa: E402

from csr_desktop import __version__  # noqa: E402

OLDER: Final = "0.0.1"


def main(folder: Path, icon: Path, target: Path, stand_in: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """The package. Raises SystemExit where it weighs more than it may."""
    package = packed(folder, icon, target, __version__, Signer.of(environment))
    build(folder, icon, stand_in / f"csr-desktop-{OLDER}-x64-stand-in.msi", OLDER)
    return package


if __name__ == "__main__":
    given = [Path(word) for word in sys.argv[1:]]
    main(given[0], given[1], given[2], given[3])
