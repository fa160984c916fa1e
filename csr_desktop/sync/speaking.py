"""Tells the server what its person does now: at each change, and again so that it is known to go on. Kept nowhere."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

import msgspec

from csr_desktop.domain.errors import CsrDesktopError, Refused
from csr_desktop.protocol import PRESENCE_SECONDS, CallTaking, PresenceNews, PresenceWord
from csr_desktop.sync.transport import Transport

_MOST_TAKINGS: Final = 20
NOT_TAKEN_SECONDS = 600.0
"""Before a server that takes no presence is told again."""


class Speaking:
    """Runs on a thread of its own. `on_people` gets who is there where nothing else tells."""

    def __init__(
        self,
        transport: Transport,
        on_people: Callable[[PresenceNews], None],
        hears_people: Callable[[], bool],
        jitter: Callable[[], float],
    ) -> None:
        self._transport = transport
        self._on_people = on_people
        self._hears_people = hears_people
        self._jitter = jitter
        self._word: PresenceWord | None = None
        self._is_connected = self._is_stopped = False
        self._stirred = threading.Event()
        self._takings: deque[CallTaking] = deque(maxlen=_MOST_TAKINGS)

    def say(self, word: PresenceWord) -> None:
        """From any thread; only the newest is sent, but for calls, each of which is said once."""
        self._takings.extend(word.calls)
        if word.calls or word != self._word:
            self._word = msgspec.structs.replace(word, calls=[])
            self._stirred.set()

    def connect(self, *, is_connected: bool) -> None:
        if is_connected != self._is_connected:
            self._is_connected = is_connected
            self._stirred.set()

    def stop(self) -> None:
        self._is_stopped = True
        self._stirred.set()

    def run(self) -> None:
        while True:
            self._stirred.clear()
            if self._is_stopped:  # looked at after clearing, or a stop between would be waited out
                return
            word, seconds = self._word, PRESENCE_SECONDS
            calls = [self._takings.popleft() for _ in range(len(self._takings))]
            if word is not None and self._is_connected:
                try:
                    people = self._transport.say(msgspec.structs.replace(word, calls=calls)).people
                    if not self._hears_people() and self._is_connected:
                        self._on_people(PresenceNews(people, is_all=True))
                except Refused:
                    seconds = NOT_TAKEN_SECONDS
                except CsrDesktopError:
                    pass  # whether the server can be reached is for the sync to find out
            self._stirred.wait(seconds * (0.9 + self._jitter() / 10))
