"""What this workstation's softphone says: the calls that follow from it, and the last messages as they came."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import msgspec

from csr_desktop.domain import phone
from csr_desktop.domain.phone_calls import call_of
from csr_desktop.domain.phone_events import one_line, phone_event
from csr_desktop.system.call_problems import problems_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from csr_desktop.domain.phone_calls import PhoneCall
    from csr_desktop.domain.phone_events import Direction, EventKind, PhoneEvent

CONNECTION: Final = "softphone"
SHOWN: Final = 10
_KINDS: Final[dict[str, EventKind]] = {
    "ring": "ring",
    "answer": "answer",
    "hold": "hold",
    "resume": "resume",
    "hangup": "hangup",
    "missed": "missed",
}
_DIRECTIONS: Final[dict[str, Direction]] = {
    "in": "in",
    "inbound": "in",
    "incoming": "in",
    "out": "out",
    "outbound": "out",
    "outgoing": "out",
    "internal": "internal",
}
_LATE_MS: Final = 15_000
"""What is said of a call so long after its end is still of this call; a ring is then of the next."""
_LATE_RING_MS: Final = 3_000
"""But for a call of which no ring was said yet: commands that a softphone starts at once overtake each other."""
_FORGOTTEN_MS: Final = 12 * 3_600_000
"""A call of which nothing was said for so long has ended without a word."""
_CLOCK_MS: Final = 5_000
_MOST_CALLS: Final = 50


class Received(msgspec.Struct, frozen=True):
    """A message as it came but for private numbers, on one line each. `problems` are codes: unproven, unknown_event,
    no_number, and unfilled with the name of a field, as in "unfilled:number".
    """

    at: int
    via: str
    event: str
    number: str
    name: str
    reference: str
    direction: str
    queue: str
    problems: tuple[str, ...]


class Softphone:
    """Used on the store's thread. Nothing of it is kept when the program ends. `home_region` is where numbers without a
    country are from, `masked` gives a text without private numbers.
    """

    def __init__(
        self, now: Callable[[], int], home_region: Callable[[], str], masked: Callable[[str], str] = lambda text: text
    ) -> None:
        self._now = now
        self._home_region = home_region
        self._masked = masked
        self._latest: deque[Received] = deque(maxlen=SHOWN)
        self._events: dict[str, set[PhoneEvent]] = {}
        """By call, the one that was begun first first."""

    def latest(self) -> tuple[Received, ...]:
        """The last ten messages, the newest first."""
        return tuple(reversed(self._latest))

    def take(self, message: Mapping[str, str], *, is_proven: bool = True) -> PhoneCall | None:
        """The call as it is after a message of `system.call_message`; None for one that tells of no call. One that is
        not proven to come from the phone is only kept to be shown.
        """
        received = self._received(message)
        if not is_proven:
            self._latest.append(msgspec.structs.replace(received, problems=("unproven",)))
            return None
        self._latest.append(received)
        kind = _KINDS.get(received.event.casefold())
        if kind is None:
            return None
        direction = _DIRECTIONS.get(received.direction.casefold(), "in" if kind in {"ring", "missed"} else "")
        event = phone_event(
            "softphone",
            CONNECTION,
            received.reference,
            kind,
            received.at,
            direction=direction,
            number=received.number,
            name=received.name,
            queue=received.queue,
        )
        key = self._call_for(event)
        if key is None:
            return None
        events = self._events.setdefault(key, set())
        events.add(msgspec.structs.replace(event, reference=key))
        if kind == "missed":  # some say nothing else: what was missed did ring
            events.add(msgspec.structs.replace(event, reference=key, kind="ring"))
        while len(self._events) > _MOST_CALLS:
            del self._events[next(iter(self._events))]
        return call_of(self._events[key])

    def _received(self, message: Mapping[str, str]) -> Received:
        event, number = self._line(message, "event", 40), self._line(message, "number", 120)
        name, queue = self._line(message, "name", 200), self._line(message, "queue", 200)
        reference = self._line(message, "id", 250)
        told = {"event": event, "number": number, "name": name, "queue": queue, "id": reference}
        return Received(
            at=self._moment(message.get("at", "")),
            via=one_line(message.get("via", ""), 20),
            event=event,
            number=number,
            name=name,
            reference=reference,
            direction=self._line(message, "direction", 20),
            queue=queue,
            problems=problems_of(told),
        )

    def _line(self, message: Mapping[str, str], field: str, limit: int) -> str:
        """Any phone can say anything in any field. The same number is masked alike, so calls are still found by it."""
        return self._masked(one_line(message.get(field, ""), limit))

    def _moment(self, at: str) -> int:
        """When the command ran, on this very computer; now, where that cannot be."""
        now = self._now()
        said = int(at) if at.isascii() and at.isdigit() and len(at) < 16 else now
        return said if now - 60_000 <= said <= now + _CLOCK_MS else now

    def _call_for(self, event: PhoneEvent) -> str | None:
        """The call that an event is of: by its reference, else by the number, else the only one there is. None for an
        event that fits none.
        """
        if event.reference:
            return self._numbered(event.reference, event)
        number = self._compared(event.number)
        found = [key for key in reversed(self._events) if self._goes_on(key, event)]
        if number:
            fitting = [key for key in found if self._compared(call_of(self._events[key]).number) == number]
            return fitting[0] if fitting else self._new_key(number, event)
        if len(found) == 1:
            return found[0]
        return self._new_key("", event) if event.kind in {"ring", "missed"} and not found else None

    def _compared(self, number: str) -> str:
        """However it is written."""
        return phone.parse(number, self._home_region()).e164 or phone.digits(number) or number.casefold()

    def _numbered(self, reference: str, event: PhoneEvent) -> str:
        """Softphones count their calls from 1 again each time they start."""
        keys = [key for key in reversed(self._events) if key.partition("@")[0] == reference]
        if keys and self._goes_on(keys[0], event):
            return keys[0]
        return self._new_key(reference, event)

    def _goes_on(self, key: str, event: PhoneEvent) -> bool:
        call = call_of(self._events[key])
        if call.ended_at:
            late_ms = _LATE_MS if event.kind != "ring" else _LATE_RING_MS if call.is_unknown else -1
            is_late = event.at - call.ended_at <= late_ms
            return is_late or event.at <= call.ended_at
        return event.at - max(one.at for one in self._events[key]) <= _FORGOTTEN_MS

    def _new_key(self, start: str, event: PhoneEvent) -> str:
        return f"{start}@{event.at}"
