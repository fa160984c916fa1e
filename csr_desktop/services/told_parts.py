"""The parts of a call that runs, of what its phone tells and what a person said by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csr_desktop.services.call_rows import CallPart

if TYPE_CHECKING:
    from collections.abc import Sequence


def with_said(told: Sequence[CallPart], kept: Sequence[CallPart]) -> tuple[CallPart, ...]:
    """The parts that the phone tells, with what the person said by hand of what it does not tell: of holds where it
    told none, of the talk where it told no answer. `kept` are the parts as they stood, without a wrap-up. Parts follow
    each other; the last has no end while it lasts.
    """
    said = [part for part in kept if part.source == "person"]
    kinds = {part.kind for part in told}
    if "hold" in kinds:
        return tuple(told)
    if "talk" in kinds:
        return _with_holds(told, [part for part in said if part.kind == "hold"])
    talk = next((place for place, part in enumerate(kept) if part.kind in {"talk", "hold"}), -1)
    return _with_talk(told, kept[talk:]) if talk >= 0 else tuple(told)


def wrap_up_from(parts: Sequence[CallPart], ended_at: int) -> tuple[CallPart, ...]:
    """The wrap-up with its first part beginning when the call ended: a call that was ended by hand a little before the
    phone's word of it, or after, counts no moment twice, and none is lost.
    """
    first = parts[0]
    seconds = max(0.0, first.seconds + (first.started_at - ended_at) / 1000) if first.ended_at else 0.0
    until = max(ended_at, first.ended_at) if first.ended_at else 0
    return (CallPart("wrap_up", ended_at, until, seconds, first.source), *parts[1:])


def _with_holds(told: Sequence[CallPart], holds: list[CallPart]) -> tuple[CallPart, ...]:
    found: list[CallPart] = []
    for part in told:
        if part.kind != "talk":
            found.append(part)
            continue
        since, source = part.started_at, part.source
        while holds and not (part.ended_at and holds[0].started_at >= part.ended_at):
            hold = holds.pop(0)
            if hold.ended_at and hold.ended_at <= since:
                continue
            began_at = max(since, hold.started_at)
            if began_at > since:
                found.append(_stretch("talk", since, began_at, source))
            until = min((at for at in (hold.ended_at, part.ended_at) if at), default=0)
            found.append(_stretch("hold", began_at, until, "person"))
            since, source = until, "person"
            if not until:
                return tuple(found)
        if not part.ended_at or since < part.ended_at or since == part.started_at:
            found.append(_stretch("talk", since, part.ended_at, source))
    return tuple(found)


def _with_talk(told: Sequence[CallPart], said: Sequence[CallPart]) -> tuple[CallPart, ...]:
    answered_at, ended_at = said[0].started_at, told[-1].ended_at
    if ended_at and ended_at <= answered_at:
        return tuple(told)
    waited = [part for part in told if part.started_at < answered_at]
    if waited and not 0 < waited[-1].ended_at <= answered_at:
        waited[-1] = _stretch(waited[-1].kind, waited[-1].started_at, answered_at, waited[-1].source)
    if not ended_at:
        return (*waited, *said)
    spoken = [part for part in said if part.started_at < ended_at]
    last = spoken[-1]
    return (*waited, *spoken[:-1], _stretch(last.kind, last.started_at, ended_at, last.source))


def _stretch(kind: str, began_at: int, ended_at: int, source: str) -> CallPart:
    return CallPart(kind, began_at, ended_at, (ended_at - began_at) / 1000 if ended_at else 0.0, source)
