"""Calls that the phone tells of while they go on: shown while they ring, followed by a running call once they are
taken, and left in the inbox when nobody was there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from csr_desktop.domain.errors import Refused
from csr_desktop.domain.phone import WITHHELD
from csr_desktop.domain.phone_calls import SETTLED_MS, TWIN_MS, call_reference
from csr_desktop.domain.phone_events import PHONE_SYSTEMS
from csr_desktop.services.call_rows import LiveCall
from csr_desktop.services.call_twins import CallTwins, rang_at, teller
from csr_desktop.services.my_leg import is_dialler, my_leg, parts_of, phase_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from csr_desktop.domain.phone_calls import PhoneCall
    from csr_desktop.domain.phone_legs import Leg
    from csr_desktop.services.call_rows import Pop, Saved
    from csr_desktop.services.calls import Calls
    from csr_desktop.services.followed_calls import FollowedCalls
    from csr_desktop.services.steady_clock import SteadyClock

KEPT_MS: Final = 600_000
_SAVED_MS: Final = 86_400_000
"""A call that phone systems still tell of began within a day."""
SILENT_SECONDS: Final = 90.0
"""A softphone that said no more of a ring for so long tells of rings alone, or its word was lost: whether it was
answered there is unknown, so its card goes and nothing is logged.
"""
_RESULTS: Final = {"missed": "missed", "abandoned": "abandoned", "no_answer": "no_answer", "busy": "busy"}


class _Known(msgspec.Struct):
    call: PhoneCall
    pop: Pop | None = None
    is_dismissed: bool = False
    is_consult: bool = False
    is_done: bool = False
    """Logged, saved, or nothing of ours."""
    is_passed_over: bool = False
    """Done only as far as was known: a late word may still make it mine."""
    me: str = ""
    phase: str = ""
    rang_at: int = 0
    """When its present ringing here began, by the phone's clock."""
    heard_seconds: float = 0.0
    """When that was first heard of, by the monotonic clock."""
    word_seconds: float = 0.0
    """When the phone last said anything of it."""


class LiveCalls:
    """Used on the store's thread. What is not taken is not kept over a restart."""

    def __init__(
        self, calls: Calls, followed: FollowedCalls, clock: SteadyClock, clock_seconds: Callable[[], float]
    ) -> None:
        self._calls = calls
        self._followed = followed
        self._clock = clock
        self._clock_seconds = clock_seconds
        self._known: dict[str, _Known] = {}
        self._twins = CallTwins()
        self._elsewhere: dict[str, str] = {}
        """By a call's reference, the name of my other workstation where it stands."""
        self._asked_first: dict[str, str] = {}
        """By the key of a customer's call, the running call in which a colleague announced it to me."""

    def take(self, call: PhoneCall, me: str = "") -> LiveCall:
        """What follows from a call as it is now. `me` is my id as the phone system's agents have it, '' where the phone
        is mine alone. What a softphone says of a call that a phone system tells of adds nothing to it.
        """
        try:
            return self._take(call, me) if self._calls.takes_calls() else self._left_alone(call, me)
        finally:
            self._end_silent()

    def _end_silent(self) -> None:
        now = self._clock_seconds()
        for known in self._known.values():
            is_silent = now - known.word_seconds >= SILENT_SECONDS
            if is_silent and known.phase == "ring" and known.call.source not in PHONE_SYSTEMS:
                known.phase = "over"
        self._clock.is_timing = any(known.phase not in {"", "over"} for known in self._known.values())

    def _left_alone(self, call: PhoneCall, me: str) -> LiveCall:
        """Of who takes no calls: no card, no pane, and no missed one to log."""
        known = self._known_as(_key(call), call, rang_at(call, my_leg(call, me)))
        known.call, known.me, known.is_done = call, me, True
        self._forget_old()
        return self._shown(_key(call), known, "over", "")

    def _take(self, call: PhoneCall, me: str) -> LiveCall:
        key, leg = _key(call), my_leg(call, me)
        rang = rang_at(call, leg)
        if call.source in PHONE_SYSTEMS:
            self._join_twin(key, call, me, rang)
        if (twin := self._twin_key(key, call, rang)) in self._known:
            return self._shown(twin, self._known[twin], self._known[twin].phase, self._followed.followed(twin))
        known = self._known_as(key, call, rang)
        known.call, known.me = call, me
        self._forget_old()
        running_id = self._followed.followed(key)
        phase = phase_of(call, leg, me)
        asked_in = self._asked_in(known, key, leg, me, is_followed=bool(running_id))
        if asked_in is not None:
            known.is_done, known.phase = True, "over"
            return self._shown(key, known, "over", asked_in)
        if phase == "ring" and known.phase == "over":
            known.is_dismissed = False  # it rings here once more
        known.phase = phase
        if not running_id and call.is_unknown:
            return self._go_on(key, known, phase)
        if known.is_passed_over and self._is_mine_now(call, leg, me):
            known.is_done = known.is_passed_over = False
        parts = parts_of(call, leg, me)
        is_my_own = call.direction == "out" and is_dialler(call, leg, me)
        if not running_id and is_my_own and not known.is_done:
            running_id = self._followed.take_over(call.number, key, call.began_at)
        if not running_id and not known.is_done and self._is_mine_now(call, leg, me):
            # What was saved before a restart is told again after it.
            known.is_done = bool(me) and self._is_saved(call, parts[0].started_at)
            running_id = "" if known.is_done else self._begun(known, key)
        if running_id:
            known.is_done = True
            self._followed.follow(running_id, parts, _RESULTS.get(call.outcome, "handled"), call.pauses)
            self._join_colleague(key, call, running_id)
        elif call.ended_at and (call.direction == "out" or call.source in PHONE_SYSTEMS):
            known.is_passed_over = known.is_passed_over or not known.is_done
            known.is_done = True
        if phase == "ring" and not running_id and not known.is_done and known.pop is None:
            known.pop = self._calls.caller(call.number or WITHHELD)
        return self._shown(key, known, phase, running_id)

    def _known_as(self, key: str, call: PhoneCall, rang: int) -> _Known:
        now = self._clock_seconds()
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = _Known(call, rang_at=rang, heard_seconds=now)
        if rang > known.rang_at:
            known.heard_seconds = now
        known.rang_at, known.word_seconds = rang, now
        return known

    def _join_colleague(self, key: str, call: PhoneCall, running_id: str) -> None:
        """A colleague's call is no customer's: once it is over nothing of it is left but what was noted, and where it
        became a customer's call, that goes with it.
        """
        if call.direction == "internal" and call.ended_at:
            customers = f"{call.source} {call.connection} {call.came_from}"
            is_announced = bool(call.came_from) and call.cause == "forwarded"
            if is_announced and (becomes := self._followed.followed(customers)):
                self._followed.go_on_in(running_id, becomes)
            elif not self._followed.leave_to_other_desk(running_id) and is_announced:
                self._asked_first[customers] = running_id
        elif (announced_in := self._asked_first.pop(key, "")) and announced_in != running_id:
            self._followed.go_on_in(announced_in, running_id)

    def _asked_in(self, known: _Known, key: str, leg: Leg | None, me: str, *, is_followed: bool) -> str | None:
        """The id of the call during which a colleague is asked in this one, '' once that is over: it is no call of its
        own, its time is a part of that one's. None for any other call.
        """
        call = known.call
        if (during := self._followed.consulting(key)) and call.ended_at:
            self._calls.end_consult(during)
            known.is_consult = True
        if during or known.is_consult:
            return during
        if is_followed or call.is_unknown or call.ended_at or known.is_done or not is_dialler(call, leg, me):
            return None
        name = self._followed.colleague_of(call.number) if call.direction in {"out", "internal"} else ""
        during = self._followed.on_the_line() if name else ""
        if not during:
            return None
        self._calls.consult(during, name, key, call.source)
        known.is_consult = True
        return during

    def _is_saved(self, call: PhoneCall, started_at: int) -> bool:
        """By its reference, at whichever workstation of mine; or as a softphone's call, of which that is not known."""
        return self._followed.is_saved(call_reference(call), call.began_at - _SAVED_MS) or self._followed.is_logged(
            call.number or WITHHELD, started_at, TWIN_MS
        )

    def take_news(self, calls: Sequence[PhoneCall], elsewhere: Mapping[str, str], me: str) -> tuple[LiveCall, ...]:
        """All that the server tells at once. What stands at another workstation of mine runs there and not here, but
        for what I noted of it here; once it stands nowhere else it is taken up here.
        """
        found: list[LiveCall] = []
        for call in calls:
            reference = call_reference(call)
            known = self._known.get(_key(call))
            if reference not in elsewhere:
                if known is not None and self._elsewhere.pop(reference, None) is not None:
                    known.is_done = False
                found.append(self.take(call, me))
                continue
            self._elsewhere[reference] = elsewhere[reference]
            running_id = self._followed.followed(_key(call))
            if running_id and not self._followed.leave_to_other_desk(running_id):
                found.append(self.take(call, me))
                continue
            leg = my_leg(call, me)
            known = self._known_as(_key(call), call, rang_at(call, leg))
            known.call, known.me, known.is_done = call, me, True
            known.phase = phase_of(call, leg, me)
            found.append(self._shown(_key(call), known, known.phase, ""))
        return tuple(found)

    def elsewhere(self) -> tuple[tuple[str, str], ...]:
        """Reference and workstation's name of calls that go on there, not here."""
        going = {
            call_reference(known.call) for known in self._known.values() if known.phase in {"dial", "talk", "hold"}
        }
        here = {call_reference(known.call) for key, known in self._known.items() if self._followed.followed(key)}
        return tuple((one, name) for one, name in self._elsewhere.items() if one in going - here)

    def references(self) -> frozenset[str]:
        """Of phone systems' calls that run here."""
        running = (call_reference(known.call) for key, known in self._known.items() if self._followed.followed(key))
        return frozenset(running) - {""}

    def forget_others(self, calls: Sequence[PhoneCall]) -> None:
        """A phone system's calls that are none of these are over: their end was not heard of."""
        told = {_key(call) for call in calls}
        for key, known in list(self._known.items()):
            if known.call.source in PHONE_SYSTEMS and key not in told and not known.call.ended_at:
                del self._known[key]

    def _twin_key(self, key: str, call: PhoneCall, rang: int) -> str:
        """The phone system's call that this one of a softphone, or of another phone system, is; ''. Looked for once,
        and again when its beginning is heard of after all.
        """
        known = self._known.get(key)
        if key not in self._twins and (known is None or known.call.is_unknown):
            fitting = (
                other
                for other, one in self._known.items()
                if one.call.source in PHONE_SYSTEMS
                and teller(other) != teller(key)
                and not self._twins.is_told(other, one.rang_at, key)
                and self._is_one(one, call, rang)
            )
            if (found := next(fitting, "")) and self._goes_on_as(key, found):
                self._twins.pair(key, found, self._known[found].rang_at)
        return self._twins.of(key)

    def _join_twin(self, key: str, call: PhoneCall, me: str, rang: int) -> None:
        """What a softphone told first of a ringing goes on as the phone system's call."""
        known = self._known.get(key)
        if call.is_unknown or (known is not None and known.rang_at == rang and not known.call.is_unknown):
            return
        for other, one in list(self._known.items()):
            if one.call.source in PHONE_SYSTEMS or self._twins.is_told(key, rang, other):
                continue
            if one.call.is_unknown and not self._followed.followed(other):
                continue
            if self._is_one(one, call, rang) and self._goes_on_as(other, key):
                self._twins.pair(other, key, rang)
                return
        leg = my_leg(call, me)
        left = self._followed.left_by_softphone(call, rang, leg.answered_at if leg is not None else 0)
        if left and left not in self._known and not self._followed.followed(key):
            self._followed.follow_as(left, key)
            self._twins.pair(left, key, rang)

    def _goes_on_as(self, key: str, becomes: str) -> bool:
        """What is known of one call is known of the other. False where a call runs for each of them."""
        told = self._known.get(key)
        if told is None:
            return True
        if self._followed.followed(key):
            if self._followed.followed(becomes):
                return False
            self._followed.follow_as(key, becomes)
        del self._known[key]
        known = self._known.setdefault(becomes, told)
        if known is not told and known.phase in {"", "over"}:
            known.phase, known.is_dismissed = told.phase, told.is_dismissed
        return True

    def _is_one(self, known: _Known, other: PhoneCall, rang: int) -> bool:
        """Whether a call that is heard of now, and rang then, is the known one: both told of this ringing at about the
        same time, by the server's clock or, should this workstation's be wrong, as they came here. What was answered
        and whose ringing is not known is a call of this number that goes on, or was answered about then.
        """
        call = known.call
        is_same_way = "" in {call.direction, other.direction} or call.direction == other.direction
        if not is_same_way or not self._followed.is_same_number(call.number, other.number):
            return False
        if other.is_unknown:
            if not other.answered_at or other.source in PHONE_SYSTEMS:
                return False
            leg = my_leg(call, known.me)
            answered_at = leg.answered_at if leg is not None else 0
            return known.phase not in {"", "over"} or abs(answered_at - other.answered_at) <= TWIN_MS
        is_heard_now = not call.ended_at and self._clock_seconds() - known.heard_seconds <= TWIN_MS / 1000
        return is_heard_now or abs(known.rang_at - rang) <= TWIN_MS

    def _go_on(self, key: str, known: _Known, phase: str) -> LiveCall:
        """A call whose beginning was not seen: it may be one that was running when the program ended, or one that was
        placed here, of which some softphones tell no more than the answer and the end. Another one is none of which a
        person could be told anything.
        """
        call = known.call
        running_id = self._followed.left_running(call.number)
        if not running_id and call.direction != "in":
            running_id = self._followed.placed(call.number, call.began_at)
        is_new = not running_id and phase in {"talk", "hold"} and call.number and call.source not in PHONE_SYSTEMS
        if is_new:  # the ringing was before the program's start
            running_id = self._begun(known, key)
        known.is_passed_over = not running_id and (known.is_passed_over or not known.is_done)
        known.is_done = True
        if running_id and is_new:
            parts = parts_of(call, my_leg(call, known.me), known.me)
            self._followed.follow(running_id, parts, _RESULTS.get(call.outcome, "handled"))
        elif running_id:
            changes = {"talk": self._calls.resume, "hold": self._calls.hold, "over": self._calls.end}
            if phase in changes:
                changes[phase](running_id)
        return self._shown(key, known, phase, running_id)

    def ringing(self) -> tuple[LiveCall, ...]:
        """Those that ring and were neither taken nor dismissed, the newest first."""
        self._end_silent()
        newest = sorted(self._known.items(), key=lambda one: (one[1].heard_seconds, one[1].rang_at), reverse=True)
        shown = (self._shown(key, known, known.phase, "") for key, known in newest)
        return tuple(
            one
            for one in shown
            if one.phase == "ring"
            and one.pop
            and not self._known[one.key].is_done
            and not self._known[one.key].is_dismissed
        )

    def accept(self, key: str) -> str:
        """Take a ringing call into the call pane; the id of the running call, also when the phone was quicker to say
        that it was answered. Raises Refused when it rings no more, or two calls run already.
        """
        self._end_silent()
        if running_id := self._followed.followed(key):
            return running_id
        known = self._known.get(key)
        if known is None or known.is_done or known.phase != "ring":
            raise Refused("ended", "This call has ended.", "If nobody took it, it waits in the inbox.")
        running_id = self._begin(known, key)
        known.is_done = True
        return running_id

    def dismiss(self, key: str) -> None:
        """Put the card away; when nobody takes the call it comes to the inbox all the same."""
        if key in self._known:
            self._known[key].is_dismissed = True

    def log_missed(self, *, is_last: bool = False) -> list[Saved]:
        """Log those that ended a while ago, at the end of the program all, and nobody took."""
        saved: list[Saved] = []
        for known in self._known.values():
            call = known.call
            if known.is_done or not call.ended_at or call.direction not in {"", "in"} or call.source in PHONE_SYSTEMS:
                continue
            if not is_last and self._clock.now() - call.ended_at < SETTLED_MS:
                continue
            known.is_done = True
            if call.outcome in {"missed", "abandoned", "voicemail"}:
                channel = "voicemail" if call.outcome == "voicemail" else "phone"
                result = "abandoned" if call.outcome == "abandoned" else "missed"
                saved.append(
                    self._calls.log_missed(
                        call.number or WITHHELD, call.name, call.began_at, call.ended_at, result, channel
                    )
                )
        return saved

    @property
    def is_waiting(self) -> bool:
        """Whether a call has ended that may have to be logged."""
        return any(known.call.ended_at and not known.is_done for known in self._known.values())

    def _is_mine_now(self, call: PhoneCall, leg: Leg | None, me: str) -> bool:
        if me and leg is None:
            return False
        if call.direction == "out" and is_dialler(call, leg, me):
            return not call.ended_at or bool(call.answered_at)
        return bool(leg and leg.answered_at) if leg is not None else bool(call.answered_at)

    def _begun(self, known: _Known, key: str) -> str:
        """'' while two others run: it is taken up when there is room and the phone says more of it."""
        try:
            return self._begin(known, key)
        except Refused:
            return ""

    def _begin(self, known: _Known, key: str) -> str:
        call = known.call
        running = self._calls.start(
            call.number or WITHHELD,
            direction=call.direction or "in",
            is_ringing=not call.answered_at,
            name=call.name or (self._followed.colleague_of(call.number) if call.direction == "internal" else ""),
            phone_key=key,
            queue=call.queue,
        )
        return running.id

    def _shown(self, key: str, known: _Known, phase: str, running_id: str) -> LiveCall:
        call = known.call
        return LiveCall(
            key=key,
            direction=call.direction or "in",
            phase=phase,
            name=call.name if "name" not in call.unfilled else "",
            queue=call.queue,
            began_at=call.began_at,
            unfilled=call.unfilled,
            running_id=running_id,
            pop=known.pop if phase == "ring" and not running_id else None,
            rung_seconds=max(0, self._clock.now() - (known.rang_at if known.me else call.began_at)) / 1000,
        )

    def _forget_old(self) -> None:
        now = self._clock.now()
        over = [key for key, known in self._known.items() if known.is_done and 0 < known.call.ended_at < now - KEPT_MS]
        for key in over:
            del self._known[key]


def _key(call: PhoneCall) -> str:
    return f"{call.source} {call.connection} {call.reference}"
