"""Which digits of one run are private: the shapes of cards, persons' numbers and accounts, and the words beside them.

Each number costs a bounded time, so a text costs time in proportion to its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from csr_desktop.domain.bank_numbers import is_routing_number
from csr_desktop.domain.card_numbers import LONGEST, SHORTEST, has_check_digit, issued_lengths
from csr_desktop.domain.digit_runs import NOTHING, Run
from csr_desktop.domain.number_words import REACH, Said, Sense, Words
from csr_desktop.domain.run_edges import RunEdges, is_expiry
from csr_desktop.domain.tax_numbers import person_number

Kind = Literal["card", "iban", "account", "ssn", "itin"]
Certainty = Literal["certain", "likely"]

ACCOUNT_DIGITS: Final = range(6, 18)
"""Digits of an account number; ACH entries have room for 17 (Nacha). Six count only beside a word for a bank: as many
are the accounts that clients have with us.
"""

_NINE_DIGITS: Final = re.compile(r"(?<![0-9])[0-9]{9}(?![0-9])")
_MONEY: Final = frozenset("$€£¥")
_OF_A_PERSON: Final[frozenset[Sense]] = frozenset({"ssn", "itin"})
_OF_A_BANK: Final[frozenset[Sense]] = frozenset({"bank", "deposit", "routing"})
_OF_AN_ACCOUNT: Final[frozenset[Sense]] = frozenset({"account", "deposit", "bank"})
_SAID_AFTER_AN_ACCOUNT: Final[frozenset[Sense]] = frozenset({"account", "deposit"})
_NOT_OF_A_BANK: Final[frozenset[Sense]] = frozenset({"agency", "company", "other"})
_SPELT_BY: Final = frozenset({1, 2, 3, 5})  # digits at a time, as somebody dictates them; fours are the card's own


class Candidate(NamedTuple):
    """Groups [first, stop) of a run, and what they are."""

    kind: Kind
    first: int
    stop: int
    certainty: Certainty


class RunReading:
    """One run of a plain text, whose phone numbers are dialled from `home_region`."""

    def __init__(self, plain: str, run: Run, home_region: str) -> None:
        self._plain, self._groups, self._gaps = plain, run.groups, run.gaps
        self._edges = RunEdges(plain, run, home_region)

    def private(self) -> Iterator[Candidate]:
        """What is found, from left to right, none over another."""
        first = 0
        while first < len(self._groups):
            if self._edges.is_masked(first):
                first += 1
                continue
            found = self._card(first) or self._person(first) or self._account(first)
            if found:
                yield found
                self._edges.free_from = first = found.stop
            else:
                first += 1

    # Cards

    def _card(self, first: int) -> Candidate | None:
        if self._groups[first].digits[0] not in "234569" or self._edges.is_amid_the_same(first):
            return None
        if self._is_card_with_expiry(first):
            return Candidate("card", first, first + 1, "certain")
        digits, best = "", None
        for stop in range(first + 1, min(first + LONGEST, len(self._groups)) + 1):
            digits += self._groups[stop - 1].digits
            if len(digits) > LONGEST:
                break
            if len(digits) < SHORTEST or len(digits) not in issued_lengths(digits[:6]):
                continue
            certainty = self._card_certainty(first, stop, digits)
            # Of two, the longer hides more.
            if certainty == "certain" or (certainty and not best):
                best = Candidate("card", first, stop, certainty)
        return best

    def _is_card_with_expiry(self, first: int) -> bool:
        """Sixteen digits and MMYY in one piece."""
        digits = self._groups[first].digits
        if len(digits) != 20 or 16 not in issued_lengths(digits[:6]) or not has_check_digit(digits[:16]):
            return False
        return is_expiry(digits[16:]) and not self._edges.label(first) and self._edges.begins_here(first, first + 1)

    def _card_certainty(self, first: int, stop: int, digits: str) -> Certainty | None:
        is_checked, sizes = has_check_digit(digits), self._edges.sizes(first, stop)
        is_written_so = any(_is_card_shape(some) for some in sizes)
        if not (is_checked or is_written_so) or not self._edges.begins_here(first, stop):
            return None
        words = self._edges.words(first, stop)
        if any(said.sense == "card" for said in (*words.before, *words.after)):
            return self._said_card_certainty(first, stop, digits, is_checked=is_checked)
        if not is_checked or len(digits) < 14 or not self._edges.ends_here(first, stop):
            return None
        if self._edges.is_phone(first, stop):
            return None
        if not is_written_so:
            return "likely" if any(map(_is_spelt, sizes)) and self._edges.is_whole(first, stop) else None
        label = self._edges.label(first)
        if stop == first + 1 and (label or _is_short_account(digits, words)):
            return None
        return "likely" if label or words.immediate == "other" else "certain"

    def _said_card_certainty(self, first: int, stop: int, digits: str, *, is_checked: bool) -> Certainty | None:
        """With a word for it beside it. A mistyped one still shows most of a card."""
        if self._edges.follows_plus(first) and self._edges.is_phone(first, stop):
            return None
        if is_checked:
            return "certain"
        return "likely" if len(digits) >= 15 and self._edges.ends_here(first, stop) else None

    # Social security and taxpayer numbers

    def _person(self, first: int) -> Candidate | None:
        digits = self._groups[first].digits
        if len(digits) == 3 and self._edges.sizes_from(first, 3) == (3, 2, 4):
            return self._person_in_parts(first)
        if len(digits) == 9:
            return self._person_bare(first)
        return self._person_otherwise(first)

    def _person_in_parts(self, first: int) -> Candidate | None:
        stop = first + 3
        kind = person_number(self._edges.digits(first, stop))
        if kind is None or self._edges.is_linked(first, stop, "-.") or self._edges.follows_area_code(first):
            return None
        if self._edges.follows_plus(first) and self._edges.is_possible_phone(first, stop):
            return None
        words = self._edges.words(first, stop)
        if words.nearest and words.nearest.sense in _OF_A_PERSON:
            return Candidate(kind, first, stop, "certain")
        if words.immediate == "phone" or self._edges.is_written_as_phone(first, stop):
            return None
        certainty = self._certainty_of_parts(first, stop, words)
        return Candidate(kind, first, stop, certainty) if certainty else None

    def _certainty_of_parts(self, first: int, stop: int, words: Words) -> Certainty | None:
        """Three, two and four digits without a word for them: with dashes hardly anything else is written so."""
        label = self._edges.label(first)
        if all(gap.strip(" \n" + NOTHING) == "-" for gap in self._gaps[first : stop - 1]):
            if label and self._edges.is_attached(first):
                return None
            return "likely" if label or words.immediate == "other" else "certain"
        if label or self._edges.is_linked(first, stop, " /_\n"):
            return None
        return None if self._edges.is_dialled() or self._edges.reads_as_phone(first, stop) else "likely"

    def _person_bare(self, first: int) -> Candidate | None:
        stop = first + 1
        kind = person_number(self._groups[first].digits)
        if kind is None or self._edges.is_linked(first, stop, "-._"):
            return None
        if self._edges.label(first) or self._edges.follows_plus(first):
            return None
        words = self._edges.words(first, stop)
        nearest = words.nearest
        if nearest is None:
            return None
        if nearest.sense in _OF_A_PERSON:
            return Candidate(kind, first, stop, "certain")
        is_either = nearest.sense == "company" and words.before[1:2] == (Said("ssn", nearest.crossed),)
        if nearest.sense == "other" and any(said.sense in _OF_A_PERSON for said in words.before):
            return Candidate(kind, first, stop, "likely")
        if is_either or nearest.sense in {"tin", "birth"} or words.next_is("birth"):
            return Candidate(kind, first, stop, "likely")
        return None

    def _person_otherwise(self, first: int) -> Candidate | None:
        """Grouped in another way, directly after the word for it."""
        if not self._edges.begins_here(first, first + 1):
            return None
        digits = ""
        for stop in range(first + 1, min(first + 9, len(self._groups)) + 1):
            digits += self._groups[stop - 1].digits
            if len(digits) >= 9:
                break
        kind = person_number(digits) if len(digits) == 9 else None
        if kind is None or self._edges.is_linked(first, stop, "-."):
            return None
        immediate = self._edges.words(first, stop).immediate
        return Candidate(kind, first, stop, "certain") if immediate in _OF_A_PERSON else None

    # Bank accounts

    def _account(self, first: int) -> Candidate | None:
        stop = self._account_stop(first)
        if stop == first or self._is_amount(first, stop) or self._is_date(first, stop):
            return None
        if first > self._edges.free_from and set("-._") & set(self._gaps[first - 1]):
            return None  # what stands before belongs to it, as in a label or a phone number
        words = self._edges.words(first, stop)
        if self._edges.label(first) or self._edges.is_dialled():
            return None
        is_named = words.immediate in _OF_AN_ACCOUNT and stop == first + 1
        if not is_named and (self._edges.is_in_a_row(first, stop) or self._edges.reads_as_phone(first, stop)):
            return None
        certainty = self._account_certainty(first, stop, words)
        return Candidate("account", first, stop, certainty) if certainty else None

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

    def _account_certainty(self, first: int, stop: int, words: Words) -> Certainty | None:
        digits = self._edges.digits(first, stop)
        if is_routing_number(digits) and (words.says({"routing"}) or self._has_number_beside(stop)):
            return None  # whose bank it is is public
        has_routing = self._has_routing_number_near(first, stop)
        nearest = words.nearest
        if nearest is None or nearest.sense == "other":
            return "likely" if has_routing and self._is_beside_routing_number(first, stop) else None
        if nearest.sense == "routing":
            if words.next_is("account"):
                return "certain"
            return "certain" if has_routing and not is_routing_number(digits) else None
        if nearest.sense not in (_OF_AN_ACCOUNT if words.before else _SAID_AFTER_AN_ACCOUNT):
            return None
        if self._is_of_something_else(words, nearest) or (nearest.crossed and _is_day(digits)):
            return None
        is_of_a_bank = words.says(_OF_A_BANK)
        if has_routing or (nearest.sense == "account" and is_of_a_bank):
            return "certain"
        return "likely" if is_of_a_bank or len(digits) > ACCOUNT_DIGITS.start else None

    def _is_of_something_else(self, words: Words, nearest: Said) -> bool:
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
        left = re.search(r"(?<![0-9])([0-9]{9})[^\w]{1,4}\Z", self._plain[max(0, start - 14) : start])
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
        sizes = self._edges.sizes_from(first, stop - first)
        return sizes in {(4, 2, 2), (2, 2, 4), (4, 2), (2, 2, 2)} and stop - first > 1


def _is_short_account(digits: str, words: Words) -> bool:
    """Diners Club's fourteen digits are rare, and accounts of as many are not."""
    return len(digits) == 14 and words.nearest is not None and words.nearest.sense in _OF_AN_ACCOUNT


def _is_card_shape(sizes: tuple[int, ...]) -> bool:
    """In one piece, in fours with what is left, or as American Express and Diners Club print theirs."""
    if len(sizes) == 1:
        return True
    if sizes in {(4, 6, 5), (4, 6, 4)}:
        return True
    *most, last = sizes
    return all(size % 4 == 0 for size in most) and (last <= 4 or last % 4 == 0)


def _is_spelt(sizes: tuple[int, ...]) -> bool:
    *most, last = sizes
    return len(set(most)) == 1 and most[0] in _SPELT_BY and last <= most[0]


def _is_day(digits: str) -> bool:
    """20240501, 05012024 or 01052024."""
    if len(digits) != 8:
        return False
    for year, one, other in ((digits[:4], digits[4:6], digits[6:]), (digits[4:], digits[:2], digits[2:4])):
        if "1900" <= year <= "2099" and "01" <= min(one, other) <= "12" and max(one, other) <= "31":
            return True
    return False


def _nine_after(plain: str, end: int) -> list[str]:
    """Numbers of nine digits that begin within reach."""
    return [
        match.group() for match in _NINE_DIGITS.finditer(plain, end, end + REACH + 10) if match.start() < end + REACH
    ]
