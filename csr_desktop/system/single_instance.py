"""One running program a person: a lock that the system takes back by itself, and a way to tell the first one something.

The first holds a lock on a file in the data folder and listens on the loopback address; port and token stand in a file
that only its owner may read. A second start, or the softphone's command, tells the first one and ends.
"""

from __future__ import annotations

import hmac
import os
import secrets
import selectors
import socket
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.system.file_lock import FileLock, lock_file
from csr_desktop.system.whole_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from csr_desktop.system.places import Places

LENGTH_LIMIT = 16_384
"""Bytes of one message."""
_RAISE = {"what": "raise"}
_MOST_CALLERS = 64
_LISTENER_SECONDS = 1.0
_STARTING_SECONDS = 3.0


class _Endpoint(msgspec.Struct, frozen=True):
    port: int
    token: str
    process_id: int


def claim(places: Places, on_message: Callable[[dict[str, str]], None]) -> Claim | None:
    """Be the first one, until `close`; None when another program is that already.

    `on_message` gets each message, `{"what": "raise"}` from a second start, on a thread of its own.
    Raises EnvironmentFault when the data folder takes no lock.
    """
    path = places.data / "running.lock"
    try:
        lock = lock_file(path)
    except OSError as error:
        raise _no_lock(path) from error
    if lock is None:
        return None
    try:
        return Claim(_endpoint_path(places), lock, on_message)
    except BaseException:
        lock.close()
        raise


def raise_first(places: Places) -> bool:
    """Ask the running program to come to the front. False when it does not answer."""
    return tell_first(places, _RAISE, starting_seconds=_STARTING_SECONDS)


def tell_first(places: Places, message: Mapping[str, str], *, starting_seconds: float = 0.0) -> bool:
    """Give the running program a message; True when it was taken. One that is just starting is given that long."""
    content = msgspec.json.encode(dict(message))
    if len(content) > LENGTH_LIMIT:
        msg = f"a message of {len(content)} bytes is too long"
        raise ValueError(msg)
    deadline = time.monotonic() + starting_seconds
    while True:
        if _told(_endpoint_path(places), content):
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.05)  # it is another process: there is nothing to wait on


class Claim:
    """Holds the place of the first one. Close it at the end, in any thread."""

    def __init__(self, endpoint_path: Path, lock: FileLock, on_message: Callable[[dict[str, str]], None]) -> None:
        self._path = endpoint_path
        self._lock = lock
        self._is_closed = False
        self._on_message = on_message
        self._token = secrets.token_hex(32)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=8)
        self._wake, self._woken = socket.socketpair()
        try:
            port = self._listener.getsockname()[1]
            write_whole(self._path, msgspec.json.encode(_Endpoint(port, self._token, os.getpid())))
        except OSError as error:
            self._close_sockets()
            raise _no_lock(self._path) from error
        self._thread = threading.Thread(target=self._listen, name="single instance", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let another program be the first."""
        if self._is_closed:
            return
        self._is_closed = True
        self._wake.send(b"x")
        if threading.current_thread() is not self._thread:
            self._thread.join()
        self._close_sockets()
        with suppress(OSError):
            self._path.unlink()
        self._lock.close()

    def _close_sockets(self) -> None:
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
                        callers[connection] = _Caller(len(self._token) + LENGTH_LIMIT)
                        selector.register(connection, selectors.EVENT_READ)

    def _answered(self, connection: socket.socket, content: bytes) -> dict[str, str] | None:
        token, message = content[: len(self._token)], content[len(self._token) :]
        if not hmac.compare_digest(token, self._token.encode()):
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
        self.ends_at = time.monotonic() + _LISTENER_SECONDS
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


def _told(endpoint_path: Path, content: bytes) -> bool:
    try:
        endpoint = msgspec.json.decode(endpoint_path.read_bytes(), type=_Endpoint)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return False
    _let_come_to_front(endpoint.process_id)
    try:
        with socket.create_connection(("127.0.0.1", endpoint.port), timeout=2 * _LISTENER_SECONDS) as connection:
            connection.sendall(endpoint.token.encode() + content)
            connection.shutdown(socket.SHUT_WR)
            return _received(connection, 2, time.monotonic() + 3 * _LISTENER_SECONDS) == b"ok"
    except OSError:
        return False


def _let_come_to_front(process_id: int) -> None:
    """Windows lets only the program that the person has just started bring a window to the front."""
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.user32.AllowSetForegroundWindow(process_id)


def _endpoint_path(places: Places) -> Path:
    return places.data / "running.json"


def _no_lock(path: Path) -> EnvironmentFault:
    return EnvironmentFault(
        f"{path} can't be written to or locked.",
        "CSR Desktop needs this so that it runs once only. Ask your administrator.",
    )
