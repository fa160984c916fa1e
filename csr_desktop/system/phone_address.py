"""An address on this computer that a softphone opens when a call comes: `http://127.0.0.1:PORT/call?key=…&number=…`.

It answers only this computer, to whoever knows the key, with a page that a person can read. What is asked is read by
hand: softphones fill in names with blanks and signs that no library takes for an address.
"""

from __future__ import annotations

import hmac
import socket
import socketserver
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.system.call_message import EVENTS, TEST, call_message, fields_of_query
from csr_desktop.system.call_problems import problems_of, words_of

if TYPE_CHECKING:
    from collections.abc import Callable

HOST: Final = "127.0.0.1"
PATH: Final = "/call"
_HEAD_LIMIT: Final = 16_384
_SECONDS: Final = 3.0
_MOST_AT_ONCE: Final = 16
_HEADERS: Final = (
    "Content-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n"
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\nX-Content-Type-Options: nosniff\r\n"
    "Connection: close\r\n"
)


class PhoneAddress:
    """Answers from when it is made until `close`. `on_message` gets each call that is told, on a thread of its own;
    `clock` is milliseconds since the epoch. Raises EnvironmentFault when the port is taken; port 0 takes any.
    """

    def __init__(
        self, port: int, key: str, on_message: Callable[[dict[str, str]], None], clock: Callable[[], int]
    ) -> None:
        self._key = key
        self._on_message = on_message
        self._clock = clock
        self._entering = threading.Lock()
        self._unheard: dict[socket.socket, bool] = {}
        """Who has not said yet what they want, in the order in which they came."""
        try:
            self._server = _Server((HOST, port), self)
        except OSError as error:
            raise EnvironmentFault(
                f"Port {port} of this computer is taken by another program.",
                "Choose another port, and change it in your phone's settings too.",
            ) from error
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="phone address", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, head: bytes) -> tuple[int, str]:
        """Status and the words of the page, for the head of a request."""
        lines = head.decode("utf-8", "replace").split("\r\n")
        method, _, rest = lines[0].partition(" ")
        target = rest.rpartition(" HTTP/")[0] or rest
        if method not in {"GET", "HEAD"}:
            return 405, "This address is only opened, nothing is sent to it."
        if not self._is_for_this_computer(lines[1:]):
            return 403, "This address is opened as 127.0.0.1 or localhost, by a phone and not by another page."
        path, _, query = target.partition("?")
        if path.rstrip("/") != PATH:
            return 404, "Nothing is here. The address of calls is in the desk's settings, under Phone."
        fields = fields_of_query(query)
        if not hmac.compare_digest(fields.pop("key", "").encode(), self._key.encode()):
            return 403, "The key is missing or wrong. Copy the whole address from the desk's settings, under Phone."
        if not fields.get("event", "").strip():
            return 400, f"Say what happened: event={', '.join(EVENTS)}."
        if method == "GET":
            self._on_message(call_message(fields, "address", self._clock()))
        problems = problems_of(fields)
        wrong = words_of(problems)
        if "unknown_event" in problems:
            return 400, wrong
        heard = "the test" if fields["event"].strip().casefold() == TEST else "the call"
        # A phone that is told of a fault may show nothing but its number.
        return 200, f"CSR Desktop has heard of {heard}" + (
            f", but not all of it. {wrong}" if wrong else ". You can close this page."
        )

    def _is_for_this_computer(self, headers: list[str]) -> bool:
        """A page from elsewhere whose name was made to lead here says its own name as the host; one that knows the key
        says where it is from, which no phone does.
        """
        named = [header.partition(":") for header in headers]
        said = [(name.strip().casefold(), value.strip().casefold()) for name, _, value in named]
        hosts = [value for name, value in said if name == "host"]
        own = {f"{HOST}:{self.port}", f"localhost:{self.port}"}
        if len(hosts) > 1 or not own.issuperset(hosts):  # HTTP/1.0 names none, and no browser speaks it
            return False
        return all(value.removeprefix("http://") in own for name, value in said if name == "origin")

    def serve(self, request: socketserver.StreamRequestHandler) -> None:
        self._admit(request.connection)
        try:
            head = _head(request)
            with self._entering:
                is_here = self._unheard.pop(request.connection, None) is not None
            if head is None or not is_here:
                return
            status, words = self.answer(head)
            page = f"<!doctype html><meta charset=utf-8><title>CSR Desktop</title><p>{words}</p>\n".encode()
            is_bare = head.startswith(b"HEAD ")
            request.wfile.write(f"HTTP/1.1 {status} {_REASONS[status]}\r\n{_HEADERS}".encode())
            request.wfile.write(f"Content-Length: {len(page)}\r\n\r\n".encode() + (b"" if is_bare else page))
        except OSError:
            return  # who asked has gone
        finally:
            with self._entering:
                self._unheard.pop(request.connection, None)

    def _admit(self, connection: socket.socket) -> None:
        """Who came first and has not said what they want makes room, so nobody keeps others out by saying nothing."""
        with self._entering:
            while len(self._unheard) >= _MOST_AT_ONCE:
                oldest = next(iter(self._unheard))
                del self._unheard[oldest]
                with suppress(OSError):
                    oldest.shutdown(socket.SHUT_RDWR)
            self._unheard[connection] = True


_REASONS: Final = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed"}


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    # Another program may wait on the port for a moment after this one: only on Windows that would let two have it.
    allow_reuse_address = sys.platform != "win32"
    request_queue_size = 16

    def __init__(self, place: tuple[str, int], address: PhoneAddress) -> None:
        self.address = address
        super().__init__(place, _Request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Whatever who asks did wrong is theirs; nothing of it is written anywhere."""


class _Request(socketserver.StreamRequestHandler):
    timeout = _SECONDS

    def handle(self) -> None:
        assert isinstance(self.server, _Server)  # noqa: S101
        self.server.address.serve(self)


def _head(request: socketserver.StreamRequestHandler) -> bytes | None:
    """The first line and the headers, None when they do not come in time or are too long."""
    deadline = time.monotonic() + _SECONDS
    head = b""
    while b"\r\n\r\n" not in head and b"\n\n" not in head:
        left = deadline - time.monotonic()
        if left <= 0 or len(head) > _HEAD_LIMIT:
            return None
        request.connection.settimeout(left)
        try:
            part = request.connection.recv(4096)
        except OSError:
            return None
        if not part:
            return head if head.endswith(b"\n") else None
        head += part
    return head.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n").partition(b"\r\n\r\n")[0]
