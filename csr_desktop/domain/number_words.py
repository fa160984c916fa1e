"""What the words around a number say that it is: "ssn 123456789", "acct # 12345678", "123456789 (social)"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple

Sense = Literal[
    "card",
    "account",
    "deposit",
    "bank",
    "routing",
    "ssn",
    "itin",
    "tin",
    "birth",
    "company",
    "agency",
    "phone",
    "other",
    "ending",
]

REACH: Final = 64
"""Characters before or after a number in which words are read."""
_CROSSED_AT_MOST: Final = 4

# In the words of a payroll bureau's CSRs, with the Spanish that many of them type.
_WORDS: Final[dict[Sense, str]] = {
    "card": (
        "card cards visa mastercard mc amex discover diners jcb maestro unionpay cc debit credit pan prepaid "
        "paycard tarjeta"
    ),
    "account": "account accounts acct accts acc a/c cuenta",
    "deposit": "checking chequing savings dda",
    "bank": "bank banking deposit deposits ach wire banco",
    "routing": "routing aba rtn transit rtng micr ruta",
    "ssn": "ssn ssns ss social socials soc sss",
    "itin": "itin itins atin",
    "tin": "tin tins taxpayer",
    "birth": "dob birth born birthdate birthday",
    "company": "ein eins fein feins employer federal fed company corporate",
    "agency": "sui suta futa sit sdi edd dor irs ui withholding unemployment state eftps tax",
    "phone": (
        "phone phones tel telephone cell mobile fax call callback cb dial dialed ext extension reach contact "
        "contacts text texted ring whatsapp voicemail vm telefono teléfono celular handy"
    ),
    "other": (
        "gl ledger ticket tickets case cases ref reference confirmation conf invoice invoices inv po order orders "
        "tracking track batch employee employees emp ee client clients customer cust policy claim serial job "
        "item sku id ids check checks cheque trace register run version build license licence permit zip imei "
        "code codes pin session request quote group member re docket fedex ups usps shipment package parcel "
        "zoom meeting part model "
        "amount total gross net balance salary wages"
    ),
    "ending": "ending ends last masked",
}
_SENSES: Final[dict[str, Sense]] = {word: sense for sense, words in _WORDS.items() for word in words.split()}
# These stand between a word and its number without taking it away.
_LINKS: Final = frozenset(
    "a an and are as at be by for from has her his in is it its no nr num number numbers numero número my new of old "
    "on or our security sec seguro s the their this to via was were with your x".split()
)
# Not letters within digits, as in 3acc14.
_WORD: Final = re.compile(r"(?<![^\W_])(?:a/c|[^\W\d_]+)(?![^\W_])")
_END: Final = re.compile(r"[.;!?\n]")


class Said(NamedTuple):
    """A word's sense, and how many words without one stand between it and the number."""

    sense: Sense
    crossed: int


class Words(NamedTuple):
    """What the words before and after a number say, the nearest first."""

    before: tuple[Said, ...]
    after: tuple[Said, ...]

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
        return self.after[:1] == (Said(sense, 0),)

    def says(self, senses: frozenset[Sense] | set[Sense]) -> bool:
        """Whether one of them is before, or directly after."""
        if any(said.sense in senses for said in self.before):
            return True
        return any(said.sense in senses and said.crossed <= 1 for said in self.after[:1])


def before(plain: str, start: int) -> tuple[Said, ...]:
    """What the words before a number say, the nearest first."""
    window_at = max(0, start - REACH)
    if window_at and plain[window_at - 1].isalpha():
        while window_at < start and plain[window_at].isalpha():
            window_at += 1
    window = plain[window_at:start].lower()
    if "s.s." in window:
        window = window.replace("s.s.n", "ssn")
    words = [match.group() for match in _WORD.finditer(window)]
    return tuple(_said(reversed(words)))


def after(plain: str, end: int) -> tuple[Said, ...]:
    """What the words after a number say, up to the end of its sentence or line, the nearest first."""
    window = plain[end : end + REACH]
    ending = _END.search(window)
    window = window[: ending.start()] if ending else window
    words = [match.group() for match in _WORD.finditer(window.lower())]
    if len(window) == REACH and window[-1].isalpha() and words:
        words.pop()
    return tuple(_said(words))


def sense_of(word: str) -> Sense | None:
    return _SENSES.get(word.lower())


def is_link(word: str) -> bool:
    return word.lower() in _LINKS


def _said(words: Iterable[str]) -> Iterator[Said]:
    crossed = 0
    for word in words:
        sense = _SENSES.get(word)
        if sense is None and word.endswith("ssn"):  # employeeSSN
            sense = "ssn"
        if sense is not None:
            yield Said(sense, crossed)
        elif word not in _LINKS:
            crossed += 1
            if crossed > _CROSSED_AT_MOST:
                return
