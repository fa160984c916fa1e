"""Which colleagues are there now and where they are at work: in memory alone, as the server told last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from csr_desktop.domain.presence import STATUSES

if TYPE_CHECKING:
    from csr_desktop.protocol import PresenceNews, Present
    from csr_desktop.services.people import People


class PersonPresence(msgspec.Struct, frozen=True):
    """A colleague and their status of `domain.presence`; `since_at` is 0 where that is not known."""

    user_id: str
    name: str
    status: str
    since_at: int


class Company(msgspec.Struct, frozen=True):
    """Who else is at a ticket, by name. `writing` are name and kind of text, such as reply or note."""

    writing: tuple[tuple[str, str], ...] = ()
    looking: tuple[str, ...] = ()


class Presence:
    """Empties when the server can't be reached: what nobody knows is not claimed."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._told: dict[str, Present] = {}
        self.is_known = False
        """Whether the server tells who is there."""

    def take(self, news: PresenceNews | None) -> None:
        """What the server told; None when it can't be reached any more."""
        self.is_known = news is not None
        if news is None or news.is_all:
            self._told = {}
        for one in news.people if news is not None else ():
            if one.ticket_id or one.status in STATUSES:
                self._told[one.user_id] = one
            else:
                self._told.pop(one.user_id, None)

    def statuses(self) -> dict[str, str]:
        """By colleague, whoever is not there offline; empty while nothing is known."""
        return {person.user_id: person.status for person in self.team()}

    def team(self) -> tuple[PersonPresence, ...]:
        """The colleagues of my teams but me, by name; nobody while nothing is known."""
        if not self.is_known:
            return ()
        return tuple(self._of(c.id, c.name) for c in self._people.colleagues() if not c.is_me)

    def _of(self, user_id: str, name: str) -> PersonPresence:
        told = self._told.get(user_id)
        if told is None or told.status not in STATUSES:
            return PersonPresence(user_id, name, "offline", 0)
        return PersonPresence(user_id, name, told.status, told.since_at)

    def company(self, ticket_id: str) -> Company:
        """Who else is at this ticket."""
        at = [(self._people.name(i), told.writes) for i, told in self._told.items() if told.ticket_id == ticket_id]
        named = sorted((name, writes) for name, writes in at if name)
        return Company(
            tuple((name, writes) for name, writes in named if writes),
            tuple(name for name, writes in named if not writes),
        )
