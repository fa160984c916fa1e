"""Makes a whole payroll bureau, from its lists to its open work."""

from __future__ import annotations

import datetime as dt
from contextlib import nullcontext
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from csr_desktop.server.ledger import Ledger
from csr_desktop.server.made_up.clients import CLIENTS_A_SEAT, ClientMaker, MadeUpClient
from csr_desktop.server.made_up.history import CALLS_A_SEAT, History
from csr_desktop.server.made_up.kept import keep_filters
from csr_desktop.server.made_up.open_work import OpenWork
from csr_desktop.server.made_up.organisation import (
    NAME,
    TIME_ZONE,
    MadeUpTeam,
    MadeUpUser,
    found_organisation,
)
from csr_desktop.server.made_up.rows import Filling, Progress, fast_ids, no_progress
from csr_desktop.server.made_up.scripts import write_scripts
from csr_desktop.server.made_up.story import (
    TELLING_CLIENT,
    TELLING_CONTACT,
    TELLING_PROMISE,
    TELLING_TICKET,
    UNKNOWN_NUMBER,
)
from csr_desktop.server.made_up.wording import Wording
from csr_desktop.store.sql import Sql

YEARS: Final = 3
_ROWS_A_CALL: Final = 2.2
_ALL_OR_NOTHING_SEATS: Final = 10
"""SQLite keeps a transaction twice on the disk until its end, which is too much for gigabytes."""


class TellingClient(msgspec.Struct, frozen=True):
    """The client that a demonstration tells of, its first contact, and that contact's open ticket and promise."""

    id: str
    name: str
    contact_id: str
    contact_name: str
    number: str
    extension: str
    ticket_id: str
    promise_id: str


class MadeUp(msgspec.Struct, frozen=True):
    """What was made: who can sign in, and what to look for. `counts` are rows by table.

    `shared_number` belongs to several people of the telling client; nobody has `unknown_number`, which called today.
    """

    organisation_id: str
    organisation_name: str
    agent: MadeUpUser
    colleague: MadeUpUser
    lead: MadeUpUser
    manager: MadeUpUser
    administrator: MadeUpUser
    users: tuple[MadeUpUser, ...]
    teams: tuple[MadeUpTeam, ...]
    telling: TellingClient
    client_ids: dict[str, str]
    shared_number: str
    unknown_number: str
    counts: dict[str, int]


def generate(sql: Sql, ledger: Ledger, seats: int, seed: int, now_at: int, progress: Progress = no_progress) -> MadeUp:
    """Fill an empty database with a bureau of so many seats: three years up to `now_at`, and what is open then.

    The same seed and time give the same rows. All or nothing up to 10 seats; above, a killed run leaves a part. Raises
    Refused when there is an organisation already.
    """
    random = Random(seed)  # noqa: S311  # made-up data has no secrets
    now_at -= now_at % 1000
    today = dt.datetime.fromtimestamp(now_at / 1000, ZoneInfo(TIME_ZONE)).date()
    first = today - dt.timedelta(days=365 * YEARS)
    start_at = now_at - (365 * YEARS + 1) * 86_400_000
    filling = Filling(ledger, round(CALLS_A_SEAT * seats * _ROWS_A_CALL), progress)
    with sql.transaction() if seats <= _ALL_OR_NOTHING_SEATS else nullcontext():
        bureau = found_organisation(sql, ledger, random, seats, start_at, filling)
        write_scripts(sql, fast_ids(Random(seed)), bureau.user("lee").id, start_at, now_at, filling)  # noqa: S311
        wording = Wording(random, first)
        clients = ClientMaker(random, bureau, wording, filling, start_at, now_at, seats).make(seats)
        history = History(random, bureau, clients, wording, filling, now_at)
        history.write(first, seats)
        open_work = OpenWork(random, bureau, clients, wording, filling, history.tickets, history.follow_ups, now_at)
        open_work.write(seats)
        keep_filters(random, bureau.user("alex"), filling, now_at)
        filling.finish()
        sql.do("UPDATE counters SET value = value + ? WHERE id = 'ticket'", history.tickets.last_number)
    told = {client.name: client for client in clients[:CLIENTS_A_SEAT] if client.is_story}
    return MadeUp(
        organisation_id=bureau.organisation_id,
        organisation_name=NAME,
        agent=bureau.user("alex"),
        colleague=bureau.user("casey"),
        lead=bureau.user("lee"),
        manager=bureau.user("jordan"),
        administrator=bureau.user("sam"),
        users=bureau.users,
        teams=bureau.teams,
        telling=_telling(told[TELLING_CLIENT], open_work.told),
        client_ids={name: client.id for name, client in told.items()},
        shared_number=told[TELLING_CLIENT].caller(TELLING_CONTACT).number,
        unknown_number=UNKNOWN_NUMBER,
        counts=dict(filling.counts),
    )


def _telling(client: MadeUpClient, told: dict[str, str]) -> TellingClient:
    caller = client.caller(TELLING_CONTACT)
    return TellingClient(
        client.id, client.name, caller.contact_id, caller.name, caller.number, caller.extension, told[TELLING_TICKET],
        told[TELLING_PROMISE],
    )  # fmt: skip
