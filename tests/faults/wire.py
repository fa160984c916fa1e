"""What lies between desk and server and may do anything with what passes: an HTTP proxy with a manner of its own."""

from __future__ import annotations

import http.client
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import urlsplit


class Asked(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes


class Answered(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


Ask = Callable[[Asked], Answered]
Manner = Callable[[Asked, Ask], Answered | None]
"""What becomes of a request; it may be asked of the server any number of times. None cuts the connection."""
HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host", "date", "server"})


def honest(asked: Asked, ask: Ask) -> Answered | None:
    return ask(asked)


class Wire:
    """Listens on loopback and hands on to the server of this address, in the manner of the moment."""

    def __init__(self, server_url: Callable[[], str]) -> None:
        self._server_url = server_url
        self.manner: Manner = honest
        self.asked: list[str] = []
        wire = self

        class Passing(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # an answer goes out in two pieces

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = Asked(self.path, {k: v for k, v in self.headers.items() if k.lower() not in HOP}, body)
                wire.asked.append(self.path.rpartition("/")[2])
                try:
                    answered = wire.manner(asked, wire.ask)
                except (OSError, http.client.HTTPException):
                    answered = None  # the server is not there
                if answered is None:
                    self.close_connection = True
                    return
                self.send_response(answered.status)
                for name, value in answered.headers.items():
                    self.send_header(name, value)
                if "Content-Length" not in answered.headers:
                    self.send_header("Content-Length", str(len(answered.body)))
                self.end_headers()
                self.wfile.write(answered.body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its shape is the library's
                pass

        class Listening(ThreadingHTTPServer):
            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # who asked has hung up

        self._server = Listening(("127.0.0.1", 0), Passing)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def ask(self, asked: Asked) -> Answered:
        parts = urlsplit(self._server_url())
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        try:
            connection.request("POST", asked.path, asked.body, asked.headers)
            response = connection.getresponse()
            headers = {k: v for k, v in response.getheaders() if k.lower() not in HOP}
            return Answered(response.status, headers, response.read())
        finally:
            connection.close()

    @contextmanager
    def listening(self) -> Iterator[Wire]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="wire")
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()


class Disorder:
    """By chance of a seed: answers are lost after the server took what was sent, requests are lost, repeated at once or
    once more much later, and answers of an earlier question come in the place of the right one.
    """

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._earlier: dict[str, list[tuple[Asked, Answered]]] = {}
        self.did: list[str] = []

    def __call__(self, asked: Asked, ask: Ask) -> Answered | None:
        path = asked.path.rpartition("/")[2]
        if path not in {"push", "pull"}:
            return ask(asked)
        earlier = self._earlier.setdefault(path, [])
        what = self._chance.choice(["on", "on", "answer lost", "lost", "twice", "late again", "stale answer"])
        self.did.append(what)
        if what == "lost":
            return None
        answered = ask(asked)
        if what == "answer lost":
            answered_after = None
        elif what == "twice":
            answered_after = ask(asked)
        elif what == "late again" and earlier:
            ask(self._chance.choice(earlier)[0])
            answered_after = answered
        elif what == "stale answer" and earlier:
            answered_after = self._chance.choice(earlier)[1]
        else:
            answered_after = answered
        earlier.append((asked, answered))
        return answered_after
