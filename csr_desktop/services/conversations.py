"""A ticket as it is read: its header, its messages, and the promises made in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from csr_desktop.domain.permissions import unknown
from csr_desktop.services.inbox_rows import AttachedFile, Conversation, ConversationMessage, LinkedPromise
from csr_desktop.services.labels import ticket_label
from csr_desktop.store.queries import conversations as queries
from csr_desktop.store.queries import rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from csr_desktop.services.attachments import Attachments
    from csr_desktop.services.caller_checks import CallerChecks
    from csr_desktop.services.client_context import ClientContexts
    from csr_desktop.services.lists import Lists
    from csr_desktop.services.people import People
    from csr_desktop.sync.replica import Replica

_TOGETHER_MS: Final = 120_000
"""A promise made so shortly before or after a message of the same person stands beneath it."""


class Conversations:
    def __init__(
        self,
        replica: Replica,
        people: People,
        lists: Lists,
        contexts: ClientContexts,
        attachments: Callable[[], Attachments],
        checks: Callable[[], CallerChecks],
    ) -> None:
        self._replica = replica
        self._people = people
        self._lists = lists
        self._contexts = contexts
        self._attachments = attachments
        self._checks = checks

    def conversation(self, ticket_id: str) -> Conversation:
        """Raises Refused for a ticket that is not here."""
        sql = self._replica.sql
        ticket = rows.one(sql, "tickets", ticket_id)
        if ticket is None:
            raise unknown()
        who = self._people.who()
        client = rows.by_id(sql, "clients", [ticket["client_id"]], ["name", "time_zone"]).get(ticket["client_id"])
        messages = queries.messages(sql, ticket_id)
        follow_ups = queries.follow_ups(sql, ticket_id)
        names = rows.by_id(sql, "contacts", [ticket["contact_id"], *(message[3] for message in messages)], ["name"])
        can_work = ticket["scope"] in who.teams
        return Conversation(
            ticket_id=ticket_id,
            number=ticket["number"],
            label=ticket_label(ticket["number"], ticket_id),
            subject=ticket["subject"],
            channel=ticket["channel"],
            topic_id=ticket["topic_id"],
            topic_path=self._lists.topic_path(ticket["topic_id"]),
            priority=ticket["priority"],
            state=ticket["state"],
            assignee_id=ticket["assignee_id"],
            assignee_name=self._people.name(ticket["assignee_id"]),
            team_id=ticket["scope"],
            client_id=ticket["client_id"],
            client_name=client["name"] if client else "",
            client_zone=self._contexts.zone_of(client),
            contact_id=ticket["contact_id"],
            contact_name=rows.text_of(names, ticket["contact_id"], "name"),
            opened_at=ticket["opened_at"],
            opened_by_name=self._people.name(ticket["opened_by_id"]),
            reply_due_at=ticket["reply_due_at"],
            first_replied_at=ticket["first_replied_at"],
            resolved_at=ticket["resolved_at"],
            escalated_to_id=ticket["escalated_to_id"],
            escalated_to_name=self._people.name(ticket["escalated_to_id"]),
            messages=_with_files(self._messages(messages, follow_ups, names), self._attachments().of_ticket(ticket_id)),
            promises=tuple(_linked(row) for row in follow_ups),
            can_work=can_work,
            can_reassign=can_work and (who.is_lead or ticket["assignee_id"] in {"", who.id}),
            is_mine=ticket["assignee_id"] == who.id,
            check=self._checks().of_ticket(ticket),
        )

    def _messages(
        self, messages: list[tuple[Any, ...]], follow_ups: list[tuple[Any, ...]], names: dict[str, dict[str, Any]]
    ) -> tuple[ConversationMessage, ...]:
        beneath: dict[str, list[LinkedPromise]] = {}
        for row in follow_ups:
            message_id = _made_with(row, messages)
            if message_id:
                beneath.setdefault(message_id, []).append(_linked(row))
        me = self._people.who().id
        return tuple(
            ConversationMessage(
                id=i,
                kind=kind,
                author_id=author_id,
                author_name=self._people.name(author_id) if author_id else rows.text_of(names, contact_id, "name"),
                is_mine=author_id == me,
                body=body,
                written_at=at,
                promises=tuple(beneath.get(i, ())),
            )
            for i, kind, author_id, contact_id, body, at in messages
        )


def _with_files(
    messages: tuple[ConversationMessage, ...], files: tuple[AttachedFile, ...]
) -> tuple[ConversationMessage, ...]:
    """Each file with its message; those without one stand among them by time, what one person added together as one."""
    if not files:
        return messages
    of_message: dict[str, list[AttachedFile]] = {}
    alone: list[list[AttachedFile]] = []
    for file in files:
        if file.message_id:
            of_message.setdefault(file.message_id, []).append(file)
        elif alone and alone[-1][-1].author_id == file.author_id and file.added_at - alone[-1][-1].added_at < 1000:
            alone[-1].append(file)
        else:
            alone.append([file])
    found = [
        msgspec.structs.replace(message, files=tuple(of_message[message.id])) if message.id in of_message else message
        for message in messages
    ]
    found += [
        ConversationMessage(
            id=some[0].id,
            kind="files",
            author_id=some[0].author_id,
            author_name=some[0].author_name,
            is_mine=some[0].is_mine,
            body="",
            written_at=some[0].added_at,
            promises=(),
            files=tuple(some),
        )
        for some in alone
    ]
    return tuple(sorted(found, key=lambda message: message.written_at))


def _made_with(follow_up: tuple[Any, ...], messages: list[tuple[Any, ...]]) -> str:
    """The message a promise was made in: the nearest one in time by the same person, '' when there is none near."""
    kind, author_id, created_at = follow_up[2], follow_up[6], follow_up[7]
    near = [
        (abs(message[5] - created_at), message[0])
        for message in messages
        if message[1] in {"reply", "note"} and message[2] == author_id and abs(message[5] - created_at) <= _TOGETHER_MS
    ]
    return min(near)[1] if near and kind == "promise" else ""


def _linked(row: tuple[Any, ...]) -> LinkedPromise:
    return LinkedPromise(id=row[0], title=row[1], kind=row[2], due_at=row[3], state=row[4], outcome=row[5])
