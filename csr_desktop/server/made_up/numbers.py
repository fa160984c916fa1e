"""Telephone numbers that ring nowhere, and the ways in which people write them down.

North America keeps 555-0100 to 555-0199 in each area code for fiction; area codes with 9 in the middle are kept for a
later extension of the plan and serve where those do not suffice. Ofcom and the Bundesnetzagentur keep ranges for drama.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Final

_AREA_CODES: Final = tuple(
    str(code)
    for first, last in (
        (201, 210), (212, 220), (223, 225), (228, 229), (251, 254), (301, 310), (312, 321), (330, 332), (401, 410),
        (412, 419), (501, 510), (512, 518), (561, 567), (601, 610), (612, 620), (701, 708), (712, 720), (754, 757),
        (772, 775), (801, 806), (812, 818), (860, 865), (901, 904), (912, 920), (970, 973), (978, 980),
    )
    for code in range(first, last + 1)
)  # fmt: skip
_BRITISH: Final = ("+44207946", "+441134960", "+441144960", "+441154960", "+441214960", "+441314960", "+441414960")
_BRITISH_MOBILE: Final = "+447700900"
_GERMAN: Final = ("+493023125", "+496990009", "+494066969", "+492214710", "+498999998")


class NumberBook:
    """Numbers in E.164, each given out once. `in_area` keeps to an area code while it has some left."""

    def __init__(self, random: Random, taken: frozenset[str] = frozenset()) -> None:
        self._random = random
        self._given = set(taken)
        self._left: dict[str, list[int]] = {}
        self._areas = list(_AREA_CODES)
        self._reserved = _reserved_numbers()
        random.shuffle(self._areas)

    def in_area(self, area_code: str) -> str:
        """A number of fiction in this area code, else in another one, else in one that does not exist."""
        while True:
            left = self._left.get(area_code)
            if left is None:
                left = self._left[area_code] = list(range(100, 200))
                self._random.shuffle(left)
            while left:
                number = f"+1{area_code}555{left.pop():04d}"
                if number not in self._given:
                    self._given.add(number)
                    return number
            while self._areas and not self._left.get(self._areas[-1], True):
                self._areas.pop()
            if not self._areas:
                return next(self._reserved)
            area_code = self._areas[-1]

    def abroad(self) -> str:
        """A British or German number from the ranges for drama."""
        random = self._random
        for _ in range(50):
            kind = random.random()
            if kind < 0.45:
                prefix = random.choice(_BRITISH)
                number = prefix + f"{random.randrange(1000):0{13 - len(prefix)}d}"
            elif kind < 0.6:
                number = f"{_BRITISH_MOBILE}{random.randrange(1000):03d}"
            else:
                number = f"{random.choice(_GERMAN)}{random.randrange(1000):03d}"
            if number not in self._given:
                self._given.add(number)
                return number
        return next(self._reserved)


def _reserved_numbers() -> Iterator[str]:
    """All 800,000 numbers of exchange 555 in the reserved area codes, the exchange's 0100 to 0199 first."""
    areas = [f"{first}9{last}" for first in range(2, 10) for last in range(10)]
    for line in (*range(100, 200), *range(100), *range(200, 10_000)):
        for area in areas:
            yield f"+1{area}555{line:04d}"


def reserved_numbers(count: int) -> list[str]:
    """So many different numbers for measurements. Raises ValueError above 800,000."""
    if count > 800_000:
        raise ValueError("There are only 800,000 numbers in the reserved area codes.")
    source = _reserved_numbers()
    return [next(source) for _ in range(count)]


def written(random: Random, e164: str, extension: str = "") -> str:
    """The number as somebody in the United States may have typed it."""
    if not e164.startswith("+1"):
        return f"+{e164[1:3]} {e164[3:5]} {e164[5:9]} {e164[9:]}" if random.random() < 0.6 else e164
    area, exchange, line = e164[2:5], e164[5:8], e164[8:]
    style = random.random()
    if style < 0.4:
        text = f"({area}) {exchange}-{line}"
    elif style < 0.6:
        text = f"{area}-{exchange}-{line}"
    elif style < 0.72:
        text = f"{area}.{exchange}.{line}"
    elif style < 0.8:
        text = f"{area}{exchange}{line}"
    elif style < 0.87:
        text = f"+1 {area} {exchange} {line}"
    elif style < 0.94:
        text = f"1-{area}-{exchange}-{line}"
    else:
        text = f"{area}/{exchange}-{line}"
    if not extension:
        return text
    return text + random.choice((" ext. ", " x", ", ext. ", " ext ")) + extension


MALFORMED: Final = ("call the office", "555-01", "see other shop", "312 555 01", "none, mail only", "ask Dana", "55501")
"""What stands in a field for numbers although it is none."""
