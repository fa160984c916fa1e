"""A seeded directory and its work for the tests of search: made-up people, busy words and rare ones, shared lines."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from csr_desktop.domain.ids import uuid7
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS, new_row

FIRST = (
    "Dana Max Robin Jo Lee Casey Pat Kit Terry Sasha Kim Alex Chris Jamie Morgan Riley Quinn Avery Rowan Blair".split()
)
LAST = "Sample Example Placeholder Demo Fictional Specimen Mockup Pretend Invented Imaginary Madeup Mock Test Dummy".split()
TRADE = "Bakery Plumbing Trucking Fitness Florists Pediatrics Imports Interiors Motors Orchard Dental Roofing Optics".split()
CITY = "Chicago Springfield Columbus Dayton Madison Peoria Rockford Toledo Lansing Evanston".split()
BUSY = (
    "called about the late deposit and asked for a copy of the notice payroll run direct deposit form tax rate garnishment "
    "new hire checklist bonus run bank trace rejected account number changed employee pay stub overtime wage base state "
    "unemployment quarterly filing amended return refund setup fee off-cycle check void reissue promised to call back "
    "before noon cut-off moved holiday schedule time sheet import failed again resolved waiting for client"
).split()
SYLLABLES = "ba co di fu ga ho ji ke lo mu na pe qui ro su ti va we xa yo zu stra plen crim dral".split()
HOUR = 3_600_000
END_AT = 1_778_000_000_000


class Size(NamedTuple):
    """How much of each; `years` is the time that the work is spread over, up to `END_AT`."""

    clients: int
    contacts: int
    numbers: int
    calls: int
    tickets: int
    notes: int
    follow_ups: int
    years: float = 3.0
    rare_words: int = 20_000


TEN_SEATS = Size(1_200, 3_000, 5_400, 240_000, 24_000, 8_000, 12_000)
SMALL = Size(30, 80, 140, 400, 60, 40, 40, years=0.2, rare_words=300)


class Filler:
    """Rows of all tables that search follows, the same for the same seed."""

    def __init__(self, size: Size, seed: int = 1) -> None:
        self.size = size
        self.chance = random.Random(seed)
        self.rare = sorted({"".join(self.chance.choices(SYLLABLES, k=3)) for _ in range(size.rare_words)})
        self.clients: list[str] = []
        self.contacts: list[tuple[str, str]] = []
        self.lines: list[tuple[str, str, str]] = []
        self.tickets: list[tuple[str, str]] = []

    def new_id(self, at: int) -> str:
        return uuid7(at, self.chance.getrandbits(74))

    def rows(self) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
        """Tables in an order that puts parents first."""
        yield "clients", self._clients()
        yield "contacts", self._contacts()
        yield "phone_numbers", self._numbers()
        yield "tickets", self._tickets()
        yield "messages", self._messages()
        yield "interactions", self._calls()
        yield "notes", self._notes()
        yield "follow_ups", self._follow_ups()

    def fill(self, sql: Sql, page: int = 2_000) -> None:
        """Write all rows, without any projection."""
        for table, rows in self.rows():
            names, part = COLUMNS[table], []
            with sql.transaction():
                for row in rows:
                    part.append([row[name] for name in names])
                    if len(part) == page:
                        sql.upsert_lists(table, part)
                        part = []
                sql.upsert_lists(table, part)

    def words(self, low: int, high: int) -> str:
        chance = self.chance
        found = chance.choices(BUSY, k=chance.randint(low, high))
        if chance.random() < 0.5:
            found[chance.randrange(len(found))] = chance.choice(self.rare)
        if chance.random() < 0.1:
            found.append(str(chance.randrange(100, 99_999)))
        return " ".join(found)

    def _row(self, table: str, at: int, **values: Any) -> dict[str, Any]:
        row = new_row(table)
        row.update({"id": self.new_id(at), "scope": "org", "rev": 1, **values})
        return row

    def _times(self, count: int) -> Iterator[int]:
        span = int(self.size.years * 365 * 24 * HOUR)
        for index in range(count):
            yield END_AT - span + span * index // max(count, 1) + self.chance.randrange(HOUR)

    def _clients(self) -> Iterator[dict[str, Any]]:
        start = END_AT - int(self.size.years * 365 * 24 * HOUR)
        for index in range(self.size.clients):
            name = f"{self.chance.choice(LAST)} {self.chance.choice(TRADE)}"
            name += f" {self.chance.choice(self.rare).title()}" if index % 3 else ""
            row = self._row(
                "clients", start + index, name=name, code=f"C{index:05d}", city=self.chance.choice(CITY),
                email=f"office{index}@example.com", status="active" if self.chance.random() < 0.95 else "closed",
            )  # fmt: skip
            self.clients.append(row["id"])
            yield row

    def _contacts(self) -> Iterator[dict[str, Any]]:
        start = END_AT - int(self.size.years * 365 * 24 * HOUR)
        for index in range(self.size.contacts):
            client = self.clients[index % len(self.clients)]
            last = self.chance.choice(LAST) if index % 2 else self.chance.choice(self.rare).title()
            row = self._row(
                "contacts", start + index, client_id=client, name=f"{self.chance.choice(FIRST)} {last}",
                title=self.chance.choice(("Office manager", "Owner", "Bookkeeper", "")),
                email=f"person{index}@example.com", is_active=int(self.chance.random() < 0.95),
            )  # fmt: skip
            self.contacts.append((row["id"], client))
            yield row

    def _numbers(self) -> Iterator[dict[str, Any]]:
        start = END_AT - int(self.size.years * 365 * 24 * HOUR)
        for index in range(self.size.numbers):
            contact, client = self.contacts[index % len(self.contacts)]
            if index % 5 == 4:
                contact = ""
            shared = self.lines[self.chance.randrange(len(self.lines))][2] if index > 50 and index % 10 == 0 else ""
            e164 = shared or f"+1{self.chance.randrange(201, 990)}55501{self.chance.randrange(100):02d}"
            self.lines.append((contact, client, e164))
            yield self._row("phone_numbers", start + index, client_id=client, contact_id=contact, raw=e164, e164=e164)

    def _tickets(self) -> Iterator[dict[str, Any]]:
        for index, at in enumerate(self._times(self.size.tickets)):
            contact, client = self.chance.choice(self.contacts)
            row = self._row(
                "tickets", at, client_id=client, contact_id=contact, number=index + 1, subject=self.words(3, 8).capitalize(),
                opened_at=at, state="open" if index > self.size.tickets - 300 else "closed",
            )  # fmt: skip
            self.tickets.append((row["id"], client))
            yield row

    def _messages(self) -> Iterator[dict[str, Any]]:
        for index, at in enumerate(self._times(len(self.tickets) * 2)):
            ticket, client = self.tickets[index // 2]
            yield self._row(
                "messages",
                at,
                ticket_id=ticket,
                client_id=client,
                kind="inbound",
                body=self.words(10, 60),
                written_at=at,
            )

    def _calls(self) -> Iterator[dict[str, Any]]:
        for at in self._times(self.size.calls):
            contact, client, number = self.chance.choice(self.lines)
            yield self._row(
                "interactions", at, client_id=client, contact_id=contact, number=number, agent_id="agent", started_at=at,
                ended_at=at + 200_000, talk_seconds=180, note=self.words(12, 20), scope="team",
            )  # fmt: skip

    def _notes(self) -> Iterator[dict[str, Any]]:
        for at in self._times(self.size.notes):
            yield self._row(
                "notes",
                at,
                client_id=self.chance.choice(self.clients),
                body=self.words(8, 30),
                written_at=at,
                author_id="agent",
            )

    def _follow_ups(self) -> Iterator[dict[str, Any]]:
        for index, at in enumerate(self._times(self.size.follow_ups)):
            contact, client = self.chance.choice(self.contacts)
            yield self._row(
                "follow_ups", at, client_id=client, contact_id=contact, title=self.words(4, 8).capitalize(), created_at=at,
                due_at=at + 48 * HOUR, first_due_at=at + 48 * HOUR, scope="team",
                state="open" if index > self.size.follow_ups - 250 else "done",
            )  # fmt: skip
