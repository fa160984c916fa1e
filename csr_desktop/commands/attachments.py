"""Attachments: a file that hangs on a ticket, one of its messages, or an interaction. The content travels apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from csr_desktop.commands.command import AddRow, RemoveRow, readable
from csr_desktop.commands.work import Key, Row, Work
from csr_desktop.domain.errors import Refused
from csr_desktop.domain.file_names import NAME_CHARACTERS
from csr_desktop.domain.permissions import Person, may_work_in, unknown

LARGEST_BYTES = 1 << 40
"""Beyond what any server is set to take; its own limit is looked at when the content comes."""
_SHA256 = "[0-9a-f]{64}"
_MEDIA_TYPE = "[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}"


class AddAttachment(AddRow, frozen=True, kw_only=True, tag=True):
    """Says what the file is called and what it holds, by its SHA-256. `arrived_at` stays 0 until the server has it."""

    table: ClassVar[str] = "attachments"
    name: str
    size: int
    sha256: str
    media_type: str = "application/octet-stream"
    ticket_id: str = ""
    message_id: str = ""
    interaction_id: str = ""
    kept: tuple[str, ...] = ()

    def keys(self) -> Iterator[Key]:
        yield self.table, self.row_id
        yield "tickets", self.ticket_id
        yield "messages", self.message_id
        yield "interactions", self.interaction_id

    def author(self, row: Row) -> str:
        return str(row["author_id"])

    def permit(self, who: Person, work: Work) -> None:
        super().permit(who, work)
        row = work.get(self.table, self.row_id)
        if row is not None:
            may_work_in(who, row["scope"])

    def permit_add(self, who: Person, work: Work) -> None:
        if bool(self.ticket_id) == bool(self.interaction_id) or (self.message_id and not self.ticket_id):
            raise unknown()
        if self.ticket_id:
            may_work_in(who, readable(who, work, "tickets", self.ticket_id)["scope"])
        if self.message_id and readable(who, work, "messages", self.message_id)["ticket_id"] != self.ticket_id:
            raise unknown()
        if self.interaction_id:
            may_work_in(who, readable(who, work, "interactions", self.interaction_id)["scope"])
        is_whole = re.fullmatch(_SHA256, self.sha256) and re.fullmatch(_MEDIA_TYPE, self.media_type)
        if not (is_whole and 0 < len(self.name) <= NAME_CHARACTERS and 0 < self.size <= LARGEST_BYTES):
            raise Refused("not_allowed", "A file needs a name and some content.")

    def values(self, work: Work) -> dict[str, Any]:
        on = work.get("tickets", self.ticket_id) or work.get("interactions", self.interaction_id)
        assert on is not None  # noqa: S101  # permit has seen it
        return {
            "scope": on["scope"],
            "ticket_id": self.ticket_id,
            "message_id": self.message_id,
            "interaction_id": self.interaction_id,
            "name": self.name,
            "media_type": self.media_type,
            "size": self.size,
            "sha256": self.sha256,
            "author_id": self.by,
            "added_at": self.at,
        }


class RemoveAttachment(RemoveRow, frozen=True, kw_only=True, tag=True):
    """Takes the file off what it hangs on. The server keeps its content for a while, so that it can come back."""

    table: ClassVar[str] = "attachments"

    def permit_remove(self, who: Person, row: Row) -> None:
        may_work_in(who, row["scope"])
        if row["author_id"] != who.id and not who.is_lead:
            raise Refused("not_yours", "Only the person who added this, or their lead, can take it back.")
