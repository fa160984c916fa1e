"""The synced tables. Their rows hold text and whole numbers only: a row is the same on SQLite, PostgreSQL and the wire.

Columns ending in `_at` are milliseconds since the Unix epoch, UTC, 0 for none; flags are 0 or 1; '' is no value.
Every query is run with its database (`query.execute(db)`); nothing is ever bound.
"""

from __future__ import annotations

import copy
from typing import Any

import peewee as pw


class _Text(pw.TextField):
    # Peewee copies the columns that a table inherits, with all that is below them; nothing there is ever changed.
    def __deepcopy__(self, memo: dict[int, Any]) -> _Text:
        return copy.copy(self)


class _Number(pw.BigIntegerField):
    def __deepcopy__(self, memo: dict[int, Any]) -> _Number:
        return copy.copy(self)


def _text(default: str = "") -> pw.TextField:
    return _Text(default=default)


def _number(default: int = 0) -> pw.BigIntegerField:
    return _Number(default=default)


class Synced(pw.Model):
    """What every synced row carries. `rev`: the server's count of changes; `stamps`: JSON {field: [at, command id]}."""

    id = _Text(primary_key=True)
    scope = _text()
    rev = _number()
    deleted = _number()
    stamps = _text()


# Of the whole organisation


class OrganisationTable(Synced):
    name = _text()
    home_region = _text("US")
    time_zone = _text("America/New_York")
    own_numbers = _text("[]")  # JSON list of E.164, never matched to a caller
    wrap_up_limit_seconds = _number()  # after which a call is saved by itself; 0 for none
    wrap_up_disposition_id = _text()  # what it is saved with then

    class Meta:
        table_name = "organisations"


class UserTable(Synced):
    name = _text()
    login = _text()
    email = _text()
    role = _text("csr")
    extension = _text()
    is_active = _number(1)

    class Meta:
        table_name = "users"
        indexes = ((("login",), False),)


class TeamTable(Synced):
    name = _text()
    calendar_id = _text()

    class Meta:
        table_name = "teams"


class MembershipTable(Synced):
    user_id = _text()
    team_id = _text()

    class Meta:
        table_name = "memberships"


class CalendarTable(Synced):
    name = _text()
    body = _text()  # JSON of domain.business_calendar.BusinessCalendar

    class Meta:
        table_name = "calendars"


class SlaPolicyTable(Synced):
    name = _text()
    calendar_id = _text()
    targets = _text()  # JSON {priority: [first reply seconds, next reply seconds]} in open time of the calendar

    class Meta:
        table_name = "sla_policies"


class TopicTable(Synced):
    name = _text()
    parent_id = _text()
    position = _number()
    is_active = _number(1)

    class Meta:
        table_name = "topics"


class DispositionTable(Synced):
    name = _text()
    position = _number()
    is_resolution = _number()
    is_active = _number(1)

    class Meta:
        table_name = "dispositions"


class VerificationRuleTable(Synced):
    """What a caller must show, see domain.caller_verification: for a client, topic or kind of request, '' for all."""

    client_id = _text()
    topic_id = _text()
    request_kind = _text()
    factors = _text()  # a comma between
    required_count = _number()
    is_call_back_needed = _number()
    is_second_approver_needed = _number()
    holds_seconds = _number()

    class Meta:
        table_name = "verification_rules"


class ScriptTable(Synced):
    """What to say or to go through on calls about a topic."""

    topic_id = _text()
    title = _text()
    kind = _text("checklist")  # script, checklist
    steps = _text("[]")  # JSON list of texts, in order
    reviewed_on = _text()
    owner_id = _text()
    is_active = _number(1)

    class Meta:
        table_name = "scripts"


class ClientTable(Synced):
    code = _text()
    name = _text()
    status = _text("active")  # prospect, active, closed
    tier = _text()  # gold, silver, bronze
    employee_count = _number()
    products = _text()
    specialist_id = _text()
    email = _text()
    city = _text()
    time_zone = _text()
    alert = _text()
    pay_schedule = _text()  # JSON of domain.pay_schedule.PaySchedule
    calendar_id = _text()
    sla_policy_id = _text()

    class Meta:
        table_name = "clients"
        indexes = ((("name",), False), (("code",), False))


class ContactTable(Synced):
    client_id = _text()
    name = _text()
    title = _text()
    email = _text()
    authorities = _text()  # what they may ask for, a comma between: payroll, tax, bank
    is_active = _number(1)

    class Meta:
        table_name = "contacts"
        indexes = ((("client_id",), False), (("email",), False))


class PhoneNumberTable(Synced):
    client_id = _text()
    contact_id = _text()  # '' is the company's own line
    raw = _text()
    e164 = _text()
    extension = _text()
    label = _text()
    known_since_at = _number()  # by the server's clock when it came there, never by what its sender says

    class Meta:
        table_name = "phone_numbers"
        indexes = ((("e164",), False), (("contact_id",), False), (("client_id",), False))


class NoteTable(Synced):
    """A note on a client, for everyone."""

    client_id = _text()
    author_id = _text()
    body = _text()
    written_at = _number()

    class Meta:
        table_name = "notes"
        indexes = ((("client_id", "written_at"), False),)


class ChangeTable(Synced):
    """An edit of a client or contact, for the timeline. Its id is the command's."""

    client_id = _text()
    contact_id = _text()
    author_id = _text()
    fields = _text()  # JSON {field: [was, becomes]}
    changed_at = _number()

    class Meta:
        table_name = "changes"
        indexes = ((("client_id", "changed_at"), False),)


# Of a team


class InteractionTable(Synced):
    client_id = _text()
    contact_id = _text()
    agent_id = _text()
    ticket_id = _text()
    channel = _text("phone")  # phone, email, chat, social, in_person, web_form, voicemail
    direction = _text("in")  # in, out
    result = _text("handled")  # handled, missed, abandoned, no_answer, busy
    number = _text()  # E.164, or as it came when it has none
    extension = _text()
    started_at = _number()
    ended_at = _number()
    talk_seconds = _number()
    hold_seconds = _number()
    wrap_up_seconds = _number()
    dial_seconds = _number()
    topic_id = _text()
    disposition_id = _text()
    note = _text()
    called_back_by_id = _text()
    called_back_at = _number()
    consult_seconds = _number()  # of the hold, those in which a colleague was asked
    checked = _text()  # JSON of domain.call_scripts.Checked, '' for none
    call_reference = _text()  # connection and reference of the phone system's call
    queue = _text()
    recording = _text()  # address or file, as the phone system told it
    parts = _text()  # JSON [[kind, started_at, seconds, source]]
    recording_pauses = _text()  # JSON [[offset, seconds]]

    class Meta:
        table_name = "interactions"
        indexes = (
            (("client_id", "started_at"), False),
            (("agent_id", "started_at"), False),
            (("number", "started_at"), False),
        )


class TicketTable(Synced):
    client_id = _text()
    contact_id = _text()
    number = _number()  # 0 until the server gives one
    subject = _text()
    channel = _text("phone")
    topic_id = _text()
    priority = _text("normal")  # low, normal, high, urgent
    state = _text("open")  # open, waiting, resolved, closed
    assignee_id = _text()
    opened_by_id = _text()
    opened_at = _number()
    sla_policy_id = _text()
    calendar_id = _text()
    reply_due_at = _number()  # 0 while no reply is due
    first_replied_at = _number()
    last_message_at = _number()
    resolved_at = _number()
    escalated_to_id = _text()
    escalated_at = _number()
    assigned_at = _number()
    reply_clock = _text()  # which target holds for the reply that is owed: first, next; '' while none is
    reply_from_at = _number()  # since when the clock runs, 0 while it is paused
    reply_used_seconds = _number()  # open time that it had used before
    request_kind = _text()  # what is asked for, of domain.caller_verification.REQUEST_KINDS

    class Meta:
        table_name = "tickets"
        indexes = ((("client_id", "opened_at"), False), (("number",), False))


class MessageTable(Synced):
    """A line of a ticket's conversation, only ever added."""

    ticket_id = _text()
    client_id = _text()
    kind = _text("note")  # inbound, reply, note, event
    author_id = _text()  # an agent, or '' when the contact wrote
    contact_id = _text()
    body = _text()
    written_at = _number()

    class Meta:
        table_name = "messages"
        indexes = ((("ticket_id", "written_at"), False),)


class FollowUpTable(Synced):
    client_id = _text()
    contact_id = _text()
    ticket_id = _text()
    interaction_id = _text()
    kind = _text("task")  # callback, promise, check_in, task, deadline
    title = _text()
    assignee_id = _text()
    created_by_id = _text()
    created_at = _number()
    due_at = _number()
    first_due_at = _number()
    snoozed_until_at = _number()
    state = _text("open")  # open, done, cancelled
    outcome = _text()  # kept, broken, reached, no_answer, left_message, done
    outcome_note = _text()
    completed_by_id = _text()
    completed_at = _number()
    moves = _text("[]")  # JSON [[was due, becomes due, reason, by, at], …], oldest first

    class Meta:
        table_name = "follow_ups"
        indexes = (
            (("client_id", "due_at"), False),
            (("assignee_id", "state", "due_at"), False),
            (("ticket_id",), False),
        )


class AttachmentTable(Synced):
    """A file on a ticket, one of its messages or an interaction. Its content travels apart, by its hash.

    `arrived_at` and `scan` are the server's: 0 while it does not have the content; '' not looked at, waiting for the
    scanner, clean, or refused by it, and then the content is nowhere.
    """

    ticket_id = _text()
    message_id = _text()
    interaction_id = _text()
    name = _text()
    media_type = _text()
    size = _number()
    sha256 = _text()
    author_id = _text()
    added_at = _number()
    arrived_at = _number()
    scan = _text()

    class Meta:
        table_name = "attachments"
        indexes = ((("ticket_id",), False), (("interaction_id",), False), (("sha256",), False))


class VerificationTable(Synced):
    """What was asked of a caller by the agent, and whether it passed; never what was answered.

    `called_number_id` is the known number that was called back. When it passed, and until when that holds, follows from
    the rule that was in force, and is 0 for what has not passed.
    """

    client_id = _text()
    contact_id = _text()
    interaction_id = _text()
    ticket_id = _text()
    request_kind = _text()
    topic_id = _text()
    agent_id = _text()
    asked = _text("[]")  # JSON [[factor, whether it passed, at], …]
    asked_at = _number()
    called_number_id = _text()
    called_back_by_id = _text()
    called_back_at = _number()
    approver_id = _text()
    approved_at = _number()
    passed_at = _number()
    expires_at = _number()
    lacks_approval = _number()  # a second person's approval, and nothing else, was missing
    called_back_call_id = _text()  # the interaction in which that number was called; '' for another phone

    class Meta:
        table_name = "verifications"
        indexes = (
            (("client_id", "asked_at"), False),
            (("ticket_id",), False),
            (("interaction_id",), False),
            (("called_back_call_id",), False),
        )


# Of a person


class SavedFilterTable(Synced):
    """A filter of a list that a person keeps; its scope is the person."""

    place = _text()  # calls
    name = _text()
    words = _text()  # the text that is searched for
    body = _text("{}")  # JSON {what is filtered: value}
    made_at = _number()

    class Meta:
        table_name = "saved_filters"


ORGANISATION_TABLES: tuple[type[Synced], ...] = (
    OrganisationTable,
    UserTable,
    TeamTable,
    MembershipTable,
    CalendarTable,
    SlaPolicyTable,
    TopicTable,
    DispositionTable,
    VerificationRuleTable,
    ScriptTable,
    ClientTable,
    ContactTable,
    PhoneNumberTable,
    NoteTable,
    ChangeTable,
)
TEAM_TABLES: tuple[type[Synced], ...] = (
    InteractionTable,
    TicketTable,
    MessageTable,
    FollowUpTable,
    AttachmentTable,
    VerificationTable,
)
PERSON_TABLES: tuple[type[Synced], ...] = (SavedFilterTable,)
SYNCED: dict[str, type[Synced]] = {
    model._meta.table_name: model  # noqa: SLF001
    for model in (*ORGANISATION_TABLES, *TEAM_TABLES, *PERSON_TABLES)
}
COLUMNS: dict[str, tuple[str, ...]] = {name: tuple(model._meta.columns) for name, model in SYNCED.items()}  # noqa: SLF001
DEFAULTS: dict[str, dict[str, Any]] = {name: model._meta.get_default_dict() for name, model in SYNCED.items()}  # noqa: SLF001
NUMBERS: dict[str, frozenset[str]] = {
    name: frozenset(c for c, f in model._meta.columns.items() if isinstance(f, pw.BigIntegerField))  # noqa: SLF001
    for name, model in SYNCED.items()
}


def new_row(table: str) -> dict[str, Any]:
    """An empty row of a synced table, its id missing."""
    return dict(DEFAULTS[table])
