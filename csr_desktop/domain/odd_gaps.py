"""Numbers whose groups are divided by signs that no phone number, date or label has there: by commas, bars, colons, the
marks of a quoted mail or of a list, or wide blanks; and cards without anything between one and the next. Told apart
from rows of other numbers by their shape: the same sign between all groups, and none before or behind.
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

_SPACED: Final = re.compile(r"[2-6][0-9]{3}, [0-9]{4}, [0-9]{4}, [0-9]{4}(?!,? ?[0-9])")
_ONE: Final = r"[2-6][0-9]{3}([ .,;:|-]?)[0-9]{4}\%d[0-9]{4}\%d[0-9]{4}"
_TWO: Final = re.compile(rf"(?<![0-9]){_ONE % (1, 1)}{_ONE % (2, 2)}")
_NEXT: Final = re.compile(_ONE % (1, 1))
_MOST_GLUED: Final = 4
"""As many as are seen at once around an edit."""

Span = tuple[Literal["card", "ssn", "itin"], int, int]


def oddly_grouped(plain: str) -> list[Span]:
    """Of a text of plain digits, from left to right: cards with their check digit, and the numbers of persons directly
    behind the word for them.
    """
    glued = [*_glued(plain)]
    others = [
        one
        for one in (*_cards(plain), *_persons(plain))
        if not any(one[1] < end and start < one[2] for _, start, end in glued)
    ]
    return sorted([*glued, *others], key=lambda span: span[1])


def _cards(plain: str) -> Iterator[Span]:
    for match in _CARD.finditer(plain):
        if _begins(plain, match.start()) and _is_card(match.group()):
            yield "card", *match.span()
    for match in _SPACED.finditer(plain):  # as any list of numbers is written
        said = number_words.before(plain, match.start())
        if said and said[0].crossed == 0 and said[0].sense == "card" and _is_card(match.group()):
            yield "card", *match.span()


def _glued(plain: str) -> Iterator[Span]:
    """Cards of which each begins where the one before ends, at least two."""
    done_to = 0
    for match in _TWO.finditer(plain):
        at, spans = match.start(), list[Span]()
        while len(spans) < _MOST_GLUED and (one := _NEXT.match(plain, at)) and _is_card(one.group()):
            spans.append(("card", *one.span()))
            at = one.end()
        if (
            len(spans) > 1
            and match.start() >= done_to
            and not plain[at : at + 1].isdecimal()
            and _begins(plain, match.start())
        ):
            done_to = at
            yield from spans


def _is_card(text: str) -> bool:
    digits = re.sub("[^0-9]", "", text)
    return len(digits) in issued_lengths(digits[:6]) and has_check_digit(digits)


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
