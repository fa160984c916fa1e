"""What a person typed into the search box: words, pieces of numbers, a ticket's number or label. Any text is harmless:
only letters and digits of it reach an index, each run of them in quotes.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from csr_desktop.domain.phone import SEARCHED_DIGITS, digits, search_forms
from csr_desktop.domain.text import clean_line
from csr_desktop.store.search_words import LETTERS, LONGEST, WORD, fold

TYPED_LIMIT: Final = 200
_MOST_WORDS: Final = 8
_LONGEST_TICKET_NUMBER: Final = 12
_PARTS: Final = re.compile(
    r"(?P<address>[^\s@]+@[^\s@]*)"
    rf"|(?P<number>(?<!{LETTERS})[+(]?\d[\d\s().\-/]*\d(?!{LETTERS}))"
    rf"|(?P<word>{LETTERS}+)"
)
_TICKET: Final = re.compile(r"#?\s*([0-9]{1,12})")
_LABEL: Final = re.compile(r"#?\s*[tT]-([0-9A-Za-z]{2,6})")


class Word(NamedTuple):
    """One thing that must be found: `text` as typed, `forms` the digit strings that a phone number may end with or
    contain, `pieces` the runs of letters or digits that a text may hold instead, `domain` what follows an @.
    """

    text: str
    pieces: tuple[str, ...]
    forms: tuple[str, ...] = ()
    domain: str = ""


class Typed(NamedTuple):
    """`ticket_number` and `label` only when there is nothing else; 0 and '' otherwise."""

    words: tuple[Word, ...]
    ticket_number: int
    label: str


def read(text: str, home_region: str) -> Typed:
    """The words of a text, the first eight. A leading # leaves only numbers, a leading > nothing at all."""
    line = clean_line(text[: TYPED_LIMIT * 4], TYPED_LIMIT)
    if line.startswith(">"):
        return Typed((), 0, "")
    label = _LABEL.fullmatch(line)
    number = _TICKET.fullmatch(line)
    words = []
    for part in _PARTS.finditer(line):
        word = _word(part, home_region)
        if word is not None and (word.forms or not line.startswith("#")):
            words.append(word)
    if label:
        words = [word for word in words if not word.forms]
    return Typed(tuple(words[:_MOST_WORDS]), int(number[1]) if number else 0, label[1].upper() if label else "")


def _word(part: re.Match[str], home_region: str) -> Word | None:
    typed = part.group()
    if part["address"]:
        name, _, domain = typed.partition("@")
        pieces = tuple(fold(piece)[:LONGEST] for piece in WORD.findall(name))
        # The index keeps a domain without its dots and dashes.
        joined = fold(domain.replace(".", "").replace("-", ""))
        return Word(fold(typed), pieces, domain=joined if WORD.fullmatch(joined) else "") if pieces else None
    pieces = tuple(fold(piece) for piece in WORD.findall(typed))
    if part["number"] or typed.isdecimal():
        forms = search_forms(typed, home_region) if len(digits(typed)) >= SEARCHED_DIGITS else ()
        return Word(typed, pieces, forms)
    return Word(pieces[0], pieces)
