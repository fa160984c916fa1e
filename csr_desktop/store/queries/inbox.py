"""The inbox: which items each view holds, how many, and a page of them by what breaks first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from csr_desktop.store.inbox_projection import TO_LEADS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.store.sql import Sql

_CHUNK: Final = 500
_COLUMNS: Final = (
    "item_id, kind, scope, assignee_id, client_id, state, escalated_to_id, due_at, cut_off_at, consequence_at"
)


class Standpoint(NamedTuple):
    """Who looks, and when. `is_whole_team`: whether due today, breached, waiting and escalated mean the teams' work and
    not one's own. `midnight_at` is the end of the local day.
    """

    user_id: str
    teams: tuple[str, ...]
    is_whole_team: bool
    is_lead: bool
    now_at: int
    midnight_at: int


class Item(NamedTuple):
    """A row of `inbox_items`."""

    id: str
    kind: str
    scope: str
    assignee_id: str
    client_id: str
    state: str
    escalated_to_id: str
    due_at: int
    cut_off_at: int
    consequence_at: int


# Marks ?1 to ?3 are the person, now and midnight; the teams follow, then what a question adds. A plus keeps SQLite from
# an index whose rows lie scattered.
_IS_MINE: Final = "(assignee_id = ?1 OR escalated_to_id = ?1)"
_IS_LEADS: Final = f"escalated_to_id = '{TO_LEADS}'"
_IS_NOW: Final = "(kind <> 'follow_up' OR (due_at < ?3 AND snoozed_until_at <= ?2))"


def counts(sql: Sql, who: Standpoint) -> tuple[int, ...]:
    """Mine, unassigned, my team, due today, breached, waiting, escalated: one pass over the table."""
    team, base = _teams(who), _base(who)
    columns = (
        f"state = 'open' AND {_mine(who)}",
        f"state = 'open' AND assignee_id = '' AND {team}",
        f"state = 'open' AND {team}",
        f"consequence_at < ?3 AND state = 'open' AND {base}",
        f"consequence_at < ?2 AND state = 'open' AND {base}",
        f"state = 'waiting' AND {base}",
        f"escalated_to_id <> '' AND {_escalated(who)}",
    )
    counted = ", ".join(f"COUNT(*) FILTER (WHERE {column})" for column in columns)
    found = sql.one(f"SELECT {counted} FROM inbox_items WHERE {_IS_NOW}", *_values(who))
    return tuple(int(n) for n in found or ())


def come_up(sql: Sql, before: tuple[int, int], now: tuple[int, int]) -> list[str]:
    """Follow-ups that wait now and did not before; each moment is given with the midnight after it."""
    text = (
        "SELECT item_id FROM inbox_items WHERE kind = 'follow_up' AND snoozed_until_at <= ?3 AND due_at < ?4 "
        "AND (snoozed_until_at > ?1 OR due_at >= ?2)"
    )
    return [item_id for (item_id,) in sql.all(text, *before, *now)]


def groups(sql: Sql, who: Standpoint, view: str, hour_at: int) -> tuple[int, ...]:
    """Of a view: breached, within the next hour, later today, later."""
    hour = f"?{4 + len(who.teams)}"
    is_held = " OR ".join(f"({arm})" for arm in _arms(who, view))
    columns = (
        "consequence_at < ?2",
        f"consequence_at >= ?2 AND consequence_at <= {hour}",
        f"consequence_at > {hour} AND consequence_at < ?3",
        f"consequence_at > {hour} AND consequence_at >= ?3",
    )
    counted = ", ".join(f"COUNT(*) FILTER (WHERE {column})" for column in columns)
    # Through the whole table in its own order: scattered rows of an index cost more.
    found = sql.one(f"SELECT {counted} FROM inbox_items NOT INDEXED WHERE {is_held}", *_values(who), hour_at)
    return tuple(int(n) for n in found or ())


def page(sql: Sql, who: Standpoint, view: str, after: tuple[int, str] | None, limit: int) -> list[Item]:
    """Items after a key (consequence, id), the earliest consequence first."""
    first = 4 + len(who.teams)
    key, values = "", (limit,)
    if after is not None:
        key, values = f" AND (consequence_at, item_id) > (?{first + 1}, ?{first + 2})", (limit, *after)  # type: ignore[assignment]
    order = f"ORDER BY consequence_at, item_id LIMIT ?{first}"
    parts = [f"SELECT * FROM (SELECT {_COLUMNS} FROM inbox_items WHERE {arm}{key} {order})" for arm in _arms(who, view)]
    text = parts[0] if len(parts) == 1 else f"{' UNION '.join(parts)} {order}"
    return [Item(*row) for row in sql.all(text, *_values(who), *values)]


def items(sql: Sql, ids: Sequence[str]) -> dict[str, Item]:
    """Items by id; those that wait no longer are left out."""
    found: dict[str, Item] = {}
    for start in range(0, len(ids), _CHUNK):
        part = ids[start : start + _CHUNK]
        marks = ",".join("?" * len(part))
        rows = sql.all(f"SELECT {_COLUMNS} FROM inbox_items WHERE item_id IN ({marks})", *part)
        found.update((row[0], Item(*row)) for row in rows)
    return found


def within(sql: Sql, who: Standpoint, view: str, ids: Sequence[str]) -> frozenset[str]:
    """Those of these ids that the view holds."""
    found: set[str] = set()
    first = 4 + len(who.teams)
    for start in range(0, len(ids), _CHUNK):
        part = ids[start : start + _CHUNK]
        marks = ",".join(f"?{first + n}" for n in range(len(part)))
        is_held = " OR ".join(f"({arm})" for arm in _arms(who, view))
        # The condition stands among the columns, since an index for it would be worse than the ids.
        question = f"SELECT item_id, {is_held} FROM inbox_items WHERE item_id IN ({marks})"
        found.update(i for i, held in sql.all(question, *_values(who), *part) if held)
    return frozenset(found)


def _arms(who: Standpoint, view: str) -> tuple[str, ...]:
    """Conditions of a view, each answered by an index; what several hold is one item."""
    mine: tuple[str, ...] = ("assignee_id = ?1", "escalated_to_id = ?1 AND escalated_to_id <> ''")
    if who.is_lead and view == "mine":
        mine = (*mine, f"{_IS_LEADS} AND {_teams(who)}")
    team = (_teams(who),)
    base = team if who.is_whole_team else mine
    escalated = (
        (f"escalated_to_id <> '' AND {_teams(who)}",)
        if who.is_whole_team
        else (mine[1], "escalated_to_id <> '' AND assignee_id = ?1")
    )
    state = "state" if base is team else "+state"
    chosen, rest = {
        "mine": (mine, "+state = 'open'"),
        "unassigned": (("assignee_id = ''",), f"+state = 'open' AND {_teams(who)}"),
        "my_team": (team, "state = 'open'"),
        "due_today": (base, f"{state} = 'open' AND consequence_at < ?3"),
        "breached": (base, f"{state} = 'open' AND consequence_at < ?2"),
        "waiting": (base, f"{state} = 'waiting'"),
        "escalated": (escalated, "+state IN ('open', 'waiting')"),
    }[view]
    return tuple(f"{arm} AND {rest} AND {_IS_NOW}" for arm in chosen)


def _base(who: Standpoint) -> str:
    return _teams(who) if who.is_whole_team else _IS_MINE


def _mine(who: Standpoint) -> str:
    """What waits for a lead's approval waits for each lead of the team."""
    return f"({_IS_MINE} OR ({_IS_LEADS} AND {_teams(who)}))" if who.is_lead else _IS_MINE


def _escalated(who: Standpoint) -> str:
    return _teams(who) if who.is_whole_team else _IS_MINE


def _teams(who: Standpoint) -> str:
    return f"+scope IN ({','.join(f'?{4 + n}' for n in range(len(who.teams)))})"


def _values(who: Standpoint) -> tuple[str | int, ...]:
    return who.user_id, who.now_at, who.midnight_at, *who.teams
