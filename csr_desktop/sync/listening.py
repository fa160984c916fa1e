"""Hears that something is new by the best way that gets through: a stream, else long polls, else no way but asking.

A proxy may buffer a stream, cut it, or hold nothing open at all. What works is kept for a while; then the better way is
tried again. Hints only: what a desk knows comes by pulls.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from csr_desktop.domain.errors import CsrDesktopError
from csr_desktop.protocol import CallNews, News, PresenceNews
from csr_desktop.sync.answers import call_news
from csr_desktop.sync.transport import Transport

Way = Literal["", "stream", "poll"]


class Waits(msgspec.Struct, frozen=True):
    """Seconds. `open` is how long a new stream may say nothing, `lasting` how long one has to last to be trusted,
    `reopen` the longest rest before the next one, `better` how long the next best way is kept, `rest` how long none is
    tried after none worked, doubled each time up to `longest_rest`.
    """

    open: float = 5.0
    lasting: float = 60.0
    reopen: float = 1.0
    better: float = 300.0
    rest: float = 15.0
    longest_rest: float = 300.0
    pull: float = 30.0


STRIKES = 3
"""Streams that broke off early, one after the other, before the next best way is taken."""


class Listening:
    """Runs on a thread of its own, while the workstation is connected. `cursors` are those of the last pull. `on_news`
    gets what is new, `on_people` who is there, `on_calls` the calls of phone systems that concern the person;
    `on_trouble` is called when no way works.
    """

    def __init__(
        self,
        transport: Transport,
        cursors: Callable[[], Mapping[str, int]],
        on_news: Callable[[News], None],
        on_people: Callable[[PresenceNews], None],
        on_trouble: Callable[[], None],
        jitter: Callable[[], float],
        waits: Waits = Waits(),  # noqa: B008  # it never changes
        on_calls: Callable[[CallNews], None] = lambda _news: None,
    ) -> None:
        self._transport = transport
        self._cursors = cursors
        self._on_news = on_news
        self._on_people = on_people
        self._on_trouble = on_trouble
        self._jitter = jitter
        self._on_calls = on_calls
        self._waits = waits
        self._connected = threading.Event()
        self._pulled = threading.Event()
        self._stirred = threading.Event()
        self._is_stopped = False
        self._present = self._calls = 0
        self.way: Way = ""
        """By which it hears now; '' while by none."""

    # From other threads

    def connect(self, *, is_connected: bool) -> None:
        """Whether the server can be reached at all, as the last exchange showed."""
        if not is_connected:
            self._connected.clear()
            if self._is_stopped:  # the request that was cut off by stopping says that there is no connection
                self._connected.set()
        elif not self._connected.is_set():
            self._connected.set()
            self._stirred.set()

    def was_pulled(self) -> None:
        """An exchange has ended."""
        self._pulled.set()

    def stop(self) -> None:
        """Whoever closes the transport, too, ends what waits in it."""
        self._is_stopped = True
        self._connected.set()
        self._pulled.set()
        self._stirred.set()

    # Its own thread

    def run(self) -> None:
        failures = 0
        while self._connected.wait() and not self._is_stopped:
            self._stirred.clear()
            if self._by_streams() or self._by_polls():
                failures = 0
            elif not self._is_stopped:
                failures += 1
                self._on_trouble()
                rest = min(self._waits.longest_rest, self._waits.rest * 2.0 ** (failures - 1))
                self._stirred.wait(rest * (0.75 + self._jitter() / 2))

    @property
    def _goes_on(self) -> bool:
        return self._connected.is_set() and not self._is_stopped

    def _by_streams(self) -> bool:
        """One stream after another, until they break off early; False when the next best way is to be taken."""
        strikes = 0
        while self._goes_on:
            began, ended = time.monotonic(), False
            try:
                ended = self._hear_stream()
            except CsrDesktopError:
                ended = False
            finally:
                has_heard, self.way = self.way == "stream", ""
            if not has_heard:
                return False
            strikes = 0 if ended or time.monotonic() - began >= self._waits.lasting else strikes + 1
            if strikes >= STRIKES:
                return False
            # Not all at once after a server has stopped.
            self._stirred.wait(self._waits.reopen * 2.0**strikes * self._jitter())
        return True

    def _hear_stream(self) -> bool:
        """Until it ends: True when the server said so, False when it was cut. Raises what the transport does."""
        for event in self._transport.stream(dict(self._cursors()), self._waits.open):
            if self._is_stopped:
                return True
            self.way = "stream"
            if isinstance(event, News):
                self._on_news(event)
            elif isinstance(event, PresenceNews):
                self._on_people(event)
            elif isinstance(event, CallNews):
                self._on_calls(event)
            elif event == "end":
                return True
        return False

    def _by_polls(self) -> bool:
        """For a while; False when one fails."""
        until = time.monotonic() + self._waits.better * (0.75 + self._jitter() / 2)
        try:
            while self._goes_on and time.monotonic() < until:
                reply = self._transport.poke(dict(self._cursors()), self._present, self._calls)
                self.way = "poll"
                if reply.present not in {-1, self._present}:
                    self._present = reply.present
                    self._on_people(PresenceNews(reply.people, is_all=True))
                if reply.calls not in {-1, self._calls}:
                    self._calls = reply.calls
                    if (told := call_news(reply.call_news)) is not None:
                        self._on_calls(told)
                if reply.is_news:
                    # Asked again before it is taken in, the same news would be told again.
                    self._pulled.clear()
                    self._on_news(News({}, is_sure=True))
                    if self._goes_on:  # else what stopped it may have been cleared above
                        self._pulled.wait(self._waits.pull)
        except CsrDesktopError:
            return False
        finally:
            self.way, self._present, self._calls = "", 0, 0
        return True
