"""Search on the desk: from one typed text to the people and the work that it means, within a frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import peewee as pw

from csr_desktop.store.faults import translate
from csr_desktop.store.search_documents import CALLS, FOLLOW_UPS, KIND_BITS, MESSAGES, NOTES, TICKETS
from csr_desktop.store.search_lines import FETCHED, STATE, TIME, Lines
from csr_desktop.store.search_marks import Marker
from csr_desktop.store.search_near import Near, Nearness
from csr_desktop.store.search_people import SHOWN, Found, People, PeopleQuestion, meaning_of
from csr_desktop.store.search_projection import (
    SETTLED_WHEN_IDLE,
    SearchProjection,
    forget,
    has_old,
    is_behind,
    is_untidy,
    settle,
    tidy,
)
from csr_desktop.store.search_results import COUNTED, Hit, SearchResults, Section, SectionKey
from csr_desktop.store.search_typed import Typed, read
from csr_desktop.store.search_words import Spelling
from csr_desktop.store.search_work import Items, WorkQuestion

if TYPE_CHECKING:
    from csr_desktop.store.sql import Sql

__all__ = ["SearchProjection", "SearchQuery"]

_DEFAULT_REGION: Final = "US"
_AT_LEAST: Final = 2
"""Of tickets and of calls at least so many are shown where there are."""
_RECENT_CALLS: Final = 30
_KINDS: Final = (1 << KIND_BITS) - 1


class _Shown(NamedTuple):
    """How many lines of each section."""

    people: int
    work: int
    notes: int
    follow_ups: int


_FEW: Final = _Shown(SHOWN, 5, 3, 3)
_ALL: Final = _Shown(COUNTED, COUNTED, COUNTED, COUNTED)


class SearchQuery:
    """Answers one keystroke. For one thread; keeps the words of the file in memory once a misspelt one was typed."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self._spelling = Spelling(sql)
        self._people = PeopleQuestion(sql)
        self._nearness = Nearness(sql)
        self._work = WorkQuestion(sql, self._people, self._spelling)

    def find(self, text: str, agent_id: str = "") -> SearchResults:
        """What agrees with every word, who is near to the agent first. Takes any text; without a letter or digit in it
        nothing is found.
        """
        return self._find(text, agent_id, _FEW)

    def find_all(self, text: str, agent_id: str, key: SectionKey) -> Section:
        """One section of `find` with its first `COUNTED` lines."""
        found = self._find(text, agent_id, _ALL)
        return next((section for section in found.sections if section.key == key), Section(key, (), 0))

    def _find(self, text: str, agent_id: str, shown: _Shown) -> SearchResults:
        self._settle()
        with self._sql.snapshot():
            region = self._home_region()
            typed = read(text, region)
            if not (typed.words or typed.label or typed.ticket_number):
                return SearchResults(text, ())
            people, meant = self._find_people(typed, self._nearness.of(agent_id), shown.people)
            items = self._work.find(typed)
            lines = Lines(self._sql, region, Marker(typed.words, meant | items.meant))
            sections = (
                Section("directory", lines.people(people.found), people.found_count, people.has_more),
                *_work_sections(lines, items, shown),
            )
        count = people.found_count + items.found_count
        is_more = people.has_more or items.has_more or count > COUNTED
        return SearchResults(text, tuple(s for s in sections if s.hits), min(count, COUNTED), is_more)

    def recent(self, agent_id: str) -> SearchResults:
        """For the empty box: the agent's last calls, and whom they were with. Gets ready for typing errors, too."""
        self._settle()
        if has_old(self._sql):
            self._if_possible(forget)
        with self._sql.snapshot():
            self._spelling.prepare()
            self._nearness.of(agent_id)
            calls = self._sql.all(
                f"SELECT s.item, i.client_id, i.contact_id FROM interactions i JOIN search_items s "
                f"ON s.place = i.rowid << {KIND_BITS} | {CALLS} WHERE i.agent_id = ? AND i.deleted = 0 "
                "ORDER BY i.started_at DESC LIMIT ?",
                agent_id,
                _RECENT_CALLS,
            )
            people = dict.fromkeys(Found(client, contact) for _, client, contact in calls if client or contact)
            lines = Lines(self._sql, self._home_region(), Marker((), ()))
            latest = lines.rows(CALLS, [item for item, _, _ in calls[: _FEW.work]])
            found = (
                _section("recent", lines.people(tuple(people)[:SHOWN])),
                _section("work", [lines.item(latest[item]) for item, _, _ in calls if item in latest]),
            )
        return SearchResults("", tuple(section for section in found if section.hits))

    def _find_people(self, typed: Typed, near: Near, most: int) -> tuple[People, frozenset[str]]:
        """Also the words that misspelt ones were taken for."""
        if not typed.words:
            return People((), 0, has_more=False), frozenset()
        people = self._people.find(typed.words, near, most=most)
        if len(people.found) >= SHOWN:
            return people, frozenset()
        meanings = [meaning_of(word, self._spelling) for word in typed.words]
        meant = frozenset(other for meaning in meanings for other in (*meaning.whole, *meaning.begun))
        return (self._people.find_misspelt(meanings, people, near, most=most) if meant else people), meant

    def _home_region(self) -> str:
        return str(
            self._sql.value("SELECT home_region FROM organisations WHERE deleted = 0 LIMIT 1") or _DEFAULT_REGION
        )

    def tidy(self) -> bool:
        """A step of work that makes questions quicker, for an idle moment; takes some hundredths of a second, for which
        a call that rings meanwhile waits. Whether there is more to do.
        """
        if is_untidy(self._sql):
            self._if_possible(tidy)
        else:
            self._if_possible(lambda sql: settle(sql, SETTLED_WHEN_IDLE))
        return is_untidy(self._sql) or is_behind(self._sql)

    def _settle(self) -> None:
        """Index what was written since the last question."""
        if is_behind(self._sql):
            self._if_possible(settle)

    def _if_possible(self, *steps: Callable[[Sql], None]) -> None:
        """In a transaction that neither waits for another thread nor insists: search is no reason to fail. What could
        not be indexed is not found yet.
        """
        patience = self._sql.value("PRAGMA busy_timeout")
        self._sql.value("PRAGMA busy_timeout = 0")
        try:
            with self._sql.transaction():
                for step in steps:
                    step(self._sql)
        except pw.OperationalError as error:
            if translate(error) is None:
                raise
        finally:
            self._sql.value(f"PRAGMA busy_timeout = {patience}")


def _work_sections(lines: Lines, items: Items, shown: _Shown) -> Iterator[Section]:
    tickets, calls = items.of(TICKETS), items.of(CALLS)
    rows = {**lines.rows(TICKETS, tickets[: shown.work]), **lines.rows(CALLS, calls[: shown.work])}
    ordered = [*(item for item in items.first if item in rows), *_latest(rows, items)]
    chosen = _of_both(list(dict.fromkeys(ordered)), shown.work)
    yield _section("work", [lines.item(rows[item]) for item in chosen], len(tickets) + len(calls), items)
    messages, notes = items.of(MESSAGES), items.of(NOTES)
    rows = {**lines.rows(MESSAGES, messages[: shown.notes]), **lines.rows(NOTES, notes[: shown.notes])}
    chosen = _latest(rows, items)[: shown.notes]
    yield _section("notes", [lines.item(rows[item]) for item in chosen], len(messages) + len(notes), items)
    follow_ups = items.of(FOLLOW_UPS)
    rows = lines.rows(FOLLOW_UPS, follow_ups[: max(FETCHED, shown.follow_ups)])
    chosen = sorted(rows, key=lambda item: (item in items.last, rows[item][STATE] != "open", -rows[item][TIME]))
    yield _section(
        "follow_ups", [lines.item(rows[item]) for item in chosen[: shown.follow_ups]], len(follow_ups), items
    )


def _section(key: SectionKey, hits: Sequence[Hit], count: int = 0, items: Items | None = None) -> Section:
    has_more = items is not None and items.has_more
    return Section(key, tuple(hits), max(min(count, COUNTED), len(hits)), has_more)


def _latest(rows: Mapping[int, tuple[Any, ...]], items: Items) -> list[int]:
    """What was found as typed, then what was found for misspelt words; each the newest first."""
    return sorted(rows, key=lambda item: (item in items.last, -rows[item][TIME], item))


def _of_both(ordered: Sequence[int], room: int) -> list[int]:
    """The first of tickets and calls in their order, some of each where there are."""
    kept = set(ordered[:room])
    for kind in (TICKETS, CALLS):
        mine = [item for item in ordered if item & _KINDS == kind]
        for item in mine[:_AT_LEAST]:
            if item not in kept:
                kept.discard(next(other for other in reversed(ordered) if other in kept and other & _KINDS != kind))
                kept.add(item)
    return [item for item in ordered if item in kept]
