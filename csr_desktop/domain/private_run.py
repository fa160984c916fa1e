"""Which digits of one run are private: the shapes of cards, persons' numbers and accounts, and the words beside them.

What is read lies within `number_words.REACH` of the digits, so an edit further away changes nothing. Each number costs
a bounded time, so a text costs time in proportion to its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Final, Literal, NamedTuple

from csr_desktop.domain import number_words, phone
from csr_desktop.domain.bank_numbers import is_routing_number
from csr_desktop.domain.card_numbers import LONGEST, SHORTEST, has_check_digit, issued_lengths
from csr_desktop.domain.digit_runs import MASK, NOTHING, Group, Run
from csr_desktop.domain.number_words import REACH, Said, Sense
from csr_desktop.domain.tax_numbers import person_number

Kind = Literal["card", "iban", "account", "ssn", "itin"]
Certainty = Literal["certain", "likely"]

ACCOUNT_DIGITS: Final = range(6, 18)
"""Digits of an account number; ACH entries have room for 17 (Nacha), and shorter ones are mostly something else."""

_LABEL: Final = re.compile(r"([^\W\d_]{1,12})(-?)\Z")
_NINE_DIGITS: Final = re.compile(r"(?<![0-9])[0-9]{9}(?![0-9])")
_MONEY: Final = frozenset("$€£¥")
_OF_A_PERSON: Final[frozenset[Sense]] = frozenset({"ssn", "itin"})
_OF_A_BANK: Final[frozenset[Sense]] = frozenset({"bank", "routing"})
_OF_AN_ACCOUNT: Final[frozenset[Sense]] = frozenset({"account", "bank"})
_NOT_OF_A_BANK: Final[frozenset[Sense]] = frozenset({"agency", "company", "other"})
_SPELT_BY: Final = frozenset({1, 2, 3, 5})  # digits at a time, as somebody dictates them; fours are the card's own
_NANP: Final = ((3, 3, 4), (1, 3, 3, 4), (3, 7), (6, 4), (1, 10))


class Candidate(NamedTuple):
    """Groups [first, stop) of a run, and what they are."""

    kind: Kind
    first: int
    stop: int
    certainty: Certainty


class RunReading:
    """One run of a plain text, whose phone numbers are dialled from `home_region`."""

    def __init__(self, plain: str, run: Run, home_region: str) -> None:
        self._plain, self._groups, self._gaps, self._home = plain, run.groups, run.gaps, home_region
        self._free_from = 0
        """The first group that is not part of a number already found."""

    def private(self) -> Iterator[Candidate]:
        """What is found, from left to right, none over another."""
        first = 0
        while first < len(self._groups):
            found = self._card(first) or self._person(first) or self._account(first)
            if found:
                yield found
                self._free_from = first = found.stop
            else:
                first += 1

    # Cards

    def _card(self, first: int) -> Candidate | None:
        if self._groups[first].digits[0] not in "234569":
            return None
        digits, likely = "", None
        for stop in range(first + 1, min(first + LONGEST, len(self._groups)) + 1):
            digits += self._groups[stop - 1].digits
            if len(digits) > LONGEST:
                break
            if len(digits) < SHORTEST or len(digits) not in issued_lengths(digits[:6]):
                continue
            certainty = self._card_certainty(first, stop, digits)
            if certainty == "certain":
                return Candidate("card", first, stop, certainty)
            if certainty and likely is None:
                likely = Candidate("card", first, stop, certainty)
        return likely

    def _card_certainty(self, first: int, stop: int, digits: str) -> Certainty | None:
        is_checked, sizes = has_check_digit(digits), self._sizes(first, stop)
        is_written_so = any(_is_card_shape(some, digits) for some in sizes)
        if not (is_checked or is_written_so) or not self._begins_here(first, stop):
            return None
        words = self._words(first, stop)
        is_said = any(said.sense == "card" for said in (*words.before, *words.after))
        if not is_checked:
            # A mistyped one shows most of a card.
            return "likely" if is_said and len(digits) >= 15 and self._ends_here(first, stop) else None
        if not is_said and (len(digits) < 14 or not self._ends_here(first, stop)):
            return None
        if self._is_phone(first, stop, is_said=is_said):
            return None
        if is_said:
            return "certain"
        if not is_written_so:
            return "likely" if any(_is_spelt(some) for some in sizes) and self._is_whole(first, stop) else None
        label = self._label(first)
        if stop == first + 1 and label:
            return None
        return "likely" if label or words.immediate == "other" else "certain"

    # Social security and taxpayer numbers

    def _person(self, first: int) -> Candidate | None:
        digits = self._groups[first].digits
        if len(digits) == 3 and self._sizes_from(first, 3) == (3, 2, 4):
            return self._person_in_parts(first)
        if len(digits) == 9:
            return self._person_bare(first)
        return self._person_otherwise(first)

    def _person_in_parts(self, first: int) -> Candidate | None:
        stop = first + 3
        kind = person_number(self._digits(first, stop))
        if kind is None or self._is_linked(first, stop, "-.") or self._follows_area_code(first):
            return None
        if self._follows_plus(first) and self._is_possible_phone(first, stop):
            return None
        words, label = self._words(first, stop), self._label(first)
        if words.says(_OF_A_PERSON):
            return Candidate(kind, first, stop, "certain")
        if words.immediate == "phone" or (label and self._is_attached(first)):
            return None
        if all(gap.strip(" \n" + NOTHING) == "-" for gap in self._gaps[first : stop - 1]):
            return Candidate(kind, first, stop, "likely" if label or words.immediate == "other" else "certain")
        if self._is_linked(first, stop, " /_\n") or label or self._reads_as_phone(first, stop):
            return None
        return Candidate(kind, first, stop, "likely")

    def _person_bare(self, first: int) -> Candidate | None:
        stop = first + 1
        kind = person_number(self._groups[first].digits)
        if kind is None or self._is_linked(first, stop, "-._") or self._label(first) or self._follows_plus(first):
            return None
        words = self._words(first, stop)
        nearest = words.nearest
        if nearest is None:
            return None
        if nearest.sense in _OF_A_PERSON:
            return Candidate(kind, first, stop, "certain")
        if nearest.sense in {"tin", "birth"} or words.next_is("birth"):
            return Candidate(kind, first, stop, "likely")
        return None

    def _person_otherwise(self, first: int) -> Candidate | None:
        """Grouped in another way, directly after the word for it."""
        if not self._begins_here(first, first + 1):
            return None
        digits = ""
        for stop in range(first + 1, min(first + 9, len(self._groups)) + 1):
            digits += self._groups[stop - 1].digits
            if len(digits) >= 9:
                break
        kind = person_number(digits) if len(digits) == 9 else None
        if kind is None or self._is_linked(first, stop, "-."):
            return None
        immediate = self._words(first, stop).immediate
        return Candidate(kind, first, stop, "certain") if immediate in _OF_A_PERSON else None

    # Bank accounts

    def _account(self, first: int) -> Candidate | None:
        stop = self._account_stop(first)
        if stop == first or self._is_amount(first, stop) or self._is_date(first, stop):
            return None
        if first > self._free_from and self._gaps[first - 1].strip(" \n" + NOTHING):
            return None  # what stands before belongs to it, as in a label or a phone number
        words = self._words(first, stop)
        if self._label(first) and self._label_sense(first) not in _OF_AN_ACCOUNT:
            return None
        certainty = self._account_certainty(first, stop, words)
        if certainty is None:
            return None
        is_named = words.immediate in _OF_AN_ACCOUNT and stop == first + 1
        if self._is_phone(first, stop, is_said=is_named) or (not is_named and self._reads_as_phone(first, stop)):
            return None
        return Candidate("account", first, stop, certainty)

    def _account_stop(self, first: int) -> int:
        """The end of the groups that dashes join, or blanks as long as they are too few; `first` if they are none."""
        count, stop = len(self._groups[first].digits), first + 1
        while stop < len(self._groups):
            gap = self._gaps[stop - 1]
            if gap != "-" and not (gap == " " and count < ACCOUNT_DIGITS.start):
                break
            count += len(self._groups[stop].digits)
            stop += 1
            if count >= ACCOUNT_DIGITS.stop:
                return first
        return stop if count in ACCOUNT_DIGITS else first

    def _account_certainty(self, first: int, stop: int, words: _Words) -> Certainty | None:
        digits = self._digits(first, stop)
        if is_routing_number(digits) and (words.says({"routing"}) or self._has_number_beside(stop)):
            return None  # whose bank it is is public
        has_routing = self._has_routing_number_near(first, stop)
        nearest = words.nearest
        if nearest is None:
            return "likely" if has_routing and self._is_beside_routing_number(first, stop) else None
        if nearest.sense == "routing":
            if words.next_is("account"):
                return "certain"
            return "certain" if has_routing and not is_routing_number(digits) else None
        if nearest.sense not in _OF_AN_ACCOUNT or self._is_of_something_else(words, nearest):
            return None
        if len(digits) == 8 and nearest.crossed and _is_day(digits):
            return None
        is_sure = has_routing or (nearest.sense == "account" and words.says(_OF_A_BANK))
        return "certain" if is_sure else "likely"

    def _is_of_something_else(self, words: _Words, nearest: Said) -> bool:
        """As in "SUI account", "client account", "account ending"."""
        if words.says({"ending"}):
            return True
        if words.says(_OF_A_BANK):
            return False
        return any(said.sense in _NOT_OF_A_BANK and said.crossed <= nearest.crossed + 1 for said in words.before)

    def _has_routing_number_near(self, first: int, stop: int) -> bool:
        start, end = self._groups[first].start, self._groups[stop - 1].end
        near = (*_NINE_DIGITS.findall(self._plain, max(0, start - REACH), start), *_nine_after(self._plain, end))
        return any(is_routing_number(digits) for digits in near)

    def _is_beside_routing_number(self, first: int, stop: int) -> bool:
        """With nothing but signs between them."""
        start, end = self._groups[first].start, self._groups[stop - 1].end
        left = re.search(r"([0-9]{9})[^\w]{1,4}\Z", self._plain[max(0, start - 14) : start])
        right = re.match(r"[^\w]{1,4}([0-9]{9})(?![0-9])", self._plain[end : end + 15])
        return any(found is not None and is_routing_number(found[1]) for found in (left, right))

    def _has_number_beside(self, stop: int) -> bool:
        """Whether an account number follows, with nothing but signs between them."""
        end = self._groups[stop - 1].end
        beside = re.match(r"[^\w$]{1,4}([0-9]{6,17})(?![0-9])", self._plain[end : end + 23])
        return beside is not None

    def _is_amount(self, first: int, stop: int) -> bool:
        start = self._groups[first].start
        if start and self._plain[start - 1] in _MONEY:
            return True
        is_followed = stop < len(self._groups) and self._gaps[stop - 1] == "."
        return is_followed and len(self._groups[stop].digits) == 2

    def _is_date(self, first: int, stop: int) -> bool:
        sizes = self._sizes_from(first, stop - first)
        return sizes in {(4, 2, 2), (2, 2, 4), (4, 2), (2, 2, 2)} and stop - first > 1

    # Phone numbers

    def _is_phone(self, first: int, stop: int, *, is_said: bool) -> bool:
        """Whether the number is written as one: with its plus, or, where no word says what else it is, so that it is
        somebody's number with its country's code.
        """
        if self._follows_plus(first):
            return self._is_possible_phone(first, stop)
        if is_said:
            return False
        digits = self._digits(first, stop)
        return len(digits) <= 15 and _is_valid_phone("+" + digits, "")

    def _is_possible_phone(self, first: int, stop: int) -> bool:
        """A plus and these digits, or these and the groups after them."""
        digits = "+" + self._digits(first, stop)
        if phone.parse(digits, self._home).kind == "possible":
            return True
        return stop < len(self._groups) and len(digits) < 15 and self._is_possible_phone(first, stop + 1)

    def _reads_as_phone(self, first: int, stop: int) -> bool:
        sizes = self._sizes_from(first, stop - first)
        if sizes in _NANP and len(sizes) > 1:
            return True
        digits = self._digits(first, stop)
        return 7 <= len(digits) <= 15 and self._home != "" and _is_valid_phone(digits, self._home)

    def _follows_plus(self, first: int) -> bool:
        return first == 0 and self._plain[max(0, self._groups[0].start - 2) : self._groups[0].start].endswith(("+", "+("))

    def _follows_area_code(self, first: int) -> bool:
        return first > 0 and ")" in self._gaps[first - 1]

    # Where a number begins and ends

    def _digits(self, first: int, stop: int) -> str:
        return "".join(group.digits for group in self._groups[first:stop])

    def _sizes_from(self, first: int, count: int) -> tuple[int, ...]:
        return tuple(len(group.digits) for group in self._groups[first : first + count])

    def _sizes(self, first: int, stop: int) -> tuple[tuple[int, ...], ...]:
        """How many digits each group has; and again with those joined that a line end alone cuts in two."""
        sizes = self._sizes_from(first, stop - first)
        if "\n" not in self._gaps[first : stop - 1]:
            return (sizes,)
        joined = [sizes[0]]
        for size, gap in zip(sizes[1:], self._gaps[first : stop - 1], strict=True):
            if gap == "\n":
                joined[-1] += size
            else:
                joined.append(size)
        return sizes, tuple(joined)

    def _begins_here(self, first: int, stop: int) -> bool:
        """Whether the sign before divides it from other digits, since it is none of those within."""
        if first == self._free_from:
            return True
        gap = self._gaps[first - 1]
        if "\n" in gap or len(gap) > 1:
            return True
        inner = set(self._gaps[first : stop - 1])
        return gap not in inner if inner else gap not in "-._" + NOTHING

    def _ends_here(self, first: int, stop: int) -> bool:
        """Whether what follows is something else: an expiry date, a security code, a post code, another card."""
        if stop == len(self._groups):
            return not self._is_followed_by_letters(stop)
        gap = self._gaps[stop - 1]
        inner = set(self._gaps[first : stop - 1])
        if "\n" in gap or len(gap) > 1 or (inner and gap not in inner):
            return True
        following = self._groups[stop].digits
        if not inner:
            return gap != "." or len(following) != 2
        sizes = self._sizes_from(first, stop - first)
        if len(following) != 4 or set(sizes) != {4}:
            return True
        return _is_expiry(following) or self._is_card_next(stop)

    def _is_card_next(self, first: int) -> bool:
        digits = self._digits(first, first + 4)
        return len(digits) in issued_lengths(digits[:6]) and has_check_digit(digits)

    def _is_whole(self, first: int, stop: int) -> bool:
        return first == self._free_from and stop == len(self._groups)

    def _is_linked(self, first: int, stop: int, signs: str) -> bool:
        """Whether one of these signs joins it to digits before or after."""
        before = self._gaps[first - 1] if first > self._free_from else ""
        after = self._gaps[stop - 1] if stop < len(self._groups) else ""
        return any(sign in before or sign in after for sign in signs)

    def _is_followed_by_letters(self, stop: int) -> bool:
        end = self._groups[stop - 1].end
        following = re.match(r"[^\W\d_]+", self._plain[end : end + 12])
        return following is not None and len(following.group()) < 12 and following.group().lower() not in _AFTER_A_CARD

    def _is_attached(self, first: int) -> bool:
        start = self._groups[first].start
        return start > 0 and self._plain[start - 1].isalpha()

    def _label(self, first: int) -> str:
        """Letters that make one label with the digits, as INV-1234 or A1234; '' where they are a word for themselves."""
        if first > 0:
            return ""
        start = self._groups[first].start
        if start and self._plain[start - 1] == MASK:
            return MASK
        found = _LABEL.search(self._plain, max(0, start - 13), start)
        if not found:
            return ""
        word, dash = found.groups()
        if number_words.sense_of(word) in _SAYS_ITSELF or number_words.is_link(word):
            return ""
        return "" if dash and len(word) > 3 and not word.isupper() else word

    def _label_sense(self, first: int) -> Sense | None:
        return number_words.sense_of(self._label(first))

    def _words(self, first: int, stop: int) -> _Words:
        return _Words(self._plain, self._groups[first].start, self._groups[stop - 1].end)


class _Words:
    """What the words before and after a number say; read when asked for."""

    def __init__(self, plain: str, start: int, end: int) -> None:
        self._plain, self._start, self._end = plain, start, end

    @cached_property
    def before(self) -> tuple[Said, ...]:
        return number_words.before(self._plain, self._start)

    @cached_property
    def after(self) -> tuple[Said, ...]:
        return number_words.after(self._plain, self._end)

    @property
    def nearest(self) -> Said | None:
        """Of the words before, or else of the next two after."""
        if self.before:
            return self.before[0]
        return self.after[0] if self.after and self.after[0].crossed <= 2 else None

    @property
    def immediate(self) -> Sense | None:
        """What the word directly before says."""
        return self.before[0].sense if self.before and self.before[0].crossed == 0 else None

    def next_is(self, sense: Sense) -> bool:
        return bool(self.after) and self.after[0] == (sense, 0)

    def says(self, senses: frozenset[Sense] | set[Sense]) -> bool:
        """Whether one of them is before, or directly after."""
        return any(said.sense in senses for said in self.before) or (
            bool(self.after) and self.after[0].sense in senses and self.after[0].crossed <= 1
        )


def _is_card_shape(sizes: tuple[int, ...], digits: str) -> bool:
    """In one piece, in fours with what is left, or as American Express and Diners Club print theirs."""
    if len(sizes) == 1:
        return True
    if sizes in {(4, 6, 5), (4, 6, 4)}:
        return True
    *most, last = sizes
    return all(size % 4 == 0 for size in most) and (last <= 4 or last % 4 == 0) and len(digits) >= SHORTEST


def _is_spelt(sizes: tuple[int, ...]) -> bool:
    *most, last = sizes
    return len(set(most)) == 1 and most[0] in _SPELT_BY and last <= most[0]


def _is_expiry(digits: str) -> bool:
    return "01" <= digits[:2] <= "12" and "20" <= digits[2:] <= "49"


def _is_day(digits: str) -> bool:
    """20240501, 05012024 or 01052024."""
    for year, one, other in ((digits[:4], digits[4:6], digits[6:]), (digits[4:], digits[:2], digits[2:4])):
        if "1900" <= year <= "2099" and "01" <= min(one, other) <= "12" and max(one, other) <= "31":
            return True
    return False


def _nine_after(plain: str, end: int) -> list[str]:
    """Numbers of nine digits that begin within reach."""
    return [match.group() for match in _NINE_DIGITS.finditer(plain, end, end + REACH + 10) if match.start() < end + REACH]


@lru_cache(maxsize=2048)
def _is_valid_phone(digits: str, region: str) -> bool:
    import phonenumbers

    try:
        number = phonenumbers.parse(digits, region or None)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(number)


_SAYS_ITSELF: Final[frozenset[Sense | None]] = frozenset({"card", "account", "bank", "routing", "ssn", "itin", "tin"})
_AFTER_A_CARD: Final = frozenset({"exp", "expires", "expiry", "cvv", "cvc", "cid", "valid", "zip", "visa", "amex", "mc", "and", "x"})
