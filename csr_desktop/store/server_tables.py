"""The tables that only a server has: what carries the feed, what is known for good, who may sign in. Unbound."""

from __future__ import annotations

import peewee as pw


class GoneTable(pw.Model):
    """The row left this scope, or what of it workstations keep, at `rev`; dropped some time after `gone_at`."""

    scope = pw.TextField(default="")
    table_name = pw.TextField(default="")
    row_id = pw.TextField(default="")
    rev = pw.BigIntegerField(default=0)
    gone_at = pw.BigIntegerField(default=0)

    class Meta:
        table_name = "gone"
        primary_key = pw.CompositeKey("scope", "table_name", "row_id")
        indexes = ((("scope", "rev"), False),)


class GoneFloorTable(pw.Model):
    """The marks of this scope up to `rev` were dropped: who has not come that far takes the scope again."""

    scope = pw.TextField(primary_key=True)
    rev = pw.BigIntegerField(default=0)

    class Meta:
        table_name = "gone_floors"


class DeviceCheckTable(pw.Model):
    """When a workstation was last compared with the server, how many rows it has, and how many had to be mended."""

    device_id = pw.TextField(primary_key=True)
    checked_at = pw.BigIntegerField(default=0)
    row_count = pw.BigIntegerField(default=0)
    differing_count = pw.BigIntegerField(default=0)
    differed_at = pw.BigIntegerField(default=0)  # when rows last differed, 0 for never

    class Meta:
        table_name = "device_checks"


class HistoryTable(pw.Model):
    """Every value a field was given; the row holds the greatest (at, command) that is not withdrawn."""

    table_name = pw.TextField(default="")
    row_id = pw.TextField(default="")
    field = pw.TextField(default="")
    command_id = pw.TextField(default="")
    at = pw.BigIntegerField(default=0)
    value = pw.TextField(default="")  # JSON
    is_withdrawn = pw.BigIntegerField(default=0)

    class Meta:
        table_name = "history"
        primary_key = pw.CompositeKey("table_name", "row_id", "field", "command_id")


class LogTable(pw.Model):
    """One row a command: its stored answer and the audit log, each hash over the one before."""

    position = pw.BigIntegerField(primary_key=True)
    id = pw.TextField(unique=True)
    device_id = pw.TextField(default="")
    seq = pw.BigIntegerField(default=0)
    user_id = pw.TextField(default="")
    body = pw.BlobField()
    status = pw.TextField(default="")  # done, differs, refused, void
    code = pw.TextField(default="")
    reason = pw.TextField(default="")
    executed_at = pw.BigIntegerField(default=0)
    inverse = pw.BlobField(default=b"")  # what takes it back, as the server saw it; empty when it changed nothing
    hash = pw.BlobField()

    class Meta:
        table_name = "log"
        indexes = ((("device_id", "seq"), True),)


class DeviceTable(pw.Model):
    """A workstation of one person; `seq` is the last of its commands that was executed."""

    id = pw.TextField(primary_key=True)
    user_id = pw.TextField(default="")
    name = pw.TextField(default="")
    public_key = pw.BlobField(default=b"")
    registered_at = pw.BigIntegerField(default=0)
    seen_at = pw.BigIntegerField(default=0)
    revoked_at = pw.BigIntegerField(default=0)
    seq = pw.BigIntegerField(default=0)

    class Meta:
        table_name = "devices"


class CredentialTable(pw.Model):
    """How a person signs in; `failed_at` and `failures` make further tries wait."""

    user_id = pw.TextField(primary_key=True)
    password_hash = pw.TextField(default="")
    failures = pw.BigIntegerField(default=0)
    failed_at = pw.BigIntegerField(default=0)

    class Meta:
        table_name = "credentials"


class EscrowTable(pw.Model):
    """A device's newest database keys, wrapped with the server's key, for a person whose keyring was lost."""

    device_id = pw.TextField(primary_key=True)
    wrapped_key = pw.BlobField()

    class Meta:
        table_name = "escrow"


class UsedChallengeTable(pw.Model):
    """Signed once by a workstation, so no second time, whichever server is asked; forgotten when they have ended."""

    tag = pw.BlobField(primary_key=True)
    until_at = pw.BigIntegerField(default=0, index=True)

    class Meta:
        table_name = "used_challenges"


class CounterTable(pw.Model):
    """`rev`, `ticket` and `log`: counted under a lock held until commit. Of `rev` the database notes by itself how many
    were taken, and by which transaction (PostgreSQL's number of it). `history_months` is a setting: how much of what is
    done workstations keep, 0 for all.
    """

    id = pw.TextField(primary_key=True)
    value = pw.BigIntegerField(default=0)
    taken = pw.BigIntegerField(default=0)
    taken_in = pw.BigIntegerField(default=0)

    class Meta:
        table_name = "counters"


class ContentTable(pw.Model):
    """The content of attachments, a file named by its hash. `unnamed_at`: since when no row names it, 0 while one does;
    `tries` and `tried_at` are the scanner's.
    """

    sha256 = pw.TextField(primary_key=True)
    size = pw.BigIntegerField(default=0)
    kept_at = pw.BigIntegerField(default=0)
    unnamed_at = pw.BigIntegerField(default=0)
    scan = pw.TextField(default="")
    tries = pw.BigIntegerField(default=0)
    tried_at = pw.BigIntegerField(default=0)

    class Meta:
        table_name = "contents"


class PrivateCountTable(pw.Model):
    """How many private numbers a person's texts of a day brought masked, and how many kept as none. No content."""

    user_id = pw.TextField(default="")
    day = pw.TextField(default="")  # in the organisation's time zone
    masked_count = pw.BigIntegerField(default=0)
    kept_count = pw.BigIntegerField(default=0)

    class Meta:
        table_name = "private_counts"
        primary_key = pw.CompositeKey("user_id", "day")


class PhoneConnectionTable(pw.Model):
    """A phone system. `kind` is cti, sipgate or ami; `settings` are JSON, `secret` is sealed with the server's key.
    `team_id` is where its missed calls go that no queue and no agent gives a team.
    """

    id = pw.TextField(primary_key=True)
    kind = pw.TextField(default="")
    name = pw.TextField(default="")
    token_hash = pw.TextField(default="")
    settings = pw.TextField(default="")
    secret = pw.BlobField(default=b"")
    team_id = pw.TextField(default="")
    is_active = pw.BigIntegerField(default=0)
    added_at = pw.BigIntegerField(default=0)

    class Meta:
        table_name = "phone_connections"


class PhoneAgentTable(pw.Model):
    """Whom a phone system means by an extension or a user's name (`domain.phone_events.agent_key` of it)."""

    connection_id = pw.TextField(default="")
    name = pw.TextField(default="")
    user_id = pw.TextField(default="")

    class Meta:
        table_name = "phone_agents"
        primary_key = pw.CompositeKey("connection_id", "name")


class PhoneCallTable(pw.Model):
    """All that was said of one call, for a day. `call_key` is its reference, with a time where a phone system used the
    reference before; `number` the other party's digits. `interaction_id` was logged for it by `command_id`, when nobody
    had answered; `is_settled` once that was looked at, and whether an interaction lacks the `recording`.
    """

    connection_id = pw.TextField(default="")
    call_key = pw.TextField(default="")
    reference = pw.TextField(default="")
    number = pw.TextField(default="")
    events = pw.BlobField(default=b"")
    began_at = pw.BigIntegerField(default=0)
    heard_at = pw.BigIntegerField(default=0)
    ended_at = pw.BigIntegerField(default=0)
    is_settled = pw.BigIntegerField(default=0)
    interaction_id = pw.TextField(default="")
    command_id = pw.TextField(default="")
    recording = pw.TextField(default="")

    class Meta:
        table_name = "phone_calls"
        primary_key = pw.CompositeKey("connection_id", "call_key")
        indexes = (
            (("connection_id", "reference"), False),
            (("connection_id", "number"), False),
            (("is_settled", "ended_at"), False),
            (("heard_at",), False),
        )


class CallDeskTable(pw.Model):
    """On which of somebody's workstations a phone call stands in the call pane, for a day."""

    connection_id = pw.TextField(default="")
    call_key = pw.TextField(default="")
    user_id = pw.TextField(default="")
    device_id = pw.TextField(default="")
    taken_at = pw.BigIntegerField(default=0, index=True)

    class Meta:
        table_name = "call_desks"
        primary_key = pw.CompositeKey("connection_id", "call_key", "user_id")


class PhoneWordTable(pw.Model):
    """The latest messages of a phone system: the kind of event, the call, and what was wrong with it (JSON)."""

    id = pw.TextField(primary_key=True)
    connection_id = pw.TextField(default="", index=True)
    said_at = pw.BigIntegerField(default=0)
    said = pw.TextField(default="")
    reference = pw.TextField(default="")
    diagnoses = pw.TextField(default="")

    class Meta:
        table_name = "phone_words"


class CallerPinTable(pw.Model):
    """A contact's PIN as an argon2 hash with its salt; `failures` since it last passed."""

    contact_id = pw.TextField(primary_key=True)
    pin_hash = pw.TextField(default="")
    author_id = pw.TextField(default="")
    set_at = pw.BigIntegerField(default=0)
    failures = pw.BigIntegerField(default=0)
    failed_at = pw.BigIntegerField(default=0)

    class Meta:
        table_name = "caller_pins"


class PinPassTable(pw.Model):
    """A PIN was right, asked by this person: what evidence that names a PIN is held against."""

    contact_id = pw.TextField(default="")
    user_id = pw.TextField(default="")
    passed_at = pw.BigIntegerField(default=0)

    class Meta:
        table_name = "pin_passes"
        primary_key = pw.CompositeKey("contact_id", "user_id", "passed_at")


SERVER_TABLES: tuple[type[pw.Model], ...] = (
    GoneTable,
    GoneFloorTable,
    DeviceCheckTable,
    HistoryTable,
    LogTable,
    DeviceTable,
    CredentialTable,
    EscrowTable,
    UsedChallengeTable,
    CounterTable,
    ContentTable,
    PrivateCountTable,
    PhoneConnectionTable,
    PhoneAgentTable,
    PhoneCallTable,
    CallDeskTable,
    PhoneWordTable,
    CallerPinTable,
    PinPassTable,
)
