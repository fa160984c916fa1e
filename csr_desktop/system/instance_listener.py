"""Hears what a second start or the softphone's command tells the running program, on the loopback address."""

from __future__ import annotations

import hmac
import secrets
import selectors
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

LENGTH_LIMIT = 16_384
"""Bytes of one message."""
LISTENER_SECONDS = 1.0
"""How long a caller may take to say it."""
_MOST_CALLERS = 64


class InstanceListener:
    """Listens from when it is made until `close`. `on_message` gets each message, on a thread of its own."""

    def __init__(self, on_message: Callable[[dict[str, str]], None]) -> None:
        self._on_message = on_message
        self.token = secrets.token_hex(32)
        """What a caller says first; only who may read the person's files knows it."""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=8)
        self._wake, self._woken = socket.socketpair()
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._listen, name="single instance", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._wake.send(b"x")
        if threading.current_thread() is not self._thread:
            self._thread.join()
        for each in (self._listener, self._wake, self._woken):
            each.close()

    def _listen(self) -> None:
        """All callers at once: one that says nothing keeps no other from being heard."""
        callers: dict[socket.socket, _Caller] = {}  # the oldest first
        with selectors.DefaultSelector() as selector:

            def leave(connection: socket.socket) -> None:
                del callers[connection]
                selector.unregister(connection)
                connection.close()

            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while True:
                ends_at = min((caller.ends_at for caller in callers.values()), default=None)
                left = None if ends_at is None else max(0.0, ends_at - time.monotonic())
                ready = {key.fileobj for key, _ in selector.select(left)}
                if self._woken in ready:
                    for connection in [*callers]:
                        leave(connection)
                    return
                for connection in [each for each in callers if each in ready]:
                    content = callers[connection].heard(connection)
                    if content is None:
                        continue
                    words = self._answered(connection, content)
                    leave(connection)
                    if words is not None:  # told apart from the connection, whose other side has gone by now
                        self._on_message(words)
                now = time.monotonic()
                for connection in [each for each, caller in callers.items() if caller.ends_at <= now]:
                    leave(connection)
                if self._listener in ready:
                    if len(callers) >= _MOST_CALLERS:
                        leave(next(iter(callers)))
                    with suppress(OSError):
                        connection, _ = self._listener.accept()
                        connection.setblocking(False)
                        callers[connection] = _Caller(len(self.token) + LENGTH_LIMIT)
                        selector.register(connection, selectors.EVENT_READ)

    def _answered(self, connection: socket.socket, content: bytes) -> dict[str, str] | None:
        token, message = content[: len(self.token)], content[len(self.token) :]
        if not hmac.compare_digest(token, self.token.encode()):
            return None
        try:
            words = msgspec.json.decode(message, type=dict[str, str])
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        try:
            connection.sendall(b"ok")
        except OSError:
            return None
        return words


class _Caller:
    """What one has said so far, until a moment of the monotonic clock."""

    def __init__(self, limit: int) -> None:
        self.ends_at = time.monotonic() + LISTENER_SECONDS
        self._limit = limit
        self._content = b""

    def heard(self, connection: socket.socket) -> bytes | None:
        """All that was said; None while there is more to come, b"" when it is too much or broke off."""
        try:
            part = connection.recv(4096)
        except BlockingIOError:
            return None
        except OSError:
            return b""
        if not part:
            return self._content
        self._content += part
        return None if len(self._content) <= self._limit else b""


def say(port: int, content: bytes) -> bool:
    """Tell the program that listens there; True when it was taken."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2 * LISTENER_SECONDS) as connection:
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
            return _received(connection, 2, time.monotonic() + 3 * LISTENER_SECONDS) == b"ok"
    except OSError:
        return False


def _received(connection: socket.socket, limit: int, deadline: float) -> bytes:
    """All until the other side has said it all; cut off at the limit or the deadline, which the token then fails."""
    parts: list[bytes] = []
    while limit >= 0:
        left = deadline - time.monotonic()
        if left <= 0:
            return b""
        connection.settimeout(left)
        part = connection.recv(4096)
        if not part:
            return b"".join(parts)
        parts.append(part)
        limit -= len(part)
    return b""
