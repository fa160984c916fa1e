"""How many private numbers were masked and how many kept as none, by person and day: for their lead, no content."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from csr_desktop.commands.calls import LogInteraction
from csr_desktop.commands.command import Command
from csr_desktop.commands.private_texts import counted
from csr_desktop.domain.local_days import local_date
from csr_desktop.protocol import PrivateCount
from csr_desktop.store.sql import Sql


def count_private(sql: Sql, executed: Iterable[tuple[str, Command]], home_region: str, now: int) -> None:
    """Add what these commands, by whom they are from, brought at this time; within the transaction that executes them.
    A text that stands in several of them, as a call's note on its ticket, counts once; so does the note of a call that
    was taken back and saved again.
    """
    seen: dict[str, set[str]] = {}
    found: dict[str, list[int]] = {}
    for user_id, command in executed:
        known = seen.setdefault(user_id, set())
        if isinstance(command, LogInteraction) and command.note and command.note not in known:
            known.update(_taken_back(sql, user_id, command))
        masked, kept = counted(command, home_region, known)
        if masked or kept:
            sums = found.setdefault(user_id, [0, 0])
            sums[0] += masked
            sums[1] += kept
    if not found:
        return
    zone = sql.value("SELECT time_zone FROM organisations WHERE deleted = 0 ORDER BY id LIMIT 1") or "UTC"
    day = local_date(now, str(zone)).isoformat()
    sql.many(
        "INSERT INTO private_counts (user_id, day, masked_count, kept_count) VALUES (?,?,?,?) "
        "ON CONFLICT (user_id, day) DO UPDATE SET masked_count = private_counts.masked_count + excluded.masked_count,"
        " kept_count = private_counts.kept_count + excluded.kept_count",
        [(user_id, day, *sums) for user_id, sums in sorted(found.items())],
    )


def _taken_back(sql: Sql, user_id: str, call: LogInteraction) -> list[str]:
    """What stood on this call when it was saved before."""
    of_it = "SELECT note FROM interactions WHERE agent_id = ? AND started_at = ? AND deleted = 1"
    return [note for (note,) in sql.all(of_it, user_id, call.started_at)]


def private_counts(sql: Sql, from_day: str, to_day: str, user_ids: Sequence[str] = ()) -> list[PrivateCount]:
    """Of the days from `from_day` to `to_day` (ISO, both in), of these people, or of all where none is named; by day,
    then person.
    """
    people = f" AND user_id IN ({','.join('?' * len(user_ids))})" if user_ids else ""
    rows = sql.all(
        "SELECT user_id, day, masked_count, kept_count FROM private_counts WHERE day >= ? AND day <= ?"
        f"{people} ORDER BY day, user_id",
        from_day,
        to_day,
        *user_ids,
    )
    return [PrivateCount(*row) for row in rows]
