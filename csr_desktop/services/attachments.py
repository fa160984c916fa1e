"""Files on tickets: taken in where they were chosen, listed with how far they are, fetched and given out again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from csr_desktop.domain.errors import BadInput, Refused
from csr_desktop.domain.file_names import media_type_of, safe_name
from csr_desktop.domain.permissions import unknown
from csr_desktop.services.inbox_rows import AttachedFile
from csr_desktop.store import attachment_contents as contents
from csr_desktop.store.queries import attachments as queries
from csr_desktop.store.queries import rows
from csr_desktop.sync.replica import ATTACHMENT_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.commands.attachments import AddAttachment
    from csr_desktop.services.outcome import Outcome
    from csr_desktop.services.people import People
    from csr_desktop.store.attachment_contents import Content
    from csr_desktop.sync.replica import Replica
    from csr_desktop.system.settings import FilesWay

PART_BYTES: Final = contents.PART_BYTES
MOST_AT_ONCE: Final = 20
"""Files of one text."""


class Attachments:
    """`files` is what the organisation's policy lets be done here: "on", "open" (none is added) or "off"."""

    def __init__(self, replica: Replica, people: People, files: FilesWay = "on") -> None:
        self._files = files
        self._replica = replica
        self._people = people
        self._sql = replica.sql

    @property
    def may_add(self) -> bool:
        return self._files == "on"

    @property
    def may_open(self) -> bool:
        return self._files != "off"

    def check_adding(self) -> None:
        """Raises Refused where the organisation does not let it."""
        if not self.may_add:
            raise Refused(
                "files_managed",
                "Your organization does not let files be attached on this computer.",
                "What you wrote is kept.",
            )

    def _check_opening(self) -> None:
        if not self.may_open:
            raise Refused(
                "files_managed",
                "Your organization does not let files be opened on this computer.",
                "It stays with its ticket.",
            )

    # Choosing: the file's bytes are handed over in parts, so that nothing else waits for long

    def limit(self) -> int:
        """The largest file, in bytes; 0 while the server knows of no attachments."""
        found = int(self._sql.value("SELECT value FROM state WHERE key = ?", ATTACHMENT_BYTES) or 0)
        return min(max(0, found), 1 << 40)

    def begin(self, place: str, path_or_name: str, size: int) -> str:
        """Of a file that will wait with the draft of that key; its id. Raises BadInput with what is wrong with it, and
        Refused.
        """
        self.check_adding()
        name, limit = safe_name(path_or_name), self.limit()
        if not limit:
            raise BadInput(
                "file", "The server does not take files yet.", "Try again after the next sync, or ask your IT."
            )
        if size <= 0:
            raise BadInput("file", f"“{name}” is empty.")
        if size > limit:
            raise BadInput(
                "file", f"“{name}” is too large.", f"At most {limit // 1_000_000} MB can be attached; it was not taken."
            )
        if len(contents.of_place(self._sql, place)) >= MOST_AT_ONCE:
            raise BadInput("file", f"No more than {MOST_AT_ONCE} files go with one text.")
        content_id = self._replica.new_id()
        now = self._replica.now()
        name = self._replica.masked(name)
        contents.begin(self._sql, content_id, size=size, origin=contents.TAKEN, now=now, name=name, place=place)
        return content_id

    def put(self, content_id: str, body: bytes) -> None:
        contents.put(self._sql, content_id, body)

    def finish(self, content_id: str, sha256: str) -> None:
        """Raises BadInput, and forgets it, when the file is not as long as it was."""
        content = contents.find(self._sql, content_id)
        if content is None or content.held != content.size:
            contents.drop(self._sql, content_id)
            raise BadInput("file", "This file changed while it was read.", "Attach it again.")
        contents.finish(self._sql, content_id, sha256)

    def drop(self, content_id: str) -> None:
        """It could not be read to its end."""
        contents.drop(self._sql, content_id)

    def waiting_with(self, place: str) -> tuple[AttachedFile, ...]:
        return tuple(
            AttachedFile(one.id, one.name, one.size, "here", is_mine=True, can_remove=True)
            for one in contents.of_place(self._sql, place)
        )

    def leave_out(self, content_id: str) -> Outcome:
        """Take a file off its draft; Undo brings it back."""
        content = contents.find(self._sql, content_id)
        if content is None or not content.place:
            raise unknown()
        with self._sql.transaction():
            outcome = self._replica.remember(f"file_left_out:{content.name}")
            contents.set_place(self._sql, content_id, f"{contents.LEFT_OUT}{outcome.group_id}:{content.place}")
        return outcome

    def commands(self, place: str, ticket_id: str, message_id: str) -> list[AddAttachment]:
        """What attaches the files of a draft. The caller runs them, and then `settle`, in one transaction. Raises
        Refused where there are some from before the organisation forbade it: they can be left out.
        """
        from csr_desktop.commands.attachments import AddAttachment

        waiting = contents.of_place(self._sql, place)
        if waiting:
            self.check_adding()
        return [
            AddAttachment(
                row_id=one.id,
                ticket_id=ticket_id,
                message_id=message_id,
                name=one.name,
                media_type=media_type_of(one.name),
                size=one.size,
                sha256=one.sha256,
            )
            for one in waiting
        ]

    def settle(self, attached: Sequence[AddAttachment]) -> None:
        for command in attached:
            contents.set_place(self._sql, command.row_id, "")

    def attach(self, place: str, ticket_id: str) -> Outcome:
        """The files of a draft without a text."""
        commands = self.commands(place, ticket_id, "")
        if not commands:
            raise BadInput("body", "Write something first.")
        name = commands[0].name if len(commands) == 1 else str(len(commands))
        with self._sql.transaction():
            outcome = self._replica.do(*commands, words=f"file_attached:{name}")
            self.settle(commands)
        return outcome

    def bring_back(self, undone_group: str, undone: Outcome) -> bool:
        """What was taken back with its text, or was left out of it, waits with it again. Within that transaction."""
        is_back = contents.bring_back(self._sql, undone_group) > 0
        code = undone.words.partition(":")[0]
        kind = _PLACE_OF.get(code)
        if kind is None:
            return is_back
        ids = undone.changed.ids("attachments")
        here = contents.of_ids(self._sql, sorted(ids))
        found = rows.by_id(self._sql, "attachments", sorted(ids), ["ticket_id", "sha256"])
        for content_id, content in here.items():
            row = found.get(content_id)
            if row is not None and row["deleted"] and content.is_whole:
                contents.rename(self._sql, content_id, self._replica.new_id(), f"{kind}:{row['ticket_id']}")
        return is_back

    # What hangs on a ticket

    def of_ticket(self, ticket_id: str) -> tuple[AttachedFile, ...]:
        """Oldest first."""
        found = queries.of_ticket(self._sql, ticket_id)
        here = contents.of_ids(self._sql, [row["id"] for row in found])
        who = self._people.who()
        return tuple(
            AttachedFile(
                id=row["id"],
                name=safe_name(row["name"]),
                size=row["size"],
                **_how(row, here.get(row["id"]), is_mine=row["author_id"] == who.id),
                author_id=row["author_id"],
                author_name=self._people.name(row["author_id"]),
                is_mine=row["author_id"] == who.id,
                can_remove=row["scope"] in who.teams and (row["author_id"] == who.id or who.is_lead),
                message_id=row["message_id"],
                added_at=row["added_at"],
            )
            for row in found
        )

    def remove(self, attachment_id: str) -> Outcome:
        from csr_desktop.commands.attachments import RemoveAttachment

        row = self._row(attachment_id)
        return self._replica.do(RemoveAttachment(row_id=attachment_id), words=f"file_removed:{safe_name(row['name'])}")

    # Giving out

    def ask_for(self, attachment_id: str) -> bool:
        """Whether it is wholly here; else it is fetched from now on, if it was not before. Raises Refused for what
        cannot be had by now, in words.
        """
        self._check_opening()
        row, now = self._row(attachment_id), self._replica.now()
        if row["scan"] == "refused":
            raise Refused("refused", "The scanner refused this file, and it was removed.")
        content = contents.find(self._sql, attachment_id)
        if content is not None and content.is_whole:
            contents.note_use(self._sql, attachment_id, now)
            return True
        if not row["arrived_at"]:
            name = self._people.name(row["author_id"])
            raise Refused("not_there", f"{name} is still sending this file.", "It can be opened when it has arrived.")
        if row["scan"] == "waiting":
            raise Refused("waiting", "This file is still being checked for harm.", "It can be opened after that.")
        if content is None:
            contents.begin(
                self._sql,
                attachment_id,
                size=row["size"],
                origin=contents.FETCHED,
                now=now,
                name=safe_name(row["name"]),
                sha256=row["sha256"],
            )
        elif content.problem:
            contents.note_problem(self._sql, attachment_id, "")
        return False

    def problem_of(self, attachment_id: str) -> str:
        content = contents.find(self._sql, attachment_id)
        return content.problem if content is not None else ""

    def stop_fetching(self, attachment_id: str) -> None:
        content = contents.find(self._sql, attachment_id)
        if content is not None and content.origin == contents.FETCHED and not content.is_whole:
            contents.drop(self._sql, attachment_id)

    def part(self, attachment_id: str, position: int) -> bytes:
        """Of what is wholly here, in order; nothing behind the last one."""
        self._check_opening()
        return contents.part(self._sql, attachment_id, position)

    def _row(self, attachment_id: str) -> dict[str, Any]:
        columns = ("name", "size", "sha256", "author_id", "arrived_at", "scan")
        row = rows.by_id(self._sql, "attachments", [attachment_id], columns).get(attachment_id)
        if row is None or row["deleted"]:
            raise unknown()
        return row


_PLACE_OF: Final = {
    "ticket_replied": "reply",
    "ticket_noted": "note",
    "ticket_heard": "heard",
    "file_attached": "reply",
}
"""By words of what was done: the drafts that its files came from."""


def _how(row: dict[str, Any], content: Content | None, *, is_mine: bool) -> dict[str, Any]:
    """State, percent and problem."""
    if row["scan"] == "refused":
        return {"state": "refused"}
    if not row["arrived_at"]:
        is_kept = content is not None and is_mine and content.origin == contents.TAKEN
        return _how_far(content, content.sent, "sending", "waiting") if content and is_kept else {"state": "coming"}
    if row["scan"] == "waiting":
        return {"state": "scanning"}
    if content is None or content.is_whole:
        return {"state": "here" if content else "there"}
    return _how_far(content, content.held, "fetching", "fetching")


def _how_far(content: Content, done: int, on_the_way: str, before: str) -> dict[str, Any]:
    if content.problem:
        return {"state": "problem", "problem": content.problem}
    return {"state": on_the_way if done else before, "percent": 100 * done // content.size}
