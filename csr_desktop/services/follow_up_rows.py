"""What is shown of follow-ups: a line of the agenda, one in detail, the rate of promises kept."""

from __future__ import annotations

from typing import Final

import msgspec

from csr_desktop.services.client_rows import ShownNumber

FollowUpKey = tuple[int, str]
"""When it is its turn, and the id, of the last row that was read."""
OUTCOMES_BY_KIND: Final = {
    "promise": ("kept", "broken"),
    "callback": ("reached", "left_message", "no_answer"),
    "check_in": ("reached", "left_message", "no_answer", "done"),
    "task": ("done",),
    "deadline": ("done",),
}
"""Outcomes that fit a kind of follow-up, the usual one first."""


class FollowUpRow(msgspec.Struct, frozen=True):
    """A line of the agenda. `turn_at` is when it is due or, snoozed, comes back. `group`: overdue, today, tomorrow,
    this_and_next_week, later or done_today. `working_days` are the client's open days until it is due, 0 for today, the
    past and what is over a month away. `kept_early_seconds` of a completed one: due less completed, negative when late.
    """

    id: str
    kind: str
    title: str
    client_id: str
    client_name: str
    contact_id: str
    contact_name: str
    ticket_id: str
    interaction_id: str
    due_at: int
    first_due_at: int
    snoozed_until_at: int
    turn_at: int
    client_zone: str
    state: str
    outcome: str
    completed_at: int
    completed_by_name: str
    move_count: int
    assignee_id: str
    assignee_name: str
    is_mine: bool
    group: str
    working_days: int
    can_work: bool
    kept_early_seconds: int


class FollowUpPage(msgspec.Struct, frozen=True):
    """Rows in order, the key of the next page (None at the end), and the instants that part the groups."""

    rows: tuple[FollowUpRow, ...]
    next_key: FollowUpKey | None
    now_at: int
    midnight_at: int
    tomorrow_end_at: int
    next_week_end_at: int


class AgendaCounts(msgspec.Struct, frozen=True):
    """How many each group holds; `open` is all but those done."""

    overdue: int
    today: int
    tomorrow: int
    this_and_next_week: int
    later: int
    done_today: int
    open: int


class Move(msgspec.Struct, frozen=True):
    """A promise that was renegotiated. `is_in_time`: before the old time had passed."""

    was_at: int
    becomes_at: int
    reason: str
    by_name: str
    is_mine: bool
    at: int
    is_in_time: bool


class OpenDay(msgspec.Struct, frozen=True):
    """The opening hours of the day it is due, in hours after local midnight, so that lunch is a gap; none on a day that
    is closed or of a client without business hours.
    """

    date: str
    zone: str
    open_hours: tuple[tuple[float, float], ...]
    due_hour: float


class LedHere(msgspec.Struct, frozen=True):
    """Something that led to a follow-up: inbound, reply, note, call, or follow_up for its own making."""

    kind: str
    id: str
    author_name: str
    is_mine: bool
    contact_name: str
    direction: str
    title: str
    at: int


class FollowUpDetail(msgspec.Struct, frozen=True):
    """One follow-up with its history; moves oldest first, what led to it newest first."""

    row: FollowUpRow
    contact_numbers: tuple[ShownNumber, ...]
    ticket_label: str
    created_at: int
    created_by_name: str
    outcome_note: str
    moves: tuple[Move, ...]
    day: OpenDay
    led_here: tuple[LedHere, ...]
    outcomes: tuple[str, ...]
    can_reassign: bool


class KeptRate(msgspec.Struct, frozen=True):
    """Promises kept on time of those due, as a share of 1 with its 95 % interval; None is no data."""

    kept: int
    due: int
    share: float | None
    low: float | None
    high: float | None
