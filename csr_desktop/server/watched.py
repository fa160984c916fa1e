"""Every request is counted, timed and logged once it is answered: where, what came of it, how long, for which
workstation. No query, no other path than the program's own, nothing of its content.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any, Final

import structlog
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from csr_desktop.server.doors import Doors
from csr_desktop.server.logs import Sparse
from csr_desktop.server.metrics import Metrics

REQUEST_HEADER: Final = "CSR-Request"
"""The number of a request in the log, said to whoever asked, for a person who tells of a fault."""
STRANGERS_TOLD: Final = 60
"""Refusals of one kind to nobody's workstation that are logged in a minute; the others are counted."""
_ELSEWHERE: Final = "other"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_log = structlog.get_logger(__name__)


class Watched:
    """An ASGI application around another. `quiet` are paths that a monitor asks all day, logged only when they fail.

    The one inside says in `scope["state"]` what only it knows: `device_id`, the `code` of a refusal, and the
    `place` of a path that is a secret.
    """

    def __init__(
        self,
        app: App,
        metrics: Metrics,
        doors: Doors,
        sparse: Sparse,
        paths: Collection[str],
        quiet: Collection[str],
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._doors = doors
        self._sparse = sparse
        self._paths = frozenset(paths)
        self._quiet = frozenset(quiet)
        proxies = list(doors.doorway.proxies)
        passed: Any = self._passed  # uvicorn has other names for the same shapes
        self._resolved: Any = ProxyHeadersMiddleware(passed, proxies) if proxies else self._watched

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["csr_peer"] = scope["client"]
        await self._resolved(scope, receive, send)

    async def _passed(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What a proxy passes on is held to what one address may have, as if it had come by itself."""
        if scope["client"] == scope["csr_peer"]:
            await self._watched(scope, receive, send)
            return
        address = str(scope["client"][0])
        if not self._doors.begin(address):
            await _say_crowded(send)
            return
        try:
            await self._watched(scope, receive, send)
        finally:
            self._doors.end(address)

    async def _watched(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = time.perf_counter()
        state = scope.setdefault("state", {})
        state["request"] = request = secrets.token_hex(8)
        status = 0

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                header = (REQUEST_HEADER.lower().encode(), request.encode())
                message = {**message, "headers": [*message.get("headers", ()), header]}
            await send(message)

        self._metrics.under_way.inc()
        try:
            await self._app(scope, receive, sending)
        finally:
            self._metrics.under_way.dec()
            device_id = state.get("device_id", "")
            if device_id:
                self._metrics.ended(device_id)
            self._note(scope, request, status, time.perf_counter() - begun)

    def _note(self, scope: Scope, request: str, status: int, seconds: float) -> None:
        state = scope["state"]
        # An address that has a token in it says its place instead.
        path = state.get("place") or (scope["path"] if scope["path"] in self._paths else _ELSEWHERE)
        device_id, code = state.get("device_id", ""), state.get("code", "")
        self._metrics.requests.labels(path, str(status)).inc()
        self._metrics.request_seconds.labels(path).observe(seconds)
        if code:
            self._metrics.refusals.labels(code).inc()
        said: dict[str, Any] = {"device_id": device_id} if device_id else {}
        if code:
            said["code"] = code
        if status >= 400 and not device_id:
            silent = self._sparse.due(path, str(status), code, most=STRANGERS_TOLD)
            if silent is None:
                return
            said |= {"not_logged": silent} if silent else {}
        tell = _log.debug if path in self._quiet and status < 400 else _log.info
        tell("request", request=request, path=path, status=status, milliseconds=round(seconds * 1000, 1), **said)


async def _say_crowded(send: Send) -> None:
    headers = [(b"retry-after", b"5"), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
