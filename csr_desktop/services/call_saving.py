"""What is done when a call is saved: one group of commands, so one undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from csr_desktop.commands.calls import EditInteraction, LogInteraction, ReturnMissedCall
from csr_desktop.commands.follow_ups import AddFollowUp
from csr_desktop.commands.tickets import AddMessage, ChangeTicketState, EscalateTicket
from csr_desktop.domain.call_parts import fitted
from csr_desktop.domain.errors import BadInput
from csr_desktop.domain.permissions import unknown
from csr_desktop.domain.text import clean, clean_line
from csr_desktop.services.call_rows import Saved
from csr_desktop.services.labels import note_title
from csr_desktop.services.number_claims import claim
from csr_desktop.services.ticket_actions import new_ticket
from csr_desktop.store.queries import rows
from csr_desktop.store.queries.calls import logged_as, waiting_from

if TYPE_CHECKING:
    from collections.abc import Callable

    from csr_desktop.commands.command import Command
    from csr_desktop.services.call_rows import EscalateStep, NextSteps, RequestStep, RunningCallDocument, TicketStep
    from csr_desktop.services.caller_checks import CallerChecks
    from csr_desktop.services.client_edits import ClientEdits
    from csr_desktop.services.lists import Lists
    from csr_desktop.services.people import People
    from csr_desktop.sync.replica import Replica

_DAY_MS: Final = 86_400_000


class Contact(NamedTuple):
    """A contact that happened, ready to be logged. Times in milliseconds; seconds by part."""

    id: str
    client_id: str
    contact_id: str
    channel: str
    direction: str
    result: str
    number: str
    extension: str
    started_at: int
    ended_at: int
    talk_seconds: int
    hold_seconds: int
    wrap_up_seconds: int
    dial_seconds: int
    topic_id: str
    disposition_id: str
    note: str
    steps: NextSteps
    returns_id: str = ""
    remembered_number: str = ""
    consult_seconds: int = 0
    checked: str = ""
    words: str = "call_saved"
    call_reference: str = ""
    queue: str = ""
    parts: str = ""
    recording_pauses: str = ""


class CallSaving:
    def __init__(
        self, replica: Replica, people: People, lists: Lists, edits: ClientEdits, checks: Callable[[], CallerChecks]
    ) -> None:
        self._replica = replica
        self._people = people
        self._lists = lists
        self._edits = edits
        self._checks = checks

    def log(self, contact: Contact, call: RunningCallDocument | None = None) -> Saved:
        """`call` is the one that ran, where one did: what its caller showed is kept with it. Raises BadInput for a step
        that lacks something, Refused when a rule says no; then nothing was saved.
        """
        # Before a title is cut from it, which could take a part of a number.
        note = self._replica.masked(clean(contact.note).strip())
        steps = contact.steps
        known_id = self._logged_elsewhere(contact)
        if known_id:
            contact = contact._replace(id=known_id)
            call = msgspec.structs.replace(call, id=known_id) if call is not None else None
        scope, ticket_id, ticket_commands = self._ticket(contact, note)
        requested_id, request_commands = self._request(contact, scope)
        ticket_id = ticket_id or requested_id
        commands = [*ticket_commands, *request_commands]
        if not known_id:
            commands.append(self._interaction(contact, scope, ticket_id, note))
        elif (added := self._added_to(contact, ticket_id, note)) is not None:
            commands.append(added)
        if call is not None:
            commands += self._checks().commands_of(call, scope, requested_id or ticket_id)
        follow_ups = self._follow_ups(contact, scope, ticket_id)
        commands += follow_ups
        if steps.escalate is not None:
            commands.append(_escalation(steps.escalate, ticket_id))
        if call is not None and _is_dealt_with(contact) and (not known_id or self._is_waiting(known_id)):
            commands.append(ReturnMissedCall(row_id=contact.id))
        if contact.returns_id and contact.result == "handled" and self._is_waiting(contact.returns_id):
            commands.append(ReturnMissedCall(row_id=contact.returns_id))
        commands += self._spoken_to(contact)
        if contact.remembered_number and contact.contact_id and contact.client_id:
            commands += claim(
                self._replica,
                self._edits,
                contact.contact_id,
                contact.client_id,
                contact.remembered_number,
                contact.extension,
                sorted(self._people.who().teams),
            )
        words = f"{contact.words}:{self._subject(contact)}"
        outcome = self._replica.do(*commands, words=words) if commands else self._replica.remember(words)
        return Saved(outcome, contact.id, ticket_id, tuple(command.row_id for command in follow_ups))

    def _spoken_to(self, contact: Contact) -> list[ReturnMissedCall]:
        """Who called in vain and was spoken to later waits no more."""
        if contact.result != "handled" or contact.channel != "phone" or not contact.talk_seconds:
            return []
        teams = sorted(self._people.who().teams)
        waiting = waiting_from(self._replica.sql, contact.number, teams, contact.contact_id, contact.started_at)
        return [ReturnMissedCall(row_id=i, is_aside=True) for i in waiting if i != contact.returns_id]

    def _logged_elsewhere(self, contact: Contact) -> str:
        """What I logged of this phone call at my other workstation, which had taken it over: one call is one row."""
        if not contact.call_reference:
            return ""
        me = self._people.who().id
        return logged_as(self._replica.sql, me, contact.call_reference, contact.started_at - _DAY_MS)

    def _added_to(self, contact: Contact, ticket_id: str, note: str) -> EditInteraction | None:
        """What was noted here, after what was noted there; None when it says nothing that is not said already."""
        row = self._replica.sql.load("interactions", [contact.id])[contact.id]
        becomes = {"topic_id": contact.topic_id, "disposition_id": contact.disposition_id}
        if not row["client_id"]:
            becomes |= {"client_id": contact.client_id, "contact_id": contact.contact_id}
        if not row["ticket_id"]:
            becomes["ticket_id"] = ticket_id
        if note not in row["note"]:
            becomes["note"] = f"{row['note']}\n\n{note}".strip()
        changes = {field: (row[field], value) for field, value in becomes.items() if value and value != row[field]}
        return EditInteraction(row_id=contact.id, changes=changes) if changes else None

    def _interaction(self, contact: Contact, scope: str, ticket_id: str, note: str) -> LogInteraction:
        started_at, ended_at = fitted(
            contact.started_at,
            max(contact.started_at, contact.ended_at),
            contact.talk_seconds + contact.hold_seconds + contact.dial_seconds,
            contact.wrap_up_seconds,
            self._replica.now(),
        )
        return LogInteraction(
            row_id=contact.id,
            scope=scope,
            client_id=contact.client_id,
            contact_id=contact.contact_id,
            ticket_id=ticket_id,
            channel=contact.channel,
            direction=contact.direction,
            result=contact.result,
            number=contact.number,
            extension=contact.extension,
            started_at=started_at,
            ended_at=ended_at,
            talk_seconds=contact.talk_seconds,
            hold_seconds=contact.hold_seconds,
            wrap_up_seconds=contact.wrap_up_seconds,
            dial_seconds=contact.dial_seconds,
            topic_id=contact.topic_id,
            disposition_id=contact.disposition_id,
            note=note,
            consult_seconds=contact.consult_seconds,
            checked=contact.checked,
            call_reference=contact.call_reference,
            queue=contact.queue,
            parts=contact.parts,
            recording_pauses=contact.recording_pauses,
        )

    def _ticket(self, contact: Contact, note: str) -> tuple[str, str, list[Command]]:
        """The scope of it all, the ticket's id ('' for none), and what makes or continues it."""
        step = contact.steps.ticket
        scope = self._people.home_team()
        if step is None:
            return scope, "", []
        if step.ticket_id:
            return self._continued(step, note)
        ticket_id = self._replica.new_id()
        subject = clean_line(step.subject) or note_title(note)
        if not subject:
            raise BadInput("ticket", "The new ticket needs a subject.")
        opened = new_ticket(
            self._replica,
            self._lists,
            ticket_id=ticket_id,
            team_id=scope,
            client_id=contact.client_id,
            contact_id=contact.contact_id,
            subject=subject,
            channel=contact.channel,
            topic_id=contact.topic_id,
            priority=step.priority,
            assignee_id=step.assignee_id or self._people.who().id,
        )
        return scope, ticket_id, [opened, *self._note_on(ticket_id, note), *_moved(step, ticket_id, "open")]

    def _request(self, contact: Contact, scope: str) -> tuple[str, list[Command]]:
        """A ticket of its own, so that it stays blocked, or not, by itself."""
        step: RequestStep | None = contact.steps.request
        if step is None:
            return "", []
        text = self._replica.masked(clean(step.text).strip())
        ticket_id = self._replica.new_id()
        opened = new_ticket(
            self._replica,
            self._lists,
            ticket_id=ticket_id,
            team_id=scope,
            client_id=contact.client_id,
            contact_id=contact.contact_id,
            subject=clean_line(f"{step.title}: {note_title(text)}" if text else step.title),
            channel=contact.channel,
            topic_id=contact.topic_id,
            assignee_id=self._people.who().id,
            request_kind=step.kind,
        )
        return ticket_id, [opened, *self._note_on(ticket_id, text)]

    def _continued(self, step: TicketStep, note: str) -> tuple[str, str, list[Command]]:
        ticket = rows.by_id(self._replica.sql, "tickets", [step.ticket_id], ["state"]).get(step.ticket_id)
        if ticket is None:
            raise unknown()
        moved = _moved(step, step.ticket_id, ticket["state"])
        return ticket["scope"], step.ticket_id, [*self._note_on(step.ticket_id, note), *moved]

    def _note_on(self, ticket_id: str, note: str) -> list[Command]:
        if not note:
            return []
        message_id = self._replica.new_id()
        return [AddMessage(row_id=message_id, ticket_id=ticket_id, message_kind="note", body=note)]

    def _follow_ups(self, contact: Contact, scope: str, ticket_id: str) -> list[AddFollowUp]:
        made: list[AddFollowUp] = []
        for step in contact.steps.follow_ups:
            title = clean_line(step.title)
            if not title or step.due_at <= 0:
                raise BadInput("follow_up", "A follow-up needs words and a time.")
            made.append(
                AddFollowUp(
                    row_id=self._replica.new_id(),
                    scope=scope,
                    follow_up_kind=step.kind,
                    title=title,
                    due_at=step.due_at,
                    client_id=contact.client_id,
                    contact_id=contact.contact_id,
                    ticket_id=ticket_id,
                    interaction_id=contact.id,
                    assignee_id=step.assignee_id or self._people.who().id,
                )
            )
        return made

    def _is_waiting(self, interaction_id: str) -> bool:
        row = rows.by_id(self._replica.sql, "interactions", [interaction_id], ["called_back_at"]).get(interaction_id)
        return row is not None and not row["deleted"] and not row["called_back_at"]

    def _subject(self, contact: Contact) -> str:
        """Whose call it was."""
        sql = self._replica.sql
        person = rows.by_id(sql, "contacts", [contact.contact_id], ["name"])
        company = rows.by_id(sql, "clients", [contact.client_id], ["name"])
        names = rows.text_of(person, contact.contact_id, "name"), rows.text_of(company, contact.client_id, "name")
        return names[0] or names[1] or contact.number


def _is_dealt_with(contact: Contact) -> bool:
    """Nobody answered, but who had it in the pane chose how it went: nobody else needs to call back for it."""
    is_chosen = bool(contact.disposition_id) and contact.words == "call_saved"
    return is_chosen and contact.direction == "in" and contact.result in {"missed", "abandoned"}


def _moved(step: TicketStep, ticket_id: str, state: str) -> list[Command]:
    if not step.then_state or step.then_state == state:
        return []
    return [ChangeTicketState(row_id=ticket_id, was=state, becomes=step.then_state)]


def _escalation(step: EscalateStep, ticket_id: str) -> Command:
    if not ticket_id:
        raise BadInput("escalate", "Only a ticket can be escalated.", "Add a ticket to this call first.")
    if not step.to_id:
        raise BadInput("escalate", "Choose who should take this up.")
    return EscalateTicket(row_id=ticket_id, to_id=step.to_id, reason=clean_line(step.reason))
