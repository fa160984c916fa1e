"""The calls that go on, in memory, for the desks of the agents concerned. Used on the event loop alone."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from csr_desktop.domain.phone_calls import PhoneCall, call_reference
from csr_desktop.server.calls.call_desks import Desks
from csr_desktop.server.calls.kept_calls import Key, agents_of

OVER_MS: Final = 60_000
"""So long after its end a call is told to a desk that comes back."""
LOST_MS: Final = 12 * 3_600_000
"""A call of which nothing was said for so long has ended without a word."""
_MOST: Final = 10_000


class CallBoard:
    """`clock` gives milliseconds."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._calls: dict[Key, tuple[PhoneCall, int]] = {}
        self._versions: dict[Key, int] = {}
        self._people: dict[Key, frozenset[str]] = {}
        self._by_person: dict[str, set[Key]] = {}
        self._desks: dict[Key, tuple[Desks, int]] = {}

    def put(self, call: PhoneCall, version: int, desks: Desks | None = None, taken: int = 0) -> frozenset[str]:
        """The call as it is now, and where it stands; ids of the people to be told, those too who are no longer
        concerned. Of two that were read at the same time, the call of the lower version is older and counts no more;
        so do the desks of the lower `taken`.
        """
        key = (call.connection, call.reference)
        is_taken_later = taken >= self._desks.get(key, ({}, 0))[1]
        if is_taken_later:
            self._desks[key] = (desks or {}, taken)
        if version < self._versions.get(key, 0):
            return self._people[key] if is_taken_later else frozenset()
        self._versions[key] = version
        before, people = self._people.get(key, frozenset()), agents_of(call)
        self._calls.pop(key, None)
        self._calls[key] = (call, self._clock())
        self._people[key] = people
        for user_id in people:
            self._by_person.setdefault(user_id, set()).add(key)
        for user_id in before - people:
            self._by_person.get(user_id, set()).discard(key)
        self._forget_old()
        return before | people

    def told(self, user_id: str, keys: Iterable[Key]) -> list[PhoneCall]:
        """Those of these calls that concern the person."""
        mine = self._by_person.get(user_id, set())
        return [self._calls[key][0] for key in sorted(set(keys) & mine)]

    def all_told(self, user_id: str) -> list[PhoneCall]:
        """Those that go on or have just ended, the first first."""
        self._forget_old()
        mine = self.told(user_id, self._by_person.get(user_id, ()))
        return sorted(mine, key=lambda call: (call.began_at, call.connection, call.reference))

    def elsewhere(self, user_id: str, device_id: str, calls: Iterable[PhoneCall]) -> dict[str, str]:
        """By reference, the name of the person's other workstation where a call stands."""
        found = {}
        for call in calls:
            at, name = self._desks.get((call.connection, call.reference), ({}, 0))[0].get(user_id, ("", ""))
            if at not in {"", device_id}:
                found[call_reference(call)] = name
        return found

    def _forget_old(self) -> None:
        """The least recently heard of stand first."""
        now = self._clock()
        over = [
            key
            for key, (call, heard_at) in self._calls.items()
            if (0 < call.ended_at < now - OVER_MS and heard_at < now - OVER_MS) or heard_at < now - LOST_MS
        ]
        over += [key for key, _ in zip(self._calls, range(len(self._calls) - _MOST), strict=False)]
        for key in dict.fromkeys(over):
            del self._calls[key], self._versions[key], self._desks[key]
            for user_id in self._people.pop(key):
                mine = self._by_person.get(user_id, set())
                mine.discard(key)
                if not mine:
                    self._by_person.pop(user_id, None)


def mark_of(calls: list[PhoneCall], elsewhere: dict[str, str]) -> int:
    """Tells one state of somebody's calls from another."""
    return zlib.crc32(msgspec.json.encode((calls, elsewhere)))
