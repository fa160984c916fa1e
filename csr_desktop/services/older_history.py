"""The work of a client that this workstation does not keep: asked of the server, read here, and gone after a day.

What is asked for comes later, by a thread of its own; then the change `older` names the client, the row or the search.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from csr_desktop.domain import phone
from csr_desktop.domain.file_names import safe_name
from csr_desktop.domain.permissions import reads_through_profile
from csr_desktop.services.client_context import shown_number
from csr_desktop.services.labels import note_title, ticket_label
from csr_desktop.store import older_rows
from csr_desktop.store.queries import attachments as attachment_queries
from csr_desktop.store.queries import conversations, rows, timeline
from csr_desktop.sync.older_wishes import SEARCH, OlderWishes, Wish

if TYPE_CHECKING:
    from csr_desktop.protocol import OlderFound
    from csr_desktop.services.lists import Lists
    from csr_desktop.services.people import People
    from csr_desktop.store.search_marks import Marks
    from csr_desktop.sync.replica import Replica

__all__ = ["SEARCH", "OlderHistory"]

OlderStep = Literal["not_asked", "fetching", "shown", "whole", "offline", "refused"]
OlderKind = Literal["call", "ticket", "follow_up"]


class OlderState(msgspec.Struct, frozen=True):
    """How far a client's older history has come here. `left` rows are still on the server, -1 when not known, and more
    than 1,000 stand for any number above; `words` say what went wrong. The rows that are shown go back to `back_to_at`
    and leave this computer at `kept_until_at`, both 0 when nothing is here.
    """

    client_id: str
    step: OlderStep
    shown_count: int = 0
    left: int = -1
    words: str = ""
    kept_until_at: int = 0
    back_to_at: int = 0


class OlderMessage(msgspec.Struct, frozen=True):
    """A line of a conversation; `author_name` is the contact's when they wrote."""

    id: str
    kind: str
    author_name: str
    body: str
    written_at: int


class OlderFile(msgspec.Struct, frozen=True):
    """Named only: its content stays on the server. `size` is in bytes."""

    id: str
    name: str
    size: int
    message_id: str


class OlderWork(msgspec.Struct, frozen=True, kw_only=True):
    """One call, ticket or follow-up to be read. `is_whole` tells whether a ticket's conversation has come.

    `at` is the time in the timeline: a call's start, a ticket's last message, when a follow-up was made. `view_kind`
    chooses the icon. `state` is a ticket's or follow-up's, `result` a call's. `by_name` is whose work it is,
    `made_by_name` who opened or made it, `completed_by_name` who kept a promise. `body` is a call's note or what came
    of a follow-up. `kept_until_at` is 0 for what this workstation keeps anyway.
    """

    kind: OlderKind
    id: str
    client_id: str
    client_name: str
    title: str
    view_kind: str
    at: int
    contact_name: str = ""
    team_name: str = ""
    label: str = ""
    state: str = ""
    result: str = ""
    outcome: str = ""
    direction: str = ""
    channel: str = ""
    priority: str = ""
    number_shown: str = ""
    by_name: str = ""
    made_by_name: str = ""
    completed_by_name: str = ""
    ended_at: int = 0
    opened_at: int = 0
    due_at: int = 0
    completed_at: int = 0
    talk_seconds: int = 0
    hold_seconds: int = 0
    wrap_up_seconds: int = 0
    dial_seconds: int = 0
    topic_path: tuple[str, ...] = ()
    disposition: str = ""
    body: str = ""
    messages: tuple[OlderMessage, ...] = ()
    files: tuple[OlderFile, ...] = ()
    is_whole: bool = True
    kept_until_at: int = 0


class OlderOpening(msgspec.Struct, frozen=True):
    """What was opened, as far as it is here. The step is `whole` when nothing is missing, `shown` when it is not asked
    for what is; `words` say why it could not be had.
    """

    step: OlderStep
    words: str = ""
    work: OlderWork | None = None


class OlderHit(msgspec.Struct, frozen=True):
    """A line that the server found. A message opens with its ticket: `open_kind` and `open_id`."""

    kind: Literal["call", "ticket", "follow_up", "message"]
    row_id: str
    client_id: str
    client_name: str
    ticket_id: str
    title: str
    subtitle: str
    marks: Marks
    time_at: int
    team_name: str
    view_kind: str = ""
    state: str = ""
    direction: str = ""

    @property
    def open_kind(self) -> OlderKind:
        return "ticket" if self.kind == "message" else self.kind

    @property
    def open_id(self) -> str:
        return self.ticket_id if self.kind == "message" else self.row_id


class OlderSearch(msgspec.Struct, frozen=True):
    """The step is not_asked without a text, and shown once the server has answered."""

    text: str
    step: OlderStep
    hits: tuple[OlderHit, ...] = ()
    is_more: bool = False
    words: str = ""


_KIND_OF: Final[dict[str, Literal["call", "ticket", "follow_up", "message"]]] = {
    "interactions": "call",
    "tickets": "ticket",
    "follow_ups": "follow_up",
    "messages": "message",
}


class OlderHistory:
    """Used on the store's thread; none of it waits for the server."""

    def __init__(self, replica: Replica, people: People, lists: Lists, wishes: OlderWishes) -> None:
        self._replica = replica
        self._sql = replica.sql
        self._people = people
        self._lists = lists
        self._wishes = wishes

    def may_ask(self) -> bool:
        """Whether the person's role reads work by way of its client."""
        return reads_through_profile(self._people.who().role)

    # A client's pages

    def state(self, client_id: str) -> OlderState:
        now = self._replica.now()
        standing = self._wishes.standing(Wish("page", client_id))
        known = older_rows.fetched(self._sql, client_id, now)
        if known is None:
            return OlderState(client_id, standing.step or "not_asked", words=standing.words)
        count = timeline.older_count(self._sql, client_id, now - older_rows.KEPT_MS)
        return OlderState(
            client_id,
            standing.step or ("whole" if known.is_whole else "shown"),
            shown_count=count,
            left=known.rows_left,
            words=standing.words,
            kept_until_at=known.kept_until_at,
            back_to_at=known.next_at,
        )

    def show_more(self, client_id: str) -> OlderState:
        """Ask for the first or the next page, also once more after a failure; its rows come later."""
        known = older_rows.fetched(self._sql, client_id, self._replica.now())
        if self.may_ask() and not (known is not None and known.is_whole):
            self._wishes.want(Wish("page", client_id))
        return self.state(client_id)

    def stop(self, client_or_row_id: str) -> None:
        """The person went elsewhere: what was not fetched yet need not be."""
        self._wishes.drop("page", client_or_row_id)
        self._wishes.drop("row", client_or_row_id)

    # One row

    def open(self, kind: OlderKind, row_id: str) -> OlderWork | None:
        """As far as it is here, and what is missing is asked for, also once more after a failure. None until it has
        come; `opened` tells how it stands.
        """
        found = self._work(kind, row_id)
        if (found is None or not found.is_whole) and self.may_ask():
            self._wishes.want(_row_wish(kind, row_id))
        return found

    def opened(self, kind: OlderKind, row_id: str) -> OlderOpening:
        """How it stands with what was opened; asks for nothing."""
        found = self._work(kind, row_id)
        if found is not None and found.is_whole:
            return OlderOpening("whole", work=found)
        standing = self._wishes.standing(_row_wish(kind, row_id))
        return OlderOpening(standing.step or ("shown" if found else "not_asked"), standing.words, found)

    def _work(self, kind: OlderKind, row_id: str) -> OlderWork | None:
        table, now = older_rows.TABLE_OF[kind], self._replica.now()
        here = rows.one(self._sql, table, row_id)
        if here is not None:
            return self._made(kind, here, now)
        row = older_rows.by_id(self._sql, table, [row_id], now).get(row_id)
        return self._made(kind, row, now) if row is not None else None

    def _made(self, kind: OlderKind, row: dict[str, Any], now: int) -> OlderWork:
        make = {"call": self._call, "ticket": self._ticket, "follow_up": self._follow_up}[kind]
        client = rows.by_id(self._sql, "clients", [row["client_id"]], ["name"])
        contact = rows.by_id(self._sql, "contacts", [row["contact_id"]], ["name"])
        return OlderWork(
            kind=kind,
            id=row["id"],
            client_id=row["client_id"],
            client_name=rows.text_of(client, row["client_id"], "name"),
            contact_name=rows.text_of(contact, row["contact_id"], "name"),
            team_name=self._team_name(row["scope"]),
            kept_until_at=self._kept_until(row, now),
            **make(row, now),
        )

    def _kept_until(self, row: dict[str, Any], now: int) -> int:
        """It leaves with its client's pages, if these are older."""
        if "fetched_at" not in row:
            return 0
        pages = older_rows.fetched(self._sql, row["client_id"], now)
        until: int = row["fetched_at"] + older_rows.KEPT_MS
        return min(until, pages.kept_until_at) if pages is not None else until

    def _call(self, row: dict[str, Any], _now: int) -> dict[str, Any]:
        same = ("result", "direction", "channel", "ended_at", "talk_seconds", "hold_seconds")
        region = self._lists.home_region()
        e164 = phone.parse(row["number"], region).e164
        return {
            "number_shown": shown_number(e164, row["number"], region, row["extension"]),
            **{name: row[name] for name in (*same, "wrap_up_seconds", "dial_seconds")},
            "title": note_title(row["note"]),
            "view_kind": row["channel"],
            "at": row["started_at"],
            "by_name": self._people.name(row["agent_id"]),
            "topic_path": self._lists.topic_path(row["topic_id"]),
            "disposition": self._lists.disposition_name(row["disposition_id"]),
            "body": row["note"],
        }

    def _ticket(self, row: dict[str, Any], now: int) -> dict[str, Any]:
        is_older = "fetched_at" in row
        return {
            "title": row["subject"],
            "view_kind": row["channel"],
            "channel": row["channel"],
            "at": row["last_message_at"],
            "label": ticket_label(row["number"], row["id"]),
            "state": row["state"],
            "priority": row["priority"],
            "by_name": self._people.name(row["assignee_id"]),
            "made_by_name": self._people.name(row["opened_by_id"]),
            "opened_at": row["opened_at"],
            "due_at": row["reply_due_at"],
            "completed_at": row["resolved_at"],
            "topic_path": self._lists.topic_path(row["topic_id"]),
            "messages": self._messages(row["id"], now, is_older=is_older),
            "files": self._files(row["id"], now, is_older=is_older),
            "is_whole": not is_older or bool(row["is_whole"]),
        }

    def _follow_up(self, row: dict[str, Any], _now: int) -> dict[str, Any]:
        return {
            "title": row["title"],
            "view_kind": row["kind"],
            "at": row["created_at"],
            "state": row["state"],
            "outcome": row["outcome"],
            "by_name": self._people.name(row["assignee_id"]),
            "made_by_name": self._people.name(row["created_by_id"]),
            "completed_by_name": self._people.name(row["completed_by_id"]),
            "due_at": row["due_at"],
            "completed_at": row["completed_at"],
            "body": row["outcome_note"],
        }

    def _messages(self, ticket_id: str, now: int, *, is_older: bool) -> tuple[OlderMessage, ...]:
        """Oldest first."""
        names = ("id", "kind", "author_id", "contact_id", "body", "written_at")
        if is_older:
            found = [
                tuple(row[n] for n in names) for row in older_rows.of_ticket(self._sql, "messages", ticket_id, now)
            ]
        else:
            found = conversations.messages(self._sql, ticket_id)
        contacts = rows.by_id(self._sql, "contacts", [message[3] for message in found], ["name"])
        return tuple(
            OlderMessage(
                id=message_id,
                kind=kind,
                author_name=self._people.name(author_id) or rows.text_of(contacts, contact_id, "name"),
                body=body,
                written_at=written_at,
            )
            for message_id, kind, author_id, contact_id, body, written_at in found
        )

    def _files(self, ticket_id: str, now: int, *, is_older: bool) -> tuple[OlderFile, ...]:
        if is_older:
            found = older_rows.of_ticket(self._sql, "attachments", ticket_id, now)
        else:
            found = attachment_queries.of_ticket(self._sql, ticket_id)
        return tuple(OlderFile(row["id"], safe_name(row["name"]), row["size"], row["message_id"]) for row in found)

    def _team_name(self, scope: str) -> str:
        return "" if self._people.who().reads(scope) else self._people.team_name(scope)

    # Searching

    def search(self, text: str) -> OlderSearch:
        """Ask the server for what a text is found in, outside of what is here; an empty text takes that back."""
        text = text.strip()
        if text and self.may_ask():
            self._wishes.want(Wish("search", text))
        else:
            self._wishes.drop("search")
        return self.search_found()

    def search_found(self) -> OlderSearch:
        """How it stands with the last search."""
        text, reply = self._wishes.searched()
        standing = self._wishes.standing(Wish("search", text))
        if reply is None:
            return OlderSearch(text, (standing.step or "not_asked") if text else "not_asked", words=standing.words)
        clients = rows.by_id(self._sql, "clients", [hit.client_id for hit in reply.hits], ["name"])
        contacts = rows.by_id(self._sql, "contacts", [hit.contact_id for hit in reply.hits], ["name"])
        hits = tuple(
            self._hit(hit, rows.text_of(clients, hit.client_id, "name"), rows.text_of(contacts, hit.contact_id, "name"))
            for hit in reply.hits
        )
        return OlderSearch(text, "shown", hits, reply.is_more)

    def _hit(self, found: OlderFound, client_name: str, contact_name: str) -> OlderHit:
        kind = _KIND_OF[found.table]
        label = ticket_label(found.number, found.ticket_id) if found.ticket_id and kind != "follow_up" else ""
        parts = {
            "ticket": (label, client_name),
            "message": (label, found.subject, client_name),
            "call": (contact_name, client_name),
            "follow_up": (contact_name, client_name),
        }[kind]
        return OlderHit(
            kind=kind,
            row_id=found.row_id,
            client_id=found.client_id,
            client_name=client_name,
            ticket_id=found.ticket_id,
            title=found.title,
            subtitle=", ".join(part for part in parts if part),
            marks=tuple(found.marks),
            time_at=found.at,
            team_name=self._team_name(found.scope),
            view_kind=found.view_kind,
            state=found.state,
            direction=found.direction,
        )


def _row_wish(kind: OlderKind, row_id: str) -> Wish:
    return Wish("row", row_id, older_rows.TABLE_OF[kind])
