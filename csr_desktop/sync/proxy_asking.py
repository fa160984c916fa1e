"""Asking which ways there are to the server, on a thread of its own: a proxy's script may hang."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, InvalidStateError
from concurrent.futures import TimeoutError as TooLong
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from csr_desktop.sync.answers import NoAnswer

if TYPE_CHECKING:
    from csr_desktop.system.proxies import Choice

_KEPT: Final = "Everything is kept here."
LONGEST_SECONDS: Final = 30.0


class ProxyAsking:
    """One question at a time, however many wait for its answer; one that hangs is left to itself."""

    def __init__(self, choose: Callable[[], Choice], longest_seconds: float = 0.0) -> None:
        self._choose = choose
        self._longest = longest_seconds or LONGEST_SECONDS
        self._lock = threading.Lock()
        self._asked: Future[Choice] | None = None
        self._is_ended = False

    def choice(self) -> Choice:
        """Raises NoAnswer when it takes too long, or when `end` is said meanwhile; and what `choose` raises."""
        asked = self._question()
        try:
            return asked.result(self._longest)
        except CancelledError:
            raise NoAnswer("The connection was closed.", _KEPT) from None
        except TooLong:
            if asked.done():
                raise
            raise NoAnswer(
                "This computer does not say which proxy to use.",
                f"{_KEPT[:-1]} and will be sent when it does.",
                "Its proxy's script may not answer: tell your IT.",
            ) from None

    def end(self) -> None:
        """For good: nobody waits for an answer any more."""
        with self._lock:
            self._is_ended = True
            if self._asked is not None:
                self._asked.cancel()

    def _question(self) -> Future[Choice]:
        with self._lock:
            if self._is_ended:
                raise NoAnswer("The connection was closed.", _KEPT)
            if self._asked is None or self._asked.done():
                self._asked = Future()
                threading.Thread(target=self._ask, args=[self._asked], name="which proxy", daemon=True).start()
            return self._asked

    def _ask(self, asked: Future[Choice]) -> None:
        try:
            found = self._choose()
        except Exception as fault:  # noqa: BLE001  # whoever asked gets it
            with suppress(InvalidStateError):
                asked.set_exception(fault)
        else:
            with suppress(InvalidStateError):
                asked.set_result(found)
