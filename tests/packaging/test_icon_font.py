"""The font that is shipped draws the program's icons as the whole font does, and no others."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QPainterPath, QRawFont
from pytestqt.qtbot import QtBot

import csr_desktop
from csr_desktop.ui.kit.icons import font_files

ROOT = Path(csr_desktop.__file__).parents[1]
icon_font: Any = runpy.run_path(str(ROOT / "packaging" / "icon_font.py"))


def drawings(font: Path, places: list[str]) -> dict[str, QPainterPath]:
    """From the file itself: the program's own fonts have the same family."""
    raw = QRawFont(str(font), 32)
    glyphs = {place: raw.glyphIndexesForString(chr(int(place, 16))) for place in places}
    return {place: raw.pathForGlyph(glyph) for place, (glyph,) in glyphs.items()}


def test_each_icon_of_the_program_is_drawn_as_with_the_whole_font(qtbot: QtBot, tmp_path: Path) -> None:
    font, names = font_files()
    small, table = icon_font["write"](font, names, ROOT / "csr_desktop", tmp_path)
    assert small.stat().st_size < font.stat().st_size / 4
    known, kept = json.loads(names.read_bytes()), json.loads(table.read_bytes())
    assert {"phone", "ticket"} <= set(kept) < set(known)
    left_out = known[next(name for name in sorted(known) if name not in kept)]
    of_whole, of_small = (drawings(path, [*kept.values(), left_out]) for path in (font, small))
    assert [name for name, place in kept.items() if of_small[place] != of_whole[place]] == []
    assert of_small[left_out] != of_whole[left_out], "what the program does not name is not there"
    assert all(of_small[place] != of_small[left_out] for place in kept.values()), "each icon shows something"


def test_an_icon_is_found_wherever_the_code_names_it(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text('ICONS = {"a": "phone", "b": "ph.ticket"}\nword = "nothing"\n')
    assert icon_font["named_icons"](tmp_path, {"phone", "ticket", "bell"}) == ["phone", "ticket"]


@pytest.mark.parametrize("name", ["glyf", "loca", "cmap", "head"])
def test_what_is_written_is_a_font_whose_sums_are_right(name: str) -> None:
    font = font_files()[0].read_bytes()
    small = icon_font["with_only"](font, {0xF101})
    assert icon_font["_sum"](small) == 0xB1B0AFBA
    assert name in icon_font["_tables"](small)
