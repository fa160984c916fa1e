"""A made-up Asterisk on this machine: it signs clients of its manager interface in, filters, and says sequences."""

from __future__ import annotations

import hashlib
import re
import socket
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress

from csr_desktop.server.calls.sequences import GREETING

USER, SECRET = "csr", "made-up-secret"
_CHALLENGE = "215038447"


class MadeUpAsterisk:
    """Serves one client after the other. `events` are sent to each that has signed in, set its filters and asked for
    the channels, each that many `waits` (seconds) after the one before; `calls_up` are the Linkedids that it then
    lists. After `cut_after_bytes` of events the connection breaks off.
    """

    def __init__(
        self,
        events: bytes,
        calls_up: Iterable[str] = (),
        cut_after_bytes: int | None = None,
        port: int = 0,
        waits: Sequence[float] = (),
    ) -> None:
        self.events = events
        self.calls_up = tuple(calls_up)
        self.cut_after_bytes = cut_after_bytes
        self.sent_events = 0
        self.said_all = threading.Event()
        """Once somebody was told everything."""
        self._waits = waits
        self._connection: socket.socket | None = None
        self._closed = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", port))
        self.address: tuple[str, int] = self._listener.getsockname()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        """A client that is there is cut off."""
        self._closed.set()
        if self._connection is not None:
            with suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            # A client may go at any moment.
            with suppress(ConnectionError), connection, connection.makefile("rb") as lines:
                self._connection = connection
                connection.sendall(GREETING)
                self._talk(connection, iter(lines.readline, b""))

    def _talk(self, connection: socket.socket, lines: Iterable[bytes]) -> None:
        filters: list[re.Pattern[str]] = []
        action: dict[str, str] = {}
        for line in lines:
            name, colon, value = line.decode().strip().partition(": ")
            if colon:
                action[name] = value
                continue
            reply, goes_on = self._answer(action, filters)
            connection.sendall(reply)
            if action.get("Action") == "CoreShowChannels":
                goes_on = self._say(connection, filters)
            action = {}
            if not goes_on:
                return

    def _answer(self, action: dict[str, str], filters: list[re.Pattern[str]]) -> tuple[bytes, bool]:
        said = action.get("Action")
        if said == "Challenge":
            return _reply(action, f"Challenge: {_CHALLENGE}"), True
        if said == "Login":
            key = hashlib.md5((_CHALLENGE + SECRET).encode(), usedforsecurity=False).hexdigest()
            if (action["Username"], action.get("Key")) != (USER, key) and action.get("Secret") != SECRET:
                return _reply(action, "Message: Authentication failed", "Error"), False
            return _reply(action, "Message: Authentication accepted"), True
        if said == "Filter":
            filters.append(re.compile(action["Filter"], re.DOTALL))
        if said == "CoreShowChannels":
            of_this = f"ActionID: {action.get('ActionID', '')}\r\n"
            listed = "".join(f"Event: CoreShowChannel\r\n{of_this}Linkedid: {i}\r\n\r\n" for i in self.calls_up)
            return _reply(action) + f"{listed}Event: CoreShowChannelsComplete\r\n{of_this}\r\n".encode(), True
        return _reply(action), True

    def _say(self, connection: socket.socket, filters: list[re.Pattern[str]]) -> bool:
        every = [event + "\r\n\r\n" for event in self.events.decode().split("\r\n\r\n") if event]
        passed = [event for event in every if any(one.search(event) for one in filters)]
        self.sent_events += len(passed)
        if self._waits:
            for wait, event in zip(self._waits, every, strict=True):
                self._closed.wait(wait)
                if event in passed:
                    connection.sendall(event.encode())
        else:
            connection.sendall("".join(passed).encode()[: self.cut_after_bytes])
        self.said_all.set()
        return self.cut_after_bytes is None


def _reply(action: dict[str, str], more: str = "", response: str = "Success") -> bytes:
    lines = [f"Response: {response}", f"ActionID: {action.get('ActionID', '')}", *([more] if more else [])]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
