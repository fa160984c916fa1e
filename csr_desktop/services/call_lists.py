"""What a list of calls holds, as it is filtered: its keys in order, how many, and the numbers behind them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from csr_desktop.domain import local_days, phone
from csr_desktop.domain.text import clean_line
from csr_desktop.services.call_rows import CallKeys, CallSpan, FilterChoices, NumberChange, NumberKeys, NumberRow
from csr_desktop.services.client_context import shown_number
from csr_desktop.store.queries import call_lists as queries
from csr_desktop.store.queries import rows
from csr_desktop.store.queries.listed import ListedCalls, ListedNumbers
from csr_desktop.sync.filling import CUT_OFF

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.services.call_rows import CallFilter, CallKey, NumberKey
    from csr_desktop.services.lists import Lists
    from csr_desktop.services.people import People
    from csr_desktop.sync.replica import Replica

RESULTS: Final = {
    "handled": ("handled",),
    "missed": ("missed", "abandoned"),
    "abandoned": ("abandoned",),
    "no_answer": ("no_answer", "busy"),
    "busy": ("busy",),
}
"""What a filter's result means."""
_LONG_MS: Final = 60 * 86_400_000
"""Of a longer time, calls are a good part of all that are here."""
_ONE_BY_ONE: Final = 5_000
"""Of more calls that changed at once, what was gathered is gathered anew."""
_LAST_DAYS: Final = {"month": 30, "quarter": 90}


class CallLists:
    """`local_zone` is the workstation's IANA zone, whose days and weeks the filters mean."""

    def __init__(self, replica: Replica, people: People, lists: Lists, local_zone: str) -> None:
        self._replica = replica
        self._people = people
        self._lists = lists
        self._local_zone = local_zone
        self._listed = ListedCalls(replica.sql, "listed_calls")
        self._numbers = ListedNumbers(replica.sql, "listed_numbers")

    def changed(self, changes: ChangeSet) -> None:
        ids = sorted(changes.ids("interactions"))
        for listed in (self._listed, self._numbers):
            is_other = listed.question is not None and listed.question.text and changes.touches("clients", "contacts")
            if changes.rights or is_other or len(ids) > _ONE_BY_ONE:
                listed.clear()
            elif ids:
                listed.changed(ids)

    def gather(self, chosen: CallFilter) -> Iterator[None]:
        """In steps, what `keys` is to answer from where the whole table has to be looked through for it: otherwise it
        does so at once. No steps where it need not be.
        """
        question = self._looked_for(chosen)
        if question.is_wide:
            yield from self._listed.gather(question)

    def keys(self, chosen: CallFilter, after: CallKey | None, limit: int) -> CallKeys:
        """Keys after a key, the newest first."""
        question = self._looked_for(chosen)
        if question.is_wide:
            if self._listed.question != question:
                run(self._listed.gather(question))
            found = tuple(self._listed.keys(after, limit))
        else:
            found = tuple(queries.keys(self._replica.sql, question, after, limit))
        return CallKeys(found, found[-1] if len(found) == limit else None)

    def among(self, chosen: CallFilter, ids: Sequence[str]) -> tuple[CallKey, ...]:
        """The keys of those that belong to the list."""
        return tuple(queries.among(self._replica.sql, self.question(chosen), ids))

    def count(self, chosen: CallFilter) -> Generator[None, None, int]:
        """How many, in steps."""
        question = self._looked_for(chosen)
        if question.is_wide:
            yield from self._listed.gather(question)
            return self._listed.extent()[0]
        found = 0
        for part in queries.parts(self._replica.sql, self._wide(self.question(chosen))):
            found += queries.count(self._replica.sql, part)
            yield
        return found

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

    def gather_numbers(self, chosen: CallFilter) -> Iterator[None]:
        """In steps, what `numbers` answers from."""
        yield from self._numbers.gather(self._wide(self.question(chosen)))

    def numbers(self, chosen: CallFilter, after: NumberKey | None, limit: int) -> NumberKeys:
        """Of every number that called or was called, the latest first, after a key."""
        question = self._wide(self.question(chosen))
        if self._numbers.question != question:
            run(self._numbers.gather(question))
        found = tuple(self._numbers.keys(after, limit))
        return NumberKeys(found, found[-1] if len(found) == limit else None, *self._numbers.totals())

    def numbers_again(self, chosen: CallFilter, call_ids: Sequence[str]) -> NumberChange | None:
        """What these calls have changed in the numbers; None where those of this list were not gathered."""
        if self._numbers.question != self._wide(self.question(chosen)):
            return None
        numbers, found = self._numbers.of_calls(call_ids)
        return NumberChange(tuple(numbers), tuple(found), *self._numbers.totals())

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
            recording=chosen.recording,
            text=self._searched(chosen.text),
        )

    def _looked_for(self, chosen: CallFilter) -> queries.CallQuestion:
        """Wide where few of very many are meant; else the order of time gives the next ones soon."""
        question = self.question(chosen)
        return question._replace(is_wide=self._is_wide(question) and _is_picky(chosen))

    def _wide(self, question: queries.CallQuestion) -> queries.CallQuestion:
        return question._replace(is_wide=self._is_wide(question))

    def every_key(self, chosen: CallFilter) -> queries.CallQuestion:
        """For who takes all of them."""
        return self._wide(self.question(chosen))

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


def run(steps: Iterator[None]) -> None:
    """All of them at once."""
    for _ in steps:
        pass


def _is_picky(chosen: CallFilter) -> bool:
    """Whether few of the calls may be meant, so that many would be passed over in the order of time."""
    parts = chosen.text, chosen.topic_id, chosen.disposition_id, chosen.channel, chosen.result, chosen.recording
    return any(parts) or bool(chosen.least_seconds or chosen.below_seconds or chosen.agent_id)


def _day(text: str) -> dt.date | None:
    """None for none, and for what came from elsewhere and is no day."""
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return found if dt.date.min < found < dt.date(9999, 1, 1) else None
