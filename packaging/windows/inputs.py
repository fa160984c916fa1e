"""What the package for Windows is made of in its own way, and whether it was proved so.

python3 packaging/windows/inputs.py

ends with 0 where it was. `proved`, beside this file, has the digest of what was there when `make package-windows` last
came to its end; it is committed with the change that was proved, so every clone knows. Most of the program's own code
is left out: what that does is proved on Linux, each time.
"""

from __future__ import annotations

import ast
import hashlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
sys.path.insert(0, str(HERE.parent))

from bill import names_in, pins  # noqa: E402

PROVED: Final = HERE / "proved"
_LOCK: Final = Path("requirements.txt")
_FULL_LOCK: Final = Path("requirements-dev.txt")
_NOT_ON_DESKS: Final = {"psycopg", "psycopg-binary", "pyrage"}
_FREEZES: Final = (
    *("altgraph", "packaging", "pefile", "pyinstaller", "pyinstaller-hooks-contrib", "pywin32-ctypes", "setuptools"),
)
_FIRST: Final = ("packaging/csr-desktop.spec", "packaging/program.py", "packaging/shared_modules.py")
_OTHERS: Final = (".ci/packages-windows", "csr_desktop/self_test.py")
_OF_WINDOWS: Final = re.compile(rb"\bwin32\b|winreg|windll|WinDLL|msvcrt")
_SERVER: Final = "csr_desktop/server/"


def wanted(root: Path = ROOT) -> str:
    """The lock's lines of what the desk needs at run time and what freezes it."""
    names = set(names_in((root / _LOCK).read_text(encoding="utf-8"))) - _NOT_ON_DESKS
    return pins((root / _FULL_LOCK).read_text(encoding="utf-8"), names.union(_FREEZES))


def files(root: Path = ROOT) -> list[str]:
    """By their path: the recipe with all that it imports, and what of the desk does something else on Windows."""
    found = {*_FIRST, *_OTHERS}
    own = root / "packaging" / "windows"
    found.update(
        path.relative_to(root).as_posix()
        for path in own.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.name != PROVED.name
    )
    waiting = [name for name in found if name.startswith("packaging/") and name.endswith((".py", ".spec"))]
    while waiting:
        for module in _imported(root / waiting.pop()):
            name = f"packaging/{module}.py"
            if name not in found and (root / name).is_file():
                found.add(name)
                waiting.append(name)
    for path in (root / "csr_desktop").rglob("*.py"):
        name = path.relative_to(root).as_posix()
        if not name.startswith(_SERVER) and _OF_WINDOWS.search(path.read_bytes()):
            found.add(name)
    return sorted(found)


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def digest(root: Path = ROOT) -> str:
    seen = hashlib.sha256(wanted(root).encode())
    for name in files(root):
        seen.update(f"{name} {hashlib.sha256((root / name).read_bytes()).hexdigest()}\n".encode())
    return seen.hexdigest()


def is_proved(root: Path = ROOT) -> bool:
    proved = root / PROVED.relative_to(ROOT)
    return proved.is_file() and proved.read_text(encoding="ascii").strip() == digest(root)


if __name__ == "__main__":
    sys.exit(0 if is_proved() else 1)
