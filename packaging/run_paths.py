"""Takes out of Linux libraries where they would look for others on the computer that built them.

A Python that was built in somebody's folder names that folder in each of its modules. Whoever could write there on
another computer could put other libraries in their place; and the bytes would differ by who builds.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

_ELF_64_LITTLE: Final = b"\x7fELF\x02\x01"
_DYNAMIC: Final = 2
"""The kind of segment that lists what a library wants of the loader."""
_LOADED: Final = 1
_STRINGS: Final = 5
_PATHS: Final = (15, 29)
"""DT_RPATH and DT_RUNPATH of the ELF specification."""
_BESIDE: Final = b"$ORIGIN"


def lead_nowhere(folder: Path) -> list[Path]:
    """Every shared object below it looks beside itself in place of such a folder. Returns those that were changed."""
    changed = []
    for path in sorted(folder.rglob("*.so*")):
        if path.is_file() and not path.is_symlink():
            content = bytearray(path.read_bytes())
            if _mend(content):
                path.write_bytes(content)
                changed.append(path)
    return changed


def _mend(content: bytearray) -> bool:
    if not content.startswith(_ELF_64_LITTLE):
        return False
    (table,) = struct.unpack_from("<Q", content, 0x20)
    size, count = struct.unpack_from("<HH", content, 0x36)
    segments = [struct.unpack_from("<IIQQQQ", content, table + size * number) for number in range(count)]
    wishes: list[tuple[int, int]] = []
    for kind, _, offset, _, _, length in segments:
        if kind == _DYNAMIC:
            wishes = [struct.unpack_from("<QQ", content, offset + 16 * number) for number in range(length // 16)]
    strings = next((value for tag, value in wishes if tag == _STRINGS), 0)
    at = next((o + strings - v for k, _, o, v, _, n in segments if k == _LOADED and v <= strings < v + n), 0)
    is_changed = False
    for begin in [at + value for tag, value in wishes if tag in _PATHS]:
        end = content.index(0, begin)
        if content[begin:end].startswith(b"/"):
            if end - begin < len(_BESIDE):
                raise SystemExit(f"A library looks in {content[begin:end].decode()}.")
            content[begin:end] = _BESIDE.ljust(end - begin, b"\0")
            is_changed = True
    return is_changed
