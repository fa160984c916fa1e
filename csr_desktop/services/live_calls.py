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
from csr_desktop.services.call_rows import CallPart, LiveCall

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from csr_desktop.domain.phone_calls import PhoneCall
    from csr_desktop.domain.phone_legs import Leg
    from csr_desktop.services.call_rows import Pop, Saved
    from csr_desktop.services.calls import Calls
    from csr_desktop.services.steady_clock import SteadyClock

KEPT_MS: Final = 600_000
_SAVED_MS: Final = 86_400_000
"""A call that phone systems still tell of began within a day."""
_MOST_TWINS: Final = 200
_MY_PHASES: Final = {"ringing": "ring", "talking": "talk", "on_hold": "hold"}
_PHASES: Final = {"ringing": "ring", "busy": "ring", "talking": "talk", "on_hold": "hold"}
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
    heard_seconds: float = 0.0
    """When it was first heard of, by the monotonic clock."""


class LiveCalls:
    """Used on the store's thread. What is not taken is not kept over a restart."""

    def __init__(self, calls: Calls, clock: SteadyClock, clock_seconds: Callable[[], float]) -> None:
        self._calls = calls
        self._clock = clock
        self._clock_seconds = clock_seconds
        self._known: dict[str, _Known] = {}
        self._twins: dict[str, str] = {}
        """By the key of a softphone's call, that of the phone system's call which it is."""
        self._elsewhere: dict[str, str] = {}
        """By a call's reference, the name of my other workstation where it stands."""

    def take(self, call: PhoneCall, me: str = "") -> LiveCall:
        """What follows from a call as it is now. `me` is my id as the phone system's agents have it, '' where the phone
        is mine alone. What a softphone says of a call that a phone system tells of adds nothing to it.
        """
        try:
            return self._take(call, me)
        finally:
            self._clock.is_timing = any(known.phase not in {"", "over"} for known in self._known.values())

    def _take(self, call: PhoneCall, me: str) -> LiveCall:
        key = _key(call)
        if call.source in PHONE_SYSTEMS:
            self._join_twin(key, call)
        if (twin := self._twin_key(key, call)) in self._known:
            return self._shown(twin, self._known[twin], self._known[twin].phase, self._calls.followed(twin))
        known = self._known.setdefault(key, _Known(call, heard_seconds=self._clock_seconds()))
        known.call, known.me = call, me
        self._forget_old()
        leg = _my_leg(call, me)
        running_id = self._calls.followed(key)
        phase = _phase(call, leg, me)
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
        parts = _parts(call, leg, me)
        is_my_own = call.direction == "out" and _is_dialler(call, leg, me)
        if not running_id and is_my_own and not known.is_done:
            running_id = self._calls.take_over(call.number, key, call.began_at)
        if not running_id and not known.is_done and self._is_mine_now(call, leg, me):
            # What was saved before a restart is told again after it.
            known.is_done = bool(me) and self._is_saved(call, parts[0].started_at)
            running_id = "" if known.is_done else self._begun(known, key)
        if running_id:
            known.is_done = True
            self._calls.follow(running_id, parts, _RESULTS.get(call.outcome, "handled"))
        elif call.ended_at and (call.direction == "out" or call.source in PHONE_SYSTEMS):
            known.is_passed_over = known.is_passed_over or not known.is_done
            known.is_done = True
        if phase == "ring" and not running_id and not known.is_done and known.pop is None:
            known.pop = self._calls.caller(call.number or WITHHELD)
        return self._shown(key, known, phase, running_id)

    def _asked_in(self, known: _Known, key: str, leg: Leg | None, me: str, *, is_followed: bool) -> str | None:
        """The id of the call during which a colleague is asked in this one, '' once that is over: it is no call of its
        own, its time is a part of that one's. None for any other call.
        """
        call = known.call
        if (during := self._calls.consulting(key)) and call.ended_at:
            self._calls.end_consult(during)
            known.is_consult = True
        if during or known.is_consult:
            return during
        if is_followed or call.is_unknown or call.ended_at or known.is_done or not _is_dialler(call, leg, me):
            return None
        name = self._calls.colleague_of(call.number) if call.direction in {"out", "internal"} else ""
        during = self._calls.on_the_line() if name else ""
        if not during:
            return None
        self._calls.consult(during, name, key, call.source)
        known.is_consult = True
        return during

    def _is_saved(self, call: PhoneCall, started_at: int) -> bool:
        """By its reference, at whichever workstation of mine; or as a softphone's call, of which that is not known."""
        return self._calls.is_saved(call_reference(call), call.began_at - _SAVED_MS) or self._calls.is_logged(
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
            running_id = self._calls.followed(_key(call))
            if running_id and not self._calls.leave_to_other_desk(running_id):
                found.append(self.take(call, me))
                continue
            known = self._known.setdefault(_key(call), _Known(call, heard_seconds=self._clock_seconds()))
            known.call, known.me, known.is_done = call, me, True
            known.phase = _phase(call, _my_leg(call, me), me)
            found.append(self._shown(_key(call), known, known.phase, ""))
        return tuple(found)

    def elsewhere(self) -> tuple[tuple[str, str], ...]:
        """Reference and workstation's name of calls that go on there, not here."""
        going = {
            call_reference(known.call) for known in self._known.values() if known.phase in {"dial", "talk", "hold"}
        }
        here = {call_reference(known.call) for key, known in self._known.items() if self._calls.followed(key)}
        return tuple((one, name) for one, name in self._elsewhere.items() if one in going - here)

    def references(self) -> frozenset[str]:
        """Of phone systems' calls that run here."""
        running = (call_reference(known.call) for key, known in self._known.items() if self._calls.followed(key))
        return frozenset(running) - {""}

    def forget_others(self, calls: Sequence[PhoneCall]) -> None:
        """A phone system's calls that are none of these are over: their end was not heard of."""
        told = {_key(call) for call in calls}
        for key, known in list(self._known.items()):
            if known.call.source in PHONE_SYSTEMS and key not in told and not known.call.ended_at:
                del self._known[key]

    def _twin_key(self, key: str, call: PhoneCall) -> str:
        """The phone system's call that this one of a softphone, or of another phone system, is; ''."""
        if key not in self._twins and key not in self._known and not call.is_unknown:
            teller = _teller(key)
            fitting = (
                other
                for other, known in self._known.items()
                if known.call.source in PHONE_SYSTEMS
                and _teller(other) != teller
                and not any(to == other and _teller(twin) == teller for twin, to in self._twins.items())
                and self._is_one(known, call)
            )
            if found := next(fitting, ""):
                self._pair(key, found)
        return self._twins.get(key, "")

    def _join_twin(self, key: str, call: PhoneCall) -> None:
        """What a softphone told first goes on as the phone system's call."""
        if key in self._known or call.is_unknown:
            return
        for other, known in list(self._known.items()):
            if known.call.source not in PHONE_SYSTEMS and self._is_one(known, call):
                self._pair(other, key)
                self._known[key] = self._known.pop(other)
                self._calls.follow_as(other, key)
                return

    def _is_one(self, known: _Known, other: PhoneCall) -> bool:
        """Whether a call that is heard of now is the known one: both told of at about the same time, by the server's
        clock or, should this workstation's be wrong, as they came here.
        """
        call = known.call
        is_near = abs(call.began_at - other.began_at) <= TWIN_MS
        if not is_near and not call.ended_at:
            is_near = self._clock_seconds() - known.heard_seconds <= TWIN_MS / 1000
        is_same_way = "" in {call.direction, other.direction} or call.direction == other.direction
        return is_near and is_same_way and self._calls.is_same_number(call.number, other.number)

    def _pair(self, softphone_key: str, key: str) -> None:
        self._twins[softphone_key] = key
        while len(self._twins) > _MOST_TWINS:
            del self._twins[next(iter(self._twins))]

    def _go_on(self, key: str, known: _Known, phase: str) -> LiveCall:
        """A call whose beginning was not seen: it may be one that was running when the program ended, or one that was
        placed here, of which some softphones tell no more than the answer and the end. Another one is none of which a
        person could be told anything.
        """
        call = known.call
        running_id = self._calls.left_running(call.number)
        if not running_id and call.direction != "in":
            running_id = self._calls.placed(call.number, call.began_at)
        known.is_passed_over = not running_id and (known.is_passed_over or not known.is_done)
        known.is_done = True
        if running_id:
            changes = {"talk": self._calls.resume, "hold": self._calls.hold, "over": self._calls.end}
            if phase in changes:
                changes[phase](running_id)
        return self._shown(key, known, phase, running_id)

    def ringing(self) -> tuple[LiveCall, ...]:
        """Those that ring and were neither taken nor dismissed, the first first."""
        shown = (self._shown(key, known, known.phase, "") for key, known in self._known.items())
        return tuple(
            one
            for one in shown
            if one.phase == "ring"
            and one.pop
            and not self._known[one.key].is_done
            and not self._known[one.key].is_dismissed
        )

    def accept(self, key: str) -> str:
        """Take a ringing call into the call pane; the id of the running call. Raises Refused when it rings no more, or
        two calls run already.
        """
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
        if call.direction == "out" and _is_dialler(call, leg, me):
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
        direction = "out" if call.direction == "out" else "in"
        running = self._calls.start(
            call.number or WITHHELD,
            direction=direction,
            is_ringing=not call.answered_at,
            name=call.name,
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
        )

    def _forget_old(self) -> None:
        now = self._clock.now()
        over = [key for key, known in self._known.items() if known.is_done and 0 < known.call.ended_at < now - KEPT_MS]
        for key in over:
            del self._known[key]


def _key(call: PhoneCall) -> str:
    return f"{call.source} {call.connection} {call.reference}"


def _teller(key: str) -> str:
    """Who tells of a call, by its key: no two calls of one are the same."""
    return " ".join(key.split(" ", 2)[:2])


def _my_leg(call: PhoneCall, me: str) -> Leg | None:
    if me:
        return next((leg for leg in call.legs if leg.agent_id == me), None)
    return call.legs[0] if call.legs else None


def _is_dialler(call: PhoneCall, leg: Leg | None, me: str) -> bool:
    """Whether an outgoing call is mine: who dialled is in it first."""
    return not me or (leg is not None and leg is call.legs[0])


def _phase(call: PhoneCall, leg: Leg | None, me: str) -> str:
    if me:  # the call may go on at others
        mine = _MY_PHASES.get(leg.state, "over") if leg is not None and not call.ended_at else "over"
        return "dial" if mine == "ring" and call.direction == "out" and _is_dialler(call, leg, me) else mine
    if leg is not None and leg.left_at and not call.ended_at and leg.answered_at:
        return "over"
    phase = _PHASES.get(call.outcome, "over")
    return "dial" if phase == "ring" and call.direction == "out" else phase


def _parts(call: PhoneCall, leg: Leg | None, me: str) -> tuple[CallPart, ...]:
    """Of my leg, with the ringing or dialling before it, up to its end."""
    waits = "dial" if call.direction == "out" and _is_dialler(call, leg, me) else "ring"
    parts = [
        CallPart(part.kind, part.began_at, part.ended_at, max(0, part.ended_at - part.began_at) / 1000, part.source)
        if part.ended_at
        else CallPart(part.kind, part.began_at, source=part.source)
        for part in (leg.parts if leg is not None else ())
    ]
    if not parts or parts[0].kind in {"talk", "hold"}:
        until = parts[0].started_at if parts else call.ended_at
        # Who got it from somebody else has only their own ringing.
        began_at = leg.began_at if me and leg is not None else call.began_at
        first = CallPart(waits, began_at, source=call.source)
        if until:
            seconds = max(0, until - began_at) / 1000
            first = CallPart(waits, began_at, max(until, began_at), seconds, call.source)
        parts.insert(0, first)
    return tuple(parts)
