"""Where a shown text agrees with what was typed, for painting."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from csr_desktop.domain.text import excerpt
from csr_desktop.store.search_typed import Word
from csr_desktop.store.search_words import LETTERS, fold

Marks = tuple[tuple[int, int], ...]
"""Starts and lengths in characters, in order, none overlapping."""

EXCERPT: Final = 90
"""Characters of a text that are shown."""
_BEFORE: Final = 24
_BETWEEN_DIGITS: Final = r"[\s().\-/]{0,3}"
_LOCAL_DIGITS: Final = 7
_LONGEST_COUNTRY_CODE: Final = 3


class Marker:
    """Marks the beginnings of words as typed, whole words that were meant, and digits through their punctuation."""

    def __init__(self, words: Sequence[Word], meant: Iterable[str]) -> None:
        starts = sorted({piece for word in words for piece in word.pieces}, key=len, reverse=True)
        patterns = [f"(?<!{LETTERS})(?:{'|'.join(map(re.escape, starts))})"] if starts else []
        whole = sorted(set(meant), key=len, reverse=True)
        if whole:
            patterns.insert(0, f"(?<!{LETTERS})(?:{'|'.join(map(re.escape, whole))})(?!{LETTERS})")
        patterns[:0] = [_BETWEEN_DIGITS.join(form) for form in _forms(words)]
        self._pattern = re.compile("|".join(patterns)) if patterns else None

    def marks(self, text: str) -> Marks:
        if self._pattern is None or not text:
            return ()
        return tuple((found.start(), found.end() - found.start()) for found in self._pattern.finditer(fold(text)))

    def first(self, text: str) -> int:
        """Where the first agreement begins, 0 without one."""
        found = self._pattern.search(fold(text)) if self._pattern is not None else None
        return found.start() if found else 0

    def agreeing(self, text: str) -> str:
        """The beginning of a text on one line, or from shortly before what agrees when that would not be seen."""
        line = " ".join(text.split())
        start = min(self.first(line) - _BEFORE, len(line) - EXCERPT + 1)
        if start <= _BEFORE:
            return excerpt(line, EXCERPT)
        return "…" + excerpt(line[line.rfind(" ", 0, start) + 1 :], EXCERPT - 1)


def _forms(words: Sequence[Word]) -> list[str]:
    """The digits to look for, longest first, also without the country code that a national number is shown without."""
    forms: set[str] = set()
    for word in words:
        for form in word.forms:
            ends = range(1, _LONGEST_COUNTRY_CODE + 1)
            forms.update((form, *(form[end:] for end in ends if len(form) - end >= _LOCAL_DIGITS)))
    return sorted(forms, key=len, reverse=True)
