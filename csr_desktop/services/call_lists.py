"""What a list of calls holds, as it is filtered: its keys in order, how many, and the numbers behind them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from csr_desktop.domain import local_days, phone
from csr_desktop.domain.text import clean_line
from csr_desktop.services.call_rows import CallKeys, CallSpan, FilterChoices, NumberRow
from csr_desktop.services.client_context import shown_number
from csr_desktop.store.queries import call_lists as queries
from csr_desktop.store.queries import rows
from csr_desktop.sync.filling import CUT_OFF

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.services.call_rows import CallFilter, CallKey
    from csr_desktop.services.lists import Lists
    from csr_desktop.services.people import People
    from csr_desktop.sync.replica import Replica

RESULTS: Final = {
    "handled": ("handled",),
    "missed": ("missed", "abandoned"),
    "abandoned": ("abandoned",),
    "no_answer": ("no_answer",),
}
"""What a filter's result means."""
_LONG_MS: Final = 60 * 86_400_000
"""Of a longer time, calls are a good part of all that are here."""
_ALL: Final = 1 << 40
_LAST_DAYS: Final = {"month": 30, "quarter": 90}


class CallLists:
    """`local_zone` is the workstation's IANA zone, whose days and weeks the filters mean."""

    def __init__(self, replica: Replica, people: People, lists: Lists, local_zone: str) -> None:
        self._replica = replica
        self._people = people
        self._lists = lists
        self._local_zone = local_zone

    def keys(self, chosen: CallFilter, after: CallKey | None, limit: int) -> CallKeys:
        """Keys after a key, the newest first. All at once where the whole table has to be looked through for them."""
        question = self.question(chosen)
        question = question._replace(is_wide=self._is_wide(question) and _is_picky(chosen))
        limit = _ALL if question.is_wide else limit
        found = tuple(queries.keys(self._replica.sql, question, after, limit))
        return CallKeys(found, found[-1] if len(found) == limit else None)

    def among(self, chosen: CallFilter, ids: Sequence[str]) -> tuple[CallKey, ...]:
        """The keys of those that belong to the list."""
        return tuple(queries.among(self._replica.sql, self.question(chosen), ids))

    def count(self, chosen: CallFilter) -> int:
        question = self.question(chosen)
        return queries.count(self._replica.sql, question._replace(is_wide=self._is_wide(question)))

    def span(self, chosen: CallFilter) -> CallSpan:
        since_at, until_at = self._bounds(chosen)
        kept = self._replica.sql.value("SELECT value FROM state WHERE key = ?", CUT_OFF)
        return CallSpan(since_at, until_at, int(kept or 0))

    def choices(self) -> FilterChoices:
        teams, can_see_team = self._people.colleagues(), bool(self._people.seen_teams())
        return FilterChoices(
            agents=tuple((one.id, one.name) for one in teams),
            topics=tuple((node.id, node.path) for node in self._lists.topics()),
            dispositions=tuple((one.id, one.name) for one in self._lists.dispositions()),
            can_see_team=can_see_team,
        )

    def names(self, chosen: CallFilter) -> dict[str, str]:
        """What the ids in a filter are called: client, agent, topic, disposition; '' for what is not here."""
        client = rows.by_id(self._replica.sql, "clients", [chosen.client_id], ["name"])
        path = self._lists.topic_path(chosen.topic_id)
        return {
            "client_id": rows.text_of(client, chosen.client_id, "name"),
            "agent_id": self._people.name(chosen.agent_id),
            "topic_id": path[-1] if path else "",
            "disposition_id": self._lists.disposition_name(chosen.disposition_id),
        }

    # Numbers

    def numbers(self, chosen: CallFilter) -> tuple[tuple[str, int, int], ...]:
        """(number, how often, last) of every number that called or was called, the latest first."""
        question = self.question(chosen)
        return tuple(queries.numbers(self._replica.sql, question._replace(is_wide=self._is_wide(question))))

    def number_rows(self, chosen: CallFilter, wanted: Sequence[tuple[str, int, int]]) -> tuple[NumberRow, ...]:
        """In the given order."""
        sql, numbers = self._replica.sql, [number for number, _, _ in wanted]
        last_ids = queries.last_calls(sql, self.question(chosen), numbers)
        calls = rows.by_id(
            sql,
            "interactions",
            last_ids.values(),
            ["contact_id", "client_id", "agent_id", "direction", "result", "extension"],
        )
        held = queries.holders(sql, numbers)
        named = [row["contact_id"] for row in calls.values()] + [c for some in held.values() for c, _ in some]
        owned = [row["client_id"] for row in calls.values()] + [c for some in held.values() for _, c in some]
        contacts = rows.by_id(sql, "contacts", named, ["name"])
        clients = rows.by_id(sql, "clients", owned, ["name"])

        def make(number: str, count: int, last_at: int) -> NumberRow:
            call: dict[str, Any] = calls.get(last_ids.get(number, ""), {})
            holders = held.get(number, [])
            contact_id, client_id = holders[0] if holders else ("", "")
            organisation = self._lists.organisation()
            parsed = phone.parse(number, organisation.home_region)
            is_matchable = phone.is_matchable(parsed, organisation.own_numbers)
            person = rows.text_of(contacts, contact_id, "name")
            company = rows.text_of(clients, client_id, "name")
            last_person = rows.text_of(contacts, call.get("contact_id", ""), "name")
            return NumberRow(
                number=number,
                number_shown=shown_number(parsed.e164, number, organisation.home_region),
                name=person or company,
                company=company if person else "",
                contact_id=contact_id,
                client_id=client_id,
                sharing_count=len({contact or client for contact, client in holders}),
                is_own=parsed.e164 in organisation.own_numbers,
                can_attach=not holders and is_matchable and self._people.can_write(),
                call_count=count,
                last_at=last_at,
                last_call_id=last_ids.get(number, ""),
                last_name=last_person or rows.text_of(clients, call.get("client_id", ""), "name"),
                direction=call.get("direction", "in"),
                result=call.get("result", "handled"),
                agent_name=self._people.name(call.get("agent_id", "")),
            )

        return tuple(make(*one) for one in wanted)

    # What a filter means

    def question(self, chosen: CallFilter) -> queries.CallQuestion:
        since_at, until_at = self._bounds(chosen)
        teams = self._people.seen_teams()
        return queries.CallQuestion(
            agent_id=self._people.who().id if chosen.whose == "mine" else chosen.agent_id,
            teams=teams,
            is_of_teams=chosen.whose != "mine",
            since_at=since_at,
            until_at=until_at,
            direction=chosen.direction,
            results=RESULTS.get(chosen.result, ()),
            channel=chosen.channel,
            client_id=chosen.client_id,
            topic_ids=(self._lists.subtopics(chosen.topic_id) or (chosen.topic_id,)) if chosen.topic_id else (),
            disposition_id=chosen.disposition_id,
            least_seconds=chosen.least_seconds,
            below_seconds=chosen.below_seconds,
            text=self._searched(chosen.text),
        )

    def extent(self, chosen: CallFilter) -> tuple[int, int, int]:
        """How many calls, and the starts of the oldest and the newest; 0 where there is none."""
        question = self.question(chosen)
        return queries.extent(self._replica.sql, question._replace(is_wide=self._is_wide(question)))

    def _is_wide(self, question: queries.CallQuestion) -> bool:
        is_long = not question.since_at or question.since_at < self._replica.now() - _LONG_MS
        return is_long and not question.client_id

    def _bounds(self, chosen: CallFilter) -> tuple[int, int]:
        """The instants between which calls began."""
        if chosen.period == "all":
            return 0, 0
        today = local_days.local_date(self._replica.now(), self._local_zone)
        if chosen.period == "days":
            first, last = _day(chosen.from_day), _day(chosen.to_day)
            return self._midnight(first), self._midnight(last + dt.timedelta(days=1)) if last else 0
        if chosen.period == "yesterday":
            return self._midnight(today - dt.timedelta(days=1)), self._midnight(today)
        if chosen.period == "week":
            return self._midnight(today - dt.timedelta(days=today.weekday())), 0
        return self._midnight(today - dt.timedelta(days=_LAST_DAYS.get(chosen.period, 0))), 0

    def _midnight(self, day: dt.date | None) -> int:
        return local_days.instant(day, 0, self._local_zone) if day else 0

    def _searched(self, text: str) -> str:
        """A number as it is stored, or the text."""
        typed = clean_line(text)
        forms = phone.search_forms(typed, self._lists.home_region())
        return forms[0] if forms and not any(character.isalpha() for character in typed) else typed


def _is_picky(chosen: CallFilter) -> bool:
    """Whether few of the calls may be meant, so that many would be passed over in the order of time."""
    parts = chosen.text, chosen.topic_id, chosen.disposition_id, chosen.channel, chosen.result
    return any(parts) or bool(chosen.least_seconds or chosen.below_seconds or chosen.agent_id)


def _day(text: str) -> dt.date | None:
    """None for none, and for what came from elsewhere and is no day."""
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return found if dt.date.min < found < dt.date(9999, 1, 1) else None
