"""The font of icons with only those that the program names: a tenth of it in a hundredth of the bytes."""

from __future__ import annotations

import ast
import json
import struct
from collections.abc import Collection, Iterator
from itertools import pairwise
from pathlib import Path

_HEADER, _RECORD = 12, 16
_MORE_COMPONENTS, _WORDS, _SCALE, _TWO_SCALES, _MATRIX = 0x20, 0x01, 0x08, 0x40, 0x80


def named_icons(code: Path, known: Collection[str]) -> list[str]:
    """Every text in the code that is an icon's name, with or without "ph." before it."""
    found: set[str] = set()
    for path in code.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value.removeprefix("ph."))
    return sorted(found.intersection(known))


def with_only(font: bytes, characters: Collection[int]) -> bytes:
    """The TrueType font with the outlines of these characters alone. Numbers and widths of glyphs stay as they are."""
    tables = _tables(font)
    count = struct.unpack_from(">H", tables["maxp"], 4)[0]
    is_long = struct.unpack_from(">h", tables["head"], 50)[0] == 1
    places = struct.unpack_from(f">{count + 1}{'I' if is_long else 'H'}", tables["loca"])
    starts = [place if is_long else place * 2 for place in places]
    glyphs = [tables["glyf"][start:end] for start, end in pairwise(starts)]
    staying = {0, *(number for code, number in _characters(tables["cmap"]) if code in characters)}
    waiting = list(staying)
    while waiting:
        for part in _parts(glyphs[waiting.pop()]):
            if part not in staying:
                staying.add(part)
                waiting.append(part)
    outlines, begins = bytearray(), []
    for number, glyph in enumerate(glyphs):
        begins.append(len(outlines))
        if number in staying:
            outlines += glyph + bytes(-len(glyph) % 4)
    begins.append(len(outlines))
    packed = begins if is_long else [place // 2 for place in begins]
    tables |= {"glyf": bytes(outlines), "loca": struct.pack(f">{count + 1}{'I' if is_long else 'H'}", *packed)}
    return _font(font[:4], tables)


def _tables(font: bytes) -> dict[str, bytes]:
    found = {}
    for index in range(struct.unpack_from(">H", font, 4)[0]):
        tag, _, place, size = struct.unpack_from(">4sIII", font, _HEADER + _RECORD * index)
        found[tag.decode("ascii")] = font[place : place + size]
    return found


def _characters(cmap: bytes) -> Iterator[tuple[int, int]]:
    """(character, number of its glyph) of the table's parts for the basic plane, format 4, and for all, format 12."""
    for index in range(struct.unpack_from(">H", cmap, 2)[0]):
        start = struct.unpack_from(">I", cmap, 4 + 8 * index + 4)[0]
        kind = struct.unpack_from(">H", cmap, start)[0]
        if kind == 12:
            for group in range(struct.unpack_from(">I", cmap, start + 12)[0]):
                first, last, glyph = struct.unpack_from(">III", cmap, start + 16 + 12 * group)
                yield from ((code, glyph + code - first) for code in range(first, last + 1))
        elif kind == 4:
            yield from _basic(cmap, start)


def _basic(cmap: bytes, start: int) -> Iterator[tuple[int, int]]:
    count = struct.unpack_from(">H", cmap, start + 6)[0] // 2
    lasts, firsts, steps, places = (start + 14, start + 16 + 2 * count, start + 16 + 4 * count, start + 16 + 6 * count)
    for segment in range(count):
        (last,), (first,), (step,), (place,) = (
            struct.unpack_from(">H", cmap, where + 2 * segment) for where in (lasts, firsts, steps, places)
        )
        for code in range(first, last + 1):
            glyph = code
            if place:
                glyph = struct.unpack_from(">H", cmap, places + 2 * segment + place + 2 * (code - first))[0]
            if code != 0xFFFF and glyph:
                yield code, (glyph + step) & 0xFFFF


def _parts(glyph: bytes) -> Iterator[int]:
    """The glyphs that this one is put together of."""
    if not glyph or struct.unpack_from(">h", glyph)[0] >= 0:
        return
    place, flags = 10, _MORE_COMPONENTS
    while flags & _MORE_COMPONENTS:
        flags, number = struct.unpack_from(">HH", glyph, place)
        yield number
        place += 4 + (4 if flags & _WORDS else 2)
        place += 2 if flags & _SCALE else 4 if flags & _TWO_SCALES else 8 if flags & _MATRIX else 0


def _font(kind: bytes, tables: dict[str, bytes]) -> bytes:
    head = bytearray(tables["head"])
    struct.pack_into(">I", head, 8, 0)
    tables = tables | {"head": bytes(head)}
    power = len(tables).bit_length() - 1
    begin = struct.pack(">4sHHHH", kind, len(tables), 16 << power, power, 16 * len(tables) - (16 << power))
    records, content = b"", b""
    place = _HEADER + _RECORD * len(tables)
    for tag in sorted(tables):
        table = tables[tag]
        records += struct.pack(">4sIII", tag.encode(), _sum(table), place + len(content), len(table))
        if tag == "head":
            adjustment = place + len(content) + 8
        content += table + bytes(-len(table) % 4)
    whole = bytearray(begin + records + content)
    struct.pack_into(">I", whole, adjustment, (0xB1B0AFBA - _sum(bytes(whole))) & 0xFFFFFFFF)
    return bytes(whole)


def _sum(content: bytes) -> int:
    padded = content + bytes(-len(content) % 4)
    words: tuple[int, ...] = struct.unpack(f">{len(padded) // 4}I", padded)
    return sum(words) & 0xFFFFFFFF


def write(font: Path, names: Path, code: Path, target: Path) -> list[Path]:
    """Both files with only the icons that the code names, under their own file names."""
    known: dict[str, str] = json.loads(names.read_bytes())
    kept = {name: known[name] for name in named_icons(code, known)}
    target.mkdir(parents=True, exist_ok=True)
    made = [target / font.name, target / names.name]
    made[0].write_bytes(with_only(font.read_bytes(), {int(place, 16) for place in kept.values()}))
    made[1].write_text(json.dumps(kept), encoding="ascii", newline="\n")
    return made
