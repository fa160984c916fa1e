"""Days, weeks and months that pass in the simulated bureau: work grows old, comes back and leaves, marks are dropped,
very much goes at once. How often each rule of that was met is counted; over some seeds none may be missing.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from csr_desktop.domain.share import AGING, cut_off, is_within
from csr_desktop.protocol import PullReply, PullRequest
from csr_desktop.server.share import MARKS_KEPT_MS, drop_old_marks, months, set_months
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS
from csr_desktop.sync.guard import DELETION_ROWS, let_go_on
from tests.sync.counting import (
    CAME_BACK,
    CONVERSATION,
    DROPPED,
    LEFT,
    MEANT,
    RESYNC,
    SET,
    STOPPED,
    TAKEN_BACK,
    WITHHELD,
)
from tests.sync.deeds import CLIENTS, TEAMS
from tests.sync.desks import DAY

if TYPE_CHECKING:
    from csr_desktop.sync.replica import Replica
    from tests.sync.checks import Change
    from tests.sync.simulation import Put, World

CLOCKS_MS: Final = 3 * DAY
"""By so much clocks may have made something earlier or later than it looks."""
BULK: Final = 5 * DELETION_ROWS // 4


# What happens


def let_time_pass(world: World) -> None:
    """Nobody does anything meanwhile; the server does its daily work, unless it was off."""
    r = world.random
    world.now += r.choice([1, 3, 7, 30, 60, 95, 150, 250]) * DAY + r.randrange(DAY)
    if r.random() < 0.9:
        daily_work(world)


def daily_work(world: World) -> None:
    def drop(sql: Sql) -> None:
        world.stats[DROPPED] += drop_old_marks(sql, world.server_clock())

    world.on_server(drop)


def import_past(world: World) -> None:
    """An import brings what was done long ago: calls, and a ticket with what belongs to it."""
    r, team, number = world.random, world.random.choice(TEAMS), world.imported
    world.imported += 1
    at = world.now - r.randint(20, 700) * DAY
    puts: list[Put] = [
        ("interactions", f"past-{number}-{n}", {"scope": team, "client_id": CLIENTS[0], "agent_id": f"user-{n}",
                                                "started_at": at, "ended_at": at})
        for n in range(2)
    ]  # fmt: skip
    ticket, state = f"past-{number}", r.choice(["open", "resolved", "closed"])
    puts.append(("tickets", ticket, {"scope": team, "subject": "s", "state": state, "opened_at": at,
                                     "last_message_at": at, "resolved_at": 0 if state == "open" else at}))  # fmt: skip
    puts += [
        ("messages", f"past-{number}-{n}", {"scope": team, "ticket_id": ticket, "body": "b", "written_at": at})
        for n in range(2)
    ]
    puts.append(("follow_ups", ticket, {"scope": team, "ticket_id": ticket, "title": "x", "state": "done",
                                        "created_at": at, "due_at": at, "completed_at": at}))  # fmt: skip
    world.administer(puts)


def open_or_close(world: World) -> None:
    """A ticket is opened again, however old; or as it was when nothing had been said for long."""
    found = [i for (i,) in world.sql.all("SELECT id FROM tickets WHERE deleted = 0 ORDER BY id")]
    if not found:
        return
    ticket_id = world.random.choice(found)

    def puts(sql: Sql) -> list[Put]:
        row = sql.load("tickets", [ticket_id])[ticket_id]
        if row["state"] == "closed":
            return [("tickets", ticket_id, {"state": "open", "resolved_at": 0})]
        return [("tickets", ticket_id, {"state": "closed", "resolved_at": row["opened_at"]})]

    world.administer(puts)


def change_months(world: World) -> None:
    """An administrator says how many months of what is done workstations keep."""
    count = world.random.choice([1, 3, 13, 13, 24])
    world.on_server(lambda sql: set_months(sql, count))
    world.stats[SET] += 1


def in_bulk(world: World) -> None:
    """Very many calls of a team come by an import; are deleted, or go to another team; or come back."""
    r, rows = world.random, world.bulk
    if not rows:
        at, teams = world.now, world.person(r.choice(world.desks).user_id).teams
        rows += [f"bulk-{n:03}" for n in range(BULK)]
        scope = min(teams or TEAMS)
        world.administer([("interactions", i, {"scope": scope, "started_at": at, "note": "x"}) for i in rows])
    elif world.sql.value("SELECT COUNT(*) FROM interactions WHERE note = 'x' AND deleted = 1"):
        if r.random() < 0.2:
            bring_back(world)
    elif r.random() < 0.9:
        world.administer([("interactions", i, {"deleted": 1}) for i in rows[: r.choice([BULK, BULK - 10])]])
    else:
        team = r.choice(TEAMS)
        world.administer([("interactions", i, {"scope": team}) for i in rows[: r.choice([BULK, BULK - 10])]])


def bring_back(world: World) -> None:
    world.administer([("interactions", i, {"deleted": 0}) for i in world.bulk])


HAPPENINGS: Final[tuple[Callable[[World], None], ...]] = (
    *[let_time_pass] * 6, import_past, import_past, open_or_close, open_or_close, open_or_close, change_months,
)  # fmt: skip


# What must hold


class Watch:
    """What is known of the server's past that it may have forgotten."""

    def __init__(self) -> None:
        self._tops: list[int] = [0]
        self._since: list[int] = [0]

    def reached(self, top: int, now_at: int) -> None:
        """The server was put back when `top` is lower than before."""
        while self._tops[-1] > top:
            self._tops.pop()
            self._since.pop()
        if top > self._tops[-1]:
            self._tops.append(top)
            self._since.append(now_at)

    def passed_at(self, rev: int) -> int | None:
        """When something newer than this revision was first there; None when nothing is."""
        at = bisect.bisect_right(self._tops, rev)
        return self._since[at] if at < len(self._since) else None


def note_changes(world: World, changes: Sequence[Change]) -> None:
    """What the server's own changes put outside of what workstations keep, and inside again."""
    limit = cut_off(world.server_clock(), months(world.sql))
    for table, before, after in changes:
        if table not in AGING or before is None or before["scope"] != after["scope"]:
            continue
        if table == "messages":
            world.stats[CONVERSATION] += {**before, "rev": 0} == {**after, "rev": 0}
            continue
        was, is_now = is_within(table, before, limit), is_within(table, after, limit)
        world.stats[LEFT] += was and not is_now
        world.stats[CAME_BACK] += is_now and not was


def check_page(world: World, request: PullRequest, reply: PullReply) -> None:
    """An answer brings nothing that is old, and has nobody take a scope again without need."""
    for table in AGING:
        rows = [dict(zip(COLUMNS[table], row, strict=True)) for row in reply.rows.get(table, ())]
        tickets = world.sql.load("tickets", {row["ticket_id"] for row in rows}) if table == "messages" else {}
        for row in rows:
            is_kept = is_within(table, row, reply.cut_off_at, tickets.get(row.get("ticket_id", "")))
            assert is_kept, f"the server sent {table} {row['id']}, which is old"
    for scope in reply.resync:
        passed_at = world.watch.passed_at(request.cursors[scope])
        is_needed = passed_at is not None and passed_at <= world.server_clock() - MARKS_KEPT_MS + CLOCKS_MS
        assert is_needed, f"{scope} is taken again though nothing was forgotten"
        world.stats[RESYNC] += bool(request.cursors[scope])
    for scope in reply.cursors.keys() - request.cursors.keys():
        for table in AGING:
            ids = [i for (i,) in world.sql.all(f"SELECT id FROM {table} WHERE scope = ?", scope)]
            kept = within(world.sql, table, world.sql.load(table, ids), reply.cut_off_at)
            world.stats[WITHHELD] += len(ids) - len(kept)


def within(sql: Sql, table: str, rows: Mapping[str, Any], cut_off_at: int) -> dict[str, Any]:
    """Those of these rows that a workstation keeps, by a rule of its own over the tickets of this database."""
    tickets = sql.load("tickets", {row["ticket_id"] for row in rows.values()}) if table == "messages" else {}
    return {
        i: row for i, row in rows.items() if is_within(table, row, cut_off_at, tickets.get(row.get("ticket_id", "")))
    }


def decide(world: World, replica: Replica) -> None:
    """Somebody asks whether it is meant that so much is deleted: it is, or it is taken back; or nobody asks yet."""
    world.stats[STOPPED] += 1
    chance = world.random.random()
    if not world.is_healed and chance < 0.2:
        return
    if chance > 0.5 and world.sql.value("SELECT COUNT(*) FROM interactions WHERE note = 'x' AND deleted = 1"):
        bring_back(world)
        world.stats[TAKEN_BACK] += 1
    else:
        let_go_on(replica)
        world.stats[MEANT] += 1
