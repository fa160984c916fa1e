"""How often a workstation, an account or an address may ask: a bucket of tokens each, filled by the monotonic clock."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import msgspec

from csr_desktop.server.problems import Rejected


class Rate(msgspec.Struct, frozen=True):
    """`burst` at once, then `per_second`."""

    burst: float
    per_second: float


class Limits(msgspec.Struct, frozen=True):
    """How often somebody may ask, and what pushes may cost beside. A workstation's first fill pulls some 30 pages a
    second; a whole office can share an address.

    The work of pushes is counted alone, for its measure is another: a week without the network is honest and comes all
    at once, at 15,000 commands a second, so 10,000 calls with what belongs to them (30,000 commands, some 20 MB) are
    taken without a pause. Who goes on like that gets 1,000 commands a second: a fifth of what the slower of the two
    databases does, so that nobody else waits long. Pulls go on meanwhile.
    """

    device: Rate = Rate(300, 50)
    account: Rate = Rate(600, 100)
    device_work: Rate = Rate(1600, 40)
    account_work: Rate = Rate(3200, 80)
    address: Rate = Rate(2000, 200)
    sign_in: Rate = Rate(100, 5)
    phone: Rate = Rate(1200, 30)
    """Messages of one phone system: a thousand seats have some 15 a second when everybody calls."""
    content: Rate = Rate(1600, 16)
    """Of an account's attachments: 100 MiB at once, then one a second, both ways."""
    older: Rate = Rate(200, 4)
    """Of an account's questions for older history: who reads a long one scrolls through 40,000 rows at once."""
    pin: Rate = Rate(10, 0.1)
    """Of an account's questions for callers' PINs: each is typed while somebody is on the line."""


COMMANDS_A_TOKEN: Final = 25
"""A push costs one token of work for each so many commands."""
BYTES_A_TOKEN: Final = 64 * 1024
"""And one more for each so many bytes that its body unpacks to, whatever it turns out to hold."""
_KEPT: Final = 20_000


class Rates:
    """Buckets by name, the longest unused forgotten first."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str, rate: Rate) -> None:
        """Raises Rejected (429) with the seconds to wait."""
        with self._lock:
            level = self._level(name, rate)
            missing = 1 - level
            self._keep(name, level if missing > 0 else level - 1)
        if missing > 0:
            raise too_often(math.ceil(missing / rate.per_second))

    def check(self, name: str, rate: Rate) -> None:
        """Raises as `take` does while there is a debt, and takes nothing."""
        with self._lock:
            level = self._level(name, rate)
            self._keep(name, level)
        if level < 0:
            raise too_often(math.ceil(-level / rate.per_second))

    def owe(self, name: str, rate: Rate, cost: float) -> None:
        """For work that was done already: it is served, and what comes next waits until it is paid for. Nobody owes
        more than a full bucket.
        """
        with self._lock:
            self._keep(name, max(-rate.burst, self._level(name, rate) - cost))

    def _level(self, name: str, rate: Rate) -> float:
        now = self._monotonic()
        level, since = self._buckets.pop(name, (rate.burst, now))
        return min(rate.burst, level + (now - since) * rate.per_second)

    def _keep(self, name: str, level: float) -> None:
        self._buckets[name] = (level, self._monotonic())
        if len(self._buckets) > _KEPT:
            self._buckets.popitem(last=False)


def too_often(seconds: int) -> Rejected:
    return Rejected(
        429,
        "too_often",
        "The server was asked too often.",
        f"It will be tried again in {seconds} seconds." if seconds > 1 else "It will be tried again in a second.",
        retry_after_seconds=max(1, seconds),
    )
