"""The inbox: everything that waits for someone in one list, by what breaks first, and what one opens from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from csr_desktop.domain import consequence, local_days
from csr_desktop.domain.change_set import ChangeSet, changed
from csr_desktop.services.client_context import shown_number
from csr_desktop.services.inbox_rows import VIEWS, GroupCounts, InboxCounts, InboxPage, InboxRow
from csr_desktop.services.labels import note_title, ticket_label
from csr_desktop.services.ticket_actions import TicketActions
from csr_desktop.store.inbox_projection import NO_CONSEQUENCE, TO_LEADS, InboxProjection
from csr_desktop.store.queries import inbox as queries
from csr_desktop.store.queries import rows
from csr_desktop.store.queries.inbox import Item, Standpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from csr_desktop.services.attachments import Attachments
    from csr_desktop.services.client_context import ClientContexts
    from csr_desktop.services.client_rows import ClientContext
    from csr_desktop.services.conversations import Conversations
    from csr_desktop.services.inbox_rows import Conversation, InboxKey, View
    from csr_desktop.services.lists import Lists
    from csr_desktop.services.people import People
    from csr_desktop.sync.replica import Replica

_HOUR_MS: Final = 3_600_000
_READ: Final = "inbox_read"
_READ_KEPT: Final = 500
_TICKET: Final = (
    "subject", "channel", "priority", "number", "contact_id", "client_id", "first_replied_at", "last_message_at",
    "assigned_at", "assignee_id", "state", "reply_due_at", "escalated_to_id",
)  # fmt: skip
_CALL: Final = (
    "channel", "direction", "result", "number", "extension", "note", "contact_id", "client_id", "started_at",
    "agent_id", "called_back_by_id", "called_back_at",
)  # fmt: skip
_FOLLOW_UP: Final = (
    "kind", "title", "contact_id", "client_id", "created_at", "assignee_id", "state", "due_at", "completed_at",
    "completed_by_id",
)  # fmt: skip


class Inbox(TicketActions):
    """`local_zone` is the workstation's IANA zone, whose days part the groups."""

    def __init__(
        self,
        replica: Replica,
        people: People,
        lists: Lists,
        contexts: ClientContexts,
        conversations: Conversations,
        attachments: Callable[[], Attachments],
        local_zone: str,
    ) -> None:
        super().__init__(replica, people, lists, attachments)
        self._contexts = contexts
        self._conversations = conversations
        self._local_zone = local_zone
        self._passed_at = 0
        """Up to when `refresh_clocks` let time pass, at first when a list was first read; 0 until then."""
        self._read_at: dict[str, int] | None = None
        """By item, the time of the latest that was looked at; None until it is read from the file."""

    def counts(self) -> InboxCounts:
        return InboxCounts(*queries.counts(self._replica.sql, self._standpoint()))

    def groups(self, view: View) -> GroupCounts:
        who = self._standpoint()
        return GroupCounts(*queries.groups(self._replica.sql, who, _known(view), who.now_at + _HOUR_MS))

    def page(self, view: View, after_key: InboxKey | None = None, limit: int = 100) -> InboxPage:
        """The items of a view after a key, the earliest consequence first."""
        who = self._standpoint()
        items = queries.page(self._replica.sql, who, _known(view), after_key, limit)
        return InboxPage(
            rows=self._rows(items, frozenset(item.id for item in items), who),
            next_key=(items[-1].consequence_at, items[-1].id) if len(items) == limit else None,
            now_at=who.now_at,
            hour_at=who.now_at + _HOUR_MS,
            midnight_at=who.midnight_at,
        )

    def rows(self, ids: Sequence[str], view: View) -> tuple[InboxRow, ...]:
        """These items as they are now, in the given order, also those that left the view or wait no longer; ids that
        are not on this workstation any more are left out.
        """
        sql = self._replica.sql
        who = self._standpoint()
        found = queries.items(sql, ids)
        found.update(self._settled([i for i in ids if i not in found]))
        held = queries.within(sql, who, _known(view), ids)
        return self._rows([found[i] for i in ids if i in found], held, who)

    def asked_on(self, verification_ids: Iterable[str]) -> frozenset[str]:
        """The tickets for which these were asked."""
        found = rows.by_id(self._replica.sql, "verifications", sorted(verification_ids), ["ticket_id"])
        return frozenset(row["ticket_id"] for row in found.values() if row["ticket_id"])

    def conversation(self, ticket_id: str) -> Conversation:
        """Raises Refused for a ticket that is not here."""
        return self._conversations.conversation(ticket_id)

    def context(self, client_id: str, contact_id: str = "", ticket_id: str = "") -> ClientContext:
        """The pane beside it; raises Refused for a client that is not here."""
        return self._contexts.context(client_id, contact_id, ticket_id)

    def refresh_clocks(self) -> ChangeSet:
        """Let pass what time itself changes: cut-offs, follow-ups that come up, missed calls that are too old. What did
        change.
        """
        from csr_desktop.store.client_clocks import ClientClocks

        sql, now = self._replica.sql, self._replica.now()
        before, self._passed_at = self._passed_at or now, now
        come_up = queries.come_up(sql, self._with_midnight(before), self._with_midnight(now))
        clocks = next((p for p in self._replica.projections if isinstance(p, ClientClocks)), None)
        items = next((p for p in self._replica.projections if isinstance(p, InboxProjection)), None)
        if clocks is None or items is None or not (clocks.has_passed(sql, now) or items.has_old(sql, now)):
            return changed({"follow_ups": come_up})
        with sql.transaction():
            passed = clocks.refresh(sql, now)
            items.clocks_moved(sql, passed)
            old = items.forget_old(sql, now)
        return changed({"client_clocks": passed, "interactions": old, "follow_ups": come_up})

    def _with_midnight(self, at: int) -> tuple[int, int]:
        return at, local_days.midnight_after(at, self._local_zone)

    def looked_at(self, item_id: str, at: int) -> None:
        """Remember on this workstation that it is not new any more, until something later than `at` comes in."""
        read = self._read()
        if read.get(item_id, 0) >= at:
            return
        read.pop(item_id, None)
        read[item_id] = at
        for old in list(read)[:-_READ_KEPT]:
            del read[old]
        with self._replica.sql.transaction():
            self._replica.set_state(_READ, msgspec.json.encode(read).decode())

    def _read(self) -> dict[str, int]:
        if self._read_at is None:
            stored = self._replica.sql.value("SELECT value FROM state WHERE key = ?", _READ)
            self._read_at = msgspec.json.decode(stored, type=dict[str, int]) if stored else {}
        return self._read_at

    def _is_read(self, item_id: str, at: int) -> bool:
        return self._read().get(item_id, 0) >= at

    def _standpoint(self) -> Standpoint:
        now = self._replica.now()
        self._passed_at = self._passed_at or now
        who = self._people.who()
        return Standpoint(
            user_id=who.id,
            teams=self._people.seen_teams(),
            is_whole_team=who.role in {"lead", "manager"},
            is_lead=who.is_lead,
            now_at=now,
            midnight_at=local_days.midnight_after(now, self._local_zone),
        )

    def undone(self, ids: Sequence[str]) -> frozenset[str]:
        """Which of these were taken back, so that there is nothing to be said of them any more."""
        sql = self._replica.sql
        tables = ("tickets", "interactions", "follow_ups")
        return frozenset(i for table in tables for i, row in rows.by_id(sql, table, ids, []).items() if row["deleted"])

    def _settled(self, ids: Sequence[str]) -> dict[str, Item]:
        """Items for rows that wait no longer: resolved, called back, completed."""
        sql = self._replica.sql
        found: dict[str, Item] = {}
        for i, row in rows.by_id(sql, "tickets", ids, ["client_id", "assignee_id", "state", "escalated_to_id"]).items():
            if not row["deleted"]:
                escalated = row["escalated_to_id"]
                found[i] = Item(
                    i, "ticket", row["scope"], row["assignee_id"], row["client_id"], row["state"], escalated, 0, 0, 0
                )
        for i, row in rows.by_id(sql, "interactions", ids, ["client_id", "agent_id"]).items():
            if not row["deleted"]:
                found[i] = Item(i, "call", row["scope"], row["agent_id"], row["client_id"], "done", "", 0, 0, 0)
        for i, row in rows.by_id(sql, "follow_ups", ids, ["client_id", "assignee_id", "state"]).items():
            if not row["deleted"]:
                found[i] = Item(
                    i, "follow_up", row["scope"], row["assignee_id"], row["client_id"], row["state"], "", 0, 0, 0
                )
        return found

    def _rows(self, items: Sequence[Item], held: frozenset[str], who: Standpoint) -> tuple[InboxRow, ...]:
        sql = self._replica.sql
        wanted = {kind: [item.id for item in items if item.kind == kind] for kind in ("ticket", "call", "follow_up")}
        tables = (
            ("ticket", "tickets", _TICKET),
            ("call", "interactions", _CALL),
            ("follow_up", "follow_ups", _FOLLOW_UP),
        )
        details: dict[str, dict[str, Any]] = {}
        for kind, table, columns in tables:
            if wanted[kind]:
                details.update(rows.by_id(sql, table, wanted[kind], columns))
        clients = rows.by_id(sql, "clients", [item.client_id for item in items], ["name", "time_zone"])
        contacts = rows.by_id(sql, "contacts", [row["contact_id"] for row in details.values()], ["name"])
        shown: list[InboxRow] = []
        for item in items:
            detail = details.get(item.id)
            if detail is not None:
                client = clients.get(item.client_id)
                contact_name = rows.text_of(contacts, detail["contact_id"], "name")
                shown.append(self._row(item, detail, client, contact_name, item.id in held, who))
        return tuple(shown)

    def _row(
        self,
        item: Item,
        detail: dict[str, Any],
        client: dict[str, Any] | None,
        contact_name: str,
        is_held: bool,
        who: Standpoint,
    ) -> InboxRow:
        consequence_at = item.consequence_at if item.consequence_at < NO_CONSEQUENCE else 0
        due_kind: consequence.ClockKind = "promise" if detail.get("kind") == "promise" else "reply"
        clocks = consequence.in_order(((due_kind, item.due_at), ("cut_off", item.cut_off_at)))
        return InboxRow(
            id=item.id,
            kind=item.kind,  # type: ignore[arg-type]
            client_id=item.client_id,
            client_name=client["name"] if client else "",
            client_zone=self._contexts.zone_of(client),
            contact_id=detail["contact_id"],
            contact_name=contact_name,
            due_at=item.due_at,
            cut_off_at=item.cut_off_at,
            consequence_at=consequence_at,
            first_clock=clocks[0].kind if clocks else "",
            group=consequence.group(consequence_at, who.now_at, who.midnight_at),
            state=item.state,
            is_escalated_to_me=item.escalated_to_id == who.user_id,
            awaits_my_approval=who.is_lead and item.escalated_to_id == TO_LEADS,
            is_in_view=is_held,
            can_work=item.scope in self._people.who().teams,
            **self._by_kind(item, detail),
        )

    def _by_kind(self, item: Item, detail: dict[str, Any]) -> dict[str, Any]:
        """What tickets, calls and follow-ups say in their own way."""
        if item.kind == "ticket":
            return {
                "view_kind": detail["channel"],
                "title": detail["subject"],
                "is_new": item.state == "open"
                and not detail["first_replied_at"]
                and not self._is_read(item.id, detail["last_message_at"]),
                "number": "",
                "at": detail["last_message_at"],
                "priority": detail["priority"],
                "label": ticket_label(detail["number"], item.id),
                "assignee_id": item.assignee_id,
                "assignee_name": self._people.name(item.assignee_id),
                "assigned_at": detail["assigned_at"],
            }
        if item.kind == "call":
            taker = detail["called_back_by_id"]
            region = self._lists.home_region()
            e164 = detail["number"] if detail["number"].startswith("+") else ""
            return {
                "view_kind": "voicemail" if detail["channel"] == "voicemail" else detail["result"],
                "title": note_title(detail["note"]),
                "is_new": item.state == "open" and not self._is_read(item.id, detail["started_at"]),
                "number": shown_number(e164, detail["number"], region, detail["extension"]),
                "at": detail["started_at"],
                "priority": "",
                "label": "",
                "assignee_id": taker or item.assignee_id,
                "assignee_name": self._people.name(taker or item.assignee_id),
                "assigned_at": detail["called_back_at"],
            }
        doer = detail["completed_by_id"] or item.assignee_id
        return {
            "view_kind": detail["kind"],
            "title": detail["title"],
            "is_new": False,
            "number": "",
            "at": detail["created_at"],
            "priority": "",
            "label": "",
            "assignee_id": doer,
            "assignee_name": self._people.name(doer),
            "assigned_at": detail["completed_at"],
        }


def _known(view: str) -> str:
    if view not in VIEWS:
        raise ValueError(view)
    return view
