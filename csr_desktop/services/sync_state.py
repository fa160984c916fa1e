"""How it stands with saving, in codes for words: all saved, some waiting, offline since, or something needs the
person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from csr_desktop.commands.command import EditRow
from csr_desktop.domain.permissions import unknown
from csr_desktop.services.labels import note_title
from csr_desktop.store.queries import rows

if TYPE_CHECKING:
    from csr_desktop.commands.command import Command
    from csr_desktop.services.outcome import Outcome
    from csr_desktop.sync.replica import NeedsYou, Replica

SyncCode = Literal["saved", "waiting", "offline", "needs_you"]
WhatToDo = Literal["look_again", "ask_lead", "keep_text", "try_again"]

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


class SyncWords(msgspec.Struct, frozen=True):
    """`count` are changes that wait, or need the person; `since_at` is when the server was last reached."""

    code: SyncCode
    count: int
    since_at: int


class NeedsYouRow(msgspec.Struct, frozen=True):
    """A change that the server did not take. `text` is what the person typed, `link` what it was about if that is here:
    client, ticket, call or follow_up, and its id.
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


class SyncState:
    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._offline_since_at = 0

    def set_offline(self, since_at: int) -> None:
        """The server cannot be reached since then."""
        self._offline_since_at = since_at

    def set_online(self) -> None:
        self._offline_since_at = 0

    def words(self) -> SyncWords:
        """What matters most: something needs the person, else offline, else what waits."""
        sql = self._replica.sql
        refused = int(sql.value("SELECT COUNT(*) FROM needs_you WHERE status = 'refused'"))
        if refused:
            return SyncWords("needs_you", refused, self._offline_since_at)
        waiting = self._replica.waiting_count()
        if self._offline_since_at:
            return SyncWords("offline", waiting, self._offline_since_at)
        return SyncWords("waiting" if waiting else "saved", waiting, 0)

    def needs_you(self) -> tuple[NeedsYouRow, ...]:
        """Oldest first."""
        return tuple(self._row(entry) for entry in self._replica.needs_you())

    def dismiss(self, command_id: str) -> None:
        """The person has dealt with it."""
        self._replica.forget_needs_you(command_id)

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


_PARENTS: Final = (("ticket_id", "tickets"), ("client_id", "clients"))


def typed_text(command: Command) -> str:
    """What a person typed into it, one piece a line."""
    found = [getattr(command, field, "") for field in _TEXTS]
    if isinstance(command, EditRow):
        found += [becomes for _, becomes in command.changes.values()]
    return "\n".join(text for text in found if isinstance(text, str) and text)
