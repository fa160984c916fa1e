"""The icon's files are what Linux, Windows and macOS read."""

from __future__ import annotations

import runpy
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import csr_desktop

ROOT = Path(csr_desktop.__file__).parents[1]
icon: Any = runpy.run_path(str(ROOT / "packaging" / "icon.py"))
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("icons")
    command = [sys.executable, str(ROOT / "packaging" / "icon.py"), str(made)]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    return made


def test_each_size_is_a_picture_of_that_size_with_the_glyph_on_the_tile(folder: Path) -> None:
    from PySide6.QtGui import QImage

    for size in icon["PNG_SIZES"]:
        image = QImage(str(folder / f"csr-desktop-{size}.png"))
        assert (image.width(), image.height()) == (size, size)
        colours = {image.pixelColor(x, y).name() for x in range(size) for y in range(size)}
        assert image.pixelColor(0, 0).alpha() == 0, "a round corner"
        assert image.pixelColor(size // 2, size // 8).name() == "#2f5bd0", "the tile"
        assert len(colours) > 2, "something stands on it"


def test_the_icon_of_windows_lists_pictures_that_are_where_it_says(folder: Path) -> None:
    content = (folder / "csr-desktop.ico").read_bytes()
    assert struct.unpack_from("<HHH", content) == (0, 1, 6)
    end = 6 + 16 * 6
    for number, size in enumerate(icon["ICO_SIZES"]):
        width, height, _, _, planes, bits, length, at = struct.unpack_from("<BBBBHHII", content, 6 + 16 * number)
        assert (width, height, planes, bits, at) == (size % 256, size % 256, 1, 32, end)
        assert content[at : at + 8] == PNG
        end += length
    assert end == len(content)


def test_the_icon_of_macos_names_the_length_of_every_picture(folder: Path) -> None:
    content = (folder / "csr-desktop.icns").read_bytes()
    assert content[:4] == b"icns"
    assert struct.unpack_from(">I", content, 4) == (len(content),)
    at, kinds = 8, []
    while at < len(content):
        kinds.append(content[at : at + 4])
        (length,) = struct.unpack_from(">I", content, at + 4)
        assert content[at + 8 : at + 16] == PNG
        at += length
    assert at == len(content)
    assert kinds == [b"ic07", b"ic08", b"ic09", b"ic10"]
