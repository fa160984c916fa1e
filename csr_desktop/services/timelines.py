"""One timeline of everything about a client, a page at a time, each line from its own table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from csr_desktop.domain.caller_verification import FAILED_CALL_BACKS
from csr_desktop.domain.figures import CallParts, handle_seconds
from csr_desktop.services.client_rows import (
    TIMELINE_KINDS,
    FieldChange,
    TimelineCounts,
    TimelineKind,
    TimelinePage,
    TimelineRow,
)
from csr_desktop.services.labels import note_title, ticket_label
from csr_desktop.store import older_rows
from csr_desktop.store.queries import rows
from csr_desktop.store.queries import timeline as queries
from csr_desktop.store.queries.verifications import of_calls

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.services.client_rows import TimelineKey
    from csr_desktop.services.lists import Lists
    from csr_desktop.services.people import People
    from csr_desktop.sync.replica import Replica

_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "call": (
        "channel", "direction", "result", "note", "contact_id", "agent_id", "topic_id", "disposition_id", "started_at",
        "talk_seconds", "hold_seconds", "wrap_up_seconds", "dial_seconds",
    ),
    "ticket": ("channel", "subject", "number", "contact_id", "assignee_id", "topic_id", "state", "reply_due_at",
               "last_message_at", "resolved_at"),
    "follow_up": ("kind", "title", "contact_id", "assignee_id", "state", "outcome", "due_at", "created_at",
                  "completed_at"),
    "note": ("author_id", "body", "written_at"),
    "change": ("author_id", "contact_id", "fields", "changed_at"),
}  # fmt: skip


class Timelines:
    def __init__(self, replica: Replica, people: People, lists: Lists) -> None:
        self._replica = replica
        self._people = people
        self._lists = lists

    def page(
        self, client_id: str, kinds: Sequence[TimelineKind] = (), after_key: TimelineKey | None = None, limit: int = 50
    ) -> TimelinePage:
        """Lines of these kinds (all when none is named) after a key, the newest first."""
        since = self._older_since_at()
        found = queries.page(self._replica.sql, client_id, kinds or TIMELINE_KINDS, after_key, limit, since)
        next_key = (found[-1][2], found[-1][1]) if len(found) == limit else None
        return TimelinePage(self._rows(found), next_key)

    def row(self, kind: TimelineKind, row_id: str) -> TimelineRow | None:
        """One line as it is now; None when it is here no longer."""
        found = self._rows([(kind, row_id, 0)])
        return found[0] if found else None

    def counts(self, client_id: str) -> TimelineCounts:
        found = queries.counts(self._replica.sql, client_id, self._older_since_at())
        return TimelineCounts(all=sum(found.values()), **found)

    def _older_since_at(self) -> int:
        return self._replica.now() - older_rows.KEPT_MS

    def _rows(self, found: Sequence[tuple[str, str, int]]) -> tuple[TimelineRow, ...]:
        sql = self._replica.sql
        details: dict[str, dict[str, Any]] = {}
        for kind, columns in _COLUMNS.items():
            wanted = [i for k, i, _ in found if k == kind]
            if wanted:
                details.update(rows.by_id(sql, queries.TABLES[kind], wanted, columns))
        older = self._older({kind: [i for k, i, _ in found if k == kind and i not in details] for kind in _COLUMNS})
        details.update(older)
        checked = of_calls(sql, [i for k, i, _ in found if k == "call"])
        names = rows.by_id(sql, "contacts", [row.get("contact_id", "") for row in details.values()], ["name"])
        makers = {
            "call": self._call,
            "ticket": self._ticket,
            "follow_up": self._follow_up,
            "note": self._note,
            "change": self._change,
        }
        shown: list[TimelineRow] = []
        for kind, row_id, _ in found:
            detail = details.get(row_id)
            if detail is not None and not detail["deleted"]:
                contact_name = rows.text_of(names, detail.get("contact_id", ""), "name")
                line = makers[kind](row_id, detail, contact_name)
                if row_id in checked:
                    line = msgspec.structs.replace(line, verification=_outcome_of(checked[row_id], row_id))
                shown.append(self._marked(line, detail["scope"]) if row_id in older else line)
        return tuple(shown)

    def _older(self, wanted: dict[str, list[str]]) -> dict[str, dict[str, Any]]:
        """Rows of these that are not here but came from the server to be read."""
        found: dict[str, dict[str, Any]] = {}
        for kind, table in older_rows.TABLE_OF.items():
            found.update(older_rows.by_id(self._replica.sql, table, wanted[kind], self._replica.now()))
        return found

    def _marked(self, row: TimelineRow, scope: str) -> TimelineRow:
        team_name = "" if self._people.who().reads(scope) else self._people.team_name(scope)
        return msgspec.structs.replace(row, is_older=True, team_name=team_name)

    def _call(self, row_id: str, row: dict[str, Any], contact_name: str) -> TimelineRow:
        parts = CallParts(
            row["direction"],
            row["result"],
            row["talk_seconds"],
            row["hold_seconds"],
            row["wrap_up_seconds"],
            row["dial_seconds"],
        )
        return TimelineRow(
            kind="call",
            id=row_id,
            at=row["started_at"],
            view_kind=row["channel"],
            title=note_title(row["note"]),
            direction=row["direction"],
            result=row["result"],
            contact_id=row["contact_id"],
            contact_name=contact_name,
            seconds=handle_seconds(parts),
            topic_path=self._lists.topic_path(row["topic_id"]),
            disposition=self._lists.disposition_name(row["disposition_id"]),
            body=row["note"],
            **self._by(row["agent_id"]),
        )

    def _ticket(self, row_id: str, row: dict[str, Any], contact_name: str) -> TimelineRow:
        return TimelineRow(
            kind="ticket",
            id=row_id,
            at=row["last_message_at"],
            view_kind=row["channel"],
            title=row["subject"],
            contact_id=row["contact_id"],
            contact_name=contact_name,
            topic_path=self._lists.topic_path(row["topic_id"]),
            label=ticket_label(row["number"], row_id),
            state=row["state"],
            due_at=row["reply_due_at"],
            completed_at=row["resolved_at"],
            **self._by(row["assignee_id"]),
        )

    def _follow_up(self, row_id: str, row: dict[str, Any], contact_name: str) -> TimelineRow:
        return TimelineRow(
            kind="follow_up",
            id=row_id,
            at=row["created_at"],
            view_kind=row["kind"],
            title=row["title"],
            contact_id=row["contact_id"],
            contact_name=contact_name,
            state=row["state"],
            outcome=row["outcome"],
            due_at=row["due_at"],
            completed_at=row["completed_at"],
            **self._by(row["assignee_id"]),
        )

    def _note(self, row_id: str, row: dict[str, Any], contact_name: str) -> TimelineRow:
        return TimelineRow(
            kind="note",
            id=row_id,
            at=row["written_at"],
            view_kind="note",
            title=note_title(row["body"]),
            contact_name=contact_name,
            body=row["body"],
            **self._by(row["author_id"]),
        )

    def _change(self, row_id: str, row: dict[str, Any], contact_name: str) -> TimelineRow:
        return TimelineRow(
            kind="change",
            id=row_id,
            at=row["changed_at"],
            view_kind="contact" if row["contact_id"] else "client",
            contact_id=row["contact_id"],
            contact_name=contact_name,
            fields=self._fields(row["fields"]),
            **self._by(row["author_id"]),
        )

    def _fields(self, text: str) -> tuple[FieldChange, ...]:
        """What was edited; people by their names."""
        edits = msgspec.json.decode(text) if text else {}
        shown: list[FieldChange] = []
        for field, (was, becomes) in edits.items():
            if field == "specialist_id":
                was, becomes = self._people.name(was), self._people.name(becomes)  # noqa: PLW2901
            shown.append(FieldChange(field, was, becomes))
        return tuple(shown)

    def _by(self, user_id: str) -> dict[str, Any]:
        return {
            "by_id": user_id,
            "by_name": self._people.name(user_id),
            "is_mine": user_id == self._people.who().id,
        }


def _outcome_of(row: dict[str, Any], call_id: str) -> str:
    """What came of verifying the caller in this very call: passed where its last piece came by it, later where by
    another or by an approval, called_back where this one only added to another.
    """
    is_of_another = row["called_back_call_id"] != call_id
    if row["passed_at"]:
        came_later = {row["approved_at"]} | ({row["called_back_at"]} if is_of_another else set())
        return "later" if row["passed_at"] in came_later else "passed"
    if row["interaction_id"] != call_id:
        return "called_back"
    found = msgspec.json.decode(row["asked"] or "[]", type=tuple[tuple[str, bool, int], ...])
    if len(found) == 1 and found[0][0] in FAILED_CALL_BACKS:
        return found[0][0]
    return "failed" if any(not is_passed for _, is_passed, _ in found) else "begun"
