"""Which calls that are told of are one: a softphone and a phone system, or two phone systems, tell of the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from csr_desktop.domain.phone_calls import PhoneCall
    from csr_desktop.domain.phone_legs import Leg

_MOST: Final = 200


class _Twin(NamedTuple):
    key: str
    rang_at: int


class CallTwins:
    """A key is a call's source, connection and reference. A queue may try me several times in one call of the phone
    system: each of these ringings is another call of the softphone.
    """

    def __init__(self) -> None:
        self._twins: dict[str, _Twin] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._twins

    def of(self, key: str) -> str:
        """The key of the call that this one is; ''."""
        return self._twins[key].key if key in self._twins else ""

    def pair(self, key: str, to: str, rang_at: int) -> None:
        """From now on the first is the second in its ringing that began then."""
        self._twins[key] = _Twin(to, rang_at)
        while len(self._twins) > _MOST:
            del self._twins[next(iter(self._twins))]

    def is_told(self, key: str, rang_at: int, by: str) -> bool:
        """Whether who tells of the call `by` tells of this ringing already: two calls of one teller are two."""
        return any(twin == _Twin(key, rang_at) and teller(one) == teller(by) for one, twin in self._twins.items())


def teller(key: str) -> str:
    """Who tells of a call, by its key: no two calls of one are the same."""
    return " ".join(key.split(" ", 2)[:2])


def rang_at(call: PhoneCall, leg: Leg | None) -> int:
    """When it began to ring last in this leg, or was dialled; in milliseconds, by the phone's clock."""
    if leg is None:
        return call.began_at
    return next((part.began_at for part in reversed(leg.parts) if part.kind in {"ring", "dial"}), leg.began_at)
