"""A proxy between desk and server as offices have them: it may hold back what streams, or cut what stays open."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable
from contextlib import suppress
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit

Manner = Literal["open", "buffers", "blocks"]


class Proxy:
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
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name="proxy")
        self._is_listening = threading.Event()

    def count(self, path: str) -> int:
        return sum(asked.endswith(f"/{path}") for asked in self.asked)

    def cut_all(self) -> None:
        """As when the office's line breaks for a moment."""
        self._loop.call_soon_threadsafe(lambda: [task.cancel() for task in self._tasks])

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._is_listening.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        async def begin() -> asyncio.Server:
            return await asyncio.start_server(self._serve, "127.0.0.1", 0)

        async def end() -> None:
            await turns()  # who was accepted just now is served before it is hung up on
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await turns()  # a socket is closed in the turn after it was asked to

        server = self._loop.run_until_complete(begin())
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._is_listening.set()
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(end())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._exchange(reader, writer)
        except (asyncio.CancelledError, OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
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


async def turns() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


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
