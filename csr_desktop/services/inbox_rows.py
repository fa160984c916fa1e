"""What the inbox shows: a painted line, a conversation, and the client beside it."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from csr_desktop.services.check_rows import TicketCheck
from csr_desktop.services.outcome import Outcome

View = Literal["mine", "unassigned", "my_team", "due_today", "breached", "waiting", "escalated"]
VIEWS: Final[tuple[View, ...]] = ("mine", "unassigned", "my_team", "due_today", "breached", "waiting", "escalated")
FileState = Literal["there", "here", "waiting", "sending", "coming", "scanning", "refused", "fetching", "problem"]
ItemKind = Literal["ticket", "call", "follow_up"]
InboxKey = tuple[int, str]
"""Consequence and id of the last row that was read."""


class InboxRow(msgspec.Struct, frozen=True):
    """A line of the inbox. Times are 0 where there is none; `at` is what line 1 shows.

    `view_kind` chooses the icon: the channel of a ticket; missed, abandoned or voicemail; the kind of a follow-up.
    `first_clock` is the clock that breaks first: reply (also a callback), promise or cut_off; '' without any.
    """

    id: str
    kind: ItemKind
    view_kind: str
    title: str
    is_new: bool
    client_id: str
    client_name: str
    client_zone: str
    contact_id: str
    contact_name: str
    number: str
    at: int
    due_at: int
    cut_off_at: int
    consequence_at: int
    first_clock: str
    group: str
    state: str
    priority: str
    label: str
    assignee_id: str
    assignee_name: str
    assigned_at: int
    is_escalated_to_me: bool
    is_in_view: bool
    can_work: bool
    awaits_my_approval: bool = False
    """A lead of its team has to approve what is asked for."""


class InboxPage(msgspec.Struct, frozen=True):
    """Rows in order, the key of the next page (None at the end), and the instants that part the groups."""

    rows: tuple[InboxRow, ...]
    next_key: InboxKey | None
    now_at: int
    hour_at: int
    midnight_at: int


class InboxCounts(msgspec.Struct, frozen=True):
    """How many items each view holds."""

    mine: int
    unassigned: int
    my_team: int
    due_today: int
    breached: int
    waiting: int
    escalated: int


class GroupCounts(msgspec.Struct, frozen=True):
    """How many items of a view each group of time holds."""

    breached: int
    next_hour: int
    today: int
    later: int


class LinkedPromise(msgspec.Struct, frozen=True):
    """A follow-up that hangs on a ticket, a message or a call."""

    id: str
    title: str
    kind: str
    due_at: int
    state: str
    outcome: str


class AttachedFile(msgspec.Struct, frozen=True):
    """A file on a ticket, or one that waits with a draft.

    `state`: there (at the server), here (a copy is on this computer, too), waiting (kept here, to be sent), sending,
    coming (from a colleague's computer), scanning, refused (by the scanner), fetching, or problem: too_large, damaged,
    gone, or another code that the server said. `percent` is of what is sent or fetched.
    """

    id: str
    name: str
    size: int
    state: FileState
    percent: int = 0
    problem: str = ""
    author_id: str = ""
    author_name: str = ""
    is_mine: bool = False
    can_remove: bool = False
    message_id: str = ""
    added_at: int = 0


class ConversationMessage(msgspec.Struct, frozen=True):
    """`author_id` is '' when the contact wrote; an event's `body` is the record's own plain English. Of the kind
    `files` is what was attached without a text.
    """

    id: str
    kind: str
    author_id: str
    author_name: str
    is_mine: bool
    body: str
    written_at: int
    promises: tuple[LinkedPromise, ...]
    files: tuple[AttachedFile, ...] = ()


class Conversation(msgspec.Struct, frozen=True):
    """A ticket with its messages, oldest first, and its follow-ups, open ones first."""

    ticket_id: str
    number: int
    label: str
    subject: str
    channel: str
    topic_id: str
    topic_path: tuple[str, ...]
    priority: str
    state: str
    assignee_id: str
    assignee_name: str
    team_id: str
    client_id: str
    client_name: str
    client_zone: str
    contact_id: str
    contact_name: str
    opened_at: int
    opened_by_name: str
    reply_due_at: int
    first_replied_at: int
    resolved_at: int
    escalated_to_id: str
    escalated_to_name: str
    messages: tuple[ConversationMessage, ...]
    promises: tuple[LinkedPromise, ...]
    can_work: bool
    can_reassign: bool
    is_mine: bool
    check: TicketCheck


class Opened(msgspec.Struct, frozen=True):
    """A new ticket."""

    outcome: Outcome
    ticket_id: str
