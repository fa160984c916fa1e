"""What is shown of a client: a line, the pane beside a conversation or call, the profile and its timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

if TYPE_CHECKING:
    from csr_desktop.domain.pay_schedule import PaySchedule

AUTHORITIES: Final = ("payroll", "tax", "bank")
"""What a contact may be allowed to ask for."""
TimelineKind = Literal["call", "ticket", "follow_up", "note", "change"]
TIMELINE_KINDS: Final[tuple[TimelineKind, ...]] = ("call", "ticket", "follow_up", "note", "change")
TimelineKey = tuple[int, str]
"""Time and id of the last row that was read."""


class ShownNumber(msgspec.Struct, frozen=True):
    """A phone number; `shown` is how people write it here, `zone` its usual time zone, '' when unknown or unclear."""

    id: str
    shown: str
    raw: str
    e164: str
    extension: str
    label: str
    contact_id: str
    zone: str


class ContextContact(msgspec.Struct, frozen=True):
    """A person at the client, what they may ask for and what not, and until when they are verified, 0 for not."""

    id: str
    client_id: str
    name: str
    title: str
    email: str
    authorities: tuple[str, ...]
    refused_authorities: tuple[str, ...]
    numbers: tuple[ShownNumber, ...]
    is_active: bool
    verified_until_at: int = 0


class OpenCallback(msgspec.Struct, frozen=True):
    """Somebody waits to be called: `kind` is callback, for a follow-up, or missed, for a call that nobody returned."""

    kind: str
    id: str
    title: str
    due_at: int
    contact_name: str


class OpenPromise(msgspec.Struct, frozen=True):
    """A promise that is not kept yet; `zone` is the client's."""

    id: str
    title: str
    kind: str
    due_at: int
    zone: str
    assignee_id: str
    assignee_name: str
    is_mine: bool
    contact_name: str


class LastContact(msgspec.Struct, frozen=True):
    kind: str
    id: str
    view_kind: str
    direction: str
    result: str
    title: str
    topic_path: tuple[str, ...]
    at: int
    talk_seconds: int = 0


class ClientContext(msgspec.Struct, frozen=True):
    """The pane beside what is selected. The bar of a clock is filled by (now - from) / (at - from); dates are ISO or
    ''.

    `open_until_at` is 0 while closed, `opens_at` 0 while open; both are 0 without a business calendar.
    """

    client_id: str
    name: str
    tier: str
    status: str
    employee_count: int
    time_zone: str
    city: str
    alert: str
    is_open: bool
    open_until_at: int
    opens_at: int
    next_reply_at: int
    next_reply_from_at: int
    cut_off_at: int
    cut_off_from_at: int
    pay_date: str
    deposit_due: str
    promises: tuple[OpenPromise, ...]
    contact: ContextContact | None
    contact_count: int
    last_contacts: tuple[LastContact, ...]
    last_contacts_total: int


class ClientRow(msgspec.Struct, frozen=True):
    """A line of the list; `status_since_at` is 0 when the status never changed."""

    id: str
    name: str
    city: str
    tier: str
    status: str
    status_since_at: int
    time_zone: str
    specialist_id: str
    cut_off_at: int
    is_mine: bool


class ClientPage(msgspec.Struct, frozen=True):
    rows: tuple[ClientRow, ...]
    next_key: tuple[str, str] | None


class ClientCounts(msgspec.Struct, frozen=True):
    all: int
    mine: int


class TopicCount(msgspec.Struct, frozen=True):
    """Contacts on a branch of topics."""

    topic_id: str
    name: str
    count: int


class ClientProfile(msgspec.Struct, frozen=True):
    """A client as a whole. `pay_schedule` is None when there is none or it cannot be read."""

    id: str
    code: str
    name: str
    status: str
    status_since_at: int
    tier: str
    employee_count: int
    products: str
    specialist_id: str
    specialist_name: str
    email: str
    city: str
    time_zone: str
    alert: str
    calendar_id: str
    sla_policy_id: str
    pay_schedule: PaySchedule | None
    is_open: bool
    open_until_at: int
    opens_at: int
    company_numbers: tuple[ShownNumber, ...]
    contacts: tuple[ContextContact, ...]
    promises: tuple[OpenPromise, ...]
    topic_counts: tuple[TopicCount, ...]
    can_edit: bool
    is_mine: bool


class FieldChange(msgspec.Struct, frozen=True):
    """A field that was edited, its values as they were stored."""

    field: str
    was: str | int
    becomes: str | int


class TimelineRow(msgspec.Struct, frozen=True):
    """A line of a client's history. `seconds` is a call's handle time, `verification` what came of its caller's
    (passed, failed, begun, or '' for none); `view_kind` chooses the icon.

    `is_older` tells that it came from the server to be read for a day; `team_name` is '' unless it is the work of a
    team that is not the person's.
    """

    kind: TimelineKind
    id: str
    at: int
    view_kind: str
    title: str = ""
    direction: str = ""
    result: str = ""
    contact_id: str = ""
    contact_name: str = ""
    by_id: str = ""
    by_name: str = ""
    is_mine: bool = False
    seconds: int = 0
    topic_path: tuple[str, ...] = ()
    disposition: str = ""
    label: str = ""
    state: str = ""
    outcome: str = ""
    due_at: int = 0
    completed_at: int = 0
    fields: tuple[FieldChange, ...] = ()
    body: str = ""
    is_older: bool = False
    team_name: str = ""
    verification: str = ""


class TimelinePage(msgspec.Struct, frozen=True):
    rows: tuple[TimelineRow, ...]
    next_key: TimelineKey | None


class TimelineCounts(msgspec.Struct, frozen=True):
    all: int
    call: int
    ticket: int
    follow_up: int
    note: int
    change: int


class StripDay(msgspec.Struct, frozen=True):
    """A local ISO date; `holiday` is the bank holiday's English name or ''."""

    date: str
    is_weekend: bool
    holiday: str


class StripMark(msgspec.Struct, frozen=True):
    """Something on a day of the strip: cut_off (`at` is its instant), pay_date, deposit_due or bank_holiday
    (`name`).
    """

    date: str
    kind: str
    at: int
    name: str


class ScheduleStrip(msgspec.Struct, frozen=True):
    """The payroll calendar of some days around today, in the schedule's zone; dates are ISO. `marks` are all that falls
    on these days; the fields after them are of the next run.
    """

    frequency: str
    time_zone: str
    period_end: str
    today: str
    days: tuple[StripDay, ...]
    marks: tuple[StripMark, ...]
    cut_off_at: int
    pay_date: str
    deposit_due: str
    deposit_rule: str


class Duplicate(msgspec.Struct, frozen=True):
    """A client that may be the one being entered, and what they share: code, email, number or name (`score` of 100)."""

    client_id: str
    client_name: str
    reason: str
    contact_name: str
    score: float
