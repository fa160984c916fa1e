"""Calls and other contacts: the day's figures, what is usual for a topic, who called before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from csr_desktop.domain.phone import WITHHELD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.store.sql import Sql

_LONGEST_MS: Final = 86_400_000
_SAMPLE: Final = 20_000
"""Calls looked at for usual handle times, the latest ones: enough for a median, bounded in a large bureau."""
_MOST_WAITING: Final = 100


def parts_of_day(sql: Sql, agent_id: str, from_at: int) -> list[tuple[Any, ...]]:
    """(direction, result, talk, hold, wrap-up, dial) of an agent's phone calls whose wrap-up ended since then.

    Calls that began more than a day before are not among them, which keeps to the index.
    """
    return sql.all(
        "SELECT direction, result, talk_seconds, hold_seconds, wrap_up_seconds, dial_seconds FROM interactions "
        "WHERE agent_id = ? AND started_at >= ? AND max(started_at, ended_at) + wrap_up_seconds * 1000 >= ? "
        "AND channel = 'phone' AND deleted = 0",
        agent_id,
        from_at - _LONGEST_MS,
        from_at,
    )


def handle_parts_by_topic(sql: Sql, since_at: int) -> list[tuple[Any, ...]]:
    """(topic id, direction, talk, hold, wrap-up, dial) of the latest handled phone calls with clients since then."""
    return sql.all(
        "SELECT topic_id, direction, talk_seconds, hold_seconds, wrap_up_seconds, dial_seconds FROM interactions "
        "WHERE started_at >= ? AND result = 'handled' AND channel = 'phone' AND direction <> 'internal' "
        "AND topic_id <> '' AND deleted = 0 "
        f"ORDER BY started_at DESC LIMIT {_SAMPLE}",
        since_at,
    )


def calls_of_client(sql: Sql, client_id: str, since_at: int) -> list[tuple[str, str, int]]:
    """(id, topic id, start) of the phone calls that came from a client and were handled since then, with what they were
    about known, the newest first.
    """
    return sql.all(
        "SELECT id, topic_id, started_at FROM interactions WHERE client_id = ? AND started_at >= ? "
        "AND channel = 'phone' AND direction = 'in' AND result = 'handled' AND topic_id <> '' AND deleted = 0 "
        "ORDER BY started_at DESC, id DESC",
        client_id,
        since_at,
    )


def topics_of_client(sql: Sql, client_id: str) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """(topic id, when it was last touched) of a client's open tickets, and of the latest contacts."""
    tickets = sql.all(
        "SELECT topic_id, last_message_at FROM tickets WHERE client_id = ? AND state IN ('open', 'waiting') "
        "AND deleted = 0 AND topic_id <> '' ORDER BY last_message_at DESC, id LIMIT 20",
        client_id,
    )
    contacts = sql.all(
        "SELECT topic_id, started_at FROM interactions WHERE client_id = ? AND deleted = 0 AND topic_id <> '' "
        "ORDER BY started_at DESC, id LIMIT 20",
        client_id,
    )
    return tickets, contacts


def topics_of_agent(sql: Sql, agent_id: str, since_at: int) -> dict[str, int]:
    """What an agent was called about since then, with how often."""
    found = sql.all(
        "SELECT topic_id, COUNT(*) FROM interactions WHERE agent_id = ? AND started_at >= ? AND deleted = 0 "
        "AND topic_id <> '' AND direction = 'in' GROUP BY topic_id",
        agent_id,
        since_at,
    )
    return dict(found)


def unattached(sql: Sql, number: str, extension: str, teams: Sequence[str]) -> list[str]:
    """Ids of contacts from this number that are nobody's yet, of these teams, the newest first."""
    marks = ",".join("?" * len(teams))
    found = sql.all(
        "SELECT id FROM interactions WHERE number = ? AND extension = ? AND contact_id = '' AND client_id = '' "
        f"AND +scope IN ({marks}) AND deleted = 0 ORDER BY started_at DESC LIMIT 200",
        number,
        extension,
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


def heard_from(sql: Sql, number: str, since_at: int) -> tuple[int, int]:
    """How many calls came from a number since then, and when the last of them began; 0 when there is none."""
    found = sql.one(
        "SELECT COUNT(*), MAX(started_at) FROM interactions WHERE number = ? AND started_at >= ? AND direction = 'in' "
        "AND deleted = 0",
        *(number, since_at),
    )
    return (int(found[0]), int(found[1] or 0)) if found else (0, 0)


def waiting_from(sql: Sql, number: str, teams: Sequence[str], contact_id: str, before_at: int) -> list[str]:
    """Ids of the missed calls of this number that began before and wait in these teams to be called back, the first
    first: of that person, '' for anybody, or of nobody known. Voicemails are not among them: they want to be heard.
    """
    if number in {"", WITHHELD}:
        return []
    marks = ",".join("?" * len(teams))
    text = (
        "SELECT id FROM interactions WHERE number = ? AND started_at < ? AND direction = 'in' AND channel = 'phone' "
        "AND result IN ('missed', 'abandoned') AND called_back_at = 0 AND deleted = 0 "
        f"AND (? = '' OR contact_id IN ('', ?)) AND scope IN ({marks}) ORDER BY started_at, id LIMIT ?"
    )
    return [i for (i,) in sql.all(text, number, before_at, contact_id, contact_id, *teams, _MOST_WAITING)]


def logged_as(sql: Sql, agent_id: str, reference: str, since_at: int) -> str:
    """The id of what this agent logged first of the phone system's call with this reference since then, or ''."""
    text = (
        "SELECT id FROM interactions WHERE agent_id = ? AND started_at >= ? AND call_reference = ? AND deleted = 0 "
        "ORDER BY id LIMIT 1"
    )
    return str(sql.value(text, agent_id, since_at, reference) or "")


def is_logged(sql: Sql, agent_id: str, number: str, from_at: int, to_at: int) -> bool:
    """Whether this agent logged a call of this number that began between two instants, both included, and of which no
    phone system's reference is known: of others it says which call they are.
    """
    text = (
        "SELECT 1 FROM interactions WHERE number = ? AND started_at BETWEEN ? AND ? AND agent_id = ? AND deleted = 0 "
        "AND call_reference = '' LIMIT 1"
    )
    return bool(sql.value(text, number, from_at, to_at, agent_id))
