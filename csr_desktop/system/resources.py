"""Files that ship with the program: themes, icons of its own, translations.

They are looked for where the program runs from: a frozen build, a source checkout, an installed wheel.
"""

import sys
from functools import cache
from pathlib import Path


@cache
def _root() -> Path:
    frozen = getattr(sys, "_MEIPASS", "")
    if frozen:
        return Path(frozen) / "resources"
    package = Path(__file__).resolve().parents[1]
    checkout = package.parent / "resources"
    return checkout if checkout.is_dir() else package / "_resources"


def resource_path(*parts: str) -> Path:
    """Where a shipped file lies; it need not exist. `resource_path("themes", "light.json")`."""
    return _root().joinpath(*parts)


def resource_text(*parts: str) -> str:
    """The text of a shipped UTF-8 file. Raises OSError where it is missing."""
    return resource_path(*parts).read_text("utf-8")
