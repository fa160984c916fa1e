"""Random commands of every kind over the rows that a server has, honest ones and forged ones. Their values are such as
the rows could take, so that what becomes of them is a matter of who sends them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from csr_desktop.commands import administration as admin
from csr_desktop.commands import attachments, calls, clients, every, follow_ups, saved_filters, tickets, verifications
from csr_desktop.commands.command import ChangeState, Command, EditRow
from csr_desktop.domain import business_calendar
from csr_desktop.domain.caller_verification import FACTORS, REQUEST_KINDS
from csr_desktop.server.standard_lists import office_hours
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS
from tests.server.desk import new_id

NOW = 1_790_000_000_000
_FORGED: Final = (
    "scope",
    "id",
    "rev",
    "deleted",
    "stamps",
    "number",
    "agent_id",
    "assignee_id",
    "opened_by_id",
    "login",
)


_NUMBER: Final = "+12125550199"
_OF_TEAMS: Final = ("interactions", "tickets", "messages", "follow_ups", "attachments", "verifications")


class Dice:
    """What may come next. `do` gives a command without its envelope, and its flaw, '' for an honest one."""

    def __init__(self, seed: int, sql: Sql) -> None:
        self.random = random.Random(seed)
        self._sql = sql
        self._me = ""
        self._rows = {
            name[1:]: getattr(self, name) for name in dir(self) if name.startswith("_") and name[1:2].isupper()
        }
        self.kinds: tuple[str, ...] = tuple(sorted(self._rows))

    def do(self, kind: str, me: str) -> tuple[Command, str]:
        self._me = me
        command: Command = self._rows[kind](me)
        if self.random.random() > 0.12:
            return command, ""
        if isinstance(command, EditRow):
            known = self._row(command.table, command.row_id)
            allowed = command.editable
            field = self.random.choice([f for f in _FORGED if f in COLUMNS[command.table] and f not in allowed])
            was = known[field]
            becomes: Any = self._scope() if field == "scope" else was + 1 if isinstance(was, int) else was + "x"
            return msgspec.structs.replace(command, changes={**command.changes, field: (was, becomes)}), "field"
        if isinstance(command, ChangeState):
            return msgspec.structs.replace(command, back={"assignee_id": ("", me)}), "back"
        return command, ""

    # Rows to choose from

    def _any(self, table: str, where: str = "1=1") -> str:
        """Somebody's row, whosever it is; sometimes an id that nobody has."""
        if table in _OF_TEAMS and self.random.random() < 0.5:  # as often one that they may work on
            where += f" AND scope IN (SELECT team_id FROM memberships WHERE user_id = '{self._me}' AND deleted = 0)"
        found = [i for (i,) in self._sql.all(f"SELECT id FROM {table} WHERE {where} ORDER BY id")]
        if not found or self.random.random() < 0.06:
            return new_id()
        return str(self.random.choice(found[-40:] if self.random.random() < 0.7 else found))

    def _maybe(self, table: str) -> str:
        return self._any(table) if self.random.random() < 0.4 else ""

    def _row(self, table: str, row_id: str) -> dict[str, Any]:
        return self._sql.load(table, [row_id]).get(row_id) or dict.fromkeys(COLUMNS[table], "")

    def _new(self, table: str) -> str:
        """A fresh id, seldom one that is taken."""
        return self._any(table) if self.random.random() < 0.05 else new_id()

    def _scope(self) -> str:
        return self._any("teams", "deleted = 0")

    def _user(self) -> str:
        return self._any("users", "login <> ''")

    def _one(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def _at(self) -> int:
        return NOW + self.random.randrange(10**9)

    def _words(self) -> str:
        return f"Sample {self.random.randrange(10**6)}"

    def _edit(self, kind: Callable[..., EditRow], table: str, choices: dict[str, Callable[[], Any]]) -> Command:
        # One administrator stays, or nobody could change anything any more.
        row_id = self._any(table, "login <> 'adm'" if table == "users" else "1=1")
        row = self._row(table, row_id)
        fields: Sequence[str] = self.random.sample(sorted(choices), self.random.randint(1, min(2, len(choices))))
        return kind(row_id=row_id, changes={field: (row[field], choices[field]()) for field in fields})

    # One method a kind

    def _AddClient(self, me: str) -> Command:  # noqa: N802  # named for the command
        return clients.AddClient(row_id=new_id(), name=self._words(), specialist_id=self._maybe("users"))

    def _EditClient(self, me: str) -> Command:  # noqa: N802
        choices = {
            "city": self._words,
            "tier": lambda: self._one("gold", ""),
            "specialist_id": lambda: self._maybe("users"),
        }
        return self._edit(clients.EditClient, "clients", choices)

    def _AddContact(self, me: str) -> Command:  # noqa: N802
        return clients.AddContact(row_id=new_id(), client_id=self._any("clients"), name=self._words())

    def _EditContact(self, me: str) -> Command:  # noqa: N802
        return self._edit(clients.EditContact, "contacts", {"name": self._words, "title": self._words})

    def _AddNumber(self, me: str) -> Command:  # noqa: N802
        contact_id = self._maybe("contacts")
        client_id = self._row("contacts", contact_id)["client_id"] if contact_id else ""
        return clients.AddNumber(
            row_id=new_id(), client_id=client_id or self._any("clients"), contact_id=contact_id, raw="(212) 555-0199",
            e164=_NUMBER,
        )  # fmt: skip

    def _RemoveNumber(self, me: str) -> Command:  # noqa: N802
        return clients.RemoveNumber(row_id=self._any("phone_numbers"), is_restored=self._one(True, False))

    def _AddNote(self, me: str) -> Command:  # noqa: N802
        return clients.AddNote(row_id=self._new("notes"), client_id=self._any("clients"), body=self._words())

    def _LogInteraction(self, me: str) -> Command:  # noqa: N802
        at = self._at()
        return calls.LogInteraction(
            row_id=self._new("interactions"),
            scope=self._scope(),
            client_id=self._maybe("clients"),
            ticket_id=self._maybe("tickets"),
            topic_id=self._maybe("topics"),
            result=self._one("handled", "missed"),
            number=_NUMBER,
            started_at=at,
            ended_at=at + 60_000,
        )

    def _EditInteraction(self, me: str) -> Command:  # noqa: N802
        choices = {
            "note": self._words,
            "ticket_id": lambda: self._maybe("tickets"),
            "topic_id": lambda: self._maybe("topics"),
        }
        return self._edit(calls.EditInteraction, "interactions", choices)

    def _ResolveCaller(self, me: str) -> Command:  # noqa: N802
        row_id, number_id = self._any("interactions"), self._any("phone_numbers", "deleted = 0")
        row, number = self._row("interactions", row_id), self._row("phone_numbers", number_id)
        contact_id = number["contact_id"] if self.random.random() < 0.8 else self._maybe("contacts")
        becomes = {"client_id": number["client_id"], "contact_id": contact_id}
        changes = {field: (row[field], value) for field, value in becomes.items()}
        return calls.ResolveCaller(row_id=row_id, number_id=number_id, changes=changes)

    def _ReturnMissedCall(self, me: str) -> Command:  # noqa: N802
        return calls.ReturnMissedCall(row_id=self._any("interactions", "called_back_by_id = ''"))

    def _NameRecording(self, me: str) -> Command:  # noqa: N802
        return calls.NameRecording(row_id=self._any("interactions"), recording="https://elsewhere.example/1.wav")

    def _JoinCalls(self, me: str) -> Command:  # noqa: N802
        return calls.JoinCalls(row_id=self._any("interactions"))

    def _OpenTicket(self, me: str) -> Command:  # noqa: N802
        return tickets.OpenTicket(
            row_id=self._new("tickets"),
            scope=self._scope(),
            subject=self._words(),
            client_id=self._maybe("clients"),
            assignee_id=self._one("", me, self._user()),
        )

    def _AddMessage(self, me: str) -> Command:  # noqa: N802
        return tickets.AddMessage(
            row_id=self._new("messages"),
            ticket_id=self._any("tickets"),
            message_kind=self._one("reply", "note", "inbound"),
            body=self._words(),
        )

    def _EditTicket(self, me: str) -> Command:  # noqa: N802
        choices = {
            "subject": self._words,
            "priority": lambda: self._one("low", "normal", "high", "urgent"),
            "client_id": lambda: self._maybe("clients"),
        }
        return self._edit(tickets.EditTicket, "tickets", choices)

    def _AssignTicket(self, me: str) -> Command:  # noqa: N802
        row_id = self._any("tickets")
        was_id = self._row("tickets", row_id)["assignee_id"]
        return tickets.AssignTicket(
            row_id=row_id, was_id=was_id, becomes_id=self._one("", me, self._user(), self._user())
        )

    def _ChangeTicketState(self, me: str) -> Command:  # noqa: N802
        row_id = self._any("tickets")
        was = self._row("tickets", row_id)["state"]
        return tickets.ChangeTicketState(row_id=row_id, was=was, becomes=self._one(*tickets.STATES))

    def _EscalateTicket(self, me: str) -> Command:  # noqa: N802
        return tickets.EscalateTicket(row_id=self._any("tickets"), to_id=self._one("", self._user(), self._user()))

    def _AddFollowUp(self, me: str) -> Command:  # noqa: N802
        return follow_ups.AddFollowUp(
            row_id=self._new("follow_ups"),
            scope=self._scope(),
            follow_up_kind=self._one(*follow_ups.KINDS),
            title=self._words(),
            due_at=self._at(),
            ticket_id=self._maybe("tickets"),
            interaction_id=self._maybe("interactions"),
            assignee_id=self._one("", me, self._user()),
        )

    def _CompleteFollowUp(self, me: str) -> Command:  # noqa: N802
        return follow_ups.CompleteFollowUp(row_id=self._any("follow_ups"), outcome="done")

    def _ReopenFollowUp(self, me: str) -> Command:  # noqa: N802
        return follow_ups.ReopenFollowUp(row_id=self._any("follow_ups"))

    def _SnoozeFollowUp(self, me: str) -> Command:  # noqa: N802
        return follow_ups.SnoozeFollowUp(row_id=self._any("follow_ups"), until_at=self._at())

    def _RenegotiateFollowUp(self, me: str) -> Command:  # noqa: N802
        row_id = self._any("follow_ups")
        was_at = self._row("follow_ups", row_id)["due_at"] or 1
        return follow_ups.RenegotiateFollowUp(row_id=row_id, was_at=was_at, becomes_at=self._at())

    def _ReassignFollowUp(self, me: str) -> Command:  # noqa: N802
        row_id = self._any("follow_ups")
        was_id = self._row("follow_ups", row_id)["assignee_id"]
        return follow_ups.ReassignFollowUp(row_id=row_id, was_id=was_id, becomes_id=self._one(me, self._user()))

    def _EditFollowUp(self, me: str) -> Command:  # noqa: N802
        return self._edit(follow_ups.EditFollowUp, "follow_ups", {"title": self._words})

    def _AddUser(self, me: str) -> Command:  # noqa: N802
        name = self._words()
        return admin.AddUser(row_id=new_id(), name=name, login=name, role=self._one("csr", "lead", "manager"))

    def _EditUser(self, me: str) -> Command:  # noqa: N802
        choices = {
            "extension": self._words,
            "role": lambda: self._one("csr", "csr", "lead", "manager", "administrator"),
            "is_active": lambda: self._one(0, 1, 1),
        }
        return self._edit(admin.EditUser, "users", choices)

    def _AddAttachment(self, me: str) -> Command:  # noqa: N802
        return attachments.AddAttachment(
            row_id=self._new("attachments"), ticket_id=self._any("tickets"), name="form.pdf", size=9, sha256="a" * 64
        )

    def _RemoveAttachment(self, me: str) -> Command:  # noqa: N802
        return attachments.RemoveAttachment(row_id=self._any("attachments"), is_restored=self._one(True, False))

    def _AddVerification(self, me: str) -> Command:  # noqa: N802
        contact_id = self._any("contacts")
        return verifications.AddVerification(
            row_id=self._new("verifications"),
            scope=self._scope(),
            client_id=self._row("contacts", contact_id)["client_id"] or self._any("clients"),
            contact_id=contact_id,
            ticket_id=self._maybe("tickets"),
            request_kind=self._one(*REQUEST_KINDS),
            asked=((self._one(*FACTORS), self._one(True, False), self._at()),),
        )

    def _CallBackKnownNumber(self, me: str) -> Command:  # noqa: N802
        row_id, number_id = self._any("verifications"), self._any("phone_numbers")
        return verifications.CallBackKnownNumber(row_id=row_id, number_id=number_id)

    def _ApproveVerification(self, me: str) -> Command:  # noqa: N802
        return verifications.ApproveVerification(row_id=self._any("verifications"))

    def _NameRequest(self, me: str) -> Command:  # noqa: N802
        row_id = self._any("tickets")
        was = self._row("tickets", row_id)["request_kind"]
        return tickets.NameRequest(row_id=row_id, was=was, becomes=self._one(*REQUEST_KINDS))

    def _AddVerificationRule(self, me: str) -> Command:  # noqa: N802
        return admin.AddVerificationRule(
            row_id=new_id(), factors="company_id,pin", required_count=1, client_id=self._maybe("clients")
        )

    def _EditVerificationRule(self, me: str) -> Command:  # noqa: N802
        choices = {"required_count": lambda: self._one(1, 2), "holds_seconds": lambda: self._one(60, 3600)}
        return self._edit(admin.EditVerificationRule, "verification_rules", choices)

    def _RemoveVerificationRule(self, me: str) -> Command:  # noqa: N802
        return admin.RemoveVerificationRule(row_id=self._any("verification_rules"), is_restored=self._one(True, False))

    def _AddSavedFilter(self, me: str) -> Command:  # noqa: N802
        return saved_filters.AddSavedFilter(row_id=self._new("saved_filters"), name=self._words(), body="{}")

    def _EditSavedFilter(self, me: str) -> Command:  # noqa: N802
        return self._edit(saved_filters.EditSavedFilter, "saved_filters", {"name": self._words, "words": self._words})

    def _RemoveSavedFilter(self, me: str) -> Command:  # noqa: N802
        return saved_filters.RemoveSavedFilter(row_id=self._any("saved_filters"), is_restored=self._one(True, False))

    def _AddTeam(self, me: str) -> Command:  # noqa: N802
        return admin.AddTeam(row_id=new_id(), name=self._words())

    def _AddMembership(self, me: str) -> Command:  # noqa: N802
        return admin.AddMembership(row_id=new_id(), user_id=self._user(), team_id=self._scope())

    def _RemoveMembership(self, me: str) -> Command:  # noqa: N802
        return admin.RemoveMembership(row_id=self._any("memberships"), is_restored=self._one(True, False))

    def _AddOrganisation(self, me: str) -> Command:  # noqa: N802
        return admin.AddOrganisation(row_id=new_id(), name=self._words())

    def _AddCalendar(self, me: str) -> Command:  # noqa: N802
        body = business_calendar.encode(office_hours("America/Chicago"))
        return admin.AddCalendar(row_id=new_id(), name=self._words(), body=body)

    def _AddSlaPolicy(self, me: str) -> Command:  # noqa: N802
        calendar_id = self._any("calendars")
        return admin.AddSlaPolicy(
            row_id=new_id(), name=self._words(), calendar_id=calendar_id, targets='{"low":[60,60]}'
        )

    def _AddTopic(self, me: str) -> Command:  # noqa: N802
        return admin.AddTopic(row_id=new_id(), name=self._words(), parent_id=self._maybe("topics"))

    def _AddDisposition(self, me: str) -> Command:  # noqa: N802
        return admin.AddDisposition(row_id=new_id(), name=self._words())

    def _AddScript(self, me: str) -> Command:  # noqa: N802
        return admin.AddScript(
            row_id=new_id(),
            topic_id=self._any("topics"),
            title=self._words(),
            steps='["Sample"]',
            owner_id=self._user(),
        )

    def _EditScript(self, me: str) -> Command:  # noqa: N802
        choices = {"title": self._words, "is_active": lambda: self._one(0, 1), "owner_id": lambda: self._maybe("users")}
        return self._edit(admin.EditScript, "scripts", choices)

    def _EditOrganisation(self, me: str) -> Command:  # noqa: N802
        choices = {
            "wrap_up_limit_seconds": lambda: self._one(0, 60, 120),
            "wrap_up_disposition_id": lambda: self._maybe("dispositions"),
        }
        return self._edit(admin.EditOrganisation, "organisations", choices)


def all_kinds() -> set[str]:
    from typing import get_args

    return {kind.__name__ for kind in get_args(every.Any_)}
