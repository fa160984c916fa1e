"""The server's HTTP API: limits first, then who asks, then the answer. What takes time is done on threads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from typing import Final, TypeVar

import msgspec
import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from csr_desktop.domain.errors import Refused
from csr_desktop.protocol import (
    MAX_BODY_BYTES,
    ChallengeReply,
    CheckReply,
    CheckRequest,
    PokeRequest,
    PresenceWord,
    PullRequest,
    PushReply,
    SignInRequest,
    StreamRequest,
    TokenRequest,
)
from csr_desktop.server.attachment_api import AttachmentApi
from csr_desktop.server.attachments import Attachments
from csr_desktop.server.attendance import Attendance
from csr_desktop.server.bodies import (
    SMALL_BODY_BYTES,
    Room,
    Turns,
    check_form,
    check_version,
    decoded,
    problem_reply,
    read,
    reply,
    unpacked,
)
from csr_desktop.server.calls.asterisk import AsteriskLines
from csr_desktop.server.calls.exchange import Exchange
from csr_desktop.server.calls.phone_api import PhoneApi
from csr_desktop.server.checking import Checks
from csr_desktop.server.condition import Condition, Stopping
from csr_desktop.server.doors import Doors
from csr_desktop.server.feed import Feed
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.live import Board
from csr_desktop.server.logs import Sparse
from csr_desktop.server.metrics import LAID_SECONDS, Metrics
from csr_desktop.server.older_api import OlderApi
from csr_desktop.server.openapi import openapi
from csr_desktop.server.passwords import Passwords
from csr_desktop.server.pin_api import PinApi
from csr_desktop.server.problems import Rejected, places, rejected
from csr_desktop.server.pushes import Pushes
from csr_desktop.server.questions import check_comparison, check_cursors, check_pull
from csr_desktop.server.rates import BYTES_A_TOKEN, COMMANDS_A_TOKEN, Limits, Rate, Rates
from csr_desktop.server.readers import Readers
from csr_desktop.server.sessions import Session, Sessions
from csr_desktop.server.sign_in import SignIn
from csr_desktop.server.streams import Streams
from csr_desktop.server.watched import App, Watched
from csr_desktop.server.writer import Writer
from csr_desktop.store.sql import Sql

CALLS_A_WORD: Final = 20
"""Of calls in one word of presence."""
CHECK_COST: Final = 5
"""What comparing costs of a workstation's rate, beside the token of any question: it may read a whole team's rows."""

FRONT_PAGE: Final = (
    "This is a CSR Desktop server, and it answers.\n\n"
    "There is nothing to see here in a browser: enter this address in CSR Desktop, where it asks for your server.\n"
)

Endpoint = Callable[[Request], Awaitable[Response]]
M = TypeVar("M", bound=msgspec.Struct)

_log = structlog.get_logger(__name__)


class Parts(msgspec.Struct, frozen=True):
    """What the API works with, all started by whoever made it."""

    sql: Sql
    ledger: Ledger
    feed: Feed
    checks: Checks
    pushes: Pushes
    sign_in: SignIn
    sessions: Sessions
    writer: Writer
    readers: Readers
    doorkeepers: Readers
    board: Board
    attendance: Attendance
    rates: Rates
    limits: Limits
    doors: Doors
    metrics: Metrics
    stopping: Stopping
    sparse: Sparse
    attachments: Attachments
    exchange: Exchange
    asterisk: AsteriskLines
    clock: Callable[[], int]
    passwords: Passwords
    metrics_token: str = ""


class Api:
    """One method a route. Each reads the body on the event loop, within limits, and does its work on a thread."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._room = Room()
        self._pulling, self._pushing = Turns(), Turns()
        self._streams = Streams(
            parts.sql,
            parts.ledger,
            parts.sessions,
            parts.readers,
            parts.board,
            parts.attendance,
            parts.exchange.calls,
        )

    def application(self) -> App:
        """With everything around it: who asks through a proxy, the log and the figures."""
        parts, inside = self._parts, self._starlette()
        paths = [route.path for route in inside.routes if isinstance(route, Route)]
        quiet = [path for path, _ in self._of_condition()]
        return Watched(inside, parts.metrics, parts.doors, parts.sparse, paths, quiet)

    def _of_condition(self) -> tuple[tuple[str, Endpoint], ...]:
        condition = Condition(self._parts, self._parts.metrics_token)
        return ("/health", condition.health), ("/ready", condition.ready), ("/metrics", condition.metrics)

    def _starlette(self) -> Starlette:
        paths: tuple[tuple[str, Endpoint], ...] = (
            ("sign-in", self.sign_in),
            ("challenge", self.challenge),
            ("token", self.token),
            ("push", self.push),
            ("pull", self.pull),
            ("poke", self.poke),
            ("check", self.check),
            ("stream", self.stream),
            ("presence", self.presence),
            *AttachmentApi(self._parts, self._session).paths,
            *OlderApi(self._parts, self._session).paths,
            *PinApi(self._parts, self._session).paths,
        )
        routes = [Route(f"/api/1/{path}", _served(endpoint), methods=["POST"]) for path, endpoint in paths]
        routes += [Route(path, endpoint, methods=["GET"]) for path, endpoint in self._of_condition()]
        routes += [Route(path, endpoint, methods=["POST"]) for path, endpoint in PhoneApi(self._parts).paths]
        routes.append(Route("/openapi.json", openapi, methods=["GET"]))
        routes.append(Route("/", _front_page, methods=["GET"]))
        application = Starlette(
            routes=routes, lifespan=self._lifespan, exception_handlers={HTTPException: _no_such_place}
        )
        application.router.redirect_slashes = False
        return application

    @asynccontextmanager
    async def _lifespan(self, _application: Starlette) -> AsyncIterator[None]:
        await self._streams.watch.begin()
        self._parts.exchange.look()
        going_on = [
            asyncio.create_task(self._streams.watch.run()),
            asyncio.create_task(_lay_figures(self._parts.metrics)),
        ]
        try:
            yield
        finally:
            for task in going_on:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            self._parts.metrics.take_away()

    # Without a token

    async def sign_in(self, request: Request) -> Response:
        self._parts.rates.take(f"sign in from {_address(request)}", self._parts.limits.sign_in)
        body = await _small_body(request)
        packing, accepted = _packing(request)

        def answer() -> Response:
            message = decoded(unpacked(body, packing, SMALL_BODY_BYTES), SignInRequest)
            return reply(self._parts.sign_in.sign_in(message), accepted)

        return await asyncio.wrap_future(self._parts.doorkeepers.ask(answer))

    async def challenge(self, request: Request) -> Response:
        self._take_address(request)
        await _small_body(request)
        answer: ChallengeReply = self._parts.sessions.challenge()
        return reply(answer, "")

    async def token(self, request: Request) -> Response:
        self._take_address(request)
        body = await _small_body(request)
        packing, accepted = _packing(request)

        def answer() -> Response:
            message = decoded(unpacked(body, packing, SMALL_BODY_BYTES), TokenRequest)
            return reply(self._parts.sessions.token(message), accepted)

        return await asyncio.wrap_future(self._parts.readers.ask(answer))

    # With a token

    async def push(self, request: Request) -> Response:
        session = self._session(request)
        self._check_debt(session)
        check_form(request, MAX_BODY_BYTES)
        with self._room.guest(session.user_id) as take:
            body = await read(request, MAX_BODY_BYTES, take=take)
            async with self._pushing.turn(session.user_id):
                self._check_debt(session)  # of what came at the same time
                return await self._pushed(request, session, body)

    async def _pushed(self, request: Request, session: Session, body: bytes) -> Response:
        packing, accepted = _packing(request)

        def queued() -> Future[int]:
            plain = unpacked(body, packing, MAX_BODY_BYTES)
            self._owe(session, len(plain) // BYTES_A_TOKEN)
            push = self._parts.pushes.read(plain, session)
            self._owe(session, len(push.commands) / COMMANDS_A_TOKEN)
            return self._parts.writer.push(push)

        committing = await asyncio.wrap_future(self._parts.readers.ask(queued))
        return reply(PushReply(await asyncio.wrap_future(committing)), accepted)

    async def pull(self, request: Request) -> Response:
        session = self._session(request)
        body = await _small_body(request)
        packing, accepted = _packing(request)

        def answer() -> Response:
            message = decoded(unpacked(body, packing, SMALL_BODY_BYTES), PullRequest)
            check_pull(message)
            found = self._parts.feed.pull(session.device_id, session.user_id, message)
            self._parts.metrics.pulls.inc()
            return reply(found, accepted)

        async with self._pulling.turn(session.user_id):
            self._parts.doors.check_unread(session.user_id)
            return await asyncio.wrap_future(self._parts.readers.ask(answer))

    async def poke(self, request: Request) -> Response:
        """A long poll, for who gets no stream; a workstation's new one ends its former one, of either kind."""
        session = self._session(request)
        message = await self._question(request, PokeRequest)
        check_cursors(message.cursors)
        return reply(await self._streams.poke(session, message), request.headers.get("accept-encoding", ""))

    async def stream(self, request: Request) -> Response:
        session = self._session(request)
        message = await self._question(request, StreamRequest)
        check_cursors(message.cursors)
        return await self._streams.stream(session, message)

    async def presence(self, request: Request) -> Response:
        session = self._session(request)
        message = await self._question(request, PresenceWord)
        said = await self._streams.say(session, msgspec.structs.replace(message, calls=[]))
        for taking in message.calls[:CALLS_A_WORD]:
            with suppress(Refused):  # it may be over and forgotten by now
                await asyncio.wrap_future(self._parts.exchange.stands_on(session.user_id, session.device_id, taking))
        return reply(said, request.headers.get("accept-encoding", ""))

    @staticmethod
    async def _question(request: Request, kind: type[M]) -> M:
        """A small message, read on the event loop."""
        body = await _small_body(request)
        return decoded(unpacked(body, _packing(request)[0], SMALL_BODY_BYTES), kind)

    async def check(self, request: Request) -> Response:
        """Whether a workstation has what the server has; or what came of comparing, to be kept."""
        session = self._session(request)
        body = await _small_body(request)
        packing, accepted = _packing(request)
        parts = self._parts

        def answer() -> CheckReply | Future[int]:
            message = decoded(unpacked(body, packing, SMALL_BODY_BYTES), CheckRequest)
            check_comparison(message)
            parts.sessions.check(session)
            if message.differing_count < 0:
                return parts.checks.answer(session.user_id, message)

            def keep() -> int:
                parts.checks.keep(session.device_id, message)
                return message.differing_count

            return parts.writer.do(keep)

        self._owe(session, CHECK_COST)
        found = await asyncio.wrap_future(parts.readers.ask(answer))
        if isinstance(found, Future):
            parts.metrics.compared(await asyncio.wrap_future(found))
            found = CheckReply(is_now=True)
        return reply(found, accepted)

    # Who asks, and how often

    def _session(self, request: Request) -> Session:
        try:
            session = self._parts.sessions.session(request.headers.get("authorization", ""))
        except Rejected:
            self._take_address(request)
            raise
        request.state.device_id, request.state.user_id = session.device_id, session.user_id
        self._parts.metrics.began(session.device_id)
        self._parts.metrics.versions.labels(*request.state.versions).inc()
        self._take(session)
        return session

    def _take(self, session: Session) -> None:
        rates, limits = self._parts.rates, self._parts.limits
        rates.take(f"device {session.device_id}", limits.device)
        rates.take(f"account {session.user_id}", limits.account)

    def _check_debt(self, session: Session) -> None:
        for name, rate in self._of_work(session):
            self._parts.rates.check(name, rate)

    def _owe(self, session: Session, cost: float) -> None:
        for name, rate in self._of_work(session):
            self._parts.rates.owe(name, rate, cost)

    def _of_work(self, session: Session) -> tuple[tuple[str, Rate], tuple[str, Rate]]:
        limits = self._parts.limits
        device, account = f"work of device {session.device_id}", f"work of account {session.user_id}"
        return (device, limits.device_work), (account, limits.account_work)

    def _take_address(self, request: Request) -> None:
        self._parts.rates.take(f"address {_address(request)}", self._parts.limits.address)


def _served(endpoint: Endpoint) -> Endpoint:
    """The endpoint behind the check of versions. Every exception becomes a problem; what is ours goes to the log."""

    async def serve(request: Request) -> Response:
        try:
            request.state.versions = check_version(request)
            return await endpoint(request)
        except Exception as error:  # noqa: BLE001  # nothing of the program may go out
            fault = rejected(error)
            if fault.status >= 500:
                _log.error("not_served", request=request.state.request, code=fault.code, places=places(error))
            request.state.code = fault.code
            # Its frames hold bodies, and themselves: they would stay until garbage is looked for, which is seldom.
            error.__traceback__ = fault.__traceback__ = None
            return problem_reply(fault)

    return serve


async def _lay_figures(metrics: Metrics) -> None:
    """For ever, for the other processes that serve the folder."""
    while metrics.has_others:
        await asyncio.get_running_loop().run_in_executor(None, metrics.lay)
        await asyncio.sleep(LAID_SECONDS)


async def _small_body(request: Request) -> bytes:
    check_form(request, SMALL_BODY_BYTES)
    return await read(request, SMALL_BODY_BYTES)


def _packing(request: Request) -> tuple[str, str]:
    return request.headers.get("content-encoding", ""), request.headers.get("accept-encoding", "")


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


async def _front_page(_request: Request) -> Response:
    """For a person who tries the server's address in a browser."""
    return PlainTextResponse(FRONT_PAGE)


async def _no_such_place(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    title = "The server has nothing at this address." if status == 404 else "The server cannot do this at this address."
    response = problem_reply(Rejected(status, f"http_{status}", title, "Check the server's address."))
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    return response
