"""A proxy between desk and server as offices have them: it may hold back what streams, or cut what stays open."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Literal
from urllib.parse import urlsplit

from tests.loop_server import LoopServer

Manner = Literal["open", "buffers", "blocks"]


class Proxy(LoopServer):
    """HTTP/1.1, one request a connection. `buffers` hands an answer on once it is whole; `blocks` answers 502 to what
    is not answered within half a second; `cuts` are the paths that it cuts off after as much.
    """

    def __init__(self, server_url: str, manner: Manner = "open") -> None:
        parts = urlsplit(server_url)
        assert parts.hostname is not None
        assert parts.port is not None
        self._host, self._port = parts.hostname, parts.port
        self.manner: Manner = manner
        self.asked: list[str] = []
        """Paths, in order."""
        super().__init__("proxy")

    def count(self, path: str) -> int:
        return sum(asked.endswith(f"/{path}") for asked in self.asked)

    async def lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        length = next((int(line[15:]) for line in lines if line.lower().startswith("content-length:")), 0)
        body = await reader.readexactly(length)
        self.asked.append(lines[0].split()[1])
        kept = [line for line in lines if line and not line.lower().startswith("connection:")]
        answers, asks = await asyncio.open_connection(self._host, self._port)
        try:
            asks.write("\r\n".join([*kept, "Connection: close", "", ""]).encode() + body)
            if self.manner == "blocks":
                try:
                    async with asyncio.timeout(0.5):
                        whole = await answers.read()
                except TimeoutError:
                    whole = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                writer.write(whole)
            elif self.manner == "buffers":
                # It waits for the end, and for whoever asked: one that has hung up needs no answer.
                whole = await first_of(answers.read(-1), hung_up(reader))
                writer.write(whole)
            else:
                while part := await first_of(answers.read(65536), hung_up(reader)):
                    writer.write(part)
                    await writer.drain()
            with suppress(OSError):
                await writer.drain()
        finally:
            asks.close()


async def hung_up(reader: asyncio.StreamReader) -> bytes:
    await reader.read()
    return b""


async def first_of(answer: Awaitable[bytes], end: Awaitable[bytes]) -> bytes:
    tasks = [asyncio.ensure_future(answer), asyncio.ensure_future(end)]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(iter(done)).result()
    finally:
        for task in tasks:
            task.cancel()
