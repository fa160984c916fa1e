"""The bureau's scripts and checklists for calls."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final

from csr_desktop.domain.call_scripts import write_steps
from csr_desktop.domain.permissions import ORGANISATION
from csr_desktop.server.made_up.rows import Filling, RowShape
from csr_desktop.store.sql import Sql

_SCRIPTS: Final[tuple[tuple[str, str, str, str, tuple[str, ...]], ...]] = (
    (
        "Payroll tax", "Notice", "checklist", "Late deposit notices: what to ask, what to send",
        (
            "Ask for the notice's number and date",
            "Ask which deposit it names, and for which pay date",
            "Look up when that deposit left",
            "Ask for a copy of every page",
            "Say by when we answer, in the client's time",
        ),
    ),
    (
        "Payroll run", "Off-cycle check", "checklist", "Off-cycle checks",
        (
            "Ask for whom, and why it cannot wait for the next run",
            "Ask whether taxes are withheld as usual",
            "Say until when it can go out today",
        ),
    ),
    (
        "W-2 and year end", "Reissue", "checklist", "A W-2 once more",
        ("Ask for the year", "Read the address back", "Say that it goes to the address on file alone"),
    ),
    (
        "Bank account", "Employer's account", "script", "A change of bank account",
        (
            "Thank you for telling us. A change of account is taken up only from a number that we know.",
            "I will call you back on the number on file. Nothing changes until then.",
            "Please send the form from the portal, not by email.",
        ),
    ),
    (
        "Garnishments", "New order", "checklist", "A new order has come",
        ("Ask for the case number", "Ask from which pay date it holds", "Ask for the order itself"),
    ),
)  # fmt: skip


def write_scripts(
    sql: Sql, new_id: Callable[[int], str], owner_id: str, at: int, now_at: int, filling: Filling
) -> None:
    """One for each of a few topics of the standard lists, reviewed in the weeks before `now_at`."""
    topics = {
        (parent, name): topic_id
        for topic_id, name, parent in sql.all(
            "SELECT t.id, t.name, p.name FROM topics t JOIN topics p ON p.id = t.parent_id"
        )
    }
    shape = RowShape("scripts", "id", "scope", "topic_id", "title", "kind", "steps", "reviewed_on", "owner_id")
    today = dt.datetime.fromtimestamp(now_at / 1000, dt.UTC).date()
    for place, (parent, name, kind, title, steps) in enumerate(_SCRIPTS):
        reviewed = (today - dt.timedelta(days=10 + 23 * place)).isoformat()
        row = shape(new_id(at), ORGANISATION, topics[parent, name], title, kind, write_steps(steps), reviewed, owner_id)
        filling.add("scripts", row)
