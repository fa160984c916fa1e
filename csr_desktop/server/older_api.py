"""What a person looks up beside the rows that are synced, older history and a lead's counts: read on the readers'
threads, with a rate of its own. What a workstation says of its failures comes here too, at the same rate.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from csr_desktop.protocol import (
    ErrorReport,
    OlderPageRequest,
    OlderRowRequest,
    OlderSearchRequest,
    PrivateCountsRequest,
)
from csr_desktop.server.bodies import SMALL_BODY_BYTES, check_form, decoded, read, reply, unpacked
from csr_desktop.server.error_reports import ErrorReports
from csr_desktop.server.leads_counts import LeadsCounts
from csr_desktop.server.older import OlderHistory
from csr_desktop.server.older_search import OlderSearch
from csr_desktop.server.sessions import Session

if TYPE_CHECKING:
    from csr_desktop.server.app import Parts

M = TypeVar("M", bound=msgspec.Struct)
SEARCH_COST: Final = 4
"""What a search costs of the rate, beside the token of any question."""
Endpoint = Callable[[Request], Awaitable[Response]]


class OlderApi:
    def __init__(self, parts: Parts, session: Callable[[Request], Session]) -> None:
        """`session` says whose token a request bears, or raises Rejected."""
        self._parts = parts
        self._session = session
        self._history = OlderHistory(parts.sql, parts.ledger, parts.clock)
        self._search = OlderSearch(parts.sql, parts.ledger, parts.clock)
        self._counts = LeadsCounts(parts.sql, parts.ledger)
        self._reports = ErrorReports()

    @property
    def paths(self) -> tuple[tuple[str, Endpoint], ...]:
        return (
            ("older/page", self.page),
            ("older/row", self.row),
            ("older/search", self.search),
            ("private-counts", self.counts),
            ("error-report", self.report_error),
        )

    async def page(self, request: Request) -> Response:
        return await self._answer(request, OlderPageRequest, self._history.page)

    async def row(self, request: Request) -> Response:
        return await self._answer(request, OlderRowRequest, self._history.row)

    async def search(self, request: Request) -> Response:
        return await self._answer(request, OlderSearchRequest, self._search.find, SEARCH_COST)

    async def counts(self, request: Request) -> Response:
        return await self._answer(request, PrivateCountsRequest, self._counts.counts)

    async def report_error(self, request: Request) -> Response:
        device_id = self._session(request).device_id
        return await self._answer(request, ErrorReport, lambda _user, report: self._reports.take(device_id, report))

    async def _answer(
        self, request: Request, kind: type[M], work: Callable[[str, M], msgspec.Struct], more_cost: int = 0
    ) -> Response:
        session = self._session(request)
        check_form(request, SMALL_BODY_BYTES)
        rates, rate, bucket = self._parts.rates, self._parts.limits.older, f"older {session.user_id}"
        rates.take(bucket, rate)
        if more_cost:
            rates.owe(bucket, rate, more_cost)
        body = await read(request, SMALL_BODY_BYTES)
        packing, accepted = request.headers.get("content-encoding", ""), request.headers.get("accept-encoding", "")

        def answer() -> Response:
            message = decoded(unpacked(body, packing, SMALL_BODY_BYTES), kind)
            self._parts.sessions.check(session)
            return reply(work(session.user_id, message), accepted)

        return await asyncio.wrap_future(self._parts.readers.ask(answer))
