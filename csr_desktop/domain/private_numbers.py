"""Private numbers in free text: payment cards, bank accounts, social security and taxpayer numbers of persons.

A number is found by its own shape and check digits, and by the words beside it where those leave doubt. Public numbers
stay: a bank's routing number, an employer's EIN, phone numbers in any form, what is short or partly masked already.
`find` reads a whole text, as before storing it; `after_edit` goes with the typing, at a cost that the text's length
does not change. A text is 10,000 characters or a megabyte: the time is in proportion.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from hashlib import blake2b
from heapq import merge
from typing import Final

import msgspec

from csr_desktop.domain.bank_numbers import ibans
from csr_desktop.domain.digit_runs import MASK, as_plain, is_run_sign, runs
from csr_desktop.domain.number_words import REACH
from csr_desktop.domain.odd_gaps import oddly_grouped
from csr_desktop.domain.private_run import ACCOUNT_DIGITS, Certainty, Kind, RunReading

_LONGEST: Final = 160
"""Characters of the longest number, an IBAN of 33 with three signs after each. More than the reach of words."""
_SEARCHED: Final = 256
"""Characters over which the edge of a run of digits is looked for. Longer runs are cut there while typing."""
_UUID: Final = r"(?<![0-9A-Za-z-])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9A-Za-z])"
_FINGERPRINT_BYTES: Final = 2
_MASKED: Final = f"(?<!{MASK}){MASK}{{2,}}(?:[ \\-./]{{0,3}}{MASK}+)*[ \\-./]{{0,3}}[0-9A-Za-z]{{1,4}}"


class Found(msgspec.Struct, frozen=True):
    """A private number at [start, end) of a text, in characters (code points, not Qt's UTF-16 units).

    Kinds: 'card'; 'iban'; 'account', of a bank in the United States; 'ssn'; 'itin', with ATINs.
    Certainty: 'certain' where check digits, shape or words leave no doubt; 'likely' is worth a question.
    """

    kind: Kind
    start: int
    end: int
    certainty: Certainty


Number = tuple[Kind, str]
"""A number as itself: its kind, and its digits and letters."""


class Zone(msgspec.Struct, frozen=True):
    """What an edit can have changed: every number that lies wholly in [start, end) of the text."""

    start: int
    end: int
    found: tuple[Found, ...]


def find(text: str, home_region: str) -> tuple[Found, ...]:
    """All private numbers of a text from left to right, none over another. `home_region` is where phone numbers are
    dialled from (ISO 3166 alpha-2, or ''). Takes hostile text and never raises.
    """
    return _found(as_plain(text), home_region)


def find_near(text: str, changed_start: int, changed_end: int, home_region: str) -> Zone:
    """What `find` would find around a change, at a cost that depends on the change alone: [changed_start, changed_end)
    is what was typed or put in, empty after a deletion. The same as `find` as long as no run of digits, blanks, dashes
    and dots is longer than 256 characters there.
    """
    start = max(0, changed_start - REACH - _LONGEST)
    end = min(len(text), changed_end + REACH + _LONGEST)
    start = _run_start(text, start)
    end = _run_end(text, end)
    read_from = max(0, start - _LONGEST)
    found = _found(as_plain(text[read_from : end + _LONGEST]), home_region)
    inside = (_moved(one, read_from) for one in found)
    return Zone(start, end, tuple(one for one in inside if start <= one.start and one.end <= end))


def after_edit(
    found: Iterable[Found], text: str, position: int, removed: int, added: int, home_region: str
) -> tuple[Found, ...]:
    """What is found in `text` after `added` characters took the place of `removed` ones at `position`, given what was
    `found` before it.
    """
    zone = find_near(text, position, position + added, home_region)
    by = added - removed
    before, behind = [], []
    for one in found:
        if one.end <= position and one.start < zone.start:
            before.append(one)
        elif one.start >= position + removed and one.end + by > zone.end:
            behind.append(_moved(one, by))
    return (*before, *zone.found, *behind)


def masked(text: str, found: Iterable[Found]) -> str:
    """The text with these numbers masked, as long as before: of a card the first six and last four digits stay (PCI DSS
    3.4.1), of others the last four, and never more than half. Blanks and dashes stay as they were.
    """
    pieces, done_to = [], 0
    for one in sorted(found, key=lambda one: one.start):
        pieces += [text[done_to : one.start], _masked(text[one.start : one.end], one.kind)]
        done_to = one.end
    return "".join([*pieces, text[done_to:]])


def masked_count(text: str) -> int:
    """How many numbers stand masked in a text, as `masked` leaves them."""
    return sum(1 for _ in re.finditer(_MASKED, text)) if MASK in text else 0


def number_of(text: str, one: Found) -> Number:
    """The number itself, however it is grouped or written."""
    return one.kind, "".join(sign for sign in as_plain(text[one.start : one.end]).upper() if sign.isalnum())


def kept_mark(text: str, one: Found, salt: str) -> str:
    """Says "this is not one" of a number, wherever in this text it stands and however it is grouped.

    `salt` is the id of what the text belongs to, so marks of two texts cannot be compared. A mark holds no digit, and
    with its sixteen bits thousands of numbers have the same; but who knows the last four of a social security number
    could tell the others from it, so store only `marks_in_use`, whose numbers stand in the text anyway. The price is
    that one in 65,536 other numbers of this kind in this text is kept too. A number that the words beside it turn into
    another kind is asked about again.
    """
    kind, signs = number_of(text, one)
    key = f"{salt}\n{kind}\n{signs}".encode(errors="replace")
    return f"{one.kind}:{blake2b(key, digest_size=_FINGERPRINT_BYTES, person=b'not private').hexdigest()}"


def not_kept(text: str, found: Iterable[Found], marks: AbstractSet[str], salt: str) -> tuple[Found, ...]:
    """Those of `found` of which nobody said "this is not one"."""
    return tuple(one for one in found if not marks or kept_mark(text, one, salt) not in marks)


def marks_in_use(text: str, found: Iterable[Found], marks: AbstractSet[str], salt: str) -> frozenset[str]:
    """The marks to store with a text: those of numbers that still stand in it."""
    return frozenset(mark for mark in (kept_mark(text, one, salt) for one in found) if mark in marks)


def _found(plain: str, home_region: str) -> tuple[Found, ...]:
    accounts = [Found("iban", start, end, "certain") for start, end in ibans(plain)]
    ids = [match.span() for match in re.finditer(_UUID, plain)]
    odd = [Found(kind, start, end, "certain") for kind, start, end in oddly_grouped(plain)]
    accounts = list(merge(accounts, _apart(odd, accounts), key=lambda one: one.start))
    closed = merge(((one.start, one.end) for one in accounts), ids)
    numbers = [
        Found(one.kind, run.groups[one.first].start, run.groups[one.stop - 1].end, one.certainty)
        for run in runs(plain, closed)
        if run.groups[-1].end - run.groups[0].start >= ACCOUNT_DIGITS.start
        for one in RunReading(plain, run, home_region).private()
    ]
    return tuple(merge(accounts, numbers, key=lambda one: one.start))


def _apart(some: Iterable[Found], others: list[Found]) -> Iterable[Found]:
    return (one for one in some if not any(other.start < one.end and one.start < other.end for other in others))


def _moved(one: Found, by: int) -> Found:
    return Found(one.kind, one.start + by, one.end + by, one.certainty) if by else one


def _run_start(text: str, at: int) -> int:
    lowest = max(0, at - _SEARCHED)
    plain = as_plain(text[lowest:at])
    while at > lowest and is_run_sign(plain[at - lowest - 1]):
        at -= 1
    return at


def _run_end(text: str, at: int) -> int:
    plain = as_plain(text[at : at + _SEARCHED])
    for sign in plain:
        if not is_run_sign(sign):
            break
        at += 1
    return at


def _masked(number: str, kind: Kind) -> str:
    places = [place for place, sign in enumerate(number) if sign.isalnum()]
    first = 6 if kind == "card" else 0
    last = min(4, (len(places) - first) // 2)
    signs = list(number)
    for place in places[first : len(places) - last]:
        signs[place] = MASK
    return "".join(signs)
