"""What a phone's call is to me: my leg of it, its phase and its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from csr_desktop.services.call_rows import CallPart

if TYPE_CHECKING:
    from csr_desktop.domain.phone_calls import PhoneCall
    from csr_desktop.domain.phone_legs import Leg

_MY_PHASES: Final = {"ringing": "ring", "talking": "talk", "on_hold": "hold"}
_PHASES: Final = {"ringing": "ring", "busy": "ring", "talking": "talk", "on_hold": "hold"}


def my_leg(call: PhoneCall, me: str) -> Leg | None:
    """`me` is my id, '' where the phone is mine alone."""
    if me:
        return next((leg for leg in call.legs if leg.agent_id == me), None)
    return call.legs[0] if call.legs else None


def is_dialler(call: PhoneCall, leg: Leg | None, me: str) -> bool:
    """Whether an outgoing call is mine: who dialled is in it first."""
    return not me or (leg is not None and leg is call.legs[0])


def phase_of(call: PhoneCall, leg: Leg | None, me: str) -> str:
    """Ring, dial, talk, hold or over."""
    if me:  # the call may go on at others
        mine = _MY_PHASES.get(leg.state, "over") if leg is not None and not call.ended_at else "over"
        return "dial" if mine == "ring" and call.direction == "out" and is_dialler(call, leg, me) else mine
    if leg is not None and leg.left_at and not call.ended_at and leg.answered_at:
        return "over"
    phase = _PHASES.get(call.outcome, "over")
    return "dial" if phase == "ring" and call.direction == "out" else phase


def parts_of(call: PhoneCall, leg: Leg | None, me: str) -> tuple[CallPart, ...]:
    """Of my leg, with the ringing or dialling before it, up to its end."""
    waits = "dial" if call.direction == "out" and is_dialler(call, leg, me) else "ring"
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
