"""A desk's file for the tests of search, kept as the replica keeps it, and the people of the drawn palette."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from csr_desktop.domain.ids import uuid7
from csr_desktop.store.opening import open_desk
from csr_desktop.store.search import SearchProjection, SearchQuery
from csr_desktop.store.search_results import SearchResults
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import new_row

NOW = 1_778_769_720_000
MINUTE, DAY = 60_000, 86_400_000


class SearchDesk:
    def __init__(self, path: Path) -> None:
        self.sql: Sql = open_desk(path, bytes(range(32)), clock=lambda: NOW)
        self.projection = SearchProjection()
        self.query = SearchQuery(self.sql)
        self._ids = 0

    def id(self, at: int = NOW) -> str:
        self._ids += 1
        return uuid7(at, self._ids * 0x9E3779B97F4A7C15 & (1 << 74) - 1)

    def put(self, table: str, *rows: dict[str, Any]) -> None:
        """Whole rows, in one transaction."""
        with self.sql.transaction():
            self.sql.upsert(table, rows)
            if table in self.projection.tables:
                self.projection.update(self.sql, table, [row["id"] for row in rows])

    def add(self, table: str, **fields: Any) -> str:
        row = {**new_row(table), "scope": "org", "id": self.id(), **fields}
        self.put(table, row)
        return str(row["id"])

    def change(self, table: str, row_id: str, **fields: Any) -> None:
        self.put(table, {**self.sql.load(table, [row_id])[row_id], **fields})

    def remove(self, table: str, *ids: str) -> None:
        """Rows that left this desk."""
        with self.sql.transaction():
            self.sql.purge(table, ids)
            self.projection.update(self.sql, table, ids)

    def find(self, text: str) -> SearchResults:
        return self.query.find(text)

    def titles(self, text: str) -> list[str]:
        return [hit.title for hit in self.find(text).hits]

    def ids(self, text: str) -> list[str]:
        return [hit.row_id for hit in self.find(text).hits]


class Bakery:
    """The bureau of the drawn palette."""

    def __init__(self, desk: SearchDesk) -> None:
        self.desk = desk
        add = desk.add
        desk.add("organisations", name="Demo Bureau", own_numbers='["+12125550100"]')
        self.client = add(
            "clients", name="Example Bakery", code="EXB", city="Chicago", email="office@bakery.example.com"
        )
        self.dana = add("contacts", client_id=self.client, name="Dana Sample", email="dana@bakery.example.com")
        self.kit = add("contacts", client_id=self.client, name="Kit Madeup")
        self.number = add(
            "phone_numbers", client_id=self.client, contact_id=self.dana, raw="312.555.0142 x12", e164="+13125550142",
            extension="12",
        )  # fmt: skip
        self.line = add("phone_numbers", client_id=self.client, raw="(312) 555-0177", e164="+13125550177")
        self.plumbing = add("clients", name="Placeholder Plumbing", code="PPL", city="Toledo")
        self.max = add("contacts", client_id=self.plumbing, name="Max Example")
        add("phone_numbers", client_id=self.plumbing, contact_id=self.max, raw="419-555-0130", e164="+14195550130")
        self.ticket = add(
            "tickets", client_id=self.client, contact_id=self.dana, number=4821, opened_at=NOW - DAY,
            subject="Tax notice says the April deposit was late", last_message_at=NOW,
        )  # fmt: skip
        self.call = add(
            "interactions", client_id=self.client, contact_id=self.dana, number="+13125550142", agent_id="ada",
            started_at=NOW - 8 * DAY, note="Late deposit, first question",
        )  # fmt: skip
        self.note = add(
            "notes",
            client_id=self.client,
            body="call 0142 before noon, the shop closes early",
            written_at=NOW - 16 * DAY,
        )
        self.message = add(
            "messages", ticket_id=self.ticket, client_id=self.client, contact_id=self.dana, kind="inbound",
            body="The bank sent us a garnishment order by fax", written_at=NOW - DAY,
        )  # fmt: skip
        self.follow_up = add(
            "follow_ups", client_id=self.client, contact_id=self.dana, kind="promise", title="Send the new rate table",
            created_at=NOW - DAY, due_at=NOW + DAY,
        )  # fmt: skip
