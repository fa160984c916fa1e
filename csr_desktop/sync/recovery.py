"""When server and file no longer agree on what was sent: the server put back from a backup, or the file from one.

The file then catches up from the beginning: all rows come again, numbers go on after the last one that the server
knows, and what the server took and has lost is sent to it once more under its own ids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from csr_desktop.commands import catalogue
from csr_desktop.commands.limits import TO_COME_AGAIN
from csr_desktop.domain.share import within_sql
from csr_desktop.domain.sync_status import Recovered, RecoveredWhy
from csr_desktop.store.opening import OLD_FILE, RESTORED, SALVAGED
from csr_desktop.store.tables import SYNCED
from csr_desktop.sync.filling import CUT_OFF

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from csr_desktop.commands.command import Command
    from csr_desktop.protocol import Answer, PullReply
    from csr_desktop.sync.replica import Replica

CATCHING_UP: Final = "catching_up"
"""Key in `state` while the file catches up from the beginning: why it does, `server` or `file`."""
RECOVERED: Final = "recovered"
"""Key in `state` of what the last catching up came to, until the person has seen it."""
SENT_KEPT, SENT_DAYS = 5000, 30
_DAY: Final = 86_400_000


def keep_sent(replica: Replica, taken: Sequence[tuple[str, Command]], at: int) -> None:
    """Remember (group id, command) that the server took; runs within the caller's transaction."""
    if not taken:
        return
    sql = replica.sql
    first = int(sql.value("SELECT COALESCE(MAX(position), 0) FROM sent")) + 1
    sql.many(
        "INSERT INTO sent (position, id, device_id, group_id, body, answered_at) VALUES (?,?,?,?,?,?)",
        [
            (position, command.id, command.device, group_id, catalogue.encode(command), at)
            for position, (group_id, command) in enumerate(taken, first)
        ],
    )
    if is_behind(replica):  # what a server that was put back has lost is yet to be looked for among it
        return
    oldest = first + len(taken) - 1 - SENT_KEPT
    sql.do("DELETE FROM sent WHERE position <= ? OR answered_at < ?", oldest, at - SENT_DAYS * _DAY)


def is_put_back(replica: Replica) -> bool:
    """Whether the file is a backup of itself, or made of what could be taken out of a damaged one."""
    return bool(replica.sql.value("SELECT COUNT(*) FROM state WHERE key = ?", RESTORED))


def is_behind(replica: Replica) -> bool:
    """Whether the numbers in the file may be used already, so that the server is asked before anything is sent."""
    return bool(replica.sql.value("SELECT COUNT(*) FROM state WHERE key = ?", CATCHING_UP))


def begin_again(replica: Replica, why: str) -> None:
    """Forget how far the file has come, but none of its rows. What is no longer there stays until a person decides."""
    from csr_desktop.store import older_rows

    sql = replica.sql
    with sql.transaction():
        sql.do("UPDATE cursors SET rev = -1")  # each scope is taken anew, as a new one; what comes not, stays
        for table in ("fills", "came"):
            sql.do(f"DELETE FROM {table}")
        older_rows.empty(sql)
        for table in SYNCED:
            sql.do(f"UPDATE {table} SET rev = {TO_COME_AGAIN} WHERE rev <> 0")
        images = sql.all("SELECT table_name, row_id, image FROM base WHERE image IS NOT NULL")
        sql.many(
            "UPDATE base SET image = ? WHERE table_name = ? AND row_id = ?",
            [(msgspec.msgpack.encode({**msgspec.msgpack.decode(i), "rev": TO_COME_AGAIN}), t, r) for t, r, i in images],
        )
        for key, value in (("epoch", ""), ("answered", "0"), (CATCHING_UP, why)):
            replica.set_state(key, value)
        sql.do("DELETE FROM state WHERE key = ?", RESTORED)


def refused_since(replica: Replica, answers: Mapping[str, Answer]) -> list[tuple[Command, Answer]]:
    """What the server took once and, after it was put back, refused: a message of before had come again, late. It does
    not count as sent any more. Runs as `all_again`.
    """
    refused = [
        (catalogue.decode(bytes(body)), answers[command_id])
        for command_id, body in replica.sql.all("SELECT id, body FROM sent ORDER BY position")
        if command_id in answers and answers[command_id].status == "refused"
    ]
    replica.sql.many("DELETE FROM sent WHERE id = ?", [(command.id,) for command, _ in refused])
    return refused


def all_again(replica: Replica, reply: PullReply) -> list[Command]:
    """The last page of catching up has come: what waits from now on, numbered after what the server knows.

    What the server took once and does not know any more comes first; runs within the caller's transaction.
    """
    sql, state = replica.sql, replica.state()
    known = {answer.command_id for answer in reply.answers}
    # Of a number that this file had before, it is not said what is known; what is known gets its old answer.
    lost = [
        row
        for row in sql.all("SELECT id, group_id, body, device_id FROM sent ORDER BY position")
        if row[0] not in known
    ]
    sql.many("DELETE FROM sent WHERE id = ?", [(row[0],) for row in lost])
    waiting = sql.all("SELECT group_id, body FROM outbox ORDER BY seq")
    queue = replica.renumber([*((row[1], row[2]) for row in lost), *waiting], state["device_id"], reply.seq)
    again_count = sum(row[3] == state["device_id"] for row in lost)
    short = state.get(OLD_FILE, "")
    why: RecoveredWhy = "server" if state[CATCHING_UP] == "server" else "file"
    if SALVAGED in state:
        why = "missing" if short == "missing" else "damaged"
    found = Recovered(
        why=why,
        at=reply.now,
        again_count=again_count,
        salvaged_count=int(state.get(SALVAGED, 0)),
        is_in_part=short == "part",
    )
    replica.set_state(RECOVERED, msgspec.json.encode(found).decode())
    sql.do("DELETE FROM state WHERE key IN (?, ?)", SALVAGED, OLD_FILE)
    return queue


def note_what_is_only_here(replica: Replica, queue: Sequence[Command]) -> None:
    """Catching up is done: count what the server did not send and nothing that waits makes. Runs as `all_again`."""
    sql = replica.sql
    made = {key for command in queue for key in command.keys()}  # noqa: SIM118  # a command is no dict
    made |= set(sql.all("SELECT table_name, row_id FROM base"))
    cut_off_at = int(replica.state().get(CUT_OFF, 0))
    kept = {table: within_sql(table, cut_off_at, is_postgresql=False) or "1 = 1" for table in SYNCED}
    only_here = sum(  # what is too old to be kept here is not sent, so its absence says nothing
        (table, row_id) not in made
        for table in SYNCED
        for (row_id,) in sql.all(f"SELECT id FROM {table} WHERE rev <= 0 AND deleted = 0 AND {kept[table]}")
    )
    found = recovered(replica)
    if found is not None:
        noted = msgspec.structs.replace(found, only_here_count=only_here)
        replica.set_state(RECOVERED, msgspec.json.encode(noted).decode())
    sql.do("DELETE FROM state WHERE key = ?", CATCHING_UP)


def recovered(replica: Replica) -> Recovered | None:
    """What the last catching up came to, if there ever was one."""
    said = replica.sql.value("SELECT value FROM state WHERE key = ?", RECOVERED)
    return msgspec.json.decode(said, type=Recovered) if said else None


def forget_recovered(replica: Replica) -> None:
    """The person has dealt with it."""
    with replica.sql.transaction():
        replica.sql.do("DELETE FROM state WHERE key = ?", RECOVERED)
