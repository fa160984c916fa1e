"""How the server is, for who runs it: alive, ready for requests, and its figures."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import os
import threading
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from csr_desktop.domain.errors import Unreadable
from csr_desktop.server.bodies import problem_reply
from csr_desktop.server.live import revision
from csr_desktop.server.metrics import CONTENT_TYPE
from csr_desktop.server.problems import Rejected, places
from csr_desktop.store.migrations import latest_version, version_of

if TYPE_CHECKING:
    from csr_desktop.server.app import Parts

ANSWER_SECONDS: Final = 5.0
"""The database has so long to answer."""
TOKEN_LENGTH: Final = 16
_PASSED_ON: Final = ("forwarded", "x-forwarded-for", "x-real-ip", "via")

Check = Callable[[], Awaitable[bool]]


class Stopping:
    """Whether the server is about to end. It may be said on any thread, and in a signal's handler."""

    def __init__(self) -> None:
        self._said = threading.Event()

    @property
    def is_so(self) -> bool:
        return self._said.is_set()

    def begin(self) -> None:
        self._said.set()


class Condition:
    """The endpoints. `metrics_token` is what a scrape from elsewhere says as its bearer token; '' lets none."""

    def __init__(self, parts: Parts, metrics_token: str) -> None:
        self._parts = parts
        self._token = metrics_token.encode()

    async def health(self, request: Request) -> Response:
        """200 while the database answers and changes can be made: otherwise the process is of no use any more."""
        return await self._answer(request, "ok", {"database": self._database, "writer": self._writer})

    async def ready(self, request: Request) -> Response:
        """200 while requests should be sent here; 503 also while the server stops, or is newer than its database."""
        checks = {
            "stopping": self._goes_on,
            "database": self._database,
            "migrations": self._is_current,
            "writer": self._writer,
        }
        return await self._answer(request, "ready", checks)

    async def metrics(self, request: Request) -> Response:
        """Prometheus' figures, for this machine and for who has the token."""
        if not self._may_see(request):
            return JSONResponse({"status": "not for everybody"}, 403)
        found = await asyncio.get_running_loop().run_in_executor(None, self._parts.metrics.exposition)
        return Response(found, media_type=CONTENT_TYPE)

    async def _answer(self, request: Request, word: str, checks: Mapping[str, Check]) -> Response:
        because = []
        try:
            address = request.client.host if request.client else ""
            self._parts.rates.take(f"address {address}", self._parts.limits.address)
            for name, check in checks.items():
                if not await self._holds(check):
                    because.append(name)
                    break
        except Rejected as fault:
            return problem_reply(fault)
        said = {"status": "unavailable", "because": because} if because else {"status": word}
        return JSONResponse(said, 503 if because else 200)

    async def _holds(self, check: Check) -> bool:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await check()
        except Exception as error:  # noqa: BLE001  # whatever it is, this does not hold
            self._parts.sparse.tell("unhealthy", places=places(error))
            return False

    async def _goes_on(self) -> bool:
        return not self._parts.stopping.is_so

    async def _writer(self) -> bool:
        return self._parts.writer.is_alive

    async def _database(self) -> bool:
        await asyncio.wrap_future(self._parts.readers.ask(lambda: revision(self._parts.sql)))
        return True

    async def _is_current(self) -> bool:
        found = await asyncio.wrap_future(self._parts.readers.ask(lambda: version_of(self._parts.sql)))
        return found == latest_version("server")

    def _may_see(self, request: Request) -> bool:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if self._token and kind.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), self._token):
            return True
        if any(name in request.headers for name in _PASSED_ON):
            return False  # a proxy on this machine passes on what comes from others
        return _is_loopback(request.scope.get("csr_peer") or request.scope.get("client"))


def metrics_token(path: Path) -> str:
    """The token that a file holds. Raises Unreadable for one that is missing, open to others or too short."""
    try:
        is_open = os.name == "posix" and bool(path.stat().st_mode & 0o007)
        token = path.read_text("utf-8", "replace").strip()
    except OSError as error:
        raise Unreadable("missing", f"{path} cannot be read ({os.strerror(error.errno or 0)}).", "") from None
    if is_open:
        raise Unreadable("open", f"Everybody can read {path}.", f"Run: chmod o= {path}")
    if len(token) < TOKEN_LENGTH or not token.isascii():
        raise Unreadable("short", f"The token in {path} is no good.", f"Take {TOKEN_LENGTH} random letters or more.")
    return token


def _is_loopback(client: Any) -> bool:
    try:
        return bool(client) and ipaddress.ip_address(str(client[0]).partition("%")[0]).is_loopback
    except ValueError:
        return False
