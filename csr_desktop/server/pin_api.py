"""The part of the HTTP API where callers' PINs are compared and set, with a rate of its own; no body is ever logged."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from csr_desktop.protocol import PinQuestion, PinReply, PinSetting
from csr_desktop.server.bodies import SMALL_BODY_BYTES, check_form, decoded, read, reply, unpacked
from csr_desktop.server.caller_pins import CallerPins
from csr_desktop.server.sessions import Session

if TYPE_CHECKING:
    from csr_desktop.server.app import Parts

M = TypeVar("M", bound=msgspec.Struct)
Endpoint = Callable[[Request], Awaitable[Response]]


class PinApi:
    def __init__(self, parts: Parts, session: Callable[[Request], Session]) -> None:
        """`session` says whose token a request bears, or raises Rejected."""
        self._parts = parts
        self._session = session
        self._pins = CallerPins(parts.sql, parts.ledger, parts.passwords, parts.clock)

    @property
    def paths(self) -> tuple[tuple[str, Endpoint], ...]:
        return ("pin/check", self.check), ("pin/set", self.set)

    async def check(self, request: Request) -> Response:
        session, question = await self._asked(request, PinQuestion)
        parts, pins, contact_id = self._parts, self._pins, question.contact_id

        def look() -> None:
            parts.sessions.check(session)
            pins.check_asker(session.user_id, contact_id)

        await asyncio.wrap_future(parts.readers.ask(look))
        pin_hash, why = await asyncio.wrap_future(parts.writer.do(lambda: pins.begin(contact_id)))
        if why:
            return self._reply(request, PinReply(why))
        is_right = await asyncio.wrap_future(parts.doorkeepers.ask(lambda: pins.is_right(question.pin, pin_hash)))
        settled = parts.writer.do(lambda: pins.settle(session.user_id, contact_id, is_right=is_right))
        return self._reply(request, await asyncio.wrap_future(settled))

    async def set(self, request: Request) -> Response:
        session, setting = await self._asked(request, PinSetting)
        parts, pins = self._parts, self._pins

        def hashed() -> str:
            parts.sessions.check(session)
            return pins.hashed(session.user_id, setting.contact_id, setting.pin)

        pin_hash = await asyncio.wrap_future(parts.doorkeepers.ask(hashed))
        kept = parts.writer.do(lambda: pins.keep(session.user_id, setting.contact_id, pin_hash))
        return self._reply(request, await asyncio.wrap_future(kept))

    async def _asked(self, request: Request, kind: type[M]) -> tuple[Session, M]:
        session = self._session(request)
        check_form(request, SMALL_BODY_BYTES)
        self._parts.rates.take(f"pin {session.user_id}", self._parts.limits.pin)
        body = await read(request, SMALL_BODY_BYTES)
        return session, decoded(unpacked(body, request.headers.get("content-encoding", ""), SMALL_BODY_BYTES), kind)

    @staticmethod
    def _reply(request: Request, answer: PinReply) -> Response:
        return reply(answer, request.headers.get("accept-encoding", ""))
