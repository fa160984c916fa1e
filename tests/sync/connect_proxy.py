"""A proxy as offices have them, through which protected connections go by CONNECT; and servers that are none of ours."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.loop_server import LoopServer

Heard = tuple[str, str]
"""What was asked for, and the name with its password that came along."""


def answer(status: str, *headers: str, body: str = "") -> bytes:
    """As HTTP has it."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close", "", body]
    return "\r\n".join(lines).encode()


class ConnectProxy(LoopServer):
    """Leads every name to one port of this computer, as it resolves names itself. `sign_in`, a `name:password`, is
    asked for by Basic; `says`, when there is any, is its answer to everybody; `tls` protects the way to itself.
    """

    def __init__(
        self, target: str = "", *, sign_in: str = "", says: bytes = b"", tls: ssl.SSLContext | None = None
    ) -> None:
        self.port_there = int(target.rpartition(":")[2] or 0)
        self.sign_in = sign_in
        self.says = says
        self.heard: list[Heard] = []
        super().__init__("connect proxy", tls)

    @property
    def address(self) -> str:
        return self.url.rpartition("/")[2]

    async def lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, target, _ = head.split(" ", 2)
        given = ""
        for line in head.split("\r\n"):
            name, _, value = line.partition(": ")
            if name.lower() == "proxy-authorization":
                given = base64.b64decode(value.removeprefix("Basic ")).decode()
        self.heard.append((f"{method} {target}", given))
        refused = self.says
        if not refused and self.sign_in and given != self.sign_in:
            refused = answer("407 Proxy Authentication Required", 'Proxy-Authenticate: Basic realm="office"')
        if refused:
            writer.write(refused)
            await writer.drain()
            return
        inner, outer = await asyncio.open_connection("127.0.0.1", self.port_there)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        ways = [asyncio.ensure_future(_hand_on(reader, outer)), asyncio.ensure_future(_hand_on(inner, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            outer.close()


async def _hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while part := await reader.read(65536):
            writer.write(part)
            await writer.drain()


class Impostor:
    """Takes connections one after the other and does `with_each` to them; protected by `tls` when that is given."""

    def __init__(self, with_each: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None) -> None:
        self._with_each, self._tls = with_each, tls
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(0.05)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="impostor")
        self.port = self._listening.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(10)
        self._listening.close()

    def _run(self) -> None:
        while not self._ended.is_set():
            with suppress(OSError):
                connection, _ = self._listening.accept()
                with connection:
                    connection.settimeout(5)
                    if self._tls is None:
                        self._with_each(connection)
                    else:
                        with self._tls.wrap_socket(connection, server_side=True) as protected:
                            self._with_each(protected)


def answers(with_this: bytes) -> Callable[[socket.socket], None]:
    """A server that always says the same, whatever it was that it got."""

    def each(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(with_this)

    return each


def hangs_up(connection: socket.socket) -> None:
    connection.recv(65536)
