"""Who it may be: the people of a number, ranked, and people and companies by name.

What finds runs on the store's thread; what says it in words, on the window's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from csr_desktop.services.call_rows import CallFilter
from csr_desktop.ui.calls.finder import Found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.services.call_rows import CallerMatch, CallRow
    from csr_desktop.services.desk_services import Services
    from csr_desktop.services.search import Hit
    from csr_desktop.ui.calls.call_words import CallWords

_LEAST_DIGITS = 3
_RECENT = 6


def is_number(text: str) -> bool:
    """Whether it is meant to be dialled: digits, no more letters than digits, such as of "ext."."""
    digits = sum(character.isdigit() for character in text)
    letters = sum(character.isalpha() for character in text)
    return digits >= _LEAST_DIGITS and digits >= letters


def of_match(match: CallerMatch, words: CallWords, number: str = "") -> list[Found]:
    """Who may be at that number, the likeliest first, with the reason; a company's own line among them."""
    line = words.own_line()
    return [
        Found(
            choice.contact_id or choice.client_id,
            choice.contact_name or choice.client_name,
            ", ".join(part for part in (choice.title, choice.client_name) if part) if choice.contact_id else line,
            words.candidate_reason(choice.reason, choice.last_called_at),
            "user" if choice.contact_id else "buildings",
            choice.contact_id,
            choice.client_id,
            number,
        )
        for choice in match.candidates
    ]


def find_named(services: Services, text: str) -> tuple[Hit, ...]:
    """People and companies that a text finds, by name, code, e-mail or number. On the store's thread."""
    if not text:
        return ()
    return tuple(hit for hit in services.search.find(text).hits if hit.kind in {"client", "contact"})


def say_named(hits: Sequence[Hit]) -> list[Found]:
    return [_found(hit) for hit in hits]


def _found(hit: Hit) -> Found:
    is_person = hit.kind == "contact"
    number = " ".join(part for part in (hit.number, f"ext. {hit.extension}" if hit.extension else "") if part)
    return Found(
        hit.row_id,
        hit.title,
        hit.subtitle,
        "",
        "user" if is_person else "buildings",
        hit.row_id if is_person else "",
        hit.client_id,
        number,
    )


class Startable(msgspec.Struct, frozen=True):
    """What the store knows of a typed text; `match` only of a number, `latest` only of no text."""

    match: CallerMatch | None = None
    number_shown: str = ""
    named: tuple[Hit, ...] = ()
    latest: tuple[CallRow, ...] = ()


def find_startable(services: Services, text: str) -> Startable:
    """On the store's thread."""
    if not text:
        return Startable(latest=services.calls.page(CallFilter(whose="mine", period="week"), None, 30).rows)
    match = services.calls.candidates(text) if is_number(text) else None
    shown = services.calls.number_shown(text) if match is not None else ""
    return Startable(match, shown, find_named(services, text))


def say_startable(words: CallWords, text: str, answer: Startable) -> list[Found]:
    """The number as typed, its people, then people and companies by name; without a text the latest callers."""
    if not text:
        return _latest(words, answer.latest)
    if answer.match is None:
        return say_named(answer.named)
    match = answer.match
    # A company's own line is what the number itself stands for, unless several companies share it.
    sharing = of_match(match, words, text)
    people = [one for one in sharing if one.contact_id]
    companies = [one for one in sharing if not one.contact_id and one.client_id != match.chosen_client_id]
    company = next((one.client_name for one in match.candidates if one.client_id == match.chosen_client_id), "")
    chosen = next((person for person in people if person.contact_id == match.chosen_id), None)
    if chosen is not None:
        # The company first: it tells more where room is short.
        whose = ", ".join(part for part in (company, chosen.title) if part)
    else:
        whose = company or (words.shared_by(len(people)) if people else words.nobody_has_it())
    known = {person.contact_id for person in people}
    named = [found for found in say_named(answer.named) if found.contact_id not in known or not found.contact_id]
    others = [person for person in people if chosen is None or person.contact_id != chosen.contact_id]
    return [Found("number", answer.number_shown or text, whose, "", "phone", number=text), *others, *companies, *named]


def _latest(words: CallWords, rows: Sequence[CallRow]) -> list[Found]:
    """Whom I talked to last, each once."""
    found: dict[str, Found] = {}
    for row in rows:
        if row.contact_id and row.contact_id not in found:
            icon, end = words.past_icon(row)[0], words.words.short(row.started_at)
            found[row.contact_id] = Found(
                row.contact_id, row.contact_name, row.client_name, end, icon, row.contact_id, row.client_id
            )
    return list(found.values())[:_RECENT]
