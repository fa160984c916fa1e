"""Hears what a second start or the softphone's command tells the running program, on the loopback address.

A caller says a word of its own making first, and nothing else before the answer proves that the listener knows the
token: after a kill somebody else may listen on that port.
"""

from __future__ import annotations

import hmac
import os
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
_WORD_LETTERS = 64
_TOKEN_LETTERS = 64
_MOST_CALLERS = 64


class InstanceListener:
    """Listens from when it is made until `close`. `on_message` gets each message, on a thread of its own."""

    def __init__(self, on_message: Callable[[dict[str, str]], None]) -> None:
        self._on_message = on_message
        self.token = os.urandom(_TOKEN_LETTERS // 2).hex()
        """What a caller says before its message; only who may read the person's files knows it."""
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
                    content = callers[connection].heard(connection, self.token)
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
                        callers[connection] = _Caller()
                        selector.register(connection, selectors.EVENT_READ)

    def _answered(self, connection: socket.socket, content: bytes) -> dict[str, str] | None:
        token, message = content[:_TOKEN_LETTERS], content[_TOKEN_LETTERS:]
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

    def __init__(self) -> None:
        self.ends_at = time.monotonic() + LISTENER_SECONDS
        self._content = b""
        self._is_answered = False

    def heard(self, connection: socket.socket, token: str) -> bytes | None:
        """What was said after the word; None while there is more to come, b"" when it is too much or broke off."""
        try:
            part = connection.recv(4096)
            self._content += part
            if not self._is_answered and len(self._content) >= _WORD_LETTERS:
                self._is_answered = True
                connection.sendall(_proof(token, self._content[:_WORD_LETTERS]))
        except BlockingIOError:
            return None
        except OSError:
            return b""
        if not part:
            return self._content[_WORD_LETTERS:]
        return None if len(self._content) <= _WORD_LETTERS + _TOKEN_LETTERS + LENGTH_LIMIT else b""


def say(port: int, token: str, content: bytes) -> bool:
    """Tell the program that listens there; True when it was taken. Who does not know the token is told nothing."""
    word = os.urandom(_WORD_LETTERS // 2).hex().encode()
    until = time.monotonic() + 3 * LISTENER_SECONDS
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2 * LISTENER_SECONDS) as connection:
            connection.sendall(word)
            proof = _proof(token, word)
            if not hmac.compare_digest(_received(connection, len(proof), until), proof):
                return False
            connection.sendall(token.encode() + content)
            connection.shutdown(socket.SHUT_WR)
            return _received(connection, 2, until) == b"ok"
    except OSError:
        return False


def _proof(token: str, word: bytes) -> bytes:
    return hmac.new(token.encode(), b"first " + word, "sha256").hexdigest().encode()


def _received(connection: socket.socket, length: int, deadline: float) -> bytes:
    """So many bytes; fewer where the other side hangs up or takes longer than until the deadline."""
    content = b""
    while len(content) < length:
        left = deadline - time.monotonic()
        if left <= 0:
            return b""
        connection.settimeout(left)
        part = connection.recv(length - len(content))
        if not part:
            break
        content += part
    return content
