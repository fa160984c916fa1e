"""What one does with tickets, missed calls and follow-ups of the inbox. Several ids are one group, so one undo."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from csr_desktop.domain.errors import BadInput, Refused
from csr_desktop.domain.permissions import unknown
from csr_desktop.domain.text import clean, clean_line
from csr_desktop.services.inbox_rows import Opened
from csr_desktop.services.labels import note_title
from csr_desktop.store.queries import drafts, rows
from csr_desktop.store.queries.calls import waiting_from

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from csr_desktop.commands.command import Command
    from csr_desktop.commands.tickets import OpenTicket
    from csr_desktop.services.attachments import Attachments
    from csr_desktop.services.lists import Lists
    from csr_desktop.services.outcome import Outcome
    from csr_desktop.services.people import People
    from csr_desktop.sync.replica import Replica

_SAID: Final = {"reply": "ticket_replied", "note": "ticket_noted", "inbound": "ticket_heard"}
_DRAFT_OF: Final = {"reply": "reply", "note": "note", "inbound": "heard"}
"""By kind of message: what keys of drafts begin with."""


class TicketActions:
    """Every action runs at once on this workstation and raises Refused when a rule says no; then nothing changed."""

    def __init__(self, replica: Replica, people: People, lists: Lists, attachments: Callable[[], Attachments]) -> None:
        self._replica = replica
        self._people = people
        self._lists = lists
        self._attachments = attachments

    def claim(self, ids: str | Sequence[str]) -> Outcome:
        """Take tickets and follow-ups."""
        return self._assign(ids, self._people.who().id, "ticket_claimed")

    def assign(self, ids: str | Sequence[str], to_id: str) -> Outcome:
        """Give tickets and follow-ups to a colleague."""
        return self._assign(ids, to_id, "ticket_assigned" if to_id else "ticket_released")

    def release(self, ids: str | Sequence[str]) -> Outcome:
        """Put tickets back for anyone to take."""
        return self._assign(ids, "", "ticket_released")

    def set_priority(self, ids: str | Sequence[str], priority: str) -> Outcome:
        return self._edit(ids, "priority", priority, "ticket_priority")

    def set_topic(self, ids: str | Sequence[str], topic_id: str) -> Outcome:
        return self._edit(ids, "topic_id", topic_id, "ticket_topic")

    def set_client(self, ticket_id: str, client_id: str, contact_id: str = "") -> Outcome:
        """Say whose ticket it is."""
        from csr_desktop.commands.tickets import EditTicket

        ticket = self._tickets([ticket_id])[ticket_id]
        changes = {
            field: (ticket[field], value)
            for field, value in (("client_id", client_id), ("contact_id", contact_id))
            if ticket[field] != value
        }
        _some(changes)
        return self._replica.do(EditTicket(row_id=ticket_id, changes=changes), words=_words("ticket_client", [ticket]))

    def rename(self, ticket_id: str, subject: str) -> Outcome:
        """Raises BadInput for an empty subject."""
        return self._edit(ticket_id, "subject", _line(subject, "subject"), "ticket_renamed")

    def set_state(self, ids: str | Sequence[str], state: str) -> Outcome:
        """To open, waiting, resolved or closed."""
        from csr_desktop.commands.tickets import ChangeTicketState

        tickets = self._tickets(_all(ids))
        moved = {i: row for i, row in tickets.items() if row["state"] != state}
        _some(moved)
        commands = [ChangeTicketState(row_id=i, was=row["state"], becomes=state) for i, row in moved.items()]
        return self._replica.do(*commands, words=_words(f"ticket_state_{state}", list(moved.values())))

    def resolve(self, ids: str | Sequence[str]) -> Outcome:
        return self.set_state(ids, "resolved")

    def close(self, ids: str | Sequence[str]) -> Outcome:
        return self.set_state(ids, "closed")

    def reopen(self, ids: str | Sequence[str]) -> Outcome:
        return self.set_state(ids, "open")

    def reply(self, ticket_id: str, body: str, then_state: str = "") -> Outcome:
        """Keep the reply that was given, and move the ticket on if a state is named."""
        return self._say(ticket_id, "reply", body, then_state)

    def note(self, ticket_id: str, body: str) -> Outcome:
        """An internal note."""
        return self._say(ticket_id, "note", body)

    def heard(self, ticket_id: str, body: str) -> Outcome:
        """What the client said on another channel; a reply is owed from now."""
        return self._say(ticket_id, "inbound", body)

    def escalate(self, ticket_id: str, to_id: str, reason: str = "") -> Outcome:
        from csr_desktop.commands.tickets import EscalateTicket

        if not to_id:
            raise BadInput("to_id", "Choose who should take this up.")
        ticket = self._tickets([ticket_id])[ticket_id]
        command = EscalateTicket(row_id=ticket_id, to_id=to_id, reason=clean_line(reason))
        return self._replica.do(command, words=_words("ticket_escalated", [ticket]))

    def end_escalation(self, ticket_id: str) -> Outcome:
        from csr_desktop.commands.tickets import EscalateTicket

        ticket = self._tickets([ticket_id])[ticket_id]
        command = EscalateTicket(row_id=ticket_id, to_id="")
        return self._replica.do(command, words=_words("ticket_escalation_ended", [ticket]))

    def open_ticket(
        self,
        subject: str,
        *,
        client_id: str = "",
        contact_id: str = "",
        channel: str = "phone",
        topic_id: str = "",
        priority: str = "normal",
        assignee_id: str | None = None,
        team_id: str = "",
        note: str = "",
        is_reply_owed: bool = True,
    ) -> Opened:
        """A new case, mine unless `assignee_id` says otherwise ('' is nobody's yet). Raises BadInput without a
        subject.
        """
        from csr_desktop.commands.tickets import AddMessage

        ticket_id = self._replica.new_id()
        command = new_ticket(
            self._replica,
            self._lists,
            ticket_id=ticket_id,
            team_id=team_id or self._people.home_team(),
            subject=_line(subject, "subject"),
            client_id=client_id,
            contact_id=contact_id,
            channel=channel,
            topic_id=topic_id,
            priority=priority,
            assignee_id=self._people.who().id if assignee_id is None else assignee_id,
            is_reply_owed=is_reply_owed,
        )
        commands: list[Command] = [command]
        body = clean(note).strip()
        if body:
            message_id = self._replica.new_id()
            commands.append(AddMessage(row_id=message_id, ticket_id=ticket_id, message_kind="note", body=body))
        return Opened(self._replica.do(*commands, words=f"ticket_opened:{command.subject}"), ticket_id)

    def called_back(self, call_ids: str | Sequence[str]) -> Outcome:
        """I called back: it stops waiting for everyone."""
        wanted = _all(call_ids)
        return self._return(wanted, self._of_same_callers(wanted), "call_returned")

    def dismiss(self, call_ids: str | Sequence[str]) -> Outcome:
        """Nobody needs to call back."""
        return self._return(call_ids, (), "call_dismissed")

    def _assign(self, ids: str | Sequence[str], to_id: str, code: str) -> Outcome:
        from csr_desktop.commands.follow_ups import ReassignFollowUp
        from csr_desktop.commands.tickets import AssignTicket

        wanted = _all(ids)
        tickets = rows.by_id(self._replica.sql, "tickets", wanted, ["assignee_id", "subject"])
        follow_ups = rows.by_id(self._replica.sql, "follow_ups", wanted, ["assignee_id", "title"]) if to_id else {}
        commands: list[Command] = []
        named: list[dict[str, Any]] = []
        for i in wanted:
            row = tickets.get(i) or follow_ups.get(i)
            if row is None:
                raise Refused("not_allowed", "Only tickets and follow-ups can be given to somebody.")
            if row["assignee_id"] == to_id:
                continue
            self._not_taken(row["assignee_id"])
            shape = AssignTicket if i in tickets else ReassignFollowUp
            commands.append(shape(row_id=i, was_id=row["assignee_id"], becomes_id=to_id))
            named.append(row)
        _some(commands)
        return self._replica.do(*commands, words=_words(code, named))

    def _not_taken(self, assignee_id: str) -> None:
        who = self._people.who()
        if assignee_id not in {"", who.id} and not who.is_lead:
            raise Refused("taken", f"{self._people.name(assignee_id)} has this.", "Their lead can reassign it.")

    def _edit(self, ids: str | Sequence[str], field: str, value: str, code: str) -> Outcome:
        from csr_desktop.commands.tickets import EditTicket

        tickets = {i: row for i, row in self._tickets(_all(ids)).items() if row[field] != value}
        _some(tickets)
        commands = [EditTicket(row_id=i, changes={field: (row[field], value)}) for i, row in tickets.items()]
        return self._replica.do(*commands, words=_words(code, list(tickets.values())))

    def _say(self, ticket_id: str, kind: str, body: str, then_state: str = "") -> Outcome:
        from csr_desktop.commands.tickets import AddMessage, ChangeTicketState

        text = clean(body).strip()
        if not text:
            raise BadInput("body", "Write something first.")
        ticket = self._tickets([ticket_id])[ticket_id]
        contact_id = ticket["contact_id"] if kind == "inbound" else ""
        message_id = self._replica.new_id()
        commands: list[Command] = [
            AddMessage(row_id=message_id, ticket_id=ticket_id, message_kind=kind, body=text, contact_id=contact_id)
        ]
        if then_state and then_state != ticket["state"]:
            commands.append(ChangeTicketState(row_id=ticket_id, was=ticket["state"], becomes=then_state))
        elif kind == "inbound" and ticket["state"] != "open":
            commands.insert(0, ChangeTicketState(row_id=ticket_id, was=ticket["state"], becomes="open"))
        sql, key = self._replica.sql, f"{_DRAFT_OF[kind]}:{ticket_id}"
        files = self._attachments().commands(key, ticket_id, message_id)
        with sql.transaction():
            outcome = self._replica.do(*commands, *files, words=_words(_SAID[kind], [ticket]))
            self._attachments().settle(files)
            # With it, so that a kill does not leave the text to be sent twice; what was typed since stays.
            if drafts.read(sql, key).strip() == text:
                drafts.clear(sql, key)
        return outcome

    def said_after(self, undone: Outcome) -> str:
        """The words of what was taken back, with the state that tickets are in again where they are all in one."""
        code, _, subject = undone.words.partition(":")
        if not code.startswith("ticket_state_"):
            return undone.words
        found = rows.by_id(self._replica.sql, "tickets", undone.changed.ids("tickets"), ["state"])
        states = {row["state"] for row in found.values()}
        return f"ticket_now_{states.pop()}:{subject}" if len(states) == 1 else undone.words

    def bring_back_said(self, undone: Outcome) -> None:
        """What was said and is taken back waits as a draft again, unless there is another one by now."""
        if undone.words.partition(":")[0] not in _SAID.values():
            return
        sql = self._replica.sql
        columns = ("ticket_id", "kind", "body")
        for row in rows.by_id(sql, "messages", undone.changed.ids("messages"), columns).values():
            if row["deleted"] and row["kind"] in _DRAFT_OF:
                key = f"{_DRAFT_OF[row['kind']]}:{row['ticket_id']}"
                if not drafts.read(sql, key):
                    drafts.write(sql, key, row["body"], self._replica.now())

    def _of_same_callers(self, call_ids: Sequence[str]) -> list[str]:
        """Other missed calls of those who were called back."""
        teams, now = sorted(self._people.who().teams), self._replica.now()
        calls = rows.by_id(self._replica.sql, "interactions", call_ids, ["number", "contact_id"])
        found = [
            waiting_from(self._replica.sql, row["number"], teams, row["contact_id"], now) for row in calls.values()
        ]
        return [i for i in dict.fromkeys(chain.from_iterable(found)) if i not in calls]

    def _return(self, call_ids: str | Sequence[str], others: Sequence[str], code: str) -> Outcome:
        from csr_desktop.commands.calls import ReturnMissedCall

        wanted = _all(call_ids)
        calls = rows.by_id(self._replica.sql, "interactions", wanted, ["client_id", "number", "note"])
        names = rows.by_id(self._replica.sql, "clients", [row["client_id"] for row in calls.values()], ["name"])
        subjects = [
            {"subject": rows.text_of(names, row["client_id"], "name") or note_title(row["note"]) or row["number"]}
            for row in calls.values()
        ]
        returned = [ReturnMissedCall(row_id=i) for i in wanted]
        returned += [ReturnMissedCall(row_id=i, is_aside=True) for i in others]
        return self._replica.do(*returned, words=_words(code, subjects))

    def _tickets(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Raises Refused when one of them is not here."""
        columns = ("subject", "state", "priority", "topic_id", "assignee_id", "contact_id", "client_id", "number")
        found = rows.by_id(self._replica.sql, "tickets", ids, columns)
        if len(found) != len(set(ids)):
            raise unknown()
        return {i: found[i] for i in ids}


def new_ticket(
    replica: Replica, lists: Lists, *, ticket_id: str, team_id: str, client_id: str, **fields: Any
) -> OpenTicket:
    """The command for a new case, under the reply policy of its client."""
    from csr_desktop.commands.tickets import OpenTicket

    client = rows.by_id(replica.sql, "clients", [client_id], ["sla_policy_id", "calendar_id"]).get(client_id)
    policy_id = client["sla_policy_id"] if client else ""
    calendar_id = lists.policy_calendar_id(policy_id) or (client["calendar_id"] if client else "")
    return OpenTicket(
        row_id=ticket_id,
        scope=team_id,
        client_id=client_id,
        sla_policy_id=policy_id,
        calendar_id=calendar_id if policy_id else "",
        **fields,
    )


def _all(ids: str | Sequence[str]) -> list[str]:
    return [ids] if isinstance(ids, str) else list(dict.fromkeys(ids))


def _some(chosen: object) -> None:
    if not chosen:
        raise Refused("nothing", "There is nothing to change: it is so already.")


def _line(text: str, field: str) -> str:
    line = clean_line(text)
    if not line:
        raise BadInput(field, "Write something first.")
    return line


def _words(code: str, named: Sequence[dict[str, Any]]) -> str:
    if len(named) != 1:
        return f"{code}:{len(named)}"
    return f"{code}:{named[0].get('subject') or named[0].get('title') or ''}"
