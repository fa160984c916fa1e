"""Older history is read while the n-th call of the database or the network fails, once or from then on: no page comes
by halves, what is shown is what the server has, and all of it comes once the fault is mended.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import peewee as pw

from csr_desktop.domain.change_set import ChangeSet
from csr_desktop.protocol import (
    OlderPageReply,
    OlderPageRequest,
    OlderRowReply,
    OlderRowRequest,
    OlderSearchReply,
    OlderSearchRequest,
    PrivateCountsReply,
    PrivateCountsRequest,
    encode,
)
from csr_desktop.server.leads_counts import LeadsCounts
from csr_desktop.server.older import OlderHistory
from csr_desktop.server.older_search import OlderSearch
from csr_desktop.server.search_index import SearchIndex
from csr_desktop.store import older_rows
from csr_desktop.store.tables import COLUMNS, new_row
from csr_desktop.sync.older import OlderSync
from csr_desktop.sync.older_wishes import OlderWishes, Wish
from tests import by_hand
from tests.sync.nth_failure import Calls, Day, Prepared
from tests.sync.servers import Answer
from tests.sync.twenty_deeds import NOW

OTHERS = "others"
CALLS, PAGE = 7, 3
WISHES = (
    Wish("page", "client"),
    Wish("row", "their-ticket", "tickets"),
    Wish("page", "client"),
    Wish("search", "notice"),
    Wish("page", "client"),
    Wish("row", "their-call-6", "interactions"),
)


class Reading(Day):
    """A person reads what another team did for a client, without a screen."""

    def __init__(self, folder: Path, prepared: Prepared | None, calls: Calls) -> None:
        super().__init__(folder, prepared, calls)
        if prepared is None:
            self._furnish_others()
        self.wishes = OlderWishes()
        self.older = OlderSync(self.replica, self, self.wishes, self._told)
        self.told: list[ChangeSet] = []

    def _furnish_others(self) -> None:
        sql = self.server.sql
        by_hand.upsert(sql, "teams", [{**new_row("teams"), "id": OTHERS, "scope": "org", "name": "Team two"}])
        theirs = {"scope": OTHERS, "client_id": "client"}
        calls = [
            {**new_row("interactions"), **theirs, "id": f"their-call-{n}", "started_at": NOW - n, "note": f"notice {n}"}
            for n in range(CALLS)
        ]
        ticket = {**new_row("tickets"), **theirs, "id": "their-ticket", "subject": "A notice", "last_message_at": NOW}
        messages = [
            {**new_row("messages"), **theirs, "id": f"their-message-{n}", "ticket_id": "their-ticket", "body": "m"}
            for n in range(3)
        ]
        for table, rows in (("interactions", calls), ("tickets", [ticket]), ("messages", messages)):
            by_hand.upsert(sql, table, rows)
        with sql.transaction():
            while SearchIndex(sql).step():
                pass

    def _told(self, changes: ChangeSet) -> None:
        self.told.append(changes)

    # The transport of older history

    def older_page(self, request: OlderPageRequest) -> OlderPageReply:
        history = OlderHistory(self.server.sql, self.server.ledger, lambda: self.now)
        asked = msgspec.structs.replace(request, limit=PAGE)
        return self._ask(self._answer(lambda user_id: history.page(user_id, asked)), OlderPageReply)

    def older_row(self, request: OlderRowRequest) -> OlderRowReply:
        history = OlderHistory(self.server.sql, self.server.ledger, lambda: self.now)
        return self._ask(self._answer(lambda user_id: history.row(user_id, request)), OlderRowReply)

    def older_search(self, request: OlderSearchRequest) -> OlderSearchReply:
        search = OlderSearch(self.server.sql, self.server.ledger, lambda: self.now)
        return self._ask(self._answer(lambda user_id: search.find(user_id, request)), OlderSearchReply)

    def private_counts(self, request: PrivateCountsRequest) -> PrivateCountsReply:
        counts = LeadsCounts(self.server.sql, self.server.ledger)
        return self._ask(self._answer(lambda user_id: counts.counts(user_id, request)), PrivateCountsReply)

    @staticmethod
    def _answer(work: Callable[[str], msgspec.Struct]) -> Callable[[Any], Answer]:
        def question(session: Any) -> Answer:
            try:
                return 200, encode(work(session.user_id))
            except pw.OperationalError:  # as the API answers
                return 503, b""

        return question

    # The day

    def live(self) -> None:
        for wish in WISHES:
            self.now += 1_000
            self.wishes.want(wish)
            self.older.round()
            with self.healed():
                self.check_nothing_by_halves()

    def exchange(self) -> None:
        """The person wishes again what has not come."""
        self.now += 60_000
        for _ in range(CALLS):
            for wish in WISHES:
                self.wishes.want(wish)
                self.older.round()
                assert not self.wishes.standing(wish).step, self.wishes.standing(wish).words

    def check_nothing_by_halves(self) -> None:
        """Whole rows as the server has them, of the first pages without a gap, and a ticket with all its messages."""
        for table in older_rows.TABLES:
            here = {row[0]: row for row in self.sql.all(f"SELECT {','.join(COLUMNS[table])} FROM older_{table}")}
            there = self.server.sql.load(table, list(here))
            assert {i: dict(zip(COLUMNS[table], row, strict=True)) for i, row in here.items()} == there
        pages = older_rows.fetched(self.sql, "client", self.now)
        came = {i for (i,) in self.sql.all("SELECT id FROM older_interactions WHERE is_whole = 0")}
        shown = {i for (i,) in self.sql.all("SELECT id FROM older_interactions")}
        if pages is None:
            assert not came
        else:
            down_to = (pages.next_at, pages.next_id) if pages.next_id else (0, "")
            assert {i for i in self._theirs() if self._key(i) >= down_to} <= shown
        if self.sql.value("SELECT 1 FROM older_tickets WHERE is_whole = 1"):
            assert self.sql.value("SELECT COUNT(*) FROM older_messages") == 3

    @staticmethod
    def _theirs() -> list[str]:
        return [f"their-call-{n}" for n in range(CALLS)]

    @staticmethod
    def _key(row_id: str) -> tuple[int, str]:
        return NOW - int(row_id.rpartition("-")[2]), row_id

    def check_at_its_end(self) -> None:
        self.check_nothing_by_halves()
        pages = older_rows.fetched(self.sql, "client", self.now)
        assert pages is not None
        assert pages.is_whole
        assert {i for (i,) in self.sql.all("SELECT id FROM older_interactions")} == set(self._theirs())
        text, found = self.wishes.searched()
        assert text == "notice"
        assert found is not None
        assert {hit.row_id for hit in found.hits} == {*self._theirs(), "their-ticket"}
        self.now += older_rows.KEPT_MS + 1
        self.older.round()
        for table in (*older_rows.TABLES, "fetched"):
            assert not self.sql.value(f"SELECT COUNT(*) FROM older_{table}"), "after a day nothing of it is here"


def prepare_reading(folder: Path) -> Prepared:
    day = Reading(folder, None, Calls())
    assert day.engine.sync_once()
    day.close()
    return Prepared((folder / "server.db").read_bytes(), (folder / "desk.db").read_bytes())
