"""In which order a bundle's code is signed, and by which commands: from the inside out, since each seal covers what
lies within it. Never `--deep`: it gives libraries the entitlements of the program and misses what lies in odd places.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

AD_HOC: Final = "-"
_THIN: Final = {b"\xcf\xfa\xed\xfe": "<", b"\xce\xfa\xed\xfe": "<", b"\xfe\xed\xfa\xcf": ">", b"\xfe\xed\xfa\xce": ">"}
_FAT: Final = b"\xca\xfe\xba\xbe"
_MOST_ARCHITECTURES: Final = 16
_PROGRAM: Final = 2
"""MH_EXECUTE: a program of its own, not a library or a module."""


def kind_of(path: Path) -> int | None:
    """The file type that a Mach-O file states, of a fat one its first architecture's; None for any other file."""
    with path.open("rb") as file:
        head = file.read(20)
        if len(head) == 20 and head[:4] == _FAT:
            count, offset = struct.unpack(">I", head[4:8])[0], struct.unpack(">I", head[16:20])[0]
            if not 0 < count <= _MOST_ARCHITECTURES:  # a class file of Java begins alike
                return None
            file.seek(offset)
            head = file.read(20)
    if len(head) < 16 or head[:4] not in _THIN:
        return None
    kind: int = struct.unpack(f"{_THIN[head[:4]]}I", head[12:16])[0]
    return kind


def order(app: Path) -> list[Path]:
    """Files, versions of frameworks and bundles below the app, each after all that lies in it; the app is last."""
    found = {path for path in _walked(app) if path.is_file() and kind_of(path) is not None}
    bundles = {path for path in _walked(app) if path.is_dir() and _is_sealed(path)} | {app}
    # A bundle's own program is signed with its bundle.
    found -= {main for bundle in bundles if (main := _main_program(bundle)) is not None}
    return sorted(found | bundles, key=lambda path: (-len(path.parts), path.as_posix()))


def _walked(folder: Path) -> Iterator[Path]:
    """All below it, links left out: what they lead to is met where it lies."""
    for path in sorted(folder.iterdir()):
        if not path.is_symlink():
            yield path
            if path.is_dir():
                yield from _walked(path)


def _is_sealed(folder: Path) -> bool:
    if folder.parent.name == "Versions" and folder.parent.parent.suffix == ".framework":
        return True
    return folder.suffix in {".app", ".bundle", ".xpc"} and (folder / "Contents" / "Info.plist").is_file()


def _main_program(bundle: Path) -> Path | None:
    import plistlib

    if bundle.parent.name == "Versions":
        program = bundle / bundle.parent.parent.stem
        return program if program.is_file() else None
    with (bundle / "Contents" / "Info.plist").open("rb") as file:
        name = plistlib.load(file)["CFBundleExecutable"]
    program = bundle / "Contents" / "MacOS" / str(name)
    return program if program.is_file() else None


def command(path: Path, identity: str, entitlements: Path) -> list[str]:
    """Signs one of them. Without a certificate (AD_HOC) there is no hardened runtime: it would refuse libraries that
    nobody's team signed.
    """
    words = ["codesign", "--force", "--sign", identity]
    if identity != AD_HOC:
        words += ["--timestamp", "--options", "runtime"]
        if (path.is_dir() and path.suffix == ".app") or (path.is_file() and kind_of(path) == _PROGRAM):
            words += ["--entitlements", str(entitlements)]
    return [*words, str(path)]
