"""Builds the wheel, the same bytes from the same sources: of a clean copy of them, whoever's rights they have.

python packaging/make_wheel.py build/package
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
SOURCES: Final = ("csr_desktop", "resources", "packaging/wheel.py", "pyproject.toml", "README.md")


def make_wheel(target: Path) -> Path:
    """Times are those of SOURCE_DATE_EPOCH. An earlier wheel in `target` goes."""
    target.mkdir(parents=True, exist_ok=True)
    for earlier in target.glob("csr_desktop-*.whl"):
        earlier.unlink()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder)
        for name in SOURCES:
            (source / name).parent.mkdir(exist_ok=True)
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copyfile(ROOT / name, source / name)
        for path in source.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
        subprocess.run([*build, "--wheel-dir", str(target.resolve()), str(source)], check=True, umask=0o022)
    return next(target.glob("csr_desktop-*.whl"))


if __name__ == "__main__":
    print(make_wheel(Path(sys.argv[1])))
