"""The parts of a call and the pauses marked in its recording, as an interaction keeps them: short JSON lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from csr_desktop.domain.phone_events import PHONE_SYSTEMS

if TYPE_CHECKING:
    from collections.abc import Iterable

PartKind = Literal["ring", "dial", "talk", "hold", "consult", "wrap_up"]
PartSource = Literal["phone_system", "softphone", "person"]
"""Who said that a part began: a phone system by the server, this workstation's softphone, a person's key."""

MOST_PARTS: Final = 500
MOST_PAUSES: Final = 200
_LONGEST_SECONDS: Final = 7 * 86_400
SLACK_SECONDS: Final = 60
"""So far two clocks may differ, and parts that are rounded one by one from what they are together."""


class KeptPart(msgspec.Struct, frozen=True, array_like=True):
    """`started_at` is in milliseconds since the epoch, `seconds` of a tenth's precision."""

    kind: PartKind
    started_at: int
    seconds: float
    source: PartSource


class Pause(msgspec.Struct, frozen=True, array_like=True):
    """A stretch in which something was said that a recording should not hold: both in seconds, `offset` from the
    beginning of the call, its ringing included.
    """

    offset: float
    seconds: float


_parts = msgspec.json.Decoder(list[KeptPart])
_pauses = msgspec.json.Decoder(list[Pause])


def source_of(source: str) -> PartSource:
    """Of a phone event's source."""
    if source in PHONE_SYSTEMS:
        return "phone_system"
    return "softphone" if source == "softphone" else "person"


def written_parts(parts: Iterable[tuple[str, int, float, str]]) -> str:
    """Of (kind, start, seconds, source of the phone event), in their order; '' for none."""
    kept = [(kind, at, round(max(0.0, seconds), 1), source_of(source)) for kind, at, seconds, source in parts]
    return msgspec.json.encode(kept[:MOST_PARTS]).decode() if kept else ""


def written_pauses(pauses: Iterable[tuple[float, float]]) -> str:
    """Of (offset, seconds); '' for none."""
    kept = [Pause(round(max(0.0, offset), 1), round(max(0.0, seconds), 1)) for offset, seconds in pauses]
    return msgspec.json.encode(kept[:MOST_PAUSES]).decode() if kept else ""


def read_parts(text: str) -> tuple[KeptPart, ...]:
    """Raises ValueError for what no program wrote."""
    found = tuple(_parts.decode(text)) if text else ()
    if len(found) > MOST_PARTS or any(not _is_length(part.seconds) or part.started_at < 0 for part in found):
        raise ValueError(text[:80])
    return found


def read_pauses(text: str) -> tuple[Pause, ...]:
    """Raises ValueError for what no program wrote."""
    found = tuple(_pauses.decode(text)) if text else ()
    if len(found) > MOST_PAUSES or any(not (_is_length(one.offset) and _is_length(one.seconds)) for one in found):
        raise ValueError(text[:80])
    return found


def pauses_of_recording(pauses: Iterable[Pause], parts: Iterable[KeptPart]) -> tuple[Pause, ...]:
    """By the recording's own time, which begins when somebody is on the line: ringing and dialling are not in it."""
    ahead = 0.0
    for part in parts:
        if part.kind not in {"ring", "dial"}:
            break
        ahead += part.seconds
    shifted = (Pause(max(0.0, one.offset - ahead), one.seconds + min(0.0, one.offset - ahead)) for one in pauses)
    return tuple(one for one in shifted if one.seconds > 0)


def is_ahead(at: int, now: int) -> bool:
    """Whether an instant (ms) is to come, also for who reads another clock."""
    return at > now + SLACK_SECONDS * 1000


def fits(started_at: int, ended_at: int, seconds: int, wrap_up_seconds: int, now: int) -> bool:
    """Whether so many seconds of dialling, talk and hold lie between both instants (ms), and the wrap-up up to now."""
    has_room = seconds <= (ended_at - started_at) / 1000 + SLACK_SECONDS
    return has_room and not is_ahead(ended_at + wrap_up_seconds * 1000, now)


def fitted(started_at: int, ended_at: int, seconds: int, wrap_up_seconds: int, now: int) -> tuple[int, int]:
    """Start and end (ms), moved where they don't fit: the seconds were measured, and the clock was set meanwhile."""
    if fits(started_at, ended_at, seconds, wrap_up_seconds, now):
        return started_at, ended_at
    ended_at = min(max(ended_at, started_at + seconds * 1000), now - wrap_up_seconds * 1000)
    return min(started_at, ended_at - seconds * 1000), ended_at


def _is_length(seconds: float) -> bool:
    return 0 <= seconds <= _LONGEST_SECONDS
