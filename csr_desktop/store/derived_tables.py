"""Tables of the desk that are made from its own rows and can be made again at any time. Unbound, like the others."""

from __future__ import annotations

import peewee as pw


class ClientClockTable(pw.Model):
    """The payroll clock of a client: its next cut-off, pay date and deposit. Times in milliseconds, 0 for none."""

    client_id = pw.TextField(primary_key=True)
    cut_off_at = pw.BigIntegerField(default=0)
    pay_date = pw.TextField(default="")  # YYYY-MM-DD
    deposit_due = pw.TextField(default="")  # YYYY-MM-DD
    period_end = pw.TextField(default="")  # YYYY-MM-DD

    class Meta:
        table_name = "client_clocks"


class InboxItemTable(pw.Model):
    """What waits for somebody, ordered by its earliest real consequence. Its id is that row's."""

    item_id = pw.TextField(primary_key=True)
    kind = pw.TextField(default="")
    scope = pw.TextField(default="")
    assignee_id = pw.TextField(default="")
    client_id = pw.TextField(default="")
    state = pw.TextField(default="")
    escalated_to_id = pw.TextField(default="")
    due_at = pw.BigIntegerField(default=0)
    cut_off_at = pw.BigIntegerField(default=0)
    consequence_at = pw.BigIntegerField(default=0)
    snoozed_until_at = pw.BigIntegerField(default=0)

    class Meta:
        table_name = "inbox_items"
        indexes = (
            (("assignee_id", "consequence_at", "item_id"), False),
            (("scope", "consequence_at", "item_id"), False),
            (("client_id",), False),
        )


DERIVED_TABLES: tuple[type[pw.Model], ...] = (ClientClockTable, InboxItemTable)
