"""What happens to the simulated bureau from outside: people and rows move, clocks jump, files and servers come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from csr_desktop.domain.permissions import ORGANISATION
from csr_desktop.server.share import MARKS_KEPT_MS, drop_old_marks
from csr_desktop.store.migrations import latest_version
from tests.sync.deeds import CLIENTS, TEAMS
from tests.sync.desks import DAY, SKEWS
from tests.sync.years import daily_work

if TYPE_CHECKING:
    from tests.sync.simulation import World

CHILDREN = ("messages", "interactions", "follow_ups")
"""What belongs to a ticket by `ticket_id`."""


def move_person(world: World) -> None:
    """An administrator changes somebody's teams and role."""
    r, user = world.random, world.random.choice(world.desks).user_id
    puts = [
        ("memberships", f"{user}-{team}", {"scope": ORGANISATION, "user_id": user, "team_id": team,
                                           "deleted": int(r.random() < 0.5)})
        for team in TEAMS
    ]  # fmt: skip
    world.administer([*puts, ("users", user, {"role": r.choice(["csr", "csr", "csr", "lead", "lead", "manager"])})])


def close_account(world: World) -> None:
    """An account is closed, or opened again."""
    user = world.random.choice(world.desks).user_id
    world.administer([("users", user, {"is_active": world.random.choice([0, 1, 1])})])


def move_ticket(world: World) -> None:
    """A ticket goes to another team with all that belongs to it, as no command does yet."""
    found = [row_id for (row_id,) in world.sql.all("SELECT id FROM tickets ORDER BY id")]
    if not found:
        return
    ticket_id, team = world.random.choice(found), world.random.choice(TEAMS)
    world.administer(lambda sql: [
        ("tickets", ticket_id, {"scope": team}),
        *(
            (table, row_id, {"scope": team})
            for table in CHILDREN
            for (row_id,) in sql.all(f"SELECT id FROM {table} WHERE ticket_id = ? ORDER BY id", ticket_id)
        ),
    ])  # fmt: skip


def move_call(world: World) -> None:
    """A call that belongs to no ticket goes to another team."""
    found = [i for (i,) in world.sql.all("SELECT id FROM interactions WHERE ticket_id = '' ORDER BY id")]
    if found:
        world.administer([("interactions", world.random.choice(found), {"scope": world.random.choice(TEAMS)})])


def delete_client(world: World) -> None:
    """A client is deleted, or brought back."""
    world.administer([("clients", world.random.choice(CLIENTS), {"deleted": world.random.choice([0, 1])})])


def jump_clock(world: World) -> None:
    """One desk's clock, or the server's, is set forwards or back."""
    desk = world.random.choice([None, *world.desks])
    if desk is None:
        world.server_skew = world.random.choice([0, 0, -DAY, DAY, 3_600_000, -3_600_000])
    else:
        desk.skew = world.random.choice(SKEWS)


def copy_file(world: World) -> None:
    desk = world.random.choice(world.desks)
    desk.copy()
    world.deeds.copied(desk.number)


def put_file_back(world: World) -> None:
    copied = [desk for desk in world.desks if desk.copied is not None]
    if not copied:
        copy_file(world)
        return
    desk = world.random.choice(copied)
    desk.put_back(is_noticed=world.random.random() < 0.5)
    world.deeds.lost_file(desk.number, is_put_back=True)
    world.stats["file put back"] += 1


def upgrade(world: World) -> None:
    """A desk's file was written by an older program until now."""
    desk = world.random.choice(world.desks)
    version = world.random.randrange(1, latest_version("desk"))
    desk.is_as_of(version)
    if version < 2:  # it kept nothing of what the server took
        world.deeds.forgot_what_was_sent(desk)
    world.stats["upgrade"] += 1


def revoke(world: World) -> None:
    """An administrator signs a workstation out for good."""
    desk = world.random.choice(world.desks)
    world.on_server(lambda sql: sql.do("UPDATE devices SET revoked_at = ? WHERE id = ?", world.now, desk.device_id))
    world.stats["revoked"] += 1


def back_up_server(world: World) -> None:
    world.back_up()


def put_server_back(world: World) -> None:
    if not world.has_backup:
        world.back_up()
        return
    world.put_server_back()
    world.stats["server put back"] += 1


def forget_marks(world: World) -> None:
    """The server's daily work, on a day when all marks of what left a scope are old; where years pass, by its clock."""
    if world.is_long:
        daily_work(world)
        return
    world.on_server(lambda sql: drop_old_marks(sql, world.now + 2 * DAY + MARKS_KEPT_MS))
    world.stats["marks forgotten"] += 1


OFTEN: tuple[Callable[[World], None], ...] = (
    move_person, move_person, move_person, move_ticket, move_ticket, move_call, delete_client, jump_clock, jump_clock,
    close_account,
)  # fmt: skip
SELDOM: tuple[Callable[[World], None], ...] = (
    copy_file, put_file_back, upgrade, revoke, back_up_server, put_server_back, forget_marks, forget_marks,
)  # fmt: skip
