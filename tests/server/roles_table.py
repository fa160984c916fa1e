"""The roles table of the product, as an oracle: what must become of a command, whoever sends it. It knows nothing of the
program's own rules: the table stands here a second time, and rows are looked at as they are in the database.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from csr_desktop.commands.calls import ReturnMissedCall
from csr_desktop.commands.command import Command
from csr_desktop.store.sql import Sql

Verdict = Literal["yes", "no", "unknown", "signed_out"]
"""`unknown` is the one answer for what does not exist and for what may not be known of."""

CLIENTS, WORK, SETTINGS, POLICIES, OWN = "clients", "work", "settings", "policies", "own settings"
NOBODYS = "nobody's"
"""What phone systems say comes from the server, whatever somebody's role."""
TABLE: Final[dict[tuple[str, str], str]] = {
    # clients and contacts: “all, edit”, “all, edit”, “all”, “all”; where only reading is meant the table says so
    (CLIENTS, "csr"): "edit",
    (CLIENTS, "lead"): "edit",
    (CLIENTS, "manager"): "edit",
    (CLIENTS, "administrator"): "edit",
    # interactions, tickets, follow-ups: own team's; own teams' and reassign; all, read; none
    (WORK, "csr"): "own",
    (WORK, "lead"): "own and reassign",
    (WORK, "manager"): "read",
    (WORK, "administrator"): "nothing",
    # settings: own; team's macros and quotas; policies; all, and users
    (SETTINGS, "administrator"): "edit",
    (POLICIES, "administrator"): "edit",
    (POLICIES, "manager"): "edit",
    **{(OWN, role): "edit" for role in ("csr", "lead", "manager", "administrator")},
}
AREAS: Final[dict[str, str]] = {
    **dict.fromkeys("AddClient EditClient AddContact EditContact AddNumber RemoveNumber AddNote".split(), CLIENTS),
    **dict.fromkeys("LogInteraction EditInteraction ReturnMissedCall OpenTicket AddMessage EditTicket".split(), WORK),
    **dict.fromkeys(("AddAttachment", "RemoveAttachment", "ResolveCaller"), WORK),
    **dict.fromkeys("AssignTicket ChangeTicketState EscalateTicket AddFollowUp CompleteFollowUp".split(), WORK),
    **dict.fromkeys("ReopenFollowUp SnoozeFollowUp RenegotiateFollowUp ReassignFollowUp EditFollowUp".split(), WORK),
    **dict.fromkeys("AddUser EditUser AddTeam AddMembership RemoveMembership AddOrganisation".split(), SETTINGS),
    **dict.fromkeys("AddCalendar AddTopic AddDisposition".split(), SETTINGS),
    **dict.fromkeys("AddVerification CallBackKnownNumber ApproveVerification NameRequest".split(), WORK),
    **dict.fromkeys("AddSlaPolicy AddVerificationRule EditVerificationRule RemoveVerificationRule".split(), POLICIES),
    **dict.fromkeys("AddScript EditScript EditOrganisation".split(), POLICIES),
    **dict.fromkeys("AddSavedFilter EditSavedFilter RemoveSavedFilter".split(), OWN),
    "NameRecording": NOBODYS,
    "JoinCalls": NOBODYS,
}
_AUTHOR: Final = {
    "interactions": "agent_id",
    "tickets": "opened_by_id",
    "messages": "author_id",
    "follow_ups": "created_by_id",
    "notes": "author_id",
    "attachments": "author_id",
    "verifications": "agent_id",
    "saved_filters": "scope",
}
_NAMED: Final = {
    "client_id": "clients",
    "contact_id": "contacts",
    "ticket_id": "tickets",
    "interaction_id": "interactions",
    "topic_id": "topics",
    "disposition_id": "dispositions",
    "sla_policy_id": "sla_policies",
    "calendar_id": "calendars",
    "specialist_id": "users",
    "user_id": "users",
    "team_id": "teams",
    "parent_id": "topics",
    "number_id": "phone_numbers",
    "owner_id": "users",
    "wrap_up_disposition_id": "dispositions",
}
"""Fields that name another row."""
_GIVEN: Final = {"assignee_id": "assignee_id", "becomes_id": "assignee_id", "to_id": "escalated_to_id"}
"""Fields that give work to somebody, and those of the row that they fill."""
_ONLY_OPEN: Final = {"CompleteFollowUp", "SnoozeFollowUp", "RenegotiateFollowUp", "ReassignFollowUp"}

_OF_MEANING: Final = {  # what else must hold of them is not the roles table's
    "AddVerification",
    "CallBackKnownNumber",
    "ApproveVerification",
    "NameRequest",
    "AddVerificationRule",
    "EditVerificationRule",
}
_OF_RISK: Final = {"ChangeTicketState", "EditTicket"}
"""What is refused, or not, on tickets that ask for one of these."""
_RISKS: Final = {"bank_change", "add_authorised_caller", "payroll_rollback", "w2_reissue"}


class Standing(msgspec.Struct, frozen=True):
    role: str
    is_open: bool
    teams: frozenset[str]
    """In which they work: those who manage or administer work in none."""
    scopes: frozenset[str]
    """Of the rows that they may know of."""


class Roles:
    """Reads the server's database as it is now."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def standing(self, user_id: str) -> Standing:
        row = self.row("users", user_id)
        if row is None:
            return Standing("", False, frozenset(), frozenset())
        every = frozenset(i for (i,) in self._sql.all("SELECT id FROM teams WHERE deleted = 0"))
        of = "SELECT team_id FROM memberships WHERE user_id = ? AND deleted = 0"
        is_at_work = row["role"] in {"csr", "lead"}
        teams = frozenset(i for (i,) in self._sql.all(of, user_id)) & every if is_at_work else frozenset()
        read = every if row["role"] == "manager" else teams
        return Standing(row["role"], bool(row["is_active"]) and not row["deleted"], teams, read | {"org", user_id})

    def may_open(self, user_id: str, row: dict[str, Any]) -> bool:
        """By way of its client: “own team's; others' through the client's profile”; all; nothing for who administers.
        What has no client is in no profile.
        """
        who = self.standing(user_id)
        if TABLE[WORK, who.role] == "nothing" or row["deleted"]:
            return False
        if not row["client_id"] and row["scope"] not in who.scopes:
            return False
        is_of_a_team = self.row("teams", row["scope"]) is not None and not self.is_deleted("teams", row["scope"])
        return is_of_a_team or row["scope"] in {"org", user_id}

    def row(self, table: str, row_id: str) -> dict[str, Any] | None:
        return self._sql.load(table, [row_id]).get(row_id) if row_id else None

    def is_deleted(self, table: str, row_id: str) -> bool:
        row = self.row(table, row_id) if row_id else None
        return row is not None and bool(row["deleted"])

    def judge(self, user_id: str, command: Command, flaw: str = "") -> set[Verdict]:
        """The verdicts that are right; `flaw` tells what is forged in the command, which then is refused."""
        who = self.standing(user_id)
        if not who.is_open:
            return {"signed_out"}
        if flaw == "by":
            return {"no"}
        if flaw == "another's undo":
            return {"unknown"}
        target = self._target(who, command)
        if target == {"unknown"}:
            return target
        if adds(command) and self.row(_table(command), getattr(command, "row_id", "")):
            return {"yes", "no", "unknown"}  # their own id once more; whatever is said, it changes nothing
        if AREAS[type(command).__name__] == NOBODYS:
            return {"no"}
        may = TABLE.get((AREAS[type(command).__name__], who.role), "nothing")
        found: set[Verdict] = (
            self._work(user_id, who, command, may) if may.startswith(("own", "read", "nothing")) else {"yes"}
        )
        if AREAS[type(command).__name__] in {SETTINGS, POLICIES} and may != "edit":
            return {"no", "unknown"} if self._names_nothing(who, command) else {"no"}
        if found == {"yes"}:
            found = self._meaning(user_id, who, command)
        if flaw or target == {"no"}:  # of what is forged or was deleted, nothing more need be said
            found.add("no")
            if flaw or not isinstance(command, ReturnMissedCall):  # which may come late for a row that was joined
                found.discard("yes")
        if command.undoes and "yes" in found:
            found.add("no")  # it may have been changed since, or have changed nothing
        return found

    def _target(self, who: Standing, command: Command) -> set[Verdict]:
        """Of the row that is changed, or of the id that a new one would have."""
        row = self.row(_table(command), getattr(command, "row_id", ""))
        if adds(command):
            if getattr(command, "is_removal", False):
                return {"unknown"}
            author = _AUTHOR.get(_table(command))
            is_taken = row is not None and author is not None and row[author] not in {"", command.by}
            return {"unknown"} if is_taken else {"yes"}
        if row is None or row["scope"] not in who.scopes:
            return {"unknown"}
        is_back = command.undoes or type(command).__name__.startswith("Remove")
        return {"no"} if row["deleted"] and not is_back else {"yes"}

    def _names_nothing(self, who: Standing, command: Command) -> bool:
        return any(self._is_hidden(who, table, row_id) for table, row_id in named(command))

    def _is_hidden(self, who: Standing, table: str, row_id: str) -> bool:
        row = self.row(table, row_id)
        return row is None or row["scope"] not in who.scopes

    def _work(self, user_id: str, who: Standing, command: Command, may: str) -> set[Verdict]:
        """Where the work lies, and whose it is."""
        if AREAS[type(command).__name__] != WORK:
            return {"yes"}
        row = self.row(_table(command), getattr(command, "row_id", ""))
        if row is None and type(command).__name__ in {"AddMessage", "AddAttachment"}:
            row = self.row("tickets", getattr(command, "ticket_id", ""))
        scope = row["scope"] if row else getattr(command, "scope", "")
        if scope not in who.teams:
            return {"no"} if scope in who.scopes else {"unknown"}
        kind = type(command).__name__
        if kind == "ApproveVerification" and may != "own and reassign" and not command.undoes:
            return {"no"}
        if kind == "RemoveAttachment" and row and row["author_id"] != user_id and may != "own and reassign":
            return {"no"}
        if kind == "EditInteraction" and row and row["agent_id"] not in {user_id, ""} and may != "own and reassign":
            return {"no"}
        if kind in {"AssignTicket", "ReassignFollowUp"} and row and not command.undoes:
            is_moved = getattr(command, "becomes_id", "") != row["assignee_id"]
            if is_moved and row["assignee_id"] not in {"", user_id} and may != "own and reassign":
                return {"no"}
        return {"yes"}

    def _meaning(self, user_id: str, who: Standing, command: Command) -> set[Verdict]:
        """What else the command names: every row must be one that the person may know of, and work is given to those
        who work there.
        """
        if command.undoes:
            return {"yes"}
        kind = type(command).__name__
        below = {
            "AddContact": "client_id",
            "AddNumber": "client_id",
            "AddMessage": "ticket_id",
            "AddAttachment": "ticket_id",
        }.get(kind, "")
        is_below_deleted = self.is_deleted(_NAMED.get(below, ""), getattr(command, below, ""))
        if self._names_nothing(who, command):
            return {"unknown", "no"} if is_below_deleted else {"unknown"}
        row = self.row(_table(command), getattr(command, "row_id", ""))
        if is_below_deleted:
            return {"no"}
        contact = self.row("contacts", getattr(command, "contact_id", ""))
        if kind == "AddNumber" and contact is not None and contact["client_id"] != getattr(command, "client_id", ""):
            return {"unknown"}
        if row is not None and (
            (kind == "ResolveCaller" and not self._is_theirs(row, command))
            or (kind == "EditUser" and self._is_last_administrator(row, command))
        ):
            return {"no"}
        if not self._is_rightly_given(user_id, row, command):
            return {"no", "unknown"}
        is_over = kind in _ONLY_OPEN and row is not None and row["state"] != "open"
        is_risky = kind in _OF_RISK and row is not None and row["request_kind"] in _RISKS
        return {"yes", "no"} if kind in _OF_MEANING or is_over or is_risky else {"yes"}

    def _is_theirs(self, row: dict[str, Any], command: Command) -> bool:
        """Whether the number that a call came from is that person's."""
        number = self.row("phone_numbers", getattr(command, "number_id", ""))
        if number is None or number["deleted"] or number["e164"] != row["number"]:
            return False
        changes: dict[str, Any] = getattr(command, "changes", {})
        return all(becomes == number[field] for field, (_, becomes) in changes.items() if field in number)

    def _is_rightly_given(self, user_id: str, row: dict[str, Any] | None, command: Command) -> bool:
        scope = row["scope"] if row else getattr(command, "scope", "")
        for field, filled in _GIVEN.items():
            given_to = getattr(command, field, "")
            has_it = row is not None and given_to == row.get(filled)
            if given_to in {"", user_id} or has_it:
                continue
            whom = self.standing(given_to)
            is_up = field == "to_id" and whom.role == "manager"
            if not whom.is_open or not (scope in whom.teams or is_up):
                return False
        return True

    def _is_last_administrator(self, row: dict[str, Any], command: Command) -> bool:
        changes: dict[str, Any] = getattr(command, "changes", {})
        after = {**row, **{field: becomes for field, (_, becomes) in changes.items()}}
        if row["role"] != "administrator" or (after["role"] == "administrator" and after["is_active"]):
            return False
        others = "SELECT count(*) FROM users WHERE role = 'administrator' AND is_active = 1 AND login <> '' AND id <> ?"
        return not self._sql.value(others, row["id"])


def adds(command: Command) -> bool:
    return type(command).__name__.startswith(("Add", "Log", "Open")) and not command.undoes


def named(command: Command) -> list[tuple[str, str]]:
    """The rows that a command names beside its own."""
    changes: dict[str, Any] = getattr(command, "changes", {})
    fields = {f: getattr(command, f) for f in command.__struct_fields__} | {f: pair[1] for f, pair in changes.items()}
    return [(table, fields[field]) for field, table in _NAMED.items() if fields.get(field)]


def _table(command: Command) -> str:
    return str(getattr(command, "table", ""))
