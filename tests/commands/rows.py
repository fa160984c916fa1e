"""A small bureau as rows in memory, for commands: no database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from csr_desktop.commands.command import Command, stamped
from csr_desktop.commands.work import Cell, Edit, Key, Row, Work
from csr_desktop.domain import business_calendar
from csr_desktop.domain.permissions import ORGANISATION, SERVER, Person
from csr_desktop.store.tables import new_row

MONDAY_9 = 1_747_040_400_000  # 2025-05-12 09:00 UTC
TEAM, OTHER_TEAM = "team-one", "team-two"

CSR = Person("csr", "Ada Sample", "csr", frozenset({TEAM}), frozenset({ORGANISATION, "csr", TEAM}))
COLLEAGUE = Person("colleague", "Bob Example", "csr", frozenset({TEAM}), frozenset({ORGANISATION, "colleague", TEAM}))
LEAD = Person("lead", "Lea Teamlead", "lead", frozenset({TEAM}), frozenset({ORGANISATION, "lead", TEAM}))
STRANGER = Person(
    "stranger", "Cy Placeholder", "csr", frozenset({OTHER_TEAM}), frozenset({ORGANISATION, "stranger", OTHER_TEAM})
)
MANAGER = Person(
    "manager", "Max Overview", "manager", frozenset(), frozenset({ORGANISATION, "manager", TEAM, OTHER_TEAM})
)
SERVER_ACCOUNT = Person(SERVER, "Server", "administrator", frozenset({TEAM}), frozenset({ORGANISATION, SERVER, TEAM}))
ADMINISTRATOR = Person(
    "administrator", "Sam Settings", "administrator", frozenset(), frozenset({ORGANISATION, "administrator"})
)
EVERYONE = (CSR, COLLEAGUE, LEAD, STRANGER, MANAGER, ADMINISTRATOR)


def row(table: str, row_id: str, **values: Any) -> tuple[Key, dict[str, Any]]:
    return (table, row_id), {**new_row(table), "id": row_id, "scope": ORGANISATION, "rev": 1, **values}


def bureau() -> dict[Key, Row]:
    office = business_calendar.BusinessCalendar("UTC", ((((9 * 60), 17 * 60),),) * 5 + ((), ()))
    return dict(
        [
            *(row("users", p.id, name=p.name, login=p.id, role=p.role) for p in EVERYONE),
            row("teams", TEAM, name="Team one"),
            row("teams", OTHER_TEAM, name="Team two"),
            row("memberships", "membership", user_id="csr", team_id=TEAM),
            row("memberships", "of-colleague", user_id="colleague", team_id=TEAM),
            row("memberships", "of-lead", user_id="lead", team_id=TEAM),
            row("memberships", "of-stranger", user_id="stranger", team_id=OTHER_TEAM),
            row("topics", "notice", name="Tax notice"),
            row("dispositions", "solved", name="Resolved", is_resolution=1),
            row("calendars", "office", name="Office", body=business_calendar.encode(office)),
            row("sla_policies", "policy", name="Usual", calendar_id="office", targets='{"normal":[3600,7200],"high":[600,600]}'),
            row("clients", "client", name="Example Bakery", city="Chicago"),
            row("contacts", "contact", client_id="client", name="Dana Sample", authorities="payroll,tax,bank"),
            row("phone_numbers", "number", client_id="client", contact_id="contact", raw="(312) 555-0142", e164="+13125550142"),
            row("interactions", "missed", scope=TEAM, client_id="client", result="missed", started_at=1, ended_at=2),
            row("organisations", "organisation", name="Demo Bureau"),
            row("scripts", "script", topic_id="notice", title="Late deposits", steps='["Ask for the date"]'),
            row("interactions", "unknown", scope=TEAM, agent_id="csr", number="+13125550142", started_at=1, ended_at=2),
            row("interactions", "mine", scope=TEAM, client_id="client", agent_id="csr", note="as it was"),
            row("tickets", "ticket", scope=TEAM, client_id="client", subject="Tax notice", number=4821, opened_by_id="csr",
                sla_policy_id="policy", calendar_id="office", reply_due_at=MONDAY_9 + 3_600_000, reply_clock="first", reply_from_at=MONDAY_9),
            row("tickets", "theirs", scope=OTHER_TEAM, client_id="client", subject="Of the other team", number=7),
            row("attachments", "file", scope=TEAM, ticket_id="ticket", name="notice.pdf", size=7, sha256="0" * 64, author_id="csr"),
            row("contacts", "other", client_id="client", name="Robin Stand-in", authorities="payroll,tax,bank"),
            row("phone_numbers", "line", client_id="client", raw="(312) 555-0100", e164="+13125550100"),
            row("verification_rules", "rule", request_kind="bank_change", factors="company_id,pay_total,pin",
                required_count=2, is_call_back_needed=1, is_second_approver_needed=1, holds_seconds=3600),
            row("tickets", "bank", scope=TEAM, client_id="client", contact_id="contact", subject="Another account", number=4822,
                opened_by_id="csr", opened_at=MONDAY_9, request_kind="bank_change"),
            row("verifications", "shown", scope=TEAM, client_id="client", contact_id="contact", ticket_id="bank", agent_id="csr",
                request_kind="bank_change", asked_at=MONDAY_9 - 60_000,
                asked=f'[["company_id",true,{MONDAY_9 - 60_000}],["pay_total",true,{MONDAY_9 - 50_000}]]'),
            row("saved_filters", "filter", scope="csr", place="calls", name="Missed", body='{"result":"missed"}'),
            row("follow_ups", "promise", scope=TEAM, client_id="client", kind="promise", title="Call Dana", assignee_id="csr",
                created_by_id="csr", due_at=MONDAY_9 + 7_200_000, first_due_at=MONDAY_9 + 7_200_000),
        ]
    )  # fmt: skip


class Bureau:
    """Rows and, as on the server, the history of their fields."""

    def __init__(self, rows: dict[Key, Row] | None = None, *, with_history: bool = True) -> None:
        self.rows = bureau() if rows is None else rows
        self.history: dict[Cell, dict[str, Edit]] = {}
        self.with_history = with_history
        self._count = 0

    def load(self, table: str, ids: Iterable[str]) -> dict[str, Row]:
        return {i: self.rows[table, i] for i in ids if (table, i) in self.rows}

    def work(self) -> Work:
        past = (lambda cell: dict(self.history.get(cell, {}))) if self.with_history else None
        return Work(self.load, new_row, past, self.find)

    def find(self, table: str, field: str, value: str) -> list[str]:
        return [i for (t, i), r in self.rows.items() if t == table and r[field] == value]

    def do(
        self, command: Command, who: Person = CSR, *, at: int = 0, command_id: str = ""
    ) -> tuple[Command, Command | None, bool]:
        """Run it for good: the command with its envelope, its inverse, whether it differs. Raises Refused."""
        self._count += 1
        ready = stamped(
            command,
            command_id or f"command-{self._count:04}",
            who.id,
            "device",
            self._count,
            at or MONDAY_9 + self._count,
        )
        ready = msgspec.convert(msgspec.to_builtins(ready), type(ready))
        work = self.work()
        work.fetch(ready.keys())
        work.mark()
        ready.permit(who, work)
        differs = ready.run(work)
        inverse = ready.inverse(work.touched(), work)
        for table, rows in work.dirty().items():
            self.rows.update({(table, r["id"]): r for r in rows})
        for cell, edit in work.noted:
            self.history.setdefault(cell, {})[edit.stamp.command_id] = edit
        return ready, inverse, differs

    def alive(self) -> dict[Key, dict[str, Any]]:
        """What a person sees: rows that are not deleted, without what only sync looks at."""
        hidden = {"stamps", "rev", "deleted"}
        return {k: {f: v for f, v in r.items() if f not in hidden} for k, r in self.rows.items() if not r["deleted"]}
