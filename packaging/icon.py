"""Draws the program's icon into files: PNG by size for Linux, .ico for Windows, .icns for macOS.

python packaging/icon.py FOLDER
"""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path
from typing import Final

ICO_SIZES: Final = (16, 24, 32, 48, 64, 256)
ICNS_KINDS: Final = ((128, b"ic07"), (256, b"ic08"), (512, b"ic09"), (1024, b"ic10"))
PNG_SIZES: Final = (16, 24, 32, 48, 64, 128, 256, 512)


def pngs(sizes: tuple[int, ...]) -> dict[int, bytes]:
    """Each size as a PNG file's bytes."""
    from PySide6.QtCore import QBuffer, QIODevice
    from PySide6.QtGui import QGuiApplication

    from csr_desktop.ui.kit.app_icon import tile
    from csr_desktop.ui.kit.theme import load_theme

    application = QGuiApplication.instance() or QGuiApplication(["icon"])
    theme = load_theme("light")
    made: dict[int, bytes] = {}
    for size in sizes:
        held = QBuffer()
        held.open(QIODevice.OpenModeFlag.WriteOnly)
        tile(size, theme.colour("accent"), theme.colour("on-accent")).save(held, "PNG")
        made[size] = bytes(held.data().data())
    del application
    return made


def ico(images: dict[int, bytes]) -> bytes:
    """An icon file with PNGs in it, which Windows reads since Vista. 256 is written as 0."""
    head = struct.pack("<HHH", 0, 1, len(images))
    at = len(head) + 16 * len(images)
    entries, bodies = [], []
    for size, body in images.items():
        entries.append(struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(body), at))
        bodies.append(body)
        at += len(body)
    return head + b"".join(entries) + b"".join(bodies)


def icns(images: dict[int, bytes]) -> bytes:
    """Apple's icon file: kind and length before each PNG, big-endian, lengths with their heads."""
    parts = b"".join(kind + struct.pack(">I", len(images[size]) + 8) + images[size] for size, kind in ICNS_KINDS)
    return b"icns" + struct.pack(">I", len(parts) + 8) + parts


def main(folder: Path) -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    folder.mkdir(parents=True, exist_ok=True)
    images = pngs(tuple(sorted({*PNG_SIZES, *ICO_SIZES, *(size for size, _ in ICNS_KINDS)})))
    for size in PNG_SIZES:
        (folder / f"csr-desktop-{size}.png").write_bytes(images[size])
    (folder / "csr-desktop.ico").write_bytes(ico({size: images[size] for size in ICO_SIZES}))
    (folder / "csr-desktop.icns").write_bytes(icns(images))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
