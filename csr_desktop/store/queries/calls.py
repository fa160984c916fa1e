"""Calls and other contacts: lists with filters, the day's figures, what is usual for a topic, who called before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.store.sql import Sql

_SAMPLE: Final = 20_000
"""Calls looked at for usual handle times, the latest ones: enough for a median, bounded in a large bureau."""


class CallQuestion(NamedTuple):
    """Which calls: of one agent, or of these teams when `agent_id` is ''; since an instant. '' filters nothing."""

    agent_id: str
    teams: tuple[str, ...]
    since_at: int
    direction: str
    missed_only: bool
    text: str
    client_id: str


def page(sql: Sql, question: CallQuestion, after: tuple[int, str] | None, limit: int) -> list[str]:
    """Ids after a key (start, id), the newest first."""
    where, values = ["i.deleted = 0"], list[Any]()
    if question.client_id:
        where.append("i.client_id = ?")
        values.append(question.client_id)
    if question.agent_id:
        where.append("i.agent_id = ?")
        values.append(question.agent_id)
    else:
        where.append(f"+i.scope IN ({','.join('?' * len(question.teams))})")
        values += question.teams
    if question.since_at:
        where.append("i.started_at >= ?")
        values.append(question.since_at)
    if question.direction:
        where.append("i.direction = ?")
        values.append(question.direction)
    if question.missed_only:
        where.append("i.result IN ('missed', 'abandoned')")
    if question.text:
        pattern = "%" + question.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        named = "(SELECT id FROM {} WHERE name LIKE ? ESCAPE '\\')"
        where.append(
            "(i.note LIKE ? ESCAPE '\\' OR i.number LIKE ? ESCAPE '\\' "
            f"OR i.client_id IN {named.format('clients')} OR i.contact_id IN {named.format('contacts')})"
        )
        values += [pattern] * 4
    if after is not None:
        where.append("(i.started_at, i.id) < (?, ?)")
        values += after
    text = f"SELECT i.id FROM interactions i WHERE {' AND '.join(where)} ORDER BY i.started_at DESC, i.id DESC LIMIT ?"
    return [i for (i,) in sql.all(text, *values, limit)]


def parts_of_day(sql: Sql, agent_id: str, from_at: int) -> list[tuple[Any, ...]]:
    """(direction, result, talk, hold, wrap-up, dial) of an agent's phone calls that started since then."""
    return sql.all(
        "SELECT direction, result, talk_seconds, hold_seconds, wrap_up_seconds, dial_seconds FROM interactions "
        "WHERE agent_id = ? AND started_at >= ? AND channel = 'phone' AND deleted = 0",
        agent_id,
        from_at,
    )


def handle_parts_by_topic(sql: Sql, since_at: int) -> list[tuple[Any, ...]]:
    """(topic id, direction, talk, hold, wrap-up, dial) of the latest handled phone calls since then."""
    return sql.all(
        "SELECT topic_id, direction, talk_seconds, hold_seconds, wrap_up_seconds, dial_seconds FROM interactions "
        "WHERE started_at >= ? AND result = 'handled' AND channel = 'phone' AND topic_id <> '' AND deleted = 0 "
        f"ORDER BY started_at DESC LIMIT {_SAMPLE}",
        since_at,
    )


def topics_since(sql: Sql, client_id: str, since_at: int) -> list[tuple[str, int]]:
    """What a client's contacts were about since then: topic and how many."""
    return sql.all(
        "SELECT topic_id, COUNT(*) FROM interactions WHERE client_id = ? AND started_at >= ? AND deleted = 0 "
        "AND topic_id <> '' GROUP BY topic_id",
        client_id,
        since_at,
    )


def on_topics(sql: Sql, client_id: str, topic_ids: Sequence[str], since_at: int) -> list[tuple[str, int]]:
    """(id, start) of the client's handled contacts on these topics since then, the newest first."""
    marks = ",".join("?" * len(topic_ids))
    return sql.all(
        f"SELECT id, started_at FROM interactions WHERE client_id = ? AND started_at >= ? AND topic_id IN ({marks}) "
        "AND direction = 'in' AND result = 'handled' AND deleted = 0 ORDER BY started_at DESC",
        client_id,
        since_at,
        *topic_ids,
    )


def last_topics(sql: Sql, client_id: str, limit: int) -> list[str]:
    """The topics of a client's latest contacts, each once, the newest first."""
    found = sql.all(
        "SELECT topic_id FROM (SELECT topic_id, started_at AS at FROM interactions WHERE client_id = ?1 "
        "AND deleted = 0 AND topic_id <> '' ORDER BY started_at DESC LIMIT 20) "
        "GROUP BY topic_id ORDER BY MAX(at) DESC LIMIT ?2",
        client_id,
        limit,
    )
    return [i for (i,) in found]


def unattached(sql: Sql, numbers: Sequence[str], teams: Sequence[str]) -> list[str]:
    """Ids of contacts from these numbers that are nobody's yet, of these teams, the newest first."""
    marks, team_marks = ",".join("?" * len(numbers)), ",".join("?" * len(teams))
    found = sql.all(
        f"SELECT id FROM interactions WHERE number IN ({marks}) AND contact_id = '' AND client_id = '' "
        f"AND +scope IN ({team_marks}) AND deleted = 0 ORDER BY started_at DESC LIMIT 200",
        *numbers,
        *teams,
    )
    return [i for (i,) in found]


def open_tickets(sql: Sql, client_id: str, teams: Sequence[str]) -> list[tuple[Any, ...]]:
    """(id, number, subject, state) of the client's tickets that a call can belong to, the latest first."""
    marks = ",".join("?" * len(teams))
    return sql.all(
        "SELECT id, number, subject, state FROM tickets WHERE client_id = ? AND state IN ('open', 'waiting') "
        f"AND scope IN ({marks}) AND deleted = 0 ORDER BY last_message_at DESC, id DESC LIMIT 50",
        client_id,
        *teams,
    )


def is_call_logged(sql: Sql, agent_id: str, reference: str, since_at: int) -> bool:
    """Whether this agent logged the phone system's call with this reference since then."""
    text = (
        "SELECT 1 FROM interactions WHERE agent_id = ? AND started_at >= ? AND call_reference = ? AND deleted = 0 "
        "LIMIT 1"
    )
    return bool(sql.value(text, agent_id, since_at, reference))


def is_logged(sql: Sql, agent_id: str, number: str, from_at: int, to_at: int) -> bool:
    """Whether this agent logged a call of this number that began between two instants, both included, and of which no
    phone system's reference is known: of others it says which call they are.
    """
    text = (
        "SELECT 1 FROM interactions WHERE number = ? AND started_at BETWEEN ? AND ? AND agent_id = ? AND deleted = 0 "
        "AND call_reference = '' LIMIT 1"
    )
    return bool(sql.value(text, number, from_at, to_at, agent_id))
