"""How it stands with saving, in codes for words: all saved, some waiting, offline since, or something needs the
person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from csr_desktop.commands.command import EditRow
from csr_desktop.domain.permissions import unknown
from csr_desktop.domain.sync_status import Recovered, StoppedDeletion, SyncPhase, SyncStatus
from csr_desktop.services.labels import note_title
from csr_desktop.store.queries import rows
from csr_desktop.sync.guard import let_go_on, stopped
from csr_desktop.sync.recovery import forget_recovered, recovered
from csr_desktop.sync.replica import FIRST_FILL, NEWEST_DESK

if TYPE_CHECKING:
    from csr_desktop.commands.command import Command
    from csr_desktop.services.outcome import Outcome
    from csr_desktop.sync.replica import NeedsYou, Replica

SyncCode = Literal["saved", "waiting", "offline", "needs_you", "sign_in", "stopped"]
WhatToDo = Literal["look_again", "ask_lead", "keep_text", "try_again", "tell_it", "ask_whether_meant"]
RECOVERED_ROW: Final = "recovered"
"""Id of the row that says what catching up could not bring back."""
DELETION_ROW: Final = "deletion"
"""Id of the row that says that the server would delete very much."""

_SAID_MS: Final = 7 * 86_400_000
"""How long it is said that the server or the file was put back."""
_TEXTS: Final = ("subject", "title", "name", "raw", "note", "body", "reason", "outcome_note")
"""Fields of commands that hold what a person typed."""
_ADVICE: Final[dict[str, WhatToDo]] = {
    "taken": "look_again",
    "changed": "look_again",
    "read_only": "ask_lead",
    "not_yours": "ask_lead",
    "not_allowed": "ask_lead",
    "deleted": "keep_text",
    "unknown": "keep_text",
}
_NAMED: Final = {
    "clients": "name",
    "contacts": "name",
    "tickets": "subject",
    "follow_ups": "title",
    "interactions": "note",
}
_OPENS: Final = {"clients": "client", "tickets": "ticket", "interactions": "call", "follow_ups": "follow_up"}


class Fetching(msgspec.Struct, frozen=True):
    """Rows that have come and that come in all, and about how many seconds more it takes, 0 while that is not known.
    `is_older` tells that only older work is still to come.
    """

    done_count: int
    row_count: int
    seconds_left: int
    is_older: bool


class SyncWords(msgspec.Struct, frozen=True):
    """`count` are changes that need the person, else those that wait; `since_at` is when it began to be so. `recovered`
    is what the last catching up came to, within a week; `fetching` how far the rows are that are being fetched.
    """

    code: SyncCode
    count: int
    since_at: int
    recovered: Recovered | None = None
    fetching: Fetching | None = None


class NeedsYouRow(msgspec.Struct, frozen=True):
    """A change that the server did not take. `text` is what the person typed, `link` what it was about if that is here:
    client, ticket, call or follow_up, and its id. With the codes `recovered` and `deletion` it is about the whole file
    instead.
    """

    id: str
    command: str
    code: str
    reason: str
    answered_at: int
    text: str
    subject: str
    what_to_do: WhatToDo
    can_try_again: bool
    link: tuple[str, str] | None
    recovered: Recovered | None = None
    deletion: StoppedDeletion | None = None


class SyncState:
    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._phase: SyncPhase = "saved"
        self._since_at = 0
        self._fetching: Fetching | None = None

    def set_phase(self, phase: SyncPhase, since_at: int) -> None:
        """How the workstation stands with its server, and since when."""
        self._phase, self._since_at, self._fetching = phase, since_at, None

    def set_status(self, status: SyncStatus) -> None:
        """As `set_phase`, with how far the rows are that are being fetched."""
        self.set_phase(status.state, status.since_at)
        if status.state == "syncing" and status.rows_left:
            whole = max(status.row_count, status.rows_left)
            self._fetching = Fetching(whole - status.rows_left, whole, status.seconds_left, status.is_filled)

    def is_new(self) -> bool:
        """Whether not everything of the server's has come to this workstation once."""
        return bool(self._replica.sql.value("SELECT EXISTS (SELECT 1 FROM state WHERE key = ?)", FIRST_FILL))

    def newest_desk(self) -> str:
        """The version of the desk that the organisation has ready, as its server last said; '' for none."""
        return self._replica.state().get(NEWEST_DESK, "")

    def waiting_count(self) -> int:
        """Changes that are not sent yet."""
        return self._replica.waiting_count()

    def words(self) -> SyncWords:
        """What matters most: signing in again, without which nothing moves; else what needs the person; else that
        nothing is sent, and why; else what waits.
        """
        sql, waiting, found = self._replica.sql, self._replica.waiting_count(), self.recovered()
        recovered = found if found is not None and self._replica.now() - found.at <= _SAID_MS else None
        if self._phase in {"signed_out", "copied"}:
            return SyncWords("sign_in", waiting, self._since_at, recovered)
        refused = int(sql.value("SELECT COUNT(*) FROM needs_you WHERE status = 'refused'"))
        refused += found is not None and found.needs_person
        refused += stopped(self._replica) is not None
        if refused:
            return SyncWords("needs_you", refused, 0, recovered)
        if self._phase in {"offline", "stopped"}:
            return SyncWords("offline" if self._phase == "offline" else "stopped", waiting, self._since_at, recovered)
        return SyncWords("waiting" if waiting else "saved", waiting, 0, recovered, self._fetching)

    def recovered(self) -> Recovered | None:
        """What the last catching up from the beginning came to, until the person has dealt with it."""
        return recovered(self._replica)

    def needs_you(self) -> tuple[NeedsYouRow, ...]:
        """Oldest first; before them what the server would delete, and what catching up could not bring back."""
        found, deletion = self.recovered(), stopped(self._replica)
        first = [_deletion_row(deletion)] if deletion is not None else []
        if found is not None and found.needs_person:
            first.append(_recovered_row(found))
        return (*first, *(self._row(entry) for entry in self._replica.needs_you()))

    def dismiss(self, command_id: str) -> None:
        """The person has dealt with it."""
        if command_id == RECOVERED_ROW:
            forget_recovered(self._replica)
        else:
            self._replica.forget_needs_you(command_id)

    def let_deletion_go_on(self) -> None:
        """The person has asked: what the server would delete is meant to go, this once."""
        let_go_on(self._replica)

    def try_again(self, command_id: str) -> Outcome:
        """Do it once more, as of now. Raises Refused when it still may not be; then it stays."""
        entry = next((entry for entry in self._replica.needs_you() if entry.command.id == command_id), None)
        if entry is None or entry.command.undoes:
            raise unknown()
        command = msgspec.structs.replace(entry.command, id="", by="", device="", seq=0, at=0)
        outcome = self._replica.do(command, words=f"tried_again:{self._about(command)[0]}")
        self._replica.forget_needs_you(command_id)
        return outcome

    def _row(self, entry: NeedsYou) -> NeedsYouRow:
        command = entry.command
        subject, link = self._about(command)
        return NeedsYouRow(
            id=command.id,
            command=type(command).__name__,
            code=entry.code,
            reason=entry.reason,
            answered_at=entry.answered_at,
            text=typed_text(command),
            subject=subject,
            what_to_do=_ADVICE.get(entry.code, "try_again"),
            can_try_again=not command.undoes and entry.code not in {"unknown", "deleted"},
            link=link,
        )

    def _about(self, command: Command) -> tuple[str, tuple[str, str] | None]:
        """The name of the row it is about, and where it opens: its own row, else its ticket or client."""
        keys = [(getattr(command, "table", ""), getattr(command, "row_id", ""))]
        keys += [(table, getattr(command, field, "")) for field, table in _PARENTS]
        for table, row_id in keys:
            row: dict[str, Any] | None = None
            if table in _NAMED and row_id:
                row = rows.by_id(self._replica.sql, table, [row_id], [_NAMED[table]]).get(row_id)
            if row is not None and not row["deleted"]:
                link = (_OPENS[table], row_id) if table in _OPENS else None
                return note_title(row[_NAMED[table]]), link
        return "", None


def _recovered_row(found: Recovered) -> NeedsYouRow:
    return NeedsYouRow(RECOVERED_ROW, "", "recovered", "", found.at, "", "", "tell_it", False, None, found)


def _deletion_row(found: StoppedDeletion) -> NeedsYouRow:
    return NeedsYouRow(
        DELETION_ROW, "", "deletion", "", found.at, "", "", "ask_whether_meant", False, None, deletion=found
    )


_PARENTS: Final = (("ticket_id", "tickets"), ("client_id", "clients"))


def typed_text(command: Command) -> str:
    """What a person typed into it, one piece a line."""
    found = [getattr(command, field, "") for field in _TEXTS]
    if isinstance(command, EditRow):
        found += [becomes for field, (_, becomes) in command.changes.items() if not field.endswith("_id")]
    return "\n".join(text for text in found if isinstance(text, str) and text)
