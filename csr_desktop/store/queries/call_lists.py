"""Lists of calls as they are filtered: keys in order, how many, and the numbers that called or were called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from csr_desktop.domain.phone import WITHHELD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.store.sql import Sql

CallKey = tuple[int, str]
"""Start and id."""
NumberKey = tuple[str, int, int]
"""A number, how often it called or was called, and when last."""
_STRIDE_ROWS: Final = 6_000
_STRIDE_MS: Final = 2 * 86_400_000
"""So much of the table is read at once: some hundredths of a second."""
_CHUNK: Final = 500
_DIALLED: Final = "CASE WHEN i.direction = 'out' THEN i.dial_seconds ELSE 0 END"
_SECONDS: Final = f"(i.talk_seconds + i.hold_seconds + i.wrap_up_seconds + {_DIALLED})"
"""Handle time, as `domain.figures` reckons it."""
_NAMED: Final = "(SELECT id FROM {} WHERE name LIKE ? ESCAPE '\\')"
_TEXT: Final = (
    "(i.note LIKE ? ESCAPE '\\' OR i.number LIKE ? ESCAPE '\\' "
    f"OR i.client_id IN {_NAMED.format('clients')} OR i.contact_id IN {_NAMED.format('contacts')})"
)


class CallQuestion(NamedTuple):
    """Which calls: of one agent, and where `is_of_teams` of these teams alone. Instants from `since_at` up to
    `until_at`, 0 for no bound; seconds of handle time from `least_seconds` to below `below_seconds`, 0 for
    none. '' and () filter nothing; `recording` is yes, no or ''. `is_wide`: so much of the table is looked at that it
    is read through, which is faster than by an index whose order is not the table's; of a part of it, rows behind
    `after_row` up to `to_row`, 0 for the last.
    """

    agent_id: str
    teams: tuple[str, ...]
    is_of_teams: bool
    since_at: int = 0
    until_at: int = 0
    direction: str = ""
    results: tuple[str, ...] = ()
    channel: str = ""
    client_id: str = ""
    topic_ids: tuple[str, ...] = ()
    disposition_id: str = ""
    least_seconds: int = 0
    below_seconds: int = 0
    recording: str = ""
    text: str = ""
    is_wide: bool = False
    after_row: int = 0
    to_row: int = 0


def parts(sql: Sql, question: CallQuestion) -> list[CallQuestion]:
    """What together asks the same, each a few hundredths of a second long, so that others may ask in between."""
    if question.client_id:
        return [question]
    if question.is_wide:
        last = int(sql.value("SELECT max(rowid) FROM interactions") or 0)
        rows = range(_STRIDE_ROWS, last, _STRIDE_ROWS)
        bounds = list(zip((0, *rows), (*rows, 0), strict=True))
        return [question._replace(after_row=after, to_row=to) for after, to in bounds]
    newest_at = int(sql.value("SELECT max(started_at) FROM interactions") or 0)
    times = range(question.since_at + _STRIDE_MS, min(newest_at, question.until_at or newest_at), _STRIDE_MS)
    spans = zip((question.since_at, *times), (*times, question.until_at), strict=True)
    return [question._replace(since_at=since, until_at=until) for since, until in spans]


def keys(sql: Sql, question: CallQuestion, after: CallKey | None, limit: int) -> list[CallKey]:
    """Those after a key, the newest first."""
    where, values = _where(question)
    if after is not None:
        where += " AND (i.started_at, i.id) < (?, ?)"
        values += after
    order = f"{_sign(question)}i.started_at DESC, i.id DESC"
    text = f"SELECT i.started_at, i.id FROM interactions i WHERE {where} ORDER BY {order} LIMIT ?"
    return [(at, i) for at, i in sql.all(text, *values, limit)]


def among(sql: Sql, question: CallQuestion, ids: Sequence[str]) -> list[CallKey]:
    """Those of these ids that belong to the list, in any order."""
    where, values = _where(question)
    found: list[CallKey] = []
    for start in range(0, len(ids), _CHUNK):
        part = ids[start : start + _CHUNK]
        marks = ",".join("?" * len(part))
        text = f"SELECT i.started_at, i.id FROM interactions i WHERE i.id IN ({marks}) AND {where}"
        found += [(at, i) for at, i in sql.all(text, *part, *values)]
    return found


def count(sql: Sql, question: CallQuestion) -> int:
    where, values = _where(question)
    return int(sql.value(f"SELECT COUNT(*) FROM interactions i WHERE {where}", *values) or 0)


def keys_of(question: CallQuestion) -> tuple[str, list[Any]]:
    """The question for all keys, in any order."""
    where, values = _where(question)
    return f"SELECT i.started_at, i.id FROM interactions i WHERE {where}", values


def counted_numbers(question: CallQuestion, only: Sequence[str] = ()) -> tuple[str, list[Any]]:
    """The question for (number, how often, last) of every number in the list, in any order, or of these alone. Withheld
    ones are none.
    """
    where, values = _where(question)
    chosen = f"i.number IN ({_marks(only)})" if only else f"i.number NOT IN ('', '{WITHHELD}')"
    text = "SELECT i.number, COUNT(*), MAX(i.started_at) FROM interactions i"
    by = "i.number" if only else "+i.number"
    return f"{text} WHERE {chosen} AND {where} GROUP BY {by}", [*only, *values]


def numbers_of(sql: Sql, ids: Sequence[str]) -> list[str]:
    """The numbers of these calls, also of those that are deleted."""
    found = set[str]()
    for start in range(0, len(ids), _CHUNK):
        part = ids[start : start + _CHUNK]
        known = f"number NOT IN ('', '{WITHHELD}')"
        text = f"SELECT DISTINCT number FROM interactions WHERE id IN ({_marks(part)}) AND {known}"
        found.update(number for (number,) in sql.all(text, *part))
    return sorted(found)


def last_calls(sql: Sql, question: CallQuestion, wanted: Sequence[str]) -> dict[str, str]:
    """By number, the id of its latest call in the list."""
    where, values = _where(question)
    text = (
        f"SELECT i.id FROM interactions i WHERE i.number = ? AND {where} ORDER BY i.started_at DESC, i.id DESC LIMIT 1"
    )
    found = ((number, sql.value(text, number, *values)) for number in wanted)
    return {number: str(call_id) for number, call_id in found if call_id}


def holders(sql: Sql, wanted: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """By number, who has it: (contact id, client id), the contact '' for a company's own line. Those who are no longer
    active come last.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for start in range(0, len(wanted), _CHUNK):
        part = wanted[start : start + _CHUNK]
        text = (
            "SELECT n.e164, n.contact_id, n.client_id FROM phone_numbers n LEFT JOIN contacts p ON p.id = n.contact_id "
            f"WHERE n.e164 IN ({','.join('?' * len(part))}) AND n.deleted = 0 AND coalesce(p.deleted, 0) = 0 "
            "ORDER BY coalesce(p.is_active, 1) DESC, n.id"
        )
        for e164, contact_id, client_id in sql.all(text, *part):
            found.setdefault(e164, []).append((contact_id, client_id))
    return found


def _sign(question: CallQuestion) -> str:
    """Before a column, keeps SQLite from an index of it."""
    return "+" if question.is_wide else ""


def _where(question: CallQuestion) -> tuple[str, list[Any]]:
    sign = _sign(question)
    parts = [
        ("i.deleted = 0", ()),
        ("i.rowid > ?", _one(question.after_row)),
        ("i.rowid <= ?", _one(question.to_row)),
        ("i.client_id = ?", _one(question.client_id)),
        (f"{sign}i.agent_id = ?", _one(question.agent_id)),
        # No index begins with the scope, and none is wanted: the order of time is.
        (f"+i.scope IN ({_marks(question.teams)})", question.teams if question.is_of_teams else None),
        (f"{sign}i.started_at >= ?", _one(question.since_at)),
        (f"{sign}i.started_at < ?", _one(question.until_at)),
        ("i.direction = ?", _one(question.direction)),
        ("i.channel = ?", _one(question.channel)),
        ("i.disposition_id = ?", _one(question.disposition_id)),
        (f"i.result IN ({_marks(question.results)})", question.results or None),
        (f"i.topic_id IN ({_marks(question.topic_ids)})", question.topic_ids or None),
        (f"{_SECONDS} >= ?", _one(question.least_seconds)),
        (f"{_SECONDS} < ?", _one(question.below_seconds)),
        (f"i.recording {'=' if question.recording == 'no' else '<>'} ''", () if question.recording else None),
        (_TEXT, (_pattern(question.text),) * 4 if question.text else None),
    ]
    held = [(text, values) for text, values in parts if values is not None]
    return " AND ".join(text for text, _ in held), [value for _, values in held for value in values]


def _one(value: str | int) -> tuple[str | int] | None:
    """What is bound for a value, None for none."""
    return (value,) if value else None


def _pattern(text: str) -> str:
    return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def _marks(values: Sequence[str]) -> str:
    return ",".join("?" * len(values))
