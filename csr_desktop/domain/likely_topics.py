"""What a call is probably about, before anybody said so.

The rule: an open ticket of the client counts 4, a contact of theirs 2, halved with each two weeks since; what the agent
was called about today counts a quarter a call, up to 1. The sum decides, then what was touched last, then the id. An
agent's day alone says nothing of a client who has tickets or contacts on other topics, so it only adds to those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_TICKET: Final = 4.0
_CONTACT: Final = 2.0
_DAY_CALL: Final = 0.25
_DAY_MOST: Final = 1.0
_HALF_LIFE_MS: Final = 14 * 86_400_000
_ROUND: Final = 1e6
"""Sums are compared to so many parts of one, so that the order of adding cannot matter."""


def likely_topics(
    open_tickets: Iterable[tuple[str, int]],
    contacts: Iterable[tuple[str, int]],
    day: Mapping[str, int],
    now: int,
    most: int = 3,
) -> tuple[str, ...]:
    """Ids of topics, the likeliest first. Tickets and contacts are (topic id, when it was last touched, in
    milliseconds); `day` counts the agent's calls of today by topic. The order of what is given does not matter.
    """
    sums: dict[str, list[float]] = {}
    latest: dict[str, int] = {}
    for weight, rows, halves in ((_TICKET, open_tickets, False), (_CONTACT, contacts, True)):
        for topic_id, at in rows:
            if topic_id:
                age = max(0, now - at) if halves else 0
                sums.setdefault(topic_id, []).append(weight * 0.5 ** (age / _HALF_LIFE_MS))
                latest[topic_id] = max(latest.get(topic_id, 0), at)
    known = set(sums) or {topic_id for topic_id in day if topic_id}
    for topic_id in known:
        sums.setdefault(topic_id, []).append(min(_DAY_MOST, _DAY_CALL * max(0, day.get(topic_id, 0))))
    rank = {i: round(sum(sorted(parts)) * _ROUND) for i, parts in sums.items()}
    ordered = sorted((i for i in rank if rank[i]), key=lambda i: (-rank[i], -latest.get(i, 0), i))
    return tuple(ordered[:most])
