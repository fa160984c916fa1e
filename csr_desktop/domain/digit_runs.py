"""Digits of a text as people group them: plain ones of all scripts, and the runs that blanks, dashes and dots make."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

MASK: Final = "\u2022"
"""Stands for a digit that was taken out; no digits are read over it."""
NOTHING: Final = "\x01"
"""Stands in a plain text for a sign that nobody sees, such as a joiner, a mark of direction or a soft hyphen."""
LONGEST_GAP: Final = 4

_GROUP: Final = re.compile("[0-9]+(?:\x01{1,6}[0-9]+)*")
_GAP: Final = re.compile("[ \n\x01./_()-]{1,4}")
_KEPT_PLAINS: Final = 4096
_LINE_ENDS: Final = frozenset("\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
_DASHES: Final = frozenset("\u02d7\u2043\u2212")
_DOTS: Final = frozenset("\u00b7\u2024\u2027\u3002\ufe52\uff61")
_FILLERS: Final = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters by their kind, of which nothing is to be seen."""
_BRAILLE_BLANK: Final = "\u2800"


class Group(NamedTuple):
    """Digits with nothing to be seen between them: [start, end) in the text, and themselves as ASCII."""

    start: int
    end: int
    digits: str


class Run(NamedTuple):
    """Groups in a row. `gaps[i]` is what stands between group i and the next."""

    groups: list[Group]
    gaps: list[str]


class _Plains(dict[int, str]):
    def __missing__(self, code: int) -> str:
        plain = _plain(chr(code))
        if len(self) < _KEPT_PLAINS:
            self[code] = plain
        return plain


def as_plain(text: str) -> str:
    """The text with every character where it was: digits of all scripts, full-width letters, blanks, dashes, dots and
    line ends as ASCII, and `NOTHING` for what cannot be seen.
    """
    return text.translate(_PLAINS)


def runs(plain: str, closed: Iterable[tuple[int, int]]) -> Iterator[Run]:
    """All runs of a plain text from left to right, but for the `closed` spans, which come in order."""
    spans = iter(closed)
    closed_from, closed_to = next(spans, _NO_SPAN)
    groups: list[Group] = []
    gaps: list[str] = []
    for match in _GROUP.finditer(plain):
        start, end = match.span()
        while closed_to <= start:
            closed_from, closed_to = next(spans, _NO_SPAN)
        if end > closed_from:
            continue
        gap = plain[groups[-1].end : start] if groups and start - groups[-1].end <= LONGEST_GAP else ""
        if gap and _GAP.fullmatch(gap):
            gaps.append(gap)
        elif groups:
            yield Run(groups, gaps)
            groups, gaps = [], []
        groups.append(Group(start, end, match.group().replace(NOTHING, "")))
    if groups:
        yield Run(groups, gaps)


def is_run_sign(character: str) -> bool:
    """Whether a plain character can stand within a run."""
    return character.isdecimal() or character in " \n\x01./_()-"


def _plain(character: str) -> str:
    digit = unicodedata.digit(character, -1)  # also raised, lowered and circled ones
    if digit >= 0:
        return str(digit)
    if character in _LINE_ENDS:
        return "\n"
    if character == "\t":
        return " "
    if "\uff01" <= character <= "\uff5e":
        return chr(ord(character) - 0xFEE0)
    category = unicodedata.category(character)
    if category == "Zs" or character == _BRAILLE_BLANK:
        return " "
    if category in {"Cf", "Mn", "Me"} or character in _FILLERS:
        return NOTHING
    if category == "Pd" or character in _DASHES:
        return "-"
    return "." if character in _DOTS else character


_NO_SPAN: Final = (1 << 62, 1 << 62)
_PLAINS: Final = _Plains()
