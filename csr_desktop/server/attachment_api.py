"""The attachments' part of the HTTP API: limits and rates of their own, so that files keep nobody from syncing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from csr_desktop.protocol import CONTENT_PART_BYTES, ContentPart, ContentQuestion, ContentRequest
from csr_desktop.server.bodies import SMALL_BODY_BYTES, Room, check_form, decoded, read, reply, unpacked
from csr_desktop.server.rates import BYTES_A_TOKEN
from csr_desktop.server.sessions import Session

if TYPE_CHECKING:
    from csr_desktop.server.app import Parts

M = TypeVar("M", bound=msgspec.Struct)
PART_BODY_BYTES: Final = CONTENT_PART_BYTES + 4096
"""A part with what stands around it. Nothing larger is read."""
ROOM_BYTES: Final = 32 * 1024 * 1024
"""For all parts together that are arriving or being written."""
Endpoint = Callable[[Request], Awaitable[Response]]


class AttachmentApi:
    def __init__(self, parts: Parts, session: Callable[[Request], Session]) -> None:
        """`session` says whose token a request bears, or raises Rejected."""
        self._attachments = parts.attachments
        self._rates = parts.rates
        self._limits = parts.limits
        self._doors = parts.doors
        self._sessions = parts.sessions
        self._room = Room(ROOM_BYTES)
        self._session = session

    @property
    def paths(self) -> tuple[tuple[str, Endpoint], ...]:
        return (
            ("content/state", self.state),
            ("content/put", self.put),
            ("content/finish", self.finish),
            ("content/get", self.get),
        )

    async def state(self, request: Request) -> Response:
        return await self._answer(request, ContentQuestion, SMALL_BODY_BYTES, self._attachments.state)

    async def put(self, request: Request) -> Response:
        return await self._answer(request, ContentPart, PART_BODY_BYTES, self._attachments.put, is_heavy=True)

    async def finish(self, request: Request) -> Response:
        return await self._answer(request, ContentQuestion, SMALL_BODY_BYTES, self._attachments.finish)

    async def get(self, request: Request) -> Response:
        return await self._answer(request, ContentRequest, SMALL_BODY_BYTES, self._attachments.part, is_heavy=True)

    async def _answer(
        self,
        request: Request,
        kind: type[M],
        limit: int,
        work: Callable[[str, M], msgspec.Struct],
        *,
        is_heavy: bool = False,
    ) -> Response:
        session = self._session(request)
        check_form(request, limit)
        bucket = f"content {session.user_id}"
        if is_heavy:
            self._rates.take(bucket, self._limits.content)
        packing, accepted = request.headers.get("content-encoding", ""), request.headers.get("accept-encoding", "")
        with self._room.guest(session.user_id) as take:
            body = await read(request, limit, take=take)
            self._doors.check_unread(session.user_id)

            def answer() -> Response:
                message = decoded(unpacked(body, packing, limit), kind)
                if is_heavy:
                    self._rates.owe(bucket, self._limits.content, CONTENT_PART_BYTES / BYTES_A_TOKEN)
                self._sessions.check(session)
                return reply(work(session.user_id, message), accepted)

            return await asyncio.wrap_future(self._attachments.ask(answer))
