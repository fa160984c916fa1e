"""Payment card numbers: who issues which, how long they are, and their check digit (ISO/IEC 7812-1, annex B: Luhn)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

SHORTEST: Final = 12
LONGEST: Final = 19

_SIXTEEN: Final = frozenset({16})
_SIXTEEN_UP: Final = frozenset({16, 17, 18, 19})
# First and last prefix of a range, both of the same length, and the lengths in use. From what the networks publish:
# American Express; Diners Club; JCB; Visa; Mastercard (series 5, and series 2 since 2017); Maestro; Dankort; Discover;
# UnionPay; Mir; RuPay; Troy; Verve. Where ranges overlap, all their lengths count.
_ISSUED: Final = (
    ("34", "34", frozenset({15})),
    ("37", "37", frozenset({15})),
    ("300", "305", frozenset({14}) | _SIXTEEN_UP),
    ("3095", "3095", frozenset({14}) | _SIXTEEN_UP),
    ("36", "36", frozenset({14}) | _SIXTEEN_UP),
    ("38", "39", frozenset({14}) | _SIXTEEN_UP),
    ("3528", "3589", _SIXTEEN_UP),
    ("4", "4", frozenset({13, 16, 19})),
    ("51", "55", _SIXTEEN),
    ("2221", "2720", _SIXTEEN),
    ("5018", "5018", frozenset(range(12, 20))),
    ("5020", "5020", frozenset(range(12, 20))),
    ("5038", "5038", frozenset(range(12, 20))),
    ("5893", "5893", frozenset(range(12, 20))),
    ("6304", "6304", frozenset(range(12, 20))),
    ("6759", "6759", frozenset(range(12, 20))),
    ("6761", "6763", frozenset(range(12, 20))),
    ("5019", "5019", _SIXTEEN),
    ("6011", "6011", _SIXTEEN_UP),
    ("644", "649", _SIXTEEN_UP),
    ("65", "65", _SIXTEEN_UP),
    ("62", "62", _SIXTEEN_UP),
    ("2200", "2204", _SIXTEEN_UP),
    ("508500", "508999", _SIXTEEN),
    ("606985", "607984", _SIXTEEN),
    ("608001", "608500", _SIXTEEN),
    ("979200", "979289", _SIXTEEN),
    ("506099", "506198", frozenset({16, 18, 19})),
)
_DOUBLED: Final = str.maketrans("0123456789", "0246813579")  # a digit twice, and of two digits their sum


def has_check_digit(digits: str) -> bool:
    """Whether the last digit is right by Luhn's formula: each second digit from the right counts twice, and the sum of
    all figures is a multiple of ten.
    """
    ones, twos = digits[-1::-2], digits[-2::-2].translate(_DOUBLED)
    return (sum(map(int, ones)) + sum(map(int, twos))) % 10 == 0


@lru_cache(maxsize=4096)
def issued_lengths(prefix: str) -> frozenset[int]:
    """How many digits a card that begins with these six may have; empty when no network issues them."""
    found = [lengths for first, last, lengths in _ISSUED if first <= prefix[: len(first)] <= last]
    return frozenset[int]().union(*found)
