"""Words as the indexes hold them, and what a person meant who began or misspelt one."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from csr_desktop.store.search_documents import ID_MARK

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from csr_desktop.store.sql import Sql

# Some letters of New Tai Lue and two Vedic ones were marks in older Unicode, and still are to FTS5.
LETTERS: Final = "[^\\W_\u19b0-\u19c9\u1cf2\u1cf3]"
"""A pattern for one letter or digit, the same to Python and to FTS5's unicode61."""
WORD: Final = re.compile(f"{LETTERS}+")
_MARKED_WORD: Final = re.compile(f"{ID_MARK}?{LETTERS}+")
_NOT_ASCII: Final = re.compile("[^\x00-\x7f]")
_ASCII_WORD: Final = re.compile("[a-z0-9]+")
SHORTEST, LONGEST = 3, 32
"""Characters of the words that are kept for beginnings and typing errors."""
IN_DIRECTORY, IN_ITEMS = 1, 2
KEEP: Final = "INSERT INTO search_words (word, places)"
AT_BOTH_PLACES: Final = (
    "ON CONFLICT (word) DO UPDATE SET places = places | excluded.places WHERE places & excluded.places = 0"
)
BEGINNINGS: Final = 400
"""So many words with one beginning are looked for at most, the shortest first."""
_MISSPELT_FROM: Final = 4
_TWO_ERRORS_FROM: Final = 9
_BEGINNING_FROM: Final = 5
_MEANT: Final = 12
_REMEMBERED: Final = 64


def fold(text: str) -> str:
    """Lower case without the accents of Latin letters, character by character, so that places stay the same."""
    return text.lower() if text.isascii() else _NOT_ASCII.sub(_folded, text).lower()


def _folded(found: re.Match[str]) -> str:
    return _plain(found.group())


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    lower = character.lower()[:1]
    parts = unicodedata.normalize("NFD", lower)
    return parts[0] if len(parts) > 1 and parts[0].isascii() else lower


def words_of(texts: Iterable[str]) -> set[str]:
    """The words worth keeping; those that stand for ids are none."""
    found: set[str] = set()
    for text in texts:
        found.update((_ASCII_WORD if text.isascii() else _MARKED_WORD).findall(fold(text)))
    return {word for word in found if SHORTEST <= len(word) <= LONGEST and word[0] != ID_MARK}


def keep_words(sql: Sql, words: Iterable[str], place: int) -> None:
    sql.many(f"{KEEP} VALUES (?, ?) {AT_BOTH_PLACES}", [(word, place) for word in sorted(words)])


class Spelling:
    """The words of one file. What it read is kept in memory and read on from there: words are only ever added."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self._read = 0
        self._by_first: dict[str, list[str]] = {}
        self._beginnings: dict[tuple[str, int], list[str]] = {}
        self._meant: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}

    def beginning_with(self, beginning: str) -> list[str]:
        """Words of items with that beginning, the shortest first."""
        found = self._sql.all(
            "SELECT word FROM search_words WHERE word >= ? AND word < ? AND places & ? ORDER BY length(word) LIMIT ?",
            beginning,
            beginning + "\U0010ffff",
            IN_ITEMS,
            BEGINNINGS,
        )
        return [word for (word,) in found]

    def meant_by(self, word: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Known words, and beginnings of such, that differ by a typing error or two, the likeliest first.

        One letter too many, too few or wrong, or two that changed places; the first letter is one of the first two.
        """
        if len(word) < _MISSPELT_FROM or not any(map(str.isalpha, word)):
            return (), ()
        self._read_on()
        meant = self._meant.get(word)
        if meant is None:
            if len(self._meant) >= _REMEMBERED:
                self._meant.clear()
            meant = self._meant[word] = self._look_up(word)
        return meant

    def prepare(self) -> None:
        """Read the words before they are needed."""
        self._read_on()

    def _look_up(self, word: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        firsts = dict.fromkeys(word[:2])
        whole = _alike(word, [other for first in firsts for other in self._by_first.get(first, ())])
        if len(word) < _BEGINNING_FROM:
            return whole, ()
        begun = _alike(word, [start for first in firsts for start in self._starts(first, len(word))])
        return whole, begun

    def _starts(self, first: str, length: int) -> list[str]:
        starts = self._beginnings.get((first, length))
        if starts is None:
            longer = {word[:length] for word in self._by_first.get(first, ()) if len(word) > length}
            starts = self._beginnings[first, length] = sorted(longer)
        return starts

    def _read_on(self) -> None:
        newest = self._sql.value("SELECT max(number) FROM search_words") or 0
        if newest == self._read:
            return
        for (word,) in self._sql.all(
            "SELECT word FROM search_words WHERE number > ? AND number <= ?", self._read, newest
        ):
            if len(word) >= _MISSPELT_FROM and not word.isdigit():
                self._by_first.setdefault(word[0], []).append(word)
        self._read = newest
        self._beginnings.clear()
        self._meant.clear()


def _alike(word: str, others: Sequence[str]) -> tuple[str, ...]:
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    errors = 2 if len(word) >= _TWO_ERRORS_FROM else 1
    found = process.extract(word, others, scorer=OSA.distance, score_cutoff=errors, limit=_MEANT)
    return tuple(other for other, _, _ in found if not other.startswith(word))
