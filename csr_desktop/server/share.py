"""What workstations keep, as the server sees to it: how many months, what leaves or comes back by a change, and the
marks of what left, which are dropped when they are old.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from csr_desktop.commands.work import Row, Work
from csr_desktop.domain.share import AGING, cut_off, is_within
from csr_desktop.store.sql import Sql

MARKS_KEPT_MS: Final = 90 * 86_400_000
"""How long it is remembered that a row left a scope; who was away for longer takes the scope again."""
_MONTHS: Final = "history_months"


def months(sql: Sql) -> int:
    """How many months of what is done workstations keep; 0 for all."""
    return int(sql.value("SELECT value FROM counters WHERE id = ?", _MONTHS) or 0)


def set_months(sql: Sql, count: int) -> None:
    """Runs within the caller's transaction. Workstations follow at their next pull."""
    sql.do(
        "INSERT INTO counters (id, value) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value",
        _MONTHS,
        count,
    )


def cut_off_at(sql: Sql, now_at: int) -> int:
    return cut_off(now_at, months(sql))


def crossed(
    sql: Sql, work: Work, dirty: Mapping[str, Sequence[Row]], now_at: int
) -> tuple[dict[tuple[str, str], list[str]], list[Row]]:
    """The rows (table, id) that workstations keep no more by this change, with the ids of a ticket's messages that go
    with it, being as old; and the messages of tickets that they keep again, which have not changed themselves and so
    are to be numbered anew.
    """
    aging = [(table, row) for table in AGING for row in dirty.get(table, ()) if work.before[table, row["id"]]]
    limit = cut_off_at(sql, now_at) if aging else 0
    left: dict[tuple[str, str], list[str]] = {}
    back: list[Any] = []
    if not limit:
        return left, back
    for table, row in aging:
        before = work.before[table, row["id"]]
        assert before is not None  # noqa: S101
        # A message only comes and goes with its ticket, or by being moved, which marks it anyway.
        if table == "messages" or before["scope"] != row["scope"]:
            continue
        was, is_now = is_within(table, before, limit), is_within(table, row, limit)
        if was == is_now:
            continue
        found = sql.find("messages", "ticket_id", row["id"]) if table == "tickets" else []
        written = {message["id"] for message in dirty.get("messages", ())}
        messages = sql.load("messages", [i for i in found if i not in written], lock=not was)
        if was:
            left[table, row["id"]] = [i for i, message in messages.items() if not is_within("messages", message, limit)]
        else:
            back += messages.values()
    return left, back


def floors(sql: Sql) -> dict[str, int]:
    """By scope, the revision up to which it is no longer known what left it."""
    return dict(sql.all("SELECT scope, rev FROM gone_floors"))


def drop_old_marks(sql: Sql, now_at: int) -> int:
    """How many were dropped. Runs within the caller's transaction."""
    too_old = "gone_at < ?"
    before_at = now_at - MARKS_KEPT_MS
    sql.many(
        "INSERT INTO gone_floors (scope, rev) VALUES (?, ?) "
        "ON CONFLICT (scope) DO UPDATE SET rev = excluded.rev WHERE gone_floors.rev < excluded.rev",
        sql.all(f"SELECT scope, MAX(rev) FROM gone WHERE {too_old} GROUP BY scope ORDER BY scope", before_at),
    )
    return sql.do(f"DELETE FROM gone WHERE {too_old}", before_at)
