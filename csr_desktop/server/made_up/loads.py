"""Loads for measurements: a directory of half a million numbers, tens of thousands of open tickets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from random import Random
from typing import Any, Final

from csr_desktop.domain import business_calendar
from csr_desktop.domain.permissions import ORGANISATION
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.made_up.names import CITIES, company_names, people_names
from csr_desktop.server.made_up.numbers import reserved_numbers, written
from csr_desktop.server.made_up.rows import RowShape, fast_ids
from csr_desktop.server.made_up.tickets import PRIORITIES
from csr_desktop.server.made_up.wording import Wording, topic_words
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS

_CHUNK: Final = 5_000
_DAY_MS: Final = 86_400_000
_CLIENT: Final = RowShape("clients", "id", "scope", "rev", "code", "name", "city", "time_zone")
_CONTACT: Final = RowShape("contacts", "id", "scope", "rev", "client_id", "name")
_NUMBER: Final = RowShape(
    "phone_numbers", "id", "scope", "rev", "client_id", "contact_id", "raw", "e164", "extension", "label"
)
_TICKET: Final = RowShape(
    "tickets", "id", "scope", "rev", "client_id", "contact_id", "number", "subject", "channel", "topic_id", "priority",
    "state", "assignee_id", "opened_at", "sla_policy_id", "calendar_id", "reply_due_at", "last_message_at",
    "assigned_at",
)  # fmt: skip
_MESSAGE: Final = RowShape(
    "messages", "id", "scope", "rev", "ticket_id", "client_id", "kind", "contact_id", "body", "written_at"
)
_CHANNELS: Final = ("email", "email", "email", "web_form", "chat", "voicemail", "phone", "social")

TableRows = tuple[str, list[list[Any]]]
"""A table's name and rows in the order of its columns."""


class NumberLoad:
    """Numbers with their contacts and clients, in the proportions of the product's sizes (2 : 5 : 9).

    One client in five has a line that all its people share. `hits` belong to one person, `shared` to several, `misses`
    to nobody; all are E.164 and known once the rows were made.
    """

    def __init__(self, count: int, seed: int) -> None:
        self.count = count
        self.hits: list[str] = []
        self.shared: list[str] = []
        self.misses: list[str] = []
        self._seed = seed

    def rows(self) -> Iterator[TableRows]:
        """Chunks of rows whose `rev` counts from 1; each client's before its people's and numbers'."""
        random = Random(self._seed)  # noqa: S311  # made-up data has no secrets
        e164s = reserved_numbers(self.count + 1000)
        random.shuffle(e164s)
        self.hits, self.shared, self.misses = [], [], e164s[self.count :]
        companies, people, new_id = company_names(random, frozenset()), people_names(random), fast_ids(random)
        waiting: dict[str, list[list[Any]]] = {"clients": [], "contacts": [], "phone_numbers": []}
        rev = made = 0
        at = 1_700_000_000_000
        while made < self.count:
            city = random.choice(CITIES)
            client_id, name = new_id(at), next(companies)
            rev += 1
            waiting["clients"].append(_CLIENT(client_id, ORGANISATION, rev, f"L{rev}", name, city.name, city.time_zone))
            is_shared = random.random() < 0.2
            head_count = random.choice((1, 2, 2, 3, 4))
            contact_ids = [new_id(at) for _ in range(head_count)]
            for contact_id in contact_ids:
                rev += 1
                waiting["contacts"].append(_CONTACT(contact_id, ORGANISATION, rev, client_id, next(people)))
            owners = ["", *contact_ids, *(i for i in contact_ids if random.random() < 0.4)]
            line = e164s[made]
            for place, contact_id in enumerate(owners[: self.count - made]):
                e164 = line if is_shared and place <= head_count else e164s[made]
                rev += 1
                made += 1
                row = _NUMBER(new_id(at), ORGANISATION, rev, client_id, contact_id, written(random, e164), e164, "", "")
                waiting["phone_numbers"].append(row)
                if contact_id and e164 is not line and random.random() < 0.02:
                    self.hits.append(e164)
            if is_shared and head_count > 1 and random.random() < 0.05:
                self.shared.append(line)
            for table, rows in waiting.items():
                if len(rows) >= _CHUNK:
                    yield table, rows
                    waiting[table] = []
        yield from waiting.items()

    def fill(self, sql: Sql, ledger: Ledger | None = None) -> None:
        """Write them into a desk's database, or by its ledger into a server's, a transaction a chunk."""
        for table, rows in self.rows():
            _write(sql, ledger, {table: rows})


def made_up_numbers(count: int, seed: int) -> NumberLoad:
    """So many numbers, up to 799,000."""
    return NumberLoad(count, seed)


def made_up_tickets(
    sql: Sql,
    count: int,
    seed: int,
    now_at: int,
    *,
    scope: str,
    assignee_id: str = "",
    first_number: int = 100_000,
    ledger: Ledger | None = None,
) -> list[str]:
    """Write open tickets with a message each for the clients that are there, into a desk's database, or by its ledger
    into a server's.

    The assignee has two in three of them, nobody the rest. Due from a day ago to nine days ahead, in the client's open
    hours. Returns their ids; the desk's derived tables are the caller's to bring up to date.
    """
    random = Random(seed)  # noqa: S311  # made-up data has no secrets
    today = dt.datetime.fromtimestamp(now_at / 1000, dt.UTC).date()
    wording, new_id = Wording(random, today, variants=40), fast_ids(random)
    clients = sql.all(
        "SELECT c.id, c.calendar_id, c.sla_policy_id, min(p.id) FROM clients c JOIN contacts p ON p.client_id = c.id "
        "WHERE c.deleted = 0 AND c.status = 'active' GROUP BY c.id, c.calendar_id, c.sla_policy_id ORDER BY c.id"
    )
    calendars = {key: business_calendar.decode(body) for key, body in sql.all("SELECT id, body FROM calendars")}
    topic_ids = [key for (key,) in sql.all("SELECT id FROM topics WHERE parent_id <> '' ORDER BY id")] or [""]
    work = [place for place, words in enumerate(topic_words()) if words.is_work]
    rev = int(sql.value("SELECT max(rev) FROM tickets") or 0)
    ids: list[str] = []
    tickets: list[list[Any]] = []
    messages: list[list[Any]] = []
    for place in range(count):
        client_id, calendar_id, policy_id, contact_id = random.choice(clients)
        topic = random.choice(work)
        due_at = now_at + int((random.random() * 10 - 1) * _DAY_MS)
        if calendar_id in calendars:
            due_at = calendars[calendar_id].next_open(due_at)
        opened_at = min(now_at, due_at) - random.randrange(3_600_000, 3 * _DAY_MS)
        ticket_id = new_id(opened_at)
        owner = assignee_id if place % 3 else ""
        rev += 1
        tickets.append(
            _TICKET(
                ticket_id, scope, rev, client_id, contact_id, first_number + place, wording.subject(topic),
                random.choice(_CHANNELS), random.choice(topic_ids), random.choice(PRIORITIES), "open", owner, opened_at,
                policy_id, calendar_id, due_at, opened_at, opened_at if owner else 0,
            )
        )  # fmt: skip
        messages.append(
            _MESSAGE(
                new_id(opened_at),
                scope,
                rev,
                ticket_id,
                client_id,
                "inbound",
                contact_id,
                wording.ask(topic),
                opened_at,
            )
        )
        ids.append(ticket_id)
    for start in range(0, count, _CHUNK):
        part = slice(start, start + _CHUNK)
        _write(sql, ledger, {"tickets": tickets[part], "messages": messages[part]})
    return ids


def _write(sql: Sql, ledger: Ledger | None, found: dict[str, list[list[Any]]]) -> None:
    with sql.transaction():
        for table, rows in found.items():
            if ledger is None:
                sql.upsert_lists(table, rows)
            else:
                ledger.fill(table, rows, COLUMNS[table].index("rev"))
