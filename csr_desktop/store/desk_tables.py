"""The tables that only a desk has: what waits to be sent, and what can be taken back. Unbound, like the others."""

from __future__ import annotations

import peewee as pw

from csr_desktop.store.tables import AttachmentTable, FollowUpTable, InteractionTable, MessageTable, TicketTable


class OutboxTable(pw.Model):
    seq = pw.BigIntegerField(primary_key=True)
    id = pw.TextField(default="")
    group_id = pw.TextField(default="")
    body = pw.BlobField()
    blocked = pw.TextField(default="")

    class Meta:
        table_name = "outbox"


class BaseTable(pw.Model):
    """The server's last state of a row that unsent commands touched; no image means that there was no such row."""

    table_name = pw.TextField(default="")
    row_id = pw.TextField(default="")
    image = pw.BlobField(null=True)

    class Meta:
        table_name = "base"
        primary_key = pw.CompositeKey("table_name", "row_id")


class CursorTable(pw.Model):
    scope = pw.TextField(primary_key=True)
    rev = pw.BigIntegerField(default=0)

    class Meta:
        table_name = "cursors"


class FillTable(pw.Model):
    """How far the rows of a scope have come that were there when it was taken, newest first, and why it is."""

    scope = pw.TextField(primary_key=True)
    stage = pw.BigIntegerField(default=0)
    table_name = pw.TextField(default="")
    below = pw.BigIntegerField(default=0)
    rows_left = pw.BigIntegerField(default=0)
    why = pw.TextField(default="")  # see sync.filling

    class Meta:
        table_name = "fills"


class CameTable(pw.Model):
    """A row that came while its scope is taken again beside the old rows; those that did not are removed at the end."""

    scope = pw.TextField(default="")
    table_name = pw.TextField(default="")
    row_id = pw.TextField(default="")

    class Meta:
        table_name = "came"
        primary_key = pw.CompositeKey("scope", "table_name", "row_id")


class NeedsYouTable(pw.Model):
    """A command the server did not take as meant, with the person's text in it."""

    id = pw.TextField(primary_key=True)
    body = pw.BlobField()
    status = pw.TextField(default="")
    code = pw.TextField(default="")
    reason = pw.TextField(default="")
    answered_at = pw.BigIntegerField(default=0)

    class Meta:
        table_name = "needs_you"


class SentTable(pw.Model):
    """What the server took, for a while: if it forgets it, put back from an older backup, it is sent once more."""

    position = pw.BigIntegerField(primary_key=True)
    id = pw.TextField(default="")
    device_id = pw.TextField(default="")
    group_id = pw.TextField(default="")
    body = pw.BlobField()
    answered_at = pw.BigIntegerField(default=0)

    class Meta:
        table_name = "sent"


class UndoTable(pw.Model):
    """What takes a group of commands back, in order; kept after the commands were sent."""

    group_id = pw.TextField(primary_key=True)
    words = pw.TextField(default="")
    commands = pw.BlobField()
    done_at = pw.BigIntegerField(default=0)

    class Meta:
        table_name = "undo"


class DraftTable(pw.Model):
    """Text that is being typed, by the place where it is typed."""

    key = pw.TextField(primary_key=True)
    body = pw.TextField(default="")
    written_at = pw.BigIntegerField(default=0)

    class Meta:
        table_name = "drafts"


class DraftMarksTable(pw.Model):
    """Marks of numbers in a draft that were said to be no private ones, a blank between. They go with the draft."""

    key = pw.TextField(primary_key=True)
    marks = pw.TextField(default="")

    class Meta:
        table_name = "draft_marks"


class StateTable(pw.Model):
    """Single values of the file: last seq, rights, clock offset, what was open."""

    key = pw.TextField(primary_key=True)
    value = pw.TextField(default="")

    class Meta:
        table_name = "state"


class AttachmentContentTable(pw.Model):
    """The content of an attachment as far as it is here: `held` of its bytes in parts, `sent` of them at the server.

    `origin` is taken for what a person chose here and the server does not have for good, else fetched. `place` is the
    draft that it waits with, '' once it is an attachment's, whose id it has; `problem` why it is not sent or fetched.
    """

    id = pw.TextField(primary_key=True)
    place = pw.TextField(default="")
    name = pw.TextField(default="")
    sha256 = pw.TextField(default="")
    size = pw.BigIntegerField(default=0)
    held = pw.BigIntegerField(default=0)
    sent = pw.BigIntegerField(default=0)
    origin = pw.TextField(default="")
    problem = pw.TextField(default="")
    used_at = pw.BigIntegerField(default=0)

    class Meta:
        table_name = "attachment_contents"
        indexes = ((("place",), False),)


class AttachmentPartTable(pw.Model):
    """A piece of one MiB, the last one shorter."""

    content_id = pw.TextField(default="")
    position = pw.BigIntegerField(default=0)
    body = pw.BlobField()

    class Meta:
        table_name = "attachment_parts"
        primary_key = pw.CompositeKey("content_id", "position")


class OlderInteractionTable(InteractionTable):
    """What came from the server to be read for a day; see `store.older_rows`."""

    fetched_at = pw.BigIntegerField(default=0)
    is_whole = pw.BigIntegerField(default=0)

    class Meta:
        table_name = "older_interactions"
        indexes = ((("client_id", "started_at"), False),)


class OlderTicketTable(TicketTable):
    fetched_at = pw.BigIntegerField(default=0)
    is_whole = pw.BigIntegerField(default=0)
    request_kind = pw.TextField(default="")  # came later than the two

    class Meta:
        table_name = "older_tickets"
        indexes = ((("client_id", "last_message_at"), False),)


class OlderMessageTable(MessageTable):
    fetched_at = pw.BigIntegerField(default=0)
    is_whole = pw.BigIntegerField(default=0)

    class Meta:
        table_name = "older_messages"
        indexes = ((("ticket_id", "written_at"), False),)


class OlderFollowUpTable(FollowUpTable):
    fetched_at = pw.BigIntegerField(default=0)
    is_whole = pw.BigIntegerField(default=0)

    class Meta:
        table_name = "older_follow_ups"
        indexes = ((("client_id", "created_at"), False),)


class OlderAttachmentTable(AttachmentTable):
    """Files are only named here; their content is not fetched."""

    fetched_at = pw.BigIntegerField(default=0)
    is_whole = pw.BigIntegerField(default=0)

    class Meta:
        table_name = "older_attachments"
        indexes = ((("ticket_id",), False),)


class OlderFetchedTable(pw.Model):
    """How far a client's older history has come, down to the row of that time and id, and when its first page did."""

    client_id = pw.TextField(primary_key=True)
    fetched_at = pw.BigIntegerField(default=0)
    next_at = pw.BigIntegerField(default=0)
    next_id = pw.TextField(default="")
    rows_left = pw.BigIntegerField(default=0)
    is_whole = pw.BigIntegerField(default=0)

    class Meta:
        table_name = "older_fetched"


DESK_TABLES: tuple[type[pw.Model], ...] = (
    OutboxTable,
    BaseTable,
    CursorTable,
    FillTable,
    CameTable,
    NeedsYouTable,
    SentTable,
    UndoTable,
    DraftTable,
    DraftMarksTable,
    StateTable,
    AttachmentContentTable,
    AttachmentPartTable,
    OlderInteractionTable,
    OlderTicketTable,
    OlderMessageTable,
    OlderFollowUpTable,
    OlderAttachmentTable,
    OlderFetchedTable,
)
