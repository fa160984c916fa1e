"""Who is there: presence as workstations say it, in memory alone. Nothing of it is written anywhere."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Final

import msgspec

from csr_desktop.domain.permissions import Person
from csr_desktop.domain.presence import STATUSES, rank
from csr_desktop.protocol import LOST_SECONDS, PresenceWord, Present
from csr_desktop.server.problems import bad_message

GRACE_SECONDS: Final = 10.0
"""So long after its stream broke off a workstation may come back without having been away."""
_LONGEST_ID: Final = 64


class Said(msgspec.Struct, frozen=True):
    """What one server process tells the others: what a workstation said, `word` None when it is there no more. Without
    a `device_id` it asks the others to tell what they know.
    """

    process: str
    device_id: str = ""
    user_id: str = ""
    teams: list[str] = []
    scopes: list[str] = []
    since_at: int = 0
    word: PresenceWord | None = None


class _There(msgspec.Struct):
    """One workstation. `until` is by the monotonic clock; `number` tells which spoke last."""

    user_id: str
    teams: frozenset[str]
    scopes: frozenset[str]
    word: PresenceWord
    since_at: int
    until: float
    number: int
    is_own: bool


class Attendance:
    """Used on the event loop alone. `on_changed` gets a person and the scopes in which something else is to be said of
    them; `on_said`, to be set, gets what other server processes have to `hear`.
    """

    def __init__(
        self,
        process: str,
        clock: Callable[[], int],
        monotonic: Callable[[], float],
        on_changed: Callable[[str, Collection[str]], None],
    ) -> None:
        self.on_said: Callable[[bytes], None] = lambda _said: None
        self._process = process
        self._clock = clock
        self._monotonic = monotonic
        self._on_changed = on_changed
        self._there: dict[str, _There] = {}
        self._by_user: dict[str, set[str]] = {}
        self._number = 0

    # What workstations of this process say

    def rights_of(self, device_id: str, user_id: str) -> tuple[frozenset[str], frozenset[str]] | None:
        """Teams and scopes as they are known of a workstation of this process; None when they have to be read."""
        found = self._there.get(device_id)
        return (found.teams, found.scopes) if found and found.is_own and found.user_id == user_id else None

    def say(
        self, device_id: str, user_id: str, teams: frozenset[str], scopes: frozenset[str], word: PresenceWord
    ) -> None:
        """Raises Rejected (400) for what no workstation says. A ticket of a team that is not theirs is left out."""
        if word.status not in STATUSES or max(map(len, (word.ticket_id, word.scope, word.writes))) > _LONGEST_ID:
            raise bad_message()
        if word.status == "offline":
            self.drop(device_id)
            return
        if word.scope not in scopes or not word.ticket_id:
            word = PresenceWord(word.status)
        former = self._there.get(device_id)
        is_same = former is not None and former.user_id == user_id and former.word.status == word.status
        since_at = former.since_at if former is not None and is_same else self._clock()
        self._put(device_id, user_id, teams, scopes, word, since_at, is_own=True)
        self._tell_others(device_id)

    def back(self, device_id: str) -> None:
        """Its stream stands again."""
        if (found := self._there.get(device_id)) is not None and found.is_own:
            found.until = self._monotonic() + LOST_SECONDS

    def left(self, device_id: str) -> None:
        """Its stream broke off."""
        if (found := self._there.get(device_id)) is not None and found.is_own:
            found.until = min(found.until, self._monotonic() + GRACE_SECONDS)

    def drop(self, device_id: str) -> None:
        """It is there no more; for a revoked one at once."""
        found = self._there.get(device_id)
        if found is None:
            return
        self._remove(device_id, found)
        if found.is_own:
            self._say(Said(self._process, device_id, found.user_id))

    def set_rights(self, user_id: str, person: Person | None) -> None:
        """Of somebody whose rights were read anew; None when their account is closed."""
        for device_id in list(self._by_user.get(user_id, ())):
            found = self._there[device_id]
            if not found.is_own:
                continue
            if person is None:
                self.drop(device_id)
            elif (found.teams, found.scopes) != (person.teams, person.scopes):
                word = found.word if found.word.scope in person.scopes else PresenceWord(found.word.status)
                self._put(device_id, user_id, person.teams, person.scopes, word, found.since_at, is_own=True)
                self._tell_others(device_id)

    def expire(self) -> None:
        """Let go whoever was not heard of for too long."""
        now = self._monotonic()
        for device_id in [device_id for device_id, found in self._there.items() if found.until <= now]:
            self.drop(device_id)

    # What other processes say

    def hear(self, raw: bytes) -> None:
        """What `on_said` of another process gave. What can't be read is of another version, and left."""
        try:
            said = msgspec.json.decode(raw, type=Said)
        except msgspec.MsgspecError:
            return
        if said.process == self._process:
            return
        if not said.device_id:
            self.say_all()
        elif said.word is not None:
            teams, scopes = frozenset(said.teams), frozenset(said.scopes)
            self._put(said.device_id, said.user_id, teams, scopes, said.word, said.since_at, is_own=False)
        elif (found := self._there.get(said.device_id)) is not None and not found.is_own:
            self._remove(said.device_id, found)

    def ask_others(self) -> None:
        """After other processes can be heard, first or again."""
        self._say(Said(self._process))
        self.say_all()

    def say_all(self) -> None:
        for device_id in self._there:
            self._tell_others(device_id)

    # What people are told

    @property
    def user_ids(self) -> set[str]:
        """Of workstations of this process."""
        return {found.user_id for found in self._there.values() if found.is_own}

    def told(self, user_id: str, scopes: Collection[str]) -> Present:
        """What somebody who reads these scopes is told of a person: their status within a team of both, and the ticket
        where they may read it.
        """
        theirs = [self._there[device_id] for device_id in self._by_user.get(user_id, ())]
        if not theirs:
            return Present(user_id, "offline", self._clock())
        status = max(theirs, key=lambda one: (rank(one.word.status), one.number))
        shares = any(not one.teams.isdisjoint(scopes) for one in theirs)
        at = [one for one in theirs if one.word.ticket_id and one.word.scope in scopes]
        ticket = max(at, key=lambda one: (bool(one.word.writes), one.number)).word if at else PresenceWord("")
        return Present(
            user_id,
            status.word.status if shares else "",
            status.since_at if shares else 0,
            ticket.ticket_id,
            ticket.writes,
        )

    def is_available(self, user_id: str) -> bool:
        """Whether somebody sits at a workstation and has no call, no wrap-up and no break."""
        statuses = {self._there[device_id].word.status for device_id in self._by_user.get(user_id, ())}
        return bool(statuses) and statuses <= {"available"}

    def all_told(self, user_id: str, scopes: Collection[str]) -> list[Present]:
        """Everyone but oneself of whom there is something to be told, in order of their ids."""
        return [one for one in self._all(scopes) if one.user_id != user_id and (one.status or one.ticket_id)]

    def _all(self, scopes: Collection[str]) -> Iterator[Present]:
        for user_id in sorted(self._by_user):
            yield self.told(user_id, scopes)

    # Inside

    def _put(
        self,
        device_id: str,
        user_id: str,
        teams: frozenset[str],
        scopes: frozenset[str],
        word: PresenceWord,
        since_at: int,
        *,
        is_own: bool,
    ) -> None:
        former = self._there.get(device_id)
        if former is not None and former.user_id != user_id:
            self._remove(device_id, former)
            former = None
        is_other = former is None or (former.word, former.teams) != (word, teams)
        self._number += is_other
        number = self._number if is_other or former is None else former.number
        until = self._monotonic() + LOST_SECONDS
        self._there[device_id] = _There(user_id, teams, scopes, word, since_at, until, number, is_own)
        self._by_user.setdefault(user_id, set()).add(device_id)
        if is_other:
            before = {former.word.scope, *former.teams} if former is not None else set()
            self._on_changed(user_id, (before | {word.scope, *teams}) - {""})

    def _remove(self, device_id: str, found: _There) -> None:
        del self._there[device_id]
        devices = self._by_user[found.user_id]
        devices.discard(device_id)
        if not devices:
            del self._by_user[found.user_id]
        self._on_changed(found.user_id, {found.word.scope, *found.teams} - {""})

    def _tell_others(self, device_id: str) -> None:
        found = self._there[device_id]
        if found.is_own:
            teams, scopes = sorted(found.teams), sorted({found.word.scope} & found.scopes)
            self._say(Said(self._process, device_id, found.user_id, teams, scopes, found.since_at, found.word))

    def _say(self, said: Said) -> None:
        self.on_said(msgspec.json.encode(said))
