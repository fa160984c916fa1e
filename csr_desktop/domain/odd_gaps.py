"""Numbers whose groups are divided by signs that no phone number, date or label has there: by commas, bars, colons, the
marks of a quoted mail or of a list, or wide blanks. Told apart from rows of other numbers by their shape: the same sign
between all groups, and none before or behind.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from csr_desktop.domain import number_words
from csr_desktop.domain.card_numbers import has_check_digit, issued_lengths
from csr_desktop.domain.tax_numbers import person_number

if TYPE_CHECKING:
    from collections.abc import Iterator

_GAP: Final = r"([,;:|]| \| | {5,8}|\n {0,2}> ?|\n {1,4}[-*] )"
_SIGNS: Final = ",;:|+"
_CARD: Final = re.compile(
    r"[2-6][0-9]{3}" + _GAP + r"[0-9]{4}\1[0-9]{4}\1[0-9]{4}(?!\1?[0-9])"
    r"|3[47][0-9]{2}" + _GAP + r"[0-9]{6}\2[0-9]{5}(?!\2?[0-9])"
)
_PERSON: Final = re.compile(r"[0-9]{3}([,;:|+])[0-9]{2}\1[0-9]{4}(?!\1?[0-9])")

Span = tuple[Literal["card", "ssn", "itin"], int, int]


def oddly_grouped(plain: str) -> list[Span]:
    """Of a text of plain digits, from left to right: cards with their check digit, and the numbers of persons directly
    behind the word for them.
    """
    return sorted([*_cards(plain), *_persons(plain)], key=lambda span: span[1])


def _cards(plain: str) -> Iterator[Span]:
    for match in _CARD.finditer(plain):
        digits = re.sub("[^0-9]", "", match.group())
        if _begins(plain, match.start()) and len(digits) in issued_lengths(digits[:6]) and has_check_digit(digits):
            yield "card", *match.span()


def _persons(plain: str) -> Iterator[Span]:
    for match in _PERSON.finditer(plain):
        if not _begins(plain, match.start()):
            continue
        kind = person_number(re.sub("[^0-9]", "", match.group()))
        said = number_words.before(plain, match.start())
        if kind and said and said[0].crossed == 0 and said[0].sense in {"ssn", "itin"}:
            yield kind, *match.span()


def _begins(plain: str, start: int) -> bool:
    before = plain[max(0, start - 2) : start]
    return not (before[-1:].isdecimal() or (before[:1].isdecimal() and before[-1:] in _SIGNS))
