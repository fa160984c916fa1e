"""Follow-ups by due time, what was done today, promises for their rate, and what led to one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from csr_desktop.store.tables import FollowUpTable, InteractionTable, MessageTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.store.sql import Sql

_LED_HERE: Final = 8
# A snoozed one stands where it comes back.
_TURN: Final = "MAX(i.due_at, i.snoozed_until_at)"


def page(
    sql: Sql,
    *,
    assignee_id: str,
    teams: Sequence[str],
    kind: str,
    after: tuple[int, str] | None,
    limit: int,
) -> list[tuple[str, int]]:
    """(id, its turn) of open ones after a key (turn, id): one person's, or these teams' when no person is named."""
    source, values = _open(assignee_id, teams, kind)
    key = ""
    if after is not None:
        key = " WHERE (turn, item_id) > (?, ?)"
        values += after
    inner = f"SELECT i.item_id, {_TURN} AS turn FROM {source}"
    text = f"SELECT item_id, turn FROM ({inner}){key} ORDER BY turn, item_id LIMIT ?"
    return sql.all(text, *values, limit)


def counts(
    sql: Sql, *, assignee_id: str, teams: Sequence[str], kind: str, bounds: tuple[int, int, int, int]
) -> tuple[int, ...]:
    """How many open ones fall before each bound (now, midnight, tomorrow's end, next week's end) and after the last."""
    source, values = _open(assignee_id, teams, kind)
    now, midnight, tomorrow_end, weeks_end = bounds
    columns = (
        f"turn < {now}",
        f"turn >= {now} AND turn < {midnight}",
        f"turn >= {midnight} AND turn < {tomorrow_end}",
        f"turn >= {tomorrow_end} AND turn < {weeks_end}",
        f"turn >= {weeks_end}",
    )
    counted = ", ".join(f"COUNT(*) FILTER (WHERE {column})" for column in columns)
    found = sql.one(f"SELECT {counted} FROM (SELECT {_TURN} AS turn FROM {source})", *values)
    return tuple(int(n) for n in found or ())


def done_since(sql: Sql, by_ids: Sequence[str], kind: str, since_at: int) -> list[str]:
    """Ids of those that these people completed since then, the latest first."""
    t = FollowUpTable
    done = t.completed_by_id.in_(list(by_ids)) & (t.completed_at >= since_at) & (t.state == "done") & (t.deleted == 0)
    query = t.select(t.id).where(done & (t.kind == kind) if kind else done)
    return [i for (i,) in query.order_by(t.completed_at.desc(), t.id.desc()).tuples().execute(sql.db)]


def promises(sql: Sql, assignee_ids: Sequence[str], from_at: int, to_at: int) -> list[tuple[Any, ...]]:
    """(due, state, outcome, completed, moves as JSON) of promises that were due in that time."""
    t = FollowUpTable
    states = t.state.in_(["open", "done"])
    due = t.assignee_id.in_(list(assignee_ids)) & states & t.due_at.between(from_at, to_at)
    query = t.select(t.due_at, t.state, t.outcome, t.completed_at, t.moves)
    return list(query.where(due & (t.kind == "promise") & (t.deleted == 0)).tuples().execute(sql.db))


def of_interaction(sql: Sql, interaction_id: str) -> list[tuple[Any, ...]]:
    """(id, title, kind, due, state, outcome) of what was made with a call, by due time. Through its client, which has
    an index.
    """
    return sql.all(
        "SELECT f.id, f.title, f.kind, f.due_at, f.state, f.outcome FROM interactions i "
        "JOIN follow_ups f ON f.client_id = i.client_id AND f.interaction_id = i.id "
        "WHERE i.id = ? AND f.deleted = 0 ORDER BY f.due_at, f.id",
        interaction_id,
    )


def of_interactions(sql: Sql, ids: Sequence[str]) -> dict[str, list[tuple[Any, ...]]]:
    """By call, (title, kind, due, state, outcome) of what was made with it, by due time. For some hundred calls."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for interaction_id, *step in sql.all(
        "SELECT f.interaction_id, f.title, f.kind, f.due_at, f.state, f.outcome FROM interactions i "
        "CROSS JOIN follow_ups f ON f.client_id = i.client_id AND f.interaction_id = i.id "
        f"WHERE i.id IN ({','.join('?' * len(ids))}) AND f.deleted = 0 ORDER BY f.due_at, f.id",
        *ids,
    ):
        found.setdefault(interaction_id, []).append(tuple(step))
    return found


def messages_before(sql: Sql, ticket_id: str) -> list[tuple[Any, ...]]:
    """(kind, id, author id, contact id, body, time) of the latest messages of a ticket, events left out."""
    if not ticket_id:
        return []
    t = MessageTable
    query = t.select(t.kind, t.id, t.author_id, t.contact_id, t.body, t.written_at)
    chosen = query.where((t.ticket_id == ticket_id) & (t.kind != "event") & (t.deleted == 0))
    return list(chosen.order_by(t.written_at.desc(), t.id.desc()).limit(_LED_HERE).tuples().execute(sql.db))


def calls_before(sql: Sql, ticket_id: str, interaction_id: str) -> list[tuple[Any, ...]]:
    """(kind, id, agent id, contact id, direction, note, start) of the call a follow-up came from and its ticket's
    latest.
    """
    t = InteractionTable
    query = t.select(t.id, t.agent_id, t.contact_id, t.direction, t.note, t.started_at)
    wanted = t.id == interaction_id
    if ticket_id:
        wanted |= t.ticket_id == ticket_id
    chosen = query.where(wanted & (t.deleted == 0)).order_by(t.started_at.desc(), t.id.desc()).limit(_LED_HERE)
    return [("call", *row) for row in chosen.tuples().execute(sql.db)]


def _open(assignee_id: str, teams: Sequence[str], kind: str) -> tuple[str, list[Any]]:
    """The part after FROM for open follow-ups, read from what waits in the inbox, and its values."""
    source = "inbox_items i"
    values: list[Any] = []
    if kind:
        source += " JOIN follow_ups f ON f.id = i.item_id AND f.kind = ?"
        values.append(kind)
    if assignee_id:
        values.append(assignee_id)
        return f"{source} WHERE i.assignee_id = ? AND i.kind = 'follow_up'", values
    values += teams
    return f"{source} WHERE i.kind = 'follow_up' AND +i.scope IN ({','.join('?' * len(teams))})", values
