"""The addresses at which phone systems say what happens: /cti/{token} and /sipgate/{token}.

They are answered at once and with what they can read, whatever they sent: what could not be understood is kept for who
connects them. Nothing of a call goes to the log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog
from starlette.requests import Request
from starlette.responses import Response

from csr_desktop.server.bodies import read
from csr_desktop.server.calls.call_rules import GO_ON, CallRules, Decision, decided, turned_away
from csr_desktop.server.calls.connections import Connection, Kind, active_connections, connection_with
from csr_desktop.server.phone import cti, sipgate
from csr_desktop.server.phone.reading import MOST_BYTES, TOO_BIG, Reading
from csr_desktop.server.problems import Rejected, is_of_the_world, places, rejected

if TYPE_CHECKING:
    from csr_desktop.server.app import Parts

DECIDE_SECONDS: Final = 1.0
"""The longest that a caller hears nothing while it is looked up who they are."""
KEEP_SECONDS: Final = 2.0
"""An answer waits so long for what was said to be kept for good; some phone systems say it again where none comes."""
_BODY_SECONDS: Final = 10.0

_log = structlog.get_logger(__name__)


class PhoneApi:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._known: list[Connection] = []
        self._rules = CallRules(parts.attendance.is_available)
        self.paths: tuple[tuple[str, Callable[[Request], Awaitable[Response]]], ...] = (
            ("/cti/{token}", _answered("/cti", self.cti)),
            ("/sipgate/{token}", _answered("/sipgate", self.sipgate)),
        )

    async def cti(self, request: Request) -> Response:
        connection = await self._connection(request, "cti")
        body = await _body(request)
        now = self._parts.exchange.now()
        if body is None:
            reading = Reading(diagnoses=(TOO_BIG,))
        else:
            reading = cti.read(body, _content_type(request), connection.id, now, request.url.query)
        decision = await self._decided(connection, reading)
        await self._keep(connection, turned_away(reading) if decision.action == "reject" else reading)
        said = cti.NOTHING
        if decision.action == "reject":
            said = cti.rejection()
        elif decision.action == "dial":
            said = cti.dialling(reading.events[0].number, decision.extension)
        return Response(said, media_type=cti.REPLY_TYPE)

    async def sipgate(self, request: Request) -> Response:
        connection = await self._connection(request, "sipgate")
        body = await _body(request)
        now = self._parts.exchange.now()
        if body is None:
            reading = Reading(diagnoses=(TOO_BIG,))
        else:
            reading = sipgate.read(body, _content_type(request), connection.id, now)
        decision = await self._decided(connection, reading)
        is_rejected = decision.action == "reject"
        await self._keep(connection, turned_away(reading) if is_rejected else reading)
        own = self._own_address(request, connection)
        if is_rejected:
            return Response(sipgate.rejection(own), media_type=sipgate.REPLY_TYPE)
        # Answers and hang-ups come only where the answer to the first word asks for them.
        wants_more = reading.said == "newcall"
        said = sipgate.watching(own) if wants_more else sipgate.NOTHING
        return Response(said, media_type=sipgate.REPLY_TYPE)

    async def _decided(self, connection: Connection, reading: Reading) -> Decision:
        """What to do with a call that begins. Where that cannot be known soon, it goes on as it would without us."""
        for event in reading.events:
            if event.kind == "hangup":
                self._rules.forget(event)
        first = next(iter(reading.events), None)
        if first is None or first.kind != "ring" or not self._rules.has_rules(connection):
            return GO_ON
        if (known := self._rules.known(first)) is not None:
            return known
        parts = self._parts
        try:
            asked = asyncio.wrap_future(parts.readers.ask(partial(decided, parts.sql, connection, first)))
            decision = await asyncio.wait_for(asked, DECIDE_SECONDS)
        except Exception as error:  # a caller is not left waiting for our database
            if not is_of_the_world(error) and not isinstance(error, TimeoutError):
                raise
            return GO_ON
        if connection.kind == "sipgate" and decision.action == "dial":
            decision = GO_ON  # its answers dial numbers outside, and no extension
        return self._rules.settle(first, decision)

    @staticmethod
    def _own_address(request: Request, connection: Connection) -> str:
        path = f"/sipgate/{request.path_params['token']}"
        address = connection.settings.address.rstrip("/")
        return (address or f"{request.url.scheme}://{request.url.netloc}") + path

    async def _connection(self, request: Request, kind: Kind) -> Connection:
        """Raises Rejected: 404 for a token that is none, 429."""
        parts = self._parts
        address = f"address {request.client.host if request.client else ''}"
        parts.rates.check(address, parts.limits.address)
        found = connection_with(await self._connections(), kind, str(request.path_params["token"]))
        if found is None:
            parts.rates.take(address, parts.limits.address)
            raise Rejected(404, "http_404", "The server has nothing at this address.", "Check the server's address.")
        parts.rates.take(f"phone system {found.id}", parts.limits.phone)
        return found

    async def _connections(self) -> list[Connection]:
        """Those of a moment ago while the database is away: what they say then waits in the exchange."""
        parts = self._parts
        try:
            self._known = await asyncio.wrap_future(parts.readers.ask(partial(active_connections, parts.sql)))
        except Exception as error:
            if not self._known or not is_of_the_world(error):
                raise
        return self._known

    async def _keep(self, connection: Connection, reading: Reading) -> None:
        """What is not kept in time is kept a little later; see `Exchange.take`."""
        if not reading.said and not reading.diagnoses:
            return
        keeping = asyncio.wrap_future(self._parts.exchange.take(connection, reading))
        done, _ = await asyncio.wait([keeping], timeout=KEEP_SECONDS)
        for one in done:
            one.exception()  # it waits in the exchange, or was logged there
        if not done:
            keeping.add_done_callback(lambda late: late.cancelled() or late.exception())


def _answered(
    place: str, endpoint: Callable[[Request], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    """With a plain refusal for whoever has no token, and nothing of the program in it."""

    async def answer(request: Request) -> Response:
        request.state.place = place
        try:
            return await endpoint(request)
        except Exception as error:  # noqa: BLE001  # nothing of the program may go out
            fault = rejected(error)
            if fault.status >= 500:
                _log.error("not_served", request=request.state.request, code=fault.code, places=places(error))
            request.state.code = fault.code
            headers = {"Retry-After": str(fault.retry_after_seconds)} if fault.retry_after_seconds else {}
            return Response(b"{}", fault.status, headers, cti.REPLY_TYPE)

    return answer


async def _body(request: Request) -> bytes | None:
    """None for one that is too long or did not come as a whole."""
    try:
        return await read(request, MOST_BYTES, _BODY_SECONDS)
    except Rejected:
        return None


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "")
