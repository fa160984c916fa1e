"""Follow-ups: the agenda by due time in the client's business hours, one in detail, the rate of promises kept."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

import msgspec

from csr_desktop.domain import due_text, local_days
from csr_desktop.domain.figures import PromiseRecord, promise_kept_rate, was_moved_late
from csr_desktop.domain.permissions import unknown
from csr_desktop.domain.text import excerpt
from csr_desktop.services.follow_up_actions import FollowUpActions
from csr_desktop.services.follow_up_rows import (
    OUTCOMES_BY_KIND,
    AgendaCounts,
    FollowUpDetail,
    FollowUpPage,
    FollowUpRow,
    KeptRate,
    LedHere,
    Move,
    OpenDay,
)
from csr_desktop.services.labels import ticket_label
from csr_desktop.store.queries import follow_ups as queries
from csr_desktop.store.queries import rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.domain.business_calendar import BusinessCalendar
    from csr_desktop.domain.due_text import DueParsed
    from csr_desktop.services.client_context import ClientContexts
    from csr_desktop.services.follow_up_rows import FollowUpKey
    from csr_desktop.services.people import People
    from csr_desktop.sync.replica import Replica

_RATE_MS: Final = 90 * 86_400_000
_HOUR_MS: Final = 3_600_000
_COUNTED_DAYS: Final = 31
_LED_HERE: Final = 8
_COLUMNS: Final = (
    "client_id", "contact_id", "ticket_id", "interaction_id", "kind", "title", "assignee_id", "created_by_id",
    "created_at", "due_at", "first_due_at", "snoozed_until_at", "state", "outcome", "outcome_note", "completed_by_id",
    "completed_at", "moves",
)  # fmt: skip


class _Bounds(msgspec.Struct, frozen=True):
    """Instants that part the agenda: now, and the ends of today, tomorrow and next week on this workstation's wall."""

    now_at: int
    midnight_at: int
    tomorrow_end_at: int
    next_week_end_at: int

    def group(self, turn_at: int) -> str:
        if turn_at < self.now_at:
            return "overdue"
        if turn_at < self.midnight_at:
            return "today"
        if turn_at < self.tomorrow_end_at:
            return "tomorrow"
        return "this_and_next_week" if turn_at < self.next_week_end_at else "later"


class FollowUps(FollowUpActions):
    """`local_zone` is the workstation's IANA zone, whose days part the groups."""

    def __init__(self, replica: Replica, people: People, contexts: ClientContexts, local_zone: str) -> None:
        super().__init__(replica, people)
        self._contexts = contexts
        self._local_zone = local_zone

    def page(
        self, whose: str = "mine", kind: str = "", after_key: FollowUpKey | None = None, limit: int = 200
    ) -> FollowUpPage:
        """Open ones after a key, by due time; snoozed ones where they come back. `whose` is mine or team, `kind` '' for
        all.
        """
        assignee_id, teams = self._whose(whose)
        found = queries.page(
            self._replica.sql, assignee_id=assignee_id, teams=teams, kind=kind, after=after_key, limit=limit
        )
        bounds = self._bounds()
        return FollowUpPage(
            rows=self.rows([i for i, _ in found]),
            next_key=(found[-1][1], found[-1][0]) if len(found) == limit else None,
            now_at=bounds.now_at,
            midnight_at=bounds.midnight_at,
            tomorrow_end_at=bounds.tomorrow_end_at,
            next_week_end_at=bounds.next_week_end_at,
        )

    def done_today(self, whose: str = "mine", kind: str = "") -> tuple[FollowUpRow, ...]:
        """The latest first."""
        return self.rows(self._done_ids(whose, kind))

    def counts(self, whose: str = "mine", kind: str = "") -> AgendaCounts:
        assignee_id, teams = self._whose(whose)
        bounds = msgspec.structs.astuple(self._bounds())
        found = queries.counts(self._replica.sql, assignee_id=assignee_id, teams=teams, kind=kind, bounds=bounds)
        overdue, today, tomorrow, weeks, later = found
        done = len(self._done_ids(whose, kind))
        return AgendaCounts(overdue, today, tomorrow, weeks, later, done_today=done, open=sum(found))

    def waiting_count(self) -> int:
        """Mine that are overdue or due today."""
        found = self.counts()
        return found.overdue + found.today

    def rows(self, ids: Sequence[str]) -> tuple[FollowUpRow, ...]:
        """In the given order; those that are not here are left out."""
        sql = self._replica.sql
        found = {i: row for i, row in rows.by_id(sql, "follow_ups", ids, _COLUMNS).items() if not row["deleted"]}
        columns = ("name", "time_zone", "calendar_id")
        clients = rows.by_id(sql, "clients", [row["client_id"] for row in found.values()], columns)
        contacts = rows.by_id(sql, "contacts", [row["contact_id"] for row in found.values()], ["name"])
        bounds = self._bounds()
        return tuple(
            self._row(
                found[i],
                clients.get(found[i]["client_id"]),
                rows.text_of(contacts, found[i]["contact_id"], "name"),
                bounds,
            )
            for i in ids
            if i in found
        )

    def detail(self, follow_up_id: str) -> FollowUpDetail:
        """Raises Refused for one that is not here."""
        sql = self._replica.sql
        stored = rows.one(sql, "follow_ups", follow_up_id)
        shown = self.rows([follow_up_id])
        if stored is None or not shown:
            raise unknown()
        who = self._people.who()
        client = rows.by_id(sql, "clients", [stored["client_id"]], ["time_zone", "calendar_id"])
        ticket = rows.by_id(sql, "tickets", [stored["ticket_id"]], ["number"]).get(stored["ticket_id"])
        numbers = self._contexts.numbers(stored["client_id"]) if stored["contact_id"] else ()
        return FollowUpDetail(
            row=shown[0],
            contact_numbers=tuple(number for number in numbers if number.contact_id == stored["contact_id"]),
            ticket_label=ticket_label(ticket["number"], ticket["id"]) if ticket else "",
            created_at=stored["created_at"],
            created_by_name=self._people.name(stored["created_by_id"]),
            outcome_note=stored["outcome_note"],
            moves=self._moves(stored["moves"]),
            day=self._day(stored["due_at"], client.get(stored["client_id"])),
            led_here=self._led_here(stored),
            outcomes=OUTCOMES_BY_KIND.get(stored["kind"], ("done",)),
            can_reassign=shown[0].can_work and (who.is_lead or stored["assignee_id"] in {"", who.id}),
        )

    def kept_rate(self, whose: str = "mine") -> KeptRate:
        """Of promises due in the last 90 days: kept on time ÷ due."""
        now = self._replica.now()
        found = queries.promises(self._replica.sql, self._persons(whose), now - _RATE_MS, now)
        records = (
            PromiseRecord(due_at, state, outcome, completed_at, was_moved_late(_moved(moves)))
            for due_at, state, outcome, completed_at, moves in found
        )
        rate = promise_kept_rate(records, now)
        return KeptRate(rate.numerator, rate.denominator, rate.value, rate.low, rate.high)

    def parse_due(self, text: str, client_id: str = "") -> DueParsed:
        """What was typed as a due time, on the client's wall and in their business hours; without a client on mine."""
        client = rows.by_id(self._replica.sql, "clients", [client_id], ["time_zone", "calendar_id"]).get(client_id)
        calendar = self._contexts.calendar_of(client)
        return due_text.parse_due(text, calendar, self._wall(client, calendar), self._replica.now())

    def _row(
        self, row: dict[str, Any], client: dict[str, Any] | None, contact_name: str, bounds: _Bounds
    ) -> FollowUpRow:
        who = self._people.who()
        is_open = row["state"] == "open"
        turn_at = max(row["due_at"], row["snoozed_until_at"])
        plain = {field: row[field] for field in _PLAIN_FIELDS}
        return FollowUpRow(
            **plain,
            turn_at=turn_at,
            client_name=client["name"] if client else "",
            contact_name=contact_name,
            client_zone=self._contexts.zone_of(client) if client else self._local_zone,
            completed_by_name=self._people.name(row["completed_by_id"]),
            move_count=len(_moved(row["moves"])),
            assignee_name=self._people.name(row["assignee_id"]),
            is_mine=row["assignee_id"] == who.id,
            group=bounds.group(turn_at) if is_open else "done_today",
            working_days=self._working_days(bounds.now_at, row["due_at"], client) if is_open else 0,
            can_work=row["scope"] in who.teams,
            kept_early_seconds=0 if is_open else (row["due_at"] - row["completed_at"]) // 1000,
        )

    def _working_days(self, now_at: int, due_at: int, client: dict[str, Any] | None) -> int:
        """Open days after today up to the due one."""
        calendar = self._contexts.calendar_of(client)
        if calendar is None:
            return 0
        today = local_days.local_date(now_at, calendar.time_zone)
        days = (local_days.local_date(due_at, calendar.time_zone) - today).days
        if not 0 < days <= _COUNTED_DAYS:
            return 0
        dates = (today + dt.timedelta(days=offset) for offset in range(1, days + 1))
        return sum(bool(calendar.intervals_on(date.isoformat())) for date in dates)

    def _moves(self, text: str) -> tuple[Move, ...]:
        me = self._people.who().id
        return tuple(
            Move(was_at, becomes_at, reason, self._people.name(by), by == me, at, at <= was_at)
            for was_at, becomes_at, reason, by, at in msgspec.json.decode(text)
        )

    def _day(self, due_at: int, client: dict[str, Any] | None) -> OpenDay:
        calendar = self._contexts.calendar_of(client)
        zone = self._wall(client, calendar)
        date = local_days.local_date(due_at, zone)
        midnight_at = local_days.instant(date, 0, zone)
        spans = calendar.intervals_on(date.isoformat()) if calendar else ()
        return OpenDay(
            date=date.isoformat(),
            zone=zone,
            open_hours=tuple(((a - midnight_at) / _HOUR_MS, (b - midnight_at) / _HOUR_MS) for a, b in spans),
            due_hour=(due_at - midnight_at) / _HOUR_MS,
        )

    def _led_here(self, stored: dict[str, Any]) -> tuple[LedHere, ...]:
        sql = self._replica.sql
        me = self._people.who().id
        messages = queries.messages_before(sql, stored["ticket_id"])
        calls = queries.calls_before(sql, stored["ticket_id"], stored["interaction_id"])
        found = [(kind, i, author, contact, "", body, at) for kind, i, author, contact, body, at in messages] + calls
        names = rows.by_id(sql, "contacts", [row[3] for row in found], ["name"])
        made = ("follow_up", stored["id"], stored["created_by_id"], "", "", stored["title"], stored["created_at"])
        newest = sorted([*found, made], key=lambda row: (-row[6], row[1]))[:_LED_HERE]
        return tuple(
            LedHere(
                kind=kind,
                id=i,
                author_name=self._people.name(author),
                is_mine=author == me,
                contact_name=rows.text_of(names, contact, "name"),
                direction=direction,
                title=excerpt(body, 120),
                at=at,
            )
            for kind, i, author, contact, direction, body, at in newest
        )

    def _wall(self, client: dict[str, Any] | None, calendar: BusinessCalendar | None) -> str:
        if calendar is not None:
            return calendar.time_zone
        return self._contexts.zone_of(client) if client else self._local_zone

    def _whose(self, whose: str) -> tuple[str, tuple[str, ...]]:
        return (self._people.who().id, ()) if whose == "mine" else ("", self._people.seen_teams())

    def _persons(self, whose: str) -> list[str]:
        return [self._people.who().id] if whose == "mine" else [c.id for c in self._people.colleagues()]

    def _done_ids(self, whose: str, kind: str) -> list[str]:
        return queries.done_since(
            self._replica.sql,
            self._persons(whose),
            kind,
            local_days.midnight_after(self._replica.now(), self._local_zone, 0),
        )

    def _bounds(self) -> _Bounds:
        now = self._replica.now()
        weekday = local_days.local_date(now, self._local_zone).weekday()
        days = (1, 2, 14 - weekday)
        return _Bounds(now, *(local_days.midnight_after(now, self._local_zone, d) for d in days))


_PLAIN_FIELDS: Final = (
    "id", "kind", "title", "client_id", "contact_id", "ticket_id", "interaction_id", "due_at", "first_due_at",
    "snoozed_until_at", "state", "outcome", "completed_at", "assignee_id",
)  # fmt: skip


def _moved(moves: str) -> list[tuple[int, int]]:
    """(was due, moved at) of each move."""
    return [(move[0], move[4]) for move in msgspec.json.decode(moves)]
