"""HTTP on a socket of our own: the address it may listen on, its certificate, and how it ends in order."""

from __future__ import annotations

import asyncio
import ipaddress
import math
import os
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Final

import msgspec
import uvicorn

from csr_desktop.domain.errors import BadInput, EnvironmentFault, Unreadable
from csr_desktop.server.app import Parts
from csr_desktop.server.doors import Connection
from csr_desktop.server.watched import App

STOP_SECONDS: Final = 10
"""For requests that are under way."""
_TICK_SECONDS: Final = 0.1
_LOOK_SECONDS: Final = 0.01
"""Between two looks at whether the last connection has gone."""
KEEP_ALIVE_SECONDS: Final = 65
HANDSHAKE_SECONDS: Final = 10.0
"""Of TLS; asyncio's own deadline is a minute."""


class Tls(msgspec.Struct, frozen=True):
    """Certificate chain and private key, both PEM files."""

    certificate: Path
    key: Path


def listening_socket(host: str, port: int, *, has_tls: bool) -> socket.socket:
    """Bound, port 0 takes a free one. Raises BadInput for an address without TLS that others could reach, and
    EnvironmentFault when the port is taken.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise BadInput("host", f"There is no address {host!r} on this machine.") from None
    family, _, _, _, address = found[0]
    if not has_tls and not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback:
        raise BadInput(
            "host",
            f"{host} can be reached by other machines, so the server needs a certificate there.",
            "Give --tls-cert and --tls-key, or stay on 127.0.0.1 behind a proxy that has one.",
        )
    # The protocol is named because asyncio turns Nagle's delay (40 ms an answer) off only where it is.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise EnvironmentFault(
            f"The server cannot listen on {host}, port {port} ({os.strerror(error.errno or 0)}).",
            "Stop what listens there, or take another port.",
        ) from error
    return listener


def url_of(listener: socket.socket, host: str, tls: Tls | None) -> str:
    port = listener.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if tls else 'http'}://{shown}:{port}"


def check_tls(tls: Tls) -> None:
    """Raises Unreadable when certificate and key are missing or cannot be used."""
    for words, path in (("certificate", tls.certificate), ("key", tls.key)):
        if not path.is_file():
            raise Unreadable("missing", f"The {words} {path.absolute()} is not there.", "Look at the name.")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(tls.certificate, tls.key, password=_no_password)
    except (OSError, ValueError) as error:
        raise Unreadable(
            "certificate",
            f"The certificate {tls.certificate} and the key {tls.key} cannot be used.",
            "Both are PEM files, belong together, and the key has no password.",
        ) from error


def _no_password() -> bytes:
    """Asked for by a key that has a password; else OpenSSL would ask on the terminal and wait."""
    raise ValueError("the key has a password")


class Http(uvicorn.Server):
    """Tells when it listens. At a signal it says that it is not ready any more, goes on for `drain_seconds` so that a
    proxy sees that, then lets long polls go, takes no new connections and ends in order. A second signal ends it at
    once: `on_second` leaves nothing behind that would tell of a running server.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        parts: Parts,
        on_listening: Callable[[], None],
        drain_seconds: float = 0,
        on_second: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(config)
        self._parts = parts
        self._on_listening = on_listening
        self._drain_seconds = drain_seconds
        self._on_second = on_second
        self._stops_at = math.inf
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, on sockets that are there, with connections of our own and a deadline for their handshake."""
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            raise EnvironmentFault("The server could not start.", "See its log.")
        loop = self._loop = asyncio.get_running_loop()
        config = self.config
        self.servers = [
            await loop.create_server(
                self._connection,
                sock=listener,
                ssl=config.ssl,
                backlog=config.backlog,
                ssl_handshake_timeout=HANDSHAKE_SECONDS if config.ssl else None,
            )
            for listener in sockets or ()
        ]
        self.started = True
        self._on_listening()

    def _connection(self) -> Connection:
        return Connection(
            self._parts.doors, config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    async def main_loop(self) -> None:
        """As uvicorn's, but `stop` is not waited for until the next tick."""
        counter = 0
        while not await self.on_tick(counter):
            counter = (counter + 1) % 864_000
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), _TICK_SECONDS)

    async def on_tick(self, counter: int) -> bool:
        self.should_exit = self.should_exit or time.monotonic() >= self._stops_at
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, but it goes on as soon as the last connection has gone."""
        self._parts.stopping.begin()
        self._parts.board.close()
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        state = self.server_state
        for connection in list(state.connections):
            connection.shutdown()
        await asyncio.sleep(0)  # what is closed now says so in the loop's next turn
        try:
            async with asyncio.timeout(self.config.timeout_graceful_shutdown):
                while (state.connections or state.tasks) and not self.force_exit:  # noqa: ASYNC110  # uvicorn's sets
                    await asyncio.sleep(_LOOK_SECONDS)
                for server in self.servers:
                    await server.wait_closed()
        except TimeoutError:
            for task in state.tasks:
                task.cancel(msg="the server ends")
        if not self.force_exit:
            await self.lifespan.shutdown()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  # its shape is uvicorn's
        """Without the signal being raised again at the end, so that everything is closed and the exit code is 0."""
        if self._parts.stopping.is_so:
            # What was acknowledged is committed; what was not is sent again.
            self._on_second()
            os._exit(0)
        self.end()

    def stop(self) -> None:
        """At once, without a drain; on any thread, once it listens."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended
                self._loop.call_soon_threadsafe(self._woken.set)

    def end(self) -> None:
        """In order, as at a first signal; any number of times, on any thread."""
        if not self._parts.stopping.is_so:
            self._parts.stopping.begin()
            self._stops_at = time.monotonic() + self._drain_seconds


def http_config(application: App, tls: Tls | None) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        loop="asyncio",
        http=Connection,  # made by `Http`
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # whose word is taken is `Watched`'s business
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
        h11_max_incomplete_event_size=16_384,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )
