"""Where a number may begin and end in a run of digits, and what there is written as a phone number.

What is read lies within `number_words.REACH` of the digits, so an edit further away changes nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from csr_desktop.domain import number_words, phone
from csr_desktop.domain.bank_numbers import is_routing_number
from csr_desktop.domain.card_numbers import SHORTEST, has_check_digit, issued_lengths
from csr_desktop.domain.digit_runs import MASK, NOTHING, Run
from csr_desktop.domain.number_words import Said, Sense, Words

_LABEL: Final = re.compile(r"([^\W\d_]{1,12})(-?)\Z")
_SAYS_ITSELF: Final[frozenset[Sense | None]] = frozenset(
    {"card", "account", "deposit", "bank", "routing", "ssn", "itin", "tin"}
)
_AFTER_A_CARD: Final = frozenset("exp expires expiry cvv cvc cid valid zip visa amex mc and x".split())
_NORTH_AMERICAN: Final = frozenset({(3, 3, 4), (1, 3, 3, 4), (3, 7), (6, 4), (1, 10)})
_E164_DIGITS: Final = 15
_NO_AMOUNT: Final = 15
"""Nobody is paid so many digits."""


class RunEdges:
    """One run of a plain text, whose phone numbers are dialled from `home_region`. Groups are [first, stop)."""

    def __init__(self, plain: str, run: Run, home_region: str) -> None:
        self._plain, self._groups, self._gaps, self._home = plain, run.groups, run.gaps, home_region
        self.free_from = 0
        """The first group that is not part of a number already found."""
        self._words_before: tuple[int, tuple[Said, ...]] = (-1, ())

    def digits(self, first: int, stop: int) -> str:
        return "".join(group.digits for group in self._groups[first:stop])

    def sizes_from(self, first: int, count: int) -> tuple[int, ...]:
        return tuple(len(group.digits) for group in self._groups[first : first + count])

    def sizes(self, first: int, stop: int) -> tuple[tuple[int, ...], ...]:
        """How many digits each group has; and again with those joined that a line end alone cuts in two."""
        sizes = self.sizes_from(first, stop - first)
        if "\n" not in self._gaps[first : stop - 1]:
            return (sizes,)
        joined = [sizes[0]]
        for size, gap in zip(sizes[1:], self._gaps[first : stop - 1], strict=True):
            if gap == "\n":
                joined[-1] += size
            else:
                joined.append(size)
        return sizes, tuple(joined)

    def begins_here(self, first: int, stop: int) -> bool:
        """Whether the sign before divides it from other digits, since it is none of those within."""
        if first == self.free_from:
            return True
        gap = self._gaps[first - 1]
        if "\n" in gap or len(gap) > 1:
            return True
        inner = set(self._gaps[first : stop - 1])
        return gap not in inner if inner else gap not in "-._" + NOTHING

    def is_amid_the_same(self, first: int) -> bool:
        """Whether no number of several groups can begin here, since the sign before is the one after. Seen without
        looking further, so that long rows of small numbers cost little.
        """
        if first == self.free_from or len(self._groups[first].digits) >= SHORTEST or first == len(self._gaps):
            return first == len(self._gaps) and len(self._groups[first].digits) < SHORTEST
        gap = self._gaps[first - 1]
        return gap == self._gaps[first] and len(gap) == 1 and gap != "\n"

    def ends_here(self, first: int, stop: int) -> bool:
        """Whether what follows is something else: an expiry date, a security code, a post code, another card."""
        if stop == len(self._groups):
            return not self._is_followed_by_letters(stop)
        gap = self._gaps[stop - 1]
        inner = set(self._gaps[first : stop - 1])
        if "\n" in gap or len(gap) > 1 or (inner and gap not in inner):
            return True
        following = self._groups[stop].digits
        if not inner:
            return gap != "." or len(following) != 2 or len(self._groups[first].digits) >= _NO_AMOUNT
        sizes = self.sizes_from(first, stop - first)
        if len(following) != 4 or set(sizes) != {4}:
            return True
        return is_expiry(following) or self._is_card_next(stop)

    def _is_card_next(self, first: int) -> bool:
        digits = self.digits(first, first + 4)
        return len(digits) in issued_lengths(digits[:6]) and has_check_digit(digits)

    def is_whole(self, first: int, stop: int) -> bool:
        return first == self.free_from and stop == len(self._groups)

    def is_linked(self, first: int, stop: int, signs: str) -> bool:
        """Whether one of these signs joins it to digits before or after."""
        before = self._gaps[first - 1] if first > self.free_from else ""
        after = self._gaps[stop - 1] if stop < len(self._groups) else ""
        return any(sign in before or sign in after for sign in signs)

    def is_in_a_row(self, first: int, stop: int) -> bool:
        """Whether a single blank joins it to other digits than a bank's routing number, as in a phone number."""
        beside = [first - 1] if first > self.free_from and self._gaps[first - 1] == " " else []
        if stop < len(self._groups) and self._gaps[stop - 1] == " ":
            beside.append(stop)
        return not all(is_routing_number(self._groups[place].digits) for place in beside)

    def _is_followed_by_letters(self, stop: int) -> bool:
        end = self._groups[stop - 1].end
        following = re.match(r"([^\W\d_]+)([0-9]?)", self._plain[end : end + 12])
        if following is None or len(following[1]) == 12:
            return False
        is_slip = len(following[1]) == 1 and not following[2]
        return not is_slip and following[1].lower() not in _AFTER_A_CARD

    def is_masked(self, first: int) -> bool:
        """Whether digits that were masked stand directly before or behind."""
        start, end = self._groups[first].start, self._groups[first].end
        return MASK in self._plain[max(0, start - 2) : start] or self._plain[end : end + 1] == MASK

    def is_attached(self, first: int) -> bool:
        start = self._groups[first].start
        return start > 0 and self._plain[start - 1].isalpha()

    def label(self, first: int) -> str:
        """Letters that make one label with the digits, as INV-1234 or A1234; '' where they are a word apart."""
        if first > 0:
            return ""
        start = self._groups[first].start
        found = _LABEL.search(self._plain, max(0, start - 13), start)
        if not found:
            return ""
        word, dash = found.groups()
        if number_words.sense_of(word) in _SAYS_ITSELF or number_words.is_link(word):
            return ""
        return "" if dash and len(word) > 3 and not word.isupper() else word

    def words(self, first: int, stop: int) -> Words:
        start = self._groups[first].start
        if self._words_before[0] != start:
            self._words_before = (start, number_words.before(self._plain, start))
        return Words(self._words_before[1], number_words.after(self._plain, self._groups[stop - 1].end))

    # Phone numbers

    def is_phone(self, first: int, stop: int) -> bool:
        """Whether the number has a plus and is possible, or is valid with one."""
        if self.follows_plus(first):
            return self.is_possible_phone(first, stop)
        digits = self.digits(first, stop)
        return len(digits) <= _E164_DIGITS and _is_valid_phone("+" + digits, "")

    def is_dialled(self) -> bool:
        """Whether the run begins as an international number does."""
        if self.free_from > 0:
            return False
        if self.follows_plus(0):
            return True
        digits = self.digits(0, min(18, len(self._groups)))[:18]
        prefix = next((prefix for prefix in ("011", "00") if digits.startswith(prefix)), "")
        return prefix != "" and _is_valid_phone("+" + digits.removeprefix(prefix), "")

    def is_possible_phone(self, first: int, stop: int) -> bool:
        """A plus and these digits, or these and the groups after them."""
        digits = "+" + self.digits(first, stop)
        if phone.parse(digits, self._home).kind == "possible":
            return True
        return stop < len(self._groups) and len(digits) <= _E164_DIGITS and self.is_possible_phone(first, stop + 1)

    def reads_as_phone(self, first: int, stop: int) -> bool:
        sizes = self.sizes_from(first, stop - first)
        if sizes in _NORTH_AMERICAN and len(sizes) > 1:
            return True
        digits = self.digits(first, stop)
        return 7 <= len(digits) <= _E164_DIGITS and self._home != "" and _is_valid_phone(digits, self._home)

    def is_written_as_phone(self, first: int, stop: int) -> bool:
        """Whether the home region groups the digits of a phone number so."""
        shown = _national_form(self.digits(first, stop), self._home)
        return tuple(map(len, re.findall("[0-9]+", shown))) == self.sizes_from(first, stop - first)

    def follows_plus(self, first: int) -> bool:
        start = self._groups[0].start
        return first == 0 and self._plain[max(0, start - 2) : start].endswith(("+", "+("))

    def follows_area_code(self, first: int) -> bool:
        return first > 0 and ")" in self._gaps[first - 1]


def is_expiry(digits: str) -> bool:
    return "01" <= digits[:2] <= "12" and "20" <= digits[2:] <= "49"


def _is_valid_phone(digits: str, region: str) -> bool:
    return _national_form(digits, region) != ""


@lru_cache(maxsize=2048)
def _national_form(digits: str, region: str) -> str:
    """How the region of a valid phone number writes it; '' if it is none."""
    import phonenumbers

    try:
        number = phonenumbers.parse(digits, region or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
