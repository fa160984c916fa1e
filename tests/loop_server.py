"""A small server of the tests' own on loopback, with its loop on a thread of its own."""

from __future__ import annotations

import asyncio
import ssl
import threading
from types import TracebackType
from typing import Self


class LoopServer:
    """Runs while the `with` lasts. `tls` protects the way to it. What it is asked, `lead` answers; whoever is left at the
    end is hung up on.
    """

    def __init__(self, name: str, tls: ssl.SSLContext | None = None) -> None:
        self.url = ""
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name=name)
        self._is_listening = threading.Event()

    async def lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError

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
            return await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)

        async def end() -> None:
            await turns()  # who was accepted just now is served before it is hung up on
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await turns()  # a socket is closed in the turn after it was asked to

        server = self._loop.run_until_complete(begin())
        port = server.sockets[0].getsockname()[1]
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{port}"
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
            await self.lead(reader, writer)
        except (asyncio.CancelledError, OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()


async def turns() -> None:
    for _ in range(3):
        await asyncio.sleep(0)
