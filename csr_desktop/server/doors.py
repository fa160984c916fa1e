"""Who may connect, how many at once, and how long a connection may take over anything: uvicorn has no such limits.

A head that dribbles, a body that goes on after its answer and an answer that nobody reads would each hold a connection
for ever. The deadline of a body stands in `bodies.read`.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

import h11
import msgspec
from uvicorn.protocols.http.h11_impl import H11Protocol

from csr_desktop.domain.errors import BadInput
from csr_desktop.server.problems import busy

HEAD_SECONDS: Final = 15.0
"""From the first byte of a request, or from connecting, to the end of its headers."""
REST_SECONDS: Final = 5.0
"""For the rest of a body whose request was answered already, so that the answer is still read."""
REST_BYTES: Final = 16 << 20
"""And so much of it, which is thrown away."""
STALLED_SECONDS: Final = 30.0
"""An answer of which nothing was taken for so long is taken back."""
UNREAD_BYTES: Final = 64 << 20
"""What all answers together may take in memory that were written and not read yet."""
UNREAD_BYTES_AN_ACCOUNT: Final = 16 << 20
"""And those of one account, so that whoever does not read keeps nobody else from being answered."""
FILES_ASIDE: Final = 256
"""Open files that are not connections: the database's, one or more for each thread, and the log."""

_CROWDED: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
)


class Doorway(msgspec.Struct, frozen=True):
    """How the server stands to the network. A thousand workstations have three connections each, and a whole office can
    share an address; so one address may have half of them, and there is room beside it.

    `proxies` are addresses or networks whose word about where a request came from is taken.
    """

    connections: int = 4000
    connections_an_address: int = 2000
    proxies: tuple[str, ...] = ()
    head_seconds: float = HEAD_SECONDS
    rest_seconds: float = REST_SECONDS
    stalled_seconds: float = STALLED_SECONDS


class Doors:
    """Counts who is in. Used on the event loop alone."""

    def __init__(self, doorway: Doorway, cut: Callable[[str], None] = lambda _: None) -> None:
        """`cut` is told why a connection was ended or not taken: crowded, head, rest, stalled."""
        self.doorway = doorway
        self.cut = cut
        self.count = 0
        self._most = min(doorway.connections, _files_allowed() - FILES_ASIDE)
        self._by_address: Counter[str] = Counter()
        self._unread: Counter[str] = Counter()
        self._proxies = [ipaddress.ip_network(text, strict=False) for text in doorway.proxies]

    def is_proxy(self, address: str) -> bool:
        try:
            found = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        return any(found in network for network in self._proxies)

    def enter(self, address: str) -> bool:
        """Whether one more connection of this address is taken; a proxy's are everyone's."""
        group = _group(address)
        is_full = self.count >= self._most
        if is_full or (not self.is_proxy(address) and self._by_address[group] >= self.doorway.connections_an_address):
            self.cut("crowded")
            return False
        self.count += 1
        self._by_address[group] += 1
        return True

    def leave(self, address: str) -> None:
        self.count -= 1
        self._less(_group(address))

    def begin(self, address: str) -> bool:
        """The same for a request that a proxy passes on, by the address it came from."""
        group = f"by proxy {_group(address)}"
        if self._by_address[group] >= self.doorway.connections_an_address:
            self.cut("crowded")
            return False
        self._by_address[group] += 1
        return True

    def end(self, address: str) -> None:
        self._less(f"by proxy {_group(address)}")

    def check_unread(self, user_id: str) -> None:
        """Before what may be a big answer to somebody. Raises Rejected (503) while too much is unread."""
        if self._unread.total() > UNREAD_BYTES or self._unread[user_id] > UNREAD_BYTES_AN_ACCOUNT:
            raise busy()

    def more_unread(self, user_id: str, size: int) -> None:
        """So many bytes more wait for somebody to read them, or fewer."""
        self._unread[user_id] += size
        if self._unread[user_id] <= 0:
            del self._unread[user_id]

    def _less(self, group: str) -> None:
        self._by_address[group] -= 1
        if self._by_address[group] <= 0:
            del self._by_address[group]


class Connection(H11Protocol):
    """uvicorn's, with deadlines. They close it in order, and by force where that stalls."""

    def __init__(self, doors: Doors, /, **given: Any) -> None:
        super().__init__(**given)
        self._doors = doors
        self._address = ""
        self._is_in = False
        self._rest_bytes = 0
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._reader, self._unread = "", 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        peer = transport.get_extra_info("peername")
        self._address = str(peer[0]) if peer else ""
        self._is_in = self._doors.enter(self._address)
        if not self._is_in:
            self.transport = transport
            transport.write(_CROWDED)
            self._close()
            return
        super().connection_made(transport)
        self._within(self._doors.doorway.head_seconds, "head")

    def connection_lost(self, exc: Exception | None) -> None:
        self._on_time()
        if self._stalled is not None:
            self._stalled.cancel()
        self._is_unread(0)
        if self._is_in:
            self._is_in = False
            self._doors.leave(self._address)
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._is_in:
            return
        cycle = self.cycle
        is_answered = cycle is None or cycle.response_complete
        was_body = is_answered and cycle is not None and self.conn.their_state is h11.SEND_BODY
        if was_body:
            self._rest_bytes += len(data)
            if self._rest_bytes > REST_BYTES:
                self._too_late("rest")
                return
        if self._deadline is None and is_answered:
            self._within(self._doors.doorway.head_seconds, "head")
        super().data_received(data)
        if self.cycle is not cycle or (was_body and self.conn.their_state is not h11.SEND_BODY):
            self._on_time()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._rest_bytes = 0
        if self.conn.their_state is h11.SEND_BODY and not self.transport.is_closing():
            self._within(self._doors.doorway.rest_seconds, "rest")

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._abort_later()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._reader = self.scope["state"].get("user_id", "") if self.scope else ""
        self._look_after(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        self._is_unread(0)

    def _within(self, seconds: float, what: str) -> None:
        self._on_time()
        self._deadline = self.loop.call_later(seconds, self._too_late, what)

    def _on_time(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_late(self, what: str) -> None:
        self._deadline = None
        self._doors.cut(what)
        self._close()

    def _look_after(self, left: int) -> None:
        self._is_unread(left)
        self._stalled = self.loop.call_later(self._doors.doorway.stalled_seconds, self._if_stalled, left)

    def _if_stalled(self, before: int) -> None:
        left = self.transport.get_write_buffer_size()
        if left < before:
            self._look_after(left)
            return
        self._doors.cut("stalled")
        self.transport.abort()

    def _is_unread(self, size: int) -> None:
        if size != self._unread:
            self._doors.more_unread(self._reader, size - self._unread)
            self._unread = size

    def _close(self) -> None:
        self.transport.close()
        self._abort_later()

    def _abort_later(self) -> None:
        self.loop.call_later(self._doors.doorway.rest_seconds, self.transport.abort)


def check_proxies(proxies: Sequence[str]) -> None:
    """Raises BadInput for what is no address and no network."""
    for text in proxies:
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise BadInput(
                "proxy", f"{text!r} is no address of a proxy.", "Such as 127.0.0.1 or 10.1.0.0/16."
            ) from None


def _group(address: str) -> str:
    """An IPv6 network of 64 bits is one customer's."""
    if ":" not in address:
        return address
    try:
        return str(ipaddress.IPv6Network((address.partition("%")[0], 64), strict=False).network_address)
    except ValueError:
        return address


def _files_allowed() -> int:
    """How many files this process may have open, after taking all that it may."""
    if os.name == "nt":
        return 1 << 30
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
        except (ValueError, OSError):  # macOS says unlimited and means less
            pass
    return 1 << 30 if soft == resource.RLIM_INFINITY else soft
