"""Running calls as a phone knows them: which one follows which call of the phone, and which are logged already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from csr_desktop.domain import phone
from csr_desktop.domain.dialling import is_dialled_as
from csr_desktop.domain.phone_calls import TWIN_MS
from csr_desktop.store.queries.calls import is_call_logged, is_logged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.domain.phone_calls import PhoneCall
    from csr_desktop.services.call_rows import CallPart, RunningCallDocument
    from csr_desktop.services.lists import Lists
    from csr_desktop.services.people import People
    from csr_desktop.services.running_calls import RunningCalls
    from csr_desktop.sync.replica import Replica

_DIALLED_WITHIN_MS: Final = 300_000
"""So long may pass between a call that is placed here and the phone's word of it."""


class FollowedCalls:
    """A call of the phone is known by its key: its source, a blank, and the reference that it has there."""

    def __init__(self, replica: Replica, people: People, lists: Lists, running: RunningCalls) -> None:
        self._replica = replica
        self._people = people
        self._lists = lists
        self._running = running

    def follow(
        self, call_id: str, parts: Sequence[CallPart], result: str, pauses: Sequence[tuple[int, int]] = ()
    ) -> None:
        """What the phone says of a call that runs; see RunningCalls.follow."""
        self._running.follow(call_id, parts, result, pauses)

    def followed(self, phone_key: str) -> str:
        """The id of the running call that follows this call of the phone; ''."""
        found = (document.id for document in self._running.all() if document.phone_key == phone_key)
        return next(found, "")

    def follow_as(self, phone_key: str, becomes: str) -> None:
        """The running call that follows this call of the phone, if there is one, follows it by another key."""
        for document in self._running.all():
            if document.phone_key == phone_key:
                self._running.keep(msgspec.structs.replace(document, phone_key=becomes))

    def is_logged(self, number: str, started_at: int, within_ms: int) -> bool:
        """Whether I logged a call of this number that began about then."""
        parsed = phone.parse(number, self._lists.home_region())
        me = self._people.who().id
        return is_logged(
            self._replica.sql, me, phone.logged_number(parsed), started_at - within_ms, started_at + within_ms
        )

    def is_same_number(self, number: str, other: str) -> bool:
        """However they are written; two that were withheld are no different either."""
        region = self._lists.home_region()
        first, second = (phone.parse(text, region).e164 or phone.digits(text).lstrip("0") for text in (number, other))
        return first == second

    def left_running(self, number: str) -> str:
        """The id of the call that followed the phone when the program ended, and has not ended since; of several the
        one with this number. '' where there is none.
        """
        e164 = phone.parse(number, self._lists.home_region()).e164
        found = [
            document
            for document in self._running.all()
            if document.phone_key and document.phase != "wrap_up" and self._running.is_recovered(document.id)
        ]
        named = [document for document in found if document.e164 == e164] if number else found
        return named[0].id if len(named) == 1 else ""

    def left_by_softphone(self, call: PhoneCall, rang_at: int, answered_at: int) -> str:
        """The key of a softphone's call that was followed when the program ended, where this one, which a phone system
        tells of, is the same: it rang, or was answered, at about the same time. ''.
        """
        for document in self._running.all():
            is_softphones = document.phone_key.startswith("softphone ") and self._running.is_recovered(document.id)
            is_same_way = call.direction in {"", document.direction}
            talks = [part.started_at for part in document.parts if part.kind == "talk"]
            pairs = [(document.parts[0].started_at, rang_at), *((talk, answered_at) for talk in talks[:1])]
            is_near = any(abs(one - other) <= TWIN_MS for one, other in pairs)
            if is_softphones and is_same_way and is_near and self.is_same_number(document.number, call.number):
                return document.phone_key
        return ""

    def take_over(self, number: str, phone_key: str, began_at: int) -> str:
        """The id of an outgoing call to this number that was started here some minutes before this moment and follows
        none yet: it follows this one of the phone from now on. '' where there is none.
        """
        call_id = self.placed(number, began_at)
        if call_id:
            self._running.keep(msgspec.structs.replace(self._running.one(call_id), phone_key=phone_key))
        return call_id

    def placed(self, number: str, began_at: int) -> str:
        """The same, which follows none afterwards either."""
        for document in self._running.all():
            is_free = not document.phone_key and document.direction == "out" and document.phase != "wrap_up"
            is_near = abs(began_at - document.parts[0].started_at) <= _DIALLED_WITHIN_MS
            if is_free and is_near and self._is_dialled(document, number):
                return document.id
        return ""

    def _is_dialled(self, document: RunningCallDocument, number: str) -> bool:
        home_region = self._lists.home_region()
        told = phone.parse(number, home_region)
        if document.e164:
            return told.e164 == document.e164 or is_dialled_as(number, document.e164, home_region)
        return told.kind == "short" and phone.short_keys(number) == phone.short_keys(document.number)

    def leave_to_other_desk(self, call_id: str) -> bool:
        """Another workstation of mine has the call: it goes here, unless something was noted of it. Whether it went."""
        if not self._running.is_untouched(call_id):
            return False
        self._running.forget(call_id)
        return True

    def go_on_in(self, call_id: str, becomes: str) -> None:
        """A colleague announced this call, which runs by now: what was noted meanwhile is its own."""
        self._running.go_on_in(call_id, becomes)

    def is_saved(self, reference: str, since_at: int) -> bool:
        """Whether I logged this call of a phone system, at whichever workstation, since then."""
        return is_call_logged(self._replica.sql, self._people.who().id, reference, since_at)

    def consulting(self, phone_key: str) -> str:
        """The id of the call during which a colleague is asked in this call of the phone; ''."""
        found = (one.id for one in self._running.all() if one.is_consulting and one.consult_key == phone_key)
        return next(found, "")

    def on_the_line(self) -> str:
        """The id of the call during which a colleague could be asked now: the one that talks, else the held one that
        was held last; '' where there is none.
        """
        held = [one for one in self._running.all() if one.phase in {"talk", "hold"} and not one.is_consulting]
        held.sort(key=lambda one: (one.phase == "hold", -one.parts[-1].started_at))
        return held[0].id if held else ""

    def colleague_of(self, number: str) -> str:
        """Whose extension a number is, by name; '' for none of ours."""
        digits = phone.digits(number)
        return self._people.by_extension(digits) if digits else ""
