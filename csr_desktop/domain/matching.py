"""Who this may be: clients that are entered twice, and people who share a number. Suggestions; a person decides."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Hashable, Iterable, Sequence
from functools import lru_cache
from typing import Final, Literal, TypeAlias, TypeVar

import msgspec

Id = TypeVar("Id", bound=Hashable)

ReasonCode = Literal[
    "called_from_number",  # with the count of calls
    "only_holder",
    "only_active_holder",
    "open_promise",
    "open_ticket",
    "called_before",  # with the time of the last call
    "holds_number",
    "inactive",
]
Reason: TypeAlias = tuple[ReasonCode] | tuple[ReasonCode, int]

LIKENESS: Final = 88.0
"""Names at least so alike, of 100, are suggested as duplicates."""
_HALF_LIFE_MS: Final = 180 * 86_400_000
_SUGGESTIONS: Final = 10

_LEGAL_FORMS: Final = frozenset({
    "ab", "ag", "as", "bv", "co", "company", "corp", "corporation", "gmbh", "inc", "incorporated", "kg", "kk",
    "limited", "llc", "llp", "lp", "ltd", "mbh", "nv", "oy", "oyj", "pc", "plc", "pllc", "pte", "pty", "pvt", "sa",
    "sarl", "sas", "se", "sl", "spa", "srl", "ug",
})  # fmt: skip
_WORD: Final = re.compile(r"\w+")
_APOSTROPHE: Final = re.compile("['\u2019]")
_ABBREVIATION: Final = re.compile(r"\b(?:\w\.){2,}|\b(?:\w\.)+\w\b|\b\w(?:/\w)+\b")


@lru_cache(maxsize=4096)
def normal_name(name: str) -> str:
    """A company's name as it is compared: lower case, without accents, punctuation, a leading "the" and legal forms at
    the end such as Inc or GmbH & Co. KG; "&" is "and".
    """
    plain = unicodedata.normalize("NFKD", name.casefold().replace("&", " and "))
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    plain = _APOSTROPHE.sub("", _ABBREVIATION.sub(lambda found: re.sub(r"[./]", "", found.group()), plain))
    words = _WORD.findall(plain)
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    end = len(words)
    while end > 1 and (words[end - 1] in _LEGAL_FORMS or words[end - 1] == "and"):
        end -= 1
    return " ".join(words[:end])


def likely_duplicates(name: str, others: Iterable[tuple[Id, str]], most: int = _SUGGESTIONS) -> list[tuple[Id, float]]:
    """Ids of clients whose name may mean the same company, with the likeness from 88 to 100, the most alike first and
    otherwise in the given order. Names that differ in a number, like "Sample 1" and "Sample 2", are not alike.
    """
    from rapidfuzz import process
    from rapidfuzz.distance import Indel

    wanted = normal_name(name)
    if not wanted:
        return []
    ids: list[Id] = []
    names: list[str] = []
    for other_id, other_name in others:
        ids.append(other_id)
        names.append(normal_name(other_name))
    # The order of words does not count. It is `fuzz.token_sort_ratio`, without the megabyte that all of `fuzz` weighs.
    found = process.extract(
        _in_order(wanted),
        [_in_order(name) for name in names],
        scorer=Indel.normalized_similarity,
        score_cutoff=LIKENESS / 100,
        limit=None,
    )
    alike = [
        (index, likeness * 100)
        for _, likeness, index in found
        if names[index] == wanted or (len(wanted) > 3 and _numbers(names[index]) == _numbers(wanted))
    ]
    alike.sort(key=lambda entry: (-entry[1], entry[0]))
    return [(ids[index], round(score, 1)) for index, score in alike[:most]]


def _in_order(name: str) -> str:
    return " ".join(sorted(name.split()))


class CallerCandidate(msgspec.Struct, frozen=True):
    """A person whose number it may be that calls. `calls_from_number` counts their earlier calls from this very number;
    `last_call_at` is their last call from any, 0 for none.
    """

    contact_id: str
    name: str
    role_title: str
    client_id: str
    client_name: str
    is_active: bool
    calls_from_number: int
    last_call_at: int
    has_open_ticket: bool
    has_open_promise: bool


class RankedCaller(msgspec.Struct, frozen=True):
    """A candidate and why it stands where it does: codes with a count or time, the strongest reason first."""

    candidate: CallerCandidate
    reasons: tuple[Reason, ...]

    @property
    def reason(self) -> Reason:
        return self.reasons[0]


def rank_callers(candidates: Sequence[CallerCandidate], now_at: int) -> list[RankedCaller]:
    """The people who share a number, the likeliest first, each contact once.

    Who often called from it comes first, where calls weigh half as much each half year since the person's last one;
    then an open promise, an open ticket, the latest call, and the name. Inactive contacts always come last.
    """
    unique = list({(c.contact_id or c.client_id): c for c in candidates}.values())
    active_count = sum(candidate.is_active for candidate in unique)

    def likelihood(candidate: CallerCandidate) -> tuple[bool, float, bool, bool, int, str, str]:
        return (
            not candidate.is_active,
            -_weight(candidate, now_at),
            not candidate.has_open_promise,
            not candidate.has_open_ticket,
            -candidate.last_call_at,
            candidate.name.casefold(),
            candidate.contact_id,
        )

    return [
        RankedCaller(candidate, _reasons(candidate, active_count, len(unique)))
        for candidate in sorted(unique, key=likelihood)
    ]


def certain_caller(ranked: Sequence[RankedCaller]) -> RankedCaller | None:
    """The caller that may be taken without asking: the only active one of those who hold the number. Several are for a
    person to choose from, so that a call is never booked on the wrong one, nor on each of them.
    """
    active = [caller for caller in ranked if caller.candidate.is_active]
    return active[0] if len(active) == 1 else None


def _weight(candidate: CallerCandidate, now_at: int) -> float:
    age_ms = max(0, now_at - candidate.last_call_at)
    return float(candidate.calls_from_number * 0.5 ** (age_ms / _HALF_LIFE_MS))


def _reasons(candidate: CallerCandidate, active_count: int, count: int) -> tuple[Reason, ...]:
    reasons: list[Reason] = []
    if not candidate.is_active:
        reasons.append(("inactive",))
    elif count == 1:
        reasons.append(("only_holder",))
    elif active_count == 1:
        reasons.append(("only_active_holder",))
    if candidate.calls_from_number:
        reasons.append(("called_from_number", candidate.calls_from_number))
    if candidate.has_open_promise:
        reasons.append(("open_promise",))
    if candidate.has_open_ticket:
        reasons.append(("open_ticket",))
    if candidate.last_call_at and not candidate.calls_from_number:
        reasons.append(("called_before", candidate.last_call_at))
    return tuple(reasons) or (("holds_number",),)


def _numbers(name: str) -> list[str]:
    return sorted(re.findall(r"\d+", name))
