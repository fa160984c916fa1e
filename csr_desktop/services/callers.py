"""Who is on the line: a number matched to people, ranked, with the reason stated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from csr_desktop.domain import phone
from csr_desktop.domain.matching import certain_caller, rank_callers
from csr_desktop.services.call_rows import CallerChoice, CallerMatch
from csr_desktop.store.queries import rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.domain.matching import CallerCandidate, RankedCaller
    from csr_desktop.services.client_context import ClientContexts
    from csr_desktop.services.lists import Lists
    from csr_desktop.sync.replica import Replica

_TELLING = frozenset({"only_holder", "only_active_holder", "called_from_number"})
"""Reasons for which a caller is shown without asking; “someone else” is one key away."""

_COMPANY = "company:"


class CallerLookup(Protocol):
    """Finds people by number; the store has it."""

    def candidates(self, e164: str, extension: str = "") -> Sequence[CallerCandidate]: ...


class Callers:
    def __init__(self, replica: Replica, lists: Lists, contexts: ClientContexts, lookup: CallerLookup) -> None:
        self._replica = replica
        self._lists = lists
        self._contexts = contexts
        self._lookup = lookup

    def match(self, number_text: str) -> CallerMatch:
        """Our own lines, short codes, withheld and unreadable numbers match nobody."""
        organisation = self._lists.organisation()
        number = phone.parse(number_text, organisation.home_region)
        if number.e164 in organisation.own_numbers:
            return _nobody("own")
        if not phone.is_matchable(number, organisation.own_numbers):
            return _nobody(number.kind)
        found = self._lookup.candidates(number.e164, number.extension)
        ranked = rank_callers([_told_apart(candidate) for candidate in found], self._replica.now())
        choices = self._choices(ranked)
        if not choices:
            return _nobody(number.kind)
        first = choices[0]
        is_taken = first.is_active and first.reason in _TELLING
        certain = certain_caller(ranked)
        clients = {choice.client_id for choice in choices if choice.is_active}
        only_client_id = clients.pop() if len(clients) == 1 else ""
        return CallerMatch(
            number_kind=number.kind,
            reason=first.reason if is_taken else "",
            reason_value=first.reason_value if is_taken else 0,
            chosen_id=first.contact_id if is_taken else "",
            chosen_client_id=first.client_id if is_taken else only_client_id,
            sharing_count=sum(choice.is_active for choice in choices),
            candidates=choices,
            certain_id=choices[ranked.index(certain)].contact_id if certain else "",
            certain_client_id=only_client_id,
        )

    def _choices(self, ranked: Sequence[RankedCaller]) -> tuple[CallerChoice, ...]:
        ids = [caller.candidate.client_id for caller in ranked]
        clients = rows.by_id(self._replica.sql, "clients", ids, ["tier", "time_zone"])
        choices: list[CallerChoice] = []
        for caller in ranked:
            person, client = caller.candidate, clients.get(caller.candidate.client_id)
            is_company = person.contact_id.startswith(_COMPANY)
            choices.append(
                CallerChoice(
                    contact_id="" if is_company else person.contact_id,
                    contact_name="" if is_company else person.name,
                    title=person.role_title,
                    client_id=person.client_id,
                    client_name=person.client_name,
                    tier=client["tier"] if client else "",
                    client_zone=self._contexts.zone_of(client),
                    is_active=person.is_active,
                    reason=caller.reason[0],
                    reason_value=caller.reason[1] if len(caller.reason) == 2 else 0,
                    last_called_at=person.last_call_at,
                )
            )
        return tuple(choices)


def _told_apart(candidate: CallerCandidate) -> CallerCandidate:
    """Companies whose own lines are the same number are several callers, though none is a contact."""
    if candidate.contact_id:
        return candidate
    return msgspec.structs.replace(candidate, contact_id=_COMPANY + candidate.client_id)


def _nobody(kind: str) -> CallerMatch:
    return CallerMatch(kind, "", 0, "", "", 0, ())
