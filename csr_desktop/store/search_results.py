"""What a search shows: lines in sections, as plain values. Words for dates, kinds and counts are the window's."""

from __future__ import annotations

from typing import Literal

import msgspec

from csr_desktop.store.search_marks import Marks

HitKind = Literal["client", "contact", "ticket", "call", "message", "note", "follow_up"]
SectionKey = Literal["recent", "directory", "work", "notes", "follow_ups"]

COUNTED = 200
"""A section counts its finds to here; `is_more` says that there are others."""


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A line. `title` and `subtitle` are single lines of names and text; marks are (start, length) in characters.

    A client: name; city. A contact: name; client and number. A ticket: subject; number or label, client. A call: the
    part of its note that agrees, or who called; contact, client and number. A message or note: the part that agrees;
    ticket, client. A follow-up: title; contact, client. A ticket or message that was found by its contact names them
    before the client.

    `time_at` is in milliseconds: a call's start, a ticket's last message, when a note was written, when a follow-up is
    due; 0 for people. `number` is E.164 to be called, with its `extension`. `state` is a client's status, a ticket's or
    follow-up's state, a call's result, a message's kind. `channel` is a call's or ticket's, `direction` a call's.
    """

    kind: HitKind
    row_id: str
    client_id: str
    title: str
    subtitle: str
    title_marks: Marks = ()
    subtitle_marks: Marks = ()
    time_at: int = 0
    contact_id: str = ""
    ticket_id: str = ""
    number: str = ""
    extension: str = ""
    state: str = ""
    channel: str = ""
    direction: str = ""
    contact_count: int = 0
    is_past: bool = False

    @property
    def open_kind(self) -> str:
        """What opens with it: a message in its ticket, a note with its client."""
        if self.kind == "message":
            return "ticket" if self.ticket_id else "client"
        return "client" if self.kind == "note" else self.kind

    @property
    def open_id(self) -> str:
        return {"ticket": self.ticket_id, "client": self.client_id}.get(self.open_kind, self.row_id)


class Section(msgspec.Struct, frozen=True):
    """Its best lines, and how many there are in all, up to `COUNTED`."""

    key: SectionKey
    hits: tuple[Hit, ...]
    found_count: int
    is_more: bool = False


class SearchResults(msgspec.Struct, frozen=True):
    """Sections that have a line, people before work. `found_count` is exact unless `is_more`, then so many at least."""

    text: str
    sections: tuple[Section, ...]
    found_count: int = 0
    is_more: bool = False

    @property
    def hits(self) -> tuple[Hit, ...]:
        """All lines in their order."""
        return tuple(hit for section in self.sections for hit in section.hits)
