"""What one does with follow-ups. Several ids are one group, so one undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from csr_desktop.commands.follow_ups import (
    AddFollowUp,
    CompleteFollowUp,
    EditFollowUp,
    ReassignFollowUp,
    RenegotiateFollowUp,
    ReopenFollowUp,
    SnoozeFollowUp,
)
from csr_desktop.domain.errors import BadInput, Refused
from csr_desktop.domain.permissions import unknown
from csr_desktop.domain.text import clean, clean_line
from csr_desktop.services.follow_up_rows import OUTCOMES_BY_KIND
from csr_desktop.services.outcome import Added
from csr_desktop.store.queries import rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.services.outcome import Outcome
    from csr_desktop.services.people import People
    from csr_desktop.sync.replica import Replica


class FollowUpActions:
    """Every action runs at once on this workstation and raises Refused when a rule says no; then nothing changed."""

    def __init__(self, replica: Replica, people: People) -> None:
        self._replica = replica
        self._people = people

    def add(
        self,
        kind: str,
        title: str,
        due_at: int,
        *,
        client_id: str = "",
        contact_id: str = "",
        ticket_id: str = "",
        interaction_id: str = "",
        assignee_id: str = "",
    ) -> Added:
        """Something to do, mine unless given to somebody. Raises BadInput without words or a time to come."""
        words = clean_line(title)
        if not words:
            raise BadInput("title", "Say what is to be done.")
        if due_at <= self._replica.now():
            raise BadInput("due_at", "Choose a time that is still to come.")
        ticket = rows.by_id(self._replica.sql, "tickets", [ticket_id], []).get(ticket_id)
        follow_up_id = self._replica.new_id()
        command = AddFollowUp(
            row_id=follow_up_id,
            scope=ticket["scope"] if ticket else self._people.home_team(),
            follow_up_kind=kind,
            title=words,
            due_at=due_at,
            client_id=client_id,
            contact_id=contact_id,
            ticket_id=ticket_id,
            interaction_id=interaction_id,
            assignee_id=assignee_id or self._people.who().id,
        )
        return Added(self._replica.do(command, words=f"follow_up_added:{words}"), follow_up_id)

    def complete(self, ids: str | Sequence[str], outcome: str, note: str = "") -> Outcome:
        found = self._rows(ids)
        text = clean(note).strip()
        commands = [CompleteFollowUp(row_id=i, outcome=outcome, outcome_note=text) for i in found]
        return self._replica.do(*commands, words=_words(f"follow_up_{outcome}", found))

    def complete_as_usual(self, ids: str | Sequence[str]) -> Outcome:
        """Each as its kind is done when all goes well: promises kept, callbacks reached, tasks done."""
        found = self._rows(ids)
        commands = [CompleteFollowUp(row_id=i, outcome=OUTCOMES_BY_KIND[row["kind"]][0]) for i, row in found.items()]
        outcomes = {command.outcome for command in commands}
        said = outcomes.pop() if len(outcomes) == 1 else "done"
        return self._replica.do(*commands, words=_words(f"follow_up_{said}", found))

    def reopen(self, ids: str | Sequence[str]) -> Outcome:
        found = {i: row for i, row in self._rows(ids).items() if row["state"] != "open"}
        _some(found)
        return self._replica.do(
            *(ReopenFollowUp(row_id=i, was_at=row["completed_at"]) for i, row in found.items()),
            words=_words("follow_up_reopened", found),
        )

    def snooze(self, ids: str | Sequence[str], until_at: int) -> Outcome:
        """Out of sight until then; when it is due stays."""
        if until_at <= self._replica.now():
            raise BadInput("until_at", "Choose a time that is still to come.")
        found = self._rows(ids)
        commands = [SnoozeFollowUp(row_id=i, until_at=until_at) for i in found]
        return self._replica.do(*commands, words=_words("follow_up_snoozed", found))

    def wake(self, ids: str | Sequence[str]) -> Outcome:
        """End a snooze."""
        found = {i: row for i, row in self._rows(ids).items() if row["snoozed_until_at"]}
        _some(found)
        commands = [SnoozeFollowUp(row_id=i, until_at=0) for i in found]
        return self._replica.do(*commands, words=_words("follow_up_woken", found))

    def renegotiate(self, follow_up_id: str, new_at: int, reason: str = "") -> Outcome:
        """A new time that the client agreed to; both stay on record."""
        found = self._rows(follow_up_id)
        was_at = found[follow_up_id]["due_at"]
        if new_at <= self._replica.now():
            raise BadInput("new_at", "Choose a time that is still to come.")
        if new_at == was_at:
            raise BadInput("new_at", "This is the time it has already.")
        command = RenegotiateFollowUp(row_id=follow_up_id, was_at=was_at, becomes_at=new_at, reason=clean_line(reason))
        return self._replica.do(command, words=_words("follow_up_moved", found))

    def reassign(self, ids: str | Sequence[str], to_id: str) -> Outcome:
        found = {i: row for i, row in self._rows(ids).items() if row["assignee_id"] != to_id}
        _some(found)
        commands = [ReassignFollowUp(row_id=i, was_id=row["assignee_id"], becomes_id=to_id) for i, row in found.items()]
        return self._replica.do(*commands, words=_words("follow_up_reassigned", found))

    def rename(self, follow_up_id: str, title: str) -> Outcome:
        words = clean_line(title)
        if not words:
            raise BadInput("title", "Say what is to be done.")
        found = self._rows(follow_up_id)
        was = found[follow_up_id]["title"]
        if words == was:
            _some(())
        command = EditFollowUp(row_id=follow_up_id, changes={"title": (was, words)})
        return self._replica.do(command, words=f"follow_up_renamed:{words}")

    def _rows(self, ids: str | Sequence[str]) -> dict[str, dict[str, Any]]:
        """Raises Refused when one of them is not here."""
        wanted = [ids] if isinstance(ids, str) else list(dict.fromkeys(ids))
        columns = ("title", "kind", "state", "assignee_id", "due_at", "snoozed_until_at", "completed_at")
        found = rows.by_id(self._replica.sql, "follow_ups", wanted, columns)
        if len(found) != len(wanted):
            raise unknown()
        return {i: found[i] for i in wanted}


def _some(chosen: object) -> None:
    if not chosen:
        raise Refused("nothing", "There is nothing to change: it is so already.")


def _words(code: str, found: dict[str, dict[str, Any]]) -> str:
    titles = [row["title"] for row in found.values()]
    return f"{code}:{titles[0]}" if len(titles) == 1 else f"{code}:{len(titles)}"
