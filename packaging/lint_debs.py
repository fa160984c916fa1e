"""Has lintian look at the packages for Debian, in a bare Debian, where it is installed for it.

python packaging/lint_debs.py build/package build/bare
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from bare_debian import copied, discard, install, make_bare, running, say


def main(packages: Path, bare: Path) -> None:
    """Raises SystemExit where lintian has errors or warnings that no override explains."""
    make_bare(bare)
    root = copied(bare, bare.with_name("bare-lintian"))
    install(root, "lintian")
    names = [Path(shutil.copy(package, root / "root")).name for package in sorted(packages.glob("*.deb"))]
    with running(root) as computer:
        for name in names:
            command = ("lintian", "--allow-root", "--tag-display-limit", "0", f"/root/{name}")
            found = computer.run(*command, check=False).stdout.strip()
            if found:
                raise SystemExit(found)
            say(f"lintian finds nothing wrong with {name}.")
    discard(root)


if __name__ == "__main__":
    main(*(Path(word).absolute() for word in sys.argv[1:3]))
