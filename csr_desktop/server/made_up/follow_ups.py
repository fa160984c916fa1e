"""Follow-ups: how a row is written down, and when in a client's office hours one is due."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final

import msgspec

from csr_desktop.domain.business_calendar import BusinessCalendar
from csr_desktop.server.made_up.clients import Caller, MadeUpClient
from csr_desktop.server.made_up.rows import Filling, RowShape, fast_ids

_FOLLOW_UP: Final = RowShape(
    "follow_ups", "id", "scope", "client_id", "contact_id", "ticket_id", "interaction_id", "kind", "title",
    "assignee_id", "created_by_id", "created_at", "due_at", "first_due_at", "state", "outcome", "outcome_note",
    "completed_by_id", "completed_at", "moves",
)  # fmt: skip
KINDS: Final = ("promise",) * 7 + ("callback",) * 6 + ("check_in",) * 3 + ("task",) * 3 + ("deadline",)
_HALF_HOUR_MS: Final = 1_800_000

Move = tuple[int, int, str, str, int]
"""Was due, becomes due, reason, by whom, when."""


def in_office_hours(calendar: BusinessCalendar, at: int) -> int:
    """The half hour at or before `at` when the calendar is open there, else the next opening."""
    rounded = at // _HALF_HOUR_MS * _HALF_HOUR_MS
    return rounded if calendar.is_open(rounded) else calendar.next_open(rounded)


class FollowUpWriter:
    def __init__(self, random: Random, filling: Filling) -> None:
        self._filling = filling
        self._new_id = fast_ids(random)

    def write(
        self,
        client: MadeUpClient,
        caller: Caller,
        kind: str,
        title: str,
        assignee_id: str,
        created_at: int,
        due_at: int,
        *,
        created_by_id: str = "",
        ticket_id: str = "",
        interaction_id: str = "",
        moves: Sequence[Move] = (),
        done: tuple[int, str, str] | None = None,
    ) -> str:
        """The follow-up's id. `done` is when, with which outcome and note; `moves` are the oldest first."""
        follow_up_id = self._new_id(created_at)
        completed_at, outcome, note = done or (0, "", "")
        self._filling.add(
            "follow_ups",
            _FOLLOW_UP(
                follow_up_id, client.team.id, client.id, caller.contact_id, ticket_id, interaction_id, kind, title,
                assignee_id, created_by_id or assignee_id, created_at, due_at, moves[0][0] if moves else due_at,
                "done" if done else "open", outcome, note, assignee_id if done else "", completed_at,
                msgspec.json.encode(list(moves)).decode() if moves else "[]",
            ),
        )  # fmt: skip
        return follow_up_id
