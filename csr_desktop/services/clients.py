"""Clients: the list, the profile, its timeline and payroll calendar. What changes them is in `client_edits`."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

import msgspec

from csr_desktop.domain import local_days, pay_schedule, phone
from csr_desktop.domain.business_calendar import zone_or
from csr_desktop.domain.deposits import DepositRules, RulesError
from csr_desktop.domain.matching import likely_duplicates, normal_name
from csr_desktop.domain.permissions import unknown
from csr_desktop.domain.text import clean_line
from csr_desktop.services.client_edits import ClientEdits
from csr_desktop.services.client_rows import (
    ClientCounts,
    ClientPage,
    ClientProfile,
    ClientRow,
    Duplicate,
    ScheduleStrip,
    StripDay,
    StripMark,
    TopicCount,
)
from csr_desktop.store.client_clocks import ClientClocks
from csr_desktop.store.queries import clients as queries
from csr_desktop.store.queries import rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.services.client_context import ClientContexts
    from csr_desktop.services.client_rows import (
        ContextContact,
        TimelineCounts,
        TimelineKey,
        TimelineKind,
        TimelinePage,
        TimelineRow,
    )
    from csr_desktop.services.lists import Lists
    from csr_desktop.services.people import People
    from csr_desktop.services.timelines import Timelines
    from csr_desktop.sync.replica import Replica

_RECENT: Final = "recent_clients"
_RECENT_KEPT: Final = 20
_TOPIC_DAYS_MS: Final = 90 * 86_400_000
_MOST_BY_NUMBER: Final = 300
_DAY_MS: Final = 86_400_000


class Clients(ClientEdits):
    def __init__(
        self, replica: Replica, people: People, lists: Lists, contexts: ClientContexts, timelines: Timelines
    ) -> None:
        super().__init__(replica, lists)
        self._people = people
        self._contexts = contexts
        self._timelines = timelines
        self._counts: ClientCounts | None = None

    def changed(self, changes: ChangeSet) -> None:
        if changes.rights or changes.touches("clients"):
            self._counts = None

    def recent(self, limit: int = 4) -> tuple[ClientRow, ...]:
        """Those last opened on this workstation, the latest first."""
        return self.rows(self._recent_ids())[:limit]

    def opened(self, client_id: str) -> None:
        """Remember that this client was looked at."""
        ids = [client_id, *(i for i in self._recent_ids() if i != client_id)]
        with self._replica.sql.transaction():
            self._replica.set_state(_RECENT, msgspec.json.encode(ids[:_RECENT_KEPT]).decode())

    def counts(self) -> ClientCounts:
        if self._counts is None:
            self._counts = ClientCounts(*queries.counts(self._replica.sql, self._people.who().id))
        return self._counts

    def page(
        self, group: str, text: str = "", after_key: tuple[str, str] | None = None, limit: int = 100
    ) -> ClientPage:
        """Group “mine” or “all”, by name after a key; `text` filters by a piece of the name, the beginning of the code,
        or the end of a number.
        """
        typed = clean_line(text)
        forms = phone.search_forms(typed, self._lists.home_region()) if _looks_dialled(typed) else ()
        among = queries.clients_with_number(self._replica.sql, forms, _MOST_BY_NUMBER) if forms else None
        found = queries.page(
            self._replica.sql,
            specialist_id=self._people.who().id if group == "mine" else "",
            text="" if among else typed,
            among=among or None,
            after=after_key,
            limit=limit,
        )
        next_key = (found[-1][1], found[-1][0]) if len(found) == limit else None
        return ClientPage(self._rows(found), next_key)

    def rows(self, ids: Sequence[str]) -> tuple[ClientRow, ...]:
        """In the given order; those that are not here are left out."""
        found = {row.id: row for row in self._rows(queries.rows(self._replica.sql, ids))}
        return tuple(found[i] for i in ids if i in found)

    def profile(self, client_id: str) -> ClientProfile:
        """Raises Refused for a client that is not here."""
        row = self._contexts.client(client_id)
        hours = self._contexts.hours(row)
        plain = {f: row[f] for f in _PLAIN_FIELDS}
        me = self._people.who().id
        return ClientProfile(
            **plain,
            status_since_at=_status_since(row["stamps"]),
            specialist_name=self._people.name(row["specialist_id"]),
            time_zone=self._contexts.zone_of(row),
            pay_schedule=_schedule_of(row["pay_schedule"]),
            is_open=hours.is_open,
            open_until_at=hours.open_until_at,
            opens_at=hours.opens_at,
            company_numbers=tuple(n for n in self._contexts.numbers(client_id) if not n.contact_id),
            contacts=self._contexts.contacts(client_id),
            promises=self._contexts.promises(client_id),
            topic_counts=self._topic_counts(client_id),
            can_edit=self._people.can_edit_clients(),
            is_mine=row["specialist_id"] == me,
        )

    def client_of(self, contact_id: str) -> str:
        """Where a person works; raises Refused for one who is not here."""
        found = rows.by_id(self._replica.sql, "contacts", [contact_id], ["client_id"]).get(contact_id)
        if found is None or found["deleted"]:
            raise unknown()
        return str(found["client_id"])

    def contacts(self, client_id: str) -> tuple[ContextContact, ...]:
        """Active ones first, by name."""
        return self._contexts.contacts(client_id)

    def timeline(
        self, client_id: str, kinds: Sequence[TimelineKind] = (), after_key: TimelineKey | None = None, limit: int = 50
    ) -> TimelinePage:
        """Everything of these kinds (none named: all), the newest first, after a key."""
        return self._timelines.page(client_id, kinds, after_key, limit)

    def timeline_counts(self, client_id: str) -> TimelineCounts:
        return self._timelines.counts(client_id)

    def timeline_row(self, kind: TimelineKind, row_id: str) -> TimelineRow | None:
        """One line as it is now; None when it is here no longer."""
        return self._timelines.row(kind, row_id)

    def schedule(self, client_id: str, days: int = 14) -> ScheduleStrip | None:
        """The payroll calendar from yesterday on; None without a usable pay schedule."""
        stored = self._contexts.client(client_id)["pay_schedule"]
        schedule, rules = _schedule_of(stored), self._rules()
        if schedule is None or rules is None:
            return None
        now = self._replica.now()
        try:
            next_run = schedule.next_clocks(now, rules)
            events = schedule.upcoming(now - _DAY_MS, days, rules)
        except (pay_schedule.PayScheduleError, RulesError):
            return None
        today = local_days.local_date(now, schedule.time_zone)
        dates = [today + dt.timedelta(days=offset) for offset in range(-1, days - 1)]
        holidays = {event.date: event.name for event in events if event.kind == "bank_holiday"}
        return ScheduleStrip(
            frequency=schedule.frequency,
            time_zone=schedule.time_zone,
            period_end=next_run.period_end,
            today=today.isoformat(),
            days=tuple(StripDay(d.isoformat(), d.weekday() >= 5, holidays.get(d.isoformat(), "")) for d in dates),
            marks=tuple(StripMark(event.date, event.kind, event.at, event.name) for event in events),
            cut_off_at=next_run.cut_off_at,
            pay_date=next_run.pay_date,
            deposit_due=next_run.deposit_due,
            deposit_rule=schedule.deposit_rule,
        )

    def likely_duplicates(
        self, name: str, *, code: str = "", email: str = "", number: str = ""
    ) -> tuple[Duplicate, ...]:
        """Clients that may be the one being entered: same code, email or number first, then alike names."""
        sql = self._replica.sql
        found: list[Duplicate] = []
        if code.strip():
            found += [Duplicate(i, n, "code", "", 100.0) for i, n in queries.same_code(sql, clean_line(code))]
        if email.strip():
            same = queries.same_email(sql, clean_line(email))
            found += [Duplicate(i, n, "email", contact, 100.0) for i, n, contact in same]
        e164 = phone.parse(number, self._lists.home_region()).e164
        if e164 and e164 not in self._lists.organisation().own_numbers:
            found += [Duplicate(i, n, "number", who, 100.0) for i, n, who in queries.same_number(sql, e164)]
        words = sorted(normal_name(name).split(), key=len, reverse=True)[:4]
        names = queries.names_like(sql, [piece for word in words for piece in {word[:3], word[-3:]}])
        by_id = dict(names)
        found += [Duplicate(i, by_id[i], "name", "", score) for i, score in likely_duplicates(clean_line(name), names)]
        first: dict[str, Duplicate] = {}
        for duplicate in found:
            first.setdefault(duplicate.client_id, duplicate)
        return tuple(first.values())

    def _rows(self, found: Sequence[tuple[Any, ...]]) -> tuple[ClientRow, ...]:
        clocks = queries.clocks(self._replica.sql, [row[0] for row in found])
        me = self._people.who().id
        organisation_zone = self._lists.organisation().time_zone
        return tuple(
            ClientRow(
                id=i,
                name=name,
                city=city,
                tier=tier,
                status=status,
                status_since_at=_status_since(stamps),
                time_zone=zone_or(time_zone, organisation_zone),
                specialist_id=specialist_id,
                cut_off_at=clocks[i][0] if i in clocks else 0,
                is_mine=specialist_id == me,
            )
            for i, name, city, tier, status, stamps, time_zone, specialist_id in found
        )

    def _recent_ids(self) -> list[str]:
        stored = self._replica.sql.value("SELECT value FROM state WHERE key = ?", _RECENT)
        return list(msgspec.json.decode(stored, type=list[str])) if stored else []

    def _topic_counts(self, client_id: str) -> tuple[TopicCount, ...]:
        totals: dict[str, int] = {}
        since_at = self._replica.now() - _TOPIC_DAYS_MS
        for topic_id, count in queries.topic_counts(self._replica.sql, client_id, since_at):
            top = self._lists.top_topic(topic_id)
            if top:
                totals[top] = totals.get(top, 0) + count
        ordered = sorted(totals.items(), key=lambda entry: (-entry[1], self._lists.topic_path(entry[0])))
        return tuple(TopicCount(i, self._lists.topic_path(i)[-1], count) for i, count in ordered)

    def _rules(self) -> DepositRules | None:
        clocks = next((p for p in self._replica.projections if isinstance(p, ClientClocks)), None)
        return clocks.rules() if clocks else None


_PLAIN_FIELDS: Final = (
    "id", "code", "name", "status", "tier", "employee_count", "products", "specialist_id", "email", "city", "alert",
    "calendar_id", "sla_policy_id",
)  # fmt: skip


def _looks_dialled(text: str) -> bool:
    """Digits and what is written between them, not a name that holds a number."""
    return sum(c.isdigit() for c in text) >= phone.SEARCHED_DIGITS and not any(c.isalpha() for c in text)


def _status_since(stamps: str) -> int:
    return int(msgspec.json.decode(stamps).get("status", (0, ""))[0]) if stamps else 0


def _schedule_of(text: str) -> pay_schedule.PaySchedule | None:
    try:
        return pay_schedule.decode(text) if text else None
    except pay_schedule.PayScheduleError:
        return None
