"""How many private numbers were found in the texts of a lead's people, by day: counted by the server, no content."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

import msgspec

from csr_desktop.domain.local_days import local_date
from csr_desktop.sync.older_wishes import COUNTS, Wish

if TYPE_CHECKING:
    from csr_desktop.services.lists import Lists
    from csr_desktop.services.people import People
    from csr_desktop.sync.older_wishes import OlderWishes, Step
    from csr_desktop.sync.replica import Replica

__all__ = ["COUNTS", "DAYS", "PrivateCounts"]

DAYS: Final = 30


class PersonCount(msgspec.Struct, frozen=True):
    """Of one person, on one day or on all."""

    name: str
    masked_count: int
    kept_count: int


class DayCounts(msgspec.Struct, frozen=True):
    """`day` is ISO, in the organisation's time zone; the people by name."""

    day: str
    people: tuple[PersonCount, ...]


class PrivateCountsState(msgspec.Struct, frozen=True):
    """`step` is fetching, offline or refused, '' when the answer is here; `words` say why there is none. The last
    answer stays while another is asked for.
    """

    step: Step
    words: str
    is_known: bool
    days: tuple[DayCounts, ...] = ()
    total: tuple[PersonCount, ...] = ()


class PrivateCounts:
    """Used on the store's thread; none of it waits for the server. A change of `older` with COUNTS tells that it
    answered.
    """

    def __init__(self, replica: Replica, people: People, lists: Lists, wishes: OlderWishes) -> None:
        self._replica = replica
        self._people = people
        self._lists = lists
        self._wishes = wishes

    def may_see(self) -> bool:
        """Leads alone, of the people of their teams; the server decides."""
        return self._people.is_lead()

    def ask(self) -> PrivateCountsState:
        """Have the last 30 days counted, also once more after a failure."""
        if self.may_see():
            self._wishes.want(self._wish())
        return self.state()

    def state(self) -> PrivateCountsState:
        standing = self._wishes.standing(self._wish())
        _, reply = self._wishes.counted()
        if reply is None or not self.may_see():
            return PrivateCountsState(standing.step, standing.words, is_known=False)
        by_day: dict[str, list[PersonCount]] = {}
        sums: dict[str, list[int]] = {}
        for one in reply.counts:
            name = self._people.name(one.user_id)
            by_day.setdefault(one.day, []).append(PersonCount(name, one.masked_count, one.kept_count))
            sums.setdefault(name, [0, 0])
            sums[name][0] += one.masked_count
            sums[name][1] += one.kept_count
        days = tuple(
            DayCounts(day, tuple(sorted(people, key=lambda person: person.name.casefold())))
            for day, people in sorted(by_day.items(), reverse=True)
        )
        total = tuple(
            PersonCount(name, *both) for name, both in sorted(sums.items(), key=lambda one: one[0].casefold())
        )
        return PrivateCountsState(standing.step, standing.words, is_known=True, days=days, total=total)

    def _wish(self) -> Wish:
        today = local_date(self._replica.now(), self._lists.organisation().time_zone)
        return Wish(COUNTS, f"{today - dt.timedelta(days=DAYS - 1)} {today}")
